"""DDL about views: statements that Trino reads, and what Athena keeps of them in Glue."""

import base64
import json
import re

from sqlglot import exp

from local_aws.athena.catalog import Table, committing
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.messages import place
from local_aws.athena.parsing import parse
from local_aws.athena.partition_ddl import Answer, PartitionDdl, lines
from local_aws.athena.scopes import names_cte
from local_aws.athena.show_patterns import like
from local_aws.athena.statements import Tokens


class ViewDdl(PartitionDdl):
    """CREATE, DROP and SHOW of views in a database."""

    def _is_view(self, database: str, name: str) -> bool:
        return bool(self._glue.get_table(DatabaseName=database, Name=name)["Table"].get("TableType") == "VIRTUAL_VIEW")

    @committing()
    def _create_view(self, tokens: Tokens) -> None:
        tokens.expect("CREATE")
        replace = tokens.accept("OR", "REPLACE")
        tokens.expect("VIEW")
        database, name = tokens.qualified(self._database)
        tokens.expect("AS")
        sql = tokens.query()
        if replace:
            self._check_recursion(sql, self._database.lower(), (database, name))
        columns = self._describe_query(sql, self._database)
        sql = sql.lstrip()
        names = [column.lower() for column, _, _ in columns]
        for position, column in enumerate(names, 1):
            if re.fullmatch(r"_col\d+", column):
                raise QueryFailed(f"MISSING_COLUMN_NAME: Column name not specified at position {position}")
            if names.count(column) > 1:
                raise QueryFailed(f"DUPLICATE_COLUMN_NAME: Column name '{column}' specified more than once")
        original = {
            "originalSql": sql, "catalog": "awsdatacatalog", "schema": self._database,
            "columns": [{"name": column, "type": trino} for column, (_, _, trino) in zip(names, columns, strict=True)],
        }  # fmt: skip
        listed = [{"Name": column, "Type": hive} for column, (_, hive, _) in zip(names, columns, strict=True)]
        given = {
            "Name": name, "TableType": "VIRTUAL_VIEW", "Parameters": {"presto_view": "true", "comment": "Presto View"},
            "ViewOriginalText": f"/* Presto View: {base64.b64encode(json.dumps(original).encode()).decode()} */",
            "ViewExpandedText": "/* Presto View */", "StorageDescriptor": {"Columns": listed, "SerdeInfo": {}}, "PartitionKeys": [],  # noqa: E501
        }  # fmt: skip
        try:
            self._glue.create_table(DatabaseName=database, TableInput=given)
        except self._glue.exceptions.AlreadyExistsException:
            if self._catalog.table(database, name, checked=False).glue.get("TableType") != "VIRTUAL_VIEW":
                raise QueryFailed(f"TABLE_ALREADY_EXISTS: Table already exists: '{database}.{name}'") from None
            if not replace:
                raise QueryFailed(f"ALREADY_EXISTS: View already exists: {database}.{name}") from None
            self._glue.update_table(DatabaseName=database, TableInput=given)
        except self._glue.exceptions.EntityNotFoundException:
            raise QueryFailed(f"SCHEMA_NOT_FOUND: Schema {database} not found") from None

    @committing()
    def _drop_view(self, tokens: Tokens) -> None:
        tokens.expect("DROP", "VIEW")
        quiet = tokens.accept("IF", "EXISTS")
        database, name = tokens.qualified(self._database)
        tokens.end()
        try:
            if not self._is_view(database, name):
                raise QueryFailed(
                    f"TABLE_NOT_FOUND: View '{database}.{name}' does not exist, but a table with that name does"
                )
            self._glue.delete_table(DatabaseName=database, Name=name)
        except self._glue.exceptions.EntityNotFoundException:
            if not quiet:
                raise QueryFailed(f"TABLE_NOT_FOUND: View '{database}.{name}' does not exist") from None

    def _show_views(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "VIEWS")
        found = [table["Name"] for table in self._tables_in(tokens) if table.get("TableType") == "VIRTUAL_VIEW"]
        return lines("views", like(tokens, sorted(found)), "varchar")

    def _show_create_view(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "CREATE", "VIEW")
        database, name = tokens.qualified(self._database)
        view = self._table(database, name).view
        if view is None:
            raise QueryFailed(f"NOT_SUPPORTED: Relation '{database}.{name}' is a table, not a view")
        return lines("create view", [f"CREATE VIEW {database}.{name} AS", *view.splitlines()], "varchar")

    def _check_recursion(
        self, query: str, database: str, replaced: tuple[str, str], over: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        """A view is not replaced by a query over itself, directly or by way of other views.

        https://github.com/trinodb/trino/blob/400/core/trino-main/src/main/java/io/trino/sql/analyzer/StatementAnalyzer.java
        """
        for node in parse(query).find_all(exp.Table):
            if not isinstance(node.this, exp.Identifier) or (not node.db and names_cte(node)):
                continue
            name = (node.db or database).lower(), node.name.lower()
            view = self._find_view(*name)
            if view is None or name in over:
                continue
            if name == replaced:
                raise QueryFailed(f"VIEW_IS_RECURSIVE: {place(node)}Statement would create a recursive view")
            try:
                self._check_recursion(str(view.view), view.view_schema, replaced, over | {name})
            except QueryFailed as error:
                code, _, reason = error.message.partition(": ")
                if code == "INVALID_VIEW":
                    raise
                stored = f"'awsdatacatalog.{view.database}.{view.name}'"
                raise QueryFailed(
                    f"INVALID_VIEW: {place(node)}Failed analyzing stored view {stored}: {reason}"
                ) from error

    def _find_view(self, database: str, name: str) -> Table | None:
        """None for what is no view, or cannot be read: analysing the query tells why."""
        try:
            table = self._catalog.table(database, name, checked=False)
            return table if table.view is not None else None
        except QueryFailed:
            return None


def described_table(tokens: Tokens, database: str) -> tuple[str, str]:
    """(database, table) of `DESCRIBE t` or `SHOW COLUMNS IN t IN db`."""
    if tokens.accept("SHOW", "COLUMNS"):
        if not tokens.accept("IN"):
            tokens.expect("FROM")
        database, name = tokens.qualified(database)
        return (tokens.name() if tokens.accept("IN") or tokens.accept("FROM") else database), name
    _ = tokens.accept("DESCRIBE") or tokens.accept("DESC")
    if tokens.accept("EXTENDED") or tokens.accept("FORMATTED"):
        raise CannotTranslate("DESCRIBE EXTENDED and FORMATTED")
    return tokens.qualified(database)


def describe_view(view: Table) -> Answer:
    """DESCRIBE and SHOW COLUMNS of a view: names and types as its definition has them, in Trino's words."""
    encoded = re.sub(r"^/\* Presto View:|\*/$", "", view.glue["ViewOriginalText"].strip())
    declared = json.loads(base64.b64decode(encoded)).get("columns")
    shown = [(column["name"], column["type"]) for column in declared] if declared else [
        (name, kind.trino()) for name, kind in view.columns
    ]  # fmt: skip
    return lines("column,type", [f"{name}\t{kind}" for name, kind in shown], "varchar")
