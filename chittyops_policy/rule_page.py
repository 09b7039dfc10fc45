"""The page about one rule, as Markdown: what ``explain`` shows and what lies in ``docs/rules/``.

Examples are run while the page is made, so that it can only show what the rule really does.
"""

from __future__ import annotations

import json

from .example_runs import EXAMPLE_DATE, run_example
from .model import UNKNOWN, Value
from .policy import UNEXCEPTABLE_THEMES, Overrides, effective
from .settings import Hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .catalogue import Catalogue
    from .model import Decision, Report
    from .policy import Pack, RulePolicy
    from .rule import Example, Rule


def rule_page(rule: Rule, catalogue: Catalogue, pack: Pack) -> str:
    """The Markdown page of a rule under a pack; ends in a line break."""
    settings = effective(catalogue, pack, None, Overrides(), slug="", today=EXAMPLE_DATE).rules[rule.id]
    tags = ", ".join(f"`{tag}`" for tag in rule.tags) or "-"
    parts = [
        f"# {rule.id}\n\n{_sentence(rule.title)}\n",
        "| severity | profile | theme | since | tags |\n|---|---|---|---|---|\n"
        f"| {settings.severity.value} | {rule.profile} | {rule.theme} | {rule.since} | {tags} |\n",
        f"## Why\n\n{_markdown(rule.why)}\n",
        f"## How to fix\n\n{_markdown(rule.how)}\n",
    ]
    if rule.limits:
        parts.append(f"## What it does not see\n\n{_markdown(rule.limits)}\n")
    if rule.options:
        parts.append(_options(rule, settings, pack))
    parts.append("## Examples\n")
    parts += [_example(rule, example, run_example(catalogue, pack, rule, example)) for example in rule.examples()]
    parts.append(_exceptions(settings, pack))
    return "\n".join(parts)


def _options(rule: Rule, settings: RulePolicy, pack: Pack) -> str:
    lines = ["## Options", "", "| option | default | meaning |", "|---|---|---|"]
    changed: list[str] = []
    for name, option in rule.options.items():
        lines.append(f"| `{name}` | `{json.dumps(option.default)}` | {_markdown(option.help)} |")
        value = settings.options[name].value
        if value != option.default:
            changed.append(f"- `{name}`: `{json.dumps(value)}`")
    if changed:
        lines += ["", f"The pack `{pack.name}` sets:", "", *changed]
    return "\n".join([*lines, ""])


def _example(rule: Rule, example: Example, report: Report) -> str:
    lines = [f"### {_sentence(example.title).rstrip('.')}", ""]
    if example.options:
        lines += [f"With `{json.dumps(dict(example.options))}`:", ""]
    if example.parameters:
        lines += [f"With a pack that says `{json.dumps({'parameters': dict(example.parameters)})}`:", ""]
    if example.github:
        lines += ["With `--online`, when GitHub answers:", ""]
        lines += [f"- `{asked}`: {told}" for asked, told in example.github.items()]
        lines.append("")
    if example.settings is not None:
        lines += ["With what GitHub tells:", ""]
        lines += [f"- {name.replace('_', ' ')}: {_setting(value)}" for name, value in example.settings.told()]
        lines.append("")
    found = [decision for decision in report.decisions if decision.rule == rule.id]
    for path, text in example.files.items() if example.settings is None else ():
        text = _without_secrets(path, text, found)
        fence = "````" if "```" in text else "```"
        lines += [f"`{path}`", "", f"{fence}{_language(path)}", text.rstrip("\n"), fence, ""]
    for decision in found:
        place = decision.path
        if decision.region is not None:
            place += f", line {decision.region.line}, column {decision.region.column}"
        lines.append(f"- **{decision.severity}** at {place}: {_markdown(decision.message)}")
        lines += [f"  - {_markdown(note)}" for note in decision.notes]
    if example.unknown:
        reasons = [
            item.reason for item in report.verdicts if item.outcome == UNKNOWN and example.unknown in item.reason
        ]
        lines += [f"- Cannot tell: {_markdown(reason)}" for reason in reasons[:1]]
    elif not found:
        lines.append("- No finding.")
    if example.after:
        for path, text in example.after.items():
            lines += ["", f"After the fix, `{path}`:", "", f"```{_language(path)}", text.rstrip("\n"), "```"]
    return "\n".join([*lines, ""])


def _setting(value: object) -> str:
    """A setting as a person would say it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value) or "none"
    if isinstance(value, Value):
        parts = ((name.replace("_", " "), getattr(value, name)) for name in value.__slots__)
        said = [
            name if part is True else f"{name} {', '.join(part) if isinstance(part, tuple) else part}"
            for name, part in parts
            if part and not isinstance(part, Hidden)
        ]
        return "; ".join(said)
    return str(value)


def _language(path: str) -> str:
    """The word behind a fence."""
    return "yaml" if path.endswith((".yml", ".yaml")) else "json" if path.endswith(".json") else "text"


def _without_secrets(path: str, text: str, found: list[Decision]) -> str:
    """The text with what is sensitive masked, so that no scanner takes the page for a leak."""
    lines = text.split("\n")
    for decision in found:
        if decision.sensitive and decision.path == path and decision.region is not None:
            lines[decision.region.line - 1] = decision.region.source
    return "\n".join(lines)


def _exceptions(settings: RulePolicy, pack: Pack) -> str:
    if settings.theme in UNEXCEPTABLE_THEMES:
        return "## Exceptions\n\nFindings of this rule cannot be excepted: that would hide that something is hidden.\n"
    if not settings.local_exceptions.value:
        return (
            "## Exceptions\n\n"
            f"The pack `{pack.name}` locks this rule: an exception counts only under `exceptions` in the pack itself.\n"
            "A comment or a policy file in the repository has no effect.\n"
        )
    return (
        "## Exceptions\n\n"
        "Where this must stay as it is, say so on the line or above it, with the reason:\n\n"
        f"```yaml\n# chittyops-policy: allow[{settings.id}] the reason\n```\n\n"
        "For whole files, or with an owner and an end date, use `exceptions` in `.chittyops-policy.yml`.\n"
    )


def _markdown(text: str) -> str:
    """Plain words with what Markdown would swallow or restyle escaped, code in backticks left alone."""
    parts = text.split("`")
    parts[::2] = [part.replace("<", "\\<").replace("*", "\\*") for part in parts[::2]]
    return "`".join(parts)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
