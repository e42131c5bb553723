"""What the rows of `functions.py` ask for besides plain arguments: units, formats, paths, lambdas."""

import re
from collections.abc import Callable

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino

from local_aws.athena.casts import loose, text_of
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.formats import joda_format, json_path, mysql_format, readable, regexp_rewrite
from local_aws.athena.joni import compiles, groups, is_unicode, may_be_empty, odd_pattern
from local_aws.athena.kinds import INSTANTS, INTEGERS, D, element_type, kind
from local_aws.athena.operators import Operators

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
        return {"sequence": f"generate_series({start}, {stop}, {by})"}
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
        count = f"range(0, date_sub('month', {start}, {stop}) // step_of({start}, {stop}, {months}) + 1)"
        return {
            "sequence": f"CAST(list_transform({count}, lambda i: {start} + to_months(CAST(i * {months} AS INTEGER))) AS {target})"  # noqa: E501
        }
    by = f"CASE WHEN {start} <= {stop} THEN to_days(1) ELSE to_days(-1) END"
    if step is not None:
        by = f"span_of({start}, {stop}, {writer.sql(step)})"
    return {"sequence": f"CAST(generate_series({start}, {stop}, {by}) AS {target})"}


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
    return {"whole_date": _read_date(writer.sql(node.expressions[0]), joda_format(node.expressions[1]))}


def _date_parse(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    """As Joda: without a year it is 2000, or 1970 where only a time is given; two digits mean 1970 to 2069."""
    value, pattern = writer.sql(node.expressions[0]), mysql_format(node.expressions[1])
    fields = set(re.findall("%(.)", node.expressions[1].name))
    if not fields & set("Yyx"):
        return {"parsed": _read_date(value, pattern, 2000 if fields & set("mcbMde") else 1970)}
    parsed = _read_date(value, pattern)
    return {"parsed": f"two_digit_year({parsed})" if "y" in fields and "Y" not in fields else parsed}


def _read_date(value: str, pattern: str, year: int | None = None) -> str:
    here, joda = readable(pattern)
    before, whole = ("''", pattern) if year is None else (f"'{year} '", f"'%Y {pattern[1:]}")
    parsed = f"read_date({value}, {before}, {whole}, {here}, {joda})"
    return f"twelve_is_zero({parsed})" if "%I" in pattern.replace("%-", "%") and "%p" not in pattern else parsed


def _subject(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    """The text that a regular expression is looked for in, refused where DuckDB may find something else in it."""
    value, pattern = (writer.sql(each) for each in node.expressions[:2])
    literal = node.expressions[1].name if isinstance(node.expressions[1], exp.Literal) else None
    odd = {}
    if literal is None:
        odd["this regular expression, which is no literal"] = f"py_pattern({pattern}) <> ''"
    elif what := odd_pattern(literal):
        raise CannotTranslate(f"{what} in a regular expression")
    if literal is None or "$" in literal:  # Java's $ is also before a last line break
        odd["$ before a last line break"] = f"ends_with({value}, chr(10)) AND contains({pattern}, '$')"
    if literal is None or is_unicode(literal):
        odd["such a regular expression on a text that is not ASCII"] = f"strlen({value}) <> length({value})"
    if literal is None or r"\s" in literal.lower():
        odd["a vertical tab, which is a blank in Java only"] = f"contains({value}, chr(11))"
    if node.name.lower() in _OF_ALL_MATCHES and (literal is None or may_be_empty(literal)):
        matches = f"regexp_extract_all({value}, {pattern})"
        odd["a regular expression that matches the empty text"] = f"list_contains({matches}, '')"
    group = node.expressions[2].name if node.name.lower().startswith("regexp_extract") and node.expressions[2:] else ""
    if literal is not None and group.isdigit() and int(group) > groups(literal):
        reason = f"INVALID_FUNCTION_ARGUMENT: Pattern has {groups(literal)} groups. Cannot access group {group}"
        return {"subject": f"CASE WHEN {value} IS NOT NULL THEN CAST(fail('{reason}') AS VARCHAR) END"}
    refused = "".join(f" WHEN {found} THEN refuse('{reason}')" for reason, found in odd.items())
    return {"subject": f"CASE{refused} ELSE {value} END" if odd else value}


_OF_ALL_MATCHES = {"regexp_replace", "regexp_split", "regexp_extract_all", "regexp_count"}


def _rewrite(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    pattern, replacement = node.expressions[1:]
    if "$" in replacement.name and not isinstance(pattern, exp.Literal):
        raise CannotTranslate("a replacement with groups of a regular expression that is no literal")
    written = regexp_rewrite(replacement, groups(pattern.name))
    if written is None:
        reason = exp.Literal.string(f"INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: {replacement.name}")
        found = f"regexp_matches({_subject(writer, node)['subject']}, {writer.sql(pattern)})"
        written = f"CASE WHEN {found} THEN CAST(fail({reason.sql(DuckDB)}) AS VARCHAR) ELSE '' END"
    return {"rewrite": written}


def _position(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    """Computed by Python, so a pattern that both it and RE2 know."""
    pattern = node.expressions[1]
    if not isinstance(pattern, exp.Literal) or not compiles(pattern.name):
        raise CannotTranslate("regexp_position with this regular expression")
    places = [writer.sql(each) for each in node.expressions[2:]]
    arguments = [_subject(writer, node)["subject"], writer.sql(pattern), *places, *["1"] * (2 - len(places))]
    return {"position": f"py_regexp_position({', '.join(arguments)})"}


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
    "subject": _subject,
    "rewrite": _rewrite,
    "position": _position,
    "length": _length,
    "remainder": _remainder,
    "bits": _bits,
    "concat_ws": _concat_ws,
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
    "mysql1": lambda writer, node: {"mysql1": mysql_format(node.expressions[1])},
    "whole_date": _whole_date,
    "joda1": lambda writer, node: {"joda1": joda_format(node.expressions[1])},
}
