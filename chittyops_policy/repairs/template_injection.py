"""Hands values over to a script in the step's environment instead of writing them into it."""

from __future__ import annotations

from chittyops_policy.document import Mapping, Scalar
from chittyops_policy.edits import Amendment, add_key, replace_within, scalar_at
from chittyops_policy.errors import CannotEdit
from chittyops_policy.injection import GITHUB_SCRIPT, expansions, source_of
from chittyops_policy.model import REVIEW, SAFE, Fix, NoFix
from chittyops_policy.script_rewrite import Environment, Rewrite, rewrite
from chittyops_policy.step_shells import shell_of_step
from chittyops_policy.workflow import Workflow, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chittyops_policy.document import Document
    from chittyops_policy.injection import Expansion
    from chittyops_policy.model import Finding
    from chittyops_policy.rule import Context
    from chittyops_policy.workflow import Action


def repair(finding: Finding, context: Context) -> Fix | NoFix:
    """Moves every value of the step that outsiders write; safe where each stands in quotes.

    In quotes the value arrives exactly as before, unless it holds characters of the shell's own, which nobody can
    have meant to be run. Without quotes it may have been meant as several words, which only a person can tell.
    """
    return moved(finding, context, free=True)


def moved(finding: Finding, context: Context, *, free: bool) -> Fix | NoFix:
    """The fix of a finding together with the other findings of its kind in the same script: one change of a step."""
    view: Workflow | Action | None
    if finding.path in context.snapshot.workflow_paths():
        view = context.snapshot.workflow(finding.path)
    else:
        view = context.snapshot.action(finding.path.rpartition("/")[0])
    if view is None or finding.span is None:
        return NoFix("the file cannot be read any more")
    document = view.document
    scalar = scalar_at(document, finding.span.start)
    if (expansions, document) not in context.memo:
        context.memo[expansions, document] = tuple(expansions(view))
    places = [place for place in context.memo[expansions, document] if place.scalar is scalar]
    own = next((at for at in places if document.spot(at.scalar, at.start, at.end).start == finding.span.start), None)
    if own is None:
        return NoFix("the script stands in several places of the file")
    if own.action and own.action != GITHUB_SCRIPT:
        return NoFix(f"how {own.action} hands variables to its {own.script} is not known here; its documentation tells")
    key = moved, own.scalar, free  # the findings of a script share one answer
    if key not in context.memo:
        context.memo[key] = _rewrite(view, own, places, free, context)
    result: Rewrite
    result, far = context.memo[key]
    if own.text in result.refused:
        return NoFix(result.refused[own.text])
    names = sorted(name for name, text in {**result.added, **result.known}.items())
    values = "the value" if len(names) == 1 else "the values"
    change = _with_env(document, own, result) + replace_within(document, own.scalar, result.pieces)
    # What comes a long way was made by some script on the way, perhaps with quotes that somebody means to be read.
    safe = free and result.quoted and not far
    notes = () if safe else (_NOTE if result.quoted else _NOTE_BARE,)
    return Fix(
        f"hand {values} over in env as {', '.join(names)}",
        SAFE if safe else REVIEW,
        change.edits,
        change.effects,
        notes=notes,
    )


def _rewrite(
    view: Workflow | Action, own: Expansion, places: list[Expansion], free: bool, context: Context
) -> tuple[Rewrite, bool]:
    """The script without every value of that kind, and whether one of them comes a long way.

    Raises CannotEdit where the script or its shell is not known.
    """
    sources = [(place.text, source_of(place, context)) for place in places]
    moving = {text: source for text, source in sources if source is not None and source.free == free}
    far = any(source.origin is not None for source in moving.values())
    shell, windows = ("github-script", False) if own.action else shell_of_step(view, own.job, own.step)
    if not shell:
        raise CannotEdit("which shell runs the script cannot be told from the files; `shell:` would say it")
    return rewrite(own.scalar.value, shell, set(moving), _environment(view, own, windows)), far


_NOTE = "A value with quotes, dollars or backslashes was read by the shell before and is plain text from now on."
_NOTE_BARE = _NOTE + " Where it stood without quotes it is one word from now on."


def _environment(view: Workflow | Action, place: Expansion, windows: bool) -> Environment:
    own = place.step.node.get("env")
    if own is not None and not isinstance(own, Mapping):
        raise CannotEdit("the step's env is not a mapping")
    values: dict[str, str] = {}
    for env in (
        view.env if isinstance(view, Workflow) else None,
        place.job.env if place.job is not None else None,
        place.step.env,
    ):
        if env is not None:
            values.update({key: text_of(value) for key, _, value in env.pairs() if isinstance(value, Scalar)})
    return Environment(values, own.keys() if isinstance(own, Mapping) else (), windows)


def _with_env(document: Document, place: Expansion, result: Rewrite) -> Amendment:
    """The step with the new variables: in its ``env``, or in a new one before the script where that is not first."""
    values = {name: f"${{{{ {text} }}}}" for name, text in result.added.items()}
    if not values:
        return Amendment()
    step = place.step
    if step.env is not None and step.env.items:
        change = Amendment()
        for name, value in values.items():
            change += add_key(document, step.env, name, value)
        return change
    if step.env is not None:
        raise CannotEdit("the step's env is empty")
    keys = list(step.node.keys())
    at = keys.index("with" if place.action else "run")
    return add_key(document, step.node, "env", values, after=keys[at - 1] if at else keys[0])
