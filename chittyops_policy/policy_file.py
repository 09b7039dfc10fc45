"""Reads the two kinds of policy file, an organisation's pack and a repository's own file, into located entries.

What is said here by hand is what ``schemas/policy.schema.json`` says to editors; a test holds the two together. The
checks are by hand because a pack is read at every start: a validator would cost more than the whole run may.
Every mistake of a file is collected with its place; what is wrong is left out, and the rest can still be used.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping

from .document import Document, Mapping, Scalar, Sequence
from .errors import UserError
from .model import PROFILES, SEVERITIES, STAGES, Span, Value
from .workflow import is_commit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .document import Node

POLICY_FILE = ".chittyops-policy.yml"
"""Where a repository's own policy file lies."""

APPLIES = ("always", "workflows")
"""When a control is asked: in every repository, or where there is a workflow or an action."""

HONOURED = ("zizmor",)
"""Other tools whose inline ignores a pack may let count."""

ANY, THIRD_PARTY = "any", "third-party"
FORKS = (ANY, THIRD_PARTY)
"""Which forks an exclusion from the scope means: each, or those of what none of the scope's owners has."""

_GATE_KEYS = ("profile", "fail_on", "report_level")
_REPOSITORY_KEYS = ("kind", *_GATE_KEYS, "rules", "exceptions")
_PACK_KEYS = (
    "kind", "name", "extends", *_GATE_KEYS, "honour", "scope", "rings", "rules", "controls", "parameters",
    "exceptions",
)  # fmt: skip
_REPOSITORY_RULE_KEYS = ("severity", "stage", "options")
_PACK_RULE_KEYS = (*_REPOSITORY_RULE_KEYS, "locked", "local_exceptions")
_STEP_KEYS = ("stage", "from", "ring")
_CONTROL_KEYS = ("id", "title", "charter", "rules", "subject", "applies", "unknown", "permission")
_REPOSITORY_EXCEPTION_KEYS = ("rule", "paths", "route", "subject", "reason", "owner", "ticket", "expires")
_PACK_EXCEPTION_KEYS = (*_REPOSITORY_EXCEPTION_KEYS, "repositories")
_SCOPE_KEYS = ("owners", "exclude")
_EXCLUSION_KEYS = ("repositories", "archived", "fork", "topics", "reason")
_OWN_ACTIONS_KEYS = ("repository", "actions", "commit", "version")
_PULL_REQUESTS_KEYS = ("branch", "title", "labels", "reserved_branches", "reserved_titles")


class Mistake(Value):
    """What is wrong in a policy file: the place, words for a person, and a hint that says what would be right."""

    __slots__ = ("hint", "message", "span")

    def __init__(self, span: Span, message: str, hint: str = "") -> None:
        self.span = span
        self.message = message
        self.hint = hint


class Setting(Value):
    """A value in force and where it comes from, such as ``pack chittyos (policies/chittyos.yml:41)``."""

    __slots__ = ("origin", "value")

    def __init__(self, value: Any, origin: str) -> None:
        self.value = value
        self.origin = origin


class Entry:
    """A value as a file states it, with its node for messages."""

    __slots__ = ("node", "value")

    def __init__(self, value: Any, node: Node) -> None:
        self.value = value
        self.node = node


class Step(Value):
    """One line of a rollout: the stage, the ISO date from which it holds ('' always), the ring it is for ('' all)."""

    __slots__ = ("ring", "since", "stage")

    def __init__(self, stage: str, since: str = "", ring: str = "") -> None:
        self.stage = stage
        self.since = since
        self.ring = ring


class RuleEntry:
    """What one file says of one rule; None where it says nothing. `stage` holds a tuple of `Step`."""

    __slots__ = ("id", "key", "local_exceptions", "locked", "options", "severity", "stage")

    def __init__(self, id: str, key: Scalar) -> None:
        self.id = id
        self.key = key
        self.severity: Entry | None = None
        self.stage: Entry | None = None
        self.options: dict[str, tuple[Scalar, Node]] = {}
        self.locked: Entry | None = None
        self.local_exceptions: Entry | None = None


class Exemption(Value):
    """An exception that a policy file grants: which findings it covers, why, who answers for it, until when.

    paths         globs of paths; empty covers every path
    route         a glob of YAML routes, '' for any
    subject       a glob of the finding's anchor or of the text under its span, '' for any
    repositories  globs of ``owner/repo``; empty for every repository (always empty in a repository's own file)
    expires       the last ISO date on which it holds, '' for never
    origin        file and line; `span` is the place in that file; `local` tells a repository's own file
    """

    __slots__ = (
        "expires", "local", "origin", "owner", "paths", "reason", "repositories", "route", "rule", "span", "subject",
        "ticket",
    )  # fmt: skip

    def __init__(
        self,
        *,
        rule: str,
        reason: str,
        origin: str,
        span: Span,
        local: bool,
        paths: tuple[str, ...] = (),
        route: str = "",
        subject: str = "",
        repositories: tuple[str, ...] = (),
        owner: str = "",
        ticket: str = "",
        expires: str = "",
    ) -> None:
        self.rule = rule
        self.paths = paths
        self.route = route
        self.subject = subject
        self.repositories = repositories
        self.reason = reason
        self.owner = owner
        self.ticket = ticket
        self.expires = expires
        self.origin = origin
        self.span = span
        self.local = local


class Control(Value):
    """A sentence of the standard that a report answers for each repository.

    charter     the words of the charter that it stands for
    rules       (rule id, subject) pairs whose findings fail it; a subject narrows a rule to a part such as a scanner
    applies     one of APPLIES
    unknown     why nothing here can tell, for a control without rules; `permission` would
    """

    __slots__ = ("applies", "charter", "id", "origin", "permission", "rules", "title", "unknown")

    def __init__(
        self,
        *,
        id: str,
        title: str,
        charter: str,
        rules: tuple[tuple[str, str], ...],
        applies: str = "always",
        unknown: str = "",
        permission: str = "",
        origin: str = "",
    ) -> None:
        self.id = id
        self.title = title
        self.charter = charter
        self.rules = rules
        self.applies = applies
        self.unknown = unknown
        self.permission = permission
        self.origin = origin


class Exclusion(Value):
    """Repositories that an audit leaves out, and why; every condition that is stated must hold.

    repositories  globs of ``owner/repo``; empty for any
    archived      whether only archived ones are meant
    fork          one of FORKS, '' for forks and others
    topics        one of them must be among the repository's own; empty for any
    """

    __slots__ = ("archived", "fork", "reason", "repositories", "topics")

    def __init__(
        self,
        reason: str,
        repositories: tuple[str, ...] = (),
        archived: bool = False,
        fork: str = "",
        topics: tuple[str, ...] = (),
    ) -> None:
        self.reason = reason
        self.repositories = repositories
        self.archived = archived
        self.fork = fork
        self.topics = topics


class Scope(Value):
    """Which repositories a pack is for: `owners` are the organisations that are not third parties."""

    __slots__ = ("exclusions", "owners")

    def __init__(self, owners: tuple[str, ...] = (), exclusions: tuple[Exclusion, ...] = ()) -> None:
        self.owners = owners
        self.exclusions = exclusions


class PolicyFile:
    """A policy file as it stands, before any layering.

    label       how origins name the file: its path, for a pack behind the pack's name
    gate        what it says of profile, fail_on and report_level
    scope       which repositories it is for; None where it does not say
    rings       ring → globs of ``owner/repo``
    parameters  the node of ``parameters``, or None
    mistakes    what was wrong and is therefore left out
    """

    __slots__ = (
        "controls", "document", "exemptions", "extends", "gate", "honour", "label", "mistakes", "name", "pack",
        "parameters", "rings", "rules", "scope",
    )  # fmt: skip

    def __init__(self, document: Document, pack: bool) -> None:
        self.document = document
        self.pack = pack
        self.name = ""
        self.label = document.path
        self.extends: Entry | None = None
        self.gate: dict[str, Entry] = {}
        self.honour: Entry | None = None
        self.scope: Scope | None = None
        self.rings: dict[str, tuple[str, ...]] = {}
        self.rules: dict[str, RuleEntry] = {}
        self.controls: dict[str, tuple[Control, Scalar]] = {}
        self.exemptions: list[Exemption] = []
        self.parameters: Mapping | None = None
        self.mistakes: list[Mistake] = []

    def origin(self, node: Node) -> str:
        """File and line of a node, as `Setting.origin` shows it."""
        line = self.document.line_column(node.start)[0]
        place = f"{self.document.path}:{line}"
        return f"pack {self.name} ({place})" if self.pack else place

    def say(self, node: Node, message: str, hint: str = "") -> None:
        """Records a mistake at a node; for a collection, at the key that holds it."""
        self.mistakes.append(Mistake(place_of(node), message, hint))

    def located(self, mistake: Mistake) -> str:
        """``path:line:column: message``."""
        line, column = self.document.line_column(mistake.span.start)
        return f"{self.document.path}:{line}:{column}: {mistake.message}"


def raise_mistakes(file: PolicyFile) -> None:
    """Raises UserError with every mistake of a file, or does nothing where there is none."""
    if file.mistakes:
        first = file.mistakes[0]
        lines = [file.located(mistake) for mistake in file.mistakes[:5]]
        if len(file.mistakes) > 5:
            lines.append(f"and {len(file.mistakes) - 5} more")
        raise UserError("\n".join(lines), first.hint)


def place_of(node: Node) -> Span:
    """The span to point at for a node: itself for a scalar, else the key that holds it or its first character."""
    if not isinstance(node, Scalar) or node.end == node.start:
        parent = node.parent
        if isinstance(parent, Mapping):
            for key, value in parent.items:
                if value is node:
                    return Span(key.start, key.end)
        if not isinstance(node, Scalar):
            return Span(node.start, min(node.end, node.start + 1))
    return Span(node.start, node.end)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or lists them where none is near and they are few."""
    # Loaded only when somebody made a mistake.
    from .misspellings import closest

    choices = sorted(known)
    near = closest(word, choices, 0.6)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"one of: {', '.join(choices)}" if len(choices) <= 15 else ""


# ------------------------------------------------------------------------------------------------------- reading


def read_policy_file(document: Document, *, pack: bool) -> PolicyFile:
    """The entries of a policy file; `PolicyFile.mistakes` says what could not be used. Never raises."""
    file = PolicyFile(document, pack)
    if document.error is not None:
        file.mistakes.append(Mistake(document.error.span, f"not readable as YAML: {document.error.message}"))
        return file
    root = document.root
    if root is None and not pack:
        return file
    if not isinstance(root, Mapping):
        file.mistakes.append(Mistake(place_of(root) if root else Span(0, 0), "a policy file is a mapping of keys"))
        return file
    for _, later in document.duplicates:
        file.say(later, f"'{later.value}' stands twice; only the first would count")
    if document.extra is not None:
        file.mistakes.append(Mistake(document.extra, "a second YAML document is not read; remove it"))
    keys = _keys(
        file, root, "in a pack" if pack else "in a repository's policy", _PACK_KEYS if pack else _REPOSITORY_KEYS
    )
    _read_kind(file, root, keys)
    for key in _GATE_KEYS:
        if key in keys:
            word = _word(file, keys[key], key, PROFILES if key == "profile" else SEVERITIES)
            if word:
                file.gate[key] = Entry(word, keys[key])
    if pack:
        _read_pack_keys(file, keys)
    for key_node, node in _pairs(file, keys.get("rules"), "rules"):
        entry = _rule_entry(file, key_node, node)
        if entry is not None:
            file.rules[entry.id] = entry
    for item in _items(file, keys.get("exceptions"), "exceptions"):
        exemption = _exemption(file, item)
        if exemption is not None:
            file.exemptions.append(exemption)
    return file


def _read_kind(file: PolicyFile, root: Mapping, keys: dict[str, Node]) -> None:
    wanted = "pack" if file.pack else "repository"
    kind = keys.get("kind")
    if kind is not None:
        _word(file, kind, "kind", (wanted,))
    elif file.pack:
        file.mistakes.append(
            Mistake(Span(root.start, root.start), "a pack says 'kind: pack'", "add it as the first key")
        )


def _read_pack_keys(file: PolicyFile, keys: dict[str, Node]) -> None:
    if "name" in keys:
        file.name = _text(file, keys["name"], "name")
        file.label = f"pack {file.name} ({file.document.path})"
    else:
        file.mistakes.append(Mistake(Span(0, 0), "a pack needs a 'name'", "add 'name: your-organisation'"))
    if "extends" in keys:
        text = _text(file, keys["extends"], "extends")
        if text:
            file.extends = Entry(text, keys["extends"])
    if "honour" in keys:
        words = [_word(file, item, "honour", HONOURED) for item in _items(file, keys["honour"], "honour")]
        file.honour = Entry(tuple(word for word in words if word), keys["honour"])
    if "scope" in keys:
        file.scope = _scope(file, keys["scope"])
    for key_node, node in _pairs(file, keys.get("rings"), "rings"):
        file.rings[key_node.value] = _texts(file, node, f"ring '{key_node.value}'")
    for item in _items(file, keys.get("controls"), "controls"):
        control = _control(file, item)
        if control is not None:
            file.controls[control[0].id] = control
    parameters = keys.get("parameters")
    if parameters is not None and not isinstance(parameters, Mapping):
        file.say(parameters, "'parameters' must be a mapping")
    else:
        file.parameters = parameters
        if parameters is not None:
            _own_actions(file, parameters.get("own_actions"))
            _pull_requests(file, parameters.get("pull_requests"))


def _rule_entry(file: PolicyFile, key: Scalar, node: Node) -> RuleEntry | None:
    entry = RuleEntry(key.value, key)
    if not isinstance(node, Mapping):
        file.say(node, f"rule '{key.value}' takes a mapping", "for example 'stage: warn' on a line of its own")
        return None
    known = _PACK_RULE_KEYS if file.pack else _REPOSITORY_RULE_KEYS
    keys = _keys(file, node, f"for rule '{key.value}'", known)
    if "severity" in keys:
        word = _word(file, keys["severity"], "severity", SEVERITIES)
        entry.severity = Entry(word, keys["severity"]) if word else None
    if "stage" in keys:
        steps = _steps(file, keys["stage"])
        entry.stage = Entry(steps, keys["stage"]) if steps else None
    for option_key, value in _pairs(file, keys.get("options"), "options"):
        entry.options[option_key.value] = (option_key, value)
    for name in ("locked", "local_exceptions"):
        if name in keys:
            flag = keys[name]
            stated = flag.resolved() if isinstance(flag, Scalar) else None
            if isinstance(stated, bool):
                setattr(entry, name, Entry(stated, flag))
            else:
                file.say(flag, f"'{name}' is true or false")
    return entry


def _steps(file: PolicyFile, node: Node) -> tuple[Step, ...]:
    """A stage: one word, or in a pack a list of steps of which the strictest that applies counts."""
    if not isinstance(node, Sequence) or not file.pack:
        word = _word(file, node, "stage", STAGES)
        return (Step(word),) if word else ()
    steps: list[Step] = []
    for item in _items(file, node, "stage"):
        if not isinstance(item, Mapping):
            file.say(item, "a step of a rollout is a mapping", "for example '{stage: block, from: 2027-01-31}'")
            continue
        keys = _keys(file, item, "in a step of a rollout", _STEP_KEYS)
        if "stage" not in keys:
            file.say(item, "a step of a rollout needs a 'stage'")
            continue
        word = _word(file, keys["stage"], "stage", STAGES)
        since = _date(file, keys["from"], "from") if "from" in keys else ""
        ring = _text(file, keys["ring"], "ring") if "ring" in keys else ""
        if word and since is not None:
            steps.append(Step(word, since, ring))
    if not node.items:
        file.say(node, "a rollout needs at least one step")
    return tuple(steps)


def _control(file: PolicyFile, node: Node) -> tuple[Control, Scalar] | None:
    if not isinstance(node, Mapping):
        file.say(node, "a control is a mapping")
        return None
    keys = _keys(file, node, "in a control", _CONTROL_KEYS)
    absent = [key for key in ("id", "title", "charter") if key not in keys]
    if absent:
        file.say(node, f"a control needs '{absent[0]}'")
        return None
    texts = {
        key: _text(file, keys[key], key)
        for key in ("id", "title", "charter", "subject", "unknown", "permission")
        if key in keys
    }
    rules = _texts(file, keys["rules"], "rules") if "rules" in keys else ()
    if not rules and "unknown" not in keys:
        file.say(node, f"control '{texts['id']}' has neither 'rules' nor the reason why it is 'unknown'")
    applies = _word(file, keys["applies"], "applies", APPLIES) if "applies" in keys else "always"
    id_node = keys["id"]
    assert isinstance(id_node, Scalar) or not texts["id"]
    if not texts["id"] or not isinstance(id_node, Scalar):
        return None
    subject = texts.get("subject", "")
    control = Control(
        id=texts["id"],
        title=texts["title"],
        charter=texts["charter"],
        rules=tuple((rule, subject) for rule in rules),
        applies=applies or "always",
        unknown=texts.get("unknown", ""),
        permission=texts.get("permission", ""),
        origin=file.origin(id_node),
    )
    return control, id_node


def _exemption(file: PolicyFile, node: Node) -> Exemption | None:
    if not isinstance(node, Mapping):
        file.say(node, "an exception is a mapping")
        return None
    before = len(file.mistakes)
    keys = _keys(file, node, "in an exception", _PACK_EXCEPTION_KEYS if file.pack else _REPOSITORY_EXCEPTION_KEYS)
    # A pack speaks for many repositories and is read by people who do not know this one: somebody must answer for
    # each exception there and look at it again. A repository's own file is under that repository's review.
    for key in ("rule", "reason", "owner", "expires") if file.pack else ("rule", "reason"):
        if key not in keys:
            file.say(node, f"an exception needs '{key}'")
    texts = {
        key: _text(file, keys[key], key)
        for key in ("rule", "route", "subject", "reason", "owner", "ticket")
        if key in keys
    }
    expires = _date(file, keys["expires"], "expires") if "expires" in keys else ""
    lists = {key: _texts(file, keys[key], key) for key in ("paths", "repositories") if key in keys}
    if len(file.mistakes) > before:
        return None  # half of an exception could cover more than its author meant
    first = node.items[0][0]
    return Exemption(
        rule=texts["rule"],
        reason=texts["reason"],
        origin=file.origin(first),
        span=Span(keys["rule"].start, keys["rule"].end),
        local=not file.pack,
        paths=lists.get("paths", ()),
        route=texts.get("route", ""),
        subject=texts.get("subject", ""),
        repositories=lists.get("repositories", ()),
        owner=texts.get("owner", ""),
        ticket=texts.get("ticket", ""),
        expires=expires or "",
    )


# -------------------------------------------------------------------------------------------------------- pieces


def _scope(file: PolicyFile, node: Node) -> Scope:
    if not isinstance(node, Mapping):
        file.say(node, "'scope' must be a mapping")
        return Scope()
    keys = _keys(file, node, "in scope", _SCOPE_KEYS)
    owners = _texts(file, keys["owners"], "owners") if "owners" in keys else ()
    found = [_exclusion(file, item) for item in _items(file, keys.get("exclude"), "exclude")]
    return Scope(owners, tuple(exclusion for exclusion in found if exclusion is not None))


def _exclusion(file: PolicyFile, node: Node) -> Exclusion | None:
    if not isinstance(node, Mapping):
        file.say(node, "an exclusion is a mapping")
        return None
    before = len(file.mistakes)
    keys = _keys(file, node, "in an exclusion", _EXCLUSION_KEYS)
    if "reason" not in keys:
        file.say(node, "an exclusion needs a 'reason'", "say why these repositories are not judged")
    elif len(keys) == 1:
        file.say(node, "an exclusion needs a condition", f"one of: {', '.join(_EXCLUSION_KEYS[:-1])}")
    reason = _text(file, keys["reason"], "reason") if "reason" in keys else ""
    archived = keys.get("archived")
    if archived is not None and (not isinstance(archived, Scalar) or archived.resolved() is not True):
        file.say(archived, "'archived' takes true", "leave it out where it does not matter")
    fork = _word(file, keys["fork"], "fork", FORKS) if "fork" in keys else ""
    lists = {key: _texts(file, keys[key], key) for key in ("repositories", "topics") if key in keys}
    if len(file.mistakes) > before:
        return None  # half of a condition would leave out more than its author meant
    return Exclusion(reason, lists.get("repositories", ()), archived is not None, fork, lists.get("topics", ()))


def _own_actions(file: PolicyFile, node: Node | None) -> None:
    """Judged here, unlike most parameters: a fix writes it into other people's workflows."""
    if node is None:
        return
    if not isinstance(node, Mapping):
        file.say(node, "'own_actions' must be a mapping")
        return
    keys = _keys(file, node, "in own_actions", _OWN_ACTIONS_KEYS)
    texts = {name: _text(file, keys[name], name) for name in ("repository", "commit", "version") if name in keys}
    for key, value in _pairs(file, keys.get("actions"), "actions"):
        _text(file, value, key.value)
    repository = texts.get("repository")
    if repository and (repository.count("/") != 1 or not all(repository.split("/"))):
        file.say(keys["repository"], f"'{repository}' is no owner/repo")
    commit = texts.get("commit")
    if commit and not is_commit(commit):
        file.say(keys["commit"], f"'{commit}' is no full commit id", "it has 40 hex digits")
    if ("commit" in keys) != ("version" in keys):
        file.say(node, "'commit' and 'version' of own_actions go together", "say which version the commit is")


def _pull_requests(file: PolicyFile, node: Node | None) -> None:
    """Judged here, too: what is wrong would only show when the first pull request is made."""
    if node is None:
        return
    if not isinstance(node, Mapping):
        file.say(node, "'pull_requests' must be a mapping")
        return
    keys = _keys(file, node, "in pull_requests", _PULL_REQUESTS_KEYS)
    for name, value in keys.items():
        if name not in ("branch", "title"):
            for item in _items(file, value, name):
                _text(file, item, name)
            continue
        text = _text(file, value, name)
        if name == "branch" and text and not _is_branch_prefix(text):
            file.say(
                value,
                f"'{text}' cannot begin the name of a branch",
                "letters and digits, with '-', '_' and '/' between",
            )


def _is_branch_prefix(text: str) -> bool:
    """A part of what git allows, so that nothing in a branch's name needs a second thought."""
    return text.isascii() and all(
        part and part[0].isalnum() and part.replace("-", "").replace("_", "").isalnum() for part in text.split("/")
    )


def _keys(file: PolicyFile, node: Mapping, where: str, known: tuple[str, ...]) -> dict[str, Node]:
    """The values of the known keys; every other key is a mistake."""
    found: dict[str, Node] = {}
    for key, value in node.items:
        name = key.value if isinstance(key, Scalar) else ""
        if name in known:
            found.setdefault(name, value)
        else:
            file.say(key, f"unknown key '{name}' {where}", did_you_mean(name, known))
    return found


def _pairs(file: PolicyFile, node: Node | None, what: str) -> list[tuple[Scalar, Node]]:
    if node is None:
        return []
    if not isinstance(node, Mapping):
        file.say(node, f"'{what}' must be a mapping")
        return []
    for key, _ in node.items:
        if not isinstance(key, Scalar):
            file.say(key, f"a key of '{what}' must be text")
    return [(key, value) for _, key, value in node.pairs()]


def _items(file: PolicyFile, node: Node | None, what: str) -> list[Node]:
    if node is None:
        return []
    if not isinstance(node, Sequence):
        file.say(node, f"'{what}' must be a list")
        return []
    return node.items


def _word(file: PolicyFile, node: Node, what: str, choices: tuple[str, ...]) -> str:
    """One of some words, or '' after a mistake."""
    value = node.resolved() if isinstance(node, Scalar) else None
    if isinstance(value, str) and value in choices:
        return value
    if isinstance(node, Scalar):
        message = f"'{node.value}' is not a {what.replace('_', ' ')}"
    else:
        message = f"'{what}' takes one word"
    file.say(node, message, f"one of: {', '.join(choices)}")
    return ""


def _text(file: PolicyFile, node: Node, what: str) -> str:
    """A text with something in it, or '' after a mistake."""
    value = node.resolved() if isinstance(node, Scalar) else None
    if isinstance(value, str) and value.strip():
        return value.strip()
    file.say(node, f"'{what}' must be text", "put it in quotes" if isinstance(node, Scalar) and node.value else "")
    return ""


def _texts(file: PolicyFile, node: Node, what: str) -> tuple[str, ...]:
    items = _items(file, node, what)
    if isinstance(node, Sequence) and not items:
        file.say(node, f"'{what}' must not be empty")
    return tuple(text for item in items if (text := _text(file, item, what)))


def _date(file: PolicyFile, node: Node, what: str) -> str | None:
    value = node.resolved() if isinstance(node, Scalar) else None
    if isinstance(value, str) and is_date(value):
        return value
    file.say(node, f"'{what}' must be a date", "written as 2027-01-31")
    return None


_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_date(text: str) -> bool:
    """Whether a text is an ISO calendar date, ``YYYY-MM-DD``. By hand: ``datetime`` would slow every start."""
    digits = text[:4] + text[5:7] + text[8:]
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not (digits.isascii() and digits.isdecimal()):
        return False
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:])
    if not 1 <= month <= 12 or year < 1:
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= _DAYS[month - 1] + leap


def merged(base: Any, above: Any) -> Any:
    """Two plain values as layers: mappings key by key, anything else replaced."""
    if isinstance(base, AbstractMapping) and isinstance(above, dict):
        return {**base, **{key: merged(base[key], value) if key in base else value for key, value in above.items()}}
    return above
