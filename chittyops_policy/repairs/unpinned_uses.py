"""Names an action by the commit of its version and keeps the version as a comment."""

from __future__ import annotations

from chittyops_policy.edits import can_replace_within, comment_on, line_end, replace_within, scalar_at, set_comment
from chittyops_policy.errors import CannotEdit
from chittyops_policy.model import REVIEW, SAFE, Fix, NoFix
from chittyops_policy.pins import Unpinnable, name_of, resolve, sources
from chittyops_policy.snapshot import WORKFLOW, kind_of
from chittyops_policy.versions import parse_version, stated_version
from chittyops_policy.workflow import Uses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from chittyops_policy.document import Document, Scalar
    from chittyops_policy.model import Finding
    from chittyops_policy.pins import Pin, PinSources
    from chittyops_policy.rule import Context
    from chittyops_policy.workflow import Action, Workflow


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Puts the commit in the place of the reference; SAFE where nothing speaks against the commit.

    It is the major version that was asked for, at a commit that somebody can look up, and the update tool moves it on
    from there. What a person should weigh first (a warning, a tag that has moved, an origin that is hearsay) makes it
    REVIEW.
    """
    around = _references(finding.path, context)
    document = around.document
    if document is None or finding.span is None:
        return NoFix("the reference is not where it was")
    uses = around.by_place.get(finding.span.start) or _uses_at(document, finding.span.start)
    if uses is None:
        return NoFix("the reference is not where it was")
    proposal = around.proposals.get(uses.text)
    if proposal is None:
        proposal = around.proposals[uses.text] = _proposal(uses, around, context)
    if isinstance(proposal, NoFix):
        return proposal
    title, safety, pin, together = proposal

    def made() -> Fix:
        return _made(title, safety, document, uses, pin, together)

    _require_own_line_end(document, uses.node)
    return Fix(title, safety, made=made) if can_replace_within(document, uses.node) else made()


def _proposal(uses: Uses, around: _References, context: Context) -> tuple[str, str, Pin, str] | NoFix:
    """The title and the safety of the fix of a reference, its pin, and the version of siblings where that decided."""
    if uses.kind == "docker":
        return NoFix("which digest a tag of an image has only its registry knows, and no registry is asked")
    if uses.kind not in ("action", "workflow"):
        return NoFix("it names no action that could be looked up")
    known = sources(context)
    together = _version_of_siblings(uses, around.of_repository.get(uses.slug, ()), known)
    pin = resolve(uses.slug, together or uses.ref, known)
    if isinstance(pin, Unpinnable):
        return NoFix(pin.reason)
    flaw = known.pack.entry(uses.slug).flaw(pin.release.tag, uses.ref)
    if flaw is not None and flaw[0] not in _accepted(context):
        tag = pin.release.tag
        return NoFix(
            f"{tag}, the newest release that {uses.ref} can mean, has a known vulnerability ({flaw[0]}), repaired in "
            f"{flaw[1]}; move to that"
        )
    title = f"pin {uses.text.partition('@')[0]} to {pin.release.tag}"
    return title, REVIEW if pin.doubts else SAFE, pin, together


def _accepted(context: Context) -> tuple[str, ...]:
    """The advisories that do not matter here, as far as the rule that goes by them runs."""
    other = context.others.get("known-vulnerable-actions")
    return () if other is None else tuple(other.options["accepted"])


def _made(title: str, safety: str, document: Document, uses: Uses, pin: Pin, together: str) -> Fix:
    """The fix with its edits. `together` is the version of another action of the repository, where it decided."""
    node = uses.node
    release = pin.release
    old = comment_on(document, node.end)
    kept = "" if old is None or stated_version(old) is not None or old == uses.ref else old
    notes = (f"The commit comes from {release.origin}.", *pin.doubts)
    if together:
        notes += (f"Another action of {uses.slug} in this file is at {together}: they are made for each other.",)
    if kept:
        notes += ("Renovate updates the version before the other words of the comment, Dependabot leaves it as it is.",)
    # Other words stay, with a sign of their own: they may be meant for a tool that reads this line.
    comment = f"{release.tag} # {kept}" if kept else release.tag
    end = len(node.value.rstrip())
    amendment = replace_within(document, node, [(end - len(uses.ref), end, release.commit)])
    amendment += set_comment(document, node.end, comment)
    return Fix(title, safety, amendment.edits, amendment.effects, notes=notes)


def _uses_at(document: Document, offset: int) -> Uses | None:
    node = scalar_at(document, offset)
    return None if node is None else Uses(node, job=False)


def _version_of_siblings(uses: Uses, siblings: Iterable[tuple[str, str, bool]], known: PinSources) -> str:
    """The newest exact version that this file has for other actions of the repository and that the reference allows.

    The actions in the folders of one repository (``codeql-action/init`` and ``/analyze``) are released together, and
    often refuse to work with each other's other versions. '' where there are none.

    `siblings` has the (folder, reference, whether it is a commit) of the repository's actions in the file.
    """
    others = [sibling for sibling in siblings if sibling[0] != uses.path]
    wanted = parse_version(uses.ref) if others else None
    if wanted is None:
        return ""
    found = []
    for _, ref, pinned in others:
        release = name_of(uses.slug, ref.lower(), known) if pinned else None
        name = release.tag if release is not None else ref
        version = parse_version(name)
        if version is not None and wanted.covers(version) and len(version.numbers) > 2:
            found.append((version.order, name))
    return max(found)[1] if found else ""


class _References:
    """What a file uses: by where the text begins, and by repository as (folder, reference, whether it is a commit).

    `proposals` has what was made of each text: the same one has the same siblings everywhere in the file.
    """

    __slots__ = ("by_place", "document", "of_repository", "proposals")

    def __init__(self, path: str, document: Document | None, view: Workflow | Action | None) -> None:
        self.document = document
        self.proposals: dict[str, tuple[str, str, Pin, str] | NoFix] = {}
        self.by_place: dict[int, Uses] = {}
        self.of_repository: dict[str, set[tuple[str, str, bool]]] = {}
        if view is None:
            return
        own = view.path == path  # else this is the other action file of the folder, which counts before it
        for uses, _, _ in view.uses():
            if own:
                self.by_place[uses.node.start] = uses
            self.of_repository.setdefault(uses.slug, set()).add((uses.path, uses.ref, uses.pinned))


def _references(path: str, context: Context) -> _References:
    """The references of a file, looked up once."""
    known = context.once(_nothing_yet)
    found: _References | None = known.get(path)
    if found is None:
        snapshot = context.snapshot
        view = snapshot.workflow(path) if kind_of(path) == WORKFLOW else snapshot.action(path.rpartition("/")[0])
        found = known[path] = _References(path, snapshot.document(path), view)
    return found


def _nothing_yet(context: Context) -> dict[str, _References]:
    return {}


def _require_own_line_end(document: Document, node: Scalar) -> None:
    """Raises CannotEdit where a comment at the end of the line would not be read as that of this reference."""
    text = document.text
    if node.style in ("|", ">") or "\n" in text[node.start : node.end]:
        raise CannotEdit("the reference does not stand on one line, so that no comment can name its version")
    rest = "" if text.startswith("\n", node.end) else text[node.end : line_end(document, node.end)].lstrip(" \t")
    if rest and not rest.startswith("#"):
        raise CannotEdit("something else follows on the same line, so that no comment can name its version")
