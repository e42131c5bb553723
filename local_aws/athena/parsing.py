"""Athena's queries read: every call is parsed as a plain function name, so that only `functions.py` says what it means.

What sqlglot would read of other dialects is refused, as Athena refuses it when the query is submitted.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokens import Token, TokenType

from local_aws.athena.argument_counts import check_counts
from local_aws.athena.clocks import unify_clocks
from local_aws.athena.errors import InvalidRequest
from local_aws.athena.escapes import check_escapes
from local_aws.athena.grammar import check_grammar
from local_aws.athena.kinds import D
from local_aws.athena.messages import place
from local_aws.athena.statements import Tokens
from local_aws.athena.zones import name_offset

_KEPT_PARSERS = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "LISTAGG")


# The words and signs of Trino's queries among those that sqlglot takes from any dialect.
_KEYWORDS = """
|| >= <= <> != -> => ALL AND ANY ARRAY AS ASC BETWEEN BIGINT BOOLEAN CASE CHAR CROSS CUBE CURRENT_CATALOG CURRENT_DATE
CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATE DECIMAL DESC DISTINCT DOUBLE ELSE END ESCAPE EXCEPT EXISTS
FALSE FETCH FILTER FIRST FOR FROM FULL HAVING HYPERLOGLOG IN INNER INT INTEGER INTERSECT INTERVAL IPADDRESS IS JOIN JSON
LATERAL LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP MAP MATCH_RECOGNIZE NATURAL NEXT NOT NULL OFFSET ON OR ORDINALITY OUTER OVER
RANGE REAL RECURSIVE RIGHT ROLLUP ROW ROWS SELECT SMALLINT SOME TABLE TABLESAMPLE TDIGEST THEN TIME TIMESTAMP TINYINT TRUE
UNION UNNEST USING UUID VALUES VARBINARY VARCHAR WHEN WHERE WINDOW WITH
"""  # noqa: E501
_WORDS = [*_KEYWORDS.split(), "GROUP BY", "GROUPING SETS", "ORDER BY", "PARTITION BY", "DOUBLE PRECISION"]


class _Placed(dict[Any, Any]):
    """A parser's table of operators whose nodes know where the operator stands."""

    def __init__(self, parser: TrinoParser, operators: dict[Any, Any]) -> None:
        super().__init__(operators)
        self._parser = parser

    def __getitem__(self, key: Any) -> Callable[..., Any]:
        build, operator = super().__getitem__(key), self._parser._prev

        def built(*arguments: Any, **options: Any) -> Any:
            node = build(*arguments, **options)
            if isinstance(node, exp.Expr):
                # A literal's parser is given its token.
                where = _place(next((each for each in arguments if isinstance(each, Token)), operator))
                (node.find(exp.Between, exp.Like, exp.In, exp.Is) or node).meta["place"] = where
                node.meta["place"] = where
            return node

        return built

    def get(self, key: Any, default: Any = None) -> Any:
        return self.__getitem__(key) if key in self else default


def _place(token: Token) -> str:
    return f"line {token.line}:{token.col - (token.end - token.start)}: "


class AthenaQuery(Trino):
    """Athena's query dialect with every function left as a name."""

    INDEX_OFFSET = 0
    SUPPORTS_USER_DEFINED_TYPES = True  # a type that Trino does not know fails the query, not its submission

    class Tokenizer(Trino.Tokenizer):
        KEYWORDS: ClassVar = {word: Trino.Tokenizer.KEYWORDS[word] for word in _WORDS}

    class Parser(TrinoParser):
        FUNCTIONS: ClassVar[dict[str, Callable[..., exp.Expr]]] = {}
        FUNCTION_PARSERS = {  # noqa: RUF012
            **{name: TrinoParser.FUNCTION_PARSERS[name] for name in _KEPT_PARSERS},
            "POSITION": lambda self: self._parse_position_in(),
        }
        BITWISE: ClassVar[Any] = {**TrinoParser.BITWISE, TokenType.DPIPE: partial(exp.DPipe, safe=False)}
        UNARY_PARSERS: ClassVar[Any] = {
            **TrinoParser.UNARY_PARSERS,
            TokenType.DASH: lambda self: self._parse_negation(),
        }

        def _parse_negation(self) -> exp.Expr:
            token = self._prev
            parsed = self.expression(exp.Neg(this=self._parse_unary()))
            parsed.meta["place"] = _place(token)
            return parsed

        def _replace_lambda(self, node: exp.Expr | None, expressions: list[exp.Expr]) -> exp.Expr | None:
            """Names are the same in capitals; sqlglot (30.30.0) takes only one that is spelled like the argument."""
            spelled = {each.name.lower(): each.name for each in expressions}
            for column in node.find_all(exp.Column) if node is not None else ():
                first = column.parts[0]
                if first.name.lower() in spelled:
                    first.set("this", spelled[first.name.lower()])
            return super()._replace_lambda(node, expressions)

        def _parse_position_in(self) -> exp.Expr:
            """`POSITION('b' IN 'abc')`; sqlglot knows one with a comma too."""
            wanted = self._parse_bitwise()
            if self._match(TokenType.IN):
                return self.expression(exp.StrPosition(this=self._parse_bitwise(), substr=wanted))
            self._match(TokenType.COMMA)
            return self.expression(
                exp.Anonymous(this="position", expressions=[wanted, *self._parse_csv(self._parse_bitwise)])
            )

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            for table in ("EQUALITY", "COMPARISON", "BITWISE", "TERM", "FACTOR", "RANGE_PARSERS", "PRIMARY_PARSERS"):
                setattr(self, table, _Placed(self, getattr(self, table)))

        def _parse_function_call(self, *arguments: Any, **options: Any) -> exp.Expr | None:
            token = self._curr
            if token.token_type == TokenType.EXISTS and self._next.token_type == TokenType.L_PAREN:
                self._advance()
                return self.expression(exp.Exists(this=_as_select(self._parse_primary())))
            parsed = super()._parse_function_call(*arguments, **options)
            for call in (parsed, parsed.find(exp.Anonymous)) if parsed is not None else ():
                if call is not None:
                    call.meta.setdefault("place", _place(token))
            return parsed

        def _parse_interval(self, *arguments: Any, **options: Any) -> exp.Add | exp.Interval | None:
            """`INTERVAL -'2' DAY` is `INTERVAL '-2' DAY`; sqlglot would negate the text."""
            parsed = super()._parse_interval(*arguments, **options)
            first = parsed.this if isinstance(parsed, exp.Interval) else None
            if parsed is not None and isinstance(first, exp.Neg) and first.this.is_string:
                text = first.this.name
                negated = text[1:] if text.startswith("-") else f"-{text.removeprefix('+')}"
                # Of a text that is no number, the message does not tell the sign.
                first.this.set("this", negated if re.search(r"\d", text) else text)
                parsed.set("this", first.this)
            return parsed

        def _parse_cast(self, *arguments: Any, **options: Any) -> exp.Expr:
            parsed = super()._parse_cast(*arguments, **options)
            parsed.meta["cast"] = True  # unlike the literal DATE '2025-03-01', which becomes the same node
            for of in parsed.to.find_all(exp.DataType) if isinstance(parsed, exp.Cast) else ():
                if of.this == D.DECIMAL and len(of.expressions) < 2:
                    sizes = [of.expressions[0].name if of.expressions else "38", "0"]
                    of.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(size)) for size in sizes])
            return parsed

        def _parse_type(self, *arguments: Any, **options: Any) -> exp.Expr | None:
            token = self._curr
            parsed = super()._parse_type(*arguments, **options)
            if isinstance(parsed, (exp.Cast, exp.ParseJSON)):
                parsed.meta.setdefault("place", _place(token))
            return parsed

        def parse_set_operation(self, *arguments: Any, **options: Any) -> exp.SetOperation | None:
            token = self._curr
            parsed = super().parse_set_operation(*arguments, **options)
            if parsed is not None:
                parsed.meta["place"] = _place(token)
            return parsed

        def _parse_case(self) -> exp.Expr | None:
            token = self._prev
            parsed = super()._parse_case()
            if parsed is not None:
                parsed.meta["place"] = _place(token)
            return parsed

        def _parse_join(self, *arguments: Any, **options: Any) -> exp.Join | None:
            comma = self._curr is not None and self._curr.token_type == TokenType.COMMA
            join = super()._parse_join(*arguments, **options)
            if join is not None and comma:
                join.meta["comma"] = True
            crossed = comma or (join is not None and join.kind == "CROSS")
            if join is not None and crossed == bool(join.args.get("on") or join.args.get("using")):
                self.raise_error("a join but a cross join has a condition")
            return join


def _as_select(query: exp.Expr | None) -> exp.Expr | None:
    """The query in parentheses that EXISTS is given, as a SELECT; DuckDB takes no VALUES there, nor parentheses."""
    inner = query
    while isinstance(inner, exp.Subquery) and inner.is_wrapper:
        inner = inner.this
    return (
        inner
        if isinstance(inner, (exp.Select, exp.SetOperation))
        else exp.Select(expressions=[exp.Star()]).from_(query)
    )


# What sqlglot reads otherwise than Trino, or not at all; the word alone is refused when the query runs.
_OTHERS = re.compile(
    r"\b(?:JSON_(?:OBJECT|ARRAY|EXISTS|QUERY|TABLE|VALUE)(?=\s*\()|MATCH_RECOGNIZE(?=\s*\()"
    r"|OVER\s*\(\s*(?!PARTITION\b|ORDER\b|ROWS\b|RANGE\b|GROUPS\b)\w+"
    r"|CURRENT_(?:SCHEMA|PATH)\b|NATURAL(?=\s+(?:(?:INNER|LEFT|RIGHT|FULL)\s+)?(?:OUTER\s+)?JOIN\b)|ORDER\s+BY\s+ALL\b)",
    re.IGNORECASE,
)


# https://trino.io/docs/current/functions/datetime.html#extraction-function; two as sqlglot calls them
_FIELDS = {
    "year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy",
    "year_of_week", "yow", "hour", "minute", "second", "timezone_hour", "timezone_minute", "dayofweek", "dayofyear",
}  # fmt: skip


def _failing(reason: str) -> exp.Select:
    """A statement that is taken, and fails when it is analysed."""
    failed = exp.Anonymous(this="failed")
    failed.meta["failed"] = reason
    return exp.select(failed)


def _failed_on_analysis(tree: exp.Expr) -> exp.Select | None:
    """What Trino reads but cannot make sense of: a lambda that no function is given, N'abc'."""
    if arrow := tree.find(exp.JSONExtract):  # which is what sqlglot takes the arrow for
        return _failing(f"TYPE_MISMATCH: {place(arrow)}Lambda expression should always be used inside a function")
    if national := tree.find(exp.National):
        return _failing(f"TYPE_NOT_FOUND: {place(national)}Unknown type: N")
    return None


def _refuse_foreign(tree: exp.Expr) -> None:
    for node in tree.find_all(exp.Any, exp.All):
        if not isinstance(node.this, (exp.Query, exp.Subquery)):
            raise InvalidRequest(f"{place(node) or 'line 1:1: '}mismatched input '{node.this.sql(Trino)}'")
    if any(len(node.name) % 2 for node in tree.find_all(exp.HexString)):
        raise InvalidRequest("line 1:1: Binary literal must contain an even number of digits")
    check_counts(tree)
    for of in (cast.to for cast in tree.find_all(exp.Cast)):
        names = [field.this for field in of.find_all(exp.ColumnDef)]
        if of.find(exp.Interval) or any(name.args.get("quoted") and name.name != name.name.lower() for name in names):
            raise InvalidRequest(f"NOT_SUPPORTED: the local Athena does not translate the type {of.sql(Trino).lower()}")
    for extract in tree.find_all(exp.Extract):
        if extract.name.lower() not in _FIELDS:
            raise InvalidRequest(f"{place(extract) or 'line 1:1: '}Invalid EXTRACT field: {extract.name.lower()}")


def parse(sql: str) -> exp.Expr:
    """The statement as a tree; Athena refuses bad syntax when the query is submitted."""
    check_grammar(sql)
    tokens = Tokens(sql)
    for offset, number in reversed(list(tokens.numbers())):
        after = offset + len(number)
        if re.search(r"[eE]\d+$", number) and sql[after : after + 1] in ("+", "-"):
            # sqlglot 30.30.0 takes the sign and what follows for a part of the number.
            return parse(f"{sql[:after]} {sql[after:]}")
        if number.isdigit() and int(number) >= 2**63:
            raise InvalidRequest(f"{tokens.place(offset)}Invalid numeric literal: {number}")
    code = tokens.code()
    check_escapes(sql, code)
    for offset, digits in tokens.binaries():
        if not re.fullmatch(r"[0-9a-fA-F\s]*", digits):
            raise InvalidRequest(f"{tokens.place(offset)}Binary literal can only contain hexadecimal digits")
    if other := _OTHERS.search(code):
        refused = exp.Anonymous(this="refused")
        refused.meta["refused"] = " ".join(other[0].upper().split())
        return exp.select(refused)
    try:
        trees = [each for each in sqlglot.parse(sql, read=AthenaQuery) if each is not None]
    except (ParseError, TokenError) as error:
        detail = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
        raise InvalidRequest(
            f"NOT_SUPPORTED: the local Athena does not translate this statement near '{detail.get('highlight', '')}'"
        ) from error
    if len(trees) != 1:
        raise InvalidRequest(f"Only one sql statement is allowed. Got: {sql}")
    tree = trees[0]
    _refuse_foreign(tree)
    if (failing := _failed_on_analysis(tree)) is not None:
        return failing
    unify_clocks(tree)
    for zoned in tree.find_all(exp.AtTimeZone, exp.Anonymous):
        name_offset(zoned)
    for row in tree.find_all(exp.Tuple):
        only = row.expressions[0] if len(row.expressions) == 1 else None
        if isinstance(row.parent, exp.Values) and (isinstance(only, exp.Tuple) or is_row(only)):
            row.set("expressions", only.expressions)
    for row in list(tree.find_all(exp.Tuple)):
        if not isinstance(row.parent, _LISTING) and not (
            isinstance(row.parent, exp.In) and row.parent.args.get("query")
        ):
            row.replace(exp.Anonymous(this="row", expressions=row.expressions))
    for binary in list(tree.find_all(exp.HexString)):
        if not binary.name:  # which sqlglot 30.30.0 takes for a number
            binary.replace(exp.Anonymous(this="from_hex", expressions=[exp.Literal.string("")]))
    for call in tree.find_all(exp.Anonymous):
        if call.name.lower() == "normalize" and len(call.expressions) == 2:
            call.expressions[1].replace(exp.Literal.string(call.expressions[1].name.upper()))
    for cast in tree.find_all(exp.Cast):
        # sqlglot 30.30.0 gives a literal the precision of its digits; Athena's timestamps have milliseconds.
        if cast.to.this in (D.TIMESTAMP, D.TIMESTAMPTZ) and "cast" not in cast.meta:
            cast.to.set("expressions", [])
    return tree


# Where `(a, b)` is a list of columns, not a row.
_LISTING = (exp.Values, exp.Group, exp.GroupingSets, exp.Rollup, exp.Cube)


def is_row(node: exp.Expr | None) -> bool:
    """Whether it is `ROW(...)`, or `(a, b)` as a value."""
    return isinstance(node, exp.Anonymous) and node.name.lower() == "row"
