"""GitHub's description of its REST API as a judge of what clients send, and of what the emulation answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from ..referees import node
from .messages import Answer, Request

WITH_SLASHES = ("path", "ref", "branch", "basehead", "base_head", "head")
"""Parameters of paths that may have slashes in them."""

Values = dict[str, Any]
_DOCUMENT = "urn:github"


class Operation(NamedTuple):
    """One path of the description with a method of it."""

    path: str
    method: str
    value: Values
    parameters: tuple[Values, ...]


def check_request(request: Request) -> list[str]:
    """What the description says against a request. Nothing about GraphQL, which it does not describe."""
    if request.path == "/graphql":
        return []
    where = f"{request.method} {request.path}"
    operation = _operation(request)
    if operation is None:
        return [f"{where}: GitHub has no such request"]
    return [f"{where}: {problem}" for problem in (*_query(request, operation), *_body(request, operation))]


def check_answer(request: Request, answer: Answer) -> list[str]:
    """How an answer departs from the description. GitHub itself departs from it, so these are hints."""
    operation = _operation(request)
    if request.path == "/graphql" or operation is None:
        return []
    where = f"{operation.method.upper()} {operation.path} → {answer.status}"
    described = operation.value["responses"].get(str(answer.status))
    if described is None:
        common = answer.status in (301, 304, 307, 401, 403, 404, 422, 429, 500, 502)
        return [] if common else [f"{where}: not described"]
    described = _resolved(described)
    content = described.get("content", {}).get("application/json")
    if content is None or not answer.body:
        return []
    pointer = f"#/paths/{_escaped(operation.path)}/{operation.method}/responses/{answer.status}"
    reference = operation.value["responses"][str(answer.status)].get("$ref", pointer)
    reference += "/content/application~1json/schema"
    return [f"{where}: {problem}" for problem in _problems(reference, answer.json)]


def _query(request: Request, operation: Operation) -> Iterator[str]:
    known = {one["name"]: one for one in operation.parameters if one["in"] == "query"}
    for name, text in request.query.items():
        parameter = known.get(name) or known.get(f"{name}[]")
        if parameter is None:
            yield f"no query parameter `{name}`"
            continue
        schema = _resolved(parameter["schema"])
        value: Any = text
        if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
            value = int(text)
        elif schema.get("type") == "boolean" and text in ("true", "false"):
            value = text == "true"
        elif schema.get("type") == "array":
            value = text.split(",")
        for error in _validator(schema).iter_errors(value):
            yield f"`{name}`: {error.message}"
    for name, parameter in known.items():
        if parameter.get("required") and name not in request.query:
            yield f"the query parameter `{name}` is missing"


def _body(request: Request, operation: Operation) -> Iterator[str]:
    described = _resolved(operation.value.get("requestBody", {}))
    content = described.get("content", {}).get("application/json")
    if content is None:
        if request.body and request.method != "GET":
            yield "no body is described"
        return
    if not request.body:
        if described.get("required"):
            yield "the body is missing"
        return
    try:
        value = request.json
    except ValueError:
        yield "the body is not JSON"
        return
    pointer = f"#/paths/{_escaped(operation.path)}/{operation.method}/requestBody/content/application~1json/schema"
    yield from _problems(pointer, value)
    schema = _resolved(content["schema"])
    open_ended = schema.get("additionalProperties") or {"oneOf", "anyOf", "allOf"} & set(schema)
    if isinstance(value, dict) and "properties" in schema and not open_ended:
        for name in value:
            if name not in schema["properties"]:
                yield f"the body has no `{name}`"


def _problems(pointer: str, value: Any) -> Iterator[str]:
    for error in _validator({"$ref": f"{_DOCUMENT}{pointer}"}).iter_errors(value):
        if error.instance is None and (error.validator == "type" or error.schema.get("nullable")):
            continue  # said once already, or an enumeration that forgets the null that its schema allows
        place = "/".join(str(part) for part in error.absolute_path)
        yield f"{place or 'body'}: {error.message[:200]}"


def _operation(request: Request) -> Operation | None:
    path = unquote(re.sub(r"^/repositories/\d+", "/repos/o/r", request.path))
    best = None
    for pattern, literal, template in _templates().get(path.split("/")[1], ()):
        if pattern.fullmatch(path) and (best is None or literal > best[0]):
            methods = _document()["paths"][template]
            if request.method.lower() in methods:
                best = (literal, template)
    if best is None:
        return None
    value = _document()["paths"][best[1]][request.method.lower()]
    return Operation(
        best[1], request.method.lower(), value, tuple(_resolved(one) for one in value.get("parameters", ()))
    )


def _resolved(value: Values) -> Values:
    while "$ref" in value:
        target: Any = _document()
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _validator(schema: Values) -> OAS30Validator:
    return OAS30Validator(schema, registry=_registry())


@lru_cache(maxsize=1)
def _registry() -> Registry[Any]:
    # OpenAPI 3.0 has a dialect of its own, built on this one; only its pointers matter here.
    resource = DRAFT4.create_resource(_document())
    empty: Registry[Any] = Registry()
    filled: Registry[Any] = empty.with_resource(_DOCUMENT, resource)
    return filled


@lru_cache(maxsize=1)
def _templates() -> dict[str, list[tuple[re.Pattern[str], int, str]]]:
    """First segment → (pattern, number of literal characters, path) of each described path."""
    found: dict[str, list[tuple[re.Pattern[str], int, str]]] = {}
    for template in _document()["paths"]:
        parts = []
        for part in re.split(r"(\{[^}]+\})", template):
            name = part[1:-1]
            if not part.startswith("{"):
                parts.append(re.escape(part))
            else:
                # Without a path, contents are those of the top folder.
                parts.append(".*" if name == "path" else ".+" if name in WITH_SLASHES else "[^/]+")
        literal = len(re.sub(r"\{[^}]+\}", "", template))
        found.setdefault(template.split("/")[1], []).append((re.compile("".join(parts)), literal, template))
    return found


@lru_cache(maxsize=1)
def _document() -> Values:
    document: Values = json.loads(node.openapi_document().read_bytes())
    return document
