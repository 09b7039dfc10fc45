"""Job summaries: rendered by a real Markdown parser, nothing from a file becomes markup; long ones are cut."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from chittyops_policy.model import UNKNOWN, Verdict
from chittyops_policy.reporters import markdown
from chittyops_policy.reporters.wording import one_line, visible
from tests.test_reporters.samples import INJECTIONS, clean, full, hostile, huge


class Seen(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(source: str) -> Seen:
    # Raw HTML and bare links on, as on GitHub: what could be harmful must show here.
    return Seen(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(source))


OURS = {"h2", "h3", "h4", "p", "strong", "em", "code", "pre", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}


def test_nothing_hostile_becomes_markup() -> None:
    page = rendered(markdown.render([hostile()], verbose=True))
    assert set(page.tags) <= OURS
    assert page.tags.count("tr") == 1 + len(INJECTIONS)
    assert page.tags.count("td") == 3 * len(INJECTIONS)
    assert page.tags.count("pre") == len(INJECTIONS)
    assert page.tags.count("h2") == 1
    assert "<script>alert(1)</script>" in page.text
    assert "`tick` ``two`` *bold* [link](https://example.invalid) ![i](x) @chittyos/everyone" in page.text


@pytest.mark.parametrize("text", [*INJECTIONS, "a|b", "_x_ ~~y~~ $z$", "`", "``", " ` "], ids=repr)
def test_an_escaped_text_reads_as_it_was(text: str) -> None:
    from_words = rendered(f"- {markdown.escape(text)}\n")
    from_code = rendered(f"- {markdown.code(text)}\n")
    assert set(from_words.tags) == {"ul", "li"}
    assert set(from_code.tags) == {"ul", "li", "code"}
    assert "".join(from_words.text.split()) == "".join(one_line(text).split())
    assert "".join(from_code.text.split()) == "".join(visible(text).split())


def test_the_detector_sees_markup_that_is_not_escaped() -> None:
    assert {"script", "a", "img"} <= set(rendered("".join(INJECTIONS[6:10])).tags) | set(rendered(INJECTIONS[9]).tags)


def test_mentions_and_links_are_parted() -> None:
    assert markdown.escape("@org/team see https://a.invalid or www.b.invalid") == (
        "@<!-- -->org/team see https:<!-- -->//a.invalid or w<!-- -->ww.b.invalid"
    )


@pytest.mark.parametrize("limit", [1_000_000, 50_000, 5_000])
def test_a_long_report_is_cut_at_a_finding_and_says_so(limit: int) -> None:
    output = markdown.render([huge(30_000)], limit=limit)
    assert len(output.encode()) <= limit
    shown = output.count("- **high**") + output.count("- **medium**") + output.count("- **low**")
    assert 0 < shown < 30_000
    assert f"**{30_000 - shown} findings did not fit here.**" in output.splitlines()[-1]
    assert "30000 findings" in output


def test_even_the_table_of_controls_is_cut_when_it_must_be() -> None:
    report = clean()
    report.verdicts = tuple(Verdict(f"c{n}", f"Control {n}", UNKNOWN, "why") for n in range(1000))
    output = markdown.render([report], limit=4_000)
    assert len(output.encode()) <= 4_000
    assert "The report did not fit here." in output.splitlines()[-1]


def test_the_sign_says_whether_the_check_fails() -> None:
    report = full()
    report.problems = ()
    assert markdown.render([report]).startswith("## \u274c")
    assert markdown.render([clean()]).startswith("## \u2705")
    report.decisions = report.decisions[:1]
    assert markdown.render([report], fail_on="high").startswith("## \u2705")
