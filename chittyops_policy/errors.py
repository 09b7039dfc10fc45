"""The kinds of error that a person can meet, each with the exit code it ends in and a hint where one helps."""

from __future__ import annotations

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_USER = 2
EXIT_BUG = 3
EXIT_INTERRUPTED = 130


class PolicyError(Exception):
    """An error with a message for a person and a hint that names the next thing to do."""

    exit_code = EXIT_BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(PolicyError):
    """The user asked for something that cannot be: a wrong flag, a missing file, an invalid policy."""

    exit_code = EXIT_USER


class WorldError(PolicyError):
    """Something outside failed: a disk, git, a server. The message says what and whom."""

    exit_code = EXIT_USER


class BugError(PolicyError):
    """Our own mistake; never the user's."""

    exit_code = EXIT_BUG


class CannotEdit(Exception):
    """Why a file cannot be edited as a fix would have it: a sentence fragment without a full stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
