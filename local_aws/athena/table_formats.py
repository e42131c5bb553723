"""What a table's metadata say about its files besides the SerDe: table formats of their own, and Hadoop's InputFormat.

https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg.html, .../delta-lake-tables.html, .../querying-hudi.html
"""

from local_aws.athena.errors import CannotTranslate

_TEXT = "org.apache.hadoop.mapred.TextInputFormat"
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_FORMATS = {"iceberg": "Iceberg", "delta": "Delta Lake", "hudi": "Hudi"}


def refuse_table_formats(parameters: dict[str, str], only_iceberg: bool = False) -> None:
    """Tables whose files are listed by a log or by manifests of their own; DDL differs for Iceberg only."""
    for name in ("table_type", "spark.sql.sources.provider"):
        given = parameters.get(name, "").lower()
        if given == "iceberg" or (given in _FORMATS and not only_iceberg):
            raise CannotTranslate(f"{_FORMATS[given]} tables")


def refuse_input_format(input_format: str, serde: str) -> None:
    """Only text and Parquet are read; of Parquet the SerDe decides, whatever text's InputFormat may stand beside it."""
    known = (_TEXT, _PARQUET) if serde.endswith(".ParquetHiveSerDe") else (_TEXT,)
    if input_format and input_format not in known:
        raise CannotTranslate(f"the InputFormat {input_format} (SerDe {serde or 'none'})")
