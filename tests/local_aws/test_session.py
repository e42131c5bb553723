"""What one query does to the DuckDB database that all share."""

import os
import subprocess

from tests.local_aws.harness import REPOSITORY

# DuckDB 2.0.0 gives up a whole database when a member of a row doesn't fit.
_FATAL = "CREATE TEMP TABLE r AS SELECT {'y': 1, 'x': 'q'} AS s; SELECT CAST(s AS STRUCT(x INTEGER, y VARCHAR)) FROM r"
_SCRIPT = f'''
import duckdb
from local_aws.athena.session import _connect

try:
    _connect().execute("""{_FATAL}""").fetchall()
except duckdb.InternalException:
    print("given up")
print(_connect().execute("SELECT trino_lower('A')").fetchall())
'''


def test_a_database_that_duckdb_gave_up_is_replaced() -> None:
    python = os.environ.get("LOCAL_AWS_PYTHON") or str(REPOSITORY / ".venv-aws/bin/python")
    done = subprocess.run([python, "-c", _SCRIPT], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.stdout == "given up\n[('a',)]\n", done.stderr
