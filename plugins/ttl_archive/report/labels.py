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
    return label[: bisect_right(widths, length * _LETTER - _width_of("…"))] + "…"


def ticks(labels: Sequence[str], letters: int, most: int, room: int, font: int) -> list[str]:
    """The labels below a chart, each cut, and no more of them than stand beside each other; the others are empty.

    :param room: pixels from the first to the last.
    """
    shown = [cut(label, letters) for label in labels]
    every = math.ceil(len(shown) / max(1, min(most, room // (width(shown, font) + font))))
    return [label if place % every == 0 else "" for place, label in enumerate(shown)]


def width(labels: Sequence[str], font: int) -> int:
    """The pixels of the widest label."""
    return math.ceil(max(sum(map(_width_of, label)) for label in labels) * font)


def wider(labels: Sequence[str], font: int) -> int:
    """How many pixels the widest label takes beyond what pygal reckons, which takes every character for a letter."""
    return max(0, width(labels, font) - math.floor(_LETTER * max(map(len, labels)) * font))


def _width_of(character: str) -> float:
    """About how wide a character is, in em."""
    if unicodedata.east_asian_width(character) in "WF":
        return 1.1
    if character.isdigit():
        return 0.65
    return 1.0 if character.isupper() or character in "@%&mw…" else 0.64
