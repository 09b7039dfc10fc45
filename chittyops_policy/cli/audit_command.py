"""``chittyops-policy audit``."""

from __future__ import annotations

import os
import sys
import time

import click

from ..audit.progress import Bar, JsonLines, Lines, Silence
from ..audit.result import BUG, JUDGED, NOT_REACHED, OUT_OF_SCOPE
from ..audit.selection import CHOICES, Selection
from ..cache import default_folder
from ..checking import print_out, today
from ..errors import EXIT_BUG, EXIT_CLEAN, EXIT_FINDINGS, UserError
from ..model import OPEN, PROFILES, SEVERITIES, counts, severity_rank
from ..policy import Overrides
from ..reporters.wording import plural
from . import audit_writing
from .audit_history import COMMANDS
from .audit_writing import validate, writing_options
from .github_options import LOGIN_OPTIONS, RUN_OPTIONS, SCOPE_OPTIONS, access_of, with_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from ..audit.progress import Progress
    from ..audit.proposals import Proposer
    from ..audit.question import Question
    from ..audit.result import Audit, Measure
    from ..audit.settings_survey import SettingsSurvey
    from ..audit.source import Source
    from ..audit.store import Store

    F = TypeVar("F", bound=Callable[..., object])

_SOURCES = (
    *SCOPE_OPTIONS,
    click.option(
        "--dir", "folders", multiple=True, metavar="PATH", help="A directory of checkouts; no network is used."
    ),
    click.option("--git", "urls", multiple=True, metavar="URL", help="A git remote, as git clone takes it."),
    *LOGIN_OPTIONS,
    *RUN_OPTIONS,
    click.option(
        "--names-from", metavar="FILE", help="Only those that FILE lists, one a line; alone: these on GitHub."
    ),
    click.option("--topic", "topics", multiple=True, metavar="TOPIC", help="Only those with one of these topics."),
    click.option(
        "--visibility",
        multiple=True,
        type=click.Choice(["public", "private", "internal"]),
        help="Only those of this visibility.",
    ),
    click.option("--language", "languages", multiple=True, metavar="NAME", help="Only those mainly in this language."),
    click.option(
        "--property", "properties", multiple=True, metavar="NAME=VALUE", help="Only those with this property."
    ),
    click.option(
        "--archived", type=click.Choice(CHOICES), help="Archived ones too, not, or only; else as the pack says."
    ),
    click.option("--fork", type=click.Choice(CHOICES), help="Forks too, not, or only; else as the pack says."),
)
"""Which repositories, and how they are reached."""

_OUTPUTS = (
    click.option("--store", metavar="FILE|URL", help="Where audits are kept: SQLite, or postgresql://…"),
    click.option("--policy", metavar="FILE", help="As for check."),
    click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors and waits."),
    click.option("--json-lines", is_flag=True, help="Print one JSON object a line for each step."),
)
"""Where results go; beside them a command has its ``--out``."""


def source_options(command: F) -> F:
    """Adds the options that say which repositories are meant and how they are reached."""
    return with_options(_SOURCES, command)


def output_options(command: F) -> F:
    """Adds the options that say by which policy, and where results go."""
    return with_options(_OUTPUTS, command)


@click.group(invoke_without_command=True, short_help="Judge every repository of organisations or of a directory.")
@source_options
@click.option("--settings", is_flag=True, help="Judge settings on GitHub too: about eight questions a repository.")
@click.option("--metrics", is_flag=True, help="Measure the pack's performance targets too, as `metrics` does.")
@writing_options
@click.option("--out", "-o", default="audit-report", metavar="DIR", help="Where the report goes.", show_default=True)
@click.option("--profile", "-p", type=click.Choice(PROFILES), help="As for check.")
@click.option("--select", "-s", multiple=True, metavar="RULE", help="As for check.")
@click.option("--ignore", "-i", multiple=True, metavar="RULE", help="As for check.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="As for check.")
@output_options
@click.pass_context
def audit(context: click.Context, /, **given: Any) -> int:
    """Judge every repository, as `check` judges one, and write a report on all of them.

    \b
      chittyops-policy audit --org ChittyOS --org ChittyCorp
      chittyops-policy audit --dir ~/src

    GitHub is asked with the token in GITHUB_TOKEN or GH_TOKEN, or as a GitHub App. What is judged is kept: the same
    command goes on where it was stopped, and reads only what has changed since.

    \b
      chittyops-policy audit --org ChittyOS --fix --dry-run     plan.json and patches
      chittyops-policy audit --apply audit-report/plan.json     what was reviewed, and nothing else
      chittyops-policy audit --org ChittyOS --fix --wave canary --max-prs 5

    Exit code: 0 clean; 1 open findings, or a repository or pull request that was not reached, refused or held; 2 a
    wrong call; 3 a bug.
    """
    if context.invoked_subcommand is not None:
        return EXIT_CLEAN
    validate(given)
    if given["plan"] is not None:
        return apply(given)
    result, complete = perform(given, audit_writing.proposer_of)
    return exit_code(result, given["fail_on"]) or audit_writing.exit_code(complete)


def apply(given: dict[str, Any]) -> int:
    """Carries out the plan that ``--apply`` names, and gives the exit code."""
    from ..audit.store import Store, default_store  # SQLAlchemy, as below

    progress = _progress(given)
    store = Store(given["store"] or default_store(os.environ))
    try:
        lines, complete = audit_writing.apply(given, access_of(given, progress.say), store, progress)
    finally:
        progress.end(None)
        store.close()
    if not given["quiet"] and not given["json_lines"]:
        print_out("".join(f"{line}\n" for line in lines))
    return audit_writing.exit_code(complete)


for _command in COMMANDS:
    audit.add_command(_command)


def perform(
    given: dict[str, Any], proposer_of: Callable[[dict[str, Any], Question], Proposer | None]
) -> tuple[Audit, bool]:
    """Judges, proposes what `proposer_of` makes a proposer for, and reports.

    Gives the audit, and whether everything that was to be proposed is there.
    """
    # The rules and SQLAlchemy are loaded only for an audit, not for every other command.
    from ..audit.question import Question
    from ..audit.report_folder import write_report
    from ..audit.store import Store, default_store
    from ..audit.sweep import Sweep

    overrides = Overrides(
        select=given["select"], ignore=given["ignore"], profile=given["profile"], fail_on=given["fail_on"]
    )
    question = Question(given["policy"], overrides, today(os.environ))
    selection = _selection(given)
    proposer = proposer_of(given, question)
    store = Store(given["store"] or default_store(os.environ))
    progress = _progress(given)
    result: Audit | None = None
    source: Source | None = None
    lines: list[str] = []
    complete = True
    try:
        source = _source(given, store, progress)
        survey = _survey(given, progress)
        result = Sweep(
            source, question, selection, progress, store, clock=_clock(), propose=proposer, settings=survey
        ).run()
        if given.get("metrics"):
            result.measures = _measures(given, result, question, progress)
        if proposer is not None:
            access = getattr(source, "access", None)

            def again(slugs: tuple[str, ...]) -> None:
                """Judges repositories once more that moved in the meantime."""
                other = _source({**given, "owners": (), "repositories": slugs}, store, progress)
                try:
                    Sweep(
                        other, question, selection, progress, store, clock=_clock(), propose=proposer, settings=survey
                    ).run()
                finally:
                    other.close()

            lines, complete = audit_writing.act(given, result, proposer, access, store, progress, again)
    finally:
        progress.end(result)
        if source is not None:
            source.close()
        store.close()
    write_report(result, given["out"])
    if not given["quiet"] and not given["json_lines"]:
        print_out(_summary(result, given["out"]) + "".join(f"{line}\n" for line in lines))
    return result, complete


def exit_code(audit: Audit, fail_on: str | None) -> int:
    """0 clean, 1 open findings at or above the level or a repository that was not reached, 3 a bug of ours."""
    reports = [standing.report for standing in audit.standings if standing.report is not None]
    if any(standing.reason.startswith(BUG) for standing in audit.standings):
        return EXIT_BUG
    if any(problem.kind == "internal" for report in reports for problem in report.problems):
        return EXIT_BUG
    if audit.problems or any(standing.state == NOT_REACHED for standing in audit.standings):
        return EXIT_FINDINGS
    for report in reports:
        level = severity_rank(fail_on or report.fail_on)
        if any(item.state == OPEN and severity_rank(item.severity) >= level for item in report.decisions):
            return EXIT_FINDINGS
    return EXIT_CLEAN


def _source(given: dict[str, Any], store: Store, progress: Progress) -> Source:
    """What is to be read. Raises UserError where the call names nothing, or more than one kind of source."""
    repositories: tuple[str, ...] = given["repositories"]
    if not any(given[name] for name in ("owners", "repositories", "folders", "urls")):
        repositories = tuple(sorted(name for name in _listed(given["names_from"]) or () if "/" in name))
    asked = {
        "--org or --repo": bool(given["owners"] or repositories),
        "--dir": bool(given["folders"]),
        "--git": bool(given["urls"]),
    }
    kinds = [kind for kind, wanted in asked.items() if wanted]
    if not kinds:
        raise UserError("nothing to audit", "give --org NAME, --repo OWNER/NAME, --dir PATH or --git URL")
    if len(kinds) > 1:
        raise UserError(f"{kinds[0]} cannot be combined with {kinds[1]}", "audit them one after the other")
    if given.get("metrics") and not asked["--org or --repo"]:
        raise UserError("--metrics asks GitHub", "give --org NAME or --repo OWNER/NAME")
    if given["folders"]:
        from ..audit.directory_source import DirectorySource

        return DirectorySource(given["folders"], os.environ)
    if given["urls"]:
        from ..audit.git_source import GitSource

        return GitSource(given["urls"], default_folder(os.environ), given["jobs"])
    from ..audit.github_source import GitHubSource  # PyGithub takes long to load; a directory does without

    return GitHubSource(
        access_of(given, progress.say),
        store,
        progress,
        owners=given["owners"],
        repositories=repositories,
        properties=bool(given["properties"]),
        jobs=given["jobs"],
    )


def _survey(given: dict[str, Any], progress: Progress) -> SettingsSurvey | None:
    """Who reads settings, where they are asked for. Raises UserError where there is no GitHub to ask."""
    if not given["settings"]:
        return None
    if not given["owners"] and not given["repositories"]:
        raise UserError("--settings asks GitHub", "give --org NAME or --repo OWNER/NAME")
    from ..audit.settings_survey import SettingsSurvey  # PyGithub takes long to load

    return SettingsSurvey(access_of(given, progress.say), given["jobs"])


def _measures(given: dict[str, Any], audit: Audit, question: Question, progress: Progress) -> tuple[Measure, ...]:
    """The performance targets of what was judged. Raises UserError where the pack sets none."""
    from ..audit.performance import measures
    from ..metrics.figures import measure
    from ..metrics.gathering import gather_all
    from ..metrics.targets import read_targets

    targets = read_targets(question.pack.parameters)
    until = _clock() or time.time()
    asked = [(standing.subject.slug, standing.subject.branch) for standing in audit.judged]
    since = until - targets.window * 86400
    records = gather_all(access_of(given, progress.say), asked, since, until, timed=targets.timed, jobs=given["jobs"])
    return measures(measure(records, targets))


def _selection(given: dict[str, Any]) -> Selection:
    properties = []
    for text in given["properties"]:
        name, sign, value = text.partition("=")
        if not sign:
            raise UserError(f"{text!r} is no property", "write --property NAME=VALUE")
        properties.append((name, value))
    return Selection(
        names=given["names"],
        listed=_listed(given["names_from"]),
        topics=given["topics"],
        visibility=given["visibility"],
        languages=given["languages"],
        properties=tuple(properties),
        archived=given["archived"],
        fork=given["fork"],
    )


def _listed(path: str | None) -> frozenset[str] | None:
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as stream:
            lines = [line.partition("#")[0].strip().lower() for line in stream]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}", "it names a repository a line: owner/repo") from error
    return frozenset(line for line in lines if line)


def _progress(given: dict[str, Any]) -> Progress:
    if given["json_lines"]:
        return JsonLines(sys.stdout)
    if given["quiet"]:
        return Silence(sys.stderr)
    return Bar(sys.stderr) if sys.stderr.isatty() else Lines(sys.stderr)


def _clock() -> float | None:
    """SOURCE_DATE_EPOCH, where output is to be the same each time."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return float(epoch) if epoch.isdigit() else None


def _summary(audit: Audit, folder: str) -> str:
    """What a person sees at the end."""
    by_state = {state: [item for item in audit.standings if item.state == state] for state in (NOT_REACHED, JUDGED)}
    totals = counts([item.report for item in by_state[JUDGED] if item.report is not None])
    outside = sum(item.state == OUT_OF_SCOPE for item in audit.standings)
    known = sum(item.known for item in by_state[JUDGED])
    judged = plural(len(by_state[JUDGED]), "repository", "repositories")
    lines = [f"{judged} judged" + (f", {known} of them unchanged" if known else "")]
    if outside:
        lines.append(f"{outside} out of scope")
    if by_state[NOT_REACHED]:
        lines.append(f"{len(by_state[NOT_REACHED])} not reached:")
        for item in by_state[NOT_REACHED]:
            wish = f" (needs {item.permission})" if item.permission else ""
            lines.append(f"  {item.subject.slug}: {item.reason}{wish}")
    lines += [f"problem: {problem}" for problem in audit.problems]
    found = [f"{count} {severity}" for severity, count in reversed(totals["open"].items()) if count]
    lines.append(f"open findings: {', '.join(found) or 'none'}")
    verdicts = totals["verdicts"]
    lines.append("controls: " + ", ".join(f"{verdicts[outcome]} {outcome}" for outcome in verdicts))
    lines.append(f"report: {folder}")
    return "\n".join(lines) + "\n"
