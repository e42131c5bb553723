"""What the rows of `functions.py` ask for besides plain arguments: units, formats, paths, lambdas."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.formats import joda_format, json_path, mysql_format
from local_aws.athena.typing import INSTANTS, INTEGERS, D, kind

if TYPE_CHECKING:
    from local_aws.athena.dialect import Writer

_UNITS = {"millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"}


def _unit(node: exp.Expr) -> str:
    unit = node.name.lower() if isinstance(node, exp.Literal) else ""
    if unit not in _UNITS:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid Timestamp field")
    return unit


def _interval(writer: "Writer", node: exp.Anonymous) -> dict[str, str]:
    unit, amount, moment = node.expressions
    if kind(moment) == D.DATE and _unit(unit) in ("millisecond", "second", "minute", "hour"):
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{_unit(unit)}' is not a valid DATE field")
    if kind(moment) not in INSTANTS or moment.type is None:
        raise CannotTranslate(f"date_add to {moment.sql(Trino)}, whose type is not known: add a CAST")
    return {"interval": f"to_{_unit(unit)}s(CAST({writer.sql(amount)} AS INTEGER))", "type2": moment.type.sql(DuckDB)}


def _sequence(writer: "Writer", node: exp.Anonymous) -> dict[str, str]:
    series = f"generate_series({', '.join(writer.sql(each) for each in node.expressions)})"
    if kind(node.expressions[0]) == D.DATE:
        if len(node.expressions) == 2:
            series = f"{series[:-1]}, INTERVAL 1 DAY)"
        return {"sequence": f"CAST({series} AS DATE[])"}
    if kind(node.expressions[0]) not in {*INTEGERS, D.TIMESTAMP}:
        raise CannotTranslate("sequence of these types")
    return {"sequence": series}


def _reduce(writer: "Writer", node: exp.Anonymous) -> dict[str, str]:
    values, start, step, finish = node.expressions
    result = f"list_reduce({writer.sql(values)}, {writer.sql(step)}, {writer.sql(start)})"
    if not isinstance(finish, exp.Lambda):
        raise CannotTranslate("reduce without a lambda")
    name = finish.expressions[0].name
    wrapped = finish.this.copy().transform(
        lambda each: exp.Var(this="__state__") if isinstance(each, exp.Identifier) and each.name == name else each
    )
    return {"reduce": writer.sql(wrapped).replace("__state__", f"({result})")}


def _map_lambda(writer: "Writer", node: exp.Anonymous) -> dict[str, str]:
    entries, function = f"map_entries({writer.sql(node.expressions[0])})", node.expressions[1]
    if not isinstance(function, exp.Lambda) or len(function.expressions) != 2:
        raise CannotTranslate(f"{node.name} without a lambda of two arguments")
    members = {function.expressions[0].name: "e.key", function.expressions[1].name: "e.value"}
    body = writer.sql(
        function.this.copy().transform(
            lambda each: (
                exp.Var(this=members[each.name]) if isinstance(each, exp.Identifier) and each.name in members else each
            )
        )
    )
    return {
        "map_filter": f"map_from_entries(list_filter({entries}, lambda e: {body}))",
        "transform_keys": f"map_from_entries(list_transform({entries}, lambda e: struct_pack(k := {body}, v := e.value)))",  # noqa: E501
        "transform_values": f"map_from_entries(list_transform({entries}, lambda e: struct_pack(k := e.key, v := {body})))",  # noqa: E501
    }


def _iso8601(writer: "Writer", node: exp.Anonymous) -> dict[str, str]:
    pattern = {D.DATE: "%Y-%m-%d", D.TIMESTAMP: "%Y-%m-%dT%H:%M:%S.%g", D.TIMESTAMPTZ: "%Y-%m-%dT%H:%M:%S.%gZ"}
    value = node.expressions[0]
    if kind(value) not in pattern:
        raise CannotTranslate(f"to_iso8601 of {value.sql(Trino)}, whose type is not known: add a CAST")
    return {"iso0": f"strftime({writer.sql(value)}, '{pattern[kind(value)]}')"}


def _types(writer: "Writer", node: exp.Anonymous) -> dict[str, str]:
    return {f"type{n}": each.type.sql(DuckDB) for n, each in enumerate(node.expressions) if each.type is not None}


PLACEHOLDERS: dict[str, Callable[["Writer", exp.Anonymous], dict[str, str]]] = {
    "type": _types,
    "unit0": lambda writer, node: {"unit0": f"'{_unit(node.expressions[0])}'"},
    "interval": _interval,
    "sequence": _sequence,
    "reduce": _reduce,
    "map_filter": _map_lambda,
    "transform_keys": _map_lambda,
    "transform_values": _map_lambda,
    "iso0": _iso8601,
    "nulls": lambda writer, node: {"nulls": ", ".join(f"{writer.sql(each)} IS NULL" for each in node.expressions)},
    "path1": lambda writer, node: {"path1": json_path(node.expressions[1])},
    "mysql1": lambda writer, node: {"mysql1": mysql_format(node.expressions[1])},
    "joda1": lambda writer, node: {"joda1": joda_format(node.expressions[1])},
}
