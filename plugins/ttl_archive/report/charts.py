"""A section's chart as inline SVG, drawn by pygal.

pygal computes the geometry; its style sheet, script and identifiers are taken out, so that the report's own CSS
(``include/report/report.css``) colours every chart in light, dark and print, and equal content gives equal bytes. A
chart is drawn twice, for wide and for narrow screens: CSS shows one of them, since text in SVG scales with the picture.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import pygal  # type: ignore[import-untyped]
from markupsafe import Markup
from pygal.style import Style  # type: ignore[import-untyped]

from ttl_archive.report.changes import number_of
from ttl_archive.report.content import SectionResult, Value
from ttl_archive.report.escape import brief, visible
from ttl_archive.report.formats import EMPTY, NULL, Formats
from ttl_archive.report.labels import cut, label_of, short_day, ticks, wider, width

# pygal 3.1.3 leaves an import hook of Python 2's kind for map plugins, at which Python 3.11 warns at each import that
# fails, anywhere. Drop this once https://github.com/Kozea/pygal/blob/master/pygal/__init__.py has no PluginImportFixer.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

BARS = 20
SERIES = 6  # as many colours as report.css has
HEATS = 5
MARGIN = 4
_DROPPED = {"style", "script", "desc", "defs", "tooltip-overlay"}


@dataclass(frozen=True)
class _Size:
    name: str
    width: int
    font: int
    label: int  # characters of a bar's label
    ticks: int  # labels under a line
    tick: int  # characters of such a label


_SIZES = (_Size("wide", 784, 13, 28, 8, 12), _Size("narrow", 358, 12, 15, 4, 8))


@dataclass(frozen=True)
class _Series:
    title: str
    values: list[float | None]


def draw(section: SectionResult, formats: Formats) -> Markup:
    """The section's ``<figure>``; empty for a table or a number, and where no value is a number."""
    drawing = {"bar": _bars, "line": _lines, "heatmap": _heatmap}.get(section.chart.kind)
    if drawing is None or not section.rows:
        return Markup()
    return drawing(section, formats)


def _bars(section: SectionResult, formats: Formats) -> Markup:
    x, y, previous = str(section.chart.x), section.chart.y[0], section.chart.previous
    labels = [label_of(value, section.type_of(x), formats) for value in section.column(x)[:BARS]]
    names = [y] if not previous or not any(_numbers(section, previous)) else [y, previous]
    series = [_Series(_title(name), _numbers(section, name)[:BARS]) for name in names]
    known = [value for one in series for value in one.values if value is not None]
    if not known:
        return Markup()
    low, high = min(0, *known), max(0, *known)
    texts = [formats.short_number(value) for value in known]

    def chart(size: _Size) -> Any:
        shown = [cut(label, size.label) for label in labels]
        # For the value at the bar's end: as much of the range as its text takes of the width.
        part = min(0.6, (width(texts, size.font) + 12) / (size.width - width(shown, size.font) - 40))
        room = (high - low) * part / (1 - part) or 1
        drawn = pygal.HorizontalBar(
            **_options(size, len(series)),
            margin_left=MARGIN + wider(shown, size.font),
            height=len(labels) * (26 if len(series) == 1 else 40) + (34 if len(series) > 1 else 10),
            range=(low - (room if low < 0 else 0), high + room),
            show_x_labels=False,
            show_y_guides=False,
            print_values=True,
            print_values_position="top",
            rounded_bars=2,
            show_legend=len(series) > 1,
            truncate_label=size.label,
        )
        drawn.x_labels = shown[::-1]  # pygal begins at the bottom
        drawn.value_formatter = lambda value: "" if value is None else formats.short_number(value)
        for one in series:
            points = [
                _point(value, f"{label}: {_value(value, section, formats)}")
                for label, value in zip(labels, one.values, strict=True)
            ]
            drawn.add(one.title, points[::-1])
        return drawn

    total = len(section.rows)
    note = f"The first {formats.number(BARS)} of {formats.number(total)}." if total > BARS else ""
    return _figure(section, chart, note, flush_values=True)


def _lines(section: SectionResult, formats: Formats) -> Markup:
    x = str(section.chart.x)
    kind = section.type_of(x)
    series, places, left_out = _series_of(section)
    if not any(value is not None for one in series for value in one.values):
        return Markup()
    labels = [label_of(value, kind, formats) for value in places]
    short = [
        short_day(value, formats) if kind == "date" else label for value, label in zip(places, labels, strict=True)
    ]

    def chart(size: _Size) -> Any:
        shown = ticks(short, size.tick, size.ticks, size.width - 100, size.font)
        last = next(label for label in reversed(shown) if label)
        known = [value for one in series for value in one.values if value is not None]
        drawn = pygal.Line(
            **_options(size, len(series)),
            height=300 if size.name == "wide" else 240,
            include_x_axis=min(known) >= 0 and min(known) < 0.6 * max(known),
            show_y_guides=True,
            dots_size=2.2,
            allow_interruptions=True,
            show_legend=len(series) > 1,
            margin_left=max(16, width(shown[:1], size.font) // 2),
            margin_right=max(26, width([last], size.font) // 2 + MARGIN),
            min_scale=4,
            max_scale=6,
            truncate_label=size.tick,
        )
        drawn.x_labels = shown
        drawn.value_formatter = lambda value: _value(value, section, formats)
        for one in series:
            drawn.add(
                cut(one.title, size.label),
                [
                    _point(value, f"{label}: {_value(value, section, formats)}")
                    for label, value in zip(labels, one.values, strict=True)
                ],
            )
        return drawn

    note = f"{formats.number(left_out)} smaller series are left out." if left_out else ""
    return _figure(section, chart, note)


def _heatmap(section: SectionResult, formats: Formats) -> Markup:
    chart_columns = (str(section.chart.x), str(section.chart.y[0]), str(section.chart.value))
    x, y, value = chart_columns
    columns, rows = _distinct(section.column(x)), _distinct(section.column(y))
    if all(isinstance(column, int) for column in columns):
        columns.sort()
    cells = {
        (row, column): number
        for column, row, number in zip(section.column(x), section.column(y), _numbers(section, value), strict=True)
    }
    known = [number for number in cells.values() if number is not None]
    if not known:
        return Markup()
    low, high = min(0, *known), max(known)
    column_labels = [label_of(column, section.type_of(x), formats) for column in columns]
    row_labels = [label_of(row, section.type_of(y), formats) for row in rows]

    def heat(number: float | None) -> int:
        return 0 if not number or high == low else max(1, math.ceil((number - low) / (high - low) * HEATS))

    def chart(size: _Size) -> Any:
        shown = [cut(label, size.label) for label in row_labels]
        room = size.width - width(shown, size.font) - 40
        drawn = pygal.StackedBar(  # a cell is a bar of height one
            **_options(size, 1),
            margin_left=MARGIN + wider(shown, size.font),
            height=len(rows) * (26 if size.name == "wide" else 20) + 34,
            range=(0, len(rows)),
            show_legend=False,
            show_y_guides=False,
            truncate_label=8,
        )
        wide = size.name == "wide"
        drawn.x_labels = ticks(column_labels, 8 if wide else 6, 12 if wide else 8, room, size.font)
        drawn.y_labels = [{"value": len(rows) - index - 0.5, "label": label} for index, label in enumerate(shown)]
        for row, row_label in list(zip(rows, row_labels, strict=True))[::-1]:
            drawn.add(
                row_label,
                [
                    _point(1, f"{row_label} {label}: {_value(cells.get((row, column)), section, formats)}")
                    | {"style": f"fill: var(--heat-{heat(cells.get((row, column)))})"}
                    for column, label in zip(columns, column_labels, strict=True)
                ],
            )
        return drawn

    scale = Markup("").join(Markup('<i class="heat-{}"></i>').format(step) for step in range(HEATS + 1))
    note = Markup('<span class="scale">{} {} {}</span>').format(
        formats.short_number(low), scale, formats.short_number(high)
    )
    return _figure(section, chart, note)


def _series_of(section: SectionResult) -> tuple[list[_Series], list[Value], int]:
    """The lines, their common x values, and how many lines are too many to draw."""
    xs = section.column(str(section.chart.x))
    if section.chart.series is None:
        named = [(name, _numbers(section, name)) for name in section.chart.y]
        return [_Series(_title(name), values) for name, values in named[:SERIES]], xs, max(0, len(named) - SERIES)
    places = _distinct(xs)
    lines: dict[Value, dict[Value, float | None]] = {}
    for x, name, value in zip(
        xs, section.column(section.chart.series), _numbers(section, section.chart.y[0]), strict=True
    ):
        lines.setdefault(name, {})[x] = value
    largest = sorted(lines, key=lambda name: -sum(value or 0 for value in lines[name].values()))[:SERIES]
    kept = [name for name in lines if name in largest]
    drawn = [
        _Series(NULL if name is None else brief(visible(str(name))) or EMPTY, [lines[name].get(x) for x in places])
        for name in kept
    ]
    return drawn, places, len(lines) - len(kept)


def _options(size: _Size, series: int) -> dict[str, Any]:
    """What every chart has in common; sizes are needed for the geometry, colours come from report.css."""
    # pygal 3.1.3 reserves height for full rows of the legend only: take columns that leave no rest.
    columns = next(count for count in ((3, 2, 1) if size.name == "wide" else (2, 1)) if series % count == 0)
    fonts = dict.fromkeys(("label", "major_label", "value", "value_label", "legend"), size.font)
    return {
        "width": size.width,
        "style": Style(**{f"{name}_font_size": font for name, font in fonts.items()}),
        "js": [],
        "css": [],
        "no_prefix": True,
        "margin": MARGIN,
        "spacing": 8,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": columns,
        "legend_box_size": 11,
        "truncate_legend": size.label,
    }


def _figure(section: SectionResult, chart: Any, note: str | Markup = "", flush_values: bool = False) -> Markup:
    pictures = Markup("").join(_svg(chart(size), size, section.title, flush_values) for size in _SIZES)
    caption = Markup("<figcaption>{}</figcaption>").format(note) if note else ""
    return Markup("<figure>{}{}</figure>").format(pictures, caption)


def _svg(chart: Any, size: _Size, title: str, flush_values: bool) -> Markup:
    """The chart's tree without what serves pygal's own style sheet and script."""
    root = _plain(chart.render_tree())
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": root.attrib["viewBox"],
        "class": f"chart {size.name}",
        "role": "img",
        "aria-label": visible(title),
    }
    if flush_values:
        for text in root.iter("text"):
            if "value" in text.get("class", "").split():
                text.set("text-anchor", "end" if (text.text or "").startswith(("-", "−")) else "start")
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704  # an XML writer has escaped it


def _plain(node: Any) -> ElementTree.Element:
    """A copy in the standard library's tree (pygal may use lxml's), without scripts, styles and empty groups."""
    tag = str(node.tag).rpartition("}")[2]
    names = (
        "viewBox",
        "class",
        "style",
        "d",
        "x",
        "y",
        "width",
        "height",
        "rx",
        "ry",
        "cx",
        "cy",
        "r",
        "transform",
        "text-anchor",
    )
    copy = ElementTree.Element(tag, {name: node.get(name) for name in names if node.get(name)})
    copy.text = node.text
    for child in node:
        if isinstance(child.tag, str) and not _DROPPED & {
            child.tag.rpartition("}")[2],
            *child.get("class", "").split(),
        }:
            plain = _plain(child)
            if len(plain) or plain.text or plain.tag != "g":
                copy.append(plain)
    return copy


def _point(value: float | None, tooltip: str) -> dict[str, Any]:
    return {"value": value, "tooltip": tooltip}


def _numbers(section: SectionResult, column: str) -> list[float | None]:
    return [number_of(value) for value in section.column(column)]


def _value(value: float | None, section: SectionResult, formats: Formats) -> str:
    return NULL if value is None else f"{formats.short_number(value)} {section.chart.unit}".rstrip()


def _distinct(values: Sequence[Value]) -> list[Value]:
    return list(dict.fromkeys(values))


def _title(column: str) -> str:
    return column.replace("_", " ")
