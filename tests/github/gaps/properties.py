"""Custom properties: the organisation's schema, and each repository's values."""

from __future__ import annotations

from ..memory import Repository
from ..messages import Answer, Refusal, answer, not_found, page_of
from ..server import Call, Routes
from ..shapes import Values

routes = Routes()


@routes.add("GET", "/orgs/{org}/properties/schema", "organization_custom_properties:read")
def get_schema(call: Call, org: str) -> Answer:
    """The properties that the organisation has defined."""
    return answer(list(_schema(call, org).values()))


@routes.add("PATCH", "/orgs/{org}/properties/schema", "organization_custom_properties:admin")
def update_schema(call: Call, org: str) -> Answer:
    """Defines several."""
    for given in call.json["properties"]:
        url = f"{call.server.address}/orgs/{org}/properties/schema/{given['property_name']}"
        _schema(call, org)[given["property_name"]] = {"url": url, "source_type": "organization", **given}
    return answer(list(_schema(call, org).values()))


@routes.add("GET", "/orgs/{org}/properties/values", "organization_custom_properties:read")
def list_values(call: Call, org: str) -> Answer:
    """The values of every repository of the organisation."""
    found = [
        {
            "repository_id": one.id,
            "repository_name": one.name,
            "repository_full_name": one.slug,
            "properties": _values(call, one),
        }
        for one in call.memory.repositories()
        if one.owner == org and call.token.sees(one.slug, one.private)
    ]
    return page_of(call.request, found, call.server.address)


@routes.add("PATCH", "/orgs/{org}/properties/values", "organization_custom_properties:write")
def set_values(call: Call, org: str) -> Answer:
    """Gives several repositories the same values."""
    for name in call.json["repository_names"]:
        _set(call, call.repository(org, name), call.json["properties"])
    return answer(None, 204)


@routes.add("GET", "/repos/{owner}/{repo}/properties/values", "metadata:read")
def get_values(call: Call, owner: str, repo: str) -> Answer:
    """A repository's values, null where none is set."""
    return answer(_values(call, call.repository(owner, repo)))


@routes.add("PATCH", "/repos/{owner}/{repo}/properties/values", "repository_custom_properties:write")
def set_repository_values(call: Call, owner: str, repo: str) -> Answer:
    """Sets some."""
    _set(call, call.repository(owner, repo), call.json["properties"])
    return answer(None, 204)


def _schema(call: Call, org: str) -> dict[str, Values]:
    if call.kept("accounts", "", dict).get(org) != "Organization":
        raise not_found()
    found: dict[str, Values] = call.kept("property-schema", org, dict)
    return found


def _values(call: Call, one: Repository) -> list[Values]:
    schema = call.kept("property-schema", one.owner, dict)
    kept = call.kept("property-values", one.id, dict)
    return [
        {"property_name": name, "value": kept.get(name, definition.get("default_value"))}
        for name, definition in schema.items()
    ]


def _set(call: Call, one: Repository, properties: list[Values]) -> None:
    schema = call.kept("property-schema", one.owner, dict)
    kept = call.kept("property-values", one.id, dict)
    for given in properties:
        name, value = given["property_name"], given["value"]
        definition = schema.get(name)
        if definition is None:
            raise Refusal(422, f"Property {name} does not exist")
        allowed = definition.get("allowed_values")
        if allowed and value is not None and value not in allowed:
            raise Refusal(422, f"Property value {value} is not allowed")
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
