"""A realistic report: what a month of the chat service looks like."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ttl_archive.manifest import Certificate
from ttl_archive.report.content import (
    BadTimestamps,
    Counts,
    DataQuality,
    MixedTypes,
    Provenance,
    ReportContent,
    SectionResult,
    section_result,
)
from ttl_archive.report.cost import cost
from ttl_archive.report.sections import load_sections

INCLUDE = Path(__file__).resolve().parents[2] / "include"
ACTIONS = ["message.send", "message.read", "channel.join", "file.upload", "call.start", "search", "profile.update"]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
BIGINT, VARCHAR, DOUBLE, DATE = "bigint", "varchar", "double", "date"


def _rows(name: str) -> tuple[dict[str, str], list[tuple[Any, ...]]] | None:
    """The columns with their types, and the rows, of one of the shipped sections; None for a new one."""
    rng = random.Random(7)  # sample data
    uses = [5210, 4466, 1203, 655, 402, 391, 87]
    before = [4980, 4702, 1190, 498, None, 402, 91]
    daily = [290 + rng.randrange(140) - (170 if day % 7 in (1, 2) else 0) for day in range(1, 32)]
    match name[3:]:
        case "uses_by_action":
            columns = {"action": VARCHAR, "uses": BIGINT, "users": BIGINT}
            return columns, [(a, n, n // 9 + 3) for a, n in zip(ACTIONS, uses, strict=True)]
        case "uses_by_day":
            columns = {"day": DATE, "uses": BIGINT, "users": BIGINT}
            return columns, [(f"2025-03-{day:02d}", n, n // 3) for day, n in enumerate(daily, 1)]
        case "uses_by_hour_and_weekday":
            columns = {"hour": BIGINT, "weekday": VARCHAR, "uses": BIGINT}
            return columns, [
                (hour, name, max(0, (90 if 8 <= hour <= 18 else 14) // (3 if day > 4 else 1) + rng.randrange(-12, 22)))
                for day, name in enumerate(WEEKDAYS)
                for hour in range(24)
            ]
        case "active_users":
            return {"active_users": BIGINT, "active_users_before": BIGINT}, [(1204, 1168)]
        case "new_and_returning_users":
            columns = {"kind": VARCHAR, "users": BIGINT, "uses": BIGINT}
            return columns, [("new", 131, 902), ("returning", 1073, 11512)]
        case "top_users":
            columns = {"userid": VARCHAR, "uses": BIGINT, "active_days": BIGINT, "actions": BIGINT}
            rows = [(f"user-{rng.randrange(10**6):06d}", 290 - 9 * n, 31 - n, 7 - n // 4) for n in range(20)]
            return {**columns, "share_percent": DOUBLE}, [(*row, round(row[1] / 124.14, 2)) for row in rows]
        case "change_by_action":
            columns = {"action": VARCHAR, "uses": BIGINT, "uses_before": BIGINT, "change": BIGINT}
            known = [(a, n, b or 0) for a, n, b in zip(ACTIONS, uses, before, strict=True)]
            rows = [(a, n, b, n - b, round((n - b) * 100 / b, 1) if b else None) for a, n, b in known]
            return {**columns, "change_percent": DOUBLE}, sorted(rows, key=lambda row: -abs(row[3]))
        case "retention":
            columns = {"users_before": BIGINT, "retained": BIGINT, "lost": BIGINT, "retained_percent": DOUBLE}
            return columns, [(1168, 1041, 127, 89.1)]
    return None


def sample_sections() -> list[SectionResult]:
    """Every shipped section of usage_logs with made-up rows."""
    results = []
    for number, section in enumerate(load_sections(INCLUDE, "usage_logs")):
        if (made_up := _rows(section.name)) is None:
            continue
        columns, rows = made_up
        results.append(
            section_result(
                section,
                [{"Name": name, "Type": kind} for name, kind in columns.items()],
                [[None if value is None else str(value) for value in row] for row in rows],
                query_execution_id=f"5a8f0c3e-77d1-4f0e-9d2b-3c6c1f0e4b{number:02d}",
                data_scanned_bytes=1_843_201 + 91_003 * number,
                seconds=0.61 + number * 0.23,
            )
        )
    return results


def sample_content(**changes: Any) -> ReportContent:
    """The report of March 2025, with fields replaced."""
    sections = tuple(sample_sections())
    fields: dict[str, Any] = {
        "archive": "usage_logs",
        "title": "Usage of the chat service",
        "month": "2025-03",
        "timezone": "UTC",
        "counts": Counts(
            scanned=12414, archived=12414, athena=12414, read=36120, outside=23703, quarantined=3, filtered=0
        ),
        "certificate": Certificate(
            safe_to_expire=True,
            as_of=datetime(2025, 4, 1, 18, 0, 12, tzinfo=UTC),
            incomplete=False,
            first_expiry=datetime(2025, 5, 30, 0, 0, 4, tzinfo=UTC),
            days_left=58,
            reasons=(),
        ),
        "sections": sections,
        "cost": cost(1843.5, [section.data_scanned_bytes for section in sections], s3_writes=19, s3_reads=64),
        "data_quality": DataQuality(
            bad_timestamps=BadTimestamps(
                count=3, keys=('{"id": {"S": "u-17#0009"}}', '{"id": {"S": "u-20#0114"}}', '{"id": {"S": "u-41#0003"}}')
            ),
            ttl_missing=1,
            ttl_not_a_number=0,
            ttl_milliseconds=0,
            ttl_over_five_years_old=0,
            mixed_types=(MixedTypes(attribute="size", types={"N": 12410, "S": 4}),),
        ),
        "provenance": Provenance(
            run_id="scheduled__2025-04-01T18:00:00+00:00",
            generation="3f8a12c09b7e",
            manifest_key="_manifests/usage_logs/2025-03/3f8a12c09b7e.json",
            generated_at=datetime(2025, 4, 1, 18, 4, 40, tzinfo=UTC),
            versions={"ttl-archive": "0.1.0", "apache-airflow": "3.3.2", "providers-amazon": "9.39.0"},
            source="usage-logs",
            location="s3://example-archive/logs/year=2025/month=03/3f8a12c09b7e/",
        ),
    }
    return ReportContent(**{**fields, **changes})
