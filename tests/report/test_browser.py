"""The report in a real browser: on a phone, on a desktop, on A4."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.report.sample_report import sample_content
from tests.report.test_render import hostile_content
from ttl_archive.report.content import ReportContent
from ttl_archive.report.render import render_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
A4_PRINTABLE, PHONE, DESKTOP = 680, 390, 1280

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium isn't installed: apt-get install -y chromium runs these tests"
)

# A page of our own holds the report in a frame as wide as the screen and measures it; the report itself runs no script.
PROBE = """<!DOCTYPE html><meta charset="utf-8"><body><iframe id="frame" style="border:0" width="%d" height="9000"
srcdoc="%s"></iframe><script>
frame.onload = () => {
  const doc = frame.contentDocument, view = frame.contentWindow, width = view.innerWidth;
  const shown = element => element.getClientRects().length > 0;
  const box = element => element.getBoundingClientRect();
  const leaves = (inner, outer, by) => box(inner).right > outer.right + by || box(inner).left < outer.left - by
    || box(inner).bottom > outer.bottom + by;
  const screen = {left: 0, right: width, bottom: Infinity};
  const outside = [...doc.querySelectorAll('body *')].filter(element => shown(element)
    && !element.closest('.scroll, svg') && leaves(element, screen, 1)).map(element => element.outerHTML.slice(0, 120));
  const charts = [...doc.querySelectorAll('svg.chart')].filter(shown);
  const cut = charts.flatMap(svg => [...svg.querySelectorAll('text')].filter(text => shown(text)
    && leaves(text, box(svg), 2))
    .map(text => svg.getAttribute('aria-label') + ': ' + text.textContent));
  const tall = charts.filter(svg => box(svg).height < 30 || box(svg).width < width / 2).length;
  const small = charts.flatMap(svg => [...svg.querySelectorAll('text')].filter(text => shown(text) && text.textContent
    && parseFloat(view.getComputedStyle(text).fontSize) * box(svg).width / svg.viewBox.baseVal.width < 10)).length;
  document.title = JSON.stringify({page: doc.documentElement.scrollWidth - width, outside, cut, tall, small,
    charts: charts.map(svg => svg.getAttribute('aria-label')), ran: doc.title.startsWith('ran')});
};
</script>"""


def chromium(home: Path, *arguments: str) -> str:
    """Run headless Chromium, with a profile of its own."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--disable-dev-shm-usage",
        *arguments,
    ]
    environment = {**os.environ, "HOME": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=True)
    return done.stdout


def measure(folder: Path, content: ReportContent, width: int) -> dict[str, Any]:
    probe = folder / "probe.html"
    probe.write_text(PROBE % (width, html.escape(render_html(content))), encoding="utf-8")
    dom = chromium(folder, "--window-size=1400,1000", "--virtual-time-budget=5000", "--dump-dom", probe.as_uri())
    (title,) = re.findall(r"<title>(.*?)</title>", dom[: dom.index("<body")], re.DOTALL)
    return dict(json.loads(html.unescape(title)))


@pytest.mark.parametrize("width", [PHONE, A4_PRINTABLE, DESKTOP])
def test_nothing_overflows_and_no_chart_is_missing(tmp_path: Path, content: ReportContent, width: int) -> None:
    assert measure(tmp_path, content, width) == {
        "page": 0,
        "outside": [],
        "cut": [],
        "tall": 0,
        "small": 0,
        "ran": False,
        "charts": [
            "Uses by action",
            "Uses by day",
            "Uses by hour and weekday",
            "New and returning users",
            "Change by action",
        ],
    }


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_hostile_data_neither_runs_nor_overflows(tmp_path: Path, width: int) -> None:
    found = measure(tmp_path, hostile_content(), width)
    assert (found["page"], found["outside"], found["cut"], found["ran"]) == (0, [], [], False)
    assert len(found["charts"]) == 4


def test_it_prints_on_a4(tmp_path: Path) -> None:
    report, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    report.write_text(render_html(sample_content()), encoding="utf-8")
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", report.as_uri())
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf.read_bytes())
    assert 3 <= len(boxes) <= 8
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
