"""The page about one rule, as Markdown: what ``explain`` shows and what lies in ``docs/rules/``.

Examples are run while the page is made, so that it can only show what the rule really does.
"""

from __future__ import annotations

import json

from .example_runs import run_example
from .model import UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .catalogue import Catalogue
    from .model import Decision, Report
    from .policy import Pack
    from .rule import Example, Rule


def rule_page(rule: Rule, catalogue: Catalogue, pack: Pack) -> str:
    """The Markdown page of a rule; ends in a line break."""
    parts = [
        f"# {rule.id}\n\n{_sentence(rule.title)}\n",
        "| severity | profile | theme | since | tags |\n|---|---|---|---|---|\n"
        f"| {rule.severity} | {rule.profile} | {rule.theme} | {rule.since} | {', '.join(rule.tags) or '-'} |\n",
        f"## Why\n\n{rule.why}\n",
        f"## How to fix\n\n{rule.how}\n",
    ]
    if rule.limits:
        parts.append(f"## What it does not see\n\n{rule.limits}\n")
    if rule.options:
        rows = "\n".join(
            f"| `{name}` | `{json.dumps(option.default)}` | {option.help} |" for name, option in rule.options.items()
        )
        parts.append(f"## Options\n\n| option | default | meaning |\n|---|---|---|\n{rows}\n")
    parts.append("## Examples\n")
    parts += [_example(rule, example, run_example(catalogue, pack, rule, example)) for example in rule.examples()]
    parts.append(_exceptions(rule))
    return "\n".join(parts)


def _example(rule: Rule, example: Example, report: Report) -> str:
    lines = [f"### {_sentence(example.title).rstrip('.')}", ""]
    if example.options:
        lines += [f"With `{json.dumps(dict(example.options))}`:", ""]
    found = [decision for decision in report.decisions if decision.rule == rule.id]
    for path, text in example.files.items():
        text = _without_secrets(path, text, found)
        fence = "````" if "```" in text else "```"
        language = "yaml" if path.endswith((".yml", ".yaml")) else "json" if path.endswith(".json") else "text"
        lines += [f"`{path}`", "", f"{fence}{language}", text.rstrip("\n"), fence, ""]
    for decision in found:
        place = decision.path
        if decision.region is not None:
            place += f", line {decision.region.line}, column {decision.region.column}"
        lines.append(f"- **{decision.severity}** at {place}: {decision.message}")
        lines += [f"  {note}" for note in decision.notes]
    if not found:
        unknown = [verdict for verdict in report.verdicts if verdict.outcome == UNKNOWN and example.unknown]
        lines.append(f"- Cannot tell: {unknown[0].reason}" if unknown else "- No finding.")
    if example.after:
        for path, text in example.after.items():
            lines += ["", f"After the fix, `{path}`:", "", "```yaml", text.rstrip("\n"), "```"]
    return "\n".join([*lines, ""])


def _without_secrets(path: str, text: str, found: list[Decision]) -> str:
    """The text with what is sensitive masked, so that no scanner takes the page for a leak."""
    lines = text.split("\n")
    for decision in found:
        if decision.sensitive and decision.path == path and decision.region is not None:
            lines[decision.region.line - 1] = decision.region.source
    return "\n".join(lines)


def _exceptions(rule: Rule) -> str:
    return (
        "## Exceptions\n\n"
        "Where this must stay as it is, say so on the line, with the reason:\n\n"
        f"```yaml\n# chittyops-policy: allow[{rule.id}] the reason\n```\n\n"
        "For a whole file or with an owner and an end date, use `exceptions` in `.chittyops-policy.yml`.\n"
    )


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
