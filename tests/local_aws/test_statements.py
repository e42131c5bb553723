"""DDL, views and statements that write."""

import uuid

import pytest

from tests.local_aws.harness import Athena

DDL_TASK = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "


def test_databases(athena: Athena) -> None:
    name = f"d_{uuid.uuid4().hex[:8]}"
    athena.run(f"CREATE DATABASE {name} COMMENT 'x' LOCATION 's3://{athena.bucket}/'")
    athena.run(f"CREATE SCHEMA IF NOT EXISTS {name}")
    assert athena.fails(f"CREATE DATABASE {name}").startswith(DDL_TASK)
    missing = "FAILED: SemanticException [Error 10072]: Database does not exist: nope"
    for sql in (
        "SHOW TABLES IN nope",
        "DROP DATABASE nope",
        "CREATE EXTERNAL TABLE nope.t (a int) LOCATION 's3://b/t/'",
    ):
        assert athena.fails(sql) == missing
    assert [name] in athena.run("SHOW DATABASES").rows
    athena.run(f"CREATE EXTERNAL TABLE {name}.t (a string) LOCATION 's3://{athena.bucket}/t/'")
    assert "is not empty" in athena.fails(f"DROP DATABASE {name}")
    athena.run(f"DROP DATABASE {name} CASCADE")
    athena.run(f"DROP DATABASE IF EXISTS {name}")
    assert "does not exist" in athena.fails(f"DROP DATABASE {name}")


def test_a_table_made_in_sql_is_the_same_in_glue(athena: Athena) -> None:
    athena.run(f"""
        -- a comment
        CREATE EXTERNAL TABLE IF NOT EXISTS `Made` (
            `userId` string COMMENT 'who; when, (what)', n decimal(38,0), tags array<struct<k:string,v:map<string,int>>>
        ) COMMENT 'it\\'s' PARTITIONED BY (year string, month string)
        ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ('mapping.userid' = 'userId', 'case.insensitive' = 'false')
        STORED AS TEXTFILE LOCATION 's3://{athena.bucket}/made/' TBLPROPERTIES ('classification' = 'json');
    """)  # noqa: E501
    made = athena.glue.get_table(DatabaseName=athena.database, Name="made")["Table"]
    assert made["TableType"] == "EXTERNAL_TABLE"
    assert made["StorageDescriptor"]["Columns"] == [
        {"Name": "userid", "Type": "string", "Comment": "who; when, (what)"},
        {"Name": "n", "Type": "decimal(38,0)"},
        {"Name": "tags", "Type": "array<struct<k:string,v:map<string,int>>>"},
    ]
    assert made["PartitionKeys"] == [{"Name": "year", "Type": "string"}, {"Name": "month", "Type": "string"}]
    serde = made["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert serde["Parameters"] == {"serialization.format": "1", "mapping.userid": "userId", "case.insensitive": "false"}
    assert made["Parameters"]["classification"] == "json"
    assert ["made"] in athena.run("SHOW TABLES LIKE 'ma*'").rows
    assert str(athena.run("DESCRIBE made").rows[0][0]).split("\t")[2].strip() == "who; when, (what)"
    assert athena.run("SHOW CREATE TABLE made").rows[0] == ["CREATE EXTERNAL TABLE `made`("]
    assert [row[0].strip() for row in athena.run("SHOW COLUMNS IN made").rows if row[0]][-1] == "month"
    athena.run("ALTER TABLE made ADD PARTITION (year = '2025', month = '03')")
    assert athena.run("SHOW PARTITIONS made").rows == [["year=2025/month=03"]]
    assert athena.fails("ALTER TABLE made ADD PARTITION (year = '2025', month = '03')").startswith(DDL_TASK)
    athena.run("DROP TABLE made")
    assert "Table not found" in athena.fails("DROP TABLE made")


def test_columns_are_added_and_replaced(athena: Athena) -> None:
    athena.s3.put_object(Bucket=athena.bucket, Key="grown/x.json", Body=b'{"a": "1", "b": 2}')
    athena.run(
        f"CREATE EXTERNAL TABLE grown (a string) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{athena.bucket}/grown/'"
    )
    athena.run("ALTER TABLE grown ADD COLUMNS (b bigint COMMENT 'new', c string)")
    assert athena.run("SELECT * FROM grown").rows == [["1", "2", None]]
    assert "Duplicate column name: b" in athena.fails("ALTER TABLE grown ADD COLUMNS (b bigint)")
    athena.run(f"CREATE EXTERNAL TABLE keyed (a int) PARTITIONED BY (p int) LOCATION 's3://{athena.bucket}/keyed/'")
    assert "Duplicate column name: p" in athena.fails("ALTER TABLE keyed REPLACE COLUMNS (a int, p int)")
    athena.run("ALTER TABLE keyed REPLACE COLUMNS (b bigint)")
    assert str(athena.run("DESCRIBE keyed").rows[0][0]).split() == ["b", "bigint"]
    # https://docs.aws.amazon.com/athena/latest/ug/alter-table-replace-columns.html
    reason = f"Replace columns is not supported for table {athena.database}.grown. SerDe may be incompatible."
    assert athena.fails("ALTER TABLE grown REPLACE COLUMNS (b bigint)") == DDL_TASK + reason


def test_what_follows_a_statement_fails_it_before_anything_is_done(athena: Athena) -> None:
    place = f"LOCATION 's3://{athena.bucket}/whole/'"
    athena.run(f"CREATE EXTERNAL TABLE whole (a int) PARTITIONED BY (p string) {place}")
    athena.run("CREATE VIEW whole_view AS SELECT 1 AS a")
    athena.s3.put_object(Bucket=athena.bucket, Key="whole/p=5/x", Body=b"1")
    athena.run("ALTER TABLE whole ADD PARTITION (p = '1')")

    def catalog() -> tuple[list[str], object, object]:
        found = [athena.glue.get_table(DatabaseName=athena.database, Name=n)["Table"] for n in ("whole", "whole_view")]
        kept = [repr((each["StorageDescriptor"], each["Parameters"])) for each in found]
        return kept, athena.run("SHOW PARTITIONS whole").rows, athena.run("SHOW DATABASES").rows

    before = catalog()
    for sql in (
        "DROP TABLE whole PURGE", "ALTER TABLE whole SET TBLPROPERTIES ('x' = '1') foo",
        f"ALTER TABLE whole SET {place} foo",
        "ALTER TABLE whole ADD COLUMNS (z int) CASCADE", "ALTER TABLE whole REPLACE COLUMNS (w int) CASCADE",
        "ALTER TABLE whole ADD PARTITION (p = '9') foo", "ALTER TABLE whole DROP PARTITION (p = '1') PURGE",
        "ALTER TABLE whole ADD IF NOT EXISTS PARTITION (p = '2'), PARTITION (p = '3')", "ALTER TABLE whole ADD",
        "ALTER TABLE whole DROP PARTITION (p = '1') PARTITION (p = '2')", "MSCK REPAIR TABLE whole SYNC PARTITIONS",
        f"ALTER TABLE whole PARTITION (p = '1') SET {place} foo", "CREATE DATABASE whole_d foo", "SHOW COLUMNS whole",
        f"DROP DATABASE {athena.database} CASCADE RESTRICT",
    ):  # fmt: skip
        assert athena.fails(sql).startswith("FAILED: ParseException line 1:"), sql
    assert athena.fails("DROP VIEW whole_view foo").startswith("SYNTAX_ERROR")
    unload = f"UNLOAD (SELECT 1 AS a) TO 's3://{athena.bucket}/whole-u/' WITH (format = 'PARQUET') foo"
    assert athena.fails(unload).startswith("SYNTAX_ERROR")
    assert "Partition not found {p=7}" in athena.fails(
        "ALTER TABLE whole DROP PARTITION (p = '1'), PARTITION (p = '7')"
    )
    assert catalog() == before
    assert not athena.s3.list_objects_v2(Bucket=athena.bucket, Prefix="whole-u/").get("Contents")
    athena.run("ALTER TABLE whole DROP IF EXISTS PARTITION (p = '7'), PARTITION (p = '1')")
    assert athena.run("SHOW PARTITIONS whole").rows == []


@pytest.mark.parametrize(
    "sql",
    [
        "DESCRIBE {table} PARTITION (p = '1')", "DESCRIBE {table} a", "ALTER TABLE {table} CHANGE COLUMN a b int",
        "ALTER TABLE {table} PARTITION (p = '1') RENAME TO PARTITION (p = '2')", "SHOW CREATE TABLE view_of",
        "CREATE EXTERNAL TABLE x (a int) CLUSTERED BY (a) INTO 4 BUCKETS LOCATION 's3://{bucket}/x/'",
    ],
)  # fmt: skip
def test_what_athena_documents_and_is_not_done_is_refused(athena: Athena, sql: str) -> None:
    athena.run("CREATE EXTERNAL TABLE IF NOT EXISTS documented (a int) PARTITIONED BY (p string) "
               f"LOCATION 's3://{athena.bucket}/documented/'")  # fmt: skip
    athena.run("CREATE OR REPLACE VIEW view_of AS SELECT 1 AS a")
    assert athena.fails(sql.format(table="documented", bucket=athena.bucket)).startswith("NOT_SUPPORTED")


def test_names_that_need_backticks(athena: Athena) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html"""
    make = f"CREATE EXTERNAL TABLE {{}} ({{}} int) LOCATION 's3://{athena.bucket}/names/'"
    for name in ("date", "Order", "_a", '"a"', "é"):
        for sql in (make.format("named", name), make.format(name, "a"), f"DROP TABLE {name}"):
            assert athena.fails(sql).startswith("FAILED: ParseException"), sql
    athena.run(make.format("`order`", "`date`"))
    assert athena.run('SELECT "date" FROM "order"').rows == []
    athena.run("DROP TABLE `order`")


def test_the_clauses_of_a_table_have_one_order(athena: Athena) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/create-table.html"""
    place = f"LOCATION 's3://{athena.bucket}/ordered/'"
    fields, nulls = "FIELDS TERMINATED BY ','", "NULL DEFINED AS 'x'"
    athena.run(
        "CREATE EXTERNAL TABLE ordered (a int) COMMENT 'c' PARTITIONED BY (p int) ROW FORMAT DELIMITED "
        f"{fields} LINES TERMINATED BY '\\n' {nulls} STORED AS TEXTFILE {place} TBLPROPERTIES ('k' = 'v')"
    )
    for clauses in (
        f"{place} COMMENT 'c'", "TBLPROPERTIES ('k' = 'v') " + place, f"PARTITIONED BY (p int) COMMENT 'c' {place}",
        f"STORED AS TEXTFILE ROW FORMAT DELIMITED {fields} {place}", f"{place} {place}", f"COMMENT 'it' 's' {place}",
        f"PARTITIONED BY (p int) PARTITIONED BY (q int) {place}", f"ROW FORMAT DELIMITED {nulls} {fields} {place}",
    ):  # fmt: skip
        made = f"CREATE EXTERNAL TABLE disordered (a int) {clauses}"
        assert athena.fails(made).startswith("FAILED: ParseException"), clauses
    for row_format, reason in {
        "SERDE 'no.such.SerDe'": DDL_TASK + "Cannot validate serde: no.such.SerDe",
        f"DELIMITED {fields} LINES TERMINATED BY '|'": "FAILED: SemanticException LINES TERMINATED BY only supports",
    }.items():
        made = f"CREATE EXTERNAL TABLE disordered (a int) ROW FORMAT {row_format} {place}"
        assert athena.fails(made).startswith(reason)


def test_the_values_of_a_partition_are_constants_of_its_types(athena: Athena) -> None:
    place = f"LOCATION 's3://{athena.bucket}/valued/'"
    athena.run(f"CREATE EXTERNAL TABLE valued (a int) PARTITIONED BY (d string, n int) {place}")
    for spec, reason in {
        "d = k5, n = 1": "FAILED: ParseException", "d = 'k', n = 'abc'": "NOT_SUPPORTED",
        "d = true, n = 1": "NOT_SUPPORTED",
    }.items():  # fmt: skip
        assert athena.fails(f"ALTER TABLE valued ADD PARTITION ({spec})").startswith(reason), spec
    athena.run("ALTER TABLE valued ADD PARTITION (d = 5, n = '1')")
    assert athena.run("SHOW PARTITIONS valued").rows == [["d=5/n=1"]]
    for of in ("", " PARTITION (d = '5', n = 1)"):
        reason = athena.fails(f"ALTER TABLE valued{of} SET LOCATION 'foo'")
        assert "is not absolute or has no scheme information" in reason


def test_comments_are_shown(athena: Athena) -> None:
    athena.run("CREATE EXTERNAL TABLE told (a int COMMENT 'it\\'s') COMMENT 'all' PARTITIONED BY (p int COMMENT 'key') "
               f"LOCATION 's3://{athena.bucket}/told/'")  # fmt: skip
    athena.run("ALTER TABLE told ADD COLUMNS (b int COMMENT 'new')")
    shown = [str(row[0]).split("\t") for row in athena.run("DESCRIBE told").rows]
    assert [[cell.strip() for cell in row] for row in (*shown[:3], shown[-1])] == [
        ["a", "int", "it's"], ["b", "int", "new"], ["p", "int", "key"], ["p", "int", "key"],
    ]  # fmt: skip
    made = [str(row[0]) for row in athena.run("SHOW CREATE TABLE told").rows]
    # A SerDe that reads its own columns comments them, where the table does not.
    openx = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
    athena.run(f"CREATE EXTERNAL TABLE read (a int, b int COMMENT 'x') {openx} LOCATION 's3://{athena.bucket}/read/'")
    assert [str(row[0]).split("\t")[2].strip() for row in athena.run("DESCRIBE read").rows] == [
        "from deserializer",
        "x",
    ]
    assert ["  `a` int COMMENT 'from deserializer', "] in athena.run("SHOW CREATE TABLE read").rows
    columns = ["  `a` int COMMENT 'it\\'s', ", "  `b` int COMMENT 'new')"]
    assert made[1:6] == [*columns, "COMMENT 'all'", "PARTITIONED BY ( ", "  `p` int COMMENT 'key')"]
    assert not any("'comment'" in line for line in made)


def test_msck_repair_finds_folders_of_partitions_and_needs_a_table_type(athena: Athena) -> None:
    for month in ("01", "02"):
        athena.s3.put_object(Bucket=athena.bucket, Key=f"msck/year=2025/month={month}/g/x.json", Body=b"{}")
    athena.s3.put_object(Bucket=athena.bucket, Key="msck/year=2025/month=02/g/y.json", Body=b"{}")
    athena.s3.put_object(Bucket=athena.bucket, Key="msck/other/x.json", Body=b"{}")
    athena.run(
        f"CREATE EXTERNAL TABLE msck (a string) PARTITIONED BY (year string, month string) LOCATION 's3://{athena.bucket}/msck/'"
    )
    found = athena.run("MSCK REPAIR TABLE msck").rows
    assert found[1:] == [
        ["Repair: Added partition to metastore msck:year=2025/month=01"],
        ["Repair: Added partition to metastore msck:year=2025/month=02"],
    ]
    assert athena.run("MSCK REPAIR TABLE msck").rows == []
    storage = {"Columns": [], "Location": f"s3://{athena.bucket}/msck/"}
    athena.glue.create_table(
        DatabaseName=athena.database,
        TableInput={
            "Name": "untyped",
            "StorageDescriptor": storage,
            "PartitionKeys": [{"Name": "y", "Type": "string"}],
        },
    )
    for sql in ("MSCK REPAIR TABLE untyped", "SHOW CREATE TABLE untyped"):
        assert athena.fails(sql) == "FAILED: NullPointerException Name is null"
    athena.s3.put_object(Bucket=athena.bucket, Key="msck/year=/month=01/x.json", Body=b"{}")
    assert athena.fails("MSCK REPAIR TABLE msck").startswith("NOT_SUPPORTED")


def test_views(athena: Athena) -> None:
    athena.run('CREATE VIEW numbers AS SELECT n AS "value" FROM (VALUES 1, 2) AS t(n)')
    athena.run('CREATE OR REPLACE VIEW doubled AS SELECT "value" * 2 AS twice FROM numbers')
    assert athena.run("SELECT sum(d.twice) FROM doubled AS d").rows == [["6"]]
    assert "already exists" in athena.fails("CREATE VIEW numbers AS SELECT 1 AS x")
    assert ["numbers"] in athena.run("SHOW VIEWS").rows
    assert "[Error 10131]" in athena.fails("ALTER TABLE numbers ADD COLUMNS (b int)")
    assert athena.fails("MSCK REPAIR TABLE numbers").startswith(DDL_TASK)
    athena.run("DROP VIEW numbers")
    assert athena.fails("SELECT * FROM doubled").startswith("INVALID_VIEW: line 1:15: Failed analyzing stored view")


def test_a_view_is_checked_when_it_is_made(athena: Athena) -> None:
    athena.run("CREATE OR REPLACE VIEW checked AS SELECT 1 AS A, 'x' AS b, ARRAY[1.5] AS c")
    made = athena.glue.get_table(DatabaseName=athena.database, Name="checked")["Table"]
    assert made["StorageDescriptor"]["Columns"] == [
        {"Name": "a", "Type": "int"}, {"Name": "b", "Type": "string"}, {"Name": "c", "Type": "array<decimal(2,1)>"},
    ]  # fmt: skip
    assert athena.fails("CREATE VIEW v AS SELECT nope FROM checked").startswith("COLUMN_NOT_FOUND")
    assert athena.fails("CREATE VIEW v AS SELECT a, a FROM checked").startswith("DUPLICATE_COLUMN_NAME")
    assert athena.fails("CREATE VIEW v AS SELECT count(*) FROM checked").startswith("MISSING_COLUMN_NAME")
    assert "Cannot drop a view" in athena.fails("DROP TABLE checked")
    other = f"d_{uuid.uuid4().hex[:8]}"
    athena.run(f"CREATE DATABASE {other}")
    athena.run(f"CREATE VIEW {other}.elsewhere AS SELECT a FROM checked")
    assert athena.run("SELECT a FROM elsewhere", QueryExecutionContext={"Database": other}).rows == [["1"]]


def test_a_view_whose_columns_have_changed_is_stale(athena: Athena) -> None:
    athena.run("CREATE VIEW base AS SELECT 1 AS k, 'x' AS v")
    athena.run("CREATE VIEW above AS SELECT * FROM base")
    assert athena.run("SELECT * FROM above").rows == [["1", "x"]]
    for query, problem in (
        ("SELECT 1 AS k, 'x' AS v, 2 AS more", "stored view column count (2) does not match"),
        (
            "SELECT 'x' AS v, 1 AS k",
            "column [v] of type varchar projected from query view at position 0 has a different",
        ),
    ):
        athena.run(f"CREATE OR REPLACE VIEW base AS {query}")
        reason = athena.fails("SELECT * FROM above")
        assert reason.startswith(f"VIEW_IS_STALE: line 1:15: View 'awsdatacatalog.{athena.database}.above' is stale")
        assert problem in reason
    athena.run("CREATE OR REPLACE VIEW base AS SELECT BIGINT '1' AS k, 'x' AS v")
    assert athena.fails("SELECT * FROM above").startswith("NOT_SUPPORTED")


def test_places_are_those_in_the_whole_statement(athena: Athena) -> None:
    for statement, place in (
        ("CREATE TABLE placed WITH (format = 'PARQUET') AS\nSELECT 1 AS a, nope", "line 2:16"),
        ("CREATE VIEW placed AS SELECT nope", "line 1:30"),
        (f"UNLOAD (SELECT nope) TO 's3://{athena.bucket}/placed/' WITH (format = 'JSON')", "line 1:16"),
    ):
        assert athena.fails(statement).startswith(f"COLUMN_NOT_FOUND: {place}: Column 'nope'"), statement


def test_a_table_is_no_view(athena: Athena) -> None:
    athena.run(f"CREATE EXTERNAL TABLE plain (a string) LOCATION 's3://{athena.bucket}/plain/'")
    assert athena.fails("DROP VIEW plain").startswith("TABLE_NOT_FOUND")
    assert athena.fails("CREATE OR REPLACE VIEW plain AS SELECT 1 AS a").startswith("TABLE_ALREADY_EXISTS")
    assert athena.run("SELECT count(*) FROM plain").rows == [["0"]]


def test_the_partitions_of_a_table(athena: Athena) -> None:
    athena.run(
        f"CREATE EXTERNAL TABLE parted (a string) PARTITIONED BY (year string, month int) LOCATION 's3://{athena.bucket}/parted/'"
    )
    assert athena.run('SELECT * FROM "parted$partitions"').rows == []
    athena.run("ALTER TABLE parted ADD PARTITION (year = '2025', month = 3) PARTITION (year = '2025', month = 12)")
    assert athena.run("SELECT max(month), count(*) FROM \"parted$partitions\" WHERE year > '2024'").rows == [
        ["12", "2"]
    ]
    assert athena.run('SELECT * FROM "parted$partitions" ORDER BY month').rows == [["2025", "3"], ["2025", "12"]]


def test_a_table_without_data(athena: Athena) -> None:
    athena.run("CREATE TABLE hollow AS SELECT 1 AS a, 'x' AS b WITH NO DATA")
    assert athena.run("SELECT * FROM hollow").rows == []
    athena.run("INSERT INTO hollow VALUES (2, 'y')")
    athena.run("INSERT INTO hollow (b) VALUES ('z')")
    assert athena.run("SELECT * FROM hollow ORDER BY a").rows == [["2", "y"], [None, "z"]]
    assert "specified more than once: a" in athena.fails("INSERT INTO hollow (a, a) VALUES (1, 2)")
    assert athena.fails("INSERT INTO hollow (a, x) VALUES (1, 2)").startswith("COLUMN_NOT_FOUND")


def test_a_table_without_a_place_lies_beside_the_results(athena: Athena) -> None:
    made = athena.run("CREATE TABLE placed AS SELECT 1 AS a").execution["QueryExecutionId"]
    found = athena.glue.get_table(DatabaseName=athena.database, Name="placed")["Table"]["StorageDescriptor"]
    assert found["Location"] == f"s3://{athena.bucket}/results/tables/{made}/"


def test_create_table_as_and_insert_into(athena: Athena) -> None:
    place = f"s3://{athena.bucket}/ctas/"
    sql = f"CREATE TABLE kept WITH (format = 'PARQUET', external_location = '{place}', partitioned_by = ARRAY['p']) AS SELECT 1 AS a, 'x' AS b, 'one' AS p"  # noqa: E501
    answer = athena.run(sql)
    assert (answer.execution["StatementType"], answer.execution["SubstatementType"]) == (
        "DDL",
        "CREATE_TABLE_AS_SELECT",
    )
    assert athena.fails(sql).startswith("TABLE_ALREADY_EXISTS")
    athena.run("INSERT INTO kept VALUES (2, 'y', 'two'), (3, NULL, 'one')")
    assert athena.run("SELECT * FROM kept ORDER BY a").rows == [
        ["1", "x", "one"],
        ["2", "y", "two"],
        ["3", None, "one"],
    ]
    assert athena.run("SHOW PARTITIONS kept").rows == [["p=one"], ["p=two"]]
    assert (
        athena.run("SELECT a FROM kept WHERE p = 'two'").scanned
        < athena.run("SELECT a, b FROM kept WHERE p = 'two'").scanned
    )
    assert athena.fails("INSERT INTO kept VALUES ('2', 'y', 'two')").startswith("TYPE_MISMATCH")
    assert athena.fails("INSERT INTO kept SELECT 1, 'x'").startswith(
        "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [integer, varchar(1), varchar(3)], "
    )
    athena.run("DROP TABLE kept")
    assert athena.fails(sql).startswith("HIVE_PATH_ALREADY_EXISTS")
    assert athena.fails("CREATE TABLE unnamed AS SELECT count(*)").startswith("MISSING_COLUMN_NAME")
    many = f"CREATE TABLE many WITH (partitioned_by = ARRAY['p'], external_location = 's3://{athena.bucket}/many/') AS SELECT 1 AS a, n AS p FROM UNNEST(sequence(1, 101)) AS t(n)"  # noqa: E501
    assert athena.fails(many).startswith("HIVE_TOO_MANY_OPEN_PARTITIONS")


def test_unload(athena: Athena) -> None:
    for form in ("PARQUET", "JSON"):
        place = f"s3://{athena.bucket}/unload-{form}/"
        query = "SELECT n, 'x' AS s FROM (VALUES 1, 2) AS t(n)"
        answer = athena.run(f"UNLOAD ({query}) TO '{place}' WITH (format = '{form}')")
        assert answer.execution["StatementType"] == "DML"
        assert athena.fails(f"UNLOAD ({query}) TO '{place}' WITH (format = '{form}')").startswith(
            "HIVE_PATH_ALREADY_EXISTS"
        )
        serde = "STORED AS PARQUET" if form == "PARQUET" else "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
        athena.run(f"CREATE EXTERNAL TABLE unloaded_{form} (n bigint, s string) {serde} LOCATION '{place}'")
        assert athena.run(f"SELECT * FROM unloaded_{form} ORDER BY n").rows == [["1", "x"], ["2", "x"]]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE odd WITH (formt = 'PARQUET') AS SELECT 1 AS a",
        "UNLOAD (SELECT 1 AS a) TO 's3://{bucket}/odd/' WITH (format = 'JSON', external_location = 'x')",
    ],
)
def test_a_property_that_does_not_exist(athena: Athena, sql: str) -> None:
    assert athena.fails(sql.format(bucket=athena.bucket)).startswith("INVALID_TABLE_PROPERTY")


def test_partition_values_in_folders(athena: Athena) -> None:
    place = f"s3://{athena.bucket}/folders/"
    athena.run(
        f"CREATE TABLE folders WITH (external_location = '{place}', partitioned_by = ARRAY['p']) AS "
        "SELECT n, p FROM (VALUES (1, 'a/b=c'), (2, 'e x*'), (3, NULL)) AS t(n, p)"
    )
    folders = ["p=__HIVE_DEFAULT_PARTITION__", "p=a%2Fb%3Dc", "p=e x%2A"]
    assert [row[0] for row in athena.run("SHOW PARTITIONS folders").rows] == folders
    keys = [item["Key"] for item in athena.s3.list_objects_v2(Bucket=athena.bucket, Prefix="folders/")["Contents"]]
    assert sorted(key.split("/")[1] for key in keys) == folders
    athena.run(f"CREATE EXTERNAL TABLE again (n int) PARTITIONED BY (p string) STORED AS PARQUET LOCATION '{place}'")
    athena.s3.put_object(Bucket=athena.bucket, Key="folders/P=capital/x", Body=b"")
    athena.run("MSCK REPAIR TABLE again")
    assert athena.run("SELECT n, p FROM again ORDER BY n").rows == [["1", "a/b=c"], ["2", "e x*"], ["3", None]]


def test_a_partition_without_a_value_is_that_of_null(athena: Athena) -> None:
    values = "SELECT * FROM (VALUES (1, ''), (2, NULL)) AS t(n, p)"
    athena.run(f"CREATE TABLE valueless WITH (partitioned_by = ARRAY['p']) AS {values}")
    answer = athena.run("SELECT n, p FROM valueless ORDER BY n")
    assert (answer.rows, answer.types) == ([["1", None], ["2", None]], ["integer", "varchar"])
    assert athena.run("SHOW PARTITIONS valueless").rows == [["p=__HIVE_DEFAULT_PARTITION__"]]


def test_partitions_named_in_part(athena: Athena) -> None:
    athena.run(
        "CREATE EXTERNAL TABLE partly (a string) PARTITIONED BY (year string, month string) "
        f"LOCATION 's3://{athena.bucket}/partly/'"
    )
    for month in ("year = '2024', month = '01'", "year = '2024', month = '02'", "year = '2025', month = '01'"):
        athena.run(f"ALTER TABLE partly ADD PARTITION ({month})")
    assert "{month=05} doesn't contain all (2) partition columns" in athena.fails(
        "ALTER TABLE partly ADD PARTITION (month = '05')"
    )
    assert "Non-Partition column" in athena.fails("ALTER TABLE partly ADD PARTITION (day = '05')")
    athena.run("ALTER TABLE partly DROP PARTITION (year = '2024')")
    assert athena.run("SHOW PARTITIONS partly").rows == [["year=2025/month=01"]]
    assert "Partition not found" in athena.fails("ALTER TABLE partly DROP PARTITION (year = '2024')")


def test_types_that_only_queries_know(athena: Athena) -> None:
    for kind in ("integer", "real", "varchar", "array<integer>"):
        assert "type" in athena.fails(f"CREATE EXTERNAL TABLE t (a {kind}) LOCATION 's3://{athena.bucket}/t/'")


@pytest.mark.parametrize(
    "kind",
    [
        "decimal(39,2)", "decimal(5,6)", "decimal(0,0)", "varchar(0)", "varchar(65536)", "char(256)", "int(3)",
        "map<int>", "array<decimal(50,2)>", "array<varchar>", "struct<a:integer>", "map<array<int>,int>",
    ],
)  # fmt: skip
def test_types_out_of_range(athena: Athena, kind: str) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/data-types.html"""
    place, name = f"LOCATION 's3://{athena.bucket}/t/'", f"t_{uuid.uuid4().hex[:8]}"
    assert athena.fails(f"CREATE EXTERNAL TABLE {name} (a {kind}) {place}").startswith(DDL_TASK)
    keyed = f"CREATE EXTERNAL TABLE {name}_keyed (a int) PARTITIONED BY (p {kind}) {place}"
    assert athena.fails(keyed).startswith(DDL_TASK)


def test_a_partition_column_is_primitive(athena: Athena) -> None:
    place = f"LOCATION 's3://{athena.bucket}/t/'"
    made = f"CREATE EXTERNAL TABLE of_lists (a int) PARTITIONED BY (p array<int>) {place}"
    assert athena.fails(made).startswith(DDL_TASK)


@pytest.mark.parametrize(
    "options",
    [
        "parquet_compression = 'GZIP', write_compression = 'SNAPPY'", "orc_compression = 'GZIP'",
        "field_delimiter = ','",
    ],
)  # fmt: skip
def test_options_of_another_format_are_refused(athena: Athena, options: str) -> None:
    made = f"CREATE TABLE optional WITH (format = 'PARQUET', {options}) AS SELECT 1 AS a"
    assert athena.fails(made).startswith("NOT_SUPPORTED")


def test_nested_values_are_inserted_only_as_the_type_they_have(athena: Athena) -> None:
    place = f"s3://{athena.bucket}/inserted"
    select = "SELECT CAST(ROW(1, 'a') AS row(x integer, y varchar)) AS s, ARRAY[1] AS l, DECIMAL '1.5' AS d"
    athena.run(f"CREATE TABLE inserted WITH (external_location = '{place}/') AS {select}")
    athena.run("INSERT INTO inserted SELECT s, l, d FROM inserted")
    assert athena.run("SELECT count(*) FROM inserted").rows == [["2"]]
    for values in (
        "CAST(ROW('a', 1) AS row(y varchar, x integer)), ARRAY[1], 1.5",
        "CAST(ROW(1, 'a') AS row(x integer, y varchar)), ARRAY[BIGINT '1'], 1.5",
    ):
        assert athena.fails(f"INSERT INTO inserted SELECT {values}").startswith("NOT_SUPPORTED"), values
    narrower = "CAST(ROW(1, 'a') AS row(x integer, y varchar)), ARRAY[1], 1.55"
    assert "decimal(2,1)" in athena.fails(f"INSERT INTO inserted SELECT {narrower}")
    assert "Anonymous row type" in athena.fails("CREATE TABLE unnamed AS SELECT ROW(1, 2) AS r")


def test_a_table_keeps_the_lengths_of_texts(athena: Athena) -> None:
    athena.run("CREATE TABLE lengths AS SELECT 'abc' AS a, CAST('x' AS varchar(7)) AS b, CAST('x' AS varchar) AS c")
    made = athena.glue.get_table(DatabaseName=athena.database, Name="lengths")["Table"]["StorageDescriptor"]["Columns"]
    assert [column["Type"] for column in made] == ["varchar(3)", "varchar(7)", "string"]


def test_texts_are_kept_as_hive_reads_them(athena: Athena) -> None:
    place = f"LOCATION 's3://{athena.bucket}/texts/'"
    athena.s3.put_object(Bucket=athena.bucket, Key="texts/x", Body=b"a\tb")
    fields = r"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' LINES TERMINATED BY '\n'"
    athena.run(f"CREATE EXTERNAL TABLE texts (x string, y string) {fields} {place}")
    made = athena.glue.get_table(DatabaseName=athena.database, Name="texts")["Table"]["StorageDescriptor"]["SerdeInfo"]
    assert (made["Parameters"]["field.delim"], made["Parameters"]["line.delim"]) == ("\t", "\n")
    assert athena.run("SELECT x, y FROM texts").rows == [["a", "b"]]
    shown = [row[0] or "" for row in athena.run("SHOW CREATE TABLE texts").rows]
    assert any(r"FIELDS TERMINATED BY '\t'" in line for line in shown)


def test_the_properties_of_a_database_are_set(athena: Athena) -> None:
    athena.run(f"ALTER DATABASE {athena.database} SET DBPROPERTIES ('creator'='me', 'cost'='1')")
    athena.run(f"ALTER SCHEMA {athena.database} SET DBPROPERTIES ('cost'='2')")
    found = athena.glue.get_database(Name=athena.database)["Database"]["Parameters"]
    assert found == {"creator": "me", "cost": "2"}
    assert "Database does not exist" in athena.fails("ALTER DATABASE nowhere SET DBPROPERTIES ('a'='b')")


def test_partition_keys_are_columns(athena: Athena) -> None:
    options = "format = 'PARQUET', partitioned_by = ARRAY['z']"
    reason = athena.fails(f"CREATE TABLE unkeyed WITH ({options}) AS SELECT 1 AS a, 2 AS b")
    assert reason == "INVALID_TABLE_PROPERTY: Partition columns [z] not present in schema"
