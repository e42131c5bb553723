"""What UNNEST may be given, joined with and called: https://trino.io/docs/current/sql/select.html#unnest"""

from sqlglot import exp

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.kinds import D, element_type, kind
from local_aws.athena.messages import described, place


def check_unnest(node: exp.Unnest) -> None:
    """One UNNEST of a query whose types are known."""
    for value in node.expressions:
        if kind(value) not in (D.ARRAY, D.MAP, D.UNKNOWN, D.NULL):
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Cannot unnest type: {described(value)}")
    _check_names(node)


def name_members(tree: exp.Expr) -> None:
    """Of `UNNEST(items) AS t(t)` the name t.a is a member of the column, since the table has no column a."""
    for node in tree.find_all(exp.Unnest):
        names, query = [name.lower() for name in node.alias_column_names], node.find_ancestor(exp.Select)
        if query is None or node.alias.lower() not in names:
            continue
        for column in list(query.find_all(exp.Column)):
            first, *others = (part for part in column.parts)
            if others and first.name.lower() == node.alias.lower() and others[0].name.lower() not in names:
                whole = exp.Column(this=first.copy(), table=first.copy())
                column.replace(exp.Dot.build([whole, *(other.copy() for other in others)]))


def check_unnest_join(join: exp.Join) -> None:
    """An UNNEST is joined for each row of the other side, so that there is nothing to compare."""
    on = join.args.get("on")
    if isinstance(join.this, exp.Unnest) and on is not None and on != exp.true():
        raise QueryFailed(
            f"NOT_SUPPORTED: {place(on)}{join.side or 'INNER'} JOIN involving UNNEST is only supported with condition "
            "ON TRUE"
        )
    if isinstance(join.this, exp.Lateral) and join.side == "FULL" and on is not None and on != exp.true():
        raise QueryFailed(
            f"NOT_SUPPORTED: {place(on)}FULL JOIN involving LATERAL relation is only supported with condition ON TRUE"
        )
    if isinstance(join.this, exp.Unnest) and join.side in ("RIGHT", "FULL") and join.this.find(exp.Column):
        raise CannotTranslate(f"a {join.side} JOIN of UNNEST")


def _check_names(node: exp.Unnest) -> None:
    """Trino counts them before anything else is said of them; a row is one column, as Athena's guide has it.

    Trino documents a column for each member, which Athena may or may not give.
    https://docs.aws.amazon.com/athena/latest/ug/filtering-with-unnest.html
    """
    if any(kind(value) not in (D.ARRAY, D.MAP) for value in node.expressions):
        return
    offset = node.args.get("offset")
    given = len(node.alias_column_names) + isinstance(offset, exp.Identifier)
    width = sum(2 if kind(value) == D.MAP else 1 for value in node.expressions) + bool(offset)
    elements = [element_type(value) for value in node.expressions if kind(value) == D.ARRAY]
    if given != width and any(each.this == D.STRUCT for each in elements):
        raise CannotTranslate("UNNEST of rows but into one column: UNNEST(items) AS t(item), then item.member")
    if given not in (0, width):
        raise QueryFailed(
            f"MISMATCHED_COLUMN_ALIASES: Column alias list has {given} entries but '{node.alias}' has "
            f"{width} columns available"
        )
