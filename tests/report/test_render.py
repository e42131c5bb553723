from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.report.sample_report import sample_content
from ttl_archive.manifest import Certificate
from ttl_archive.report.content import BadTimestamps, MixedTypes, ReportContent, SectionResult, section_result
from ttl_archive.report.cost import cost
from ttl_archive.report.escape import brief, code_span, csv_text, markdown_text, visible
from ttl_archive.report.render import render_csv, render_html, render_markdown, render_text
from ttl_archive.report.sections import Chart, Section

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></svg><script>alert(2)</script>",
    "a | b \\| c",
    "`code` ``two``",
    "line\nbreak\r\nand\ttab",
    "[link](javascript:alert(1)) ![img](http://x/y.png)",
    "@everyone #1 https://evil.example *bold* _it_ ~no~",
    "{{ 7 * 7 }} {% raw %} ${x}",
    "\x00\x01\x1b[31m \ud800 \ufffe \u202eevil",
    "]]> &amp; &lt;b&gt; <!-- -->",
    "=HYPERLINK(1)",
    "日本語 😀 ‮",
    "x" * 5000,
    "",
    " ",
]


def section(chart: Chart, columns: dict[str, str], rows: list[list[str | None]], title: str = "T") -> SectionResult:
    return section_result(
        Section("10_a", title, "Q?", "g", chart, "mine/report/10_a.sql"),
        [{"Name": name, "Type": kind} for name, kind in columns.items()],
        rows,
        query_execution_id="q",
        data_scanned_bytes=1,
        seconds=1.0,
    )


def hostile_content(texts: list[str] = HOSTILE) -> ReportContent:
    """The texts wherever a report shows item data."""
    columns = {"name": "varchar", "day": "varchar", "n": "bigint", "before": "bigint"}
    rows: list[list[str | None]] = [[text, text, str(index), "1"] for index, text in enumerate(texts)]
    charts = [
        Chart(kind="bar", x="name", y=("n",), previous="before"),
        Chart(kind="line", x="day", y=("n",)),
        Chart(kind="line", x="day", y=("n",), series="name"),
        Chart(kind="heatmap", x="day", y=("name",), value="n"),
        Chart(kind="table"),
        Chart(kind="number", value="name"),
    ]
    sample = sample_content()
    quality = sample.data_quality.model_copy(
        update={
            "bad_timestamps": BadTimestamps(count=99, keys=tuple(texts)),
            "mixed_types": tuple(MixedTypes(attribute=text, types={"S": 1, "N": 2}) for text in texts),
        }
    )
    provenance = sample.provenance.model_copy(update={"run_id": texts[0], "versions": {texts[0]: texts[-1]}})
    certificate = sample.certificate.model_copy(update={"reasons": tuple(texts)})
    return sample_content(
        title=texts[0],
        sections=tuple(section(chart, columns, rows, title=texts[0]) for chart in charts),
        data_quality=quality,
        provenance=provenance,
        certificate=certificate,
    )


class Page(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def pictures(html: str) -> list[str]:
    """Every chart; each is well-formed XML."""
    found = re.findall(r"<svg xmlns.*?</svg>", html, re.DOTALL)
    for svg in found:
        ElementTree.fromstring(svg)  # noqa: S314  # our own
    return found


def test_the_page_needs_nothing_but_itself(content: ReportContent) -> None:
    page = Page(render_html(content))
    assert not {"script", "link", "img", "iframe", "object", "base", "form", "a", "use", "image"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("src", "href", "xlink:href")}
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes
    assert "url(" not in render_html(content)


def test_every_chart_is_there_in_both_sizes(content: ReportContent) -> None:
    html = render_html(content)
    charts = re.findall(r'<svg [^>]*class="chart (wide|narrow)"[^>]*aria-label="([^"]*)"', html)
    drawn = ["Uses by action", "Uses by day", "Uses by hour and weekday", "New and returning users", "Change by action"]
    assert charts == [(size, title) for title in drawn for size in ("wide", "narrow")]
    wide = [svg for svg in pictures(html) if "chart wide" in svg]
    assert [svg.count("<rect") - svg.count("background") for svg in wide[:1]] == [7]
    assert wide[2].count("var(--heat-") == 7 * 24
    assert "<title>Mon 9: " in wide[2]


def test_the_certificate_comes_first(content: ReportContent) -> None:
    text = Page(render_html(content)).text
    facts = ["Safe to expire", "12,414", "Fri, May 30, 2025", "58", "What changed", "Uses by action", "Cost", "Queries"]
    places = [text.index(fact) for fact in facts]
    assert places == sorted(places)


def test_a_month_that_is_not_safe_says_why() -> None:
    certificate = Certificate(
        safe_to_expire=False,
        as_of=sample_content().certificate.as_of,
        incomplete=True,
        first_expiry=None,
        days_left=None,
        reasons=("Athena counts 3 items, the manifest 4",),
    )
    counts = sample_content().counts.model_copy(update={"athena": 12413})
    unsafe = sample_content(certificate=certificate, counts=counts)
    for text in (render_html(unsafe), render_markdown(unsafe)):
        assert "Not safe to expire" in text
        assert "The month is incomplete" in text
        assert "Athena counts 3 items, the manifest 4" in text
    assert "≠" in render_html(unsafe)


def test_equal_content_gives_equal_pages(content: ReportContent) -> None:
    assert render_html(content) == render_html(sample_content())
    assert render_markdown(content) == render_markdown(sample_content())


def test_an_empty_result_has_no_chart() -> None:
    for chart in (Chart(kind="bar", x="a", y=("n",)), Chart(kind="heatmap", x="a", y=("b",), value="n")):
        columns = {"a": "varchar", "b": "varchar", "n": "bigint"}
        for rows in ([], [["x", "y", None]]):
            page = Page(render_html(sample_content(sections=(section(chart, columns, rows),))))
            assert "svg" not in page.tags
    assert "No rows." in page.text or "–" in page.text


def test_hostile_data_is_inert_in_html() -> None:
    html = render_html(hostile_content())
    page = Page(html)
    assert set(page.tags) <= set(Page(render_html(sample_content())).tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\u202a-\u202e]", html)
    for text in HOSTILE:
        assert visible(brief(text)) in page.text
    assert pictures(html)


def test_hostile_data_is_inert_in_markdown() -> None:
    markdown = render_markdown(hostile_content())
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    inline = [child for token in tokens for child in token.children or []]
    kinds = {child.type for child in inline}
    assert kinds <= {
        "text",
        "code_inline",
        "strong_open",
        "strong_close",
        "em_open",
        "em_close",
        "html_inline",
        "softbreak",
    }
    assert {child.content for child in inline if child.type == "html_inline"} <= {"<code>", "</code>"}
    assert not [token for token in tokens if token.type in ("html_block", "fence", "code_block", "blockquote_open")]
    rows = [token for token in tokens if token.type == "tr_open"]
    cells = [token for token in tokens if token.type in ("td_open", "th_open")]
    # The certificate's table has 2 rows of 6; the bars, the lines and the table 11 of 4, the heatmap 6, the number 11.
    assert (len(rows), len(cells)) == (2 + 3 * 11 + 6 + 11, 2 * 6 + (3 * 11 + 6 + 11) * 4)


@given(st.text(st.characters(exclude_categories=[])))
def test_a_code_span_shows_the_text_and_nothing_else(text: str) -> None:
    (paragraph,) = [
        token for token in MarkdownIt("gfm-like", {"linkify": False}).parse(f"a {code_span(text)}") if token.children
    ]
    shown = "".join(
        child.content for child in paragraph.children or [] if child.type in ("text", "code_inline", "text_special")
    )
    assert shown == f"a {visible(text) or '(empty)'}"
    assert len(MarkdownIt("gfm-like", {"linkify": False}).parse(f"|a|\n|-|\n| {code_span(text)} |")) == len(
        MarkdownIt("gfm-like", {"linkify": False}).parse("|a|\n|-|\n| b |")
    )


def test_words_in_markdown_are_words() -> None:
    assert markdown_text("a_b *c* <d> | @e\n# f") == r"a\_b \*c\* &lt;d&gt; \| \@e \# f"
    assert markdown_text(code_span("a_b")) == "`a_b`"


def test_the_csv_is_rfc_4180_with_null_apart_from_empty() -> None:
    columns = {"a": "varchar", "n": "bigint", "d": "decimal", "b": "boolean"}
    rows: list[list[str | None]] = [
        ['x "y", z\n', "-1", "-0.10", "true"],
        [None, None, None, None],
        ["", "0", "1", "false"],
    ]
    text = render_csv(section(Chart(kind="table"), columns, rows))
    assert text == ('"a","n","d","b"\r\n"x ""y"", z\n",-1,-0.10,true\r\n,,,\r\n"",0,1,false\r\n')


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'quoted"])
def test_a_formula_is_disarmed_and_restorable(text: str) -> None:
    ((field,),) = list(csv.reader(io.StringIO(csv_text(text), newline="")))
    assert field == "'" + text


@given(st.text(st.characters(exclude_characters="\x00")))
def test_every_csv_text_restores(text: str) -> None:
    ((field,),) = list(csv.reader(io.StringIO(csv_text(text) + "\r\n", newline="")))
    assert (field[1:] if field.startswith("'") else field) == text
    assert not field.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=[])), min_size=1, max_size=4))
def test_any_item_data_gives_the_same_elements(texts: list[str]) -> None:
    html = render_html(hostile_content(texts))
    assert "script" not in Page(html).tags
    assert pictures(html)
    render_markdown(hostile_content(texts)).encode("utf-8")


@pytest.mark.parametrize("locale", ["de", "ja", "fr_CH", "ar"])
def test_other_locales_render(locale: str) -> None:
    other = sample_content(locale=locale)
    assert render_html(other) != render_html(sample_content())
    assert render_markdown(other)


def test_charts_of_unusual_data(content: ReportContent) -> None:
    def drawn(chart: Chart, columns: dict[str, str], rows: list[Any]) -> int:
        return render_html(sample_content(sections=(section(chart, columns, rows),))).count("<svg xmlns")

    bar, line = Chart(kind="bar", x="a", y=("n",)), Chart(kind="line", x="a", y=("n",))
    heat = Chart(kind="heatmap", x="a", y=("b",), value="n")
    two, three = {"a": "varchar", "n": "bigint"}, {"a": "bigint", "b": "varchar", "n": "double"}
    assert drawn(bar, two, [["x", "0"]]) == 2
    assert drawn(bar, two, [["x", "-5"], ["y", None], [None, "3"]]) == 2
    assert drawn(bar, two, [[f"name-{n}", str(n)] for n in range(50)]) == 2
    assert drawn(line, two, [["x", "7"]]) == 2
    assert drawn(line, two, [["x", "7"], ["y", None], ["z", "-7"]]) == 2
    assert drawn(line, {"a": "date", "n": "decimal"}, [["2025-03-01", "1.5"], ["no date", "2.5"], [None, "1"]]) == 2
    assert drawn(heat, three, [["1", "x", "0"], ["2", "y", "0"]]) == 2
    assert drawn(heat, three, [["1", "x", "-3.5"], ["2", None, "4"]]) == 2
    many = [[str(x), f"s{s}", str(s)] for s in range(9) for x in range(3)]
    assert drawn(Chart(kind="line", x="a", y=("n",), series="b"), three, many) == 2


def test_a_report_tells_when_parquet_saves_nothing() -> None:
    plain = sample_content()
    provenance = plain.provenance.model_copy(update={"read_from": "usage_archive.logs_parquet"})
    small, large = cost(1, [5_000, 6_000]), cost(1, [5_000, 60_000_000])
    for content, told in (
        (sample_content(provenance=provenance, cost=small), True),
        (sample_content(provenance=provenance, cost=large), False),  # one query is cheaper on Parquet
        (sample_content(cost=small), False),  # nothing was compacted
        (sample_content(provenance=provenance, cost=small, month="2025-Q1"), False),
    ):
        assert ("parquet: false" in render_html(content)) is told
        assert ("catalog.parquet: false" in render_markdown(content)) is told


def test_a_quarters_report_says_so() -> None:
    content = sample_content(month="2025-Q1")
    html, markdown = render_html(content), render_markdown(content)
    for text in (html, markdown):
        assert "Q1 2025" in text
        assert "Every item of the quarter that the scan found" in text
    assert "Quarterly report" in html
    assert "The scan read" not in html  # three scans did


def test_a_number_that_nobody_knows_has_no_unit() -> None:
    chart = Chart(kind="number", value="n", unit="%")
    for value, html, markdown in (
        ("4", "<small> %</small>", "**4** %\n"),
        (None, "Not known for this month.", "**–** (not known for this month)\n"),
    ):
        content = sample_content(sections=(section(chart, {"n": "bigint"}, [[value]]),))
        assert html in render_html(content)
        assert markdown in render_markdown(content)
        assert ("<small> %</small>" in render_html(content)) is (value is not None)


LINE = Chart(kind="line", x="day", y=("n", "m"))


@pytest.mark.parametrize("value", [None, "NaN", "Infinity", "text"])
def test_a_line_without_a_number_is_told_and_not_drawn(value: str | None) -> None:
    columns = {"day": "date", "n": "double", "m": "double" if value != "text" else "varchar"}
    rows: list[list[str | None]] = [["2025-03-01", "1.5", value], ["2025-03-02", "2.5", value]]
    content = sample_content(sections=(section(LINE, columns, rows),))
    assert "* m: no numbers" in render_markdown(content)
    assert ", 1.5 to 2.5" in render_markdown(content)
    assert len(pictures(render_html(content))) == 2


@pytest.mark.parametrize("digits", ["1E30", "-1.7976931348623157E308", "12345678901234567890123456789012345678"])
def test_the_largest_numbers_are_shown(digits: str) -> None:
    for kind in ("double", "decimal(38,0)") if "E" not in digits else ("double",):
        columns = {"name": "varchar", "n": kind, "before": kind}
        rows: list[list[str | None]] = [["a", digits, "1"], ["b", None, digits]]
        charts = [
            Chart(kind="bar", x="name", y=("n",), previous="before"),
            Chart(kind="line", x="name", y=("n",)),
            Chart(kind="heatmap", x="name", y=("before",), value="n"),
            Chart(kind="number", value="n", previous="before"),
            Chart(kind="table"),
        ]
        content = sample_content(sections=tuple(section(chart, columns, rows) for chart in charts))
        for text in (render_html(content), render_markdown(content), render_text(content)):
            assert text
