"""Runs one statement against Glue and S3, whatever kind it is."""

import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from botocore.exceptions import ClientError
from sqlglot import exp

from local_aws.athena import computed
from local_aws.athena.catalog import DEFAULT_DATABASE, Catalog, denied
from local_aws.athena.ddl import Ddl
from local_aws.athena.errors import Cancelled, CannotTranslate
from local_aws.athena.failures import duckdb_failure
from local_aws.athena.parsing import parse
from local_aws.athena.results import Column
from local_aws.athena.select import Select
from local_aws.athena.statements import Statement, classify
from local_aws.athena.storage import Scratch
from local_aws.athena.types import from_duckdb, hive_of_duckdb
from local_aws.athena.writing import Writing


@dataclass
class Result:
    """What a statement gave: rows are read once, as the texts Athena prints."""

    columns: list[Column] = field(default_factory=list)
    rows: Iterator[list[str | None]] = field(default_factory=lambda: iter(()))
    update_count: int | None = None
    written: list[str] = field(default_factory=list)


class Run:
    """One execution, which another thread may cancel; use it as a context manager to remove its copies."""

    def __init__(self, glue: Any, s3: Any, cutoff: int | None = None) -> None:
        self.catalog = Catalog(glue)
        self.s3 = s3
        self.scanned = 0
        self._cutoff = cutoff
        self.scratch = Scratch(s3)
        self._cancelled = self.scratch.cancelled
        self.connection = _connect()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *exception: object) -> None:
        self.connection.close()
        self.scratch.__exit__(None, None, None)

    def cancel(self) -> None:
        """End the statement with Cancelled, also in the middle of DuckDB's work."""
        self._cancelled.set()
        self.connection.interrupt()

    def execute(self, sql: str, database: str = DEFAULT_DATABASE, results: str | None = None) -> Result:
        """Run one statement; `results` is where CREATE TABLE AS puts its data if the statement does not say."""
        statement = classify(sql)
        try:
            return self._execute(statement, database, results)
        except ClientError as error:
            raise denied(error) from error
        except duckdb.Error as error:
            raise (
                Cancelled("Query cancelled by user") if self._cancelled.is_set() else duckdb_failure(error)
            ) from error

    def _execute(self, statement: Statement, database: str, results: str | None) -> Result:
        if statement.kind in ("SELECT", "EXPLAIN"):
            if statement.kind == "EXPLAIN":
                raise CannotTranslate("EXPLAIN")
            select = self.select(parse(statement.sql), database)
            columns, rows = select.rows()
            return Result(columns, self._checked(rows))
        if statement.writes_data:
            written, count = Writing(self, database, results).execute(statement)
            return Result(
                columns=[Column("rows", "bigint")], rows=iter([[str(count)]]), update_count=count, written=written
            )
        if statement.kind in ("PREPARE", "DEALLOCATE"):
            return Result()  # done when the query was submitted
        columns, lines = Ddl(self.catalog, self.s3, database, self.describe).execute(statement)
        return Result(columns, iter(lines))

    def select(self, tree: exp.Expr, database: str) -> Select:
        """A query made ready; its bytes count as scanned."""
        select = Select(self.connection, self.scratch, self.catalog, self.s3, database, self._cutoff)
        try:
            select.prepare(tree)
        finally:
            self.scanned += select.scanned
        self.check()
        return select

    def describe(self, sql: str, database: str) -> list[tuple[str, str, str]]:
        """(name, Glue's type, Trino's type) of each column of a query, without reading any object."""
        select = Select(self.connection, self.scratch, self.catalog, self.s3, database, dry=True)
        select.prepare(parse(sql))
        found = self.connection.execute(f"SELECT * FROM ({select.sql}) LIMIT 0").description
        return [
            (name, hive_of_duckdb(item[1]), from_duckdb(item[1]))
            for name, item in zip(select.names, found, strict=True)
        ]

    def wait(self, seconds: float) -> None:
        """Do nothing for so long, unless cancelled."""
        self._cancelled.wait(seconds)

    def check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled("Query cancelled by user")

    def _checked(self, rows: Iterator[list[str | None]]) -> Iterator[list[str | None]]:
        try:
            for row in rows:
                if self._cancelled.is_set():
                    raise Cancelled("Query cancelled by user")
                yield row
        except duckdb.Error as error:
            raise (
                Cancelled("Query cancelled by user") if self._cancelled.is_set() else duckdb_failure(error)
            ) from error


class Engine:
    """Statements one after the other, for scripts and tests: `Engine(glue, s3).run("SELECT 1")`."""

    def __init__(self, glue: Any, s3: Any) -> None:
        self._glue, self._s3 = glue, s3

    def run(self, sql: str, database: str = DEFAULT_DATABASE, results: str | None = None) -> Result:
        """Run one statement to its end; raises QueryFailed."""
        with Run(self._glue, self._s3) as run:
            result = run.execute(sql, database, results)
            result.rows = iter(list(result.rows))
            return result


_database: list[duckdb.DuckDBPyConnection] = []
_opening = threading.Lock()
_MACROS = Path(__file__).with_name("macros.sql")


def _connect() -> duckdb.DuckDBPyConnection:
    """A session of the process's one DuckDB database: it holds our macros; tables and views are temporary, so its own."""  # noqa: E501
    with _opening:
        if not _database:
            settings: dict[str, Any] = {
                "threads": os.cpu_count() or 2,
                "memory_limit": "2GB",
                "temp_directory": tempfile.gettempdir(),
            }
            shared = duckdb.connect(config=settings)
            shared.execute(
                "SET GLOBAL autoinstall_known_extensions = false; SET GLOBAL autoload_known_extensions = false"
            )
            computed.register(shared)
            shared.execute(_MACROS.read_text())
            _database.append(shared)
    session = _database[0].cursor()
    session.execute("SET TimeZone = 'UTC'")
    # Folding constants would raise the failure of a branch that is never taken (DuckDB 2.0.0).
    session.execute("SET disabled_optimizers = 'expression_rewriter'")
    return session
