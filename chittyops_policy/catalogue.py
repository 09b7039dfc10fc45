"""Collects the rules: every module under ``rules/<theme>/`` and every YAML file under ``policies/rules/``.

There is no list to edit by hand; a rule is a file in a folder.
"""

from __future__ import annotations

import os
from importlib import import_module

from .errors import BugError
from .resources import resource_path
from .rule import Rule
from .schema_rule import load_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules")


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


def load() -> Catalogue:
    """Every rule that ships with the package. Raises BugError when a rule module is not what it should be."""
    rules: dict[str, Rule] = {}
    for theme, module in rule_modules():
        rule = import_module(f"chittyops_policy.rules.{theme}.{module}").RULE
        if not isinstance(rule, Rule) or rule.id != module.replace("_", "-") or rule.theme != theme:
            raise BugError(f"rules/{theme}/{module}.py does not define the rule that its name says")
        rules[rule.id] = rule
    for rule in load_folder(resource_path("policies", "rules"), "policies/rules"):
        if rule.id in rules:
            raise BugError(f"the rule {rule.id} exists twice")
        rules[rule.id] = rule
    return Catalogue(rules)


def rule_modules() -> Iterator[tuple[str, str]]:
    """(theme, module name) of each rule module, sorted."""
    for theme in sorted(os.listdir(_FOLDER)):
        folder = os.path.join(_FOLDER, theme)
        if not theme.startswith("_") and os.path.isdir(folder):
            for name in sorted(os.listdir(folder)):
                if name.endswith(".py") and not name.startswith("_"):
                    yield theme, name[:-3]
