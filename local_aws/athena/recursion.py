"""What Athena asks of a WITH RECURSIVE, and the depth at which it ends one."""

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.kinds import TEXTS, D, common_type, kind
from local_aws.athena.messages import described

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


def check_recursion(tree: exp.Expr) -> None:
    """The step of a WITH RECURSIVE gives the types of its start."""
    for cte in tree.find_all(exp.CTE):
        union = cte.this
        if not (isinstance(cte.parent, exp.With) and cte.parent.args.get("recursive") and isinstance(union, exp.Union)):
            continue
        if union.args.get("distinct"):
            raise CannotTranslate("WITH RECURSIVE with UNION DISTINCT")
        for number, pair in enumerate(zip(union.left.selects, union.right.selects, strict=False), 1):
            base, step = (each.unalias() for each in pair)
            if step.alias_or_name == "_depth" or pair[0].alias_or_name == "_depth":
                continue  # of limit_recursion
            if kind(base) in TEXTS and not isinstance(step, exp.Column):
                raise CannotTranslate("texts in WITH RECURSIVE, whose length Trino compares")
            if D.NULL not in (kind(base), kind(step)) and common_type([base, step]) != base.type:
                raise QueryFailed(
                    f"TYPE_MISMATCH: recursion step relation output type ({described(step)}) is not coercible to "
                    f"recursion base relation output type ({described(base)}) at column {number}"
                )
