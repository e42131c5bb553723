"""Bad input ends in one clear message, writes nothing, and doesn't exit with 0."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.deployment import INCLUDE, Deployment
from ttl_archive.config import find_archive
from ttl_archive.errors import PrerequisiteError
from ttl_archive.months import Month
from ttl_archive.prerequisites import check_prerequisites

pytestmark = pytest.mark.xdist_group("e2e-invariants")
THIS_MONTH = Month.containing(datetime.now(UTC))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diary", "--month", "2025-13"), ["'2025-13'", "expected YYYY-MM"]),
        (("diary", "--month", "9000-01"), ["9000-01 lies in the future", "last complete month is"]),
        (("diary", "--month", str(THIS_MONTH)), [f"{THIS_MONTH} is not over", "last complete month is"]),
        (("nothing", "--month", "2025-03"), ["unknown archive 'nothing'", "diary", "add nothing.yaml"]),
    ],
)
def test_a_month_or_archive_that_is_none_is_refused_at_once(
    lab: Deployment, arguments: tuple[str, ...], said: list[str]
) -> None:
    _refused(lab, arguments, said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("segments: auto", "segmints: auto", ["usage_logs.yaml:8: source.segmints: unknown key", "schema.json"]),
        ("retention_days: 90", "retention_days: ninety", ["usage_logs.yaml:7: source.ttl.retention_days", "'ninety'"]),
        ("TTL_ARCHIVE_WORKGROUP", "TTL_ARCHIVE_NOWHERE", ["usage_logs.yaml:12: athena.workgroup", "is not set"]),
    ],
)
def test_a_yaml_with_a_mistake_is_refused_with_file_line_and_key(
    lab: Deployment, tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    include = tmp_path / "include"
    shutil.copytree(INCLUDE, include)
    file = include / "archives/usage_logs.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    _refused(lab.with_variables({"TTL_ARCHIVE_INCLUDE_DIR": str(include)}), ("usage_logs",), said)


def test_sql_with_an_undefined_variable_is_refused_before_anything_is_read(lab: Deployment, tmp_path: Path) -> None:
    include = tmp_path / "include"
    shutil.copytree(INCLUDE, include)
    file = include / "sql/usage_logs/report/10_uses_by_action.sql"
    file.write_text(f"{file.read_text()}-- {{{{ nope }}}}\n")
    lab = lab.with_variables({"TTL_ARCHIVE_INCLUDE_DIR": str(include)})
    _refused(lab, ("usage_logs",), [f"{file}:15: 'nope' is undefined", "expected one of database"])


def _refused(lab: Deployment, arguments: tuple[str, ...], said: list[str]) -> None:
    before = lab.objects(), lab.catalog()
    done = lab.archive(*arguments)
    assert done.returncode == 2, done.stderr
    for part in said:
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert "starting Airflow" not in done.stderr
    assert (lab.objects(), lab.catalog()) == before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_table", ["1 problem", "DynamoDB table stg-no_table does not exist", "check source.table"]),
        ("ttl_other", ["1 problem", "works on 'somethingElse'", "says 'expiresAt'"]),
        (
            "ttl_off",
            [
                "3 problem",
                "TTL of DynamoDB table stg-ttl_off is DISABLED",
                "-missing",
                "no-such-workgroup",
                "make deploy",
            ],
        ),
    ],
)
def test_an_account_that_is_not_ready_is_told_every_problem_at_once(
    lab: Deployment, name: str, said: list[str]
) -> None:
    archive = find_archive(lab.include, name, lab.environment)
    role = lab.pipeline_role()
    before = lab.objects(), lab.catalog()
    with pytest.raises(PrerequisiteError) as failure:
        check_prerequisites(
            archive, THIS_MONTH.previous, dynamodb=role.dynamodb, s3=role.s3, glue=role.glue, athena=role.athena
        )
    for part in said:
        assert part in str(failure.value)
    assert (lab.objects(), lab.catalog()) == before


def test_a_run_against_an_account_that_is_not_ready_stops_before_it_reads(lab: Deployment) -> None:
    before = lab.objects(), lab.catalog()
    done = lab.archive("ttl_other", "--month", str(THIS_MONTH.previous))
    assert done.returncode == 1
    assert "check_prerequisites" in done.stderr
    assert "works on 'somethingElse'" in done.stderr
    assert "open_generation" not in done.stderr
    assert (lab.objects(), lab.catalog()) == before
