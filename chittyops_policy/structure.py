"""Judges the structure of workflows, actions and dependabot files: what GitHub would not accept, and where.

The JSON Schemas under ``schemas/`` are the only description of the three formats; editors read the same files. They
keep to a small vocabulary (type, enum, const, pattern, minLength, maxLength, minimum, maximum, items, minItems,
maxItems, uniqueItems, required, minProperties, properties, patternProperties, propertyNames, additionalProperties,
if/then/else, allOf, not, local $ref) and to these annotations:

    x-expressions   the place in ``x-places`` whose contexts and functions an expression may use here
    x-condition     the text is an expression even without ``${{ }}``
    x-format        a check that a schema cannot express, see `structure_checks`
    x-lenient       what is known where the service accepts what GitHub's published parser rejects
    x-unknown-keys  our words for keys that belong elsewhere
    errorMessage, patternErrorMessage   our words for a failure (editors know both keywords)

The schemas are compiled into closures over the located node tree, each part when a file first needs it. Scalars are
read as GitHub reads them: where text is wanted, numbers and booleans are text too, and nothing is the empty text.
"""

from __future__ import annotations

import re

from . import expressions
from .document import Mapping, Scalar, Sequence
from .memo import note, remember
from .model import Span, Value
from .resources import read_json
from .structure_checks import CHECKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from typing import Any, TypeAlias

    from .document import Document, Node

    Check: TypeAlias = Callable[[Any, "_Run"], None]

_NULLS = frozenset(("~", "null", "Null", "NULL"))
_ALL_SCALARS = frozenset(("string", "number", "boolean", "null"))
_BARE = _NULLS | {""}
_FORK = frozenset(("if", "then", "else"))
_OF_KEYS = frozenset(("additionalProperties", "required"))
_SPECIAL = frozenset(("x-condition", "enum", "const", "if", "allOf", "not", "maxLength", "minimum", "maximum"))
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}


class Problem(Value):
    """One reason why GitHub would not accept a file.

    node     what the problem is about; gives the route
    span     the smallest place that a person would select
    keyword  the JSON Schema keyword that failed, so that any validator with our schema agrees; or one of BEYOND
    lenient  what is known of a service that is more lenient than GitHub's published parser, or ''
    """

    __slots__ = ("keyword", "lenient", "message", "node", "span")

    def __init__(self, keyword: str, message: str, node: Node | None, span: Span, lenient: str = "") -> None:
        self.keyword = keyword
        self.message = message
        self.node = node
        self.span = span
        self.lenient = lenient


DUPLICATE_KEY = "duplicate-key"
SIMILAR_KEY = "similar-key"
EXPRESSION = "expression"
KEY = "key"
FORMAT = "format"
EMPTY = "empty"
EXTRA = "extra-document"
BEYOND = (DUPLICATE_KEY, SIMILAR_KEY, EXPRESSION, KEY, FORMAT, EMPTY, EXTRA)
"""Keywords of problems that a plain JSON Schema validator does not see."""


def workflow_problems(document: Document) -> list[Problem]:
    """Why GitHub would not accept a workflow, in file order; [] for a file that is not YAML at all."""
    return schema_problems(document, "workflow")


def action_problems(document: Document) -> list[Problem]:
    """Why GitHub would not accept an action's metadata, in file order; [] for a file that is not YAML at all."""
    return schema_problems(document, "action")


def dependabot_problems(document: Document) -> list[Problem]:
    """What is wrong in a dependabot.yml, in file order; [] for a file that is not YAML at all."""
    return schema_problems(document, "dependabot")


def schema_problems(document: Document, name: str) -> list[Problem]:
    """The problems of a file against ``schemas/<name>.schema.json``, each place and message once, in file order."""
    if document.error is not None:
        return []
    root = document.root
    if root is None or (isinstance(root, Scalar) and not root.style and not root.value):
        return [Problem(EMPTY, "the file is empty", None, Span(0, 0))]
    run = _Run(document)
    _schema(name).root[root.__class__](root, run)
    if document.anchors:
        _check_alias_keys(root, run)
    if document.extra is not None:
        message = "a second YAML document starts here; GitHub reads one"
        run.problems.append(Problem(EXTRA, message, None, document.extra))
    if not run.problems:
        return run.problems
    # An anchored part is judged at each alias, in the same words.
    unique = {(problem.span.start, problem.span.end, problem.message): problem for problem in run.problems}
    return [unique[key] for key in sorted(unique)]


def node_check(schema: dict[str, Any]) -> Callable[[Document, Node], list[Problem]]:
    """A function that gives the problems of a node against a schema given as a value, in file order.

    The vocabulary is that of above. Problems that are no matter of the schema, those of BEYOND, are left out.
    """
    part = _Schema(schema).root

    def problems(document: Document, node: Node) -> list[Problem]:
        run = _Run(document)
        part[node.__class__](node, run)
        found = [problem for problem in run.problems if problem.keyword not in BEYOND]
        return sorted(found, key=lambda problem: (problem.span.start, problem.span.end))

    return problems


class _Run:
    """The problems of one file while it is being judged; in a trial only whether there is any, not its words."""

    __slots__ = ("document", "problems", "similar", "trial")

    def __init__(self, document: Document, trial: bool = False) -> None:
        self.document = document
        self.similar = document.has_similar_keys()
        self.trial = trial
        self.problems: list[Problem] = []

    def add(self, keyword: str, message: str, node: Node, lenient: str = "") -> None:
        self.problems.append(Problem(keyword, message, node, _place(node), lenient))

    def add_inside(self, keyword: str, scalar: Scalar, error: expressions.ExpressionError) -> None:
        """A problem with a part of a scalar; the error counts in the scalar's value."""
        span = self.document.spot(scalar, error.start, error.end) if scalar.value else scalar.span
        self.problems.append(Problem(keyword, error.message, scalar, span))


def _place(node: Node) -> Span:
    """A scalar itself; for what spans lines or has no text, the key that holds it."""
    if isinstance(node, Scalar) and node.end > node.start:
        return node.span
    key = _key_of(node)
    if key is not None:
        return key.span
    if isinstance(node, Mapping) and node.items:
        return node.items[0][0].span
    if isinstance(node, Mapping | Sequence) and node.flow:
        return node.span
    return Span(node.start, min(node.start + 1, max(node.end, node.start)))


def _key_of(node: Node) -> Node | None:
    parent = node.parent
    if isinstance(parent, Mapping):
        for key, value in parent.items:
            if value is node:
                return key
    return None


def _kind(node: Node) -> str:
    """The JSON type of a node: object, array, string, number, boolean or null."""
    if isinstance(node, Scalar):
        value = "" if node.style else node.resolved()
        if isinstance(value, str):
            return "string"
        if value is None:
            return "null"
        return "boolean" if isinstance(value, bool) else "number"
    return "object" if isinstance(node, Mapping) else "array"


# ------------------------------------------------------------------------------------------------------ compiling


class _Place:
    """Where an expression stands: the contexts and functions that it may use."""

    __slots__ = ("clean", "contexts", "functions", "title")

    def __init__(self, table: dict[str, Any]) -> None:
        self.title: str = table["title"]
        self.contexts = frozenset(name.lower() for name in table["contexts"])
        self.functions = {
            name.lower(): (least, expressions.MAX_ARGUMENTS if most is None else most)
            for name, (least, most) in table.get("functions", {}).items()
        }
        self.clean: set[str] = set()
        """Texts that were found to be right here; they repeat a lot."""

    def keep(self, text: str) -> None:
        """Remembers a text that is right here."""
        note(self.clean, text)


_SCHEMAS: dict[str, _Schema] = {}


def _schema(name: str) -> _Schema:
    schema = _SCHEMAS.get(name)
    if schema is None:
        schema = _SCHEMAS[name] = _Schema(read_json("schemas", f"{name}.schema.json"))
    return schema


class _Schema:
    """One schema file; what no file needs of it is never compiled."""

    __slots__ = ("_definitions", "_parts", "_places", "_tables", "has_expressions", "root")

    def __init__(self, source: dict[str, Any]) -> None:
        self._definitions: dict[str, Any] = source.get("$defs", {})
        self._parts: dict[str, _Part] = {}
        self._tables: dict[str, Any] = source.get("x-places", {})
        self._places: dict[str, _Place] = {}
        self.has_expressions = bool(self._tables)
        self.root = _Part(self, source)

    def part(self, schema: dict[str, Any]) -> _Part:
        """The part that a schema is; where it only refers to a definition, that one, which all share."""
        reference = schema.get("$ref")
        return _Part(self, schema) if reference is None or "x-format" in schema else self._definition(reference)

    def target(self, part: _Part) -> _Part:
        """The definition that a part refers to, or the part itself."""
        reference = part.schema.get("$ref")
        return part if reference is None else self._definition(reference)

    def _definition(self, reference: str) -> _Part:
        name = reference.removeprefix("#/$defs/")
        part = self._parts.get(name)
        if part is None:
            part = self._parts[name] = _Part(self, self._definitions[name])
        return part

    def place(self, schema: dict[str, Any]) -> _Place | None:
        """The place that a schema names for its expressions."""
        name = schema.get("x-expressions")
        if name is None or name not in self._tables:
            return None
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = _Place(self._tables[name])
        return place

    def allowed(self, schema: dict[str, Any]) -> list[Any] | None:
        """The values of an enumeration, also of one that only binds texts (`if` the node is a string, `then` enum)."""
        if "const" in schema:
            return [schema["const"]]
        if "enum" in schema:
            values: list[Any] = schema["enum"]
            return values
        if schema.get("if") in ({"type": "string"}, {"not": {"pattern": _AN_EXPRESSION}}):
            return self.allowed(self.target(self.part(schema["then"])).schema)
        return None


_ALL_TEXTS = "all"
_MORE_THAN_NOTHING = "more than nothing"


class _Part(dict[type, "Check"]):
    """A schema as what it says of each kind of node: ``part[node.__class__](node, run)`` judges a node.

    A check adds to the run what is wrong. Each is compiled when the first node of its kind comes by, so that a schema
    may contain itself.
    """

    __slots__ = ("_file", "_texts", "schema")

    def __init__(self, file: _Schema, schema: dict[str, Any]) -> None:
        self._file = file
        self._texts: str | None = None
        self.schema = schema

    def __missing__(self, kind: type) -> Check:
        check = self[kind] = _with_format(self._compile(kind), self.schema)
        return check

    def _compile(self, kind: type) -> Check:
        target = self._file.target(self)
        if target is not self:
            return target[kind]
        items = self.schema.get("items")
        if items is not None and self._file.part(items) is self:
            place = self._file.place(self.schema)
            return _any_text_check(place) if kind is Scalar else _anything_check(place)
        if kind is Scalar:
            return _scalar_check(self._file, self.schema)
        if kind is Sequence:
            return _sequence_check(self._file, self.schema)
        return _mapping_check(self._file, self.schema)

    def texts(self) -> str:
        """Which scalars without an expression it takes: _ALL_TEXTS, _MORE_THAN_NOTHING, or '' if that depends."""
        known = self._texts
        if known is None:
            schema = self._file.target(self).schema
            known = ""
            if "x-format" not in self.schema and "x-format" not in schema and _takes_text(schema):
                known = _ALL_TEXTS if "null" in _types(schema) else _MORE_THAN_NOTHING
            self._texts = known
        return known


def _part(file: _Schema, schema: dict[str, Any] | bool | None) -> dict[type, Check]:
    """The part for a schema that may be missing; what is not to be there at all is no matter of its value."""
    return file.part(schema) if isinstance(schema, dict) else _ANYTHING


def _further(file: _Schema, schema: dict[str, Any]) -> list[Check]:
    """The checks of ``allOf``."""
    return [_whole(file.part(part)) for part in schema.get("allOf", ())]


def _whole(part: dict[type, Check]) -> Check:
    return lambda node, run: part[node.__class__](node, run)


# ------------------------------------------------------------------------------------------------------- scalars


def _scalar_check(file: _Schema, schema: dict[str, Any]) -> Check:
    """What a schema says of scalars; the usual case is accepted at once where any text will do."""
    types = _types(schema)
    if "x-condition" in schema:
        return _condition_check(file, schema)
    check = _any_scalar_check(file, schema, types)
    if not _takes_text(schema):
        return check
    place = file.place(schema)
    clean: AbstractSet[str] = frozenset() if place is None else place.clean
    if "null" in types:

        def any_text(node: Any, run: _Run) -> None:
            value = node.value
            if "${{" in value and value not in clean:
                check(node, run)

        return any_text

    def some_text(node: Any, run: _Run) -> None:
        value = node.value
        if "${{" in value or value in _BARE:
            check(node, run)

    return some_text


def _takes_text(schema: dict[str, Any]) -> bool:
    """Whether a schema takes every scalar but expressions and, where the text may not be empty, what can be nothing."""
    types = _types(schema)
    if not types >= {"string", "number", "boolean"} or _SPECIAL.intersection(schema):
        return False
    if "pattern" in schema and schema["pattern"] != _NO_EXPRESSION:
        return False
    return "minLength" not in schema if "null" in types else schema.get("minLength") == 1


def _condition_check(file: _Schema, schema: dict[str, Any]) -> Check:
    place = file.place(schema)
    assert place is not None
    clean = place.clean

    def check(node: Any, run: _Run) -> None:
        if node.value not in clean and (node.style or node.resolved() is not None):
            _check_condition(node, place, run)

    return check


def _any_scalar_check(file: _Schema, schema: dict[str, Any], types: frozenset[str]) -> Check:
    place = file.place(schema)
    pattern = schema.get("pattern")
    wants_expression = pattern == _AN_EXPRESSION
    no_expression = pattern == _NO_EXPRESSION
    matches = None if pattern is None or wants_expression or no_expression else _matcher(pattern)
    least = schema.get("minLength", 0)
    most = schema.get("maxLength")
    minimum = schema.get("minimum")
    maximum = schema.get("maximum")
    allowed = file.allowed(schema)
    message = schema.get("errorMessage") or schema.get("patternErrorMessage")
    own_message = schema.get("errorMessage")
    has_expressions = file.has_expressions
    lenient = schema.get("x-lenient", "")
    further = _further(file, schema)
    clean: AbstractSet[str] = place.clean if place is not None and "string" in types else frozenset()
    right: set[str] = set()  # plain texts that were found to be right here, which they are in quotes too

    def check(node: Any, run: _Run) -> None:
        value: str = node.value
        if value in right:
            return
        kind = "string"
        if has_expressions and "${{" in value:
            if value in clean:
                return
            folded = _constant_text(value)
            if folded is not None:
                value = folded
            elif no_expression:
                run.add("pattern", message or "an expression is not allowed here", node)
                return
            elif place is not None and "string" in types:
                _check_expressions(node, place, run, wants_expression or allowed is not None)
                return
            elif wants_expression:
                return
        elif not node.style:
            kind = _kind(node)
        if kind not in types and not (kind == "number" and "integer" in types and _is_whole(node)):
            expected = _expected(types, wants_expression)
            run.add("type", own_message or f"expected {expected}, found {_found(node, kind, value)}", node, lenient)
        elif allowed is not None and not _is_among(value if kind == "string" else _resolved(node), allowed):
            words = own_message or ("" if run.trial else _not_allowed(value, allowed))
            run.add("enum", words, node, lenient)
        elif kind == "string":
            if len(value) < least:
                run.add("minLength", own_message or "the text must not be empty", node)
            elif most is not None and len(value) > most:
                run.add("maxLength", own_message or f"the text has more than {most} characters", node)
            elif wants_expression:
                found = f"expected {_expected(types, True)}, found the text '{_short(value)}'"
                run.add("pattern", own_message or found, node, lenient)
            elif matches is not None and not matches(value):
                run.add("pattern", message or f"'{_short(value)}' does not match {pattern}", node)
            elif not (further or node.style or node.tag) and value is node.value:
                note(right, value)
        elif kind == "number" and minimum is not None and _resolved(node) < minimum:
            run.add("minimum", own_message or f"{value} is below {minimum}", node)
        elif kind == "number" and maximum is not None and _resolved(node) > maximum:
            run.add("maximum", own_message or f"{value} is above {maximum}", node)
        for more in further:
            more(node, run)

    return check


# --------------------------------------------------------------------------------------------------------- lists


def _sequence_check(file: _Schema, schema: dict[str, Any]) -> Check:
    types = _types(schema)
    if "array" not in types:
        return _mismatch(schema, types)
    item = _part(file, schema.get("items"))
    least = schema.get("minItems", 0)
    most = schema.get("maxItems")
    unique = schema.get("uniqueItems", False)
    own_message = schema.get("errorMessage")
    further = _further(file, schema)
    if "if" in schema and file.allowed(schema) is None:
        further.append(_conditional(file, schema))

    def check(node: Any, run: _Run) -> None:
        items = node.items
        for child in items:
            item[child.__class__](child, run)
        if len(items) < least:
            run.add("minItems", own_message or f"the list needs at least {_counted(least, 'entry')}", node)
        if most is not None and len(items) > most:
            run.add("maxItems", own_message or f"the list may have at most {_counted(most, 'entry')}", node)
        if unique:
            seen: set[Any] = set()
            for child in items:
                if isinstance(child, Scalar):
                    if (value := _resolved(child)) in seen:
                        run.add("uniqueItems", own_message or f"'{child.value}' is in the list twice", child)
                    seen.add(value)
        for more in further:
            more(node, run)

    return check


# ------------------------------------------------------------------------------------------------------ mappings

_MAX_NAMES = 4096
_FEW_KEYS = 3


def _mapping_check(file: _Schema, schema: dict[str, Any]) -> Check:
    types = _types(schema)
    if "object" not in types:
        return _mismatch(schema, types)
    further = _further(file, schema)
    if "if" in schema and file.allowed(schema) is None:
        further.append(_conditional(file, schema))
    if len(further) == 1 and not (schema.get("properties") or _OF_KEYS.intersection(schema)):
        return further[0]
    keys = _Keys(file, schema)
    parts = keys.parts
    scalars = keys.scalars
    texts = keys.texts
    words = keys.words
    few = keys.few()
    required: list[str] = schema.get("required", [])
    least = schema.get("minProperties", 0)
    own_message = schema.get("errorMessage")
    similar = bool(schema.get("additionalProperties"))
    lenient = schema.get("x-lenient", "")
    only_keys = not (required or least or further)

    def check(node: Any, run: _Run) -> None:
        index = node.index
        if few is not None and len(node.items) == len(index) and _NULLS.isdisjoint(index):
            for name, part in few:
                if name in index:
                    value = index[name][1]
                    part[value.__class__](value, run)
        elif len(node.items) != len(index):  # keys that are no text, or stand twice
            keys.judge_each(node, run)
            (_check_similar_keys if similar else _check_duplicate_keys)(node, run)
        else:
            for key, value in node.items:
                name = key.value
                if value.__class__ is Scalar:
                    if name in texts:
                        if "${{" not in value.value:
                            continue
                    elif name in words:
                        text = value.value
                        if "${{" not in text and text not in _BARE:
                            continue
                    if name in scalars:
                        scalars[name](value, run)
                        continue
                elif name in parts:
                    parts[name][value.__class__](value, run)
                    continue
                keys.judge(key, value, run)
            if similar and run.similar:
                _check_similar_keys(node, run)
        if only_keys:
            return
        for name in required:
            if name not in index and not _has_expression_key(node):
                run.add("required", own_message or f"'{name}' is missing", node, lenient)
        if least and len(node.items) < least:
            run.add("minProperties", own_message or f"at least {_counted(least, 'entry')} must stand here", node)
        for more in further:
            more(node, run)

    return check


class _Keys:
    """What a schema says of the keys of a mapping, and the parts for their values.

    parts    the part of each key that was seen so far and is right as a key
    scalars  what these say of scalars
    texts    the keys whose scalars are right unless they have an expression
    words    those whose scalars are right unless they have one or can be read as nothing
    """

    __slots__ = (
        "_extra", "_extra_part", "_file", "_lenient", "_name_fault", "_on_expression", "_place", "_properties",
        "_unknown", "parts", "scalars", "texts", "words",
    )  # fmt: skip

    def __init__(self, file: _Schema, schema: dict[str, Any]) -> None:
        self.parts: dict[str, dict[type, Check]] = {}
        self.scalars: dict[str, Check] = {}
        self.texts: set[str] = set()
        self.words: set[str] = set()
        self._file = file
        self._properties: dict[str, Any] = schema.get("properties", {})
        self._extra = schema.get("additionalProperties", True)
        self._extra_part = _part(file, self._extra)
        self._name_fault = None if "propertyNames" not in schema else _name_check(file, schema["propertyNames"])
        self._place = file.place(schema)
        self._on_expression = schema.get("patternProperties", {}).get(_EXPRESSION_KEY)
        self._unknown: dict[str, str] = schema.get("x-unknown-keys", {})
        self._lenient = schema.get("x-lenient", "")

    def few(self) -> list[tuple[str, _Part]] | None:
        """The parts of the few keys of which a schema says something while it takes any others; None if it does not."""
        properties = self._properties
        if self._extra is not True or self._name_fault is not None or self._on_expression is not None:
            return None
        if self._place is not None or len(properties) > _FEW_KEYS:
            return None
        return [(name, self._file.part(schema)) for name, schema in properties.items()]

    def judge_each(self, node: Mapping, run: _Run) -> None:
        """Judges every key and value."""
        for key, value in node.items:
            if isinstance(key, Scalar):
                self.judge(key, value, run)
            else:
                run.add(KEY, "a key must be text", key)

    def judge(self, key: Scalar, value: Node, run: _Run) -> None:
        """Judges a key and its value."""
        text = key.value
        place = self._place
        part: dict[type, Check]
        if text in self._properties:
            part = self._file.part(self._properties[text])
            self._learn(text, part, value)
        elif "${{" in text and place is not None and (self._on_expression is not None or self._extra is not False):
            _check_expressions(key, place, run, False, key=True)
            part = self._extra_part if self._on_expression is None else self._file.part(self._on_expression)
        elif self._extra is False:
            message = self._unknown.get(text) or _unknown_key(text, list(self._properties))
            run.problems.append(Problem("additionalProperties", message, key, key.span, self._lenient))
            return
        else:
            part = self._extra_part
            fault = "" if self._name_fault is None else self._name_fault(text)
            if fault:
                run.add("propertyNames", fault, key)
            elif text not in _NULLS and "${{" not in text:
                self._learn(text, part, value)
            if text in _NULLS and not key.style:
                run.add(KEY, "a key must not be null; put it in quotes", key)
        part[value.__class__](value, run)

    def _learn(self, name: str, part: dict[type, Check], value: Node) -> None:
        if len(self.parts) >= _MAX_NAMES:
            self.parts.clear()
            self.scalars.clear()
            self.texts.clear()
            self.words.clear()
        self.parts[name] = part
        if isinstance(value, Scalar):
            self.scalars[name] = part[Scalar]
            taken = part.texts() if isinstance(part, _Part) else ""
            if taken:
                (self.texts if taken == _ALL_TEXTS else self.words).add(name)


def _name_check(file: _Schema, schema: dict[str, Any]) -> Callable[[str], str]:
    """A function that says what is wrong with a key, or ''; unlike values, keys are always text."""
    schema = file.target(file.part(schema)).schema
    least = schema.get("minLength", 0)
    pattern = schema.get("pattern")
    matches = None if pattern is None else _matcher(pattern)
    allowed = file.allowed(schema)
    message = schema.get("patternErrorMessage") or f"the key does not match {pattern}"

    def fault(text: str) -> str:
        if len(text) < least:
            return "a key must not be empty"
        if matches is not None and not matches(text):
            return f"'{_short(text)}': {message}"
        if allowed is not None and text not in allowed:
            return _not_allowed(text, allowed)
        return ""

    return fault


def _conditional(file: _Schema, schema: dict[str, Any]) -> Check:
    """if/then/else. The common test, whether a key is there, costs one look-up, also in a chain of such tests."""
    forms: list[tuple[str, dict[type, Check]]] = []
    rest: dict[str, Any] | None = schema
    while rest is not None and (name := _wanted_key(rest)) is not None:
        forms.append((name, _part(file, rest.get("then"))))
        rest = rest.get("else")
        if rest is not None and not _FORK.issuperset(rest):
            break
    if forms:
        first, otherwise = forms[0][1], _part(file, rest)

        def by_key(node: Any, run: _Run) -> None:
            kind = node.__class__
            if kind is not Mapping:
                first[kind](node, run)
                return
            index = node.index
            for name, form in forms:
                if name in index:
                    form[kind](node, run)
                    return
            otherwise[kind](node, run)

        return by_key
    condition, then, otherwise = (
        file.part(schema["if"]),
        _part(file, schema.get("then")),
        _part(file, schema.get("else")),
    )
    judged = _judged_key(schema)
    holds: dict[tuple[str, str], bool] = {}

    def check(node: Any, run: _Run) -> None:
        kind = node.__class__
        told = _told(node, judged) if judged is not None and kind is Mapping else None
        held = None if told is None else holds.get(told)
        if held is None:
            trial = _Run(run.document, trial=True)
            condition[kind](node, trial)
            held = not trial.problems
            if told is not None:
                remember(holds, told, held, len(told[0]))
        (then if held else otherwise)[kind](node, run)

    return check


def _judged_key(schema: dict[str, Any]) -> str | None:
    """The key on whose scalar alone it depends whether the ``if`` of a schema holds for a mapping."""
    test = schema["if"]
    names = list(test.get("properties", ()))
    if len(names) != 1 or not {"properties", "required"}.issuperset(test):
        return None
    name: str = names[0]
    return name if test.get("required", names) == names else None


def _told(node: Mapping, key: str) -> tuple[str, str] | None:
    """The text and style of the scalar of a key; None where more than that has a say in what the mapping is."""
    index = node.index
    if len(node.items) != len(index) or not _NULLS.isdisjoint(index) or "${{" in "".join(index):
        return None
    value = node.get(key)
    if value is None:
        return "", "missing"
    return (value.value, value.style) if isinstance(value, Scalar) and value.tag is None else None


def _wanted_key(schema: dict[str, Any]) -> str | None:
    """The key whose presence is all that the ``if`` of a schema asks for."""
    test = schema.get("if", {})
    if list(test) != ["required"] or len(test["required"]) != 1:
        return None
    name: str = test["required"][0]
    return name


def _anything_check(place: _Place | None) -> Check:
    """Any value at any depth, without recursion in Python: only its expressions and keys can be wrong."""

    def check(node: Any, run: _Run) -> None:
        todo = [node]
        while todo:
            node = todo.pop()
            kind = node.__class__
            if kind is Scalar:
                if "${{" in node.value:
                    _check_any_text(node, place, run)
            elif kind is Sequence:
                todo.extend(node.items)
            else:
                for key, value in node.items:
                    if key.__class__ is not Scalar:
                        run.add(KEY, "a key must be text", key)
                    elif "${{" in key.value:
                        if place is None:
                            run.add(KEY, "an expression is not allowed as a key here", key)
                        else:
                            _check_expressions(key, place, run, False, key=True)
                    todo.append(value)
                if run.similar or len(node.items) != len(node.index):
                    _check_similar_keys(node, run)

    return check


def _any_text_check(place: _Place | None) -> Check:
    def check(node: Any, run: _Run) -> None:
        if "${{" in node.value:
            _check_any_text(node, place, run)

    return check


def _check_any_text(node: Scalar, place: _Place | None, run: _Run) -> None:
    """A text with an expression, of which nothing else is known."""
    if (place is not None and node.value in place.clean) or _constant_text(node.value) is not None:
        return
    if place is None:
        run.add("pattern", "an expression is not allowed here", node)
    else:
        _check_expressions(node, place, run, False)


def _with_format(check: Check, schema: dict[str, Any]) -> Check:
    """The check followed by the one that ``x-format`` names."""
    named = CHECKS.get(schema.get("x-format", ""))
    if named is None:
        return check

    def check_with_format(node: Any, run: _Run) -> None:
        check(node, run)
        for culprit, message in named(node):
            run.add(FORMAT, message, culprit)

    return check_with_format


def _pass(node: Any, run: _Run) -> None:
    """Accepts every node."""


_ANYTHING: dict[type, Check] = dict.fromkeys((Scalar, Sequence, Mapping), _pass)
"""The part that accepts every node."""


def _mismatch(schema: dict[str, Any], types: frozenset[str]) -> Check:
    message = schema.get("errorMessage")
    expected = _expected(types, schema.get("pattern") == _AN_EXPRESSION)

    def check(node: Any, run: _Run) -> None:
        run.add("type", message or f"expected {expected}, found {_KINDS[_kind(node)]}", node)

    return check


_AN_EXPRESSION = r"^(?!\$\{\{\s*(?:'[^']*')+\s*\}\}$)[\s\S]*\$\{\{[\s\S]*\}\}"
_NO_EXPRESSION = r"^(?:\$\{\{\s*(?:'[^']*')+\s*\}\}$|(?![\s\S]*\$\{\{))"
_EXPRESSION_KEY = r"\$\{\{"
"""The three patterns of our schemas that speak of expressions; only other validators run them as patterns.

A quoted string alone in its fences is no expression: GitHub reads it as that text.
"""


def _types(schema: dict[str, Any]) -> frozenset[str]:
    types = schema.get("type")
    if types is not None:
        return frozenset((types,)) if isinstance(types, str) else frozenset(types)
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if values is None:
        return _ALL_SCALARS | {"object", "array"}
    return frozenset([_type_of(value) for value in values])


def _is_among(value: Any, allowed: list[Any]) -> bool:
    return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in allowed)


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def _resolved(node: Scalar) -> Any:
    return node.value if node.style else node.resolved()


def _matcher(pattern: str) -> Callable[[str], object]:
    """A function that tells whether a pattern is found in a text."""
    return re.compile(pattern).search


def _is_whole(node: Scalar) -> bool:
    return float(_resolved(node)).is_integer()


# ------------------------------------------------------------------------------------------------------ expressions


def _constant_text(value: str) -> str | None:
    """The text of a value that is one quoted string in fences, ``${{ 'text' }}``: GitHub reads it as that text."""
    if "'" not in value or not value.startswith("${{") or not value.endswith("}}") or value[3:].lstrip()[:1] != "'":
        return None
    parts = expressions.segments(value)
    if len(parts) != 1 or not isinstance(parts[0].expr, expressions.Literal) or parts[0].end != len(value):
        return None
    constant = parts[0].expr.value
    return constant if isinstance(constant, str) else None


def _check_expressions(node: Scalar, place: _Place, run: _Run, wanted: bool, key: bool = False) -> None:
    """Syntax, contexts and functions of every expression in a scalar; `wanted`: nothing but an expression will do."""
    value = node.value
    if value in place.clean and not key:
        return
    count = len(run.problems)
    for part in expressions.segments(value):
        if isinstance(part.expr, expressions.Path) and part.expr.names[0] in place.contexts:
            continue
        if part.error is not None:
            unclosed = wanted and "}}" not in value
            run.add_inside("pattern" if unclosed else EXPRESSION, node, part.error)
        elif part.expr is not None:
            _check_tree(node, part.expr, place, run)
        elif not key:
            error = expressions.ExpressionError("'insert' is for keys only", part.start, part.end)
            run.add_inside(EXPRESSION, node, error)
    whole = expressions.template_error(value)
    if whole is not None:
        run.add(EXPRESSION, whole.message, node)
    if count == len(run.problems) and not key:
        place.keep(value)


def _check_condition(node: Scalar, place: _Place | None, run: _Run) -> None:
    """The text of an ``if``, with or without fences."""
    assert place is not None
    value = node.value
    if value in place.clean:
        return
    count = len(run.problems)
    condition = expressions.condition(value)
    for error in condition.errors:
        run.add_inside(EXPRESSION, node, error)
    if condition.expr is not None:
        _check_tree(node, condition.expr, place, run)
    elif any(part.directive for part in condition.segments):
        run.add(EXPRESSION, "'insert' is for keys only", node)
    if count == len(run.problems):
        place.keep(value)


def _check_tree(node: Scalar, expr: expressions.Expr, place: _Place, run: _Run) -> None:
    for error in expressions.check(expr, place.contexts, place.functions):
        message = error.message.replace("not available here", f"not available in {place.title}", 1)
        run.add_inside(EXPRESSION, node, expressions.ExpressionError(message, error.start, error.end))


# ------------------------------------------------------------------------------------------------------------ keys


def _has_expression_key(node: Mapping) -> bool:
    """Whether a key is computed, so that nobody can tell which keys there are."""
    return any("${{" in key for key, _, _ in node.pairs())


def _check_duplicate_keys(node: Mapping, run: _Run) -> None:
    seen: set[str] = set()
    for key, _ in node.items:
        if isinstance(key, Scalar):
            if key.value in seen and "${{" not in key.value:
                run.problems.append(Problem(DUPLICATE_KEY, f"the key '{key.value}' stands here twice", key, key.span))
            seen.add(key.value)


def _check_similar_keys(node: Mapping, run: _Run) -> None:
    """Keys that are equal but for letter case: GitHub does not tell them apart."""
    names = [key.value.upper() for key, _ in node.items if isinstance(key, Scalar)]
    if len(set(names)) == len(names):
        return
    seen: dict[str, str] = {}
    for key, _ in node.items:
        if not isinstance(key, Scalar) or "${{" in key.value:
            continue
        text = key.value
        upper = text.upper()
        earlier = seen.get(upper)
        if earlier is None:
            seen[upper] = text
            continue
        if earlier == text:
            problem = Problem(DUPLICATE_KEY, f"the key '{text}' stands here twice", key, key.span)
        else:
            message = f"'{text}' and '{earlier}' are the same key for GitHub, which ignores letter case"
            problem = Problem(SIMILAR_KEY, message, key, key.span)
        run.problems.append(problem)


def _check_alias_keys(root: Node, run: _Run) -> None:
    """Keys that are aliases: GitHub's parser takes them for nothing."""
    text = run.document.text
    todo = [root]
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if isinstance(node, Scalar) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Sequence):
            todo.extend(node.items)
        elif isinstance(node, Mapping):
            for key, value in node.items:
                if isinstance(key, Scalar) and not key.style and text[key.start : key.start + 1] == "*":
                    run.problems.append(Problem(KEY, "an alias cannot be a key", key, key.span))
                todo.append(value)


def _unknown_key(text: str, known: list[str]) -> str:
    if text == "<<":
        return "GitHub does not know YAML merge keys (<<)"
    if "${{" in text:
        return "an expression is not allowed as a key here"
    hint = _closest(text, known)
    if hint:
        return f"unknown key '{_short(text)}'; did you mean '{hint}'?"
    return f"unknown key '{_short(text)}'; known here: {_listed(sorted(known))}"


# ----------------------------------------------------------------------------------------------------------- words


def _expected(types: frozenset[str], expression: bool) -> str:
    if types >= {"string", "number", "boolean"} or ("string" in types and not expression):
        names = ["text"] + [_KINDS[kind] for kind in ("array", "object") if kind in types]
    else:
        names = [words for kind, words in _KINDS.items() if kind in types and kind != "string"]
        if expression:
            names.append("an expression")
    return " or ".join(names) if len(names) < 3 else ", ".join(names[:-1]) + " or " + names[-1]


def _found(node: Scalar, kind: str, value: str) -> str:
    if kind == "null":
        return "nothing"
    if kind == "string":
        return f"the text '{_short(value)}'" if value else "an empty text"
    return f"the number {_short(value)}" if kind == "number" else value


def _not_allowed(value: str, allowed: list[Any]) -> str:
    words = ["true" if each is True else "nothing" if each is None else str(each) for each in allowed]
    hint = _closest(value, words)
    if hint:
        return f"unknown value '{_short(value)}'; did you mean '{hint}'?"
    return f"unknown value '{_short(value)}'; known here: {_listed(words)}"


def _closest(text: str, words: list[str]) -> str:
    """The word that a typing error most likely meant, or ''."""
    from .misspellings import closest  # only for a file that is wrong; the usual run does not pay for it

    lower = {word.lower().replace("_", "-"): word for word in words}
    close = closest(text.lower().replace("_", "-"), lower, 0.75)
    return "" if close is None else lower[close]


def _listed(words: list[str]) -> str:
    return ", ".join(words) if len(words) <= 12 else ", ".join(words[:12]) + f" and {len(words) - 12} more"


def _short(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 60 and line == text.strip() else line[:57] + "…"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else noun[:-1] + 'ies'}"
