"""The tables of a query as DuckDB's views over the objects that are left of them."""

from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlglot import exp

from local_aws.athena.catalog import Catalog, Partition, Table
from local_aws.athena.conversion import identifier, literal
from local_aws.athena.errors import Cancelled, CannotTranslate
from local_aws.athena.parquet import chunk_bytes, goes_by_position
from local_aws.athena.partitions import key_values, prunable_terms, prune
from local_aws.athena.projection import is_projected, projected_partitions
from local_aws.athena.serdes import PARQUET, read
from local_aws.athena.storage import S3Object, Scratch, list_locations

PATH_COLUMN = "$path"


class Loader:
    """Loads tables one by one; `scanned` is the sum of the bytes read. A dry one reads none."""

    def __init__(
        self, connection: Any, scratch: Scratch, catalog: Catalog, s3: Any, cutoff: int | None, dry: bool
    ) -> None:  # fmt: skip
        self._connection, self._scratch, self._catalog, self._s3 = connection, scratch, catalog, s3
        self._cutoff, self._dry = cutoff, dry
        self.scanned = 0

    def load(
        self, source: exp.Table, table: Table, around: list[exp.Expr], needed: set[str], live: set[str]
    ) -> None:  # fmt: skip
        """Create the DuckDB view behind one table reference.

        It has the columns that are `needed` to run the query; those that its answer depends on are `live`.
        """
        name, alias, keys = source.name, source.alias_or_name, {key for key, _ in table.keys}
        if table.name.endswith("$partitions"):
            self._load_partitions(name, table)
            return
        if self._dry:
            found = []
        elif table.keys:
            terms = prunable_terms(source, around, keys)
            if is_projected(table):
                found = projected_partitions(self._connection, table, alias, terms)
            else:
                found = prune(self._connection, table, alias, terms, self._catalog.partitions(table))
        else:
            found = [Partition((), table.location, table.descriptor)]
        listed = list_locations(self._s3, [item.location for item in found])
        files = [(item, each) for item, objects in zip(found, listed, strict=True) for each in objects]
        # Of Parquet only some columns are read; see below.
        self._check_cutoff(sum(each.size for item, each in files if item.descriptor.serde != PARQUET))
        columns = [(column, kind) for column, kind in table.columns if column in needed]
        if any(kind.contains("char") for _, kind in columns):
            raise CannotTranslate("the type char(n)")
        selects = []
        by_descriptor = sorted(files, key=lambda pair: repr(pair[0].descriptor))
        for _, group in groupby(by_descriptor, key=lambda pair: repr(pair[0].descriptor)):
            selects.append(self._read_group(table, list(group), needed, live))
            self._check_cutoff(0)
        if not selects:
            empty = [f"CAST(NULL AS {kind.duckdb()}) AS {identifier(column)}" for column, kind in columns]
            empty += [f"CAST(NULL AS VARCHAR) AS {identifier(PATH_COLUMN)}"]
            selects.append(f"SELECT {', '.join(empty)} WHERE false")
        self._connection.execute(f"CREATE TEMP VIEW {name} AS {' UNION ALL BY NAME '.join(selects)}")

    def _check_cutoff(self, more: int) -> None:
        """End the query if what it has read, and is going to read, is too much."""
        if self._cutoff is not None and self.scanned + more > self._cutoff:
            self.scanned += more
            raise Cancelled("Query cancelled! : Bytes scanned limit was exceeded")

    def _load_partitions(self, name: str, table: Table) -> None:
        """`"table$partitions"`: one row a registered partition."""
        original = replace(table, name=table.name.partition("$")[0])
        rows = [f"({', '.join(key_values(table, each))})" for each in self._catalog.partitions(original)]
        names = ", ".join(identifier(key) for key, _ in table.keys)
        nothing = f"({', '.join(f'CAST(NULL AS {kind.duckdb()})' for _, kind in table.keys)})"
        values = f"VALUES {', '.join(rows or [nothing])}"
        self._connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT * FROM ({values}) AS p({names}) WHERE {bool(rows)}"
        )

    def _read_group(
        self, table: Table, files: list[tuple[Partition, S3Object]], needed: set[str], live: set[str]
    ) -> str:  # fmt: skip
        """The objects of partitions that are read the same way."""
        descriptor = files[0][0].descriptor
        if descriptor.serde == PARQUET and not goes_by_position(descriptor):
            # Files have their own names of columns, whatever a partition's older list of them says.
            own = {name for name, _ in descriptor.columns}
            later = tuple(column for column in table.descriptor.columns if column[0] not in own)
            descriptor = replace(descriptor, columns=(*descriptor.columns, *later))
        data = {column for column, _ in table.descriptor.columns} & needed
        query, copies, read_bytes = read(self._connection, self._scratch, descriptor, [each for _, each in files], data)
        if descriptor.serde == PARQUET and not data <= live and not goes_by_position(descriptor):
            read_bytes = chunk_bytes(self._connection, copies, data & live)
        self.scanned += read_bytes
        have = {column for column, _ in descriptor.columns}
        columns = []
        for column, kind in table.descriptor.columns:
            if column in data:
                value = f"CAST({'r.' + identifier(column) if column in have else 'NULL'} AS {kind.duckdb()})"
                value = f"to_millis({value})" if kind.name == "timestamp" else value
                columns.append(f"{value} AS {identifier(column)}")
        keys = [key for key, _ in table.keys if key in needed]
        if not keys and PATH_COLUMN not in needed:
            return f"SELECT {', '.join([*columns, f'NULL::VARCHAR AS {identifier(PATH_COLUMN)}'])} FROM ({query}) AS r"
        rows = ", ".join(
            f"({literal(copy)}, {', '.join([*key_values(table, item), literal(each.uri)])})"
            for copy, (item, each) in zip(copies, files, strict=True)
        )
        names = ", ".join(identifier(each) for each in ("file", *(key for key, _ in table.keys), PATH_COLUMN))
        selected = [*columns, *(f"p.{identifier(key)}" for key in keys), f"p.{identifier(PATH_COLUMN)}"]
        return f"SELECT {', '.join(selected)} FROM ({query}) AS r JOIN (VALUES {rows}) AS p({names}) ON r.file = p.file"
