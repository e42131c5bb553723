"""What one execution works with: a DuckDB session, copies of objects, and its caller's view of the catalog."""

import contextlib
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from local_aws.athena import computed
from local_aws.athena.catalog import Catalog
from local_aws.athena.errors import Cancelled
from local_aws.athena.parsing import parse
from local_aws.athena.select import Select
from local_aws.athena.storage import Scratch
from local_aws.athena.types import from_duckdb, hive_of_duckdb


class Session:
    """Another thread may cancel it; use it as a context manager to remove its copies."""

    def __init__(self, glue: Any, s3: Any, cutoff: int | None = None) -> None:
        self.catalog = Catalog(glue)
        self.s3 = s3
        self.scanned = 0
        self._cutoff = cutoff
        self.scratch = Scratch(s3)
        self.cancelled = self.scratch.cancelled
        self.connection = _connect()
        self._ended = threading.Event()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self.connection.close()
        self.scratch.__exit__(None, None, None)

    def cancel(self) -> None:
        """End the statement with Cancelled, also in the middle of DuckDB's work."""
        self.cancelled.set()
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        """More than once: DuckDB forgets an interrupt that comes between two of its statements."""
        while not self._ended.is_set():
            with contextlib.suppress(duckdb.ConnectionException):  # closed meanwhile
                self.connection.interrupt()
            self._ended.wait(0.05)

    def select(self, tree: exp.Expr, database: str, printed: bool = False) -> Select:
        """A query made ready; its bytes count as scanned. `printed` if its rows are the statement's answer."""
        select = Select(self.connection, self.scratch, self.catalog, self.s3, database, self._cutoff)
        try:
            select.prepare(tree, printed)
        finally:
            self.scanned += select.scanned
        self.check()
        if select.guarded:
            # What occurs twice would be taken out of the TRY or CASE around it.
            self.connection.execute(f"SET disabled_optimizers = '{_DISABLED},common_subexpressions'")
        return select

    def describe(self, sql: str, database: str) -> list[tuple[str, str, str]]:
        """(name, Glue's type, Trino's type) of each column of a query, without reading any object."""
        select = Select(self.connection, self.scratch, self.catalog, self.s3, database, dry=True)
        select.prepare(parse(sql))
        found = self.connection.execute(f"SELECT * FROM ({select.sql}) LIMIT 0").description
        sizes = select.sizes if len(select.sizes) == len(found) else [""] * len(found)
        return [
            (name, hive_of_duckdb(item[1]), f"{kind}{size}" if (kind := from_duckdb(item[1])) == "varchar" else kind)
            for name, item, size in zip(select.names, found, sizes, strict=True)
        ]

    def wait(self, seconds: float) -> None:
        """Do nothing for so long, unless cancelled."""
        self.cancelled.wait(seconds)

    def check(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled("Query cancelled by user")


_database: list[duckdb.DuckDBPyConnection] = []
_opening = threading.Lock()
# DuckDB 2.0.0 would raise the failure of a branch that is never taken (folding constants), and add to a sum instead of
# to its rows, where no integer overflows.
_DISABLED = "expression_rewriter,aggregate_function_rewriter"
_MACROS = Path(__file__).with_name("macros.sql")


def _connect() -> duckdb.DuckDBPyConnection:
    """A session of the process's one DuckDB database: it holds our macros; tables and views are temporary, so its own."""  # noqa: E501
    with _opening:
        if _database and _is_invalid(_database[0]):
            _database.clear()
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
    session.execute(f"SET disabled_optimizers = '{_DISABLED}'")
    return session


def _is_invalid(database: duckdb.DuckDBPyConnection) -> bool:
    """DuckDB gives up a database in which an internal error happened."""
    try:
        database.execute("SELECT 1")
    except duckdb.FatalException:
        return True
    return False
