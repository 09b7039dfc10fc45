"""What an example shows as the result of a fix is what the fix makes of its files."""

from __future__ import annotations

import pytest

from chittyops_policy.rule import Example, Rule

from .checked import CATALOGUE
from .fixed_files import repaired

CASES = [
    pytest.param(rule, example, id=f"{rule.id}: {example.title}")
    for rule in CATALOGUE
    for example in rule.examples()
    if example.after
]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_the_files_after_the_fix(rule: Rule, example: Example) -> None:
    slug = example.slug or "example/repository"
    after = repaired(example.files, rule.id, slug=slug, options=example.options)
    changed = {path: text for path, text in after.items() if example.files.get(path) != text}
    assert changed == example.after
