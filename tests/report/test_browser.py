"""The report in a real browser: on a phone, on a desktop, on A4, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import A4_PRINTABLE, DESKTOP, PHONE, Browser, needs_chromium, open_browser
from tests.report.sample_report import sample_content
from tests.report.test_render import hostile_content
from ttl_archive.report.content import ReportContent
from ttl_archive.report.render import render_html

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


def test_it_prints_on_a4(browser: Browser, tmp_path: Path) -> None:
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", browser.pdf(file_of(tmp_path, sample_content())))
    assert 3 <= len(boxes) <= 8
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
