"""The statements of ``include/sql/catalog`` as Athena gets them.

``PYTHONPATH=plugins:. python -m tests.test_catalog_sql`` writes the golden files anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError

from tests.conftest import ENVIRONMENT, REPOSITORY
from ttl_archive.catalog import sql_variables
from ttl_archive.config import find_archive
from ttl_archive.operators.athena import with_months

SQL = REPOSITORY / "include/sql"
GOLDEN = Path(__file__).parent / "golden"
KEYS = {"usage_logs": ["userId", "eventId"], "sensor_readings": ["sensor", "measuredAt"]}
STATEMENTS = sorted(path.stem for path in (SQL / "catalog").glob("*.sql"))
CASES = [(archive, statement) for archive in KEYS for statement in STATEMENTS]


def rendered(archive_name: str, statement: str) -> str:
    archive = find_archive(REPOSITORY / "include", archive_name, ENVIRONMENT)
    variables = {
        **sql_variables(archive),
        "month": "2025-03",
        "quarter": "2025-Q1",
        "generation": "0123456789ab",
        "folder": "0123456789ab-ba9876543210-1",
        "base": "ba9876543210",
        "key_attributes": KEYS[archive_name],
    }
    environment = Environment(loader=FileSystemLoader(SQL), undefined=StrictUndefined, autoescape=False)  # noqa: S701
    return environment.get_template(f"catalog/{statement}.sql").render(**with_months(variables)) + "\n"


def golden(archive_name: str, statement: str) -> Path:
    return GOLDEN / archive_name / f"{statement}.sql"


def test_these_statements_are_shipped() -> None:
    assert STATEMENTS == [
        "audit",
        "audit_parquet",
        "count_published",
        "count_quarter",
        "create_audit_table",
        "create_table",
        "gone_lines",
        "late_items",
        "missing_keys",
        "stage",
        "stage_parquet",
        "unload",
    ]


@pytest.mark.parametrize(("archive_name", "statement"), CASES)
def test_the_rendered_statement_is_the_golden_one(archive_name: str, statement: str) -> None:
    assert rendered(archive_name, statement) == golden(archive_name, statement).read_text(encoding="utf-8")


@pytest.mark.parametrize(("archive_name", "statement"), CASES)
def test_the_rendered_statement_is_one_statement_of_athena(archive_name: str, statement: str) -> None:
    parsed = sqlglot.parse(rendered(archive_name, statement), read="athena")
    assert len(parsed) == 1
    assert not list(parsed[0].find_all(sqlglot.exp.Star)) or "COUNT(*)" in rendered(archive_name, statement)


def test_an_undefined_variable_is_an_error_that_names_it() -> None:
    environment = Environment(loader=FileSystemLoader(SQL), undefined=StrictUndefined, autoescape=False)  # noqa: S701
    with pytest.raises(UndefinedError, match="'generation' is undefined"):
        environment.get_template("catalog/stage.sql").render(
            database="d", audit_table="t", audit_location="s3://b/_staging/a/"
        )


if __name__ == "__main__":
    for one in CASES:
        golden(*one).parent.mkdir(parents=True, exist_ok=True)
        golden(*one).write_text(rendered(*one), encoding="utf-8")
