"""The texts beside a chart's bars and ticks, and how wide they are: pygal lays them out by their number of letters."""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import accumulate

from ttl_archive.report.content import Value
from ttl_archive.report.escape import brief, visible
from ttl_archive.report.formats import EMPTY, NULL, Formats, is_number

_LETTER = 0.6  # em: what pygal takes for the width of a character


def label_of(value: Value, athena_type: str, formats: Formats) -> str:
    """A value as the name of a bar, a tick or a row."""
    if isinstance(value, int) and is_number(athena_type):
        return str(value)  # an hour or a year is a name, not an amount
    return brief(visible(formats.value(value, athena_type))) or EMPTY


def short_day(value: Value, formats: Formats) -> str:
    """``Mar 1``."""
    try:
        return formats.short_day(date.fromisoformat(str(value)))
    except ValueError:
        return NULL


def cut(label: str, length: int) -> str:
    """The label, or as much of its beginning as is no wider than so many letters."""
    widths = list(accumulate(map(_width_of, label)))
    if not widths or widths[-1] <= length * _LETTER:
        return label
    return label[: bisect_right(widths, (length - 1) * _LETTER)] + "…"


def wider(labels: Sequence[str], font: int) -> int:
    """How many pixels the widest label takes beyond what pygal reckons, which takes every character for a letter."""
    widest = max(sum(map(_width_of, label)) for label in labels)
    return math.ceil(max(0.0, widest - _LETTER * max(map(len, labels))) * font)


def _width_of(character: str) -> float:
    """About how wide a character is, in em."""
    if unicodedata.east_asian_width(character) in "WF":
        return 1.1
    return 1.0 if character.isupper() or character in "@%&mw" else _LETTER
