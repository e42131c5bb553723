"""What must be refused because DuckDB would accept it with another meaning, and where in the statement it stands."""

import re
from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import Schema

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.typing import FLOATS, INSTANTS, INTEGERS, TEXTS, D, kind

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
        for number, join in enumerate(joins):
            tables.append(join.alias_or_name.lower())
            names = [name.name.lower() for name in join.args.get("using") or ()]
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
    for select in tree.find_all(exp.Select):
        order = select.args.get("order")
        aliases = {item.alias.lower(): item.this for item in select.expressions if isinstance(item, exp.Alias)}
        for column in list(order.find_all(exp.Column)) if order else ():
            value = aliases.get(column.name.lower())
            whole = isinstance(column.parent, exp.Ordered)
            if value is None or whole or column.table or column.find_ancestor(exp.Select) is not select:
                continue
            column.replace(exp.Paren(this=value.copy()))


def is_ambiguous(tree: exp.Expr, schema: Schema, name: str) -> bool:
    """Whether two tables of one FROM have a column of this name."""
    for scope in traverse_scope(tree):
        resolver = Resolver(scope, schema)
        if sum(name in resolver.get_source_columns(source) for source in scope.selected_sources) > 1:
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


def check_comparable(node: exp.Expr, left: exp.Expr, right: exp.Expr, operator: str) -> None:
    """Trino compares no text with a number or a date; DuckDB would convert."""
    if isinstance(right, (exp.Any, exp.All)):
        return  # compared with what the subquery gives
    groups = [next((group for group in _COMPARABLE if kind(side) in group), None) for side in (left, right)]
    if None not in groups and groups[0] is not groups[1]:
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(node)}Cannot apply operator: {trino_name(left)} {operator} {trino_name(right)}"
        )


# Functions of a text, by their first argument; DuckDB would convert a number or a date.
_OF_TEXT = {
    "length", "lower", "upper", "trim", "ltrim", "rtrim", "replace", "lpad", "rpad", "starts_with", "strpos", "substr", "split",  # noqa: E501
    "split_part", "split_to_map", "translate", "levenshtein_distance", "hamming_distance", "to_utf8", "from_hex",
    "regexp_like", "regexp_extract", "regexp_extract_all", "regexp_count", "regexp_replace", "regexp_split", "url_encode",  # noqa: E501
    "url_decode", "from_iso8601_timestamp", "from_iso8601_date", "date_parse", "parse_datetime", "json_parse", "soundex",  # noqa: E501
    "concat_ws", "json_extract_scalar", "json_extract",
}  # fmt: skip
_OF_NUMBERS = {
    "abs", "ceil", "ceiling", "floor", "round", "sqrt", "exp", "ln", "log10", "log2", "sign", "mod", "sum", "avg",
    "stddev", "variance", "from_unixtime", "truncate", "power", "pow",
}  # fmt: skip
_OF_BINARY = {
    "crc32", "from_big_endian_32", "from_big_endian_64", "from_utf8", "hmac_md5", "hmac_sha1", "hmac_sha256",
    "hmac_sha512", "md5", "sha1", "sha256", "sha512", "to_base32", "to_base64", "to_base64url", "to_hex",
}  # fmt: skip
_OF_MOMENTS = _ZONED_OK - {"date", "date_trunc"} | {"millisecond", "to_iso8601", "to_unixtime", "to_milliseconds"}
_OF_LISTS = {"cardinality", "contains", "element_at", "array_join", "array_sort", "array_distinct", "flatten", "slice"}


# Which arguments are whole numbers: no fraction becomes one by itself.
_WHOLE = {
    "chr": (0,), "json_array_get": (1,), "lpad": (1,), "regexp_extract": (2,), "regexp_extract_all": (2,),
    "regexp_position": (2, 3), "repeat": (1,), "rpad": (1,), "round": (1,), "slice": (1, 2), "split": (2,),
    "split_part": (2,), "strpos": (2,), "substr": (1, 2), "substring": (1, 2), "to_base": (0, 1),
}  # fmt: skip


def check_arguments(name: str, node: exp.Anonymous) -> None:
    """Trino finds no function of arguments of another type; DuckDB would convert them."""
    whole = [node.expressions[place] for place in _WHOLE.get(name, ()) if place < len(node.expressions)]
    if fractions := [each for each in whole if kind(each) in {*FLOATS, D.DECIMAL}]:
        wrong = fractions
    elif name in ("concat", "concat_ws"):
        wrong = [a for a in node.expressions if kind(a) in {*_NUMBERS, *INSTANTS, D.BOOLEAN, D.MAP}]
    else:
        first, of = node.expressions[:1], kind(node.expressions[0]) if node.expressions else D.UNKNOWN
        known = {D.UNKNOWN, D.NULL}
        allowed = (
            known | TEXTS | {D.VARBINARY, D.BINARY, D.JSON} if name in _OF_TEXT
            else known | _NUMBERS | {D.INTERVAL} if name in _OF_NUMBERS
            else known | {D.ARRAY, D.MAP} if name in _OF_LISTS
            else known | {D.VARBINARY, D.BINARY} if name in _OF_BINARY
            else known | INSTANTS | {D.TIME, D.TIMETZ, D.INTERVAL} if name in _OF_MOMENTS
            else {of}
        )  # fmt: skip
        wrong = [] if of in allowed else first
        if name == "codepoint" and isinstance(first[0], exp.Literal) and len(first[0].name) != 1:
            wrong = first
    if wrong and not isinstance(wrong[0], (exp.Distinct, exp.Order)):
        raise QueryFailed(
            f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters ({', '.join(map(trino_name, node.expressions))}) "
            f"for function {name}"
        )


INTERVAL_FIELDS = {"day", "hour", "minute", "second", "millisecond"}
_CALENDAR = {"year", "quarter", "month", "week", "day_of_month", "day_of_week", "dow", "day_of_year", "doy"}


def check_interval(name: str, node: exp.Anonymous) -> None:
    """Of days and seconds there is no year, and between two dates no hour."""
    kinds = [kind(each) for each in node.expressions]
    if name in _CALENDAR and kinds == [D.INTERVAL]:
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters (interval day to second) for {name}")
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
        elif isinstance(node, (exp.Ordered, exp.LT, exp.LTE, exp.GT, exp.GTE)) and kind(node.this) == D.MAP:
            raise QueryFailed(f"TYPE_MISMATCH: {place(node)}Type {trino_name(node.this)} is not orderable")
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
        elif isinstance(node, exp.SetOperation):
            _check_set_operation(node)
        elif isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe)):
            _check_operands(node)


_ORDERING = ("min", "max", "greatest", "least", "array_sort", "array_min", "array_max")


def _check_aggregate(node: exp.Anonymous) -> None:
    first = node.expressions[0] if node.expressions else None
    members = first.type.expressions if first is not None and first.type is not None and kind(first) == D.ARRAY else []
    of_maps = kind(first) == D.MAP or any(each.this == D.MAP for each in members)
    if node.name.lower() == "count":
        if isinstance(first, exp.Distinct) and len(first.expressions) > 1:
            raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters for function count")
    elif of_maps:
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}{node.name}: a map is not orderable")


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
                    f"TYPE_MISMATCH: {place(node)}{name} must evaluate to a varchar (actual: {trino_name(side)})"
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
        fitting = kinds <= TEXTS or D.ARRAY in kinds or kinds <= {D.VARBINARY, D.BINARY}
    else:
        fitting = kinds <= _NUMBERS or D.INTERVAL in kinds or (isinstance(node, exp.Sub) and kinds <= INSTANTS)
    if not fitting:
        sign = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.DPipe: "||"}[type(node)]
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(node)}Cannot apply operator: {trino_name(node.left)} {sign} {trino_name(node.right)}"  # noqa: E501
        )


def check_condition(node: exp.Expr | None, what: str) -> None:
    """A condition is a boolean; DuckDB takes numbers and texts too."""
    if node is not None and kind(node) not in (D.BOOLEAN, D.UNKNOWN, D.NULL):
        raise QueryFailed(
            f"TYPE_MISMATCH: {place(node)}{what} must evaluate to a boolean: actual type {trino_name(node)}"
        )


def check_alike(nodes: list[exp.Expr], what: str) -> None:
    """Values that must have a type in common."""
    kinds = {kind(node) for node in nodes} - {D.NULL}
    if D.UNKNOWN in kinds or len(kinds) < 2 or kinds <= _NUMBERS or kinds <= TEXTS or kinds <= INSTANTS:
        return
    raise QueryFailed(
        f"TYPE_MISMATCH: {place(nodes[0])}{what} must be the same type or coercible to a common type. "
        f"Found: {', '.join(sorted({trino_name(node) for node in nodes if kind(node) != D.NULL}))}"
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
