"""What the query around a table needs of it: the columns that are read, and the WHERE terms that select partitions.

The query that runs stays the one that was written. What is found here only decides what is counted and what is opened.
"""

from collections import Counter, defaultdict

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.scope import Scope, traverse_scope

from local_aws.athena.kinds import INTEGERS, D, kind

# Made of these alone a term neither fails nor changes from one evaluation to the next; so it may come before others.
_SURE = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.Is, exp.In, exp.Between, exp.Like, exp.DPipe, exp.Column, exp.Identifier, exp.Literal,
    exp.Boolean, exp.Null, exp.DataType, exp.DataTypeParam,
)  # fmt: skip
_SURE_FUNCTIONS = {"concat", "lower", "upper", "length", "coalesce"}
# The types, beside those of whole numbers, whose equal values are the same in every term made of these.
_EXACT = {D.VARCHAR, D.TEXT, D.BOOLEAN, D.DATE, D.TIMESTAMP, D.DECIMAL}
# What takes of a query's rows some that depend on the others.
_CHOOSING = ("limit", "offset", "sample")


def live_columns(tree: exp.Expr) -> dict[str, set[str]]:
    """By a table's name, the columns that the answer of a qualified query depends on."""
    try:
        pruned = pushdown_projections(_read_by_sqlglot(tree.copy()))
    except OptimizeError:  # a star that stands for columns without names
        pruned = tree
    live: dict[str, set[str]] = defaultdict(set)
    for scope in traverse_scope(pruned):
        for alias, (_, source) in scope.selected_sources.items():
            if isinstance(source, exp.Table):
                live[source.name] |= {column.name for column in scope.source_columns(alias)}
    return live


def _read_by_sqlglot(tree: exp.Expr) -> exp.Expr:
    """Without what sqlglot takes for readers of more than they read: EXISTS, `count(*)`, functions it doesn't know."""
    for each in tree.find_all(exp.Exists):
        if isinstance(each.this, exp.Select):
            each.this.set("expressions", [exp.alias_(exp.Literal.number(1), "_")])
    for call in list(tree.find_all(exp.Anonymous)):
        call.replace(exp.Array(expressions=[each for each in call.expressions if not isinstance(each, exp.Star)]))
    return tree


def pushed_terms(tree: exp.Expr) -> dict[int, list[exp.Expr]]:
    """By a SELECT's id, the terms of the queries around it that a row must satisfy to be of any use to them."""
    scopes = traverse_scope(tree)
    uses = Counter(table.name for table in tree.find_all(exp.Table))
    pushed: dict[int, list[exp.Expr]] = defaultdict(list)
    for scope in reversed(scopes):  # those around come before those inside
        for alias, (node, source) in scope.selected_sources.items():
            inner = _whole(source, uses) if isinstance(source, Scope) else None
            if inner is None or not isinstance(source, Scope):
                continue
            place = node if isinstance(node, exp.Table) else inner
            names = place.alias_column_names or source.outer_columns or _names(source.expression)
            for term in conditions(place, pushed[id(scope.expression)]):
                if _is_sure(term) and {
                    (column.table, names.count(column.name)) for column in term.find_all(exp.Column)
                } == {(alias, 1)}:
                    _push(inner, term, names, pushed)
    return pushed


def _names(query: exp.Expr) -> list[str]:
    return query.named_selects if isinstance(query, exp.Query) else []


def _whole(source: Scope, uses: Counter[str]) -> exp.Expr | None:
    """A subquery, or a WITH query that is read once, with what is around its SELECT; None if it must stay as it is."""
    query = source.expression
    while isinstance(query.parent, exp.Subquery) and not query.alias:
        query = query.parent
    if isinstance(query.parent, exp.CTE):
        ctes = query.parent.parent
        return None if ctes is None or ctes.args.get("recursive") or uses[query.parent.alias] != 1 else query
    return query if isinstance(query, exp.Subquery) else None


def _push(query: exp.Expr, term: exp.Expr, names: list[str], pushed: dict[int, list[exp.Expr]]) -> None:
    """Hand a term about a query's columns, called `names`, to each SELECT that its rows come from."""
    if any(query.args.get(each) for each in _CHOOSING):
        return
    if isinstance(query, exp.Subquery):
        _push(query.this, term, names, pushed)
    elif isinstance(query, exp.SetOperation):
        for branch in (query.this, query.expression):
            _push(branch, term, names, pushed)
    elif isinstance(query, exp.Select) and len(query.selects) == len(names):
        values = {
            column: query.selects[names.index(column.name)].unalias().unnest() for column in term.find_all(exp.Column)
        }
        if all(_passes(query, value) and kind(value) == kind(column) for column, value in values.items()):
            pushed[id(query)].append(term.transform(lambda node: values[node].copy() if node in values else node))


def _passes(select: exp.Select, value: exp.Expr) -> bool:
    """Whether it is a column by which rows may be left out before windows and groups without a change to the others."""
    windows = [each for each in select.find_all(exp.Window) if each.find_ancestor(exp.Select) is select]
    group, having = select.args.get("group"), select.args.get("having")
    grouped = (
        group is not None and value in group.expressions and not group.find(exp.GroupingSets, exp.Rollup, exp.Cube)
    )
    return (
        isinstance(value, exp.Column)
        and (grouped if group is not None or having is not None else True)
        and all(value in (each.args.get("partition_by") or []) for each in windows)
    )


def _is_sure(term: exp.Expr) -> bool:
    return all(
        isinstance(each, _SURE)
        or (isinstance(each, (exp.Cast, exp.Neg)) and isinstance(each.this, exp.Literal))
        or (isinstance(each, exp.Anonymous) and each.name.lower() in _SURE_FUNCTIONS)
        for each in term.walk()
    )


def conditions(source: exp.Expr, around: list[exp.Expr]) -> list[exp.Expr]:
    """What any row of a table or subquery in FROM must satisfy, also by what it must be equal to."""
    asked = _asked(source, around)
    return asked + _inferred(asked, source.alias_or_name)


def _inferred(terms: list[exp.Expr], alias: str) -> list[exp.Expr]:
    """The terms about one column, as terms about those of a table that must be equal to it.

    https://github.com/trinodb/trino/blob/400/core/trino-main/src/main/java/io/trino/sql/planner/EqualityInference.java
    """
    pairs = [pair for pair in map(_equal_columns, terms) if pair]
    found = []
    for term in filter(_is_sure, terms):
        given = _named(*term.find_all(exp.Column))
        if len(given) == 1:
            alike = dict(given)
            for pair in pairs * len(pairs):  # so often that the last can still add what leads to the first
                if alike.keys() & pair.keys():
                    alike |= pair
            found += [_about(each, term) for key, each in alike.items() if each.table == alias and key not in given]
    return found


def _equal_columns(term: exp.Expr) -> dict[tuple[str, str], exp.Column]:
    """The two columns of `a = b`, if the same terms are true of both."""
    left, right = (term.this, term.expression) if isinstance(term, exp.EQ) else (None, None)
    if not isinstance(left, exp.Column) or not isinstance(right, exp.Column):
        return {}
    kinds = {kind(left), kind(right)}
    alike = kinds <= INTEGERS.keys() or (len(kinds) == 1 and kinds <= _EXACT)
    return _named(left, right) if alike else {}


def _named(*columns: exp.Column) -> dict[tuple[str, str], exp.Column]:
    return {(column.table, column.name): column for column in columns}


def _about(column: exp.Column, term: exp.Expr) -> exp.Expr:
    """A term about one column as a term about another."""
    return term.transform(lambda node: column.copy() if isinstance(node, exp.Column) else node)


def _asked(source: exp.Expr, around: list[exp.Expr]) -> list[exp.Expr]:
    """The conjuncts of WHERE and ON that any row of a table or subquery in FROM must satisfy, if it is about it alone.

    An outer join ends what is known: it has NULLs for rows that are left out. `around` holds for the whole SELECT.
    """
    found: list[exp.Expr | None] = []
    level, later = source, source.args.get("joins") or []
    while True:
        for join in later:
            found += [join.args.get("on")] if join.side in ("", "RIGHT") else []
            if join.side in ("RIGHT", "FULL"):
                return _conjuncts(found)
        own = level.parent
        if isinstance(level, exp.Select):
            where = level.args.get("where")
            return _conjuncts([*found, where and where.this]) + around
        if isinstance(own, exp.Join):
            found += [own.args.get("on")] if own.side in ("", "LEFT") else []
            if own.side in ("LEFT", "FULL"):
                return _conjuncts(found)
        joined = own if isinstance(own, exp.Subquery) else own and own.parent  # the first is a join in parentheses
        named = isinstance(own, exp.Subquery) and own.alias  # so that those outside say another name
        if joined is None or named or not isinstance(own, (exp.Join, exp.From, exp.Subquery)):
            return _conjuncts(found)
        joins = joined.args.get("joins") or []
        place = next((number for number, each in enumerate(joins, 1) if each is own), 0)
        found += _before(joins[: place - 1]) if isinstance(own, exp.Join) and own.side == "" else []
        level, later = joined, joins[place:]


def _before(joins: list[exp.Join]) -> list[exp.Expr | None]:
    """The conditions that hold for the rows that come out of these joins."""
    found: list[exp.Expr | None] = []
    for join in joins:
        found = [] if join.side in ("RIGHT", "FULL") else [*found, join.args.get("on") if join.side == "" else None]
    return found


def _conjuncts(given: list[exp.Expr | None]) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    for condition in given:
        term = condition.unnest() if condition is not None else None
        found += list(term.flatten()) if isinstance(term, exp.And) else [term] if term is not None else []
    return found
