"""A workflow, action or Dependabot file that cannot be read as one YAML document."""

from __future__ import annotations

from chittyops_policy.rule import DOCUMENT, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.document import Document
    from chittyops_policy.model import Finding


def _check(document: Document, context: Context) -> Iterator[Finding]:
    if document.error is not None:
        yield context.at(document, document.error.span, document.error.message)
    elif document.extra is not None:
        yield context.at(
            document, document.extra, "a second YAML document starts here; the file must be a single document"
        )


def _examples() -> tuple[Example, ...]:
    start = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
    return (
        Example(
            "a colon and a space inside a plain value",
            start + "      - run: node -e \"console.log('valid: yes')\"\n      - run: echo done: ok\n",
            (":",),
        ),
        Example("the same in quotes", start + "      - run: 'echo done: ok'\n"),
        Example("a tab where spaces indent", start + "      - run: make\n\t  shell: bash\n", ("\t",)),
        Example("a second document", start + "      - run: make\n---\n" + start + "      - run: test\n", ("---",)),
        Example("the mark of a single document is fine", "---\n" + start + "      - run: make\n"),
    )


RULE = Rule(
    id="unparsable-yaml",
    title="The file is not one readable YAML document",
    theme="syntax",
    severity="high",
    visits=(DOCUMENT,),
    why=(
        "GitHub does not run a workflow that it cannot parse: the checks in it are silently gone, and no other rule "
        "can look inside. People notice when a deployment did not happen."
    ),
    how="Correct the marked place. A value with `: ` or ` #` in it needs quotes or a block (`|`).",
    examples=_examples,
    check=_check,
    unfixable="a file that cannot be read is never rewritten",
    tags=("control-flow", "external/cwe/cwe-1286"),
)
