"""A job that publishes something restores a cache, which other runs may have filled."""

from __future__ import annotations

import re

from chittyops_policy.action_versions import spans, stated
from chittyops_policy.document import Mapping, Scalar
from chittyops_policy.rule import WORKFLOW, Context, Example, Rule
from chittyops_policy.workflow import mapping_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chittyops_policy.model import Finding
    from chittyops_policy.workflow import Job, Step, Uses, Workflow


class Switch:
    """An input that turns the cache of an action on or off.

    name     the input
    off      the value that turns it off: '' where it names what is cached, False, or True for one that says no
    default  whether the action caches when the input is absent
    beside   another input without which there is nothing to cache
    since    the first major version of which `default` is true; until, the first of which it is no longer
    """

    __slots__ = ("beside", "default", "name", "off", "since", "until")

    def __init__(
        self, name: str, off: str | bool, default: bool, since: int = 0, until: int = 1 << 20, beside: str = ""
    ) -> None:
        self.name = name
        self.off = off
        self.default = default
        self.since = since
        self.until = until
        self.beside = beside

    def on(self, value: str) -> bool:
        """Whether a written value leaves the cache on."""
        if self.off == "":
            return value != ""
        said = value.lower() in ("true", "yes", "1")
        return not said if self.off is True else value.lower() not in ("false", "no", "0", "")


CACHING: dict[str, tuple[Switch, ...]] = {
    "actions/cache": (Switch("lookup-only", True, True),),
    "actions/cache/restore": (Switch("lookup-only", True, True),),
    "actions/setup-java": (Switch("cache", "", False),),
    "actions/setup-go": (Switch("cache", False, True, since=4),),
    "actions/setup-node": (Switch("cache", "", False), Switch("package-manager-cache", False, True, since=5)),
    "actions/setup-python": (Switch("cache", "", False),),
    "actions/setup-dotnet": (Switch("cache", False, False),),
    "actions-rust-lang/setup-rust-toolchain": (Switch("cache", False, True),),
    "astral-sh/setup-uv": (Switch("enable-cache", False, True, since=5, until=10),),
    "awalsh128/cache-apt-pkgs-action": (),
    "docker/setup-buildx-action": (Switch("cache-binary", False, True, beside="version"),),
    "graalvm/setup-graalvm": (Switch("cache", "", False),),
    "gradle/actions/setup-gradle": (Switch("cache-disabled", True, True),),
    "jdx/mise-action": (Switch("cache", False, True),),
    "mlugg/setup-zig": (Switch("use-cache", False, True),),
    "mozilla-actions/sccache-action": (),
    "nix-community/cache-nix-action": (),
    "oven-sh/setup-bun": (Switch("no-cache", True, True),),
    "pyo3/maturin-action": (Switch("sccache", False, False),),
    "ramsey/composer-install": (Switch("ignore-cache", True, True),),
    "ruby/setup-ruby": (Switch("bundler-cache", False, False),),
    "swatinem/rust-cache": (Switch("lookup-only", True, True),),
}
"""Action → how its cache is turned off; nothing where it cannot be (the action.yml of each, 2026-11)."""

PUBLISHING = frozenset((
    "aws-actions/amazon-ecs-deploy-task-definition", "aws-actions/aws-cloudformation-github-deploy",
    "azure/aci-deploy", "azure/container-apps-deploy-action", "azure/functions-action", "azure/sql-action",
    "cloudflare/wrangler-action", "google-github-actions/deploy-appengine",
    "google-github-actions/deploy-cloud-functions", "google-github-actions/deploy-cloudrun",
    "googleapis/release-please-action", "goreleaser/goreleaser-action", "jreleaser/release-action",
    "pypa/gh-action-pypi-publish", "redhat-actions/push-to-registry", "release-drafter/release-drafter",
    "rubygems/release-gem", "softprops/action-gh-release",
))  # fmt: skip
"""Actions that hand something to others."""

_NPM = re.compile(r'"packageManager"\s*:\s*"npm@|"devEngines"\s*:')


def _check(workflow: Workflow, context: Context) -> Iterator[Finding]:
    trigger = _release_trigger(workflow)
    seen: set[int] = set()  # an aliased step stands in several places but is written once
    for job in workflow.jobs:
        publisher = None if trigger else _publisher(job)
        if not trigger and publisher is None:
            continue
        for step in job.steps:
            uses = step.uses
            if uses is None or id(uses.node) in seen:
                continue
            why = cached(uses, step, workflow, context)
            if why:
                seen.add(id(uses.node))
                where = f"runs for {trigger}" if trigger else f"uses {publisher}"
                start = uses.node.value.find(uses.text)
                message = f"{uses.owner}/{uses.repo} restores a cache ({why}) in a job that {where}"
                yield context.inside(workflow.document, uses.node, start, start + len(uses.text), message)


def cached(uses: Uses, step: Step, workflow: Workflow, context: Context) -> str:
    """Why an action of a step restores a cache: the input that says so; '' where it does not or nobody can tell."""
    switches = CACHING.get(uses.name)
    if switches is None or (step.with_ is None and step.node.get("with") is not None):
        return ""
    if not switches:
        return "it has no other use"
    for switch in switches:
        if switch.beside and step.input(switch.beside) is None:
            continue
        given = step.input(switch.name)
        if given is None:
            if switch.default and _by_default(uses, switch, workflow, context):
                return f"without {switch.name}: {str(switch.off).lower()}"
        elif isinstance(given, Scalar) and "${{" not in given.value and switch.on(given.value.strip()):
            return f"{switch.name}: {given.value.strip()}"
    return ""


def _by_default(uses: Uses, switch: Switch, workflow: Workflow, context: Context) -> bool:
    version = stated(workflow.document, uses)
    if version is not None and not switch.since <= spans(version)[0][0] < switch.until:
        return False
    if switch.name == "package-manager-cache":
        # Since v5 setup-node caches by itself, but only for the package manager that package.json names.
        return _NPM.search(context.snapshot.text("package.json") or "") is not None
    return True


def _release_trigger(workflow: Workflow) -> str:
    if "release" in workflow.triggers:
        return "releases"
    push = workflow.triggers.get("push")
    filters = push[1] if push is not None else None
    return "tags" if isinstance(filters, Mapping) and "tags" in filters else ""


def _publisher(job: Job) -> str | None:
    for step in job.steps:
        if step.uses is not None:
            if step.uses.name in PUBLISHING:
                return f"{step.uses.owner}/{step.uses.repo}"
            if step.uses.name == "docker/build-push-action":
                push = step.input("push")
                if isinstance(push, Scalar) and push.value.strip().lower() == "true":
                    return "docker/build-push-action with push: true"
    return None


def switched_off(step: Step, uses: Uses, workflow: Workflow, context: Context) -> dict[str, str | bool]:
    """The inputs that turn off all caching of a step's action, with their values."""
    wanted: dict[str, str | bool] = {}
    inputs = mapping_of(step.node.get("with"))
    for switch in CACHING.get(uses.name, ()):
        given = step.input(switch.name) if inputs is not None else None
        if isinstance(given, Scalar):
            if "${{" not in given.value and switch.on(given.value.strip()):
                wanted[switch.name] = switch.off
        elif switch.default and _by_default(uses, switch, workflow, context):
            wanted[switch.name] = switch.off
    return wanted


_WORKFLOW = """\
on:
  push:
    tags: ['v*']
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
"""


def _examples() -> tuple[Example, ...]:
    return (
        Example(
            "A release is built with what other runs left in the cache",
            _WORKFLOW
            + "      - uses: actions/setup-node@v4\n"
            + "        with:\n"
            + "          node-version: 22\n"
            + "          cache: npm\n"
            + "      - uses: actions/setup-go@v5\n"
            + "      - run: npm ci && npm publish\n",
            fires=("actions/setup-node@v4", "actions/setup-go@v5"),
            after={
                ".github/workflows/example.yml": _WORKFLOW
                + "      - uses: actions/setup-node@v4\n"
                + "        with:\n"
                + "          node-version: 22\n"
                + "          cache: ''\n"
                + "      - uses: actions/setup-go@v5\n"
                + "        with:\n"
                + "          cache: false\n"
                + "      - run: npm ci && npm publish\n"
            },
        ),
        Example(
            "The cache is off",
            _WORKFLOW
            + "      - uses: actions/setup-node@v4\n"
            + "      - uses: actions/setup-go@v5\n"
            + "        with: {cache: false}\n",
        ),
        Example(
            "A test run may cache",
            "on: [push, pull_request]\n"
            "jobs:\n"
            "  test:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: actions/cache@v4\n"
            "        with: {path: node_modules, key: x}\n",
        ),
        Example(
            "What a job does tells a release, too",
            "on: workflow_dispatch\n"
            "jobs:\n"
            "  ship:\n"
            "    runs-on: ubuntu-latest\n"
            "    steps:\n"
            "      - uses: Swatinem/rust-cache@v2\n"
            "      - uses: softprops/action-gh-release@v2\n",
            fires=("Swatinem/rust-cache@v2",),
        ),
    )


RULE = Rule(
    id="cache-poisoning",
    title="A release is built with a cache that other runs fill",
    theme="supply",
    severity="medium",
    profile="everything",
    visits=(WORKFLOW,),
    needs=(b"cache", b"setup-", b"mise-action", b"maturin-action", b"composer-install"),
    why=(
        "Every run on the default branch writes into the same cache, also one that executes what a pull request "
        "brought, or that an attacker could make run. What a release restores from there is published under the "
        "project's name, although no commit contains it."
    ),
    how=(
        "Build releases without a cache: turn it off in the input that the message names. It costs minutes, and only "
        "where something is published."
    ),
    limits=(
        "It knows some actions that cache and some that publish, not scripts that publish. An input that an expression "
        "gives is not judged."
    ),
    examples=_examples,
    check=_check,
    tags=("artifact-integrity", "external/cwe/cwe-349", "owasp-cicd-sec-9"),
)
