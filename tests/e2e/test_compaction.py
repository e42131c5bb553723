"""Compacting a published month into Parquet: the same rows, or nobody reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e import laboratory, readers
from tests.e2e.laboratory import diary, diary_month
from tests.e2e.pipeline import Pipeline
from ttl_archive import compaction, queries, upkeep
from ttl_archive.config import Column
from ttl_archive.errors import CompactionDiffers, ConfigurationError
from ttl_archive.layout import parquet_audit_table, parquet_table

pytestmark = pytest.mark.xdist_group("e2e-invariants")

COLUMNS = [
    ("userId", "string"), ("eventId", "string"), ("timestamp", "string"), ("expiresAt", "bigint"),
    ("price", "decimal(38,9)"), ("ratio", "double"), ("ok", "boolean"), ("tags", "array<string>"),
    ("sizes", "map<string,bigint>"), ("client", "struct<name:string,version:int>"),
]  # fmt: skip


@pytest.fixture
def pipeline(small: Callable[..., Pipeline]) -> Pipeline:
    """A month of a table with many types, published."""
    plain = small("diary")
    columns = tuple(Column(name=name, type=kind) for name, kind in COLUMNS)
    catalog = plain.archive.catalog.model_copy(update={"parquet": True})
    pipeline = replace(plain, archive=plain.archive.model_copy(update={"columns": columns, "catalog": catalog}))
    rich: dict[str, Any] = {
        "price": {"N": "12345678901234567890123456789.123456789"},
        "ratio": {"N": "-1.5E-7"},
        "ok": {"BOOL": False},
        "tags": {"L": [{"S": ""}, {"S": 'é,\n"quoted" 🙂'}]},
        "sizes": {"M": {"a": {"N": "9007199254740993"}, "B": {"N": "-1"}}},
        "client": {"M": {"name": {"S": "web"}, "version": {"N": "3"}}},
        "unlisted": {"S": "has no column"},
    }
    twins = [{**diary(n, f"{pipeline.month}-03T00:00:00Z"), "eventId": {"S": f"twin-{n}"}} for n in (500, 501)]
    items = [*diary_month(pipeline.month, 20), diary(99, f"{pipeline.month}-02T00:00:00Z", **rich), *twins]
    laboratory.put(pipeline, items)
    pipeline.run("first")
    return pipeline


def _plan(pipeline: Pipeline, run_id: str) -> list[dict[str, str]]:
    return compaction.plan_compaction(pipeline.archive, run_id, 0, pipeline.aws.glue)


def _unload(pipeline: Pipeline, opened: dict[str, str], attempt: int = 1) -> str:
    folder = f"{opened['stem']}-{attempt}"
    pipeline.athena(pipeline.render("catalog/unload.sql", folder=folder))
    return folder


def _publish(pipeline: Pipeline, opened: dict[str, str], folder: str) -> str:
    pipeline.athena(pipeline.render("catalog/stage_parquet.sql", folder=folder))
    audit = queries.fetch(
        pipeline.aws.athena, pipeline.athena(pipeline.render("catalog/audit_parquet.sql", folder=folder))
    )
    clients: dict[str, Any] = {"s3": pipeline.aws.s3, "glue": pipeline.aws.glue}
    return compaction.publish_compaction(pipeline.archive, pipeline.month, opened, folder, audit, "run", **clients)


def _compact(pipeline: Pipeline, run_id: str) -> str:
    (opened,) = _plan(pipeline, run_id)
    return _publish(pipeline, opened, _unload(pipeline, opened))


def _shown(pipeline: Pipeline) -> readers.Partition | None:
    table = pipeline.archive.catalog
    return readers.partitions(pipeline.admin, table.database, parquet_table(pipeline.archive)).get(
        (pipeline.month.yyyy, pipeline.month.mm)
    )


def _rows(pipeline: Pipeline, tmp_path: Path) -> list[dict[str, Any]]:
    """The rows of the Parquet files that the partition shows, read by DuckDB, with its numbers as text."""
    partition = _shown(pipeline)
    assert partition is not None
    for number, key in enumerate(readers.keys(pipeline.admin, partition.bucket, partition.prefix)):
        (tmp_path / f"{number}.parquet").write_bytes(readers.body(pipeline.admin, partition.bucket, key))
    names = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" if "decimal" in kind else name for name, kind in COLUMNS)
    found = duckdb.sql(f"SELECT {names} FROM read_parquet('{tmp_path}/*.parquet') ORDER BY eventid")
    return [dict(zip(map(str.lower, found.columns), row, strict=True)) for row in found.fetchall()]


def test_the_compacted_month_is_the_published_one(pipeline: Pipeline, tmp_path: Path) -> None:
    seen = pipeline.seen()
    location = _compact(pipeline, "first")
    rows = _rows(pipeline, tmp_path)
    published = sorted(map(readers.plain, pipeline.lines()), key=lambda line: line["eventId"])
    assert [row["eventid"] for row in rows] == [line["eventId"] for line in published]
    assert [row["expiresat"] for row in rows] == [line["expiresAt"] for line in published]
    (rich,) = [row for row in rows if row["price"]]
    assert rich["price"] == "12345678901234567890123456789.123456789"
    assert (rich["ratio"], rich["ok"], rich["tags"]) == (-1.5e-7, False, ["", 'é,\n"quoted" 🙂'])
    assert rich["sizes"] == {"a": 9007199254740993, "B": -1}
    assert rich["client"] == {"name": "web", "version": 3}
    assert "/_parquet/" in location
    assert pipeline.seen() == seen
    assert _plan(pipeline, "again") == []
    compaction.require_compacted(pipeline.archive, pipeline.aws.glue)
    audit = readers.partitions(pipeline.admin, "laboratory", parquet_audit_table(pipeline.archive))
    assert audit == {}


def test_a_month_published_anew_is_compacted_anew(pipeline: Pipeline, tmp_path: Path) -> None:
    _compact(pipeline, "first")
    old = _shown(pipeline)
    laboratory.put(pipeline, [diary(77, f"{pipeline.month}-09T00:00:00Z")])
    pipeline.run("second")
    assert _shown(pipeline) == old
    with pytest.raises(CompactionDiffers, match=f"lacks the published {pipeline.month}"):
        compaction.require_compacted(pipeline.archive, pipeline.aws.glue)
    _compact(pipeline, "second")
    assert _shown(pipeline) != old
    assert len(_rows(pipeline, tmp_path)) == 24


def test_rows_that_differ_are_shown_to_nobody(pipeline: Pipeline) -> None:
    (opened,) = _plan(pipeline, "first")
    folder = _unload(pipeline, opened)
    bucket = pipeline.archive.destination.bucket
    prefix = f"_parquet/{pipeline.archive.name}/year={pipeline.month.yyyy}/month={pipeline.month.mm}/{folder}/"
    (written,) = readers.keys(pipeline.admin, bucket, prefix)
    pipeline.admin.s3.copy_object(Bucket=bucket, Key=f"{prefix}zombie", CopySource={"Bucket": bucket, "Key": written})
    with pytest.raises(CompactionDiffers, match=r"compacted rows: 46 instead of 23, differing rows: 2\d instead"):
        _publish(pipeline, opened, folder)
    assert _shown(pipeline) is None
    # The next try has a folder of its own.
    _publish(pipeline, opened, _unload(pipeline, opened, attempt=2))
    assert _shown(pipeline) is not None


def test_a_generation_that_was_replaced_meanwhile_is_not_shown(pipeline: Pipeline) -> None:
    (opened,) = _plan(pipeline, "first")
    folder = _unload(pipeline, opened)
    pipeline.run("second")
    with pytest.raises(CompactionDiffers, match="is published now"):
        _publish(pipeline, opened, folder)
    assert _shown(pipeline) is None


def test_a_new_column_is_compacted_into_every_month(pipeline: Pipeline, tmp_path: Path) -> None:
    _compact(pipeline, "first")
    columns = (*pipeline.archive.columns, Column(name="action", type="string"))
    wider = replace(pipeline, archive=pipeline.archive.model_copy(update={"columns": columns}))
    assert [one["month"] for one in _plan(wider, "second")] == [str(pipeline.month)]
    _compact(wider, "second")
    partition = _shown(wider)
    assert partition is not None
    (key,) = readers.keys(wider.admin, partition.bucket, partition.prefix)
    (tmp_path / "one.parquet").write_bytes(readers.body(wider.admin, partition.bucket, key))
    found = duckdb.sql(f"SELECT DISTINCT action FROM read_parquet('{tmp_path}/one.parquet')").fetchall()
    assert found == [("chat",)]


def test_a_table_of_somebody_else_is_left_alone(pipeline: Pipeline) -> None:
    name = parquet_table(pipeline.archive)
    pipeline.admin.glue.create_table(
        DatabaseName="laboratory", TableInput={"Name": name, "TableType": "EXTERNAL_TABLE"}
    )
    with pytest.raises(ConfigurationError, match=f"{name} is not an archive's, expected {pipeline.archive.name}'s own"):
        _plan(pipeline, "first")


def test_folders_that_nobody_is_shown_go(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _compact(pipeline, "first")
    laboratory.put(pipeline, [diary(77, f"{pipeline.month}-09T00:00:00Z")])
    pipeline.run("second")
    second = _compact(pipeline, "second")
    later = pipeline.of(pipeline.month.previous)
    laboratory.put(later, [diary(78, f"{later.month}-09T00:00:00Z")])
    later.run("later")
    (opened,) = _plan(later, "dead")
    dead = _unload(later, opened)
    clients: dict[str, Any] = {"s3": pipeline.aws.s3, "glue": pipeline.aws.glue}

    def removed() -> list[str]:
        done = upkeep.remove_superseded(pipeline.archive, **clients)["removed"]
        return [prefix for prefix in done if prefix.startswith("_parquet/")]

    assert removed() == []
    monkeypatch.setattr(upkeep, "READERS_TIME", timedelta(seconds=-2))
    assert [f"s3://{pipeline.archive.destination.bucket}/{prefix}" for prefix in removed()] == [first]
    monkeypatch.setattr(upkeep, "ORPHAN_AGE", timedelta(seconds=-2))
    assert [prefix.rstrip("/").rpartition("/")[2] for prefix in removed()] == [dead]
    shown = _shown(pipeline)
    assert shown is not None
    assert shown.location == second
    assert readers.keys(pipeline.admin, shown.bucket, shown.prefix)
