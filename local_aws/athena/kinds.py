"""Types of expressions, and those that several have in common, by Trino's rules."""

from typing import Any

from sqlglot import exp

from local_aws.athena.errors import QueryFailed

D = exp.DataType.Type
INTEGERS = {D.TINYINT: 3, D.SMALLINT: 5, D.INT: 10, D.BIGINT: 19}
FLOATS = {D.FLOAT, D.DOUBLE}
TEXTS = {D.VARCHAR, D.CHAR, D.TEXT}
INSTANTS = {D.DATE, D.TIMESTAMP, D.TIMESTAMPTZ}
NESTED = (D.ARRAY, D.MAP, D.STRUCT)
UNKNOWN = exp.DataType.build("UNKNOWN")


def kind(node: exp.Expr | None) -> Any:
    """The type's name, `D.UNKNOWN` where it is not known."""
    if isinstance(node, exp.Null):
        return D.NULL
    return node.type.this if node is not None and node.type is not None else D.UNKNOWN


def contains_map(of: exp.DataType | None) -> bool:
    """Whether a type is a map or has one inside."""
    return of is not None and D.MAP in {each.this for each in of.find_all(exp.DataType)}


def decimal(node: exp.Expr) -> tuple[int, int] | None:
    """(precision, scale) of an exact number, integers included; None for others."""
    if kind(node) in INTEGERS:
        return INTEGERS[kind(node)], 0
    if kind(node) == D.DECIMAL and node.type is not None:
        sizes = [int(size.name) for size in node.type.expressions]
        return (sizes[0], sizes[1] if len(sizes) > 1 else 0) if sizes else (38, 0)
    return None


def unscaled(text: str, precision: int, scale: int) -> str:
    """A decimal's digits as an integer."""
    return f"CAST(replace(CAST(CAST({text} AS DECIMAL({precision}, {scale})) AS VARCHAR), '.', '') AS HUGEINT)"


def scaled(text: str, precision: int, scale: int) -> str:
    """The reverse: an integer with the decimal point put back."""
    if not scale:
        return f"CAST({text} AS DECIMAL({precision}, 0))"
    return f"CAST(put_point({text}, {scale}) AS DECIMAL({precision}, {scale}))"


def decimal_type(precision: int, scale: int) -> exp.DataType:
    return exp.DataType.build(f"DECIMAL({min(38, precision)}, {scale})")


def arithmetic_type(node: exp.Binary) -> exp.DataType:
    """The type of `a + b` and its like: https://trino.io/docs/current/functions/decimal.html"""
    left, right = node.left, node.right
    kinds = {kind(left), kind(right)}
    if kinds & FLOATS and kinds <= FLOATS | set(INTEGERS) | {D.DECIMAL}:
        return exp.DataType.build("FLOAT" if D.DOUBLE not in kinds else "DOUBLE")
    if kinds <= set(INTEGERS):
        return exp.DataType.build(max(kinds, key=lambda each: INTEGERS[each]))
    exact = decimal(left), decimal(right)
    if exact[0] and exact[1]:
        (p1, s1), (p2, s2) = exact[0], exact[1]
        if isinstance(node, exp.Mul):
            if s1 + s2 > 38:
                raise QueryFailed("INVALID_FUNCTION_ARGUMENT: DECIMAL scale must be in range [0, precision (38)]")
            return decimal_type(p1 + p2, s1 + s2)
        if isinstance(node, exp.Div):
            return decimal_type(p1 + s2 + max(s2 - s1, 0), max(s1, s2))
        if isinstance(node, exp.Mod):
            return decimal_type(min(p2 - s2, p1 - s1) + max(s1, s2), max(s1, s2))
        return decimal_type(max(p1 - s1, p2 - s2) + max(s1, s2) + 1, max(s1, s2))
    if D.INTERVAL in kinds and isinstance(node, (exp.Mul, exp.Div)) and kinds <= {D.INTERVAL, *INTEGERS, *FLOATS}:
        return exp.DataType.build("INTERVAL")
    moment = next((side for side in (left, right) if kind(side) in INSTANTS), None)
    if moment is not None and D.INTERVAL in kinds and moment.type is not None:
        return moment.type
    if kinds <= INSTANTS:
        return exp.DataType.build("INTERVAL")
    return UNKNOWN


def common_type(nodes: list[exp.Expr]) -> exp.DataType:
    """The type several expressions are brought to, as COALESCE and CASE do."""
    known = [node for node in nodes if kind(node) not in (D.NULL,)]
    kinds = {kind(node) for node in known}
    if not known or D.UNKNOWN in kinds:
        return UNKNOWN
    if kinds <= TEXTS:
        return exp.DataType.build("VARCHAR")
    if kinds <= set(INTEGERS):
        return exp.DataType.build(max(kinds, key=lambda each: INTEGERS[each]))
    if kinds & FLOATS and kinds <= FLOATS | set(INTEGERS) | {D.DECIMAL}:
        return exp.DataType.build("DOUBLE" if D.DOUBLE in kinds else "FLOAT")
    sizes = [decimal(node) for node in known]
    if all(sizes):
        scale = max(size[1] for size in sizes if size)
        return decimal_type(max(size[0] - size[1] for size in sizes if size) + scale, scale)
    if len({str(node.type) for node in known}) == 1:
        return known[0].type or UNKNOWN
    return _common_nested([node.type for node in known if node.type is not None], kinds)


def _common_nested(types: list[exp.DataType], kinds: set[Any]) -> exp.DataType:
    """The type of arrays or of maps in common: that of their members, of which empty ones say nothing."""
    if len(kinds) > 1 or not kinds <= {D.ARRAY, D.MAP}:
        return UNKNOWN
    members = list(zip(*([typed(each) for each in of.expressions] for of in types if of.expressions), strict=True))
    return exp.DataType(this=types[0].this, expressions=[member_type(list(each)) for each in members], nested=True)


def member_type(values: list[exp.Expr]) -> exp.DataType:
    """The type of what a literal array holds: nothing, or NULLs, are of any type."""
    return common_type(values) if any(kind(each) != D.NULL for each in values) else exp.DataType(this=D.NULL)


def element_type(node: exp.Expr) -> exp.DataType:
    """The type of what a subscript or `element_at` takes out of an array or a map."""
    inner = node.type.expressions if node.type is not None else []
    wanted = 1 if kind(node) == D.MAP else 0
    return inner[wanted] if kind(node) in (D.ARRAY, D.MAP) and len(inner) > wanted else UNKNOWN


def array_of(element: exp.DataType) -> exp.DataType:
    return exp.DataType(this=D.ARRAY, expressions=[element.copy()], nested=True)


def typed(of: exp.DataType) -> exp.Expr:
    value = exp.Var(this="")
    value.type = of
    return value


def decimal_literal(text: str) -> exp.DataType:
    """The type of `12.50` and of `DECIMAL '12.50'`."""
    whole, _, fraction = text.strip().lstrip("-+").partition(".")
    if len(whole.lstrip("0") + fraction) > 38:
        raise QueryFailed(f"INVALID_LITERAL: '{text}' is not a valid DECIMAL literal")
    return decimal_type(max(1, len(whole.lstrip("0") + fraction)), len(fraction))
