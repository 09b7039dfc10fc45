"""Hand-made reports: one repository with every kind of finding, a hostile one, a clean one, and a huge one."""

from __future__ import annotations

from chittyops_policy.model import (
    BELOW_LEVEL,
    EXCEPTED,
    FAIL,
    NOT_APPLICABLE,
    OPEN,
    PASS,
    REVIEW,
    SAFE,
    STAGED,
    UNKNOWN,
    Decision,
    Problem,
    Region,
    RelatedPlace,
    Report,
    RuleInfo,
    Verdict,
    Waiver,
)

DEPLOY = ".github/workflows/deploy.yml"
RULES = (
    RuleInfo(
        "missing-codeowners",
        "No CODEOWNERS file",
        "Without CODEOWNERS nobody in particular has to look at a change of a workflow.",
        "Add .github/CODEOWNERS with a line for /.github/workflows/.",
        "medium",
        "block",
        (),
    ),
    RuleInfo(
        "missing-timeout",
        "A job without a time limit",
        "A hanging job burns minutes for six hours.",
        "Set timeout-minutes.",
        "low",
        "warn",
        (),
    ),
    RuleInfo(
        "static-secret",
        "A secret that lives in the repository",
        "A stored secret can be read by every workflow that a branch can change. It also never expires.",
        "Fetch it with getchitty-creds at run time.",
        "critical",
        "block",
        ("external/cwe/cwe-798",),
    ),
    RuleInfo(
        "unpinned-uses",
        "An action that can change under you",
        "A tag can be moved to other code by whoever controls the action. A commit cannot.",
        "Pin it to a full commit SHA\nand keep the tag as a comment.",
        "high",
        "block",
        ("external/cwe/cwe-829", "supply-chain"),
    ),
    RuleInfo(
        "wide-permissions",
        "More permissions than needed",
        "What a job may do, an attacker in it may do.",
        "List permissions.",
        "medium",
        "observe",
        (),
    ),
)


def fingerprint(number: int) -> str:
    return f"{number:032x}"


def on_line(line: int, source: str, part: str) -> Region:
    """The region of `part` in a line."""
    start = source.index(part)
    return Region(line, start + 1, line, start + 1 + len(part), source)


def full() -> Report:
    """Every state, severity, outcome and kind of place once or more."""
    checkout = "      - uses: actions/checkout@v4"
    setup = "\t- uses: 'actions/setup-node@v4' # \U0001f680 \u65e5\u672c\u8a9e"
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    wide = f'      - run: echo "{family} \u65e5\u672c" && deploy ${{{{ secrets.DEPLOY_KEY }}}}'
    decisions = (
        Decision(
            "missing-codeowners",
            "medium",
            OPEN,
            "nobody owns the workflows of this repository",
            ".github/CODEOWNERS",
            None,
            "",
            fingerprint(1),
        ),
        Decision(
            "missing-timeout",
            "low",
            STAGED,
            "job build has no time limit",
            DEPLOY,
            on_line(9, "  build:", "build"),
            "jobs.build",
            fingerprint(2),
            reason="stage warn, blocks from 2027-01-01",
            fix_title="Set timeout-minutes: 30",
            fix_safety=REVIEW,
        ),
        Decision(
            "unpinned-uses",
            "high",
            OPEN,
            "actions/checkout is used by the tag v4",
            DEPLOY,
            on_line(12, checkout, "actions/checkout@v4"),
            "jobs.build.steps[0].uses",
            fingerprint(3),
            notes=("v4 is 11bd71901bbe5b1630ceea73d27597364c9af683 today",),
            related=(
                RelatedPlace(".github/workflows/ci.yml", on_line(7, checkout, "actions/checkout@v4"), "pinned here"),
            ),
            fix_title="Pin to 11bd719",
            fix_safety=SAFE,
        ),
        Decision(
            "unpinned-uses",
            "high",
            OPEN,
            "actions/setup-node is used by the tag v4",
            DEPLOY,
            on_line(13, setup, "'actions/setup-node@v4'"),
            "jobs.build.steps[1].uses",
            fingerprint(4),
            reason="the exception on line 13 expired on 2026-10-31",
            unfixable="the newest commit of this version is not known",
        ),
        Decision(
            "wide-permissions",
            "medium",
            STAGED,
            "the job may write everything",
            DEPLOY,
            on_line(14, "    permissions: write-all", "write-all"),
            "jobs.build.permissions",
            fingerprint(5),
            reason="stage observe",
        ),
        Decision(
            "static-secret",
            "critical",
            OPEN,
            "DEPLOY_KEY is not an allowed secret",
            DEPLOY,
            on_line(20, wide, "secrets.DEPLOY_KEY"),
            "jobs.build.steps[2].run",
            fingerprint(6),
            sensitive=True,
        ),
        Decision(
            "static-secret",
            "critical",
            EXCEPTED,
            "NPM_TOKEN is not an allowed secret",
            DEPLOY,
            on_line(21, "          token: ${{ secrets.NPM_TOKEN }}", "secrets.NPM_TOKEN"),
            "jobs.build.steps[3].with.token",
            fingerprint(7),
            reason="the broker serves no npm tokens, OPS-12 (line 21, until 2027-01-31)",
            waiver=Waiver("the broker serves no npm tokens, OPS-12", "line 21", expires="2027-01-31"),
        ),
        Decision(
            "unpinned-uses",
            "info",
            BELOW_LEVEL,
            "./local is fine",
            DEPLOY,
            Region(30, 5, 33, 3, "    run: |"),
            "jobs.build.steps[4]",
            fingerprint(8),
            reason="below low",
        ),
    )
    verdicts = (
        Verdict("claude-md", "CLAUDE.md is there", PASS, evidence=("CLAUDE.md",)),
        Verdict("codeowners", "CODEOWNERS guards workflows", FAIL, "no CODEOWNERS file", (".github/CODEOWNERS",)),
        Verdict("beacon", "Deployments report to the Beacon", NOT_APPLICABLE, "a documentation repository"),
        Verdict("default-setup", "CodeQL", UNKNOWN, "default setup leaves no file", (), "security_events: read"),
        Verdict("protection", "Branch protection", UNKNOWN, "not in a checkout", (), "administration: read"),
        Verdict("ruleset", "Ruleset", UNKNOWN, "not in a checkout", (), "administration: read"),
    )
    problems = (
        Problem("unreadable", ".github/workflows/secret.yml", "permission denied"),
        Problem("lookup", "", "no answer about actions/checkout"),
    )
    files = (".github/workflows/ci.yml", DEPLOY)
    policy = "chittyos 2026-11"
    return Report(
        "chittyos/demo", ".", "", "repository", "charter", policy, files, decisions, verdicts, problems, RULES
    )


def clean(subject: str = "chittyos/clean", root: str = ".") -> Report:
    verdicts = (Verdict("claude-md", "CLAUDE.md is there", PASS, evidence=("CLAUDE.md",)),)
    return Report(subject, root, "", "repository", "charter", "chittyos 2026-11", ("a.yml",), (), verdicts, (), RULES)


INJECTIONS = (
    "::error::owned",
    "\n::add-mask::x",
    "\r##[add-mask]x",
    "%0A::set-output name=a::b",
    "\x1b[31mred\x1b[0m \x9b2J",
    "\u202eright to left",
    "<script>alert(1)</script>",
    "</code></pre><img src=x onerror=alert(1)>",
    "```\n# heading\n| a | b |",
    "`tick` ``two`` *bold* [link](https://example.invalid) ![i](x) @chittyos/everyone",
    "]]> & \" ' {0} ${{ github.actor }}",
    "\x00\x0b\ufffe\udc80\u2028end",
)
"""What a hostile file could hold, each meant for at least one format."""


def hostile() -> Report:
    """A report in which everything that can come from a file is an attack."""
    decisions = []
    for number, text in enumerate(INJECTIONS):
        source = text.replace("\n", " ").replace("\r", " ")
        decisions.append(
            Decision(
                "unpinned-uses",
                "high",
                OPEN,
                text,
                f"{text}.yml",
                Region(1, 1, 1, len(source) + 1, source),
                f"jobs.{text}",
                fingerprint(100 + number),
                notes=(text,),
                related=(RelatedPlace(text, None, text),),
                fix_title=text,
                fix_safety=SAFE,
            )
        )
        decisions.append(
            Decision(
                "static-secret",
                "low",
                EXCEPTED,
                text,
                f"{text}.yml",
                None,
                "",
                fingerprint(200 + number),
                reason=text,
                waiver=Waiver(text, text, text, text, "2027-01-31"),
            )
        )
    verdicts = tuple(Verdict(f"c{n}", text, FAIL, text, (text,), text) for n, text in enumerate(INJECTIONS))
    problems = tuple(Problem("skipped", f"{text}.yml", text) for text in INJECTIONS)
    return Report(INJECTIONS[0], ".", "", "repository", "charter", "p", (), tuple(decisions), verdicts, problems, RULES)


def huge(count: int) -> Report:
    """A report of many findings, one in three grave."""
    source = "      - uses: actions/checkout@v4"
    region = on_line(12, source, "actions/checkout@v4")
    decisions = tuple(
        Decision(
            "unpinned-uses",
            ("high", "medium", "low")[number % 3],
            OPEN,
            f"actions/checkout is used by the tag v4 ({number})",
            f".github/workflows/w{number // 100:04}.yml",
            Region(number % 100 + 1, region.column, number % 100 + 1, region.end_column, source),
            f"jobs.build.steps[{number}].uses",
            f"{number * 2654435761 % 2**64:016x}{number:016x}",
        )
        for number in range(count)
    )
    return Report("chittyos/huge", ".", "", "repository", "charter", "p", (), decisions, (), (), RULES)
