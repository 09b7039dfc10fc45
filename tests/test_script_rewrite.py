"""Scripts whose expressions move to the environment: what becomes of each kind of quoting, tried in real shells."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chittyops_policy.errors import CannotEdit
from chittyops_policy.expressions import Expr, parse, segments
from chittyops_policy.script_proof import script_meaning_kept
from chittyops_policy.script_rewrite import Environment, Rewrite, inner, rewrite, variable_name

from .scripts_run import changed, folder_with_show, run, shellcheck, substituted

TITLE = "github.event.issue.title"
HOSTILE = (
    "\"; touch pwned; '",
    "'; touch pwned; \"$(touch pwned)`touch pwned`",
    "a\ntouch pwned\n}$(touch pwned)",
    "\\\" ' $HOME ${IFS} *",
    "*",
)
PLAIN = ("plain", "two words", "a/b:c=d.e_f-1,@%+")


def all_of(script: str) -> set[str]:
    return {inner(script[part.start : part.end]) for part in segments(script)}


def moved(script: str, shell: str = "bash", environment: Environment | None = None) -> Rewrite:
    """Moves every expression of a script that can be moved; the proof must agree."""
    result = rewrite(script, shell, all_of(script), environment or Environment())
    if result.pieces:
        assert script_meaning_kept(script, changed(script, result), shell, result.added, result.known) is None
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_with_show(tmp_path_factory.mktemp("scripts"))


def same_in_bash(
    script: str,
    result: Rewrite,
    folder: Path,
    program: tuple[str, ...] = ("bash", "-e"),
    hostile: tuple[str, ...] = HOSTILE,
) -> None:
    """Runs both scripts: plain values give the same output, hostile ones arrive as they are and run nothing."""
    after = changed(script, result)
    names = {**result.added, **result.known}
    words = {text: "0a1b2c" for text in all_of(script) if "sha" in text}
    printed = ""
    for value in PLAIN if result.quoted else PLAIN[:1]:
        values = dict.fromkeys(all_of(script), value) | words
        before = run([*program], substituted(script, values), folder)
        variables = {name: values[text] for name, text in names.items()}
        assert run([*program], substituted(after, values), folder, variables) == before
        printed = printed or before[1]
    for value in hostile if names else ():
        values = dict.fromkeys(all_of(script), value) | words
        variables = {name: values[text] for name, text in names.items()}
        code, output, files = run([*program], substituted(after, dict.fromkeys(values, "left")), folder, variables)
        assert "pwned" not in files, f"{value!r} was run by\n{after}"
        if "plain" in printed and code == 0 and set(result.refused) <= set(words):
            assert value in output, f"{value!r} does not arrive: {output!r} from\n{after}"


# ---------------------------------------------------------------------------------------------- the known traps

TRAPS = {
    "a whole value in single quotes": (
        "bash",
        "level='${{ steps.level.outputs.level }}'\nshow \"$level\"\n",
        'level="$STEPS_LEVEL_LEVEL"\nshow "$level"\n',
    ),
    "JSON of an earlier step in single quotes": (
        "bash",
        "SETTINGS='${{ steps.read.outputs.settings }}'\nshow \"$SETTINGS\"\n",
        'SETTINGS="$STEPS_READ_SETTINGS"\nshow "$SETTINGS"\n',
    ),
    "single quotes inside a substitution": (
        "bash",
        "LIST=$(show '${{ inputs.names }}' | tr ',' '\\n')\nshow \"$LIST\"\n",
        "LIST=$(show \"$INPUTS_NAMES\" | tr ',' '\\n')\nshow \"$LIST\"\n",
    ),
    "a path whose end is in single quotes": (
        "bash",
        "show './${{ env.PACKAGE }}'\n",
        "show './'\"$ENV_PACKAGE\"\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAPS)
def test_the_known_traps_are_fixed_right(name: str, folder: Path) -> None:
    shell, before, after = TRAPS[name]
    result = moved(before, shell)
    assert changed(before, result) == after
    same_in_bash(before, result, folder)


@pytest.mark.parametrize("name", TRAPS)
def test_the_usual_wrong_fix_of_a_trap_is_not_believed(name: str) -> None:
    shell, before, _ = TRAPS[name]
    (expression,) = all_of(before)
    start = before.index("${{")
    wrong = before[:start] + "${VALUE}" + before[before.index("}}") + 2 :]
    assert (
        script_meaning_kept(before, wrong, shell, {"VALUE": expression})
        == "$VALUE stands in single quotes, where it is not expanded"
    )


# --------------------------------------------------------------------------------------------------- each context

KEPT = {
    "double quotes, whole": ('show "${{ inputs.a }}"', 'show "$INPUTS_A"'),
    "double quotes, part": ('show "a ${{ inputs.a }}b"', 'show "a ${INPUTS_A}b"'),
    "double quotes, two values": ('show "${{ inputs.a }}${{ inputs.b }}"', 'show "${INPUTS_A}${INPUTS_B}"'),
    "double quotes beside a letter": ('show "${{ inputs.a }}_x"', 'show "${INPUTS_A}_x"'),
    "single quotes, whole": ("show '${{ inputs.a }}'", 'show "$INPUTS_A"'),
    "single quotes, middle": ("show 'a ${{ inputs.a }} b'", "show 'a '\"$INPUTS_A\"' b'"),
    "single quotes, start": ("show '${{ inputs.a }} b'", "show \"$INPUTS_A\"' b'"),
    "single quotes, two in a row": (
        "show '${{ inputs.a }}${{ inputs.b }}'",
        'show "$INPUTS_A""$INPUTS_B"',
    ),
    "single quotes, dollars beside": ("show '$HOME ${{ inputs.a }} \"'", "show '$HOME '\"$INPUTS_A\"' \"'"),
    "JSON in single quotes": (
        "show '{\"a\": \"${{ inputs.a }}\"}'",
        "show '{\"a\": \"'\"$INPUTS_A\"'\"}'",
    ),
    "JSON in double quotes": (
        'show "{\\"a\\": \\"${{ inputs.a }}\\"}"',
        'show "{\\"a\\": \\"${INPUTS_A}\\"}"',
    ),
    "quotes inside the expression": (
        "show \"${{ inputs.a || 'it' }}\"",
        'show "$INPUTS_A"',
    ),
    "one word, bare": ("show ${{ github.sha }}", 'show "${EVENT_SHA}"'),
    "one word, in a bare word": ("show x-${{ github.sha }}.tgz", 'show x-"${EVENT_SHA}".tgz'),
    "assignment, bare": ("A=${{ inputs.a }}\nshow \"$A\"", 'A="${INPUTS_A}"\nshow "$A"'),
    "assignment, part": ("A=x/${{ inputs.a }}\nshow \"$A\"", 'A=x/"${INPUTS_A}"\nshow "$A"'),
    "export": ("export A=${{ inputs.a }}\nshow \"$A\"", 'export A="${INPUTS_A}"\nshow "$A"'),
    "assignment before a command": ("A=${{ inputs.a }} sh -c 'show \"$A\"'", 'A="${INPUTS_A}" sh -c \'show "$A"\''),
    "here-document": (
        "cat <<EOF | show -\n'${{ inputs.a }}'\nEOF\nshow x",
        "cat <<EOF | show -\n'${INPUTS_A}'\nEOF\nshow x",
    ),
    "here-document with tabs": ("cat <<-EOF\n\t\"${{ inputs.a }}\"\n\tEOF", "cat <<-EOF\n\t\"${INPUTS_A}\"\n\tEOF"),
    "quoted here-document without anything else to expand": (
        "cat <<'EOF'\na \"${{ inputs.a }}\" 'b'\nEOF",
        "cat <<EOF\na \"${INPUTS_A}\" 'b'\nEOF",
    ),
    "two here-documents": (
        "cat <<A - <<'B'\n${{ inputs.a }}\nA\n${{ inputs.b }}\nB",
        "cat <<A - <<B\n${INPUTS_A}\nA\n${INPUTS_B}\nB",
    ),
    "here-string": ('cat <<< "${{ inputs.a }}"', 'cat <<< "$INPUTS_A"'),
    "substitution": ('show "$(show "${{ inputs.a }}")"', 'show "$(show "$INPUTS_A")"'),
    "backquotes": ("show \"`show '${{ inputs.a }}'`\"", 'show "`show "$INPUTS_A"`"'),
    "process substitution": ("cat <(show '${{ inputs.a }}')", 'cat <(show "$INPUTS_A")'),
    "test command": (
        'if [ "${{ inputs.a }}" = "plain" ]; then show y; fi',
        'if [ "$INPUTS_A" = "plain" ]; then show y; fi',
    ),
    "test keyword": (
        'if [[ "${{ inputs.a }}" == p* ]]; then show y; fi',
        'if [[ "$INPUTS_A" == p* ]]; then show y; fi',
    ),
    "test keyword, bare": (
        "if [[ ${{ inputs.a }} == p* ]]; then show y; fi",
        'if [[ "${INPUTS_A}" == p* ]]; then show y; fi',
    ),
    "quoted regular expression": (
        'if [[ "x-plain" =~ ^x-"${{ inputs.a }}"$ ]]; then show y; fi',
        'if [[ "x-plain" =~ ^x-"$INPUTS_A"$ ]]; then show y; fi',
    ),
    "case": (
        "case '${{ inputs.a }}' in\n  p*|q) show y ;;\n  *) show n ;;\nesac",
        'case "$INPUTS_A" in\n  p*|q) show y ;;\n  *) show n ;;\nesac',
    ),
    "case, bare": ("case ${{ inputs.a }} in p*) show y;; esac", 'case "${INPUTS_A}" in p*) show y;; esac'),
    "redirection": ("show x > '${{ github.sha }}.txt'", 'show x > "$EVENT_SHA"\'.txt\''),
    "loop": (
        "for i in 1 2; do\n  show \"$i ${{ inputs.a }}\"\ndone",
        "for i in 1 2; do\n  show \"$i ${INPUTS_A}\"\ndone",
    ),
    "function": ("f() { show \"$1\"; }\nf '${{ inputs.a }}'", 'f() { show "$1"; }\nf "$INPUTS_A"'),
    "continued line": ("show \\\n  a \\\n  '${{ inputs.a }}'", 'show \\\n  a \\\n  "$INPUTS_A"'),
    "a hash that is no comment": ("show a#'${{ inputs.a }}'", 'show a#"$INPUTS_A"'),
    "data of jq": ("true || jq --arg a '${{ inputs.a }}' .; show x", 'true || jq --arg a "$INPUTS_A" .; show x'),
    "an argument of a script": (
        "true || bash run.sh '${{ inputs.a }}'; show x",
        'true || bash run.sh "$INPUTS_A"; show x',
    ),
    "a list": ("A=(x '${{ inputs.a }}')\nshow \"${A[@]}\"", 'A=(x "$INPUTS_A")\nshow "${A[@]}"'),
    "a path in double quotes": ('show "./${{ inputs.a }}/run"', 'show "./${INPUTS_A}/run"'),
    "the same value twice": ("show '${{ inputs.a }}' \"${{ inputs.a }}\"", 'show "$INPUTS_A" "$INPUTS_A"'),
    "set -u": ("set -u\nshow '${{ inputs.a }}'", 'set -u\nshow "$INPUTS_A"'),
    "an escaped quote before": ("show \\' \"${{ inputs.a }}\"", "show \\' \"$INPUTS_A\""),
    "a comment with a quote before": ("# it's fine\nshow '${{ inputs.a }}'", "# it's fine\nshow \"$INPUTS_A\""),
    "arithmetic beside": ("show $((1 + 2)) '${{ inputs.a }}'", 'show $((1 + 2)) "$INPUTS_A"'),
    "ansi quotes beside": ("show $'it\\'s' '${{ inputs.a }}'", "show $'it\\'s' \"$INPUTS_A\""),
    "default value beside": ("show \"${NO:-it's}\" '${{ inputs.a }}'", "show \"${NO:-it's}\" \"$INPUTS_A\""),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_a_context_in_which_the_meaning_is_kept(name: str, folder: Path) -> None:
    before, after = KEPT[name]
    result = moved(before)
    assert changed(before, result) == after
    assert not result.refused
    same_in_bash(before, result, folder)
    neutral = substituted(before, dict.fromkeys(all_of(before), "x"))
    assert set(shellcheck(after)) <= set(shellcheck(neutral)), "shellcheck finds something new"


REFUSED = {
    "bare": ("show ${{ inputs.a }}", "it stands without quotes, so the value may be meant as several words or as none"),
    "bare part": ("show --a=${{ inputs.a }}", "it stands without quotes, so the value may be meant as several words"),
    "maybe no word": ("show ${{ github.head_ref }}", "or as none"),
    "one word among wildcards": ("show ${{ github.sha }}*", "it stands in a word with wildcards"),
    "a command": ("${{ inputs.a }}", "its value is the command that is run"),
    "a part of a command": ("${{ github.sha }}=1", "its value is the command that is run"),
    "a quoted command": ("'${{ inputs.a }}' x", "its value is the command that is run"),
    "comment": ("show x # ${{ inputs.a }}", "it stands in a comment, where GitHub still puts the value"),
    "arithmetic": ("show $((${{ inputs.a }} + 1))", "it stands in an arithmetic expression"),
    "number in a test": ('[[ "${{ inputs.a }}" -gt 1 ]]', "a number in [[ ]]"),
    "regular expression": ("[[ $x =~ ${{ github.sha }} ]]", "it stands in a regular expression"),
    "a number that declare computes": ('declare -i n="${{ inputs.a }}"', "a value that declare evaluates"),
    "test -v": ('test -v "${{ inputs.a }}"', "the name of a variable"),
    "source of a substitution": ("source <(echo '${{ inputs.a }}')", "what source is given to read"),
    "a shell that reads a substitution": ("bash <(echo '${{ inputs.a }}')", "what bash is given to read"),
    "a here-string of a shell": ('bash <<< "${{ inputs.a }}"', "it stands in the script of bash"),
    "xargs into a shell": ("echo '${{ inputs.a }}' | xargs -I{} sh -c '{}'", "reads from the pipe"),
    "ansi quotes": ("show $'${{ inputs.a }}'", "it stands in $'…' quotes"),
    "default value": ('show "${NO:-${{ inputs.a }}}"', "the inside of ${…}"),
    "pattern": ("case x in ${{ inputs.a }}) show y;; esac", "without quotes"),
    "quoted here-document with a dollar": (
        "cat <<'EOF'\n$HOME ${{ inputs.a }}\nEOF", "it stands in a here-document whose quoted delimiter"),
    "bash -c": ("bash -c 'show ${{ inputs.a }}'", "it stands in the script of bash"),
    "bash -ec in double quotes": ('bash -ec "show ${{ inputs.a }}"', "it stands in the script of bash"),
    "python -c": ("python3 -c 'print(\"${{ inputs.a }}\")'", "it stands in the script of python"),
    "node -e": ("node -e \"console.log('${{ inputs.a }}')\"", "it stands in the script of node"),
    "jq": ("jq '.a = \"${{ inputs.a }}\"' x.json", "it stands in the script of jq"),
    "jq in a substitution": ('X=$(jq -r ".${{ inputs.a }}" x.json)', "it stands in the script of jq"),
    "awk": ("awk '/${{ inputs.a }}/ {print}' x", "it stands in the script of awk"),
    "sed": ('sed -i "s/x/${{ inputs.a }}/" file', "it stands in the script of sed"),
    "sed -e": ('sed -n -e p -e "s/x/${{ inputs.a }}/" file', "it stands in the script of sed"),
    "ssh": ("ssh host 'run ${{ inputs.a }}'", "it stands in the script of ssh"),
    "psql -c": ("psql -c \"select '${{ inputs.a }}'\"", "it stands in the script of psql"),
    "eval": ('eval "show ${{ inputs.a }}"', "it stands in an argument of eval"),
    "find -exec sh": ("find . -exec sh -c 'x ${{ inputs.a }}' \\;", "it stands in the script of sh"),
    "docker run sh -c": ('docker run x sh -c "y ${{ inputs.a }}"', "it stands in the script of sh"),
    "a pipe into a shell": (
        "echo 'show ${{ inputs.a }}' | bash",
        "it stands in the script that bash reads from the pipe",
    ),
    "a pipe into a shell by way of tee": ("echo 'show ${{ inputs.a }}' | tee log | sh", "the script that sh reads"),
    "a here-document of python": ("python <<EOF\nprint('${{ inputs.a }}')\nEOF", "it stands in the script of python"),
    "a here-document that becomes a program": (
        "cat > x.py <<EOF\nv = '${{ inputs.a }}'\nEOF",
        "a file of program code",
    ),
    "printf": ("printf '${{ inputs.a }}\\n'", "it stands in the format of printf"),
    "read": ("read '${{ inputs.a }}'", "it stands in an argument of read"),
    "gh api --jq": ("gh api x --jq '.[] | \"${{ inputs.a }}\"'", "it stands in the --jq of gh"),
    "the whole event": ("show '${{ toJSON(github.event) }}'", "longer than the 128 KiB"),
    "several lines": ("show '${{ inputs.a ||\n inputs.b }}'", "it is written over several lines"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_context_that_is_left_alone_with_the_reason(name: str) -> None:
    script, reason = REFUSED[name]
    result = moved(script)
    assert result.pieces == ()
    assert result.added == {}
    assert len(result.refused) == 1
    assert reason in next(iter(result.refused.values()))


def test_another_use_of_the_value_keeps_it_where_it_is() -> None:
    result = moved("show '${{ inputs.a }}' '${{ inputs.b }}'\njq '${{ inputs.a }}' x\n")
    assert result.refused == {
        "inputs.a": "it stands in the script of jq, which reads the value as text of its own (line 2 of the script)"
    }
    assert result.added == {"INPUTS_B": "inputs.b"}


@pytest.mark.parametrize(
    "script",
    [
        "show 'open ${{ inputs.a }}",
        'show "${{ inputs.a }}',
        "cat <<EOF\n${{ inputs.a }}",
        "$(show '${{ inputs.a }}'",
        "{ show '${{ inputs.a }}'; } | bash",
        "show '${{ inputs.a }}' ((",
        'show "$HOME${{ inputs.a }}"',
        "show $${{ inputs.a }}",
        'show "\\${{ inputs.a }}"',
        "show ${{ github.sha }}>file",
        "show `echo \\`${{ inputs.a }}\\``",
    ],
)
def test_a_script_that_is_not_understood_is_left_alone(script: str) -> None:
    with pytest.raises(CannotEdit, match="not understood"):
        moved(script)


def test_a_value_that_stays_keeps_its_here_document_quoted() -> None:
    script = "cat <<'A'\n${{ inputs.a }} ${{ inputs.b }}\nA\ncat <<'B'\n${{ inputs.b }} ${{ inputs.c }}\nB\n"
    assert not moved(script).refused
    kept = moved(script + "jq '${{ inputs.a }}'\nshow '${{ inputs.d }}'")
    assert set(kept.refused) == {"inputs.a", "inputs.b", "inputs.c"}
    assert kept.added == {"INPUTS_D": "inputs.d"}


@pytest.mark.parametrize("use", ["A=x", "read A", ". ./settings", "show A"])
def test_a_variable_that_may_change_is_not_believed(use: str) -> None:
    before, after = f"{use}\nshow '${{{{ inputs.a }}}}'", f'{use}\nshow "$A"'
    assert "may change A" in (script_meaning_kept(before, after, "bash", {}, {"A": "inputs.a"}) or "")
    before = "show \"$A\" '${{ inputs.a }}'"
    assert script_meaning_kept(before, 'show "$A" "$A"', "bash", {}, {"A": "${{ inputs.a }}"}) is None


def test_a_variable_holds_what_env_says_of_it() -> None:
    assert script_meaning_kept("show '${{ env.A }}'", 'show "$A"', "bash", {}, {"A": "any text"}) is None
    assert script_meaning_kept("show '${{ env.B }}'", 'show "$A"', "bash", {}, {"A": "any text"}) is not None
    assert script_meaning_kept("show '${{ env.A }}'", 'show "$A"', "bash", {}, {}) is not None


SH_ONLY = [
    "show $'a' '${{ inputs.a }}'",
    "[[ '${{ inputs.a }}' ]]",
    "cat <<< '${{ inputs.a }}'",
    "cat <(x '${{ inputs.a }}')",
]


@pytest.mark.parametrize("script", SH_ONLY)
def test_what_shells_named_sh_read_in_different_ways_is_left_alone(script: str) -> None:
    with pytest.raises(CannotEdit, match=r"different|every sh"):
        moved(script, "sh")
    moved(script, "bash")


@pytest.mark.parametrize("name", [name for name in KEPT if name in ("single quotes, middle", "here-document", "case")])
def test_sh_reads_the_same(name: str, folder: Path) -> None:
    before, after = KEPT[name]
    result = moved(before, "sh")
    assert changed(before, result) == after
    same_in_bash(before, result, folder, ("dash", "-e"))


def test_an_argument_of_export_is_split_by_sh() -> None:
    assert "without quotes" in moved("export A=${{ inputs.a }}", "sh").refused["inputs.a"]


@pytest.mark.parametrize("shell", ["", "fish", "perl {0}", "bash -l {0}"])
def test_another_shell_is_refused(shell: str) -> None:
    with pytest.raises(CannotEdit, match="are not rewritten"):
        rewrite("show '${{ inputs.a }}'", shell, {"inputs.a"}, Environment())
    assert "not understood" in (script_meaning_kept("a", "b", shell, {}) or "")


# ---------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("github.event.issue.title", "ISSUE_TITLE"),
        ("github.event.pull_request.head.ref", "PULL_REQUEST_HEAD_REF"),
        ("github.event.inputs.dry-run", "INPUTS_DRY_RUN"),
        ("github.head_ref", "HEAD_REF"),
        ("github.sha", "EVENT_SHA"),
        ("github.event.number", "EVENT_NUMBER"),
        ("inputs.version", "INPUTS_VERSION"),
        ("steps.meta.outputs.tags", "STEPS_META_TAGS"),
        ("needs.build.outputs.image", "NEEDS_BUILD_IMAGE"),
        ("needs.build.result", "NEEDS_BUILD_RESULT"),
        ("secrets.NPM_TOKEN", "SECRET_NPM_TOKEN"),
        ("matrix['node version']", "MATRIX_NODE_VERSION"),
        ("github.event.commits.*.message", "COMMITS_MESSAGE"),
        ("inputs.a || 'x'", "INPUTS_A"),
        ("format('{0}', 'x')", "COMPUTED_VALUE"),
        ("env.GITHUB_THING", "ENV_GITHUB_THING"),
    ],
)
def test_a_name_that_tells_where_a_value_comes_from(text: str, name: str) -> None:
    expr = parse(text)
    assert isinstance(expr, Expr)
    assert variable_name(expr) == name


def test_names_that_are_taken_are_left_alone() -> None:
    script = "INPUTS_A=1\nshow \"$INPUTS_A\" '${{ inputs.a }}' '${{ inputs.b }}'"
    assert moved(script, environment=Environment({"inputs_b": "x"})).added == {
        "INPUTS_A_2": "inputs.a",
        "INPUTS_B_2": "inputs.b",
    }


def test_letter_case_does_not_tell_names_apart_on_windows() -> None:
    script = "inputs_a=1\nshow '${{ inputs.a }}'"
    assert moved(script).added == {"INPUTS_A": "inputs.a"}
    assert moved(script, environment=Environment(windows=True)).added == {"INPUTS_A_2": "inputs.a"}


def test_a_variable_with_the_same_value_is_used() -> None:
    environment = Environment({"TITLE": "${{github.event.issue.title }}"}, own={"TITLE"})
    result = moved("show '${{ github.event.issue.title }}' \"$TITLE\"", environment=environment)
    assert (result.added, result.known) == ({}, {"TITLE": TITLE})


@pytest.mark.parametrize("use", ["TITLE=x", "read -r TITLE", "unset TITLE", ". ./settings", "source x", "eval x"])
def test_a_variable_that_the_script_may_change_is_not_used(use: str) -> None:
    result = moved(f"{use}\nshow '${{{{ {TITLE} }}}}'", environment=Environment({"TITLE": f"${{{{ {TITLE} }}}}"}))
    assert result.known == {}
    assert result.added == {"ISSUE_TITLE": TITLE}


def test_env_is_read_from_the_variable_itself() -> None:
    result = moved("show '${{ env.FOLDER }}'", environment=Environment({"FOLDER": "dist"}))
    assert (result.added, result.known) == ({}, {"FOLDER": "env.FOLDER"})


def test_env_set_by_an_earlier_step_is_handed_over() -> None:
    assert moved("show '${{ env.FOLDER }}'").added == {"ENV_FOLDER": "env.FOLDER"}


def test_env_of_the_step_itself_cannot_be_read_in_env() -> None:
    environment = Environment({"FOLDER": "dist"}, own={"FOLDER"})
    result = moved("show '${{ format('{0}/x', env.FOLDER) }}'", environment=environment)
    assert "another variable of that env cannot see" in result.refused["format('{0}/x', env.FOLDER)"]


# ---------------------------------------------------------------------------------------------------------- proof

BEFORE = "show 'a ${{ inputs.a }}' \"b ${{ inputs.b }}\"\ncat <<'EOF'\n$HOME\nEOF\n"
WRONG = {
    "in single quotes": (
        "show 'a ${A}' \"b ${{ inputs.b }}\"\ncat <<'EOF'\n$HOME\nEOF\n",
        {"A": "inputs.a"},
        "$A stands in single quotes, where it is not expanded",
    ),
    "without quotes": (
        "show 'a '$A \"b ${{ inputs.b }}\"\ncat <<'EOF'\n$HOME\nEOF\n",
        {"A": "inputs.a"},
        "line 1 of the script: $A stands in bare, its value stood in single quotes",
    ),
    "another value": (
        "show 'a '\"$A\" \"b ${{ inputs.b }}\"\ncat <<'EOF'\n$HOME\nEOF\n",
        {"A": "inputs.c"},
        "line 1 of the script: '${{ inputs.a }}' (single quotes) has become 'A' (double quotes)",
    ),
    "a word more": (
        "show 'a '\"$A\" \"b ${{ inputs.b }}\" x\ncat <<'EOF'\n$HOME\nEOF\n",
        {"A": "inputs.a"},
        "line 1 of the script: a line break has become the beginning of a word",
    ),
    "a blank less": (
        "show 'a'\"$A\" \"b ${{ inputs.b }}\"\ncat <<'EOF'\n$HOME\nEOF\n",
        {"A": "inputs.a"},
        "line 1 of the script: 'a ' (quoted) has become 'a' (quoted)",
    ),
    "another value changes its quotes": (
        "show 'a '\"$A\" 'b ${{ inputs.b }}'\ncat <<'EOF'\n$HOME\nEOF\n",
        {"A": "inputs.a"},
        "line 1 of the script: '${{ inputs.b }}' (double quotes) has become '${{ inputs.b }}' (single quotes)",
    ),
    "a here-document is expanded": (
        'show \'a \'"$A" "b ${{ inputs.b }}"\ncat <<EOF\n$HOME\nEOF\n',
        {"A": "inputs.a"},
        "line 3 of the script: '$HOME\\n' (quoted) has become 'HOME' (a here-document)",
    ),
    "declared and not done": (
        "show 'a '\"$A\" \"b ${{ inputs.b }}\"\ncat <<'EOF'\n$HOME\nEOF\n",
        {"A": "inputs.a", "B": "inputs.b"},
        "${{ inputs.b }} still stands in the script",
    ),
    "a name of the script": (
        "show 'a '\"$HOME\" \"b ${{ inputs.b }}\"\ncat <<'EOF'\n$HOME\nEOF\n",
        {"HOME": "inputs.a"},
        "the script has a use of its own for HOME",
    ),
    "lines are lost": (
        'show \'a \'"$A" "b ${{ inputs.b }}"\n',
        {"A": "inputs.a"},
        "the script has lost the beginning of a word at its line 2",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_change_is_not_believed(name: str) -> None:
    after, moves, reason = WRONG[name]
    assert script_meaning_kept(BEFORE, after, "bash", moves) == reason


@pytest.mark.parametrize("name", REFUSED)
def test_a_place_without_a_variable_is_not_believed_either(name: str) -> None:
    before, _ = REFUSED[name]
    (expression,) = all_of(before)
    start, end = before.index("${{"), before.index("}}") + 2
    for text in ('"$VALUE"', "${VALUE}", "'\"$VALUE\"'", "\"'$VALUE'\""):
        assert script_meaning_kept(before, before[:start] + text + before[end:], "bash", {"VALUE": expression})


# ------------------------------------------------------------------------------------------------------- properties

LITERALS = st.sampled_from(
    ["a", "b c", "x=1", "#", ";", "|", "&", "*", "$HOME", "it", "(", ")", "<", "-o", "{", "}", "~"]
)
VALUES = st.sampled_from(["${{ inputs.a }}", "${{ inputs.b || 'it''s' }}", "${{ github.sha }}"])


def _quoted(quote: str, texts: list[str]) -> str:
    return quote + "".join(texts) + quote


PIECES = st.one_of(
    st.sampled_from(["a", "x-", "--o=", "$HOME", "\\'", '\\"', "\\ ", "$'it\\'s'", "''", '""', "${NO:-x}", "$((1+1))"]),
    VALUES,
    st.lists(st.one_of(LITERALS, VALUES), max_size=3).map(lambda texts: _quoted("'", texts)),
    st.lists(st.one_of(LITERALS, VALUES, st.just("'"), st.just('\\"')), max_size=3).map(lambda t: _quoted('"', t)),
)
WORDS = st.lists(PIECES, min_size=1, max_size=3).map("".join)
SIMPLE = st.lists(WORDS, max_size=3).map(lambda words: " ".join(["show", *words]))


def _heredoc(parts: tuple[str, list[str]]) -> str:
    delimiter, lines = parts
    return f"cat <<{delimiter} | tr a-z A-Z\n" + "".join(f"{line}\n" for line in lines) + "END"


COMMANDS = st.recursive(
    st.one_of(
        SIMPLE,
        WORDS.map(lambda word: f'A={word}; show "$A"'),
        WORDS.map(lambda word: f"[[ {word} == a* ]] && show yes"),
        WORDS.map(lambda word: f"case {word} in a*|'b c') show yes ;; *) show no;; esac"),
        SIMPLE.map(lambda command: f"{command} # it's \"so"),
        st.tuples(
            st.sampled_from(["END", "'END'", "\\END"]), st.lists(st.one_of(LITERALS, VALUES, SIMPLE), max_size=3)
        ).map(_heredoc),
    ),
    lambda inner_: st.one_of(
        inner_.map(lambda command: f'show "$({command}\n)"'),
        inner_.map(lambda command: f"if true; then\n{command}\nfi"),
        inner_.map(lambda command: f"( {command}\n)"),
        st.tuples(inner_, inner_).map("\n".join),
    ),
    max_leaves=4,
)

FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def _valid(script: str, folder: Path) -> bool:
    """Whether bash can read what GitHub makes of a script."""
    text = substituted(script, dict.fromkeys(all_of(script), "plain"))
    return run(["bash", "-n"], text, folder)[0] == 0


@FEW
@given(COMMANDS)
def test_whatever_the_quotes_the_variable_arrives_where_the_value_did(folder: Path, script: str) -> None:
    if not _valid(script, folder):
        return
    try:
        result = moved(script)
    except CannotEdit:
        return
    same_in_bash(script, result, folder)


@FEW
@given(COMMANDS)
def test_shellcheck_finds_nothing_new(folder: Path, script: str) -> None:
    if not _valid(script, folder):
        return
    try:
        result = moved(script)
    except CannotEdit:
        return
    neutral = dict.fromkeys(all_of(script), "x")
    before = shellcheck(substituted(script, neutral))
    after = shellcheck(substituted(changed(script, result), neutral))
    # SC2140 only asks whether quotes next to quotes, as in "$A"b"", are a slip.
    assert set(after) - set(before) <= {2140}


@FEW
@given(COMMANDS, st.sampled_from(["$VALUE", "${VALUE}", '"$VALUE"', "'\"$VALUE\"'", "\"'${VALUE}'\""]))
def test_what_the_proof_believes_bash_does(folder: Path, script: str, replacement: str) -> None:
    """Text put blindly in the place of an expression: where the proof has no objection, bash sees no difference."""
    if "${{ inputs.a }}" not in script or not _valid(script, folder):
        return
    after = script.replace("${{ inputs.a }}", replacement)
    if script_meaning_kept(script, after, "bash", {"VALUE": "inputs.a"}) is not None:
        return
    values = dict.fromkeys(all_of(script), "plain")
    before = run(["bash", "-e"], substituted(script, values), folder)
    assert run(["bash", "-e"], substituted(after, values), folder, {"VALUE": "plain"}) == before
    for value in HOSTILE:
        _, _, files = run(["bash", "-e"], substituted(after, values), folder, {"VALUE": value})
        assert "pwned" not in files


@FEW
@given(COMMANDS)
def test_moving_again_changes_nothing(folder: Path, script: str) -> None:
    try:
        result = moved(script)
        after = changed(script, result)
        again = rewrite(after, "bash", all_of(after), Environment(result.added, own=result.added))
    except CannotEdit:
        return
    assert again.pieces == () and again.refused == result.refused
