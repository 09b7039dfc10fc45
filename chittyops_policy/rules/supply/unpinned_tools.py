"""An action that is pinned itself and then installs whatever release of its tool is the newest."""

from __future__ import annotations

from chittyops_policy.document import Scalar
from chittyops_policy.rule import ACTION, WORKFLOW, Context, Example, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Action, Workflow

TOOLS = {
    "1password/load-secrets-action": ("version", ("latest", "latest-beta")),
    "aquasecurity/setup-trivy": ("version", ("latest",)),
    "extractions/setup-crate": ("version", ("*",)),
    "extractions/setup-just": ("just-version", ("*",)),
}
"""Action → the input that says which release it installs, and the values that mean the newest one; none at all does too
(the action.yml of each, 2026-11)."""


def _check(view: Workflow | Action, context: Context) -> Iterator[Finding]:
    seen: set[int] = set()  # an aliased step stands in several places but is written once
    for uses, _, step in view.uses():
        entry = TOOLS.get(uses.name)
        if entry is None or step is None or id(uses.node) in seen:
            continue
        seen.add(id(uses.node))
        name, newest = entry
        given = step.input(name)
        if given is None or (isinstance(given, Scalar) and not given.value.strip()):
            start = uses.node.value.find(uses.text)
            message = f"{uses.owner}/{uses.repo} without {name} installs the newest release"
            yield context.inside(view.document, uses.node, start, start + len(uses.text), message)
        elif isinstance(given, Scalar) and given.value.strip().lower() in newest:
            yield context.at(
                view.document, given, f"{name}: {given.value.strip()} makes {uses.owner}/{uses.repo} install the newest"
            )


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "The newest release, said or not said",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: extractions/setup-just@v3\n"
            "      - uses: aquasecurity/setup-trivy@v0.2.6\n"
            "        with: {version: latest}\n",
            fires=("extractions/setup-just@v3", "latest"),
        ),
        Example(
            "A version, or one that the run decides",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: extractions/setup-just@v3\n"
            "        with: {just-version: 1.36.0}\n"
            "      - uses: aquasecurity/setup-trivy@v0.2.6\n"
            "        with: {version: '${{ vars.TRIVY }}'}\n",
        ),
        Example(
            "Inputs are found in any letter case",
            "on: push\n"
            "jobs:\n"
            "  build:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: Extractions/setup-just@v3\n"
            "        with: {Just-Version: 1.36.0}\n",
        ),
    )


RULE = Rule(
    id="unpinned-tools",
    title="An action installs the newest release of its tool",
    theme="supply",
    severity="medium",
    profile="strict",
    visits=(WORKFLOW, ACTION),
    needs=(b"setup-just", b"setup-trivy", b"setup-crate", b"load-secrets-action"),
    why=(
        "The commit of the action says which code downloads the tool, not which tool it is. A release that is taken "
        "over tonight runs tomorrow in every workflow that takes the newest one, however well its actions are pinned."
    ),
    how="Give the input that the message names a version.",
    limits="It knows a few actions whose default is the newest release; a version in an expression is believed.",
    examples=_examples,
    check=_check,
    unfixable="which version is meant only the users of the tool know",
    tags=("unpinned-dependency", "external/cwe/cwe-829", "owasp-cicd-sec-3"),
)
