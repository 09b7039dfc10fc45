"""JSON with comments and trailing commas, as wrangler.jsonc, tsconfig.json and Renovate's files have them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def parse(text: str) -> Any:
    """The value of a JSON text that may have ``//`` and ``/* */`` comments and trailing commas.

    Raises ValueError for anything else, also for JSON5's unquoted keys and single quotes, and for absurd nesting.
    """
    # Loaded only when such a file is met: it costs half of what a bare interpreter costs.
    import json

    try:
        try:
            return json.loads(text)
        except ValueError:
            return json.loads(plain(text))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def plain(text: str) -> str:
    """The same text with comments and trailing commas blanked out, so that every offset stays where it was."""
    out = list(text)
    at = 0
    comma = -1  # the last comma with nothing but white space and comments behind it
    length = len(text)
    while at < length:
        char = text[at]
        if char == '"':
            at += 1
            while at < length and text[at] != '"':
                at += 2 if text[at] == "\\" else 1
            comma = -1
        elif char == "/" and text[at + 1 : at + 2] in ("/", "*"):
            closing = "\n" if text[at + 1] == "/" else "*/"
            stop = text.find(closing, at + 2)
            stop = length if stop < 0 else stop + (0 if closing == "\n" else 2)
            for index in range(at, stop):
                if out[index] not in "\r\n":
                    out[index] = " "
            at = stop
            continue
        elif char == ",":
            comma = at
        elif char in "]}":
            if comma >= 0:
                out[comma] = " "
            comma = -1
        elif char not in " \t\r\n":
            comma = -1
        at += 1
    return "".join(out)
