"""DDL: statements that change or show the Glue catalog. Answers are rows of text."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote

from botocore.exceptions import ClientError

from local_aws.athena.catalog import Catalog, Table
from local_aws.athena.create_table import parse_create_table, show_create_table, storage_of
from local_aws.athena.errors import CannotTranslate, QueryFailed, ddl_failed
from local_aws.athena.results import Column
from local_aws.athena.statements import Statement, Tokens
from local_aws.athena.storage import is_s3_uri, list_objects
from local_aws.athena.types import Type

Answer = tuple[list[Column], Iterator[list[str | None]]]


class Ddl:
    """Runs one DDL statement in a database."""

    def __init__(self, catalog: Catalog, s3: Any, database: str) -> None:
        self._catalog, self._glue, self._s3, self._database = catalog, catalog.glue, s3, database

    def execute(self, statement: Statement) -> Answer:
        """Run it; a refused Glue call is as opaque as Athena makes it."""
        runner: Callable[[Tokens], Answer | None] | None = getattr(self, f"_{statement.kind.lower()}", None)
        if runner is None:
            raise CannotTranslate(f"{statement.substatement} statements")
        tokens = Tokens(statement.sql)
        try:
            answer = runner(tokens)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code in ("AccessDeniedException", "AccessDenied"):
                raise ddl_failed("null") from error
            raise ddl_failed(f"{code}(message:{message})") from error
        if not tokens.ended:
            raise tokens.error("extraneous input")
        return answer or ([], iter(()))

    # -- databases ----------------------------------------------------------------------------------------------

    def _create_database(self, tokens: Tokens) -> None:
        _ = tokens.accept("CREATE", "DATABASE") or tokens.accept("CREATE", "SCHEMA")
        quiet = tokens.accept("IF", "NOT", "EXISTS")
        given: dict[str, Any] = {"Name": tokens.name()}
        while not tokens.ended:
            if tokens.accept("COMMENT"):
                given["Description"] = tokens.string()
            elif tokens.accept("LOCATION"):
                given["LocationUri"] = tokens.string()
            else:
                tokens.expect("WITH", "DBPROPERTIES")
                given["Parameters"] = tokens.properties()
        try:
            self._glue.create_database(DatabaseInput=given)
        except self._glue.exceptions.AlreadyExistsException:
            if not quiet:
                raise ddl_failed(f"Database {given['Name']} already exists") from None

    def _drop_database(self, tokens: Tokens) -> None:
        _ = tokens.accept("DROP", "DATABASE") or tokens.accept("DROP", "SCHEMA")
        quiet = tokens.accept("IF", "EXISTS")
        name = tokens.name()
        cascade = tokens.accept("CASCADE")
        tokens.accept("RESTRICT")
        if not self._catalog.has_database(name):
            if quiet:
                return
            raise ddl_failed(f"Database does not exist: {name}")
        if not cascade and self._tables(name):
            raise ddl_failed(
                f"InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)"
            )
        self._glue.delete_database(Name=name)

    def _show_databases(self, tokens: Tokens) -> Answer:
        _ = tokens.accept("SHOW", "DATABASES") or tokens.accept("SHOW", "SCHEMAS")
        pages = self._glue.get_paginator("get_databases").paginate()
        names = sorted(item["Name"] for page in pages for item in page["DatabaseList"])
        return _lines("database_name", _like(tokens, names))

    # -- tables and views ---------------------------------------------------------------------------------------

    def _create_table(self, tokens: Tokens) -> None:
        database, quiet, given = parse_create_table(tokens, self._database)
        if not self._catalog.has_database(database):
            raise ddl_failed(f"Database does not exist: {database}")
        try:
            self._glue.create_table(DatabaseName=database, TableInput=given)
        except self._glue.exceptions.AlreadyExistsException:
            if not quiet:
                raise ddl_failed(f"AlreadyExistsException(message:Table {given['Name']} already exists)") from None

    def _drop_table(self, tokens: Tokens) -> None:
        tokens.expect("DROP", "TABLE")
        quiet = tokens.accept("IF", "EXISTS")
        database, name = tokens.qualified(self._database)
        try:
            self._glue.delete_table(DatabaseName=database, Name=name)
        except self._glue.exceptions.EntityNotFoundException:
            if not quiet:
                raise QueryFailed(
                    f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}"
                ) from None

    def _create_view(self, tokens: Tokens) -> None:
        tokens.expect("CREATE")
        replace = tokens.accept("OR", "REPLACE")
        tokens.expect("VIEW")
        database, name = tokens.qualified(self._database)
        tokens.expect("AS")
        sql = tokens.rest()
        original = {"originalSql": sql, "catalog": "awsdatacatalog", "schema": database, "columns": []}
        given = {
            "Name": name, "TableType": "VIRTUAL_VIEW", "Parameters": {"presto_view": "true", "comment": "Presto View"},
            "ViewOriginalText": f"/* Presto View: {base64.b64encode(json.dumps(original).encode()).decode()} */",
            "ViewExpandedText": "/* Presto View */", "StorageDescriptor": {"Columns": [], "SerdeInfo": {}}, "PartitionKeys": [],
        }  # fmt: skip
        try:
            self._glue.create_table(DatabaseName=database, TableInput=given)
        except self._glue.exceptions.AlreadyExistsException:
            if not replace:
                raise QueryFailed(f"ALREADY_EXISTS: View already exists: {database}.{name}") from None
            self._glue.update_table(DatabaseName=database, TableInput=given)

    def _drop_view(self, tokens: Tokens) -> None:
        tokens.expect("DROP", "VIEW")
        quiet = tokens.accept("IF", "EXISTS")
        database, name = tokens.qualified(self._database)
        try:
            self._glue.delete_table(DatabaseName=database, Name=name)
        except self._glue.exceptions.EntityNotFoundException:
            if not quiet:
                raise QueryFailed(f"TABLE_NOT_FOUND: View '{database}.{name}' does not exist") from None

    def _show_tables(self, tokens: Tokens, views: bool = False) -> Answer:
        _ = tokens.accept("SHOW", "TABLES") or tokens.accept("SHOW", "VIEWS")
        database = tokens.name() if tokens.accept("IN") or tokens.accept("FROM") else self._database
        tables = self._tables(database)
        names = sorted(t["Name"] for t in tables if not views or t.get("TableType") == "VIRTUAL_VIEW")
        return _lines("tab_name" if not views else "views", _like(tokens, names))

    def _show_views(self, tokens: Tokens) -> Answer:
        return self._show_tables(tokens, views=True)

    def _show_columns(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "COLUMNS")
        _ = tokens.accept("IN") or tokens.accept("FROM")
        database, name = tokens.qualified(self._database)
        if tokens.accept("IN") or tokens.accept("FROM"):
            database = tokens.name()
        return _lines("field", [f"{column:<20}" for column, _ in self._table(database, name).columns])

    def _describe(self, tokens: Tokens) -> Answer:
        _ = tokens.accept("DESCRIBE") or tokens.accept("DESC")
        if tokens.accept("EXTENDED") or tokens.accept("FORMATTED"):
            raise CannotTranslate("DESCRIBE EXTENDED and FORMATTED")
        table = self._table(*tokens.qualified(self._database))
        shown = [_described(column, kind) for column, kind in table.columns]
        if table.keys:
            shown += [
                "\t \t ",
                "# Partition Information\t \t ",
                f"{'# col_name':<20}\t{'data_type':<20}\t{'comment':<20}",
                "\t \t ",
            ]
            shown += [_described(column, kind) for column, kind in table.keys]
        columns = [Column(name, "string") for name in ("col_name", "data_type", "comment")]
        return columns, iter([[line] for line in shown])

    def _show_create_table(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "CREATE", "TABLE")
        return _lines("createtab_stmt", show_create_table(self._table(*tokens.qualified(self._database))))

    def _show_create_view(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "CREATE", "VIEW")
        database, name = tokens.qualified(self._database)
        view = self._table(database, name).view
        if view is None:
            raise QueryFailed(f"NOT_SUPPORTED: Relation '{database}.{name}' is a table, not a view")
        return _lines("Create View", [f"CREATE VIEW {database}.{name} AS", *view.splitlines()])

    def _show_tblproperties(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "TBLPROPERTIES")
        table = self._table(*tokens.qualified(self._database))
        return _lines("prpt_name", [f"{key}\t{value}" for key, value in sorted(table.parameters.items())])

    # -- partitions ---------------------------------------------------------------------------------------------

    def _alter_table(self, tokens: Tokens) -> None:
        tokens.expect("ALTER", "TABLE")
        table = self._table(*tokens.qualified(self._database))
        target = {"DatabaseName": table.database, "TableName": table.name}
        if tokens.accept("ADD"):
            quiet = tokens.accept("IF", "NOT", "EXISTS")
            if not tokens.peek().upper() == "PARTITION":
                raise CannotTranslate("ALTER TABLE ADD COLUMNS")
            while tokens.accept("PARTITION"):
                values = self._partition_values(tokens, table)
                location = tokens.string() if tokens.accept("LOCATION") else _partition_location(table, values)
                self._create_partition(table, values, location, quiet)
        elif tokens.accept("DROP"):
            quiet = tokens.accept("IF", "EXISTS")
            while tokens.accept("PARTITION"):
                values = self._partition_values(tokens, table)
                if self._partition(table, values) is None and not quiet:
                    raise QueryFailed(
                        f"FAILED: SemanticException [Error 10006]: Partition not found ({_spec(table, values)})"
                    )
                if self._partition(table, values) is not None:
                    self._glue.delete_partition(**target, PartitionValues=values)
                tokens.accept(",")
        elif tokens.accept("PARTITION"):
            values = self._partition_values(tokens, table)
            tokens.expect("SET", "LOCATION")
            found = self._partition(table, values)
            if found is None:
                raise QueryFailed(
                    f"FAILED: SemanticException [Error 10006]: Partition not found ({_spec(table, values)})"
                )
            storage = {**found["StorageDescriptor"], "Location": tokens.string()}
            changed = {"Values": values, "StorageDescriptor": storage, "Parameters": found.get("Parameters", {})}
            self._glue.update_partition(**target, PartitionValueList=values, PartitionInput=changed)
        else:
            keys = ("Name", "Description", "Owner", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
            given = {key: table.glue[key] for key in keys if table.glue.get(key) not in (None, "")}
            if tokens.accept("SET", "LOCATION"):
                given["StorageDescriptor"] = {**given["StorageDescriptor"], "Location": tokens.string()}
            elif tokens.accept("SET", "TBLPROPERTIES"):
                given["Parameters"] = {**given.get("Parameters", {}), **tokens.properties()}
            else:
                raise CannotTranslate("this ALTER TABLE")
            self._glue.update_table(DatabaseName=table.database, TableInput=given)

    def _msck(self, tokens: Tokens) -> Answer:
        tokens.expect("MSCK", "REPAIR", "TABLE")
        table = self._table(*tokens.qualified(self._database))
        if "TableType" not in table.glue:
            raise ddl_failed("java.lang.NullPointerException: Name is null")
        known = {tuple(item["Values"]) for item in self._catalog.raw_partitions(table.database, table.name)}
        found: dict[tuple[str, ...], None] = {}
        root = f"{table.location.rstrip('/')}/"
        for item in list_objects(self._s3, table.location):
            folders = item.uri.removeprefix(root.replace("s3a://", "s3://")).split("/")[:-1][: len(table.keys)]
            pairs = [folder.partition("=") for folder in folders]
            if [pair[0].lower() for pair in pairs] == [key for key, _ in table.keys]:
                found[tuple(unquote(pair[2]) for pair in pairs)] = None
        shown = []
        for values in found:
            if values not in known:
                self._create_partition(table, list(values), _partition_location(table, list(values)), quiet=True)
                shown.append(f"{table.name}:{_spec(table, list(values))}")
        if not shown:
            return [], iter(())
        lines = [f"Partitions not in metastore:\t{chr(9).join(shown)}"]
        return _lines("result", lines + [f"Repair: Added partition to metastore {each}" for each in shown])

    def _show_partitions(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "PARTITIONS")
        table = self._table(*tokens.qualified(self._database))
        if not table.keys:
            raise ddl_failed(f"Table {table.name} is not a partitioned table")
        specs = sorted(
            _spec(table, item["Values"]) for item in self._catalog.raw_partitions(table.database, table.name)
        )
        return _lines("partition", specs)

    # -- shared -------------------------------------------------------------------------------------------------

    def _table(self, database: str, name: str) -> Table:
        try:
            return self._catalog.table(database, name)
        except QueryFailed as error:
            if error.message.startswith(("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND")):
                raise QueryFailed(f"FAILED: SemanticException [Error 10001]: Table not found {name}") from error
            if error.message.startswith("Insufficient permissions"):
                raise ddl_failed("null") from error
            raise

    def _tables(self, database: str) -> list[dict[str, Any]]:
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        return [item for page in pages for item in page["TableList"]]

    def _partition(self, table: Table, values: list[str]) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._glue.get_partition(
                DatabaseName=table.database, TableName=table.name, PartitionValues=values
            )["Partition"]
        except self._glue.exceptions.EntityNotFoundException:
            return None
        return found

    def _create_partition(self, table: Table, values: list[str], location: str, quiet: bool) -> None:
        if not is_s3_uri(location):
            raise ddl_failed(f"MetaException(message:Path is not a valid S3 location: {location})")
        given = {"Values": values, "StorageDescriptor": {**storage_of(table), "Location": location}, "Parameters": {}}
        try:
            self._glue.create_partition(DatabaseName=table.database, TableName=table.name, PartitionInput=given)
        except self._glue.exceptions.AlreadyExistsException:
            if not quiet:
                raise ddl_failed("AlreadyExistsException(message:Partition already exists.)") from None

    def _partition_values(self, tokens: Tokens, table: Table) -> list[str]:
        given = {}
        tokens.expect("(")
        while True:
            key = tokens.name()
            tokens.expect("=")
            given[key] = tokens.value()
            if tokens.accept(")"):
                break
            tokens.expect(",")
        if set(given) != {key for key, _ in table.keys}:
            raise QueryFailed(
                f"FAILED: SemanticException Partition spec {given} contains non-partition columns or misses some"
            )
        return [given[key] for key, _ in table.keys]


def _partition_location(table: Table, values: list[str]) -> str:
    return f"{table.location.rstrip('/')}/{_spec(table, values)}/"


def _spec(table: Table, values: list[str]) -> str:
    return "/".join(
        f"{key}={quote(value, safe=' -_.~!*()@+,;&$')}" for (key, _), value in zip(table.keys, values, strict=True)
    )


def _described(column: str, kind: Type) -> str:
    return f"{column:<20}\t{kind.hive():<20}\t{'':<20}"


def _lines(column: str, lines: list[str]) -> Answer:
    return [Column(column, "string")], iter([[line] for line in lines])


def _like(tokens: Tokens, names: list[str]) -> list[str]:
    """`[LIKE] 'pattern'`: a regular expression in which `*` stands for any characters."""
    if tokens.ended:
        return names
    tokens.accept("LIKE")
    pattern = tokens.string().replace(".*", "*").replace("*", ".*")
    return [name for name in names if re.fullmatch(pattern, name)]
