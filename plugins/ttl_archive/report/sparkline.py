"""A line chart in one line of text, for the Markdown report."""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float | None]) -> str:
    """``▁▄█``, from the least to the greatest value; what is unknown is a space."""
    known = [value for value in values if value is not None]
    low, span = min(known, default=0), (max(known, default=0) - min(known, default=0)) or 1
    return "".join(" " if value is None else _BARS[round((value - low) / span * 7)] for value in values)
