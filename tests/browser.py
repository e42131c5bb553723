"""Headless Chromium, spoken to by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE, A4_PRINTABLE, DESKTOP = 390, 680, 1280  # CSS pixels; A4 less margins of 15 mm

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium isn't installed: apt-get install -y chromium runs these tests"
)

# What a person would see go wrong. In print nothing can be scrolled, so that there a table may leave the page neither.
_MEASURE = """(() => {
  const width = innerWidth, print = matchMedia('print').matches;
  const shown = element => element.getClientRects().length > 0;
  const box = element => element.getBoundingClientRect();
  const leaves = (inner, outer, by) => box(inner).right > outer.right + by || box(inner).left < outer.left - by
    || box(inner).bottom > outer.bottom + by;
  const screen = {left: 0, right: width, bottom: Infinity};
  const all = [...document.querySelectorAll('body *')];
  const exempt = print ? 'svg' : '.scroll, svg';
  const outside = all.filter(element => shown(element) && !element.closest(exempt) && leaves(element, screen, 1))
    .map(element => element.outerHTML.slice(0, 120));
  const charts = [...document.querySelectorAll('svg.chart')].filter(shown);
  const texts = charts.flatMap(svg => [...svg.querySelectorAll('text')].filter(shown).map(text => [svg, text]));
  const cut = texts.filter(([svg, text]) => leaves(text, box(svg), 2))
    .map(([svg, text]) => svg.getAttribute('aria-label') + ': ' + text.textContent);
  const small = texts.filter(([svg, text]) => text.textContent
    && parseFloat(getComputedStyle(text).fontSize) * box(svg).width / svg.viewBox.baseVal.width < 10).length;
  const bare = charts.filter(svg => box(svg).height < 30 || box(svg).width < width / 2
    || !svg.querySelector('path, rect, circle'))
    .map(svg => svg.getAttribute('aria-label'));
  return {page: document.documentElement.scrollWidth - width, outside, cut, small, bare,
    charts: charts.map(svg => svg.getAttribute('aria-label')),
    tags: [...new Set(all.map(element => element.tagName.toLowerCase()))].sort(),
    attributes: [...new Set(all.flatMap(element => element.getAttributeNames()))].sort(),
    links: [...new Set([...document.querySelectorAll('[href], [src]')].map(each => each.href || each.src))],
    text: document.body.innerText, title: document.title};
})()"""


class Browser:
    """A running Chromium with a profile of its own."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._sent = 0

    def measure(self, page: Path, width: int, media: str = "screen", scheme: str = "light") -> dict[str, Any]:
        """Open a file and tell what is on it, and what of that can't be seen.

        :param media: ``screen`` or ``print``.
        :param scheme: ``light`` or ``dark``.
        """
        with self._tab(page, width, media, scheme) as session:
            answer = self._call("Runtime.evaluate", session, expression=_MEASURE, returnByValue=True)
            assert "exceptionDetails" not in answer, answer
            return dict(answer["result"]["value"])

    def pdf(self, page: Path) -> bytes:
        """The file as it is printed, on the paper that it asks for."""
        with self._tab(page, DESKTOP, "", "light") as session:
            printed = self._call("Page.printToPDF", session, preferCSSPageSize=True, printBackground=True)
            return base64.b64decode(printed["data"])

    def picture(self, page: Path, width: int, media: str = "screen", scheme: str = "light") -> bytes:
        """The whole file as PNG."""
        with self._tab(page, width, media, scheme) as session:
            taken = self._call("Page.captureScreenshot", session, captureBeyondViewport=True, format="png")
            return base64.b64decode(taken["data"])

    @contextmanager
    def _tab(self, page: Path, width: int, media: str, scheme: str) -> Iterator[str]:
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Page.enable", session)
        self._call(
            "Emulation.setDeviceMetricsOverride", session, width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", session, media=media, features=features)
        self._call("Page.navigate", session, url=page.as_uri())
        self._await("Page.loadEventFired", session)
        yield session
        self._call("Target.closeTarget", targetId=target)

    def _call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._sent += 1
        request = {"id": self._sent, "method": method, "params": parameters}
        self._connection.send(json.dumps({**request, "sessionId": session} if session else request))
        while True:
            answer = self._receive()
            if answer.get("id") == self._sent:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def _await(self, event: str, session: str) -> None:
        while True:
            answer = self._receive()
            if (answer.get("method"), answer.get("sessionId")) == (event, session):
                return

    def _receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._connection.recv(timeout=60))
        # A page that could open one has run a script.
        assert answer.get("method") != "Page.javascriptDialogOpening", answer
        return answer


@contextmanager
def open_browser(profile: Path) -> Iterator[Browser]:
    """Start Chromium, and end it."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--disable-dev-shm-usage",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "about:blank",
    ]
    with (profile / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        port, path = _where_it_listens(profile, process)
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None) as connection:
            yield Browser(connection)
    finally:
        process.terminate()
        process.wait(30)


def _where_it_listens(profile: Path, process: subprocess.Popen[bytes]) -> tuple[str, str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        told = profile / "DevToolsActivePort"
        if told.exists() and len(lines := told.read_text().split()) == 2:
            return lines[0], lines[1]
        time.sleep(0.05)
    raise AssertionError(f"Chromium didn't start:\n{(profile / 'log').read_text()}")
