"""What must be refused because DuckDB would accept it with another meaning, and where in the statement it stands."""

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import Schema

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.typing import FLOATS, INSTANTS, INTEGERS, TEXTS, D, kind

# What may be asked of a time in a zone of its own; DuckDB has no such value, only its local time.
_ZONED_OK = {"date_trunc", "date_format", "format_datetime", "year", "quarter", "month", "week", "day", "hour", "minute",  # noqa: E501
             "second", "day_of_week", "dow", "day_of_month", "day_of_year", "doy", "week_of_year", "year_of_week", "yow",  # noqa: E501
             "date", "last_day_of_month"}  # fmt: skip
_INSTANT_OK = {"to_unixtime", "at_timezone", "date_diff", "min", "max", "try", "coalesce", "count", "to_milliseconds"}


def place(node: exp.Expr) -> str:
    """`line 1:8: ` where a node begins, for messages; empty where unknown."""
    first = node if isinstance(node, exp.Table) else node.find(exp.Column) or node
    names = first.parts if isinstance(first, exp.Table) else list(first.find_all(exp.Identifier))
    for name in names:
        if name.meta.get("line"):
            return f"line {name.meta['line']}:{name.meta['col'] - (name.meta['end'] - name.meta['start'])}: "
    return ""


def refuse_aliases(tree: exp.Expr, schema: Schema) -> None:
    """HAVING knows the columns of FROM, not the names that SELECT gives; sqlglot and DuckDB let both pass."""
    for scope in traverse_scope(tree):
        having = scope.expression.args.get("having")
        resolver = Resolver(scope, schema)
        for column in having.find_all(exp.Column) if having else ():
            if not column.table and resolver.get_table(column) is None:
                raise QueryFailed(
                    f"COLUMN_NOT_FOUND: {place(column)}Column '{column.name}' cannot be resolved or requester is not "
                    "authorized to access requested resources"
                )


def check_comparable(node: exp.Expr, left: exp.Expr, right: exp.Expr, operator: str) -> None:
    """Trino compares no text with a number or a date; DuckDB would convert."""
    for text, other in ((left, right), (right, left)):
        if kind(text) in TEXTS and kind(other) in {*INTEGERS, *FLOATS, *INSTANTS, D.DECIMAL, D.BOOLEAN}:
            raise QueryFailed(
                f"TYPE_MISMATCH: {place(node)}Cannot apply operator: {trino_name(left)} {operator} {trino_name(right)}"
            )


def trino_name(node: exp.Expr) -> str:
    if kind(node) == D.UNKNOWN or node.type is None:
        raise CannotTranslate(f"typeof({node.sql(Trino)}), whose type is not known")
    names = {
        D.INT: "integer",
        D.FLOAT: "real",
        D.TIMESTAMP: "timestamp(3)",
        D.TIMESTAMPTZ: "timestamp(3) with time zone",
    }
    if isinstance(node, exp.Literal) and node.is_string:
        return f"varchar({len(node.name)})"
    return names.get(kind(node)) or node.type.sql(Trino).lower().replace(", ", ",")


def _climb(node: exp.Expr) -> exp.Expr | None:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent


def keeps_instant(node: exp.Expr) -> bool:
    """Whether only the instant of a timestamp matters where it is used, not its zone."""
    parent = _climb(node)
    while isinstance(parent, exp.Anonymous) and parent.name.lower() in ("try", "coalesce"):
        parent = _climb(parent)
    if isinstance(parent, exp.Anonymous):
        return parent.name.lower() in _INSTANT_OK
    return isinstance(parent, (exp.AtTimeZone, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.Is))


def check_zone_is_used_up(node: exp.Expr) -> None:
    parent = _climb(node)
    if isinstance(parent, exp.Anonymous) and parent.name.lower() == "date_trunc":
        return check_zone_is_used_up(parent)
    if (isinstance(parent, exp.Anonymous) and parent.name.lower() in _ZONED_OK) or isinstance(parent, exp.Extract):
        return None
    if isinstance(parent, exp.Cast) and parent.to.this in (D.DATE, D.TIMESTAMP):
        return None
    raise CannotTranslate("a time in a zone of its own here; CAST it AS timestamp or date")
