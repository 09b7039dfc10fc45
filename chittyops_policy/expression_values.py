"""Values of GitHub's expression language: what a tree always yields, as far as that is certain before the run.

`expressions` is the module to import from. Coercions, comparison and functions are those of GitHub's service (the C#
expression library in `actions/runner`).
"""

from __future__ import annotations

import re

from .expression_syntax import Binary, Call, Expr, Index, Literal, Name, Path, Star, Unary, parse_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final, TypeAlias

    # An object maps the lower-cased key to the key as written and its value.
    _Object: TypeAlias = "dict[str, tuple[str, _Value]]"
    _Value: TypeAlias = "bool | float | str | list[_Value] | _Object | _Unknown | None"
    Known: TypeAlias = Mapping[tuple[str, ...], bool | int | float | str | None]

MAX_ARGUMENTS: Final = 255
BUILTIN_FUNCTIONS: Final[Mapping[str, tuple[int, int]]] = {
    "case": (3, MAX_ARGUMENTS),
    "contains": (2, 2),
    "endswith": (2, 2),
    "format": (1, MAX_ARGUMENTS),
    "fromjson": (1, 1),
    "join": (1, 2),
    "startswith": (2, 2),
    "tojson": (1, 1),
}
"""Functions that every expression may call, in lower case, with the fewest and most arguments."""

_DISPLAY: Final = {
    "endswith": "endsWith",
    "fromjson": "fromJSON",
    "hashfiles": "hashFiles",
    "startswith": "startsWith",
    "tojson": "toJSON",
}


class _Unknown:
    """A value that only the run knows; `truth` where at least its truthiness is certain."""

    __slots__ = ("truth",)

    def __init__(self, truth: bool | None) -> None:
        self.truth = truth


class _Filtered(list["_Value"]):
    """What `*` yields: further steps apply to each element."""

    __slots__ = ()


_UNKNOWN: Final = _Unknown(None)
_TRUTHY: Final = _Unknown(True)
_FALSY: Final = _Unknown(False)


def fold(expr: Expr, known: Known | None = None) -> Literal | None:
    """The constant that the expression always yields, or None when it depends on the run.

    Follows GitHub's coercions, case-insensitive comparison and short circuits: `false && github.x` is false, and
    `'' || 'b'` is 'b'. `known` gives values of references by their lower-cased path, for example
    `{("github", "event_name"): "push"}`. A constant that would fail at run time (a bad format string, bad JSON) and
    an object or array as the result count as unknown. Status functions and hashFiles are never constant.
    """
    value = _evaluate(expr, known or {})
    if isinstance(value, _Unknown | list | dict):
        return None
    return Literal(value, expr.start, expr.end)


def truth(expr: Expr, known: Known | None = None) -> bool | None:
    """Whether the expression is certainly truthy or certainly falsy; None when that depends on the run.

    It knows more than `fold`: `github.x && false` is falsy whatever the value, and a text around `${{ }}` is truthy.
    """
    return _truth(_evaluate(expr, known or {}))


def arity_problem(node: Call, arity: tuple[int, int]) -> str:
    """What is wrong with the number of arguments, in words; empty when it is right."""
    least, most = arity
    count = len(node.args)
    name = _DISPLAY.get(node.key, node.key)
    if least <= count <= most:
        if node.key == "case" and count % 2 == 0:
            return "case takes pairs of condition and value, and a default: an odd number of arguments"
        return ""
    if most == 0:
        takes = "no arguments"
    elif least == most:
        takes = f"{least} argument{'s' if least > 1 else ''}"
    elif count < least:
        takes = f"at least {least} argument{'s' if least > 1 else ''}"
    else:
        takes = f"at most {most} arguments"
    return f"{name} takes {takes}, not {count}"


def constant_name(index: Expr) -> str | None:
    """The name that an index always stands for, `*` for the filter, None when it is computed at run time."""
    if isinstance(index, Literal) and isinstance(index.value, str):
        return index.value
    if isinstance(index, Star):
        return "*"
    constant = index if isinstance(index, Literal) else fold(index)
    return None if constant is None else to_string(constant.value)


def _truth(value: _Value) -> bool | None:
    if isinstance(value, _Unknown):
        return value.truth
    if isinstance(value, list | dict):
        return True
    return not (value is None or value is False or value == 0 or value == "" or value != value)


def to_string(value: bool | float | str | None) -> str:
    """A primitive as GitHub writes it into text: null is empty, numbers have at most 15 digits (.NET's G15)."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value == 0:
        return "0"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return "NaN" if value != value else f"{value:.15g}".replace("e", "E")


def _text(value: _Value) -> str:
    if isinstance(value, list):
        return "Array"
    if isinstance(value, dict):
        return "Object"
    assert not isinstance(value, _Unknown)
    return to_string(value)


def _number(value: _Value) -> float:
    if isinstance(value, str):
        return parse_number(value)
    if value is None:
        return 0.0
    return float(value) if isinstance(value, bool | float) else float("nan")


def _caseless(text: str) -> str:
    """The text for comparison: upper case letter by letter; as in .NET no letter becomes two or becomes ASCII."""
    if text.isascii():
        return text.upper()
    letters = []
    for letter in text:
        upper = letter.upper()
        keep = len(upper) != 1 or (upper.isascii() and not letter.isascii())
        letters.append(letter if keep else upper)
    return "".join(letters)


def _coerced(left: _Value, right: _Value) -> tuple[str, str] | tuple[float, float] | None:
    """Both sides as texts or both as numbers, or None when they cannot be compared."""
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return None
    if isinstance(left, str) and isinstance(right, str):
        return _caseless(left), _caseless(right)
    return _number(left), _number(right)


def _compare(op: str, left: _Value, right: _Value) -> bool:
    equal = below = above = False
    # Two objects or arrays are equal only when they are the same one, which two constants never are.
    pair = _coerced(left, right)
    if pair is not None:
        a, b = pair
        equal = a == b
        if isinstance(a, str) and isinstance(b, str):
            below = _utf16(a) < _utf16(b)
            above = not equal and not below
        elif isinstance(a, float) and isinstance(b, float):
            below, above = a < b, a > b
    if op == "==":
        return equal
    if op == "!=":
        return not equal
    if op == "<":
        return below
    if op == "<=":
        return below or equal
    if op == ">":
        return above
    return above or equal


def _utf16(text: str) -> bytes:
    """Bytes in the order in which .NET sorts text: by UTF-16 code unit."""
    return text.encode("utf-16-be", "surrogatepass")


def _evaluate(expr: Expr, known: Known) -> _Value:
    if isinstance(expr, Literal):
        return expr.value
    if isinstance(expr, Binary):
        return _evaluate_binary(expr, known)
    if isinstance(expr, Unary):
        certain = _truth(_evaluate(expr.operand, known))
        return _UNKNOWN if certain is None else not certain
    if isinstance(expr, Call):
        function = _EVALUATORS.get(expr.key)
        if function is None or arity_problem(expr, BUILTIN_FUNCTIONS[expr.key]):
            return _UNKNOWN
        return function(expr, known)
    if isinstance(expr, Index):
        return _evaluate_index(expr, known)
    if isinstance(expr, Name):
        return _given(expr, known)
    return _UNKNOWN


def _evaluate_binary(expr: Binary, known: Known) -> _Value:
    # The left side can be thousands of operators deep, so it is walked in a loop.
    pending: list[Binary] = []
    node: Expr = expr
    while isinstance(node, Binary):
        pending.append(node)
        node = node.left
    value = _evaluate(node, known)
    for step in reversed(pending):
        if step.op in ("&&", "||"):
            certain = _truth(value)
            stops = step.op == "||"
            if certain is stops:
                continue
            right = _evaluate(step.right, known)
            if certain is not None:
                value = right
            elif _truth(right) is stops:
                value = _TRUTHY if stops else _FALSY
            else:
                value = _UNKNOWN
            continue
        right = _evaluate(step.right, known)
        if isinstance(value, _Unknown) or isinstance(right, _Unknown):
            value = _UNKNOWN
        else:
            value = _compare(step.op, value, right)
    return value


def _given(expr: Expr, known: Known) -> _Value:
    if not known:
        return _UNKNOWN
    steps: list[str] = []
    node = expr
    while isinstance(node, Index) and not isinstance(node, Path):
        name = constant_name(node.index)
        if name is None:
            return _UNKNOWN
        steps.append(name.lower())
        node = node.obj
    if isinstance(node, Path):
        steps += [name.lower() for name in reversed(node.names)]
    elif isinstance(node, Name):
        steps.append(node.key)
    else:
        return _UNKNOWN
    path = tuple(reversed(steps))
    if path not in known:
        return _UNKNOWN
    value = known[path]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _evaluate_index(expr: Index, known: Known) -> _Value:
    given = _given(expr, known)
    if not isinstance(given, _Unknown) or (isinstance(expr, Path) and not known):
        return given
    obj = _evaluate(expr.obj, known)
    if isinstance(obj, _Unknown):
        return _UNKNOWN
    star = isinstance(expr.index, Star)
    index = None if star else _evaluate(expr.index, known)
    if isinstance(index, _Unknown):
        return _UNKNOWN
    if isinstance(obj, _Filtered):
        return _Filtered([part for item in obj for part in _parts(item, index, star)])
    if star:
        return _Filtered(_parts(obj, None, True))
    parts = _parts(obj, index, False)
    return parts[0] if parts else None


def _parts(obj: _Value, index: _Value, star: bool) -> list[_Value]:
    """What one step finds in an object or array: nothing, one part, or with `*` all of them."""
    if isinstance(obj, dict):
        if star:
            return [value for _, value in obj.values()]
        if isinstance(index, list | dict):
            return []
        entry = obj.get(_text(index).lower())
        return [] if entry is None else [entry[1]]
    if isinstance(obj, list):
        if star:
            return list(obj)
        number = _number(index)
        return [obj[int(number)]] if 0 <= number < len(obj) else []
    return []


def _call_case(expr: Call, known: Known) -> _Value:
    args = expr.args
    for i in range(0, len(args) - 1, 2):
        when = _evaluate(args[i], known)
        if not isinstance(when, bool):
            return _UNKNOWN
        if when:
            return _evaluate(args[i + 1], known)
    return _evaluate(args[-1], known)


def _call_contains(expr: Call, known: Known) -> _Value:
    search = _evaluate(expr.args[0], known)
    if isinstance(search, _Unknown):
        return _UNKNOWN
    if isinstance(search, dict) or search == []:
        return False
    item = _evaluate(expr.args[1], known)
    if isinstance(item, _Unknown):
        return _UNKNOWN
    if isinstance(search, list):
        return any(_compare("==", item, one) for one in search)
    return not isinstance(item, list | dict) and _caseless(_text(item)) in _caseless(_text(search))


def _two_texts(expr: Call, known: Known) -> tuple[str, str] | bool | _Unknown:
    values = [_evaluate(arg, known) for arg in expr.args]
    if any(isinstance(value, list | dict) for value in values):
        return False
    if any(isinstance(value, _Unknown) for value in values):
        return _UNKNOWN
    return _caseless(_text(values[0])), _caseless(_text(values[1]))


def _call_starts_with(expr: Call, known: Known) -> _Value:
    texts = _two_texts(expr, known)
    return texts[0].startswith(texts[1]) if isinstance(texts, tuple) else texts


def _call_ends_with(expr: Call, known: Known) -> _Value:
    texts = _two_texts(expr, known)
    return texts[0].endswith(texts[1]) if isinstance(texts, tuple) else texts


# `{{`, `}}`, `{0}`, or plain text; a brace that fits nowhere stops the match and makes the format string invalid.
_FORMAT_PART: Final = r"\{\{|\}\}|\{([0-9]{1,3})\}|[^{}]+"


def _call_format(expr: Call, known: Known) -> _Value:
    template = _evaluate(expr.args[0], known)
    if isinstance(template, _Unknown):
        return _UNKNOWN
    source = _text(template)
    values = [_evaluate(arg, known) for arg in expr.args[1:]]
    result = ""
    certain = True
    at = 0
    for match in re.finditer(_FORMAT_PART, source):
        if match.start() != at:
            return _UNKNOWN
        at = match.end()
        if match[1] is None:
            result += match[0] if match[0] not in ("{{", "}}") else match[0][0]
            continue
        number = int(match[1])
        if number >= len(values):
            return _UNKNOWN
        value = values[number]
        if isinstance(value, _Unknown):
            certain = False
        else:
            result += _text(value)
    if at != len(source):
        return _UNKNOWN
    if certain:
        return result
    return _TRUTHY if result else _UNKNOWN


def _call_join(expr: Call, known: Known) -> _Value:
    items = _evaluate(expr.args[0], known)
    if isinstance(items, _Unknown):
        return _UNKNOWN
    if isinstance(items, dict):
        return ""
    if not isinstance(items, list):
        return _text(items)
    separator: _Value = ","
    if len(expr.args) > 1 and len(items) > 1:
        separator = _evaluate(expr.args[1], known)
        if isinstance(separator, _Unknown):
            return _UNKNOWN
        if isinstance(separator, list | dict):
            separator = ","
    return _text(separator).join([_text(item) for item in items])


def _call_to_json(expr: Call, known: Known) -> _Value:
    value = _evaluate(expr.args[0], known)
    if isinstance(value, _Unknown):
        return _TRUTHY  # whatever it is, its JSON is not empty
    try:
        return _json(value, "")
    except RecursionError:
        return _TRUTHY


def _json(value: _Value, indent: str) -> str:
    if isinstance(value, str):
        # Start-up: the json module costs more than a whole small run, and hardly any file needs it.
        import json

        return json.dumps(value, ensure_ascii=False)
    deeper = indent + "  "
    if isinstance(value, list):
        if not value:
            return "[]"
        return "[\n" + ",\n".join([deeper + _json(item, deeper) for item in value]) + f"\n{indent}]"
    if isinstance(value, dict):
        if not value:
            return "{}"
        pairs = [f"{deeper}{_json(key, '')}: {_json(item, deeper)}" for key, item in value.values()]
        return "{\n" + ",\n".join(pairs) + f"\n{indent}}}"
    return "null" if value is None else _text(value)


def _call_from_json(expr: Call, known: Known) -> _Value:
    source = _evaluate(expr.args[0], known)
    if isinstance(source, _Unknown):
        return _UNKNOWN
    import json  # for the start-up time, as above

    try:
        return _from_json(json.loads(_text(source), parse_int=float, parse_constant=_no_constant))
    except (ValueError, RecursionError):
        return _UNKNOWN


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _from_json(value: object) -> _Value:
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    if isinstance(value, dict):
        result: _Object = {}
        for key, item in value.items():
            result.setdefault(key.lower(), (key, _from_json(item)))
        return result
    assert value is None or isinstance(value, bool | float | str)
    return value


_EVALUATORS: Final = {
    "case": _call_case,
    "contains": _call_contains,
    "endswith": _call_ends_with,
    "format": _call_format,
    "fromjson": _call_from_json,
    "join": _call_join,
    "startswith": _call_starts_with,
    "tojson": _call_to_json,
}
