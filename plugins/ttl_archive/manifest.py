"""The records of a generation: what segments wrote, the manifest that commits it, and the certificate.

All are frozen and reproducible: nothing in them depends on when or how often a task was tried, except ``as_of``, which
the first finished try of each segment fixes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict

KEYS_LISTED = 100  # of quarantined items and of missing keys; the counts are always whole


class Record(BaseModel):
    """A frozen record stored as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_bytes(self) -> bytes:
        """Deterministic JSON: the same record is always the same bytes."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


class Part(Record):
    """One object of JSON Lines."""

    name: str
    items: int
    bytes: int
    uncompressed_bytes: int
    crc32: str  # base64 of the whole object's CRC-32, as S3 gives it for a FULL_OBJECT checksum


class TtlCounts(Record):
    """What the TTL values of the archived items say; the odd ones are apart and don't enter ``first_expiry``."""

    first_expiry: int | None = None  # epoch seconds
    last_expiry: int | None = None
    usable: int = 0
    missing: int = 0
    not_a_number: int = 0
    milliseconds: int = 0  # beyond the year 5138 as seconds: TTL would never delete it
    over_five_years_old: int = 0  # TTL doesn't delete it

    def __add__(self, other: TtlCounts) -> TtlCounts:
        firsts = [one.first_expiry for one in (self, other) if one.first_expiry is not None]
        lasts = [one.last_expiry for one in (self, other) if one.last_expiry is not None]
        return TtlCounts(
            first_expiry=min(firsts, default=None),
            last_expiry=max(lasts, default=None),
            usable=self.usable + other.usable,
            missing=self.missing + other.missing,
            not_a_number=self.not_a_number + other.not_a_number,
            milliseconds=self.milliseconds + other.milliseconds,
            over_five_years_old=self.over_five_years_old + other.over_five_years_old,
        )


class SegmentRecord(Record):
    """What one segment scanned and wrote. ``scanned == archived + outside + quarantined + filtered``."""

    segment: int
    total_segments: int
    started_at: datetime
    finished_at: datetime
    pages: int
    scanned: int
    archived: int
    outside: int
    quarantined: int
    filtered: int
    read_units: float
    types: dict[str, dict[str, int]]
    ttl: TtlCounts
    parts: tuple[Part, ...]
    quarantine_parts: tuple[Part, ...]
    quarantined_keys: tuple[dict[str, Any], ...]


class Manifest(Record):
    """The commit record of a staged generation; its counts are sums over the segments."""

    format: Literal[1] = 1
    archive: str
    month: str
    timezone: str
    generation: str
    table: str
    key_attributes: tuple[str, ...]
    as_of: datetime
    complete: bool
    total_segments: int
    pages: int
    scanned: int
    archived: int
    outside: int
    quarantined: int
    filtered: int
    bytes: int
    read_units: float
    types: dict[str, dict[str, int]]
    ttl: TtlCounts
    parts: tuple[Part, ...]
    quarantine_parts: tuple[Part, ...]
    quarantined_keys: tuple[dict[str, Any], ...]
    reason_for_fewer: str | None = None
    run_id: str | None = None  # of the DAG run that archived it


class Pointer(Record):
    """The month's published manifest."""

    generation: str
    manifest: str
    fence: int
    location: str


def sum_segments(segments: list[SegmentRecord]) -> dict[str, Any]:
    """The fields of a manifest that add up over its segments."""
    return {"as_of": min(record.started_at for record in segments), **_added(segments)}


def together(manifests: list[Manifest]) -> Manifest:
    """What the manifests of several months of an archive say together."""
    # Each was archived by a run of its own.
    added = {**_added(manifests), "as_of": min(one.as_of for one in manifests), "run_id": None}
    return manifests[0].model_copy(update={**added, "complete": all(one.complete for one in manifests)})


def _added(records: Sequence[SegmentRecord | Manifest]) -> dict[str, Any]:
    types: dict[str, dict[str, int]] = {}
    for record in records:
        for attribute, kinds in record.types.items():
            counts = types.setdefault(attribute, {})
            for kind, count in kinds.items():
                counts[kind] = counts.get(kind, 0) + count
    listed = [key for record in records for key in record.quarantined_keys]
    parts = tuple(part for record in records for part in record.parts)
    return {
        "pages": sum(record.pages for record in records),
        "scanned": sum(record.scanned for record in records),
        "archived": sum(record.archived for record in records),
        "outside": sum(record.outside for record in records),
        "quarantined": sum(record.quarantined for record in records),
        "filtered": sum(record.filtered for record in records),
        "bytes": sum(part.bytes for part in parts),
        "read_units": sum(record.read_units for record in records),
        "types": {name: dict(sorted(kinds.items())) for name, kinds in sorted(types.items())},
        "ttl": sum((record.ttl for record in records), TtlCounts()),
        "parts": parts,
        "quarantine_parts": tuple(part for record in records for part in record.quarantine_parts),
        "quarantined_keys": tuple(listed[:KEYS_LISTED]),
    }


def broken_identities(segments: list[SegmentRecord], total_segments: int) -> list[str]:
    """What doesn't add up, in words; empty when every identity holds."""
    problems = []
    present = sorted(record.segment for record in segments)
    if present != list(range(total_segments)):
        missing = sorted(set(range(total_segments)) - set(present))
        problems.append(f"segments {missing or present} of {total_segments}: missing, or there twice")
    for record in segments:
        accounted = record.archived + record.outside + record.quarantined + record.filtered
        if record.scanned != accounted:
            problems.append(f"segment {record.segment}: scanned {record.scanned} items but accounts for {accounted}")
        written = sum(part.items for part in record.parts)
        if written != record.archived:
            problems.append(f"segment {record.segment}: {record.archived} items archived, {written} in its parts")
        kept = sum(part.items for part in record.quarantine_parts)
        if kept != record.quarantined:
            problems.append(f"segment {record.segment}: {record.quarantined} items quarantined, {kept} in quarantine")
    return problems


class Certificate(Record):
    """Whether the item versions scanned as of ``as_of`` may expire."""

    safe_to_expire: bool
    as_of: datetime
    incomplete: bool
    first_expiry: datetime | None
    days_left: int | None
    reasons: tuple[str, ...]


def certify_together(certificates: Mapping[str, Certificate]) -> Certificate:
    """The certificate of several months: safe if each of them is.

    :param certificates: by month, as the reasons name it.
    """
    every = list(certificates.values())
    return Certificate(
        safe_to_expire=all(one.safe_to_expire for one in every),
        as_of=min(one.as_of for one in every),
        incomplete=any(one.incomplete for one in every),
        first_expiry=min((one.first_expiry for one in every if one.first_expiry), default=None),
        days_left=min((one.days_left for one in every if one.days_left is not None), default=None),
        reasons=tuple(f"{month}: {reason}" for month, one in certificates.items() for reason in one.reasons),
    )


def certify(manifest: Manifest, athena_count: int, now: datetime, number: Callable[[int], str] = str) -> Certificate:
    """The certificate of a published month.

    :param athena_count: items that Athena counts in the published partition.
    :param now: an aware datetime, for ``days_left`` (whole days until the first deletion; negative once it is past).
    :param number: how the reasons write a number.
    """
    reasons = []
    if athena_count != manifest.archived:
        reasons.append(f"Athena counts {number(athena_count)} items, the manifest {number(manifest.archived)}")
    if not manifest.complete:
        reasons.append("the month was first archived after its retention had passed: earlier items may be gone")
    saved = sum(part.items for part in manifest.quarantine_parts)
    if saved != manifest.quarantined:
        reasons.append(f"{number(manifest.quarantined - saved)} quarantined items are not archived anywhere")
    first = manifest.ttl.first_expiry
    expiry = None if first is None else datetime.fromtimestamp(first, UTC)
    return Certificate(
        safe_to_expire=not reasons,
        as_of=manifest.as_of,
        incomplete=not manifest.complete,
        first_expiry=expiry,
        days_left=None if expiry is None else (expiry - now) // timedelta(days=1),
        reasons=tuple(reasons),
    )
