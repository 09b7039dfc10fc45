"""``init``: makes the repository in a folder conform, after showing how and asking before what is there changes."""

from __future__ import annotations

import sys

from .catalogue import load
from .checking import open_snapshot, print_out, require_repository, today
from .conforming import Wishes, plan
from .delivery.files import deliver
from .errors import EXIT_CLEAN, EXIT_FINDINGS, WorldError
from .policy import standard_pack
from .reporters import diff
from .reporters import plan as wording
from .reporters.wording import visible
from .rule import Lookups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .conforming import Plan
    from .hosts.github import GitHub

    Ask = Callable[[str], bool]
    """Puts a question to a person; whether the answer is yes."""


class Initialisation:
    """One call of ``init``.

    path           a folder of the repository
    ask            how a person is asked before a file changes; None where nobody can be asked: then it stays
    yes            whether files may change unasked
    policy         the file of a pack in place of the standard
    host           GitHub, where it may be asked
    default_setup  whether code scanning's default setup is on, where somebody says so
    """

    def __init__(
        self,
        path: str,
        wishes: Wishes,
        env: Mapping[str, str],
        *,
        ask: Ask | None = None,
        yes: bool = False,
        policy: str | None = None,
        host: GitHub | None = None,
        default_setup: bool | None = None,
    ) -> None:
        self.root = require_repository(path)
        self.env = env
        self.wishes = wishes
        self.ask = ask
        self.yes = yes
        self.host = host
        self.default_setup = default_setup
        self.catalogue = load()
        self.pack = standard_pack(policy)

    def show(self, as_json: bool = False) -> int:
        """Prints the plan and changes nothing."""
        planned = self.plan(self.wishes)
        print_out(wording.as_json(planned) if as_json else _shown(planned) + wording.tasks(planned))
        return EXIT_CLEAN

    def run(self) -> int:
        """Prints the plan, asks, writes, and says what is left; the exit code is 1 where a file was not written.

        Nothing is written before the last answer. A call that was interrupted goes on where it was: what it wrote is
        there, each file whole.
        """
        planned = self.plan(self.wishes)
        print_out(_shown(planned))
        planned = self.agreed(planned)
        failed = False
        for change in planned.changes:
            try:
                deliver(self.root, change)
            except WorldError as error:
                failed = True
                hint = f" (hint: {error.hint})" if error.hint else ""
                sys.stderr.write(f"not written: {visible(error.message)}{hint}\n")
            else:
                print_out(f"{'created' if change.before is None else 'changed'} {visible(change.path)}\n")
        print_out(wording.tasks(planned))
        return EXIT_FINDINGS if failed else EXIT_CLEAN

    def plan(self, wishes: Wishes) -> Plan:
        """The plan for the repository as it is now. Raises UserError for what is wrong in the pack."""
        snapshot = open_snapshot(self.root, self.env)
        told = {} if self.default_setup is None else {snapshot.slug.lower(): self.default_setup}
        lookups = Lookups(host=self.host, default_setups=told)
        return plan(snapshot, self.catalogue, self.pack, today=today(self.env), wishes=wishes, lookups=lookups)

    def agreed(self, planned: Plan) -> Plan:
        """The plan without the changes that nobody agrees to: each is asked for once, as it would be made."""
        if self.yes or not planned.edits:
            return planned
        wishes = self.wishes
        yes: dict[str, bytes] = {}
        while asked := [change for change in planned.edits if yes.get(change.path) != change.after]:
            for change in asked:
                if self.ask is not None and self.ask(f"Change {visible(change.path)} as shown?"):
                    yes[change.path] = change.after
                else:
                    wishes = wishes.leaving(change.path)
            # What is left must stand on its own.
            planned = self.plan(wishes)
        left = sorted(wishes.leave - self.wishes.leave)
        if left:
            why = "" if self.ask is not None else " (nobody can be asked here; --yes makes the changes)"
            print_out(f"left as it is{why}: {', '.join(map(visible, left))}\n")
        return planned


def _shown(planned: Plan) -> str:
    text = wording.render(planned)
    changes = diff.render((change.path, change) for change in planned.edits)
    return text + (f"\n{changes}" if changes else "") + f"\n{wording.verdicts(planned)}"
