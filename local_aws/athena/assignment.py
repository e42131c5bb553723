"""Which values an INSERT brings to a column's type, and how.

https://github.com/trinodb/trino/blob/400/core/trino-main/src/main/java/io/trino/sql/planner/LogicalPlanner.java
"""

import re
from collections.abc import Sequence

from sqlglot import exp

from local_aws.athena.conversion import identifier, shortened
from local_aws.athena.errors import CannotTranslate
from local_aws.athena.types import Type, parse_hive, same_type

_NUMBERS = ["tinyint", "smallint", "int", "bigint", "decimal", "float", "double"]


def is_cast(have: str, want: str) -> bool:
    """Whether Trino brings a value to a column's type by a CAST, which may fail or lose digits."""
    have, want = have.partition("(")[0], want.partition("(")[0]
    return (have in _NUMBERS and want in _NUMBERS) or (have, want) == ("timestamp", "date")


def is_assignable(have: str, want: str) -> bool:
    """Whether Trino coerces one type to another without a CAST."""
    if have == "null":
        return True
    if "<" in have or "<" in want:
        if same_type(have, want):
            return True
        raise CannotTranslate(f"an INSERT of {have} into {want}")
    if want.startswith("decimal") and (have in _DIGITS or have.startswith("decimal")):
        return _fits_decimal(have, want)
    have, want = have.partition("(")[0], want.partition("(")[0]
    if have in _NUMBERS and want in _NUMBERS:
        return _NUMBERS.index(have) <= _NUMBERS.index(want)
    return have == want or {have, want} <= set(_TEXTS) or (have, want) == ("date", "timestamp")


_TEXTS = ("string", "varchar", "char")
_DIGITS = {"tinyint": "3,0", "smallint": "5,0", "int": "10,0", "bigint": "19,0"}


def _fits_decimal(have: str, want: str) -> bool:
    """Whether no digit of an exact number is lost."""
    sizes = [re.findall(r"\d+", _DIGITS.get(each, each)) for each in (have, want)]
    (digits, scale), (room, places) = ((int(size[0]) - int(size[1]), int(size[1])) for size in sizes)
    return digits <= room and scale <= places


def assigned(column: str, kind: Type) -> str:
    """A value as one of the column's type; of a text that is too long, the spaces at its end go."""
    text = shortened(identifier(column), kind) if kind.name in _TEXTS else identifier(column)
    return f"CAST({text} AS {kind.duckdb()})"


def truncation(have: str, kind: Type, column: str) -> tuple[str, str] | None:
    """(the condition under which a text does not fit, Trino's words for that); None if any value fits."""
    if kind.name not in _TEXTS or not kind.size or have == "null":
        return None
    words = (
        "INVALID_CAST_ARGUMENT: Cannot truncate non-space characters when casting from "
        f"{parse_hive(have).trino()} to {kind.trino()} on INSERT"
    )
    return f"length(rtrim({identifier(column)}, ' ')) > {kind.size[0]}", words


def lengths_of_values(tree: exp.Expr) -> list[int]:
    """Of VALUES, the greatest length of the texts in each column, which is that of its type; 0 if not all are texts."""
    if not isinstance(tree, exp.Values):
        return []
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in tree.expressions]
    return [_length(column) for column in zip(*rows, strict=False)]


def _length(values: Sequence[exp.Expr]) -> int:
    texts = [value for value in values if isinstance(value, exp.Literal) and value.is_string]
    others = [value for value in values if value not in texts and not isinstance(value, exp.Null)]
    return 0 if others else max((len(text.name) for text in texts), default=0)
