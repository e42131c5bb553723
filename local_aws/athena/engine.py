"""Runs one statement against Glue and S3, whatever kind it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
from botocore.exceptions import ClientError

from local_aws.athena.catalog import DEFAULT_DATABASE, denied
from local_aws.athena.ddl import Ddl
from local_aws.athena.errors import Cancelled, CannotTranslate
from local_aws.athena.failures import duckdb_failure
from local_aws.athena.parsing import parse
from local_aws.athena.results import Column
from local_aws.athena.session import Session
from local_aws.athena.statements import Statement, classify
from local_aws.athena.writing import Writing


@dataclass
class Result:
    """What a statement gave: rows are read once, as the texts Athena prints."""

    columns: list[Column] = field(default_factory=list)
    rows: Iterator[list[str | None]] = field(default_factory=lambda: iter(()))
    update_count: int | None = None
    written: list[str] = field(default_factory=list)


class Run(Session):
    """One execution."""

    def execute(self, sql: str, database: str = DEFAULT_DATABASE, results: str | None = None) -> Result:
        """Run one statement; `results` is where CREATE TABLE AS puts its data if the statement does not say."""
        statement = classify(sql)
        try:
            return self._execute(statement, database, results)
        except ClientError as error:
            raise denied(error) from error
        except duckdb.Error as error:
            raise (
                Cancelled("Query cancelled by user") if self.cancelled.is_set() else duckdb_failure(error)
            ) from error

    def _execute(self, statement: Statement, database: str, results: str | None) -> Result:
        if statement.kind in ("SELECT", "EXPLAIN"):
            if statement.kind == "EXPLAIN":
                raise CannotTranslate("EXPLAIN")
            select = self.select(parse(statement.sql), database, printed=True)
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

    def _checked(self, rows: Iterator[list[str | None]]) -> Iterator[list[str | None]]:
        try:
            for row in rows:
                if self.cancelled.is_set():
                    raise Cancelled("Query cancelled by user")
                yield row
        except duckdb.Error as error:
            raise (
                Cancelled("Query cancelled by user") if self.cancelled.is_set() else duckdb_failure(error)
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
