"""A table that changes between the pages of its Scan: other writers, and TTL.

A Scan is no snapshot. What must be published is every item that nobody touched; an item that somebody touched is
published in one of its versions, or not at all where it was away for a time.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.chaos import published
from tests.chaos.conftest import at_table, make_items, pipeline_of
from tests.chaos.fault_proxy import Answer, FaultProxy, Request, Rule
from tests.chaos.trial import SEED, Trial, seeds
from tests.e2e import laboratory
from tests.e2e.deployment import Deployment
from tests.e2e.laboratory import Item, diary

pytestmark = [pytest.mark.xdist_group("chaos-faults"), pytest.mark.usefixtures("no_waits")]
PAGE_ITEMS = 9
FAR = 10_000


class Writers:
    """Whoever else uses the table; they act before each page is read, as a seed has it."""

    def __init__(self, trial: Trial, random: Random, items: list[Item]) -> None:
        self._pipeline, self._random = trial.pipeline, random
        self._month = trial.pipeline.month
        self._touchable = items
        self._next = 5000
        self.versions: dict[tuple[str, str], list[published.Row]] = defaultdict(list)
        self.away: set[tuple[str, str]] = set()
        self.touched: set[tuple[str, str]] = set()
        self.pages = 0
        for item in items:
            self._remember(item)

    def before_page(self, request: Request) -> Answer | None:
        self.pages += 1
        for act in self._random.sample([self._add, self._change, self._move, self._delete, self._add_elsewhere], 3):
            act()
        return request.forward()

    def _remember(self, item: Item) -> tuple[str, str]:
        ((key, row),) = published.rows_of([item]).items()
        self.versions[key].append(row)
        return key

    def _put(self, item: Item) -> None:
        laboratory.put(self._pipeline, [item])

    def _one(self) -> Item:
        return self._random.choice(self._touchable)

    def _add(self) -> None:
        self._next += 1
        (item,) = make_items(self._month, range(self._next, self._next + 1))
        self.away.add(self._remember(item))
        self._put(item)

    def _add_elsewhere(self) -> None:
        self._next += 1
        self._put(diary(self._next, f"{self._month.next}-01T00:00:00Z"))

    def _change(self) -> None:
        item = {**self._one(), "action": {"S": f"changed-{self._random.random()}"}}
        self.touched.add(self._remember(item))
        self._put(item)

    def _move(self) -> None:
        item = {**self._one(), "timestamp": {"S": f"{self._month.previous}-02T00:00:00Z"}}
        self.away.add((item["userId"]["S"], item["eventId"]["S"]))
        self._put(item)

    def _delete(self) -> None:
        item = self._one()
        self.away.add((item["userId"]["S"], item["eventId"]["S"]))
        laboratory.delete(self._pipeline, item)


def run_of(lab: Deployment, proxy: FaultProxy, name: str) -> Trial:
    pipeline = pipeline_of(lab, name, name)
    laboratory.create_table(lab, name, "diary", "expiresAt")
    settings = {"page_items": PAGE_ITEMS}
    return Trial(at_table(pipeline, name), proxy, "run under trial", None, {}, settings)


@pytest.mark.parametrize("seed", seeds(short=1, long=10))
def test_writers_between_the_pages(lab: Deployment, proxy: FaultProxy, seed: int) -> None:
    trial = run_of(lab, proxy, f"chaos_writers_{seed}")
    random = Random(seed)
    items = make_items(trial.pipeline.month, range(80))
    laboratory.put(trial.pipeline, items)
    writers = Writers(trial, random, items[:40])
    untouched = published.rows_of(items[40:])
    trial.advance_to("export_segment 0")
    with published.Witness(trial.pipeline) as witness:
        with proxy.meddling(Rule("dynamodb:Scan", writers.before_page, times=FAR)):
            assert trial.here("export_segment 0", faulty=True).done
            assert trial.here("export_segment 1", faulty=True).done
        trial.finish()
    assert writers.pages > 8
    assert len(writers.touched | writers.away) > 8
    found = published.month(trial.pipeline)
    assert found is not None
    assert {key: row for key, row in found.items() if key in untouched} == untouched
    others = {key: row for key, row in found.items() if key not in untouched}
    assert all(row in writers.versions[key] for key, row in others.items())
    assert set(others) >= set(writers.versions) - writers.away
    replace(trial, expected=found).check(witness)


@pytest.mark.parametrize("seed", [SEED])
def test_ttl_deletes_between_the_pages(lab: Deployment, proxy: FaultProxy, seed: int) -> None:
    """By hand, since the embedded TTL comes only once a minute; it may come too, for all of these are expired."""
    trial = run_of(lab, proxy, f"chaos_ttl_{seed}")
    random = Random(seed)
    items = make_items(trial.pipeline.month, range(60))
    past = {"N": str(int(time.time()) - 86400)}
    expired = [{**item, "expiresAt": past} for item in items[:30]]
    laboratory.put(trial.pipeline, [*expired, *items[30:]])
    deleted: set[tuple[str, str]] = set()

    def delete_two(request: Request) -> Any:
        for item in random.sample(expired, 2):
            deleted.add((item["userId"]["S"], item["eventId"]["S"]))
            laboratory.delete(trial.pipeline, item)
        return request.forward()

    trial.advance_to("export_segment 0")
    with published.Witness(trial.pipeline) as witness:
        with proxy.meddling(Rule("dynamodb:Scan", delete_two, times=FAR)):
            assert trial.here("export_segment 0", faulty=True).done
            assert trial.here("export_segment 1", faulty=True).done
        left = trial.pipeline.admin.dynamodb.scan(TableName=trial.pipeline.archive.source.table, ConsistentRead=True)
        trial.finish()
    found = published.month(trial.pipeline)
    assert found is not None
    assert len(deleted) > 5
    everything = published.rows_of([*expired, *items[30:]])
    assert all(everything[key] == row for key, row in found.items())
    assert found.keys() >= {(item["userId"]["S"], item["eventId"]["S"]) for item in left["Items"]}
    replace(trial, expected=found).check(witness)
