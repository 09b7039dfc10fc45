"""A plan of `conforming` for a person: what is created, changed, kept and left, and what people have to do."""

from __future__ import annotations

import json
import textwrap

from chittyops_policy.model import OPEN, REVIEW

from . import diff
from .wording import one_line, plural, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chittyops_policy.conforming import Plan
    from chittyops_policy.fixer import Change

_SUBJECT, _WIDTH = 40, 118
"""Columns for what an entry is about, and for a line."""


def render(plan: Plan) -> str:
    """The plan as text, a section for each kind of entry; the diff of what changes is left to `diff`."""
    subject = plan.before.subject
    lines = [("This repository" if subject == "." else visible(subject)) + " is taken for:"]
    for project in plan.projects:
        lines.append(_entry(project.folder or "(top)", f"{project.type}, {project.confidence}: {project.reason}"))
    sections = (
        ("creates", [_entry(made.path, f"from {made.template}: {made.reason}") for made in plan.made]),
        ("changes what is there", [line for change in plan.edits for line in _change(change)]),
        ("keeps", [_entry(file.name, file.reason) for file in plan.kept]),
        ("leaves to people", list(_left(plan))),
        (
            "cannot prove, so does not make",
            [_entry(item.decision.path, f"{item.fix.title}: {item.reason}") for item in plan.refusals],
        ),
    )
    for title, entries in sections:
        if entries:
            lines += ["", f"{title}:", *entries]
    if not plan.changes:
        lines += ["", "There is nothing to create and nothing to change."]
    return "".join(f"{line}\n" for line in lines)


def as_json(plan: Plan) -> str:
    """The plan as JSON, with the text of each new file and the diff of each change."""
    texts = {change.path: change.after.decode("utf-8") for change in plan.changes}
    value = {
        "subject": plan.before.subject,
        "projects": [
            {name: getattr(project, name) for name in ("type", "folder", "confidence", "reason")}
            for project in plan.projects
        ],
        "creates": [
            {"name": made.name, "path": made.path, "template": made.template, "reason": made.reason,
             "text": texts[made.path]}
            for made in plan.made
        ],
        "changes": [
            {
                "path": change.path,
                "fixes": [
                    {"rule": applied.decision.rule, "title": applied.fix.title, "safety": applied.fix.safety}
                    for applied in change.fixes
                ],
                "diff": diff.render([(change.path, change)]),
            }
            for change in plan.edits
        ],
        "keeps": [{"name": file.name, "path": file.path, "reason": file.reason} for file in plan.kept],
        "leaves": [{"name": file.name, "path": file.path, "reason": file.reason} for file in plan.left],
        "refused": [
            {"path": item.decision.path, "rule": item.decision.rule, "title": item.fix.title, "reason": item.reason}
            for item in plan.refusals
        ],
        "tasks": list(plan.tasks),
    }  # fmt: skip
    return json.dumps(value, indent=2) + "\n"


def tasks(plan: Plan) -> str:
    """What people still have to do, as text; '' where there is nothing."""
    lines = [
        textwrap.fill(one_line(task), _WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
        for task in plan.tasks
    ]
    return "".join(f"{line}\n" for line in ("", "Still to be done by people:", *lines)) if lines else ""


def verdicts(plan: Plan) -> str:
    """What the standard says before and after, and how much the plan leaves, in one line."""
    counts = []
    for report in (plan.before, plan.after):
        passed = sum(verdict.outcome == "pass" for verdict in report.verdicts)
        failed = sum(verdict.outcome == "fail" for verdict in report.verdicts)
        counts.append(f"{plural(passed, 'control')} pass and {failed} fail")
    said = f"{counts[0]} now, {counts[1]} with it." if counts[0] != counts[1] else f"{counts[0]}."
    left = [decision for decision in plan.after.decisions if decision.state == OPEN]
    if left:
        fixes = sum(decision.fix_safety == REVIEW for decision in left)
        more = f" --review has {plural(fixes, 'fix', 'fixes')} more." if fixes else ""
        stay = "stays" if len(left) == 1 else "stay"
        said += f" {plural(len(left), 'finding')} {stay}: `chittyops-policy check` lists them.{more}"
    return said + "\n"


def _entry(subject: str, text: str) -> str:
    """One entry; what does not fit on its line goes on below itself. A path is never cut."""
    start = f"  {visible(subject):{_SUBJECT}} "
    rest = " " * (_SUBJECT + 3)
    return textwrap.fill(
        one_line(text), _WIDTH, initial_indent=start, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _left(plan: Plan) -> Iterator[str]:
    """Each file that is left; a reason that several share is said once."""
    said: set[str] = set()
    for file in sorted(plan.left, key=lambda file: [other.reason for other in plan.left].index(file.reason)):
        yield _entry(file.path, "as above" if file.reason in said else file.reason)
        said.add(file.reason)


def _change(change: Change) -> Iterator[str]:
    titles: dict[str, int] = {}
    for applied in change.fixes:
        title = f"{applied.decision.rule}: {applied.fix.title}"
        titles[title] = titles.get(title, 0) + 1
    subject = change.path
    for title, count in titles.items():
        yield _entry(subject, title + (f" ({count} times)" if count > 1 else ""))
        subject = ""
    for note in _notes(change):
        yield _entry("", f"note: {note}")


def _notes(change: Change) -> Iterable[str]:
    return dict.fromkeys(note for applied in change.fixes for note in applied.fix.notes)
