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
from ttl_archive.operators.athena import with_months
from ttl_archive.report.sections import Section, load_sections
from ttl_archive.report.sql_rules import check_section, check_sections, render_section, sample_variables

HERE = Path(__file__).parent
INCLUDE = HERE.parents[1] / "include"
TABLES = {
    "usage_logs": ("usage_archive", "logs", "UTC"),
    "sensor_readings": ("plant_archive", "readings", "Asia/Tokyo"),
    "default": ("usage_archive", "logs", "UTC"),
}
OWN_QUARTERLY = ("usage_logs", "default")
SECTIONS = {
    section.template: section
    for kind, archives in (("report", TABLES), ("quarterly", OWN_QUARTERLY))
    for archive in archives
    for section in load_sections(INCLUDE, archive, kind)
}
SHIPPED = [
    "default/quarterly/10_items_by_month.sql",
    "default/report/10_items.sql",
    "default/report/20_items_by_month.sql",
    "sensor_readings/report/10_readings.sql",
    "sensor_readings/report/20_readings_by_sensor.sql",
    "sensor_readings/report/30_temperature_by_day.sql",
    "sensor_readings/report/40_readings_by_tag.sql",
    "usage_logs/quarterly/10_uses_by_month.sql",
    "usage_logs/quarterly/20_active_users.sql",
    "usage_logs/quarterly/30_change_by_action.sql",
    "usage_logs/report/10_uses_by_action.sql",
    "usage_logs/report/20_uses_by_day.sql",
    "usage_logs/report/30_uses_by_hour_and_weekday.sql",
    "usage_logs/report/40_active_users.sql",
    "usage_logs/report/50_new_and_returning_users.sql",
    "usage_logs/report/60_top_users.sql",
    "usage_logs/report/70_change_by_action.sql",
    "usage_logs/report/80_retention.sql",
]
CASES = sorted(case for folder in ("sections", "quarterly") for case in (HERE / folder).glob("*/*"))


def _rendered(section: Section) -> str:
    archive, kind, _ = section.template.split("/")
    return render_section(INCLUDE, section, sample_variables(*TABLES[archive], kind))


def _golden(section: Section) -> Path:
    return HERE / "golden" / section.template.replace("/report/", "/")


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _template(case: Path) -> str:
    kind = "report" if case.parents[1].name == "sections" else "quarterly"
    return f"{case.parent.name}/{kind}/{case.name.partition('.')[0]}.sql"


def test_every_report_folder_obeys_the_rules() -> None:
    assert check_sections(INCLUDE) == []


@pytest.mark.parametrize("template", SHIPPED)
def test_the_rendered_statement_is_the_golden_one(template: str) -> None:
    section = SECTIONS[template]
    check_section(INCLUDE, section)
    assert _rendered(section) == _golden(section).read_text(encoding="utf-8")


def test_every_shipped_section_has_a_case() -> None:
    assert set(SHIPPED) <= set(map(_template, CASES))


def test_no_case_and_no_golden_file_is_left_over() -> None:
    assert set(map(_template, CASES)) <= set(SECTIONS)
    assert set((HERE / "golden").rglob("*.sql")) <= {_golden(section) for section in SECTIONS.values()}


@pytest.mark.parametrize("case", CASES, ids=[f"{case.parent.name}/{case.name}" for case in CASES])
def test_the_section_answers(case: Path) -> None:
    section = SECTIONS[_template(case)]
    given = case / "params.json"
    params = {"timezone": "UTC", **(json.loads(given.read_text()) if given.exists() else {})}
    database, table, _ = TABLES[case.parent.name]
    period = {"quarter": "2025-Q1"} if "/quarterly/" in section.template else {"month": params.get("month", "2025-03")}
    variables = {"database": database, "table": table, "timezone": params["timezone"], "parameters": {}, **period}
    sql = render_section(INCLUDE, section, with_months(variables))
    archive = ArchiveInMemory(table, _lines(case / "input.jsonl"))
    result = Engine(archive, archive).run(sql, database=database)
    assert list(result.rows) == _lines(case / "expect.jsonl")
    assert set(section.chart.columns) <= {column.name for column in result.columns}


if __name__ == "__main__":
    for one in SECTIONS.values():
        _golden(one).parent.mkdir(parents=True, exist_ok=True)
        _golden(one).write_text(_rendered(one), encoding="utf-8")
