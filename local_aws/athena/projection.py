"""Partition projection: partitions computed from table properties instead of registered ones.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from math import prod
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlglot import exp

from local_aws.athena.catalog import Partition, Table
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.partitions import key_values
from local_aws.athena.pruning import satisfying

LIMIT = 200_000
_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
# Java's DateTimeFormatter letters that stand for numbers; of all but the year, one letter does not pad.
_LETTERS = {"y": "year", "M": "month", "d": "day", "H": "hour", "m": "minute", "s": "second"}
_INTEGERS = {"tinyint", "smallint", "int", "bigint", "string", "varchar"}


def is_projected(table: Table) -> bool:
    return table.parameters.get("projection.enabled", "false").lower() == "true"


def projected_partitions(connection: Any, table: Table, alias: str, terms: list[exp.Expr]) -> list[Partition]:
    """The partitions that the properties describe and the WHERE terms on partition columns select.

    Each key is pruned before the keys are combined. A value that is none of its key's type fails the query, whatever
    it selects.
    """
    values = []
    for key, kind in table.keys:
        found = [(value,) for value in _values(table, key, terms)]
        if len(found) > LIMIT:
            raise CannotTranslate(f"a projection of more than {LIMIT} values of {key}")
        if kind.name not in ("string", "varchar"):
            only = replace(table, keys=((key, kind),))
            for value in found:
                key_values(only, Partition(value, table.location, table.descriptor))
        own = [term for term in terms if _keys_of(term) == {key}]
        values.append([found[number][0] for number in satisfying(connection, alias, [(key, kind)], found, own)])
    combined = _combined(values)
    shared = [term for term in terms if len(_keys_of(term)) > 1]
    kept = satisfying(connection, alias, list(table.keys), combined, shared)
    return _located(table, [combined[number] for number in kept])


def _keys_of(term: exp.Expr) -> set[str]:
    return {column.name for column in term.find_all(exp.Column)}


def _combined(values: list[list[str]]) -> list[tuple[str, ...]]:
    if (count := prod(map(len, values))) > LIMIT:
        raise CannotTranslate(f"a projection of {count} partitions")
    return list(product(*values))


def _located(table: Table, combined: list[tuple[str, ...]]) -> list[Partition]:
    """Partitions of these values, each where the table's template says."""
    template, partitions = _template(table), []
    for values in combined:
        location = template
        for (key, _), value in zip(table.keys, values, strict=True):
            location = location.replace(f"${{{key}}}", value)
        partitions.append(Partition(values, location, table.descriptor))
    return partitions


def _template(table: Table) -> str:
    """Where a partition lies, with a placeholder for each key.

    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
    """
    folders = "".join(f"{key}=${{{key}}}/" for key, _ in table.keys)
    template = table.parameters.get("storage.location.template") or f"{table.location.rstrip('/')}/{folders}"
    if set(re.findall(r"\$\{(.*?)\}", template)) != set(dict(table.keys)):
        raise _invalid(table, "storage.location.template", "it must have a placeholder for each partition column")
    return template


def _values(table: Table, key: str, terms: list[exp.Expr]) -> list[str]:
    kind = _property(table, key, "type").strip().lower()
    if kind == "enum":
        values = _property(table, key, "values").split(",")
        if not all(values):
            raise _invalid(table, f"projection.{key}.values", "a value is empty")
        return values
    if kind == "integer":
        return _integers(table, key)
    if kind == "date":
        return _dates(table, key)
    if kind == "injected":
        return _injected(table, key, terms)
    raise _invalid(table, f"projection.{key}.type", f"it is {kind!r}")


def _integers(table: Table, key: str) -> list[str]:
    if (declared := dict(table.keys)[key]).name not in _INTEGERS:
        raise _invalid(table, f"projection.{key}.type", f"the column's type is {declared.hive()}")
    low, high = _range(table, key)
    if not all(re.fullmatch(r"\s*-?[0-9]+\s*", bound) for bound in (low, high)):
        raise _invalid(table, f"projection.{key}.range", "it must be two integers")
    digits, interval = (_positive(table, key, name, "1") for name in ("digits", "interval"))
    numbers = range(int(low), int(high) + 1, interval)[: LIMIT + 1]
    return [f"{number:0{digits}}" for number in numbers]


def _range(table: Table, key: str) -> list[str]:
    bounds = _property(table, key, "range").split(",")
    if len(bounds) != 2:
        raise _invalid(table, f"projection.{key}.range", "it must be two values")
    return bounds


def _positive(table: Table, key: str, name: str, default: str | None) -> int:
    value = _property(table, key, name, default).strip()
    if not re.fullmatch("0*[1-9][0-9]*", value):
        raise _invalid(table, f"projection.{key}.{name}", "it must be a positive integer")
    return int(value)


def _invalid(table: Table, name: str, problem: str) -> QueryFailed:
    return QueryFailed(f"INVALID_TABLE_PROPERTY: {name} of table {table.database}.{table.name}: {problem}")


def _property(table: Table, key: str, name: str, default: str | None = None) -> str:
    value = table.parameters.get(f"projection.{key}.{name}", default)
    if value is None:
        raise _invalid(table, f"projection.{key}.{name}", "it is missing")
    return value


def _plain(part: str) -> str:
    """What stands in quotes in a format; two quotes are one."""
    return part.strip("'") or "'"


class _Format:
    """A pattern of Java's DateTimeFormatter, as far as it is made of numbers."""

    def __init__(self, java: str) -> None:
        self._parts = [each[0] for each in re.finditer(r"'[^']*'|([A-Za-z])\1*|[^A-Za-z]", java)]
        self._fields = [part for part in self._parts if part.isalpha()]
        known = all(
            part[0] in _LETTERS and len(part) in ((4,) if part[0] == "y" else (1, 2)) for part in self._fields
        ) and not any(part in "[]{}#'" for part in self._parts)
        if not known or "yyyy" not in self._fields or len({part[0] for part in self._fields}) < len(self._fields):
            raise CannotTranslate(f"the projection format {java}")
        self._template = "".join(
            f"{{0.{_LETTERS[part[0]]}:0{len(part)}}}"
            if part in self._fields
            else _plain(part).replace("{", "{{").replace("}", "}}")
            for part in self._parts
        )
        self.finest = max((part[0] for part in self._fields), key=list(_LETTERS).index)

    def text(self, moment: datetime) -> str:
        return self._template.format(moment)

    def moment(self, text: str) -> datetime | None:
        """What a text stands for, None if it is not in this format."""
        numbers = {1: "([0-9]{1,2})", 2: "([0-9]{2})", 4: "([0-9]{4})"}
        pattern = "".join(
            numbers[len(part)] if part in self._fields else re.escape(_plain(part)) for part in self._parts
        )
        if not (found := re.fullmatch(pattern, text)):
            return None
        given = {_LETTERS[part[0]]: int(number) for part, number in zip(self._fields, found.groups(), strict=True)}
        try:
            return datetime(**{"month": 1, "day": 1, **given}, tzinfo=UTC)
        except ValueError:
            return None


def _dates(table: Table, key: str) -> list[str]:
    java = _Format(_property(table, key, "format"))
    # Only to days and months there is a default step.
    default = {"d": "days", "M": "months"}.get(java.finest)
    unit = _property(table, key, "interval.unit", default).strip().lower()
    if unit not in _UNITS:
        if unit == "milliseconds":
            raise CannotTranslate("projected dates of milliseconds")
        raise _invalid(table, f"projection.{key}.interval.unit", f"{unit} is no unit")
    interval = _positive(table, key, "interval", default and "1")
    found = []
    try:
        low, high = (_moment(table, key, part, java) for part in _range(table, key))
        while (moment := low + _step(unit, interval * len(found))) <= high and len(found) <= LIMIT:
            found.append(java.text(moment))
    except (ValueError, OverflowError) as error:
        raise CannotTranslate(f"a projection range that leaves the years 1 to 9999 ({error})") from error
    return list(dict.fromkeys(found))


def _step(unit: str, number: int) -> timedelta | relativedelta:
    given: dict[str, Any] = {unit: number}
    return relativedelta(**given) if unit in ("years", "months") else timedelta(**given)


def _moment(table: Table, key: str, text: str, java: _Format) -> datetime:
    """A bound: a formatted date, or `NOW`, `NOW-3YEARS`, `NOW+1DAY`."""
    units = "|".join(unit.upper().removesuffix("S") for unit in _UNITS)
    relative = re.fullmatch(rf"\s*NOW\s*(?:([-+])\s*([0-9]+)\s*({units})S?\s*)?", text)
    if not relative:
        if (moment := java.moment(text)) is None:
            raise _invalid(table, f"projection.{key}.range", f"{text} is no date of the column's format")
        return moment
    now = datetime.now(UTC)
    return now + _step(f"{relative[3].lower()}s", int(relative[1] + relative[2])) if relative[1] else now


def _injected(table: Table, key: str, terms: list[exp.Expr]) -> list[str]:
    """The values a query gives with `=`, IN, or several of these with OR."""
    for term in terms:
        if (given := _static_values(term, key)) is not None:
            return list(dict.fromkeys(given))
    raise QueryFailed(
        f"CONSTRAINT_VIOLATION: For the injected projected partition column {key}, the WHERE clause must contain only "
        "static equality conditions, and at least one such condition must be present."
    )


def _static_values(term: exp.Expr, key: str) -> list[str] | None:
    """The literals that a term says a key is one of; None if it says something else."""
    term = term.unnest()
    if isinstance(term, exp.Or):
        sides = [_static_values(side, key) for side in (term.left, term.right)]
        return None if None in sides else [value for side in sides if side for value in side]
    column, given = term.this, term.expressions if isinstance(term, exp.In) else [term.args.get("expression")]
    if isinstance(term, exp.EQ) and isinstance(column, exp.Literal):
        column, given = term.expression, [column]
    static = isinstance(term, (exp.EQ, exp.In)) and isinstance(column, exp.Column) and column.name == key
    return (
        [each.name for each in given] if static and given and all(isinstance(e, exp.Literal) for e in given) else None
    )
