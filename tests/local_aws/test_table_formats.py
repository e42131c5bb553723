"""Tables that are no plain files of the SerDe that their metadata name."""

from typing import Any

import pytest

from tests.local_aws.harness import Athena
from tests.local_aws.made_tables import DELIMITED, make_table

_TEXT = "org.apache.hadoop.mapred.TextInputFormat"
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"


def _change(athena: Athena, name: str, parameters: dict[str, str], **storage: Any) -> None:
    """Change a table through Glue."""
    found = athena.glue.get_table(DatabaseName=athena.database, Name=name)["Table"]
    changed = {key: found[key] for key in ("Name", "TableType", "PartitionKeys", "Parameters", "StorageDescriptor")}
    changed["Parameters"] |= parameters
    changed["StorageDescriptor"] |= storage
    athena.glue.update_table(DatabaseName=athena.database, TableInput=changed)


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"table_type": "ICEBERG", "metadata_location": "s3://b/t/metadata/1.json"}, "Iceberg tables"),
        ({"table_type": "DELTA"}, "Delta Lake tables"),
        ({"spark.sql.sources.provider": "delta"}, "Delta Lake tables"),
        ({"spark.sql.sources.provider": "hudi"}, "Hudi tables"),
    ],
)
def test_table_formats(athena: Athena, parameters: dict[str, str], what: str) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg.html, .../delta-lake-tables.html"""
    name = make_table(athena, "a string", {"x": "1\n"}, DELIMITED)
    _change(athena, name, parameters)
    statements = [f"SELECT count(*) FROM {name}", f"INSERT INTO {name} VALUES ('x')"]
    if what.startswith("Iceberg"):
        statements.append(f"SHOW CREATE TABLE {name}")
    for sql in statements:
        assert athena.fails(sql) == f"NOT_SUPPORTED: the local Athena does not translate {what}", sql


@pytest.mark.parametrize(
    "given",
    [
        "org.apache.hudi.hadoop.HoodieParquetInputFormat", "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat",
        "org.apache.hadoop.mapred.SequenceFileInputFormat", "com.foo.Bar", _PARQUET,
    ],
)  # fmt: skip
def test_input_formats(athena: Athena, given: str) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/querying-hudi.html, .../delta-lake-tables.html (symlinks)"""
    name = make_table(athena, "a string", {"x": "1\n"}, DELIMITED)
    _change(athena, name, {}, InputFormat=given)
    for sql in (f"SELECT count(*) FROM {name}", f"INSERT INTO {name} VALUES ('x')"):
        assert athena.fails(sql) == (
            f"NOT_SUPPORTED: the local Athena does not translate the InputFormat {given} (SerDe {_LAZY})"
        ), sql


def test_the_input_format_of_a_partition(athena: Athena) -> None:
    objects: dict[str, bytes | str] = {"p=1/x": "1\n", "p=2/x": "s3://elsewhere/\n"}
    name = make_table(athena, "a string", objects, DELIMITED, partitioned="PARTITIONED BY (p string)")
    athena.run(f"MSCK REPAIR TABLE {name}")
    where = {"DatabaseName": athena.database, "TableName": name}
    found = athena.glue.get_partition(**where, PartitionValues=["2"])["Partition"]
    storage = {**found["StorageDescriptor"], "InputFormat": "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"}
    athena.glue.update_partition(
        **where, PartitionValueList=["2"], PartitionInput={"Values": ["2"], "StorageDescriptor": storage}
    )
    assert athena.run(f"SELECT a FROM {name} WHERE p = '1'").rows == [["1"]]
    assert athena.fails(f"SELECT a FROM {name}").startswith("NOT_SUPPORTED")


@pytest.mark.parametrize("given", ["", _TEXT])
def test_text_without_an_input_format_is_read(athena: Athena, given: str) -> None:
    name = make_table(athena, "a string", {"x": "1\n"}, DELIMITED)
    _change(athena, name, {}, InputFormat=given)
    assert athena.run(f"SELECT a FROM {name}").rows == [["1"]]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (None, "GENERIC_INTERNAL_ERROR: Can not create a Path from an empty string"),
        (
            "hdfs://a/b/",
            "NOT_SUPPORTED: the local Athena does not translate the location hdfs://a/b/, which is not in S3",
        ),
        ("s3://no bucket/b/", "GENERIC_INTERNAL_ERROR: The specified bucket is not valid: s3://no bucket/b/"),
    ],
)
def test_locations_that_are_none(athena: Athena, location: str | None, reason: str) -> None:
    name = f"nowhere_{len(location or '')}"
    storage: dict[str, Any] = {
        "Columns": [{"Name": "a", "Type": "string"}],
        "SerdeInfo": {"SerializationLibrary": _LAZY},
    }
    if location:
        storage["Location"] = location
    table = {"Name": name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}
    athena.glue.create_table(DatabaseName=athena.database, TableInput=table)
    assert athena.fails(f"SELECT a FROM {name}") == reason
