"""The entry point: a plain ``check`` takes the short way, everything else the full parser; errors end here."""

from __future__ import annotations

import gc
import os
import sys

from ..errors import EXIT_BUG, EXIT_CLEAN, EXIT_INTERRUPTED, PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits with its code; `arguments` are those of the process unless given."""
    # A check builds many small objects and drops hardly any: the collector would only walk them again and again.
    # `checking` collects between repositories once there is much to collect.
    gc.disable()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us (``>&-``)
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (for as long as we run)
    _utf8(sys.stdout)
    _utf8(sys.stderr)
    code = _guarded(list(sys.argv[1:] if arguments is None else arguments))
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
    if arguments is None:
        # The process is ours and everything is written: taking its objects apart one by one would only take time.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _guarded(arguments: list[str]) -> int:
    try:
        return _dispatch(arguments)
    except PolicyError as error:
        kind = "internal error" if error.exit_code == EXIT_BUG else "error"
        sys.stderr.write(f"chittyops-policy: {kind}: {error.message}\n")
        if error.hint:
            sys.stderr.write(f"  hint: {error.hint}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("chittyops-policy: interrupted\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence()
        return EXIT_CLEAN
    except Exception as error:  # whatever is left is ours: say so, and keep the exit code apart from findings
        import traceback  # only for a bug

        if os.environ.get("CHITTYOPS_POLICY_DEBUG"):
            traceback.print_exc()
        place = traceback.extract_tb(error.__traceback__)[-1]
        sys.stderr.write(
            f"chittyops-policy: internal error: {type(error).__name__}: {error} "
            f"({os.path.basename(place.filename)}:{place.lineno})\n"
            "  hint: this is a bug of chittyops-policy, not of your files; CHITTYOPS_POLICY_DEBUG=1 tells more\n"
        )
        return EXIT_BUG


def _dispatch(arguments: list[str]) -> int:
    if arguments[:1] == ["check"]:
        from .quick import parse  # click is not needed for a plain check, and takes longer to load than to run it

        request = parse(arguments[1:])
        if request is not None:
            from .check_run import perform

            return perform(request)
    from .app import run_app  # the full parser, for help, errors and every other command

    return run_app(arguments)


def _utf8(stream: object) -> None:
    """Findings quote files, and files are UTF-8: no console's code page may stop a report."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace")


def _silence() -> None:
    """The reader of our output has gone; leave nothing that Python would try to flush at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
