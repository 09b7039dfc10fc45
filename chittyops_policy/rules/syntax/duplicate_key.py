"""A key that stands twice in one mapping."""

from __future__ import annotations

from chittyops_policy.model import Related
from chittyops_policy.rule import ACTION, DEPENDABOT, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Document, Scalar
    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow


def _check(view: Workflow | Action | Document, context: Context) -> Iterator[Finding]:
    # GitHub compares the keys of workflows and actions without regard to letter case, in every mapping, and rejects the
    # file. dependabot.yml goes through another reader, where letter case counts.
    document: Document = getattr(view, "document", view)  # type: ignore[arg-type]
    rejects = document is not view
    for earlier, later in document.duplicates:
        yield _finding(document, context, earlier, later, rejects)
    if rejects and document.has_similar_keys():
        for mapping in document.mappings:
            keys = mapping.index
            if len({key.lower() for key in keys}) != len(keys):
                first: dict[str, Scalar] = {}
                for key, node, _ in mapping.pairs():
                    earlier = first.setdefault(key.lower(), node)
                    if earlier is not node:
                        yield _finding(document, context, earlier, node, rejects)


def _finding(document: Document, context: Context, earlier: Scalar, later: Scalar, rejects: bool) -> Finding:
    if earlier.value != later.value:
        what = f"the key {later.value} differs from {earlier.value} only in letter case"
    else:
        what = f"the key {later.value} stands twice in the same mapping"
    then = "GitHub rejects the file" if rejects else "YAML forbids it, and only one of the two values can count"
    line, _ = document.line_column(earlier.start)
    return context.at(
        document, later, f"{what}; {then}", related=(Related(document.path, earlier.span, f"first here, line {line}"),)
    )


def _examples() -> tuple[Example, ...]:
    start = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n"
    dependabot = (
        "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n    directory: /web\n"
        "    schedule:\n      interval: weekly\n"
    )
    return (
        Example("a job that was pasted twice", start + start[start.index("  test") :], ("test",)),
        Example("the same key in two steps is two mappings", start + "      - run: make lint\n"),
        Example(
            "letter case does not make another key, not even under env",
            start + "        env:\n          PATH_A: 1\n          Path_A: 2\n",
            ("Path_A",),
        ),
        Example("two directories for one ecosystem", {".github/dependabot.yml": dependabot}, ("directory",)),
    )


RULE = Rule(
    id="duplicate-key",
    title="A key stands twice",
    theme="syntax",
    severity="high",
    visits=(WORKFLOW, ACTION, DEPENDABOT),
    why=(
        "A file with a key twice says two things at once. GitHub refuses such a workflow, so none of its jobs run; "
        "most other readers silently keep one of the two, so a reviewer sees a setting that is not in force."
    ),
    how="Keep one of the two keys, or merge their values.",
    examples=_examples,
    check=_check,
    unfixable="which of the two values was meant only its owners know",
    tags=("control-flow", "external/cwe/cwe-694"),
)
