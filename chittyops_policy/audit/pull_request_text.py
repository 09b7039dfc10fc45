"""The text of a pull request that fixes made: what it does, why, what was shown of it, and what is left for people.

Nothing from a repository can become markup, a link or a mention here: `reporters.markdown` makes words of it. The text
depends on nothing but the change, so that the same change has the same text.
"""

from __future__ import annotations

from chittyops_policy import __version__
from chittyops_policy.reporters.markdown import code, escape
from chittyops_policy.reporters.wording import first_sentence, plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chittyops_policy.audit.plan import FileChange, Withheld
    from chittyops_policy.model import RuleInfo

LIMIT = 60_000
"""Characters; GitHub takes 65,536 in the body of a pull request, and `delivery` sets a marker around this text."""

_SHOWN = 50
"""Findings that are listed one by one; the rest is counted."""


def render(
    pack: str,
    files: Sequence[FileChange],
    withheld: Sequence[Withheld],
    rules: Mapping[str, RuleInfo],
    limit: int = LIMIT,
    *,
    begin: Sequence[str] | None = None,
    tasks: Sequence[str] = (),
) -> str:
    """The text as Markdown; what does not fit into `limit` characters is left out and counted.

    `begin` has the first paragraphs where they do not speak of fixes, `tasks` what people have to do afterwards.
    """
    left = [item for item in withheld if not item.refused]
    refused = [item for item in withheld if item.refused]
    head = _head(pack, files) if begin is None else [*begin, _signature()]
    fixes = _rules(files, rules) if any(file.fixes for file in files) else ()
    parts = [*head, *fixes, *_tasks(tasks), *_proofs(files), *_withheld(left, refused), *_ways(files)]
    kept: list[str] = []
    room = limit - 200
    for number, part in enumerate(parts):
        if len(part) > room:
            kept.append(
                f"\n*{plural(len(parts) - number, 'more line')} did not fit here; the audit's report has all.*\n"
            )
            break
        kept.append(part)
        room -= len(part)
    return "".join(kept)


def _head(pack: str, files: Sequence[FileChange]) -> Iterator[str]:
    count = sum(fix.count for file in files for fix in file.fixes)
    yield f"This mends {plural(count, 'finding')} of the policy {code(pack)} in {plural(len(files), 'file')}.\n"
    yield _signature()


def _signature() -> str:
    return (
        f"\nIt is deterministic output of the program {code('chittyops-policy ' + __version__)}: the same files and "
        "the same policy give the same change. The program neither approves nor merges it.\n"
    )


def _tasks(tasks: Sequence[str]) -> Iterator[str]:
    if tasks:
        yield "\n### Still to be done by people\n\n"
        for task in tasks:
            yield f"- {escape(task)}\n"


def _rules(files: Sequence[FileChange], rules: Mapping[str, RuleInfo]) -> Iterator[str]:
    yield "\n### What changes, and why\n"
    for rule in sorted({fix.rule for file in files for fix in file.fixes}):
        info = rules.get(rule)
        title = f" · {escape(info.title)}" if info is not None else ""
        yield f"\n**{code(rule)}**{title}\n\n"
        if info is not None and info.why:
            yield f"{escape(first_sentence(info.why))}\n\n"
        notes: dict[str, None] = {}
        for file in files:
            for fix in file.fixes:
                if fix.rule != rule:
                    continue
                times = f" ({fix.count} times)" if fix.count > 1 else ""
                care = "" if fix.safety == "safe" else " — **needs review**"
                yield f"- {code(file.path)}: {escape(fix.title)}{times}{care}\n"
                notes.update(dict.fromkeys(fix.notes))
        for note in notes:
            yield f"- Note: {escape(note)}\n"


def _proofs(files: Sequence[FileChange]) -> Iterator[str]:
    if not any(file.proof for file in files):
        return
    yield "\n### What was shown of the change\n"
    for file in files:
        if file.proof:
            yield f"\n{code(file.path)}\n\n"
            for part, shown in file.proof:
                yield f"- {escape(part)}: {escape(shown)}\n"


def _withheld(left: Sequence[Withheld], refused: Sequence[Withheld]) -> Iterator[str]:
    for title, items in (
        ("Fixes that could not be proven, and were not made", refused),
        ("Left for people", left),
    ):
        if items:
            yield f"\n### {title}\n\n"
            for item in items[:_SHOWN]:
                place = f"{item.path}:{item.line}" if item.line else item.path
                why = f" — {escape(item.why)}" if item.why else ""
                yield f"- {escape(item.severity)} {code(item.rule)} in {code(place)}: {escape(item.message)}{why}\n"
            if len(items) > _SHOWN:
                yield f"- and {len(items) - _SHOWN} more, which the audit's report lists\n"


def _ways(files: Sequence[FileChange]) -> Iterator[str]:
    rules = sorted({fix.rule for file in files for fix in file.fixes})
    example = f", such as {code('chittyops-policy explain ' + rules[0])}" if rules else ""
    yield (
        "\n### If you disagree\n\n"
        "- Close it: it is not proposed again until it would do something else.\n"
        "- Change it: after a commit of yours on this branch, the program leaves the branch alone.\n"
        f"- Except a finding, with a reason, in {code('.chittyops-policy.yml')}. The program says more of each rule"
        f"{example}.\n"
    )
