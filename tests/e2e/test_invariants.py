"""Attempts to break the promises of DESIGN section 2, step by step, on an embedded AWS."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e import laboratory, readers
from tests.e2e.laboratory import diary, diary_month, ledger, noise
from tests.e2e.pipeline import Pipeline
from ttl_archive import catalog, publication
from ttl_archive.codec import decode
from ttl_archive.config import Column
from ttl_archive.errors import (
    ArchiveCorrupt,
    ArchiveError,
    ArchiveIncomplete,
    ArchiveShrunk,
    BadTimestamps,
    MonthBusy,
    Superseded,
)
from ttl_archive.layout import lease_key, pointer_key
from ttl_archive.manifest import certify
from ttl_archive.page import TypedItems
from ttl_archive.planning import is_closed, published
from ttl_archive.scan import Page

pytestmark = pytest.mark.xdist_group("e2e-invariants")
Make = Callable[..., Pipeline]


@pytest.fixture
def month_of_diary(small: Make) -> Pipeline:
    """A diary with sixty items of last month, three of its neighbours and one without a time; nothing archived yet."""
    pipeline = small("diary")
    month = pipeline.month
    around = [
        diary(900, f"{month.next}-01T00:00:00Z"),
        diary(901, f"{month}-01T00:00:00.000Z"),
        diary(902, f"{month.previous}-28T12:00:00Z"),
        diary(903, "some day"),
    ]
    laboratory.put(pipeline, [*diary_month(month), *around])
    return pipeline


def items_of(pipeline: Pipeline) -> list[str]:
    """The published items, restored, in canonical form."""
    return readers.canonical_all(map(decode, pipeline.lines()))


def archived_by_diary(pipeline: Pipeline) -> list[dict[str, Any]]:
    """What ``month_of_diary`` must publish. (Every item expires within the same second or two, so read it back.)"""
    pages = pipeline.admin.dynamodb.get_paginator("scan").paginate(
        TableName=pipeline.archive.source.table, ConsistentRead=True
    )
    scanned = [item for page in pages for item in page["Items"]]
    wanted = {f"event-{n:04d}" for n in (*range(60), 901)}
    return [item for item in scanned if item["eventId"]["S"] in wanted]


# complete, once, exact


def test_a_month_holds_its_items_and_no_others(month_of_diary: Pipeline) -> None:
    pointer = month_of_diary.run("first")
    assert items_of(month_of_diary) == readers.canonical_all(archived_by_diary(month_of_diary))
    assert month_of_diary.count() == 61
    kept = readers.lines(
        month_of_diary.admin, month_of_diary.archive.destination.bucket, f"_quarantine/{month_of_diary.archive.name}/"
    )
    assert [decode(line)["eventId"]["S"] for line in kept] == ["event-0903"]
    assert month_of_diary.pointer() == pointer.model_dump()


def test_expired_items_that_are_still_there_count(small: Make) -> None:
    """TTL deletes within days; the embedded one within a minute, so the scan follows at once."""
    pipeline = small("diary")
    pipeline.admin.dynamodb.update_time_to_live(
        TableName=pipeline.archive.source.table,
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "expiresAt"},
    )
    expired = diary(1, f"{pipeline.month}-02T00:00:00Z", expiresAt={"N": str(int(time.time()) - 86400)})
    laboratory.put(pipeline, [expired, diary(2, f"{pipeline.month}-03T00:00:00Z")])
    pipeline.run("first")
    assert pipeline.count() == 2


def test_months_of_a_zone_with_daylight_saving_to_the_last_digit(small: Make) -> None:
    """Edges of Berlin's month in epoch seconds, with fractions; sort keys that differ in their 38th digit."""
    pipeline = small("ledger")
    berlin = ZoneInfo("Europe/Berlin")
    month = pipeline.month
    start = int(datetime(month.year, month.month, 1, tzinfo=berlin).timestamp())
    end = int(datetime(month.next.year, month.next.month, 1, tzinfo=berlin).timestamp())
    inside = [
        ledger("edge", "1", str(start)),
        ledger("edge", "1.0000000000000000000000000000000000001", f"{start}.001"),
        ledger("edge", "1.0000000000000000000000000000000000002", f"{end - 1}.999"),
        ledger("edge", "-12345678901234567890123456789012345678", str(end - 1)),
        ledger("edge", "-12345678901234567890123456789012345679", str(end - 1)),
        ledger("a:1", "2", str(start + 1)),
        ledger("a", "12", str(start + 1)),
        ledger("q\"u\\o'te\n", "3", str(start + 2)),
        ledger("名前🙂", "4E-100", str(start + 3)),
    ]
    outside = [
        ledger("out", "1", f"{start - 1}.999999999"),
        ledger("out", "2", str(end)),
        ledger("out", "3", f"{end}.000000001"),
    ]
    laboratory.put(pipeline, inside + outside)
    pipeline.run("first")
    assert items_of(pipeline) == readers.canonical_all(inside)
    assert pipeline.count() == len(inside)


def test_a_nanosecond_before_the_end_lies_inside(small: Make) -> None:
    pipeline = small("ledger")
    end = round(pipeline.month.end.timestamp())
    item = ledger("edge", "1", f"{end - 1}.999999999")
    laboratory.put(pipeline, [item])
    pipeline.run("first")
    assert items_of(pipeline) == readers.canonical_all([item])


ISO_FORMS = (
    "{day}T10:11:12Z",
    "{day}T10:11:12.123456789Z",
    "{day}T10:11:12,5Z",
    "{day}t10:11:12z",
    "{day}T10:11Z",
    "{day}T10:11:12+09:00",
    "{day}T10:11:12.000-0330",
    "{day}T10:11:12+09",
    "{day} 10:11:12Z",
)


def test_every_accepted_form_of_a_timestamp_passes_the_audit(small: Make) -> None:
    pipeline = small("diary")
    items = [diary(n, form.format(day=f"{pipeline.month}-15")) for n, form in enumerate(ISO_FORMS)]
    laboratory.put(pipeline, items)
    pipeline.run("first")
    assert items_of(pipeline) == readers.canonical_all(items)


@pytest.mark.parametrize("form", ISO_FORMS)
def test_every_accepted_form_of_a_timestamp_can_be_reported(small: Make, form: str) -> None:
    """What the archive takes in, the shipped report must be able to read: here `uses by day` and by hour."""
    pipeline = small("diary")
    laboratory.put(pipeline, [diary(1, form.format(day=f"{pipeline.month}-15"))])
    pipeline.run("first")
    days = pipeline.rows(pipeline.render("usage_logs/report/20_uses_by_day.sql"))
    assert {day for day, uses, _ in days if uses == "1"} == {f"{pipeline.month}-15"}
    hours = pipeline.rows(pipeline.render("usage_logs/report/30_uses_by_hour_and_weekday.sql"))
    instant = datetime.fromisoformat(form.format(day="2026-01-15").upper().replace(",", ".")).astimezone(UTC)
    assert [int(hour or 0) for hour, _, uses in hours if uses == "1"] == [instant.hour]


def test_parts_are_rolled_and_no_line_is_lost_between_them(month_of_diary: Pipeline) -> None:
    """Many pages of one item and parts as small as they get."""
    opened = month_of_diary.open("first")
    segment = {"segment": 0, "total_segments": 1, "read_units_per_second": None}
    big = [diary(n, f"{month_of_diary.month}-05T00:00:00Z", text={"S": noise(300_000, n)}) for n in range(200, 206)]
    laboratory.put(month_of_diary, big)
    export = month_of_diary.segment_export(opened, segment, target_bytes=1, scan_kwargs={"Limit": 1})
    record = export.run()
    assert len(record.parts) >= 5
    assert record.pages >= 66
    month_of_diary.commit(opened, [{"segment": 0, "record": export.record_key}])
    month_of_diary.stage(opened)
    month_of_diary.verify(opened)
    month_of_diary.publish(opened, "first")
    assert items_of(month_of_diary) == readers.canonical_all([*archived_by_diary(month_of_diary), *big])


# reproducible


def test_the_same_table_gives_the_same_bytes_again(month_of_diary: Pipeline) -> None:
    first = month_of_diary.run("first")
    before, old = month_of_diary.lines(), month_of_diary.partition()
    second = month_of_diary.run("second")
    partition, pointer = month_of_diary.partition(), month_of_diary.pointer()
    assert month_of_diary.lines() == before
    assert partition is not None
    assert old is not None
    assert pointer is not None
    assert first.generation != second.generation == pointer["generation"]
    assert partition.location == pointer["location"] != old.location
    assert partition.parameters["ttl_archive.generation"] == second.generation
    assert second.fence > first.fence
    table = month_of_diary.archive.catalog
    assert set(readers.partitions(month_of_diary.admin, table.database, table.table)) == {
        (month_of_diary.month.yyyy, month_of_diary.month.mm)
    }
    bodies = []
    for where in (old, partition):
        found = readers.keys(month_of_diary.admin, where.bucket, where.prefix)
        bodies.append(
            {key.removeprefix(where.prefix): readers.body(month_of_diary.admin, where.bucket, key) for key in found}
        )
    assert bodies[0] == bodies[1]


def test_every_step_may_be_repeated(month_of_diary: Pipeline) -> None:
    """What Airflow's retries do after an answer was lost: the step ran, and runs again."""
    opened = month_of_diary.open("first")
    assert month_of_diary.open("first") == opened
    month_of_diary.export(opened)
    exported = month_of_diary.export(opened)
    manifest = month_of_diary.commit(opened, exported)
    assert month_of_diary.commit(opened, exported) == manifest
    month_of_diary.stage(opened)
    month_of_diary.stage(opened)
    month_of_diary.verify(opened)
    first = month_of_diary.publish(opened, "first")
    lines = month_of_diary.lines()
    again = month_of_diary.publish(opened, "first")
    assert (again.generation, again.location) == (first.generation, first.location)
    assert month_of_diary.lines() == lines
    partition, pointer = month_of_diary.partition(), month_of_diary.pointer()
    assert partition is not None
    assert pointer is not None
    assert int(partition.parameters["ttl_archive.fence"]) == pointer["fence"] == again.fence


# never shrink


def test_a_published_key_is_never_lost(month_of_diary: Pipeline) -> None:
    month_of_diary.run("first")
    seen = month_of_diary.seen()
    gone = archived_by_diary(month_of_diary)[7]
    laboratory.delete(month_of_diary, gone)
    # As many come as go, so that counts alone show nothing.
    laboratory.put(month_of_diary, [diary(500, f"{month_of_diary.month}-09T00:00:00Z")])
    opened = month_of_diary.staged("second")
    with pytest.raises(ArchiveShrunk) as failure:
        month_of_diary.verify(opened)
    assert f"{month_of_diary.month}: 1 keys" in str(failure.value)
    assert gone["eventId"]["S"] in str(failure.value)
    assert gone["userId"]["S"] in str(failure.value)
    assert "accept_fewer" in str(failure.value)
    assert month_of_diary.seen() == seen

    pointer = month_of_diary.run("third", reason="deleted on request, ticket 17")
    assert month_of_diary.count() == 61
    manifest = readers.document(month_of_diary.admin, month_of_diary.archive.destination.bucket, pointer.manifest)
    assert manifest["reason_for_fewer"] == "deleted on request, ticket 17"
    assert gone["eventId"]["S"] not in {json.loads(line)["eventId"] for line in month_of_diary.lines()}


def test_an_item_whose_time_changed_is_missed_too(month_of_diary: Pipeline) -> None:
    """Moved to another month, or out of any, it is no longer among the month's keys."""
    month_of_diary.run("first")
    seen = month_of_diary.seen()
    moved, spoiled = archived_by_diary(month_of_diary)[3:5]
    laboratory.put(
        month_of_diary,
        [
            {**moved, "timestamp": {"S": f"{month_of_diary.month.previous}-03T00:00:00Z"}},
            {**spoiled, "timestamp": {"S": "soon"}},
        ],
    )
    opened = month_of_diary.staged("second")
    with pytest.raises(ArchiveShrunk, match="2 keys") as failure:
        month_of_diary.verify(opened)
    assert moved["eventId"]["S"] in str(failure.value)
    assert spoiled["eventId"]["S"] in str(failure.value)
    assert month_of_diary.seen() == seen


def test_an_emptied_table_publishes_nothing(month_of_diary: Pipeline) -> None:
    month_of_diary.run("first")
    seen = month_of_diary.seen()
    for item in archived_by_diary(month_of_diary):
        laboratory.delete(month_of_diary, item)
    opened = month_of_diary.staged("second")
    with pytest.raises(ArchiveShrunk, match="61 keys"):
        month_of_diary.verify(opened)
    assert month_of_diary.seen() == seen


def test_a_month_without_items_is_published_as_such(small: Make) -> None:
    pipeline = small("diary")
    pipeline.run("first")
    assert (pipeline.count(), pipeline.lines()) == (0, [])
    laboratory.put(pipeline, [diary(1, f"{pipeline.month}-01T00:00:00Z")])
    pipeline.run("second")
    assert pipeline.count() == 1


def test_items_that_came_later_are_picked_up(month_of_diary: Pipeline) -> None:
    month_of_diary.run("first")
    late = [diary(n, f"{month_of_diary.month}-28T23:59:59.999Z") for n in range(700, 705)]
    changed = {**archived_by_diary(month_of_diary)[0], "action": {"S": "corrected"}}
    laboratory.put(month_of_diary, [*late, changed])
    month_of_diary.run("second")
    table_items = [*archived_by_diary(month_of_diary), *late]
    assert changed["action"]["S"] in {item["action"]["S"] for item in table_items}
    assert items_of(month_of_diary) == readers.canonical_all(table_items)


def test_keys_that_only_readers_have_seen_are_not_lost_either(month_of_diary: Pipeline, monkeypatch: Any) -> None:
    """A run dies between the flip and the pointer; its items are visible, so the next run must not lose them."""
    month_of_diary.run("first")
    only_second = diary(800, f"{month_of_diary.month}-20T00:00:00Z")
    laboratory.put(month_of_diary, [only_second])
    opened = month_of_diary.staged("second")
    month_of_diary.verify(opened)
    with monkeypatch.context() as patch:
        patch.setattr(publication, "_replace_pointer", _die)
        with pytest.raises(Died):
            month_of_diary.publish(opened, "second")
    assert month_of_diary.count() == 62  # readers see the second generation, and the pointer names the first
    laboratory.delete(month_of_diary, only_second)
    with pytest.raises(ArchiveError):
        month_of_diary.run("third")
    assert month_of_diary.count() == 62


# nothing silent


def test_undated_items_fail_an_archive_that_says_fail(small: Make) -> None:
    pipeline = small("diary", on_bad_timestamp="fail")
    laboratory.put(pipeline, [*diary_month(pipeline.month, 5), diary(77, "yesterday")])
    opened = pipeline.open("first")
    exported = pipeline.export(opened)
    with pytest.raises(BadTimestamps) as failure:
        pipeline.commit(opened, exported)
    for part in (
        str(pipeline.month),
        "event-0077",
        "timestamp",
        "iso8601",
        "quarantine",
        pipeline.archive.source.table,
    ):
        assert part in str(failure.value)
    bucket = pipeline.archive.destination.bucket
    assert readers.keys(pipeline.admin, bucket, opened["manifest_key"]) == []
    assert readers.keys(pipeline.admin, bucket, pipeline.archive.destination.prefix) == []
    assert pipeline.pointer() is None


@pytest.mark.parametrize("value", [{"NULL": True}, {"S": "2026-02-30T00:00:00Z"}, {"N": "1767225600"}, {"S": ""}, None])
def test_whatever_is_no_time_is_quarantined_not_dropped(small: Make, value: dict[str, Any] | None) -> None:
    pipeline = small("diary")
    item = diary(1, "")
    del item["timestamp"]
    if value is not None:
        item["timestamp"] = value
    good = diary(2, f"{pipeline.month}-02T00:00:00Z")
    laboratory.put(pipeline, [item, good])
    opened = pipeline.open("first")
    manifest = pipeline.commit(opened, pipeline.export(opened))
    assert (manifest.scanned, manifest.archived, manifest.quarantined, manifest.outside) == (2, 1, 1, 0)
    kept = readers.lines(pipeline.admin, pipeline.archive.destination.bucket, opened["quarantine_prefix"])
    assert readers.canonical_all(map(decode, kept)) == readers.canonical_all([item])
    assert manifest.quarantined_keys == ({"userId": item["userId"], "eventId": item["eventId"]},)


# all or nothing


def _staged_part(pipeline: Pipeline, opened: dict[str, Any]) -> str:
    keys = readers.keys(pipeline.admin, pipeline.archive.destination.bucket, opened["staging_prefix"])
    return next(key for key in keys if "/part-" in key)


def _replaced(text: bytes) -> bytes:
    """Another value in a line: nothing but a checksum shows it."""
    changed = text.replace(b'"chat"', b'"cheat"', 1)
    assert changed != text
    return changed


SPOILS: dict[str, Callable[[bytes], bytes | None]] = {
    "missing": lambda body: None,
    "empty": lambda body: b"",
    "truncated": lambda body: body[:-9],
    "not gzip": lambda body: gzip.decompress(body),
    "a changed value": lambda body: gzip.compress(_replaced(gzip.decompress(body))),
    "a line less": lambda body: gzip.compress(b"".join(gzip.decompress(body).splitlines(keepends=True)[1:])),
    "a line twice": lambda body: body + gzip.compress(gzip.decompress(body).splitlines(keepends=True)[0]),
    "a malformed line": lambda body: gzip.compress(gzip.decompress(body).replace(b'{"', b'{', 1)),
    "half a line": lambda body: gzip.compress(gzip.decompress(body)[:-30]),
    "one byte": lambda body: body[:40] + bytes([body[40] ^ 1]) + body[41:],
}  # fmt: skip


def _spoil(pipeline: Pipeline, key: str, how: str) -> None:
    bucket = pipeline.archive.destination.bucket
    body = SPOILS[how](readers.body(pipeline.admin, bucket, key))
    if body is None:
        pipeline.admin.s3.delete_object(Bucket=bucket, Key=key)
    else:
        pipeline.admin.s3.put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="CRC32")


@pytest.mark.parametrize("how", SPOILS)
def test_a_spoiled_staged_part_is_never_published(month_of_diary: Pipeline, how: str) -> None:
    opened = month_of_diary.staged("first")
    _spoil(month_of_diary, _staged_part(month_of_diary, opened), how)
    with pytest.raises(ArchiveError):
        month_of_diary.verify(opened)
    assert month_of_diary.seen() == (None, None, None)


@pytest.mark.parametrize("how", ["missing", "a changed value", "truncated"])
def test_a_part_spoiled_after_the_audit_is_not_published_either(month_of_diary: Pipeline, how: str) -> None:
    month_of_diary.run("first")
    seen = month_of_diary.seen()
    opened = month_of_diary.staged("second")
    month_of_diary.verify(opened)
    _spoil(month_of_diary, _staged_part(month_of_diary, opened), how)
    with pytest.raises((ArchiveCorrupt, month_of_diary.aws.s3.exceptions.ClientError)):
        month_of_diary.publish(opened, "second")
    assert month_of_diary.seen() == seen
    # The lease is given back: the next run needn't wait for it.
    month_of_diary.run("third")
    assert month_of_diary.count() == 61


def test_the_audit_alone_sees_a_stray_part(month_of_diary: Pipeline) -> None:
    """A zombie's part, whole and well-formed, beside the manifest's: checksums of the listed parts don't show it."""
    opened = month_of_diary.staged("first")
    bucket = month_of_diary.archive.destination.bucket
    key = _staged_part(month_of_diary, opened)
    body = readers.body(month_of_diary.admin, bucket, key)
    month_of_diary.admin.s3.put_object(Bucket=bucket, Key=key.replace("-00001.jsonl", "-00009.jsonl"), Body=body)
    with pytest.raises(ArchiveIncomplete, match="instead of 61"):
        month_of_diary.verify(opened)
    assert month_of_diary.seen() == (None, None, None)


def test_an_altered_segment_record_does_not_add_up(month_of_diary: Pipeline) -> None:
    opened = month_of_diary.open("first")
    exported = month_of_diary.export(opened)
    bucket, key = month_of_diary.archive.destination.bucket, exported[0]["record"]
    record = readers.document(month_of_diary.admin, bucket, key)
    record["scanned"] += 1
    month_of_diary.admin.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(record).encode())
    with pytest.raises(ArchiveIncomplete, match="segment 0: scanned"):
        month_of_diary.commit(opened, exported)
    with pytest.raises(ArchiveIncomplete, match=r"segments \[0\] of 2"):
        month_of_diary.commit(opened, exported[1:])
    assert readers.keys(month_of_diary.admin, bucket, opened["manifest_key"]) == []


def test_what_is_staged_is_invisible_to_readers(month_of_diary: Pipeline) -> None:
    opened = month_of_diary.staged("first")
    month_of_diary.verify(opened)
    assert month_of_diary.count() == 0
    assert month_of_diary.rows(f"SELECT COUNT(*) FROM {month_of_diary.archive.catalog.table}") == [("0",)]
    month_of_diary.athena(f"MSCK REPAIR TABLE {month_of_diary.archive.catalog.table}")
    assert month_of_diary.count() == 0
    month_of_diary.publish(opened, "first")
    assert month_of_diary.count() == 61
    laboratory.put(month_of_diary, [diary(600, f"{month_of_diary.month}-04T00:00:00Z")])
    second = month_of_diary.staged("second")
    month_of_diary.verify(second)
    assert month_of_diary.count() == 61
    assert month_of_diary.rows(f"SELECT COUNT(*) FROM {month_of_diary.archive.catalog.table}") == [("61",)]


class Died(Exception):
    """The worker was killed here."""


def _die(*_: Any, **__: Any) -> None:
    raise Died


@pytest.mark.parametrize("where", ["_copy_parts", "_flip", "_replace_pointer"])
def test_a_kill_while_publishing_is_mended_by_the_next_try(
    month_of_diary: Pipeline, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    month_of_diary.run("first")
    late = diary(610, f"{month_of_diary.month}-04T00:00:00Z")
    laboratory.put(month_of_diary, [late])
    opened = month_of_diary.staged("second")
    month_of_diary.verify(opened)
    with monkeypatch.context() as patch:
        patch.setattr(publication, where, _die)
        # Killed outright: not even the lease is given back.
        patch.setattr(publication.Lease, "__exit__", lambda *_: None)
        with pytest.raises(Died):
            month_of_diary.publish(opened, "second")
    assert month_of_diary.count() in (61, 62)  # the old month or the new one
    pointer = month_of_diary.publish(opened, "second")
    partition = month_of_diary.partition()
    assert partition is not None
    assert partition.location == pointer.location
    assert partition.parameters["ttl_archive.generation"] == opened["generation"] == pointer.generation
    assert items_of(month_of_diary) == readers.canonical_all([*archived_by_diary(month_of_diary), late])


def test_a_run_planned_before_another_published_gives_way(month_of_diary: Pipeline) -> None:
    """Its keys were not compared with those that readers now see."""
    slow = month_of_diary.staged("slow")
    laboratory.put(month_of_diary, [diary(620, f"{month_of_diary.month}-04T00:00:00Z")])
    month_of_diary.run("fast")
    seen = month_of_diary.seen()
    month_of_diary.verify(slow)
    with pytest.raises(ArchiveIncomplete, match="was published while this run worked"):
        month_of_diary.publish(slow, "slow")
    assert month_of_diary.seen() == seen


# the lease


def _hold(pipeline: Pipeline, seconds: float, fence: int = 7) -> bytes:
    body = json.dumps({"owner": "somebody else", "fence": fence, "expires_at": time.time() + seconds}).encode()
    key = lease_key(pipeline.archive, pipeline.month)
    pipeline.admin.s3.put_object(Bucket=pipeline.archive.destination.bucket, Key=key, Body=body)
    return body


def test_a_held_month_is_left_alone(month_of_diary: Pipeline) -> None:
    month_of_diary.run("first")
    opened = month_of_diary.staged("second")
    month_of_diary.verify(opened)
    held, seen = _hold(month_of_diary, 300), month_of_diary.seen()
    audited = month_of_diary.audit_partitions()
    with pytest.raises(MonthBusy, match="somebody else"):
        month_of_diary.publish(opened, "second")
    assert month_of_diary.seen() == seen
    assert month_of_diary.audit_partitions() == audited
    bucket, key = month_of_diary.archive.destination.bucket, lease_key(month_of_diary.archive, month_of_diary.month)
    assert readers.body(month_of_diary.admin, bucket, key) == held


def test_an_expired_lease_is_taken_over_with_a_higher_fence(month_of_diary: Pipeline) -> None:
    month_of_diary.run("first")
    opened = month_of_diary.staged("second")
    month_of_diary.verify(opened)
    _hold(month_of_diary, -1, fence=41)
    pointer = month_of_diary.publish(opened, "second")
    partition, lease = month_of_diary.partition(), month_of_diary.lease()
    assert pointer.fence > 41
    assert partition is not None
    assert int(partition.parameters["ttl_archive.fence"]) == pointer.fence
    assert lease is not None
    assert lease["fence"] == pointer.fence
    assert lease["expires_at"] <= time.time()


@pytest.mark.parametrize("asleep_before", ["_copy_parts", "_flip"])
def test_a_zombie_that_wakes_after_a_takeover_changes_nothing(
    month_of_diary: Pipeline, monkeypatch: pytest.MonkeyPatch, asleep_before: str
) -> None:
    """The first publisher sleeps past its lease; a second one publishes; then the first goes on where it was."""
    zombie, rival = month_of_diary.staged("zombie"), month_of_diary.staged("rival")
    month_of_diary.verify(zombie)
    month_of_diary.verify(rival)
    original = getattr(publication, asleep_before)
    seen: list[Any] = []

    def sleep_first(*arguments: Any) -> Any:
        monkeypatch.setattr(publication, asleep_before, original)
        lease = month_of_diary.lease()
        assert lease is not None
        assert lease["owner"] == "zombie"
        expired = json.dumps({**lease, "expires_at": 0}).encode()
        key = lease_key(month_of_diary.archive, month_of_diary.month)
        month_of_diary.admin.s3.put_object(Bucket=month_of_diary.archive.destination.bucket, Key=key, Body=expired)
        month_of_diary.publish(rival, "rival")
        seen.append(month_of_diary.seen())
        return original(*arguments)

    monkeypatch.setattr(publication, asleep_before, sleep_first)
    with pytest.raises(ArchiveError):
        month_of_diary.publish(zombie, "zombie")
    assert month_of_diary.seen() == seen[0]
    pointer, partition, _ = seen[0]
    assert pointer["generation"] == partition.parameters["ttl_archive.generation"] == rival["generation"]
    assert month_of_diary.count() == 61


def test_a_zombie_that_had_shown_its_month_keeps_it(month_of_diary: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asleep between partition and pointer, past its lease: readers see its month, so the rival gives way to it."""
    zombie, rival = month_of_diary.staged("zombie"), month_of_diary.staged("rival")
    month_of_diary.verify(zombie)
    month_of_diary.verify(rival)
    original = publication._replace_pointer
    key = lease_key(month_of_diary.archive, month_of_diary.month)

    def sleep_first(*arguments: Any) -> Any:
        monkeypatch.setattr(publication, "_replace_pointer", original)
        expired = json.dumps({**(month_of_diary.lease() or {}), "expires_at": 0}).encode()
        month_of_diary.admin.s3.put_object(Bucket=month_of_diary.archive.destination.bucket, Key=key, Body=expired)
        with pytest.raises(ArchiveIncomplete, match=zombie["generation"]):
            month_of_diary.publish(rival, "rival")
        return original(*arguments)

    monkeypatch.setattr(publication, "_replace_pointer", sleep_first)
    with pytest.raises(MonthBusy):
        month_of_diary.publish(zombie, "zombie")
    pointer, partition, lines = month_of_diary.seen()
    assert pointer["generation"] == partition.parameters["ttl_archive.generation"] == zombie["generation"]
    assert len(lines) == 61


def test_appended_columns_reach_the_months_that_are_there(month_of_diary: Pipeline) -> None:
    """Athena reads a partition by its own descriptor; struct field names come back from Glue in lower case."""
    month_of_diary.run("first")
    month_of_diary.of(month_of_diary.month.previous).run("before")
    more = (
        *month_of_diary.archive.columns,
        Column(name="eventId", type="string"),
        Column(name="extra", type="struct<userAgent: string>"),
    )
    wider = replace(month_of_diary, archive=month_of_diary.archive.model_copy(update={"columns": more}))
    assert catalog.append_columns(wider.archive, wider.aws.glue) == ["eventid", "extra"]
    assert catalog.append_columns(wider.archive, wider.aws.glue) == []
    found = wider.rows(
        f"SELECT eventid FROM {wider.archive.catalog.table} WHERE year = '{wider.month.yyyy}' ORDER BY eventid"
    )
    # One of them is of the month before, and of the same year or not.
    assert {event for (event,) in found} >= {item["eventId"]["S"] for item in archived_by_diary(month_of_diary)}
    assert None not in {event for (event,) in found}


# tries of a segment

ONE_SEGMENT = {"segment": 0, "total_segments": 1, "read_units_per_second": None}


@dataclass
class Scripted:
    """A scan whose pages a test writes; ``between`` happens before the second page."""

    first: list[dict[str, Any]]
    second: list[dict[str, Any]] = field(default_factory=list)
    between: Callable[[], None] = lambda: None
    segment: int = 0
    total_segments: int = 1

    def pages(self) -> Iterator[Page]:
        yield Page(TypedItems(self.first), len(self.first), 0.5)
        self.between()
        if self.second:
            yield Page(TypedItems(self.second), len(self.second), 0.5)


def _staged_objects(pipeline: Pipeline, opened: dict[str, Any]) -> dict[str, bytes]:
    bucket = pipeline.archive.destination.bucket
    return {
        key: readers.body(pipeline.admin, bucket, key)
        for prefix in (opened["staging_prefix"], opened["quarantine_prefix"])
        for key in readers.keys(pipeline.admin, bucket, prefix)
    }


def _big(pipeline: Pipeline, numbers: range) -> list[dict[str, Any]]:
    """Items of which each fills a block of the compressor, so that each becomes a part."""
    return [diary(n, f"{pipeline.month}-02T00:00:00Z", text={"S": noise(300_000, n)}) for n in numbers]


def test_a_second_try_removes_what_the_first_left(small: Make) -> None:
    pipeline = small("diary")
    opened = pipeline.open("first")
    bad = [diary(50, "never"), diary(51, "never")]
    first = pipeline.segment_export(
        opened, ONE_SEGMENT, 1, scan=Scripted([*_big(pipeline, range(5)), *bad]), target_bytes=1
    )
    assert len(first.run().parts) == 5
    again = _big(pipeline, range(2))
    second = pipeline.segment_export(opened, ONE_SEGMENT, 2, scan=Scripted(again), target_bytes=1)
    assert len(second.run().parts) == 2
    staged = _staged_objects(pipeline, opened)
    prefix = opened["staging_prefix"]
    assert {key for key in staged if "/part-" in key} == {f"{prefix}part-00000-0000{n}.jsonl.gz" for n in (1, 2)}
    lines = readers.lines(pipeline.admin, pipeline.archive.destination.bucket, prefix)
    assert readers.canonical_all(map(decode, lines)) == readers.canonical_all(again)
    manifest = pipeline.commit(opened, [{"segment": 0, "record": second.record_key}])
    assert (manifest.archived, manifest.quarantined) == (2, 0)


def test_another_segments_objects_are_left_alone(small: Make) -> None:
    pipeline = small("diary")
    opened = pipeline.open("first")
    for segment in (1, 10):
        pipeline.segment_export(
            opened, {**ONE_SEGMENT, "segment": segment, "total_segments": 11}, 1,
            scan=Scripted(_big(pipeline, range(segment, segment + 1)), segment=segment, total_segments=11),
        ).run()  # fmt: skip
    staged = _staged_objects(pipeline, opened)
    pipeline.segment_export(
        opened, {**ONE_SEGMENT, "segment": 1, "total_segments": 11}, 2, scan=Scripted([], segment=1, total_segments=11)
    ).run()
    now = _staged_objects(pipeline, opened)
    assert {key for key in staged if "-00010" in key} == {key for key in now if "-00010" in key}
    assert [key for key in now if "part-00001" in key] == []


def test_an_earlier_try_that_goes_on_changes_nothing(small: Make) -> None:
    """Try 1 hangs in the middle of its scan; try 2 starts and finishes; then try 1 wakes up."""
    pipeline = small("diary")
    opened = pipeline.open("first")
    staged: list[dict[str, bytes]] = []

    def second_try() -> None:
        pipeline.segment_export(opened, ONE_SEGMENT, 2, scan=Scripted(_big(pipeline, range(2))), target_bytes=1).run()
        staged.append(_staged_objects(pipeline, opened))

    scan = Scripted(_big(pipeline, range(3)), _big(pipeline, range(3, 9)), second_try)
    with pytest.raises(Superseded, match="try 2"):
        pipeline.segment_export(opened, ONE_SEGMENT, 1, scan=scan, target_bytes=1).run()
    assert _staged_objects(pipeline, opened) == staged[0]
    with pytest.raises(Superseded, match="try 2"):
        pipeline.segment_export(opened, ONE_SEGMENT, 1, scan=Scripted(_big(pipeline, range(9)))).run()
    assert _staged_objects(pipeline, opened) == staged[0]
    bucket = pipeline.archive.destination.bucket
    uploads = pipeline.admin.s3.list_multipart_uploads(Bucket=bucket, Prefix=opened["staging_prefix"])
    assert uploads.get("Uploads", []) == []


def test_an_earlier_try_that_wakes_before_the_later_one_ends(small: Make) -> None:
    """Both write the same part; the later one's contents stand in the end, whichever was faster."""
    pipeline = small("diary")
    opened = pipeline.open("first")

    def zombie() -> None:
        with pytest.raises(Superseded):
            slow.run()

    later = pipeline.segment_export(
        opened,
        ONE_SEGMENT,
        2,
        scan=Scripted(_big(pipeline, range(1)), _big(pipeline, range(1, 2)), zombie),
        target_bytes=1,
    )
    slow = pipeline.segment_export(opened, ONE_SEGMENT, 1, scan=Scripted(_big(pipeline, range(5, 9))), target_bytes=1)
    record = later.run()
    assert record.archived == 2
    lines = readers.lines(pipeline.admin, pipeline.archive.destination.bucket, opened["staging_prefix"])
    assert sorted(json.loads(line)["eventId"] for line in lines) == ["event-0000", "event-0001"]


def test_a_failed_scan_leaves_no_half_written_upload(small: Make) -> None:
    pipeline = small("diary")
    opened = pipeline.open("first")
    bucket = pipeline.archive.destination.bucket

    def uploads() -> int:
        return len(pipeline.admin.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []))

    def die() -> None:
        assert uploads() == 1
        raise Died

    # More than twice the smallest upload, so that a multipart upload is under way.
    export = pipeline.segment_export(opened, ONE_SEGMENT, 1, scan=Scripted(_big(pipeline, range(90)), between=die))
    with pytest.raises(Died):
        export.run()
    assert uploads() == 0
    assert [key for key in _staged_objects(pipeline, opened) if "part-" in key or "_segment" in key] == []


def test_the_plan_of_a_generation_is_frozen(month_of_diary: Pipeline) -> None:
    from ttl_archive.planning import plan_segments

    opened = month_of_diary.open("first")
    clients = {"s3": month_of_diary.aws.s3, "dynamodb": month_of_diary.aws.dynamodb}
    arguments = (month_of_diary.month, opened["generation"])
    first = plan_segments(month_of_diary.archive, *arguments, **clients)
    assert [(one["segment"], one["total_segments"]) for one in first] == [(0, 2), (1, 2)]
    source = month_of_diary.archive.source.model_copy(update={"segments": 5})
    edited = replace(month_of_diary, archive=month_of_diary.archive.model_copy(update={"source": source}))
    assert plan_segments(edited.archive, *arguments, **clients) == first


def test_segments_share_the_table_without_overlap(small: Make) -> None:
    pipeline = small("ledger")
    start = int(pipeline.month.start.timestamp())
    items = [ledger(f"account-{n}", str(Decimal(n) / 8), str(start + n)) for n in range(300)]
    laboratory.put(pipeline, items)
    pipeline.run("first")
    found = Counter(items_of(pipeline))
    assert set(found.values()) == {1}
    assert sorted(found) == readers.canonical_all(items)


# past the horizon


def test_a_month_past_its_horizon_is_closed(month_of_diary: Pipeline) -> None:
    now = datetime.now(UTC)
    month_of_diary.run("first")
    aws = month_of_diary.aws
    found = published(month_of_diary.archive, month_of_diary.month, s3=aws.s3, glue=aws.glue)
    assert found is not None
    horizon = month_of_diary.month.start + timedelta(days=90)
    assert is_closed(month_of_diary.archive, month_of_diary.month, found[1], horizon)
    assert is_closed(month_of_diary.archive, month_of_diary.month, found[1], now + timedelta(days=31))  # expiresAt
    assert not is_closed(month_of_diary.archive, month_of_diary.month, found[1], now)


def test_a_month_archived_after_its_horizon_is_incomplete_and_not_safe(month_of_diary: Pipeline) -> None:
    horizon = month_of_diary.month.start + timedelta(days=90)
    assert month_of_diary.open("first", horizon - timedelta(seconds=1))["complete"] is True
    opened = month_of_diary.open("late", horizon)
    assert opened["complete"] is False
    manifest = month_of_diary.commit(opened, month_of_diary.export(opened))
    assert (manifest.complete, manifest.archived) == (False, 61)
    certificate = certify(manifest, 61, horizon)
    assert certificate.incomplete
    assert not certificate.safe_to_expire
    assert certificate.reasons


def test_a_count_that_differs_is_not_safe(month_of_diary: Pipeline) -> None:
    opened = month_of_diary.open("first")
    manifest = month_of_diary.commit(opened, month_of_diary.export(opened))
    now = datetime.now(UTC)
    assert certify(manifest, 61, now).safe_to_expire
    assert not certify(manifest, 60, now).safe_to_expire
    first = certify(manifest, 61, now).first_expiry
    assert first is not None
    expiries = [int(item["expiresAt"]["N"]) for item in archived_by_diary(month_of_diary)]
    assert first.timestamp() == min(expiries)


def test_pointers_of_different_months_do_not_meet(month_of_diary: Pipeline) -> None:
    earlier = month_of_diary.of(month_of_diary.month.previous)
    month_of_diary.run("first")
    seen = month_of_diary.seen()
    earlier.run("second")
    assert earlier.count() == 1
    assert month_of_diary.seen() == seen
    assert pointer_key(earlier.archive, earlier.month) != pointer_key(month_of_diary.archive, month_of_diary.month)
