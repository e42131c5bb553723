"""What Trino's analyser refuses and DuckDB would accept with another meaning."""

import re
from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.messages import described, place
from local_aws.athena.typing import FLOATS, INSTANTS, INTEGERS, TEXTS, UNKNOWN, D, element_type, kind

NUMBERS = {*INTEGERS, *FLOATS, D.DECIMAL}
_COMPARABLE: tuple[set[Any], ...] = (
    NUMBERS, TEXTS, INSTANTS, {D.BOOLEAN}, {D.JSON}, {D.VARBINARY, D.BINARY}, {D.ARRAY}, {D.MAP}, {D.STRUCT},
    {D.INTERVAL}, {D.TIME, D.TIMETZ}, {D.UUID},
)  # fmt: skip


def comparable(left: exp.DataType | None, right: exp.DataType | None) -> bool:
    """Whether Trino compares values of these types, down to elements and members; what is not known may be any."""
    sides = [side or UNKNOWN for side in (left, right)]
    groups = [next((group for group in _COMPARABLE if side.this in group), None) for side in sides]
    if None in groups or groups[0] is not groups[1]:
        return None in groups
    inner = [
        [each.args.get("kind") if isinstance(each, exp.ColumnDef) else each for each in side.expressions]
        for side in sides
        if side.this in (D.ARRAY, D.MAP, D.STRUCT)
    ]
    return not all(inner) or not inner or (len(inner[0]) == len(inner[1]) and all(map(comparable, *inner)))


def orderable(of: exp.DataType | None) -> bool:
    """Whether Trino orders values of a type."""
    return of is None or not {D.MAP, D.JSON} & {each.this for each in of.find_all(exp.DataType)}


def _given(node: exp.Expr) -> exp.Expr:
    """The only column of a subquery that values are compared with."""
    while isinstance(node, (exp.Any, exp.All, exp.Subquery)):
        node = node.this
    if isinstance(node, exp.Values):
        first = node.expressions[0]
        columns = first.expressions if isinstance(first, exp.Tuple) else [first]
    else:
        columns = node.selects if isinstance(node, exp.Query) else [node]
    return columns[0].unalias() if len(columns) == 1 else exp.Null()


def check_comparable(node: exp.Expr, left: exp.Expr, right: exp.Expr, operator: str) -> None:
    """Trino compares no text with a number or a date; DuckDB would convert."""
    right = _given(right) if isinstance(right, (exp.Any, exp.All)) or operator == "IN" else right
    if D.NULL not in (kind(left), kind(right)) and not comparable(left.type, right.type):
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(node)}Cannot apply operator: {described(left)} {operator} {described(right)}"
        )


def check_tree(tree: exp.Expr) -> None:
    """Refuse what Trino's analyser refuses and DuckDB would convert; nodes of unknown types pass."""
    for node in tree.walk():
        if isinstance(node, exp.Anonymous) and node.name.lower() in ("count", *_ORDERING):
            _check_aggregate(node)
        if isinstance(node, (exp.And, exp.Or)):
            check_condition(node.left, "Logical expression term")
            check_condition(node.right, "Logical expression term")
        elif isinstance(node, exp.Not):
            check_condition(node.this, "Value of logical NOT expression")
        elif isinstance(node, (exp.Where, exp.Having)):
            check_condition(node.this, f"{type(node).__name__.upper()} clause")
        elif isinstance(node, exp.Join):
            check_condition(node.args.get("on"), "JOIN ON clause")
            _check_unnest(node)
        elif isinstance(node, (exp.Ordered, *_ORDERS)) and not orderable(node.this.type):
            raise QueryFailed(f"TYPE_MISMATCH: {place(node)}Type {described(node.this)} is not orderable")
        elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
            check_condition(node.this, "IF condition")
            check_alike(
                [each for each in (node.args.get("true"), node.args.get("false")) if each], "Result types for IF"
            )
        elif isinstance(node, exp.Case):
            for branch in node.args["ifs"]:
                if node.this is None:
                    check_condition(branch.this, "CASE WHEN clause")
                else:
                    check_comparable(node, node.this, branch.this, "=")
            results = [branch.args["true"] for branch in node.args["ifs"]]
            check_alike([each for each in [*results, node.args.get("default")] if each], "All CASE results")
        elif isinstance(node, exp.Anonymous) and node.name.lower() in ("coalesce", "greatest", "least", "nullif"):
            check_alike(node.expressions, f"All {node.name.upper()} operands")
        elif isinstance(node, (exp.Like, exp.Escape)):
            _check_like(node)
        elif isinstance(node, exp.Window):
            _check_window(node)
        elif isinstance(node, exp.Select) and node.args.get("distinct") and node.args.get("order"):
            _check_distinct_order(node)
        elif isinstance(node, exp.Array):
            check_alike(node.expressions, "All ARRAY elements")
        elif isinstance(node, exp.Values):
            _check_aliases(node)
            for column in zip(
                *(row.expressions for row in node.expressions if isinstance(row, exp.Tuple)), strict=False
            ):
                check_alike(list(column), "Values")
        elif isinstance(node, exp.Fetch) and "WITH TIES" in node.sql(Trino):
            raise CannotTranslate("FETCH FIRST ... WITH TIES")
        elif isinstance(node, exp.Fetch) and node.text("count") == "0":
            raise QueryFailed("NUMERIC_VALUE_OUT_OF_RANGE: FETCH FIRST row count must be positive (actual value: 0)")
        elif isinstance(node, exp.Dot) and node.this.type is not None:
            _check_member(node)
        elif isinstance(node, exp.SetOperation):
            _check_set_operation(node)
        elif isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe)):
            _check_operands(node)


_ORDERING = ("min", "max", "greatest", "least", "array_sort", "array_min", "array_max", "min_by", "max_by")
_ORDERS = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)


def _check_member(node: exp.Dot) -> None:
    """The members of ROW(1, 2) have no names, whatever they are printed as."""
    for field in node.this.type.expressions if kind(node.this) == D.STRUCT else ():
        if field.meta.get("unnamed") and field.name == node.name.lower():
            raise QueryFailed(f"COLUMN_NOT_FOUND: {place(node)}Column '{node.name}' cannot be resolved")


def _check_aggregate(node: exp.Anonymous) -> None:
    first = node.expressions[0] if node.expressions else None
    ordered = node.expressions[1] if node.name.lower() in ("min_by", "max_by") and node.expressions[1:] else first
    if node.name.lower() == "count":
        if isinstance(first, exp.Distinct) and len(first.expressions) > 1:
            raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters for function count")
    elif ordered is not None and not orderable(ordered.type):
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}{node.name}: {described(ordered)} is not orderable")


def _check_unnest(join: exp.Join) -> None:
    on = join.args.get("on")
    if isinstance(join.this, exp.Unnest) and on is not None and on != exp.true():
        raise QueryFailed(
            f"NOT_SUPPORTED: {place(on)}{join.side or 'INNER'} JOIN involving UNNEST is only supported with condition "
            "ON TRUE"
        )


def _check_like(node: exp.Expr) -> None:
    if isinstance(node, exp.Like):
        for side, name in (
            (node.this, "Left side of LIKE expression"),
            (node.expression, "Pattern for LIKE expression"),
        ):
            if kind(side) not in {*TEXTS, D.UNKNOWN, D.NULL}:
                raise QueryFailed(
                    f"TYPE_MISMATCH: {place(node)}{name} must evaluate to a varchar (actual: {described(side)})"
                )
        return
    pattern, escape = node.this.expression, node.expression
    if not isinstance(pattern, exp.Literal) or not isinstance(escape, exp.Literal):
        raise CannotTranslate("LIKE with ESCAPE where the pattern is not a literal")
    mark = escape.name
    if len(mark) != 1:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Escape string must be a single character")
    if re.search(f"{re.escape(mark)}(?![%_{re.escape(mark)}])", re.sub(re.escape(mark * 2), "", pattern.name)):
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT: Escape character must be followed by '%', '_' or the escape character itself"
        )


def _check_window(node: exp.Window) -> None:
    call = node.this
    while isinstance(call, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
        call = call.this
    arguments = call.expressions if isinstance(call, exp.Anonymous) else []
    if any(isinstance(argument, exp.Distinct) for argument in arguments):
        raise QueryFailed(f"NOT_SUPPORTED: {place(call)}DISTINCT in window function parameters not yet supported")
    if call.name.lower() in ("lag", "lead") and len(arguments) > 1 and isinstance(arguments[1], exp.Neg):
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Offset must be at least 0")


def _check_distinct_order(node: exp.Select) -> None:
    shown = {each.unalias().sql() for each in node.selects} | {each.alias_or_name for each in node.selects}
    for ordered in node.args["order"].expressions:
        key = ordered.this
        if not isinstance(key, exp.Literal) and key.sql() not in shown and (not key.name or key.args.get("table")):
            raise QueryFailed(
                f"EXPRESSION_NOT_IN_DISTINCT: {place(key)}For SELECT DISTINCT, ORDER BY expressions must appear in "
                "select list"
            )


def _check_aliases(node: exp.Values) -> None:
    names = node.args["alias"].args.get("columns") if node.args.get("alias") else None
    widths = {len(row.expressions) if isinstance(row, exp.Tuple) else 1 for row in node.expressions}
    if len(widths) > 1:
        raise QueryFailed("TYPE_MISMATCH: Values rows have mismatched sizes")
    if names and {len(names)} != widths:
        raise QueryFailed(
            f"MISMATCHED_COLUMN_ALIASES: {place(node)}Column alias list has {len(names)} entries but "
            f"'{node.alias}' has {widths.pop()} columns available"
        )


def _check_set_operation(node: exp.SetOperation) -> None:
    name, left, right = node.key.upper(), node.left.selects, node.right.selects
    if len(left) != len(right) and not any(isinstance(each.unalias(), exp.Star) for each in [*left, *right]):
        raise QueryFailed(f"TYPE_MISMATCH: {name} query has different number of fields: {len(left)}, {len(right)}")
    for number, pair in enumerate(zip(left, right, strict=False), 1):
        check_alike([each.unalias() for each in pair], f"column {number} in {name} query")


def _check_operands(node: exp.Binary) -> None:
    kinds = {kind(node.left), kind(node.right)}
    if kinds & {D.UNKNOWN, D.NULL}:
        return
    if isinstance(node, exp.DPipe):
        fitting = kinds <= TEXTS or kinds <= {D.VARBINARY, D.BINARY}
        if D.ARRAY in kinds:
            arrays = [(a, b) for a, b in ((node.left, node.right), (node.right, node.left)) if kind(a) == D.ARRAY]
            fitting = any(comparable(a.type, b.type) or comparable(element_type(a), b.type) for a, b in arrays)
    else:
        times = isinstance(node, exp.Sub) and (kinds <= INSTANTS or kinds <= {D.TIME, D.TIMETZ})
        fitting = kinds <= NUMBERS or D.INTERVAL in kinds or times
    if not fitting:
        sign = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.DPipe: "||"}[type(node)]
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(node)}Cannot apply operator: {described(node.left)} {sign} {described(node.right)}"
        )


def check_condition(node: exp.Expr | None, what: str) -> None:
    """A condition is a boolean; DuckDB takes numbers and texts too."""
    if node is not None and kind(node) not in (D.BOOLEAN, D.UNKNOWN, D.NULL):
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(node)}{what} must evaluate to a boolean: actual type {described(node)}"
        )


def check_alike(nodes: list[exp.Expr], what: str) -> None:
    """Values that must have a type in common."""
    types = [node.type for node in nodes if kind(node) != D.NULL]
    if None in types or D.UNKNOWN in {of.this for of in types if of} or all(comparable(types[0], of) for of in types):
        return
    raise QueryFailed(
        f"TYPE_MISMATCH: {place(nodes[0])}{what} must be the same type or coercible to a common type. "
        f"Found: {', '.join(sorted({described(node) for node in nodes if kind(node) != D.NULL}))}"
    )
