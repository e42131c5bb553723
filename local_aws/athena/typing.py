"""Trino's types of expressions, where DuckDB would otherwise compute something else: decimals, integers, dates."""

from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.optimizer.scope import Scope
from sqlglot.schema import MappingSchema

from local_aws.athena.functions import find
from local_aws.athena.kinds import (
    INTEGERS,
    UNKNOWN,
    D,
    arithmetic_type,
    array_of,
    common_type,
    decimal,
    decimal_literal,
    decimal_type,
    element_type,
    kind,
    member_type,
    typed,
)


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
        return member_type([typed(each) for each in pair])


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
        return array_of(own)
    if returns.startswith("map{"):
        members = [_member(code, arguments) for code in returns[4:-1].split(",")]
        return exp.DataType(this=D.MAP, expressions=members, nested=True)
    if returns == "lambda[]":
        return array_of(arguments[-1].type or UNKNOWN)
    if returns in ("keys", "values"):
        sides = own.expressions if kind(first) == D.MAP else []
        return array_of(sides[returns == "values"]) if len(sides) == 2 else UNKNOWN
    if returns in ("[0]", "element"):
        return element_type(first)  # type: ignore[arg-type]
    size = decimal(first) if first is not None else None
    if returns == "mod":
        return arithmetic_type(exp.Mod(this=typed(own), expression=typed(arguments[1].type or UNKNOWN)))
    if returns == "common":
        return common_type(arguments)
    if returns == "lagged":
        return common_type([arguments[0], arguments[2]])
    if returns == "concat":
        return own if kind(first) == D.ARRAY else common_type(arguments)
    if returns == "sum":
        if kind(first) in INTEGERS:
            return exp.DataType.build("BIGINT")
        return decimal_type(38, size[1]) if size else own
    if returns == "avg":
        return own if kind(first) in (D.DECIMAL, D.FLOAT) else exp.DataType.build("DOUBLE")
    if returns in ("round", "integral", "truncated"):
        if kind(first) != D.DECIMAL or size is None:
            return own
        if returns == "truncated":
            return decimal_type(max(1, size[0] - size[1]), 0)
        if returns == "round" and len(arguments) > 1:
            return decimal_type(size[0] + 1, size[1])
        return decimal_type(size[0] - size[1] + min(1, size[1]), 0)
    if returns == "percentile":
        of = "BIGINT" if kind(first) in INTEGERS else "FLOAT" if kind(first) == D.FLOAT else "DOUBLE"
        return (array_of if kind(arguments[1]) == D.ARRAY else exp.DataType.copy)(exp.DataType.build(of))
    if returns == "sign":
        return decimal_type(1, 0) if kind(first) == D.DECIMAL else own
    if returns == "zip":
        return array_of(row_type([element_type(argument) for argument in arguments]))
    if returns == "rows":
        return array_of(row_type(list(own.expressions))) if len(own.expressions) == 2 else UNKNOWN
    if returns == "sequence":
        return array_of(exp.DataType.build("BIGINT") if kind(first) in INTEGERS else own)
    if returns == "binary":  # or of texts a text
        return own if kind(first) in (D.VARBINARY, D.BINARY) else exp.DataType.build("VARCHAR")
    if returns == "?":
        return UNKNOWN
    named = exp.DataType.build(returns.removesuffix("[]"), dialect="postgres")
    return array_of(named) if returns.endswith("[]") else named


def _concatenated(node: exp.DPipe) -> exp.DataType:
    kinds = kind(node.left), kind(node.right)
    if D.ARRAY in kinds:
        inner = [
            element_type(side) if kind(side) == D.ARRAY else side.type or UNKNOWN for side in (node.left, node.right)
        ]
        nested = [of for of in inner if of.this == D.ARRAY]
        if len(nested) == 1 and kinds[0] == kinds[1]:  # an array is added to an array of arrays
            return array_of(nested[0])
        return array_of(common_type([typed(each) for each in inner]))
    if kinds[0] in (D.VARBINARY, D.BINARY):
        return node.left.type or UNKNOWN
    return UNKNOWN if set(kinds) == {D.UNKNOWN} else exp.DataType.build("VARCHAR")


def _unnested(node: exp.Unnest) -> exp.DataType:
    """The columns of an UNNEST, by the names it is given; sqlglot would take a row's fields by theirs."""
    types: list[exp.DataType] = []
    for value in node.expressions:
        inner = value.type.expressions if value.type is not None and kind(value) in (D.ARRAY, D.MAP) else []
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


def _subscript_type(node: exp.Bracket) -> exp.DataType:
    index = node.expressions[0]
    if kind(node.this) != D.STRUCT or not index.is_int or node.this.type is None:
        return element_type(node.this)
    members = node.this.type.expressions
    found = members[int(index.name) - 1] if 0 < int(index.name) <= len(members) else None
    return found.args.get("kind") or UNKNOWN if found is not None else UNKNOWN


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
        return array_of(_member(code[:-2], arguments))
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
    exp.Bracket: _set(_subscript_type),
    exp.Array: _set(lambda node: array_of(member_type(node.expressions))),
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
    exp.Substring: _set(
        lambda node: node.this.type if kind(node.this) in (D.VARBINARY, D.BINARY) else exp.DataType.build("VARCHAR")
    ),
    **{each: _set(arithmetic_type) for each in (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)},
}
