"""The sample tables: the same for everybody, plausible, awkward, and valid DynamoDB items."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local_aws import sample_data
from local_aws.dynamodb_json import parse_item
from local_aws.sample import Sample, expected, sample_months
from local_aws.sample.sensor_readings import sensor_readings
from local_aws.sample.usage_logs import HOSTILE_STRINGS, usage_logs
from local_aws.sample_data import load_sample, write_items
from local_aws.seed import SAMPLE_KEYS, KeySchema
from ttl_archive.config import Archive, load_archives
from ttl_archive.months import Month

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
LAST = Month.parse("2026-10")
MONTHS = ("2026-08", "2026-09", "2026-10")
INCLUDE = Path(__file__).resolve().parents[1] / "include"


@pytest.fixture(scope="module")
def logs() -> list[Sample]:
    return list(usage_logs(LAST, NOW))


@pytest.fixture(scope="module")
def readings() -> list[Sample]:
    return list(sensor_readings(Month.parse("2026-10", "Asia/Tokyo"), NOW))


def by_event(samples: list[Sample]) -> dict[str, Sample]:
    return {sample.item["eventId"]["S"]: sample for sample in samples}


def test_the_same_day_gives_the_same_items(logs: list[Sample]) -> None:
    assert list(usage_logs(LAST, NOW.replace(hour=0))) == logs


def test_a_later_day_changes_nothing_but_the_expiry(logs: list[Sample], readings: list[Sample]) -> None:
    def without(samples: list[Sample], ttl: str) -> list[Any]:
        return [({name: value for name, value in item.items() if name != ttl}, month) for item, month in samples]

    later = NOW + timedelta(days=3)
    assert without(list(usage_logs(LAST, later)), "expiresAt") == without(logs, "expiresAt")
    tokyo = Month.parse("2026-10", "Asia/Tokyo")
    assert without(list(sensor_readings(tokyo, later)), "deleteAfter") == without(readings, "deleteAfter")


def test_there_are_three_complete_months_and_growth(logs: list[Sample], readings: list[Sample]) -> None:
    counts = expected(logs)
    assert counts.items == len(logs) >= 30_000
    assert set(counts.months) == {"2026-07", *MONTHS, "2026-11"}
    first, second, third = (counts.months[month] for month in MONTHS)
    assert 10_000 < first < second < third
    assert counts.undated == 6
    assert counts.undated + sum(counts.months.values()) == counts.items

    counts = expected(readings)
    assert 5_500 < counts.items < 7_000
    assert set(counts.months) == {"2026-07", *MONTHS, "2026-11"}
    assert counts.undated == 0


@pytest.mark.parametrize("name", list(SAMPLE_KEYS))
def test_every_item_is_valid_and_has_a_key_of_its_own(name: str, logs: list[Sample], readings: list[Sample]) -> None:
    samples = {"usage_logs": logs, "sensor_readings": readings}[name]
    keys = KeySchema.parse(SAMPLE_KEYS[name])
    found = {keys.key_of(parse_item(json.dumps(item).encode())) for item, _ in samples}
    assert len(found) == len(samples)


def test_a_month_is_what_the_timestamp_says(logs: list[Sample], readings: list[Sample]) -> None:
    """Read the timestamps in a way of our own: a prefix, and Tokyo's nine hours."""
    for item, month in logs:
        assert month is None or item["timestamp"]["S"].startswith(month)
    for item, month in readings:
        local = datetime(1970, 1, 1, 9) + timedelta(milliseconds=int(item["measuredAt"]["N"]))  # noqa: DTZ001
        assert f"{local:%Y-%m}" == month


@pytest.mark.parametrize("edge", ["2026-08", "2026-09", "2026-10", "2026-11"])
def test_both_sides_of_each_edge_are_there_to_the_millisecond(
    edge: str, logs: list[Sample], readings: list[Sample]
) -> None:
    before = str(Month.parse(edge).previous)
    stamps = {item["timestamp"]["S"]: month for item, month in logs if month}
    assert stamps[f"{edge}-01T00:00:00.000Z"] == edge
    assert stamps[f"{edge}-01T00:00:00Z"] == edge
    last_second = max(stamp for stamp in stamps if stamp.startswith(before) and stamp.endswith("T23:59:59.999Z"))
    assert stamps[last_second] == before
    assert stamps[last_second.replace(".999", "")] == before
    midnight = (Month.parse(edge).start - timedelta(hours=9)).timestamp() * 1000
    instants = {int(item["measuredAt"]["N"]): month for item, month in readings}
    assert [instants[int(midnight) + offset] for offset in (-1, 0, 1)] == [before, edge, edge]


def test_the_life_is_plausible(logs: list[Sample]) -> None:
    counts = expected(logs)
    october = counts.actions["2026-10"]
    assert [action for action, _ in october.most_common(2)] == ["chat", "search"]
    assert len(october) == 8, "the last month's report is for people to read: no odd actions in it"
    assert october["image"] > 1.5 * counts.actions["2026-08"]["image"]
    august, september = counts.users["2026-08"], counts.users["2026-09"]
    october_users = counts.users["2026-10"]
    assert 300 < len(october_users) < 420
    assert len(october_users - september - august) >= 15, "new users"
    assert len((october_users & august) - september) >= 10, "returning users"
    assert len(august - september - october_users) >= 10, "users who left"
    uses = Counter(item["userId"]["S"] for item, month in logs if month == "2026-10").most_common()
    assert uses[0][1] > 20 * uses[len(uses) // 2][1], "few users do most"
    moments = [datetime.fromisoformat(item["timestamp"]["S"]) for item, month in logs if month == "2026-10"]
    weekdays, hours = Counter(each.weekday() for each in moments), Counter(each.hour for each in moments)
    assert min(weekdays[day] for day in range(5)) > 1.5 * max(weekdays[5], weekdays[6])
    assert hours[10] > 5 * hours[3]


def test_what_real_tables_have_is_in_every_month(logs: list[Sample]) -> None:
    events = by_event(logs)
    for month in MONTHS:
        numbers = events[f"numbers-{month}"]
        assert numbers.month == month
        assert numbers.item["digits38"]["N"] == "12345678901234567890123456789012345678"
        assert numbers.item["smallest"]["N"] == "1E-130"
        assert numbers.item["largest"]["N"] == "9.9999999999999999999999999999999999999E+125"
        assert {next(iter(each)) for each in events[f"sets-{month}"].item.values()} >= {"SS", "NS", "BS"}
        assert {next(iter(each)) for each in events[f"nested-{month}"].item.values()} >= {"M", "L", "NULL", "BOOL"}
        assert {"dotted.name", 'quo"ted', "_dynamodb_types", "Action"} <= set(events[f"names-{month}"].item)
        assert "expiresAt" not in events[f"ttl-missing-{month}"].item
        assert len(events[f"ttl-in-milliseconds-{month}"].item["expiresAt"]["N"]) == 13
        notes = {sample.item["note"]["S"] for sample in logs if sample.month == month and "note" in sample.item}
        assert notes == set(HOSTILE_STRINGS)
    bad = {name.removeprefix("timestamp-"): each for name, each in events.items() if each.month is None}
    assert set(bad) == {"missing", "words", "empty", "number", "null", "no-such-day"}
    assert "timestamp" not in bad["missing"].item
    assert int(events["ttl-six-years-ago-2026-10"].item["expiresAt"]["N"]) < (NOW - timedelta(days=5 * 365)).timestamp()


# The first and last days of a month, and the longest and shortest runs of three months before it.
@pytest.mark.parametrize("now", ["2026-11-24T15:30", "2026-03-01T00:00", "2026-03-31T23:59", "2028-12-31T12:00"])
def test_every_item_outlives_its_user(now: str) -> None:
    at = datetime.fromisoformat(f"{now}+00:00")
    last = Month.containing(at).previous
    soon = (at + timedelta(days=7)).timestamp()
    items = {item["eventId"]["S"]: item for item, _ in usage_logs(last, at)}
    del items[f"ttl-six-years-ago-{last}"]  # DynamoDB keeps what expired over five years ago
    assert [name for name, item in items.items() if "expiresAt" in item and int(item["expiresAt"]["N"]) < soon] == []
    tokyo = Month(last.year, last.month, "Asia/Tokyo")
    assert min(int(item["deleteAfter"]["N"]) for item, _ in sensor_readings(tokyo, at)) > soon


def test_young_items_expire_by_the_archives_retention(logs: list[Sample], readings: list[Sample]) -> None:
    item = by_event(logs)["edge-2026-11-0"].item  # 2026-10-31T23:59:59.999Z
    assert datetime.fromtimestamp(int(item["expiresAt"]["N"]), UTC) == datetime(2027, 1, 29, 23, 59, 59, tzinfo=UTC)
    reading = readings[-2].item  # 2026-11-01T00:00 in Tokyo
    assert datetime.fromtimestamp(int(reading["deleteAfter"]["N"]), UTC) == datetime(2027, 2, 28, 15, tzinfo=UTC)


def test_the_months_run_over_the_turn_of_a_year() -> None:
    assert [str(month) for month in sample_months(Month.parse("2027-01"))] == ["2026-11", "2026-12", "2027-01"]


def test_items_are_written_as_one_line_each(tmp_path: Path, readings: list[Sample]) -> None:
    path = tmp_path / "deep" / "x.jsonl.gz"
    assert write_items(path, readings[:10]) == 10
    lines = gzip.decompress(path.read_bytes()).splitlines()
    assert [json.loads(line) for line in lines] == [sample.item for sample in readings[:10]]


class FakeTable:
    """One table with tags, as `load_sample` sees it; `load` is counted, not done."""

    class exceptions:  # noqa: N801 - as boto3 names it
        ResourceNotFoundException = LookupError

    def __init__(self) -> None:
        self.description: dict[str, Any] | None = None
        self.tags: dict[str, str] = {}
        self.loads: list[int] = []
        self.deleted = 0

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803
        if self.description is None:
            raise LookupError
        return {"Table": self.description}

    def create_table(self, **table: Any) -> None:
        self.description = {**table, "TableArn": "arn", "ItemCount": 0}
        self.tags = {}

    def delete_table(self, TableName: str) -> None:  # noqa: N803
        self.description = None
        self.deleted += 1

    def get_waiter(self, name: str) -> Any:
        return self

    def wait(self, **_: Any) -> None:
        pass

    def update_time_to_live(self, **_: Any) -> None:
        pass

    def list_tags_of_resource(self, ResourceArn: str) -> dict[str, Any]:  # noqa: N803
        return {"Tags": [{"Key": name, "Value": value} for name, value in self.tags.items()]}

    def tag_resource(self, ResourceArn: str, Tags: list[dict[str, str]]) -> None:  # noqa: N803
        self.tags |= {each["Key"]: each["Value"] for each in Tags}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeTable:
    fake = FakeTable()

    def load(dynamodb: FakeTable, name: str, keys: KeySchema, items: Any, total: int) -> None:
        assert fake.description
        fake.loads.append(total)
        fake.description["ItemCount"] = total

    monkeypatch.setattr(sample_data, "load", load)
    monkeypatch.setattr(sample_data, "FOLDER", tmp_path)
    return fake


@pytest.fixture(scope="module")
def archive() -> Archive:
    names = ("BUCKET", "RESULTS_BUCKET", "WORKGROUP", "TABLE_PREFIX")
    archives = load_archives(INCLUDE, {f"TTL_ARCHIVE_{name}": "dev" for name in names})
    return next(each for each in archives if each.name == "sensor_readings")


def test_a_loaded_sample_is_not_loaded_again(table: FakeTable, archive: Archive) -> None:
    assert load_sample(table, archive, NOW) is True
    assert load_sample(table, archive, NOW + timedelta(days=2)) is False
    assert table.loads == [6_060]


def test_a_sample_that_gets_old_is_renewed(table: FakeTable, archive: Archive) -> None:
    load_sample(table, archive, NOW - timedelta(days=20))
    assert load_sample(table, archive, NOW - timedelta(days=10)) is True
    assert table.deleted == 0


def test_a_sample_that_lost_items_is_completed(table: FakeTable, archive: Archive) -> None:
    load_sample(table, archive, NOW)
    assert table.description
    table.description["ItemCount"] -= 1
    assert load_sample(table, archive, NOW) is True


def test_the_sample_of_other_months_is_replaced(table: FakeTable, archive: Archive) -> None:
    load_sample(table, archive, NOW)
    assert load_sample(table, archive, NOW + timedelta(days=30)) is True
    assert table.deleted == 1


def test_an_interrupted_load_is_made_anew(table: FakeTable, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sample_data, "load", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load_sample(table, archive, NOW)
    assert load_sample(table, archive, NOW) is True
    assert table.deleted == 1


def test_a_table_that_is_not_ours_is_never_deleted(table: FakeTable, archive: Archive) -> None:
    keys = KeySchema.parse(SAMPLE_KEYS["sensor_readings"])
    sample_data.create_table(table, archive, keys)
    load_sample(table, archive, NOW)
    load_sample(table, archive, NOW + timedelta(days=30))
    assert table.deleted == 0
    assert table.tags == {}
