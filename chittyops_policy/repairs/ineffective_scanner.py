"""Gives a neutralised scanner its teeth back, by taking away exactly what mutes it."""

from __future__ import annotations

import re

from chittyops_policy.document import Mapping, Scalar, Sequence
from chittyops_policy.ecosystems import ACTIONS, COOLDOWN, updates
from chittyops_policy.edits import Amendment, add_key, apply, insert_item, remove_key, replace_within, set_value
from chittyops_policy.errors import CannotEdit
from chittyops_policy.least_permissions import grant
from chittyops_policy.model import REVIEW, Edit, Fix, NoFix, Span
from chittyops_policy.projects import projects_of
from chittyops_policy.rules.scanners import ineffective_scanner as rule
from chittyops_policy.shell_commands import PRINTING, commands
from chittyops_policy.shell_syntax import Compound, Simple, read
from chittyops_policy.snapshot import DEPENDABOT_PATHS
from chittyops_policy.step_contracts import runs_of, shell_of
from chittyops_policy.workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Document
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.scanners import Scanner
    from chittyops_policy.shell_commands import Command
    from chittyops_policy.shell_syntax import AndOr, Listing, Pipeline
    from chittyops_policy.step_contracts import Match

_SILENT = frozenset((("true",), (":",), ("exit", "0"), ("return", "0")))
"""Fallbacks that say nothing, and so can go; those that print something fail after it instead."""

_PREPARING = frozenset(("cd", "pushd", "export", "set", "true", ":", "echo", "printf", "mkdir"))
"""Commands before ``&&`` that a fallback covers only by the way."""

_VERBS = {rule.SWITCHED_OFF: "run", rule.PERMISSION: "report"}


class _Step:
    """The step of a match with what its repair has come to so far."""

    def __init__(self, document: Document, scanner: Scanner, match: Match) -> None:
        assert match.placed is not None
        self.document = document
        self.scanner = scanner
        self.match = match
        self.placed = match.placed
        self.title = rule.title_of(match, scanner)
        self.amendment = Amendment()
        self.orders: list[str] = []
        self.notes = ["The next run may fail for what the scanner finds."]
        self.pieces: list[tuple[int, int, str]] = []
        self.shell = ""

    def does(self, order: str, amendment: Amendment | None = None) -> None:
        """Notes what is done, in words, with the amendment that does it."""
        self.orders.append(order)
        if amendment is not None:
            self.amendment += amendment


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """One fix for everything that neutralises a step, or none: half of it would leave the step as vain as it is."""
    judged = rule.judgement(finding, context)
    if judged is None:
        return _configuration(finding, context)
    scanner, match, reasons = judged
    placed = match.placed
    assert placed is not None
    if not placed.own:
        return NoFix("what neutralises it stands in another repository")
    elsewhere = next((r.document for r in reasons if r.document is not None and r.document.path != finding.path), None)
    if elsewhere is not None:
        return NoFix(f"what neutralises it stands in {elsewhere.path}")
    step = _Step(placed.document, scanner, match)
    for reason in reasons:
        _REMEDIES[reason.kind](step, reason)
    # Where a failure is hidden the rule does not look further; what it would say next is put right at once.
    option = rule.lacking(match, runs_of(context)) if any(r.kind == rule.SWALLOWED for r in reasons) else ""
    if option:
        _strict(step, rule.Reason("", "", kind=rule.LENIENT, name=option))
    if step.pieces:
        run = placed.step.run
        assert run is not None
        step.amendment += replace_within(step.document, run, sorted(step.pieces))
    try:
        apply(step.document.text, step.amendment.edits)
    except ValueError:
        return NoFix("its parts stand too close to each other to be changed at once")
    verb = _VERBS.get(reasons[0].kind, "fail")
    return Fix(
        f"let {step.title} {verb}: {' and '.join(dict.fromkeys(step.orders))}",
        REVIEW,
        step.amendment.edits,
        step.amendment.effects,
        notes=tuple(dict.fromkeys(step.notes)),
    )


# ----------------------------------------------------------------------------------------------------- YAML


def _left_to_people(step: _Step, reason: rule.Reason) -> None:
    if reason.kind == rule.TOKEN:
        raise CannotEdit(f"{step.title} needs {reason.name}: fetch it from the credentials broker in a step before")
    if reason.kind == rule.WAITING:
        raise CannotEdit("whether the job that it waits for should be off only its owners know")
    raise CannotEdit("when it should run is for its owners to say: a push, pull_request or schedule trigger would do")


def _unmuted(step: _Step, reason: rule.Reason) -> None:
    """Takes ``continue-on-error`` or a false ``if`` from the step or the job."""
    if reason.document is None:
        raise CannotEdit("what neutralises it stands in an action that another action calls")
    assert reason.node is not None
    owner = reason.node.parent
    assert isinstance(owner, Mapping)
    said = "the condition that is always false" if reason.kind == rule.SWITCHED_OFF else reason.kind
    step.does(f"remove {said}", remove_key(step.document, owner, reason.kind))
    if any(owner is job.node for _, job in step.placed.frames):
        step.notes.append("This concerns every step of the job, not the scanner alone.")


def _permitted(step: _Step, reason: rule.Reason) -> None:
    """Adds a scope to the permissions of the job."""
    job = step.placed.job
    if len(step.placed.frames) > 1:
        raise CannotEdit(f"{reason.name} has to be granted by every workflow that calls this one")
    stated = reason.node
    if not isinstance(stated, Mapping):
        raise CannotEdit(f"the permissions are '{text_of(stated)}': list what the job needs beside {reason.name}")
    wanted = step.scanner.permissions[reason.name]
    why = f"{step.title} reports with it"
    amendment = grant(step.document, job, stated, reason.name, wanted, why)
    step.does(f"grant {reason.name}: {wanted}", amendment)


def _heard(step: _Step, reason: rule.Reason) -> None:
    """Takes an input that mutes an action."""
    inputs = step.placed.step.with_
    assert inputs is not None
    key = next(key for key, _, _ in inputs.pairs() if key.lower() == reason.name.lower())
    owner, name = (inputs, key) if len(inputs.items) > 1 else (step.placed.step.node, "with")
    step.does(f"remove {key}", remove_key(step.document, owner, name))


def _strict(step: _Step, reason: rule.Reason) -> None:
    """Gives a tool the input or the option without which it never fails."""
    given = step.match.form.more.get("fails_by")
    command = step.match.command
    if command is not None and isinstance(given, str) and "--" not in command.words:
        _located(step, command)
        step.pieces.append((command.end, command.end, f" {given}"))
        step.does(f"add {given}")
        return
    if command is not None or not isinstance(given, dict) or reason.name not in given:
        raise CannotEdit(f"how strict {step.title} should be its owners have to say: give it {reason.name}")
    value = str(given[reason.name])
    node, inputs = step.placed.step.node, step.placed.step.with_
    order = f"add {reason.name}: {value}"
    if inputs is None:
        step.does(order, add_key(step.document, node, "with", {reason.name: value}, after="uses"))
        return
    key = next((key for key, _, _ in inputs.pairs() if key.lower() == reason.name.lower()), None)
    if key is None:
        step.does(order, add_key(step.document, inputs, reason.name, value))
    else:
        step.does(f"set {key} to {value}", set_value(step.document, inputs, key, value))


# --------------------------------------------------------------------------------------------------- scripts


def _without_option(step: _Step, reason: rule.Reason) -> None:
    """Takes an option that mutes a command, or turns its 0 into a 1."""
    command, run = step.match.command, step.placed.step.run
    assert command is not None and run is not None
    _located(step, command)
    name, _, value = reason.name.replace("=", " ", 1).partition(" ")
    written = re.escape(name) + (rf"(?:=|[ \t]+){re.escape(value)}" if value else "")
    text = run.value[command.start : command.end]
    places = list(re.finditer(rf"(?:\\\n|[ \t])+({written})(?!\S)", text))
    if len(places) != 1:
        raise CannotEdit(f"{reason.name} is not written where it can be taken out")
    start, end = (command.start + offset for offset in places[0].span())
    if value == "0":
        step.pieces.append((end - 1, end, "1"))
        step.does(f"set {name} to 1")
    else:
        step.pieces.append((start, end, ""))
        step.does(f"remove {reason.name}")


def _script(step: _Step, reason: rule.Reason) -> None:
    """Lets a command's failure fail its script. What is proposed is read again before it is believed."""
    command = step.match.command
    assert command is not None
    item, number, simple = _located(step, command)
    pipe = item.parts[number][1]
    following = item.parts[number + 1] if number + 1 < len(item.parts) else None
    if following is not None and following[0] == "||":
        _drop_fallback(step, item, number)
    noticed = _noticed(step)
    if not noticed and len(pipe.commands) > 1 and _is_default(step):
        _fail_with_pipe(step, pipe)
        noticed = _noticed(step)
    if not noticed and following is None and simple is pipe.commands[-1] and not item.background:
        step.pieces.append((pipe.end, pipe.end, " || exit 1"))
        step.does("end the script with `|| exit 1`")
        noticed = _noticed(step)
    if not noticed:
        raise CannotEdit(f"{reason.text}: let the step end with the exit code of {step.title}")


def _drop_fallback(step: _Step, item: AndOr, number: int) -> None:
    script = _script_of(step)
    pipe, fallback = item.parts[number][1], item.parts[number + 1][1]
    shown = " ".join(script[fallback.start : fallback.end].split())
    if number + 2 < len(item.parts):
        raise CannotEdit(f"more commands follow behind `|| {shown}`")
    others = [command for _, earlier in item.parts[:number] for command in earlier.commands]
    if not all(isinstance(other, Simple) and other.words[:1] and other.words[0] in _PREPARING for other in others):
        raise CannotEdit(f"`|| {shown}` covers other commands as well")
    gap = script[pipe.end : fallback.start]
    last = fallback.commands[-1]
    if gap.replace("\\\n", "").strip() != "||" or len(fallback.commands) > 1 or not isinstance(last, Simple):
        raise CannotEdit(f"`|| {shown}` does more than to hide the failure")
    if tuple(last.words) in _SILENT and not last.targets:
        step.pieces.append((pipe.end, fallback.end, ""))
        step.does(f"remove `|| {shown}`")
    elif last.words[0] in PRINTING:
        step.pieces += [(fallback.start, fallback.start, "{ "), (fallback.end, fallback.end, "; exit 1; }")]
        step.does(f"fail after `|| {shown}`")


def _fail_with_pipe(step: _Step, pipe: Pipeline) -> None:
    """GitHub starts ``shell: bash`` with pipefail, its default without."""
    if any(other.start != pipe.start and len(other.commands) > 1 for other in _pipelines(read(_script_of(step)))):
        raise CannotEdit("shell: bash would let other pipes of this script fail as well")
    step.shell = "bash"
    amendment = add_key(step.document, step.placed.step.node, "shell", "bash", after="run")
    step.does("say shell: bash, which fails with any part of a pipe", amendment)


def _is_default(step: _Step) -> bool:
    """Whether no shell is stated for the step, and the runner's default is that of Linux and macOS."""
    return not shell_of(step.placed) and not step.placed.outer and "shell" not in step.placed.step.node


def _noticed(step: _Step) -> bool:
    """Whether the command's failure would be noticed in the script as it has become."""
    command = step.match.command
    assert command is not None
    script = apply(_script_of(step), [Edit(Span(start, end), text) for start, end, text in sorted(step.pieces)])
    shift = sum(len(text) - (end - start) for start, end, text in step.pieces if end <= command.start)
    found = commands(script, step.shell or shell_of(step.placed)) or ()
    same = [other for other in found if other.start == command.start + shift and other.words[:1] == command.words[:1]]
    return bool(same) and not any(other.swallowed for other in same)


def _script_of(step: _Step) -> str:
    run = step.placed.step.run
    assert run is not None
    return run.value


def _located(step: _Step, command: Command) -> tuple[AndOr, int, Simple]:
    """The list of a script that has a command, the number of its pipeline there, and the command itself."""
    for item, number, simple in _simple_commands(read(_script_of(step))):
        if simple.start == command.start and tuple(simple.words) == command.words:
            return item, number, simple
    raise CannotEdit("what mutes it stands in a text or a package script that this step runs")


def _simple_commands(items: Listing) -> Iterator[tuple[AndOr, int, Simple]]:
    for item in items:
        for number, (_, pipe) in enumerate(item.parts):
            for command in pipe.commands:
                if isinstance(command, Simple):
                    yield item, number, command
                for part in _inside(command):
                    yield from _simple_commands(part)


def _pipelines(items: Listing) -> Iterator[Pipeline]:
    for item in items:
        for _, pipe in item.parts:
            yield pipe
            for command in pipe.commands:
                for part in _inside(command):
                    yield from _pipelines(part)


def _inside(command: Simple | Compound) -> list[Listing]:
    if isinstance(command, Simple):
        return [part for _, part in command.parts]
    return [*command.conditions, *command.bodies]


_REMEDIES = {
    rule.SWITCHED_OFF: _unmuted,
    rule.TOLERATED: _unmuted,
    rule.PERMISSION: _permitted,
    rule.INPUT: _heard,
    rule.LENIENT: _strict,
    rule.OPTION: _without_option,
    rule.SWALLOWED: _script,
    rule.TOKEN: _left_to_people,
    rule.WAITING: _left_to_people,
    rule.TRIGGER: _left_to_people,
}


# --------------------------------------------------------------------------------------------- configuration


def _configuration(finding: Finding, context: Context) -> Fix | NoFix:
    """Names the ecosystems in a dependabot.yml whose only entry was left as GitHub's starter has it, without one."""
    if finding.path not in DEPENDABOT_PATHS:
        return NoFix("whether it was switched off on purpose only its owners know")
    document = context.snapshot.document(finding.path)
    root = document.root if document is not None else None
    entries = root.get("updates") if isinstance(root, Mapping) else None
    if document is None or not isinstance(entries, Sequence) or len(entries.items) != 1:
        return NoFix("delete the file, and a fix can write one for the ecosystems of this repository")
    [entry] = entries.items
    if not isinstance(entry, Mapping) or not isinstance(entry.get("package-ecosystem"), Scalar):
        return NoFix("its entry has no package-ecosystem to fill in")
    if text_of(entry.get("directory")) != "/":
        return NoFix("which ecosystem its folder is for cannot be told")
    amendment = set_value(document, entry, "package-ecosystem", ACTIONS)
    if "cooldown" not in entry:
        amendment += add_key(document, entry, "cooldown", COOLDOWN)
    wanted = updates(context.snapshot, projects_of(context))
    for other in wanted[1:]:
        amendment += insert_item(document, entries, 1, other)
    named = " and ".join(str(item["package-ecosystem"]) for item in wanted)
    return Fix(f"let Dependabot watch {named}", REVIEW, amendment.edits, amendment.effects)
