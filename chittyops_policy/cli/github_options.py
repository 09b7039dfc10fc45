"""The options of commands that ask GitHub about organisations and repositories, and what becomes of them."""

from __future__ import annotations

import os
import sys

import click

from ..audit.progress import Silence
from ..audit.selection import Selection
from ..errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeVar

    from ..audit.github_source import GitHubSource
    from ..audit.store import Store
    from ..hosts.access import Access

    Command = TypeVar("Command", bound=Callable[..., Any])

LOGIN_OPTIONS = (
    click.option("--base-url", metavar="URL", help="The API of a GitHub Enterprise: https://HOST/api/v3."),
    click.option("--app-id", metavar="ID", help="Ask as this GitHub App instead of with a token."),
    click.option("--app-key", metavar="FILE", help="The App's private key, a PEM file."),
)
"""Which GitHub is asked, and as whom; the token is one of the environment."""

SCOPE_OPTIONS = (
    click.option("--org", "owners", multiple=True, metavar="NAME", help="An organisation or user on GitHub."),
    click.option("--repo", "repositories", multiple=True, metavar="OWNER/NAME", help="One repository on GitHub."),
)
"""Whom GitHub is asked about."""

RUN_OPTIONS = (
    click.option("--match", "names", multiple=True, metavar="GLOB", help="Only repositories of this name."),
    click.option("--jobs", "-j", type=click.IntRange(1, 32), default=4, help="Questions open at the same time."),
)
"""How a run over many repositories goes."""

_POLICY = click.option("--policy", metavar="FILE", help="As for check.")


def github_options(command: Command) -> Command:
    """Adds the options of a command that works on GitHub alone."""
    return with_options((*SCOPE_OPTIONS, *LOGIN_OPTIONS, *RUN_OPTIONS, _POLICY), command)


def login_options(command: Command) -> Command:
    """Adds LOGIN_OPTIONS."""
    return with_options(LOGIN_OPTIONS, command)


def with_options(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    """A command with more options, which its help shows in their order."""
    for option in reversed(options):
        command = option(command)
    return command


def access_of(given: Mapping[str, Any], tell: Callable[[str], None] | None = None) -> Access:
    """The way to GitHub; `tell` receives a sentence when there is a wait. Raises UserError where nobody asks."""
    from ..hosts.access import Access  # PyGithub takes long to load

    return Access(
        os.environ,
        base_url=given["base_url"] or "",
        app_id=given["app_id"] or "",
        app_key=_key(given["app_key"]),
        tell=tell or Silence(sys.stderr).say,
    )


def require_scope(given: Mapping[str, Any]) -> None:
    """Raises UserError where neither an organisation nor a repository is named."""
    if not given["owners"] and not given["repositories"]:
        raise UserError("nothing to ask about", "give --org NAME or --repo OWNER/NAME")


def selection_of(given: dict[str, Any]) -> Selection:
    """Which of the listed repositories are meant."""
    return Selection(names=given["names"])


def source_of(given: Mapping[str, Any], access: Access, store: Store) -> GitHubSource:
    """The repositories that a command names, as GitHub lists them."""
    from ..audit.github_source import GitHubSource  # PyGithub, as above

    return GitHubSource(
        access,
        store,
        Silence(sys.stderr),
        owners=given["owners"],
        repositories=given["repositories"],
        jobs=given["jobs"],
    )


def store_of() -> Store:
    """Where texts of repositories are kept, so that they are not read twice."""
    from ..audit.store import Store, default_store  # SQLAlchemy takes long to load

    return Store(default_store(os.environ))


def _key(path: str | None) -> str:
    if path is None:
        return ""
    try:
        with open(path, encoding="ascii") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        hint = "it is the PEM file that GitHub gave for the App"
        raise UserError(f"--app-key: {path} cannot be read", hint) from error
