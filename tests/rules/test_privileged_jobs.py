"""Rules about what strangers write and a job executes."""

from __future__ import annotations

from collections import Counter

import pytest

from .checked import corpus, found, needs_corpus, report

ON = "on: pull_request_target\n"
JOB = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
ENV = '"$GITHUB_ENV"'


def step(*lines: str, env: str = "", on: str = ON) -> str:
    body = "".join(f"          {line}\n" for line in lines)
    return f"{on}{JOB}      - run: |\n{body}" + (f"        env: {env}\n" if env else "")


# ---------------------------------------------------------------------------------------------------- github-env


@pytest.mark.parametrize(
    ("lines", "env", "shown"),
    [
        ((f'echo "A=$TITLE" >> {ENV}',), "{TITLE: '${{ github.event.pull_request.title }}'}", "$TITLE"),
        ((f'echo "A=$TITLE" >> {ENV}',), "", "$TITLE"),
        ((f'echo "A=${{TITLE}}" >> {ENV}',), "", "${TITLE}"),
        (("echo A=${{ github.head_ref }} >> $GITHUB_ENV",), "", "${{ github.head_ref }}"),
        ((f'echo "A=$(cat pr/number)" >> {ENV}',), "", "$(cat pr/number)"),
        ((f'printf "A=%s" "$B" >> {ENV}',), "", "$B"),
        ((f"jq -r .env pr.json >> {ENV}",), "", "$(jq -r .env pr.json)"),
        ((f"cat vars.env >> {ENV}",), "", "$(cat vars.env)"),
        ((f"echo $B | tee -a {ENV}",), "", "$B"),
        ((f"cat vars.env | tee -a {ENV}",), "", "$(cat vars.env)"),
        ((f"cat <<EOF >> {ENV}", "A=$B", "EOF"), "", "$B"),
        ((f"if true; then echo A=$B >> {ENV}; fi",), "", "$B"),
    ],
)
def test_a_computed_value_in_a_privileged_job(lines: tuple[str, ...], env: str, shown: str) -> None:
    [entry] = found("github-env", step(*lines, env=env))
    assert entry.endswith(f": {shown} goes into GITHUB_ENV of a job that runs for pull_request_target")


@pytest.mark.parametrize(
    ("lines", "env"),
    [
        ((f"echo A=1 >> {ENV}",), ""),
        ((f"printf 'A=1\\n' >> {ENV}",), ""),
        ((f'echo "A=$MODE" >> {ENV}',), "{MODE: check}"),
        ((f'echo "A=$TOKEN" >> {ENV}',), "{TOKEN: '${{ secrets.TOKEN }}'}"),
        ((f'echo "A=$PR" >> {ENV}',), "{PR: '${{ github.event.pull_request.number }}'}"),
        ((f'echo "A=${{{{ github.sha }}}}-$GITHUB_RUN_ID" >> {ENV}',), ""),
        ((f'echo "A=$(date +%s)" >> {ENV}',), ""),
        (('echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"',), ""),
        ((f"cat <<'EOF' >> {ENV}", "A=$B", "EOF"), ""),
        ((f"cat <<EOF >> {ENV}", "A=1", "EOF", "echo $B"), ""),
        ((f"echo A=1 | tee -a {ENV}",), ""),
        (('echo "A=$B" >> "$GITHUB_OUTPUT"', f"echo A=1 >> {ENV}"), ""),
        ((f"echo 'writes $B to' {ENV}",), ""),
    ],
)
def test_what_nobody_outside_decides(lines: tuple[str, ...], env: str) -> None:
    assert found("github-env", step(*lines, env=env)) == []


@pytest.mark.parametrize(
    ("on", "fires"),
    [
        ("on: pull_request_target\n", True),
        ("on: [push, workflow_run]\n", True),
        ("on:\n  issue_comment:\n    types: [created]\n", True),
        ("on: pull_request\n", False),
        ("on: push\n", False),
        ("on: workflow_call\n", False),
    ],
)
def test_only_privileged_events_count(on: str, fires: bool) -> None:
    assert len(found("github-env", step(f'echo "A=$B" >> {ENV}', on=on))) == fires


# --------------------------------------------------------------------------------------------- argument-injection

TITLE = "{T: '${{ github.event.pull_request.title }}', N: '${{ github.event.pull_request.number }}', F: x}"


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ('git fetch origin "$T"', "git"),
        ('git log "${T}"', "git"),
        ('sudo tar cf out.tar "$T"', "tar"),
        ("curl $T", "curl"),
        ('curl -s --fail="x" "$T"', "curl"),
        ('if ! make "$T"; then exit 1; fi', "make"),
        ('python3 "$T"', "python3"),
        ('git log "${{ env.T }}"', "git"),
        ("git log ${{ github.event.pull_request.title }}", "git"),
    ],
)
def test_a_strangers_word_at_the_place_of_an_option(line: str, program: str) -> None:
    [entry] = found("argument-injection", step(line, env=TITLE))
    assert f", which strangers write, can be an option of {program}: " in entry


def test_what_the_event_does_not_bring_is_nobodys_word() -> None:
    line = 'git log "$T"'
    assert len(found("argument-injection", step(line, env=TITLE))) == 1
    assert found("argument-injection", step(line, env=TITLE, on="on: [push, workflow_dispatch]\n")) == []


@pytest.mark.parametrize(
    "line",
    [
        'git fetch origin -- "$T"',
        'git fetch origin "refs/heads/$T"',
        'git fetch origin "$N"',
        'git fetch origin "$F"',
        'git fetch origin "refs/heads/${{ env.T }}" "${{ github.event.pull_request.number }}"',
        'git fetch origin "$OTHER"',
        'gh pr create --title "$T"',
        'gh "$T"',
        'curl --data-raw "$T" https://example.com',
        'curl --data="$T" https://example.com',
        'echo "$T"',
        'test "$T" = x',
        "echo 'git fetch $T'",
        "git commit -m 'a $T'",
    ],
)
def test_a_value_or_a_part_of_a_word_is_no_option(line: str) -> None:
    assert found("argument-injection", step(line, env=TITLE)) == []


def test_the_nearest_env_counts() -> None:
    text = step('git log "$T"', env="{T: main}").replace("    steps:", f"    env: {TITLE}\n    steps:")
    assert found("argument-injection", text) == []
    assert len(found("argument-injection", text.replace("        env: {T: main}\n", ""))) == 1


@needs_corpus
def test_what_real_workflows_write() -> None:
    seen = Counter(
        f"{snapshot.slug}/{decision.path}"
        for part in ("chittyos", "public")
        for snapshot in corpus(part)
        for decision in report(snapshot, "github-env").decisions
        if decision.rule == "github-env"
    )
    assert seen == Counter({"aquasecurity/trivy/.github/workflows/backport.yaml": 1})
