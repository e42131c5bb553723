"""Text as a column's type: the DuckDB expressions and macros that decide what fits and what is HIVE_BAD_DATA."""

from local_aws.athena.types import Type


def literal(text: str) -> str:
    """A DuckDB string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A DuckDB quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def convert(text: str, kind: Type, column: str, depth: int = 0, leaf: str = "{}") -> str:
    """An expression of text (nested as `kind` is) as the column's type; what does not fit is HIVE_BAD_DATA."""
    value = f"v{depth}"
    if kind.name == "array":
        return f"list_transform({text}, lambda {value}: {convert(value, kind.fields[0][1], column, depth + 1, leaf)})"
    if kind.name == "map":
        key = convert(f"{value}.key", kind.fields[0][1], column, depth + 1, leaf)
        inner = convert(f"{value}.value", kind.fields[1][1], column, depth + 1, leaf)
        return f"map_from_entries(list_transform(map_entries({text}), lambda {value}: struct_pack(k := {key}, v := {inner})))"  # noqa: E501
    if kind.name == "struct":
        members = ", ".join(
            f"{identifier(name)} := {convert(f'({text}).{identifier(name)}', member, column, depth + 1, leaf)}"
            for name, member in kind.fields
        )
        return f"CASE WHEN {text} IS NOT NULL THEN struct_pack({members}) END"
    text = leaf.format(text) if depth else text
    if kind.name in ("string", "varchar", "char"):
        limit = f"[1:{kind.size[0]}]" if kind.size and kind.name != "string" else ""
        return f"CAST({text} AS VARCHAR){limit}"
    target = kind.duckdb()
    reader = {"boolean": "text_boolean", "date": "text_date", "timestamp": "text_timestamp", "binary": "text_binary"}
    if kind.name in reader:
        return f"{reader[kind.name]}({text}, {literal(column)})"
    if kind.name in ("float", "real", "double"):
        return f"CAST(text_double({text}, {literal(column)}) AS {target})"
    if kind.name == "decimal":
        return f"must_fit({text}, TRY_CAST({text} AS {target}), {literal(column)})"
    return f"must_fit({text}, TRY_CAST(text_integer({text}) AS {target}), {literal(column)})"


MACROS = [
    # Athena's timestamps have milliseconds, whatever a file has.
    "CREATE MACRO to_millis(t) AS date_trunc('milliseconds', t + to_microseconds(500))",
    "CREATE MACRO is_json_line(line) AS regexp_matches(line, '^[ \\t]*[{\\[]')",
    # DuckDB prints a fraction, an exponent or a nested value from doubles; `quote_numbers` keeps the digits.
    r"CREATE MACRO has_fraction(line) AS regexp_matches(line, '[:,\[][ \t]*-?([0-9]+[.eE]|0[^.0-9])')",
    r"CREATE MACRO exact_text(value, line, path) AS CASE WHEN regexp_matches(value, '^(-?[0-9]+[.eE]|-?0$|[\[{])') "
    "THEN json_text(json_extract_string(quote_numbers(line), path)) ELSE value END",
    "CREATE MACRO bad_value(value, name) AS fail('HIVE_BAD_DATA: Error parsing field value ''' || value || ''' for field ' "  # noqa: E501
    "|| name || ': For input string: \"' || value || '\"')",
    "CREATE MACRO must_fit(value, result, name) AS CASE WHEN value IS NULL THEN NULL "
    "WHEN result IS NULL THEN bad_value(value, name) ELSE result END",
    # TRY_CAST would round '1.5' to 2.
    "CREATE MACRO text_integer(value) AS CASE WHEN regexp_matches(value, '^[-+]?[0-9]+$') THEN value "
    "WHEN TRY_CAST(value AS DOUBLE) = trunc(TRY_CAST(value AS DOUBLE)) AND abs(TRY_CAST(value AS DOUBLE)) < 9e15 "
    "THEN CAST(CAST(TRY_CAST(value AS DOUBLE) AS BIGINT) AS VARCHAR) END",
    "CREATE MACRO text_double(value, name) AS must_fit(value, TRY_CAST(value AS DOUBLE), name)",
    "CREATE MACRO text_boolean(value, name) AS CASE WHEN value IS NULL THEN NULL ELSE lower(value) = 'true' END",
    "CREATE MACRO text_date(value, name) AS must_fit(value, TRY_CAST(left(value, 10) AS DATE), name)",
    "CREATE MACRO text_timestamp(value, name) AS must_fit(value, CASE "
    "WHEN regexp_matches(value, '^-?[0-9]{13,}$') THEN make_timestamp(CAST(value AS BIGINT) * 1000) "
    "WHEN regexp_matches(value, '^-?[0-9.]+$') THEN make_timestamp(CAST(CAST(value AS DECIMAL(38, 6)) * 1000000 AS BIGINT)) "  # noqa: E501
    "WHEN regexp_matches(value, '(Z|[-+][0-9]{2}:?[0-9]{2})$') THEN TRY_CAST(value AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
    "ELSE TRY_CAST(value AS TIMESTAMP) END, name)",
    "CREATE MACRO text_binary(value, name) AS CASE WHEN value IS NULL THEN NULL ELSE from_base64(value) END",
]  # fmt: skip
