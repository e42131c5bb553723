"""Which months a statement reads, by its conditions on the partition columns ``year`` and ``month``.

sqlglot parses; it is imported only where a statement is looked at, since DAG files import this package when parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

PARTITION_COLUMNS = ("year", "month")


def months_read(sql: str, table: str, months: Iterable[str]) -> list[list[str]]:
    """For each time that a statement reads the table, the months (``2025-03``) that it may read there.

    A condition that can't be judged counts as one that holds, so that nothing is underestimated.

    :param sql: one rendered statement of Athena.
    :param table: the table's name, without its database.
    """
    import sqlglot

    partitions = {month: dict(zip(PARTITION_COLUMNS, month.split("-"), strict=True)) for month in months}
    tree = sqlglot.parse_one(sql, read="athena")
    return [
        [month for month, partition in partitions.items() if where is None or may_hold(where, partition, alias)]
        for one in tables_named(tree)
        if one.name == table
        for where, alias in [(where_of(one), one.alias_or_name)] * max(1, _times_read(tree, one))
    ]


def _times_read(tree: exp.Expr, named: exp.Expr, within: tuple[str, ...] = ()) -> int:
    """How often Athena reads what a table's name stands for: a table expression is read anew wherever it is named.

    :param within: the table expressions that were followed already; a name that leads back to one is another table's.
    """
    from sqlglot import exp

    cte = named.find_ancestor(exp.CTE)
    if cte is None:
        return 1
    name = cte.alias.lower()
    if name in within:
        return 0
    uses = [one for one in tree.find_all(exp.Table) if not one.db and one.name.lower() == name]
    return sum(_times_read(tree, one, (*within, name)) for one in uses)


def tables_named(tree: exp.Expr) -> list[exp.Table]:
    """Each place where a statement names a table that isn't one of its common table expressions.

    Those have no database: ``items`` may be one of them, ``"db"."items"`` is a table.
    """
    from sqlglot import exp

    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    return [table for table in tree.find_all(exp.Table) if table.db or table.name not in ctes]


def where_of(table: exp.Table) -> exp.Expr | None:
    """The condition under which a table is read, or None."""
    from sqlglot import exp

    select = table.find_ancestor(exp.Select)
    where = select.args.get("where") if select else None
    return where.this if where else None


def may_hold(condition: exp.Expr, partition: Mapping[str, str], alias: str = "") -> bool:
    """Whether a condition may hold in a partition, whatever the items there are; one that can't be judged may.

    :param alias: the table's name in the statement: a column of another table is no partition column of this one.
    """
    from sqlglot import exp
    from sqlglot.optimizer.simplify import simplify

    def holds(part: exp.Expr) -> bool:
        return may_hold(part, partition, alias)

    if isinstance(condition, exp.Paren):
        return holds(condition.this)
    if isinstance(condition, exp.And):
        return holds(condition.left) and holds(condition.right)
    if isinstance(condition, exp.Or):
        return holds(condition.left) or holds(condition.right)
    columns = list(condition.find_all(exp.Column))
    if any(one.name.lower() not in partition or (alias and one.table not in ("", alias)) for one in columns):
        return True
    there = condition.transform(
        lambda node: exp.Literal.string(partition[node.name.lower()]) if isinstance(node, exp.Column) else node
    ).transform(_judged)
    return bool(simplify(there) != exp.false())


def _judged(node: exp.Expr) -> exp.Expr:
    """``'03' IN ('02', '03')`` and ``CAST('03' AS INTEGER)``, which sqlglot leaves as they are."""
    from sqlglot import exp

    if isinstance(node, exp.In) and isinstance(node.this, exp.Literal) and node.expressions:
        if all(isinstance(one, exp.Literal) for one in node.expressions):
            return exp.true() if node.this in node.expressions else exp.false()
        return node
    text = node.this.name if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) else ""
    if text.isdigit() and node.to.is_type(*exp.DataType.INTEGER_TYPES):  # type: ignore[attr-defined]
        return exp.Literal.number(int(text))
    return node
