"""detect-secrets' detectors and filters, for single places of a text. Loaded only where there is a candidate."""

from __future__ import annotations

from hashlib import sha1

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.filters.allowlist import is_line_allowlisted
from detect_secrets.filters.heuristic import (
    is_indirect_reference,
    is_likely_id_string,
    is_not_alphanumeric_string,
    is_potential_uuid,
    is_prefixed_with_dollar_sign,
    is_sequential_string,
    is_templated_secret,
)
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString, HexHighEntropyString
from detect_secrets.plugins.keyword import KeywordDetector
from detect_secrets.util.code_snippet import get_code_snippet

from .secret_candidates import ASSIGNED, URL, Candidate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from detect_secrets.plugins.base import BasePlugin

_ENTROPY_LIMIT = 3.5
"""Bits a character. Below detect-secrets' default of 4.5, which no value of fewer than 23 characters can reach: here
the name already says that a credential follows."""

_REACH = 2000
_BASIC_AUTH = BasicAuthDetector()
_ASSIGNMENTS = (KeywordDetector(), Base64HighEntropyString(limit=_ENTROPY_LIMIT), HexHighEntropyString())


def confirmed(path: str, text: str, candidate: Candidate, known: Set[str]) -> bool:
    """Whether detect-secrets agrees that a candidate is a secret and nobody has allowed it.

    A provider's own format needs no further opinion; a password in a URL needs the basic-auth detector, and an
    assigned value the keyword or an entropy detector. All pass the filters, the allowlist comment and `known`, the
    hashes of the baseline.
    """
    start = text.rfind("\n", 0, candidate.start) + 1
    stop = text.find("\n", candidate.start)
    stop = len(text) if stop < 0 else stop
    # Of a very long line only the surroundings: the library's expressions would take a second for it.
    line = text[max(start, candidate.start - _REACH) : min(stop, candidate.end + _REACH)].rstrip("\r")
    value = text[candidate.start : candidate.end]
    if _allowed(path, text, start, line) or _filtered(value, line, candidate):
        return False
    if candidate.kind == URL and value not in _values(_BASIC_AUTH, path, line):
        return False
    if candidate.kind == ASSIGNED:
        canonical = f'{candidate.name}: "{value}"'
        if not any(value in _values(detector, path, canonical) for detector in _ASSIGNMENTS):
            return False
    return not known or known.isdisjoint(_hashes(path, line, value))


def _allowed(path: str, text: str, start: int, line: str) -> bool:
    before = text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : max(start - 1, 0)]
    return is_line_allowlisted(path, line, get_code_snippet([before, line], 2))


def _filtered(value: str, line: str, candidate: Candidate) -> bool:
    if is_templated_secret(value) or is_prefixed_with_dollar_sign(value) or is_not_alphanumeric_string(value):
        return True
    if candidate.kind != ASSIGNED:
        return is_sequential_string(value)
    return (
        is_sequential_string(value)
        or is_potential_uuid(value)
        or is_likely_id_string(value, line)
        or is_indirect_reference(line)
    )


def _values(plugin: BasePlugin, path: str, line: str) -> set[str]:
    found = plugin.analyze_line(filename=path, line=line, line_number=1)
    return {secret.secret_value for secret in found if secret.secret_value}


def _hashes(path: str, line: str, value: str) -> Iterator[str]:
    """The hashes under which a baseline may list this secret: of the value, and of what any detector takes for it."""
    yield _hash(value)
    detectors: Mapping[str, type[BasePlugin]] = get_mapping_from_secret_type_to_class()
    for detector in detectors.values():
        for found in _values(detector(), path, line):
            yield _hash(found)


def _hash(value: str) -> str:
    # The form of detect-secrets' baseline: an identity, not a protection.
    return sha1(value.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
