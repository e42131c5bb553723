from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from ttl_archive.errors import ConfigurationError
from ttl_archive.report.sections import Chart, Section, load_sections

GOOD = "-- title: Uses\n-- question: How often?\n-- grain: one row an action\n-- chart: bar\n-- x: action\n-- y: uses\n"


@pytest.fixture
def include(tmp_path: Path) -> Path:
    write(tmp_path, "default", "10_items.sql", GOOD.replace("Uses", "Items") + "SELECT 1\n")
    return tmp_path


def write(include: Path, archive: str, name: str, text: str) -> Path:
    path = include / "sql" / archive / "report" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_a_section(include: Path) -> None:
    write(include, "mine", "20_later.sql", GOOD + "SELECT 1\n")
    write(include, "mine", "10_uses.sql", GOOD + "--\n-- note: prose may look like a key\nSELECT 1\n")
    write(include, "mine", "readme.md", "not a section")
    first, second = load_sections(include, "mine")
    assert first == Section(
        name="10_uses",
        title="Uses",
        question="How often?",
        grain="one row an action",
        chart=Chart(kind="bar", x="action", y=("uses",)),
        template="mine/report/10_uses.sql",
    )
    assert second.name == "20_later"


def test_an_archive_without_a_report_gets_the_default_one(include: Path) -> None:
    assert [section.template for section in load_sections(include, "mine")] == ["default/report/10_items.sql"]


def test_no_section_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"sql/mine/report: no section found here nor in .*default"):
        load_sections(tmp_path, "mine")


def test_a_line_chart_may_have_several_lines(include: Path) -> None:
    header = GOOD.replace("bar", "line").replace("y: uses", "y: mean , highest\n-- unit: °C")
    write(include, "mine", "10_a.sql", header)
    (section,) = load_sections(include, "mine")
    assert section.chart == Chart(kind="line", x="action", y=("mean", "highest"), unit="°C")
    assert section.chart.columns == ("action", "mean", "highest")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD.replace("title", "tilte"),
            r":1: found '-- tilte: Uses'; expected `-- key: value` with one of the keys title",
        ),
        (
            GOOD.replace("-- question: How often?\n", ""),
            r":1: the header has no 'question'; expected a line `-- question:",
        ),
        (GOOD + "-- just prose\nSELECT 1", r":7: found '-- just prose'; expected .*a bare `--` ends the keys"),
        (GOOD + "-- y: more\n", r":7: 'y' is given twice, first in line 6; expected it once"),
        (GOOD.replace("uses\n", "\n"), r":6: 'y' is empty; expected a value"),
        (GOOD.replace("bar", "pie"), r":4: found chart 'pie'; expected bar or line or heatmap or table or number"),
        (GOOD.replace("-- y: uses\n", ""), r":4: a bar chart needs 'y'; expected a line `-- y: column`"),
        (GOOD + "-- value: uses\n", r":7: a bar chart has no 'value'; expected x, y, previous, unit"),
        (GOOD.replace("bar", "table"), r":5: a table chart has no 'x'; expected none"),
        (GOOD.replace("y: uses", "y: Uses"), r":6: found y 'Uses'; expected one column of the result, in lower case"),
        (GOOD.replace("y: uses", "y: uses, users"), r":6: found y 'uses, users'; expected one column"),
        (GOOD.replace("bar", "line") + "-- series: a b\n", r":7: found series 'a b'; expected one column"),
        (
            GOOD.replace("bar", "line").replace("y: uses", "y: a, b") + "-- series: c\n",
            r":6: found y 'a, b'; expected one",
        ),
        ("SELECT 1\n", r":1: the header has no 'title'"),
        ("", r":1: the header has no 'title'"),
    ],
)
def test_a_bad_header_names_file_line_found_and_expected(include: Path, text: str, message: str) -> None:
    path = write(include, "mine", "10_a.sql", text)
    with pytest.raises(ConfigurationError, match=re.escape(str(path)) + message):
        load_sections(include, "mine")


@pytest.mark.parametrize("name", ["uses.sql", "1_uses.sql", "10-uses.sql", "10_Uses.sql", "10_.sql"])
def test_a_bad_file_name_is_refused(include: Path, name: str) -> None:
    path = write(include, "mine", name, GOOD)
    with pytest.raises(ConfigurationError, match=re.escape(str(path)) + ".*two digits"):
        load_sections(include, "mine")


def test_a_file_that_is_no_text_is_refused(include: Path) -> None:
    write(include, "mine", "10_a.sql", "").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not readable as UTF-8"):
        load_sections(include, "mine")


def test_sections_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Chart(kind="bar").x = "action"  # type: ignore[misc]


def test_parsing_a_dag_loads_no_sql_parser_and_no_chart_library() -> None:
    script = (
        "import sys; from ttl_archive.report import sections, content, render, sql_rules; "
        "print(sorted({'sqlglot', 'pygal', 'airflow', 'boto3'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={"PYTHONPATH": "plugins"}
    )
    assert (found.returncode, found.stdout) == (0, "[]\n"), found.stderr
