"""An archive's YAML: what is wrong is named by file, line and key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.conftest import ENVIRONMENT, REPOSITORY
from ttl_archive.config import find_archive, load_archive, load_archives
from ttl_archive.errors import ConfigurationError
from ttl_archive.settings import PREFIX, Settings

SHIPPED = (REPOSITORY / "include/archives/usage_logs.yaml").read_text(encoding="utf-8")


def edited(tmp_path: Path, old: str, new: str) -> Path:
    assert SHIPPED.count(old) == 1
    path = tmp_path / "usage_logs.yaml"
    path.write_text(SHIPPED.replace(old, new), encoding="utf-8")
    return path


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_the_shipped_archives_load() -> None:
    archives = load_archives(REPOSITORY / "include", ENVIRONMENT)
    assert [archive.name for archive in archives] == ["sensor_readings", "usage_logs"]
    usage = archives[1]
    assert usage.dag_id == "monthly_archive_usage_logs"
    assert usage.source.table == "test-usage-logs"
    assert usage.destination.bucket == "test-archive"
    assert usage.source.ttl.retention_days == 90
    assert usage.athena.results_bucket == "test-results"


@pytest.mark.parametrize(
    ("old", "new", "at", "expected"),
    [
        ("segments: auto", "segments: auto\n  colour: red", "colour", "source.colour: unknown key"),
        ("retention_days: 90", "retention_days: ninety", "ninety", r"source.ttl.retention_days: .*integer.*'ninety'"),
        ("format: iso8601}", "format: iso}", "format: iso}", r"source.timestamp.format: .*'iso8601'.*\(found 'iso'\)"),
        ("type: bigint", "type: bigin", "bigin", r"columns.3.type: 'bigin' is not a column type"),
        ("timezone: UTC", "timezone: Mars/Phobos", "Mars", "timezone: no such time zone: 'Mars/Phobos'"),
        ('"0 18 1 * *"', '"0 3 31 * *"', "0 3 31", "schedule: .*exactly once in every calendar month"),
        ('"0 18 1 * *"', '"0 6 1,15 * *"', "1,15", "schedule: .*exactly once in every calendar month"),
        ('"0 18 1 * *"', "often", "often", "schedule: 'often' is not a cron expression"),
        ("prefix: logs/}", "prefix: /logs}", "/logs", "destination.prefix: "),
        ("prefix: logs/}", "prefix: _logs/}", "_logs", "destination.prefix: "),
        ("name: action,", "name: userid,", "description:", "columns: userid named twice"),
        ("sns_topic: null", "email: {to: [], from: a@b.c}", "notify", "report.notify.email.to: .*at least 1 item"),
        ("sns_topic: null", "ses: {to: [a@b.c]}", "notify", "report.notify.ses.from: Field required"),
        (
            "sns_topic: null",
            'email: {to: ["a@b.c, d@e.f"], from: a@b.c}',
            "notify",
            "report.notify.email.to.0: String should match pattern",
        ),
        ("sns_topic: null}", "sns_topic: null}, locale: xx_YY", "notify", "report.locale: no such locale: 'xx_YY'"),
        (
            "sns_topic: null}",
            'sns_topic: null}, parameters: {action: "it\'s"}',
            "notify",
            "report.parameters.action.*should match pattern",
        ),
        (
            'athena/"}',
            'athena/", max_scan_bytes: 0}',
            "max_scan",
            "athena.max_scan_bytes: .*greater than or eq",
        ),
    ],
)
def test_a_wrong_value_is_named_by_file_line_and_key(
    tmp_path: Path, old: str, new: str, at: str, expected: str
) -> None:
    path = edited(tmp_path, old, new)
    with pytest.raises(ConfigurationError, match=expected) as caught:
        load_archive(path, ENVIRONMENT)
    assert f"{path}:{line_of(path, at)}: " in str(caught.value)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    path = edited(tmp_path, "retention_days: 90", "retention_days: 0, colour: red")
    with pytest.raises(ConfigurationError) as caught:
        load_archive(path, ENVIRONMENT)
    assert "retention_days" in str(caught.value)
    assert "colour" in str(caught.value)


def test_an_unset_variable_is_named_with_its_line(tmp_path: Path) -> None:
    path = edited(tmp_path, "prefix: logs/", "prefix: other/")
    without = {name: value for name, value in ENVIRONMENT.items() if name != "TTL_ARCHIVE_BUCKET"}
    with pytest.raises(ConfigurationError, match=r"destination\.bucket: environment variable TTL_ARCHIVE_BUCKET"):
        load_archive(path, without)


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    path = edited(tmp_path, "timezone: UTC", "timezone: UTC\ntimezone: Asia/Tokyo")
    with pytest.raises(ConfigurationError, match="timezone: given twice"):
        load_archive(path, ENVIRONMENT)


@pytest.mark.parametrize("text", ["", "just text", "- a\n- b\n", "a: [", "a: \x00"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"broken\.yaml"):
        load_archive(path, ENVIRONMENT)


def test_an_unknown_archive_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown archive 'nothing'.*sensor_readings, usage_logs"):
        find_archive(REPOSITORY / "include", "nothing", ENVIRONMENT)


def test_no_archive_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no archive found"):
        load_archives(tmp_path, ENVIRONMENT)


def test_env_example_lists_exactly_the_settings() -> None:
    lines = (REPOSITORY / ".env.example").read_text(encoding="utf-8").splitlines()
    listed = {line.removeprefix("# ").partition("=")[0] for line in lines if "=" in line and PREFIX in line}
    assert listed == {PREFIX + name.upper() for name in Settings.model_fields}


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match="TTL_ARCHIVE_ATHENA_POLL_SECONDS='soon'"):
        Settings.from_environment({"TTL_ARCHIVE_ATHENA_POLL_SECONDS": "soon"})


def test_the_schema_for_editors_knows_every_key_of_the_shipped_files() -> None:
    schema = json.loads((REPOSITORY / "include/archives/schema.json").read_text(encoding="utf-8"))
    for path in (REPOSITORY / "include/archives").glob("*.yaml"):
        assert set(yaml.safe_load(path.read_text())) <= set(schema["properties"])
    assert schema["additionalProperties"] is False


def test_the_channels_are_those_that_are_configured(tmp_path: Path) -> None:
    mail = "{to: [a@b.c], from: d@e.f}"
    path = edited(tmp_path, "sns_topic: null", f"email: {mail}, ses: {mail}, apprise: {{}}")
    notify = load_archive(path, ENVIRONMENT).report.notify
    assert notify.channels == ("email", "ses", "apprise")
    assert notify.email is not None
    assert (notify.email.sender, notify.email.smtp_conn_id) == ("d@e.f", "smtp_default")
    assert notify.apprise is not None
    assert (notify.apprise.conn_id, notify.apprise.tag) == ("apprise_default", "all")
