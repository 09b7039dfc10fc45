"""The rule about stored credentials of deployments, on small cases and on real repositories."""

from __future__ import annotations

import pytest

from .checked import corpus, found, needs_corpus, report, unknown

RULE = "missing-ephemeral-credentials"
WHERE = ".github/workflows/x.yml"
HEAD = "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
BROKER = "      - uses: CHITTYOS/chittyops/.github/actions/getchitty-creds@main\n        id: creds\n"
STORED = "${{ secrets.CLOUDFLARE_API_TOKEN }}"
FETCHED = "${{ steps.creds.outputs.cloudflare_token }}"


def deploy(steps: str, head: str = HEAD) -> list[str]:
    return found(RULE, head + steps)


def wrangler(value: str) -> str:
    return f'      - run: npx wrangler deploy\n        env: {{CLOUDFLARE_API_TOKEN: "{value}"}}\n'


@pytest.mark.parametrize(
    ("steps", "text", "names"),
    [
        (wrangler(STORED), "npx wrangler deploy", "secret CLOUDFLARE_API_TOKEN"),
        (wrangler("${{ secrets['cf_token'] || '' }}"), "npx wrangler deploy", "secret CF_TOKEN"),
        (f"      - run: CLOUDFLARE_API_TOKEN={STORED} wrangler deploy\n", "CLOUDFLARE_API_TOKEN=", "API_TOKEN"),
        (f"      - run: |\n          export CLOUDFLARE_API_TOKEN={STORED}\n          wrangler deploy\n",
         "wrangler deploy", "API_TOKEN"),
        (f"      - run: echo CLOUDFLARE_API_TOKEN={STORED} >> $GITHUB_ENV\n      - run: wrangler deploy\n",
         "wrangler deploy", "API_TOKEN"),
        ("      - uses: cloudflare/wrangler-action@v3\n        with: {apiToken: \"${{ secrets.X }}\"}\n",
         "cloudflare/wrangler-action@v3", "secret X"),
        ("      - run: vercel --prod --token ${{ secrets.V }}\n", "vercel --prod --token", "secret V"),
        ("      - run: npm publish\n        env: {NODE_AUTH_TOKEN: \"${{ secrets.NPM_TOKEN }}\"}\n",
         "npm publish", "secret NPM_TOKEN"),
        ("      - uses: docker/login-action@v3\n        with: {password: \"${{ secrets.HUB }}\"}\n"
         "      - run: docker push me/x\n", "docker push me/x", "secret HUB"),
        ("      - uses: aws-actions/configure-aws-credentials@v4\n"
         "        with: {aws-access-key-id: \"${{ secrets.A }}\", aws-secret-access-key: \"${{ secrets.B }}\"}\n"
         "      - run: aws ecs update-service --cluster x\n", "aws ecs update-service", "secrets A, B"),
        ("      - uses: appleboy/ssh-action@v1\n        with: {key: \"${{ secrets.KEY }}\", script: make}\n",
         "appleboy/ssh-action@v1", "secret KEY"),
    ],
)  # fmt: skip
def test_stored_secrets(steps: str, text: str, names: str) -> None:
    (line,) = deploy(steps)
    assert line.startswith(text)
    assert names in line


def test_environment_of_job_and_workflow() -> None:
    for indent, before in (("", "jobs:"), ("    ", "    steps:")):
        env = f'{indent}env: {{CLOUDFLARE_API_TOKEN: "{STORED}", OTHER: x}}\n'
        head = HEAD.replace(before, env + before, 1)
        assert deploy("      - run: wrangler deploy\n", head) == [
            "wrangler deploy: `wrangler deploy` works with the stored secret CLOUDFLARE_API_TOKEN"
        ]
        assert deploy("      - run: wrangler whoami\n", head) == []


def test_another_secret_of_the_step_is_not_the_deployment_s() -> None:
    steps = BROKER + wrangler(FETCHED).replace("env: {", 'env: {SLACK: "${{ secrets.SLACK_WEBHOOK }}", ')
    assert deploy(steps) == []


@pytest.mark.parametrize(
    "steps",
    [
        BROKER + wrangler(FETCHED),
        BROKER + wrangler("${{ steps.creds.outputs.cloudflare_token || secrets.CLOUDFLARE_API_TOKEN }}"),
        BROKER.replace("CHITTYOS/chittyops/.github/actions/getchitty-creds@main", "./.chittyops/x/getchitty-creds")
        + wrangler(FETCHED),
        BROKER.replace("CHITTYOS/chittyops/.github/actions/getchitty-creds@main", "$/.github/actions/getchitty-creds")
        + wrangler(FETCHED),
        BROKER + "      - uses: cloudflare/wrangler-action@v3\n"
        + '        with: {apiToken: "${{ steps.creds.outputs.cloudflare_token }}"}\n',
        "      - run: wrangler deploy --dry-run\n",
        '      - uses: cloudflare/wrangler-action@v3\n        with: {apiToken: "${{ secrets.X }}", command: whoami}\n',
        "      - run: npm publish --dry-run\n",
        '      - run: gh release create v1\n        env: {GH_TOKEN: "${{ secrets.GITHUB_TOKEN }}"}\n',
        '      - run: npm publish\n        env: {NODE_AUTH_TOKEN: "${{ secrets.GITHUB_TOKEN }}"}\n',
        '      - run: npm publish\n        env: {NODE_AUTH_TOKEN: "${{ github.token }}"}\n',
        "      - run: npm publish --registry https://npm.pkg.github.com\n",
        '      - uses: docker/login-action@v3\n        with: {password: "${{ secrets.GITHUB_TOKEN }}"}\n'
        + "      - run: docker push ghcr.io/a/b\n",
        "      - uses: docker/build-push-action@v6\n        with: {push: false}\n",
        '      - uses: aws-actions/configure-aws-credentials@v4\n        with: {role-to-assume: "arn:x"}\n'
        + "      - run: aws s3 sync dist s3://x\n",
        "      - run: 'echo wrangler deploy # npm publish'\n",
        f'      - run: wrangler deploy\n        if: false\n        env: {{CLOUDFLARE_API_TOKEN: "{STORED}"}}\n',
    ],
)  # fmt: skip
def test_nothing_stored(steps: str) -> None:
    assert deploy(steps) == []


def test_a_broker_that_is_not_used() -> None:
    (line,) = deploy(BROKER + wrangler(STORED))
    assert "although the job asks for ephemeral ones" in line


def test_trusted_publishing_needs_the_identity_token() -> None:
    publish = "      - run: npm publish --provenance\n"
    trusted = HEAD.replace("    steps:", "    permissions: {id-token: write}\n    steps:")
    assert deploy(publish, trusted) == []
    assert deploy(publish) == [
        "npm publish --provenance: no step of this job asks getchitty-creds for the credentials with which "
        "`npm publish --provenance` works"
    ]
    with_token = publish + '        env: {NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}"}\n'
    assert "stored secret NPM_TOKEN" in deploy(with_token, trusted)[0]


def test_credentials_from_the_outputs_of_another_job() -> None:
    first = HEAD.replace("  ship:", "  creds:") + BROKER
    second = (
        "  ship:\n    needs: [creds]\n    runs-on: ubuntu-latest\n    steps:\n"
        + wrangler("${{ needs.creds.outputs.token }}")
    )  # fmt: skip
    assert found(RULE, first + second) == []
    assert unknown(RULE, first.replace(BROKER, "      - run: ./fetch-token\n") + second) != []


def test_the_secret_reaches_a_composite_action() -> None:
    action = (
        "inputs: {token: {}}\nruns:\n  using: composite\n  steps:\n    - run: npx wrangler deploy\n      shell: bash\n"
        '      env: {CLOUDFLARE_API_TOKEN: "${{ inputs.token }}"}\n'
    )
    call = f'      - uses: ./ship\n        with: {{token: "{STORED}"}}\n'
    assert found(RULE, {WHERE: HEAD + call, "ship/action.yml": action}) == [
        "npx wrangler deploy: `npx wrangler deploy` works with the stored secret CLOUDFLARE_API_TOKEN"
    ]
    fetched = BROKER + call.replace(STORED, FETCHED)
    assert found(RULE, {WHERE: HEAD + fetched, "ship/action.yml": action}) == []


def test_standard_reusable_workflows_and_unknown_ones() -> None:
    call = "on: push\njobs:\n  a:\n    uses: {}@main\n"
    assert unknown(RULE, call.format("chittyos/chittyops/.github/workflows/reusable-package-publish.yml")) == []
    assert "acme/ci is not part of this run" in unknown(RULE, call.format("acme/ci/.github/workflows/ship.yml"))[0]


@needs_corpus
def test_stored_credentials_of_real_repositories() -> None:
    """Read by hand: every deploying or publishing step of the corpus that a stored secret feeds, 36 in 14 repositories.

    Not among them: chittyconnect publishes to GitHub Packages and its other job is switched off; chittysync publishes
    with the identity token; chittyops' 1p-bridge and package workflows ask getchitty-creds; chittystorage-cleaner's
    second job publishes with the built-in token; chittyconcierge only tries.
    """
    seen: dict[str, list[str]] = {}
    for snapshot in corpus("chittyos"):
        for item in report(snapshot, RULE).decisions:
            assert item.region is not None
            seen.setdefault(snapshot.slug, []).append(f"{item.path.rpartition('/')[2]}:{item.region.line}")
    cli = ["ci.yml:216", "ci.yml:223"]
    chronicle = ["ci.yml:106", "ci.yml:130", "ci.yml:146"]
    assert seen == {
        "chitcommit/chittypro-streamlink": [
            "deploy-production.yml:67",
            "deploy-staging.yml:41",
            "deploy-staging.yml:51",
        ],
        "chittyapps/chittycan": ["publish.yml:37"],
        "chittyapps/chittycharge": [
            "deploy-production.yml:64",
            "deploy-staging.yml:48",
            "deploy.yml:48",
            "deploy.yml:93",
        ],
        "chittyapps/chittychat": ["ecosystem-cicd.yml:209"],
        "chittyapps/chittychronicle": chronicle,
        "chittyapps/chittystorage-cleaner": ["ci.yml:139", "ci.yml:184"],
        "chittyos/chittychat": ["deploy.yml:72", "deploy.yml:89", "deploy.yml:103"],
        "chittyos/chittychronicle": chronicle,
        "chittyos/chittygateway": ["deploy.yml:50", "deploy.yml:82", "deploy.yml:130", "neon-branch.yml:62"],
        "chittyos/chittyops": ["reusable-worker-deploy.yml:53"],
        "chittyos/chittyos-cli": [*cli, *(f"npm-publish-certified.yml:{line}" for line in (188, 194, 276))],
        "chittyos/chittyscrape": ["ci.yml:41"],
        "chittyos/cicd-templates": ["cloudflare-deploy.yml:53", "vercel-deploy.yml:62", "vercel-deploy.yml:125"],
        "chittyos/cli": cli,
    }
    assert sum(map(len, seen.values())) == 36
