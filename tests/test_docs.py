"""The pages say what is there: targets, links, decisions and failures."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from ttl_archive import errors

PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), REPOSITORY / "local_aws/README.md"])
ADRS = sorted((REPOSITORY / "docs/adr").glob("*.md"))
ADR_HEADINGS = ["Status", "Context", "Decision", "Alternatives", "Consequences"]
ERRORS = sorted(
    name for name, member in vars(errors).items() if inspect.isclass(member) and issubclass(member, errors.ArchiveError)
)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _identify(value: object) -> str:
    return str(value.relative_to(REPOSITORY)) if isinstance(value, Path) else str(value)


def _makefile() -> str:
    return (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def _named_targets(page: Path) -> set[str]:
    """The targets that a page names as code: ``make run`` between backticks or in a block."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(_FENCED.findall(text))
    inline = re.findall(r"`make ([a-z][a-z-]*)", _FENCED.sub("", text))
    return {*inline, *re.findall(r"(?:^|\()make ([a-z][a-z-]*)", blocks, re.MULTILINE)}


def _sections(text: str, level: int) -> dict[str, str]:
    """The headings of a level in their order, each with the text below it."""
    parts = re.split(rf"^{'#' * level} (.+)$", text, flags=re.MULTILINE)
    # What comes after the next higher heading isn't the last section's any more.
    bodies = (re.split(rf"^#{{1,{level - 1}}} ", body, flags=re.MULTILINE)[0] for body in parts[2::2])
    return dict(zip(parts[1::2], (body.strip() for body in bodies), strict=True))


def _anchors(page: Path) -> set[str]:
    """The fragments that GitHub gives a page's headings."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_identify)
def test_every_target_named_exists(page: Path) -> None:
    unknown = _named_targets(page) - set(re.findall(r"^([a-z][a-z-]*):", _makefile(), re.MULTILINE))
    assert not unknown, f"{_identify(page)} names targets that the Makefile doesn't have: {sorted(unknown)}"


def test_every_documented_target_is_explained_to_people() -> None:
    documented = set(re.findall(r"^([a-z][a-z-]*):.*## ", _makefile(), re.MULTILINE))
    assert {"run", "test", "check"} <= documented
    named = _named_targets(REPOSITORY / "README.md") | _named_targets(REPOSITORY / "CONTRIBUTING.md")
    assert not documented - named, f"tell in README.md or CONTRIBUTING.md what they do: {sorted(documented - named)}"


@pytest.mark.parametrize("page", PAGES, ids=_identify)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists() or (fragment and fragment not in _anchors(linked)):
            dead.append(target)
    assert not dead, f"{_identify(page)}: no such file or heading: {dead}"


def test_the_readme_links_to_the_other_pages() -> None:
    """So that the test of links can't pass for want of links."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for page in ("docs/runbook.md", "docs/report_sections.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"):
        assert f"]({page}" in text, f"README.md doesn't link to {page}"


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [path.name[:4] for path in ADRS] == [f"{number:04d}" for number in range(1, len(ADRS) + 1)]
    assert len(ADRS) >= 10


@pytest.mark.parametrize("adr", ADRS, ids=_identify)
def test_a_decision_has_its_headings_and_fits_a_page(adr: Path) -> None:
    text = adr.read_text(encoding="utf-8")
    sections = _sections(text, 2)
    assert list(sections) == ADR_HEADINGS
    assert all(sections.values()), f"an empty section: {sections}"
    assert text.startswith(f"# {int(adr.name[:4])}. "), "the title begins with the file's number"
    assert len(text.split()) <= 450, "an ADR is under a page: say it shorter, or split the decision"


@pytest.mark.parametrize("name", ERRORS)
def test_the_runbook_explains_every_error(name: str) -> None:
    failures = _sections((REPOSITORY / "docs/runbook.md").read_text(encoding="utf-8"), 2)["Failures"]
    explained = _sections(failures, 3)
    assert name in explained, f"docs/runbook.md: add '### {name}' under Failures: what it means and what to do"
    assert len(explained[name].split()) >= 10


def test_the_runbook_explains_no_error_that_is_gone() -> None:
    failures = _sections((REPOSITORY / "docs/runbook.md").read_text(encoding="utf-8"), 2)["Failures"]
    named = {heading for heading in _sections(failures, 3) if re.fullmatch(r"[A-Z][A-Za-z]+", heading)}
    assert named == set(ERRORS)
