"""What a report says: typed, frozen, and restored from its own JSON.

``ReportContent.model_validate_json(content.to_json()) == content``. How it looks is the business of ``render``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt, StrictStr

from ttl_archive.errors import ConfigurationError
from ttl_archive.manifest import Certificate, Manifest
from ttl_archive.report.cost import Cost
from ttl_archive.report.sections import Chart, Section

Value = StrictBool | StrictInt | StrictFloat | StrictStr | None

_INTEGERS = frozenset({"tinyint", "smallint", "int", "integer", "bigint"})
_FLOATS = frozenset({"real", "float", "double"})


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Counts(_Content):
    """The three counts that must agree, and what else the scan met."""

    scanned: int  # items of the month that the scan matched
    archived: int  # lines in the manifest
    athena: int  # COUNT(*) of the published partition
    read: int  # all items that the scan returned
    outside: int  # ... of another month
    quarantined: int  # ... without a readable timestamp
    filtered: int  # ... left out by the server

    @property
    def agree(self) -> bool:
        """Whether scanned, archived and Athena are the same number."""
        return self.scanned == self.archived == self.athena


class SectionResult(_Content):
    """One section's result. A row is a list of values in the order of ``columns``."""

    name: str
    title: str
    question: str
    chart: Chart
    columns: tuple[str, ...]
    types: tuple[str, ...]  # Athena's, such as bigint, decimal, varchar
    rows: tuple[tuple[Value, ...], ...]
    query_execution_id: str
    data_scanned_bytes: int
    seconds: float
    truncated: bool  # the query gave more rows than are kept here

    def column(self, name: str) -> list[Value]:
        """The values of one column."""
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def type_of(self, name: str) -> str:
        """Athena's type of one column."""
        return self.types[self.columns.index(name)]


class Query(_Content):
    """A query that is no section: a table's definition, an audit, a count, the compaction."""

    name: str
    query_execution_id: str
    data_scanned_bytes: int
    seconds: float
    billed: bool = True  # Athena charges for what reads data, and not for DDL
    run_id: str | None = None  # of the run that archived the month, where that was another


class BadTimestamps(_Content):
    """Items whose timestamp is missing or unreadable; ``keys`` lists the first of them as JSON."""

    count: int
    keys: tuple[str, ...] = ()


class MixedTypes(_Content):
    """An attribute that has several DynamoDB types, each with its number of items."""

    attribute: str
    types: dict[str, int]


class LateItems(_Content):
    """What the run's scan found of another published month; ``keys`` are the first late ones."""

    month: str
    count: int  # items whose key the archive lacked
    gone: int  # published items that the table no longer has
    refreshed: bool  # whether the run publishes that month anew
    keys: str = ""


class DataQuality(_Content):
    """What the scan found odd about the items."""

    bad_timestamps: BadTimestamps
    ttl_missing: int
    ttl_not_a_number: int
    ttl_milliseconds: int
    ttl_over_five_years_old: int
    mixed_types: tuple[MixedTypes, ...] = ()
    late_items: tuple[LateItems, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether there is nothing to tell."""
        odd = self.ttl_missing + self.ttl_not_a_number + self.ttl_milliseconds + self.ttl_over_five_years_old
        return not (self.bad_timestamps.count or odd or self.mixed_types or any(one.count for one in self.late_items))


class Provenance(_Content):
    """Where the report comes from."""

    run_id: str
    archived_by: str | None = None  # the run that archived what is reported
    generation: str
    manifest_key: str
    generated_at: datetime  # aware
    versions: dict[str, str] = {}
    source: str = ""  # the DynamoDB table
    location: str = ""  # the published partition's
    read_from: str = ""  # the table that the sections read


class ReportContent(_Content):
    """One month's report, or a quarter's."""

    archive: str
    title: str
    month: str  # 2025-03, or 2025-Q1
    timezone: str
    counts: Counts
    certificate: Certificate
    sections: tuple[SectionResult, ...]
    queries: tuple[Query, ...] = ()
    cost: Cost
    data_quality: DataQuality
    provenance: Provenance
    locale: str = "en"

    @property
    def kind(self) -> str:
        """What it is the report of, in a word."""
        return "quarter" if "Q" in self.month else "month"

    @property
    def reported_later(self) -> bool:
        """Whether another run than this report's archived the month."""
        return self.provenance.archived_by not in (None, self.provenance.run_id)

    @property
    def parquet_is_pointless(self) -> bool:
        """Whether a month was compacted although no query reads what Athena bills at least."""
        compacted = self.kind == "month" and self.provenance.read_from.endswith("_parquet")
        return compacted and self.cost.queries_at_minimum == self.cost.queries

    def to_json(self) -> bytes:
        """Deterministic JSON: equal content gives equal bytes."""
        return self.model_dump_json(indent=2).encode() + b"\n"


def counts_of(manifest: Manifest, athena_count: int) -> Counts:
    """The counts of a published month.

    :param athena_count: COUNT(*) of the published partition.
    """
    return Counts(
        scanned=manifest.scanned - manifest.outside - manifest.quarantined - manifest.filtered,
        archived=manifest.archived,
        athena=athena_count,
        read=manifest.scanned,
        outside=manifest.outside,
        quarantined=manifest.quarantined,
        filtered=manifest.filtered,
    )


def data_quality_of(manifest: Manifest, late_items: tuple[LateItems, ...] = ()) -> DataQuality:
    """What the manifest tells about the items; an attribute that is only sometimes NULL isn't of mixed types."""
    mixed = [
        MixedTypes(attribute=attribute, types=dict(sorted(kinds.items())))
        for attribute, kinds in sorted(manifest.types.items())
        if len(kinds.keys() - {"NULL"}) > 1
    ]
    return DataQuality(
        bad_timestamps=BadTimestamps(
            count=manifest.quarantined,
            keys=tuple(json.dumps(key, ensure_ascii=False, sort_keys=True) for key in manifest.quarantined_keys),
        ),
        ttl_missing=manifest.ttl.missing,
        ttl_not_a_number=manifest.ttl.not_a_number,
        ttl_milliseconds=manifest.ttl.milliseconds,
        ttl_over_five_years_old=manifest.ttl.over_five_years_old,
        mixed_types=tuple(mixed),
        late_items=late_items,
    )


def result_rows(pages: Iterable[Mapping[str, Any]]) -> list[list[str | None]]:
    """The rows of GetQueryResults pages of a SELECT, without the header row that the first page begins with.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
    """
    rows = [row.get("Data", []) for page in pages for row in page["ResultSet"]["Rows"]]
    return [[datum.get("VarCharValue") for datum in row] for row in rows[1:]]


def section_result(
    section: Section,
    column_info: Sequence[Mapping[str, Any]],
    string_rows: Iterable[Sequence[str | None]],
    *,
    query_execution_id: str,
    data_scanned_bytes: int,
    seconds: float,
    truncated: bool = False,
) -> SectionResult:
    """Turn what GetQueryResults returned into a section's result.

    :param column_info: ``ResultSet.ResultSetMetadata.ColumnInfo``: each has Name and Type.
    :param string_rows: ``result_rows(pages)``; each row has one text, or None, a column.
    :param truncated: whether the query has more rows than these.
    :raises ConfigurationError: if a column of the chart isn't in the result.
    """
    columns = tuple(str(info["Name"]) for info in column_info)
    types = tuple(str(info["Type"]).lower() for info in column_info)
    missing = [name for name in section.chart.columns if name not in columns]
    if missing:
        raise ConfigurationError(
            f"include/sql/{section.template}: the chart's columns {', '.join(missing)} are not in the result; "
            f"it has {', '.join(columns)}; correct the header or the SELECT list"
        )
    return SectionResult(
        name=section.name,
        title=section.title,
        question=section.question,
        chart=section.chart,
        columns=columns,
        types=types,
        rows=tuple(
            tuple(typed_value(text, kind) for text, kind in zip(row, types, strict=True)) for row in string_rows
        ),
        query_execution_id=query_execution_id,
        data_scanned_bytes=data_scanned_bytes,
        seconds=seconds,
        truncated=truncated,
    )


def typed_value(text: str | None, athena_type: str) -> Value:
    """One of Athena's texts as a JSON value.

    >>> typed_value("42", "bigint"), typed_value("0.10", "decimal"), typed_value("true", "boolean")
    (42, '0.10', True)

    A decimal keeps its digits, so it stays text; so do NaN and the infinities, which JSON doesn't have.
    """
    if text is None:
        return None
    if athena_type in _INTEGERS:
        return int(text)
    if athena_type in _FLOATS:
        number = float(text)
        return number if abs(number) < float("inf") else text
    if athena_type == "boolean":
        return text == "true"
    return text
