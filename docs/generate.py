"""Writes what is generated: the rules' pages, tables and output in README.md and docs/, the picture, the hooks file.

    python docs/generate.py            writes them
    python docs/generate.py --check    says which differ from their source, and exits 1 if any does

The output depends on nothing but the files of this repository.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from chittyops_policy import hooks  # noqa: E402
from chittyops_policy.catalogue import index_text, load  # noqa: E402
from chittyops_policy.metrics.targets import METRICS, read_targets  # noqa: E402
from chittyops_policy.metrics.text import target_text  # noqa: E402
from chittyops_policy.permissions import needs  # noqa: E402
from chittyops_policy.policy import Overrides, effective, standard_pack  # noqa: E402
from chittyops_policy.rule_page import rule_page  # noqa: E402
from chittyops_policy.standard_files import FILES  # noqa: E402
from chittyops_policy.templates import pins  # noqa: E402

DAY = "1767225600"
"""2026-01-01 as SOURCE_DATE_EPOCH: stages and exceptions depend on the day."""

PICTURE = ["check", "--no-cache", ".github/workflows/deploy.yml"]
PICTURE_FOLDER = "examples/northwind/orders-worker"
FIRST_COMMAND = ["check", "--no-cache", "examples"]

NEW_PROJECT = {
    "package.json": '{"name": "gift-cards", "scripts": {"test": "node --test", "lint": "eslint ."}, '
    '"devDependencies": {"eslint": "9.1.0", "wrangler": "4.2.0"}}',
    "package-lock.json": "{}",
    "wrangler.toml": 'name = "gift-cards"\nmain = "index.js"\n',
    "index.js": "export default {}\n",
}
"""A Worker to which nobody has brought the standard yet."""

MONOREPO = {
    "package.json": '{"workspaces": ["packages/*"]}',
    "packages/ui/package.json": '{"name": "ui", "dependencies": {"next-themes": "0.4"}}',
    "edge/wrangler.jsonc": '{"main": "index.ts"}',
    "api/requirements.txt": "fastapi\n",
}
"""Several projects in one repository."""

THEMES = {
    "syntax": "Readable files",
    "structure": "Valid files",
    "references": "Names that lead somewhere",
    "supply": "Other people's code",
    "injection": "Values that become code",
    "permissions": "Permissions",
    "triggers": "Triggers",
    "expressions": "Conditions and expressions",
    "secrets": "Secrets",
    "credentials": "Deployments",
    "beacon": "ChittyBeacon",
    "scanners": "Scanners",
    "updates": "Dependabot",
    "runners": "Runners",
    "repository": "Compliance files",
    "settings": "Settings on GitHub",
    "hygiene": "Good manners",
    "exceptions": "Exceptions",
    "policy": "The policy file",
}
"""The headings of the themes in the order of the tables; a new theme needs one."""


def outputs() -> dict[str, str]:
    """Every generated file, path → text."""
    catalogue = load(fresh=True)
    pack = standard_pack(None)
    files = {f"docs/rules/{rule.id}.md": rule_page(rule, catalogue, pack) for rule in catalogue}
    files["docs/rules/README.md"] = rule_index()
    files["docs/images/check.svg"] = svg(
        run(PICTURE, PICTURE_FOLDER, color=True), f"chittyops-policy check {PICTURE[-1]}"
    )
    files[".pre-commit-hooks.yaml"] = hooks.render()
    files["chittyops_policy/rules/index.json"] = index_text()
    files["docs/charter.md"] = charter_page(yaml.safe_load((ROOT / "docs" / "charter_coverage.yml").read_text("utf-8")))
    files["docs/templates.md"] = page("docs/templates.md", {"standard files": standard_files(), "pins": pin_table()})
    files["docs/project-types.md"] = page("docs/project-types.md", {"detect": fenced(said_of(MONOREPO, ["detect"]))})
    audits = audit_blocks()
    files["docs/audit.md"] = page("docs/audit.md", audits)
    files["docs/metrics.md"] = page("docs/metrics.md", {"definitions": definitions()})
    files["README.md"] = page(
        "README.md",
        {
            "rules": rule_table(),
            "help": fenced(run(["--help"])),
            "check help": fenced(run(["check", "--help"])),
            "summary": fenced(summary_of(run(FIRST_COMMAND))),
            "audit": audits["summary"],
            "init": fenced(said_of(NEW_PROJECT, ["init", "--dry-run", "--codeql"])),
            "init help": fenced(run(["init", "--help"])),
        },
    )
    actions = {path.parent.name: contract_table(path) for path in sorted((ROOT / "actions").glob("*/action.yml"))}
    files["docs/actions.md"] = page("docs/actions.md", actions)
    files["docs/permissions.md"] = page(
        "docs/permissions.md", {"doctor": fenced(run(["doctor"])), "permissions": permission_table()}
    )
    workflows = {
        path.stem: contract_table(path) for path in sorted((ROOT / ".github/workflows").glob("reusable-*.yml"))
    }
    files["docs/reusable-workflows.md"] = page("docs/reusable-workflows.md", workflows)
    files["docs/permissions.md"] = page(
        "docs/permissions.md", {"doctor": fenced(run(["doctor"])), "permissions": permission_table()}
    )
    return files


def page(path: str, blocks: dict[str, str]) -> str:
    """A page of which only some blocks are generated."""
    return with_blocks(path, (ROOT / path).read_text(encoding="utf-8"), blocks)


def audit_blocks() -> dict[str, str]:
    """Two audits of a copy of the example, a day and a repair apart."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "examples", Path(place) / "examples")
        audit = ["audit", "--dir", "examples", "--store", "audits.sqlite"]
        summary = run(audit, place)
        workflow = Path(place) / "examples/northwind/orders-worker/.github/workflows/deploy.yml"
        text = workflow.read_text(encoding="utf-8")
        pinned = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
        workflow.write_text(re.sub(r"actions/checkout@v\S+", pinned, text), encoding="utf-8")
        lines = run([*audit, "--json-lines", "--match", "orders-worker"], place, day=int(DAY) + 86_400)
        run(audit, place, day=int(DAY) + 86_400)
        changes = run(["audit", "compare", "2026-01-01", "latest", "--store", "audits.sqlite"], place)
    shown = [line for line in lines.splitlines() if '"out-of-scope"' not in line]
    return {
        "summary": fenced(summary),
        "json lines": fenced("\n".join(shown)),
        "compare": fenced(changes),
        "audit help": fenced(run(["audit", "--help"])),
    }


def contract_table(path: Path) -> str:
    """The inputs, secrets and outputs of an action or a reusable workflow in Markdown tables."""
    data = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    declared = data["on"]["workflow_call"] if "on" in data else data
    parts = []
    for kind in ("inputs", "secrets", "outputs"):
        rows = [contract_row(name, entry, kind) for name, entry in (declared.get(kind) or {}).items()]
        if rows:
            middle = {"inputs": " default |", "secrets": " |"}.get(kind, "")
            head = [f"| {kind[:-1]} |{middle} |", f"|---|{middle and '---|'}---|"]
            parts.append("\n".join([*head, *rows]) + "\n")
    return "\n".join(parts)


def contract_row(name: str, entry: dict[str, str], kind: str) -> str:
    """One row: the name, its default, and what its description says."""
    default = ""
    if entry.get("required") == "true":
        default = "required"
    elif entry.get("default"):
        default = f"`{entry['default']}`"
    elif kind == "secrets":
        default = "optional"
    text = " ".join(entry["description"].split()).replace("|", "\\|")
    return f"| `{name}` | {text} |" if kind == "outputs" else f"| `{name}` | {default} | {text} |"


def permission_table() -> str:
    """What this tool asks of GitHub, in a Markdown table."""
    lines = ["| for | permission | scope of a classic token | without it |", "|---|---|---|---|"]
    lines += [f"| {need.purpose} | `{need.permission}` | `{need.scope}` | {need.lack} |" for need in needs()]
    return "\n".join(lines) + "\n"


def rule_rows() -> dict[str, list[tuple[str, str, str, str]]]:
    """Theme → (rule, severity, profile, title) of its rules, themes in the order of `THEMES`."""
    catalogue = load(fresh=True)
    settings = effective(catalogue, standard_pack(None), None, Overrides(), slug="", today="2026-01-01").rules
    rows: dict[str, list[tuple[str, str, str, str]]] = {theme: [] for theme in THEMES}
    for rule in catalogue:
        row = (rule.id, settings[rule.id].severity.value, rule.profile, rule.title)
        rows.setdefault(rule.theme, []).append(row)
    return {theme: found for theme, found in rows.items() if found}


def rule_table() -> str:
    """All rules in one Markdown table, for the README."""
    lines = ["| about | rule | severity | profile | finds |", "|---|---|---|---|---|"]
    for theme, rows in rule_rows().items():
        heading = THEMES[theme]
        for id, severity, profile, title in rows:
            lines.append(f"| {heading} | [`{id}`](docs/rules/{id}.md) | {severity} | {profile} | {title} |")
            heading = ""
    return "\n".join(lines) + "\n"


def definitions() -> str:
    """What each figure counts, for the page on metrics."""
    targets = read_targets(standard_pack(None).parameters).targets
    lines = ["| figure | target | what it is |", "|---|---|---|"]
    for metric in METRICS:
        target = target_text(targets.get(metric.id), metric.unit)
        lines.append(f"| {metric.title} | {target} | {metric.definition} |")
    return "\n".join(lines) + "\n"


def charter_page(coverage: dict[str, Any]) -> str:
    """The page that says of each statement of the charter what fulfils it; see docs/charter_coverage.yml."""
    parts = [
        "# The charter, and what fulfils it\n\n"
        "Every statement of the ChittyOps charter (1.0.0) with the rules, controls, commands, figures and files that\n"
        "stand for it here. This page is made from [charter_coverage.yml](charter_coverage.yml); a test fails where a\n"
        "statement has no entry, or an entry names something that does not exist.\n"
    ]
    for section in coverage["sections"]:
        lines = [f"## {section['title']}", "", "| | statement | fulfilled by |", "|---|---|---|"]
        for entry in section["statements"]:
            by = "somebody else, as the charter has it" if entry.get("outside") else fulfilment(entry["by"])
            note = f" {entry['note']}" if "note" in entry else ""
            lines.append(f"| `{entry['id']}` | {entry['short']} | {by}{'.' if note else ''}{note} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def fulfilment(by: dict[str, list[str]]) -> str:
    """What fulfils a statement, as links."""
    shown = {
        "rules": ("rule", lambda name: f"[`{name}`](rules/{name}.md)"),
        "controls": ("control", lambda name: f"`{name}`"),
        "commands": ("command", lambda name: f"`chittyops-policy {name}`"),
        "figures": ("figure", lambda name: f"[`{name}`](metrics.md#what-counts)"),
        "outputs": ("output", lambda name: f"[`{name}`](actions.md#getchitty-creds)"),
        "files": (
            "file",
            lambda name: f"[{name}]({name.removeprefix('docs/') if name.startswith('docs/') else '../' + name})",
        ),
    }
    groups = []
    for kind, names in by.items():
        noun, link = shown[kind]
        groups.append(f"{noun if len(names) == 1 else noun + 's'} {', '.join(map(link, names))}")
    return "; ".join(groups)


def rule_index() -> str:
    """The page that lists the rules' pages."""
    parts = [
        "# Rules\n\n"
        "Severities are those of the ChittyOS standard (`policies/chittyos.yml`). `chittyops-policy explain RULE`\n"
        "prints the same page as the link.\n"
    ]
    for theme, rows in rule_rows().items():
        lines = [f"## {THEMES[theme]}", "", "| rule | severity | profile | finds |", "|---|---|---|---|"]
        lines += [f"| [`{id}`]({id}.md) | {severity} | {profile} | {title} |" for id, severity, profile, title in rows]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def standard_files() -> str:
    """The files that ``init`` brings beside those that rules ask for, as a Markdown table."""
    lines = ["| `--only` | file | template | brings |", "|---|---|---|---|"]
    for name, (path, template, about, _) in FILES.items():
        lines.append(f"| `{name}` | `{path}` | `{template}` | {about} |")
    return "\n".join(lines) + "\n"


def pin_table() -> str:
    """The actions that templates call, with the version of each."""
    lines = ["| action | version |", "|---|---|"]
    lines += [f"| `{name}` | {pin.rpartition(' # ')[2]} |" for name, pin in sorted(pins().items())]
    return "\n".join(lines) + "\n"


def said_of(files: dict[str, str], arguments: list[str]) -> str:
    """What the command line says in a repository with these files, which GitHub knows as northwind/gift-cards."""
    with tempfile.TemporaryDirectory() as place:
        for name, text in files.items():
            (Path(place) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(place) / name).write_text(text, encoding="utf-8")
        git = ["git", "-C", place]
        subprocess.run([*git, "init", "--quiet"], check=True)
        subprocess.run([*git, "remote", "add", "origin", "https://github.com/northwind/gift-cards.git"], check=True)
        return run(arguments, place)


def run(arguments: list[str], folder: str = ".", color: bool = False, day: int = int(DAY)) -> str:
    """What the command line prints in a folder of this repository, or in one elsewhere."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_", "CHITTYOPS_"))
    }
    environment |= {"SOURCE_DATE_EPOCH": str(day), "COLUMNS": "102", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}
    environment["PYTHONPATH"] = str(ROOT)
    environment["NO_COLOR"], environment["FORCE_COLOR"] = ("", "1") if color else ("1", "")
    command = [sys.executable, "-m", "chittyops_policy", *arguments]
    done = subprocess.run(command, cwd=ROOT / folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise SystemExit(f"chittyops-policy {' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout


def summary_of(report: str) -> str:
    """The three lines of a text report that count findings, what is not counted, and controls."""
    match = re.search(r"^\d+ findings? \(.*\nNot counted: .*\nControls: .*\n", report, re.MULTILINE)
    assert match is not None
    return match[0]


def fenced(text: str) -> str:
    """A text as a Markdown code block."""
    return f"```text\n{text.rstrip()}\n```\n"


def with_blocks(path: str, text: str, blocks: dict[str, str]) -> str:
    """The text of a page with what stands between the markers of each block replaced."""
    for name, content in blocks.items():
        begin, end = f"<!-- begin generated: {name} -->", f"<!-- end generated: {name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise SystemExit(f"{path} has no block {begin} … {end}")
        text = f"{before}{begin}\n\n{content}\n{end}{after}"
    return text


# ------------------------------------------------------------------------------------------------------ picture

COLUMNS = 118
CELL, LINE, SIZE, EDGE, TOP = 8.0, 18, 13, 16, 70
COLORS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "36": "#56d4dd"}


def svg(text: str, command: str) -> str:
    """A terminal window with a command and its ANSI-coloured output, wrapped as a terminal wraps.

    Each run of text has its width, so that any monospace font lines up.
    """
    rows = wrapped(text)
    width = round(2 * EDGE + CELL * COLUMNS)
    height = TOP + LINE * len(rows) + EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="Output of {html.escape(command)}">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
        *(
            f'<circle cx="{EDGE + 6 + 18 * number}" cy="20" r="5.5" fill="{color}"/>'
            for number, color in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="{SIZE}" fill="#c9d1d9" '
        'xml:space="preserve">',
        piece(0, -1, "", f"$ {command}"),
    ]
    parts += [piece(column, number, style, run) for number, row in enumerate(rows) for column, style, run in row]
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def piece(column: int, row: int, style: str, text: str) -> str:
    """One run of text of one style at a cell of the terminal."""
    x, y = EDGE + CELL * (column + len(text) - len(text.lstrip())), TOP + LINE * row
    text = text.strip()
    fit = f'textLength="{CELL * len(text):g}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{x:g}" y="{y}" {fit}{style}>{html.escape(text, quote=False)}</text>'


def wrapped(text: str) -> list[list[tuple[int, str, str]]]:
    """The rows of a terminal, broken between words: of each the runs (column, style, text), blank ones left out."""
    rows: list[list[tuple[int, str, str]]] = []
    for line in text.rstrip("\n").split("\n"):
        cells: list[tuple[str, str]] = []
        style = ""
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if part.startswith("\x1b["):
                style = styled(part[2:-1])
            else:
                cells += [(style, character) for character in part]
        while True:
            end = len(cells)
            if end > COLUMNS:
                blanks = [place for place in range(COLUMNS) if cells[place][1] == " "]
                end = blanks[-1] + 1 if blanks else COLUMNS
            row: list[tuple[int, str, str]] = []
            column = 0
            for kind, run in groupby(cells[:end], key=lambda cell: cell[0]):
                characters = "".join(character for _, character in run)
                if characters.strip():
                    row.append((column, kind, characters))
                column += len(characters)
            rows.append(row)
            cells = cells[end:]
            if not cells:
                break
    return rows


def styled(codes: str) -> str:
    """The SVG attributes of ANSI codes such as ``1;31``; '' for a reset."""
    attributes = ""
    for code in codes.split(";"):
        if code == "1":
            attributes += ' font-weight="bold"'
        elif code == "2":
            attributes += ' opacity="0.6"'
        elif code in COLORS:
            attributes += f' fill="{COLORS[code]}"'
    return attributes


# --------------------------------------------------------------------------------------------------------- main


def differing(files: dict[str, str]) -> list[str]:
    """What on the disk is not as generated: changed or missing files, and pages of rules that are gone."""
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "rules").glob("*.md")}
    changed = [path for path, text in files.items() if read(path) != text]
    return sorted([*changed, *(pages - set(files))])


def read(path: str) -> str | None:
    """The text of a file of the repository, or None."""
    file = ROOT / path
    return file.read_bytes().decode("utf-8") if file.exists() else None


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the generated files.")
    parser.add_argument("--check", action="store_true", help="only say which differ; exit 1 if any does")
    check = parser.parse_args().check
    files = outputs()
    stale = differing(files)
    for path in stale:
        print(path)
    if check:
        if stale:
            print("These differ from what they are generated from: run `python docs/generate.py`.", file=sys.stderr)
        return int(bool(stale))
    for path in stale:
        file = ROOT / path
        if path in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(files[path].encode("utf-8"))
        else:
            file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
