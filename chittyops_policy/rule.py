"""What a rule is: one idea, its words, its examples, and a pure function from a view to findings.

A rule is a module under ``rules/<theme>/`` that defines ``RULE = Rule(...)``, or a YAML file under ``policies/rules/``
which `schema_rule` turns into the very same value.
"""

from __future__ import annotations

from .document import Document, Scalar
from .model import Finding, Related, Span, Value
from .workflow import Action, Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Protocol, TypeAlias

    from .document import Node
    from .model import Fix, NoFix
    from .settings import Settings
    from .snapshot import Snapshot
    from .versions import Release

    View: TypeAlias = Workflow | Action | Document | Snapshot
    Outcome: TypeAlias = "Finding | Unknown | NotApplicable | Evidence"
    Check: TypeAlias = Callable[[Any, "Context"], Iterable[Outcome]]
    Repair: TypeAlias = Callable[[Finding, "Context"], Fix | NoFix]

    class Host(Protocol):
        """GitHub, for what files cannot tell, asked by ``owner/repo`` in lower case. Each answer is kept.

        problems  what it could not be asked, each a sentence without a full stop
        """

        problems: list[str]

        def answers(self, slug: str) -> bool:
            """Whether it can tell anything about a repository."""

        def find(self, slug: str, ref: str) -> Release | None:
            """The release that a reference means, as `versions.choose` chooses it."""

        def at(self, slug: str, commit: str) -> tuple[Release, ...]:
            """The tags that name a commit."""

        def branch(self, slug: str, name: str) -> Release | None:
            """The head of a branch."""

        def tag(self, slug: str, name: str) -> bool | None:
            """Whether there is a tag of exactly that name; None where it could not be asked."""

        def peel(self, slug: str, sha: str) -> str | None:
            """The commit behind the id of an annotated tag's own object; None where it is no such id."""

        def membership(self, slug: str, commit: str) -> str:
            """How a commit belongs to a repository: one of ON_BRANCH, ON_TAG, FOREIGN, UNTOLD."""

        def default_setup(self, slug: str) -> bool | None:
            """Whether code scanning's default setup is on; None where the token may not know."""

        def settings(self, slug: str) -> Settings | None:
            """What is set for a repository; None where it was not asked."""


WORKFLOW = "workflow"
ACTION = "action"
DEPENDABOT = "dependabot"
DOCUMENT = "document"
REPOSITORY = "repository"
VISITS = (WORKFLOW, ACTION, DEPENDABOT, DOCUMENT, REPOSITORY)
"""What a rule's check receives: a `Workflow`, an `Action`, the `Document` of dependabot.yml, the `Document` of any
YAML subject (also a broken one), or the `Snapshot`.

When only named files are checked, a rule that visits the repository still runs, and of its findings those in the named
files are kept.
"""


ON_BRANCH, ON_TAG, FOREIGN, UNTOLD = "branch", "tag", "foreign", "unknown"
"""How a commit belongs to a repository: a branch contains it, only a tag does, none does (it may be a fork's, which
GitHub shows under the same address), or nobody could tell."""


class Unknown(Value):
    """A rule's answer where it cannot tell: why, and which permission or input would.

    `subject` names the part of the rule it is about, such as the scanner; '' is the whole rule.
    """

    __slots__ = ("permission", "reason", "subject")

    def __init__(self, reason: str, permission: str = "", subject: str = "") -> None:
        self.reason = reason
        self.permission = permission
        self.subject = subject


class NotApplicable(Value):
    """A rule's answer where its question does not arise, with the reason."""

    __slots__ = ("reason", "subject")

    def __init__(self, reason: str, subject: str = "") -> None:
        self.reason = reason
        self.subject = subject


class Evidence(Value):
    """What a rule saw that makes a control pass, such as ``.github/workflows/codeql.yml: jobs.analyze.steps[2]``."""

    __slots__ = ("subject", "text")

    def __init__(self, text: str, subject: str = "") -> None:
        self.text = text
        self.subject = subject


class Option(Value):
    """A setting of a rule: its default, one line of help, and the JSON Schema that a policy's value must meet."""

    __slots__ = ("default", "help", "schema")

    def __init__(self, default: Any, help: str, schema: Mapping[str, Any]) -> None:
        self.default = default
        self.help = help
        self.schema = schema


class Example(Value):
    """A case that is documentation and test at once.

    title    what it shows, as a phrase
    files    path → text of a small repository
    fires    the text under each finding's span, in report order; the path where the finding has no span; empty where
             the rule keeps quiet
    options  values for the rule's options, beside the standard's
    parameters  values for the pack's parameters, merged key by key into the standard's
    slug     the repository's name where it matters
    after    path → text after the fix, for a rule that can fix
    unknown  a part of the reason where the rule must answer Unknown
    github   what GitHub answers, for a rule that asks it: ``owner/repo@<commit>`` → how the commit belongs to the
             repository, ``owner/repo tag NAME`` and ``owner/repo branch NAME`` → a commit. Empty where nobody is asked
    settings what is set for the repository on GitHub; None where nobody asked
    """

    __slots__ = ("after", "files", "fires", "github", "options", "parameters", "settings", "slug", "title", "unknown")

    def __init__(
        self,
        title: str,
        files: Mapping[str, str] | str,
        fires: tuple[str, ...] = (),
        options: Mapping[str, Any] | None = None,
        slug: str = "",
        after: Mapping[str, str] | None = None,
        unknown: str = "",
        parameters: Mapping[str, Any] | None = None,
        github: Mapping[str, str] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.title = title
        self.files = {".github/workflows/example.yml": files} if isinstance(files, str) else files
        self.fires = fires
        self.options = options or {}
        self.slug = slug
        self.after = after or {}
        self.unknown = unknown
        self.parameters = parameters or {}
        self.github = github or {}
        self.settings = settings


class Rule:
    """A rule of the catalogue.

    id        the bad or missing thing in kebab-case
    title     a short sentence fragment for tables
    theme     the folder it lies in
    severity  one of model.SEVERITIES, before the policy
    profile   the mildest profile in which it is on: charter, strict or everything
    visits    which views `check` receives, from VISITS
    places    for a rule that visits the repository: the kinds of files (see snapshot.kind_of, '' for others) in which
              its findings can lie; None means anywhere. When only files of other kinds are named, it need not run
    part      for a rule that visits the repository: the part of the pack's parameters without which it finds nothing.
              Where that part holds contracts (see `contract_words`), its findings in workflows and actions lie only in
              files that may hold a step of one, or lead to it. When no other files are named, it need not run
    why       why a team should care, a paragraph
    how       how to fix it, one or two sentences
    examples  a function that gives the examples, so that a plain run never builds them
    check     the function from a view and a `Context` to outcomes
    options   name → Option
    needs     byte strings in lower case; without one of them in a file, in any letter case, the check says nothing
              of it. Empty where any file will do
    guard     those of the needs that are looked for before the check is called. Most checks take less time than the
              search: then they only tell whether the rule's module is to be loaded, and once it is, there are none
    tags      SARIF tags: weakness class and ``external/cwe/cwe-…``
    since     the release that brought it
    limits    what it does not see, a sentence, or ''
    unfixable why no finding of it has a fix, a sentence fragment; '' where ``repairs/<id>.py`` has one

    `searched` is for a check that takes longer than the search for its needs: they are its guard for good.
    """

    __slots__ = (
        "check", "examples", "guard", "how", "id", "limits", "needs", "options", "part", "places", "profile",
        "severity", "since", "tags", "theme", "title", "unfixable", "visits", "why",
    )  # fmt: skip

    def __init__(
        self,
        *,
        id: str,
        title: str,
        theme: str,
        severity: str,
        visits: tuple[str, ...],
        why: str,
        how: str,
        examples: Callable[[], tuple[Example, ...]],
        check: Check,
        profile: str = "charter",
        options: Mapping[str, Option] | None = None,
        needs: tuple[bytes, ...] = (),
        searched: bool = False,
        places: tuple[str, ...] | None = None,
        part: str = "",
        tags: tuple[str, ...] = (),
        since: str = "0.1.0",
        limits: str = "",
        unfixable: str = "",
    ) -> None:
        self.id = id
        self.title = title
        self.theme = theme
        self.severity = severity
        self.visits = visits
        self.why = why
        self.how = how
        self.examples = examples
        self.check = check
        self.profile = profile
        self.options = options or {}
        self.needs = needs
        self.guard = needs if searched else ()
        self.places = places
        self.part = part
        self.tags = tags
        self.since = since
        self.limits = limits
        self.unfixable = unfixable

    @property
    def repair(self) -> Repair | None:
        """The function that proposes a fix for a finding of this rule; None where `unfixable` says why there is none.

        Its module is loaded at the first finding: a run without findings needs no repairs.
        """
        if self.unfixable:
            return None
        repair = _REPAIRS.get(self.id)
        if repair is None:
            module = __import__("chittyops_policy.repairs." + self.id.replace("-", "_"), fromlist=["repair"])
            repair = _REPAIRS[self.id] = module.repair
        return repair


_REPAIRS: dict[str, Repair] = {}
"""By rule, what `Rule.repair` has loaded."""


class Lookups:
    """What a rule may ask of the world beyond the snapshot. Offline nothing answers, and None means "cannot tell".

    `repository(slug)` gives the snapshot of another repository, for calls across a set of checked repositories;
    `asked` collects the slugs, in lower case, that somebody wanted. `default_setups` has, by slug in lower case,
    whether code scanning's default setup is on, `known_settings` what is set. `host` is GitHub where a call may ask it:
    its answers change from day to day, so a report that needed them is not to be kept.
    """

    __slots__ = ("asked", "default_setups", "host", "known_settings", "repositories")

    def __init__(
        self,
        repositories: Mapping[str, Snapshot] | None = None,
        host: Host | None = None,
        default_setups: Mapping[str, bool] | None = None,
        known_settings: Mapping[str, Settings] | None = None,
    ) -> None:
        self.repositories = repositories or {}
        self.host = host
        self.default_setups = default_setups or {}
        self.known_settings = known_settings or {}
        self.asked: set[str] = set()

    def repository(self, slug: str) -> Snapshot | None:
        """The snapshot of ``owner/repo`` (any letter case) where this run has it."""
        self.asked.add(slug.lower())
        return self.repositories.get(slug.lower())

    def code_scanning_default_setup(self, slug: str) -> bool | None:
        """Whether GitHub analyses ``owner/repo`` by code scanning's default setup; None where nobody could tell.

        The answer is that of ``GET /repos/{owner}/{repo}/code-scanning/default-setup``: `state` is ``configured``.
        """
        known = self.default_setups.get(slug.lower())
        settings = self.known_settings.get(slug.lower())
        if known is None and settings is not None:
            return settings.default_setup if isinstance(settings.default_setup, bool) else None
        return self.host.default_setup(slug.lower()) if known is None and self.host is not None and slug else known

    def settings(self, slug: str) -> Settings | None:
        """What is set on GitHub for ``owner/repo``; None where nobody asked."""
        known = self.known_settings.get(slug.lower())
        return self.host.settings(slug.lower()) if known is None and self.host is not None and slug else known


class Context:
    """What a check receives beside its view: the repository, the settings in force, and how to make a finding.

    options     the rule's options, with the policy applied
    parameters  the pack's parameters, shared by rules: ``scanners``, ``beacon``, ``credentials`` …
    lookups     what may be asked of the world
    memo        results that several rules of one check share, keyed by the function that computes them
    named       the paths of the only files whose findings count; None where the whole repository is checked
    others      the contexts of all rules that run, by id: for a fix that must not break another rule
    """

    __slots__ = ("lookups", "memo", "named", "options", "others", "parameters", "rule", "snapshot")

    def __init__(
        self,
        rule: Rule,
        snapshot: Snapshot,
        options: Mapping[str, Any],
        parameters: Mapping[str, Any],
        lookups: Lookups,
        memo: dict[Any, Any],
        named: frozenset[str] | None = None,
        others: Mapping[str, Context] | None = None,
    ) -> None:
        self.rule = rule
        self.snapshot = snapshot
        self.options = options
        self.parameters = parameters
        self.lookups = lookups
        self.memo = memo
        self.named = named
        self.others = {} if others is None else others  # the engine fills it

    def once(self, compute: Callable[[Context], Any]) -> Any:
        """The value of a function of this repository, computed at the first request and shared between rules.

        It must not depend on the rule's own options.
        """
        if compute not in self.memo:
            self.memo[compute] = compute(self)
        return self.memo[compute]

    def at(
        self,
        document: Document,
        place: Node | Span,
        message: str,
        *,
        node: Node | None = None,
        notes: tuple[str, ...] = (),
        related: tuple[Related, ...] = (),
        severity: str | None = None,
        anchor: str | None = None,
        sensitive: bool = False,
        aside: bool = False,
    ) -> Finding:
        """A finding of this rule at a node, or at a span inside `node` (which then gives the route)."""
        span = place if isinstance(place, Span) else Span(place.start, place.end)
        owner = node if node is not None else None if isinstance(place, Span) else place
        route = document.route(owner)
        return Finding(
            self.rule.id, message, document.path, span, route, notes, related, severity, anchor, sensitive, aside
        )

    def inside(self, document: Document, scalar: Scalar, start: int, end: int, message: str, **more: Any) -> Finding:
        """A finding at the range [start, end) of a scalar's value."""
        span, route = document.spot(scalar, start, end), document.route(scalar)
        return Finding(self.rule.id, message, document.path, span, route, **more)

    def missing(self, path: str, message: str, **more: Any) -> Finding:
        """A finding about a file that is not there, or about a whole file."""
        return Finding(self.rule.id, message, path, None, "", **more)
