"""What Athena asks of Glue, what it says when Glue refuses, and requests with the same token."""

import http.client
import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Athena, Aws

Assume = Callable[[list[dict[str, Any]]], Aws]
Inject = Callable[..., None]
READ_AND_MAKE = ("glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions", "glue:CreateTable")


@pytest.fixture
def inject(aws: Aws) -> Iterator[Inject]:
    def put(*rules: dict[str, Any]) -> None:
        connection = http.client.HTTPConnection(aws.url.removeprefix("http://"))
        connection.request("PUT", "/_local_aws/faults", json.dumps(rules))
        assert connection.getresponse().status == 200
        connection.close()

    yield put
    put()


@pytest.fixture
def with_glue(athena: Athena, assume: Assume) -> Callable[..., Athena]:
    """Athena as a role that may do everything but in Glue, where it may do these actions."""

    def as_role(*actions: str) -> Athena:
        allowed = {"Effect": "Allow", "Action": ["athena:*", "s3:*", *actions], "Resource": "*"}
        return Athena(assume([allowed]), athena.bucket, athena.database)

    return as_role


def not_authorized(reason: str, action: str) -> bool:
    """Whether it is said in the words of a query."""
    begins = "Insufficient permissions to execute the query. User: arn:aws:sts::"
    return reason.startswith(begins) and f"is not authorized to perform: {action}" in reason


def new_name() -> str:
    return f"t_{uuid.uuid4().hex[:10]}"


def partitioned(athena: Athena) -> str:
    """A table of Parquet that has no partitions yet."""
    name = new_name()
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (a int) PARTITIONED BY (p string) STORED AS PARQUET "
        f"LOCATION 's3://{athena.bucket}/{name}/'"
    )
    return name


def ctas(name: str) -> str:
    return f"CREATE TABLE {name} WITH (partitioned_by = ARRAY['p']) AS SELECT 1 AS a, 'x' AS p"


def tables(athena: Athena) -> list[str]:
    return [each["Name"] for each in athena.glue.get_tables(DatabaseName=athena.database)["TableList"]]


# -- requests with the same token --------------------------------------------------------------------------------


def test_parallel_requests_with_one_token_are_one_query(athena: Athena, inject: Inject) -> None:
    """https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html: it is not run again."""
    table, token = partitioned(athena), uuid.uuid4().hex * 2
    inject({"path": f"^/{athena.bucket}/?$", "method": "GET", "delay": 0.3})

    def start(_: int) -> str:
        return str(
            athena.client.start_query_execution(
                QueryString=f"INSERT INTO {table} VALUES (1, 'x')",
                ClientRequestToken=token,
                QueryExecutionContext={"Database": athena.database},
                ResultConfiguration={"OutputLocation": f"s3://{athena.bucket}/results/"},
            )["QueryExecutionId"]
        )

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(start, range(4)))
    inject()
    for each in ids:
        athena.finished(each)
    assert len(ids) == 1
    assert athena.run(f"SELECT count(*) FROM {table}").rows == [["1"]]


def test_a_request_that_was_refused_has_not_used_its_token(athena: Athena) -> None:
    token = uuid.uuid4().hex * 2
    nowhere = {"OutputLocation": f"s3://none-{uuid.uuid4().hex}/"}

    def refused(_: int) -> str:
        with pytest.raises(ClientError, match="Unable to verify/create output bucket") as error:
            athena.ask("SELECT 1", ClientRequestToken=token, ResultConfiguration=nowhere)
        return str(error.value.response["Error"]["Code"])

    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(refused, range(3))) == {"InvalidRequestException"}
    assert athena.run("SELECT 2", ClientRequestToken=token).rows == [["2"]]


# -- rights ------------------------------------------------------------------------------------------------------


def test_partitions_are_made_in_batches(athena: Athena, with_glue: Callable[..., Athena]) -> None:
    """https://github.com/trinodb/trino/blob/400/plugin/trino-hive/src/main/java/io/trino/plugin/hive/metastore/glue/GlueHiveMetastore.java"""
    table, name = partitioned(athena), new_name()
    mine = with_glue(*READ_AND_MAKE, "glue:BatchCreatePartition")
    mine.run(f"INSERT INTO {table} VALUES (1, 'x'), (2, 'y')")
    mine.run(ctas(name))
    found = athena.glue.get_partitions(DatabaseName=athena.database, TableName=table)["Partitions"]
    assert [each["Values"] for each in found] == [["x"], ["y"]]
    assert athena.run(f"SELECT a, p FROM {name}").rows == [["1", "x"]]


@pytest.mark.parametrize("statement", ["INSERT", "CTAS"])
def test_the_right_to_make_one_partition_is_not_enough(
    athena: Athena, with_glue: Callable[..., Athena], statement: str
) -> None:
    mine = with_glue(*READ_AND_MAKE, "glue:CreatePartition", "glue:DeleteTable")
    sql = f"INSERT INTO {partitioned(athena)} VALUES (1, 'x')" if statement == "INSERT" else ctas(new_name())
    assert not_authorized(mine.fails(sql), "glue:BatchCreatePartition")


def test_a_failure_to_clean_up_does_not_hide_its_cause(athena: Athena, with_glue: Callable[..., Athena]) -> None:
    name = new_name()
    assert not_authorized(with_glue(*READ_AND_MAKE).fails(ctas(name)), "glue:BatchCreatePartition")
    assert name in tables(athena)


def test_a_table_whose_partitions_cannot_be_made_is_not_left(athena: Athena, with_glue: Callable[..., Athena]) -> None:
    name = new_name()
    assert not_authorized(with_glue(*READ_AND_MAKE, "glue:DeleteTable").fails(ctas(name)), "glue:BatchCreatePartition")
    assert name not in tables(athena)


def test_views_are_denied_in_the_words_of_a_query(athena: Athena, with_glue: Callable[..., Athena]) -> None:
    """Trino runs them, not Hive."""
    view = new_name()
    mine = with_glue("glue:GetDatabase", "glue:GetTable")
    assert not_authorized(mine.fails(f"CREATE VIEW {view} AS SELECT 1 AS a"), "glue:CreateTable")
    athena.run(f"CREATE VIEW {view} AS SELECT 1 AS a")
    assert not_authorized(mine.fails(f"DROP VIEW {view}"), "glue:DeleteTable")
    replacing = with_glue("glue:GetDatabase", "glue:GetTable", "glue:CreateTable")
    reason = replacing.fails(f"CREATE OR REPLACE VIEW {view} AS SELECT 2 AS a")
    assert not_authorized(reason, "glue:UpdateTable")
    assert not_authorized(with_glue("glue:GetDatabase").fails(f"DROP VIEW {view}"), "glue:GetTable")
    assert athena.run(f"SELECT a FROM {view}").rows == [["1"]]


# -- what Glue refuses at the end --------------------------------------------------------------------------------


def test_a_partition_that_another_made_meanwhile(athena: Athena, inject: Inject) -> None:
    table = partitioned(athena)
    inject({"operation": "^BatchCreatePartition$", "delay": 1.5})
    waiting = {"Database": athena.database}
    started = athena.client.start_query_execution(
        QueryString=f"INSERT INTO {table} VALUES (1, 'x')",
        QueryExecutionContext=waiting,
        ResultConfiguration={"OutputLocation": f"s3://{athena.bucket}/results/"},
    )["QueryExecutionId"]
    while not athena.s3.list_objects_v2(Bucket=athena.bucket, Prefix=f"{table}/")["KeyCount"]:
        pass
    found = athena.glue.get_table(DatabaseName=athena.database, Name=table)["Table"]["StorageDescriptor"]
    athena.glue.create_partition(
        DatabaseName=athena.database, TableName=table, PartitionInput={"Values": ["x"], "StorageDescriptor": found}
    )
    answer = athena.finished(started)
    assert (answer.state, answer.reason.partition(": ")[0]) == ("FAILED", "ALREADY_EXISTS")
    assert "already exists" in answer.reason


def test_a_table_that_another_made_meanwhile(athena: Athena, inject: Inject) -> None:
    name = new_name()
    inject({"operation": "^CreateTable$", "code": "AlreadyExistsException", "message": "Table already exists."})
    reason = athena.fails(f"CREATE TABLE {name} AS SELECT 1 AS a")
    assert reason == f"TABLE_ALREADY_EXISTS: Table '{athena.database}.{name}' already exists"


@pytest.mark.parametrize("operation", ["CreateTable", "BatchCreatePartition"])
def test_anything_else_that_glue_refuses(athena: Athena, inject: Inject, operation: str) -> None:
    name = new_name()
    inject({"operation": f"^{operation}$", "code": "ResourceNumberLimitExceededException", "message": "Too many."})
    reason = athena.fails(ctas(name))
    assert reason.startswith("HIVE_METASTORE_ERROR: Too many. (Service: AWSGlue; ")
    assert "ResourceNumberLimitExceededException" in reason
    assert name not in tables(athena)


@pytest.mark.parametrize(
    ("operation", "sql"), [("CreateTable", "CREATE VIEW v AS SELECT 1 AS a"), ("GetTable", "DROP VIEW v")]
)
def test_anything_else_that_glue_refuses_of_a_view(athena: Athena, inject: Inject, operation: str, sql: str) -> None:
    inject({"operation": f"^{operation}$", "code": "ResourceNumberLimitExceededException", "message": "Too many."})
    assert athena.fails(sql).startswith("HIVE_METASTORE_ERROR: Too many. (Service: AWSGlue; ")


def test_a_view_in_a_database_that_is_none(athena: Athena) -> None:
    """https://github.com/trinodb/trino/blob/400/core/trino-spi/src/main/java/io/trino/spi/connector/SchemaNotFoundException.java"""
    assert athena.fails("CREATE VIEW no_such_db.v AS SELECT 1 AS a") == "SCHEMA_NOT_FOUND: Schema no_such_db not found"


@pytest.mark.parametrize("operation", ["GetTable", "GetPartitions"])
def test_a_statement_asks_once_for_a_table_and_its_partitions(athena: Athena, inject: Inject, operation: str) -> None:
    """As Trino does within a transaction; with thousands of partitions it is what takes the time."""
    table = partitioned(athena)
    athena.run(f"INSERT INTO {table} VALUES (1, 'x'), (2, 'y')")
    once: dict[str, Any] = {"operation": f"^{operation}$", "times": 1}
    inject(once, {"operation": f"^{operation}$", "code": "InternalServiceException", "message": "asked twice"})
    assert athena.run(f"SELECT x.a FROM {table} AS x, {table} AS y WHERE x.a > y.a").rows == [["2"]]


@pytest.mark.parametrize(
    ("value", "folder"),
    [
        ("DECIMAL '1.50'", "1.5"), ("DECIMAL '100.00'", "100"), ("DECIMAL '0.00'", "0"), ("DECIMAL '-.50'", "-0.5"),
        ("DECIMAL '10'", "10"), ("DATE '2024-01-01'", "2024-01-01"), ("'a b~'", "a b~"), ("true", "true"),
    ],
)  # fmt: skip
def test_folders_of_partitions(athena: Athena, value: str, folder: str) -> None:
    """As `toPartitionValue` of Trino's HiveWriteUtils writes them."""
    name = new_name()
    athena.run(
        f"CREATE TABLE {name} WITH (external_location = 's3://{athena.bucket}/{name}/', partitioned_by = ARRAY['p']) "
        f"AS SELECT 1 AS a, {value} AS p"
    )
    assert athena.run(f"SHOW PARTITIONS {name}").rows == [[f"p={folder}"]]
    listed = athena.s3.list_objects_v2(Bucket=athena.bucket, Prefix=f"{name}/")["Contents"]
    assert [each["Key"].split("/")[1] for each in listed] == [f"p={folder}"]


def test_an_insert_finds_the_partition_of_a_decimal(athena: Athena) -> None:
    name = new_name()
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (a int) PARTITIONED BY (p decimal(6,2)) STORED AS PARQUET "
        f"LOCATION 's3://{athena.bucket}/{name}/'"
    )
    athena.run(f"ALTER TABLE {name} ADD PARTITION (p = '1.5')")
    athena.run(f"INSERT INTO {name} VALUES (1, DECIMAL '1.5')")
    assert athena.run(f"SHOW PARTITIONS {name}").rows == [["p=1.5"]]
    assert athena.run(f"SELECT a, p FROM {name}").rows == [["1", "1.50"]]


@pytest.mark.parametrize(("value", "shown"), [("'é'", "C3 A9"), ("chr(10)", "0A"), ("chr(127)", "7F")])
def test_folders_have_printable_names(athena: Athena, value: str, shown: str) -> None:
    name = new_name()
    location = f"s3://{athena.bucket}/{name}/"
    for statement in (
        f"CREATE TABLE {name} WITH (external_location = '{location}', partitioned_by = ARRAY['p']) AS SELECT 1 a, {value} p",  # noqa: E501
        f"UNLOAD (SELECT 1 a, {value} p) TO '{location}' WITH (format = 'PARQUET', partitioned_by = ARRAY['p'])",
    ):
        assert athena.fails(statement).startswith(
            "HIVE_INVALID_PARTITION_VALUE: Hive partition keys can only contain printable ASCII characters "
            f"(0x20 - 0x7E). Invalid value: {shown}"
        )
    assert "Contents" not in athena.s3.list_objects_v2(Bucket=athena.bucket, Prefix=f"{name}/")


def test_msck_tells_of_partitions_without_a_folder(athena: Athena) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/msck-repair-table.html"""
    name = new_name()
    for number in (1, 2):
        athena.s3.put_object(Bucket=athena.bucket, Key=f"{name}/p={number}/f", Body=b"1\n")
    athena.run(f"CREATE EXTERNAL TABLE {name} (a int) PARTITIONED BY (p int) LOCATION 's3://{athena.bucket}/{name}/'")
    athena.run(f"MSCK REPAIR TABLE {name}")
    athena.s3.delete_object(Bucket=athena.bucket, Key=f"{name}/p=1/f")
    assert athena.run(f"MSCK REPAIR TABLE {name}").rows == [[f"Partitions missing from filesystem:\t{name}:p=1"]]
    athena.s3.put_object(Bucket=athena.bucket, Key=f"{name}/p=3/f", Body=b"1\n")
    assert athena.run(f"MSCK REPAIR TABLE {name}").rows == [
        [f"Partitions not in metastore:\t{name}:p=3"],
        [f"Partitions missing from filesystem:\t{name}:p=1"],
        [f"Repair: Added partition to metastore {name}:p=3"],
    ]
    assert athena.run(f"SHOW PARTITIONS {name}").rows == [["p=1"], ["p=2"], ["p=3"]]
