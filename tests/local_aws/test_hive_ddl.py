"""DDL as Hive's grammar has it: names of tables in backticks, strings, comments of members; escaped delimited text."""

import uuid
from typing import Any

import awswrangler
import pandas as pd
import pytest

from tests.local_aws.harness import Athena, Aws, Row
from tests.local_aws.made_tables import DELIMITED, failure, make_table, rows

NOT_FOUND = "FAILED: SemanticException [Error 10001]: Table not found"
ESCAPED = DELIMITED + " ESCAPED BY '\\\\'"


def _made(athena: Athena, name: str) -> dict[str, Any]:
    found: dict[str, Any] = athena.glue.get_table(DatabaseName=athena.database, Name=name)["Table"]
    return found


def _create(athena: Athena, columns: str = "a int", clauses: str = "", more: str = "") -> dict[str, Any]:
    """Create a table: what Glue keeps of it."""
    name = f"h_{uuid.uuid4().hex[:8]}"
    place = f"LOCATION 's3://{athena.bucket}/{name}/'"
    athena.run(f"CREATE EXTERNAL TABLE {name} ({columns}) {clauses} {place} {more}")
    return _made(athena, name)


def test_a_database_and_its_table_in_one_pair_of_backticks(athena: Athena) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html"""
    name = f"both_{uuid.uuid4().hex[:8]}"
    both, elsewhere = f"`{athena.database}.{name}`", {"QueryExecutionContext": {"Database": "default"}}
    place = f"LOCATION 's3://{athena.bucket}/{name}/'"
    athena.run(f"CREATE EXTERNAL TABLE {both} (a int) PARTITIONED BY (p string) {place}", **elsewhere)
    assert _made(athena, name)["Name"] == name
    athena.run(f"ALTER TABLE {both} ADD PARTITION (p = '1')", **elsewhere)
    assert athena.run(f"SHOW PARTITIONS {both}", **elsewhere).rows == [["p=1"]]
    gone = f"Partitions missing from filesystem:\t{name}:p=1"
    assert athena.run(f"MSCK REPAIR TABLE {both}", **elsewhere).rows == [[gone]]
    assert athena.run(f"SHOW CREATE TABLE {both}", **elsewhere).rows[0] == [f"CREATE EXTERNAL TABLE `{name}`("]
    assert str(athena.run(f"DESCRIBE {both}", **elsewhere).rows[0][0]).startswith("a  ")
    assert athena.run(f"SHOW COLUMNS IN {both}", **elsewhere).rows == [[f"{'a':<20}"], [f"{'p':<20}"]]
    assert athena.run(f"SHOW TBLPROPERTIES {both} ('EXTERNAL')", **elsewhere).rows == [["TRUE"]]
    assert athena.run(f"SELECT p FROM {athena.database}.{name}").rows == []
    athena.run(f"DROP TABLE {both}", **elsewhere)
    assert athena.fails(f"SHOW PARTITIONS {both}").startswith(NOT_FOUND)


def test_the_database_in_backticks_must_be_there(athena: Athena) -> None:
    made = "CREATE EXTERNAL TABLE `nowhere.t` (a int) LOCATION 's3://{}/t/'"
    assert athena.fails(made.format(athena.bucket)) == (
        "FAILED: SemanticException [Error 10072]: Database does not exist: nowhere"
    )
    assert athena.fails("DROP TABLE `nowhere.t`").startswith(NOT_FOUND)
    athena.run("DROP TABLE IF EXISTS `nowhere.t`")


@pytest.mark.parametrize("name", ["`a.b.c`", "a.`b.c`", "`a.b`.c", "`.b`", "`a.`"])
@pytest.mark.parametrize("sql", ["CREATE EXTERNAL TABLE {} (a int) LOCATION 's3://b/t/'", "DROP TABLE {}", "DESC {}"])
def test_more_dots_are_no_name(athena: Athena, sql: str, name: str) -> None:
    """Hive splits at dots into two parts: ql/src/java/org/apache/hadoop/hive/ql/exec/Utilities.java, getDbTableName"""
    assert "Invalid table name" in athena.fails(sql.format(name))


def test_quotes_in_double_quotes(athena: Athena) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html has strings in double quotes."""
    serde = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
    given = r"""WITH SERDEPROPERTIES ("separatorChar" = ",", "quoteChar" = "\"", "escapeChar" = "\\")"""
    made = _create(athena, clauses=f"{serde} {given}")["StorageDescriptor"]["SerdeInfo"]["Parameters"]
    assert (made["separatorChar"], made["quoteChar"], made["escapeChar"]) == (",", '"', "\\")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r'"a\"b"', 'a"b'), (r'"\\\""', '\\"'), ('"it\'s"', "it's"), (r"'a\'b'", "a'b"), (r'''"\"("''', '"('),
        # A StringLiteral of Hive is one or more of them, side by side: ql/.../parse/HiveLexer.g and unescapeSQLString.
        ("'it''s'", "its"), ("'a'\"b\"'c'", "abc"), ('"a""b"', "ab"),
    ],
)  # fmt: skip
def test_a_string_of_hive(athena: Athena, written: str, meant: str) -> None:
    made = _create(athena, f"a int COMMENT {written}, b int", f"COMMENT {written}", f"TBLPROPERTIES ('k' = {written})")
    assert [made["StorageDescriptor"]["Columns"][0]["Comment"], made["Description"], made["Parameters"]["k"]] == [
        meant
    ] * 3


def test_strings_apart_are_not_joined(athena: Athena) -> None:
    made = f"CREATE EXTERNAL TABLE apart (a int) COMMENT 'a' 'b' LOCATION 's3://{athena.bucket}/apart/'"
    assert athena.fails(made).startswith("FAILED: ParseException")


def test_double_quotes_in_queries_are_names(athena: Athena) -> None:
    assert athena.run('SELECT "a""b", "c\\" FROM (VALUES (1, 2)) t("a""b", "c\\")').rows == [["1", "2"]]


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        ("struct<x:int COMMENT 'inner', y:string>", "struct<x:int,y:string>"),
        ("struct<x:int comment \"a > b, c\", comment:string COMMENT 'it\\'s'>", "struct<x:int,comment:string>"),
        ("array<struct<x:struct<y:int COMMENT 'deep'> COMMENT 'outer'>>", "array<struct<x:struct<y:int>>>"),
        ("map<string,struct<x:decimal(5,2) COMMENT 'n'>>", "map<string,struct<x:decimal(5,2)>>"),
    ],
)
def test_comments_of_members(athena: Athena, declared: str, kept: str) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/data-types.html; Hive's getTypeStringFromAST leaves them out."""
    columns = _create(athena, f"s {declared} COMMENT 'own', a int")["StorageDescriptor"]["Columns"]
    assert columns == [{"Name": "s", "Type": kept, "Comment": "own"}, {"Name": "a", "Type": "int"}]


@pytest.mark.parametrize("declared", ["array<int COMMENT 'x'>", "map<string COMMENT 'x',int>", "struct<x:int COMMENT>"])
def test_only_members_have_comments(athena: Athena, declared: str) -> None:
    made = f"CREATE EXTERNAL TABLE uncommented (s {declared}) LOCATION 's3://{athena.bucket}/uncommented/'"
    assert athena.fails(made).startswith("FAILED:")


@pytest.mark.parametrize(
    ("columns", "line", "expected"),
    [
        ("a string, b string", r"x\,y,z", ["x,y", "z"]),
        ("a string, b string", r"\,,\a\"", [",", 'a"']),
        ("a string, b int, c string", "x,1,", ["x", "1", ""]),
        ("a string, b string, c string", r"x\,y", ["x,y", None, None]),
        ("a string, b string", r"\N,\Nx", [None, "Nx"]),
        ("a string, b string", "x,y\\", ["x", "y\\"]),
        ("a string, b string", ",", ["", ""]),
        ("a varchar(3), b double", r"\,bcd,1.5", [",bc", "1.5"]),
        ("a int, b boolean", r"\1,\true", [None, None]),
        ("a string, b string", r"é\é,x", ["éé", "x"]),
    ],
)
def test_escaped_delimited_text(athena: Athena, columns: str, line: str, expected: Row) -> None:
    """As Hive and Trino read it: what NULL is, is looked up before escapes go, and only texts lose them.

    https://github.com/apache/hive/blob/master/serde/src/java/org/apache/hadoop/hive/serde2/lazy/LazyStruct.java
    https://github.com/trinodb/trino/blob/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line/simple/SimpleDeserializer.java
    """
    assert rows(athena, columns, f"{line}\n", ESCAPED) == [expected]


@pytest.mark.parametrize("text", [r"a\\b", r"a\nb", r"a\rb", r"\,\\"])
def test_escapes_that_are_read_in_two_ways_are_refused(athena: Athena, text: str) -> None:
    """LazyUtils.java makes a line's end of an escaped n, StringEncoding.java of Trino drops both of two backslashes."""
    reason = failure(athena, "a string, b int", f"{text},1\n", ESCAPED)
    assert reason.startswith("NOT_SUPPORTED: the local Athena does not translate escaped")
    name = make_table(athena, "a string, b int", {"x": f"{text},1\n"}, ESCAPED)
    assert athena.run(f"SELECT b FROM {name}").rows == [["1"]]


@pytest.mark.parametrize("escape", ["ab", "é", ","])
def test_odd_escapes_are_refused(athena: Athena, escape: str) -> None:
    reason = failure(athena, "a string", "x\n", f"{DELIMITED} ESCAPED BY '{escape}'")
    assert reason.startswith("NOT_SUPPORTED: the local Athena does not translate")


def test_another_escape_than_a_backslash(athena: Athena) -> None:
    assert rows(athena, "a string, b string", "x^,\\y,^]\n", f"{DELIMITED} ESCAPED BY '^'") == [["x,\\y", "]"]]


def test_csv_files_of_awswrangler(athena: Athena, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"ENDPOINT_URL": aws.url, "ACCESS_KEY_ID": "local", "SECRET_ACCESS_KEY": "local"}
    for variable, value in {**given, "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{variable}", value)
    name = f"w_{uuid.uuid4().hex[:8]}"
    awswrangler.s3.to_csv(
        pd.DataFrame({"a": [1, 2], "b": ["x", "y z"]}), f"s3://{athena.bucket}/{name}/", dataset=True, index=False,
        database=athena.database, table=name,
    )  # fmt: skip
    assert _made(athena, name)["StorageDescriptor"]["SerdeInfo"]["Parameters"]["escape.delim"] == "\\"
    assert athena.run(f"SELECT a, b FROM {name} ORDER BY a").rows == [["1", "x"], ["2", "y z"]]
