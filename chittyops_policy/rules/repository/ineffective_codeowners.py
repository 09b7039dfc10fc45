"""A CODEOWNERS file that looks as if it protected the workflows, and does not."""

from __future__ import annotations

from chittyops_policy.codeowners import MAX_BYTES, CodeOwners, Line, parse
from chittyops_policy.model import Finding, Related, Span
from chittyops_policy.rule import REPOSITORY, Context, Evidence, Example, NotApplicable, Option, Rule
from chittyops_policy.snapshot import CODEOWNERS_PATHS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.rule import Outcome
    from chittyops_policy.snapshot import Snapshot

_NEW_FILE = "new-workflow.yml"
"""Stands for a file that does not exist yet: whoever owns it owns what is added tomorrow."""


def _check(snapshot: Snapshot, context: Context) -> Iterator[Outcome]:
    path = snapshot.codeowners_path()
    if path is None:
        yield NotApplicable("the repository has no CODEOWNERS")
        return
    data = snapshot.read(path) or b""
    for other in CODEOWNERS_PATHS[CODEOWNERS_PATHS.index(path) + 1 :]:
        if snapshot.has(other) and snapshot.read(other) != data:
            yield context.missing(
                other, f"this file is never read: GitHub takes {path}, which says something else", severity="medium"
            )
    if snapshot.is_link(path):
        yield context.missing(path, f"{path} is a symbolic link, which GitHub does not follow")
        return
    if len(data) >= MAX_BYTES:
        yield context.missing(path, f"{path} has {len(data):,} bytes; GitHub loads less than {MAX_BYTES:,}")
        return
    owners, findings = judged(snapshot, context, path, data.decode("utf-8", "replace"))
    for line in owners.lines:
        if line.error:
            yield _at(context, owners, line.error_span, f"GitHub skips this line: {line.error}", severity="medium")
    if all(line.error for line in owners.lines):
        yield context.missing(path, f"{path} has no line that names an owner")
        return
    yield from _foreign_teams(snapshot, context, owners)
    yield from findings
    if not findings:
        yield Evidence(path)


def judged(snapshot: Snapshot, context: Context, path: str, text: str) -> tuple[CodeOwners, list[Finding]]:
    """A CODEOWNERS of the snapshot and what is wrong with its `protection`, worked out once for rule and repair."""
    key = judged, path, text
    if key not in context.memo:
        owners = parse(path, text)
        context.memo[key] = owners, protection(snapshot, context, owners)
    found: tuple[CodeOwners, list[Finding]] = context.memo[key]
    return found


def protection(snapshot: Snapshot, context: Context, owners: CodeOwners) -> list[Finding]:
    """What is wrong with the protection of the option's paths under some CODEOWNERS, be it that of the snapshot."""
    return [
        finding
        for protected in context.options["protected"]
        for finding in _protection(snapshot, context, owners, protected)
    ]


def probes(snapshot: Snapshot, protected: str) -> tuple[str, ...]:
    """The files by which the protection of a path is judged; of a folder a new file first, then those in it."""
    if not protected.endswith("/"):
        return (protected,)
    folder = protected.rstrip("/")
    existing = [name for name in snapshot.folder(folder) if not name.endswith("/")]
    return tuple(f"{folder}/{name}" for name in (_NEW_FILE, *existing))


def _foreign_teams(snapshot: Snapshot, context: Context, owners: CodeOwners) -> Iterator[Finding]:
    """Teams of another organisation: an owner needs write access, which a team only gets at home."""
    home = snapshot.slug.partition("/")[0].lower()
    seen: set[str] = set()
    for line in owners.lines:
        for owner in line.owners if home and not line.error else ():
            if owner.kind == "team" and owner.org.lower() != home and owner.text.lower() not in seen:
                seen.add(owner.text.lower())
                message = f"{owner.text} owns nothing here: {owner.org} is not the owner of {snapshot.slug}"
                notes = ("a team can only own files in repositories of its organisation, so not in a fork elsewhere",)
                yield _at(context, owners, owner.span, message, severity="medium", notes=notes)


def _protection(snapshot: Snapshot, context: Context, owners: CodeOwners, protected: str) -> Iterator[Finding]:
    """What is wrong with the protection of one path: one finding for each line that undoes it."""
    files = probes(snapshot, protected)
    accepted = tuple(context.options["owners"])
    uncovered: list[str] = []
    told: set[Line] = set()
    for probe in files:
        matching = owners.matching_lines(probe)
        if not matching:
            uncovered.append(probe)
            continue
        last = matching[-1]
        if last in told:
            continue
        what = protected if probe == files[0] else probe
        depth = max(line.depth_in(protected) for line in matching)
        meant = next(line for line in reversed(matching) if line.depth_in(protected) == depth)
        undone = depth > 0 and meant is not last and last.depth_in(protected) < depth
        related = (Related(owners.path, meant.span, f"overridden from line {meant.number}"),) if undone else ()
        if not last.owners:
            told.add(last)
            yield _at(context, owners, last.span, f"this line leaves {what} to nobody", related=related)
        elif undone and meant.owners and not last.names() <= meant.names():
            told.add(last)
            yield _at(
                context,
                owners,
                last.span,
                f"the last line that matches wins: this one gives {what} to {_names(last)}, not to {_names(meant)}",
                related=related,
            )
        elif accepted and not any(_accepts(pattern, owner.text) for pattern in accepted for owner in last.owners):
            told.add(last)
            yield _at(
                context,
                owners,
                Span(last.owners[0].start, last.owners[-1].end),
                f"{what} belongs to {_names(last)}; the standard wants {' or '.join(accepted)} among its owners",
                severity="medium",
            )
    # What is not there yet needs no owner.
    if uncovered and (len(files) > 1 or snapshot.has(protected)):
        shown = protected if uncovered[0] == files[0] else uncovered[0]
        yield context.missing(owners.path, f"no line covers {shown}, so nobody has to review a change to it")


def _names(line: Line) -> str:
    return " ".join(owner.text for owner in line.owners)


def _accepts(pattern: str, owner: str) -> bool:
    """Whether an owner is meant by ``@user``, ``@org/team``, ``@*/team`` or ``@org/*``; letter case does not count."""
    wanted, given = pattern.lower().split("/"), owner.lower().split("/")
    return len(wanted) == len(given) and all(
        mine == theirs or mine.lstrip("@") == "*" for mine, theirs in zip(wanted, given, strict=True)
    )


def _at(
    context: Context,
    owners: CodeOwners,
    span: Span,
    message: str,
    *,
    related: tuple[Related, ...] = (),
    severity: str | None = None,
    notes: tuple[str, ...] = (),
) -> Finding:
    return Finding(context.rule.id, message, owners.path, span, related=related, severity=severity, notes=notes)


def _examples() -> tuple[Example, ...]:
    workflow = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n"
    ci = {".github/workflows/ci.yml": workflow}
    name = ".github/CODEOWNERS"
    return (
        Example(
            "the default line stands last and takes everything",
            {**ci, name: "/.github/workflows/ @example/cicd-admins\n\n# everything else\n* @example/developers\n"},
            ("*",),
            after={name: "# everything else\n* @example/developers\n\n/.github/workflows/ @example/cicd-admins\n"},
        ),
        Example(
            "the default line first, the workflows after it",
            {**ci, name: "* @example/developers\n/.github/workflows/ @example/cicd-admins\n"},
        ),
        Example(
            "a line without owners leaves the files to nobody",
            {**ci, name: "* @example/developers\n/.github/ @example/cicd-admins\n*.yml\n"},
            ("*.yml",),
        ),
        Example(
            "GitHub skips a line with a mistake in it",
            {**ci, name: "* @example/developers\n/.github/workflows/ example/cicd-admins\n!/docs/ @example/writers\n"},
            ("example/cicd-admins", "!/docs/"),
            options={"owners": []},
        ),
        Example(
            "a team of another organisation has no say here",
            {**ci, name: "* @example/developers\n/.github/workflows/ @elsewhere/cicd-admins\n"},
            ("@elsewhere/cicd-admins",),
            slug="example/shop",
        ),
        Example(
            "the file in docs/ is never read while there is one in .github/",
            {**ci, name: "* @example/cicd-admins\n", "docs/CODEOWNERS": "* @example/developers\n"},
            ("docs/CODEOWNERS",),
        ),
        Example(
            "nobody is named for the workflows",
            {**ci, name: "/src/ @example/developers\n"},
            (name,),
        ),
        Example(
            "the standard names who must be among the owners",
            {**ci, name: "* @example/developers @example/testers\n"},
            ("@example/developers @example/testers",),
            options={"owners": ["@*/cicd-admins"]},
        ),
        Example(
            "handing one workflow to others on purpose, in a line of its own, is no accident",
            {
                **ci,
                ".github/workflows/docs.yml": workflow,
                name: "/.github/workflows/ @example/cicd-admins\n/.github/workflows/docs.yml @example/writers\n",
            },
            options={"owners": []},
        ),
    )


RULE = Rule(
    id="ineffective-codeowners",
    title="CODEOWNERS does not protect the workflows",
    theme="repository",
    severity="high",
    visits=(REPOSITORY,),
    places=("codeowners",),
    why=(
        "GitHub asks the owners of the last matching line, and nobody else. A default line at the end takes the "
        "workflows away from the people named above it, and a line with a mistake in it is skipped without a word: the "
        "file looks right in review while somebody else may approve changes to what deploys."
    ),
    how="Put the default line (`*`) first and the lines for .github/workflows/ last; name owners who exist here.",
    examples=_examples,
    check=_check,
    options={
        "protected": Option(
            [".github/workflows/"],
            "Paths whose owners matter; a folder ends in a slash.",
            {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True},
        ),
        "owners": Option(
            [],
            "One of these must be among the owners of each protected path; `*` is any organisation or team.",
            {"type": "array", "items": {"type": "string", "pattern": "^(@[^/\\s]+(/[^/\\s]+)?|[^@\\s]+@[^@\\s]+)$"}},
        ),
    },
    tags=("hardening-gap", "external/cwe/cwe-284", "owasp-cicd-sec-1"),
    limits="Whether a user or a team exists and may write to the repository is not asked.",
)
