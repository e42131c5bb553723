"""What Glue keeps of the tables that Athena makes and changes, and how SHOW CREATE TABLE prints them."""

import io
import time
import uuid
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.local_aws.harness import Athena
from tests.local_aws.made_tables import DELIMITED, OPENX

DDL_TASK = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
STORED = [
    "STORED AS INPUTFORMAT ",
    "  'org.apache.hadoop.mapred.TextInputFormat' ",
    "OUTPUTFORMAT ",
    "  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'",
    "LOCATION",
]


def _name() -> str:
    return f"k_{uuid.uuid4().hex[:8]}"


def _make(athena: Athena, clauses: str = "", columns: str = "a int, b string", more: str = "") -> str:
    name = _name()
    place = f"LOCATION 's3://{athena.bucket}/{name}/'"
    athena.run(f"CREATE EXTERNAL TABLE {name} ({columns}) {clauses} {place} {more}")
    return name


def _kept(athena: Athena, name: str) -> dict[str, Any]:
    found: dict[str, Any] = athena.glue.get_table(DatabaseName=athena.database, Name=name)["Table"]
    return found


def _shown(athena: Athena, name: str) -> list[str]:
    return [str(row[0]) for row in athena.run(f"SHOW CREATE TABLE {name}").rows]


# How Athena prints tables is seen in what people keep of its answers in public repositories.


def test_delimited_text_is_shown_by_its_delimiters(athena: Athena) -> None:
    name = _make(athena, DELIMITED, more="TBLPROPERTIES ('skip.header.line.count' = '1')")
    since = _kept(athena, name)["Parameters"]["transient_lastDdlTime"]
    assert _shown(athena, name) == [
        f"CREATE EXTERNAL TABLE `{name}`(",
        "  `a` int, ",
        "  `b` string)",
        "ROW FORMAT DELIMITED ",
        "  FIELDS TERMINATED BY ',' ",
        *STORED,
        f"  's3://{athena.bucket}/{name}/'",
        "TBLPROPERTIES (",
        "  'skip.header.line.count'='1', ",
        f"  'transient_lastDdlTime'='{since}')",
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"FIELDS TERMINATED BY '\t'", [r"  FIELDS TERMINATED BY '\t' "]),
        ("FIELDS TERMINATED BY '|'", ["  FIELDS TERMINATED BY '|' "]),
        ("FIELDS TERMINATED BY ';'", [r"  FIELDS TERMINATED BY '\;' "]),
        (
            r"FIELDS TERMINATED BY ',' COLLECTION ITEMS TERMINATED BY '_' MAP KEYS TERMINATED BY ':' "
            r"LINES TERMINATED BY '\n'",
            [
                "  FIELDS TERMINATED BY ',' ",
                "  COLLECTION ITEMS TERMINATED BY '_' ",
                "  MAP KEYS TERMINATED BY ':' ",
                r"  LINES TERMINATED BY '\n' ",
            ],
        ),
    ],
)
def test_delimiters(athena: Athena, written: str, shown: list[str]) -> None:
    lines = _shown(athena, _make(athena, f"ROW FORMAT DELIMITED {written}"))
    assert lines[3 : lines.index(STORED[0])] == ["ROW FORMAT DELIMITED ", *shown]


def test_a_crawled_table_of_delimited_text(athena: Athena) -> None:
    """A crawler keeps `field.delim` alone."""
    name = _name()
    files = [line.strip(" '") for line in STORED[1:4:2]]
    serde = {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {"field.delim": ";"},
    }
    storage = {
        "Columns": [{"Name": "a", "Type": "string"}], "Location": f"s3://{athena.bucket}/{name}/",
        "InputFormat": files[0], "OutputFormat": files[1], "SerdeInfo": serde,
    }  # fmt: skip
    table = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": storage,
        "Parameters": {"delimiter": ";"},
    }
    athena.glue.create_table(DatabaseName=athena.database, TableInput=table)
    lines = _shown(athena, name)
    assert lines[1:4] == ["  `a` string)", "ROW FORMAT DELIMITED ", r"  FIELDS TERMINATED BY '\;' "]
    assert lines[-2:] == ["TBLPROPERTIES (", r"  'delimiter'='\;')"]


def test_what_the_delimiters_do_not_tell_is_shown_as_properties(athena: Athena) -> None:
    lines = _shown(athena, _make(athena, DELIMITED + r" ESCAPED BY '\\' LINES TERMINATED BY '\n' NULL DEFINED AS ''"))
    assert lines[3:9] == [
        "ROW FORMAT DELIMITED ",
        "  FIELDS TERMINATED BY ',' ",
        r"  LINES TERMINATED BY '\n' ",
        "  NULL DEFINED AS '' ",
        "WITH SERDEPROPERTIES ( ",
        r"  'escape.delim'='\\') ",
    ]
    assert lines[9] == STORED[0]


def test_letters_beyond_ascii(athena: Athena) -> None:
    lines = _shown(athena, _make(athena, r"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\u001f'", "a int COMMENT 'é;\"'"))
    assert (lines[1], lines[3]) == ("  `a` int COMMENT 'é\\;\"')", r"  FIELDS TERMINATED BY '\u001F' ")
    assert r"  'k'='\u00E9', " in _shown(athena, _make(athena, more="TBLPROPERTIES ('k' = 'é')"))


@pytest.mark.parametrize("clauses", ["", "STORED AS PARQUET"])
def test_a_serde_without_properties_of_its_own(athena: Athena, clauses: str) -> None:
    lines = _shown(athena, _make(athena, clauses))
    assert lines[1:3] == ["  `a` int, ", "  `b` string)"]
    assert lines[3] == "ROW FORMAT SERDE "
    assert lines[5] == STORED[0]


def test_json_declares_its_columns(athena: Athena) -> None:
    lines = _shown(athena, _make(athena, OPENX))
    assert lines[1:3] == ["  `a` int COMMENT 'from deserializer', ", "  `b` string COMMENT 'from deserializer')"]
    assert lines[4:6] == ["  'org.openx.data.jsonserde.JsonSerDe' ", STORED[0]]


def test_quotes_in_properties(athena: Athena) -> None:
    csv = (
        "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES "
        r"('separatorChar' = ',', 'quoteChar' = '\"', 'escapeChar' = '\\')"
    )
    lines = _shown(athena, _make(athena, csv, more="""TBLPROPERTIES ('k' = '{"type":"x"}')"""))
    assert lines[3:9] == [
        "ROW FORMAT SERDE ",
        "  'org.apache.hadoop.hive.serde2.OpenCSVSerde' ",
        "WITH SERDEPROPERTIES ( ",
        r"  'escapeChar'='\\', ",
        r"  'quoteChar'='\"', ",
        "  'separatorChar'=',') ",
    ]
    assert lines[9] == STORED[0]
    assert r"  'k'='{\"type\":\"x\"}', " in lines


def test_what_is_shown_can_be_run(athena: Athena) -> None:
    name = _make(athena, r"ROW FORMAT DELIMITED FIELDS TERMINATED BY ';'", more="""TBLPROPERTIES ('k' = '"x";')""")
    lines, kept = _shown(athena, name), _kept(athena, name)
    athena.run(f"DROP TABLE {name}")
    athena.run("\n".join(lines))
    again = _kept(athena, name)
    assert (again["StorageDescriptor"], again["Parameters"]) == (kept["StorageDescriptor"], kept["Parameters"])


@pytest.mark.parametrize(
    "change",
    ["SET TBLPROPERTIES ('k' = 'v')", "ADD COLUMNS (c int)", "REPLACE COLUMNS (c int)", "SET LOCATION 's3://{}/else/'"],
)
def test_a_change_tells_who_made_it_and_when(athena: Athena, change: str) -> None:
    name = _make(athena, more="TBLPROPERTIES ('transient_lastDdlTime' = '1', 'x' = 'y')")
    before = int(time.time())
    athena.run(f"ALTER TABLE {name} {change.format(athena.bucket)}")
    parameters = _kept(athena, name)["Parameters"]
    assert (parameters["last_modified_by"], parameters["x"]) == ("hadoop", "y")
    assert before <= int(parameters["last_modified_time"]) <= time.time()
    assert parameters["transient_lastDdlTime"] == parameters["last_modified_time"]


def test_a_new_table_has_an_owner(athena: Athena) -> None:
    kept = _kept(athena, _make(athena))
    assert kept["Owner"] == "hadoop"
    assert kept["StorageDescriptor"]["SkewedInfo"] == {
        "SkewedColumnNames": [], "SkewedColumnValues": [], "SkewedColumnValueLocationMaps": {},
    }  # fmt: skip


WRITTEN = {
    "EXTERNAL": "TRUE", "auto.purge": "false", "has_encrypted_data": "false", "numFiles": "-1", "totalSize": "-1",
    "transactional": "false",
}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "compression"),
    [
        ("", {"parquet.compression": "GZIP"}),
        ("WITH (write_compression = 'snappy')", {"parquet.compression": "SNAPPY"}),
        ("WITH (format = 'PARQUET', parquet_compression = 'ZSTD')", {"parquet.compression": "ZSTD"}),
        ("WITH (format = 'JSON')", {}),
    ],
)
def test_the_parameters_of_a_table_that_a_query_makes(
    athena: Athena, options: str, compression: dict[str, str]
) -> None:
    name = _name()
    athena.run(f"CREATE TABLE {name} {options} AS SELECT 1 AS a")
    assert _kept(athena, name)["Parameters"] == {**WRITTEN, **compression}
    assert athena.run(f"SELECT a FROM {name}").rows == [["1"]]


def test_rows_are_added_in_the_compression_of_the_table(athena: Athena) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html"""
    name = _name()
    athena.run(f"CREATE TABLE {name} WITH (write_compression = 'SNAPPY') AS SELECT 1 AS a")
    athena.run(f"INSERT INTO {name} SELECT 2")
    bucket, _, folder = _kept(athena, name)["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
    keys = [item["Key"] for item in athena.s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]]
    bodies = [athena.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    files = [pq.ParquetFile(io.BytesIO(body)) for body in bodies]
    assert [file.metadata.row_group(0).column(0).compression for file in files] == ["SNAPPY", "SNAPPY"]


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ("struct<`c-d`:string>", "Error: : expected at the position 8 of 'struct<c-d:string>' but '-' is found."),
        ("struct<`c d`:string>", "Error: : expected at the position 8 of 'struct<c d:string>' but ' ' is found."),
        ("struct<`$oid`:string>", "Error: name expected at the position 7 of 'struct<$oid:string>' but '$' is found."),
        (
            "array<struct<a:int,`b c`:struct<d:int>>>",
            "Error: : expected at the position 20 of 'array<struct<a:int,b c:struct<d:int>>>' but ' ' is found.",
        ),
    ],
)
def test_a_member_with_other_characters(athena: Athena, declared: str, reason: str) -> None:
    """As Hive's TypeInfoUtils reads a type, whose names are of letters, digits, `_` and `.`

    https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
    """
    refused = f"CREATE EXTERNAL TABLE {_name()} (s {declared}) LOCATION 's3://{athena.bucket}/x/'"
    assert athena.fails(refused) == f"{DDL_TASK}java.lang.IllegalArgumentException: {reason}"


@pytest.mark.parametrize("declared", ["struct<`_id`:string,`a.b`:int,c_1:int>", "struct<`date`:string,`end`:string>"])
def test_members_that_are_taken(athena: Athena, declared: str) -> None:
    kept = _kept(athena, _make(athena, columns=f"s {declared}"))
    assert kept["StorageDescriptor"]["Columns"][0]["Type"] == declared.replace("`", "")


@pytest.mark.parametrize(
    "declared",
    [
        *[f"struct<{word}:string>" for word in ("date", "from", "end", "table", "order", "group", "user", "_id")],
        "array<struct<a:int, Date :string>>", "map<string,struct<a:struct<end:int>>>", "struct<c-d:string>",
    ],
)  # fmt: skip
def test_a_member_that_needs_backticks(athena: Athena, declared: str) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html"""
    refused = f"CREATE EXTERNAL TABLE {_name()} (s {declared}) LOCATION 's3://{athena.bucket}/x/'"
    assert athena.fails(refused).startswith("FAILED: ParseException line 1:37: ")


def test_members_that_published_tables_have_without_backticks(athena: Athena) -> None:
    """`to`, and words that are no keywords of Hive.

    https://aws.amazon.com/blogs/big-data/create-tables-in-amazon-athena-from-nested-json-and-mappings-using-jsonserde/
    https://docs.aws.amazon.com/athena/latest/ug/querying-network-firewall-logs-sample-alert-logs-table.html
    """
    declared = "struct<timestamp:string,time:string,start:string,type:string,headers:struct<`from`:string,to:string>>"
    kept = _kept(athena, _make(athena, columns=f"s {declared}"))
    assert kept["StorageDescriptor"]["Columns"][0]["Type"] == declared.replace("`", "")


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("CREATE DATABASE {name} LOCATION ''", "databaseInput.locationUri"),
        ("CREATE DATABASE {name} WITH DBPROPERTIES ('' = 'b')", "databaseInput.parameters"),
        ("ALTER DATABASE {database} SET DBPROPERTIES ('' = 'b')", "databaseInput.parameters"),
        (
            "CREATE EXTERNAL TABLE {name} (a int) LOCATION 's3://b/x/' TBLPROPERTIES ('' = 'x')",
            "tableInput.parameters",
        ),
        ("ALTER TABLE {table} SET TBLPROPERTIES ('' = '')", "tableInput.parameters"),
    ],
)
def test_empty_texts_that_glue_refuses(athena: Athena, sql: str, where: str) -> None:
    """https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html: a length of 1 or more."""
    refused = sql.format(name=_name(), database=athena.database, table=_make(athena))
    assert athena.fails(refused) == (
        f"{DDL_TASK}ValidationException(message:1 validation error detected: Value '' at '{where}' failed to satisfy "
        "constraint: Member must have length greater than or equal to 1)"
    )


def test_an_empty_value_of_a_partition(athena: Athena) -> None:
    """https://github.com/apache/hive/blob/rel/release-1.2.2/ql/src/java/org/apache/hadoop/hive/ql/metadata/Partition.java"""
    name = _make(athena, "PARTITIONED BY (p string)")
    reason = f"{DDL_TASK}partition spec is invalid; field p does not exist or is empty"
    assert athena.fails(f"ALTER TABLE {name} ADD PARTITION (p = '')") == reason
    assert athena.run(f"SHOW PARTITIONS {name}").rows == []
