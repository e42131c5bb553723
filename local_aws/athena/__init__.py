"""A local Athena: Glue's tables over S3's objects, read by DuckDB, spoken to in Athena's SQL.

It imports nothing of an emulator and reaches Glue and S3 through boto3 clients:

    engine = Engine(boto3.client("glue"), boto3.client("s3"))
    result = engine.run("SELECT count(*) FROM logs WHERE year = '2025'", database="usage_archive")
    result.columns, list(result.rows)     # [Column("_col0", "bigint")], [["42"]]
"""

from local_aws.athena.engine import Engine
from local_aws.athena.errors import QueryFailed

__all__ = ["Engine", "QueryFailed"]
