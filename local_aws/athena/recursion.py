"""What Athena asks of a WITH RECURSIVE, and the depth at which it ends one."""

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from local_aws.athena.correlation import is_aggregate
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.kinds import TEXTS, D, common_type, kind
from local_aws.athena.messages import described, place

_DEEPEST_RECURSION = 10


def check_recursive_shape(tree: exp.Expr) -> None:
    """What Trino's analyser asks of each query of a WITH RECURSIVE, before any name is looked up.

    `tryProcessRecursiveQuery` of io.trino.sql.analyzer.StatementAnalyzer
    """
    for ctes in tree.find_all(exp.With):
        for cte in ctes.expressions if ctes.args.get("recursive") else ():
            where = place(cte.args["alias"].this)
            if not cte.alias_column_names:
                raise QueryFailed(f"MISSING_COLUMN_ALIASES: {where}missing column aliases in recursive WITH query")
            if any(each.args.get("recursive") for each in cte.this.find_all(exp.With)):
                raise QueryFailed(f"NESTED_RECURSIVE: {where}nested recursive WITH query")
            body = cte.this.copy()
            body.set("with_", None)
            if references := _references(body, cte.alias):
                if not isinstance(body, exp.Union):
                    raise _misplaced(references[0], "recursive reference not allowed in this context")
                _check_step(body, cte)
                cte.this.set("expression", cte.this.right.unnest())  # out of parentheses, for limit_recursion


def _check_step(union: exp.Union, cte: exp.CTE) -> None:
    if found := _references(union.left, cte.alias):
        raise _misplaced(found[0], "WITH table name is referenced in the base relation of recursion")
    found = _references(union.right, cte.alias)
    if len(found) > 1:
        raise _misplaced(found[1], "multiple recursive references in the step relation of recursion")
    step = union.right
    while isinstance(step, exp.Subquery):
        step = step.this
    if step.args.get("limit"):
        raise QueryFailed("INVALID_LIMIT_CLAUSE: FETCH FIRST / LIMIT clause in the step relation of recursion")
    from_ = [each for each in (step.args.get("from_"), *(step.args.get("joins") or [])) if each is not None]
    if not any(_references(each, cte.alias) for each in from_):
        raise _misplaced(found[0], "recursive reference outside of FROM clause of the step relation of recursion")
    for clause, name in (("with_", "WITH"), ("order", "ORDER BY"), ("offset", "OFFSET")):
        if cte.this.args.get(clause):
            raise QueryFailed(f"NOT_SUPPORTED: immediate {name} clause in recursive query")
    if cte.this.args.get("limit"):
        raise QueryFailed("INVALID_LIMIT_CLAUSE: immediate FETCH FIRST / LIMIT clause in recursive query")
    for join in step.find_all(exp.Join):
        within_right = bool(_references(join, cte.alias))
        if join.side == "FULL" or join.side == ("LEFT" if within_right else "RIGHT"):
            source = "right" if within_right else "left"
            raise _misplaced(found[0], f"recursive reference in the {source} source of {join.side} join")
    if step.args.get("group") or any(is_aggregate(each) for each in step.find_all(exp.Anonymous, exp.GroupConcat)):
        raise CannotTranslate("an aggregation in the step of WITH RECURSIVE")


def _references(node: exp.Expr, name: str) -> list[exp.Table]:
    return [each for each in node.find_all(exp.Table) if not each.db and each.name.lower() == name.lower()]


def _misplaced(reference: exp.Table, problem: str) -> QueryFailed:
    return QueryFailed(f"INVALID_RECURSIVE_REFERENCE: {place(reference)}{problem}")


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
