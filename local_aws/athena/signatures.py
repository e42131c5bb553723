"""Which types of arguments a function takes; DuckDB would convert others."""

from sqlglot import exp

from local_aws.athena.checks import NUMBERS, comparable
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.kinds import INSTANTS, INTEGERS, TEXTS, D, element_type, kind
from local_aws.athena.messages import described, place
from local_aws.athena.zones import ZONED_OK

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
_OF_MOMENTS = ZONED_OK - {"date", "date_trunc"} | {"millisecond", "to_iso8601", "to_unixtime", "to_milliseconds"}
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
    maps = [each for each in node.expressions if name in _BY_EQUALITY] + [
        each for distinct in node.expressions if isinstance(distinct, exp.Distinct) for each in distinct.expressions
    ]
    if any(_has_map(each) for each in maps):
        raise CannotTranslate(f"{name} of equal maps, whose entries DuckDB compares in their order")
    places = _WHOLE.get(name, ())
    whole = [node.expressions[place] for place in places if place < len(node.expressions)]
    others = [
        each
        for place, each in enumerate(node.expressions)
        if place not in places and not isinstance(each, (exp.Lambda, exp.Distinct, exp.Order))
    ]
    wrong = [each for each in whole if kind(each) not in {*known, *INTEGERS}] or _misfits(name, node)
    if not wrong and name in ("concat", "concat_ws"):
        wrong = [a for a in node.expressions if kind(a) in {*NUMBERS, *INSTANTS, D.BOOLEAN, D.MAP, D.JSON}]
        lists = [a for a in node.expressions if name == "concat_ws" and kind(a) == D.ARRAY]
        wrong += [a for a in lists if element_type(a).this not in known | TEXTS or len(node.expressions) > 2]
    elif not wrong:
        several = name in _OF_TEXT or (name in _OF_NUMBERS and name not in _OF_ONE_NUMBER)
        allowed = (
            TEXTS | {D.VARBINARY, D.BINARY} | ({D.JSON} if name in _OF_JSON else set()) if name in _OF_TEXT
            else NUMBERS | {D.INTERVAL} if name in _OF_NUMBERS
            else {D.BOOLEAN} if name in _OF_BOOLEANS
            else {D.JSON} if name == "json_format"
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


# Functions that look for equal values.
_BY_EQUALITY = {
    "array_distinct", "array_union", "array_except", "array_intersect", "arrays_overlap", "contains_sequence",
    "approx_distinct", "histogram",
}  # fmt: skip


def _has_map(node: exp.Expr) -> bool:
    return node.type is not None and any(each.this == D.MAP for each in node.type.find_all(exp.DataType))


def _misfits(name: str, node: exp.Anonymous) -> list[exp.Expr]:
    """Lambdas of another form, and what is looked for in an array or map of another type."""
    for number, each in enumerate(node.expressions):
        if isinstance(each, exp.Lambda):
            asked = 2 if name in _TWO_ARGUMENTS or (name == "reduce" and number == 2) else 1
            if len(each.expressions) != asked:
                return [each]
            if name in _PREDICATES and kind(each.this) not in (D.BOOLEAN, D.UNKNOWN, D.NULL):
                return [each]
    if name in ("lag", "lead") and len(node.expressions) == 3:
        value, _, default = node.expressions
        return [] if kind(default) == D.NULL or comparable(value.type, default.type) else [default]
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
        raise CannotTranslate(f"{name} of a date: CAST it AS timestamp")  # Trino's documentation doesn't tell
    if name == "date_diff" and TEXTS & set(kinds[1:]):
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {place(node)}Unexpected parameters for function date_diff")
    if name == "date_diff" and kinds[1:] == [D.DATE, D.DATE]:
        unit = node.expressions[0].name.lower()
        if unit in ("hour", "minute", "second", "millisecond"):
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid DATE field")
