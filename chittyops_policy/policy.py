"""The policy in force for one repository: layers of settings, each of which can say where it comes from.

``rule defaults < organisation pack (and what it extends) < .chittyops-policy.yml < command line``. A pack is loaded
at each start, so everything here is plain and cheap. What is wrong in a pack or on the command line is an error of
the user; what is wrong in a repository's own file is a finding in that file, so that a sweep over many repositories
goes on and all doors agree.
"""

from __future__ import annotations

import os
from collections.abc import Mapping as AbstractMapping

from .contract_words import words_of
from .document import Document, Mapping, parse, to_value
from .document import Sequence as YamlSequence
from .errors import UserError
from .fingerprint import digest
from .model import PROFILES, SEVERITIES, STAGES, Finding, Span, severity_rank, tool_of
from .nodes import unpacked
from .patterns import matches
from .policy_file import (
    POLICY_FILE,
    Control,
    Entry,
    Exemption,
    Mistake,
    PolicyFile,
    RuleEntry,
    Scope,
    Setting,
    Step,
    did_you_mean,
    merged,
    place_of,
    raise_mistakes,
    read_policy_file,
)
from .resources import INSTALLED, compiled, read_resource, resource_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, Protocol

    from .contract_words import Wanted
    from .rule import Rule

    class Catalogue(Protocol):
        """What this module needs of a catalogue: its rules by id."""

        @property
        def rules(self) -> dict[str, Rule]:
            """The rules by id."""


class Overrides:
    """What the command line says: rules to run alone, rules to leave out, a profile, a level; empty means nothing."""

    __slots__ = ("fail_on", "ignore", "profile", "select")

    def __init__(
        self,
        *,
        select: tuple[str, ...] = (),
        ignore: tuple[str, ...] = (),
        profile: str | None = None,
        fail_on: str | None = None,
    ) -> None:
        self.select = select
        self.ignore = ignore
        self.profile = profile
        self.fail_on = fail_on


RULE_DEFAULT = "rule default"
BUILT_IN = "built in"
STANDARD = "chittyos"
"""The pack that applies where nobody names another."""

INVALID_POLICY = "invalid-policy"
OVERREACHING_POLICY = "overreaching-policy"
POLICY_FILE_RULES = (INVALID_POLICY, OVERREACHING_POLICY)
"""Rules whose findings are made here, about the repository's own policy file."""
UNEXCEPTABLE_THEMES = ("exceptions", "policy")
"""Rules about exceptions and policy files cannot be excepted themselves: that would hide that something is hidden."""

_GATE_DEFAULTS = {"profile": "charter", "fail_on": "low", "report_level": "info"}
_STAGE_VERBS = {"off": "is off", "observe": "is only counted", "warn": "warns", "block": "blocks"}
_MAX_EXTENDS = 8


class RulePolicy:
    """What the policy makes of one rule in one repository today.

    stage             one of STAGES; ``off`` when the rule does not run, its origin then says why
    stage_reason      why a finding does not fail yet, with the dates to come; '' at stage block
    options           name → Setting, defaults included
    locked            whether a repository may only be stricter
    local_exceptions  whether exceptions in the repository itself count, inline and in its own file
    visits, default_severity   of the rule itself
    """

    __slots__ = (
        "default_severity", "id", "local_exceptions", "locked", "options", "severity", "stage", "stage_reason", "theme",
        "visits",
    )  # fmt: skip

    def __init__(
        self,
        rule: Rule,
        severity: Setting,
        stage: Setting,
        stage_reason: str,
        options: dict[str, Setting],
        locked: Setting,
        local_exceptions: Setting,
    ) -> None:
        self.id = rule.id
        self.theme = rule.theme
        self.visits = rule.visits
        self.default_severity = rule.severity
        self.severity = severity
        self.stage = stage
        self.stage_reason = stage_reason
        self.options = options
        self.locked = locked
        self.local_exceptions = local_exceptions

    def having(self, options: dict[str, Any], origin: str) -> RulePolicy:
        """The same with other values of some options. A policy may serve several repositories and is never changed."""
        other = RulePolicy.__new__(RulePolicy)
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other.options = {**self.options, **{name: Setting(value, origin) for name, value in options.items()}}
        return other

    @property
    def on(self) -> bool:
        """Whether the rule runs."""
        return bool(self.stage.value != "off")

    def severity_of(self, own: str | None) -> str:
        """The severity of a finding whose rule gave it `own` (None: the rule's).

        A place that is graver or milder than usual stays so by as many steps when the policy moves the rule. Of
        another tool's rule nobody knows what is usual: what the policy says of it holds for each of its findings.
        """
        effective: str = self.severity.value
        if own is None or own == self.default_severity:
            return effective
        if tool_of(self.id):
            return own if self.severity.origin == RULE_DEFAULT else effective
        rank = severity_rank(effective) + severity_rank(own) - severity_rank(self.default_severity)
        return SEVERITIES[min(max(rank, 0), len(SEVERITIES) - 1)]


class Policy:
    """Everything that a check of one repository is decided by.

    name        of the pack
    rules       id → RulePolicy, of every rule in the catalogue
    parameters  plain values that rules share
    contract_words  for a part of the pack what `contract_words.may_hold` looks for
    exemptions  exceptions for this repository, its own ones first
    findings    what is wrong in the repository's own file, as findings of `invalid-policy` and `overreaching-policy`
    known       ids of rules that exist, also of those that were not loaded
    others      what is said of other tools' rules, as rows of `settings`; it holds when such a tool runs
    """

    __slots__ = (
        "_parameter_origins", "contract_words", "controls", "exemptions", "fail_on", "findings", "honour", "known",
        "name", "others", "parameters", "profile", "report_level", "rules",
    )  # fmt: skip

    def __init__(
        self,
        *,
        name: str,
        gate: dict[str, Setting],
        rules: dict[str, RulePolicy],
        parameters: AbstractMapping[str, Any],
        parameter_origins: Callable[[], dict[tuple[str, ...], str]],
        contract_words: Callable[[str], tuple[Wanted, ...]],
        controls: tuple[Control, ...],
        exemptions: tuple[Exemption, ...],
        honour: Setting,
        findings: tuple[Finding, ...],
        known: frozenset[str],
        others: tuple[tuple[str, Any, str], ...] = (),
    ) -> None:
        self.name = name
        self.profile = gate["profile"]
        self.fail_on = gate["fail_on"]
        self.report_level = gate["report_level"]
        self.rules = rules
        self.parameters = parameters
        self._parameter_origins = parameter_origins
        self.contract_words = contract_words
        self.controls = controls
        self.exemptions = exemptions
        self.honour = honour
        self.findings = findings
        self.known = known
        self.others = others

    def settings(self) -> list[tuple[str, Any, str]]:
        """Every effective value as (key, plain value, origin), in a stable order; what ``policy show`` prints."""
        rows: list[tuple[str, Any, str]] = [
            (name, setting.value, setting.origin)
            for name, setting in (
                ("profile", self.profile),
                ("fail_on", self.fail_on),
                ("report_level", self.report_level),
                ("honour", self.honour),
            )
        ]
        for id, rule in self.rules.items():
            for name, setting in (
                ("stage", rule.stage),
                ("severity", rule.severity),
                ("locked", rule.locked),
                ("local_exceptions", rule.local_exceptions),
            ):
                rows.append((f"rules.{id}.{name}", setting.value, setting.origin))
            for name, setting in sorted(rule.options.items()):
                rows.append((f"rules.{id}.options.{name}", setting.value, setting.origin))
        rows += self.others
        for control in self.controls:
            rows.append((f"controls.{control.id}", [rule for rule, _ in control.rules], control.origin))
        for keys, origin in sorted(self._parameter_origins().items()):
            value: Any = self.parameters
            for key in keys:
                value = value[key]
            rows.append((".".join(("parameters", *keys)), value, origin))
        for exemption in self.exemptions:
            rows.append((f"exceptions.{exemption.rule}", exemption.reason, exemption.origin))
        return rows

    @property
    def digest(self) -> str:
        """64 hex digits that stand for every value which can change a verdict; origins do not count."""
        parts = [self.name, repr([row[:2] for row in self.settings()])]
        parts += [repr(exemption) for exemption in self.exemptions]
        parts += [repr(control) for control in self.controls]
        return digest("\0".join(parts).encode("utf-8", "surrogatepass"))


class Parameters(AbstractMapping[str, "Any"]):
    """The parameters of all layers of a pack, each made a plain value at the first look at it.

    Mappings are merged key by key, anything else is replaced.
    """

    __slots__ = ("_layers", "_values")

    def __init__(self, layers: Iterable[Mapping]) -> None:
        self._layers = tuple(layers)
        self._values: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._values:
            nodes = [node for node in (layer.get(key) for layer in self._layers) if node is not None]
            if not nodes:
                raise KeyError(key)
            value = to_value(nodes[0])
            for node in nodes[1:]:
                value = merged(value, to_value(node))
            self._values[key] = value
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key for layer in self._layers for key in layer.index))

    def __len__(self) -> int:
        return len(set(self))


class Pack:
    """An organisation's policy: its own file and those it extends, the most general first.

    shipped          whether it is the standard of an installed package, whose tests have held it against the rules
    checked_against  the ids of the rules that it was last held against
    parameters       what rules share
    applied          the rules, what else was asked, and what it last made of that for a repository without own file
    """

    __slots__ = ("applied", "checked_against", "files", "parameters", "shipped")

    def __init__(self, files: tuple[PolicyFile, ...], shipped: bool = False) -> None:
        self.files = files
        self.shipped = shipped
        self.checked_against: frozenset[str] | None = None
        self.applied: tuple[dict[str, Rule], tuple[Any, ...], dict[str, RulePolicy]] | None = None
        self.parameters = Parameters(file.parameters for file in files if file.parameters is not None)

    @property
    def name(self) -> str:
        """The name of the file that was asked for."""
        return self.files[-1].name

    @property
    def scope(self) -> Scope:
        """Which repositories are judged at all: what the last layer says that says anything of it."""
        return next((file.scope for file in reversed(self.files) if file.scope is not None), Scope())

    def contract_words(self, part: str) -> tuple[Wanted, ...]:
        """What mentions a step of the contracts in one part, see `contract_words.words_of`; the standard's ships."""
        shipped = compiled("policies", f"{STANDARD}.words") if self.shipped else None
        words: tuple[Wanted, ...] = words_of(self.parameters, part) if shipped is None else shipped[part]
        return words

    def parameter_origins(self) -> dict[tuple[str, ...], str]:
        """Keys from the top → origin for every parameter; a list counts as one value."""
        origins: dict[tuple[str, ...], str] = {}
        for file in self.files:
            waiting: list[tuple[tuple[str, ...], Mapping]] = []
            if file.parameters is not None:
                waiting.append(((), file.parameters))
            while waiting:
                above, mapping = waiting.pop()
                for key, key_node, node in mapping.pairs():
                    keys = (*above, key)
                    if isinstance(node, Mapping) and node.items:
                        waiting.append((keys, node))
                        origins.pop(keys, None)
                    else:
                        for stale in [known for known in origins if known[: len(keys)] == keys]:
                            del origins[stale]
                        origins[keys] = file.origin(key_node)
        return origins


# ------------------------------------------------------------------------------------------------------- loading


def standard_pack(path: str | None = None) -> Pack:
    """The shipped standard, or the pack in a file that the user names. Raises UserError for one that cannot be."""
    if path is None:
        path, data = _read_shipped(STANDARD)
        tree = compiled("policies", f"{STANDARD}.yml")
        document = parse(path, data) if tree is None else Document(path, data.decode())
        if tree is not None:
            document.root = unpacked(tree)
        pack = _load_pack(document, _read_extended)
        pack.shipped = INSTALLED
        return pack
    return load_pack(path, _read_file(path), _read_extended)


def load_pack(path: str, data: bytes, read: Callable[[str, str], tuple[str, bytes]]) -> Pack:
    """The pack in `data`, with what it extends.

    `read(name, from_path)` gives path and bytes of an extended pack and raises UserError where there is none.
    Raises UserError with ``file:line:column`` for every mistake that can be seen without the rules.
    """
    return _load_pack(parse(path, data), read)


def _load_pack(document: Document, read: Callable[[str, str], tuple[str, bytes]]) -> Pack:
    files: list[PolicyFile] = []
    while True:
        file = read_policy_file(document, pack=True)
        raise_mistakes(file)
        files.append(file)
        if file.extends is None:
            break
        name: str = file.extends.value
        path, data = read(name, document.path)
        if len(files) >= _MAX_EXTENDS or any(path == known.document.path for known in files):
            file.say(file.extends.node, f"'{name}' extends this pack in a circle")
            raise_mistakes(file)
        document = parse(path, data)
    pack = Pack(tuple(reversed(files)))
    _check_rings(pack)
    return pack


def _check_rings(pack: Pack) -> None:
    rings = {name for file in pack.files for name in file.rings}
    for file in pack.files:
        for entry in file.rules.values():
            if entry.stage is not None:
                for step in entry.stage.value:
                    if step.ring and step.ring not in rings:
                        file.say(entry.stage.node, f"there is no ring '{step.ring}'", did_you_mean(step.ring, rings))
        raise_mistakes(file)


def _read_shipped(name: str) -> tuple[str, bytes]:
    try:
        return f"policies/{name}.yml", read_resource("policies", f"{name}.yml")
    except OSError as error:
        raise UserError(f"the installation lacks policies/{name}.yml: {error.strerror}", "install it again") from error


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise UserError(
            f"the policy {path} cannot be read: {error.strerror}", "--policy takes the path of a pack"
        ) from error


def _read_extended(name: str, from_path: str) -> tuple[str, bytes]:
    """A word names a pack that ships with the tool; a path is relative to the file that extends it."""
    if "/" not in name and not name.endswith((".yml", ".yaml")):
        if os.path.exists(resource_path("policies", f"{name}.yml")):
            return _read_shipped(name)
        raise UserError(f"{from_path}: there is no pack '{name}'", f"'{STANDARD}' ships with the tool; or give a path")
    path = os.path.normpath(os.path.join(os.path.dirname(from_path), name))
    return path, _read_file(path)


# ------------------------------------------------------------------------------------------------------ layering


def effective(
    catalogue: Catalogue,
    pack: Pack,
    repository_file: bytes | None,
    overrides: Overrides,
    *,
    slug: str = "",
    today: str,
    known: Iterable[str] = (),
) -> Policy:
    """The policy for one repository on one day.

    catalogue        the rules; `known` are ids of further rules that exist but are not loaded
    repository_file  the bytes of ``.chittyops-policy.yml``, None where there is none
    slug             ``owner/repo``, '' where unknown: it is then in no ring
    today            an ISO date

    Raises UserError for what is wrong in the pack or on the command line. What is wrong in the repository's file is
    left out and becomes a finding; the rest of that file applies.
    """
    rules = catalogue.rules
    ids = frozenset(rules).union(known)
    if not pack.shipped and pack.checked_against != ids:
        for file in pack.files:
            _check_entries(file, rules, ids)
            raise_mistakes(file)
        pack.checked_against = ids
    own: PolicyFile | None = None
    overreach: list[tuple[Span, str]] = []
    if repository_file is not None:
        own = read_policy_file(parse(POLICY_FILE, repository_file), pack=False)
        _check_entries(own, rules, ids)
    gate = _gate(pack, own, overrides, overreach)
    rings = rings_of(pack, slug)
    # Most repositories have no file of their own, and are all judged alike.
    question = (ids, rings, gate["profile"], overrides.select, overrides.ignore, today)
    before = pack.applied
    if own is None and before is not None and before[0] is rules and before[1] == question:
        policies = before[2]
    else:
        policies = _rule_policies(rules, pack, own, gate["profile"], overrides, ids, rings, today, overreach)
        if own is None:
            pack.applied = rules, question, policies
    exemptions = _exemptions(pack, own, policies, slug, overreach)
    honour = Setting((), BUILT_IN)
    controls: dict[str, Control] = {}
    for file in pack.files:
        if file.honour is not None:
            honour = Setting(file.honour.value, file.origin(file.honour.node))
        controls.update((id, control) for id, (control, _) in file.controls.items())
    return Policy(
        name=pack.name,
        gate=gate,
        rules=policies,
        parameters=pack.parameters,
        parameter_origins=pack.parameter_origins,
        contract_words=pack.contract_words,
        controls=tuple(controls.values()),
        exemptions=exemptions,
        honour=honour,
        findings=_findings(own, overreach),
        known=ids,
        others=_others((*pack.files, own) if own is not None else pack.files, rings, today),
    )


def mistakes_in(path: str, data: bytes, catalogue: Catalogue, known: Iterable[str] = ()) -> list[str]:
    """What is wrong in a policy file of either kind, each as ``path:line:column: message (hint)``; [] when valid.

    A file with ``kind: pack`` is a pack. What a pack extends is not looked at.
    """
    document = parse(path, data)
    root = document.root
    kind = to_value(root.get("kind")) if isinstance(root, Mapping) else None
    file = read_policy_file(document, pack=kind == "pack")
    _check_entries(file, catalogue.rules, frozenset(catalogue.rules).union(known))
    file.mistakes.sort(key=lambda mistake: mistake.span.start)
    return [file.located(mistake) + (f" ({mistake.hint})" if mistake.hint else "") for mistake in file.mistakes]


def stage_of(steps: Sequence[Step], rings: frozenset[str], today: str) -> str:
    """The stage of a rollout on a day for a repository in some rings: the strictest step that applies.

    ``off`` where none applies. Not the last one: a step for everybody would then take back what a ring already has.
    """
    rank = 0
    for step in steps:
        if (not step.since or step.since <= today) and (not step.ring or step.ring in rings):
            rank = max(rank, STAGES.index(step.stage))
    return STAGES[rank]


def _stage_reason(steps: Sequence[Step], rings: frozenset[str], today: str, stage: str) -> str:
    """Why findings do not fail yet and what is to come, such as ``stage warn; blocks from 2026-12-01``."""
    if stage == "block":
        return ""
    parts = [f"stage {stage}"]
    current = stage
    for date in sorted({step.since for step in steps if step.since > today}):
        following = stage_of(steps, rings, date)
        if following != current:
            parts.append(f"{_STAGE_VERBS[following]} from {date}")
            current = following
    return parts[0] + ("; " + ", ".join(parts[1:]) if parts[1:] else "")


def _check_entries(file: PolicyFile, rules: dict[str, Rule], ids: frozenset[str]) -> None:
    """Adds the mistakes that only show against the rules, and leaves out what is wrong."""
    for id in list(file.rules):
        entry = file.rules[id]
        if tool_of(id):
            # Whether that tool has the rule shows only when it runs.
            for key, _ in entry.options.values():
                file.say(key, f"'{id}' is another tool's and has no options here")
            entry.options.clear()
        elif id not in ids:
            file.say(entry.key, f"there is no rule '{id}'", did_you_mean(id, ids))
            del file.rules[id]
        elif entry.options and id in rules:
            _check_options(file, entry, rules[id])
    kept: list[Exemption] = []
    for exemption in file.exemptions:
        if exemption.rule not in ids and (not tool_of(exemption.rule) or exemption.rule.endswith("/*")):
            file.mistakes.append(
                Mistake(exemption.span, f"there is no rule '{exemption.rule}'", did_you_mean(exemption.rule, ids))
            )
        elif exemption.rule in rules and rules[exemption.rule].theme in UNEXCEPTABLE_THEMES:
            file.mistakes.append(
                Mistake(exemption.span, f"findings of '{exemption.rule}' cannot be excepted", "set its stage instead")
            )
        else:
            kept.append(exemption)
    file.exemptions = kept
    for control, node in file.controls.values():
        for rule, _ in control.rules:
            if rule not in ids:
                file.say(node, f"control '{control.id}' names an unknown rule '{rule}'", did_you_mean(rule, ids))


def _check_options(file: PolicyFile, entry: RuleEntry, rule: Rule) -> None:
    # Loaded only where a policy sets an option; a check of workflows loads it anyway.
    from .structure import node_check

    for name in list(entry.options):
        key, node = entry.options[name]
        option = rule.options.get(name)
        if option is None:
            hint = did_you_mean(name, rule.options) if rule.options else "it has no options"
            file.say(key, f"rule '{rule.id}' has no option '{name}'", hint)
            del entry.options[name]
            continue
        problems = node_check(dict(option.schema))(file.document, node)
        for problem in problems:
            file.mistakes.append(Mistake(problem.span, f"option '{name}': {problem.message}", option.help))
        if problems:
            del entry.options[name]


def _gate(
    pack: Pack, own: PolicyFile | None, overrides: Overrides, overreach: list[tuple[Span, str]]
) -> dict[str, Setting]:
    """Profile and levels. What a pack states is a floor: a repository's file may only be stricter."""
    gate: dict[str, Setting] = {}
    for name, default in _GATE_DEFAULTS.items():
        setting = Setting(default, BUILT_IN)
        stated = False
        for file in pack.files:
            if name in file.gate:
                entry = file.gate[name]
                setting = Setting(entry.value, file.origin(entry.node))
                stated = True
        if own is not None and name in own.gate:
            entry = own.gate[name]
            order = PROFILES if name == "profile" else tuple(reversed(SEVERITIES))
            if stated and order.index(entry.value) < order.index(setting.value):
                overreach.append(
                    (
                        place_of(entry.node),
                        f"{name} {entry.value} is laxer than {setting.value}, which {setting.origin} sets",
                    )
                )
            else:
                setting = Setting(entry.value, own.origin(entry.node))
        gate[name] = setting
    for name, option, noun, value, choices in (
        ("profile", "--profile", "profile", overrides.profile, PROFILES),
        ("fail_on", "--fail-on", "severity", overrides.fail_on, SEVERITIES),
    ):
        if value is not None:
            if value not in choices:
                raise UserError(f"{option}: there is no {noun} '{value}'", f"one of: {', '.join(choices)}")
            gate[name] = Setting(value, option)
    return gate


def _rule_policies(
    rules: dict[str, Rule],
    pack: Pack,
    own: PolicyFile | None,
    profile: Setting,
    overrides: Overrides,
    ids: frozenset[str],
    rings: frozenset[str],
    today: str,
    overreach: list[tuple[Span, str]],
) -> dict[str, RulePolicy]:
    for option, words in (("--select", overrides.select), ("--ignore", overrides.ignore)):
        for word in words:
            if word not in ids and not tool_of(word):
                hint = did_you_mean(word, ids) or "chittyops-policy rules lists them all"
                raise UserError(f"{option}: there is no rule '{word}'", hint)
    selected = frozenset(overrides.select)
    ignored = frozenset(overrides.ignore)
    wide = PROFILES.index(profile.value)
    default_stage = Setting("block", RULE_DEFAULT)
    unlocked = Setting(False, BUILT_IN)
    local = Setting(True, BUILT_IN)
    policies: dict[str, RulePolicy] = {}
    for id, rule in rules.items():
        severity = Setting(rule.severity, RULE_DEFAULT)
        stage = default_stage
        steps: tuple[Step, ...] = ()
        locked = unlocked
        local_exceptions: Setting | None = None
        options = {name: Setting(option.default, RULE_DEFAULT) for name, option in rule.options.items()}
        for file, entry in [(layer, each) for layer in pack.files for each in _entries(layer, id)]:
            if entry.severity is not None:
                severity = Setting(entry.severity.value, file.origin(entry.severity.node))
            if entry.stage is not None:
                steps = entry.stage.value
                stage = Setting(stage_of(steps, rings, today), file.origin(entry.stage.node))
            if entry.locked is not None:
                locked = Setting(entry.locked.value, file.origin(entry.locked.node))
            if entry.local_exceptions is not None:
                local_exceptions = Setting(entry.local_exceptions.value, file.origin(entry.local_exceptions.node))
            for name, (key, node) in entry.options.items():
                options[name] = Setting(to_value(node), file.origin(key))
        reason = _stage_reason(steps, rings, today, stage.value) if steps else ""
        stated = stage is not default_stage
        if not stated and PROFILES.index(rule.profile) > wide:
            stage = Setting("off", f"profile {profile.value}, {profile.origin}")
        for own_entry in _entries(own, id) if own is not None else ():
            assert own is not None
            before = stage
            severity, stage = _own_levels(own, own_entry, severity, stage, locked, overreach)
            if stage is not before:
                reason = _stage_reason((), rings, today, stage.value)
            _own_options(own, own_entry, options, locked, overreach)
        if selected and not _named(id, selected):
            stage = Setting("off", "--select")
        elif selected and stage.value == "off":
            stage, reason = Setting("block", "--select"), ""
        if _named(id, ignored):
            stage = Setting("off", "--ignore")
        if local_exceptions is None:
            # Who may only be stricter may not except himself either, unless the pack says so.
            local_exceptions = Setting(False, locked.origin) if locked.value else local
        policies[id] = RulePolicy(rule, severity, stage, reason, options, locked, local_exceptions)
    return policies


def _entries(file: PolicyFile, id: str) -> list[RuleEntry]:
    """What a file says of a rule; of another tool's rule first what it says of all of that tool's, ``zizmor/*``."""
    tool = tool_of(id)
    keys = (f"{tool}/*", id) if tool else (id,)
    return [file.rules[key] for key in keys if key in file.rules]


def _others(files: Iterable[PolicyFile], rings: frozenset[str], today: str) -> tuple[tuple[str, Any, str], ...]:
    rows: dict[str, tuple[str, Any, str]] = {}
    for file in files:
        for id, said in file.rules.items():
            for name in ("stage", "severity", "locked", "local_exceptions") if tool_of(id) else ():
                entry: Entry | None = getattr(said, name)
                if entry is not None:
                    value = stage_of(entry.value, rings, today) if name == "stage" else entry.value
                    rows[f"{id}.{name}"] = (f"rules.{id}.{name}", value, file.origin(entry.node))
    return tuple(rows[key] for key in sorted(rows))


def _named(id: str, words: frozenset[str]) -> bool:
    tool = tool_of(id)
    return id in words or (bool(tool) and f"{tool}/*" in words)


def _own_levels(
    own: PolicyFile,
    entry: RuleEntry,
    severity: Setting,
    stage: Setting,
    locked: Setting,
    overreach: list[tuple[Span, str]],
) -> tuple[Setting, Setting]:
    """Severity and stage with what the repository's own file says of them."""
    if entry.severity is not None:
        value: str = entry.severity.value
        if locked.value and severity_rank(value) < severity_rank(severity.value):
            overreach.append(_refused(entry.severity, entry.id, f"severity {value}", severity, locked))
        else:
            severity = Setting(value, own.origin(entry.severity.node))
    if entry.stage is not None:
        word: str = entry.stage.value[0].stage
        if locked.value and STAGES.index(word) < STAGES.index(stage.value):
            overreach.append(_refused(entry.stage, entry.id, f"stage {word}", stage, locked))
        else:
            stage = Setting(word, own.origin(entry.stage.node))
    return severity, stage


def _own_options(
    own: PolicyFile,
    entry: RuleEntry,
    options: dict[str, Setting],
    locked: Setting,
    overreach: list[tuple[Span, str]],
) -> None:
    for name, (key, node) in entry.options.items():
        value = to_value(node)
        if locked.value and value != options[name].value:
            overreach.append(
                (
                    Span(key.start, key.end),
                    f"the options of '{entry.id}' are locked by {locked.origin}; this is ignored",
                )
            )
        else:
            options[name] = Setting(value, own.origin(key))


def _refused(entry: Entry, id: str, what: str, stricter: Setting, locked: Setting) -> tuple[Span, str]:
    message = f"{what} for '{id}' is laxer than {stricter.value}, and the rule is locked by {locked.origin}"
    return place_of(entry.node), message


def rings_of(pack: Pack, slug: str) -> frozenset[str]:
    """The rings of a pack that a repository is in; none for one without a name."""
    rings: dict[str, tuple[str, ...]] = {}
    for file in pack.files:
        rings.update(file.rings)
    if not rings or not slug:
        return frozenset()
    return frozenset(
        name for name, globs in rings.items() if any(matches(glob, slug, ignore_case=True) for glob in globs)
    )


def _exemptions(
    pack: Pack,
    own: PolicyFile | None,
    policies: dict[str, RulePolicy],
    slug: str,
    overreach: list[tuple[Span, str]],
) -> tuple[Exemption, ...]:
    found: list[Exemption] = []
    for exemption in own.exemptions if own is not None else ():
        policy = policies.get(exemption.rule)
        if policy is not None and not policy.local_exceptions.value:
            message = f"only the organisation's pack can except '{exemption.rule}' ({policy.local_exceptions.origin})"
            overreach.append((exemption.span, message))
        else:
            found.append(exemption)
    for file in reversed(pack.files):
        found += [
            exemption
            for exemption in file.exemptions
            if not exemption.repositories
            or any(matches(glob, slug, ignore_case=True) for glob in exemption.repositories)
        ]
    return tuple(found)


def _findings(own: PolicyFile | None, overreach: list[tuple[Span, str]]) -> tuple[Finding, ...]:
    if own is None:
        return ()
    route = own.document.route
    by_place = {place_of(node).start: node for node in _nodes(own.document.root)} if own.mistakes or overreach else {}
    found = [
        Finding(
            INVALID_POLICY,
            mistake.message,
            POLICY_FILE,
            mistake.span,
            route(by_place.get(mistake.span.start)),
            notes=(mistake.hint,) if mistake.hint else (),
        )
        for mistake in own.mistakes
    ]
    found += [
        Finding(OVERREACHING_POLICY, message, POLICY_FILE, span, route(by_place.get(span.start)))
        for span, message in overreach
    ]
    return tuple(found)


def _nodes(root: Any) -> Iterable[Any]:
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Mapping):
            for pair in node.items:
                waiting.extend(pair)
        elif isinstance(node, YamlSequence):
            waiting.extend(node.items)
