"""Creates CODEOWNERS for what runs in CI, owned by those whom the standard names."""

from __future__ import annotations

from chittyops_policy.model import REVIEW, Creation, Fix, NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """A file whose lines hand ``.github/`` to the option's owners, in the repository's own organisation."""
    wanted = context.options["owners"]
    if not wanted:
        return NoFix("the policy names no owners, and who should own the workflows only people can say")
    organisation = context.snapshot.slug.partition("/")[0]
    if not organisation and any("*" in owner for owner in wanted):
        return NoFix("the organisation is not known: no git remote names it, so its team cannot be named either")
    owners = [owner.replace("@*/", f"@{organisation}/") for owner in wanted]
    owners = [owner for owner in owners if "*" not in owner]
    if not owners:
        return NoFix(f"{' or '.join(wanted)} leaves open which team should own the workflows")
    named = " ".join(owners)
    return Fix(
        f"create {finding.path}: {named} own what runs in CI",
        REVIEW,
        creates=(Creation(finding.path, "CODEOWNERS", {"owners": owners}),),
        notes=(f"{named} must exist and have write access, or GitHub ignores the line.",),
    )
