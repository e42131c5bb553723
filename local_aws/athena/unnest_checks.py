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
    _refuse_unnamed_members(node)


def check_unnest_join(join: exp.Join) -> None:
    """An UNNEST is joined for each row of the other side, so that there is nothing to compare."""
    on = join.args.get("on")
    if isinstance(join.this, exp.Unnest) and on is not None and on != exp.true():
        raise QueryFailed(
            f"NOT_SUPPORTED: {place(on)}{join.side or 'INNER'} JOIN involving UNNEST is only supported with condition "
            "ON TRUE"
        )
    if isinstance(join.this, exp.Unnest) and join.side in ("RIGHT", "FULL") and join.this.find(exp.Column):
        raise CannotTranslate(f"a {join.side} JOIN of UNNEST")


def _check_names(node: exp.Unnest) -> None:
    """Trino counts them before anything else is said of them; a row's members are columns of their own."""
    names, width = node.alias_column_names, 0
    for value in node.expressions:
        if kind(value) not in (D.ARRAY, D.MAP):
            return
        element = element_type(value)
        width += 2 if kind(value) == D.MAP else len(element.expressions) if element.this == D.STRUCT else 1
    offset = node.args.get("offset")
    given = len(names) + isinstance(offset, exp.Identifier)
    if names and given != width + bool(offset):
        raise QueryFailed(
            f"MISMATCHED_COLUMN_ALIASES: Column alias list has {given} entries but '{node.alias}' has "
            f"{width + bool(offset)} columns available"
        )


def _refuse_unnamed_members(node: exp.Unnest) -> None:
    """The members of ROW(1, 2) are columns without names, whatever they are printed as."""
    elements = [element_type(value) for value in node.expressions if kind(value) == D.ARRAY]
    rows = [each for each in elements if each.this == D.STRUCT]
    unnamed = {field.name for row in rows for field in row.expressions if field.meta.get("unnamed")}
    query = node.find_ancestor(exp.Select)
    if node.alias_column_names or not unnamed or query is None:
        return
    for column in query.find_all(exp.Column):
        if column.table == node.alias and column.name in unnamed:
            raise QueryFailed(
                f"COLUMN_NOT_FOUND: {place(column)}Column '{column.table}.{column.name}' cannot be resolved or "
                "requester is not authorized to access requested resources"
            )
