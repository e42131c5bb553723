"""Athena's SQL read and DuckDB's SQL written.

Every call is parsed as a plain function name, so that only `functions.py` says what a name means; expressions whose
result depends on types that are not known are refused.
"""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokens import TokenType

from local_aws.athena.arguments import PLACEHOLDERS
from local_aws.athena.checks import (
    INTERVAL_FIELDS,
    check_arguments,
    check_comparable,
    check_interval,
    check_zone_is_used_up,
    comparable,
    described,
    keeps_instant,
    place,
    typeof,
)
from local_aws.athena.errors import CannotTranslate, InvalidRequest, QueryFailed
from local_aws.athena.functions import AGGREGATES, FUNCTIONS, UNTRANSLATED, find
from local_aws.athena.statements import Tokens
from local_aws.athena.typing import FLOATS, INSTANTS, INTEGERS, TEXTS, D, decimal, element_type, kind, scaled, unscaled

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
        if isinstance(row.parent, exp.Values) and (isinstance(only, exp.Tuple) or _is_row(only)):
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


def _is_row(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() == "row"


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


# Which arguments a function orders, and which it looks for by equality.
_ORDERED_ARGUMENTS = {
    "max": (0,), "min": (0,), "max_by": (1,), "min_by": (1,), "array_sort": (0,), "array_max": (0,), "array_min": (0,),
}  # fmt: skip
# https://trino.io/docs/current/functions/datetime.html#extraction-function
_FIELDS = {
    "year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy",
    "year_of_week", "yow", "hour", "minute", "second", "timezone_hour", "timezone_minute",
}  # fmt: skip
# Where a number is a position or a count.
_COUNTING = (
    exp.Ordered, exp.Group, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Limit, exp.Fetch, exp.Offset, exp.WindowSpec,
    exp.TableSample,
)  # fmt: skip
_NESTED = (D.ARRAY, D.MAP, D.STRUCT)
_EQUAL_ARGUMENTS = {"contains": 1, "array_position": 1, "array_remove": 1, "nullif": 0}


def to_duckdb(tree: exp.Expr) -> str:
    """A typed, qualified tree as DuckDB's SQL."""
    writer = Writer(dialect=DuckDB(), identify=True, comments=False)
    writer.widens = any(kind(node) in (D.TINYINT, D.SMALLINT) for node in tree.walk())
    return writer.generate(tree)


class Writer(DuckDBGenerator):
    """DuckDB's generator with Trino's meaning."""

    depth = 0  # of the lambdas that casts are written as
    widens = False

    TRANSFORMS = {  # noqa: RUF012
        node: write
        for node, write in DuckDBGenerator.TRANSFORMS.items()
        if node
        not in (
            exp.AtTimeZone,
            exp.Extract,
            exp.Bracket,
            exp.If,
            exp.Unnest,
            exp.Substring,
            exp.TryCast,
            exp.Cast,
            exp.GroupConcat,
            exp.ParseJSON,
            exp.DPipe,
            exp.CurrentTimestamp,
            exp.Interval,
        )
    }

    # -- functions ----------------------------------------------------------------------------------------------

    def anonymous_sql(self, node: exp.Anonymous, over: str = "") -> str:
        name, arguments = node.name.lower(), node.expressions
        if name == "row":
            return "struct_pack(" + ", ".join(f"field{n} := {self.sql(a)}" for n, a in enumerate(arguments)) + ")"
        if name == "at_timezone" or (name == "from_unixtime" and len(arguments) == 2):
            moment = (
                arguments[0] if name == "at_timezone" else exp.Anonymous(this=name, expressions=[arguments[0].copy()])
            )
            return self.attimezone_sql(exp.AtTimeZone(this=moment.copy(), zone=arguments[1].copy()), node)
        if name == "with_timezone":
            if keeps_instant(node):
                return f"instant_in({self.sql(arguments[1])}, CAST({self.sql(arguments[0])} AS TIMESTAMP))"
            check_zone_is_used_up(node)
            return f"CAST({self.sql(arguments[0])} AS TIMESTAMP)"
        if name == "typeof":
            answer = exp.Literal.string(typeof(arguments[0])).sql(DuckDB)
            calls = [each for each in node.find_all(exp.Anonymous) if each.name.lower() in AGGREGATES]
            aggregates = any(not isinstance(each.parent, exp.Window) for each in calls)
            return f"CASE WHEN count(*) >= 0 THEN {answer} END" if aggregates else answer
        function = find(name, len(arguments))
        if name not in FUNCTIONS and name not in UNTRANSLATED and not name.startswith(("st_", "bing_tile")):
            raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Function '{name}' not registered")
        if name not in FUNCTIONS or (function is not None and function.template == "!"):
            raise CannotTranslate(f"the function {name}{' with these arguments' if function else ''}")
        if function is None:
            raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters for function {name}")
        if over and name not in AGGREGATES:
            raise CannotTranslate(f"{name} as a window or filtered function")
        check_arguments(name, node)
        check_interval(name, node)
        if name == "date_add" and kind(arguments[1]) not in {*INTEGERS, D.UNKNOWN, D.NULL}:
            raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters for function date_add")
        template = self._template(name, node, function.template)
        written = [self.sql(argument) for argument in arguments]
        for number in _ORDERED_ARGUMENTS.get(name, range(len(written)) if name in ("greatest", "least") else ()):
            inner = name.startswith("array_")
            of = element_type(arguments[number]).this if inner else kind(arguments[number])
            if of in (D.ARRAY, D.STRUCT):
                written[number] = f"no_null_in({written[number]})"
            elif of in FLOATS and name in ("max", "max_by", "greatest", "array_max"):
                written[number] = f"no_nan{'_in' * inner}({written[number]})"
        if name in _EQUAL_ARGUMENTS:
            written[_EQUAL_ARGUMENTS[name]] = self._no_nan(arguments[_EQUAL_ARGUMENTS[name]])
        if name in INTERVAL_FIELDS and kind(arguments[0]) == D.INTERVAL:
            # DuckDB keeps 36 hours as they are; to Trino they are a day and 12 hours.
            written = [f"((TIMESTAMP '1970-01-01' + ({written[0]})) - TIMESTAMP '1970-01-01')"]
        fields: dict[str, Any] = {"over": over, "*": ", ".join(written), "||": " || ".join(written)}
        fields |= {str(number): text for number, text in enumerate(written)}
        for key, compute in PLACEHOLDERS.items():
            if "{" + key in template:
                fields |= compute(self, node)
        # In one pass: an argument's own text may look like a placeholder, such as a regular expression's {2}.
        result = re.sub(r"\{([^{}]+)\}", lambda found: fields[found[1]], template)
        if name == "sum" and kind(arguments[0]) in INTEGERS:
            return f"CAST({result} AS BIGINT)"
        if name in ("avg", "sum") and kind(node) == D.FLOAT:
            return f"CAST({result} AS FLOAT)"
        if name in ("round", "ceil", "ceiling", "floor", "truncate", "mod") and decimal(node) and node.type is not None:
            return f"CAST({result} AS {node.type.sql(DuckDB)})"
        return result

    def _template(self, name: str, node: exp.Anonymous, template: str) -> str:
        first = node.expressions[0] if node.expressions else None
        if name == "count" and (first is None or isinstance(first, exp.Star)):
            return "count(*){over}"
        if name == "avg" and kind(first) == D.DECIMAL and isinstance(first, exp.Expr):
            precision, scale = decimal(first) or (38, 0)
            total, rows = unscaled("sum({0}){over}", 38, scale), "CAST(count({0}){over} AS HUGEINT)"
            quotient = f"CASE WHEN count({{0}}){{over}} > 0 THEN half_up_quotient({total}, {rows}) END"
            return scaled(quotient, precision, scale)
        if name in ("sum", "round", "greatest", "least", "date_trunc", "sign") and any(
            kind(argument) == D.UNKNOWN
            for argument in node.expressions
            if not isinstance(argument, (exp.Distinct, exp.Order))
        ):
            raise CannotTranslate(f"{name} of {node.expressions[-1].sql(Trino)}, whose type is not known: add a CAST")
        if name == "sign" and kind(first) in FLOATS:
            return f"CASE WHEN isnan({{0}}) THEN {{0}} ELSE {template} END"
        if name == "approx_percentile" and node.type is not None:
            single = node.type.expressions[0] if kind(node) == D.ARRAY else node.type
            if kind(first) not in {*INTEGERS, *FLOATS, D.DECIMAL} or single.this == D.UNKNOWN:
                raise CannotTranslate("approx_percentile of what is no number")
            given = f"list(CAST({{0}} AS {single.sql(DuckDB)})){{over}}"
            values = f"list_filter(list_sort({given}), lambda e: e IS NOT NULL)"
            if kind(node) == D.ARRAY:
                return f"list_transform({{1}}, lambda q: percentile_of({values}, q))"
            return f"percentile_of({values}, {{1}})"
        if name == "mod":
            self.check_remainder(*node.expressions)
        if name == "nullif" and kind(first) in _NESTED:
            return "CASE WHEN {equal} THEN NULL ELSE {0} END"
        if name == "reverse" and kind(first) == D.ARRAY:
            return "list_reverse({0})"
        if name == "cardinality" and kind(first) == D.MAP:
            return "CAST(cardinality({0}) AS BIGINT)"
        if name == "from_iso8601_timestamp" and keeps_instant(node):
            return "iso_instant({0})"
        return template

    def window_sql(self, node: exp.Window) -> str:
        return self._with_over(node, super().window_sql)

    def filter_sql(self, node: exp.Filter) -> str:
        return self._with_over(node, super().filter_sql)

    def _with_over(self, node: exp.Expr, write: Callable[[Any], str]) -> str:
        """An aggregate may be written as several calls; its FILTER and OVER belong to the innermost one."""
        function, clauses = node, []
        while isinstance(function, (exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
            clauses.append(function)
            function = function.this
        if not isinstance(function, exp.Anonymous):
            return write(node)
        over = ""
        nulls = ""
        for clause in reversed(clauses):
            if isinstance(clause, (exp.IgnoreNulls, exp.RespectNulls)):
                nulls = " IGNORE NULLS" if isinstance(clause, exp.IgnoreNulls) else ""
                continue
            bare = clause.copy()
            bare.set("this", exp.Var(this="__f__"))
            over_text = super().window_sql(bare) if isinstance(bare, exp.Window) else super().filter_sql(bare)
            over += over_text.removeprefix("__f__")
        if nulls:
            return self.anonymous_sql(function, f"\0{over}").replace(")\0", f"{nulls})")
        return self.anonymous_sql(function, over)

    def lambda_sql(self, node: exp.Lambda, arrow_sep: str = "->", wrap: bool = True) -> str:
        names = ", ".join(self.sql(name) for name in node.expressions)
        return f"lambda {names}: {self.sql(node, 'this')}"

    def groupconcat_sql(self, node: exp.GroupConcat) -> str:
        value, order = node.this, ""
        if not isinstance(value, exp.Order) and not isinstance(node.parent, exp.WithinGroup):
            raise CannotTranslate("listagg without WITHIN GROUP")
        if isinstance(value, exp.Order):
            order = " ORDER BY " + ", ".join(self.sql(item) for item in value.expressions)
            value = value.this
        if kind(value) not in {*TEXTS, D.UNKNOWN, D.NULL}:
            raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters for function listagg")
        return f"string_agg({self.sql(value)}, {self.sql(node, 'separator') or chr(39) * 2}{order})"

    def trim_sql(self, node: exp.Trim) -> str:
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get((node.args.get("position") or "").upper(), "trim")
        characters = self.sql(node, "expression") or "white_space()"
        return f"{name}({self.sql(node, 'this')}, {characters})"

    def substring_sql(self, node: exp.Substring) -> str:
        return f"trino_substr({', '.join(self.sql(node, part) for part in ('this', 'start', 'length') if node.args.get(part))})"  # noqa: E501

    def if_sql(self, node: exp.If) -> str:
        return self.case_sql(exp.Case(ifs=[node.copy()], default=node.args.get("false")))

    def case_sql(self, node: exp.Case) -> str:
        value, compared = node.this, [branch.this for branch in node.args["ifs"]]
        if value is not None and any(kind(each) in _NESTED for each in (value, *compared)):
            node = node.copy()
            node.set("this", None)
            for branch in node.args["ifs"]:
                branch.set("this", exp.Var(this=self.equal(value, branch.this)))
        if kind(node.this) in FLOATS:
            node = node.copy()
            node.set("this", exp.Var(this=self._no_nan(node.this)))
        return super().case_sql(node)

    def ordered_sql(self, node: exp.Ordered) -> str:
        if kind(node.this) in (D.ARRAY, D.STRUCT):
            node = node.copy()
            node.set("this", exp.Var(this=f"no_null_in({self.sql(node, 'this')})"))
        return super().ordered_sql(node)

    def _no_nan(self, node: exp.Expr) -> str:
        return f"no_nan({self.sql(node)})" if kind(node) in FLOATS else self.sql(node)

    # -- arithmetic and comparison ------------------------------------------------------------------------------

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

    def neg_sql(self, node: exp.Neg) -> str:
        """DuckDB widens -(-2147483648)."""
        of_integer = kind(node.this) in INTEGERS and not isinstance(node.this, exp.Literal)
        return f"(0 - {self.sql(node, 'this')})" if of_integer else super().neg_sql(node)

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
            dividend = f"({unscaled(left, p1, s1)} * CAST({10**power} AS HUGEINT))"
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
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date")
        return f"CAST({written} AS DATE)" if kind(node) == D.DATE else written

    def bracket_sql(self, node: exp.Bracket) -> str:
        value, key = self.sql(node, "this"), self.sql(node.expressions[0])
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
            if kind(node.left) in _NESTED and isinstance(node.right, (exp.Any, exp.All)):
                raise CannotTranslate("a comparison of arrays, maps or rows with those of a subquery")
            rows = node.left.unnest(), node.right.unnest()
            if isinstance(node, (exp.EQ, exp.NEQ)) and all(map(_is_row, rows)):
                members = zip(*(row.expressions for row in rows), strict=True)
                compared = " AND ".join(f"({self.equal(*pair)})" for pair in members)
                return f"(NOT ({compared}))" if isinstance(node, exp.NEQ) else f"({compared})"
            kinds = {kind(node.left), kind(node.right)}
            if D.UNKNOWN in kinds and kinds & set(_NESTED):
                raise CannotTranslate(f"{node.sql(Trino)}: the type of one side is not known; add a CAST")
            if isinstance(node, (exp.EQ, exp.NEQ)) and kind(node.left) == kind(node.right) in _NESTED:
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

    def between_sql(self, node: exp.Between) -> str:
        for bound in (node.args["low"], node.args["high"]):
            check_comparable(node, node.this, bound, "BETWEEN")
        sides = [node.this, node.args["low"], node.args["high"]]
        if kind(node.this) in (D.ARRAY, D.STRUCT):
            raise CannotTranslate("BETWEEN of arrays or rows")
        if not {kind(side) for side in sides} & FLOATS:
            return super().between_sql(node)
        value, low, high = (self._no_nan(side) for side in sides)
        return f"{value} BETWEEN {low} AND {high}"

    def in_sql(self, node: exp.In) -> str:
        for value in [*node.expressions, node.args.get("query")]:
            if value is not None:
                check_comparable(node, node.this, value, "IN")
        if kind(node.this) in _NESTED and node.args.get("query"):
            return self._row_in_query(node)
        if any(kind(each) in _NESTED for each in (node.this, *node.expressions)):
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
            if kind(left) in _NESTED:
                raise CannotTranslate("a comparison of nested rows with those of a subquery")
            check_comparable(node, left, right.unalias(), "=")
        return super().in_sql(node)

    def extract_sql(self, node: exp.Extract) -> str:
        field = {"DAYOFWEEK": "day_of_week", "DAYOFYEAR": "day_of_year"}.get(node.name.upper(), node.name.lower())
        if field not in _FIELDS:
            raise QueryFailed(f"SYNTAX_ERROR: {place(node) or 'line 1:1: '}Invalid EXTRACT field: {field}")
        if field in ("hour", "minute", "second") and kind(node.expression) == D.DATE:
            raise QueryFailed(f"TYPE_MISMATCH: {place(node)}Cannot extract {field} from date")
        return self.anonymous_sql(exp.Anonymous(this=field, expressions=[node.expression.copy()]))

    def attimezone_sql(self, node: exp.AtTimeZone, here: exp.Expr | None = None) -> str:
        check_zone_is_used_up(here or node)
        return f"(CAST({self.sql(node, 'this')} AS TIMESTAMPTZ) AT TIME ZONE {self.sql(node, 'zone')})"

    # -- casts --------------------------------------------------------------------------------------------------

    def cast_sql(self, node: exp.Cast, safe_prefix: str | None = None) -> str:
        from local_aws.athena.casts import cast_sql

        return cast_sql(self, node)

    def trycast_sql(self, node: exp.TryCast) -> str:
        return f"try({self.cast_sql(node)})"

    def dpipe_sql(self, node: exp.DPipe) -> str:
        sides = kind(node.left), kind(node.right)
        if D.ARRAY in sides and (D.NULL in sides or D.UNKNOWN in sides):
            raise CannotTranslate(f"{node.sql(Trino)}: the type of one side is not known; add a CAST")
        inner = [element_type(side).this for side in (node.left, node.right)]
        left, right = self.sql(node.left), self.sql(node.right)
        if sides[0] == D.ARRAY and (sides[1] != D.ARRAY or inner[0] == D.ARRAY != inner[1]):
            return f"CASE WHEN {left} IS NOT NULL THEN list_append({left}, {right}) END"
        if sides[1] == D.ARRAY and (sides[0] != D.ARRAY or inner[1] == D.ARRAY != inner[0]):
            return f"CASE WHEN {right} IS NOT NULL THEN list_prepend({left}, {right}) END"
        if D.ARRAY in sides:
            return f"({left} || {right})"
        return super().binary(node, "||")

    def parsejson_sql(self, node: exp.ParseJSON) -> str:
        return f"CAST(py_json_parse({self.sql(node, 'this')}) AS JSON)"

    def currenttimestamp_sql(self, node: exp.CurrentTimestamp) -> str:
        return "date_trunc('milliseconds', now())"

    def interval_sql(self, node: exp.Interval) -> str:
        """Months and seconds are two types in Trino; what DuckDB keeps of both in one may only be added to a moment."""
        parent = node.parent
        while isinstance(parent, (exp.Paren, exp.Neg)):
            parent = parent.parent
        months = node.text("unit").upper().rstrip("S") not in ("DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND")
        if isinstance(parent, (exp.Add, exp.Sub)):
            if kind(parent) == D.DATE and not months and node.text("unit").upper().rstrip("S") != "DAY":
                raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date")
            if kind(parent) in INSTANTS:
                return super().interval_sql(node)
        if months and not (isinstance(parent, exp.Anonymous) and parent.name.lower() == "sequence"):
            raise CannotTranslate(f"the interval {node.sql(Trino)} here")
        return super().interval_sql(node)

    # -- UNNEST -------------------------------------------------------------------------------------------------

    def unnest_sql(self, node: exp.Unnest) -> str:
        """A lateral SELECT: it zips several arrays, takes maps apart and spreads arrays of rows, as Trino does."""
        columns, inner = [], []
        alias = node.args.get("alias")
        for number, value in enumerate(node.expressions):
            written = self.sql(value)
            if kind(value) == D.MAP:
                inner += [f"unnest(map_keys({written})) AS u{number}k", f"unnest(map_values({written})) AS u{number}v"]
                columns += [f"u{number}k", f"u{number}v"]
                continue
            if kind(value) == D.UNKNOWN:
                raise CannotTranslate(f"UNNEST of {value.sql(Trino)}, whose type is not known: add a CAST")
            inner.append(f"unnest({written}) AS u{number}")
            element = value.type.expressions[0] if value.type is not None and value.type.expressions else None
            members = element.expressions if element is not None and element.this == D.STRUCT else []
            columns += [f'u{number}."{member.name}"' for member in members] or [f"u{number}"]
        if node.args.get("offset"):
            lengths = ", ".join(
                f"len({self.sql(v)})" if kind(v) != D.MAP else f"cardinality({self.sql(v)})" for v in node.expressions
            )
            inner.append(f"unnest(range(1, CAST(greatest({lengths}) AS BIGINT) + 1)) AS o")
            columns.append("o")
        names = [self.sql(name) for name in alias.args.get("columns") or []] if alias else []
        offset = node.args.get("offset")
        if isinstance(offset, exp.Identifier) and len(names) < len(columns):
            names.append(self.sql(offset))
        if names and len(names) != len(columns):
            raise QueryFailed(
                f"MISMATCHED_COLUMN_ALIASES: Column alias list has {len(names)} entries but relation has {len(columns)} columns"  # noqa: E501
            )
        selected = (
            ", ".join(f"{c} AS {n}" for c, n in zip(columns, names, strict=True)) if names else ", ".join(columns)
        )
        name = self.sql(alias, "this") if alias else ""
        return f"(SELECT {selected} FROM (SELECT {', '.join(inner)})){' AS ' + name if name else ''}"
