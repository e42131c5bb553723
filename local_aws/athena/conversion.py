"""Text as a column's type: the DuckDB expressions and macros that decide what fits and what is HIVE_BAD_DATA."""

from collections.abc import Callable

from local_aws.athena.types import Type


def literal(text: str) -> str:
    """A DuckDB string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A DuckDB quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


# The macros of the types that have one of their own.
_READERS = {
    "boolean": "text_boolean", "date": "text_date", "timestamp": "text_timestamp", "binary": "text_binary",
    "float": "text_float", "real": "text_float", "double": "text_double",
}  # fmt: skip


def convert(text: str, kind: Type, column: str) -> str:
    """An expression of text as the column's type; what does not fit is HIVE_BAD_DATA."""
    if kind.name in ("string", "varchar", "char"):
        return shortened(text, kind)
    target = kind.duckdb()
    if kind.name in _READERS:
        return f"{_READERS[kind.name]}({text}, {literal(column)})"
    if kind.name == "decimal":
        return f"must_fit({text}, TRY_CAST(java_number({text}) AS {target}), {literal(column)})"
    return f"must_fit({text}, TRY_CAST(text_integer({text}) AS {target}), {literal(column)})"


def convert_or_null(text: str, kind: Type, column: str) -> str:
    """The same, but what does not fit is NULL."""
    return f"TRY({convert(text, kind, column)})"


def convert_or_refuse(text: str, kind: Type, refused: str) -> str:
    """The same, but what does not fit is refused; `refused` is a literal that says as what."""
    refusal = f"CASE WHEN {text} IS NOT NULL THEN CAST(refuse({refused} || {text}) AS {kind.duckdb()}) END"
    return f"coalesce({convert_or_null(text, kind, '')}, {refusal})"


def shortened(text: str, kind: Type) -> str:
    """A text as a string or a varchar(n)."""
    return f"CAST({text} AS VARCHAR){f'[1:{kind.size[0]}]' if kind.size else ''}"


def rebuild(
    value: str, kind: Type, leaf: Callable[[str, Type], str], stored: Type | None = None, depth: int = 0
) -> str:
    """A nested value made anew: its members named as `kind` names them, each what `leaf` makes of it.

    `stored` is the type as `value` has it, if the members of its structs have other names, in the same order.
    """
    have = stored or kind

    def inner(each: str, position: int) -> str:
        return rebuild(each, kind.fields[position][1], leaf, have.fields[position][1], depth + 1)

    item = f"v{depth}"
    if kind.name == "array":
        return f"list_transform({value}, lambda {item}: {inner(item, 0)})"
    if kind.name == "map":
        entry = f"struct_pack(k := {inner(f'{item}.key', 0)}, v := {inner(f'{item}.value', 1)})"
        entries = f"list_transform(map_entries({value}), lambda {item}: {entry})"
        if kind.fields[0][1].name != "string":
            entries = f"distinct_keys({entries})"
        return f"map_from_entries({entries})"
    if kind.name == "struct":
        members = ", ".join(
            f"{identifier(name)} := {inner(f'({value}).{identifier(have.fields[position][0])}', position)}"
            for position, (name, _) in enumerate(kind.fields)
        )
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({members}) END"
    return leaf(value, kind)
