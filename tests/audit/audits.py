"""Audits to show: a small one with every kind of thing in it, a hostile one, a large one, one of real repositories."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from chittyops_policy import engine
from chittyops_policy.audit.result import (
    JUDGED,
    NOT_REACHED,
    OUT_OF_SCOPE,
    Audit,
    Control,
    Measure,
    Point,
    Proposal,
    Standing,
    Subject,
)
from chittyops_policy.catalogue import load
from chittyops_policy.model import (
    EXCEPTED,
    FAIL,
    NOT_APPLICABLE,
    OPEN,
    OUTCOMES,
    PASS,
    SAFE,
    SEVERITIES,
    STAGED,
    UNKNOWN,
    Decision,
    Problem,
    Region,
    Report,
    Verdict,
    Waiver,
    counts,
)
from chittyops_policy.policy import Overrides, effective, standard_pack
from chittyops_policy.policy_file import POLICY_FILE
from chittyops_policy.projects import detect
from chittyops_policy.snapshot import Snapshot
from chittyops_policy.sources.working_tree import WorkingTree

from ..test_reporters.samples import INJECTIONS, RULES, clean, full, hostile

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "chittyos"
TODAY = "2026-11-25"
HEAD = "0123456789abcdef0123456789abcdef01234567"

CONTROLS = (
    Control("claude-md", "CLAUDE.md is there", "CLAUDE.md development guide present", ("missing-claude-md",)),
    Control("codeowners", "CODEOWNERS guards workflows", "CODEOWNERS configured", ("missing-codeowners",)),
    Control("beacon", "Deployments report to the Beacon", "ChittyBeacon integration verified", ("missing-beacon",)),
    Control("default-setup", "CodeQL", "Security scanning", ("static-secret", "unpinned-uses")),
    Control("protection", "Branch protection", "Branch protection rules active"),
    Control("ruleset", "Ruleset", "Branch protection rules active"),
)


def _audit(standings: tuple[Standing, ...], **more: object) -> Audit:
    fields: dict[str, object] = {
        "started": "2026-11-25T19:01:02Z",
        "finished": "2026-11-25T19:03:40Z",
        "source": "github",
        "scopes": ("ChittyOS", "ChittyCorp"),
        "policy": "chittyos",
        "profile": "charter",
        "digest": "ab" * 32,
        "controls": CONTROLS,
        **more,
    }
    return Audit("2026-11-25T190102Z", standings=standings, **fields)  # type: ignore[arg-type]


def small() -> Audit:
    """Six repositories of two owners: judged with findings, judged without, not reached, out of scope."""
    report = full()
    report.subject, report.revision = "ChittyOS/router", HEAD
    report.problems += (Problem("skipped", "private/notes.txt", "no rule reads a file of this name in this place"),)
    report.files += ("private/notes.txt",)
    seen = {decision.fingerprint: f"2026-11-{3 + number:02}" for number, decision in enumerate(report.decisions)}
    tidy = clean("ChittyOS/docs", "docs")
    other = clean("ChittyCorp/site", "site")
    address = "https://github.example/"
    return _audit(
        (
            Standing(
                Subject(
                    "ChittyCorp/site", url=address + "ChittyCorp/site", head=HEAD, branch="main", visibility="public"
                ),
                JUDGED,
                report=other,
                projects=("nextjs",),
                known=True,
            ),
            Standing(
                Subject("ChittyCorp/vault", url=address + "ChittyCorp/vault", visibility="private"),
                NOT_REACHED,
                reason="the token may not read its files",
                permission="contents: read",
            ),
            Standing(
                Subject(
                    "ChittyOS/docs", url=address + "ChittyOS/docs", head=HEAD, branch="main", visibility="internal"
                ),
                JUDGED,
                report=tidy,
            ),
            Standing(
                Subject("ChittyOS/old", url=address + "ChittyOS/old", visibility="public", archived=True),
                OUT_OF_SCOPE,
                reason="it is archived",
            ),
            Standing(
                Subject(
                    "ChittyOS/router",
                    url=address + "ChittyOS/router",
                    head=HEAD,
                    branch="main",
                    visibility="private",
                    language="TypeScript",
                    topics=("worker",),
                    properties={"tier": "1"},
                ),
                JUDGED,
                report=report,
                projects=("cloudflare-workers", "nodejs"),
                ring="canary",
                first_seen=seen,
                proposal=Proposal("open", url=address + "ChittyOS/router/pull/7", branch="chittyops-policy/fixes"),
            ),
            Standing(
                Subject("ChittyOS/slow", visibility="public"), NOT_REACHED, reason="GitHub answered 502 five times"
            ),
        ),
        trend=(
            _point("2026-10-01", (40, 21, 30, 9, 1), (10, 20, 12, 4)),
            _point("2026-11-01", (12, 9, 14, 5, 1), (14, 16, 12, 4)),
            _point("2026-11-25", (1, 2, 1, 0, 0), (3, 1, 3, 1)),
        ),
        problems=("the organisation ChittyCorp hides its teams",),
        measures=measures(),
    )


def measures() -> tuple[Measure, ...]:
    """One target that is met, one that is not, one that cannot be told."""
    return (
        Measure(
            "success-rate",
            "Workflow success rate",
            target="> 95 %",
            unit="%",
            value=97.3,
            samples=1840,
            outcome=PASS,
            definition="Runs that ended, without cancelled and skipped ones; of a re-run the last attempt.",
            window="2026-10-26 to 2026-11-25",
            series=(("2026-11-04", 94.0), ("2026-11-11", 96.5), ("2026-11-18", None), ("2026-11-25", 97.3)),
            rows=(("ChittyOS/router", 91.0, 200), ("ChittyOS/docs", 99.2, 120)),
        ),
        Measure(
            "build-time",
            "Average build",
            target="< 5 min",
            unit="min",
            value=6.25,
            samples=1700,
            outcome=FAIL,
            definition="From the start of the first job to the end of the last; waiting in the queue does not count.",
            window="2026-10-26 to 2026-11-25",
            series=(("2026-11-04", 7.1), ("2026-11-11", 6.6), ("2026-11-18", 6.4), ("2026-11-25", 6.25)),
        ),
        Measure(
            "patch-time",
            "Critical vulnerability patched",
            target="< 24 h",
            unit="h",
            value=None,
            samples=0,
            outcome=UNKNOWN,
            definition="From the alert to its end, of critical alerts.",
            window="2026-10-26 to 2026-11-25",
            reason="alerts cannot be read (security_events: read would tell)",
        ),
    )


def _point(day: str, open_: tuple[int, ...], verdicts: tuple[int, ...]) -> Point:
    by_severity = dict(zip(reversed(SEVERITIES), open_, strict=True))
    fixed = dict.fromkeys(SEVERITIES, 2)
    return Point(
        f"{day}T190102Z", f"{day}T19:03:40Z", 3, 2, by_severity, dict(zip(OUTCOMES, verdicts, strict=True)), fixed
    )


def attacked() -> Audit:
    """An audit in which everything that can come from outside is an attack."""
    standings = []
    for number, text in enumerate(INJECTIONS):
        report = hostile()
        report.subject = f"evil{number}/{text}"
        standings.append(
            Standing(
                Subject(
                    f"evil{number}/{text}",
                    url="javascript:alert(1)//" if number % 2 else f"https://github.example/{text}",
                    head=HEAD,
                    branch=text,
                    visibility="public",
                    language=text,
                    topics=(text,),
                    properties={text: text},
                ),
                JUDGED,
                report=report,
                projects=(text,),
                ring=text,
                proposal=Proposal("refused", url="javascript:alert(2)", branch=text, reason=text),
            )
        )
        standings.append(Standing(Subject(f"gone{number}/{text}"), NOT_REACHED, reason=text, permission=text))
        standings.append(Standing(Subject(f"out{number}/{text}"), OUT_OF_SCOPE, reason=text))
    controls = tuple(Control(f"c{n}", text, text, (text, "unpinned-uses")) for n, text in enumerate(INJECTIONS))
    return _audit(tuple(standings), scopes=INJECTIONS, controls=controls, policy=INJECTIONS[6], problems=INJECTIONS)


def large(repositories: int, findings: int) -> Audit:
    """Many repositories, each finding with a source line of its own; the same for the same numbers."""
    severities = ("critical", "high", "high", "medium", "medium", "medium", "low", "low")
    rules = [rule.id for rule in RULES]
    standings = []
    share, rest = divmod(findings, repositories)
    for number in range(repositories):
        slug = f"Org{number % 7}/service-{number:04}"
        decisions = []
        for place in range(share + (number < rest)):
            mark = number * 7919 + place * 104729
            source = (
                f"        run: ./deploy --target region-{mark % 9973} --token ${{{{ secrets.TOKEN_{mark % 6007} }}}}"
            )
            start = source.index("${{")
            state = (OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, STAGED, EXCEPTED)[mark % 9]
            waiver = Waiver("the broker has no such token", "line 3", "@org/owners", "OPS-1", "2027-01-31")
            decisions.append(
                Decision(
                    rules[mark % len(rules)],
                    severities[mark % len(severities)],
                    state,
                    f"TOKEN_{mark % 6007} is a secret of the repository beside CHITTYCONNECT_API_KEY",
                    f".github/workflows/deploy-{mark % 12}.yml",
                    Region(10 + place, start + 1, 10 + place, len(source) + 1, source),
                    f"jobs.deploy-{mark % 5}.steps[{place % 9}].run",
                    f"{mark * 2654435761 % 2**64:016x}{number:016x}",
                    reason="" if state == OPEN else "for a reason",
                    fix_title="ask ChittyConnect for the token" if mark % 3 else None,
                    fix_safety=SAFE if mark % 3 else None,
                    unfixable="" if mark % 3 else "the service of this token is not known",
                    waiver=waiver if state == EXCEPTED else None,
                )
            )
        verdicts = []
        for index, control in enumerate(CONTROLS):
            outcome = (PASS, FAIL, PASS, UNKNOWN, NOT_APPLICABLE, PASS)[(number * 5 + index) % 6]
            verdicts.append(Verdict(control.id, control.title, outcome, f"for reason {number % 9}"))
        report = Report(
            slug, ".", HEAD, "repository", "charter", "chittyos", (".github/workflows/deploy-0.yml",),
            tuple(decisions), tuple(verdicts), (), RULES,
        )  # fmt: skip
        subject = Subject(
            slug,
            url=f"https://github.example/{slug}",
            head=HEAD,
            branch="main",
            visibility=("public", "private", "internal")[number % 3],
        )
        seen = {decision.fingerprint: f"2026-{1 + number % 9:02}-11" for decision in decisions}
        projects = (("nodejs", "python", "cloudflare-workers", "rust", "go")[number % 5],)
        standings.append(Standing(subject, JUDGED, report=report, projects=projects, first_seen=seen))
    return _audit(tuple(standings))


@lru_cache(maxsize=1)
def real() -> Audit | None:
    """The repositories of the corpus as the engine judges them; None where there is no corpus."""
    if not CORPUS.is_dir():
        return None
    catalogue = load()
    pack = standard_pack(None)
    standings = []
    for folder in sorted(path for path in CORPUS.glob("*/*") if path.is_dir()):
        slug = folder.relative_to(CORPUS).as_posix()
        snapshot = Snapshot(WorkingTree(str(folder)), slug, HEAD)
        policy = effective(catalogue, pack, snapshot.read(POLICY_FILE), Overrides(), slug=slug, today=TODAY)
        report = engine.check(snapshot, catalogue, policy, today=TODAY)
        projects = tuple(dict.fromkeys(project.type for project in detect(snapshot)))
        subject = Subject(
            slug,
            url=f"https://github.com/{slug}",
            head=HEAD,
            branch="main",
            visibility="private" if len(slug) % 3 == 0 else "public",
        )
        seen = {
            decision.fingerprint: f"2026-{7 + int(decision.fingerprint[0], 16) % 5:02}-12"
            for decision in report.decisions
        }
        standings.append(Standing(subject, JUDGED, report=report, projects=projects, first_seen=seen))
    policy = effective(catalogue, pack, None, Overrides(), today=TODAY)
    controls = tuple(
        Control(control.id, control.title, control.charter, tuple(id for id, _ in control.rules))
        for control in policy.controls
    )
    totals = counts([standing.report for standing in standings if standing.report is not None])
    trend = []
    for step, day in enumerate(("2026-08-01", "2026-09-01", "2026-10-01", "2026-11-01")):
        more = {name: round(count * (1.6 - 0.14 * step)) for name, count in totals["open"].items()}
        verdicts = dict(totals["verdicts"])
        moved = round(verdicts[PASS] * (0.35 - 0.08 * step))
        verdicts[PASS] -= moved
        verdicts[FAIL] += moved
        trend.append(Point(day, f"{day}T06:00:00Z", len(standings), 0, more, verdicts, dict.fromkeys(SEVERITIES, 4)))
    trend.append(
        Point(
            "2026-11-25T190102Z", "2026-11-25T19:03:40Z", len(standings), 0, totals["open"], totals["verdicts"],
            dict.fromkeys(SEVERITIES, 6),
        )
    )  # fmt: skip
    return _audit(
        tuple(standings),
        controls=controls,
        scopes=tuple(sorted({standing.subject.owner for standing in standings})),
        trend=tuple(trend),
        measures=measures(),
    )
