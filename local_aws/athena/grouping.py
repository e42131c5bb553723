"""What a query with aggregates may say outside them: https://trino.io/docs/current/sql/select.html#group-by-clause"""

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from local_aws.athena.errors import QueryFailed
from local_aws.athena.functions import AGGREGATES, FUNCTIONS
from local_aws.athena.messages import place, written_parts

_CLAUSES = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)  # around a call


def check_groups(select: exp.Select) -> None:
    """Every expression of SELECT and HAVING is an aggregate, or made of what GROUP BY names."""
    group = select.args.get("group")
    for sets in group.find_all(exp.Rollup, exp.Cube, exp.GroupingSets) if group else ():
        _check_grouping(sets)
    shown = [item.unalias() for item in select.selects]
    having = select.args["having"].this if select.args.get("having") else None
    said = [*shown, *([having] if having is not None else [])]
    calls = [each for item in said for each in item.find_all(exp.Anonymous)]
    groups = {each.sql() for each in _grouped(select)}
    for item in said:
        _check_grouping_calls(item, groups)
    if any(each.name.lower() not in FUNCTIONS for each in calls):
        return  # it is refused anyway, and may be an aggregate
    if not select.args.get("group") and not any(_is_aggregate(each) for item in said for each in _of_this_query(item)):
        return
    sources = [*([from_.this] if (from_ := select.args.get("from_")) else []), *(select.args.get("joins") or [])]
    own = {each.alias_or_name for each in sources}
    for item in said:
        if any(column.table in own for column in _ungrouped(item, groups)):
            raise QueryFailed(
                f"EXPRESSION_NOT_AGGREGATE: {place(item)}'{_written(item)}' must be an aggregate expression or appear "
                "in GROUP BY clause"
            )


def check_scalars(select: exp.Select) -> None:
    """WHERE, ON and GROUP BY come before anything is aggregated."""
    clauses = [("WHERE", select.args.get("where")), ("GROUP BY", select.args.get("group"))]
    clauses += [("JOIN", join.args.get("on")) for join in select.args.get("joins") or []]
    for name, clause in clauses:
        calls = [each for each in _of_this_query(clause) if _is_call(each)] if clause is not None else []
        if calls:
            raise QueryFailed(
                f"EXPRESSION_NOT_SCALAR: {place(calls[0])}{name} clause cannot contain aggregations, window functions "
                f"or grouping operations: [{', '.join(map(_written, calls))}]"
            )


def _check_grouping(node: exp.Expr) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/select.html: only the names of columns."""
    for item in node.expressions:
        for each in item.expressions if isinstance(item, exp.Tuple) else [item.unnest()]:
            if not isinstance(each, (exp.Column, exp.Rollup, exp.Cube, exp.Tuple)):
                raise QueryFailed(
                    f"INVALID_COLUMN_REFERENCE: {place(each)}GROUP BY expression must be a column reference: "
                    f"{each.sql(Trino)}"
                )


def _check_grouping_calls(item: exp.Expr, groups: set[str]) -> None:
    for call in _of_this_query(item):
        if isinstance(call, exp.Anonymous) and call.name.lower() == "grouping":
            if not groups:
                raise QueryFailed(
                    f"MISSING_GROUP_BY: {place(call)}A GROUPING() operation can only be used with a corresponding "
                    "GROUPING SET/CUBE/ROLLUP/GROUP BY clause"
                )
            if odd := next((each for each in call.expressions if each.sql() not in groups), None):
                raise QueryFailed(
                    f"INVALID_ARGUMENTS: {place(call)}The arguments to GROUPING() must be expressions referenced by "
                    f"the GROUP BY at the associated query level. Mismatch due to {_written(odd)}."
                )


def _grouped(select: exp.Select) -> Iterator[exp.Expr]:
    group = select.args.get("group")
    for item in [each for each in group.find_all(exp.Expr) if each is not group] if group else ():
        yield item.unnest()


def _ungrouped(node: exp.Expr, groups: set[str]) -> Iterator[exp.Column]:
    """Columns outside aggregates and grouped expressions; a subquery's are left to DuckDB."""
    inner = node
    while isinstance(inner, _CLAUSES):
        inner = inner.this
    if node.sql() in groups or _is_aggregate(inner) or isinstance(node, exp.Query):
        return
    if isinstance(node, exp.Column):
        yield node
    for child in node.iter_expressions():
        yield from _ungrouped(child, groups)


def _of_this_query(node: exp.Expr) -> Iterator[exp.Expr]:
    yield from node.walk(prune=lambda each: isinstance(each, exp.Query))


def _is_call(node: exp.Expr) -> bool:
    return isinstance(node, exp.Window) or (_is_aggregate(node) and not isinstance(node.parent, _CLAUSES))


def _is_aggregate(node: exp.Expr) -> bool:
    call = isinstance(node, exp.GroupConcat) or (
        isinstance(node, exp.Anonymous) and (node.name.lower() in AGGREGATES or node.name.lower() == "grouping")
    )
    around = node.parent
    while isinstance(around, _CLAUSES):
        around = around.parent
    return call and not isinstance(around, exp.Window)


def _written(node: exp.Expr) -> str:
    """The expression without the names of tables that the query doesn't say."""
    bare = node.copy()
    for column in bare.find_all(exp.Column):
        if len(written_parts(column)) == 1:
            column.set("table", None)
    text = bare.sql(Trino, normalize_functions=False)
    return f"({text})" if isinstance(bare, exp.Binary) and not isinstance(bare, exp.Dot) else text
