"""What must be refused because DuckDB would accept it with another meaning, and where in the statement it stands."""

import re
from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import Schema

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.typing import FLOATS, INSTANTS, INTEGERS, TEXTS, UNKNOWN, D, element_type, kind

# What may be asked of a time in a zone of its own; DuckDB has no such value, only its local time.
_ZONED_OK = {"date_trunc", "date_format", "format_datetime", "year", "quarter", "month", "week", "day", "hour", "minute",  # noqa: E501
             "second", "day_of_week", "dow", "day_of_month", "day_of_year", "doy", "week_of_year", "year_of_week", "yow",  # noqa: E501
             "date", "last_day_of_month"}  # fmt: skip
_INSTANT_OK = {"to_unixtime", "at_timezone", "min", "max", "try", "coalesce", "count", "to_milliseconds"}


def place(node: exp.Expr) -> str:
    """`line 1:8: ` where a node begins, for messages; empty where unknown."""
    if "place" in node.meta:
        return str(node.meta["place"])
    first = node if isinstance(node, exp.Table) else node.find(exp.Column) or node
    names = first.parts if isinstance(first, exp.Table) else list(first.find_all(exp.Identifier))
    for name in names:
        if name.meta.get("line"):
            return f"line {name.meta['line']}:{name.meta['col'] - (name.meta['end'] - name.meta['start'])}: "
    return ""


def refuse_aliases(tree: exp.Expr, schema: Schema) -> None:
    """HAVING knows the columns of FROM, not the names that SELECT gives; sqlglot and DuckDB let both pass."""
    for scope in traverse_scope(tree):
        having = scope.expression.args.get("having")
        resolver = Resolver(scope, schema)
        for column in having.find_all(exp.Column) if having else ():
            if not column.table and resolver.get_table(column) is None:
                raise QueryFailed(
                    f"COLUMN_NOT_FOUND: {place(column)}Column '{column.name}' cannot be resolved or requester is not "
                    "authorized to access requested resources"
                )


def refuse_joined_names(tree: exp.Expr) -> None:
    """What USING joined has no table any more; sqlglot and DuckDB let `a.x` and the x of `a.*` pass."""
    for select in tree.find_all(exp.Select):
        tables = [from_.this.alias_or_name.lower()] if (from_ := select.args.get("from_")) else []
        joined: dict[tuple[str, str], int] = {}  # a table and a column: the join that first took them
        joins = select.args.get("joins") or []
        outer: list[exp.Join] = []  # RIGHT and FULL with USING
        for number, join in enumerate(joins):
            tables.append(join.alias_or_name.lower())
            names = [name.name.lower() for name in join.args.get("using") or ()]
            if names and "" in tables:
                raise CannotTranslate("USING with a subquery without a name or a join in parentheses")
            earlier = {n.name.lower() for each in outer for n in each.args["using"]}
            if again := earlier & set(names):
                # sqlglot compares the first table's column, Trino what the join made of both.
                raise CannotTranslate(f"USING ({again.pop()}) after a RIGHT or FULL JOIN with it")
            outer += [join] if join.side in ("RIGHT", "FULL") and names else []
            joined = {(table, name): number for table in tables for name in names} | joined
        for column in select.find_all(exp.Column) if joined else ():
            if column.find_ancestor(exp.Select) is not select:
                continue
            join = column.find_ancestor(exp.Join)
            within = next((number for number, each in enumerate(joins) if each is join), len(joins))
            table, name = column.table.lower(), column.name.lower()
            if isinstance(column.this, exp.Star) and table in {each for each, _ in joined}:
                raise CannotTranslate(f"{column.table}.* of a table that is joined with USING")
            if joined.get((table, name), within) < within:
                where = place(column.args["table"])
                raise QueryFailed(
                    f"COLUMN_NOT_FOUND: {where}Column '{column.table}.{column.name}' cannot be resolved or "
                    "requester is not authorized to access requested resources"
                )


def refuse_mismatched_names(tree: exp.Expr) -> None:
    """``WITH t(a, b) AS (SELECT 1)``: DuckDB would name the first column only."""
    for cte in tree.find_all(exp.CTE):
        names, query = cte.args["alias"].args.get("columns") or [], cte.this
        if names and isinstance(query, exp.Select) and not query.is_star and len(query.expressions) != len(names):
            raise QueryFailed(
                f"MISMATCHED_COLUMN_ALIASES: {place(cte)}Column alias list has {len(names)} entries but relation has "
                f"{len(query.expressions)} columns"
            )


def resolve_order(tree: exp.Expr) -> None:
    """ORDER BY knows the names that SELECT gives before those of FROM, inside an expression too; DuckDB the reverse."""
    for query in tree.find_all(exp.Query):
        _check_positions(query)
    for select in tree.find_all(exp.Select):
        order = select.args.get("order")
        aliases = {item.alias.lower(): item.this for item in select.expressions if isinstance(item, exp.Alias)}
        for column in list(order.find_all(exp.Column)) if order else ():
            value = aliases.get(column.name.lower())
            whole = isinstance(column.parent, exp.Ordered)
            if value is None or whole or column.table or column.find_ancestor(exp.Select) is not select:
                continue
            column.replace(exp.Paren(this=value.copy()))


def _check_positions(query: exp.Query) -> None:
    """What ORDER BY and GROUP BY may name; DuckDB takes 0 for a constant, and a name of any branch of a UNION."""
    order = [each.this for each in query.args["order"].expressions] if query.args.get("order") else []
    groups = query.args["group"].expressions if query.args.get("group") else []
    if any(isinstance(each, exp.Literal) and each.name == "0" for each in [*order, *groups]):
        raise QueryFailed("INVALID_COLUMN_REFERENCE: position 0 is not in select list")
    named: dict[str, set[str]] = {}
    for item in query.selects:
        named.setdefault(item.alias_or_name.lower(), set()).add(item.unalias().sql())
    for key in order:
        name = key.name.lower() if isinstance(key, exp.Column) and not key.table else ""
        if name and len(named.get(name, ())) > 1:
            raise QueryFailed(f"AMBIGUOUS_NAME: {place(key)}Column '{name}' is ambiguous")
        if name and isinstance(query, exp.SetOperation) and name not in named and not query.is_star:
            raise QueryFailed(
                f"COLUMN_NOT_FOUND: {place(key)}Column '{name}' cannot be resolved or requester is not authorized to "
                "access requested resources"
            )


def is_ambiguous(tree: exp.Expr, schema: Schema, name: str) -> bool:
    """Whether two tables of one FROM have a column of this name."""
    for scope in traverse_scope(tree):
        resolver = Resolver(scope, schema)
        try:
            sources = scope.selected_sources
        except OptimizeError:  # two tables without a name; then the column is in none of them
            continue
        if sum(name in resolver.get_source_columns(source) for source in sources) > 1:
            return True
    return False


def refuse_twins(tree: exp.Expr) -> None:
    """Of a subquery's two columns of one name neither can be asked for; DuckDB takes the first."""
    for scope in traverse_scope(tree):
        for alias, (_, source) in scope.selected_sources.items():
            names = source.expression.named_selects if isinstance(source, Scope) else []
            if scope.expression.is_star and len(set(names)) < len(names):
                raise CannotTranslate("a star over a subquery with two columns of one name")
            for column in scope.source_columns(alias):
                if names.count(column.name) > 1:
                    raise QueryFailed(f"AMBIGUOUS_NAME: {place(column)}Column '{column.name}' is ambiguous")


_NUMBERS = {*INTEGERS, *FLOATS, D.DECIMAL}
_COMPARABLE: tuple[set[Any], ...] = (
    _NUMBERS, TEXTS, INSTANTS, {D.BOOLEAN}, {D.JSON}, {D.VARBINARY, D.BINARY}, {D.ARRAY}, {D.MAP}, {D.STRUCT},
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


# Functions of a text, by their first argument; DuckDB would convert a number or a date.
_OF_TEXT = {
    "length", "lower", "upper", "trim", "ltrim", "rtrim", "replace", "lpad", "rpad", "starts_with", "strpos", "substr", "split",  # noqa: E501
    "split_part", "split_to_map", "translate", "levenshtein_distance", "hamming_distance", "to_utf8", "from_hex",
    "regexp_like", "regexp_extract", "regexp_extract_all", "regexp_count", "regexp_replace", "regexp_split", "url_encode",  # noqa: E501
    "url_decode", "from_iso8601_timestamp", "from_iso8601_date", "date_parse", "parse_datetime", "json_parse", "soundex",  # noqa: E501
    "json_extract_scalar", "json_extract", "codepoint", "ends_with", "regexp_position", "normalize", "luhn_check",
    "from_base",
}  # fmt: skip
_OF_JSON = {"json_extract_scalar", "json_extract"}
_OF_NUMBERS = {
    "abs", "ceil", "ceiling", "floor", "round", "sqrt", "exp", "ln", "log10", "log2", "log", "sign", "mod", "sum",
    "avg", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "from_unixtime", "truncate",
    "power", "pow", "cbrt", "degrees", "radians", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan",
    "atan2", "is_nan", "is_finite", "is_infinite", "geometric_mean", "corr", "covar_pop", "covar_samp", "regr_slope",
    "regr_intercept", "approx_percentile", "format_number", "human_readable_seconds", "width_bucket",
}  # fmt: skip
_OF_ONE_NUMBER = {"from_unixtime", "width_bucket", "approx_percentile"}  # and a zone or an array
_OF_BOOLEANS = {"bool_and", "bool_or", "every", "count_if"}
_OF_BINARY = {
    "crc32", "from_big_endian_32", "from_big_endian_64", "from_utf8", "hmac_md5", "hmac_sha1", "hmac_sha256",
    "hmac_sha512", "md5", "sha1", "sha256", "sha512", "to_base32", "to_base64", "to_base64url", "to_hex",
}  # fmt: skip
_OF_MOMENTS = _ZONED_OK - {"date", "date_trunc"} | {"millisecond", "to_iso8601", "to_unixtime", "to_milliseconds"}
_OF_LISTS = {"cardinality", "contains", "element_at", "array_join", "array_sort", "array_distinct", "flatten", "slice"}


# Which arguments are whole numbers: no fraction and no text becomes one by itself.
_WHOLE = {
    "chr": (0,), "json_array_get": (1,), "lpad": (1,), "regexp_extract": (2,), "regexp_extract_all": (2,),
    "regexp_position": (2, 3), "repeat": (1,), "rpad": (1,), "round": (1,), "slice": (1, 2), "split": (2,),
    "split_part": (2,), "strpos": (2,), "substr": (1, 2), "substring": (1, 2), "to_base": (0, 1), "from_base": (1,),
    "bit_count": (0, 1), "bitwise_and": (0, 1), "bitwise_or": (0, 1), "bitwise_xor": (0, 1), "bitwise_not": (0,),
    "bitwise_left_shift": (0, 1), "bitwise_right_shift": (0, 1), "bitwise_right_shift_arithmetic": (0, 1),
    "bitwise_and_agg": (0,), "bitwise_or_agg": (0,), "bitwise_xor_agg": (0,), "width_bucket": (3,), "ngrams": (1,),
    "trim_array": (1,), "lag": (1,), "lead": (1,), "ntile": (0,), "nth_value": (1,), "max": (1,), "min": (1,),
    "max_by": (2,), "min_by": (2,), "to_big_endian_32": (0,), "to_big_endian_64": (0,), "from_unixtime_nanos": (0,),
}  # fmt: skip
_PREDICATES = {"filter", "any_match", "all_match", "none_match", "map_filter"}
_TWO_ARGUMENTS = {"map_filter", "transform_keys", "transform_values", "zip_with"}


def check_arguments(name: str, node: exp.Anonymous) -> None:
    """Trino finds no function of arguments of another type; DuckDB would convert them."""
    known = {D.UNKNOWN, D.NULL}
    nested = node.expressions and element_type(node.expressions[0]).this in (D.ARRAY, D.MAP, D.STRUCT)
    if nested and name in ("contains", "array_position", "array_remove"):
        raise CannotTranslate(f"{name} over arrays, maps or rows, whose NULLs DuckDB takes for equal")
    places = _WHOLE.get(name, ())
    whole = [node.expressions[place] for place in places if place < len(node.expressions)]
    others = [
        each
        for place, each in enumerate(node.expressions)
        if place not in places and not isinstance(each, (exp.Lambda, exp.Distinct, exp.Order))
    ]
    wrong = [each for each in whole if kind(each) not in {*known, *INTEGERS}] or _misfits(name, node)
    if not wrong and name in ("concat", "concat_ws"):
        wrong = [a for a in node.expressions if kind(a) in {*_NUMBERS, *INSTANTS, D.BOOLEAN, D.MAP, D.JSON}]
        lists = [a for a in node.expressions if name == "concat_ws" and kind(a) == D.ARRAY]
        wrong += [a for a in lists if element_type(a).this not in known | TEXTS]
    elif not wrong:
        several = name in _OF_TEXT or (name in _OF_NUMBERS and name not in _OF_ONE_NUMBER)
        allowed = (
            TEXTS | {D.VARBINARY, D.BINARY} | ({D.JSON} if name in _OF_JSON else set()) if name in _OF_TEXT
            else _NUMBERS | {D.INTERVAL} if name in _OF_NUMBERS
            else {D.BOOLEAN} if name in _OF_BOOLEANS
            else {D.ARRAY, D.MAP} if name in _OF_LISTS
            else {D.VARBINARY, D.BINARY} if name in _OF_BINARY
            else INSTANTS | {D.TIME, D.TIMETZ, D.INTERVAL} if name in _OF_MOMENTS
            else TEXTS | {D.ARRAY, D.VARBINARY, D.BINARY} if name == "reverse"
            else None
        )  # fmt: skip
        checked = others if several else others[:1]
        wrong = [each for each in checked if allowed is not None and kind(each) not in known | allowed]
        if name == "codepoint" and isinstance(others[0], exp.Literal) and len(others[0].name) != 1:
            wrong = others
    if wrong and not isinstance(wrong[0], (exp.Distinct, exp.Order)):
        raise QueryFailed(
            f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters ({', '.join(map(described, node.expressions))}) "
            f"for function {name}"
        )


def _misfits(name: str, node: exp.Anonymous) -> list[exp.Expr]:
    """Lambdas of another form, and what is looked for in an array or map of another type."""
    for number, each in enumerate(node.expressions):
        if isinstance(each, exp.Lambda):
            asked = 2 if name in _TWO_ARGUMENTS or (name == "reduce" and number == 2) else 1
            if len(each.expressions) != asked:
                return [each]
            if name in _PREDICATES and kind(each.this) not in (D.BOOLEAN, D.UNKNOWN, D.NULL):
                return [each]
    if name in ("contains", "array_position", "array_remove", "element_at"):
        values, wanted = node.expressions
        if kind(values) == D.ARRAY and name == "element_at":
            return [] if kind(wanted) in {*INTEGERS, D.UNKNOWN, D.NULL} else [wanted]
        inner = values.type.expressions if values.type is not None and kind(values) in (D.ARRAY, D.MAP) else []
        return [] if not inner or kind(wanted) == D.NULL or comparable(inner[0], wanted.type) else [wanted]
    if name in ("array_union", "array_except", "array_intersect", "arrays_overlap", "contains_sequence"):
        return [] if comparable(node.expressions[0].type, node.expressions[1].type) else [node.expressions[1]]
    return []


INTERVAL_FIELDS = {"day", "hour", "minute", "second", "millisecond"}
_CALENDAR = {"year", "quarter", "month", "week", "day_of_month", "day_of_week", "dow", "day_of_year", "doy"}


def check_interval(name: str, node: exp.Anonymous) -> None:
    """Of days and seconds there is no year, and between two dates no hour."""
    kinds = [kind(each) for each in node.expressions]
    if name in _CALENDAR and kinds == [D.INTERVAL]:
        if any(each.text("unit").upper() in ("YEAR", "MONTH") for each in node.find_all(exp.Interval)):
            raise CannotTranslate("an interval of months here")
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters (interval day to second) for {name}")
    if name in ("hour", "minute", "second", "millisecond") and kinds == [D.DATE]:
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters (date) for function {name}")
    if name == "date_diff" and kinds[1:] == [D.DATE, D.DATE]:
        unit = node.expressions[0].name.lower()
        if unit in ("hour", "minute", "second", "millisecond"):
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid DATE field")


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
        fitting = kinds <= _NUMBERS or D.INTERVAL in kinds or times
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


_SHORT_NAMES = {
    D.INT: "integer", D.FLOAT: "real", D.TIMESTAMP: "timestamp(3)", D.TIMESTAMPTZ: "timestamp(3) with time zone",
    D.NULL: "unknown", D.BINARY: "varbinary", D.TEXT: "varchar",
}  # fmt: skip


def is_literal(node: exp.Expr) -> bool:
    """Whether it is `DATE '2025-03-01'` or `TIMESTAMP '...'`."""
    return isinstance(node, exp.Cast) and "cast" not in node.meta and node.to.this in INSTANTS and node.this.is_string


def typeof(node: exp.Expr) -> str:
    """The answer of `typeof`, or a refusal where Trino would count a text's letters."""
    if isinstance(node, exp.CurrentTime):
        return "time(3) with time zone"
    if kind(node) == D.INTERVAL:
        units = {each.text("unit").upper().rstrip("S") for each in node.find_all(exp.Interval)}
        return "interval year to month" if units & {"YEAR", "MONTH"} else "interval day to second"
    literals = (each for each in node.find_all(exp.Literal) if each.is_string and not isinstance(each.parent, exp.Cast))
    counted = not isinstance(node, (exp.Literal, exp.Cast, exp.DPipe)) and node.name.lower() not in _UNBOUNDED
    if kind(node) in TEXTS and counted and any(literals):
        raise CannotTranslate(f"typeof({node.sql(Trino)}), the length of a text")
    return trino_name(node)


_UNBOUNDED = {"array_join", "concat", "date_format", "format", "format_datetime", "json_format", "to_base64", "to_hex"}


def described(node: exp.Expr) -> str:
    """The type in a message, as exactly as it is known."""
    try:
        return trino_name(node)
    except CannotTranslate:
        return node.type.sql(Trino).lower() if node.type is not None else "unknown"


def trino_name(node: exp.Expr) -> str:
    """The type as Trino writes it: `map(varchar(1), integer)`."""
    if node.type is None:
        raise CannotTranslate(f"typeof({node.sql(Trino)}), whose type is not known")
    if isinstance(node, exp.Literal) and node.is_string:
        return f"varchar({len(node.name)})"
    if is_literal(node) and kind(node) in (D.TIMESTAMP, D.TIMESTAMPTZ):
        digits = re.match(r"\d*", node.this.name.partition(".")[2])
        return f"timestamp({len(digits[0]) if digits else 0}){' with time zone' * (kind(node) == D.TIMESTAMPTZ)}"
    if has_odd_literal(node):
        raise CannotTranslate(f"typeof({node.sql(Trino)}), of a time that isn't written to the millisecond")
    # The names of a row's members, and the lengths of texts inside, are not kept in `.type`.
    if {D.VARCHAR, D.STRUCT} & {each.this for each in node.type.expressions if isinstance(each, exp.DataType)} or (
        kind(node) == D.STRUCT
    ):
        raise CannotTranslate(f"typeof({node.sql(Trino)})")
    return _type_name(node.type)


def has_odd_literal(node: exp.Expr) -> bool:
    """Whether a time in it isn't written to the millisecond: what is computed of it then has another precision."""
    times = [
        each for each in node.find_all(exp.Cast) if is_literal(each) and kind(each) in (D.TIMESTAMP, D.TIMESTAMPTZ)
    ]
    return any("(3)" not in trino_name(each) for each in times)


def _type_name(of: exp.DataType) -> str:
    if of.this == D.UNKNOWN:
        raise CannotTranslate("typeof of what has no known type")
    if of.this in (D.TIMESTAMP, D.TIMESTAMPTZ) and of.expressions and of.expressions[0].name != "3":
        raise CannotTranslate(f"typeof of a {of.sql(Trino).lower()}; Athena's timestamps have milliseconds")
    if of.this in (D.ARRAY, D.MAP):
        return f"{of.this.value.lower()}({', '.join(map(_type_name, of.expressions))})"
    return _SHORT_NAMES.get(of.this) or of.sql(Trino).lower().replace(", ", ",")


def _climb(node: exp.Expr) -> exp.Expr | None:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent


def keeps_instant(node: exp.Expr) -> bool:
    """Whether only the instant of a timestamp matters where it is used, not its zone."""
    parent = _climb(node)
    while isinstance(parent, exp.Anonymous) and parent.name.lower() in ("try", "coalesce"):
        parent = _climb(parent)
    if isinstance(parent, exp.Anonymous):
        if parent.name.lower() == "date_diff":
            # Days begin at midnight of the zone.
            return parent.expressions[0].name.lower() in ("millisecond", "second", "minute", "hour")
        return parent.name.lower() in _INSTANT_OK
    return isinstance(parent, (exp.AtTimeZone, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.Is))


def check_zone_is_used_up(node: exp.Expr) -> None:
    parent = _climb(node)
    if isinstance(parent, exp.Anonymous) and parent.name.lower() == "date_trunc":
        return check_zone_is_used_up(parent)
    if (isinstance(parent, exp.Anonymous) and parent.name.lower() in _ZONED_OK) or isinstance(parent, exp.Extract):
        return None
    if isinstance(parent, exp.Cast) and parent.to.this in (D.DATE, D.TIMESTAMP):
        return None
    raise CannotTranslate("a time in a zone of its own here; CAST it AS timestamp or date")
