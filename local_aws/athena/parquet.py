"""Parquet: https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html"""

from collections.abc import Iterable
from typing import Any

import duckdb

from local_aws.athena.catalog import Descriptor
from local_aws.athena.conversion import identifier, literal, rebuild, shortened
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.failures import duckdb_failure
from local_aws.athena.storage import S3Object, Scratch
from local_aws.athena.types import Type

# What a column of a file may be read as besides its own type.
_PARQUET_WIDER = {
    "TINYINT": ("SMALLINT", "INTEGER", "BIGINT"),
    "SMALLINT": ("INTEGER", "BIGINT"),
    "INTEGER": ("BIGINT",),
    "FLOAT": ("DOUBLE",),
    "TIMESTAMP WITH TIME ZONE": ("TIMESTAMP",),
    "TIMESTAMP_NS": ("TIMESTAMP",),
    "TIMESTAMP_MS": ("TIMESTAMP",),
}
# Parquet's names of DuckDB's types that are surely not read as those of another of these lines.
_PHYSICAL = [
    {"BOOLEAN": "BOOLEAN"}, {"VARCHAR": "BINARY"},
    {"TINYINT": "INT32", "SMALLINT": "INT32", "INTEGER": "INT32", "BIGINT": "INT64",
     "FLOAT": "FLOAT", "DOUBLE": "DOUBLE"},
]  # fmt: skip


def parquet_columns(
    connection: Any, scratch: Scratch, descriptor: Descriptor, columns: list[tuple[str, Type]], objects: list[S3Object]
) -> tuple[str, list[str], int]:
    """(a query with the columns and `file`, the copies, the bytes read): the needed columns' chunks.

    Columns go by name; with `parquet.column.index.access` by position:
    https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html
    """
    files = [str(path) for path in scratch.copy(objects)]
    uris = dict(zip(files, (each.uri for each in objects), strict=True))
    order = [name for name, _ in descriptor.columns]
    selects, read_bytes = [], 0
    for alike in _by_schema(connection, files):
        stored = None
        if goes_by_position(descriptor):
            names = _schema(connection, alike)[0]
            stored = {name: names[at] for name, _ in columns if (at := order.index(name)) < len(names)}
        selected, some = _read(connection, alike, columns, uris[alike[0]], stored)
        selects.append(selected)
        read_bytes += some
    return " UNION ALL ".join(selects), files, read_bytes


def _by_schema(connection: Any, files: list[str]) -> list[list[str]]:
    """Files in groups of the same columns and types: DuckDB would bring those of several together."""
    try:
        found = connection.execute(
            "SELECT file_name, list((name, type, converted_type, scale, precision, num_children, logical_type)) "
            f"FROM parquet_schema([{', '.join(map(literal, files))}]) GROUP BY ALL"
        ).fetchall()
    except duckdb.Error as error:
        failure = duckdb_failure(error)
        raise CannotTranslate("these Parquet files") if isinstance(failure, CannotTranslate) else failure from error
    groups: dict[str, list[str]] = {}
    for file, schema in sorted(found):
        groups.setdefault(repr(schema), []).append(file)
    return list(groups.values())


def goes_by_position(descriptor: Descriptor) -> bool:
    return dict(descriptor.parameters).get("parquet.column.index.access", "false").lower() == "true"


def chunk_bytes(connection: Any, files: list[str], columns: Iterable[str]) -> int:
    """The size of some columns' chunks in files, which is what Athena reads of them; names in lower case."""
    listed, names = (", ".join(map(literal, each)) for each in (files, sorted(columns) or [""]))
    (size,) = connection.execute(
        f"SELECT CAST(coalesce(sum(total_compressed_size), 0) AS BIGINT) FROM parquet_metadata([{listed}]) "
        f"WHERE lower(split_part(path_in_schema, ', ', 1)) IN ({names})"
    ).fetchone()
    return int(size)


def _schema(connection: Any, files: list[str]) -> tuple[list[str], list[Any]]:
    """(the names, the types) of the columns of files."""
    reader = f"read_parquet([{', '.join(map(literal, files))}], union_by_name=true)"
    try:
        described = connection.execute(f"SELECT * FROM {reader} LIMIT 0").description
    except duckdb.Error as error:
        failure = duckdb_failure(error)
        raise CannotTranslate("these Parquet files") if isinstance(failure, CannotTranslate) else failure from error
    return [row[0] for row in described], [row[1] for row in described]


def _read(
    connection: Any, files: list[str], columns: list[tuple[str, Type]], uri: str, stored: dict[str, str] | None = None
) -> tuple[str, int]:
    """(a query over files, the bytes it reads); `stored` has the names of the columns in the files, if not theirs."""
    names, types = _schema(connection, files)
    have = stored if stored is not None else {name.lower(): name for name in names}
    kinds = dict(zip(names, types, strict=True))
    for name, kind in columns:
        if name in have:
            _check_parquet(name, kinds[have[name]], kind, uri)
    selected = [
        f"{_declared(identifier(have[name]) if name in have else 'NULL', kind)} AS {identifier(name)}"
        for name, kind in columns
    ]
    listed = f"[{', '.join(map(literal, files))}]"
    read_bytes = chunk_bytes(connection, files, [have[name].lower() for name, _ in columns if name in have])
    reader = f"read_parquet({listed}, filename=true)"
    return f"SELECT {', '.join([*selected, 'filename AS file'])} FROM {reader}", read_bytes


def _check_parquet(name: str, stored: Any, kind: Type, uri: str) -> None:
    have, want = str(stored).partition("(")[0], kind.duckdb().partition("(")[0]
    if kind.nested and stored.id == {"array": "list"}.get(kind.name, kind.name):
        members = {member.lower(): of for member, of in stored.children}
        given = [members.get(member) for member, _ in kind.fields] if kind.name == "struct" else members.values()
        for (_, wanted), of in zip(kind.fields, given, strict=True):
            if of is not None:
                _check_parquet(name, of, wanted, uri)
        return
    if not kind.nested and want in (have, *_PARQUET_WIDER.get(have, ())):
        return
    physical = next((each[have] for each in _PHYSICAL if have in each and want not in each), None)
    if physical is None or not any(want in each for each in _PHYSICAL):
        raise CannotTranslate(f"a Parquet column of the type {stored} as {kind.hive()} (column '{name}')")
    raise QueryFailed(
        f"HIVE_BAD_DATA: Field {name}'s type {physical} in parquet file {uri} is incompatible with type {kind.trino()} "
        "defined in table schema"
    )


def _declared(value: str, kind: Type) -> str:
    """A value of a file as its column is declared: a CAST keeps the file's names of members, and any length."""
    # Statistics of files leave NaN out, and DuckDB would believe them; TRY hides from it where a value comes from.
    of_floats = any(kind.contains(each) for each in ("double", "float"))
    cast = f"CAST({f'TRY({value})' if of_floats else value} AS {kind.duckdb()})"
    if not kind.contains("struct") and not kind.contains("varchar"):
        return cast
    return rebuild(cast, kind, lambda leaf, member: shortened(leaf, member) if member.name == "varchar" else leaf)
