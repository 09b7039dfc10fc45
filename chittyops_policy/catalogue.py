"""Collects the rules: every module under ``rules/<theme>/`` and every YAML file under ``policies/rules/``.

There is no list to edit by hand; a rule is a file in a folder. What rules say of themselves is also kept in a generated
index, so that a check imports only the modules of rules that really look at something. In a checkout, a rule file that
is newer than the index, or not in it, makes the index be left alone.
"""

from __future__ import annotations

import os

from .errors import BugError
from .resources import INSTALLED, compiled
from .rule import Option, Rule
from .schema_rule import shipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules")
INDEX = os.path.join(_FOLDER, "index.json")
"""The generated index; `index_text` makes it."""

_PLAIN = ("id", "theme", "severity", "profile", "title", "why", "how", "since", "limits", "unfixable", "part")
_LISTS = ("visits", "tags")
"""The order of both is that of the rows of `index_row`."""


class Catalogue:
    """The rules by id, in the order of their ids."""

    __slots__ = ("rules",)

    def __init__(self, rules: dict[str, Rule]) -> None:
        self.rules = dict(sorted(rules.items()))

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules.values())

    def __len__(self) -> int:
        return len(self.rules)

    def get(self, id: str) -> Rule | None:
        """The rule of that id, or None."""
        return self.rules.get(id)


class IndexedRule(Rule):
    """A rule whose words come from the index; its module is imported at the first use of its check or examples."""

    __slots__ = ()

    def __init__(self, row: tuple[Any, ...]) -> None:
        """Takes a row of `index_row`."""
        (
            self.id, self.theme, self.severity, self.profile, self.title, self.why, self.how, self.since, self.limits,
            self.unfixable, self.part, self.visits, self.tags, self.needs, self.places, options,
        ) = row  # fmt: skip
        self.guard = self.needs
        self.options = {name: Option(default, help, schema) for name, default, help, schema in options}

    def __getattr__(self, name: str) -> Any:
        # Reached only for a slot that has no value yet.
        if name not in ("check", "examples"):
            raise AttributeError(name)
        rule = _rule_of(self.theme, _module_of(self.id))
        self.check = rule.check
        self.examples = rule.examples
        self.guard = rule.guard
        return getattr(self, name)


def load(fresh: bool = False) -> Catalogue:
    """Every rule that ships with the package; `fresh` leaves the index alone.

    Raises BugError when a rule module is not what it should be.
    """
    rules = None if fresh else _indexed()
    if rules is None:
        rules = load_modules()
    for rule in shipped():
        if rule.id in rules:
            raise BugError(f"the rule {rule.id} exists twice")
        rules[rule.id] = rule
    return Catalogue(rules)


def load_modules() -> dict[str, Rule]:
    """The rules that are written in Python, each from its module, by id."""
    rules: dict[str, Rule] = {}
    for theme, module in rule_modules():
        rule = _rule_of(theme, module)
        rules[rule.id] = rule
    return rules


def rule_modules() -> Iterator[tuple[str, str]]:
    """(theme, module name) of each rule module, sorted."""
    for theme in sorted(os.listdir(_FOLDER)):
        folder = os.path.join(_FOLDER, theme)
        if not theme.startswith("_") and os.path.isdir(folder):
            for name in sorted(os.listdir(folder)):
                if name.endswith(".py") and not name.startswith("_"):
                    yield theme, name[:-3]


def index_text() -> str:
    """What the index should contain; see `load`."""
    import json  # only to write it

    entries = []
    for rule in load_modules().values():
        entry: dict[str, Any] = {name: getattr(rule, name) for name in _PLAIN}
        entry.update((name, list(getattr(rule, name))) for name in _LISTS)
        entry["needs"] = [need.decode() for need in rule.needs]
        entry["places"] = None if rule.places is None else list(rule.places)
        entry["options"] = {
            name: {"default": option.default, "help": option.help, "schema": option.schema}
            for name, option in rule.options.items()
        }
        entries.append(entry)
    return json.dumps(entries, indent=1) + "\n"


def index_row(entry: dict[str, Any]) -> tuple[Any, ...]:
    """An entry of the index as plain tuples, which Python loads from a compiled module as they are."""
    return (
        *(entry[name] for name in _PLAIN),
        *(tuple(entry[name]) for name in _LISTS),
        tuple(text.encode() for text in entry["needs"]),
        None if entry["places"] is None else tuple(entry["places"]),
        tuple((name, option["default"], option["help"], option["schema"]) for name, option in entry["options"].items()),
    )


def _indexed() -> dict[str, Rule] | None:
    """The rules from the index; None where it is missing, unreadable or, in a checkout, out of date."""
    try:
        rows = compiled("rules", "index.json")
        if rows is None:
            import json  # an installed package does without

            with open(INDEX, encoding="utf-8") as stream:
                rows = [index_row(entry) for entry in json.load(stream)]
        rules: dict[str, Rule] = {row[0]: IndexedRule(row) for row in rows}
        if not INSTALLED:
            written = os.stat(INDEX).st_mtime_ns
            found = list(rule_modules())
            newest = max(os.stat(os.path.join(_FOLDER, theme, name + ".py")).st_mtime_ns for theme, name in found)
            if newest > written or set(found) != {(rule.theme, _module_of(id)) for id, rule in rules.items()}:
                return None
        return rules
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _module_of(id: str) -> str:
    return id.replace("-", "_")


def _rule_of(theme: str, module: str) -> Rule:
    # The built-in rather than importlib, whose package takes longer to load than any rule.
    rule = __import__(f"chittyops_policy.rules.{theme}.{module}", fromlist=["RULE"]).RULE
    if not isinstance(rule, Rule) or rule.id != module.replace("_", "-") or rule.theme != theme:
        raise BugError(f"rules/{theme}/{module}.py does not define the rule that its name says")
    return rule
