"""Finds credentials written out in a text: cheap candidates first, and detect-secrets only for those.

Importing detect-secrets costs more than a whole check, and run over whole files nearly all it reports in workflows is
noise. So plain searches pick the few places that look like a credential, and its detectors and filters decide there.
An ordinary workflow has no candidate, and the library is then never loaded.
"""

from __future__ import annotations

import re

from .secret_candidates import ASSIGNED, KEY_BLOCK, TOKEN, URL, Candidate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Set
    from typing import Any, AnyStr

MAX_CANDIDATES = 200
"""Places of one file that are looked at; a file with more of them holds data, not configuration."""

# What a provider's credential begins with, and what it is in full. Sources: the providers' own descriptions, read in
# 2026-11 (Cloudflare "token formats", GitHub "authentication token formats", npm, Slack, Stripe, AWS …).
_TOKENS: tuple[tuple[str, str, str], ...] = (
    ("ghp_", r"ghp_[A-Za-z0-9]{36,}", "a GitHub token"),
    ("gho_", r"gho_[A-Za-z0-9]{36,}", "a GitHub token"),
    ("ghu_", r"ghu_[A-Za-z0-9]{36,}", "a GitHub token"),
    ("ghs_", r"ghs_[A-Za-z0-9]{36,}", "a GitHub token"),
    ("ghr_", r"ghr_[A-Za-z0-9]{36,}", "a GitHub token"),
    ("github_pat_", r"github_pat_[A-Za-z0-9_]{60,}", "a GitHub token"),
    ("npm_", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9_])", "an npm token"),
    ("cfut_", r"cfut_[A-Za-z0-9_-]{40,}", "a Cloudflare token"),
    ("cfat_", r"cfat_[A-Za-z0-9_-]{40,}", "a Cloudflare token"),
    ("cfk_", r"cfk_[A-Za-z0-9_-]{40,}", "a Cloudflare key"),
    ("AKIA", r"AKIA[0-9A-Z]{16}(?![0-9A-Za-z])", "an AWS access key"),
    ("ASIA", r"ASIA[0-9A-Z]{16}(?![0-9A-Za-z])", "an AWS access key"),
    ("AIza", r"AIza[0-9A-Za-z_-]{35}", "a Google API key"),
    ("xox", r"xox[abeoprs]-[0-9A-Za-z-]{10,}", "a Slack token"),
    ("hooks.slack", r"hooks\.slack\.com/services/T\w+/B\w+/\w{16,}", "a Slack webhook"),
    ("sk_live_", r"sk_live_[0-9a-zA-Z]{24,}", "a Stripe key"),
    ("rk_live_", r"rk_live_[0-9a-zA-Z]{24,}", "a Stripe key"),
    ("sk-", r"sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{30,}", "an AI provider's API key"),
    ("T3BlbkFJ", r"T3BlbkFJ[A-Za-z0-9]{20}", "an AI provider's API key"),
    ("eyJ", r"eyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,}", "a JSON web token"),
    ("ops_eyJ", r"ops_eyJ[A-Za-z0-9+/=_-]{80,}", "a 1Password token"),
    ("glpat-", r"glpat-[A-Za-z0-9_-]{20,}", "a GitLab token"),
    ("glrt-", r"glrt-[A-Za-z0-9_-]{20,}", "a GitLab token"),
    ("gldt-", r"gldt-[A-Za-z0-9_-]{20,}", "a GitLab token"),
    ("SG.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", "a SendGrid key"),
    ("pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{70,}", "a PyPI token"),
    ("dop_v1_", r"dop_v1_[a-f0-9]{64}", "a DigitalOcean token"),
    ("hvs.", r"hvs\.[A-Za-z0-9_-]{24,}", "a Vault token"),
    ("_authToken=", r"_authToken=[A-Fa-f0-9]{8}-[A-Fa-f0-9-]{27}", "an npm token"),
    ("AccountKey=", r"AccountKey=[A-Za-z0-9+/=]{88}", "an Azure storage key"),
)
_KEY_BLOCK = "PRIVATE KEY"

_BEARER = b"bearer"
_PASSWORD_WORDS = (b"passw", b"pwd")
_WORDS = (
    *_PASSWORD_WORDS, b"secret", b"token", b"api_key", b"apikey", b"api-key", b"access_key", b"accesskey",
    b"access-key", b"private_key", b"private-key", b"privatekey", b"credential", b"auth_key", b"authkey", _BEARER,
)  # fmt: skip
"""Parts of a name that promise a credential as its value; in lower case."""

_NO_SECRET_NAMES = (
    "id", "ids", "name", "names", "url", "uri", "file", "path", "type", "format", "length", "ttl", "endpoint",
    "prefix", "ref", "version", "audience", "scope", "scopes", "issuer", "arn", "kind", "role", "hash", "sha",
    "header", "field", "policy", "store", "provider", "integrity", "checksum", "digest", "fingerprint",
)  # fmt: skip
"""Last words of names such as ``token_url`` whose values are no credentials."""

_PLACEHOLDERS = (
    "example", "placeholder", "changeme", "change_me", "change-me", "your", "xxxx", "dummy", "fake", "sample",
    "redacted", "insert", "todo", "replace", "****", "....", "<", "{{", "${", "$(",
)  # fmt: skip
_TEST_WORDS = ("test", "mock", "local", "demo", "stub", "password", "secret", "token", "key", "ci-", "_ci")

# Behind a word of `_WORDS`: the rest of the name, an assignment, and a literal value. What begins with $, <, {, [, (,
# *, % and the like refers to something else.
_ASSIGNMENT = r"""[\w.-]{0,64}["']?\]?[ \t]*(?::=|=>|[:=])[ \t]*["']?(?![$<{\[(*%&!|>@~/\\.-])([^\s"'`,;]{10,})"""
_BEHIND_BEARER = r""" [ \t]*(?![$<{\[(*%&!|>@~/\\.])([A-Za-z0-9._~+/=-]{16,})"""
_AUTHORITY = r"""://([^:@/\s"'<>]*):([^@/\s"']+)@([^/\s"'?#<>:]+)"""
_LONGEST = 200
"""So far from the colon of its scheme the ``@`` of a URL is looked for."""

_COMPILED: dict[Any, re.Pattern[Any]] = {}

# For the quick look: every byte that a token is made of stays, letters as small ones and every digit as a `0`; all
# others become blanks.
_SMALL = bytes(range(97, 123))
_RUN = 16
_AS_RUNS = b" " * 43 + b"+ -  " + b"0" * 10 + b" " * 7 + _SMALL + b"    _ " + _SMALL + b" " * 133
_RUNS = rb"0(?:[^ ]{8}|(?<=[^ ]{8}0))[^ ]*"
"""The rest of a run from its first digit on: of a long run, half must stand before that or behind it."""
_BEGINNINGS = tuple(token[0].encode() for token in _TOKENS)


def secrets_in(path: str, text: str, known: Set[str] = frozenset()) -> list[Candidate]:
    """The credentials in a text, in order.

    `known` are the hashes that the repository's baseline lists for this path, see `baseline_hashes`. A line with
    detect-secrets' ``pragma: allowlist secret`` is left out, as is what its filters take for no secret.
    """
    found = candidates(text)
    if not found:
        return []
    # Importing detect-secrets takes about 200 ms: only a file with candidates pays for it.
    from .secret_plugins import confirmed

    return [candidate for candidate in found if confirmed(path, text, candidate, known)]


def candidates(text: str) -> list[Candidate]:
    """The places of a text that are worth asking detect-secrets about, in order and without overlap."""
    found: list[Candidate] = []
    data = text.encode("latin-1", "replace")  # a byte for each character, so that places are the same
    marked = data.translate(_AS_RUNS)
    tokens, mixed = _quick_look(data, marked)
    if tokens or b"hooks.slack" in data:
        found.extend(_tokens(text))
    if b"-----BEGIN" in data:
        found.extend(_key_blocks(text))
    if b"://" in data:
        found.extend(_urls(text))
    if mixed:
        found.extend(_assigned(text, marked, _WORDS))
    elif b"passw" in marked or b"pwd" in marked:
        found.extend(_assigned(text, marked, _PASSWORD_WORDS))
    if len(found) < 2:
        return found
    if len(found) > MAX_CANDIDATES:
        found = found[:MAX_CANDIDATES]
    # The earlier searches are the surer ones: of two that overlap the first found stays.
    kept: list[Candidate] = []
    for candidate in found:
        if all(candidate.end <= other.start or other.end <= candidate.start for other in kept):
            kept.append(candidate)
    kept.sort(key=lambda candidate: candidate.start)
    return kept


def _quick_look(data: bytes, marked: bytes) -> tuple[bool, bool]:
    """Whether a provider's token may be in a text, and whether a generated value may; both err on the side of yes.

    Almost every file is done with after this: it looks only at long unbroken runs of letters, digits, ``_``, ``-`` and
    ``+`` with a digit, which one expression finds in `marked`, the text translated by `_AS_RUNS`. Pinned actions,
    ``@`` and 40 digits, are passed over. A value of base64 with ``/`` is seen by its pieces.
    """
    runs = []
    mixed = False
    for match in _pattern(_RUNS).finditer(marked):
        digit, end = match.span()
        at = marked.rfind(b" ", 0, digit) + 1
        length = end - at
        if length >= _RUN and (length != 40 or data[at - 1] != 64):
            # The beginning of some tokens ends in a dot or an equals sign, just before the run.
            runs.append(data[max(at - 12, 0) : end])
            mixed = mixed or _mixed(data[at:end])
    if not runs:
        return False, False
    joined = b" ".join(runs)
    for beginning in _BEGINNINGS:
        if beginning in joined:
            return True, mixed
    return False, mixed


def _mixed(run: bytes) -> bool:
    """Whether a run that has a digit has letters of both cases too, or is a long hexadecimal number."""
    if run != run.lower() and run != run.upper():
        return True
    return len(run) >= 24 and _pattern(rb"[0-9A-Fa-f]{24}").search(run) is not None


def _tokens(text: str) -> Iterator[Candidate]:
    for beginning, pattern, title in _TOKENS:
        at = text.find(beginning)
        while at >= 0:
            if at == 0 or not text[at - 1].isalnum() or beginning == "T3BlbkFJ":
                match = _pattern(pattern).match(text, at)
                if match is not None:
                    if not _placeholder(match[0][len(beginning) :]):
                        yield Candidate(TOKEN, at, match.end(), title)
                    at = match.end() - len(beginning)
            at = text.find(beginning, at + len(beginning))


def _key_blocks(text: str) -> Iterator[Candidate]:
    at = text.find(_KEY_BLOCK)
    while at >= 0:
        begin = text.rfind("-----BEGIN ", max(at - 40, 0), at)
        if begin >= 0:
            # A script that greps for the header has no key behind it.
            match = _pattern(r"PRIVATE KEY(?: BLOCK)?-----[\s\\nr\"',|>+-]*[A-Za-z0-9+/=:, -]{24,}").match(text, at)
            if match is not None:
                stop = text.find("-----END", at)
                if stop < 0:
                    stop = text.find("\n", match.end())
                yield Candidate(KEY_BLOCK, begin, stop if stop > 0 else len(text), "a private key")
        at = text.find(_KEY_BLOCK, at + 1)


def _urls(text: str) -> Iterator[Candidate]:
    for match in _pattern(_AUTHORITY).finditer(text):
        if match.end(2) < match.start() + _LONGEST and _open_password(match[1], match[2], match[3]):
            yield Candidate(URL, match.start(2), match.end(2), "a password in a URL")


def _open_password(user: str, password: str, host: str) -> bool:
    lower = password.lower()
    if "$" in user or password[0] in "$<{%*[(" or "${" in password or "}}" in password or lower == user.lower():
        return False
    if "." not in host or host.startswith("127.") or host.endswith((".local", ".test", ".internal")):
        return False  # a service container or the machine itself: the password opens nothing
    return len(password) >= 6 and not _placeholder(lower) and not any(word in lower for word in _TEST_WORDS)


def _assigned(text: str, marked: bytes, words: tuple[bytes, ...]) -> Iterator[Candidate]:
    for word in words:
        at = marked.find(word)
        if at < 0:
            continue
        match_at = _pattern(_BEHIND_BEARER if word == _BEARER else _ASSIGNMENT).match
        while at >= 0:
            match = match_at(text, at + len(word))
            if match is not None:
                candidate = _judged(text, word, at, match)
                if candidate is not None:
                    yield candidate
                at = match.end() - len(word)
            at = marked.find(word, at + len(word))


def _judged(text: str, word: bytes, at: int, match: re.Match[str]) -> Candidate | None:
    begin = at
    while begin > max(at - 64, 0) and (text[begin - 1].isalnum() or text[begin - 1] in "_-"):
        begin -= 1
    name_end = at + len(word)
    while name_end < min(at + 64, len(text)) and (text[name_end].isalnum() or text[name_end] in "_-"):
        name_end += 1
    name = "Authorization" if word == _BEARER else text[begin:name_end]
    last = name.lower().replace("-", "_").rpartition("_")[2]
    if last in _NO_SECRET_NAMES or name.endswith(("Id", "Name", "Url", "Type", "Path", "File")):
        return None
    line = text.rfind("\n", 0, at) + 1
    if text[line:at].lstrip(" \t-").startswith("#"):
        return None
    value = match[1].rstrip(")]}")
    if text[match.start(1) - 1] not in "\"'":  # unquoted: a call, a comparison or a chain of names is no literal
        value = value.rstrip(".:")
        if any(char in value for char in "()[]{}$|<>`") or "&&" in value:
            return None
    if not _random_looking(value, password=word in _PASSWORD_WORDS):
        return None
    title = f"the value of {name}" if word != _BEARER else "a bearer token"
    return Candidate(ASSIGNED, match.start(1), match.start(1) + len(value), title, name)


def _random_looking(value: str, password: bool) -> bool:
    """Whether a literal looks made by a generator: letters and digits mixed in a way that names and words are not."""
    lower = value.lower()
    if _placeholder(lower) or any(word in lower for word in _TEST_WORDS):
        return False
    digits = sum(char.isdigit() for char in value)
    upper = sum(char.isupper() for char in value)
    small = sum(char.islower() for char in value)
    other = len(value) - digits - upper - small
    if password:
        return len(value) >= 10 and digits > 0 and (upper > 0) + (small > 0) + (other > 0) >= 2
    if len(value) < 16 or digits < (1 if len(value) >= 20 else 2) or other > len(value) // 4 or "://" in value:
        return False
    if other >= 2 and all(part.isalpha() or part.isdigit() for part in _pattern(r"[^A-Za-z0-9]+").split(value) if part):
        return False  # words and numbers, as in a name
    if digits + sum(char in "abcdef" for char in lower if char.isalpha()) == len(value):
        return len(value) >= 24  # hexadecimal
    return upper > 0 and small > 0 and _changes(value) >= len(value) // 4


def _changes(value: str) -> int:
    """How often the class of character changes from one character to the next."""
    classes = [0 if char.isdigit() else 1 if char.isupper() else 2 if char.islower() else 3 for char in value]
    return sum(classes[at] != classes[at - 1] for at in range(1, len(classes)))


def _placeholder(value: str) -> bool:
    lower = value.lower()
    return any(word in lower for word in _PLACEHOLDERS) or len(set(lower)) < 6


def _pattern(source: AnyStr) -> re.Pattern[AnyStr]:
    compiled = _COMPILED.get(source)
    if compiled is None:
        compiled = _COMPILED[source] = re.compile(source)
    return compiled


def baseline_hashes(baseline: bytes) -> dict[str, frozenset[str]]:
    """Path → hashes that a ``.secrets.baseline`` of detect-secrets lists; {} where it is not readable as one.

    An entry that an audit marked as a real secret (``is_secret: true``) is no excuse and is left out.
    """
    import json  # few repositories have a baseline, and json is not free

    try:
        results = json.loads(baseline)["results"]
        return {
            path.replace("\\", "/").removeprefix("./"): frozenset(
                str(entry["hashed_secret"]) for entry in entries if entry.get("is_secret") is not True
            )
            for path, entries in results.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
