"""The depth at which Athena ends a WITH RECURSIVE."""

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

_DEEPEST_RECURSION = 10


def limit_recursion(tree: exp.Expr) -> None:
    """Count the steps of a qualified WITH RECURSIVE: Athena's end at a depth, whatever the data."""
    for cte in tree.find_all(exp.CTE):
        steps = cte.this
        within = isinstance(cte.parent, exp.With) and cte.parent.args.get("recursive")
        if not within or not isinstance(steps, exp.Union) or not isinstance(steps.right, exp.Select):
            continue
        own = next((table for table in steps.right.find_all(exp.Table) if table.name == cte.alias), None)
        start = steps.left
        if own is None or not isinstance(start, exp.Select):
            continue
        depth = exp.column("_depth", own.alias_or_name)
        message = (
            f"NOT_SUPPORTED: Recursion depth limit exceeded ({_DEEPEST_RECURSION}). Use 'max_recursion_depth' session "
            "property to modify the limit."
        )
        failed = exp.Var(this=f"fail({exp.Literal.string(message).sql(DuckDB)})")
        deeper = exp.Case(ifs=[exp.If(this=depth >= _DEEPEST_RECURSION, true=failed)], default=depth.copy() + 1)
        start.select(exp.alias_(exp.Literal.number(0), "_depth"), copy=False)
        steps.right.select(exp.alias_(deeper, "_depth"), copy=False)
        if cte.args["alias"].args.get("columns"):
            cte.args["alias"].append("columns", exp.to_identifier("_depth"))
        for reader in [table for table in tree.find_all(exp.Table) if table.name == cte.alias and table is not own]:
            # DuckDB computes no column that nobody reads.
            read = exp.column("_depth", reader.alias_or_name)
            select = reader.find_ancestor(exp.Select)
            if select is not None:
                select.where(exp.or_(read.is_(exp.null()), read >= 0), copy=False)
