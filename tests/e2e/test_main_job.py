"""The main job: each shipped archive's DAG for last month, under the least-privilege role, against its generator."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest

from local_aws.sample import expected
from tests.e2e import readers
from tests.e2e.oracle import Finished
from ttl_archive.codec import RESERVED, decode

pytestmark = pytest.mark.xdist_group("e2e-main")
_TOKYO = timezone(timedelta(hours=9))


@pytest.fixture(params=["usage", "sensors"])
def finished(request: pytest.FixtureRequest) -> Finished:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def test_the_counts_are_the_generators(finished: Finished) -> None:
    counted = expected(finished.oracle.samples)
    month = counted.months[str(finished.oracle.month)]
    assert month == len(finished.items) > 2000
    assert finished.report["month"] == str(finished.oracle.month)
    assert finished.report["archive"] == finished.archive.name
    assert finished.report["counts"] == {
        "scanned": month,
        "archived": month,
        "athena": month,
        "read": counted.items,
        "outside": counted.items - month - counted.undated,
        "quarantined": counted.undated,
        "filtered": 0,
    }


def test_the_certificate_is_safe_and_knows_the_first_deletion(finished: Finished) -> None:
    attribute = finished.archive.source.ttl.attribute
    now = datetime.now(UTC).timestamp()
    values = [int(item[attribute]["N"]) for item in finished.items if attribute in item]
    deletable = [value for value in values if now - 5 * 365 * 86400 < value < 100_000_000_000]
    certificate = finished.report["certificate"]
    assert certificate["safe_to_expire"] is True
    assert certificate["incomplete"] is False
    assert certificate["reasons"] == []
    assert datetime.fromisoformat(certificate["first_expiry"]).timestamp() == min(deletable)
    as_of = datetime.fromisoformat(certificate["as_of"]).timestamp()
    assert now - 600 < as_of <= now
    quality = finished.report["data_quality"]
    assert quality["ttl_missing"] == len(finished.items) - len(values)
    assert quality["ttl_milliseconds"] == sum(value > 100_000_000_000 for value in values)
    assert quality["ttl_over_five_years_old"] == sum(value < now - 5 * 366 * 86400 for value in values)


def test_every_item_comes_back_as_it_was(finished: Finished) -> None:
    restored = readers.canonical_all(decode(line) for line in finished.lines)
    assert restored == readers.canonical_all(finished.items)


def test_every_line_is_plain_json_with_exact_numbers(finished: Finished) -> None:
    """The same without ``decode``: a reader that knows nothing of the reserved field finds the plain values."""
    keys = [key for key in ("userId", "eventId", "sensor", "measuredAt") if key in finished.items[0]]
    wanted = {tuple(item[key].popitem()[1] for key in keys): item for item in map(_copied, finished.items)}
    assert len(wanted) == len(finished.items)
    originals = {tuple(next(iter(item[key].values())) for key in keys): item for item in finished.items}
    seen = set()
    for line in finished.lines:
        found = readers.plain(line)
        key = tuple(str(found[name]) for name in keys)
        assert key not in seen
        seen.add(key)
        item = originals[key]
        for name in readers.set_names(item):
            found[name] = sorted(found[name])
        plain = readers.as_plain(item)
        found.pop(RESERVED, None)
        plain.pop(RESERVED, None)  # an item's own attribute of that name is kept inside the reserved field
        assert found == plain
        assert line.isascii() or line.decode()
    assert len(seen) == len(originals)


def _copied(item: readers.Item) -> readers.Item:
    return {name: dict(typed) for name, typed in item.items()}


def test_38_digits_survive_as_text_and_for_duckdb(usage: Finished, tmp_path: Path) -> None:
    (line,) = (one for one in usage.lines if f'"numbers-{usage.oracle.month}"'.encode() in one)
    for name, digits in {
        "digits38": "12345678901234567890123456789012345678",
        "negative38": "-98765432109876543210987654321098765432",
        "fraction38": "0.12345678901234567890123456789012345678",
        "beyondDouble": "9007199254740993",
        "tenth": "0.1",
        "zero": "0",
    }.items():
        assert re.search(rf'"{name}":{re.escape(digits)}[,}}]'.encode(), line), name
    path = tmp_path / "part.jsonl"
    path.write_bytes(line + b"\n")
    found = duckdb.sql(
        f"SELECT * FROM read_json('{path}', format = 'newline_delimited', columns = "
        "{digits38: 'DECIMAL(38, 0)', negative38: 'DECIMAL(38, 0)', beyondDouble: 'BIGINT'})"
    ).fetchall()
    assert found == [
        (
            Decimal("12345678901234567890123456789012345678"),
            Decimal("-98765432109876543210987654321098765432"),
            9007199254740993,
        )
    ]


def test_another_reader_counts_the_same(usage: Finished, tmp_path: Path) -> None:
    for number, text in enumerate(usage.lines):
        usage_file = tmp_path / f"{number % 2}.jsonl"
        with usage_file.open("ab") as lines:
            lines.write(text + b"\n")
    found = duckdb.sql(
        f"SELECT action, COUNT(*), COUNT(DISTINCT userId) FROM read_json('{tmp_path}/*.jsonl', "
        "format = 'newline_delimited', columns = {userId: 'VARCHAR', action: 'VARCHAR'}) GROUP BY action"
    ).fetchall()
    assert {action: uses for action, uses, _ in found} == expected(usage.oracle.samples).actions[usage.report["month"]]


def test_one_partition_that_pointer_and_manifest_agree_with(finished: Finished) -> None:
    month = finished.oracle.month
    assert set(finished.partitions) == {(month.yyyy, month.mm)}
    partition = finished.partitions[month.yyyy, month.mm]
    bucket = finished.archive.destination.bucket
    pointer = readers.document(finished.aws, bucket, f"_manifests/{finished.archive.name}/{month}.json")
    generation = pointer["generation"]
    assert re.fullmatch("[0-9a-f]{12}", generation)
    prefix = f"{finished.archive.destination.prefix}year={month.yyyy}/month={month.mm}/{generation}/"
    assert partition.location == pointer["location"] == f"s3://{bucket}/{prefix}"
    assert partition.parameters["ttl_archive.generation"] == generation
    manifest = readers.document(finished.aws, bucket, pointer["manifest"])
    assert pointer["manifest"] == f"_manifests/{finished.archive.name}/{month}/{generation}.json"
    listed = {key.removeprefix(prefix) for key in readers.keys(finished.aws, bucket, prefix)}
    assert listed == {part["name"] for part in manifest["parts"]}
    assert all(re.fullmatch(r"part-\d{5}-\d{5}\.jsonl\.gz", name) for name in listed)
    sizes = {name: len(readers.body(finished.aws, bucket, prefix + name)) for name in listed}
    assert sizes == {part["name"]: part["bytes"] for part in manifest["parts"]}
    assert sum(part["items"] for part in manifest["parts"]) == manifest["archived"] == len(finished.items)


def test_nothing_unpublished_lies_under_the_tables_location(finished: Finished) -> None:
    month = finished.oracle.month
    bucket, prefix = finished.archive.destination.bucket, finished.archive.destination.prefix
    partition = finished.partitions[month.yyyy, month.mm]
    assert all(key.startswith(partition.prefix) for key in readers.keys(finished.aws, bucket, prefix))


def test_quarantine_holds_exactly_the_undated_items(finished: Finished) -> None:
    prefix = f"_quarantine/{finished.archive.name}/"
    kept = readers.lines(finished.aws, finished.archive.destination.bucket, prefix)
    undated = finished.oracle.items(None)
    assert len(undated) == (6 if finished.archive.name == "usage_logs" else 0)
    assert readers.canonical_all(map(decode, kept)) == readers.canonical_all(undated)
    assert finished.report["data_quality"]["bad_timestamps"]["count"] == len(undated)


def test_every_file_of_the_report_is_there(finished: Finished) -> None:
    names = {section["name"] for section in finished.report["sections"]}
    assert len(names) >= 4
    assert set(finished.files) == {
        "report.html",
        "report.md",
        "report.txt",
        "report.json",
        *(f"{name}.csv" for name in names),
    }
    total = len(finished.items)
    for name in ("report.html", "report.md"):
        text = finished.files[name].decode()
        assert finished.archive.report.title.replace("'", "&#39;") in text or finished.archive.report.title in text
        assert f"{total:,}" in text or str(total) in text
    for section in finished.report["sections"]:
        rows = list(csv.reader(io.StringIO(finished.files[f"{section['name']}.csv"].decode("utf-8-sig"))))
        assert rows[0] == section["columns"]
        assert len(rows) == 1 + len(section["rows"])
        assert section["query_execution_id"]
    assert any(section["data_scanned_bytes"] for section in finished.report["sections"])
    defined = {"create_table", "create_audit_table", "stage", "stage_parquet"}
    read = {"audit", "missing_keys", "unload", "audit_parquet", "count_published"}
    assert {(query["name"], query["billed"]) for query in finished.report["queries"]} == {
        *((name, False) for name in defined),
        *((name, True) for name in read),
    }
    assert finished.report["cost"]["queries"] == len(finished.report["sections"]) + len(read)
    listed = [one["query_execution_id"] for one in finished.report["queries"] + finished.report["sections"]]
    started = finished.aws.athena.get_paginator("list_query_executions").paginate(
        WorkGroup=finished.archive.athena.workgroup
    )
    assert set(listed) <= {one for page in started for one in page["QueryExecutionIds"]}
    assert all(execution_id in finished.files["report.html"].decode() for execution_id in listed)
    paid = {part["what"] for part in finished.report["cost"]["parts"]}
    assert paid == {"DynamoDB reads", "Athena", "S3 writes", "S3 reads"}


def test_a_section_scans_the_bytes_of_its_columns_in_the_compacted_month(finished: Finished, tmp_path: Path) -> None:
    month, catalog = finished.oracle.month, finished.archive.catalog
    name, columns = {
        "usage_logs": ("10_uses_by_action", ("userid", "action")),
        "sensor_readings": ("20_readings_by_sensor", ("sensor", "celsius")),
    }[finished.archive.name]
    shown = readers.partitions(finished.aws, catalog.database, f"{catalog.table}_parquet")[month.yyyy, month.mm]
    for number, key in enumerate(readers.keys(finished.aws, shown.bucket, shown.prefix)):
        (tmp_path / f"{number}.parquet").write_bytes(readers.body(finished.aws, shown.bucket, key))
    expected = duckdb.sql(
        f"SELECT SUM(total_compressed_size) FROM parquet_metadata('{tmp_path}/*.parquet') "
        f"WHERE path_in_schema IN {columns}"
    ).fetchall()
    (section,) = [one for one in finished.report["sections"] if one["name"] == name]
    assert [(section["data_scanned_bytes"],)] == expected
    rows = duckdb.sql(f"SELECT COUNT(*) FROM read_parquet('{tmp_path}/*.parquet')").fetchall()
    assert rows == [(len(finished.items),)]


# usage_logs, section by section


def _moment(item: readers.Item) -> datetime:
    return datetime.fromisoformat(item["timestamp"]["S"]).astimezone(UTC)


def test_uses_by_action(usage: Finished) -> None:
    actions = expected(usage.oracle.samples).actions[usage.report["month"]]
    users = defaultdict(set)
    for item in usage.items:
        users[item["action"]["S"]].add(item["userId"]["S"])
    rows = usage.section("10_uses_by_action")
    assert {row["action"]: row["uses"] for row in rows} == dict(actions)
    assert {row["action"]: row["users"] for row in rows} == {action: len(them) for action, them in users.items()}
    assert rows == sorted(rows, key=lambda row: (-row["uses"], row["action"]))


def test_uses_by_day(usage: Finished) -> None:
    days = Counter(_moment(item).date() for item in usage.items)
    users = defaultdict(set)
    for item in usage.items:
        users[_moment(item).date()].add(item["userId"]["S"])
    first, after = usage.oracle.month.start.date(), usage.oracle.month.end.date()
    calendar = [first + timedelta(days=n) for n in range((after - first).days)]
    assert usage.section("20_uses_by_day") == [
        {"day": day.isoformat(), "uses": days[day], "users": len(users[day])} for day in calendar
    ]


def test_uses_by_hour_and_weekday(usage: Finished) -> None:
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    wanted = Counter((names[_moment(item).weekday()], _moment(item).hour) for item in usage.items)
    rows = usage.section("30_uses_by_hour_and_weekday")
    assert len(rows) == 168
    assert {(row["weekday"], row["hour"]): row["uses"] for row in rows if row["uses"]} == dict(wanted)


def test_active_users(usage: Finished) -> None:
    users = expected(usage.oracle.samples).users[usage.report["month"]]
    # The month before isn't archived, so it is unknown, although its items are in the table.
    assert usage.section("40_active_users") == [{"active_users": len(users), "active_users_before": None}]
    new, returning = usage.section("50_new_and_returning_users")
    assert new == {"kind": "new", "users": len(users), "uses": len(usage.items)}
    assert returning == {"kind": "returning", "users": 0, "uses": 0}


def test_top_users(usage: Finished) -> None:
    uses = Counter(item["userId"]["S"] for item in usage.items)
    days, actions = defaultdict(set), defaultdict(set)
    for item in usage.items:
        days[item["userId"]["S"]].add(_moment(item).date())
        actions[item["userId"]["S"]].add(item["action"]["S"])
    top = sorted(uses, key=lambda user: (-uses[user], user))[:20]
    rows = usage.section("60_top_users")
    assert [(row["userid"], row["uses"], row["active_days"], row["actions"]) for row in rows] == [
        (user, uses[user], len(days[user]), len(actions[user])) for user in top
    ]
    for row in rows:
        assert row["share_percent"] == pytest.approx(uses[row["userid"]] * 100 / len(usage.items), abs=0.0051)


def test_change_and_retention_do_not_invent_a_month_before(usage: Finished) -> None:
    actions = expected(usage.oracle.samples).actions[usage.report["month"]]
    rows = usage.section("70_change_by_action")
    assert {row["action"]: row["uses"] for row in rows} == dict(actions)
    assert {(row["uses_before"], row["change"], row["change_percent"]) for row in rows} == {(None, None, None)}
    (retention,) = usage.section("80_retention")
    assert retention["retained_percent"] is None


# sensor_readings, section by section: months and days are Tokyo's


def _measured(item: readers.Item) -> date:
    return (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(item["measuredAt"]["N"])))
        .astimezone(_TOKYO)
        .date()
    )


def test_tokyo_months_begin_at_tokyos_midnight(sensors: Finished) -> None:
    """The last and first milliseconds around both edges; 15:00 UTC is Tokyo's midnight."""
    month = sensors.oracle.month
    start = datetime(month.year, month.month, 1, tzinfo=_TOKYO)
    after = datetime(month.next.year, month.next.month, 1, tzinfo=_TOKYO)
    assert (start.astimezone(UTC).hour, after.astimezone(UTC).hour) == (15, 15)
    first, end = round(start.timestamp() * 1000), round(after.timestamp() * 1000)
    published = sorted(int(readers.plain(line)["measuredAt"]) for line in sensors.lines if b'"edge"' in line)
    edges = [int(item["measuredAt"]["N"]) for item in sensors.items if item["sensor"]["S"] == "edge"]
    assert published == sorted(edges) == [first, first + 1, end - 1]
    assert {_measured(item).month for item in sensors.items} == {month.month}


def test_readings_by_sensor(sensors: Finished) -> None:
    celsius = defaultdict(list)
    for item in sensors.items:
        celsius[item["sensor"]["S"]].append(Decimal(item["celsius"]["N"]))
    assert sensors.section("10_readings") == [{"readings": len(sensors.items), "readings_before": None}]
    rows = sensors.section("20_readings_by_sensor")
    assert [row["sensor"] for row in rows] == sorted(celsius, key=lambda name: (-len(celsius[name]), name))
    for row in rows:
        values = celsius[row["sensor"]]
        assert row["readings"] == len(values)
        assert Decimal(str(row["min_celsius"])) == min(values)
        assert Decimal(str(row["max_celsius"])) == max(values)
        _same_mean(row["mean_celsius"], values)


def test_temperature_by_day(sensors: Finished) -> None:
    celsius = defaultdict(list)
    for item in sensors.items:
        celsius[_measured(item).isoformat()].append(Decimal(item["celsius"]["N"]))
    rows = sensors.section("30_temperature_by_day")
    assert [row["day"] for row in rows] == sorted(celsius)
    for row in rows:
        values = celsius[row["day"]]
        assert row["readings"] == len(values)
        assert Decimal(str(row["max_celsius"])) == max(values)
        _same_mean(row["mean_celsius"], values)


def _same_mean(found: float, values: list[Decimal]) -> None:
    exact = (sum(values) / len(values)).quantize(Decimal("0.001"), ROUND_HALF_UP)
    assert math.isclose(found, float(exact), abs_tol=0.0011)


def test_readings_by_tag(sensors: Finished) -> None:
    tags: Counter[str] = Counter()
    carriers = defaultdict(set)
    for item in sensors.items:
        for tag in item.get("tags", {"SS": []})["SS"]:
            tags[tag] += 1
            carriers[tag].add(item["sensor"]["S"])
    rows = sensors.section("40_readings_by_tag")
    assert {row["tag"]: row["readings"] for row in rows} == dict(tags)
    assert {row["tag"]: row["sensors"] for row in rows} == {tag: len(them) for tag, them in carriers.items()}
