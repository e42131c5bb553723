"""Types: Hive's (in Glue), Trino's (in SQL and results) and DuckDB's, and the ways between them."""

import re
from dataclasses import dataclass
from typing import Any

from local_aws.athena.errors import CannotTranslate, QueryFailed

# Hive's name: (Trino's, DuckDB's).
_SCALARS = {
    "boolean": ("boolean", "BOOLEAN"),
    "tinyint": ("tinyint", "TINYINT"),
    "smallint": ("smallint", "SMALLINT"),
    "int": ("integer", "INTEGER"),
    "integer": ("integer", "INTEGER"),
    "bigint": ("bigint", "BIGINT"),
    "float": ("real", "FLOAT"),
    "real": ("real", "FLOAT"),
    "double": ("double", "DOUBLE"),
    "string": ("varchar", "VARCHAR"),
    "varchar": ("varchar", "VARCHAR"),
    "char": ("char", "VARCHAR"),
    "binary": ("varbinary", "BLOB"),
    "date": ("date", "DATE"),
    "timestamp": ("timestamp", "TIMESTAMP"),
    "decimal": ("decimal", "DECIMAL"),
}
_TOKEN = re.compile(r"\s*([<>(),:]|`[^`]+`|[^<>(),:\s]+)")


@dataclass(frozen=True)
class Type:
    """One type; `fields` are the members of array (1), map (2) and struct (named), `size` a decimal's or varchar's."""

    name: str
    size: tuple[int, ...] = ()
    fields: tuple[tuple[str, "Type"], ...] = ()

    def trino(self) -> str:
        if self.name == "array":
            return f"array({self.fields[0][1].trino()})"
        if self.name == "map":
            return f"map({self.fields[0][1].trino()}, {self.fields[1][1].trino()})"
        if self.name == "struct":
            return "row(" + ", ".join(f'"{name}" {kind.trino()}' for name, kind in self.fields) + ")"
        return _SCALARS[self.name][0] + self._size()

    def duckdb(self) -> str:
        if self.name == "array":
            return self.fields[0][1].duckdb() + "[]"
        if self.name == "map":
            return f"MAP({self.fields[0][1].duckdb()}, {self.fields[1][1].duckdb()})"
        if self.name == "struct":
            return "STRUCT(" + ", ".join(f'"{name}" {kind.duckdb()}' for name, kind in self.fields) + ")"
        return _SCALARS[self.name][1] + (self._size() if self.name == "decimal" else "")

    def hive(self) -> str:
        if self.name in ("array", "map"):
            return f"{self.name}<{','.join(kind.hive() for _, kind in self.fields)}>"
        if self.name == "struct":
            return "struct<" + ",".join(f"{name}:{kind.hive()}" for name, kind in self.fields) + ">"
        return {"integer": "int", "real": "float"}.get(self.name, self.name) + self._size().replace(" ", "")

    @property
    def nested(self) -> bool:
        return bool(self.fields)

    def contains(self, name: str) -> bool:
        return self.name == name or any(kind.contains(name) for _, kind in self.fields)

    def _size(self) -> str:
        return f"({', '.join(map(str, self.size))})" if self.size else ""


def parse_hive(text: str) -> Type:
    """A type as Glue stores it: `array<struct<a:string,b:decimal(38,0)>>`. Names of struct fields are lower-cased."""
    tokens = _TOKEN.findall(text)
    position = 0

    def take(expected: str | None = None) -> str:
        nonlocal position
        if position >= len(tokens) or (expected and tokens[position] != expected):
            raise ValueError(f"Error: type expected at the position {position} of '{text}'")
        position += 1
        return str(tokens[position - 1])

    def parse() -> Type:
        name = take().lower()
        if name in ("array", "map", "struct"):
            fields = []
            take("<")
            while True:
                label = take().strip("`").lower() if name == "struct" else ""
                if label:
                    take(":")
                fields.append((label, parse()))
                if tokens[position : position + 1] != [","]:
                    break
                take(",")
            take(">")
            if len(fields) != {"array": 1, "map": 2}.get(name, len(fields)):
                raise ValueError(f"Error: {name} of {len(fields)} types in '{text}'")
            return Type(name, fields=tuple(fields))
        if name not in _SCALARS:
            raise ValueError(f"Error: type expected at the position {position - 1} of '{text}' but '{name}' is found.")
        size: tuple[int, ...] = ()
        if tokens[position : position + 1] == ["("]:
            take("(")
            size = (int(take()),)
            while tokens[position : position + 1] == [","]:
                take(",")
                size += (int(take()),)
            take(")")
        if name == "decimal":
            size = (*size, 0)[:2] if size else (10, 0)
        return Type(name, size)

    result = parse()
    if position != len(tokens):
        raise ValueError(f"Error: unexpected '{tokens[position]}' in the type '{text}'")
    return result


def check_declared(kind: Type) -> None:
    """A ValueError for a type that Hive's DDL does not take, though it can be read.

    https://docs.aws.amazon.com/athena/latest/ug/data-types.html
    """
    _check_members(kind, kind.hive(), 0)
    _check_sizes(kind)


def _check_sizes(kind: Type) -> None:
    name, size = kind.name, kind.size
    if name in ("integer", "real"):
        raise ValueError(f"type expected, but '{name}' is found")
    if name in _LONGEST and not size:
        raise ValueError(f"{name} type is specified without length")
    if name in _LONGEST and not 1 <= size[0] <= _LONGEST[name]:
        raise ValueError(f"{name.capitalize()} length {size[0]} out of allowed range [1, {_LONGEST[name]}]")
    if len(size) > {"decimal": 2, "varchar": 1, "char": 1}.get(name, 0):
        raise ValueError(f"{name} type is specified with a size of {len(size)} numbers")
    if name == "decimal" and not 1 <= size[0] <= 38:
        raise ValueError("Decimal precision out of allowed range [1,38]")
    if name == "decimal" and size[1] > size[0]:
        raise ValueError("Decimal scale must be less than or equal to precision")
    if name == "map" and kind.fields[0][1].nested:
        raise ValueError(f"the key of a map must be primitive, but {kind.fields[0][1].hive()} is found")
    for _, member in kind.fields:
        _check_sizes(member)


def _check_members(kind: Type, whole: str, start: int) -> None:
    """A ValueError, as Hive words it, for a struct's member with other characters than letters, digits, `_` and `.`

    https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
    https://github.com/apache/hive/blob/rel/release-1.2.2/serde/src/java/org/apache/hadoop/hive/serde2/typeinfo/TypeInfoUtils.java
    """
    at = start + len(f"{kind.name}<")
    for name, member in kind.fields:
        if odd := re.search(r"[^\w.]", name):
            expected = ":" if odd.start() else "name"
            raise ValueError(
                f"Error: {expected} expected at the position {at + odd.start()} of '{whole}' but '{odd[0]}' is found."
            )
        at += len(f"{name}:") if kind.name == "struct" else 0
        _check_members(member, whole, at)
        at += len(f"{member.hive()},")


def names_without_backticks(text: str) -> list[str]:
    """The members of the structs in a type's declaration, in their order, that are not in backticks."""
    members = re.findall(r"(`[^`]*`|[^<>(),:`]+):", re.sub(r"\s+:", ":", text))
    return [name.strip() for name in members if not name.startswith("`")]


_LONGEST = {"varchar": 65535, "char": 255}
# DuckDB's type ids: Hive's name. HUGEINT is what sums of integers come as; Trino's are bigint.
_FROM_DUCKDB = {
    "boolean": "boolean", "tinyint": "tinyint", "smallint": "smallint", "integer": "int", "bigint": "bigint",
    "hugeint": "bigint", "utinyint": "smallint", "usmallint": "int", "uinteger": "bigint", "ubigint": "bigint",
    "float": "float", "double": "double", "varchar": "string", "blob": "binary", "date": "date",
    "timestamp": "timestamp", "timestamp_ns": "timestamp", "timestamp_s": "timestamp", "timestamp_ms": "timestamp",
}  # fmt: skip


def from_duckdb(kind: Any) -> str:
    """Trino's name of a DuckDB result type (a `DuckDBPyType`), as Athena prints it: `array(varchar)`."""
    if str(kind) == "JSON":
        return "json"
    if kind.id in _EXTRA_RESULTS:
        return _EXTRA_RESULTS[kind.id]
    if kind.id == "decimal":
        sizes = dict(kind.children)
        return f"decimal({sizes['precision']},{sizes['scale']})"
    if kind.id in ("list", "array"):
        return f"array({from_duckdb(kind.children[0][1])})"
    if kind.id == "map":
        key, value = kind.children
        return f"map({from_duckdb(key[1])}, {from_duckdb(value[1])})"
    if kind.id == "struct":
        return "row(" + ", ".join(f"{name} {from_duckdb(member)}".strip() for name, member in kind.children) + ")"
    if kind.id in _FROM_DUCKDB:
        return _SCALARS[_FROM_DUCKDB[kind.id]][0]
    raise CannotTranslate(f"a result of type {kind}")


_EXTRA_RESULTS = {
    "timestamp with time zone": "timestamp with time zone",
    "time": "time",
    "interval": "interval day to second",
    "null": "unknown",
    "uuid": "uuid",
}


def hive_of_duckdb(kind: Any) -> str:
    """Glue's name of a DuckDB type, for CREATE TABLE AS and UNLOAD."""
    if kind.id == "decimal":
        sizes = dict(kind.children)
        return f"decimal({sizes['precision']},{sizes['scale']})"
    if kind.id == "list":
        return f"array<{hive_of_duckdb(kind.children[0][1])}>"
    if kind.id == "map":
        return f"map<{hive_of_duckdb(kind.children[0][1])},{hive_of_duckdb(kind.children[1][1])}>"
    if kind.id == "struct":
        return "struct<" + ",".join(f"{name}:{hive_of_duckdb(member)}" for name, member in kind.children) + ">"
    if kind.id == "timestamp with time zone":
        raise QueryFailed("NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone")
    if kind.id not in _FROM_DUCKDB or str(kind) == "JSON":
        raise CannotTranslate(f"a column of type {kind} in a table")
    return _FROM_DUCKDB[kind.id]


def same_type(have: str, want: str) -> bool:
    """Whether two of Glue's types are one, a text's greatest length aside."""
    forms = [
        re.sub(r"\b(?:var)?char\(\d+\)|\bvarchar\b", "string", each.lower().replace(" ", "")) for each in (have, want)
    ]
    return forms[0] == forms[1]
