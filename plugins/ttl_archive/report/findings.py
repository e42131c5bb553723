"""Data quality in words: what the scan found odd about the items, for whom to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ttl_archive.report.content import ReportContent
from ttl_archive.report.escape import brief
from ttl_archive.report.formats import Formats

EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One oddity."""

    title: str
    text: str
    examples: tuple[str, ...] = ()  # item data: escaped by whoever shows it
    more: bool = False  # whether there are more than these


def findings(content: ReportContent, formats: Formats) -> Iterator[Finding]:
    """The oddities, those that may lose data first."""
    quality = content.data_quality
    bad = quality.bad_timestamps
    if bad.count:
        text = f"{formats.number(bad.count)}, in quarantine"
        yield Finding(
            "Timestamp missing or unreadable",
            text,
            tuple(brief(key) for key in bad.keys[:EXAMPLES]),
            bad.count > EXAMPLES,
        )
    for late in quality.late_items:
        if late.count:
            done = "which the run publishes anew" if late.refreshed else "not in the archive: run that month again"
            text = f"{formats.number(late.count)} of {formats.month(late.month)}, {done}"
            yield Finding("Items that came late", text, (brief(late.keys),) if late.keys else ())
    for title, count in (
        ("TTL value missing", quality.ttl_missing),
        ("TTL value not a number", quality.ttl_not_a_number),
        ("TTL value in milliseconds", quality.ttl_milliseconds),
        ("TTL value over five years old", quality.ttl_over_five_years_old),
    ):
        if count:
            yield Finding(title, f"{formats.number(count)}; TTL deletes none of them")
    for mixed in quality.mixed_types:
        kinds = ", ".join(f"{kind} in {formats.number(count)}" for kind, count in mixed.types.items())
        yield Finding("Several types", kinds, (brief(mixed.attribute),))
