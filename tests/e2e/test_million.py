"""A million items: the published month equals the source item for item, and memory doesn't grow with the table."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.exporters import PeakMemory
from tests.chaos.trial import LONG
from tests.e2e import laboratory, readers
from tests.e2e.laboratory import Item
from tests.e2e.pipeline import Pipeline
from ttl_archive.months import Month

pytestmark = [
    pytest.mark.xdist_group("e2e-million"),
    pytest.mark.skipif(not LONG, reason="long form: CHAOS_LONG=1"),
    pytest.mark.timeout(3000),
]

ITEMS = 1_000_000
MOST_BYTES = 64 * 1024 * 1024


def _item(number: int, month: Month) -> Item:
    """The item of a number, made anew wherever it is needed: no list of a million has to be kept."""
    return laboratory.diary(
        number,
        f"{month}-{number % 28 + 1:02d}T{number % 24:02d}:{number % 60:02d}:00.{number % 1000:03d}Z",
        eventId={"S": f"event-{number:07d}"},
        expiresAt={"N": str(4_102_444_800 + number)},
        tokens={"N": f"{number}.{number % 100:02d}"},
        client={"M": {"name": {"S": "web" if number % 3 else 'a "phone"\n'}, "tags": {"L": [{"S": "é"}, {"N": "7"}]}}},
    )


def _load(pipeline: Pipeline) -> None:
    def put(first: int) -> None:
        laboratory.put(pipeline, [_item(number, pipeline.month) for number in range(first, first + 25)])

    with ThreadPoolExecutor(2) as pool:
        for first in range(0, ITEMS, 10_000):
            list(pool.map(put, range(first, first + 10_000, 25)))


def _lines(pipeline: Pipeline) -> Iterator[bytes]:
    partition = pipeline.partition()
    assert partition
    for key in readers.keys(pipeline.admin, partition.bucket, partition.prefix):
        yield from gzip.decompress(readers.body(pipeline.admin, partition.bucket, key)).splitlines()


def test_a_million_items_are_published_item_for_item(small: Callable[..., Pipeline]) -> None:
    pipeline = small("diary", segments=1)
    _load(pipeline)
    opened = pipeline.open("million")
    memory = PeakMemory()
    exported = pipeline.export(opened)
    assert memory.above_idle <= MOST_BYTES
    pipeline.commit(opened, exported)
    pipeline.stage(opened)
    manifest = pipeline.verify(opened)
    pipeline.publish(opened, "million")
    seen = bytearray(ITEMS)
    for line in _lines(pipeline):
        found = readers.plain(line)
        found.pop("_dynamodb_types", None)
        number = int(found["eventId"].removeprefix("event-"))
        assert found == readers.as_plain(_item(number, pipeline.month))
        assert not seen[number], f"item {number} is there twice"
        seen[number] = 1
    assert sum(seen) == ITEMS == pipeline.count() == manifest.archived
    # The embedded AWS keeps its tables in files when it ends, which would take it longer than anybody waits.
    pipeline.admin.dynamodb.delete_table(TableName=pipeline.archive.source.table)
