"""Runs the rules of a catalogue over a snapshot under a policy: from values to a `Report`, nothing else.

Whatever a rule does wrong stays with that rule: the report then has a problem of kind ``internal``, and every other
rule has still run.
"""

from __future__ import annotations

from .contract_words import PARTS, may_hold
from .document import Document
from .errors import CannotEdit
from .exceptions import judge
from .fingerprint import fingerprints
from .foreign import NOTHING, ForeignRule, merged
from .model import (
    BELOW_LEVEL,
    EXCEPTED,
    FAIL,
    NOT_APPLICABLE,
    OPEN,
    PASS,
    STAGED,
    UNKNOWN,
    Decision,
    Finding,
    Fix,
    NoFix,
    Problem,
    Region,
    RelatedPlace,
    Report,
    RuleInfo,
    Span,
    Value,
    Verdict,
    severity_rank,
)
from .policy import POLICY_FILE_RULES
from .rule import ACTION, DEPENDABOT, DOCUMENT, REPOSITORY, WORKFLOW, Context, Evidence, Lookups, NotApplicable, Unknown
from .snapshot import CODEOWNERS, kind_of
from .workflow import Action

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .catalogue import Catalogue
    from .exceptions import Judged
    from .foreign import Foreign
    from .policy import Policy
    from .policy_file import Control
    from .rule import Rule
    from .snapshot import Snapshot


def check(
    snapshot: Snapshot,
    catalogue: Catalogue,
    policy: Policy,
    *,
    today: str,
    lookups: Lookups | None = None,
    paths: Sequence[str] | None = None,
    foreign: Foreign = NOTHING,
    fixes: bool = True,
) -> Report:
    """The report on a whole repository, or on the named `paths` of it.

    `today` is an ISO date: stages and exceptions depend on it. With `paths`, rules still see the whole repository but
    only findings in those files are reported, and every control is UNKNOWN. `foreign` is what other tools found; their
    rules are in the catalogue. Without `fixes` no decision says anything of a fix, which is half of the work where many
    are found.
    """
    return examine(
        snapshot, catalogue, policy, today=today, lookups=lookups, paths=paths, foreign=foreign, fixes=fixes
    ).report


class Examination(Value):
    """A report, and the fixes that its decisions speak of: one for each decision that has one, in their order."""

    __slots__ = ("fixes", "report")

    def __init__(self, report: Report, fixes: tuple[tuple[Decision, Fix], ...]) -> None:
        self.report = report
        self.fixes = fixes


def examine(
    snapshot: Snapshot,
    catalogue: Catalogue,
    policy: Policy,
    *,
    today: str,
    lookups: Lookups | None = None,
    paths: Sequence[str] | None = None,
    foreign: Foreign = NOTHING,
    fixes: bool = True,
) -> Examination:
    """What `check` reports, with the fixes themselves."""
    run = _Run(snapshot, catalogue, policy, lookups or Lookups(), paths, foreign, fixes)
    run.visit_files()
    run.visit_repository()
    return Examination(run.report(today), tuple(run.fixes))


def contexts(
    snapshot: Snapshot, catalogue: Catalogue, policy: Policy, lookups: Lookups | None = None
) -> Mapping[str, Context]:
    """What each rule that is on would be given for this repository, by id: for who asks their questions elsewhere."""
    return _Run(snapshot, catalogue, policy, lookups or Lookups(), None, NOTHING, False).contexts


class _Run:
    """The state of one check."""

    def __init__(
        self,
        snapshot: Snapshot,
        catalogue: Catalogue,
        policy: Policy,
        lookups: Lookups,
        paths: Sequence[str] | None,
        foreign: Foreign,
        propose: bool,
    ) -> None:
        self.snapshot = snapshot
        self.propose = propose
        self.catalogue = catalogue
        self.policy = policy
        self.lookups = lookups
        self.named = None if paths is None else frozenset(paths)
        self.files: tuple[str, ...] = snapshot.subjects() if paths is None else tuple(sorted(set(paths)))
        self.findings: list[Finding] = []
        self.remarks: dict[str, list[Unknown | NotApplicable | Evidence]] = {}
        self.tools = foreign.tools
        self.problems: list[Problem] = list(foreign.problems)
        self.broken: list[str] = []
        self.anchors: dict[str, str] = {}
        memo: dict[Any, Any] = {}
        self.rules: list[Rule] = []
        self.contexts: dict[str, Context] = {}
        self.fixes: list[tuple[Decision, Fix]] = []
        self.by_visit: dict[str, list[tuple[Rule, Context]]] = {}
        self.held: dict[str, bool] = {}  # whether a named file may hold a step of a contract, by the part of the pack
        self.plan = _plan(catalogue, policy)
        for rule, options in self.plan.rules:
            self.rules.append(rule)
            context = Context(rule, snapshot, options, policy.parameters, lookups, memo, self.named, self.contexts)
            self.contexts[rule.id] = context
            for visit in rule.visits:
                self.by_visit.setdefault(visit, []).append((rule, context))

    def visit_files(self) -> None:
        """Shows each subject file to the rules of its kind."""
        for path in self.files:
            kind = kind_of(path)
            if kind is None and path.endswith((".yml", ".yaml")) and path in self.snapshot.called_action_paths():
                kind = ACTION
            if kind is None:
                continue  # a rule that visits the repository may read it
            data = self.snapshot.read(path)
            if data is None:
                self.problems.append(Problem("unreadable", path, "not a regular file inside the repository"))
                self.broken.append(path)
                continue
            if kind == CODEOWNERS:
                continue
            document = self.snapshot.document(path)
            assert document is not None
            # In double quotes any word can be spelled with escapes: where there may be one, nothing is skipped.
            text = None if b"\\" in data else data.lower()
            self.visit(DOCUMENT, document, path, text)
            if document.error is not None:
                self.broken.append(path)
            elif kind == WORKFLOW:
                self.visit(WORKFLOW, self.snapshot.workflow(path), path, text)
            elif kind == ACTION:
                self.visit(ACTION, self._action(path, document), path, text)
            elif kind == DEPENDABOT:
                self.visit(DEPENDABOT, document, path, text)

    def visit_repository(self) -> None:
        """Shows the whole snapshot to the rules that ask for it."""
        if self.named is not None:
            kinds = {kind_of(path) or "" for path in self.files}
            self.by_visit[REPOSITORY] = [
                (rule, context)
                for rule, context in self.by_visit.get(REPOSITORY, ())
                if (rule.places is None or not kinds.isdisjoint(rule.places)) and self._may_find(rule, kinds)
            ]
        self.visit(REPOSITORY, self.snapshot, "", None)
        for path in self.files:
            if path not in self.snapshot.reads():
                self.problems.append(Problem("skipped", path, "no rule reads a file of this name in this place"))

    def _may_find(self, rule: Rule, kinds: set[str]) -> bool:
        """Whether a rule that visits the repository may find something in the named files, which are of these kinds."""
        part = rule.part
        if not part:
            return True
        if part not in PARTS or not kinds <= {WORKFLOW, ACTION}:
            return bool(self.policy.parameters.get(part))
        if part not in self.held:
            slugs = {self.snapshot.slug.lower(), *self.lookups.repositories} - {""}
            texts = [self.snapshot.read(path) for path in self.files]
            wanted = self.policy.contract_words(part)
            self.held[part] = any(text is not None and may_hold(text.lower(), wanted, slugs) for text in texts)
        return self.held[part]

    def visit(self, kind: str, view: Any, path: str, text: bytes | None) -> None:
        """Calls every rule that visits this kind of view and keeps what it says.

        `text` is the file in lower case, for `Rule.guard`; None where nothing may be skipped.
        """
        for rule, context in self.by_visit.get(kind, ()):
            if rule.guard and text is not None:
                for need in rule.guard:
                    if need in text:
                        break
                else:
                    continue
            try:
                for outcome in rule.check(view, context):
                    if isinstance(outcome, Finding):
                        if self.named is None or outcome.path in self.named:
                            self.findings.append(outcome)
                    else:
                        self.remarks.setdefault(rule.id, []).append(outcome)
            except Exception as error:  # a bug of one rule must not hide what the others found
                where = _raised_at(error)
                self.problems.append(
                    Problem("internal", path, f"rule {rule.id} failed: {type(error).__name__}: {error} ({where})")
                )

    def _action(self, path: str, document: Document) -> Action:
        folder = path.rpartition("/")[0]
        action = self.snapshot.action(folder)
        return action if action is not None and action.path == path else Action(document)

    # ------------------------------------------------------------------ deciding

    def report(self, today: str) -> Report:
        """Applies the policy to the findings and turns spans into regions."""
        theirs = [rule for rule in self.rules if isinstance(rule, ForeignRule)]
        judged = judge(
            merged(self.findings, theirs, self.text_document) if theirs else self.findings,
            self.text_document,
            self.files,
            self.policy,
            slug=self.snapshot.slug,
            today=today,
            ran=self.plan.ids.union([f"{tool}/*" for tool in self.tools]),
            whole=self.named is None,
        )
        named = self.named
        if named is not None:
            # What is wrong in the repository's own policy bears on every file that is judged by it.
            judged = [entry for entry in judged if entry[0].path in named or entry[0].rule in POLICY_FILE_RULES]
        judged.sort(key=_order)
        decisions = tuple(self._decisions(judged))
        if self.lookups.host is not None:
            self.problems += [Problem("lookup", "", problem) for problem in self.lookups.host.problems]
        noted = {(problem.path, problem.kind) for problem in self.problems}
        for path, message in self.snapshot.tree.problems:
            if (path, "unreadable") not in noted:
                self.problems.append(Problem("unreadable", path, message))
        return Report(
            subject=self.snapshot.slug or self.snapshot.root,
            root=self.snapshot.root,
            revision=self.snapshot.revision,
            scope="repository" if self.named is None else "files",
            profile=self.policy.profile.value,
            policy=self.policy.name,
            files=self.files,
            decisions=decisions,
            verdicts=tuple(self._verdicts(decisions)),
            problems=tuple(sorted(self.problems, key=lambda problem: (problem.path, problem.kind, problem.message))),
            rules_run=self.plan.infos,
            fail_on=self.policy.fail_on.value,
        )

    def text_document(self, path: str) -> Document | None:
        """See `Snapshot.text_document`."""
        return self.snapshot.text_document(path)

    def _decisions(self, judged: Sequence[Judged]) -> list[Decision]:
        documents: dict[str, Document | None] = {}
        masks: dict[str, list[Span]] = {}
        texts: list[str] = []
        for finding, _, _, _ in judged:
            path = finding.path
            if path not in documents:
                documents[path] = self.text_document(path)
            document = documents[path]
            span = finding.span
            text = ""
            if document is not None and span is not None:
                text = document.text[span.start : span.end]
                if finding.sensitive:
                    masks.setdefault(path, []).append(span)
            texts.append(text)
        names = fingerprints([entry[0] for entry in judged], texts)
        report_level = severity_rank(self.policy.report_level.value)
        rules = self.policy.rules
        decisions: list[Decision] = []
        for (finding, state, reason, waiver), name in zip(judged, names, strict=True):
            self.anchors[name] = "" if finding.aside else finding.anchor or ""
            settings = rules[finding.rule]
            severity = settings.severity_of(finding.severity)
            if state == OPEN and settings.stage.value != "block":
                state, reason = STAGED, settings.stage_reason
            if state == OPEN and report_level and severity_rank(severity) < report_level:
                state, reason = BELOW_LEVEL, f"milder than {self.policy.report_level.value}"
            fix = self._fix(finding) if self.propose and state in (OPEN, STAGED) else None
            fixable = fix if isinstance(fix, Fix) else None
            related: tuple[RelatedPlace, ...] = ()
            if finding.related:
                related = tuple(
                    [
                        RelatedPlace(item.path, self._region(documents, masks, item.path, item.span), item.message)
                        for item in finding.related
                    ]
                )
            path, span = finding.path, finding.span
            document = documents[path]
            decision = Decision(
                finding.rule,
                severity,
                state,
                finding.message,
                path,
                None if document is None or span is None else document.region(span, masks.get(path, ())),
                finding.route,
                name,
                reason,
                finding.notes,
                related,
                finding.sensitive,
                None if fixable is None else fixable.title,
                None if fixable is None else fixable.safety,
                fix.reason if isinstance(fix, NoFix) else "",
                waiver,
            )
            if fixable is not None:
                self.fixes.append((decision, fixable))
            decisions.append(decision)
        return decisions

    def _fix(self, finding: Finding) -> Fix | NoFix:
        """What the rule proposes for a finding. What it does wrong stays with this finding."""
        context = self.contexts.get(finding.rule)
        rule = context.rule if context is not None else self.catalogue.get(finding.rule)
        if rule is None or context is None or rule.unfixable:
            return NoFix(rule.unfixable if rule is not None else "")
        try:
            repair = rule.repair
            assert repair is not None
            return repair(finding, context)
        except CannotEdit as error:
            return NoFix(error.reason)
        except Exception as error:  # a bug of one fix must not hide the finding
            message = f"the fix of {rule.id} failed: {type(error).__name__}: {error} ({_raised_at(error)})"
            self.problems.append(Problem("internal", finding.path, message))
            return NoFix("the fix failed; see the problems")

    def _region(
        self, documents: dict[str, Document | None], masks: dict[str, list[Span]], path: str, span: Span | None
    ) -> Region | None:
        if path not in documents:
            documents[path] = self.text_document(path)
        document = documents[path]
        if document is None or span is None:
            return None
        return document.region(span, masks.get(path, ()))

    # ------------------------------------------------------------------ controls

    def _verdicts(self, decisions: Sequence[Decision]) -> Iterable[Verdict]:
        by_rule: dict[str, list[Decision]] = {}
        for decision in decisions:
            by_rule.setdefault(decision.rule, []).append(decision)
        workflows = any(kind_of(path) in (WORKFLOW, ACTION) for path in self.files)
        faults = [problem.message for problem in self.problems if problem.message.startswith("rule ")]
        return [self._verdict(control, by_rule, workflows, faults) for control in self.policy.controls]

    def _verdict(
        self, control: Control, by_rule: Mapping[str, Sequence[Decision]], workflows: bool, faults: Sequence[str]
    ) -> Verdict:
        """The standing under a control.

        `workflows` is whether the repository has a workflow or an action, `faults` says which rules failed.
        """
        if self.named is not None:
            return Verdict(
                control.id,
                control.title,
                UNKNOWN,
                "only named files were checked",
                permission="run the check without file names",
            )
        if not control.rules:
            return Verdict(control.id, control.title, UNKNOWN, control.unknown, permission=control.permission)
        if control.applies == "workflows" and not workflows:
            return Verdict(control.id, control.title, NOT_APPLICABLE, "the repository has no workflow and no action")
        failing: list[Decision] = []
        excepted = 0
        remarks: list[Unknown | NotApplicable | Evidence] = []
        off: list[str] = []
        crashed: list[str] = []
        for id, subject in control.rules:
            if self.policy.rules[id].stage.value == "off":
                off.append(id)
                continue
            if faults:
                crashed += [id for message in faults if message.startswith(f"rule {id} failed")]
            if id in self.remarks:
                remarks += [remark for remark in self.remarks[id] if not remark.subject or remark.subject == subject]
            if id in by_rule:
                found = by_rule[id]
                if subject:
                    found = [decision for decision in found if _is_about(self.anchors[decision.fingerprint], subject)]
                kept = [decision for decision in found if decision.state != EXCEPTED]
                excepted += len(found) - len(kept)
                failing += kept
        if failing:
            shown = [_place(decision) for decision in failing[:5]]
            if len(failing) > 5:
                shown.append(f"and {len(failing) - 5} more")
            rules = sorted({decision.rule for decision in failing})
            reason = f"{_plural(len(failing), 'finding')} of {', '.join(rules)}"
            return Verdict(control.id, control.title, FAIL, reason, tuple(shown))
        evidence = tuple(sorted({remark.text for remark in remarks if isinstance(remark, Evidence)})) if remarks else ()
        unknown = next((remark for remark in remarks if isinstance(remark, Unknown)), None) if remarks else None
        if unknown is not None:
            return Verdict(control.id, control.title, UNKNOWN, unknown.reason, evidence, permission=unknown.permission)
        if crashed:
            return Verdict(control.id, control.title, UNKNOWN, f"rule {crashed[0]} failed; see the problems")
        if len(off) == len(control.rules):
            return Verdict(control.id, control.title, UNKNOWN, f"not checked: {', '.join(off)} is off")
        absent = next((remark for remark in remarks if isinstance(remark, NotApplicable)), None) if remarks else None
        if absent is not None and not evidence:
            return Verdict(control.id, control.title, NOT_APPLICABLE, absent.reason)
        if self.broken and control.applies == "workflows":
            return Verdict(control.id, control.title, UNKNOWN, f"{self.broken[0]} cannot be read")
        reason = f"{_plural(excepted, 'finding')} excepted" if excepted else ""
        return Verdict(control.id, control.title, PASS, reason, evidence)


class _Plan:
    """What a catalogue comes to under the settings of a policy: the rules that are on, each with its options."""

    __slots__ = ("catalogue", "ids", "infos", "rules", "settings")

    def __init__(self, catalogue: Catalogue, policy: Policy) -> None:
        self.catalogue = catalogue.rules
        self.settings = policy.rules
        self.rules: list[tuple[Rule, dict[str, Any]]] = []
        infos: list[RuleInfo] = []
        for rule in catalogue:
            settings = policy.rules[rule.id]
            stage: str = settings.stage.value
            if stage != "off":
                options = {name: setting.value for name, setting in settings.options.items()}
                self.rules.append((rule, options))
                infos.append(
                    RuleInfo(rule.id, rule.title, rule.why, rule.how, settings.severity.value, stage, tuple(rule.tags))
                )
        self.infos = tuple(infos)
        self.ids = frozenset([rule.id for rule, _ in self.rules])


_PLANS: list[_Plan] = []
"""The last one: most repositories are judged by the same rules under the same settings, which nobody changes."""


def _plan(catalogue: Catalogue, policy: Policy) -> _Plan:
    if not _PLANS or _PLANS[0].catalogue is not catalogue.rules or _PLANS[0].settings is not policy.rules:
        _PLANS[:] = [_Plan(catalogue, policy)]
    return _PLANS[0]


def _is_about(anchor: str, subject: str) -> bool:
    return anchor == subject or anchor.startswith(subject + ":")


def _place(decision: Decision) -> str:
    return decision.path if decision.region is None else f"{decision.path}:{decision.region.line}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _order(entry: Judged) -> tuple[str, int, int, str, str]:
    finding = entry[0]
    span = finding.span
    return (finding.path, span.start if span else -1, span.end if span else -1, finding.rule, finding.message)


def _raised_at(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown place"
    code = trace.tb_frame.f_code
    return f"{code.co_filename.replace(chr(92), '/').rpartition('/')[2]}:{trace.tb_lineno}"
