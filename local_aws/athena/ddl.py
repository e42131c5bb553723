"""DDL: statements that change or show the Glue catalog. Answers are rows of text."""

import contextlib
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from local_aws.athena.catalog import DEFAULT_DATABASE
from local_aws.athena.create_table import default_comment, parse_create_table, show_create_table
from local_aws.athena.errors import CannotTranslate, InvalidRequest, QueryFailed, ddl_failed
from local_aws.athena.partition_ddl import Answer, lines, need_type, no_database
from local_aws.athena.show_patterns import like, like_in_java
from local_aws.athena.statements import Statement, Tokens
from local_aws.athena.types import parse_hive
from local_aws.athena.view_ddl import ViewDdl, describe_view, described_table


class Ddl(ViewDdl):
    """Runs one DDL statement in a database."""

    def execute(self, statement: Statement) -> Answer:
        """Run it; a refused Glue call is as opaque as Athena makes it."""
        runner: Callable[[Tokens], Answer | None] | None = getattr(self, f"_{statement.kind.lower()}", None)
        if runner is None:
            raise CannotTranslate(f"{statement.substatement.replace('_', ' ')} statements")
        tokens = Tokens(statement.sql, statement.hive)
        try:
            self._look_up_default_database()
            answer = runner(tokens)
            tokens.end()
        except InvalidRequest as error:
            raise (QueryFailed(f"FAILED: ParseException {error}") if statement.hive else error) from error
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code in ("AccessDeniedException", "AccessDenied"):
                raise ddl_failed("null") from error
            raise ddl_failed(f"{code}(message:{message})") from error
        except ParamValidationError as error:
            raise _refused_text(error) from error
        return answer or ([], iter(()))

    def _look_up_default_database(self) -> None:
        """Before any DDL Athena looks the default database up, with its caller's rights; it needn't be there.

        https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
        """
        with contextlib.suppress(self._glue.exceptions.EntityNotFoundException):
            self._glue.get_database(Name=DEFAULT_DATABASE)

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

    def _alter_database(self, tokens: Tokens) -> None:
        _ = tokens.accept("ALTER", "DATABASE") or tokens.accept("ALTER", "SCHEMA")
        name = tokens.name()
        tokens.expect("SET", "DBPROPERTIES")
        properties = tokens.properties()
        tokens.end()
        try:
            found = self._glue.get_database(Name=name)["Database"]
        except self._glue.exceptions.EntityNotFoundException:
            raise QueryFailed(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}") from None
        kept = {key: found[key] for key in ("Name", "Description", "LocationUri") if found.get(key)}
        changed = {**kept, "Parameters": {**(found.get("Parameters") or {}), **properties}}
        self._glue.update_database(Name=name, DatabaseInput=changed)

    def _drop_database(self, tokens: Tokens) -> None:
        _ = tokens.accept("DROP", "DATABASE") or tokens.accept("DROP", "SCHEMA")
        quiet = tokens.accept("IF", "EXISTS")
        name = tokens.name()
        cascade = tokens.accept("CASCADE")
        _ = cascade or tokens.accept("RESTRICT")
        tokens.end()
        if not self._catalog.has_database(name):
            if quiet:
                return
            raise no_database(name)
        if not cascade and self._tables(name):
            raise ddl_failed(
                f"InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)"
            )
        self._glue.delete_database(Name=name)

    def _show_databases(self, tokens: Tokens) -> Answer:
        _ = tokens.accept("SHOW", "DATABASES") or tokens.accept("SHOW", "SCHEMAS")
        pages = self._glue.get_paginator("get_databases").paginate()
        names = sorted(item["Name"] for page in pages for item in page["DatabaseList"])
        return lines("database_name", like_in_java(tokens, names))

    # -- tables -------------------------------------------------------------------------------------------------

    def _create_table(self, tokens: Tokens) -> None:
        database, quiet, given = parse_create_table(tokens, self._database)
        if not self._catalog.has_database(database):
            raise no_database(database)
        try:
            self._glue.create_table(DatabaseName=database, TableInput=given)
        except self._glue.exceptions.AlreadyExistsException:
            if not quiet:
                raise ddl_failed(f"AlreadyExistsException(message:Table {given['Name']} already exists)") from None

    def _drop_table(self, tokens: Tokens) -> None:
        tokens.expect("DROP", "TABLE")
        quiet = tokens.accept("IF", "EXISTS")
        database, name = tokens.qualified(self._database)
        tokens.end()
        try:
            if self._is_view(database, name):
                raise QueryFailed("FAILED: SemanticException [Error 10011]: Cannot drop a view with DROP TABLE")
            self._glue.delete_table(DatabaseName=database, Name=name)
        except self._glue.exceptions.EntityNotFoundException:
            if not quiet:
                raise QueryFailed(
                    f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}"
                ) from None

    def _show_tables(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "TABLES")
        return lines("tab_name", like(tokens, sorted(table["Name"] for table in self._tables_in(tokens))))

    def _show_columns(self, tokens: Tokens) -> Answer:
        table = self._table(*described_table(tokens, self._database))
        if table.view is not None:
            return describe_view(table)
        return lines("field", [f"{column:<20}" for column, _ in table.columns])

    def _describe(self, tokens: Tokens) -> Answer:
        table = self._table(*described_table(tokens, self._database))
        if not tokens.ended:
            raise CannotTranslate("DESCRIBE of a partition or a column")
        if table.view is not None:
            return describe_view(table)
        columns, keys = table.glue["StorageDescriptor"].get("Columns") or [], table.glue.get("PartitionKeys") or []
        comment = default_comment(table)
        shown = [_described(column, comment) for column in columns] + [_described(column) for column in keys]
        if table.keys:
            shown += [
                "\t \t ",
                "# Partition Information\t \t ",
                f"{'# col_name':<22}\t{'data_type':<20}\t{'comment':<20}",
                "\t \t ",
            ]
            shown += [_described(column) for column in keys]
        return lines("col_name,data_type,comment", shown)

    def _show_create_table(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "CREATE", "TABLE")
        table = self._table(*tokens.qualified(self._database))
        if table.view is not None:
            raise CannotTranslate("SHOW CREATE TABLE of a view; there is SHOW CREATE VIEW")
        return lines("createtab_stmt", show_create_table(need_type(table)))

    def _show_tblproperties(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "TBLPROPERTIES")
        table = self._table(*tokens.qualified(self._database))
        shown = sorted(table.parameters.items())
        if tokens.accept("("):
            wanted = tokens.string()
            tokens.expect(")")
            value = table.parameters.get(
                wanted, f"Table {table.database}.{table.name} does not have property: {wanted}"
            )
            return lines("prpt_name,prpt_value", [value])
        return lines("prpt_name,prpt_value", [f"{key}\t{value}" for key, value in shown])


def _refused_text(error: ParamValidationError) -> QueryFailed:
    """What Glue says of a text that is shorter than it may be, which its client tells before it asks."""
    members = re.findall(r"Invalid length for parameter ([\w.\[\]]+)", str(error.kwargs["report"]))
    if not members:
        raise error
    where = ".".join(
        f"{name[:1].lower()}{name[1:]}" for name in re.sub(r"\[(\d+)\]", r".\1", str(members[0])).split(".")
    )
    return ddl_failed(
        f"ValidationException(message:1 validation error detected: Value '' at '{where}' failed to satisfy "
        "constraint: Member must have length greater than or equal to 1)"
    )


def _described(column: dict[str, str], comment: str = "") -> str:
    kind = parse_hive(column.get("Type") or "string").hive()
    return f"{column['Name'].lower():<20}\t{kind:<20}\t{column.get('Comment') or comment:<20}"
