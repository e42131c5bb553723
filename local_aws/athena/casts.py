"""CAST as Trino does it, where DuckDB is more lenient or rounds otherwise."""

import re
from datetime import datetime
from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.kinds import FLOATS, INSTANTS, INTEGERS, TEXTS, D, decimal_literal, kind
from local_aws.athena.messages import has_loose_time, is_literal, place, trino_name
from local_aws.athena.operators import Operators
from local_aws.athena.zones import keeps_instant

_DATE = re.compile(r"\s*(\d{4,})-(\d{1,2})-(\d{1,2})\s*")
_MOMENT = re.compile(
    r"(\d{4,})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,12})?)?)?(?:Z| ?[-+]\d.*| [A-Z].*)?"
)
_ZONED = re.compile(r"(\d.*\d) +([A-Z][a-z].*)")
_DECIMAL = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_TIMES = (D.TIMESTAMP, D.TIMESTAMPTZ)


def cast_sql(writer: Operators, node: exp.Cast) -> str:
    """One CAST; a combination that is not known to agree is refused."""
    value, target = node.this, node.to
    source, wanted = kind(value), target.this
    written, into = writer.sql(value), target.sql(DuckDB)
    _check_target(node)
    if is_literal(node):
        _check_literal(node)
    if wanted in (D.TIMESTAMP, D.TIMESTAMPTZ) and target.expressions and target.expressions[0].name != "3":
        raise CannotTranslate(f"a CAST to {target.sql(Trino).lower()}; Athena's timestamps have milliseconds")
    if (
        wanted == D.TIMESTAMPTZ
        and isinstance(value, exp.Literal)
        and not _is_utc(value.name)
        and not keeps_instant(node)
    ):
        raise CannotTranslate(f"the zone of TIMESTAMP '{value.name}'; convert with AT TIME ZONE 'UTC'")
    if wanted == D.TIMESTAMPTZ and isinstance(value, exp.Literal) and (zoned := _ZONED.fullmatch(value.name)):
        return f"instant_in('{zoned[2]}', TIMESTAMP '{zoned[1]}')"
    if wanted == D.TIMESTAMPTZ and isinstance(value, exp.Literal) and not _is_utc(value.name):
        offset = re.sub(" +(?=[-+])", "", value.name)  # to DuckDB, a zone's name would follow the blank
        return f"CAST('{offset}' AS TIMESTAMPTZ)"
    if wanted == D.DECIMAL and not target.expressions and isinstance(value, exp.Literal) and value.is_string:
        if not _DECIMAL.fullmatch(value.name.strip()):
            raise QueryFailed(f"INVALID_LITERAL: {place(node)}'{value.name}' is not a valid decimal literal")
        into = decimal_literal(value.name).sql(DuckDB)
    if isinstance(value, exp.Anonymous) and value.name.lower() == "row" and wanted == D.STRUCT:
        # DuckDB casts structs by the members' names; a bare row is matched by position, as in Trino.
        return f"CAST({_positional(writer, value, target)} AS {into})"
    if source == wanted == D.STRUCT or (
        source in (D.ARRAY, D.MAP) and D.STRUCT in {each.this for each in target.find_all(exp.DataType)}
    ):
        raise CannotTranslate("a CAST between rows other than CAST(ROW(...) AS ROW(...))")
    if source == D.JSON or wanted == D.JSON:
        return _json(writer, value, written, target)
    if source == wanted and source in (D.ARRAY, D.MAP) and _inner(value):
        return _members(writer, value, target)
    if wanted in TEXTS:
        return _to_text(writer, value, written, target)
    if source in TEXTS:
        moment = f"CAST({_checked_text(written, target)} AS {into})"
        return f"to_milliseconds({moment})" if wanted in _TIMES and not is_literal(node) else moment
    if source == D.UNKNOWN and not isinstance(value, exp.Null):
        if wanted in INTEGERS:
            return f"CAST(CASE WHEN typeof({written}) IN ('FLOAT', 'DOUBLE', 'VARCHAR') THEN {_unknown(value)} ELSE {written} END AS {into})"  # noqa: E501
        return f"CAST(CASE WHEN typeof({written}) IN ('VARCHAR', 'JSON') THEN {_unknown(value)} ELSE {written} END AS {into})"  # noqa: E501
    if wanted == D.UUID and source in (D.VARBINARY, D.BINARY):
        return f"binary_as_uuid({written})"
    if wanted in (D.TIME, D.TIMETZ):
        raise CannotTranslate(f"a CAST to {target.sql(Trino).lower()}")
    if source == D.DOUBLE and wanted == D.FLOAT:
        return f"as_real({written})"
    if source in INTEGERS and wanted == D.DECIMAL:
        precision, scale = (int(size.name) for size in target.expressions)
        return f"CAST(whole_decimal({written}, '{trino_name(value).upper()}', {precision}, {scale}) AS {into})"
    if source in FLOATS and wanted == D.DECIMAL:
        return f"CAST(CAST({written} AS VARCHAR) AS {into})"  # of the digits it is written with, not of all it has
    if source in FLOATS and wanted in INTEGERS:
        return f"CAST(round({written}) AS {into})"
    if source == D.TIMESTAMPTZ and wanted in (D.DATE, D.TIMESTAMP):
        return f"CAST(CAST({written} AS TIMESTAMP) AS {into})"
    return f"CAST({written} AS {into})"


def _check_target(node: exp.Cast) -> None:
    for each in node.to.find_all(exp.DataType):
        if each.this == D.USERDEFINED:
            raise QueryFailed(f"TYPE_MISMATCH: {place(node)}Unknown type: {each.sql(Trino).lower()}")


def _inner(value: exp.Expr) -> list[exp.DataType]:
    """The types of an array's elements, or of a map's keys and values, if they are known."""
    inner = value.type.expressions if value.type is not None else []
    return [] if {each.this for each in inner} & {D.UNKNOWN, D.NULL} else list(inner)


def _members(writer: Operators, value: exp.Expr, target: exp.DataType) -> str:
    """An array or a map, each member with the rules of one value."""
    if {*_TIMES} & {each.this for of in _inner(value) for each in of.find_all(exp.DataType)} and loose(writer, value):
        raise CannotTranslate("a CAST of times that are not written to the millisecond")
    name = f"element{writer.depth}"
    writer.depth += 1
    places = [name] if kind(value) == D.ARRAY else [f"{name}.key", f"{name}.value"]
    written = []
    for where, of, to in zip(places, _inner(value), target.expressions, strict=True):
        member = exp.Var(this=where)
        member.type = of
        written.append(cast_sql(writer, exp.Cast(this=member, to=to.copy())))
    if kind(value) == D.ARRAY:
        return f"list_transform({writer.sql(value)}, lambda {name}: {written[0]})"
    entry = f"struct_pack(k := {written[0]}, v := {written[1]})"
    return f"map_from_entries(list_transform(map_entries({writer.sql(value)}), lambda {name}: {entry}))"


def loose(writer: Operators, value: exp.Expr) -> bool:
    """Whether the precision of a time may be another than the millisecond."""
    return has_loose_time(value) or writer.loose_times


def _check_literal(node: exp.Cast) -> None:
    """`DATE '2025-02-30'` is refused when the query is analysed."""
    text, name = node.this.name, node.to.this.value.removesuffix("TZ")
    found = (_DATE if name == "DATE" else _MOMENT).fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        if len(found[1]) <= 4:
            datetime(*(int(part) for part in found.groups() if part))  # noqa: DTZ001
    except ValueError:
        raise QueryFailed(f"INVALID_LITERAL: {place(node)}'{text}' is not a valid {name} literal") from None
    if re.search(r"\.\d{4}", text) and not isinstance(node.parent, exp.Predicate):
        raise CannotTranslate(f"{name} '{text}' here; Athena's timestamps have milliseconds")


def _is_utc(literal: str) -> bool:
    return literal.rstrip().endswith(("UTC", "Z", "+00:00")) or not re.search(r":.*[-+A-Za-z/]", literal)


def _positional(writer: Operators, value: exp.Expr, target: exp.DataType) -> str:
    """A bare row, each member with the rules of one value."""
    kinds = [each.args["kind"] if isinstance(each, exp.ColumnDef) else each for each in target.expressions]
    if len(kinds) != len(value.expressions):
        raise QueryFailed(f"TYPE_MISMATCH: {place(value)}Cannot cast a row to {target.sql(Trino).lower()}")
    members = zip(value.expressions, kinds, strict=True)
    return f"row({', '.join(cast_sql(writer, exp.Cast(this=member.copy(), to=of.copy())) for member, of in members)})"


def _to_text(writer: Operators, value: exp.Expr, written: str, target: exp.DataType) -> str:
    if target.this == D.CHAR:
        raise CannotTranslate("char(n), which pads with spaces; use varchar")
    text = text_of(kind(value), written)
    is_timestamp = kind(value) == D.TIMESTAMP and is_literal(value)
    if kind(value) in _TIMES and not is_timestamp and loose(writer, value):
        raise CannotTranslate("a CAST to varchar of a time that may not have milliseconds")
    if is_timestamp:
        text = f"left({text}, 19) || '{re.sub(r'^[^.]*', '', value.this.name)}'"
    if not target.expressions:
        return text
    size = target.expressions[0].name
    if kind(value) in TEXTS:
        return f"left({text}, {size})"
    return f"CASE WHEN length({text}) <= {size} THEN {text} ELSE fail('INVALID_CAST_ARGUMENT: Value ' || {text} || ' cannot be represented as varchar({size})') END"  # noqa: E501


def text_of(source: Any, written: str) -> str:
    """The text of a value of a type, as CAST to varchar gives it."""
    if source == D.FLOAT:
        return f"real_text({written})"
    if source == D.DOUBLE:
        return f"double_text({written})"
    if source == D.DECIMAL:
        return f"decimal_text(CAST({written} AS VARCHAR))"
    if source == D.TIMESTAMP:
        return f"strftime({written}, '%Y-%m-%d %H:%M:%S.%g')"
    if source == D.TIMESTAMPTZ:
        return f"strftime({written}, '%Y-%m-%d %H:%M:%S.%g UTC')"
    if source in (D.VARBINARY, D.ARRAY, D.MAP, D.STRUCT, D.INTERVAL):
        raise CannotTranslate(f"a CAST of {source.value.lower()} to varchar")
    return f"plain_text({written})" if source == D.UNKNOWN else f"CAST({written} AS VARCHAR)"


def _checked_text(written: str, target: exp.DataType) -> str:
    wanted = target.this
    if wanted in INTEGERS:
        return f"text_as_integer({written}, '{wanted.value}')"
    if wanted in FLOATS or wanted == D.DECIMAL:
        return f"text_as_number({written}, '{target.sql(Trino)}')"
    if wanted == D.DATE:
        return f"text_as_date({written})"
    if wanted == D.TIMESTAMP:
        return f"text_as_timestamp({written})"
    if wanted == D.BOOLEAN:
        return f"text_as_boolean({written})"
    if wanted == D.TIMESTAMPTZ:
        return f"text_as_instant({written})"
    if wanted == D.UUID:
        return f"text_as_uuid({written})"
    raise CannotTranslate(f"a CAST of varchar to {target.sql(Trino).lower()}")


def _json(writer: Operators, value: exp.Expr, written: str, target: exp.DataType) -> str:
    source = kind(value)
    if target.this == D.JSON:
        if source == D.JSON or isinstance(value, exp.Null):
            return f"CAST({written} AS JSON)"
        members = {each.this for each in value.type.find_all(exp.DataType)} if value.type is not None else set()
        if D.JSON in members:
            raise CannotTranslate("a CAST of json inside an array, a map or a row to json")
        if D.TIMESTAMP in members and loose(writer, value):
            raise CannotTranslate("a CAST to json of a time that isn't written to the millisecond")
        maps = value.type.find_all(exp.DataType) if value.type is not None else ()
        if {each.expressions[0].this for each in maps if each.this == D.MAP} & {*INSTANTS, D.ARRAY, D.MAP, D.STRUCT}:
            raise QueryFailed(f"TYPE_MISMATCH: {place(value)}Cannot cast a map with such keys to json")
        if D.UNKNOWN in members or {D.MAP, D.STRUCT} <= members or D.TIMESTAMPTZ in members:
            raise CannotTranslate(f"a CAST of {value.sql(Trino)} to json")
        if D.FLOAT in members:
            if source != D.FLOAT:
                raise CannotTranslate(f"a CAST of {value.sql(Trino)} to json")
            written = f"CAST(CAST({written} AS VARCHAR) AS DOUBLE)"
        if source in TEXTS or source in INTEGERS or source == D.BOOLEAN:
            return f"to_json({written})"
        if any(name.name.startswith("field") for name in value.type.find_all(exp.ColumnDef)) if value.type else False:
            raise CannotTranslate("a CAST of a row without names to json")
        convert = "py_json_of_row" if D.STRUCT in members else "py_json_of_map"
        return f"CAST(unless_refused({convert}({written})) AS JSON)"
    name = target.sql(Trino)
    # A scalar's text; an array or an object has none.
    scalar = f"CASE WHEN json_type({written}) IN ('OBJECT', 'ARRAY') THEN CAST(cannot_cast(CAST({written} AS VARCHAR), '{name}') AS VARCHAR) ELSE trino_json_scalar({written}, '$') END"  # noqa: E501
    if target.this in TEXTS:
        if target.this == D.CHAR or target.expressions:
            raise CannotTranslate(f"a CAST of json to {name.lower()}; use varchar")
        # A number with a fraction or an exponent is a double's text.
        return f"CASE WHEN json_type({written}) = 'DOUBLE' THEN double_text(CAST({scalar} AS DOUBLE)) ELSE {scalar} END"
    if target.this == D.BOOLEAN:
        return f"CASE WHEN json_type({written}) IN ('UBIGINT', 'BIGINT', 'DOUBLE') THEN CAST({scalar} AS DOUBLE) <> 0 ELSE CAST(text_as_boolean({scalar}) AS BOOLEAN) END"  # noqa: E501
    if target.this in INTEGERS or target.this in FLOATS or target.this == D.DECIMAL:
        scalar = f"CASE WHEN json_type({written}) = 'BOOLEAN' THEN CASE {scalar} WHEN 'true' THEN '1' ELSE '0' END ELSE {scalar} END"  # noqa: E501
    if target.this in INTEGERS:
        rounded = f"CAST(round(CAST({scalar} AS DOUBLE)) AS {target.sql(DuckDB)})"
        return f"CASE WHEN json_type({written}) = 'DOUBLE' THEN {rounded} ELSE CAST(text_as_integer({scalar}, '{name}') AS {target.sql(DuckDB)}) END"  # noqa: E501
    if target.this in FLOATS or target.this == D.DECIMAL:
        return f"CAST(text_as_number({scalar}, '{name}') AS {target.sql(DuckDB)})"
    if target.this in (D.ARRAY, D.MAP, D.STRUCT):
        return _json_members(written, target)
    raise CannotTranslate(f"a CAST of json to {name.lower()}")


def _json_members(written: str, target: exp.DataType) -> str:
    """An array, a map or a row out of JSON. DuckDB wants a row's very members, and takes any JSON for a text."""
    if target.this in (D.ARRAY, D.MAP):
        shape = "array" if target.this == D.ARRAY else "object"
        named = exp.Literal.string(target.sql(Trino).lower()).sql(DuckDB)
        written = f"json_of_shape({written}, '{shape}', {named})"
    cast = f"CAST({written} AS {target.sql(DuckDB)})"
    inner = {each.this for each in target.find_all(exp.DataType)}
    if D.STRUCT in inner:
        return _json_rows(written, target, cast)
    value = target.expressions[-1]  # a map's keys are texts in JSON too
    texts = {each.this for each in value.find_all(exp.DataType)} & TEXTS
    if value.this == D.MAP:
        texts = {each.this for each in value.expressions[-1].find_all(exp.DataType)} & TEXTS
    if texts and value.this not in TEXTS:
        raise CannotTranslate("a CAST of json to texts in a nested array or map")
    members = f"json_extract({written}, '{'$[*]' if target.this == D.ARRAY else '$.*'}')"
    if not texts:
        others = f"len(list_filter({members}, lambda member: json_type(member) IN ({_odd_members(value)}))) > 0"
        refused = f"refuse('a CAST of such json to {target.sql(Trino).lower()}')"
        refused = f"CAST(CAST({refused} AS JSON) AS {target.sql(DuckDB)})"
        return f"CASE WHEN {others} THEN {refused} ELSE {cast} END" if _odd_members(value) else cast
    nested = f"len(list_filter({members}, lambda member: json_type(member) IN ('OBJECT', 'ARRAY'))) > 0"
    failed = f"cannot_cast(CAST({written} AS VARCHAR), '{target.sql(Trino)}')"
    fractions = f"len(list_filter({members}, lambda member: json_type(member) = 'DOUBLE')) > 0"
    refused = "refuse('a CAST of json with fractions to texts inside an array or a map')"
    cast = f"CASE WHEN {fractions} THEN CAST(CAST({refused} AS JSON) AS {target.sql(DuckDB)}) ELSE {cast} END"
    return f"CASE WHEN {nested} THEN CAST(CAST({failed} AS JSON) AS {target.sql(DuckDB)}) ELSE {cast} END"


def _odd_members(of: exp.DataType) -> str:
    """The types of JSON of which DuckDB makes another value than Trino, or one at all."""
    if of.this == D.BOOLEAN:
        return "'VARCHAR', 'UBIGINT', 'BIGINT', 'DOUBLE'"
    return "'VARCHAR', 'DOUBLE'" if of.this in INTEGERS else "'VARCHAR'" if of.this in {*FLOATS, D.DECIMAL} else ""


def _json_rows(written: str, target: exp.DataType, cast: str) -> str:
    """A row, or an array of rows; what has other members than the row is refused at run time."""
    row = target if target.this == D.STRUCT else target.expressions[0]
    members = [(each.name, each.args["kind"]) for each in row.find_all(exp.ColumnDef)]
    if row.this != D.STRUCT or any(of.this in (D.ARRAY, D.MAP, D.STRUCT) for _, of in members):
        raise CannotTranslate(f"a CAST of json to {target.sql(Trino).lower()}")
    names = ", ".join(exp.Literal.string(name).sql(DuckDB) for name in sorted(name for name, _ in members))
    good = f"json_type(m) = 'NULL' OR (json_type(m) = 'OBJECT' AND list_sort(json_keys(m)) = [{names}]"
    for name, of in members:
        if odd := "'OBJECT', 'ARRAY', 'DOUBLE'" if of.this in TEXTS else _odd_members(of):
            path = exp.Literal.string(f'$."{name}"').sql(DuckDB)
            good += f" AND json_type(m, {path}) NOT IN ({odd})"
    rows = f"[{written}]" if row is target else f"json_extract({written}, '$[*]')"
    others = f"len(list_filter({rows}, lambda m: NOT ({good})))) > 0"
    refused = "refuse('a CAST of json to a row that has other members, or members of other types')"
    return f"CASE WHEN {others} THEN CAST(CAST({refused} AS JSON) AS {target.sql(DuckDB)}) ELSE {cast} END"


def _unknown(value: exp.Expr) -> str:
    return (
        f"refuse('a CAST of a value whose type it does not know: ' || typeof({value.sql(DuckDB)}))"
        if (isinstance(value, exp.Column))
        else "refuse('a CAST of a value whose type it does not know')"
    )
