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
