"""Names a finding without line numbers, so that it keeps its name when lines move."""

from __future__ import annotations

# hashlib takes four milliseconds to load OpenSSL's digests; the interpreter's own module is enough here.
try:
    from _sha2 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Finding


def fingerprints(findings: Sequence[Finding], texts: Sequence[str]) -> list[str]:
    """One fingerprint a finding: 32 hex digits from rule, path, route without indices, and the text under the span.

    `texts` are the texts under the spans, in the same order. Equal findings of one file are told apart by their
    order; a finding's `anchor` stands for the text where it has one.
    """
    seen: dict[str, int] = {}
    result: list[str] = []
    for finding, text in zip(findings, texts, strict=True):
        subject = " ".join((finding.anchor if finding.anchor is not None else text).split())
        identity = f"{finding.rule}\0{finding.path}\0{without_indices(finding.route)}\0{subject}"
        occurrence = seen[identity] = seen.get(identity, 0) + 1
        result.append(sha256(f"{identity}\0{occurrence}".encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return result


def without_indices(route: str) -> str:
    """A route with list positions left out: a step that moves up is still the same step."""
    if "[" not in route:
        return route
    found, *parts = route.split("[")
    for part in parts:
        index, _, rest = part.partition("]")
        found += f"[]{rest}" if index.isdigit() else f"[{part}"
    return found


def digest(data: bytes) -> str:
    """The SHA-256 of bytes as 64 hex digits."""
    return str(sha256(data).hexdigest())
