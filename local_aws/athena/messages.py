"""Where in its statement a node stands and what Trino calls its type, for messages and for `typeof`."""

import re

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.kinds import INSTANTS, TEXTS, D, kind


def place(node: exp.Expr) -> str:
    """`line 1:8: ` where a node begins, for messages; empty where unknown."""
    if "place" in node.meta:
        return str(node.meta["place"])
    parts = (
        written_parts(node) if isinstance(node, exp.Column) else node.parts if isinstance(node, exp.Table) else [node]
    )
    for part in parts:
        if part.meta.get("line"):
            return f"line {part.meta['line']}:{part.meta['col'] - (part.meta['end'] - part.meta['start'])}: "
    return next((where for child in node.iter_expressions() if (where := place(child))), "")


def written_parts(column: exp.Column) -> list[exp.Expr]:
    """A column's names as far as the query says them; the table that sqlglot adds stands elsewhere."""
    *others, name = column.parts
    found = [name]
    for part in reversed(others):
        if part.meta.get("end", -9) + 2 != found[0].meta.get("start"):
            break
        found.insert(0, part)
    return found


_SHORT_NAMES = {
    D.INT: "integer", D.FLOAT: "real", D.TIMESTAMP: "timestamp(3)", D.TIMESTAMPTZ: "timestamp(3) with time zone",
    D.NULL: "unknown", D.BINARY: "varbinary", D.TEXT: "varchar",
}  # fmt: skip


def is_literal(node: exp.Expr) -> bool:
    """Whether it is `DATE '2025-03-01'` or `TIMESTAMP '...'`."""
    return isinstance(node, exp.Cast) and "cast" not in node.meta and node.to.this in INSTANTS and node.this.is_string


def typeof(node: exp.Expr) -> str:
    """The answer of `typeof`, or a refusal where Trino would count a text's letters."""
    if isinstance(node, exp.CurrentTime):
        return "time(3) with time zone"
    if sized := _sized(node):
        return sized
    if kind(node) == D.INTERVAL:
        units = {each.text("unit").upper().rstrip("S") for each in node.find_all(exp.Interval)}
        return "interval year to month" if units & {"YEAR", "MONTH"} else "interval day to second"
    inner = list(node.type.find_all(exp.DataType)) if node.type is not None else []
    if any(each.this == D.USERDEFINED for each in inner):
        raise QueryFailed(f"TYPE_MISMATCH: {place(node)}Unknown type: {node.type.sql(Trino).lower()}")
    timed = {D.TIMESTAMP, D.TIMESTAMPTZ} & {each.this for each in inner} and not is_literal(node)
    if timed and has_loose_time(node.root()):
        raise CannotTranslate(f"typeof({node.sql(Trino)}), of a time that isn't written to the millisecond")
    literals = (each for each in node.find_all(exp.Literal) if each.is_string and not isinstance(each.parent, exp.Cast))
    counted = not isinstance(node, (exp.Literal, exp.Cast, exp.DPipe)) and node.name.lower() not in _UNBOUNDED
    if kind(node) in TEXTS and counted and (any(literals) or _computed_columns(node)):
        raise CannotTranslate(f"typeof({node.sql(Trino)}), the length of a text")
    return trino_name(node)


def _computed_columns(node: exp.Expr) -> bool:
    """Whether an expression has texts of VALUES or of a query, whose lengths are not known."""
    tables = {each.alias_or_name for each in node.root().find_all(exp.Table) if each.name.startswith("_table_")}
    return any(kind(each) in TEXTS and each.table not in tables for each in node.find_all(exp.Column))


def _sized(node: exp.Expr) -> str:
    """The type of a call whose texts have a length of their own, and of a time that was put into a zone."""
    name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
    if name == "to_iso8601" and kind(node.expressions[0]) != D.DATE:
        raise CannotTranslate(f"typeof({node.sql(Trino)}), the length of a text")
    while isinstance(node, exp.Paren) or (isinstance(node, exp.Anonymous) and node.name.lower() == "date_trunc"):
        node = node.this if isinstance(node, exp.Paren) else node.expressions[-1]
    zoned = isinstance(node, exp.AtTimeZone) or node.name.lower() in ("at_timezone", "with_timezone")
    if zoned and not has_loose_time(node.root()):
        return "timestamp(3) with time zone"
    return _LENGTHS.get(name, "")


_LENGTHS = {"chr": "varchar(1)", "to_base": "varchar(64)", "to_iso8601": "varchar(16)"}
_UNBOUNDED = {"array_join", "concat", "date_format", "format", "format_datetime", "json_format", "to_base64", "to_hex"}


def described(node: exp.Expr) -> str:
    """The type in a message, as exactly as it is known."""
    try:
        return trino_name(node)
    except CannotTranslate:
        return node.type.sql(Trino).lower() if node.type is not None else "unknown"


def trino_name(node: exp.Expr) -> str:
    """The type as Trino writes it: `map(varchar(1), integer)`."""
    if node.type is None:
        raise CannotTranslate(f"typeof({node.sql(Trino)}), whose type is not known")
    if isinstance(node, exp.Literal) and node.is_string:
        return f"varchar({len(node.name)})"
    if is_literal(node) and kind(node) in (D.TIMESTAMP, D.TIMESTAMPTZ):
        digits = re.match(r"\d*", node.this.name.partition(".")[2])
        return f"timestamp({len(digits[0]) if digits else 0}){' with time zone' * (kind(node) == D.TIMESTAMPTZ)}"
    if has_odd_literal(node):
        raise CannotTranslate(f"typeof({node.sql(Trino)}), of a time that isn't written to the millisecond")
    # The names of a row's members, and the lengths of texts inside, are not kept in `.type`.
    if {D.VARCHAR, D.STRUCT} & {each.this for each in node.type.expressions if isinstance(each, exp.DataType)} or (
        kind(node) == D.STRUCT
    ):
        raise CannotTranslate(f"typeof({node.sql(Trino)})")
    return _type_name(node.type)


def has_loose_time(tree: exp.Expr) -> bool:
    """Whether a time in it, other than one that is only compared, isn't written to the millisecond.

    What is computed of it has another precision, which `.type` does not tell.
    """
    times = (
        each for each in tree.find_all(exp.Cast) if is_literal(each) and each.to.this in (D.TIMESTAMP, D.TIMESTAMPTZ)
    )
    return any(has_odd_literal(each) and not isinstance(each.parent, exp.Predicate) for each in times)


def has_odd_literal(node: exp.Expr) -> bool:
    """Whether a time in it isn't written to the millisecond: what is computed of it then has another precision."""
    times = [
        each for each in node.find_all(exp.Cast) if is_literal(each) and kind(each) in (D.TIMESTAMP, D.TIMESTAMPTZ)
    ]
    return any("(3)" not in trino_name(each) for each in times)


def _type_name(of: exp.DataType) -> str:
    if of.this == D.UNKNOWN:
        raise CannotTranslate("typeof of what has no known type")
    if of.this in (D.TIMESTAMP, D.TIMESTAMPTZ) and of.expressions and of.expressions[0].name != "3":
        raise CannotTranslate(f"typeof of a {of.sql(Trino).lower()}; Athena's timestamps have milliseconds")
    if of.this == D.CHAR and not of.expressions:
        return "char(1)"
    if of.this in (D.ARRAY, D.MAP):
        return f"{of.this.value.lower()}({', '.join(map(_type_name, of.expressions))})"
    return _SHORT_NAMES.get(of.this) or of.sql(Trino).lower().replace(", ", ",")
