"""``check`` with ``--fix`` or ``--diff``: what the fixes make of the files, proven, then written or shown.

Standard output holds the report on what is left, or the diff; what was done and why goes to standard error.
"""

from __future__ import annotations

import sys

from .checking import (
    Checker,
    each_target,
    exit_code,
    find_targets,
    parse_formats,
    print_out,
    publish,
    settle_tools,
    today,
)
from .delivery.files import deliver
from .errors import EXIT_FINDINGS, UserError, WorldError
from .fixer import fix
from .model import REVIEW, SAFE
from .reporters import diff
from .reporters.wording import artifact_path, one_line, plural, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .checking import Request, Target
    from .fixer import Applied, Change, Outcome
    from .model import Decision, Fix


def run(request: Request, env: Mapping[str, str], stdin: bytes | None = None) -> int:
    """Fixes what `request` means, or shows how, and gives the exit code of the check that follows.

    Raises UserError for what the user got wrong. A file that cannot be written is said, the others are still written,
    and the exit code is not 0.
    """
    outputs = parse_formats(request.formats)
    _validate(request, outputs)
    targets = find_targets(request, stdin)
    settle_tools(request, targets)
    results = each_target(_fixed, targets, request, env)
    if request.diff:
        # What other tools find is never fixed and not asked for to fix the rest; the report has it all the same.
        reports = (
            each_target(Checker.report, targets, request, env)
            if request.companions
            else [result.report for result in results]
        )
        text = diff.render(
            (artifact_path(result.report, change.path, len(results) > 1), change)
            for result in results
            for change in result.changes
        )
        print_out(text.encode("utf-8", "surrogateescape"))
        publish([(name, file) for name, file in outputs if file is not None], reports, targets, request, env)
        _say(results, request, failed={})
        return exit_code(reports, request.fail_on)
    failed = _deliver(targets, results)
    reports = each_target(Checker.report, targets, request, env)
    _say(results, request, failed)
    publish(outputs, reports, targets, request, env)
    return exit_code(reports, request.fail_on) or (EXIT_FINDINGS if failed else 0)


def _validate(request: Request, outputs: Sequence[tuple[str, str | None]]) -> None:
    if not (request.fix or request.diff):
        option = "--review" if request.review else "--explain"
        raise UserError(f"{option} does nothing by itself", "it belongs to --fix or --diff")
    if request.fix and request.diff:
        raise UserError("--diff changes nothing, and --fix does", "leave one of them out")
    if request.fix and "-" in request.paths:
        raise UserError("standard input cannot be fixed in place", "--diff shows the change")
    if request.diff and request.formats and any(file is None for _, file in outputs):
        raise UserError("standard output holds the diff", "give the format a file: --format json:report.json")


def _fixed(checker: Checker, target: Target) -> Outcome:
    snapshot = checker.snapshots[target.root]
    catalogue, policy = checker.in_force(snapshot)
    _, everything = checker.in_force(snapshot, everything=True)
    review = checker.request.review

    def wanted(decision: Decision, fix: Fix) -> bool:
        return review or fix.safety == SAFE

    outcome = fix(
        snapshot,
        catalogue,
        policy,
        everything,
        today=today(checker.env),
        wanted=wanted,
        lookups=checker.lookups(),
        paths=target.paths,
    )
    snapshot.forget()
    return outcome


def _deliver(targets: Sequence[Target], results: Sequence[Outcome]) -> dict[tuple[int, str], WorldError]:
    """Writes every change; gives the errors of those that could not be written, by repository and path."""
    failed: dict[tuple[int, str], WorldError] = {}
    for number, (target, result) in enumerate(zip(targets, results, strict=True)):
        for change in result.changes:
            try:
                deliver(target.root, change)
            except WorldError as error:
                failed[number, change.path] = error
    return failed


# ------------------------------------------------------------------------------------------------------------ words


def _say(results: Sequence[Outcome], request: Request, failed: Mapping[tuple[int, str], WorldError]) -> None:
    done, would = ("would fix", "would be ") if request.diff else ("fixed", "")
    lines: list[str] = []
    findings: set[tuple[int, str]] = set()
    files = refused = left = 0
    for number, result in enumerate(results):
        several = len(results) > 1
        for change in result.changes:
            path = visible(artifact_path(result.report, change.path, several))
            error = failed.get((number, change.path))
            if error is not None:
                lines.append(
                    f"not written: {visible(error.message)}" + (f" (hint: {error.hint})" if error.hint else "")
                )
                continue
            files += 1
            findings |= {(number, applied.decision.fingerprint) for applied in change.fixes}
            lines.append(f"{done} {path}")
            lines += _change_lines(change, request.explain)
        for refusal in result.refusals:
            refused += 1
            where = visible(artifact_path(result.report, refusal.decision.path, several))
            lines.append(f"refused {where}: {refusal.decision.rule}: {one_line(refusal.fix.title)}")
            lines.append(f"    not proven ({refusal.part}): {one_line(refusal.reason)}")
        if not request.review:
            left += sum(decision.fix_safety == REVIEW for decision in result.report.decisions)
    total = f"{plural(len(findings), 'finding')} {would}fixed in {plural(files, 'file')}"
    if refused:
        total += f", {plural(refused, 'fix', 'fixes')} refused"
    if failed:
        total += f", {plural(len(failed), 'file')} not written"
    if left:
        total += f"; --review has {plural(left, 'fix', 'fixes')} more"
    sys.stderr.write("".join(line + "\n" for line in [*lines, total]))


def _change_lines(change: Change, explain: bool) -> Iterable[str]:
    counts: dict[tuple[str, str], int] = {}
    for applied in change.fixes:
        key = (applied.decision.rule, applied.fix.title)
        counts[key] = counts.get(key, 0) + 1
    for (rule, title), count in counts.items():
        yield f"    {rule}: {one_line(title)}" + (f" ({count} times)" if count > 1 else "")
    for note in _notes(change.fixes):
        yield f"    note: {one_line(note)}"
    if explain:
        for part, shown in change.proof:
            yield f"    proven {part + ':':<10}{one_line(shown)}"


def _notes(fixes: Iterable[Applied]) -> Iterable[str]:
    return dict.fromkeys(note for applied in fixes for note in applied.fix.notes)
