"""Items that come after their month was published, found by the next month's run of the real DAG."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e import laboratory, readers
from tests.e2e.deployment import Deployment
from tests.e2e.laboratory import diary, diary_month
from tests.e2e.pipeline import Pipeline
from ttl_archive import queries, refresh
from ttl_archive.codec import decode
from ttl_archive.export import OpenMonth
from ttl_archive.selection import judge_of

pytestmark = pytest.mark.xdist_group("e2e-late")


def _run(lab: Deployment, pipeline: Pipeline) -> dict[str, Any]:
    done = lab.archive(pipeline.archive.name, "--month", str(pipeline.month))
    assert done.returncode == 0, done.stderr
    key = f"reports/{pipeline.archive.name}/{pipeline.month}/report.json"
    report: dict[str, Any] = readers.document(pipeline.admin, lab.results_bucket, key)
    return report


def _two_months(lab: Deployment, name: str) -> tuple[Pipeline, Pipeline, list[dict[str, Any]]]:
    """The month before last published, then changed in the table: one late, one changed, one deleted by TTL."""
    last = laboratory.pipeline(lab, name)
    before = last.of(last.month.previous)
    items = diary_month(before.month, 30)
    laboratory.put(before, [*items, *[{**item, "eventId": {"S": f"last-{n}"}} for n, item in
                                      enumerate(diary_month(last.month, 20))]])  # fmt: skip
    _run(lab, before)
    assert before.count() == 30
    late = diary(900, f"{before.month}-11T11:11:11Z", note={"S": 'quo"te,\nnew line 🙂'}, n={"N": "0.1"})
    changed = {**items[3], "action": {"S": "corrected"}}
    laboratory.put(before, [late, changed])
    laboratory.delete(before, items[7])
    return before, last, [*items[:3], changed, *items[4:], late]


def _items(pipeline: Pipeline) -> list[str]:
    return readers.canonical_all(map(decode, pipeline.lines()))


def test_late_items_are_reported(lab: Deployment) -> None:
    before, last, _ = _two_months(lab, "late")
    seen = before.seen()
    report = _run(lab, last)
    (found,) = report["data_quality"]["late_items"]
    assert {name: found[name] for name in ("month", "count", "gone", "refreshed")} == {
        "month": str(before.month),
        "count": 1,
        "gone": 1,
        "refreshed": False,
    }
    assert "event-0900" in found["keys"]
    assert before.seen() == seen
    assert last.count() == 20


@pytest.mark.timeout(600)  # three whole runs
def test_open_months_are_refreshed_by_the_same_scan(lab: Deployment) -> None:
    before, last, expected = _two_months(lab, "refreshed")
    old = before.pointer()
    report = _run(lab, last)
    # The deleted item is there still, the late one is there now, the changed one is the table's.
    assert _items(before) == readers.canonical_all(expected)
    assert before.count() == 31
    assert last.count() == 20
    pointer = before.pointer()
    assert old is not None
    assert pointer is not None
    assert pointer["generation"] != old["generation"]
    manifest = readers.document(before.admin, before.archive.destination.bucket, pointer["manifest"])
    assert (manifest["archived"], manifest["complete"]) == (31, True)
    assert report["data_quality"]["late_items"][0]["refreshed"] is True

    _run(lab, last)  # nothing new: the month stays as it is
    assert before.pointer() == pointer


def test_an_open_month_with_nothing_new_has_nothing_fresh(small: Any) -> None:
    """The scan finds what is published, less a deleted item that only the archive has."""
    last = small("diary")
    source = last.archive.source.model_copy(update={"refresh_open_months": True, "segments": 1})
    last = replace(last, archive=last.archive.model_copy(update={"source": source}))
    before = last.of(last.month.previous)
    items = diary_month(before.month, 12)
    laboratory.put(before, items)
    before.run("first")
    laboratory.delete(before, items[7])
    assert _passed(before, last)[1] == {"late_items": "0", "gone_items": "1", "fresh_items": "0"}
    changed = {**items[3], "action": {"S": "corrected"}}
    laboratory.put(before, [changed])
    opened, found = _passed(before, last)
    assert found == {"late_items": "0", "gone_items": "1", "fresh_items": "1"}

    gone_lines = before.athena(before.render("catalog/gone_lines.sql", opened))
    clients = {"s3": before.aws.s3, "athena": before.aws.athena}
    manifest = refresh.merge_month(before.archive, before.month, opened, 1, gone_lines, 1, **clients)
    assert (manifest.archived, manifest.scanned) == (12, 12)
    before.verify(opened)
    before.publish(opened, "refresh")
    assert _items(before) == readers.canonical_all([*items[:3], changed, *items[4:]])
    assert _passed(before, last)[1] == {"late_items": "0", "gone_items": "1", "fresh_items": "0"}


def _passed(before: Pipeline, last: Pipeline) -> tuple[dict[str, Any], dict[str, str | None]]:
    """What the next month's scan finds of the month before, staged in a generation of its own."""
    opened = {**before.open(f"passing {time.monotonic_ns()}"), "month": str(before.month)}
    main = last.open(f"main {time.monotonic_ns()}")
    passing = OpenMonth(opened["staging_prefix"], judge_of(before.archive.source.timestamp, before.month))
    segment = {"segment": 0, "total_segments": 1, "read_units_per_second": None}
    last.segment_export(main, segment, open_months=(passing,)).run()
    before.stage(opened)
    execution = before.athena(before.render("catalog/late_items.sql", opened))
    row = queries.fetch_row(before.aws.athena, execution)
    return opened, {name: row[name] for name in ("late_items", "gone_items", "fresh_items")}
