"""Scripts in PowerShell, Python and JavaScript whose expressions move to the environment.

Python and JavaScript are run; PowerShell is run where it is installed, and else only its text is compared.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chittyops_policy.errors import CannotEdit
from chittyops_policy.script_proof import script_meaning_kept
from chittyops_policy.script_rewrite import Environment, Rewrite, rewrite

from .referees.node import Unavailable, tool
from .scripts_run import changed, run, substituted
from .test_script_rewrite import all_of

HOSTILE = ("');boom('\");boom(\"${boom}`{boom}\na\\$(boom)'\"", "'; boom()")


def moved(script: str, language: str) -> Rewrite:
    """Moves every expression of a script that can be moved; the proof must agree."""
    result = rewrite(script, language, all_of(script), Environment())
    if result.pieces:
        assert script_meaning_kept(script, changed(script, result), language, result.added, result.known) is None
    return result


def same_when_run(command: list[str], suffix: str, script: str, result: Rewrite, folder: Path) -> None:
    """Runs both scripts with plain values; the changed one prints hostile values as they are."""
    after = changed(script, result)
    for value in ("plain", "two words/4:5"):
        values = {text: json.dumps(value) if text.startswith("toJSON") else value for text in all_of(script)}
        variables = {name: values[text] for name, text in result.added.items()}
        before = run(command, substituted(script, values), folder, suffix=suffix)
        assert before[0] == 0
        assert run(command, substituted(after, values), folder, variables, suffix=suffix) == before
    for value in HOSTILE:
        values = {text: json.dumps(value) if text.startswith("toJSON") else value for text in all_of(script)}
        variables = {name: values[text] for name, text in result.added.items()}
        code, output, _ = run(command, substituted(after, values), folder, variables, suffix=suffix)
        assert code == 0
        assert value in output


# ---------------------------------------------------------------------------------------------------- PowerShell

PWSH = {
    # The trap: a variable put between single quotes is not expanded, and the folder of that name does not exist.
    "a path in single quotes": ("pushd './${{ env.PACKAGE }}'", 'pushd "./${env:ENV_PACKAGE}"'),
    "a path in single quotes, then a build": (
        "pushd './${{ env.PACKAGE }}'\ndotnet build --output ./out\npopd",
        'pushd "./${env:ENV_PACKAGE}"\ndotnet build --output ./out\npopd',
    ),
    "a path in single quotes, with a folder behind": (
        "Set-Location './${{ env.PACKAGE }}/src'",
        'Set-Location "./${env:ENV_PACKAGE}/src"',
    ),
    "a path in single quotes as a named argument": (
        "Push-Location -Path './${{ env.PACKAGE }}' -PassThru",
        'Push-Location -Path "./${env:ENV_PACKAGE}" -PassThru',
    ),
    "whole in single quotes": ("Write-Host '${{ inputs.a }}'", 'Write-Host "$env:INPUTS_A"'),
    "whole in double quotes": ('Write-Host "${{ inputs.a }}"', 'Write-Host "$env:INPUTS_A"'),
    "a part of double quotes": ('Write-Host "a ${{ inputs.a }}_b"', 'Write-Host "a ${env:INPUTS_A}_b"'),
    "other text that double quotes would expand": (
        "Write-Host 'it''s $5, \"${{ inputs.a }}\" `n'",
        'Write-Host "it\'s `$5, `"${env:INPUTS_A}`" ``n"',
    ),
    "two values": ("$x = '${{ inputs.a }}-${{ inputs.b }}'", '$x = "${env:INPUTS_A}-${env:INPUTS_B}"'),
    "a here-string": ('$x = @"\n"${{ inputs.a }}"\n"@', '$x = @"\n"${env:INPUTS_A}"\n"@'),
    "inside a sub-expression": (
        "Write-Host \"$(Get-Item '${{ inputs.a }}')\"",
        'Write-Host "$(Get-Item "$env:INPUTS_A")"',
    ),
    "a comment beside": ("# it's\nWrite-Host '${{ inputs.a }}' # \"", '# it\'s\nWrite-Host "$env:INPUTS_A" # "'),
}


@pytest.mark.parametrize("name", PWSH)
def test_powershell(name: str, tmp_path: Path) -> None:
    before, after = PWSH[name]
    result = moved(before, "pwsh")
    assert changed(before, result) == after
    program = shutil.which("pwsh")
    if program and before.startswith("Write-Host '"):
        same_when_run([program, "-NoProfile", "-File"], ".ps1", before, result, tmp_path)


@pytest.mark.parametrize("name", [name for name in PWSH if name.startswith("a path")])
def test_the_usual_wrong_fix_for_powershell_is_not_believed(name: str) -> None:
    before, _ = PWSH[name]
    wrong = before.replace("${{ env.PACKAGE }}", "$env:PACKAGE_PATH")
    assert (
        script_meaning_kept(before, wrong, "pwsh", {"PACKAGE_PATH": "env.PACKAGE"})
        == "$PACKAGE_PATH stands in a string, where it is not expanded"
    )


PWSH_REFUSED = {
    "bare": ("Write-Host ${{ inputs.a }}", "in the code itself"),
    "a number": ("$n = ${{ inputs.n }}", "in the code itself"),
    "a comment": ("Write-Host x # ${{ inputs.a }}", "it stands in a comment"),
    "a block comment": ("<# ${{ inputs.a }} #>", "it stands in a comment"),
    "a here-string in single quotes": ("$x = @'\n${{ inputs.a }}\n'@", "a here-string in single quotes"),
    "another shell": ('bash -c "echo ${{ inputs.a }}"', "a line for bash"),
    "Invoke-Expression": ('Invoke-Expression "x ${{ inputs.a }}"', "a line for Invoke-Expression"),
    "a pipe into iex": ("'x ${{ inputs.a }}' | iex", "a line for iex"),
    "a program file": ("'x ${{ inputs.a }}' | Out-File run.ps1", "a file of program code"),
}


@pytest.mark.parametrize("name", PWSH_REFUSED)
def test_powershell_that_is_left_alone(name: str) -> None:
    script, reason = PWSH_REFUSED[name]
    result = moved(script, "pwsh")
    assert result.pieces == ()
    assert reason in next(iter(result.refused.values()))


@pytest.mark.parametrize(
    "script",
    ["Write-Host “${{ inputs.a }}”", "Write-Host '${{ inputs.a }}", "cmd --% '${{ inputs.a }}'",
     'Write-Host "`${{ inputs.a }}"', 'Write-Host "$x${{ inputs.a }}"'],
)  # fmt: skip
def test_powershell_that_is_not_understood(script: str) -> None:
    with pytest.raises(CannotEdit, match="not understood"):
        moved(script, "pwsh")


def test_cmd_is_refused_with_the_reason() -> None:
    with pytest.raises(CannotEdit, match="so it would still be code there"):
        rewrite('echo "${{ inputs.a }}"', "cmd", {"inputs.a"}, Environment())


# -------------------------------------------------------------------------------------------------------- Python

PYTHON = {
    "a whole string": ("print('${{ inputs.a }}')", 'import os\nprint(os.environ["INPUTS_A"])'),
    "os is there": ("import os\nprint('${{ inputs.a }}')", 'import os\nprint(os.environ["INPUTS_A"])'),
    "os among others": ("import sys, os\nprint('${{ inputs.a }}')", 'import sys, os\nprint(os.environ["INPUTS_A"])'),
    "a part": (
        "print('a {} ${{ inputs.a }}!')",
        "import os\nprint(f'a {{}} {os.environ[\"INPUTS_A\"]}!')",
    ),
    "an f-string": (
        'n = 1\nprint(f"{n} {{}} ${{ inputs.a }}")',
        "import os\nn = 1\nprint(f\"{n} {{}} {os.environ['INPUTS_A']}\")",
    ),
    "a raw string": (r"print(r'\d ${{ inputs.a }}')", "import os\nprint(rf'\\d {os.environ[\"INPUTS_A\"]}')"),
    "three quotes": (
        'print("""\n\'${{ inputs.a }}\'\n""")',
        'import os\nprint(f"""\n\'{os.environ[\'INPUTS_A\']}\'\n""")',
    ),
    "strings side by side": (
        "print('a' '${{ inputs.a }}')",
        "import os\nprint('a' f'{os.environ[\"INPUTS_A\"]}')",
    ),
    "strings in a list": (
        "print(['a'\n  '${{ inputs.a }}'][0])",
        "import os\nprint(['a'\n  f'{os.environ[\"INPUTS_A\"]}'][0])",
    ),
    "an escape": ("print('it\\'s ${{ inputs.a }}\\t.')", "import os\nprint(f'it\\'s {os.environ[\"INPUTS_A\"]}\\t.')"),
    "a named character": (
        "print('\\N{BULLET} ${{ inputs.a }}')",
        "import os\nprint(f'\\N{BULLET} {os.environ[\"INPUTS_A\"]}')",
    ),
    "a comment before": ("# it's\nprint('${{ inputs.a }}')", 'import os\n# it\'s\nprint(os.environ["INPUTS_A"])'),
    "a method": ("print('${{ inputs.a }}'.strip())", 'import os\nprint(os.environ["INPUTS_A"].strip())'),
}


@pytest.mark.parametrize("name", PYTHON)
def test_python(name: str, tmp_path: Path) -> None:
    before, after = PYTHON[name]
    result = moved(before, "python")
    assert changed(before, result) == after
    same_when_run([sys.executable], ".py", before, result, tmp_path)


PYTHON_REFUSED = {
    "code": ("x = ${{ inputs.n }}", "in the code itself"),
    "a comment": ("# ${{ inputs.a }}", "it stands in a comment"),
    "bytes": ("x = b'${{ inputs.a }}'", "it stands in bytes"),
    "the prefix u": ("x = u'${{ inputs.a }}'", "the prefix u"),
    "os.system": ("import os\nos.system('x ${{ inputs.a }}')", "an argument of system()"),
    "a shell": ("import subprocess as s\ns.run('x ${{ inputs.a }}', shell=True)", "an argument of run()"),
    "eval": ("eval('${{ inputs.a }}')", "an argument of eval()"),
    "a dollar and a brace": ("print('${{ inputs.a }}${1}')", "would become an expression of GitHub's"),
    "SQL": ("c.execute('select ${{ inputs.a }}')", "an argument of execute()"),
    "a format": ("x = '{} ${{ inputs.a }}'.format(1)", "it stands in a format"),
    "another os": ("os = 1\nprint('${{ inputs.a }}')", "the name os is used for something else"),
    "future": ("from __future__ import annotations\nprint('${{ inputs.a }}')", "from __future__"),
    "a word beside": ("print('a'if'${{ inputs.a }}'else'b')", "a word stands directly beside"),
}


@pytest.mark.parametrize("name", PYTHON_REFUSED)
def test_python_that_is_left_alone(name: str) -> None:
    script, reason = PYTHON_REFUSED[name]
    result = moved(script, "python")
    assert result.pieces == ()
    assert reason in next(iter(result.refused.values()))


@pytest.mark.parametrize(
    "script", ["print('${{ inputs.a }}", "print(f'{${{ inputs.a }}}')", "print('\\${{ inputs.a }}')"]
)
def test_python_that_is_not_understood(script: str) -> None:
    with pytest.raises(CannotEdit, match="not understood"):
        moved(script, "python")


def test_quotes_inside_the_same_quotes_are_not_believed() -> None:
    before, after = "import os\nprint('a ${{ inputs.a }}')", "import os\nprint(f'a {os.environ['A']}')"
    assert "before Python 3.12" in (script_meaning_kept(before, after, "python", {"A": "inputs.a"}) or "")


# ---------------------------------------------------------------------------------------------------- JavaScript

JAVASCRIPT = {
    "a whole string": ("console.log('${{ inputs.a }}')", "console.log(process.env.INPUTS_A)"),
    "double quotes": ('console.log("${{ inputs.a }}")', "console.log(process.env.INPUTS_A)"),
    "a part": ("console.log('a ${{ inputs.a }}!' + 1)", "console.log(`a ${process.env.INPUTS_A}!` + 1)"),
    "a template": (
        "const n = 1;\nconsole.log(`${n} ${{ inputs.a }} ${'x' + n}`)",
        "const n = 1;\nconsole.log(`${n} ${process.env.INPUTS_A} ${'x' + n}`)",
    ),
    "escapes": (r"console.log('it\'s ${{ inputs.a }}\t.')", r"console.log(`it\'s ${process.env.INPUTS_A}\t.`)"),
    "a property": (
        "const o = { a: '${{ inputs.a }}', 'b': 1 };\nconsole.log(o.a)",
        "const o = { a: process.env.INPUTS_A, 'b': 1 };\nconsole.log(o.a)",
    ),
    "JSON as code": (
        "const v = ${{ toJSON(inputs.a) }};\nconsole.log(v)",
        "const v = JSON.parse(process.env.INPUTS_A);\nconsole.log(v)",
    ),
    "a comment and a regular expression before": (
        "// it's\nconst r = /it's [/'] \\/ /; const d = 4 / 2 / 1;\nconsole.log('${{ inputs.a }}')",
        "// it's\nconst r = /it's [/'] \\/ /; const d = 4 / 2 / 1;\nconsole.log(process.env.INPUTS_A)",
    ),
    "a method": ("console.log('${{ inputs.a }}'.split('|')[0])", "console.log(process.env.INPUTS_A.split('|')[0])"),
    "nested templates": (
        "console.log(`a ${[1].map((i) => `${i} '${{ inputs.a }}'`)}`)",
        "console.log(`a ${[1].map((i) => `${i} '${process.env.INPUTS_A}'`)}`)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", JAVASCRIPT)
def test_javascript(name: str, tmp_path: Path) -> None:
    before, after = JAVASCRIPT[name]
    result = moved(before, "github-script")
    assert changed(before, result) == after
    try:
        node = tool("node")
    except Unavailable as reason:
        pytest.skip(str(reason))
    same_when_run([node], ".js", before, result, tmp_path)


JAVASCRIPT_REFUSED = {
    "code": ("const n = ${{ inputs.n }};", "in the code itself"),
    "the whole script": ("${{ inputs.script }}", "in the code itself"),
    "a comment": ("// ${{ inputs.a }}", "it stands in a comment"),
    "a regular expression": ("x.match(/${{ inputs.a }}/)", "a regular expression"),
    "a key": ("const o = {'${{ inputs.a }}': 1}", "the key of an object"),
    "a command": ("exec.exec('git log ${{ inputs.a }}')", "an argument of exec()"),
    "a query": ("github.graphql(`query { x(a: \"${{ inputs.a }}\") }`)", "an argument of graphql()"),
    "eval": ("eval('${{ inputs.a }}')", "an argument of eval()"),
    "a template in the text": ("x('`${{ inputs.a }}`')", "would mean something else in a template"),
    "a word beside": ("return'${{ inputs.a }}'", "a word stands directly beside"),
    "an octal escape": (r"x('\1 ${{ inputs.a }}')", "would mean something else in a template"),
}  # fmt: skip


@pytest.mark.parametrize("name", JAVASCRIPT_REFUSED)
def test_javascript_that_is_left_alone(name: str) -> None:
    script, reason = JAVASCRIPT_REFUSED[name]
    result = moved(script, "github-script")
    assert result.pieces == ()
    assert reason in next(iter(result.refused.values()))


@pytest.mark.parametrize("script", ["x('${{ inputs.a }}", "x(tag`${{ inputs.a }}`)", "x(`$${{ inputs.a }}`)"])
def test_javascript_that_is_not_understood(script: str) -> None:
    with pytest.raises(CannotEdit, match="not understood"):
        moved(script, "github-script")


# ------------------------------------------------------------------------------------------------------- properties

BLIND = {
    "python": ['{os.environ["V"]}', '"+os.environ["V"]+"', "' + os.environ['V'] + '", 'os.environ["V"]'],
    "github-script": ["${process.env.V}", "' + process.env.V + '", "process.env.V", '" + process.env.V + "'],
}
TEXTS = st.lists(
    st.sampled_from(["a", " b", "\\'", '\\"', "{", "}", "`", "$", "${{ inputs.a }}", "${1}", "#", "//", "'", '"']),
    max_size=4,
).map("".join)
STRINGS = st.tuples(st.sampled_from(["'{}'", '"{}"', "`{}`", 'f"{}"', "r'{}'", "'''{}'''", "{}"]), TEXTS).map(
    lambda both: both[0].replace("{}", both[1])
)


@pytest.mark.parametrize("language", BLIND)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_the_proof_believes_the_language_does(language: str, tmp_path: Path, data: st.DataObject) -> None:
    """Text put blindly in the place of an expression: where the proof has no objection, a run sees no difference."""
    word = data.draw(st.lists(STRINGS, min_size=1, max_size=2).map("+".join))
    script = f"import os\nprint({word})\n" if language == "python" else f"console.log({word})\n"
    blind = data.draw(st.sampled_from(BLIND[language]))
    after = script.replace("${{ inputs.a }}", blind)
    command = [sys.executable] if language == "python" else [tool("node")]
    suffix = ".py" if language == "python" else ".js"
    before = run(command, substituted(script, {"inputs.a": "plain"}), tmp_path, suffix=suffix)
    if before[0] != 0:
        return
    candidates = [(after, {"V": "inputs.a"})]
    try:
        result = moved(script, language)
        candidates.append((changed(script, result), dict(result.added)))
    except CannotEdit:
        pass
    for text, moves in candidates:
        if text == script or script_meaning_kept(script, text, language, moves) is not None:
            continue
        variables = dict.fromkeys(moves, "plain")
        assert run(command, substituted(text, {"inputs.a": "plain"}), tmp_path, variables, suffix=suffix) == before
