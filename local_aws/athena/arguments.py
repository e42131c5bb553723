"""What the rows of `functions.py` ask for besides plain arguments: units, formats, paths, lambdas."""

import re
from collections.abc import Callable

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino

from local_aws.athena import regexps
from local_aws.athena.casts import loose, text_of
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.formats import joda_format, json_path, mysql_format, readable
from local_aws.athena.kinds import INSTANTS, INTEGERS, D, element_type, kind
from local_aws.athena.operators import Operators
from local_aws.athena.zones import keeps_instant

_UNITS = {"millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"}


def _unit(node: exp.Expr, moment: exp.Expr | None = None) -> str:
    unit = node.name.lower() if isinstance(node, exp.Literal) else ""
    if not unit:
        raise CannotTranslate("a unit of time that is no literal")
    if unit not in _UNITS:
        of = "DATE" if kind(moment) == D.DATE else "Timestamp"
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid {of} field")
    return unit


def _interval(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    unit, amount, moment = node.expressions
    if kind(moment) == D.DATE and _unit(unit, moment) in ("millisecond", "second", "minute", "hour"):
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{_unit(unit)}' is not a valid DATE field")
    if kind(moment) not in INSTANTS or moment.type is None:
        raise CannotTranslate(f"date_add to {moment.sql(Trino)}, whose type is not known: add a CAST")
    if _unit(unit) == "millisecond":
        return {
            "interval": f"to_microseconds(CAST({writer.sql(amount)} AS BIGINT) * 1000)",
            "type2": moment.type.sql(DuckDB),
        }
    return {"interval": f"to_{_unit(unit)}s(CAST({writer.sql(amount)} AS INTEGER))", "type2": moment.type.sql(DuckDB)}


def _sequence(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    start, stop = (writer.sql(each) for each in node.expressions[:2])
    step = node.expressions[2] if len(node.expressions) > 2 else None
    of = kind(node.expressions[0])
    if of == D.TIMESTAMP and step is None:
        raise QueryFailed("FUNCTION_NOT_FOUND: Unexpected parameters (timestamp, timestamp) for function sequence")
    if of in INTEGERS:
        by = f"step_of({start}, {stop}, {writer.sql(step) if step is not None else f'sign({stop} - {start} + 0.5)'})"
        return {"sequence": f"integer_series({start}, {stop}, {by})"}
    if of not in (D.DATE, D.TIMESTAMP) or not (step is None or isinstance(step, exp.Interval)):
        raise CannotTranslate("sequence of these types")
    target = "DATE[]" if of == D.DATE else "TIMESTAMP[]"
    unit = step.text("unit").upper().rstrip("S") if step is not None else "DAY"
    if of == D.DATE and unit in ("HOUR", "MINUTE", "SECOND"):
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT: sequence step must be a day interval if start and end values are dates"
        )
    if unit in ("MONTH", "YEAR") and step is not None:
        months = int(step.this.name) * (12 if unit == "YEAR" else 1)
        # Counted from the start, so that the 31st comes back after a shorter month.
        steps = f"date_sub('month', {start}, {stop}) // step_of({start}, {stop}, {months})"
        count = f"range(0, stop_within({steps}, {steps}) + 1)"
        return {
            "sequence": f"CAST(list_transform({count}, lambda i: {start} + to_months(CAST(i * {months} AS INTEGER))) AS {target})"  # noqa: E501
        }
    by = f"CASE WHEN {start} <= {stop} THEN to_days(1) ELSE to_days(-1) END"
    if step is not None:
        by = f"span_of({start}, {stop}, {writer.sql(step)})"
    last = f"stop_within({stop}, steps_between({start}, {stop}, {by}))"
    return {"sequence": f"CAST(generate_series({start}, {last}, {by}) AS {target})"}


def _reduce(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    values, start, step, finish = node.expressions
    result = f"list_reduce({writer.sql(values)}, {writer.sql(step)}, {writer.sql(start)})"
    if not isinstance(finish, exp.Lambda):
        raise CannotTranslate("reduce without a lambda")
    if not {kind(start), kind(step)} & {D.UNKNOWN, D.NULL} and start.type != step.type:
        raise CannotTranslate("reduce whose steps give another type than it starts with: add a CAST")
    return {"reduce": _with_names(writer, finish, [f"({result})"])}


def _map_lambda(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    entries, function = f"map_entries({writer.sql(node.expressions[0])})", node.expressions[1]
    if not isinstance(function, exp.Lambda) or len(function.expressions) != 2:
        raise CannotTranslate(f"{node.name} without a lambda of two arguments")
    body = _with_names(writer, function, ["e.key", "e.value"])
    return {
        "map_filter": f"map_from_entries(list_filter({entries}, lambda e: {body}))",
        "transform_keys": f"map_from_entries(list_transform({entries}, lambda e: struct_pack(k := {body}, v := e.value)))",  # noqa: E501
        "transform_values": f"map_from_entries(list_transform({entries}, lambda e: struct_pack(k := e.key, v := {body})))",  # noqa: E501
    }


def _iso8601(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    pattern = {D.DATE: "%Y-%m-%d", D.TIMESTAMP: "%Y-%m-%dT%H:%M:%S.%g", D.TIMESTAMPTZ: "%Y-%m-%dT%H:%M:%S.%gZ"}
    value = node.expressions[0]
    if kind(value) not in pattern:
        raise CannotTranslate(f"to_iso8601 of {value.sql(Trino)}, whose type is not known: add a CAST")
    if kind(value) != D.DATE and loose(writer, value):
        raise CannotTranslate("to_iso8601 of a time that isn't written to the millisecond")
    return {"iso0": f"strftime({writer.sql(value)}, '{pattern[kind(value)]}')"}


def _whole_date(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    """Joda fills what a pattern lacks from 1970, DuckDB from 1900, and they differ in which century two digits mean."""
    fields = re.sub(r"'[^']*'", "", node.expressions[1].name)
    if not re.search("yyyy|YYYY|xxxx", fields):
        raise CannotTranslate(f"parse_datetime with {node.expressions[1].sql(Trino)}, which has no year of four digits")
    value = writer.sql(node.expressions[0])
    zoned = re.fullmatch(r"((?:'[^']*'|[^'])*?)ZZ?", node.expressions[1].name)
    if zoned is None:
        return {"whole_date": _read_date(value, joda_format(node.expressions[1]))}
    pattern = joda_format(exp.Literal.string(zoned[1])).removesuffix("'") + "%z'"
    if "%I" in pattern.replace("%-", "%") and "%p" not in pattern:
        raise CannotTranslate("parse_datetime with an offset and an hour of half a day without AM or PM")
    read = _read_date(value, pattern)
    return {"whole_date": read if keeps_instant(node) else f"only_in_utc({value}, {read})"}


def _date_parse(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    """As Joda: without a year it is 2000, or 1970 where only a time is given; two digits mean 1970 to 2069."""
    written = _mysql(node.expressions[1])
    value, pattern = writer.sql(node.expressions[0]), mysql_format(written)
    fields = set(re.findall("%(.)", written.name))
    if not fields & set("Yyx"):
        return {"parsed": _read_date(value, pattern, 2000 if fields & set("mcbMde") else 1970)}
    parsed = _read_date(value, pattern)
    return {"parsed": f"two_digit_year({parsed})" if "y" in fields and "Y" not in fields else parsed}


def _mysql(node: exp.Expr) -> exp.Expr:
    """A date format without the sign that Trino skips at its end; of nothing it makes no formatter."""
    if not (isinstance(node, exp.Literal) and node.is_string):
        return node
    pattern = "".join(re.findall(r"%.|[^%]", node.name, re.DOTALL))
    if not pattern:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Both printing and parsing not supported")
    return exp.Literal.string(pattern)


def _read_date(value: str, pattern: str, year: int | None = None) -> str:
    here, joda = readable(pattern)
    before, whole = ("''", pattern) if year is None else (f"'{year} '", f"'%Y {pattern[1:]}")
    parsed = f"read_date({value}, {before}, {whole}, {here}, {joda})"
    return f"twelve_is_zero({parsed})" if "%I" in pattern.replace("%-", "%") and "%p" not in pattern else parsed


def _types(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    known = {f"type{n}": each.type.sql(DuckDB) for n, each in enumerate(node.expressions) if each.type is not None}
    return {**known, "type": node.type.sql(DuckDB)} if node.type is not None else known


def _remainder(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    left, right = (writer.sql(each) for each in node.expressions)
    whole = all(kind(each) in INTEGERS for each in node.expressions)
    return {"remainder": f"integer_remainder({left}, {right})" if whole else f"({left}) % ({right})"}


_BITS = {D.TINYINT: 8, D.SMALLINT: 16, D.INT: 32, D.BIGINT: 64}


def _bits(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    if kind(node.expressions[0]) not in _BITS:
        raise CannotTranslate(f"{node.name} of what is not known to be a whole number: add a CAST")
    return {"bits": str(_BITS[kind(node.expressions[0])])}


def _length(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    function = "octet_length" if kind(node.expressions[0]) in (D.VARBINARY, D.BINARY) else "length"
    return {"length": f"CAST({function}({writer.sql(node.expressions[0])}) AS BIGINT)"}


def _concat_ws(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    written = [writer.sql(each) for each in node.expressions]
    if kind(node.expressions[1]) == D.ARRAY:
        return {"concat_ws": f"array_to_string({written[1]}, {written[0]})"}
    return {"concat_ws": f"concat_ws({', '.join(written)})"}


def _formatted(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    """What is formatted, where Python has no other floats than doubles."""
    pattern, *values = node.expressions
    if any(kind(each) == D.FLOAT for each in values) and ("s" in pattern.name.lower() or not pattern.is_string):
        raise CannotTranslate("%s of a real in format(); CAST it AS double")
    return {"formatted": ", ".join(map(writer.sql, node.expressions))}


def _array_join(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    values, *others = (writer.sql(each) for each in node.expressions)
    element = text_of(element_type(node.expressions[0]).this, "e")
    if len(others) > 1:
        element = f"coalesce({element}, {others[1]})"
    of = element_type(node.expressions[0]).this
    if of == D.JSON or (of in (D.TIMESTAMP, D.TIMESTAMPTZ) and loose(writer, node)):
        raise CannotTranslate("array_join of json, or of times that are not written to the millisecond")
    joined = f"array_to_string(list_transform({values}, lambda e: {element}), {others[0]})"
    given = " AND ".join(f"{each} IS NOT NULL" for each in (values, *others))
    return {"array_join": f"CASE WHEN {given} THEN coalesce({joined}, '') END"}


def _element(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    value, key = (writer.sql(each) for each in node.expressions)
    if kind(node.expressions[0]) not in (D.ARRAY, D.MAP):
        raise CannotTranslate(f"element_at of {node.expressions[0].sql(Trino)}, whose type is not known: add a CAST")
    return {"element": f"trino_element({value}, {key})" if kind(node.expressions[0]) == D.ARRAY else f"{value}[{key}]"}


def _date_trunc(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    unit, moment = node.expressions
    if kind(moment) == D.DATE and _unit(unit, moment) in ("millisecond", "second", "minute", "hour"):
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{_unit(unit)}' is not a valid DATE field")
    if kind(moment) not in INSTANTS or moment.type is None:
        raise QueryFailed(f"FUNCTION_NOT_FOUND: Unexpected parameters for function date_trunc: {moment.sql(Trino)}")
    return {"date_trunc": f"CAST(date_trunc('{_unit(unit)}', {writer.sql(moment)}) AS {moment.type.sql(DuckDB)})"}


def _zip(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    members = ", ".join(f"field{n} := e[{n + 1}]" for n in range(len(node.expressions)))
    zipped = f"list_zip({', '.join(writer.sql(each) for each in node.expressions)})"
    return {"zip": f"list_transform({zipped}, lambda e: struct_pack({members}))"}


def _zip_with(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    left, right, function = node.expressions
    if not isinstance(function, exp.Lambda) or len(function.expressions) != 2:
        raise CannotTranslate("zip_with without a lambda of two arguments")
    body = _with_names(writer, function, ["e[1]", "e[2]"])
    return {"zip_with": f"list_transform(list_zip({writer.sql(left)}, {writer.sql(right)}), lambda e: {body})"}


def _with_names(writer: Operators, function: exp.Lambda, names: list[str]) -> str:
    """A lambda's body with DuckDB expressions in the place of its arguments."""
    places = dict(zip((each.name for each in function.expressions), names, strict=True))

    def place(each: exp.Expr) -> exp.Expr:
        if isinstance(each, exp.Identifier) and each.name in places:
            found = exp.Var(this=places[each.name])
            found.type = each.type
            return found
        return each

    return writer.sql(function.this.copy().transform(place))


PLACEHOLDERS: dict[str, Callable[[Operators, exp.Anonymous], dict[str, str]]] = {
    "type": _types,
    "unit0": lambda writer, node: {"unit0": f"'{_unit(*node.expressions[::2])}'"},
    "subject": regexps.subject,
    "group": regexps.group_number,
    "rewrite": regexps.rewrite,
    "position": regexps.position,
    "length": _length,
    "remainder": _remainder,
    "bits": _bits,
    "concat_ws": _concat_ws,
    "formatted": _formatted,
    "array_join": _array_join,
    "element": _element,
    "date_trunc": _date_trunc,
    "zip_with": _zip_with,
    "zip}": _zip,
    "interval": _interval,
    "sequence": _sequence,
    "reduce": _reduce,
    "equal": lambda writer, node: {"equal": writer.equal(*node.expressions)},
    "map_filter": _map_lambda,
    "transform_keys": _map_lambda,
    "transform_values": _map_lambda,
    "iso0": _iso8601,
    "nulls": lambda writer, node: {"nulls": ", ".join(f"{writer.sql(each)} IS NULL" for each in node.expressions)},
    "parsed": _date_parse,
    "path1": lambda writer, node: {"path1": json_path(node.expressions[1])},
    "mysql1": lambda writer, node: {"mysql1": mysql_format(_mysql(node.expressions[1]))},
    "whole_date": _whole_date,
    "joda1": lambda writer, node: {"joda1": joda_format(node.expressions[1])},
}
