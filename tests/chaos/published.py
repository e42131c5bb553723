"""What readers find, by DuckDB over the objects of the partition that Glue names: nothing of the package takes part."""

from __future__ import annotations

import base64
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from tests.e2e import readers
from tests.e2e.deployment import Clients
from tests.e2e.pipeline import Pipeline

Row = tuple[Any, ...]
Rows = dict[tuple[str, str], Row]

# Numbers as their text in the line: DuckDB's JSON reads fractions as doubles.
_QUERY = r"""
SELECT
    json ->> '$.userId',
    json ->> '$.eventId',
    json ->> '$.action',
    json ->> '$.timestamp',
    regexp_extract(json, '"expiresAt":([-+.0-9eE]+)[,}]', 1),
    regexp_extract(json, '"amount":([-+.0-9eE]+)[,}]', 1),
    json ->> '$.photo',
    list_sort(CAST(json -> '$.tags' AS VARCHAR[])),
    md5(json ->> '$.text')
FROM read_json_objects(?, format = 'newline_delimited')
"""


def rows_of(items: Iterable[readers.Item]) -> Rows:
    """What the published rows of items must be."""
    found = {}
    with duckdb.connect() as database:
        for item in items:
            text = item.get("text", {}).get("S")
            found[item["userId"]["S"], item["eventId"]["S"]] = (
                item["userId"]["S"],
                item["eventId"]["S"],
                item["action"]["S"],
                item["timestamp"]["S"],
                item["expiresAt"]["N"],
                item.get("amount", {"N": ""})["N"],
                base64.b64encode(item["photo"]["B"]).decode() if "photo" in item else None,
                sorted(item["tags"]["SS"]) if "tags" in item else None,
                database.execute("SELECT md5(?)", [text]).fetchall()[0][0],
            )
    return found


def read(aws: Clients, bucket: str, prefix: str) -> list[Row]:
    """Every row of the objects below a prefix that Athena would read."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as database:
        paths = []
        for number, key in enumerate(readers.keys(aws, bucket, prefix)):
            if key.removeprefix(prefix)[0] not in "_.":
                path = Path(folder, f"{number}.jsonl.gz")
                path.write_bytes(readers.body(aws, bucket, key))
                paths.append(str(path))
        return database.execute(_QUERY, [paths]).fetchall() if paths else []


def month(pipeline: Pipeline) -> Rows | None:
    """The published month, None where there is none.

    :raises AssertionError: if a key is there twice, or the month has another partition.
    """
    table = pipeline.archive.catalog
    try:
        found = readers.partitions(pipeline.admin, table.database, table.table)
    except pipeline.admin.glue.exceptions.EntityNotFoundException:
        found = {}
    if not found:
        return None
    assert set(found) == {(pipeline.month.yyyy, pipeline.month.mm)}
    (partition,) = found.values()
    rows = read(pipeline.admin, partition.bucket, partition.prefix)
    by_key = {(row[0], row[1]): row for row in rows}
    assert len(by_key) == len(rows), "a key is published twice"
    return by_key


class Witness:
    """A reader who looks again and again while a ``with`` block runs; what it saw must be the old month or the new.

    It looks at what is listed each time, and reads the rows anew only where the listing changed.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._aws = Clients(pipeline.admin.url)  # clients are not shared between threads
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._last: Any = object()
        self.seen: list[Rows | None] = []
        self.looks = 0
        self.failures: list[BaseException] = []

    def __enter__(self) -> Witness:
        self.look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)
        if kind is None:
            assert not self._thread.is_alive()
            self.look()

    def look(self) -> None:
        """Read what is published now."""
        self.looks += 1
        listing = self._listing()
        if listing != self._last:
            self._last = listing
            self.seen.append(month(replace(self._pipeline, admin=self._aws)))

    def _listing(self) -> Any:
        table = self._pipeline.archive.catalog
        try:
            found = readers.partitions(self._aws, table.database, table.table)
        except self._aws.glue.exceptions.EntityNotFoundException:
            return None
        listing = []
        for values, partition in found.items():
            page = self._aws.s3.list_objects_v2(Bucket=partition.bucket, Prefix=partition.prefix)
            listing.append((values, [(one["Key"], one["ETag"]) for one in page.get("Contents", [])]))
        return listing

    def _watch(self) -> None:
        while not self._stop.wait(0.03):
            try:
                self.look()
            except BaseException as error:  # handed to the test's thread
                self.failures.append(error)
                return


def only_old_or_new(witness: Witness, old: Rows | None, new: Rows) -> None:
    """Every look found the whole old month or the whole new one, in this order."""
    assert witness.failures == []
    assert all(one in (old, new) for one in witness.seen), "a reader saw neither the old month nor the new one"
    assert witness.seen[-1] == new
    since = witness.seen.index(new)
    assert all(one == new for one in witness.seen[since:]), "a reader saw the old month after the new one"


def nothing_left_over(pipeline: Pipeline, generations: int = 1) -> None:
    """No upload is open, and below the archive's prefix lies what manifests list, of so many generations."""
    aws, bucket = pipeline.admin, pipeline.archive.destination.bucket
    assert open_uploads(pipeline) == []
    prefix = f"{pipeline.archive.destination.prefix}year={pipeline.month.yyyy}/month={pipeline.month.mm}/"
    listed = set()
    manifests = f"_manifests/{pipeline.archive.name}/{pipeline.month}/"
    names = {key.removeprefix(prefix).partition("/")[0] for key in readers.keys(aws, bucket, prefix)}
    for name in names:
        manifest = readers.document(aws, bucket, f"{manifests}{name}.json")
        listed |= {f"{prefix}{name}/{part['name']}" for part in manifest["parts"]}
    assert set(readers.keys(aws, bucket, pipeline.archive.destination.prefix)) == listed
    assert len(names) == generations
    pointer = pipeline.pointer()
    partition = pipeline.partition()
    assert pointer is not None
    assert partition is not None
    assert partition.location == pointer["location"]
    assert pointer["generation"] == partition.parameters["ttl_archive.generation"]


def open_uploads(pipeline: Pipeline) -> list[str]:
    """The keys of the archive's multipart uploads that nobody completed or aborted."""
    found = pipeline.admin.s3.list_multipart_uploads(Bucket=pipeline.archive.destination.bucket).get("Uploads", [])
    name = pipeline.archive.name
    return [one["Key"] for one in found if f"/{name}/" in one["Key"] or one["Key"].startswith(f"{name}/")]
