"""Reading tables: which objects, which partitions, and what a SerDe makes of them."""

import bz2
import gzip
import json
import uuid
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import cramjam
import pytest

from tests.local_aws.harness import Athena
from tests.local_aws.made_tables import OPENX, make_table

Table = Callable[..., str]


@pytest.fixture
def table(athena: Athena) -> Table:
    """`make_table` in this module's database."""
    return partial(make_table, athena)


def lines(*items: object) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def test_every_visible_object_below_the_location_is_read(athena: Athena, table: Table) -> None:
    name = table("a string", {
        "x.json": '{"a": "1"}', "deep/er/y=1/z é+&.json.gz": gzip.compress(b'{"a": "2"}\n'),
        "_hidden.json": "{", ".dot/x.json": "{", "deep/_no/x.json": "{", "folder/": "", "two.gz": gzip.compress(b'{"a": "3"}') + gzip.compress(b'\n{"a": "4"}'),  # noqa: E501
    })  # fmt: skip
    assert athena.run(f"SELECT a FROM {name} ORDER BY a").rows == [["1"], ["2"], ["3"], ["4"]]


def test_only_a_hidden_name_below_the_location_hides(athena: Athena, table: Table) -> None:
    athena.s3.put_object(Bucket=athena.bucket, Key="_staging/logs/g1/part.json", Body=b'{"a": "x"}')
    name = table("a string", {})
    athena.run(f"ALTER TABLE {name} SET LOCATION 's3://{athena.bucket}/_staging/logs/'")
    assert athena.run(f"SELECT a FROM {name}").rows == [["x"]]


def test_only_registered_partitions_are_read_each_at_its_own_location(athena: Athena, table: Table) -> None:
    name = table("a string", {"year=2025/month=03/x.json": '{"a": "default place"}', "elsewhere/x.json": '{"a": "own place"}'},  # noqa: E501
                 partitioned="PARTITIONED BY (year string, month string)")  # fmt: skip
    assert athena.run(f"SELECT count(*) FROM {name}").rows == [["0"]]
    athena.run(
        f"ALTER TABLE {name} ADD PARTITION (year = '2025', month = '04') LOCATION 's3://{athena.bucket}/{name}/elsewhere/'"
    )
    assert athena.run(f"SELECT a, year, month FROM {name}").rows == [["own place", "2025", "04"]]
    athena.run(
        f"ALTER TABLE {name} ADD IF NOT EXISTS PARTITION (year = '2025', month = '03') PARTITION (year = '2025', month = '04')"  # noqa: E501
    )
    assert athena.run(f"SELECT count(*) FROM {name}").rows == [["2"]]
    athena.run(
        f"ALTER TABLE {name} PARTITION (year = '2025', month = '03') SET LOCATION 's3://{athena.bucket}/{name}/elsewhere/'"
    )
    assert athena.run(f"SELECT DISTINCT a FROM {name}").rows == [["own place"]]
    athena.run(f"ALTER TABLE {name} DROP PARTITION (year = '2025', month = '03')")
    assert athena.run(f"SELECT count(*) FROM {name}").rows == [["1"]]


def test_scanned_bytes_are_those_of_the_partitions_that_where_selects(athena: Athena, table: Table) -> None:
    objects = {f"year=2025/month={month:02}/x.json": '{"a": "' + "x" * month + '"}' for month in range(1, 13)}
    name = table("a string", objects, partitioned="PARTITIONED BY (year string, month string)")
    athena.run(f"MSCK REPAIR TABLE {name}")
    sizes = {int(key[16:18]): len(body) for key, body in objects.items()}
    for where, months in {
        "month = '03'": [3],
        "year = '2024'": [],
        "concat(year, '-', month) BETWEEN '2025-02' AND '2025-04'": [2, 3, 4],
        "CAST(month AS integer) > 10 AND a LIKE 'x%'": [11, 12],
        "month IN ('01', '12') OR length(a) < 0": list(range(1, 13)),
    }.items():
        assert athena.run(f"SELECT count(*) FROM {name} WHERE {where}").scanned == sum(sizes[m] for m in months), where


def test_an_outer_join_does_not_prune_the_side_it_keeps(athena: Athena, table: Table) -> None:
    name = table("a string", {"p=1/x": '{"a": "1"}'}, partitioned="PARTITIONED BY (p string)")
    athena.run(f"MSCK REPAIR TABLE {name}")
    joined = f"SELECT v.a FROM (VALUES '1', '2') AS v(a) LEFT JOIN {name} AS t ON v.a = t.a WHERE t.p IS NULL"
    assert athena.run(joined).rows == [["2"]]


def test_a_line_table_keeps_every_line_as_it_is(athena: Athena, table: Table) -> None:
    body = '{"a": 1.10, "b": "\\u0001 \\"x\\""}\n\n  spaces  \n\\N\ntab\t,;|"quotes" \'\r\nbroken{\nlast'
    name = table("line string", {"g=1/part-0.jsonl.gz": gzip.compress(body.encode())},
                 serde="ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001'", partitioned="PARTITIONED BY (g string)")  # fmt: skip  # noqa: E501
    athena.run(f"MSCK REPAIR TABLE {name}")
    found = [row[0] for row in athena.run(f"SELECT line FROM {name}").rows]
    # \N is LazySimpleSerDe's NULL.
    assert found == [
        '{"a": 1.10, "b": "\\u0001 \\"x\\""}',
        "",
        "  spaces  ",
        None,
        'tab\t,;|"quotes" \'',
        "broken{",
        "last",
    ]
    assert athena.run(f"SELECT count(*) FROM {name}").rows == [["7"]]


def test_a_regex_table_keeps_every_line(athena: Athena, table: Table) -> None:
    name = table("line string", {"x": "one\n\\N\n\nthree"},
                 serde="ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe' WITH SERDEPROPERTIES ('input.regex' = '(.*)')")  # fmt: skip  # noqa: E501
    assert athena.run(f"SELECT line FROM {name}").rows == [["one"], ["\\N"], [""], ["three"]]


def test_a_group_that_took_no_part_is_null(athena: Athena, table: Table) -> None:
    name = table("a string, b string", {"x": "b\nabb\na\nx\n"},
                 serde="ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe' WITH SERDEPROPERTIES ('input.regex' = '(a)?(b*)')")  # fmt: skip  # noqa: E501
    assert athena.run(f"SELECT a, b FROM {name}").rows == [[None, "b"], ["a", "bb"], ["a", ""], [None, None]]


def test_delimited_text(athena: Athena, table: Table) -> None:
    name = table("a string, b bigint, c double", {"x.csv": "h1,h2,h3\nx,1,1.5\n\\N,,\n"},
                 serde="ROW FORMAT DELIMITED FIELDS TERMINATED BY ','", more="TBLPROPERTIES ('skip.header.line.count' = '1')")  # fmt: skip  # noqa: E501
    assert athena.run(f"SELECT * FROM {name}").rows == [["x", "1", "1.5"], [None, None, None]]


def test_text_that_is_no_value_of_its_type_is_null_or_refused(athena: Athena, table: Table) -> None:
    name = table("a int, b tinyint, c double, d decimal(5,2), e date, f timestamp",
                 {"x.csv": "abc,200,zz,99999,x,y\n-5,12,1.5e3,1.005,2020-02-03,2020-02-03 04:05:06.789\n"},
                 serde="ROW FORMAT DELIMITED FIELDS TERMINATED BY ','")  # fmt: skip
    assert athena.run(f"SELECT * FROM {name}").rows == [
        [None] * 6, ["-5", "12", "1500.0", "1.01", "2020-02-03", "2020-02-03 04:05:06.789"],
    ]  # fmt: skip
    for kind, value in {"int": "1.5", "date": "2020-02-30", "timestamp": "2020-01-01T00:00:00Z"}.items():
        odd = table(f"a {kind}", {"x.csv": f"{value}\n"}, serde="ROW FORMAT DELIMITED FIELDS TERMINATED BY ','")
        assert athena.fails(f"SELECT a FROM {odd}").startswith("NOT_SUPPORTED"), kind


def test_a_char_is_refused(athena: Athena, table: Table) -> None:
    name = table("a char(3), b string", {"x": '{"a": "ab", "b": "c"}'})
    assert athena.fails(f"SELECT a FROM {name}").startswith("NOT_SUPPORTED")
    assert athena.run(f"SELECT b FROM {name}").rows == [["c"]]


def test_booleans_dates_and_times_in_text(athena: Athena, table: Table) -> None:
    """A boolean of LazySimpleSerDe is TRUE or FALSE; OpenCSVSerDe counts days: .../ug/csv-serde.html"""
    name = table("a boolean", {"x.csv": "TRUE\nfalse\n1\n"}, serde="ROW FORMAT DELIMITED FIELDS TERMINATED BY ','")
    assert athena.run(f"SELECT a FROM {name}").rows == [["true"], ["false"], [None]]
    serde = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
    name = table("a date, b timestamp", {"x.csv": '"18276","1579059880000"\n'}, serde=serde)
    assert athena.run(f"SELECT * FROM {name}").rows == [["2020-01-15", "2020-01-15 03:44:40.000"]]


class TestOpenCsv:
    """https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html"""

    SERDE = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"

    def test_quotes_and_escapes(self, athena: Athena, table: Table) -> None:
        """An escape goes, whether anything was escaped or not; an empty line is a row of NULLs."""
        data = '"C:\\temp\\x",1\n\n"a\\\\b""c\\"",\nC:\\temp,"x,y"\n"é"\n'
        name = table("a string, b string", {"x": data}, serde=self.SERDE)
        assert athena.run(f"SELECT * FROM {name}").rows == [
            ["C:tempx", "1"], [None, None], ['a\\b"c"', ""], ["C:temp", "x,y"], ["é", None],
        ]  # fmt: skip
        given = """WITH SERDEPROPERTIES ("separatorChar" = "\\t", "quoteChar" = "`", "escapeChar" = "\\\\")"""
        name = table("a string, b string", {"x": 'a"\t`b\tc`\n'}, serde=f"{self.SERDE} {given}")
        assert athena.run(f"SELECT * FROM {name}").rows == [['a"', "b\tc"]]

    @pytest.mark.parametrize("line", [' x , "y" ', 'ab"c"d,e', '"open', '"a" ,b', "a\\\\b,c"])
    def test_other_quoting_is_refused(self, athena: Athena, table: Table, line: str) -> None:
        name = table("a string, b string", {"x": line}, serde=self.SERDE)
        assert athena.fails(f"SELECT * FROM {name}").startswith("NOT_SUPPORTED")

    @pytest.mark.parametrize(
        ("kind", "value", "reason"),
        [
            ("int", "", "HIVE_BAD_DATA: Error parsing field value '' for field 0: For input string: \"\""),
            ("double", "", "HIVE_BAD_DATA"), ("int", "1.5", "HIVE_BAD_DATA"), ("date", "2020-01-15", "HIVE_BAD_DATA"),
            ("timestamp", "2020-01-02 03:04:05", "HIVE_BAD_DATA"), ("date", "", "NOT_SUPPORTED"),
            ("boolean", "", "NOT_SUPPORTED"),
        ],
    )  # fmt: skip
    def test_what_is_no_value(self, athena: Athena, table: Table, kind: str, value: str, reason: str) -> None:
        name = table(f"a {kind}", {"x": f'"{value}"\n'}, serde=self.SERDE)
        assert athena.fails(f"SELECT a FROM {name}").startswith(reason)


class TestHiveJson:
    """https://docs.aws.amazon.com/athena/latest/ug/hive-json-serde.html"""

    SERDE = "ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'"

    def test_values(self, athena: Athena, table: Table) -> None:
        columns = (
            "a int, b double, c string, d date, t timestamp, l array<int>, m map<string,string>, s struct<x:boolean>"
        )
        text = (
            '{"A": 1, "b": 1.5, "c": "x", "d": "2020-01-02", "t": "2020-01-02 03:04:05.5", "l": [1, 2], '
            '"m": {"k": "v"}, "s": {"X": true}}\n{"a": null, "l": [], "m": {}}\n'
        )
        name = table(columns, {"x": text}, serde=self.SERDE)
        assert athena.run(f"SELECT * FROM {name}").rows == [
            ["1", "1.5", "x", "2020-01-02", "2020-01-02 03:04:05.500", "[1, 2]", "{k=v}", "{x=true}"],
            [None, None, None, None, None, "[]", "{}", None],
        ]

    @pytest.mark.parametrize(
        ("kind", "line", "reason"),
        [
            ("int", "xx", "HIVE_CURSOR_ERROR"), ("int", '{"a": 1}\n\n{"a": 2}', "HIVE_CURSOR_ERROR"),
            ("int", '{"a": "1"}', "NOT_SUPPORTED"), ("double", '{"a": "1.5"}', "NOT_SUPPORTED"),
            ("timestamp", '{"a": "2020-01-02T03:04:05Z"}', "NOT_SUPPORTED"),
            ("timestamp", '{"a": 1577934245}', "NOT_SUPPORTED"),
            ("array<int>", '{"a": ["1"]}', "NOT_SUPPORTED"), ("struct<x:int>", '{"a": {"x": "1"}}', "NOT_SUPPORTED"),
        ],
    )  # fmt: skip
    def test_what_it_does_not_take(self, athena: Athena, table: Table, kind: str, line: str, reason: str) -> None:
        name = table(f"a {kind}", {"x": line}, serde=self.SERDE)
        assert athena.fails(f"SELECT a FROM {name}").startswith(reason)


@pytest.mark.parametrize(
    "properties", ["'skip.footer.line.count' = '1'", "'use.null.for.invalid.data' = 'true'"]
)  # fmt: skip
def test_properties_of_lines_that_are_not_done(athena: Athena, table: Table, properties: str) -> None:
    name = table("a string", {"x": "1\n"}, serde="ROW FORMAT DELIMITED", more=f"TBLPROPERTIES ({properties})")
    assert athena.fails(f"SELECT a FROM {name}").startswith("NOT_SUPPORTED")


@pytest.mark.parametrize("count", ["-1", "x"])
def test_a_count_of_lines_that_is_none(athena: Athena, table: Table, count: str) -> None:
    more = f"TBLPROPERTIES ('skip.header.line.count' = '{count}')"
    name = table("a string", {"x": "1\n"}, serde="ROW FORMAT DELIMITED", more=more)
    reason = f"HIVE_INVALID_METADATA: Invalid value for 'skip.header.line.count' property: {count}"
    assert athena.fails(f"SELECT a FROM {name}") == reason


@pytest.mark.parametrize(
    "serde",
    [
        "ROW FORMAT DELIMITED FIELDS TERMINATED BY '||'",
        "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' "
        "WITH SERDEPROPERTIES ('field.delim' = ',', 'serialization.last.column.takes.rest' = 'true')",
    ],
)
def test_delimiters_that_are_not_done(athena: Athena, table: Table, serde: str) -> None:
    assert athena.fails(f"SELECT * FROM {table('a string, b string', {'x': '1||2'}, serde=serde)}").startswith(
        "NOT_SUPP"
    )


def test_timestamps_have_milliseconds(athena: Athena, table: Table) -> None:
    name = table("t timestamp", {"x": lines({"t": "2025-03-01 10:00:00.123456"}, {"t": "2025-03-01 10:00:00.9996"})})
    found = athena.run(f"SELECT t, CAST(t AS varchar) = '2025-03-01 10:00:00.123' FROM {name} ORDER BY t")
    assert found.rows == [["2025-03-01 10:00:00.123", "true"], ["2025-03-01 10:00:01.000", "false"]]


class TestOpenX:
    """https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html"""

    def test_values(self, athena: Athena, table: Table) -> None:
        columns = "s string, n string, d decimal(38,0), f double, i bigint, b boolean, l array<string>, m map<string,string>, o struct<x:int,userid:string>"  # noqa: E501
        digits = "12345678901234567890123456789012345678"
        text = (
            '{"S": "é\\n", "n": ' + digits + ', "d": ' + digits + ', "f": 0.1, "i": 5, "b": true, "l": ["a", 1.10],'
            ' "m": {"Key": 1.50}, "o": {"X": 1, "userId": "u"}}\n'
            '{"n": 1.10, "m": null}\n{"n": 1E+40}\n{"n": {"b": [1.10, "x"]}}\n'
        )
        name = table(columns, {"x": text})
        assert athena.run(f"SELECT * FROM {name}").rows == [
            ["é\n", digits, digits, "0.1", "5", "true", "[a, 1.10]", "{Key=1.50}", "{x=1, userid=u}"],
            [None, "1.10", *[None] * 7],
            [None, "1E+40", *[None] * 7],
            [None, '{"b":[1.10,"x"]}', *[None] * 7],
        ]

    def test_keys_are_matched_whatever_their_case(self, athena: Athena, table: Table) -> None:
        name = table("userid string", {"x": lines({"userId": "a"}, {"USERID": "b"}, {"userid": "c"}, {})})
        assert athena.run(f"SELECT userid FROM {name}").rows == [["a"], ["b"], ["c"], [None]]

    def test_keys_that_differ_in_case_only_are_an_error(self, athena: Athena, table: Table) -> None:
        data = {"x": lines({"Id": "1", "id": "2"})}
        assert athena.fails(f"SELECT id FROM {table('id string', data)}").startswith(
            "HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: Duplicate key"
        )
        mapped = OPENX + " WITH SERDEPROPERTIES ('case.insensitive' = 'false', 'mapping.upper_id' = 'Id')"
        name = table("id string, upper_id string", data, serde=mapped)
        assert athena.run(f"SELECT id, upper_id FROM {name}").rows == [["2", "1"]]

    @pytest.mark.parametrize("value", ['"abc"', "1.5", "[1]", "true", "99999999999999999999"])
    def test_a_value_of_another_type_is_bad_data_when_its_column_is_read(
        self, athena: Athena, table: Table, value: str
    ) -> None:
        name = table("a string, n bigint", {"x": '{"a": "1", "n": ' + value + "}"})
        assert athena.run(f"SELECT a FROM {name}").rows == [["1"]]
        assert athena.fails(f"SELECT n FROM {name}").startswith("HIVE_BAD_DATA")

    @pytest.mark.parametrize(
        ("kind", "value", "reason"),
        [
            ("timestamp", '"2020-01-02"', "HIVE_BAD_DATA"),
            ("array<string>", '"x"', "NOT_SUPPORTED"),
            ("struct<x:int>", "[1]", "NOT_SUPPORTED"),
        ],
    )
    def test_a_value_of_another_shape(self, athena: Athena, table: Table, kind: str, value: str, reason: str) -> None:
        name = table(f"a {kind}", {"x": '{"a": ' + value + "}"})
        assert athena.fails(f"SELECT a FROM {name}").startswith(reason)

    def test_malformed_lines(self, athena: Athena, table: Table) -> None:
        data = {"x": '{"a": "1"}\n{"a": \n'}
        assert athena.fails(f"SELECT count(*) FROM {table('a string', data)}").startswith(
            "HIVE_CURSOR_ERROR: Row is not a valid JSON Object"
        )
        lenient = OPENX + " WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true')"
        assert athena.run(f"SELECT a FROM {table('a string', data, serde=lenient)}").rows == [["1"], [None]]

    def test_a_line_that_is_no_object_is_a_row_of_nulls(self, athena: Athena, table: Table) -> None:
        name = table("a string", {"x": '{"a": "1"}\ngarbage\n\n'})
        assert athena.run(f"SELECT a FROM {name}").rows == [["1"], [None], [None]]

    def test_a_line_that_is_an_array_is_refused(self, athena: Athena, table: Table) -> None:
        """Athena takes its members as the columns by position."""
        name = table("a string, b string", {"x": '{"a": "1"}\n["1", "2"]\n'})
        assert athena.fails(f"SELECT a, b FROM {name}").startswith("NOT_SUPPORTED")


def _hadoop_snappy(text: bytes) -> bytes:
    chunk = bytes(cramjam.snappy.compress_raw(text))
    return len(text).to_bytes(4, "big") + len(chunk).to_bytes(4, "big") + chunk


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("x.json.zst", cramjam.zstd.compress),
        ("x.json.bz2", bz2.compress),
        ("x.json.deflate", zlib.compress),
        ("x.json.snappy", _hadoop_snappy),
        ("y.json.snappy", cramjam.snappy.compress),
    ],
)
def test_compressed_text(athena: Athena, table: Table, name: str, compress: Callable[[bytes], Any]) -> None:
    body = bytes(compress(b'{"a": "1"}\n{"a": "2"}\n'))
    made = table("a string", {name: body})
    answer = athena.run(f"SELECT a FROM {made} ORDER BY a")
    assert (answer.rows, answer.scanned) == ([["1"], ["2"]], len(body))
    damaged = table("a string", {name: body[:-6]})
    assert athena.fails(f"SELECT a FROM {damaged}").startswith("HIVE_CURSOR_ERROR")


def test_a_truncated_gzip_file_fails(athena: Athena, table: Table) -> None:
    name = table("a string", {"x.gz": gzip.compress(b'{"a": "1"}\n' * 1000)[:-20]})
    assert athena.fails(f"SELECT count(*) FROM {name}").startswith("HIVE_CURSOR_ERROR")


def test_partitions_of_other_formats_and_older_columns(athena: Athena, table: Table) -> None:
    """A compacted partition is Parquet beside JSON ones; a column added later is NULL in older partitions."""
    name = table("a string, b bigint", {"p=1/x": '{"a": "json", "b": 1}'}, partitioned="PARTITIONED BY (p string)")
    athena.run(f"MSCK REPAIR TABLE {name}")
    athena.run(f"UNLOAD (SELECT 'parquet' AS a) TO 's3://{athena.bucket}/{name}-parquet/' WITH (format = 'PARQUET')")
    made = athena.glue.get_table(DatabaseName=athena.database, Name=name)["Table"]["StorageDescriptor"]
    made |= {
        "Columns": made["Columns"][:1], "Location": f"s3://{athena.bucket}/{name}-parquet/",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
    }  # fmt: skip
    athena.glue.create_partition(
        DatabaseName=athena.database, TableName=name, PartitionInput={"Values": ["2"], "StorageDescriptor": made}
    )
    assert athena.run(f"SELECT a, b, p FROM {name} ORDER BY p").rows == [["json", "1", "1"], ["parquet", None, "2"]]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("int", "bigint", "1"), ("float", "double", "1.0"), ("varchar(5)", "string", "1"),
        ("int", "boolean", "HIVE_PARTITION_SCHEMA_MISMATCH"), ("int", "tinyint", "HIVE_PARTITION_SCHEMA_MISMATCH"),
        ("int", "map<string,int>", "HIVE_PARTITION_SCHEMA_MISMATCH"), ("int", "string", "NOT_SUPPORTED"),
        ("decimal(5,2)", "double", "NOT_SUPPORTED"), ("array<int>", "array<string>", "NOT_SUPPORTED"),
    ],
)  # fmt: skip
def test_partitions_of_other_types(athena: Athena, table: Table, old: str, new: str, expected: str) -> None:
    name = table(f"a {old}", {"p=1/x": '{"a": 1}'}, partitioned="PARTITIONED BY (p string)")
    athena.run(f"ALTER TABLE {name} ADD PARTITION (p = '1')")
    found = athena.glue.get_table(DatabaseName=athena.database, Name=name)["Table"]
    changed = {key: found[key] for key in ("Name", "PartitionKeys", "TableType")}
    changed["StorageDescriptor"] = {**found["StorageDescriptor"], "Columns": [{"Name": "a", "Type": new}]}
    athena.glue.update_table(DatabaseName=athena.database, TableInput=changed)
    answer = athena.ask(f"SELECT a FROM {name}")
    assert answer.rows == [[expected]] if answer.state == "SUCCEEDED" else answer.reason.startswith(expected)
    if "MISMATCH" in expected:
        assert (
            f"The column 'a' in table '{athena.database}.{name}' is declared as type '{new}', but partition 'p=1'"
            in (answer.reason)
        )


def test_columns_of_text_are_counted(athena: Athena, table: Table) -> None:
    serde = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"
    name = table("a int, b string", {"p=1/x": "1,q\n"}, serde=serde, partitioned="PARTITIONED BY (p string)")
    athena.run(f"ALTER TABLE {name} ADD PARTITION (p = '1')")
    athena.run(f"ALTER TABLE {name} REPLACE COLUMNS (x bigint, y string, z string)")
    assert athena.run(f"SELECT * FROM {name}").rows == [["1", "q", None, "1"]]


def test_a_partition_value_of_another_type(athena: Athena, table: Table) -> None:
    for kind, value in {"int": "abc", "tinyint": "300", "date": "2025-02-30", "boolean": "1"}.items():
        name = table("a string", {}, partitioned=f"PARTITIONED BY (p {kind})")
        athena.glue.create_partition(
            DatabaseName=athena.database, TableName=name,
            PartitionInput={"Values": [value], "StorageDescriptor": {"Location": f"s3://{athena.bucket}/{name}/"}},
        )  # fmt: skip
        assert athena.fails(f"SELECT a FROM {name}").startswith("HIVE_INVALID_PARTITION_VALUE"), kind


def test_metadata_that_no_query_reads(athena: Athena, table: Table) -> None:
    name = table("a string", {}, partitioned="PARTITIONED BY (p string)")
    where = {"DatabaseName": athena.database}
    athena.glue.create_partition(**where, TableName=name, PartitionInput={"Values": ["1"]})
    assert athena.fails(f"SELECT a FROM {name}").startswith("HIVE_UNSUPPORTED_FORMAT")
    assert athena.fails(f"ALTER TABLE {name} PARTITION (p = '1') SET LOCATION 's3://x/y/'").startswith("FAILED")
    athena.glue.create_table(**where, TableInput={"Name": "placeless", "TableType": "EXTERNAL_TABLE"})
    assert athena.fails("SELECT * FROM placeless").startswith("HIVE_UNSUPPORTED_FORMAT")
    assert athena.fails("SHOW CREATE TABLE placeless").startswith("FAILED: SemanticException")
    twice = [{"Name": "a", "Type": "int"}, {"Name": "A", "Type": "int"}]
    storage = {"Columns": twice, "Location": f"s3://{athena.bucket}/twice/"}
    athena.glue.create_table(**where, TableInput={"Name": "twice", "StorageDescriptor": storage})
    reason = (
        "HIVE_INVALID_METADATA: Hive metadata for table twice is invalid: Table descriptor contains duplicate columns"
    )
    assert athena.fails("SELECT count(*) FROM twice") == reason


def test_a_column_may_be_named_in_full(athena: Athena, table: Table) -> None:
    name = table("a string, n bigint", {"x": '{"a": "1", "n": 2}'})
    full = f"{athena.database}.{name}"
    assert athena.run(f"SELECT {full}.a, sum({full}.n) AS n FROM {full} GROUP BY 1 HAVING sum(n) > 1").rows == [
        ["1", "2"]
    ]


def test_the_path_of_a_row(athena: Athena, table: Table) -> None:
    name = table("a string", {"x.json": '{"a": "1"}'})
    assert athena.run(f'SELECT "$path", a FROM {name}').rows == [[f"s3://{athena.bucket}/{name}/x.json", "1"]]
    assert athena.run(f"SELECT * FROM {name}").rows == [["1"]]


def test_projected_partitions_need_no_registration(athena: Athena, table: Table) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html"""
    objects = {
        "eu/2025/03/07/x.json": '{"a": "seventh"}',
        "us/2025/03/08/x.json": '{"a": "eighth"}',
        "eu/2024/01/01/x": '{"a": "early"}',
    }
    properties = {
        "projection.enabled": "true",
        "projection.region.type": "enum",
        "projection.region.values": "eu,us",
        "projection.day.type": "date",
        "projection.day.range": "2025/01/01,2025/12/31",
        "projection.day.format": "yyyy/MM/dd",
        "storage.location.template": f"s3://{athena.bucket}/PLACE/${{region}}/${{day}}/",
    }
    name = table("a string", objects, partitioned="PARTITIONED BY (region string, day string)")
    listed = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items()).replace("PLACE", name)
    athena.run(f"ALTER TABLE {name} SET TBLPROPERTIES ({listed})")
    seventh = athena.run(f"SELECT a, day FROM {name} WHERE region = 'eu' AND day BETWEEN '2025/03/01' AND '2025/03/31'")
    assert seventh.rows == [["seventh", "2025/03/07"]]
    assert athena.run(f"SELECT a FROM {name} WHERE day >= '2025/03' AND day < '2025/04' ORDER BY a").rows == [
        ["eighth"],
        ["seventh"],
    ]


def test_integer_and_injected_projection(athena: Athena, table: Table) -> None:
    name = table("a string", {"n=007/who=me/x.json": '{"a": "1"}'}, partitioned="PARTITIONED BY (n string, who string)")
    athena.run(
        f"ALTER TABLE {name} SET TBLPROPERTIES ('projection.enabled' = 'true', 'projection.n.type' = 'integer', "
        "'projection.n.range' = '1,20', 'projection.n.digits' = '3', 'projection.who.type' = 'injected')"
    )
    for condition in (
        "who = 'me'", "'me' = who", "who IN ('me', 'you')", "who IN ('me', 'me')", "who = 'you' OR who = 'me'",
        "(who = 'you' OR who = 'him') OR who = 'me'",
    ):  # fmt: skip
        assert athena.run(f"SELECT a, n FROM {name} WHERE {condition}").rows == [["1", "007"]]
    for condition in ("true", "who = 'me' OR n = '007'", "who > 'me'"):
        assert athena.fails(f"SELECT a FROM {name} WHERE {condition}").startswith("CONSTRAINT_VIOLATION")


def projected(athena: Athena, table: Table, objects: dict[str, str], kind: str = "string", **properties: str) -> str:
    """A table of lines whose partition column `k` is projected with these properties, `_` for a dot."""
    name = table("a string", objects, serde="ROW FORMAT DELIMITED", partitioned=f"PARTITIONED BY (k {kind})")
    given = {f"projection.k.{key.replace('_', '.')}": value for key, value in properties.items()}
    listed = ", ".join(f"'{key}' = '{value}'" for key, value in {"projection.enabled": "true", **given}.items())
    athena.run(f"ALTER TABLE {name} SET TBLPROPERTIES ({listed})")
    return name


def test_the_values_of_an_enum_keep_their_blanks(athena: Athena, table: Table) -> None:
    name = projected(athena, table, {"k=a/x": "1", "k= b/x": "2", "k=b/x": "3"}, type=" Enum ", values="a, b")
    assert athena.run(f"SELECT a, k FROM {name} ORDER BY a").rows == [["1", "a"], ["2", " b"]]
    assert athena.fails(f"INSERT INTO {name} VALUES ('x', 'a')").startswith("NOT_SUPPORTED")
    for template in ("", "k=${k}/z=${z}"):
        place = f"s3://{athena.bucket}/{name}/{template}"
        athena.run(f"ALTER TABLE {name} SET TBLPROPERTIES ('storage.location.template' = '{place}')")
        assert athena.fails(f"SELECT a FROM {name}").startswith("INVALID_TABLE_PROPERTY: storage.location.template")


def test_dates_of_one_digit(athena: Athena, table: Table) -> None:
    objects = {"k=2025-1-9/x": "1", "k=2025-01-09/x": "2", "k=2025-12-31/x": "3"}
    name = projected(athena, table, objects, type="date", format="yyyy-M-d", range="2025-1-1,2025-12-31")
    assert athena.run(f"SELECT a, k FROM {name} ORDER BY a").rows == [["1", "2025-1-9"], ["3", "2025-12-31"]]


_HOURS = {"type": "date", "format": "yyyy-MM-dd-HH", "range": "2025-01-01-00,2025-01-02-00"}
_DAYS = {"type": "date", "format": "yyyy-MM-dd", "range": "2025-01-01,2025-01-02"}


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        (_HOURS, "INVALID_TABLE_PROPERTY"), ({**_HOURS, "interval": "1"}, "INVALID_TABLE_PROPERTY"),
        ({**_HOURS, "interval_unit": "HOURS"}, "INVALID_TABLE_PROPERTY"),
        ({**_DAYS, "interval": "0"}, "INVALID_TABLE_PROPERTY"),
        ({**_DAYS, "interval_unit": "DAY"}, "INVALID_TABLE_PROPERTY"),
        ({**_DAYS, "range": "2025-01-01"}, "INVALID_TABLE_PROPERTY"),
        ({**_DAYS, "range": "x,NOW"}, "INVALID_TABLE_PROPERTY"),
        ({**_DAYS, "format": "MMM-yyyy"}, "NOT_SUPPORTED"), ({**_DAYS, "format": "yy-MM-dd"}, "NOT_SUPPORTED"),
        ({**_DAYS, "range": "NOW-9999YEARS,NOW"}, "NOT_SUPPORTED"),
        ({"type": "integer", "range": "1,3", "digits": "0"}, "INVALID_TABLE_PROPERTY"),
        ({"type": "integer", "range": "1,3", "interval": "x"}, "INVALID_TABLE_PROPERTY"),
        ({"type": "integer", "range": "a,b"}, "INVALID_TABLE_PROPERTY"),
        ({"type": "integer", "range": "1,3", "kind": "double"}, "INVALID_TABLE_PROPERTY"),
        ({"type": "enum", "values": ""}, "INVALID_TABLE_PROPERTY"), ({"type": "x"}, "INVALID_TABLE_PROPERTY"),
    ],
)  # fmt: skip
def test_properties_of_a_projection_that_are_wrong(
    athena: Athena, table: Table, properties: dict[str, str], reason: str
) -> None:
    assert athena.fails(f"SELECT a FROM {projected(athena, table, {}, **properties)}").startswith(reason)


def test_a_partition_whose_value_is_not_of_its_type(athena: Athena, table: Table) -> None:
    name = table("a string", {"p=1/x": '{"a": "1"}', "p=one/x": '{"a": "2"}'}, partitioned="PARTITIONED BY (p int)")
    athena.run(f"MSCK REPAIR TABLE {name}")
    assert athena.fails(f"SELECT a FROM {name} WHERE p = 1").startswith(
        "HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'one' for integer partition key: p"
    )


def test_unnested_rows_are_one_column(athena: Athena, table: Table) -> None:
    name = table(
        "items array<struct<sku:string,qty:int,price:double>>, attrs map<string,string>",
        {"x": lines({"items": [{"sku": "a", "qty": 7, "price": 0.5}], "attrs": {"k": "1"}})},
    )
    unnested = f"{name} CROSS JOIN UNNEST(items) AS t(item)"
    answer = athena.run(f"SELECT sum(item.qty), max(item.qty) / 2, typeof(max(item.price)) FROM {unnested}")
    assert answer.rows == [["7", "3", "double"]]
    mismatched = athena.fails(f"SELECT k FROM {name} CROSS JOIN UNNEST(attrs) AS t(k, v) WHERE v = 1")
    assert mismatched.startswith("TYPE_MISMATCH")


@pytest.mark.parametrize(
    ("kept", "given", "error"),
    [
        ("integer", "BIGINT '1'", "NOT_SUPPORTED"),
        ("integer", "1.5", "NOT_SUPPORTED"),
        ("decimal(5,2)", "1e0", "NOT_SUPPORTED"),
        ("real", "1e0", "NOT_SUPPORTED"),
        ("date", "TIMESTAMP '2025-03-01 00:00:00.000'", "NOT_SUPPORTED"),
        ("integer", "'1'", "TYPE_MISMATCH"),
        ("varchar", "1", "TYPE_MISMATCH"),
        ("date", "'2025-03-01'", "TYPE_MISMATCH"),
    ],
)
def test_what_an_insert_would_cast(athena: Athena, kept: str, given: str, error: str) -> None:
    name = f"t_{uuid.uuid4().hex[:10]}"
    athena.run(f"CREATE TABLE {name} AS SELECT CAST(NULL AS {kept}) AS a WITH NO DATA")
    assert athena.fails(f"INSERT INTO {name} SELECT {given}").startswith(error)


class TestParquet:
    def test_types(self, athena: Athena) -> None:
        name = f"t_{uuid.uuid4().hex[:10]}"
        athena.run(
            f"CREATE TABLE {name} WITH (external_location = 's3://{athena.bucket}/{name}/') AS SELECT CAST(1 AS tinyint) AS t, 2 AS i, CAST(0.1 AS real) AS r, "  # noqa: E501
            "DECIMAL '1.25' AS d, TIMESTAMP '2025-03-01 10:00:00.123' AS ts, X'6162' AS b, ARRAY[1] AS l, MAP(ARRAY['k'], ARRAY[1]) AS m, "  # noqa: E501
            "CAST(ROW(1, 'x') AS ROW(a integer, b varchar)) AS o"
        )
        assert athena.run(f"SELECT * FROM {name}").rows == [
            ["1", "2", "0.1", "1.25", "2025-03-01 10:00:00.123", "61 62", "[1]", "{k=1}", "{a=1, b=x}"]
        ]
        place = f"STORED AS PARQUET LOCATION 's3://{athena.bucket}/{name}/'"
        athena.run(f"CREATE EXTERNAL TABLE {name}_wider (i bigint, missing string) {place}")
        assert athena.run(f"SELECT * FROM {name}_wider").rows == [["2", None]]
        athena.run(f"CREATE EXTERNAL TABLE {name}_other (i string) {place}")
        assert "is incompatible with type varchar" in athena.fails(f"SELECT i FROM {name}_other")

    def test_a_column_declared_otherwise(self, athena: Athena) -> None:
        name = f"t_{uuid.uuid4().hex[:10]}"
        place = f"s3://{athena.bucket}/{name}/"
        athena.run(
            "UNLOAD (SELECT CAST(ROW(1, 2) AS ROW(AA integer, b integer)) AS s, "
            f"ARRAY[CAST(ROW(2) AS ROW(Cc integer))] AS l, 'abc' AS v, X'61' AS b, 5 AS i) TO '{place}' "
            "WITH (format = 'PARQUET')"
        )
        columns = "s struct<aa:int,b:int,`more`:string>, l array<struct<cc:int>>, v varchar(2)"
        athena.run(f"CREATE EXTERNAL TABLE {name} ({columns}) STORED AS PARQUET LOCATION '{place}'")
        assert athena.run(f"SELECT s, l, v FROM {name}").rows == [["{aa=1, b=2, more=null}", "[{cc=2}]", "ab"]]
        other = f"CREATE EXTERNAL TABLE {name}_other (b string, i decimal(5,2), v int)"
        athena.run(f"{other} STORED AS PARQUET LOCATION '{place}'")
        for column in ("b", "i"):
            assert athena.fails(f"SELECT {column} FROM {name}_other").startswith("NOT_SUPPORTED"), column
        assert "Field v's type BINARY in parquet file" in athena.fails(f"SELECT v FROM {name}_other")

    def test_the_types_inside_are_the_declared_ones(self, athena: Athena) -> None:
        name = f"t_{uuid.uuid4().hex[:10]}"
        place = f"s3://{athena.bucket}/{name}/"
        select = "SELECT CAST(ROW('5') AS row(x varchar)) AS s, ARRAY['5'] AS l, MAP(ARRAY['k'], ARRAY['5']) AS m"
        athena.run(f"UNLOAD ({select}) TO '{place}' WITH (format = 'PARQUET')")
        columns = "s struct<x:int>, l array<int>, m map<string,int>"
        athena.run(f"CREATE EXTERNAL TABLE {name} ({columns}) STORED AS PARQUET LOCATION '{place}'")
        for column in ("s", "l", "m"):
            reason = athena.fails(f"SELECT {column} FROM {name}")
            assert reason.startswith("HIVE_BAD_DATA"), column
            assert "is incompatible with type integer" in reason, column

    def test_what_is_no_parquet(self, athena: Athena, table: Table) -> None:
        name = table("i int", {"x.parquet": "not parquet"}, serde="STORED AS PARQUET")
        assert athena.fails(f"SELECT count(*) FROM {name}").startswith("HIVE_BAD_DATA: Not valid Parquet file")
