"""A security scanner that is there but can never fail, or never run."""

from __future__ import annotations

import re

from chittyops_policy import jsonc
from chittyops_policy.calls import granted, level
from chittyops_policy.document import Mapping, Scalar, Sequence
from chittyops_policy.expression_values import truth
from chittyops_policy.expressions import condition
from chittyops_policy.mentions import Hints, whole
from chittyops_policy.model import Related, Span
from chittyops_policy.patterns import matches
from chittyops_policy.rule import REPOSITORY, Context, Example, NotApplicable, Rule
from chittyops_policy.scanners import everywhere, scanners_of
from chittyops_policy.shell_commands import has_option
from chittyops_policy.step_contracts import Placed, made_of, runs_of
from chittyops_policy.workflow import condition_constant, mapping_of, scalars_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from chittyops_policy.document import Document, Node
    from chittyops_policy.expression_syntax import Expr
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Outcome
    from chittyops_policy.scanners import Scanner, Scanners
    from chittyops_policy.snapshot import Snapshot
    from chittyops_policy.step_contracts import Match, Runs
    from chittyops_policy.workflow import Job, Step, Workflow

    _Judged: TypeAlias = "dict[tuple[str, int, int], list[tuple[Match, list[Reason]]]]"
    _Judgements: TypeAlias = "dict[str, tuple[tuple[Match, ...], _Judged]]"

_STATUS = r"\b(?:always|failure|cancelled)\s*\("
_FAILS = r"\bexit\s+[\"']?[1-9$]|setFailed\s*\(|(?:sys|process)\.exit\s*\(\s*[1-9]|GITHUB_(?:OUTPUT|ENV)\b"
"""What a script does that makes a difference later: it fails, or it hands a value to another step."""

_REPORT_OPTIONS = frozenset(
    ("-o", "-r", "--output", "--out", "--output-file", "--report-path", "--json-file-output", "--sarif-file-output")
)
_REPORT_ENDINGS = (".json", ".sarif", ".txt", ".xml")
_BY_HAND = "never runs by itself"


SWITCHED_OFF, TOLERATED, SWALLOWED, PERMISSION = "if", "continue-on-error", "script", "permissions"
OPTION, INPUT, LENIENT = "option", "input", "lenient"
TOKEN, WAITING, TRIGGER = "token", "needs", "on"
"""What makes a scan vain: a false condition, a tolerated failure, a script that hides it, a missing scope; an option or
an input that mutes the tool, the absence of one that it needs; no token, a job before it that is off, no event that
starts it."""


class Reason:
    """Why a scan is in vain: words, and the node that makes it so, with its document.

    `kind` is one of the above; `name` is the scope, option, input or variable that it is about.
    """

    __slots__ = ("document", "kind", "name", "node", "text", "verb")

    def __init__(
        self,
        verb: str,
        text: str,
        document: Document | None = None,
        node: Node | None = None,
        *,
        kind: str = TRIGGER,
        name: str = "",
    ) -> None:
        self.verb = verb
        self.text = text
        self.document = document
        self.node = node
        self.kind = kind
        self.name = name


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    scanners = scanners_of(context)
    if not any(scanners.found.values()):
        yield NotApplicable("no step runs a scanner that the policy knows")
    for id, (found, judged) in context.once(_judgements).items():
        scanner = scanners.known[id]
        # A step that several workflows run is in vain only where it is so in each of them.
        useful = [cases[0][0] for cases in judged.values() if any(not reasons for _, reasons in cases)]
        titles = {title_of(match, scanner) for match in useful}
        steps = {(_step_of(match), title_of(match, scanner)) for match in useful}
        called = any(match.placed is None for match in found)
        for cases in judged.values():
            match, reasons = cases[0]
            title = title_of(match, scanner)
            elsewhere = called or title in titles
            if not all(against for _, against in cases) or (_step_of(match), title) in steps:
                continue  # a gentle first run beside a strict second one in the same step is somebody's intention
            if elsewhere and all(reason.verb == _BY_HAND for reason in reasons):
                continue  # a release that is started by hand may well scan once more
            yield _finding(match, reasons, scanner, elsewhere, context)
        yield from _configuration(scanner, snapshot, context)


def judgement(finding: Finding, context: Context) -> tuple[Scanner, Match, list[Reason]] | None:
    """The step that a finding is about, with every reason; None for a finding about a configuration file."""
    judgements: _Judgements = context.once(_judgements)
    for id, (_, judged) in judgements.items():
        for cases in judged.values():
            match, reasons = cases[0]
            document, _, place = _spot(match)
            if (document.path, Span(place.start, place.end)) == (finding.path, finding.span):
                if finding.anchor == _anchor(id, match):
                    return scanners_of(context).known[id], match, reasons
    return None


def _judgements(context: Context) -> _Judgements:
    """Scanner → what was found of it, and what speaks against each place."""
    scanners = scanners_of(context)
    runs = runs_of(context)
    result: _Judgements = {}
    for id, scanner in scanners.known.items():
        found = scanners.found[id]
        judged = _judged(found, scanner, scanners, runs)
        if runs.narrow is not None and any(reasons for cases in judged.values() for _, reasons in cases):
            # How grave it is depends on what else the repository runs.
            found = everywhere(scanner, context)
            judged = _judged(found, scanner, scanners, runs)
        result[id] = found, judged
    return result


def _judged(found: tuple[Match, ...], scanner: Scanner, scanners: Scanners, runs: Runs) -> _Judged:
    """Each place of a scanner with what speaks against it, once for every way in which it is reached."""
    judged: _Judged = {}
    for match in found:
        if match.placed is not None:
            judged.setdefault(_place(match), []).append((match, list(_reasons(match, scanner, scanners, runs))))
    return judged


def _finding(match: Match, reasons: list[Reason], scanner: Scanner, elsewhere: bool, context: Context) -> Finding:
    document, node, place = _spot(match)
    first = reasons[0]
    related = tuple(
        Related(reason.document.path, reason.node.span, reason.text)
        for reason in reasons
        if reason.document is not None and reason.node is not None
    )
    return context.at(
        document,
        place,
        f"{title_of(match, scanner)} {first.verb}: {first.text}",
        node=node,
        notes=tuple(f"and {reason.text}" for reason in reasons[1:]),
        related=related,
        severity="low" if elsewhere else None,
        anchor=_anchor(scanner.id, match),
        aside=elsewhere,
    )


def _anchor(id: str, match: Match) -> str:
    """What a finding is known by: several commands of one script are told apart by their words."""
    document, node, _ = _spot(match)
    return " ".join([f"{id}:{document.route(node)}", *(match.command.words if match.command is not None else ())])


def _spot(match: Match) -> tuple[Document, Node, Node | Span]:
    """Where a finding about a match stands: the document, the node, and the place in it."""
    placed = match.placed
    assert placed is not None
    document, node = placed.anchor
    step = placed.step
    if placed.own and match.command is not None and step.run is not None:
        return document, step.run, document.spot(step.run, match.command.start, match.command.list_end)
    if placed.own and step.uses is not None:
        return document, step.uses.node, step.uses.node
    return document, node, node


def title_of(match: Match, scanner: Scanner) -> str:
    """The scanner's name; for a family such as the package audits the command or the action."""
    if not scanner.title.startswith("the "):
        return scanner.title
    if match.command is None:
        return match.placed.step.uses.name if match.placed is not None and match.placed.step.uses is not None else ""
    return " ".join(match.command.program[: len(match.form.pattern.split())])


def _place(match: Match) -> tuple[str, int, int]:
    assert match.placed is not None
    document, node = match.placed.anchor
    if match.command is None:
        return document.path, node.start, -1
    return document.path, node.start, match.command.start


def _step_of(match: Match) -> int | None:
    return None if match.placed is None else id(match.placed.step.node)


# ------------------------------------------------------------------------------------------------------ reasons


def _reasons(match: Match, scanner: Scanner, scanners: Scanners, runs: Runs) -> Iterator[Reason]:
    placed = match.placed
    assert placed is not None
    yield from _never_runs(placed)
    yield from _cannot_work(placed, scanner, runs)
    if _uploaded(match, scanners, runs):
        return
    yield from _tolerated(placed)
    command = match.command
    if command is not None:
        if command.swallowed and not _consulted_report(match, runs):
            yield Reason("cannot fail here", command.swallowed, kind=SWALLOWED)
        harmless = next((option for option in scanner.harmless_options if has_option(command.program, option)), None)
        if harmless is not None:
            yield Reason("cannot fail here", f"{harmless} makes every outcome a success", kind=OPTION, name=harmless)
    yield from _by_default(match, scanner, runs)


def _never_runs(placed: Placed) -> Iterator[Reason]:
    """Conditions that never hold, and triggers that nobody pulls."""
    off = False
    for workflow, job in placed.frames:
        node = job.node.get("if")
        if condition_constant(node) is False:
            why = "the condition of its job is always false"
            yield Reason("never runs", why, workflow.document, node, kind=SWITCHED_OFF)
            off = True
            continue
        waits = _skipped_need(workflow, job, ())
        if waits is not None:
            yield Reason("never runs", f"its job waits for {waits.id}, whose condition is always false", kind=WAITING)
            off = True
    for step in (*placed.outer, placed.step):
        node = step.node.get("if")
        if condition_constant(node) is False:
            why = "the condition of its step is always false"
            yield Reason("never runs", why, _document_of(step, placed), node, kind=SWITCHED_OFF)
            off = True
    if off:
        return
    events = placed.live.triggers
    live = [event for event, (_, config) in events.items() if event != "workflow_call" and not _is_dead(event, config)]
    if not live:
        names = " and ".join(event for event in events if event != "workflow_call")
        yield Reason("never runs", f"the filters of {names} let nothing through")
        return
    held = [event for event in live if _may_hold(placed, event)]
    if not held:
        yield Reason("never runs", "its conditions hold for none of the events that start the workflow")
    elif held == ["workflow_dispatch"]:
        key = events["workflow_dispatch"][0]
        why = "it only runs when somebody starts it by hand"
        yield Reason(_BY_HAND, why, placed.live.document, key)


def _skipped_need(workflow: Workflow, job: Job, seen: tuple[str, ...]) -> Job | None:
    """A job that is switched off and on which this one waits, so that it is skipped as well."""
    if re.search(_STATUS, text_of(job.node.get("if")), re.IGNORECASE):
        return None
    for name in job.needs:
        other = workflow.job(name.value)
        if other is None or other.id in seen or len(seen) > 50:
            continue
        if condition_constant(other.node.get("if")) is False:
            return other
        further = _skipped_need(workflow, other, (*seen, other.id))
        if further is not None:
            return further
    return None


def _is_dead(event: str, config: Node | None) -> bool:
    """Whether the filters of an event let nothing through, as far as the file alone tells."""
    if event == "schedule":
        return not isinstance(config, Sequence) or not config.items
    if not isinstance(config, Mapping) or "tags" in config or "tags-ignore" in config:
        return False
    if event == "push" and not ("branches" in config or "branches-ignore" in config):
        return False  # pushes of tags know no paths
    ignored = [item.value for name in ("branches-ignore", "paths-ignore") for item in scalars_of(config.get(name))]
    return "**" in ignored


def _may_hold(placed: Placed, event: str) -> bool:
    """Whether every condition around a step can be true in a run that an event starts."""
    known: dict[tuple[str, ...], str | bool] = {("github", "event_name"): event}
    inputs: dict[tuple[str, ...], str | bool] = {}
    for number, (workflow, job) in enumerate(placed.frames):
        if number:
            inputs = _given_inputs(placed.frames[number - 1][1], workflow)
        if not _can_be_true(job.node.get("if"), {**known, **inputs}):
            return False
    if placed.outer:
        return all(_can_be_true(step.node.get("if"), {**known, **inputs}) for step in placed.outer[:1])
    return _can_be_true(placed.step.node.get("if"), {**known, **inputs})


def _can_be_true(node: Node | None, known: dict[tuple[str, ...], str | bool]) -> bool:
    if not isinstance(node, Scalar):
        return True
    expr: Expr | None = condition(node.value).expr
    return expr is None or truth(expr, known) is not False


def _given_inputs(caller: Job, callee: Workflow) -> dict[tuple[str, ...], str | bool]:
    """The inputs of a called workflow whose value the caller's file or the default says."""
    call = mapping_of(callee.triggers["workflow_call"][1]) if "workflow_call" in callee.triggers else None
    declared = mapping_of(call.get("inputs")) if call is not None else None
    given = mapping_of(caller.node.get("with"))
    found: dict[tuple[str, ...], str | bool] = {}
    for name, _, declaration in declared.pairs() if declared is not None else ():
        value = given.get(name) if given is not None and name in given else None
        if value is None and isinstance(declaration, Mapping):
            value = declaration.get("default")
        resolved = value.resolved() if isinstance(value, Scalar) else None
        if isinstance(resolved, bool) or (isinstance(resolved, str) and "${{" not in resolved):
            found["inputs", name.lower()] = resolved
    return found


def _tolerated(placed: Placed) -> Iterator[Reason]:
    """``continue-on-error`` on the step or around it, unless something looks at the outcome."""
    for step in (placed.step, *reversed(placed.outer)):
        node = step.node.get("continue-on-error")
        if _is_true(node) and not _outcome_is_read(step, placed):
            why = "continue-on-error turns every failure into success"
            yield Reason("cannot fail here", why, _document_of(step, placed), node, kind=TOLERATED)
    for workflow, job in reversed(placed.frames):
        node = job.node.get("continue-on-error")
        if _is_true(node):
            yield Reason("cannot fail here", "its job is allowed to fail", workflow.document, node, kind=TOLERATED)


def _document_of(step: Step, placed: Placed) -> Document | None:
    """The file of a step around another; None for an action that another action calls."""
    if step is placed.step:
        return placed.document
    return placed.frames[-1][0].document if step is placed.outer[0] else None


def _is_true(node: Node | None) -> bool:
    if not isinstance(node, Scalar):
        return False
    return node.resolved() is True or ("${{" in node.value and condition(node.value).constant is True)


def _outcome_is_read(step: Step, placed: Placed) -> bool:
    texts = [placed.document.text, *(workflow.document.text for workflow, _ in placed.frames)]
    return bool(step.id) and any(f"steps.{step.id.lower()}.outcome" in text.lower() for text in texts)


def _cannot_work(placed: Placed, scanner: Scanner, runs: Runs) -> Iterator[Reason]:
    """Missing permissions and tokens."""
    for scope, wanted in scanner.permissions.items():
        for workflow, job in placed.frames:
            node = granted(workflow, job)
            if node is not None and level(node, scope) not in (wanted, "write"):
                why = f"the permissions of its job leave out {scope}: {wanted}"
                yield Reason("cannot report here", why, workflow.document, node, kind=PERMISSION, name=scope)
                break
    if scanner.env and not any(
        name in document.text
        for name in scanner.env
        for document in (placed.document, *(workflow.document for workflow, _ in placed.frames))
    ):
        logins = [tuple(text.split()) for text in scanner.logins]
        hints = made_of(scanner.logins, _login_hints)
        for other in _same_job(placed, runs):
            for command in runs.commands(other, hints):
                if any(command.program[: len(login)] == login for login in logins):
                    return
        yield Reason("cannot work here", f"nothing gives it {scanner.env[0]}", kind=TOKEN, name=scanner.env[0])


def _login_hints(logins: tuple[str, ...]) -> Hints:
    return Hints(whole(text.split()[0]) for text in logins if text.strip())


def _same_job(placed: Placed, runs: Runs) -> list[Placed]:
    job = placed.frames[-1][1]
    return [other for other in runs.steps(placed.live) if other.frames[-1][1] is job]


def _uploaded(match: Match, scanners: Scanners, runs: Runs) -> bool:
    """Whether a later step hands the scanner's SARIF report to code scanning."""
    placed = match.placed
    assert placed is not None
    words = " ".join(match.command.words) if match.command is not None else _inputs_text(placed.step)
    if "sarif" not in words.lower():
        return False
    return any(
        other.step.uses is not None
        and any(matches(name, other.step.uses.name) for name in scanners.uploads)
        and condition_constant(other.step.node.get("if")) is not False
        for other in _same_job(placed, runs)
    )


def _inputs_text(step: Step) -> str:
    inputs = step.with_
    return " ".join(f"{key} {text_of(value)}" for key, _, value in inputs.pairs()) if inputs is not None else ""


def _reports(match: Match) -> list[str]:
    """The files into which a scanner writes what it found."""
    command = match.command
    if command is None:
        assert match.placed is not None
        return [word for word in _inputs_text(match.placed.step).split() if word.endswith(_REPORT_ENDINGS)]
    found = list(command.targets)
    for at, word in enumerate(command.program):
        name, equals, value = word.partition("=")
        if name in _REPORT_OPTIONS:
            found.append(value if equals else command.program[at + 1] if at + 1 < len(command.program) else "")
    return [name.rpartition("/")[2] for name in found if name and not name.startswith(("/dev/", "$GITHUB", "&"))]


def _consulted_report(match: Match, runs: Runs) -> bool:
    """Whether a later script, or the rest of this one, reads the report and can fail for it."""
    placed = match.placed
    names = _reports(match)
    if placed is None or not names:
        return False
    behind = False
    for other in _same_job(placed, runs):
        script = other.step.run.value if other.step.run is not None else text_of(other.step.input("script"))
        if other.step.node is placed.step.node:
            behind = True
            script = script[match.command.list_end :] if match.command is not None else ""
        if behind and any(name in script for name in names) and re.search(_FAILS, script):
            return True
    return False


def _by_default(match: Match, scanner: Scanner, runs: Runs) -> Iterator[Reason]:
    """Inputs and options without which a tool reports but never fails, unless somebody reads the report."""
    placed = match.placed
    assert placed is not None
    step = placed.step
    if match.command is None:
        for name, values in scanner.harmless_inputs.items():
            node = step.input(name)
            value = text_of(node).strip()
            if node is not None and value in values:
                why = f"{name}: {value} makes every outcome a success"
                yield Reason("cannot fail here", why, placed.document, node, kind=INPUT, name=name)
        needed = match.form.more.get("fails_with")
        for name, values in needed.items() if isinstance(needed, dict) else ():
            node = step.input(str(name).lower())
            value = text_of(node).strip()
            if (node is None or value in [str(item) for item in values]) and not _is_kept(match, runs):
                said = f"{name}: {value} lets" if value else f"without {name} it lets"
                yield Reason(
                    "cannot fail here",
                    f"{said} every finding pass",
                    placed.document if node else None,
                    node,
                    kind=LENIENT,
                    name=str(name),
                )
        return
    option = lacking(match, runs)
    if option and not match.command.swallowed:
        yield Reason("cannot fail here", f"without {option} it lets every finding pass", kind=LENIENT, name=option)


def lacking(match: Match, runs: Runs) -> str:
    """The option without which a command never fails for what it finds; '' where it has it, or its report is used."""
    needed = match.form.more.get("fails_with")
    if match.command is None or not isinstance(needed, list) or not needed:
        return ""
    if any(has_option(match.command.program, str(option)) for option in needed) or _is_kept(match, runs):
        return ""
    return str(needed[0])


def _is_kept(match: Match, runs: Runs) -> bool:
    """Whether a later step does anything with the report."""
    placed = match.placed
    assert placed is not None
    names = _reports(match)
    behind = False
    for other in _same_job(placed, runs):
        if behind:
            text = (other.step.run.value if other.step.run is not None else "") + _inputs_text(other.step)
            if any(name in text for name in names):
                return True
        behind = behind or other.step.node is placed.step.node
    return False


# ------------------------------------------------------------------------------------------------ configuration


def _configuration(scanner: Scanner, snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """A configuration file that switches the tool off."""
    path = next((path for path in scanner.files if snapshot.has(path)), None)
    if path is None:
        return
    if path.endswith((".yml", ".yaml")):
        document = snapshot.document(path)
        root = document.root if document is not None else None
        updates = root.get("updates") if isinstance(root, Mapping) else None
        if document is None or document.error is not None:
            return
        entries = updates.items if isinstance(updates, Sequence) else []
        if any(isinstance(entry, Mapping) and text_of(entry.get("package-ecosystem")).strip() for entry in entries):
            return
        message = f"{scanner.title} never runs: no entry of updates names an ecosystem"
        key = root.key("updates") if isinstance(root, Mapping) else None
        anchor = f"{scanner.id}:updates"
        if key is None:
            yield context.missing(path, message, anchor=anchor)
        else:
            yield context.at(document, key, message, anchor=anchor)
        return
    try:
        value = jsonc.parse(snapshot.text(path) or "")
    except ValueError:
        return
    if isinstance(value, dict) and value.get("enabled") is False:
        yield context.missing(path, f"{scanner.title} never runs: enabled is false", anchor=f"{scanner.id}:enabled")


_START = """\
on:
  pull_request:
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
"""


def _examples() -> tuple[Example, ...]:
    codeql = _START.replace("    steps", "    permissions:\n      contents: read\n    steps")
    analysis = "      - uses: github/codeql-action/init@v4\n      - uses: github/codeql-action/analyze@v4\n"
    return (
        Example(
            "Failures turned into successes",
            _START
            + "      - run: npm audit --audit-level=high || true\n"
            + "      - uses: snyk/actions/node@master\n"
            + '        env: {SNYK_TOKEN: "${{ steps.creds.outputs.snyk_token }}"}\n'
            + "        continue-on-error: true\n"
            + "      - run: gitleaks detect | tee report.txt\n",
            fires=(
                "npm audit --audit-level=high || true",
                "snyk/actions/node@master",
                "gitleaks detect | tee report.txt",
            ),
            after={
                ".github/workflows/example.yml": _START
                + "      - run: npm audit --audit-level=high\n"
                + "      - uses: snyk/actions/node@master\n"
                + '        env: {SNYK_TOKEN: "${{ steps.creds.outputs.snyk_token }}"}\n'
                + "      - run: gitleaks detect | tee report.txt\n"
                + "        shell: bash\n"
            },
        ),
        Example(
            "The same scanners with teeth",
            _START
            + "      - run: npm audit --audit-level=high\n"
            + "      - uses: snyk/actions/node@master\n"
            + '        env: {SNYK_TOKEN: "${{ steps.creds.outputs.snyk_token }}"}\n'
            + "      - run: gitleaks detect | tee report.txt\n"
            + "        shell: bash\n",
        ),
        Example(
            "Looked at after all: a report that fails the script, an upload to code scanning, a kept exit code",
            _START
            + "      - run: |\n"
            + "          trufflehog3 --format json . > found.json || true\n"
            + "          if [ -s found.json ]; then exit 1; fi\n"
            + "      - uses: aquasecurity/trivy-action@master\n"
            + "        with: {format: sarif, output: trivy.sarif}\n"
            + "      - uses: github/codeql-action/upload-sarif@v4\n"
            + "        with: {sarif_file: trivy.sarif}\n"
            + "      - run: |\n"
            + "          set +e\n"
            + "          npm audit\n"
            + "          status=$?\n"
            + "          exit $status\n",
        ),
        Example(
            "CodeQL without the permission to report what it finds",
            codeql + analysis,
            fires=("github/codeql-action/analyze@v4",),
            after={
                ".github/workflows/example.yml": codeql.replace(
                    "contents: read\n", "contents: read\n      security-events: write # CodeQL reports with it\n"
                )
                + analysis
            },
        ),
        Example(
            "Switched off, or started by hand only",
            {
                ".github/workflows/a.yml": _START + "      - run: cargo audit\n        if: ${{ false }}\n",
                ".github/workflows/b.yml": _START.replace("pull_request:", "workflow_dispatch:")
                + "      - run: govulncheck ./...\n",
                ".github/workflows/c.yml": _START.replace("scan:", "scan:\n    if: github.event_name == 'push'")
                + "      - run: pip-audit\n",
            },
            fires=("cargo audit", "govulncheck ./...", "pip-audit"),
            after={".github/workflows/a.yml": _START + "      - run: cargo audit\n"},
        ),
        Example(
            "Trivy passes whatever it finds until exit-code says otherwise",
            _START + "      - uses: aquasecurity/trivy-action@master\n" + "        with: {scan-type: fs}\n",
            fires=("aquasecurity/trivy-action@master",),
            after={
                ".github/workflows/example.yml": _START
                + "      - uses: aquasecurity/trivy-action@master\n"
                + "        with: {scan-type: fs, exit-code: '1'}\n"
            },
        ),
        Example(
            "Dependabot without anything to watch",
            {
                ".github/dependabot.yml": (
                    'version: 2\nupdates:\n  - package-ecosystem: ""\n    directory: /\n'
                    "    schedule: {interval: weekly}\n"
                )
            },
            fires=("updates",),
            after={
                ".github/dependabot.yml": (
                    'version: 2\nupdates:\n  - package-ecosystem: "github-actions"\n    directory: /\n'
                    "    schedule: {interval: weekly}\n    cooldown:\n      default-days: 7\n"
                )
            },
        ),
    )


RULE = Rule(
    id="ineffective-scanner",
    title="A security scanner that can never fail or never run",
    theme="scanners",
    severity="medium",
    visits=(REPOSITORY,),
    why=(
        "A scan that ends green whatever it finds is worse than none: the badge says that somebody looks, so nobody "
        "else does. It stays that way for years, because nothing ever turns red."
    ),
    how=(
        "Let the step fail: remove `|| true`, continue-on-error or the false condition, add the permission or token "
        "that it needs. To start gently, raise the tool's severity threshold rather than muting it."
    ),
    limits=(
        "Whether a workflow has really run lately is not seen, nor what a script does that a step calls. A step whose "
        "report a later script reads and can fail for counts as effective, as does a SARIF report that is uploaded."
    ),
    examples=_examples,
    check=_check,
    places=("workflow", "action", "dependabot", ""),
    part="scanners",
    tags=("hardening-gap", "external/cwe/cwe-1395", "external/cwe/cwe-390", "owasp-cicd-sec-10"),
)
