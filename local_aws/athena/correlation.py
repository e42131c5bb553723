"""Subqueries that refer to the query around them in a way that Trino cannot take apart; DuckDB can.

Trino turns such a subquery into a join. It is refused where that would need a LIMIT, a GROUP BY, a window or a UNION
for each outer row by itself: https://trino.io/docs/current/sql/select.html#subqueries
"""

from collections.abc import Iterator

from sqlglot import exp

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.functions import AGGREGATES

_SOURCES = (exp.Table, exp.Subquery, exp.Values, exp.Unnest, exp.Lateral)


def refuse_correlated(tree: exp.Expr) -> None:
    """NOT_SUPPORTED for what Trino's planner refuses too."""
    for query in tree.find_all(exp.Query):
        if query.parent is None or isinstance(query, exp.Subquery) or not any(_outer_columns(query, query)):
            continue
        if isinstance(query, exp.SetOperation) or (isinstance(query, exp.Select) and _is_refused(query)):
            if _is_grouped_lateral(query):
                raise CannotTranslate("a correlated GROUP BY in LATERAL")  # of which Trino takes some apart
            raise QueryFailed("NOT_SUPPORTED: Given correlated subquery is not supported")


def _is_grouped_lateral(query: exp.Expr) -> bool:
    around, groups = query.find_ancestor(exp.Lateral, exp.Select), query.args.get("group")
    sets = groups.find(exp.GroupingSets, exp.Rollup, exp.Cube) if groups is not None else None
    return isinstance(around, exp.Lateral) and groups is not None and sets is None


def _is_refused(query: exp.Select) -> bool:
    if any(isinstance(source, exp.Unnest) for source in _sources(query)):
        return False  # of an outer array, which Trino takes apart by other rules
    where = query.args["where"].this if query.args.get("where") else None
    terms = [each for each in _terms(where) if any(_outer_columns(each, query)) and any(_own_columns(each, query))]
    fixed = {column for term in terms for column in _fixed_column(term, query)}
    free = {column for term in terms for column in _own_columns(term, query)} - fixed
    aggregates = [each for item in query.selects for each in _parts(item) if is_aggregate(each)]
    return (
        _has_odd_limit(query, terms, fixed, free, bool(aggregates))
        or _has_odd_groups(query, terms, free)
        or any(isinstance(each, exp.Window) for item in query.selects for each in _parts(item))
        or (_is_scalar(query) and not aggregates and any(_is_mixed(item, query) for item in query.selects))
    )


def _has_odd_limit(query: exp.Select, terms: list[exp.Expr], fixed: set[str], free: set[str], aggregated: bool) -> bool:
    """LIMIT counts the rows of one outer row, which Trino tells by the columns that equal the outer ones."""
    limit, groups = query.args.get("limit"), query.args.get("group")
    if limit is None or not terms or isinstance(query.parent, exp.Exists) or (aggregated and not groups):
        return False
    if free:
        return True
    count = limit.args.get("expression") or limit.args.get("count") or exp.Literal.number(1)
    if count.name != "1" or (groups and _keys(groups) <= fixed):
        return False
    shown = {column for item in query.selects for column in _own_columns(item, query)}
    return _is_scalar(query) and not query.args.get("order") and (aggregated or not shown <= fixed)


def _has_odd_groups(query: exp.Select, terms: list[exp.Expr], free: set[str]) -> bool:
    """What is compared with the outer query must still be there after GROUP BY."""
    groups = query.args.get("group")
    if groups is None or not terms:
        return False
    return groups.find(exp.GroupingSets, exp.Rollup, exp.Cube) is not None or not free <= _keys(groups)


def _keys(groups: exp.Group) -> set[str]:
    rows = [each.expressions if isinstance(each, exp.Tuple) else [each] for each in groups.expressions]
    return {each.unnest().sql() for row in rows for each in row}


def _is_mixed(item: exp.Expr, query: exp.Select) -> bool:
    return any(_outer_columns(item, query)) and any(_own_columns(item, query))


def _is_scalar(query: exp.Select) -> bool:
    """Whether it stands for a value."""
    return isinstance(query.parent, exp.Subquery) and not isinstance(
        query.parent.parent, (exp.From, exp.Join, exp.Lateral, exp.In, exp.Exists, exp.Any, exp.All, exp.CTE)
    )


def _terms(condition: exp.Expr | None) -> list[exp.Expr]:
    if isinstance(condition, exp.And):
        return [*_terms(condition.left), *_terms(condition.right)]
    if isinstance(condition, exp.Paren):
        return _terms(condition.this)
    return [condition] if condition is not None else []


def _fixed_column(term: exp.Expr, query: exp.Select) -> Iterator[str]:
    """The column that a term sets equal to something of the outer query."""
    if isinstance(term, exp.EQ):
        for own, other in ((term.left, term.right), (term.right, term.left)):
            if isinstance(own, exp.Column) and not is_outer(own, query) and not any(_own_columns(other, query)):
                yield own.sql()


def _own_columns(node: exp.Expr, query: exp.Select) -> Iterator[str]:
    return (each.sql() for each in node.find_all(exp.Column) if not is_outer(each, query))


def _outer_columns(node: exp.Expr, query: exp.Expr) -> Iterator[exp.Column]:
    return (each for each in node.find_all(exp.Column) if each.table and is_outer(each, query))


def is_outer(column: exp.Column, query: exp.Expr) -> bool:
    """Whether no FROM from the column up to the query has its table."""
    node: exp.Expr | None = column
    while node is not None and node is not query.parent:
        if isinstance(node, exp.Select) and column.table in {each.alias_or_name for each in _sources(node)}:
            return False
        node = node.parent
    return bool(column.table)


def _sources(query: exp.Select) -> list[exp.Expr]:
    clauses = [query.args.get("from_"), *(query.args.get("joins") or []), *(query.args.get("laterals") or [])]
    found = [each for clause in clauses if clause is not None for each in _parts(clause)]
    return [each for each in found if isinstance(each, _SOURCES)]


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    """A node and what is in it, down to the queries in it."""
    return node.walk(prune=lambda each: isinstance(each, (exp.Select, exp.SetOperation)))


def is_aggregate(node: exp.Expr) -> bool:
    """Whether it is a call of an aggregate function, not over a window."""
    call = isinstance(node, exp.GroupConcat) or (isinstance(node, exp.Anonymous) and node.name.lower() in AGGREGATES)
    return call and node.find_ancestor(exp.Window, exp.Select).__class__ is not exp.Window
