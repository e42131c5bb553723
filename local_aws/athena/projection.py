"""Partition projection: partitions computed from table properties instead of registered ones.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

import re
from datetime import UTC, datetime
from itertools import product
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlglot import exp

from local_aws.athena.catalog import Partition, Table
from local_aws.athena.errors import CannotTranslate, QueryFailed

LIMIT = 200_000
_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
# Java's DateTimeFormatter letters; the last one present is the default step.
_FORMATS = [("yyyy", "%Y", "years"), ("MM", "%m", "months"), ("dd", "%d", "days"), ("HH", "%H", "hours"),
            ("mm", "%M", "minutes"), ("ss", "%S", "seconds")]  # fmt: skip


def is_projected(table: Table) -> bool:
    return table.parameters.get("projection.enabled", "false").lower() == "true"


def project(table: Table, terms: list[exp.Expr]) -> list[Partition]:
    """Every partition the properties describe; `terms` are the WHERE terms on partition columns."""
    values = [_values(table, key, terms) for key, _ in table.keys]
    count = 1
    for each in values:
        count *= len(each)
    if count > LIMIT:
        raise CannotTranslate(f"a projection of {count} partitions")
    template = table.parameters.get("storage.location.template")
    partitions = []
    for combination in product(*values):
        location = template or f"{table.location.rstrip('/')}/" + "".join(f"{key}=${{{key}}}/" for key, _ in table.keys)
        for (key, _), value in zip(table.keys, combination, strict=True):
            location = location.replace(f"${{{key}}}", value)
        partitions.append(Partition(combination, location, table.descriptor))
    return partitions


def _values(table: Table, key: str, terms: list[exp.Expr]) -> list[str]:
    kind = _property(table, key, "type").lower()
    if kind == "enum":
        return [value.strip() for value in _property(table, key, "values").split(",")]
    if kind == "integer":
        low, high = (int(part) for part in _property(table, key, "range").split(","))
        digits = int(_property(table, key, "digits", "1"))
        return [f"{number:0{digits}}" for number in range(low, high + 1, int(_property(table, key, "interval", "1")))]
    if kind == "date":
        return _dates(table, key)
    if kind == "injected":
        return _injected(table, key, terms)
    raise QueryFailed(f"INVALID_TABLE_PROPERTY: projection.{key}.type is {kind!r}")


def _property(table: Table, key: str, name: str, default: str | None = None) -> str:
    value = table.parameters.get(f"projection.{key}.{name}", default)
    if value is None:
        raise QueryFailed(f"INVALID_TABLE_PROPERTY: projection.{key}.{name} is missing on table {table.name}")
    return value


def _dates(table: Table, key: str) -> list[str]:
    java = _property(table, key, "format")
    pattern, unit = re.sub(r"'([^']*)'", r"\1", java), "years"
    for letters, code, step in _FORMATS:
        if letters in pattern:
            pattern, unit = pattern.replace(letters, code), step
    if re.search(r"(?<!%)[A-Za-z]", re.sub(r"'[^']*'", "", java).translate(str.maketrans("", "", "yMdHms"))):
        raise CannotTranslate(f"the projection format {java}")
    unit = _property(table, key, "interval.unit", unit).lower()
    unit = unit if unit.endswith("s") else f"{unit}s"
    interval = {unit: int(_property(table, key, "interval", "1"))}
    low, high = (_moment(part.strip(), pattern) for part in _property(table, key, "range").split(","))
    found, number = [], 0
    while (moment := low + relativedelta(**_times(interval, number))) <= high and number <= LIMIT:
        found.append(moment.strftime(pattern))
        number += 1
    return list(dict.fromkeys(found))


def _times(step: dict[str, int], number: int) -> dict[str, Any]:
    return {unit: amount * number for unit, amount in step.items()}


def _moment(text: str, pattern: str) -> datetime:
    """A bound: a formatted date, or `NOW`, `NOW-3YEARS`, `NOW+1DAY`."""
    relative = re.fullmatch(r"NOW(?:\s*([-+])\s*(\d+)\s*([A-Z]+?)S?)?", text)
    if not relative:
        return datetime.strptime(text, pattern).replace(tzinfo=UTC)
    now = datetime.now(UTC)
    if relative[1] is None:
        return now
    unit = f"{relative[3].lower()}s"
    if unit not in _UNITS:
        raise QueryFailed(f"INVALID_TABLE_PROPERTY: {text} is not a date of a projection range")
    bound: datetime = now + relativedelta(**_times({unit: int(f"{relative[1]}{relative[2]}")}, 1))
    return bound


def _injected(table: Table, key: str, terms: list[exp.Expr]) -> list[str]:
    """The values a query gives with `=` or IN."""
    for term in terms:
        column, given = term.this, term.expressions if isinstance(term, exp.In) else [term.args.get("expression")]
        if isinstance(term, exp.EQ) and isinstance(column, exp.Literal):
            column, given = term.expression, [column]
        static = isinstance(term, (exp.EQ, exp.In)) and isinstance(column, exp.Column) and column.name == key
        if static and given and all(isinstance(value, exp.Literal) for value in given):
            return [value.name for value in given]
    raise QueryFailed(
        f"CONSTRAINT_VIOLATION: For the injected projected partition column {key}, the WHERE clause must contain only "
        "static equality conditions, and at least one such condition must be present."
    )
