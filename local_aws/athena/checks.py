"""What Trino's analyser refuses and DuckDB would accept with another meaning."""

import json
import re
from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from local_aws.athena.castable import check_cast
from local_aws.athena.correlation import refuse_correlated
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.frames import check_frame
from local_aws.athena.grouping import check_scalars
from local_aws.athena.kinds import FLOATS, INSTANTS, INTEGERS, TEXTS, UNKNOWN, D, contains_map, element_type, kind
from local_aws.athena.messages import described, place
from local_aws.athena.parsing import is_row
from local_aws.athena.placement import check_placement
from local_aws.athena.unnest_checks import check_unnest, check_unnest_join

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
    if D.NULL in (kind(left), kind(right)):
        return
    if not comparable(left.type, right.type):
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(node)}Cannot apply operator: {described(left)} {operator} {described(right)}"
        )
    if not (is_row(left) and is_row(right)):
        refuse_other_members([left.type, right.type], "the comparison")


def check_tree(tree: exp.Expr) -> None:
    """Refuse what Trino's analyser refuses and DuckDB would convert; nodes of unknown types pass."""
    for unnest in tree.find_all(exp.Unnest):
        check_unnest(unnest)
    for window in tree.find_all(exp.Window):
        check_frame(window)
    for node in tree.walk():
        check_placement(node)
        if isinstance(node, exp.Anonymous) and any(
            isinstance(each, exp.Column) and each.is_star for each in node.expressions
        ):
            raise QueryFailed(
                f"INVALID_FUNCTION_ARGUMENT: {place(node)}label.* syntax is only supported as the only argument of row "
                "pattern count function"
            )
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
            check_unnest_join(node)
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
        elif isinstance(node, exp.Anonymous) and node.name.lower() in ("coalesce", "greatest", "least"):
            check_alike(node.expressions, f"All {node.name.upper()} operands", _unfit_call(node))
        elif isinstance(node, exp.Anonymous) and node.name.lower() == "nullif":
            _check_nullif(node)
        elif isinstance(node, (exp.Like, exp.Escape)):
            _check_like(node)
        elif isinstance(node, exp.Select):
            check_scalars(node)
            if node.args.get("distinct"):
                _refuse_maps(node.selects, "SELECT DISTINCT")
            if node.args.get("distinct") and node.args.get("order"):
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
        elif isinstance(node, exp.Group):
            _check_grouped_maps(node)
        elif isinstance(node, exp.In) and node.args.get("query"):
            _check_columns(node)
            _refuse_maps([node.this], "IN (SELECT ...)")
        elif isinstance(node, (exp.NullSafeEQ, exp.NullSafeNEQ)):
            _refuse_maps([node.left, node.right], "IS DISTINCT FROM")
            check_comparable(node, node.left, node.right, "IS DISTINCT FROM")
        elif isinstance(node, exp.SetOperation):
            _check_set_operation(node)
        elif isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe)):
            _check_operands(node)
        elif isinstance(node, exp.Neg) and kind(node.this) not in {*NUMBERS, D.INTERVAL, D.UNKNOWN, D.NULL}:
            raise QueryFailed(f"TYPE_MISMATCH: {place(node)}Cannot apply operator: -{described(node.this)}")
        elif isinstance(node, exp.Cast):
            check_cast(node)
        elif isinstance(node, exp.ParseJSON):
            _check_json(node)
    refuse_correlated(tree)


def _unfit_call(node: exp.Anonymous) -> str:
    """How Trino says that a function takes no such values; coalesce is none to it."""
    given = ", ".join(map(described, node.expressions))
    unfit = f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters ({given}) for function {node.name.lower()}"
    return unfit if node.name.lower() != "coalesce" else ""


def _check_columns(node: exp.In) -> None:
    """As many columns as there are values on the left."""
    query = node.args["query"].unnest()
    values = node.this.expressions if isinstance(node.this, exp.Tuple) or is_row(node.this) else [node.this]
    found = [each.unalias() for each in query.selects] if isinstance(query, exp.Query) else []
    if found and len(values) != len(found) and kind(node.this) != D.STRUCT:
        types = [f"row({', '.join(map(described, each))})" for each in (values, found)]
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(node)}Value expression and result of subquery must be of the same type: "
            f"{' vs '.join(types)}"
        )


def _check_json(node: exp.ParseJSON) -> None:
    """`JSON '{'` is refused when the query is analysed."""
    try:
        json.loads(node.this.name, parse_constant=int)
    except ValueError:
        raise QueryFailed(f"INVALID_LITERAL: {place(node)}'{node.this.name}' is not a valid JSON literal") from None


_ORDERING = ("min", "max", "greatest", "least", "array_sort", "array_min", "array_max", "min_by", "max_by")
_ORDERS = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)


def _check_member(node: exp.Dot) -> None:
    """The members of ROW(1, 2) have no names, whatever they are printed as; a map has none."""
    if kind(node.this) not in (D.STRUCT, D.UNKNOWN):
        raise QueryFailed(f"TYPE_MISMATCH: {place(node)}Expression {node.this.name} is not of type ROW")
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


def _check_like(node: exp.Expr) -> None:
    if isinstance(node, exp.Like):
        for side, name in (
            (node.this, "Left side of LIKE expression"),
            (node.expression, "Pattern for LIKE expression"),
        ):
            if kind(side) not in {*TEXTS, D.UNKNOWN, D.NULL}:
                raise QueryFailed(
                    f"TYPE_MISMATCH: {place(side)}{name} must evaluate to a varchar (actual: {described(side)})"
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


def _refuse_maps(nodes: list[exp.Expr], where: str) -> None:
    """To DuckDB, maps with the same entries in another order are two."""
    if any(contains_map(node.unalias().type) for node in nodes):
        raise CannotTranslate(f"{where} with maps")


def _check_grouped_maps(group: exp.Group) -> None:
    """What is grouped by is written with sorted maps (`operators.canonical`), so nothing else can show it."""
    maps = {each.sql() for each in group.expressions if contains_map(each.type)}
    shown = [group.parent.args[part] for part in ("expressions", "having", "order") if group.parent.args.get(part)]
    said = [each for part in shown for each in (part if isinstance(part, list) else [part])]
    if any(found.sql() in maps for each in said for found in each.walk()):
        raise CannotTranslate("GROUP BY with a map that is shown")


def _check_nullif(node: exp.Anonymous) -> None:
    if len(node.expressions) == 2 and D.NULL not in map(kind, node.expressions):
        left, right = node.expressions
        if not comparable(left.type, right.type):
            raise QueryFailed(
                f"TYPE_MISMATCH: {place(node)}Types are not comparable with NULLIF: {described(left)} vs "
                f"{described(right)}"
            )
        refuse_other_members([left.type, right.type], "NULLIF")


def _check_distinct_order(node: exp.Select) -> None:
    shown = {each.unalias().sql() for each in node.selects} | {each.alias_or_name for each in node.selects}
    for ordered in node.args["order"].expressions:
        key = ordered.this
        named = isinstance(key, exp.Column) and not key.args.get("table") and key.name
        if not isinstance(key, exp.Literal) and key.sql() not in shown and not named:
            raise QueryFailed(
                f"EXPRESSION_NOT_IN_DISTINCT: {place(key)}For SELECT DISTINCT, ORDER BY expressions must appear in "
                "select list"
            )


def _check_aliases(node: exp.Values) -> None:
    singles = [
        row.expressions[0] for row in node.expressions if isinstance(row, exp.Tuple) and len(row.expressions) == 1
    ]
    if any(kind(each) == D.STRUCT and not is_row(each) for each in singles):
        raise CannotTranslate("VALUES of a row that is not written as one")
    names = node.args["alias"].args.get("columns") if node.args.get("alias") else None
    widths = {_width(row) for row in node.expressions}
    if len(widths) > 1:
        sizes = " vs ".join(map(str, dict.fromkeys(_width(row) for row in node.expressions)))
        raise QueryFailed(f"TYPE_MISMATCH: Values rows have mismatched sizes: {sizes}")
    if names and {len(names)} != widths:
        raise QueryFailed(
            f"MISMATCHED_COLUMN_ALIASES: {place(node)}Column alias list has {len(names)} entries but "
            f"'{node.alias}' has {widths.pop()} columns available"
        )


def _width(row: exp.Expr) -> int:
    return len(row.expressions) if isinstance(row, exp.Tuple) else 1


def _check_set_operation(node: exp.SetOperation) -> None:
    name, left, right = node.key.upper(), node.left.selects, node.right.selects
    if len(left) != len(right) and not any(isinstance(each.unalias(), exp.Star) for each in [*left, *right]):
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(node)}{name} query has different number of fields: {len(left)}, {len(right)}"
        )
    if not isinstance(node, exp.Union) or node.args.get("distinct"):
        _refuse_maps([*left, *right], name)
    for number, pair in enumerate(zip(left, right, strict=False), 1):
        values = [each.unalias() for each in pair]
        if D.NULL not in map(kind, values) and not comparable(values[0].type, values[1].type):
            raise QueryFailed(
                f"TYPE_MISMATCH: {place(node)}column {number} in {name} query has incompatible types: "
                f"{described(values[0])}, {described(values[1])}"
            )
        check_alike(values, f"Column {number} in {name} query")


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
        sign = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}.get(type(node))
        sides = described(node.left), described(node.right)
        if isinstance(node, exp.DPipe):
            raise QueryFailed(
                f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters ({', '.join(sides)}) for function concat"
            )
        raise QueryFailed(f"TYPE_MISMATCH: {place(node)}Cannot apply operator: {f' {sign} '.join(sides)}")


def check_condition(node: exp.Expr | None, what: str) -> None:
    """A condition is a boolean; DuckDB takes numbers and texts too."""
    if node is not None and kind(node) not in (D.BOOLEAN, D.UNKNOWN, D.NULL):
        clause = what.startswith(("WHERE", "HAVING", "JOIN"))  # said by another part of Trino, in other words
        actual = f": actual type {described(node)}" if clause else f" (actual: {described(node)})"
        raise QueryFailed(f"TYPE_MISMATCH: {place(node)}{what} must evaluate to a boolean{actual}")


def check_alike(nodes: list[exp.Expr], what: str, otherwise: str = "") -> None:
    """Values that must have a type in common, or `otherwise`; rows are brought together by the place of members."""
    given = [node for node in nodes if kind(node) != D.NULL]
    if any(node.type is None or kind(node) == D.UNKNOWN for node in given):
        return
    odd = next((node for node in given[1:] if not comparable(given[0].type, node.type)), None)
    if odd is not None and otherwise:
        raise QueryFailed(otherwise)
    if odd is not None:
        types = list(dict.fromkeys(described(node) for node in given))
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(odd)}{what} must be the same type or coercible to a common type. Cannot find "
            f"common type between {described(given[0])} and {described(odd)}, all types (without duplicates): "
            f"[{', '.join(types)}]"
        )
    refuse_other_members([node.type for node in given], what)


def refuse_other_members(types: list[exp.DataType | None], what: str) -> None:
    """DuckDB brings rows together by the names of their members, Trino by their places."""
    names = [
        [[field.name.lower() for field in row.expressions] for row in of.find_all(exp.DataType) if row.this == D.STRUCT]
        for of in types
        if of is not None and D.NULL not in {each.this for each in of.find_all(exp.DataType)}
    ]
    if any(each != names[0] for each in names):
        raise CannotTranslate(f"{what[0].lower()}{what[1:]} of rows whose members have other names")
