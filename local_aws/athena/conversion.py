"""Text as a column's type: the DuckDB expressions and macros that decide what fits and what is HIVE_BAD_DATA."""

from collections.abc import Callable

from local_aws.athena.types import Type


def literal(text: str) -> str:
    """A DuckDB string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A DuckDB quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def convert(text: str, kind: Type, column: str, leaf: str = "{}") -> str:
    """An expression of text (nested as `kind` is) as the column's type; what does not fit is HIVE_BAD_DATA."""
    if kind.nested:
        return rebuild(text, kind, lambda value, member: convert(leaf.format(value), member, column))
    if kind.name in ("string", "varchar", "char"):
        return shortened(text, kind)
    target = kind.duckdb()
    reader = {"boolean": "text_boolean", "date": "text_date", "timestamp": "text_timestamp", "binary": "text_binary"}
    if kind.name in reader:
        return f"{reader[kind.name]}({text}, {literal(column)})"
    if kind.name in ("float", "real", "double"):
        return f"CAST(text_double({text}, {literal(column)}) AS {target})"
    if kind.name == "decimal":
        return f"must_fit({text}, TRY_CAST({text} AS {target}), {literal(column)})"
    return f"must_fit({text}, TRY_CAST(text_integer({text}) AS {target}), {literal(column)})"


def shortened(text: str, kind: Type) -> str:
    """A text as a string or a varchar(n)."""
    return f"CAST({text} AS VARCHAR){f'[1:{kind.size[0]}]' if kind.size else ''}"


def rebuild(value: str, kind: Type, leaf: Callable[[str, Type], str], depth: int = 0) -> str:
    """A nested value made anew: its members named as `kind` names them, each what `leaf` makes of it."""

    def inner(each: str, member: Type) -> str:
        return rebuild(each, member, leaf, depth + 1)

    item = f"v{depth}"
    if kind.name == "array":
        return f"list_transform({value}, lambda {item}: {inner(item, kind.fields[0][1])})"
    if kind.name == "map":
        key, member = inner(f"{item}.key", kind.fields[0][1]), inner(f"{item}.value", kind.fields[1][1])
        entries = f"list_transform(map_entries({value}), lambda {item}: struct_pack(k := {key}, v := {member}))"
        return f"map_from_entries({entries})"
    if kind.name == "struct":
        members = ", ".join(
            f"{identifier(name)} := {inner(f'({value}).{identifier(name)}', member)}" for name, member in kind.fields
        )
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({members}) END"
    return leaf(value, kind)
