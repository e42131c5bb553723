"""CAST as Trino does it, where DuckDB is more lenient or rounds otherwise."""

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino

from local_aws.athena.errors import CannotTranslate
from local_aws.athena.typing import FLOATS, INTEGERS, TEXTS, D, kind

if TYPE_CHECKING:
    from local_aws.athena.dialect import Writer

MACROS = [
    "CREATE MACRO cannot_cast(v, t) AS fail('INVALID_CAST_ARGUMENT: Cannot cast ''' || v || ''' to ' || t)",
    "CREATE MACRO text_as_integer(v, t) AS CASE WHEN regexp_full_match(v, '[-+]?[0-9]+') THEN v ELSE cannot_cast(v, t) END",  # noqa: E501
    "CREATE MACRO text_as_number(v, t) AS CASE WHEN TRY_CAST(v AS DOUBLE) IS NULL THEN cannot_cast(v, t) ELSE v END",
    "CREATE MACRO text_as_date(v) AS CASE WHEN regexp_full_match(v, ' *[0-9]{4}-[0-9]{1,2}-[0-9]{1,2} *') THEN trim(v) "
    "ELSE fail('INVALID_CAST_ARGUMENT: Value cannot be cast to date: ' || v) END",
    "CREATE MACRO text_as_timestamp(v) AS CASE WHEN regexp_full_match(v, "
    "'[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]+)?)?)?') THEN v "
    "ELSE fail('INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: ' || v) END",
    # The text of a value whose type only DuckDB knows: refused where Trino's text is another one.
    "CREATE MACRO plain_text(v) AS CASE WHEN v IS NULL THEN NULL WHEN typeof(v) IN ('VARCHAR', 'BOOLEAN', 'TINYINT', 'SMALLINT', "  # noqa: E501
    "'INTEGER', 'BIGINT', 'HUGEINT', 'DATE') OR starts_with(typeof(v), 'DECIMAL') THEN CAST(v AS VARCHAR) "
    "ELSE fail('NOT_SUPPORTED: the local Athena does not translate a CAST of ' || typeof(v) || ' to varchar') END",
]  # fmt: skip


def cast_sql(writer: "Writer", node: exp.Cast) -> str:
    """One CAST; a combination that is not known to agree is refused."""
    value, target = node.this, node.to
    source, wanted = kind(value), target.this
    written, into = writer.sql(value), target.sql(DuckDB)
    if isinstance(value, exp.Anonymous) and value.name.lower() == "row" and wanted == D.STRUCT:
        # DuckDB casts structs by the members' names; a bare row is matched by position, as in Trino.
        return f"CAST({_positional(writer, value)} AS {into})"
    if source == wanted == D.STRUCT or (
        source in (D.ARRAY, D.MAP) and D.STRUCT in {each.this for each in target.find_all(exp.DataType)}
    ):
        raise CannotTranslate("a CAST between rows other than CAST(ROW(...) AS ROW(...))")
    if source == D.JSON or wanted == D.JSON:
        return _json(value, written, target)
    if wanted in TEXTS:
        return _to_text(value, written, target)
    if source in TEXTS:
        return f"CAST({_checked_text(written, target)} AS {into})"
    if source == D.UNKNOWN and not isinstance(value, exp.Null):
        if wanted in INTEGERS:
            return f"CAST(CASE WHEN typeof({written}) IN ('FLOAT', 'DOUBLE', 'VARCHAR') THEN {_unknown(value)} ELSE {written} END AS {into})"  # noqa: E501
        return f"CAST(CASE WHEN typeof({written}) IN ('VARCHAR', 'JSON') THEN {_unknown(value)} ELSE {written} END AS {into})"  # noqa: E501
    if source in FLOATS and wanted in INTEGERS:
        return f"CAST(round({written}) AS {into})"
    if source == D.TIMESTAMPTZ and wanted in (D.DATE, D.TIMESTAMP):
        return f"CAST(CAST({written} AS TIMESTAMP) AS {into})"
    return f"CAST({written} AS {into})"


def _positional(writer: "Writer", value: exp.Expr) -> str:
    if isinstance(value, exp.Anonymous) and value.name.lower() == "row":
        return f"row({', '.join(_positional(writer, member) for member in value.expressions)})"
    return writer.sql(value)


def _to_text(value: exp.Expr, written: str, target: exp.DataType) -> str:
    source = kind(value)
    if source in FLOATS:
        raise CannotTranslate("a CAST of double to varchar; cast it to decimal first")
    if source == D.TIMESTAMP:
        text = f"strftime({written}, '%Y-%m-%d %H:%M:%S.%g')"
    elif source == D.TIMESTAMPTZ:
        text = f"strftime({written}, '%Y-%m-%d %H:%M:%S.%g UTC')"
    elif source == D.VARBINARY or source in (D.ARRAY, D.MAP, D.STRUCT):
        raise CannotTranslate(f"a CAST of {source.value.lower()} to varchar")
    elif source == D.UNKNOWN and not isinstance(value, exp.Null):
        text = f"plain_text({written})"
    else:
        text = f"CAST({written} AS VARCHAR)"
    return f"left({text}, {target.expressions[0].name})" if target.expressions else text


def _checked_text(written: str, target: exp.DataType) -> str:
    wanted = target.this
    if wanted in INTEGERS:
        return f"text_as_integer({written}, '{target.sql(Trino)}')"
    if wanted in FLOATS or wanted == D.DECIMAL:
        return f"text_as_number({written}, '{target.sql(Trino)}')"
    if wanted == D.DATE:
        return f"text_as_date({written})"
    if wanted == D.TIMESTAMP:
        return f"text_as_timestamp({written})"
    if wanted == D.BOOLEAN or wanted == D.TIMESTAMPTZ:
        return written
    raise CannotTranslate(f"a CAST of varchar to {target.sql(Trino).lower()}")


def _json(value: exp.Expr, written: str, target: exp.DataType) -> str:
    if target.this == D.JSON:
        if kind(value) == D.JSON:
            return written
        if kind(value) in TEXTS or kind(value) in INTEGERS or kind(value) in (D.BOOLEAN, D.DOUBLE):
            return f"to_json({written})"
        raise CannotTranslate(f"a CAST of {value.sql(Trino)} to json")
    scalar = f"trino_json_scalar({written}, '$')"
    if target.this in TEXTS:
        return scalar
    if target.this in INTEGERS:
        return f"CAST(text_as_integer({scalar}, '{target.sql(Trino)}') AS {target.sql(DuckDB)})"
    if target.this in FLOATS or target.this in (D.DECIMAL, D.BOOLEAN):
        return f"CAST({scalar} AS {target.sql(DuckDB)})"
    if target.this in (D.ARRAY, D.MAP):
        return f"CAST({written} AS {target.sql(DuckDB)})"
    raise CannotTranslate(f"a CAST of json to {target.sql(Trino).lower()}")


def _unknown(value: exp.Expr) -> str:
    return (
        f"fail('NOT_SUPPORTED: the local Athena does not know the type of a cast value: ' || typeof({value.sql(DuckDB)}))"  # noqa: E501
        if (isinstance(value, exp.Column))
        else "fail('NOT_SUPPORTED: the local Athena does not know the type of a cast value')"
    )
