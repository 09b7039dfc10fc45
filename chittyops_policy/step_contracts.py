"""Contracts on steps: which actions, commands and reusable workflows count as a named step, and where they really run.

A contract is data of the pack. Steps are found where GitHub would run them: through reusable workflows and composite
actions of this repository and of those that the same run has, through ``npm run`` scripts, and never in a comment, a
here-document or the argument of another command.
"""

from __future__ import annotations

from . import jsonc
from .calls import Callee, Unseen, resolve
from .contract_words import (
    ACTION,
    BEACON,
    COMMAND,
    CREDENTIALS,
    DEPLOYMENTS,
    RUNNERS,
    SCANNERS,
    WORKFLOW,
    contracts,
    entries,
    hints,
    texts_of,
)  # fmt: skip
from .document import Mapping, Scalar
from .memo import note
from .mentions import Hints, lower, words_in
from .model import Value
from .patterns import matches
from .shell_commands import Command, after_options, commands, has_option
from .snapshot import kind_of, normalise
from .workflow import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Mapping as MappingOf
    from typing import Any, TypeAlias, TypeVar

    from .document import Document, Node
    from .mentions import Hint
    from .rule import Context, Lookups
    from .snapshot import Snapshot
    from .workflow import Action, Job, Step, Uses, Workflow

    T = TypeVar("T")
    Accepted: TypeAlias = "Sequence[tuple[Contract, Match]]"
    _Named: TypeAlias = "Sequence[tuple[int, Form]]"

ANY, FIRST, LAST = "any", "first", "last"

MAX_LEVELS = 10
"""Levels of calls that are followed, for workflows and for actions alike; GitHub allows no more."""

MAX_STEPS = 5000
"""A workflow that comes to more steps than this, all calls followed, is looked at up to there."""

_PATHS_ELSEWHERE = ("--prefix", "-C", "--cwd", "--dir", "--filter", "-F", "-w", "--workspace", "--workspaces", "-r")


class Form(Value):
    """One accepted form.

    kind       ``action``, ``command`` or ``workflow``
    pattern    a glob over the lower-case name of an action or a workflow; the leading words of a command, where
               ``a|b`` takes either
    given      inputs that must have one of the values; options of which one must be there
    unless     inputs, or options, with which the form does not count
    arguments  globs of which one must match a word of the command
    writes     files of which one must be the target of the command's output
    more       the entry as the pack has it
    words, programs   of a command: the pattern's words, and the names that its first word allows
    """

    __slots__ = ("arguments", "given", "kind", "more", "pattern", "programs", "unless", "words", "writes")

    def __init__(self, kind: str, entry: MappingOf[str, Any]) -> None:
        self.kind = kind
        self.more = entry
        self.pattern = str(entry["run"] if kind == COMMAND else entry["uses"].lower())
        self.words = tuple(self.pattern.split())
        self.programs = frozenset(self.words[0].split("|")) if self.words else frozenset()
        self.given = _choices(entry.get("with"))
        self.unless = _choices(entry.get("unless"))
        self.arguments = texts_of(entry.get("argument"))
        self.writes = texts_of(entry.get("writes"))


class Contract(Value):
    """What counts as a step of that name.

    forms     any of them will do, except for actions and workflows whose name a glob of `excluded` covers
    position  where in its job the step must stand: ANY, FIRST or LAST
    """

    __slots__ = ("excluded", "forms", "id", "position", "title")

    def __init__(
        self, id: str, title: str, forms: tuple[Form, ...], position: str, excluded: tuple[str, ...] = ()
    ) -> None:
        self.id = id
        self.title = title
        self.forms = forms
        self.position = position
        self.excluded = excluded

    @property
    def hints(self) -> Hints:
        """The ways in which such a step can be mentioned."""
        return made_of(self, _hints_of)


class Placed:
    """A step at a place where a workflow of this repository runs it.

    document  the file in which it stands; `own` tells whether that is a file of this repository
    frames    (workflow, job) of each level of calls, the live workflow first
    outer     the steps of composite actions around it, the outermost first
    anchor    the nearest node in a file of this repository, with its document: the step's own or that of the call
    commands  what its script runs, once `Runs.commands` has read it
    """

    __slots__ = ("anchor", "commands", "document", "frames", "outer", "own", "snapshot", "step")

    def __init__(
        self,
        step: Step,
        document: Document,
        snapshot: Snapshot,
        own: bool,
        frames: tuple[tuple[Workflow, Job], ...],
        outer: tuple[Step, ...],
        anchor: tuple[Document, Node],
    ) -> None:
        self.step = step
        self.document = document
        self.snapshot = snapshot
        self.own = own
        self.frames = frames
        self.outer = outer
        self.anchor = anchor
        self.commands: tuple[Command, ...] | None = None

    @property
    def live(self) -> Workflow:
        """The workflow that GitHub starts."""
        return self.frames[0][0]

    @property
    def job(self) -> Job:
        """The job in which the step runs."""
        return self.frames[-1][1]

    @property
    def top(self) -> Step:
        """The step of the job in which this one runs: itself, or the outermost composite action."""
        return self.outer[0] if self.outer else self.step

    @property
    def where(self) -> str:
        """Path and route, as evidence."""
        document, node = self.anchor
        return f"{document.path}: {document.route(node)}"


class Call:
    """A job that calls a reusable workflow: `unseen` says why that cannot be looked into, None where it was."""

    __slots__ = ("frames", "job", "unseen", "uses")

    def __init__(self, uses: Uses, job: Job, frames: tuple[tuple[Workflow, Job], ...], unseen: Unseen | None) -> None:
        self.uses = uses
        self.job = job
        self.frames = frames
        self.unseen = unseen

    @property
    def where(self) -> str:
        """Path and route, as evidence."""
        document = self.frames[0][0].document
        return f"{document.path}: {document.route(self.frames[0][1].node)}"


class Match:
    """A step, or a call, that a form of a contract accepts; `command` is set for a form of kind ``command``."""

    __slots__ = ("call", "command", "form", "placed")

    def __init__(
        self, form: Form, placed: Placed | None, command: Command | None = None, call: Call | None = None
    ) -> None:
        self.form = form
        self.placed = placed
        self.command = command
        self.call = call

    @property
    def where(self) -> str:
        """Path and route, as evidence."""
        found = self.placed or self.call
        assert found is not None
        return found.where


class Runs:
    """What the workflows of a repository run, found once for all rules of a check; see `runs_of`.

    contracts  all contracts of the pack
    narrow     where findings count only in some workflows that nothing else reaches, their paths; else None
    """

    def __init__(
        self, snapshot: Snapshot, lookups: Lookups, contracts: Contracts, named: frozenset[str] | None = None
    ) -> None:
        self.snapshot = snapshot
        self.lookups = lookups
        self.contracts = contracts
        self._steps: dict[str, tuple[Placed, ...]] = {}
        self._calls: dict[str, tuple[Call, ...]] = {}
        self._accepted: dict[str, tuple[tuple[Placed, Accepted], ...]] = {}
        self._found: dict[str, Accepted] = {}
        self._actions: dict[tuple[str, Snapshot, bool], tuple[Action, Snapshot, bool] | None] = {}
        self._broken: tuple[Document, ...] | None = None
        self._scripts: dict[str, dict[str, str]] = {}
        self._commands: dict[tuple[int, str, str], tuple[Command, ...]] = {}
        self._leading: dict[tuple[str, Hints], frozenset[str]] = {}
        self._idle: set[str] = set()  # what `uses` says where no contract names it and this run does not have it
        self.narrow = self._narrow(named)

    def workflows(self, *, everywhere: bool = False) -> tuple[Workflow, ...]:
        """The workflows that parse.

        Where only named files count, those alone, unless others can reach into them or `everywhere` is asked for.
        """
        if everywhere or self.narrow is None:
            return self.snapshot.workflows()
        named = (self.snapshot.workflow(path) for path in self.narrow)
        return tuple(workflow for workflow in named if workflow is not None)

    def live(self, *, everywhere: bool = False) -> tuple[Workflow, ...]:
        """Of the `workflows` those that start by themselves or by hand: all but those that only others call."""
        found = self.workflows(everywhere=everywhere)
        return tuple(workflow for workflow in found if len(workflow.triggers) > ("workflow_call" in workflow.triggers))

    def broken(self) -> tuple[Document, ...]:
        """The workflow files that do not parse."""
        if self._broken is None:
            found = (self.snapshot.document(path) for path in self.snapshot.workflow_paths())
            self._broken = tuple(document for document in found if document is not None and document.error is not None)
        return self._broken

    def _narrow(self, named: frozenset[str] | None) -> tuple[str, ...] | None:
        """The named workflows, where no other workflow runs anything in the named files; else None."""
        if named is None:
            return None
        kinds = {path: kind_of(path) for path in sorted(named)}
        workflows = tuple(path for path, kind in kinds.items() if kind == WORKFLOW and self.snapshot.has(path))
        reached = ACTION in kinds.values() or any(map(self._is_called, workflows))
        return None if reached else workflows

    def _is_called(self, path: str) -> bool:
        data = self.snapshot.read(path) or b""
        return b"workflow_call" in data or b"\\" in data  # in double quotes any word can be spelled with escapes

    def steps(self, workflow: Workflow) -> tuple[Placed, ...]:
        """The steps that a workflow runs, followed through calls."""
        known = self._steps.get(workflow.path)
        if known is None:
            walk = _Walk()
            self._workflow(workflow, self.snapshot, True, (), (), None, walk)
            known = self._steps[workflow.path] = tuple(walk.steps)
        return known

    def calls(self, workflow: Workflow) -> tuple[Call, ...]:
        """The calls of reusable workflows in what a workflow runs, followed in their turn."""
        known = self._calls.get(workflow.path)
        if known is None:
            walk = _Walk(steps=False)
            self._workflow(workflow, self.snapshot, True, (), (), None, walk)
            known = self._calls[workflow.path] = tuple(walk.calls)
        return known

    def accepted(self, workflow: Workflow) -> tuple[tuple[Placed, Accepted], ...]:
        """The steps that a workflow runs and that fulfil a contract of the pack, each with all that it fulfils."""
        known = self._accepted.get(workflow.path)
        if known is None:
            walk = _Walk(likely=True)
            self._workflow(workflow, self.snapshot, True, (), (), None, walk)
            judged = ((placed, self.contracts.accepted(placed, self)) for placed in walk.steps)
            known = self._accepted[workflow.path] = tuple(entry for entry in judged if entry[1])
        return known

    def found(self, workflow: Workflow) -> Accepted:
        """Every step and call of a workflow that a contract of the pack accepts, in the order in which they stand.

        A step in a called workflow does not count for a contract that names the workflow, but not with these inputs.
        """
        known = self._found.get(workflow.path)
        if known is None:
            known = self._found[workflow.path] = tuple(self.contracts.found(self, workflow))
        return known

    def commands(self, placed: Placed, hints: Hints) -> tuple[Command, ...]:
        """The commands of a ``run`` step, with those of its package scripts.

        Empty where nothing of what `hints` are for can be among them, and for a shell that is not of the sh family.
        """
        if placed.commands is not None:
            return placed.commands
        scalar = placed.step.run
        workflow, job = placed.frames[-1]
        if scalar is None or not self._may_run(placed.step, job.node, workflow.node, hints):
            return ()
        folder = _folder_of(placed.step, job.node, workflow.node)
        key = (id(scalar), shell_of(placed), folder)
        if key not in self._commands:
            found = commands(scalar.value, key[1]) or ()
            if any(command.program[:1] and command.program[0] in RUNNERS for command in found):
                found = tuple(_expanded(found, self._package_scripts(folder), 0))
            self._commands[key] = found
        placed.commands = self._commands[key]
        return placed.commands

    # ------------------------------------------------------------------ quick looks

    def _may_run(self, step: Step, job: Mapping | None, workflow: Mapping | None, hints: Hints) -> bool:
        """Whether a ``run`` step may run what hints are for, as its text and that of the package scripts tell.

        Without a job, that of the workflow which runs the step as part of an action, any working directory may be
        meant.
        """
        script = step.run
        if script is None:
            return False
        if hints.occur_in(script.value):
            return True
        if not ("npm" in script.value or "yarn" in script.value or "bun" in script.value):  # all of RUNNERS
            if hints is self.contracts.hints:
                note(self.contracts.idle, script.value)
            return False
        if job is None or workflow is None:
            return True
        return any(name in script.value for name in self._leading_scripts(_folder_of(step, job, workflow), hints))

    # ------------------------------------------------------------------ following

    def _workflow(
        self,
        workflow: Workflow,
        snapshot: Snapshot,
        own: bool,
        frames: tuple[tuple[Workflow, Job], ...],
        chain: tuple[str, ...],
        anchor: tuple[Document, Node] | None,
        walk: _Walk,
    ) -> None:
        for job in workflow.jobs:
            if walk.count + len(walk.calls) > MAX_STEPS:
                return
            if job.uses is not None:
                inner = (*frames, (workflow, job))
                place = anchor if not own else (workflow.document, job.uses.node)
                found = resolve(job.uses, snapshot, self.lookups)
                walk.calls.append(Call(job.uses, job, inner, found if isinstance(found, Unseen) else None))
                if isinstance(found, Callee):
                    name = f"{found.snapshot.slug}:{found.path}"
                    if name not in chain and len(chain) < MAX_LEVELS:
                        inside = own and found.own
                        self._workflow(found.workflow, found.snapshot, inside, inner, (*chain, name), place, walk)
            elif walk.follows:
                inner = (*frames, (workflow, job))
                self._steps_of(job.steps, workflow.document, snapshot, own, inner, (), anchor, walk)

    def _steps_of(
        self,
        steps: Sequence[Step],
        document: Document,
        snapshot: Snapshot,
        own: bool,
        frames: tuple[tuple[Workflow, Job], ...],
        outer: tuple[Step, ...],
        anchor: tuple[Document, Node] | None,
        walk: _Walk,
    ) -> None:
        """The steps of a job or of an action."""
        contracts, likely = self.contracts, walk.likely
        idle_scripts, idle_actions = contracts.idle, self._idle
        workflow, job = frames[-1]
        for step in steps:
            walk.count += 1
            uses, script = step.uses, step.run
            found = None
            wanted = True
            if uses is None:
                if likely and (script is None or script.value in idle_scripts):
                    continue
                if likely and not self._may_run(step, job.node, workflow.node, contracts.hints):
                    continue
            else:
                if likely and uses.text in idle_actions:
                    continue
                found = self._action(uses, snapshot, own)
                wanted = not likely or bool(contracts.named(ACTION, uses))
                if found is None and not wanted and uses.kind == "action":
                    idle_actions.add(uses.text)
            here = (document, step.node) if own or anchor is None else anchor
            if wanted:
                walk.steps.append(Placed(step, document, snapshot, own, frames, outer, here))
            if found is not None and len(outer) < MAX_LEVELS and walk.count < MAX_STEPS:
                if all(step.node is not other.node for other in outer):
                    action, home, inside = found
                    further = (*outer, step)
                    self._steps_of(action.steps, action.document, home, inside, frames, further, here, walk)

    def _action(self, uses: Uses, snapshot: Snapshot, own: bool) -> tuple[Action, Snapshot, bool] | None:
        """The metadata of an action that this run has, where it lies, and whether that is this repository."""
        key = (uses.text, snapshot, own)
        if key not in self._actions:
            self._actions[key] = self._found_action(uses, snapshot, own)
        return self._actions[key]

    def _found_action(self, uses: Uses, snapshot: Snapshot, own: bool) -> tuple[Action, Snapshot, bool] | None:
        if uses.kind == "local":  # a path in the workspace, which is the first caller's
            home, inside, folder = self.snapshot, True, normalise(uses.path)
        elif uses.kind == "self":
            home, inside, folder = snapshot, own, normalise(uses.path)
        elif uses.kind == "action":
            inside = bool(self.snapshot.slug) and uses.slug == self.snapshot.slug.lower()
            other = self.snapshot if inside else self.lookups.repository(uses.slug)
            if other is None:
                return None
            home, folder = other, normalise(uses.path)
        else:
            return None
        action = None if folder is None else home.action(folder)
        return None if action is None else (action, home, inside)

    # ------------------------------------------------------------------ package scripts

    def _leading_scripts(self, folder: str, hints: Hints) -> frozenset[str]:
        """The names of the package scripts with which what hints are for may run, directly or through others."""
        known = self._leading.get((folder, hints))
        if known is None:
            scripts = self._package_scripts(folder)
            found = {name for name, line in scripts.items() if hints.occur_in(line)}
            size = -1
            while size != len(found):
                size = len(found)
                found |= {name for name, line in scripts.items() if any(other in line for other in found)}
            known = self._leading[folder, hints] = frozenset(found)
        return known

    def _package_scripts(self, folder: str) -> dict[str, str]:
        if folder not in self._scripts:
            found: dict[str, str] = {}
            text = self.snapshot.text(f"{folder}/package.json" if folder else "package.json")
            if text is not None and '"scripts"' in text:
                try:
                    value = jsonc.parse(text)
                except ValueError:
                    value = None
                scripts = value.get("scripts") if isinstance(value, dict) else None
                if isinstance(scripts, dict):
                    found = {name: line for name, line in scripts.items() if isinstance(line, str)}
            self._scripts[folder] = found
        return self._scripts[folder]


class _Walk:
    """What is collected on the way through a workflow: the steps that it runs, and the calls of other workflows.

    follows  whether steps are looked at, or calls alone
    likely   whether only steps are wanted that may fulfil a contract of the pack, as a quick look tells
    count    the steps so far, whether wanted or not
    """

    __slots__ = ("calls", "count", "follows", "likely", "steps")

    def __init__(self, *, steps: bool = True, likely: bool = False) -> None:
        self.follows = steps
        self.likely = likely
        self.count = 0
        self.steps: list[Placed] = []
        self.calls: list[Call] = []


def runs_of(context: Context) -> Runs:
    """The `Runs` of the repository, shared by the rules of one check."""
    found: Runs = context.once(_runs)
    return found


def _runs(context: Context) -> Runs:
    return Runs(context.snapshot, context.lookups, made_of(context.parameters, _all_contracts), context.named)


def _all_contracts(parameters: Any) -> Contracts:
    parts = (SCANNERS, DEPLOYMENTS, BEACON, CREDENTIALS)
    return Contracts(contract(name, data) for part in parts for name, data in contracts(parameters, part))


# ------------------------------------------------------------------------------------------------------ contracts


_CONTRACTS: dict[tuple[str, int], tuple[Any, Contract]] = {}


def contract(name: str, data: Any) -> Contract:
    """The contract that a mapping of the pack describes: ``actions``, ``commands``, ``workflows``, ``except``,
    ``position``.

    An entry is a name (with ``*``) or a mapping with the keys of `Form`; anything else in it is left out. The result
    is kept for as long as the mapping lives, because a pack serves many repositories.
    """
    kept = _CONTRACTS.get((name, id(data)))
    if kept is not None and kept[0] is data:
        return kept[1]
    made = _contract(name, data)
    _CONTRACTS[name, id(data)] = data, made
    return made


def _contract(name: str, data: Any) -> Contract:
    data = data if isinstance(data, dict) else {}
    position = data.get("position")
    return Contract(
        name,
        str(data.get("title", name)),
        tuple(Form(kind, entry) for kind, entry in entries(data)),
        position if position in (FIRST, LAST) else ANY,
        texts_of(data.get("except")),
    )


class Contracts:
    """Several contracts that are looked for together: each step is looked at once, however many there are.

    hints  the ways in which a command of any of them can be mentioned
    idle   scripts without any of these that run no package script either, as they were met
    """

    __slots__ = ("_by_name", "_by_pattern", "_by_program", "_by_text", "_globs", "contracts", "hints", "idle")

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self.contracts = tuple(contracts)
        self._by_text: dict[tuple[str, str], _Named] = {}
        self._by_name: dict[tuple[str, str], _Named] = {}
        self._by_pattern: dict[tuple[str, str], list[tuple[int, Form]]] = {}
        self._by_program: dict[str, list[tuple[int, Form]]] = {}
        self._globs: list[tuple[str, str, int, Form]] = []
        mentions: list[Hint] = []
        for number, item in enumerate(self.contracts):
            for form in item.forms:
                if form.kind == COMMAND:
                    mentions += hints(form.kind, form.more)
                    for program in form.programs:
                        self._by_program.setdefault(program, []).append((number, form))
                elif "*" in form.pattern or "?" in form.pattern or form.pattern.endswith("/"):
                    beginning = form.pattern.replace("?", "*").partition("*")[0]
                    self._globs.append((form.kind, beginning, number, form))
                else:
                    self._by_pattern.setdefault((form.kind, form.pattern), []).append((number, form))
        self.hints = Hints(mentions)
        self.idle: set[str] = set()

    def found(self, runs: Runs, workflow: Workflow) -> Iterator[tuple[Contract, Match]]:
        """See `Runs.found`."""
        steps, calls = runs.accepted(workflow), runs.calls(workflow)
        off = {(id(item), id(call.job.node)) for call in calls for item in self._switched_off(call)}
        for placed, accepted in steps:
            for item, match in accepted:
                if not off or not any((id(item), id(job.node)) in off for _, job in placed.frames):
                    yield item, match
        for call in calls:
            for item, form in self._fulfilled(WORKFLOW, call.uses, call.job.node):
                yield item, Match(form, None, call=call)

    def accepted(self, placed: Placed, runs: Runs) -> Accepted:
        """Which contracts a step fulfils, in their order: by its action, or by each of its commands that does."""
        step = placed.step
        if step.uses is not None:
            named = self._fulfilled(ACTION, step.uses, step.node)
            return [(item, Match(form, placed)) for item, form in named]
        if step.run is None:
            return ()
        found: list[tuple[int, Match]] = []
        for command in runs.commands(placed, self.hints):
            done = -1  # of one contract, the first form that fits
            for number, form in self._by_program.get(command.program[0], ()) if command.program else ():
                if number != done and is_form(form, command):
                    done = number
                    found.append((number, Match(form, placed, command)))
        found.sort(key=_number)
        return [(self.contracts[number], match) for number, match in found]

    def _fulfilled(self, kind: str, uses: Uses, node: Mapping) -> Iterator[tuple[Contract, Form]]:
        done = -1
        for number, form in self.named(kind, uses):
            if number != done and _inputs(form, node):
                done = number
                yield self.contracts[number], form

    def _switched_off(self, call: Call) -> list[Contract]:
        """The contracts that name a called workflow, but not with the inputs of this call: its steps do not run."""
        named = {number for number, _ in self.named(WORKFLOW, call.uses)}
        if named:
            fulfilled = [item for item, _ in self._fulfilled(WORKFLOW, call.uses, call.job.node)]
            return [item for number, item in enumerate(self.contracts) if number in named and item not in fulfilled]
        return []

    def named(self, kind: str, uses: Uses) -> _Named:
        """The forms of a kind that name an action or a workflow, each with the number of its contract, in order."""
        forms = self._by_text.get((kind, uses.text))
        if forms is None:
            name = _name(uses)
            forms = self._by_name.get((kind, name))
            if forms is None:
                if len(self._by_name) >= _MOST_NAMES:
                    self._by_name.clear()
                forms = self._by_name[kind, name] = self._naming(kind, name)
            if len(self._by_text) >= _MOST_NAMES:
                self._by_text.clear()
            self._by_text[kind, uses.text] = forms
        return forms

    def _naming(self, kind: str, name: str) -> _Named:
        found = [
            *self._by_pattern.get((kind, name), ()),
            *(
                (number, form)
                for of, beginning, number, form in self._globs
                if of == kind and name.startswith(beginning) and matches(form.pattern, name)
            ),
        ]
        if not found:
            return ()
        named = [
            (number, self.contracts[number].forms.index(form), form)
            for number, form in found
            if not any(matches(glob, name) for glob in self.contracts[number].excluded)
        ]
        return tuple((number, form) for number, _, form in sorted(named, key=_numbers))


_MOST_NAMES = 4096


def _number(entry: tuple[int, Match]) -> int:
    return entry[0]


def _numbers(entry: tuple[int, int, Form]) -> tuple[int, int]:
    return entry[0], entry[1]


def found_in(contract: Contract, workflow: Workflow, runs: Runs) -> Iterator[Match]:
    """Every step and call of a workflow that one contract of the pack accepts."""
    return (match for item, match in runs.found(workflow) if item is contract)


def _hints_of(contract: Contract) -> Hints:
    return Hints(hint for form in contract.forms for hint in hints(form.kind, form.more))


_MADE: dict[tuple[int, Any], tuple[Any, Any]] = {}
_MOST_MADE = 256


def made_of(data: Any, make: Callable[[Any], T]) -> T:
    """What `make` makes of a part of the pack, kept from one repository to the next while the pack is the same."""
    key = (id(data), make)
    known = _MADE.get(key)
    if known is None or known[0] is not data:
        if len(_MADE) >= _MOST_MADE:
            _MADE.clear()
        known = _MADE[key] = (data, make(data))
    value: T = known[1]
    return value


def is_form(form: Form, command: Command) -> bool:
    """Whether a command is of a form."""
    program = command.program
    words = form.words
    if not program or program[0] not in form.programs:
        return False
    if len(words) > 1 and not after_options(program, (program[0], *words[1:])):
        return False
    if form.given and not any(has_option(program, option) for option in form.given):
        return False
    if any(has_option(program, option) for option in form.unless):
        return False
    if form.writes and not any(matches(glob, target) for glob in form.writes for target in command.targets):
        return False
    return not form.arguments or any(matches(glob, word) for glob in form.arguments for word in program[1:])


def in_position(contract: Contract, match: Match) -> bool:
    """Whether a match stands where the contract wants it: as the first or the last step of its job."""
    if contract.position == ANY or match.placed is None or not match.placed.job.steps:
        return True
    steps = match.placed.job.steps
    return match.placed.top is steps[0 if contract.position == FIRST else -1]


def unseen_calls(workflow: Workflow, context: Context) -> Iterator[tuple[Call, Unseen]]:
    """The calls of reusable workflows that could not be looked into, each with the reason.

    Those of which the pack knows what they do (``parameters: reusable_workflows: known``) are left out, and those of
    which it is certain that there is none.
    """
    calls = runs_of(context).calls(workflow)
    if not calls:
        return
    data = context.parameters.get("reusable_workflows")
    known = [glob.lower() for glob in texts_of(data.get("known"))] if isinstance(data, dict) else []
    for call in calls:
        if call.unseen is not None and not call.unseen.absent:
            if not any(matches(glob, _name(call.uses)) for glob in known):
                yield call, call.unseen


def unreadable(runs: Runs, contracts: Sequence[Contract]) -> str:
    """The first workflow that does not parse and mentions what a contract looks for; '' where there is none."""
    for document in runs.broken():
        lowered = lower(document.text)
        words = words_in(lowered)
        if any(contract.hints.occur(lowered, words) for contract in contracts):
            return document.path
    return ""


def shell_of(placed: Placed) -> str:
    """The ``shell`` that applies to a step; ``pwsh`` on Windows where nothing is said, '' for GitHub's default."""
    own = text_of(placed.step.node.get("shell")).strip()
    if own or placed.outer:
        return own
    workflow, job = placed.frames[-1]
    for node in (job.node, workflow.node):
        defaults = node.get("defaults")
        run = defaults.get("run") if isinstance(defaults, Mapping) else None
        shell = text_of(run.get("shell")).strip() if isinstance(run, Mapping) else ""
        if shell:
            return shell
    return "pwsh" if "windows" in text_of(job.node.get("runs-on")).lower() else ""


# -------------------------------------------------------------------------------------------------------- details


def _name(uses: Uses) -> str:
    if uses.kind == "docker":
        image = uses.path.partition("@")[0]
        host, slash, name = image.rpartition("/")
        return f"docker://{host}{slash}{name.partition(':')[0]}".lower()
    if uses.kind in ("local", "self"):
        return f"./{normalise(uses.path) or ''}".lower()
    return uses.name


def _inputs(form: Form, node: Mapping) -> bool:
    """Whether the inputs under ``with`` are as a form wants them; a computed value is taken to be right."""
    values = {}
    inputs = node.get("with")
    if isinstance(inputs, Mapping):
        values = {key.lower(): text_of(value).strip() for key, _, value in inputs.pairs()}
    for name, wanted in form.given.items():
        value = values.get(name.lower())
        if value is None or ("${{" not in value and not any(matches(glob, value) for glob in wanted)):
            return False
    return not any(
        name.lower() in values and any(matches(glob, values[name.lower()]) for glob in refused)
        for name, refused in form.unless.items()
    )


def _folder_of(step: Step, job: Mapping, workflow: Mapping) -> str:
    """The working directory of a step inside the repository; '' where it is the top or computed."""
    nodes: list[Node | None] = [step.node.get("working-directory")]
    for owner in (job, workflow):
        defaults = owner.get("defaults")
        run = defaults.get("run") if isinstance(defaults, Mapping) else None
        nodes.append(run.get("working-directory") if isinstance(run, Mapping) else None)
    text = next((node.value.strip() for node in nodes if isinstance(node, Scalar) and node.value.strip()), "")
    return "" if "${{" in text else normalise(text) or ""


def _expanded(found: Iterable[Command], scripts: dict[str, str], depth: int) -> Iterator[Command]:
    """The commands with, behind each that runs a package script, what that script runs."""
    for command in found:
        yield command
        program = command.program
        if depth > 3 or len(program) < 2 or program[0] not in RUNNERS:
            continue
        if any(has_option(program, option) for option in _PATHS_ELSEWHERE):
            continue
        words = [word for word in program[1:] if not word.startswith("-")]
        name = words[1] if words[:1] in (["run"], ["run-script"]) and len(words) > 1 else words[0] if words else ""
        short = words[:1] not in (["run"], ["run-script"])
        if name not in scripts or (short and program[0] == "npm" and name not in ("test", "start", "stop")):
            continue
        # npm gives the script to sh -c: only the last command's status counts.
        inner = commands(scripts[name], "sh {0}") or ()
        for item in _expanded(inner, {key: text for key, text in scripts.items() if key != name}, depth + 1):
            yield Command(
                item.words,
                command.start,
                command.end,
                command.list_end,
                item.assignments,
                item.targets,
                command.swallowed or item.swallowed,
            )


def _choices(value: Any) -> dict[str, tuple[str, ...]]:
    """``[a, b]`` and ``{a: x, b: [y, z]}`` as name → texts; booleans and numbers as GitHub writes them."""
    if isinstance(value, dict):
        return {str(name): tuple(_text(item) for item in (items if isinstance(items, list) else [items]))
                for name, items in value.items()}  # fmt: skip
    return dict.fromkeys(texts_of(value), ())


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else "" if value is None else str(value)
