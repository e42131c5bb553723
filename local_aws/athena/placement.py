"""Calls and signs that stand where Trino's analyser does not let them stand."""

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.functions import AGGREGATES, FUNCTIONS
from local_aws.athena.messages import place, written_parts

# https://trino.io/docs/current/functions/window.html
_WINDOW_ONLY = {
    "cume_dist", "dense_rank", "first_value", "lag", "last_value", "lead", "nth_value", "ntile", "percent_rank", "rank",
    "row_number",
}  # fmt: skip
_CLAUSES = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)  # around a call


def check_placement(node: exp.Expr) -> None:
    """One node: window functions, DISTINCT, stars, lambdas."""
    if "failed" in node.meta:
        raise QueryFailed(str(node.meta["failed"]))
    if isinstance(node, exp.CurrentUser):
        raise CannotTranslate("current_user")
    if isinstance(node, exp.Anonymous):
        _check_call(node)
    elif isinstance(node, exp.Window):
        _check_window(node)
    elif isinstance(node, exp.Lambda):
        _check_lambda(node)
    elif isinstance(node, exp.Order) and isinstance(node.this, exp.Distinct):
        _check_distinct_order(node)
    elif isinstance(node, exp.Select):
        _check_outer_aggregates(node)
    if isinstance(node, exp.Select) and not node.args.get("from_"):
        star = next((each for each in node.expressions if isinstance(each, exp.Star)), None)
        if star is not None:
            raise QueryFailed(f"COLUMN_NOT_FOUND: {place(star)}SELECT * not allowed in queries without FROM clause")


def _check_distinct_order(order: exp.Order) -> None:
    given = {each.sql() for each in order.this.expressions}
    if key := next((each.this for each in order.expressions if each.this.sql() not in given), None):
        raise QueryFailed(
            f"EXPRESSION_NOT_IN_DISTINCT: {place(key)}For aggregate function with DISTINCT, ORDER BY expressions must "
            "appear in arguments"
        )


def _check_lambda(node: exp.Lambda) -> None:
    """Trino's ExpressionAnalyzer.visitLambdaExpression; DuckDB would compute them outside, once for all elements."""
    inside = list(node.this.walk(prune=lambda inner: isinstance(inner, exp.Query)))
    windows = [each for each in inside if isinstance(each, exp.Window)]
    calls = [each for each in inside if _is_aggregate(each) and not isinstance(_around(each), exp.Window)]
    groupings = [each for each in calls if each.name.lower() == "grouping"]
    found = [*(each for each in calls if each not in groupings), *windows, *groupings]
    if found:
        raise QueryFailed(
            f"EXPRESSION_NOT_SCALAR: {place(node.this)}Lambda expression cannot contain aggregations, window functions "
            f"or grouping operations: [{', '.join(map(_as_written, found))}]"
        )


def _is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, exp.GroupConcat) or (isinstance(node, exp.Anonymous) and node.name.lower() in AGGREGATES)


def _around(call: exp.Expr) -> exp.Expr | None:
    """What a call stands in, with its FILTER and the like."""
    around = call.parent
    while isinstance(around, _CLAUSES):
        around = around.parent
    return around


def _as_written(node: exp.Expr) -> str:
    """An expression without the tables that its columns were found in."""
    bare = node.copy()
    for column in bare.find_all(exp.Column):
        if len(written_parts(column)) == 1:
            column.set("table", None)
    return bare.sql(Trino, normalize_functions=False)


def _check_call(node: exp.Anonymous) -> None:
    name, windowed = node.name.lower(), isinstance(_around(node), exp.Window)
    if name in _WINDOW_ONLY and not windowed:
        raise QueryFailed(f"MISSING_OVER: {place(node)}Window function {name} requires an OVER clause")
    if name == "approx_percentile":
        _check_percentage(node)
    if (
        name in FUNCTIONS
        and name not in AGGREGATES
        and any(isinstance(each, exp.Distinct) for each in node.expressions)
    ):
        raise QueryFailed(
            f"FUNCTION_NOT_AGGREGATE: {place(node)}DISTINCT is not supported for non-aggregation functions"
        )
    if name in AGGREGATES and any(_windows(node)):
        what = "window function" if windowed else "aggregation"
        raise QueryFailed(
            f"NESTED_WINDOW: {place(node)}Cannot nest window functions or row pattern measures inside {what} '{name}'"
        )


def _check_percentage(node: exp.Anonymous) -> None:
    """Trino takes the percentage of the last row that it sees, whichever that is."""
    select = node.find_ancestor(exp.Select)
    group = select.args.get("group") if select is not None else None
    grouped = {each.sql() for each in group.find_all(exp.Column)} if group is not None else set()
    if any(column.sql() not in grouped for each in node.expressions[1:] for column in each.find_all(exp.Column)):
        raise CannotTranslate("approx_percentile with a percentage that is not the same for all rows")


def _windows(call: exp.Anonymous) -> Iterator[exp.Expr]:
    for argument in call.expressions:
        for each in argument.walk(prune=lambda inner: isinstance(inner, exp.Query)):
            if isinstance(each, exp.Window):
                yield each


def _check_outer_aggregates(node: exp.Select) -> None:
    """`(SELECT max(t.x))` of an outer t: DuckDB aggregates the outer query's rows."""
    sources = [from_.this] if (from_ := node.args.get("from_")) else []
    own = {
        each.alias_or_name for each in [*sources, *(node.args.get("joins") or []), *(node.args.get("laterals") or [])]
    }
    for call in node.find_all(exp.Anonymous) if node.parent is not None else ():
        columns = list(call.find_all(exp.Column)) if call.name.lower() in AGGREGATES else []
        inner = call.find_ancestor(exp.Select) is node and columns
        if inner and not any(each.table in own or not each.table for each in columns):
            raise CannotTranslate(f"the aggregate {call.sql(Trino)} of an outer query's columns")


def _check_window(node: exp.Window) -> None:
    call = node.this
    while isinstance(call, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
        call = call.this
    arguments = call.expressions if isinstance(call, exp.Anonymous) else []
    name = call.name.lower()
    if any(isinstance(argument, exp.Distinct) for argument in arguments):
        raise QueryFailed(f"NOT_SUPPORTED: {place(call)}DISTINCT in window function parameters not yet supported")
    if any(isinstance(argument, exp.Order) for argument in arguments):
        raise QueryFailed(f"NOT_SUPPORTED: {place(call)}Window function with ORDER BY is not supported")
    if node.find(exp.Filter):
        raise QueryFailed(f"NOT_SUPPORTED: {place(call)}FILTER is not yet supported for window functions")
    if name in ("lag", "lead"):
        if not node.args.get("order") and not node.args.get("alias"):
            raise QueryFailed(f"MISSING_ORDER_BY: {place(call)}{name} function requires an ORDER BY window clause")
        if node.args.get("spec"):
            raise QueryFailed(f"INVALID_WINDOW_FRAME: {place(call)}Cannot specify window frame for {name} function")
        if len(arguments) > 1 and isinstance(arguments[1], exp.Neg):
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Offset must be at least 0")
