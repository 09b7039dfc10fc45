"""The commands of a script, and whether their failures are noticed: examples, and what holds for every text."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chittyops_policy import shell_syntax
from chittyops_policy.shell_commands import after_options, commands, has_option, program_of, shell_options


def programs(script: str, shell: str = "") -> list[str]:
    return [" ".join(command.program) for command in commands(script, shell) or ()]


def fates(script: str, shell: str = "") -> list[tuple[str, str]]:
    """(source text up to the end of its list, why nobody notices a failure) of each `scan` in a script."""
    found = commands(script, shell)
    assert found is not None
    return [
        (script[command.start : command.list_end], command.swallowed)
        for command in found
        if command.program[:1] == ("scan",)
    ]


# ---------------------------------------------------------------------------------------------- what is a command


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("a b\nc", ["a b", "c"], id="lines"),
        pytest.param("a; b && c || d | e & f", ["a", "b", "c", "d", "e", "f"], id="operators"),
        pytest.param("a b \\\n  c", ["a b c"], id="continued line"),
        pytest.param("a b \\\r\n  c\r\nd\r\n", ["a b c", "d"], id="CRLF"),
        pytest.param("# a\nb # c\nd#e", ["b", "d#e"], id="comments"),
        pytest.param("a 'b # c; d' \"e && f\" g\\;h", ["a b # c; d e && f g;h"], id="quotes"),
        pytest.param("cat <<EOF > x\nscan\nEOF\nb", ["cat", "b"], id="here-document"),
        pytest.param("cat <<-'EOF'\n\tscan\n\tEOF\nb", ["cat", "b"], id="here-document with tabs"),
        pytest.param("a <<X <<'Y'\n1\nX\n2\nY\nb", ["a", "b"], id="two here-documents"),
        pytest.param("cat <<EOF\nscan", ["cat"], id="here-document without an end"),
        pytest.param("bash <<EOF\nscan\nEOF", ["bash", "scan"], id="here-document for a shell"),
        pytest.param("cat <<< scan", ["cat"], id="here-string"),
        pytest.param("X=1 Y='2 3' a b=c", ["a b=c"], id="assignments"),
        pytest.param('X=$(a b) && echo "$(c "$(d)")" `e`', ["a b", 'echo $(c "$(d)") `e`', "c $(d)", "d", "e"],
                     id="substitutions"),
        pytest.param("a > b 2>&1 < c &> d >> e", ["a"], id="redirections"),
        pytest.param("diff <(a) <(b)", ["diff /dev/fd /dev/fd", "a", "b"], id="process substitution"),
        pytest.param("if a; then b; elif c; then d; else e; fi; f", ["a", "b", "c", "d", "e", "f"], id="if"),
        pytest.param("for x in a b; do c $x; done; d", ["c $x", "d"], id="for"),
        pytest.param("for ((i=0;i<3;i++)); do a; done", ["a"], id="arithmetic for"),
        pytest.param("while read x; do a; done < <(b)", ["read x", "a", "b"], id="while"),
        pytest.param("case $x in a|b) c;; (d) e ;& *) f\nesac\ng", ["c", "e", "f", "g"], id="case"),
        pytest.param("f() { a; }\nfunction g { b; }\nf", ["a", "b", "f"], id="functions"),
        pytest.param("(a; b) | { c; }", ["a", "b", "c"], id="groups"),
        pytest.param('[[ -f x && $y == "a b" ]] && a', ["a"], id="test"),
        pytest.param("((x++)); a $((1 + 2))", ["a $((1 + 2))"], id="arithmetic"),
        pytest.param("x=(a b $(c)); d", ["c", "d"], id="array"),
        pytest.param("a ${x:-$(b)} \"${y//'/}\" c", ["a ${x:-$(b)} ${y//'/} c", "b"], id="parameter expansion"),
        pytest.param("a \"${{ f('x', \"y\") }}\" '${{ g['it''s'] }}' b", ["a ${{ f('x', \"y\") }} ${{ g['it''s'] }} b"],
                     id="expressions are opaque"),
        pytest.param("bash -c 'a; b' && eval \"c d\"", ["bash -c a; b", "a", "b", "eval c d", "c d"], id="nested"),
        pytest.param("find . -name x -exec a {} \\; -exec b {} +",
                     ["find . -name x -exec a {} ; -exec b {} +", "a {}", "b {}"], id="find -exec"),
        pytest.param("echo 'no end", ["echo no end"], id="open quote"),
        pytest.param("if a; then b", ["a", "b"], id="open if"),
        pytest.param(") ;; fi a", ["fi a"], id="nonsense"),
        pytest.param("", [], id="nothing"),
    ],
)  # fmt: skip
def test_commands(script: str, expected: list[str]) -> None:
    assert programs(script) == expected


@pytest.mark.parametrize(
    ("words", "program"),
    [
        ("sudo -E env X=1 a b", "a b"),
        ("npx --yes gitleaks@8.18 detect", "gitleaks detect"),
        ("npx -p snyk snyk test", "snyk test"),
        ("npx @scope/tool@1.2 run", "@scope/tool run"),
        ("pnpm dlx vercel@latest deploy", "vercel deploy"),
        ("npm exec -- wrangler deploy", "wrangler deploy"),
        ("./node_modules/.bin/wrangler deploy", "wrangler deploy"),
        ("/opt/bin/gitleaks git", "gitleaks git"),
        ("timeout -k 5 60 a", "a"),
        ("uv run --with x bandit -r .", "bandit -r ."),
        ("python3 -m pip_audit", "pip_audit"),
        ("op run --env-file=x -- npm publish", "npm publish"),
        ("xargs -n 1 -P 4 a", "a"),
        ("sudo", ""),
        ("npm run deploy", "npm run deploy"),
    ],
)
def test_program(words: str, program: str) -> None:
    assert " ".join(program_of(tuple(words.split()))) == program


@pytest.mark.parametrize(
    ("words", "expected", "holds"),
    [
        ("npm audit --json", "npm audit", True),
        ("npm --prefix web audit", "npm audit", True),
        ("npm run audit", "npm audit", False),
        ("wrangler r2 object put x", "wrangler r2 object put", True),
        ("trivy image x", "trivy fs|image", True),
        ("docker build --push x", "docker push", False),
        ("npm", "npm audit", False),
    ],
)
def test_leading_words(words: str, expected: str, holds: bool) -> None:
    assert after_options(tuple(words.split()), tuple(expected.split())) is holds


@pytest.mark.parametrize(
    ("words", "option", "holds"),
    [
        ("curl -sSX POST u", "-X", True),
        ("curl -X POST u", "-X POST", True),
        ("curl -X GET u", "-X POST", False),
        ("curl -XPOST u", "-X POST", True),
        ("trivy fs --exit-code=0 .", "--exit-code 0", True),
        ("trivy fs --exit-code 1 .", "--exit-code 0", False),
        ("trivy fs --exit-code 1 .", "--exit-code", True),
        ("x --dry-run-more", "--dry-run", False),
    ],
)
def test_options(words: str, option: str, holds: bool) -> None:
    assert has_option(tuple(words.split()), option) is holds


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("", (True, False)),
        ("bash", (True, True)),
        ("sh", (True, False)),
        ("bash {0}", (False, False)),
        ("bash --noprofile --norc -eo pipefail {0}", (True, True)),
        ("/usr/bin/env zsh -e {0}", (True, False)),
        ("pwsh", None),
        ("cmd", None),
        ("python {0}", None),
    ],
)
def test_shells(shell: str, expected: tuple[bool, bool] | None) -> None:
    assert shell_options(shell) == expected
    assert (commands("scan", shell) is None) is (expected is None)


# -------------------------------------------------------------------------------------------- is a failure noticed


@pytest.mark.parametrize(
    ("script", "shell"),
    [
        pytest.param("scan", "", id="alone"),
        pytest.param("scan\necho done", "", id="errexit"),
        pytest.param("scan | tee x", "bash", id="pipefail"),
        pytest.param("set -o pipefail\nscan | tee x", "", id="set pipefail"),
        pytest.param("scan || exit 1", "", id="fallback that fails"),
        pytest.param("scan || { echo bad; exit 1; }", "", id="group that fails"),
        pytest.param("scan || FAILED=1", "", id="remembered"),
        pytest.param("scan || echo failed=true >> $GITHUB_OUTPUT", "", id="told to a later step"),
        pytest.param("scan || other-scan", "", id="another attempt"),
        pytest.param("if ! scan; then exit 1; fi", "", id="condition"),
        pytest.param("if scan | grep -q found; then exit 1; fi", "", id="output is the condition"),
        pytest.param("if scan; then echo ok; else status=1; fi\nexit $status", "", id="else remembers"),
        pytest.param("set +e\nscan\nexit $?", "", id="status is kept"),
        pytest.param("set +e\nscan", "", id="last command is the script's status"),
        pytest.param("scan | tee x; exit ${PIPESTATUS[0]}", "", id="pipe status"),
        pytest.param("cd x && scan", "", id="right of &&"),
        pytest.param("scan && echo clean", "", id="last list"),
        pytest.param("COUNT=$(scan | wc -l)", "", id="output is kept"),
        pytest.param("scan & wait $!", "", id="waited for"),
        pytest.param("for d in a b; do scan $d; done", "", id="loop"),
        pytest.param("f() { scan; }; f || true", "", id="a function's fate is not followed"),
        pytest.param("(scan; echo)\necho", "", id="subshell"),
        pytest.param("eval 'scan'", "", id="eval"),
        pytest.param("bash -c 'scan'", "", id="bash -c"),
        pytest.param("find . -exec scan {} +", "", id="find with +"),
    ],
)
def test_failure_is_noticed(script: str, shell: str) -> None:
    assert [reason for _, reason in fates(script, shell)] == [""]


@pytest.mark.parametrize(
    ("script", "shell", "text", "reason"),
    [
        pytest.param("scan || true\nb", "", "scan || true", "`|| true` turns", id="true"),
        pytest.param("scan ||:", "", "scan ||:", "`|| :` turns", id="colon"),
        pytest.param('scan || echo "bad" # why', "", 'scan || echo "bad"', '`|| echo "bad"` turns', id="echo"),
        pytest.param("scan || exit 0", "", "scan || exit 0", "`|| exit 0` turns", id="exit 0"),
        pytest.param("scan || { echo; true; }", "", "scan || { echo; true; }", "turns every failure", id="group"),
        pytest.param("scan | tee x || true", "bash", "scan | tee x || true", "`|| true` turns", id="whole pipe"),
        pytest.param("a && scan || true", "", "scan || true", "`|| true` turns", id="after &&"),
        pytest.param("scan | tee x", "", "scan | tee x", "the pipe into `tee` hides", id="pipe"),
        pytest.param("scan | jq . | head", "sh", "scan | jq . | head", "the pipe into `head`", id="long pipe"),
        pytest.param("set +e\nscan\necho", "", "scan", "goes on after a failure", id="set +e"),
        pytest.param("scan; echo", "bash {0}", "scan", "goes on after a failure", id="shell without -e"),
        pytest.param("scan && echo ok\necho", "", "scan && echo ok", "left of &&", id="left of &&"),
        pytest.param("scan &", "", "scan", "in the background", id="background"),
        pytest.param("echo $(scan)", "", "scan", "inside an argument of echo", id="printed"),
        pytest.param("if ! scan; then echo bad; fi", "", "scan", "the if around it only prints", id="if prints"),
        pytest.param("exit 0\nscan", "", "scan", "already left with exit", id="behind exit"),
        pytest.param("find . -exec scan {} \\;", "", "find . -exec scan {} \\;", "find -exec ignores", id="find"),
        pytest.param("(scan) || true", "", "scan", "`|| true` turns", id="subshell"),
        pytest.param("for d in a; do scan $d || true; done", "", "scan $d || true", "`|| true` turns", id="loop"),
        pytest.param("bash -c 'scan || true'", "", "bash -c 'scan || true'", "`|| true` turns", id="bash -c"),
        pytest.param("bash <<E\nscan\necho\nE", "", "scan", "goes on after a failure", id="here-document"),
    ],
)
def test_failure_is_swallowed(script: str, shell: str, text: str, reason: str) -> None:
    ((seen, why),) = fates(script, shell)
    assert seen.startswith(text)
    assert reason in why


# ------------------------------------------------------------------------------------------------- for every text

PIECES = [
    "scan", "echo", "npx", "find", "-exec", "bash", "-c", "eval", "set", "+e", "-e", "if", "then", "else", "fi", "for",
    "in", "do", "done", "while", "case", "esac", "function", "{", "}", "(", ")", "((", "))", "[[", "]]", "$(", "${",
    "$((", "${{", "}}", "`", "'", '"', "\\", "|", "||", "&&", "&", ";", ";;", "<", ">", "<<", "<<-", "EOF", "'EOF'",
    "<<<", "<(", "2>&1", "=", "x=(", "X=1", "#", "\n", "\r\n", "\t", " ", "\u00e9", "\U0001f512", "$?", "!",
]  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=60).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.sampled_from(["", "bash", "bash {0}"]))
def test_every_text_has_an_answer_with_places_inside(script: str, shell: str) -> None:
    found = commands(script, shell)
    assert found is not None
    for command in found:
        assert 0 <= command.start <= command.end <= command.list_end <= len(script)
        assert all(isinstance(word, str) for word in command.words)
        assert command.words
    assert [command.start for command in found] == sorted(command.start for command in found)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_comment_or_a_quoted_here_document_adds_no_command(script: str) -> None:
    """Whatever stands in a comment line or in a here-document for another program is no command."""
    line = " ".join(script.split())
    assert programs(f"a\n# {line}\nb") == ["a", "b"]
    body = "\n".join(part for part in script.splitlines() if part != "END")
    assert programs(f"cat <<'END'\n{body}\nEND\nb") == ["cat", "b"]


@pytest.mark.parametrize(
    "piece",
    ["$(", "`", "(", "if ", '"$(', "'${{", "a <<E\n", "{ ", "${", "case a in b) ", "a|", "a && ", "a || true || ",
     "$((", "((", "x=(", "[[ ", "a;", "bash -c '", "bash <<E\n", "function ", "f() ", "\\\n", "''", "<(", "eval ",
     "find -exec ", "1>"],
)  # fmt: skip
def test_work_grows_with_the_script_only(piece: str) -> None:
    """A pathological script takes about four times the work when it is four times as long."""

    def work(script: str) -> int:
        """How many functions, Python's own included, are called to read a script: the same on every machine."""
        calls = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            assert commands(script) is not None
        finally:
            sys.setprofile(None)
        return calls

    count = 2000 // len(piece)
    short, long = work(piece * count), work(piece * count * 4)
    # Quadratic work would be sixteenfold.
    assert long < 8 * short + 1000


# ------------------------------------------------------------------------------------- words that need no closer look

SIGNS = (
    *"ab1 \t\n;&|()<>\"'`$\\#=[]{}!*/-\r\u00e9\u00a0", "10", "X=", "X+=", "a[1]=", "${", "${{", "}}", "$(", "$((", "))",
    ";;", "&&", "||", "|&", ">>", "<<", "<<-", "<<<", ">&", "&>", "2>", "\\\n", " # ", "if ", "then ", "fi", "for ",
    "in ", "do ", "done", "case ", "esac", "[[ ", "]]", "function ", "()", "EOF", "$X", "${X}", "${{ a }}", '"$X"',
    '"a b"', "echo ",
)  # fmt: skip


def shape(part: Any) -> Any:
    """A tree as plain values."""
    if isinstance(part, list | tuple):
        return [shape(item) for item in part]
    if hasattr(type(part), "__slots__") and type(part).__module__ == shell_syntax.__name__:
        return [type(part).__name__, *(shape(getattr(part, name)) for name in sorted(type(part).__slots__))]
    return part


def both_ways(script: str) -> tuple[Any, Any]:
    """The tree of a script as it is read, and with a closer look at each word."""
    compiled = shell_syntax.patterns()
    quick = compiled.word, compiled.words
    found = shape(shell_syntax.read.__wrapped__(script))
    compiled.word = compiled.words = re.compile(r"(?!)")
    try:
        return found, shape(shell_syntax.read.__wrapped__(script))
    finally:
        compiled.word, compiled.words = quick


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(SIGNS), max_size=25).map("".join))
def test_a_quick_look_sees_what_a_closer_look_sees(script: str) -> None:
    quick, close = both_ways(script)
    assert quick == close


@pytest.mark.parametrize(
    "script",
    [
        pytest.param('echo "a b" "$X" ${X} "${{ a == \'b\' }}" c#d', id="quotes and variables"),
        pytest.param('A=1 B="x y" C= run D=2', id="assignments"),
        pytest.param('"A"=1 A"B"=2 a[ 1 ]=3 b', id="no assignments"),
        pytest.param('run \\\n  --a "b" \\\n  --c\nnext', id="continued lines"),
        pytest.param('echo a >>"$GITHUB_OUTPUT" 2>&1; sleep 10&>x; sleep 10&', id="redirections"),
        pytest.param('a # "b\n\n  # c\nd', id="comments"),
        pytest.param('echo "a\nb" "c\\"d" \'e\' $\'f\' $"g" "$(h)" `i`', id="what needs a closer look"),
    ],
)
def test_examples_of_both_looks(script: str) -> None:
    quick, close = both_ways(script)
    assert quick == close
