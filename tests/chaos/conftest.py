"""Tables and archives that the fault tests share; the embedded AWS is one of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import published
from tests.chaos.fault_proxy import FaultProxy
from tests.chaos.trial import LONG, SEED, UPLOAD_BYTES, Trial
from tests.e2e import laboratory
from tests.e2e.conftest import _ready, airflow_database, embedded_aws, lab
from tests.e2e.deployment import Deployment
from tests.e2e.laboratory import Item, diary, noise
from tests.e2e.pipeline import Pipeline
from ttl_archive.config import Catalog, Destination, find_archive

__all__ = ["_ready", "airflow_database", "lab"]


def pytest_report_header() -> str:
    form = "long" if LONG else "short"
    return f"chaos: {form} form, seed {SEED}; the same again with CHAOS_SEED={SEED}"


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory, airflow_database: Path) -> Iterator[Deployment]:
    """One that takes the suite's small parts; S3 itself refuses them."""
    folder = tmp_path_factory.mktemp("chaos")
    with embedded_aws(folder, airflow_database, LOCAL_AWS_LEAST_PART_BYTES=str(UPLOAD_BYTES)) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def proxy(embedded: Deployment) -> Iterator[FaultProxy]:
    proxy = FaultProxy(embedded.url)
    yield proxy
    proxy.close()
    assert proxy.failures == []


@dataclass(frozen=True)
class Tables:
    """The table as it was when the month was first archived, and as it is now: shared, since nobody writes to them."""

    before: str
    after: str
    large: str
    rows_before: published.Rows
    rows_after: published.Rows
    rows_large: published.Rows


def make_items(month: Any, numbers: range, **more: Any) -> list[Item]:
    """Items of a month with numbers that no float holds, binary and sets."""
    items = []
    for number in numbers:
        own: Item = {
            "amount": {"N": f"{number + 1}234567890123456789012345678901.25"},
            "photo": {"B": bytes((number * 31 + at) % 256 for at in range(40))},
            "tags": {"SS": [f"tag-{number % 3}", f"tag-{number % 5 + 3}"]},
        }
        items.append(diary(number, f"{month}-{number % 28 + 1:02d}T{number % 24:02d}:00:00.000Z", **own, **more))
    return items


@pytest.fixture(scope="session")
def tables(lab: Deployment) -> Tables:
    archive = find_archive(lab.include, "diary", lab.environment)
    month = laboratory.last_month(archive)
    before = make_items(month, range(40))
    changed = [{**item, "action": {"S": "corrected"}, "amount": {"N": "0.1"}} for item in before[:5]]
    after = [*changed, *before[5:], *make_items(month, range(40, 60))]
    large = [*after, *(one | {"text": {"S": noise(90_000, number)}} for number, one in enumerate(
        make_items(month, range(100, 136))))]  # fmt: skip
    outside = [
        *(diary(900 + number, f"{month.next}-01T00:00:00Z") for number in range(5)),
        *(diary(910 + number, f"{month.previous}-28T23:59:59.999Z") for number in range(5)),
        diary(920, "some day"),
    ]
    names = []
    for name, items in (("before", before), ("after", after), ("large", large)):
        table = f"chaos-{name}"
        laboratory.create_table(lab, table, "diary", "expiresAt")
        put(lab, table, [*items, *outside])
        names.append(table)
    return Tables(*names, *map(published.rows_of, (before, after, large)))


def put(lab: Deployment, table: str, items: list[Item]) -> None:
    dynamodb = lab.admin().dynamodb
    for first in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[first : first + 25]]
        assert not dynamodb.batch_write_item(RequestItems={table: requests})["UnprocessedItems"]


_numbers = count(1)
Begin = Callable[..., Trial]


def pipeline_of(lab: Deployment, name: str, table: str, **source: Any) -> Pipeline:
    """An archive of a table, with a prefix and a Glue table of its own."""
    base = find_archive(lab.include, "diary", lab.environment)
    archive = base.model_copy(
        update={
            "name": name,
            "source": base.source.model_copy(update={"table": table, **source}),
            "destination": Destination(bucket=base.destination.bucket, prefix=f"{name}/"),
            "catalog": Catalog(database="laboratory", table=name),
        }
    )
    return Pipeline(archive, laboratory.last_month(archive), Path(lab.include), lab.admin(), lab.admin())


def at_table(pipeline: Pipeline, table: str, **source: Any) -> Pipeline:
    archive = pipeline.archive
    changed = archive.source.model_copy(update={"table": table, **source})
    return replace(pipeline, archive=archive.model_copy(update={"source": changed}))


@pytest.fixture(scope="session")
def begin(lab: Deployment, proxy: FaultProxy, tables: Tables) -> Begin:
    """``begin(old=True, large=False)``: a run about to start, of a month that was published before or never."""

    def make(*, old: bool = True, large: bool = False, **source: Any) -> Trial:
        pipeline = pipeline_of(lab, f"chaos_{next(_numbers)}", tables.before)
        if old:
            pipeline.run("the run before")
        return Trial(
            at_table(pipeline, tables.large if large else tables.after, **source),
            proxy,
            "run under trial",
            tables.rows_before if old else None,
            tables.rows_large if large else tables.rows_after,
        )

    return make


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries in this process wait a twentieth of what they would, as those of a worker do."""
    real = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: real(seconds / 20))
