"""What the parts of a FROM see of each other.

Each item between commas is a relation of its own, and so is a join in parentheses: their conditions know their own
tables and those of the query around. sqlglot joins item after item and lets a condition see all before it.

https://trino.io/docs/current/sql/select.html#joins, and `relation` in Trino's SqlBase.g4
"""

from sqlglot import exp
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import Schema

from local_aws.athena.correlation import is_outer
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.messages import place

_QUERIES = (exp.Select, exp.SetOperation)
_SEEING = (exp.Unnest, exp.Lateral)  # what sees the relation that it is joined to


def is_after_comma(join: exp.Join) -> bool:
    """Whether it belongs to another item than the first of FROM."""
    joins = join.parent.args["joins"] if join.parent is not None else []
    until = next((number for number, each in enumerate(joins) if each is join), -1)
    return any(each.meta.get("comma") for each in joins[: until + 1])


def refuse_joined_wrappers(tree: exp.Expr) -> None:
    """A join in parentheses with a name of its own, and USING beside commas, whose columns sqlglot mixes up."""
    for node in tree.find_all(exp.Subquery):
        if node.alias and _wrapped_joins(node) and (node.alias_column_names or isinstance(node.this, exp.Subquery)):
            raise CannotTranslate("a join in parentheses with names of columns, or that begins with a subquery")
    for join in tree.find_all(exp.Join):
        if names := join.args.get("using"):
            if is_after_comma(join):
                raise CannotTranslate("USING after a comma in FROM")
            join.meta["using"] = [name.name.lower() for name in names]  # which qualifying turns into ON


def check_join_scopes(tree: exp.Expr) -> None:
    """COLUMN_NOT_FOUND for a condition, UNNEST or LATERAL that names a table it does not see; columns are qualified."""
    for select in tree.find_all(exp.Select):
        if (from_ := select.args.get("from_")) is not None and select.args.get("joins"):
            _FromClause(select).visit(from_.this, select.args["joins"])


def check_using(tree: exp.Expr, schema: Schema) -> None:
    """What USING names must be in one column of either side; sqlglot takes the first and forgets the others."""
    for scope in traverse_scope(tree):
        joins = scope.expression.args.get("joins") or []
        joined = {name for join in joins for name in join.meta.get("using", ())}
        if not joined:
            continue
        resolver, found = Resolver(scope, schema), dict.fromkeys(joined, 0)
        for relation in (scope.expression.args["from_"], *joins):
            columns = {each.lower() for each in resolver.get_source_columns(relation.this.alias_or_name)}
            for name in joined & columns:
                if name not in relation.meta.get("using", ()):
                    found[name] += 1
                elif found[name] > 1:
                    raise QueryFailed(f"AMBIGUOUS_NAME: Column '{name}' is ambiguous")
        if several := [name for name, count in found.items() if count > 1]:
            raise CannotTranslate(f"USING ({several[0]}) beside another table with a column {several[0]}")


class _FromClause:
    def __init__(self, select: exp.Select) -> None:
        self._select = select
        self._all = _names(select.args["from_"].this)
        for join in select.args["joins"]:
            self._all |= _names(join.this)

    def visit(self, first: exp.Expr, joins: list[exp.Join]) -> None:
        """Check the relations of a FROM or of a pair of parentheses, from the left."""
        self._enter(first, set())
        left = seen = _names(first)
        for number, join in enumerate(joins):
            names, comma = _names(join.this), bool(join.meta.get("comma"))
            alone = number + 1 == len(joins) or bool(joins[number + 1].meta.get("comma"))
            # A comma joins whole items, of which only a lone UNNEST or LATERAL sees those before it.
            self._enter(join.this, (left if alone else set()) if comma else seen)
            seen = names if comma else seen | names
            left = left | names
            if (condition := join.args.get("on")) is not None:
                self._check(condition, seen)

    def _enter(self, relation: exp.Expr, seen: set[str]) -> None:
        if isinstance(relation, _SEEING):
            self._check(relation, seen | _names(relation))
        elif joins := _wrapped_joins(relation):
            self.visit(relation.this, joins)

    def _check(self, part: exp.Expr, seen: set[str]) -> None:
        for column in part.find_all(exp.Column):
            if column.table in self._all - seen and is_outer(column, part):
                raise QueryFailed(
                    f"COLUMN_NOT_FOUND: {place(column)}Column '{column.table}.{column.name}' cannot be resolved or "
                    "requester is not authorized to access requested resources"
                )


def _wrapped_joins(relation: exp.Expr) -> list[exp.Join]:
    """The joins in the parentheses that a relation is."""
    within = relation.this if isinstance(relation, exp.Subquery) else None
    return within.args.get("joins") or [] if within is not None and not isinstance(within, _QUERIES) else []


def _names(relation: exp.Expr) -> set[str]:
    """The tables that a relation shows."""
    joins = _wrapped_joins(relation)
    if relation.alias or not joins:
        return {relation.alias_or_name}
    return _names(relation.this).union(*(_names(join.this) for join in joins))
