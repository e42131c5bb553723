"""The report in a real browser: on a phone, on a desktop, on A4, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import A4_PRINTABLE, DESKTOP, PHONE, Browser, needs_chromium, open_browser
from tests.report.sample_report import sample_content
from tests.report.test_render import hostile_content, section
from ttl_archive.report.content import ReportContent
from ttl_archive.report.render import render_html
from ttl_archive.report.sections import Chart

pytestmark = needs_chromium
SCREENS = [(PHONE, "screen", "light"), (DESKTOP, "screen", "dark"), (A4_PRINTABLE, "print", "light")]
WIDE = ["W" * 40, "日本語のとても長い名前がここにあります", "😀" * 30, "m" * 30, "%" * 20, "plain.action.name"]
NOTHING_WRONG = {"page": 0, "outside": [], "cut": [], "small": 0, "bare": []}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("chromium")) as started:
        yield started


def file_of(folder: Path, content: ReportContent) -> Path:
    report = folder / "report.html"
    report.write_text(render_html(content), encoding="utf-8")
    return report


def wrong(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in NOTHING_WRONG}


@pytest.mark.parametrize(("width", "media", "scheme"), SCREENS)
def test_nothing_overflows_and_no_chart_is_missing(
    browser: Browser, tmp_path: Path, content: ReportContent, width: int, media: str, scheme: str
) -> None:
    found = browser.measure(file_of(tmp_path, content), width, media, scheme)
    assert wrong(found) == NOTHING_WRONG
    assert found["charts"] == [
        "Uses by action",
        "Uses by day",
        "Uses by hour and weekday",
        "New and returning users",
        "Change by action",
    ]


@pytest.mark.parametrize(("width", "media", "scheme"), SCREENS)
def test_hostile_data_neither_runs_nor_overflows(
    browser: Browser, tmp_path: Path, width: int, media: str, scheme: str
) -> None:
    found = browser.measure(file_of(tmp_path, hostile_content()), width, media, scheme)
    assert wrong(found) == NOTHING_WRONG
    assert len(found["charts"]) == 4
    assert not {"script", "img", "iframe", "object"} & set(found["tags"])
    assert not [name for name in found["attributes"] if name.startswith("on")]


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_labels_of_wide_characters_are_not_cut_at_the_edge(browser: Browser, tmp_path: Path, width: int) -> None:
    found = browser.measure(file_of(tmp_path, hostile_content(WIDE)), width)
    assert wrong(found) == NOTHING_WRONG


def large_content() -> ReportContent:
    """Large numbers and long labels, in every kind of chart."""
    columns = {"name": "varchar", "key": "varchar", "n": "double", "before": "double"}
    ordinary: list[list[str | None]] = [
        [
            f"abcdefghijklmno{i}",
            f"{i}0000000-0000-4000-8000-00000000004d",
            f"{52345678 - i * 1234567}",
            f"{49345678 + i}",
        ]
        for i in range(9)
    ]
    extreme: list[list[str | None]] = [
        ["1234567890123456789012345678", "someone@example.com", "1E30", "-5E29"],
        ["b" * 28, "host.name.example.org", "-3", "123456789012.5"],
    ]
    charts = [
        Chart(kind="bar", x="name", y=("n",), previous="before"),
        Chart(kind="line", x="key", y=("n", "before")),
        Chart(kind="heatmap", x="key", y=("name",), value="n"),
    ]
    return sample_content(
        sections=tuple(section(chart, columns, rows) for rows in (ordinary, extreme) for chart in charts)
    )


@pytest.mark.parametrize(("width", "media", "scheme"), SCREENS)
def test_large_numbers_and_long_labels_are_whole(
    browser: Browser, tmp_path: Path, width: int, media: str, scheme: str
) -> None:
    found = browser.measure(file_of(tmp_path, large_content()), width, media, scheme)
    assert wrong(found) == NOTHING_WRONG
    assert len(found["charts"]) == 6
    assert "52,345,678" in found["text"]


def test_it_prints_on_a4(browser: Browser, tmp_path: Path) -> None:
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", browser.pdf(file_of(tmp_path, sample_content())))
    assert 3 <= len(boxes) <= 8
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
