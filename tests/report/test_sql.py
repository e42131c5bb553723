"""The shipped sections: their rendered text, and what they answer.

``PYTHONPATH=plugins:. python -m tests.report.test_sql`` writes the golden files anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local_aws.athena import Engine
from tests.report.archive_in_memory import ArchiveInMemory
from ttl_archive.months import Month
from ttl_archive.report.sections import Section, load_sections
from ttl_archive.report.sql_rules import check_section, check_sections, render_section, sample_variables

HERE = Path(__file__).parent
INCLUDE = HERE.parents[1] / "include"
TABLES = {
    "usage_logs": ("usage_archive", "logs", "UTC"),
    "sensor_readings": ("plant_archive", "readings", "Asia/Tokyo"),
    "default": ("usage_archive", "logs", "UTC"),
}
SECTIONS = {section.template: section for archive in TABLES for section in load_sections(INCLUDE, archive)}
CASES = sorted((HERE / "sections").glob("*/*"))


def _rendered(section: Section) -> str:
    database, table, timezone = TABLES[section.template.partition("/")[0]]
    return render_section(INCLUDE, section, sample_variables(database, table, timezone))


def _golden(section: Section) -> Path:
    return HERE / "golden" / section.template.replace("/report/", "/")


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_these_sections_are_shipped() -> None:
    assert sorted(SECTIONS) == [
        "default/report/10_items.sql",
        "default/report/20_items_by_month.sql",
        "sensor_readings/report/10_readings.sql",
        "sensor_readings/report/20_readings_by_sensor.sql",
        "sensor_readings/report/30_temperature_by_day.sql",
        "sensor_readings/report/40_readings_by_tag.sql",
        "usage_logs/report/10_uses_by_action.sql",
        "usage_logs/report/20_uses_by_day.sql",
        "usage_logs/report/30_uses_by_hour_and_weekday.sql",
        "usage_logs/report/40_active_users.sql",
        "usage_logs/report/50_new_and_returning_users.sql",
        "usage_logs/report/60_top_users.sql",
        "usage_logs/report/70_change_by_action.sql",
        "usage_logs/report/80_retention.sql",
    ]


def test_every_report_folder_obeys_the_rules() -> None:
    assert check_sections(INCLUDE) == []


@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS)
def test_the_rendered_statement_is_the_golden_one(section: Section) -> None:
    check_section(INCLUDE, section)
    assert _rendered(section) == _golden(section).read_text(encoding="utf-8")


def test_every_section_has_a_case_and_no_golden_file_is_left_over() -> None:
    tested = {f"{case.parent.name}/report/{case.name.partition('.')[0]}.sql" for case in CASES}
    assert tested == set(SECTIONS)
    assert set((HERE / "golden").rglob("*.sql")) == {_golden(section) for section in SECTIONS.values()}


@pytest.mark.parametrize("case", CASES, ids=[f"{case.parent.name}/{case.name}" for case in CASES])
def test_the_section_answers(case: Path) -> None:
    section = SECTIONS[f"{case.parent.name}/report/{case.name.partition('.')[0]}.sql"]
    given = case / "params.json"
    params = {"month": "2025-03", "timezone": "UTC", **(json.loads(given.read_text()) if given.exists() else {})}
    database, table, _ = TABLES[case.parent.name]
    month = Month.parse(params["month"], params["timezone"])
    sql = render_section(
        INCLUDE,
        section,
        {
            "database": database,
            "table": table,
            "timezone": params["timezone"],
            "month": month,
            "previous_month": month.previous,
        },
    )
    archive = ArchiveInMemory(table, _lines(case / "input.jsonl"))
    result = Engine(archive, archive).run(sql, database=database)
    assert list(result.rows) == _lines(case / "expect.jsonl")
    assert set(section.chart.columns) <= {column.name for column in result.columns}


if __name__ == "__main__":
    for one in SECTIONS.values():
        _golden(one).parent.mkdir(parents=True, exist_ok=True)
        _golden(one).write_text(_rendered(one), encoding="utf-8")
