"""What steps give to actions: inputs of the repository's own ones, names of artifacts, secrets in scripts."""

from __future__ import annotations

import pytest

from .checked import found

ACTION = "name: a\ndescription: b\ninputs: {inputs}\nruns: {{using: {using}, {more}}}\n"
HEAD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"


# ---------------------------------------------------------------------------------------------- mismatched-inputs


def mismatched(
    step: str, inputs: str, using: str = "composite", more: str = "steps: []", before: str = ""
) -> list[str]:
    action = ACTION.format(inputs=inputs, using=using, more=more)
    files = {"tools/a/action.yml": action, ".github/workflows/x.yml": f"{HEAD}{before}      - {step}\n"}
    return [line.partition(": ")[2] for line in found("mismatched-inputs", files)]


@pytest.mark.parametrize(
    ("step", "inputs", "said"),
    [
        ("{uses: ./tools/a, with: {Colour: red}}", "{colour: {}}", []),
        ("{uses: ./tools/a/, with: {colours: red}}", "{colour: {}}",
         ["./tools/a/ has no input 'colours'; did you mean 'colour'?"]),
        ("{uses: $/tools/a, with: {x: 1}}", "{}", ["$/tools/a has no input 'x'"]),
        ("{uses: ./tools/a}", "{c: {required: true}}", ["./tools/a is not given its required input 'c'"]),
        ("{uses: ./tools/a, with: {}}", "{c: {required: true}}", ["./tools/a is not given its required input 'c'"]),
        ("{uses: ./tools/a}", "{c: {required: true, default: x}}", []),
        ("{uses: ./tools/a}", "{c: {required: false}, d: {}}", []),
        ("{uses: ./tools/b, with: {x: 1}}", "{}", []),
        ("{uses: acme/a@v1, with: {x: 1}}", "{}", []),
        ("{uses: ./tools/a, with: {args: x}}", "{}", ["./tools/a has no input 'args'"]),
    ],
)  # fmt: skip
def test_inputs_of_an_action_of_the_repository(step: str, inputs: str, said: list[str]) -> None:
    assert mismatched(step, inputs) == said


def test_containers_take_arguments() -> None:
    step = "{uses: ./tools/a, with: {args: x, entrypoint: y, other: z}}"
    assert mismatched(step, "{}", "docker", "image: Dockerfile") == ["./tools/a has no input 'other'"]


def test_another_repository_in_the_workspace() -> None:
    other = "      - {uses: actions/checkout@v4, with: {repository: acme/x}}\n"
    assert mismatched("{uses: ./tools/a, with: {x: 1}}", "{}", before=other) == []
    own = "      - {uses: actions/checkout@v4}\n"
    assert len(mismatched("{uses: ./tools/a, with: {x: 1}}", "{}", before=own)) == 1


# ------------------------------------------------------------------------------------- conflicting-artifact-names


def upload(name: str = "dist", version: str = "v4", more: str = "") -> str:
    return f"      - {{uses: actions/upload-artifact@{version}, with: {{name: {name}, path: x{more}}}}}\n"


def job(id: str, steps: str, more: str = "") -> str:
    return f"  {id}:\n    runs-on: ubuntu-latest\n{more}    steps:\n{steps}"


def matrix(value: str) -> str:
    return f"    strategy: {{matrix: {value}}}\n"


@pytest.mark.parametrize(
    ("jobs", "count"),
    [
        pytest.param(job("a", upload(), matrix("{x: [1, 2]}")), 1, id="a matrix"),
        pytest.param(job("a", upload(), matrix("{include: [{x: 1}, {x: 2}]}")), 1, id="a matrix of includes"),
        pytest.param(job("a", upload(), matrix("{x: [1]}")), 0, id="a matrix of one"),
        pytest.param(job("a", upload(), matrix("'${{ fromJSON(vars.M) }}'")), 0, id="a computed matrix"),
        pytest.param(job("a", upload("'d-${{ matrix.x }}'"), matrix("{x: [1, 2]}")), 0, id="a computed name"),
        pytest.param(job("a", upload(version="v3"), matrix("{x: [1, 2]}")), 0, id="version 3"),
        pytest.param(job("a", upload(version="a" * 40), matrix("{x: [1, 2]}")), 0, id="a commit without a comment"),
        pytest.param(job("a", upload(more=", overwrite: true"), matrix("{x: [1, 2]}")), 0, id="overwriting"),
        pytest.param(job("a", upload(), "    if: github.ref == 'x'\n" + matrix("{x: [1, 2]}")), 0, id="a condition"),
        pytest.param(job("a", upload()) + job("b", upload()), 1, id="two jobs"),
        pytest.param(job("a", upload()) + job("b", upload("other")), 0, id="two names"),
        pytest.param(job("a", upload() + upload()), 1, id="two steps"),
        pytest.param(
            job("a", upload()) + job("b", upload(), "    if: failure()\n"), 0, id="one of two has a condition"
        ),
    ],
)
def test_names_that_are_taken(jobs: str, count: int) -> None:
    assert len(found("conflicting-artifact-names", "on: push\njobs:\n" + jobs)) == count


# ------------------------------------------------------------------------------------------------ secrets-in-scripts


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("x '${{ secrets.A }}'", ["secrets.A"]),
        ("x '${{ secrets[''a''] }}'".replace("''", "'"), ["secrets['a']"]),
        ("x ${{ format('Bearer {0}', secrets.A) }} ${{ github.token }}", ["secrets.A", "github.token"]),
        ("x ${{ secrets.A || secrets.B }}", ["secrets.A"]),
        ("x ${{ secrets.A != '' }} ${{ secrets.A && 'set' }}", []),
        ("cat secrets.txt", []),
        ("x $A", []),
    ],
)
def test_secrets_that_become_a_part_of_a_script(script: str, names: list[str]) -> None:
    said = found("secrets-in-scripts", f"{HEAD}      - run: |\n          {script}\n")
    assert [line.partition(": the value of ")[2].partition(" becomes")[0] for line in said] == names


def test_scripts_of_actions() -> None:
    step = "      - uses: appleboy/ssh-action@v1\n        with:\n          key: ${{ secrets.KEY }}\n"
    step += "          script: x ${{ secrets.A }}\n"
    assert found("secrets-in-scripts", HEAD + step) == [
        "${{ secrets.A }}: the value of secrets.A becomes a part of the script of appleboy/ssh-action"
    ]
