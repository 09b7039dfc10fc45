"""The options of ``check`` as data: the quick parser and the full one read the same table."""

from __future__ import annotations

from ..model import PROFILES, SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FLAG = "flag"
ONE = "one"
MANY = "many"
NUMBER = "number"


class CheckOption:
    """One option: its spellings, the field of `checking.Request` that it sets, and how it takes a value.

    `value` is what a flag sets; `choices` limits the values.
    """

    __slots__ = ("choices", "field", "help", "kind", "metavar", "names", "value")

    def __init__(
        self,
        names: tuple[str, ...],
        field: str,
        kind: str,
        help: str,
        metavar: str = "",
        choices: tuple[str, ...] = (),
        value: Any = None,
    ) -> None:
        self.names = names
        self.field = field
        self.kind = kind
        self.help = help
        self.metavar = metavar
        self.choices = choices
        self.value = value


OPTIONS = (
    CheckOption(
        ("--format", "-f"), "formats", MANY,
        "text, json, sarif, github, markdown or junit; FORMAT:FILE writes to a file; may be repeated.",
        "FORMAT[:FILE]",
    ),
    CheckOption(("--select", "-s"), "select", MANY, "Run only this rule, whatever the profile says.", "RULE"),
    CheckOption(("--ignore", "-i"), "ignore", MANY, "Leave this rule out.", "RULE"),
    CheckOption(("--profile", "-p"), "profile", ONE, "Which rules run.", choices=PROFILES),
    CheckOption(
        ("--fail-on",), "fail_on", ONE, "The mildest severity that makes the exit code 1.", choices=SEVERITIES
    ),
    CheckOption(("--policy",), "policy", ONE, "The policy pack to apply instead of the ChittyOS standard.", "FILE"),
    CheckOption(("--fix",), "fix", FLAG, "Make the fixes that are safe to merge unread.", value=True),
    CheckOption(("--diff",), "diff", FLAG, "Print what --fix would do, for `git apply`; change nothing.", value=True),
    CheckOption(("--review",), "review", FLAG, "With --fix or --diff: also the fixes that need a review.", value=True),
    CheckOption(("--explain",), "explain", FLAG, "With --fix or --diff: what was proven of each change.", value=True),
    CheckOption(
        ("--online",), "online", FLAG, "Ask GitHub what files cannot tell, with the token in GITHUB_TOKEN.", value=True
    ),
    CheckOption(
        ("--changed-since",), "changed_since", ONE,
        "With --format github: annotate only lines changed since this revision; everything is judged all the same.",
        "REVISION",
    ),
    CheckOption(
        ("--stdin-filename",), "stdin_filename", ONE, "What file the standard input, given as -, stands for.", "PATH"
    ),
    CheckOption(("--jobs", "-j"), "jobs", NUMBER, "Processes for several repositories; 0 means one a core.", "N"),
    CheckOption(
        ("--with",), "companions", MANY,
        "Also run zizmor, actionlint or shellcheck, which must be installed, and judge what they find alike.",
        "TOOL[,TOOL]",
    ),
    CheckOption(("--no-cache",), "cache", FLAG, "Neither use nor keep earlier results.", value=False),
    CheckOption(
        ("--verbose", "-v"), "verbose", FLAG, "Also list what was excepted, is staged or below the level.", value=True
    ),
)  # fmt: skip
