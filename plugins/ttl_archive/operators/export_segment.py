"""Exports one scan segment of a DynamoDB table to S3, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
from airflow.providers.amazon.aws.transfers.dynamodb_to_s3 import (
    DynamoDBToS3Operator,
    _convert_item_to_json_bytes,
)
from botocore.config import Config

from ttl_archive import objects
from ttl_archive.config import Timestamp
from ttl_archive.errors import ArchiveError
from ttl_archive.export import Encode, OpenMonth, SegmentExport, keys_of, whole
from ttl_archive.months import Month
from ttl_archive.page import Items
from ttl_archive.page_codec import Kinds, count_kinds
from ttl_archive.scan import SegmentScan, prepare_client, python_types
from ttl_archive.selection import judge_of
from ttl_archive.translation import explained

if TYPE_CHECKING:
    from airflow.sdk import Context


PART_BYTES = 64 * 1024 * 1024
# A month's scan must outlive throttling: adaptive retries slow down before they give up.
_SCAN_CONFIG = Config(retries={"mode": "adaptive", "total_max_attempts": 12}, read_timeout=60, connect_timeout=10)


class ExportSegmentOperator(DynamoDBToS3Operator):
    """Scan one segment and write the items of a month as gzipped JSON Lines under ``s3_key_prefix``.

    Usable in place of ``DynamoDBToS3Operator``: the same parameters and template fields, and a point-in-time export is
    the provider's own. What differs, since the provider's loses digits, fails on sets and binary, and leaves duplicates
    after a retry: lines are exact (``ttl_archive.codec``), keys are ``part-SSSSS-NNNNN.jsonl.gz`` and the same in
    every try, ``file_size`` is the compressed size at which a part is rolled (default 64 MiB), and a later try removes
    what an earlier one left.

    :param segment: ``{"segment": 0, "total_segments": 4, "read_units_per_second": None}``, the last being this
        segment's share of the archive's limit; None scans the whole table. (templated)
    :param month: archive only the items of this month, ``2025-03``; None archives all. (templated)
    :param timezone: the time zone that the month is meant in.
    :param timestamp: ``{"attribute": ..., "format": ...}``; needed with ``month``.
    :param quarantine_prefix: where items go whose timestamp is missing or unreadable. (templated)
    :param key_attributes: the table's primary key, listed in the record for quarantined items. (templated)
    :param ttl_attribute: the TTL attribute, for ``first_expiry``.
    :param open_months: other months whose items are staged on the way, as ``planning.open_months`` returns them; whole
        lines where ``refresh_open_months``, else only keys. (templated)
    :param sealed_by: key whose existence says that the generation is committed: then nothing is written. (templated)
    :return: ``{"segment", "scanned", "archived", "quarantined", "bytes", "read_units", "record"}``, ``record`` being
        the key of the segment's record.
    :raises Superseded: if a later try has taken over.
    :raises CallFailed: if DynamoDB or S3 failed a call.
    """

    template_fields: Sequence[str] = (
        *DynamoDBToS3Operator.template_fields,
        "segment",
        "month",
        "quarantine_prefix",
        "key_attributes",
        "sealed_by",
        "open_months",
    )

    def __init__(
        self,
        *,
        segment: dict[str, Any] | None = None,
        month: str | None = None,
        timezone: str = "UTC",
        timestamp: dict[str, str] | None = None,
        quarantine_prefix: str | None = None,
        key_attributes: Sequence[str] = (),
        ttl_attribute: str | None = None,
        sealed_by: str | None = None,
        open_months: Sequence[dict[str, Any]] | None = None,
        refresh_open_months: bool = False,
        file_size: int = PART_BYTES,
        **kwargs: Any,
    ) -> None:
        super().__init__(file_size=file_size, **kwargs)
        self.segment = segment
        self.month = month
        self.timezone = timezone
        self.timestamp = timestamp
        self.quarantine_prefix = quarantine_prefix
        self.key_attributes = key_attributes
        self.ttl_attribute = ttl_attribute
        self.sealed_by = sealed_by
        self.open_months = open_months
        self.refresh_open_months = refresh_open_months
        self._export: SegmentExport | None = None

    @explained
    def execute(self, context: Context) -> dict[str, Any] | None:  # type: ignore[override]
        """Export the segment, or leave a point-in-time export to the provider."""
        if self.point_in_time_export or self.export_time:
            super().execute(context)
            return None
        s3: Any = AwsGenericHook(aws_conn_id=self.dest_aws_conn_id, client_type="s3").get_conn()
        if self.sealed_by and objects.read(s3, self.s3_bucket_name, self.sealed_by):
            raise ArchiveError(
                f"s3://{self.s3_bucket_name}/{self.sealed_by} commits this generation, so nothing may be written into "
                "it: clear open_generation and everything after it, which starts a new generation"
            )
        self._export = self._segment_export(s3, context["ti"].try_number)
        record = self._export.run()
        self.log.info(
            "Segment %s of %s: %s items scanned, %s archived in %s parts (%s bytes), %s quarantined, %s read units",
            record.segment,
            record.total_segments,
            record.scanned,
            record.archived,
            len(record.parts),
            sum(part.bytes for part in record.parts),
            record.quarantined,
            record.read_units,
        )
        return {
            "segment": record.segment,
            "scanned": record.scanned,
            "archived": record.archived,
            "quarantined": record.quarantined,
            "bytes": sum(part.bytes for part in record.parts),
            "read_units": record.read_units,
            "record": self._export.record_key,
        }

    def on_kill(self) -> None:
        """Abort the uploads under way, so that no half-written part stays in S3."""
        if self._export:
            self._export.abort()

    def _segment_export(self, s3: Any, try_number: int) -> SegmentExport:
        dynamodb: Any = AwsGenericHook(aws_conn_id=self.source_aws_conn_id, client_type="dynamodb", config=_SCAN_CONFIG)
        judge, open_months = None, tuple[OpenMonth, ...]()
        if self.month:
            if self.timestamp is None:
                raise ArchiveError(f"task {self.task_id}: month={self.month!r} needs timestamp=, found none")
            month = Month.parse(self.month, self.timezone)
            timestamp = Timestamp.model_validate(self.timestamp)
            judge = judge_of(timestamp, month)
            open_months = tuple(self._open_month(timestamp, one) for one in self.open_months or ())
        return SegmentExport(
            client=s3,
            bucket=self.s3_bucket_name,
            prefix=self.s3_key_prefix,
            scan=SegmentScan(
                client=prepare_client(dynamodb.get_conn()),
                table=self.dynamodb_table_name,
                scan_kwargs=self.dynamodb_scan_kwargs or {},
                **(self.segment or {}),
            ),
            try_number=try_number,
            judge=judge,
            encode=self._encode(),
            quarantine_prefix=self.quarantine_prefix,
            key_attributes=tuple(self.key_attributes),
            ttl_attribute=self.ttl_attribute,
            target_bytes=int(self.file_size),
            open_months=open_months,
        )

    def _open_month(self, timestamp: Timestamp, opened: dict[str, Any]) -> OpenMonth:
        judge = judge_of(timestamp, Month.parse(opened["month"], self.timezone))
        encode = whole if self.refresh_open_months else keys_of(opened["key_attributes"])
        return OpenMonth(opened["staging_prefix"], judge, encode)

    def _encode(self) -> Encode:
        if self.process_func is _convert_item_to_json_bytes:
            return whole
        return self._processed

    def _processed(self, items: Items) -> tuple[bytes, Kinds]:
        """What the caller's ``process_func`` makes of the items, which are counted by their lines."""
        typed = items.typed()
        lines = [bytes(self.process_func(python_types(item))) for item in typed]
        if not all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines):
            raise ArchiveError(
                f"task {self.task_id}: process_func={self.process_func!r} must return one line with its newline for "
                "an item, and returned none or several; make it one line of JSON"
            )
        return b"".join(lines), count_kinds(typed)
