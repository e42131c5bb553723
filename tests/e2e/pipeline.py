"""The DAG's steps called one by one, as its tasks call them, so that a test can step in between."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.e2e import readers
from tests.e2e.deployment import Clients
from ttl_archive import catalog, commit, planning, publication, queries, verification
from ttl_archive.config import Archive
from ttl_archive.export import SegmentExport
from ttl_archive.layout import audit_table, lease_key, pointer_key
from ttl_archive.manifest import Manifest, Pointer
from ttl_archive.months import Month
from ttl_archive.queries import QueryResult
from ttl_archive.scan import SegmentScan
from ttl_archive.selection import judge_of


@dataclass(frozen=True)
class Pipeline:
    """One month of one archive.

    :param aws: the identity that the steps run under.
    :param admin: the identity that the test looks and interferes with.
    """

    archive: Archive
    month: Month
    include: Path
    aws: Clients
    admin: Clients

    def of(self, month: Month) -> Pipeline:
        return replace(self, month=month)

    # the steps

    def open(self, run_id: str, now: datetime | None = None) -> dict[str, Any]:
        return planning.open_generation(
            self.archive,
            self.month,
            run_id,
            0,
            now or datetime.now(UTC),
            s3=self.aws.s3,
            dynamodb=self.aws.dynamodb,
            glue=self.aws.glue,
        )

    def export(self, opened: dict[str, Any]) -> list[dict[str, Any]]:
        plan = planning.plan_segments(
            self.archive, self.month, opened["generation"], s3=self.aws.s3, dynamodb=self.aws.dynamodb
        )
        exports = [self.segment_export(opened, segment) for segment in plan]
        return [{"segment": export.run().segment, "record": export.record_key} for export in exports]

    def segment_export(
        self, opened: dict[str, Any], segment: dict[str, Any], try_number: int = 1, **more: Any
    ) -> SegmentExport:
        source = self.archive.source
        scan = SegmentScan(
            client=self.aws.scanner,
            table=source.table,
            scan_kwargs={"ConsistentRead": source.consistent_read, **more.pop("scan_kwargs", {})},
            **segment,
        )
        arguments: dict[str, Any] = {
            "client": self.aws.s3,
            "bucket": self.archive.destination.bucket,
            "prefix": opened["staging_prefix"],
            "scan": scan,
            "try_number": try_number,
            "judge": judge_of(source.timestamp, self.month),
            "quarantine_prefix": opened["quarantine_prefix"],
            "key_attributes": tuple(opened["key_attributes"]),
            "ttl_attribute": source.ttl.attribute,
        }
        return SegmentExport(**{**arguments, **more})

    def commit(self, opened: dict[str, Any], exported: list[dict[str, Any]], reason: str = "") -> Manifest:
        return commit.write_manifest(self.archive, self.month, opened, exported, reason, s3=self.aws.s3)

    def stage(self, opened: dict[str, Any]) -> None:
        with contextlib.suppress(self.aws.glue.exceptions.AlreadyExistsException):
            self.aws.glue.create_database(DatabaseInput={"Name": self.archive.catalog.database})
        for name in ("create_table", "create_audit_table", "stage"):
            self.athena(self.render(f"catalog/{name}.sql", opened))

    def audit(self, opened: dict[str, Any]) -> tuple[QueryResult, QueryResult]:
        audit, missing_keys = (
            queries.fetch(self.aws.athena, self.athena(self.render(f"catalog/{name}.sql", opened)))
            for name in ("audit", "missing_keys")
        )
        return audit, missing_keys

    def verify(self, opened: dict[str, Any]) -> Manifest:
        return verification.verify_archive(self.archive, opened, *self.audit(opened), s3=self.aws.s3)

    def publish(self, opened: dict[str, Any], owner: str) -> Pointer:
        return publication.publish_partition(
            self.archive, self.month, opened, owner, s3=self.aws.s3, glue=self.aws.glue
        )

    # several of them

    def staged(self, run_id: str, reason: str = "") -> dict[str, Any]:
        """Everything up to the commit of the staged generation, and the catalog."""
        opened = self.open(run_id)
        self.commit(opened, self.export(opened), reason)
        self.stage(opened)
        return opened

    def run(self, run_id: str, reason: str = "") -> Pointer:
        """The whole way from the table to the published month."""
        opened = self.staged(run_id, reason)
        self.verify(opened)
        return self.publish(opened, run_id)

    # SQL

    def render(self, template: str, opened: dict[str, Any] | None = None, **more: Any) -> str:
        environment = Environment(  # noqa: S701 - SQL
            loader=FileSystemLoader(self.include / "sql"), undefined=StrictUndefined
        )
        variables = {
            **catalog.sql_variables(self.archive),
            **{name: (opened or {})[name] for name in ("generation", "base", "key_attributes") if opened},
            "month": self.month,
            "previous_month": self.month.previous,
            **more,
        }
        return environment.get_template(template).render(variables)

    def athena(self, statement: str) -> str:
        """Run a statement; return its execution id.

        :raises QueryFailed: what the DAG's operator raises.
        """
        athena = self.aws.athena
        started: str = athena.start_query_execution(
            QueryString=statement,
            QueryExecutionContext={"Database": self.archive.catalog.database},
            ResultConfiguration={"OutputLocation": self.archive.athena.results},
            WorkGroup=self.archive.athena.workgroup,
        )["QueryExecutionId"]
        wait_until(lambda: self._state(started) not in ("QUEUED", "RUNNING"))
        if self._state(started) != "SUCCEEDED":
            raise queries.failure(athena, started, "e2e")
        return started

    def _state(self, execution: str) -> str:
        answer = self.aws.athena.get_query_execution(QueryExecutionId=execution)
        return str(answer["QueryExecution"]["Status"]["State"])

    def rows(self, statement: str) -> list[tuple[str | None, ...]]:
        return list(queries.fetch(self.aws.athena, self.athena(statement)).rows)

    # what a reader sees

    def count(self) -> int:
        """What Athena counts in the published table's month."""
        found = self.rows(
            f"SELECT COUNT(*) FROM {self.archive.catalog.table} "
            f"WHERE year = '{self.month.yyyy}' AND month = '{self.month.mm}'"
        )
        return int(found[0][0] or 0)

    def lines(self) -> list[bytes]:
        """The published lines, sorted."""
        table = self.archive.catalog
        return sorted(readers.published_lines(self.admin, table.database, table.table, str(self.month)))

    def partition(self) -> readers.Partition | None:
        """The month's partition."""
        table = self.archive.catalog
        return readers.partitions(self.admin, table.database, table.table).get((self.month.yyyy, self.month.mm))

    def audit_partitions(self) -> dict[tuple[str, ...], readers.Partition]:
        return readers.partitions(self.admin, self.archive.catalog.database, audit_table(self.archive))

    def pointer(self) -> dict[str, Any] | None:
        """The month's pointer, or None."""
        return self._document(pointer_key(self.archive, self.month))

    def lease(self) -> dict[str, Any] | None:
        return self._document(lease_key(self.archive, self.month))

    def _document(self, key: str) -> dict[str, Any] | None:
        bucket = self.archive.destination.bucket
        if key not in readers.keys(self.admin, bucket, key):
            return None
        found: dict[str, Any] = readers.document(self.admin, bucket, key)
        return found

    def seen(self) -> tuple[Any, ...]:
        """All that readers see of the month."""
        partition = self.partition()
        return self.pointer(), partition, self.lines() if partition else None


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
