"""What changed against the month before, read off the sections that know it (those with a ``previous`` axis)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from ttl_archive.report.content import ReportContent, SectionResult, Value

MOVERS_OF_A_SECTION = 3
_LARGEST = 1e300


@dataclass(frozen=True)
class Change:
    """One measure, now and in the month before."""

    measure: str  # what is counted: the section's title, or the column of a bar chart
    subject: Value  # the bar's label; None if the section is a single number
    now: float
    before: float

    @property
    def difference(self) -> float:
        """Now less before."""
        return self.now - self.before

    @property
    def ratio(self) -> float | None:
        """The difference as a part of before; None if there was nothing before."""
        return self.difference / self.before if self.before else None


def changes(content: ReportContent) -> list[Change]:
    """In the order of the sections: each single number, and of each bar chart the three that moved most."""
    found: list[Change] = []
    for section in content.sections:
        if section.chart.previous:
            moved = _changes_of(section)
            moved.sort(key=lambda change: -abs(change.difference))
            found += [change for change in moved if change.difference or change.subject is None][:MOVERS_OF_A_SECTION]
    return found


def number_of(value: Value) -> float | None:
    """A measure as a number, or None if it is NULL, no number, or so large that a sum or a scale would overflow."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = value if isinstance(value, int | float) else float(Decimal(value))
    except InvalidOperation:
        return None
    return number if abs(number) < _LARGEST else None


def _changes_of(section: SectionResult) -> list[Change]:
    chart = section.chart
    measure, subject = (chart.value, None) if chart.kind == "number" else (chart.y[0], chart.x)
    measure_name = str(measure).replace("_", " ") if subject else section.title
    subjects = section.column(subject) if subject else [None] * len(section.rows)
    pairs = zip(section.column(str(measure)), section.column(str(chart.previous)), strict=True)
    return [
        Change(measure_name, name, now, before)
        for name, (now, before) in zip(subjects, ((number_of(a), number_of(b)) for a, b in pairs), strict=True)
        if now is not None and before is not None
    ]
