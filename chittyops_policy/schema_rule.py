"""Turns a YAML policy file into the very same `Rule` value that a Python module defines.

``select`` names nodes, each is judged against a small JSON Schema by `structure`, and a node that fails is one
finding with the file's own message. ``schemas/rule.schema.json`` describes the format to editors and to us.

The first lines of such a file are plain ``key: word`` lines (id, theme, severity, profile, visits). They are read
without a YAML parser, so that a rule which is off costs next to nothing; the rest is read when somebody asks for it.
"""

from __future__ import annotations

import os

from .document import Mapping, Sequence, parse, to_value
from .errors import UserError
from .rule import ACTION, DEPENDABOT, WORKFLOW, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .document import Document, Node
    from .model import Finding
    from .rule import Context
    from .structure import Problem
    from .workflow import Action, Workflow

    NodeCheck = Callable[[Document, Node], list[Problem]]

_HEAD = ("id", "theme", "severity", "profile", "visits")
_EXAMPLE_PATHS = {WORKFLOW: ".github/workflows/example.yml", ACTION: "action.yml", DEPENDABOT: ".github/dependabot.yml"}


class SchemaRule(Rule):
    """A rule whose words, schemas and examples are read from its file at the first use of any of them."""

    __slots__ = ("_data", "_path")

    def __init__(self, path: str, data: bytes) -> None:
        """Reads only the head. Raises UserError where it is not as it should be."""
        self._path = path
        self._data = data
        head = _read_head(path, data)
        self.id = head["id"]
        self.theme = head["theme"]
        self.severity = head["severity"]
        self.profile = head["profile"]
        self.visits = tuple(word.strip() for word in head["visits"].strip("[]").split(","))
        self.options = {}
        self.needs = ()
        self.places = None

    def __getattr__(self, name: str) -> Any:
        # Reached only for a slot that has no value yet.
        if name not in Rule.__slots__:
            raise AttributeError(name)
        self._load()
        return getattr(self, name)

    def _load(self) -> None:
        value = _read(self._path, self._data)
        if [value[key] for key in _HEAD] != [self.id, self.theme, self.severity, self.profile, list(self.visits)]:
            raise UserError(
                f"{self._path}: the first lines are not what YAML makes of them",
                f"write {', '.join(_HEAD)} first, each plain and on one line",
            )
        path = _EXAMPLE_PATHS[self.visits[0]]
        super().__init__(
            id=self.id,
            title=value["title"],
            theme=self.theme,
            severity=self.severity,
            visits=self.visits,
            why=value["why"],
            how=value["how"],
            examples=lambda: tuple(_example(item, path) for item in value["examples"]),
            check=_check_of(value),
            profile=self.profile,
            tags=tuple(value["tags"]),
            since=value.get("since", "0.1.0"),
            limits=value.get("limits", ""),
            unfixable=value.get("unfixable", "its rule brings no fix"),
        )


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
    )


# ------------------------------------------------------------------------------------------------------ judging


def _check_of(value: dict[str, Any]) -> Callable[[Workflow | Action | Document, Context], Iterator[Finding]]:
    # Loaded with the first rule of this kind that runs.
    from .structure import node_check

    steps = _steps(value["select"])
    when = [node_check(schema) for schema in _listed(value.get("when"))]
    unless = [node_check(schema) for schema in _listed(value.get("unless"))]
    judge = node_check(value["schema"])
    message: str = value["message"]

    def check(view: Workflow | Action | Document, context: Context) -> Iterator[Finding]:
        document: Document = getattr(view, "document", view)  # type: ignore[arg-type]
        seen: set[int] = set()  # an aliased node stands in several places but is written once
        for key, node in _selected(document.root, steps):
            if id(node) in seen:
                continue
            seen.add(id(node))
            if any(schema(document, node) for schema in when) or any(not schema(document, node) for schema in unless):
                continue
            problems = judge(document, node)
            if problems:
                first = problems[0]
                yield context.at(document, first.span, message.replace("{key}", key), node=first.node or node)

    return check


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
