"""Values as Athena prints them, the result CSV, and GetQueryResults' pages out of it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from local_aws.athena.errors import CannotTranslate


@dataclass(frozen=True)
class Column:
    """A column of a result; `type` as Trino prints it: `decimal(38,0)`, `array(varchar)`."""

    name: str
    type: str

    def info(self) -> dict[str, Any]:
        """The `ColumnInfo` of GetQueryResults."""
        base, _, size = self.type.partition("(")
        sizes = [int(part) for part in re.findall(r"\d+", size)] if base in ("decimal", "varchar", "char") else []
        precision, scale = _PRECISION.get(base, (0, 0))
        if base == "decimal":
            precision, scale = sizes[0], sizes[1]
        elif sizes:
            precision = sizes[0]
        return {
            "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": self.name, "Label": self.name,
            "Type": {"real": "float"}.get(base, base), "Precision": precision, "Scale": scale, "Nullable": "UNKNOWN",
            "CaseSensitive": base in ("varchar", "char"),
        }  # fmt: skip


_PRECISION = {
    "boolean": (0, 0), "tinyint": (3, 0), "smallint": (5, 0), "integer": (10, 0), "bigint": (19, 0), "real": (17, 0),
    "double": (17, 0), "varchar": (2147483647, 0), "date": (0, 0), "timestamp": (3, 0), "timestamp with time zone": (3, 0),  # noqa: E501
    "varbinary": (1073741824, 0),
}  # fmt: skip


def text(value: Any, nested: bool = False) -> str | None:
    """One value as Athena prints it; None is NULL."""
    if value is None:
        return "null" if nested else None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        shown = f"{value.year:04d}-{value:%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
        return f"{shown} UTC" if value.tzinfo else shown
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        if nested:
            raise CannotTranslate("varbinary inside an array, map or row, for which Athena prints an object's address")
        return " ".join(f"{byte:02x}" for byte in value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text(k, True)}={text(v, True)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(str(text(item, True)) for item in value) + "]"
    if isinstance(value, timedelta):
        seconds, milliseconds = divmod(abs(value) // timedelta(milliseconds=1), 1000)
        sign = "-" if value < timedelta(0) else ""
        return f"{sign}{seconds // 86400} {seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"  # noqa: E501
    return str(value)


def double_text(value: float) -> str:
    """Java's `Double.toString`: decimal between 1e-3 and 1e7, else one digit before the point and `E`."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if str(value).startswith("-") else "0.0"
    two_digits = f"{value:.1e}"  # where one digit would do, the second is the nearest: 4.9E-324
    sign, digits, exponent = Decimal(two_digits if float(two_digits) == value else repr(value)).as_tuple()
    shown = "".join(map(str, digits)).rstrip("0") or "0"
    point = len(digits) + int(exponent)
    if 1e-3 <= abs(value) < 1e7:
        shown = shown.ljust(point, "0") if point > 0 else shown
        body = f"{shown[:point]}.{shown[point:] or '0'}" if point > 0 else f"0.{'0' * -point}{shown}"
    else:
        body = f"{shown[0]}.{shown[1:] or '0'}E{point - 1}"
    return ("-" if sign else "") + body


def csv_lines(columns: list[Column], rows: Iterable[list[str | None]]) -> Iterator[bytes]:
    """The result file: every value in quotes, NULL as nothing."""
    yield _csv_line([column.name for column in columns])
    for row in rows:
        yield _csv_line(row)


def _csv_line(row: Iterable[str | None]) -> bytes:
    return (",".join("" if v is None else '"' + v.replace('"', '""') + '"' for v in row) + "\n").encode()


_CELL = re.compile(rb'(?:"((?:[^"]|"")*)")?(,|\n)')


def read_csv_page(data: bytes, offset: int, limit: int) -> tuple[list[list[str | None]], int | None]:
    """(up to `limit` rows from a byte offset of a result file, where the next page begins or None).

    A full page always has a next one, if only an empty one, as it was measured:
    https://github.com/aoyagikouhei/athena-local/tree/main/docs/dev/measurements
    """
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    while offset < len(data) and len(rows) < limit:
        cell = _CELL.match(data, offset)
        if cell is None:
            raise ValueError(f"not a result file at byte {offset}")
        row.append(None if cell[1] is None else cell[1].replace(b'""', b'"').decode())
        offset = cell.end()
        if cell[2] == b"\n":
            rows.append(row)
            row = []
    return rows, offset if len(rows) == limit else None
