"""Trino's types of expressions, where DuckDB would otherwise compute something else: decimals, integers, dates."""

from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.optimizer.scope import Scope
from sqlglot.schema import MappingSchema

from local_aws.athena.errors import QueryFailed
from local_aws.athena.functions import find

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


class _Annotator(TypeAnnotator):
    """sqlglot's (30.30.0) knows no columns of `LATERAL (SELECT ...)`, and no types that nested ones have in common."""

    def _get_source_scope_selects(self, source: Scope) -> dict[str, Any]:
        lateral = source.expression
        if not isinstance(lateral, exp.Lateral) or not isinstance(lateral.this, exp.Subquery):
            return super()._get_source_scope_selects(source)
        selects = lateral.this.unnest().selects
        names = lateral.alias_column_names or [each.alias_or_name for each in selects]
        return {name: each.type or UNKNOWN for name, each in zip(names, selects, strict=False)}

    def _maybe_coerce(self, type1: Any, type2: Any) -> Any:
        """sqlglot's takes the first of two types that have parameters."""
        pair = [each if isinstance(each, exp.DataType) else exp.DataType(this=each) for each in (type1, type2)]
        return common_type([_typed(each) for each in pair])


def annotate(tree: exp.Expr, schema: MappingSchema) -> exp.Expr:
    """Set `.type` on every node; a lambda's arguments get theirs from the array or map it is applied to."""
    metadata = {**Trino().EXPRESSION_METADATA, **_ANNOTATORS}
    for _ in range(1 + max((_depth(each) for each in tree.find_all(exp.Lambda)), default=0)):
        tree = _Annotator(schema, expression_metadata=metadata).annotate(tree)
        for call in tree.find_all(exp.Anonymous):
            _type_lambda_arguments(call)
    return tree


def unite_types(tree: exp.Expr, schema: MappingSchema) -> exp.Expr:
    """Bring the branches of UNION, INTERSECT and EXCEPT to the types they share; sqlglot types them by the first."""
    changed = False
    for united in [each for each in tree.find_all(exp.SetOperation) if not isinstance(each.parent, exp.SetOperation)]:
        branches = _branches(united)
        for items in zip(*(branch.expressions for branch in branches), strict=False):
            values = [item.unalias() for item in items]
            common = common_type(values)
            if common.this != D.DECIMAL or len({str(value.type) for value in values}) == 1:
                continue
            changed = True
            for value in values:
                value.replace(exp.Cast(this=value.copy(), to=common.copy()))
    return annotate(tree, schema) if changed else tree


def _branches(query: exp.Expr) -> list[exp.Select]:
    query = query.unnest() if isinstance(query, exp.Subquery) else query
    if isinstance(query, exp.SetOperation):
        return _branches(query.left) + _branches(query.right)
    return [query] if isinstance(query, exp.Select) else []


def _depth(node: exp.Lambda) -> int:
    depth, parent = 1, node.parent
    while parent is not None:
        depth, parent = depth + isinstance(parent, exp.Lambda), parent.parent
    return depth


def _type_lambda_arguments(call: exp.Anonymous) -> None:
    for function in call.expressions[1:]:
        if not isinstance(function, exp.Lambda):
            continue
        source, names = call.expressions[0], [name.name for name in function.expressions]
        inner = list(source.type.expressions) if source.type is not None and kind(source) in (D.ARRAY, D.MAP) else []
        if call.name.lower() == "reduce":
            start = call.expressions[1].type
            inner = [start, *inner] if start is not None and inner else []
        if call.name.lower() == "zip_with":
            inner = [element_type(each) for each in call.expressions[:2]]
        types = dict(zip(names, inner, strict=False))
        for name in function.find_all(exp.Identifier):
            if name.name in types:
                name.meta["lambda_type"] = types[name.name]


def _decimal_type(precision: int, scale: int) -> exp.DataType:
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
            return _decimal_type(p1 + p2, s1 + s2)
        if isinstance(node, exp.Div):
            return _decimal_type(p1 + s2 + max(s2 - s1, 0), max(s1, s2))
        if isinstance(node, exp.Mod):
            return _decimal_type(min(p2 - s2, p1 - s1) + max(s1, s2), max(s1, s2))
        return _decimal_type(max(p1 - s1, p2 - s2) + max(s1, s2) + 1, max(s1, s2))
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
        return _decimal_type(max(size[0] - size[1] for size in sizes if size) + scale, scale)
    if len({str(node.type) for node in known}) == 1:
        return known[0].type or UNKNOWN
    return _common_nested([node.type for node in known if node.type is not None], kinds)


def _common_nested(types: list[exp.DataType], kinds: set[Any]) -> exp.DataType:
    """The type of arrays or of maps in common: that of their members, of which empty ones say nothing."""
    if len(kinds) > 1 or not kinds <= {D.ARRAY, D.MAP}:
        return UNKNOWN
    members = list(zip(*([_typed(each) for each in of.expressions] for of in types if of.expressions), strict=True))
    return exp.DataType(this=types[0].this, expressions=[_member_type(list(each)) for each in members], nested=True)


def _member_type(values: list[exp.Expr]) -> exp.DataType:
    """The type of what a literal array holds: nothing, or NULLs, are of any type."""
    return common_type(values) if any(kind(each) != D.NULL for each in values) else exp.DataType(this=D.NULL)


def element_type(node: exp.Expr) -> exp.DataType:
    """The type of what a subscript or `element_at` takes out of an array or a map."""
    inner = node.type.expressions if node.type is not None else []
    wanted = 1 if kind(node) == D.MAP else 0
    return inner[wanted] if kind(node) in (D.ARRAY, D.MAP) and len(inner) > wanted else UNKNOWN


def _function_type(node: exp.Anonymous) -> exp.DataType:
    arguments = [item.this if isinstance(item, exp.Order) else item for item in node.expressions]
    arguments = [item.expressions[0] if isinstance(item, exp.Distinct) else item for item in arguments]
    function = find(node.name.lower(), len(node.expressions))
    first = arguments[0] if arguments else None
    own = first.type if first is not None and first.type is not None else UNKNOWN
    if node.name.lower() == "row":
        return row_type([argument.type or UNKNOWN for argument in arguments])
    if function is None or (first is None and function.returns[0] in "0123456789[?"):
        return UNKNOWN
    returns = function.returns
    if returns.isdigit():
        return arguments[int(returns)].type or UNKNOWN if int(returns) < len(arguments) else UNKNOWN
    if returns == "0[]":
        return _array(own)
    if returns.startswith("map{"):
        members = [_member(code, arguments) for code in returns[4:-1].split(",")]
        return exp.DataType(this=D.MAP, expressions=members, nested=True)
    if returns == "lambda[]":
        return _array(arguments[-1].type or UNKNOWN)
    if returns in ("keys", "values"):
        sides = own.expressions if kind(first) == D.MAP else []
        return _array(sides[returns == "values"]) if len(sides) == 2 else UNKNOWN
    if returns in ("[0]", "element"):
        return element_type(first)  # type: ignore[arg-type]
    size = decimal(first) if first is not None else None
    if returns == "mod":
        return arithmetic_type(exp.Mod(this=_typed(own), expression=_typed(arguments[1].type or UNKNOWN)))
    if returns == "common":
        return common_type(arguments)
    if returns == "lagged":
        return common_type([arguments[0], arguments[2]])
    if returns == "concat":
        return own if kind(first) == D.ARRAY else common_type(arguments)
    if returns == "sum":
        if kind(first) in INTEGERS:
            return exp.DataType.build("BIGINT")
        return _decimal_type(38, size[1]) if size else own
    if returns == "avg":
        return own if kind(first) in (D.DECIMAL, D.FLOAT) else exp.DataType.build("DOUBLE")
    if returns in ("round", "integral", "truncated"):
        if kind(first) != D.DECIMAL or size is None:
            return own
        if returns == "truncated":
            return _decimal_type(max(1, size[0] - size[1]), 0)
        if returns == "round" and len(arguments) > 1:
            return _decimal_type(size[0] + 1, size[1])
        return _decimal_type(size[0] - size[1] + min(1, size[1]), 0)
    if returns == "percentile":
        of = "BIGINT" if kind(first) in INTEGERS else "FLOAT" if kind(first) == D.FLOAT else "DOUBLE"
        return (_array if kind(arguments[1]) == D.ARRAY else exp.DataType.copy)(exp.DataType.build(of))
    if returns == "sign":
        return _decimal_type(1, 0) if kind(first) == D.DECIMAL else own
    if returns == "zip":
        return _array(row_type([element_type(argument) for argument in arguments]))
    if returns == "rows":
        return _array(row_type(list(own.expressions))) if len(own.expressions) == 2 else UNKNOWN
    if returns == "sequence":
        return _array(exp.DataType.build("BIGINT") if kind(first) in INTEGERS else own)
    if returns == "?":
        return UNKNOWN
    named = exp.DataType.build(returns.removesuffix("[]"), dialect="postgres")
    return _array(named) if returns.endswith("[]") else named


def _array(element: exp.DataType) -> exp.DataType:
    return exp.DataType(this=D.ARRAY, expressions=[element.copy()], nested=True)


def _concatenated(node: exp.DPipe) -> exp.DataType:
    kinds = kind(node.left), kind(node.right)
    if D.ARRAY in kinds:
        inner = [
            element_type(side) if kind(side) == D.ARRAY else side.type or UNKNOWN for side in (node.left, node.right)
        ]
        nested = [of for of in inner if of.this == D.ARRAY]
        if len(nested) == 1 and kinds[0] == kinds[1]:  # an array is added to an array of arrays
            return _array(nested[0])
        return _array(common_type([_typed(each) for each in inner]))
    if kinds[0] in (D.VARBINARY, D.BINARY):
        return node.left.type or UNKNOWN
    return UNKNOWN if set(kinds) == {D.UNKNOWN} else exp.DataType.build("VARCHAR")


def _typed(of: exp.DataType) -> exp.Expr:
    value = exp.Var(this="")
    value.type = of
    return value


def _unnested(node: exp.Unnest) -> exp.DataType:
    """The columns of an UNNEST, by the names it is given; sqlglot would take a row's fields by theirs."""
    types: list[exp.DataType] = []
    for value in node.expressions:
        inner = value.type.expressions if value.type is not None and kind(value) in (D.ARRAY, D.MAP) else []
        if kind(value) == D.ARRAY and inner and inner[0].this == D.STRUCT:
            types += [each.args.get("kind") or UNKNOWN for each in inner[0].expressions]
        else:
            types += inner or [UNKNOWN] * (2 if kind(value) == D.MAP else 1)
    names = node.alias_column_names
    if not names:
        return element_type(node.expressions[0]) if kind(node.expressions[0]) == D.ARRAY else UNKNOWN
    types = [*types, exp.DataType.build("BIGINT")] if node.args.get("offset") else types
    return exp.DataType(
        this=D.STRUCT,
        expressions=[
            exp.ColumnDef(this=exp.to_identifier(name), kind=of.copy()) for name, of in zip(names, types, strict=False)
        ],
        nested=True,
    )


def row_type(members: list[exp.DataType]) -> exp.DataType:
    """A row without names; Athena prints its members as field0, field1 and so on, but nobody can ask for them."""
    fields: list[exp.Expr] = [
        exp.ColumnDef(this=exp.to_identifier(f"field{n}"), kind=each.copy()) for n, each in enumerate(members)
    ]
    for field in fields:
        field.meta["unnamed"] = True
    return exp.DataType(this=D.STRUCT, expressions=fields, nested=True)


def _member(code: str, arguments: list[exp.Expr]) -> exp.DataType:
    if code.endswith("[]"):
        return _array(_member(code[:-2], arguments))
    if code == "u":
        return exp.DataType(this=D.NULL)
    if code in ("s", "n"):
        return exp.DataType.build("VARCHAR" if code == "s" else "BIGINT")
    if code in ("k", "v"):
        sides = arguments[0].type.expressions if kind(arguments[0]) == D.MAP and arguments[0].type is not None else []
        return sides[code == "v"].copy() if len(sides) == 2 else UNKNOWN
    argument = arguments[int(code.strip("[]"))]
    found = element_type(argument) if code.startswith("[") else argument.type or UNKNOWN
    return found.copy()


def _literal_type(node: exp.Literal) -> exp.DataType:
    text = node.name
    if node.is_string:
        return exp.DataType.build("VARCHAR")
    if "e" in text.lower():
        return exp.DataType.build("DOUBLE")
    if "." in text:
        return decimal_literal(text)
    return exp.DataType.build("INT" if int(text) < 2**31 else "BIGINT")


def decimal_literal(text: str) -> exp.DataType:
    """The type of `12.50` and of `DECIMAL '12.50'`."""
    whole, _, fraction = text.strip().lstrip("-+").partition(".")
    if len(whole.lstrip("0") + fraction) > 38:
        raise QueryFailed(f"INVALID_LITERAL: '{text}' is not a valid DECIMAL literal")
    return _decimal_type(max(1, len(whole.lstrip("0") + fraction)), len(fraction))


def _negative_type(node: exp.Neg) -> exp.DataType:
    if isinstance(node.this, exp.Literal) and node.this.name == "2147483648":
        return exp.DataType.build("INT")
    return node.this.type or UNKNOWN


def _cast_type(node: exp.Cast) -> exp.DataType:
    value = node.this
    if node.to.this == D.DECIMAL and not node.to.expressions and isinstance(value, exp.Literal) and value.is_string:
        return decimal_literal(value.name)
    return node.to


def _set(compute: Any) -> dict[str, Any]:
    def annotator(self: TypeAnnotator, node: exp.Expr) -> exp.Expr:
        self._set_type(node, compute(node))
        return node

    return {"annotator": annotator}


_ANNOTATORS: dict[Any, Any] = {
    exp.Anonymous: _set(_function_type),
    exp.Identifier: _set(lambda node: node.meta.get("lambda_type") or UNKNOWN),
    exp.Lambda: _set(lambda node: node.this.type or UNKNOWN),
    exp.Cast: _set(_cast_type),
    exp.Literal: _set(_literal_type),
    exp.Null: _set(lambda node: exp.DataType.build("NULL")),
    exp.Bracket: _set(lambda node: element_type(node.this)),
    exp.Array: _set(lambda node: _array(_member_type(node.expressions))),
    exp.DPipe: _set(_concatenated),
    exp.Unnest: _set(_unnested),
    exp.Tuple: _set(lambda node: row_type([each.type or UNKNOWN for each in node.expressions])),
    exp.AtTimeZone: _set(lambda node: exp.DataType.build("TIMESTAMP")),
    exp.Filter: _set(lambda node: node.this.type or UNKNOWN),
    exp.Window: _set(lambda node: node.this.type or UNKNOWN),
    exp.IgnoreNulls: _set(lambda node: node.this.type or UNKNOWN),
    exp.RespectNulls: _set(lambda node: node.this.type or UNKNOWN),
    exp.Neg: _set(_negative_type),
    exp.Paren: _set(lambda node: node.this.type or UNKNOWN),
    exp.Extract: _set(lambda node: exp.DataType.build("BIGINT")),
    exp.If: _set(lambda node: common_type([item for item in (node.args.get("true"), node.args.get("false")) if item])),
    exp.Case: _set(
        lambda node: common_type(
            [branch.args["true"] for branch in node.args["ifs"]]
            + ([node.args["default"]] if node.args.get("default") else [])
        )
    ),
    exp.CurrentTimestamp: _set(lambda node: exp.DataType.build("TIMESTAMPTZ")),
    exp.Substring: _set(lambda node: exp.DataType.build("VARCHAR")),
    **{each: _set(arithmetic_type) for each in (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)},
}
