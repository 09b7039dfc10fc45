"""Turns a YAML policy file into the very same `Rule` value that a Python module defines.

``select`` names nodes, each is judged against a small JSON Schema by `structure`, and a node that fails is one
finding with the file's own message. ``fix`` adds, sets or removes keys of that node; there is no other vocabulary:
what needs more thought is a module. ``schemas/rule.schema.json`` describes the format to editors and to us.

The first lines of such a file are plain ``key: word`` lines (id, theme, severity, profile, visits). They are read
without a YAML parser, so that a rule which is off costs next to nothing; the rest is read when somebody asks for it.
"""

from __future__ import annotations

import os

from .document import Mapping, Sequence, parse, to_value
from .errors import CannotEdit, UserError
from .model import Fix
from .resources import compiled, resource_path
from .rule import ACTION, DEPENDABOT, WORKFLOW, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .document import Document, Node
    from .model import Finding, NoFix
    from .rule import Context, Repair
    from .structure import Problem
    from .workflow import Action, Workflow

    NodeCheck = Callable[[Document, Node], list[Problem]]

FOLDER = ("policies", "rules")
"""Where the rules that ship lie."""

_HEAD = ("id", "theme", "severity", "profile", "visits")
_EXAMPLE_PATHS = {WORKFLOW: ".github/workflows/example.yml", ACTION: "action.yml", DEPENDABOT: ".github/dependabot.yml"}


class SchemaRule(Rule):
    """A rule whose words, schemas and examples are read from its file at the first use of any of them."""

    __slots__ = ("_data", "_path", "_repair", "_value")

    def __init__(self, path: str, data: bytes, value: dict[str, Any] | None = None) -> None:
        """Reads only the head; `value` is that of the whole file where it was found valid before.

        Raises UserError where the head is not as it should be.
        """
        self._path = path
        self._data = data
        self._value = value
        head = _read_head(path, data) if value is None else value
        self.id = head["id"]
        self.theme = head["theme"]
        self.severity = head["severity"]
        self.profile = head["profile"]
        visits = head["visits"] if value is not None else head["visits"].strip("[]").split(",")
        self.visits = tuple(word.strip() for word in visits)
        self.options = {}
        self.needs = ()
        self.guard = ()
        self.places = None
        self.part = ""

    def __getattr__(self, name: str) -> Any:
        # Reached only for a slot that has no value yet.
        if name not in Rule.__slots__:
            raise AttributeError(name)
        self._load()
        return getattr(self, name)

    def _load(self) -> None:
        value = self._value or _read(self._path, self._data)
        if [value[key] for key in _HEAD] != [self.id, self.theme, self.severity, self.profile, list(self.visits)]:
            raise UserError(
                f"{self._path}: the first lines are not what YAML makes of them",
                f"write {', '.join(_HEAD)} first, each plain and on one line",
            )
        path = _EXAMPLE_PATHS[self.visits[0]]
        judgement = _Judgement(value)
        self._repair = judgement.repair
        super().__init__(
            id=self.id,
            title=value["title"],
            theme=self.theme,
            severity=self.severity,
            visits=self.visits,
            why=value["why"],
            how=value["how"],
            examples=lambda: tuple(_example(item, path) for item in value["examples"]),
            check=judgement.check,
            profile=self.profile,
            tags=tuple(value["tags"]),
            since=value.get("since", "0.1.0"),
            limits=value.get("limits", ""),
            unfixable="" if "fix" in value else value.get("unfixable", "its rule brings no fix"),
        )

    @property
    def repair(self) -> Repair | None:
        """What the file's ``fix`` does; None where `unfixable` says why there is none."""
        return None if self.unfixable else self._repair  # the first look at `unfixable` loads both


def shipped() -> Iterator[SchemaRule]:
    """The rules in the YAML files that ship with the package."""
    values: dict[str, dict[str, Any]] | None = compiled(*FOLDER)
    if values is None:
        yield from load_folder(resource_path(*FOLDER), "/".join(FOLDER))
    else:
        for name, value in values.items():
            yield SchemaRule("/".join((*FOLDER, name)), b"", value)


def load_folder(folder: str, shown: str) -> Iterator[SchemaRule]:
    """The rules in the YAML files of a folder, sorted by name; `shown` is how messages call the folder.

    Raises UserError for a file that is no rule. A folder that does not exist has no rules.
    """
    if not os.path.isdir(folder):
        return
    for name in sorted(os.listdir(folder)):
        if name.endswith((".yml", ".yaml")):
            with open(os.path.join(folder, name), "rb") as stream:
                rule = SchemaRule(f"{shown}/{name}", stream.read())
            if rule.id != name.rpartition(".")[0]:
                raise UserError(f"{shown}/{name}: the rule is called '{rule.id}'", "name the file after the rule")
            yield rule


def mistakes_in(path: str, data: bytes) -> list[str]:
    """What is wrong in a rule file, each as ``path:line:column: message``; [] when it is valid."""
    # Loaded only for those who write rules.
    from .structure import schema_problems

    document = parse(path, data)
    if document.error is not None:
        found = [(document.error.span.start, document.error.message)]
    else:
        found = [(problem.span.start, problem.message) for problem in schema_problems(document, "rule")]
    lines = []
    for at, message in found:
        line, column = document.line_column(at)
        lines.append(f"{path}:{line}:{column}: {message}")
    return lines


def _read_head(path: str, data: bytes) -> dict[str, str]:
    head: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        key, colon, word = line.partition(":")
        if colon and key in _HEAD:
            head[key] = word.partition(" #")[0].strip()
        elif line and not line.startswith("#"):
            break
    absent = [key for key in _HEAD if not head.get(key)]
    if absent:
        raise UserError(
            f"{path}: '{absent[0]}' is not among the first lines",
            f"a rule file begins with plain lines for {', '.join(_HEAD)}",
        )
    return head


def _read(path: str, data: bytes) -> dict[str, Any]:
    mistakes = mistakes_in(path, data)
    if mistakes:
        raise UserError("\n".join(mistakes), "schemas/rule.schema.json describes the format")
    value: dict[str, Any] = to_value(parse(path, data).root)
    return value


def _example(value: dict[str, Any], path: str) -> Example:
    return Example(
        value["title"],
        value["files"] if "files" in value else {path: value["text"]},
        fires=tuple(value.get("fires", ())),
        slug=value.get("slug", ""),
        after={path: value["after"]} if isinstance(value.get("after"), str) else value.get("after"),
    )


# ------------------------------------------------------------------------------------------------------ judging


class _Judgement:
    """What a rule file says about nodes: which are judged, what each must be, and how to mend one that is not."""

    __slots__ = ("fix", "judge", "message", "steps", "unless", "when")

    def __init__(self, value: dict[str, Any]) -> None:
        # Loaded with the first rule of this kind that runs.
        from .structure import node_check

        self.steps = _steps(value["select"])
        self.when = [node_check(schema) for schema in _listed(value.get("when"))]
        self.unless = [node_check(schema) for schema in _listed(value.get("unless"))]
        self.judge = node_check(value["schema"])
        self.message: str = value["message"]
        self.fix: dict[str, Any] = value.get("fix", {})

    def failing(self, document: Document) -> Iterator[tuple[str, Node, Problem]]:
        """(key or index, node, its first problem) of every selected node that is not as it should be."""
        seen: set[int] = set()  # an aliased node stands in several places but is written once
        for key, node in _selected(document.root, self.steps):
            if id(node) in seen:
                continue
            seen.add(id(node))
            if any(schema(document, node) for schema in self.when):
                continue
            if any(not schema(document, node) for schema in self.unless):
                continue
            problems = self.judge(document, node)
            if problems:
                yield key, node, problems[0]

    def check(self, view: Workflow | Action | Document, context: Context) -> Iterator[Finding]:
        """One finding for each failing node, at its first problem."""
        document: Document = getattr(view, "document", view)  # type: ignore[arg-type]
        for key, node, first in self.failing(document):
            yield context.at(document, first.span, self.message.replace("{key}", key), node=first.node or node)

    def repair(self, finding: Finding, context: Context) -> Fix | NoFix:
        """Adds, sets and removes keys of the failing node, as the file says. Raises CannotEdit."""
        # Loaded when the first finding of such a rule is looked at.
        from .edits import Amendment, add_key, remove_key, set_value

        document = context.snapshot.document(finding.path)
        place = (self, finding.path)
        if document is not None and place not in context.memo:  # a file is judged once for all its findings
            context.memo[place] = {problem.span: node for _, node, problem in self.failing(document)}
        node = context.memo.get(place, {}).get(finding.span)
        if document is None or not isinstance(node, Mapping):
            raise CannotEdit("only a mapping can be given other keys")
        beside = self.fix.get("after", "")
        done = Amendment()
        titles = []
        for key, value in self.fix.get("add", {}).items():
            done += add_key(document, node, key, value, after=beside if beside in node else "")
            titles.append(f"add {_shown(key, value)}")
        for key, value in self.fix.get("set", {}).items():
            done += set_value(document, node, key, value)
            titles.append(f"write {_shown(key, value)}")
        for key in self.fix.get("remove", ()):
            done += remove_key(document, node, key)
            titles.append(f"remove {key}")
        notes = (self.fix["note"],) if "note" in self.fix else ()
        return Fix(", ".join(titles), self.fix["safety"], done.edits, done.effects, notes=notes)


def _shown(key: str, value: Any) -> str:
    from .edits import flow_text

    return f"{key}: {flow_text(value)}"


def _listed(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _steps(route: str) -> tuple[str, ...]:
    """``jobs.*.steps[*].env`` as ('jobs', '*', 'steps', '[*]', 'env'); ``.`` is the whole file."""
    steps: list[str] = []
    for part in route.strip(".").split("."):
        name, bracket, _ = part.partition("[")
        if name:
            steps.append(name)
        if bracket:
            steps += ["[*]"] * part.count("[*]")
    return tuple(steps)


def _selected(node: Node | None, steps: tuple[str, ...], key: str = "") -> Iterable[tuple[str, Node]]:
    """(key or index, node) of every node that a route reaches, in file order; what is not there is not reached."""
    if node is None:
        return
    if not steps:
        yield key, node
    elif steps[0] == "[*]":
        if isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                yield from _selected(item, steps[1:], str(index))
    elif isinstance(node, Mapping):
        for name, _, value in node.pairs():
            if steps[0] in ("*", name):
                yield from _selected(value, steps[1:], name)
