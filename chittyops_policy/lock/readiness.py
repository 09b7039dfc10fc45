"""What a repository's files allow to be required of it; what was reported comes from GitHub."""

from __future__ import annotations

from chittyops_policy.check_names import find_reporters, gap
from chittyops_policy.codeowners import parse
from chittyops_policy.engine import check
from chittyops_policy.policy import Overrides, effective
from chittyops_policy.rule import Lookups
from chittyops_policy.settings import Hidden
from chittyops_policy.snapshot import WORKFLOWS_FOLDER

from .values import GITHUB_ACTIONS, Readiness

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chittyops_policy.catalogue import Catalogue
    from chittyops_policy.policy import Pack
    from chittyops_policy.snapshot import Snapshot
    from chittyops_policy.workflow import Action, Workflow

_CODEOWNERS_RULES = ("missing-codeowners", "ineffective-codeowners")
_SILENT_RULE = "missing-permissions"

_ANY_WORKFLOW = f"{WORKFLOWS_FOLDER}/any.yml"
"""A workflow that need not exist: whoever owns it owns new ones."""


def readiness_of(
    snapshot: Snapshot,
    catalogue: Catalogue,
    pack: Pack,
    checks: Iterable[str],
    reported: Mapping[str, tuple[int, ...]] | Hidden,
    *,
    today: str,
    owner_errors: Iterable[str] = (),
) -> Readiness:
    """What the files of the default branch allow.

    checks        the names, in any form, that are to be required
    reported      see `Readiness`
    owner_errors  what GitHub itself says of CODEOWNERS

    The rules run as the pack has them: the repository's own policy file has no say, and an exception does not make a
    check report or a run succeed.
    """
    rules = (*_CODEOWNERS_RULES, _SILENT_RULE)
    policy = effective(catalogue, pack, None, Overrides(select=rules), slug=snapshot.slug, today=today)
    found: dict[str, list[str]] = {rule: [] for rule in rules}
    for decision in check(snapshot, catalogue, policy, today=today, fixes=False).decisions:
        if decision.rule in found:
            place = f"{decision.path}:{decision.region.line}" if decision.region else decision.path
            found[decision.rule].append(
                f"{place}: {decision.message}" if decision.rule != _SILENT_RULE else decision.path
            )
    views: list[Workflow | Action] = [*snapshot.workflows(), *_called_actions(snapshot)]
    return Readiness(
        reported=reported,
        gaps=dict(_gaps(snapshot, checks, reported)),
        codeowners=tuple(text for rule in _CODEOWNERS_RULES for text in found[rule]) + tuple(owner_errors),
        owners=tuple(_owning_teams(snapshot)),
        unpinned=tuple(_unpinned(views)),
        uses=tuple(sorted({uses.text for view in views for uses, _, _ in view.uses() if uses.slug})),
        silent=tuple(sorted(set(found[_SILENT_RULE]))),
    )


def unreadable(reason: str, reported: Mapping[str, tuple[int, ...]] | Hidden) -> Readiness:
    """Of a repository whose files nobody could read: nothing that depends on them may be required."""
    told = (f"the files cannot be read: {reason}",)
    return Readiness(reported=reported, codeowners=told, unpinned=told, uses=told, silent=told)


def _gaps(
    snapshot: Snapshot, checks: Iterable[str], reported: Mapping[str, tuple[int, ...]] | Hidden
) -> Iterator[tuple[str, str]]:
    """Checks that GitHub Actions reported on the default branch, and would not on every pull request."""
    if isinstance(reported, Hidden):
        return
    known = find_reporters(snapshot, Lookups())
    for name in checks:
        if set(reported.get(name, ())) != {GITHUB_ACTIONS}:
            continue  # nobody reports it, or another App does, and what starts that is not in the files
        found = [gap(reporter.workflow) for reporter in known if reporter.reports(name)]
        if all(found):
            yield name, f"it {found[0]}" if found else "no job reports it any more"


def _owning_teams(snapshot: Snapshot) -> list[str]:
    """The slugs of the organisation's own teams that own new workflows."""
    path = snapshot.codeowners_path()
    text = snapshot.text(path) if path else None
    home = snapshot.slug.partition("/")[0].lower()
    line = parse(path, text).deciding_line(_ANY_WORKFLOW) if path and text is not None else None
    owners = line.owners if line is not None else ()
    return [
        owner.text.rpartition("/")[2].lower() for owner in owners if owner.kind == "team" and owner.org.lower() == home
    ]


def _unpinned(views: Iterable[Workflow | Action]) -> Iterator[str]:
    """What GitHub would not run where it requires pinning.

    Its documentation of the setting (2026-11): all actions, those of one's own organisation and GitHub's too, by a full
    commit; reusable workflows may still be named by a tag, and local paths are within the commit that runs.
    """
    for view in views:
        for uses, _, _ in view.uses():
            if uses.kind == "action" and not uses.pinned:
                yield f"{view.path}:{view.document.line_column(uses.node.start)[0]} {uses.text}"


def _called_actions(snapshot: Snapshot) -> Iterator[Action]:
    for path in sorted(snapshot.called_action_paths()):
        action = snapshot.action(path.rpartition("/")[0])
        if action is not None:
            yield action
