"""The sections of a report: one SQL file each, ``include/sql/<archive>/report/NN_name.sql``.

A file begins with its header, one ``-- key: value`` a line (docs/report_sections.md is the reference)::

    -- title: Uses by action
    -- question: How often was each action used?
    -- grain: one row an action
    -- chart: bar
    -- x: action
    -- y: uses
    --
    -- A bare `--` ends the keys; what follows is prose for whoever maintains the statement.
    SELECT ...

DAG files call ``load_sections`` while they are parsed: it reads a few lines of each file and imports no SQL parser.
The statements themselves are checked by ``ttl_archive.report.sql_rules``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict

from ttl_archive.errors import ConfigurationError

ChartKind = Literal["bar", "line", "heatmap", "table", "number"]

_FILE_NAME = re.compile(r"[0-9]{2}_[a-z0-9_]+\.sql")
_ENTRY = re.compile(r"--\s*([a-z]+):\s*(.*?)\s*")
_COLUMN = re.compile(r"[a-z_][a-z0-9_]*")  # Athena lower-cases the names of result columns
_TEXTS = ("title", "question", "grain", "chart")
_AXES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # chart: axes it must have, axes it may have
    "bar": (("x", "y"), ("previous", "unit")),
    "line": (("x", "y"), ("series", "unit")),
    "heatmap": (("x", "y", "value"), ("unit",)),
    "table": ((), ()),
    "number": (("value",), ("previous", "unit")),
}


class Chart(BaseModel):
    """How a section is drawn; axes name columns of the result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ChartKind
    x: str | None = None
    y: tuple[str, ...] = ()  # a line chart may have several
    series: str | None = None
    value: str | None = None
    previous: str | None = None  # the same measure in the month before
    unit: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the result must have, each once."""
        return tuple(dict.fromkeys(name for name in (self.x, *self.y, self.series, self.value, self.previous) if name))


@dataclass(frozen=True)
class Section:
    """One section: a statement, and how its result is shown."""

    name: str  # the file's stem, such as 10_uses_by_action
    title: str
    question: str
    grain: str
    chart: Chart
    template: str  # relative to include/sql, such as usage_logs/report/10_uses_by_action.sql


class _Entry(NamedTuple):
    line: int
    value: str


def load_sections(include_dir: Path, archive_name: str, kind: str = "report") -> list[Section]:
    """The sections of an archive's report, sorted by name: its own, or else those of ``default``.

    :param include_dir: the folder that holds ``sql/``.
    :param kind: ``report``, a month's, or ``quarterly``.
    :raises ConfigurationError: naming file, line, what was found and what was expected; or if there are none at all.
    """
    sql_dir = include_dir / "sql"
    own, default = (sql_dir / folder / kind for folder in (archive_name, "default"))
    files = sorted(own.glob("*.sql")) or sorted(default.glob("*.sql"))
    if not files:
        raise ConfigurationError(f"{own}: no section found here nor in {default}; expected at least one NN_name.sql")
    return [_load_section(path, path.relative_to(sql_dir).as_posix()) for path in files]


def _load_section(path: Path, template: str) -> Section:
    if not _FILE_NAME.fullmatch(path.name):
        raise ConfigurationError(
            f"{path}: the file name is not a section's; expected two digits for the order, then a lower-case name: "
            "10_uses_by_action.sql"
        )
    try:
        header = _read_header(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not readable as UTF-8 text: {error}") from None
    for key in _TEXTS:
        if key not in header:
            raise ConfigurationError(f"{path}:1: the header has no {key!r}; expected a line `-- {key}: ...`")
    title, question, grain = (header.pop(key).value for key in ("title", "question", "grain"))
    chart = _chart(path, header)
    return Section(path.stem, title, question, grain, chart, template)


def _read_header(path: Path) -> dict[str, _Entry]:
    known = (*_TEXTS, *dict.fromkeys(key for axes in _AXES.values() for key in (*axes[0], *axes[1])))
    header: dict[str, _Entry] = {}
    with path.open(encoding="utf-8") as lines:
        for number, text in enumerate(lines, 1):
            line = text.strip()
            if line == "--" or not line.startswith("--"):
                break
            entry = _ENTRY.fullmatch(line)
            if entry is None or entry[1] not in known:
                raise ConfigurationError(
                    f"{path}:{number}: found {line!r}; expected `-- key: value` with one of the keys "
                    f"{', '.join(known)} (a bare `--` ends the keys and begins prose)"
                )
            key, value = entry[1], entry[2]
            if not value:
                raise ConfigurationError(f"{path}:{number}: {key!r} is empty; expected a value after the colon")
            if key in header:
                raise ConfigurationError(
                    f"{path}:{number}: {key!r} is given twice, first in line {header[key].line}; expected it once"
                )
            header[key] = _Entry(number, value)
    return header


def _chart(path: Path, header: dict[str, _Entry]) -> Chart:
    """The chart of the header's remaining entries."""
    line, kind = header.pop("chart")
    if kind not in _AXES:
        raise ConfigurationError(f"{path}:{line}: found chart {kind!r}; expected {' or '.join(get_args(ChartKind))}")
    needed, allowed = _AXES[kind]
    for key in needed:
        if key not in header:
            raise ConfigurationError(f"{path}:{line}: a {kind} chart needs {key!r}; expected a line `-- {key}: column`")
    axes: dict[str, Any] = {}
    for key, entry in header.items():
        if key not in needed and key not in allowed:
            raise ConfigurationError(
                f"{path}:{entry.line}: a {kind} chart has no {key!r}; "
                f"expected {', '.join((*needed, *allowed)) or 'none'}"
            )
        if key == "unit":
            axes[key] = entry.value
            continue
        columns = tuple(name.strip() for name in entry.value.split(","))
        several = (kind, key) == ("line", "y") and "series" not in header
        if not all(_COLUMN.fullmatch(name) for name in columns) or (len(columns) > 1 and not several):
            wanted = "columns of the result, separated by commas" if several else "one column of the result"
            raise ConfigurationError(
                f"{path}:{entry.line}: found {key} {entry.value!r}; expected {wanted}, in lower case"
            )
        axes[key] = columns if key == "y" else columns[0]
    return Chart(kind=kind, **axes)
