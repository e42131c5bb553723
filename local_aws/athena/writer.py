"""A typed, qualified query of Athena's written as DuckDB's SQL."""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino
from sqlglot.generators.duckdb import DuckDBGenerator

from local_aws.athena.arguments import PLACEHOLDERS
from local_aws.athena.casts import cast_sql
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.functions import AGGREGATES, FUNCTIONS, UNTRANSLATED, find
from local_aws.athena.kinds import (
    FLOATS,
    INSTANTS,
    INTEGERS,
    NESTED,
    TEXTS,
    D,
    decimal,
    element_type,
    kind,
    scaled,
    unscaled,
)
from local_aws.athena.messages import described, has_loose_time, place, typeof
from local_aws.athena.operators import Operators, refuse_time_of_day
from local_aws.athena.signatures import INTERVAL_FIELDS, check_arguments, check_interval
from local_aws.athena.unnesting import Unnesting
from local_aws.athena.zones import check_zone_is_used_up, keeps_instant

# Which arguments a function orders, and which it looks for by equality.
_ORDERED_ARGUMENTS = {
    "max": (0,), "min": (0,), "max_by": (1,), "min_by": (1,), "array_sort": (0,), "array_max": (0,), "array_min": (0,),
}  # fmt: skip
# https://trino.io/docs/current/functions/datetime.html#extraction-function
_FIELDS = {
    "year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy",
    "year_of_week", "yow", "hour", "minute", "second", "timezone_hour", "timezone_minute",
}  # fmt: skip
_EQUAL_ARGUMENTS = {"contains": 1, "array_position": 1, "array_remove": 1, "nullif": 0}


def to_duckdb(tree: exp.Expr) -> str:
    """A typed, qualified tree as DuckDB's SQL."""
    writer = Writer(dialect=DuckDB(), identify=True, comments=False)
    writer.loose_times = has_loose_time(tree)
    writer.widens = any(kind(node) in (D.TINYINT, D.SMALLINT) for node in tree.walk())
    return writer.generate(tree)


class Writer(Unnesting, Operators):
    """DuckDB's generator with Trino's meaning."""

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
            exp.CurrentCatalog,
            exp.Interval,
        )
    }

    # -- functions ----------------------------------------------------------------------------------------------

    def anonymous_sql(self, node: exp.Anonymous, over: str = "") -> str:
        name, arguments = node.name.lower(), node.expressions
        if "refused" in node.meta:
            raise CannotTranslate(str(node.meta["refused"]))
        if name == "row" and arguments:
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
        if name == "date" and len(arguments) == 1:
            if kind(arguments[0]) not in {*TEXTS, *INSTANTS, D.UNKNOWN, D.NULL}:
                given = described(arguments[0])
                raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters ({given}) for function date")
            cast = exp.Cast(this=arguments[0].copy(), to=exp.DataType.build("DATE"))
            cast.meta["cast"] = True
            return self.cast_sql(cast)
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
        if any(kind(argument) == D.IPADDRESS for argument in arguments):
            raise CannotTranslate(f"{name} of an ipaddress")
        if name == "concat" and any(isinstance(argument.unnest(), exp.Null) for argument in arguments):
            raise CannotTranslate("concat with NULL, which has no type; add a CAST")
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
        if name == "nullif" and kind(first) in NESTED:
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
        if value is not None and any(kind(each) in NESTED for each in (value, *compared)):
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
        return cast_sql(self, node)

    def trycast_sql(self, node: exp.TryCast) -> str:
        """Only the CAST is tried, not the value."""
        if isinstance(node.this, (exp.Column, exp.Literal)):
            return f"try({self.cast_sql(node)})"
        name = f"tried{self.depth}"
        self.depth += 1
        value = exp.Var(this=name)
        value.type = node.this.type
        tried = self.cast_sql(exp.TryCast(this=value, to=node.to.copy()))
        return f"list_transform([{self.sql(node, 'this')}], lambda {name}: try({tried}))[1]"

    def dpipe_sql(self, node: exp.DPipe) -> str:
        sides = kind(node.left), kind(node.right)
        if any(isinstance(side.unnest(), exp.Null) for side in (node.left, node.right)):
            raise CannotTranslate(f"{node.sql(Trino)}: NULL has no type; add a CAST")
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

    def currentcatalog_sql(self, node: exp.CurrentCatalog) -> str:
        return "'awsdatacatalog'"

    def currenttimestamp_sql(self, node: exp.CurrentTimestamp) -> str:
        return "date_trunc('milliseconds', now())"

    def interval_sql(self, node: exp.Interval) -> str:
        """Months and seconds are two types in Trino; what DuckDB keeps of both in one may only be added to a moment."""
        number = r"[-+]?\d+(\.\d+)?" if node.text("unit").upper() == "SECOND" else r"[-+]?\d+"
        plain = isinstance(node.this, exp.Literal) and isinstance(node.args.get("unit"), exp.Var)  # not DAY TO SECOND
        if plain and not re.fullmatch(number, node.this.name):
            raise QueryFailed(f"INVALID_LITERAL: {place(node)}'{node.this.name}' is not a valid INTERVAL literal")
        parent = node.parent
        while isinstance(parent, (exp.Paren, exp.Neg)):
            parent = parent.parent
        months = node.text("unit").upper().rstrip("S") not in ("DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND")
        if isinstance(parent, (exp.Add, exp.Sub)):
            if kind(parent) == D.DATE and not months and node.text("unit").upper().rstrip("S") != "DAY":
                refuse_time_of_day(parent)
            if kind(parent) in INSTANTS:
                return super().interval_sql(node)
        if months and not (isinstance(parent, exp.Anonymous) and parent.name.lower() == "sequence"):
            raise CannotTranslate(f"the interval {node.sql(Trino)} here")
        return super().interval_sql(node)
