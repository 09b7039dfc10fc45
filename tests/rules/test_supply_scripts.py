"""Rules about what scripts bring into a job from outside."""

from __future__ import annotations

from collections import Counter

import pytest

from .checked import corpus, found, needs_corpus, report

SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"
HEAD = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n"
URL = "https://get.example.com/i"


def script(*lines: str, shell: str = "") -> str:
    text = HEAD + "".join(f"          {line}\n" for line in lines)
    return text + (f"        shell: {shell}\n" if shell else "")


@pytest.mark.parametrize(
    "line",
    [
        f"curl -fsSL {URL} | bash",
        f"curl {URL} | sudo -E bash -",
        f"curl {URL} | sh -s -- -b /usr/local/bin",
        f"wget -qO- {URL} | tee log | sh",
        f"curl {URL} | python3",
        f"curl {URL} | python3 -",
        f"curl {URL} | gunzip | sh -x",
        f"bash <(curl -s {URL}) --flag",
        f"source <(curl -s {URL})",
        f". <(wget -qO- {URL})",
        f'sh -c "$(curl -fsSL {URL})"',
        f'eval "$(curl {URL})"',
        f"python <(curl {URL})",
        f"deno run -A {URL}.ts",
    ],
)
def test_run_straight_from_the_network(line: str) -> None:
    [entry] = found("unverified-script-exec", script(line))
    assert entry == f"{line}: what get.example.com sends is run unseen"


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (f"if ! curl {URL} | sh; then exit 1; fi", f"curl {URL} | sh"),
        (f"(cd /tmp && curl {URL} | bash)", f"curl {URL} | bash"),
        (f"version=$(curl {URL} | sh)", f"curl {URL} | sh"),
        (f"curl {URL} | bash || true", f"curl {URL} | bash"),
        ('curl "$INSTALLER" | bash', 'curl "$INSTALLER" | bash'),
    ],
)
def test_only_the_command_itself_is_marked(line: str, seen: str) -> None:
    [entry] = found("unverified-script-exec", script(line))
    assert entry.startswith(f"{seen}: what ")


@pytest.mark.parametrize(
    "line",
    [
        f"curl -fsSLo i.sh {URL}",
        f"curl {URL} | sha256sum -c",
        f"curl {URL} | jq .",
        f"curl {URL} | bash ./read.sh",
        f"curl {URL} | bash -c 'cat'",
        f"curl {URL} | python3 -m json.tool",
        f"curl {URL} | python3 -c 'import json'",
        f"curl {URL} | node parse.js",
        f"echo 'curl {URL} | bash'",
        f"bash run.sh \"$(curl {URL})\"",
        f"version=$(curl {URL})",
        f"curl https://raw.githubusercontent.com/acme/tool/{SHA}/i.sh | bash",
        "make curl | sh",
        "deno run main.ts",
    ],
)  # fmt: skip
def test_what_is_data_or_kept_is_no_script(line: str) -> None:
    assert found("unverified-script-exec", script(line)) == []


@pytest.mark.parametrize(
    ("line", "fires"),
    [
        (f"iex ((New-Object Net.WebClient).DownloadString('{URL}'))", True),
        (f"irm {URL} | iex", True),
        (f"Invoke-WebRequest {URL} -UseBasicParsing | Invoke-Expression", True),
        (f"Invoke-WebRequest {URL} -OutFile i.ps1", False),
        (f"curl {URL} | bash", False),
    ],
)
def test_powershell_is_read_as_powershell(line: str, fires: bool) -> None:
    assert len(found("unverified-script-exec", script(line, shell="pwsh"))) == fires


def test_other_shells_are_not_guessed_at() -> None:
    assert found("unverified-script-exec", script(f"curl {URL} | bash", shell="python")) == []


# ------------------------------------------------------------------------------------------------ adhoc-packages

NEWEST = ", in whatever release is the newest"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("npm install lodash", f"npm installs lodash outside of a lockfile{NEWEST}"),
        ("npm i -g vercel@latest", f"npm installs vercel@latest outside of a lockfile{NEWEST}"),
        ("npm install --prefix tools -D a@1.2.3", "npm installs a@1.2.3 outside of a lockfile"),
        ("npm install @acme/a@1.2.3 b", f"npm installs b outside of a lockfile{NEWEST}"),
        ("npm i -g npm@^11.5.2", f"npm installs npm@^11.5.2 outside of a lockfile{NEWEST}"),
        ("sudo npm install --location=global ts-node", f"npm installs ts-node outside of a lockfile{NEWEST}"),
        ("pnpm add -g turbo", f"pnpm installs turbo outside of a lockfile{NEWEST}"),
        ("yarn global add serve", f"yarn installs serve outside of a lockfile{NEWEST}"),
        ("bun add left-pad", f"bun installs left-pad outside of a lockfile{NEWEST}"),
        ("gem install rake", f"gem installs rake outside of a lockfile{NEWEST}"),
        ("gem install rake -v 13.0.6", "gem installs rake outside of a lockfile"),
        ("bundle add rake --version 13.0.6", "bundle installs rake outside of a lockfile"),
        ("pip install --upgrade pip nox", f"pip installs nox outside of a lockfile{NEWEST}"),
        ("python3 -m pip install -q 'urllib3<2'", f"pip installs urllib3<2 outside of a lockfile{NEWEST}"),
        ("pip install -r r.txt pytest", f"pip installs pytest outside of a lockfile{NEWEST}"),
        ("pipx install poetry", f"pipx installs poetry outside of a lockfile{NEWEST}"),
        ("cargo install cargo-audit --locked", f"cargo installs cargo-audit outside of a lockfile{NEWEST}"),
        ("go install a.b/c@latest", f"go installs a.b/c@latest outside of a lockfile{NEWEST}"),
        ("npx -y gitleaks@latest detect", "npx runs gitleaks@latest, in whatever release is the newest"),
        ("pnpm dlx vercel@latest", "pnpm runs vercel@latest, in whatever release is the newest"),
    ],
)
def test_a_package_past_the_lockfile(line: str, message: str) -> None:
    assert found("adhoc-packages", script(line)) == [f"{line}: {message}"]


@pytest.mark.parametrize(
    "line",
    [
        "npm ci", "npm install", "npm install --prefix tools", "npm i ./local", "npm install ../x.tgz", "npm install .",
        "npm run install", "npm install $PACKAGES", "pnpm install --frozen-lockfile", "pnpm i", "yarn install", "yarn",
        "bundle install", "gem build x.gemspec", "gem install ./x.gem", "pip install .", "pip install -e '.[dev]'",
        "pip install --upgrade pip setuptools wheel", "pip install -r requirements.txt", "pip install -c c.txt nox",
        "pip install nox==2024.3", "pip install dist/x.whl", "pip install --require-hashes nox",
        "cargo install just@1.36.0", "cargo install --path .", "cargo install just --version 1.36.0",
        "go install ./...", "go install a.b/c@v1.2.3", "npx wrangler deploy", "npx wrangler@3.2.1 deploy",
        "echo npm install lodash", "pip download nox",
    ],
)  # fmt: skip
def test_what_a_file_of_the_repository_decides(line: str) -> None:
    assert found("adhoc-packages", script(line)) == []


@needs_corpus
def test_what_real_scripts_bring_in() -> None:
    rules = ("unverified-script-exec", "adhoc-packages")
    seen = {
        part: Counter(
            decision.rule
            for snapshot in corpus(part)
            for decision in report(snapshot, *rules).decisions
            if decision.rule in rules
        )
        for part in ("chittyos", "public")
    }
    assert seen == {
        "chittyos": Counter({"adhoc-packages": 48, "unverified-script-exec": 1}),
        "public": Counter({"adhoc-packages": 29, "unverified-script-exec": 2}),
    }
