"""Athena's queries read: every call is parsed as a plain function name, so that only `functions.py` says what it means.

What sqlglot would read of other dialects is refused, as Athena refuses it when the query is submitted.
"""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokens import TokenType

from local_aws.athena.errors import InvalidRequest
from local_aws.athena.messages import place
from local_aws.athena.statements import Tokens
from local_aws.athena.typing import D

_KEPT_PARSERS = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "POSITION", "LISTAGG")


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


class AthenaQuery(Trino):
    """Athena's query dialect with every function left as a name."""

    INDEX_OFFSET = 0
    SUPPORTS_USER_DEFINED_TYPES = True  # a type that Trino does not know fails the query, not its submission

    class Tokenizer(Trino.Tokenizer):
        KEYWORDS: ClassVar = {word: Trino.Tokenizer.KEYWORDS[word] for word in _WORDS}

    class Parser(TrinoParser):
        FUNCTIONS: ClassVar[dict[str, Callable[..., exp.Expr]]] = {}
        FUNCTION_PARSERS = {name: TrinoParser.FUNCTION_PARSERS[name] for name in _KEPT_PARSERS}  # noqa: RUF012

        def _parse_function_call(self, *arguments: Any, **options: Any) -> exp.Expr | None:
            token = self._curr
            parsed = super()._parse_function_call(*arguments, **options)
            call = parsed.find(exp.Anonymous) if parsed is not None else None
            if call is not None and "place" not in call.meta:
                call.meta["place"] = f"line {token.line}:{token.col - len(token.text) + 1}: "
            return parsed

        def _parse_cast(self, *arguments: Any, **options: Any) -> exp.Expr:
            parsed = super()._parse_cast(*arguments, **options)
            parsed.meta["cast"] = True  # unlike the literal DATE '2025-03-01', which becomes the same node
            for of in parsed.to.find_all(exp.DataType) if isinstance(parsed, exp.Cast) else ():
                if of.this == D.DECIMAL and len(of.expressions) < 2:
                    sizes = [of.expressions[0].name if of.expressions else "38", "0"]
                    of.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(size)) for size in sizes])
            return parsed

        def _parse_join(self, *arguments: Any, **options: Any) -> exp.Join | None:
            comma = self._curr is not None and self._curr.token_type == TokenType.COMMA
            join = super()._parse_join(*arguments, **options)
            crossed = comma or (join is not None and join.kind == "CROSS")
            if join is not None and crossed == bool(join.args.get("on") or join.args.get("using")):
                self.raise_error("a join but a cross join has a condition")
            return join


# sqlglot 30.30.0 reads `1_000` as `1 AS _000` and `0xFF` as a text.
_NUMBER = re.compile(r"-?(\d+(\.\d*)?([eE]\d*)?)")

# What sqlglot reads in any dialect and Trino does not know: by its text, and by what it becomes.
_FOREIGN = re.compile(
    r"""\A\s*FROM\b|!(?!=)|\^|(?<!U)&|(?<!\|)\|(?!\|)|<<|>>|~|\{|,(?=\s*(?:[)\]]|$|FROM\b))|(?<=[(,=])\s*\[|\bAS\s+'
      |\b(?:SELECT|WHERE|AND|OR|IN|THEN|ELSE|ON|BY)\s*\[|\b(?:SELECT\s*,|VALUES\s*\(\s*\)|IN\s*\(\s*\))
      |\b(?:UNION|EXCEPT|INTERSECT)(?:\s+(?:ALL|DISTINCT))?\s+BY\s+NAME\b|\bAS\s+(?:NOT\s+)?MATERIALIZED\b
      |\bDISTINCT\s+ON\s*\(|\*\s*(?:EXCLUDE|EXCEPT|REPLACE)\s*\(|\bIS\s+(?:NOT\s+)?(?:TRUE|FALSE)\b|\bUSING\s+SAMPLE\b
      |\bTABLESAMPLE\b(?!\s+(?:BERNOULLI|SYSTEM)\s*\(\s*[\w.]+\s*\))
      |\b(?:SEMI|ANTI|ASOF|NATURAL|POSITIONAL)\s+(?:LEFT\s+|RIGHT\s+|INNER\s+)?JOIN\b|\b(?:PIVOT|UNPIVOT)\s*\(
      |\b(?:GROUP|ORDER)\s+BY\s+ALL(?=\s*(?:$|\)|HAVING\b|ORDER\b|LIMIT\b))|\bWITH\s+(?:ROLLUP|CUBE)\b
      |\bINTERVAL\s+[-+]?(?:\d|\s*'[^']*'(?!\s*(?:YEAR|MONTH|DAY|HOUR|MINUTE|SECOND)\b))
      |(?:\bSELECT|[(,=<>])\s*\+\s*'|\bLIMIT\s+\S+\s+OFFSET\b|\bLIMIT\s+\d+\s*[%,]|\bFOR\s+(?:UPDATE|SHARE)\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Their arguments are no plain expressions; the call alone is refused when the query runs.
_JSON_CALL = re.compile(r"\bJSON_(?:OBJECT|ARRAY|EXISTS|QUERY|TABLE|VALUE)(?=\s*\()", re.IGNORECASE)
_FOREIGN_NODES = (exp.Concat, exp.JSONExtract, exp.Parameter)


# https://trino.io/docs/current/language/reserved.html
_RESERVED_WORDS = """
ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH CURRENT_ROLE
CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE
EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN
JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL
NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE UESCAPE UNION
UNNEST USING VALUES WHEN WHERE WITH
"""
_RESERVED = set(_RESERVED_WORDS.split())


def _refuse_reserved(tree: exp.Expr) -> None:
    for name in tree.find_all(exp.Identifier):
        if not name.args.get("quoted") and name.name.upper() in _RESERVED:
            raise InvalidRequest(f"{place(name) or 'line 1:1: '}mismatched input '{name.name}'")


def _refuse_foreign(tree: exp.Expr) -> None:
    for node in tree.find_all(exp.Any, exp.All):
        if not isinstance(node.this, (exp.Query, exp.Subquery)):
            raise InvalidRequest(f"{place(node) or 'line 1:1: '}mismatched input '{node.this.sql(Trino)}'")
    for node in tree.find_all(exp.Limit, exp.Offset):
        count = node.expression
        if not (
            isinstance(count, exp.Placeholder)
            or (count.name.isdigit() and not count.is_string)
            or count.name.upper() == "ALL"
        ):
            raise InvalidRequest(f"line 1:1: mismatched input '{count.sql(Trino)}'")
    if any(len(node.name) % 2 for node in tree.find_all(exp.HexString)):
        raise InvalidRequest("line 1:1: Binary literal must contain an even number of digits")
    for node in tree.find_all(*_FOREIGN_NODES, exp.Between, exp.Alias, exp.Limit):
        if (
            isinstance(node, _FOREIGN_NODES)
            or node.args.get("symmetric") is not None
            or node.args.get("limit_options")
            or isinstance(node.this, exp.Star)
        ):
            raise InvalidRequest(f"{place(node) or 'line 1:1: '}mismatched input '{node.sql(Trino)}'")


def parse(sql: str) -> exp.Expr:
    """The statement as a tree; Athena refuses bad syntax when the query is submitted."""
    tokens = Tokens(sql)
    for offset, number in tokens.numbers():
        if not _NUMBER.fullmatch(number):
            raise InvalidRequest(f"{tokens.place(offset)}mismatched input '{number}'")
        if number.isdigit() and int(number) >= 2**63:
            raise InvalidRequest(f"{tokens.place(offset)}Invalid numeric literal: {number}")
    if json_call := _JSON_CALL.search(tokens.code()):
        return exp.select(exp.Anonymous(this=json_call[0].lower()))
    foreign = _FOREIGN.search(tokens.code())
    if foreign:
        raise InvalidRequest(f"{tokens.place(foreign.start())}mismatched input '{foreign[0].strip()}'")
    try:
        trees = [each for each in sqlglot.parse(sql, read=AthenaQuery) if each is not None]
    except ParseError as error:
        detail = error.errors[0] if error.errors else {}
        near = detail.get("highlight") or "<EOF>"
        column = max(1, int(detail.get("col") or 1) - len(near) + 1)
        reason = (
            "backquoted identifiers are not supported; use double quotes to quote identifiers"
            if near == "`"
            else f"mismatched input '{near}'"
        )
        raise InvalidRequest(f"line {detail.get('line') or 1}:{column}: {reason}") from error
    except TokenError as error:
        raise InvalidRequest(f"line 1:1: {error}") from error
    if len(trees) != 1:
        raise InvalidRequest(f"Only one sql statement is allowed. Got: {sql}")
    tree = trees[0]
    _refuse_foreign(tree)
    _refuse_reserved(tree)
    if isinstance(tree, exp.Select) and not tree.expressions:
        raise InvalidRequest(f"line 1:{len(sql) + 1}: mismatched input '<EOF>'")
    for row in tree.find_all(exp.Tuple):
        only = row.expressions[0] if len(row.expressions) == 1 else None
        if isinstance(row.parent, exp.Values) and (isinstance(only, exp.Tuple) or is_row(only)):
            row.set("expressions", only.expressions)
    for row in list(tree.find_all(exp.Tuple)):
        if not isinstance(row.parent, _LISTING) and not (
            isinstance(row.parent, exp.In) and row.parent.args.get("query")
        ):
            row.replace(exp.Anonymous(this="row", expressions=row.expressions))
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
