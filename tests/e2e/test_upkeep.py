"""What the daily watch finds and deletes, on an embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e import laboratory, readers
from tests.e2e.laboratory import diary, diary_month
from tests.e2e.pipeline import Pipeline
from ttl_archive import upkeep
from ttl_archive.errors import MonthAtRisk
from ttl_archive.planning import horizon

pytestmark = pytest.mark.xdist_group("e2e-invariants")


@pytest.fixture
def pipeline(small: Callable[..., Pipeline]) -> Pipeline:
    pipeline = small("diary")
    laboratory.put(pipeline, diary_month(pipeline.month, 20))
    return pipeline


def _clients(pipeline: Pipeline) -> dict[str, Any]:
    return {"s3": pipeline.aws.s3, "glue": pipeline.aws.glue}


def test_a_month_that_was_skipped_is_told_before_its_items_expire(pipeline: Pipeline) -> None:
    month = pipeline.month

    def told(now: datetime) -> str:
        """What is said of the month; earlier ones are missing as well."""
        with pytest.raises(MonthAtRisk) as failure:
            upkeep.require_published(pipeline.archive, now, **_clients(pipeline))
        return next((part for part in str(failure.value).split("; ") if f"{month}, whose" in part), "")

    overdue = month.end + timedelta(hours=42)  # a day after 18:00 on the 1st
    end = horizon(pipeline.archive, month)
    assert told(overdue - timedelta(seconds=1)) == ""
    assert f"TTL deletes from {end:%Y-%m-%d} on ({(end - overdue).days} days left)" in told(overdue)
    assert "archive what is left" in told(end)
    pipeline.run("late")
    assert told(overdue) == ""


def test_a_month_is_scanned_once_more_before_its_first_deletion(pipeline: Pipeline) -> None:
    pipeline.run("first")
    items = pipeline.admin.dynamodb.scan(TableName=pipeline.archive.source.table)["Items"]
    deletion = datetime.fromtimestamp(min(int(item["expiresAt"]["N"]) for item in items), UTC)

    def due(before: timedelta) -> list[str]:
        found = upkeep.find_refreshes(pipeline.archive, deletion - before, **_clients(pipeline))
        return [one["conf"]["month"] for one in found]

    assert due(timedelta(days=3, seconds=1)) == []
    assert due(timedelta(days=3)) == [str(pipeline.month)]
    assert due(timedelta(seconds=1)) == [str(pipeline.month)]
    assert due(timedelta(0)) == []


def test_superseded_generations_go_a_day_later(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pipeline.run("first")
    laboratory.put(pipeline, [diary(77, f"{pipeline.month}-09T00:00:00Z")])
    second = pipeline.run("second")
    dead = pipeline.open("dead")  # a dead run has planned its generation
    pipeline.export(dead)
    passed = pipeline.open("passed")  # what the scan of another month stages on its way has no plan
    pipeline.segment_export(passed, {"segment": 0, "total_segments": 1, "read_units_per_second": None}).run()
    pipeline.stage(passed)
    lines = pipeline.lines()
    assert upkeep.remove_superseded(pipeline.archive, **_clients(pipeline)) == {"removed": [], "orphans": []}

    # S3's clock in its answers has no fraction of a second, its objects' times have.
    monkeypatch.setattr(upkeep, "READERS_TIME", timedelta(seconds=-1))
    monkeypatch.setattr(upkeep, "ORPHAN_AGE", timedelta(seconds=-1))
    done = upkeep.remove_superseded(pipeline.archive, **_clients(pipeline))
    staging = f"_staging/{pipeline.archive.name}/"
    bucket = pipeline.archive.destination.bucket
    assert done["orphans"] == [f"{staging}{dead['generation']}/"]
    assert set(done["removed"]) == {
        f"{staging}{first.generation}/",
        f"{staging}{second.generation}/",
        f"{staging}{passed['generation']}/",
        first.location.removeprefix(f"s3://{bucket}/"),
    }
    for prefix in done["removed"]:
        assert readers.keys(pipeline.admin, bucket, prefix) == []
    assert pipeline.lines() == lines
    assert pipeline.count() == 21
    assert {(first.generation,), (passed["generation"],)}.isdisjoint(pipeline.audit_partitions())
    # Clearing publish_partition is safe still, although the staged parts are gone.
    pipeline.publish({"generation": second.generation, "base": first.generation}, "second")
    assert pipeline.lines() == lines
    # The next run still compares with what is published.
    laboratory.put(pipeline, [diary(78, f"{pipeline.month}-09T00:00:00Z")])
    pipeline.run("third")
    assert pipeline.count() == 22
