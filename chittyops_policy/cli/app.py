"""The full command line, with help, suggestions and shell completion; built on click."""

from __future__ import annotations

import click

from .. import __version__
from ..errors import EXIT_INTERRUPTED, EXIT_USER
from .audit_command import audit
from .check_command import check
from .completion_command import completion
from .detect_command import detect
from .doctor_command import doctor
from .explain_command import explain
from .init_command import init
from .lock_command import lock
from .metrics_command import metrics
from .pins_command import pins
from .policy_command import policy
from .report_command import report
from .rules_command import rules
from .setup_command import setup


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 findings, 2 usage or configuration, 3 a bug of this tool, 130 interrupted.",
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def app() -> None:
    """Checks GitHub repositories against the standards of their organisation.

    Run `chittyops-policy check` in a repository: without any configuration it applies the ChittyOS standard.
    """


for _command in (
    check,
    init,
    audit,
    setup,
    lock,
    metrics,
    rules,
    explain,
    policy,
    report,
    pins,
    detect,
    doctor,
    completion,
):
    app.add_command(_command)


def run_app(arguments: list[str]) -> int:
    """Runs a command and gives its exit code. Raises PolicyError for what the commands themselves refuse."""
    try:
        result = app.main(args=arguments, prog_name="chittyops-policy", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        if isinstance(error, click.UsageError) and error.ctx is None:
            # Without a context click has no usage to show, and no word of what helps.
            command = "chittyops-policy check" if arguments[:1] == ["check"] else "chittyops-policy"
            click.echo(f"Try '{command} --help' for help.", err=True)
        return EXIT_USER
    except click.Abort:
        return EXIT_INTERRUPTED
    return result if isinstance(result, int) else 0
