"""Arithmetic, comparison and subscripts written for DuckDB with Trino's meaning.

Expressions whose result depends on types that are not known are refused.
"""

from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino
from sqlglot.generators.duckdb import DuckDBGenerator

from local_aws.athena.checks import check_alike, check_comparable, comparable
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.guards import needs_order
from local_aws.athena.kinds import (
    FLOATS,
    INTEGERS,
    NESTED,
    D,
    contains_map,
    decimal,
    element_type,
    kind,
    scaled,
    unscaled,
)
from local_aws.athena.messages import described, place, trino_name
from local_aws.athena.parsing import is_row

# Where a number is a position or a count.
_COUNTING = (
    exp.Ordered, exp.Group, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Limit, exp.Fetch, exp.Offset, exp.WindowSpec,
    exp.TableSample,
)  # fmt: skip


_LOWEST = {D.TINYINT: -(2**7), D.SMALLINT: -(2**15), D.INT: -(2**31), D.BIGINT: -(2**63)}


class Operators(DuckDBGenerator):
    """DuckDB's generator with Trino's operators."""

    depth = 0  # of the lambdas that casts are written as, of which their names are made
    widens = False
    loose_times = False  # whether a time of the query isn't written to the millisecond

    def sql(self, expression: Any, key: str | None = None, comment: bool = True) -> str:
        """The depth is counted anew for each expression, so that it is written in the same way wherever it stands.

        DuckDB takes what SELECT says for what GROUP BY says only if the names in their lambdas are the same.
        """
        depth = self.depth
        written: str = super().sql(expression, key, comment)
        self.depth = depth
        return written

    def equal(self, left: exp.Expr, right: exp.Expr) -> str:
        """Whether two values are equal, as `=` answers it."""
        return self.sql(exp.EQ(this=left.copy(), expression=right.copy()))

    def literal_sql(self, node: exp.Literal) -> str:
        """Beside a smallint, DuckDB takes a number for one too; Trino's numbers are integers."""
        written, parent = super().literal_sql(node), node.parent
        while isinstance(parent, (exp.Paren, exp.Tuple)):
            parent = parent.parent
        widens = self.widens and kind(node) == D.INT and not isinstance(parent, _COUNTING)
        return f"CAST({written} AS INTEGER)" if widens else written

    def mul_sql(self, node: exp.Mul) -> str:
        """DuckDB keeps a product of small decimals to 18 digits."""
        sizes = decimal(node.left), decimal(node.right), decimal(node)
        if kind(node) != D.DECIMAL or not (sizes[0] and sizes[1] and sizes[2]):
            return super().mul_sql(node)
        precision, scale = sizes[2]
        left = f"CAST({self.sql(node.left)} AS DECIMAL({precision}, {sizes[0][1]}))"
        return f"CAST({left} * ({self.sql(node.right)}) AS DECIMAL({precision}, {scale}))"

    def neg_sql(self, node: exp.Neg) -> str:
        """DuckDB widens -(-2147483648)."""
        if kind(node.this) not in _LOWEST or isinstance(node.this, exp.Literal):
            return super().neg_sql(node)
        return f"negated({self.sql(node, 'this')}, {_LOWEST[kind(node.this)]}, '{trino_name(node.this)}')"

    def div_sql(self, node: exp.Div) -> str:
        left, right = self.sql(node.left), self.sql(node.right)
        if kind(node) in INTEGERS:
            return f"({left} // {right})"
        if kind(node) in FLOATS:
            quotient = f"(CAST({left} AS DOUBLE) / CAST({right} AS DOUBLE))"
            return f"CAST({quotient} AS FLOAT)" if kind(node) == D.FLOAT else quotient
        sizes = decimal(node.left), decimal(node.right), decimal(node)
        if sizes[0] and sizes[1] and sizes[2]:
            (p1, s1), (p2, s2), (precision, scale) = sizes[0], sizes[1], sizes[2]
            power = scale + s2 - s1
            if power > 38:
                raise CannotTranslate("a division of decimals with more than 38 digits")
            dividend = f"scaled_up({unscaled(left, p1, s1)}, CAST({10**power} AS HUGEINT))"
            return scaled(f"half_up_quotient({dividend}, {unscaled(right, p2, s2)})", precision, scale)
        raise CannotTranslate(f"the division {node.sql(Trino)}: the types of its operands are not known; add a CAST")

    def check_remainder(self, left: exp.Expr, right: exp.Expr) -> None:
        sizes = [size for side in (left, right) if (size := decimal(side))]
        if D.DECIMAL in (kind(left), kind(right)) and len(sizes) == 2:
            scale = max(size[1] for size in sizes)
            if max(size[0] - size[1] for size in sizes) + scale > 38:
                raise CannotTranslate("a remainder of decimals with more than 38 digits in all")

    def mod_sql(self, node: exp.Mod) -> str:
        """DuckDB gives a remainder of decimals another precision, and of large ones a double's."""
        self.check_remainder(node.left, node.right)
        if kind(node) in INTEGERS:
            return f"integer_remainder({self.sql(node.left)}, {self.sql(node.right)})"
        written = super().mod_sql(node)
        return f"CAST({written} AS {node.type.sql(DuckDB)})" if kind(node) == D.DECIMAL and node.type else written

    def add_sql(self, node: exp.Add) -> str:
        return self._moment(node, super().add_sql(node))

    def sub_sql(self, node: exp.Sub) -> str:
        if kind(node.left) == D.DATE and kind(node.right) == D.DATE:
            return f"(CAST({self.sql(node.left)} AS TIMESTAMP) - CAST({self.sql(node.right)} AS TIMESTAMP))"
        return self._moment(node, super().sub_sql(node))

    def _moment(self, node: exp.Binary, written: str) -> str:
        """DuckDB turns a DATE with an INTERVAL into a TIMESTAMP."""
        spans = [side for side in (node.left, node.right) if kind(side) == D.INTERVAL]
        units = {each.text("unit").upper().rstrip("S") for side in spans for each in side.find_all(exp.Interval)}
        if kind(node) == D.DATE and units & {"HOUR", "MINUTE", "SECOND"}:
            refuse_time_of_day(node)
        return f"CAST({written} AS DATE)" if kind(node) == D.DATE else written

    def bracket_sql(self, node: exp.Bracket) -> str:
        value, key = self.sql(node, "this"), self.sql(node.expressions[0])
        if kind(node.this) == D.STRUCT:
            return f"struct_extract_at({value}, {_row_position(node)})"
        inner = node.this.type.expressions if kind(node.this) == D.MAP and node.this.type is not None else []
        index = kind(node.this) == D.ARRAY and kind(node.expressions[0]) not in {*INTEGERS, D.UNKNOWN, D.NULL}
        if index or (inner and not comparable(inner[0], node.expressions[0].type)):
            raise QueryFailed(
                f"TYPE_MISMATCH: {place(node)}Cannot apply operator: {described(node.this)}[{described(node.expressions[0])}]"  # noqa: E501
            )
        if kind(node.this) == D.MAP:
            return f"trino_map_value({value}, {key})"
        if kind(node.this) == D.ARRAY or (kind(node.this) == D.UNKNOWN and kind(node.expressions[0]) in INTEGERS):
            return f"trino_subscript({value}, {key})"
        raise CannotTranslate(f"the subscript {node.sql(Trino)}: the type of what it is taken of is not known")

    def binary(self, node: exp.Binary, op: str) -> str:
        if isinstance(node, (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)):
            check_comparable(node, node.left, node.right, op)
            if kind(node.left) in NESTED and isinstance(node.right, (exp.Any, exp.All)):
                raise CannotTranslate("a comparison of arrays, maps or rows with those of a subquery")
            rows = node.left.unnest(), node.right.unnest()
            if isinstance(node, (exp.EQ, exp.NEQ)) and all(map(is_row, rows)):
                members = zip(*(row.expressions for row in rows), strict=True)
                compared = " AND ".join(f"({self.equal(*pair)})" for pair in members)
                return f"(NOT ({compared}))" if isinstance(node, exp.NEQ) else f"({compared})"
            kinds = {kind(node.left), kind(node.right)}
            if D.UNKNOWN in kinds and kinds & set(NESTED):
                raise CannotTranslate(f"{node.sql(Trino)}: the type of one side is not known; add a CAST")
            if isinstance(node, (exp.EQ, exp.NEQ)) and kind(node.left) == kind(node.right) in NESTED:
                # DuckDB's NULLs inside equal each other.
                nested = kind(node.left) != D.ARRAY or element_type(node.left).this in (D.ARRAY, D.STRUCT, D.MAP)
                compared = f"{'nested' if nested else 'array'}_equal({self.sql(node.left)}, {self.sql(node.right)})"
                return f"(NOT {compared})" if isinstance(node, exp.NEQ) else compared
            if kind(node.left) in (D.ARRAY, D.STRUCT) and not isinstance(node, (exp.EQ, exp.NEQ)):
                return f"no_null_in({self.sql(node.left)}) {op} no_null_in({self.sql(node.right)})"
            if {kind(node.left), kind(node.right)} & FLOATS:
                # DuckDB's NaN equals itself and is the largest number.
                sides = [self.sql(side) for side in (node.left, node.right)]
                nans = " OR ".join(f"isnan(CAST({side} AS DOUBLE))" for side in sides)
                compared = super().binary(node, op)
                return f"({nans} OR {compared})" if isinstance(node, exp.NEQ) else f"(NOT ({nans}) AND {compared})"
        return super().binary(node, op)

    def group_sql(self, node: exp.Group) -> str:
        node = node.copy()
        for each in [each for each in node.expressions if each.type is not None and contains_map(each.type)]:
            each.replace(exp.Var(this=canonical(self.sql(each), each.type)))
        return super().group_sql(node)

    def connector_sql(self, node: exp.Connector, op: str, stack: list[Any] | None = None) -> str:
        """DuckDB evaluates all terms; Trino none after the one that decides."""
        terms = list(node.flatten(unnest=False))
        written = [self.sql(each) for each in terms]
        if not needs_order(terms):
            return f" {op} ".join(written)
        decides = "NOT ({})" if op == "AND" else "({})"
        decided = " ".join(f"WHEN {decides.format(each)} THEN {op != 'AND'}" for each in written[:-1])
        return f"(CASE {decided} ELSE {f' {op} '.join(f'({each})' for each in written)} END)"

    def between_sql(self, node: exp.Between) -> str:
        sides = [node.this, node.args["low"], node.args["high"]]
        if not all(comparable(node.this.type, each.type) for each in sides if kind(each) != D.NULL):
            names = [described(each) for each in sides]
            raise QueryFailed(
                f"TYPE_MISMATCH: {place(node)}Cannot check if {names[0]} is BETWEEN {names[1]} and {names[2]}"
            )
        if kind(node.this) in (D.ARRAY, D.STRUCT):
            raise CannotTranslate("BETWEEN of arrays or rows")
        if not {kind(side) for side in sides} & FLOATS:
            return super().between_sql(node)
        value, low, high = (self._no_nan(side) for side in sides)
        return f"{value} BETWEEN {low} AND {high}"

    def in_sql(self, node: exp.In) -> str:
        if node.args.get("query"):
            check_comparable(node, node.this, node.args["query"], "IN")
        else:
            check_alike([node.this, *node.expressions], "IN value and list items")
        if kind(node.this) in NESTED and node.args.get("query"):
            return self._row_in_query(node)
        if any(kind(each) in NESTED for each in (node.this, *node.expressions)):
            return f"({' OR '.join(self.equal(node.this, value) for value in node.expressions)})"
        if kind(node.this) in FLOATS:
            node = node.copy()
            node.set("this", exp.Var(this=self._no_nan(node.this)))
        return super().in_sql(node)

    def _row_in_query(self, node: exp.In) -> str:
        """`(a, b) IN (SELECT x, y ...)`"""
        query = node.args["query"].unnest()
        if not isinstance(node.this, exp.Tuple) or len(query.selects) != len(node.this.expressions):
            raise CannotTranslate("a comparison of arrays, maps or rows with those of a subquery")
        for left, right in zip(node.this.expressions, query.selects, strict=True):
            if kind(left) in NESTED:
                raise CannotTranslate("a comparison of nested rows with those of a subquery")
            check_comparable(node, left, right.unalias(), "=")
        return super().in_sql(node)


def refuse_time_of_day(node: exp.Binary) -> None:
    said = "subtract hour, minutes or seconds from" if isinstance(node, exp.Sub) else "add hour, minutes or seconds to"
    raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Cannot {said} a date")


def canonical(text: str, of: exp.DataType, depth: int = 0) -> str:
    """A value with each map in it as its sorted entries: to DuckDB, maps in another order are two."""
    if not contains_map(of):
        return text
    if of.this == D.MAP and not contains_map(of.expressions[1]):
        return f"list_sort(map_entries({text}))"
    if of.this == D.ARRAY:
        name = f"sorted{depth}"
        return f"list_transform({text}, lambda {name}: {canonical(name, of.expressions[0], depth + 1)})"
    if of.this == D.STRUCT:
        fields = [(f'"{field.name}"', field.args["kind"]) for field in of.expressions]
        members = ", ".join(f"{name} := {canonical(f'({text}).{name}', kind, depth)}" for name, kind in fields)
        return f"CASE WHEN {text} IS NOT NULL THEN struct_pack({members}) END"
    raise CannotTranslate("GROUP BY with a map of maps")


def _row_position(node: exp.Bracket) -> int:
    """Where `row[2]` points to: https://trino.io/docs/current/language/types.html#row"""
    index, members = node.expressions[0], node.this.type.expressions if node.this.type is not None else []
    number = index.this if isinstance(index, exp.Neg) else index
    if not isinstance(number, exp.Literal) or not number.name.isdecimal():
        raise QueryFailed(
            f"EXPRESSION_NOT_CONSTANT: {place(index)}Subscript expression on ROW requires a constant index"
        )
    position = -int(number.name) if isinstance(index, exp.Neg) else int(number.name)
    if position < 1:
        raise QueryFailed(
            f"INVALID_FUNCTION_ARGUMENT: {place(index)}Invalid subscript index: {position}. ROW indices start at 1"
        )
    if position > len(members):
        raise QueryFailed(
            f"INVALID_FUNCTION_ARGUMENT: {place(index)}Subscript index out of bounds: {position}, max value is {len(members)}"  # noqa: E501
        )
    return position
