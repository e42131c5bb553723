"""The report of the main job in a real browser: on a phone, on a desktop, on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import A4_PRINTABLE, DESKTOP, PHONE, Browser, needs_chromium, open_browser
from tests.e2e.deployment import INCLUDE
from tests.e2e.oracle import Finished

pytestmark = [pytest.mark.xdist_group("e2e-main"), needs_chromium]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(params=["usage", "sensors"])
def finished(request: pytest.FixtureRequest) -> Finished:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def titles(folder: Path, *charts: str) -> list[str]:
    """The titles of the sections of some charts, by their headers alone."""
    headers = [path.read_text() for path in sorted(folder.glob("*.sql"))]
    return [
        title[1]
        for text in headers
        if (title := re.search(r"(?m)^-- title: (.*)$", text))
        and re.search(rf"(?m)^-- chart: ({'|'.join(charts)})$", text)
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "media"), [(PHONE, "screen"), (DESKTOP, "screen"), (A4_PRINTABLE, "print")])
def test_nothing_overflows_and_no_chart_is_missing(
    browser: Browser, finished: Finished, tmp_path: Path, width: int, media: str, scheme: str
) -> None:
    report = tmp_path / "report.html"
    report.write_bytes(finished.files["report.html"])
    found = browser.measure(report, width, media, scheme)
    assert (found["page"], found["outside"]) == (0, [])
    assert (found["cut"], found["small"], found["bare"]) == ([], 0, [])
    sections = INCLUDE / f"sql/{finished.archive.name}/report"
    assert found["charts"] == titles(sections, "bar", "line", "heatmap")
    for title in titles(sections, "bar", "line", "heatmap", "table", "number"):
        assert title in found["text"]
    assert "Safe to expire" in found["text"]
    assert found["text"].count(f"{finished.report['counts']['archived']:,}") >= 3


def test_it_prints_on_a4(browser: Browser, finished: Finished, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_bytes(finished.files["report.html"])
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", browser.pdf(report))
    assert 2 <= len(boxes) <= 8
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
