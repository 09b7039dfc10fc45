"""The page of an audit in a real browser: what it shows, how it is used, that nothing in it can act."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from chittyops_policy.audit import html_report
from chittyops_policy.audit.figures import open_by_severity
from chittyops_policy.audit.result import Audit
from chittyops_policy.model import EXCEPTED, OPEN, Region

from ..doors.support import ROOT, command
from ..referees import node
from .audits import attacked, large, real, small
from .browser import Visit, browser, screenshot, unavailable_reason

Open = Callable[..., Page]
OPEN_ALL = (
    "document.querySelectorAll('button[aria-expanded=false], details:not([open]) > summary').forEach(e => e.click())"
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    reason = unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    with browser() as running:
        yield running


@pytest.fixture
def visit(chromium: Browser, tmp_path: Path) -> Iterator[Open]:
    visits: list[Visit] = []

    def open_page(audit: Audit, fragment: str = "", **options: Any) -> Page:
        path = tmp_path / f"report-{len(visits)}.html"
        path.write_text(html_report.render(audit), encoding="utf-8")
        visits.append(Visit(chromium, path, fragment, **options))
        return visits[-1].page

    yield open_page
    for each in visits:
        each.close()


def rows(page: Page, table: str = "finding-table") -> list[str]:
    return page.locator(f"#{table} tbody tr:not(.detail)").all_inner_texts()


def count(page: Page) -> str:
    return page.locator("#count").inner_text()


# ------------------------------------------------------------------------------------------------ what it shows


def test_the_overview_says_how_the_audit_came_out(visit: Open) -> None:
    page = visit(small())
    assert page.title() == "Audit of ChittyOS, ChittyCorp · 2026-11-25"
    overview = page.locator("#overview")
    expect(overview).to_contain_text("2 of 3 judged repositories have no failing control")
    expect(overview).to_contain_text("−37 since 2026-11-01")
    organisations = page.locator("#organisations tbody tr")
    assert organisations.all_inner_texts()[1].split() == ["ChittyOS", "2", "1", "67", "%", "1", "2", "1", "0", "1", "1"]
    controls = page.locator("#controls tbody tr").filter(has_text="CODEOWNERS guards workflows")
    assert controls.locator("td.number").all_inner_texts() == ["1", "0", "0", "0"]
    expect(page.locator("#pull-requests")).to_contain_text("ChittyOS/router")
    expect(page.locator("#coverage")).to_contain_text("GitHub answered 502 five times")
    expect(page.locator("#coverage")).to_contain_text("it is archived")
    expect(page.locator("#unknown")).to_contain_text("administration: read")
    expect(page.locator("#unknown")).to_contain_text("contents: read")
    expect(page.locator("#exceptions")).to_contain_text("the broker serves no npm tokens")
    expect(page.locator("#performance")).to_contain_text("6.25 min")
    assert page.locator("#overview svg polyline").count() == 2


def test_the_command_writes_a_page_that_opens(chromium: Browser, tmp_path: Path) -> None:
    arguments = ["audit", "--quiet", "--dir", str(ROOT / "examples"), "--store", str(tmp_path / "store.db")]
    done = command(*arguments, "--out", str(tmp_path / "out"), cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    opened = Visit(chromium, tmp_path / "out" / "report.html")
    judged = json.loads((tmp_path / "out" / "report.json").read_text())["counts"]
    assert count(opened.page) == f"{judged['states']['open']} open findings and 5 of 5 repositories"
    expect(opened.page.locator("#repository-table")).to_contain_text("northwind/orders-worker")
    opened.close()


def test_numbers_of_real_repositories_are_those_of_the_audit(visit: Open) -> None:
    audit = real()
    if audit is None:
        pytest.skip("../shared/corpus is not here")
    page = visit(audit)
    total = sum(sum(open_by_severity(standing).values()) for standing in audit.judged)
    assert count(page) == f"{total:,} open findings and {len(audit.judged)} of {len(audit.judged)} repositories"
    screenshot(page, "real")
    for organisation in {standing.subject.owner for standing in audit.judged}:
        page.select_option("#filter-org", organisation)
        own = [standing for standing in audit.judged if standing.subject.owner == organisation]
        found = sum(sum(open_by_severity(standing).values()) for standing in own)
        words = f"{found:,} open finding{'' if found == 1 else 's'} and {len(own)} of"
        expect(page.locator("#count")).to_contain_text(words)


# -------------------------------------------------------------------------------------------------- how it is used

FILTERS = {
    "severity": ({"severity": "high"}, "3 open findings and 1 of 3 repositories"),
    "gravest": ({"severity": "critical"}, "1 open finding and 1 of 3 repositories"),
    "organisation": ({"org": "ChittyCorp"}, "0 open findings and 1 of 3 repositories"),
    "rule": ({"rule": "unpinned-uses"}, "2 open findings and 1 of 3 repositories"),
    "every state": ({"state": ""}, "8 findings and 3 of 3 repositories"),
    "excepted": ({"state": "excepted"}, "1 excepted finding and 1 of 3 repositories"),
    "below the level": ({"state": "below-level"}, "1 below level finding and 1 of 3 repositories"),
    "project type": ({"project": "cloudflare-workers"}, "4 open findings and 1 of 3 repositories"),
    "visibility": ({"visibility": "internal"}, "0 open findings and 1 of 3 repositories"),
    "control": ({"control": "codeowners"}, "1 open finding and 3 of 3 repositories"),
    "control that fails": ({"control": "codeowners", "outcome": "fail"}, "1 open finding and 1 of 3 repositories"),
    "control that is met": ({"control": "claude-md", "outcome": "pass"}, "0 open findings and 3 of 3 repositories"),
    "anything unknown": ({"outcome": "unknown"}, "4 open findings and 1 of 3 repositories"),
    "words": ({"q": "setup-node TAG"}, "1 open finding and 1 of 3 repositories"),
    "words of the source line": ({"q": "secrets.deploy_key"}, "1 open finding and 1 of 3 repositories"),
    "name of a repository": ({"q": "site"}, "0 open findings and 1 of 3 repositories"),
    "one repository": ({"repo": "chittyos/docs"}, "0 open findings and 1 of 3 repositories"),
    "several": ({"org": "ChittyOS", "severity": "medium", "rule": "missing-codeowners"}, "1 open finding and 1 of 3"),
    "nothing": ({"q": "no such word"}, "0 open findings and 0 of 3 repositories"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters(visit: Open, name: str) -> None:
    chosen, expected = FILTERS[name]
    page = visit(small())
    for key, value in chosen.items():
        field = page.locator(f"#filter-{key}")
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    expect(page.locator("#count")).to_contain_text(expected)
    shown = int(expected.split()[0])
    assert len(rows(page)) == max(shown, 1)
    assert (rows(page) == ["Nothing matches these filters."]) == (shown == 0)
    # The address keeps them: somebody else who opens it sees the same.
    fragment = page.evaluate("location.hash")
    expect(visit(small(), fragment).locator("#count")).to_contain_text(expected)


def test_every_filter_is_tried() -> None:
    template = Path(html_report.__file__).with_name("page") / "report.js"
    fields = set(re.findall(r'\{ id: "(\w+)", label', template.read_text(encoding="utf-8")))
    assert fields == {key for chosen, _ in FILTERS.values() for key in chosen}


def test_all_filters_are_cleared_at_once(visit: Open) -> None:
    page = visit(small(), "#filter:severity=critical&q=deploy&state=")
    assert count(page).startswith("2 findings and 1 of 3")
    page.get_by_role("button", name="Clear all filters").click()
    assert count(page).startswith("4 open findings and 3 of 3")
    assert page.locator("#filter-state").input_value() == "open"
    expect(page.locator("#filter-q")).to_be_focused()


def test_a_wrong_address_shows_everything(visit: Open) -> None:
    page = visit(small(), "#filter:severity=grave&nothing=1&org=<script>")
    assert count(page).startswith("4 open findings and 3 of 3")


def test_a_number_of_the_controls_shows_the_repositories_behind_it(visit: Open) -> None:
    page = visit(small())
    page.get_by_role("button", name="1 not met: CODEOWNERS guards workflows").click()
    assert count(page).startswith("1 open finding and 1 of 3")
    assert [row.split()[0] for row in rows(page, "repository-table")] == ["ChittyOS/router"]
    expect(page.locator("#repositories-title")).to_be_focused()
    page.locator("#rules").get_by_role("button", name="unpinned-uses").click()
    assert count(page).startswith("3 findings and 1 of 3")
    page.locator("#exceptions").get_by_role("button", name="Show the excepted findings").click()
    assert count(page).startswith("1 excepted finding")
    page.locator("#organisations").get_by_role("button", name="ChittyCorp").click()
    assert count(page).startswith("0 open findings and 1 of 3")


def test_a_finding_opens_to_its_source_line(visit: Open) -> None:
    page = visit(small(), "#filter:q=setup-node")
    opener = page.locator("#finding-table").get_by_role("button", name="actions/setup-node is used by the tag v4")
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")
    detail = page.locator(f"#{opener.get_attribute('aria-controls')}")
    source, carets = detail.locator("pre").inner_text().splitlines()
    assert source == "13 │ - uses: 'actions/setup-node@v4' # \U0001f680 \u65e5\u672c\u8a9e"
    assert source[carets.index("^") : carets.rindex("^") + 1] == "'actions/setup-node@v4'"
    expect(detail).to_contain_text("A tag can be moved to other code")
    expect(detail).to_contain_text("Pin it to a full commit SHA")
    expect(detail).to_contain_text("none: the newest commit of this version is not known")
    expect(detail).to_contain_text("2026-11-06, 19 days before this audit")
    link = detail.get_by_role("link").get_attribute("href")
    head = "0123456789abcdef0123456789abcdef01234567"
    assert link == f"https://github.example/ChittyOS/router/blob/{head}/.github/workflows/deploy.yml#L13"
    opener.click()
    expect(detail).to_have_count(0)


def test_a_repository_opens_to_the_reasons_of_its_verdicts(visit: Open) -> None:
    page = visit(small())
    page.locator("#repository-table").get_by_role("button", name="ChittyOS/router").click()
    detail = page.locator("#repository-table tr.detail")
    expect(detail).to_contain_text("CODEOWNERS guards workflows – no CODEOWNERS file")
    expect(detail).to_contain_text("would tell: administration: read")
    expect(detail).to_contain_text("canary")
    expect(detail).to_contain_text("permission denied")
    detail.get_by_role("button", name="Show its 8 findings").click()
    assert count(page).startswith("8 findings and 1 of 3")


def test_tables_sort_and_say_so(visit: Open) -> None:
    page = visit(small(), "#filter:state=")
    heading = page.locator("#finding-table thead th").filter(has_text="Rule")
    expect(heading).to_have_attribute("aria-sort", "none")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    names = page.locator("#finding-table tbody tr td:nth-child(3)").all_inner_texts()
    assert names == sorted(names)
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert page.locator("#finding-table tbody tr td:nth-child(3)").all_inner_texts() == sorted(names, reverse=True)
    high = page.locator("#organisations thead th").filter(has_text="High")
    high.get_by_role("button").click()
    expect(high).to_have_attribute("aria-sort", "descending")
    assert page.locator("#organisations tbody th").all_inner_texts() == ["ChittyOS", "ChittyCorp"]


def test_everything_can_be_done_with_the_keyboard(visit: Open) -> None:
    page = visit(small())

    def focused() -> str:
        return str(page.evaluate("document.activeElement.id || document.activeElement.textContent"))

    def tab_to(wanted: str, limit: int = 120) -> None:
        for _ in range(limit):
            page.keyboard.press("Tab")
            if focused() == wanted:
                visible = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert visible != "none", f"no focus is to be seen on {wanted}"
                return
        raise AssertionError(f"{wanted} cannot be reached")

    page.keyboard.press("Tab")
    assert focused() == "Skip to the report"
    page.keyboard.press("Enter")
    assert focused() == "main"
    tab_to("filter-q")
    page.keyboard.type("static")
    expect(page.locator("#count")).to_contain_text("1 open finding")
    tab_to("filter-state")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#count")).to_contain_text("2 findings")
    tab_to("DEPLOY_KEY is not an allowed secret")
    page.keyboard.press("Enter")
    expect(page.locator("#finding-table tr.detail")).to_contain_text("Fetch it with getchitty-creds")
    assert focused() == "DEPLOY_KEY is not an allowed secret"
    page.keyboard.press("Space")
    expect(page.locator("#finding-table tr.detail")).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    assert focused().startswith("First seen")
    page.keyboard.press("Enter")
    expect(page.locator("#finding-table thead th").last).to_have_attribute("aria-sort", "ascending")


def test_light_and_dark(visit: Open) -> None:
    def ground(page: Page) -> int:
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", color)[:3])

    light, dark = visit(small()), visit(small(), color_scheme="dark")
    assert ground(light) > 600
    assert ground(dark) < 150
    button = dark.get_by_role("button", name="Theme")
    button.click()
    expect(button).to_have_text("Theme: light")
    assert ground(dark) > 600
    dark.reload()
    expect(dark.get_by_role("button", name="Theme")).to_have_text("Theme: light")
    dark.get_by_role("button", name="Theme").click()
    assert ground(dark) < 150
    screenshot(light, "light")
    screenshot(dark, "dark")


def test_what_is_printed_has_everything_and_no_controls_of_the_page(visit: Open) -> None:
    page = visit(large(60, 120), color_scheme="dark")
    assert len(rows(page, "repository-table")) == 50
    page.emulate_media(media="print")
    for hidden in ("#filters", "nav", ".pager", "#theme"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator("#findings")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(rows(page, "repository-table")) == 60
    assert page.locator("details:not([open])").count() == 0
    assert page.pdf().startswith(b"%PDF")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(rows(page, "repository-table")) == 50


def test_without_a_script_it_is_still_a_summary(visit: Open) -> None:
    page = visit(small(), java_script_enabled=False)
    expect(page.locator("#overview")).to_contain_text("2 of 3 judged repositories")
    expect(page.get_by_role("row").filter(has_text="ChittyOS/router").first).to_be_visible()
    for scripted in ("#explore", "#repositories", "#findings", "#theme"):
        expect(page.locator(scripted)).to_be_hidden()
    expect(page.locator("#coverage")).to_contain_text("ChittyOS/slow")
    expect(page.get_by_text("findings.csv").first).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1360])
def test_no_width_makes_the_page_scroll_sideways(visit: Open, width: int) -> None:
    page = visit(small(), viewport={"width": width, "height": 800})
    page.locator("#finding-table button[aria-expanded]").first.click()
    page.locator("#repository-table button[aria-expanded]").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit(attacked(), viewport={"width": width, "height": 800}).evaluate("document.body.scrollWidth") <= width
    screenshot(page, f"width-{width}")


# --------------------------------------------------------------------------------------------------- accessibility


@pytest.fixture(scope="module")
def axe() -> str:
    reason = node.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    return (node.installed() / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 1360])
def test_axe_finds_no_barrier(visit: Open, axe: str, scheme: str, width: int) -> None:
    page = visit(small(), "#filter:state=", color_scheme=scheme, viewport={"width": width, "height": 900})
    page.evaluate(OPEN_ALL)
    # On a gradient the contrast of a text cannot be told; the one here only shades the edges.
    page.evaluate("document.querySelectorAll('.scroll').forEach(each => { each.style.backgroundImage = 'none' })")
    page.evaluate(axe)
    answer = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert len(answer["passes"]) > 20
    found = [
        (violation["id"], [each["html"][:200] for each in violation["nodes"][:3]]) for violation in answer["violations"]
    ]
    assert found == []


# --------------------------------------------------------------------------------------------------------- safety


def test_nothing_from_outside_acts(visit: Open) -> None:
    """`Visit.close` holds the page to no dialog, no request and no complaint of the Content-Security-Policy."""
    page = visit(attacked(), "#filter:state=")
    while True:
        page.evaluate(OPEN_ALL)
        following = page.get_by_role("button", name="Next page: Findings")
        if not following.is_enabled():
            break
        following.click()
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert page.locator("h1").count() == 1
    addresses = page.evaluate("[...document.querySelectorAll('a')].map(each => each.getAttribute('href'))")
    assert [address for address in addresses if not address.startswith(("#", "https://github.example/"))] == []
    names = set(page.evaluate("[...document.querySelectorAll('*')].flatMap(each => each.getAttributeNames())"))
    assert {name for name in names if name.startswith("on") or name in ("style", "srcdoc")} == set()
    # Words that turn the direction of what follows are written out, and control characters too.
    text = page.locator("body").inner_text()
    assert "\u202e" not in text
    assert "\\u202eright to left" in text
    assert "<script>alert(1)</script>" in text


def test_the_browser_refuses_a_script_that_got_in(chromium: Browser, tmp_path: Path) -> None:
    """Were the escaping wrong one day, the policy of the page would still hold."""
    text = html_report.render(small()).replace("<main", "<script>window.got = 1</script><img src=x onerror=got=1><main")
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    visit = Visit(chromium, path)
    assert visit.page.evaluate("window.got") is None
    assert any("Content Security Policy" in complaint for complaint in visit.complaints)
    visit.context.close()


def test_the_data_cannot_end_its_element() -> None:
    text = html_report.render(attacked())
    data = text.partition('<script type="application/json" id="data">')[2].partition("</script>")[0]
    assert "<" not in data
    assert data.isascii()
    assert text.count("</script>") == 2


def test_letters_of_other_directions_stay_where_they_belong(visit: Open) -> None:
    audit = small()
    router = audit.standings[4]
    assert router.report is not None
    decision = router.report.decisions[2]
    decision.message = "\u05d0\u05d1\u05d2 is used (\u0627\u0644)"
    decision.region = Region(12, 3, 12, 6, "  \u05d0\u05d1\u05d2: x")
    page = visit(audit, "#filter:q=\u05d0\u05d1\u05d2")
    opener = page.locator("#finding-table").get_by_role("button", name="\u05d0\u05d1\u05d2")
    assert opener.locator("bdi").count() == 1
    opener.click()
    assert page.evaluate("getComputedStyle(document.querySelector('.source')).unicodeBidi") == "isolate"
    row = page.locator("#finding-table tbody tr").first
    severity, message = (row.locator("td").nth(place).bounding_box() for place in (0, 1))
    assert severity is not None
    assert message is not None
    assert severity["x"] < message["x"]


# ------------------------------------------------------------------------------------------------------------ size


def test_twenty_thousand_findings_fit_and_stay_usable(visit: Open) -> None:
    audit = large(1000, 20_000)
    text = html_report.render(audit)
    assert len(text.encode("utf-8")) < 10_000_000
    assert text.count("A tag can be moved to other code") == 1
    page = visit(audit)
    assert len(rows(page)) == 50
    assert page.locator("*").count() < 8_000
    decisions = [decision for standing in audit.judged if standing.report for decision in standing.report.decisions]
    found = sum(decision.state == OPEN for decision in decisions)
    assert count(page) == f"{found:,} open findings and 1,000 of 1,000 repositories"
    page.select_option("#filter-state", "excepted")
    excepted = sum(decision.state == EXCEPTED for decision in decisions)
    expect(page.locator("#count")).to_contain_text(f"{excepted:,} excepted findings")
    page.get_by_role("button", name="Next page: Findings").click()
    expect(page.locator("#finding-pager p")).to_have_text(f"51–100 of {excepted:,}")
