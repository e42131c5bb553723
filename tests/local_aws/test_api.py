"""Athena's protocol: states, files, pages, workgroups, parameters, errors."""

import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Answer, Athena, Aws


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    details = error.value.response["Error"]
    return details["Code"], details["Message"]


def test_an_execution_from_start_to_result_file(athena: Athena) -> None:
    answer = athena.run("SELECT 'a,\"b\"' AS x, NULL AS y, '' AS z")
    execution = answer.execution
    execution_id = execution["QueryExecutionId"]
    location = f"s3://{athena.bucket}/results/{execution_id}.csv"
    assert execution["ResultConfiguration"]["OutputLocation"] == location
    assert (execution["StatementType"], execution["WorkGroup"]) == ("DML", "primary")
    assert execution["QueryExecutionContext"] == {"Database": athena.database}
    assert execution["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    statistics = execution["Statistics"]
    assert {
        "EngineExecutionTimeInMillis",
        "DataScannedInBytes",
        "TotalExecutionTimeInMillis",
        "QueryQueueTimeInMillis",
    } <= set(statistics)
    assert execution["Status"]["SubmissionDateTime"] <= execution["Status"]["CompletionDateTime"]
    body = athena.s3.get_object(Bucket=athena.bucket, Key=f"results/{execution_id}.csv")["Body"].read()
    assert body == b'"x","y","z"\n"a,""b""",,""\n'
    assert answer.rows == [['a,"b"', None, ""]]
    ddl = athena.run("SHOW DATABASES").execution
    assert ddl["ResultConfiguration"]["OutputLocation"].endswith(f"{ddl['QueryExecutionId']}.txt")
    assert execution_id in athena.client.list_query_executions()["QueryExecutionIds"]
    batch = athena.client.batch_get_query_execution(QueryExecutionIds=[execution_id, "nope"])
    assert [each["QueryExecutionId"] for each in batch["QueryExecutions"]] == [execution_id]
    assert [each["QueryExecutionId"] for each in batch["UnprocessedQueryExecutionIds"]] == ["nope"]
    told = athena.client.get_query_runtime_statistics(QueryExecutionId=execution_id)["QueryRuntimeStatistics"]["Rows"]
    assert (told["OutputRows"], told["OutputBytes"]) == (1, len(body))


def test_pages_of_results_have_the_header_once(athena: Athena) -> None:
    execution_id = athena.run("SELECT n FROM UNNEST(sequence(1, 25)) AS t(n) ORDER BY n").execution["QueryExecutionId"]
    pages = list(
        athena.client.get_paginator("get_query_results").paginate(
            QueryExecutionId=execution_id, PaginationConfig={"PageSize": 10}
        )
    )
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [10, 10, 6]
    assert rows == [["n"], *([str(n)] for n in range(1, 26))]


def test_a_page_is_asked_for_within_limits(athena: Athena) -> None:
    first, second = (athena.run(f"SELECT {n} UNION ALL SELECT 5").execution["QueryExecutionId"] for n in (1, 2))
    token = athena.client.get_query_results(QueryExecutionId=first, MaxResults=1)["NextToken"]
    listed = athena.client.list_query_executions(MaxResults=1)["NextToken"]
    assert athena.client.list_query_executions(MaxResults=1, NextToken=listed)["QueryExecutionIds"] == [first]
    wrong = [
        ("get_query_results", {"QueryExecutionId": second, "NextToken": token}, "NextToken"),
        ("get_query_results", {"QueryExecutionId": second, "NextToken": "garbage"}, "NextToken"),
        (
            "get_query_results",
            {"QueryExecutionId": second, "MaxResults": 1001},
            "'maxResults'.*less than or equal to 1000",
        ),
        ("get_query_results", {"QueryExecutionId": second, "QueryResultType": "DATA_MANIFEST"}, "DATA_MANIFEST"),
        ("list_query_executions", {"NextToken": "garbage"}, "NextToken"),
        ("list_query_executions", {"MaxResults": 51}, "'maxResults'.*less than or equal to 50"),
        ("list_query_executions", {"WorkGroup": "nope"}, "WorkGroup is not found"),
        (
            "batch_get_query_execution",
            {"QueryExecutionIds": [first] * 51},
            "'queryExecutionIds'.*length less than or equal to 50",
        ),
    ]
    for operation, request, message in wrong:
        with pytest.raises(ClientError, match=message) as error:
            getattr(athena.client, operation)(**request)
        assert refused(error)[0] == "InvalidRequestException"


def test_what_a_query_was_started_with(athena: Athena) -> None:
    reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 5}}
    execution = athena.run("SELECT 1", ResultReuseConfiguration=reuse).execution
    assert execution["ResultReuseConfiguration"] == reuse
    assert execution["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": False}
    with pytest.raises(ClientError, match="Catalog nope was not found"):
        athena.ask("SELECT 1", QueryExecutionContext={"Catalog": "nope", "Database": athena.database})
    old = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 10_081}}
    with pytest.raises(ClientError, match=r"maxAgeInMinutes.*less than or equal to 10080"):
        athena.ask("SELECT 1", ResultReuseConfiguration=old)
    with pytest.raises(ClientError, match=r"'queryString'.*less than or equal to 262144"):
        athena.ask(f"SELECT '{'x' * 262_144}'")


def test_a_request_token_names_one_execution(athena: Athena) -> None:
    token = uuid.uuid4().hex + uuid.uuid4().hex
    first = athena.ask("SELECT 1", ClientRequestToken=token).execution["QueryExecutionId"]
    assert athena.ask("SELECT 1", ClientRequestToken=token).execution["QueryExecutionId"] == first
    changed: list[dict[str, Any]] = [{"QueryExecutionContext": {"Database": "other"}}, {"ExecutionParameters": ["1"]}]
    for sql, more in (("SELECT 2", {}), *(("SELECT 1", each) for each in changed)):
        with pytest.raises(ClientError, match="Idempotent parameters do not match"):
            athena.ask(sql, ClientRequestToken=token, **more)


def test_stop_interrupts(athena: Athena) -> None:
    slow = "SELECT count(*) FROM UNNEST(sequence(1, 9000)) AS a(x), UNNEST(sequence(1, 9000)) AS b(y), UNNEST(sequence(1, 100)) AS c(z) WHERE x * y * z % 7 = 3"  # noqa: E501
    execution_id = athena.client.start_query_execution(
        QueryString=slow, ResultConfiguration={"OutputLocation": f"s3://{athena.bucket}/results/"}
    )["QueryExecutionId"]
    seen = set()
    while "RUNNING" not in seen:
        seen.add(athena.client.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]["Status"]["State"])
    with pytest.raises(ClientError, match="Query has not yet finished"):
        athena.client.get_query_results(QueryExecutionId=execution_id)
    time.sleep(0.3)
    athena.client.stop_query_execution(QueryExecutionId=execution_id)
    began = time.monotonic()
    answer = athena.finished(execution_id)
    assert answer.state == "CANCELLED"
    assert time.monotonic() - began < 5
    assert "AthenaError" not in answer.execution["Status"]
    athena.client.stop_query_execution(QueryExecutionId=execution_id)
    assert athena.finished(execution_id).state == "CANCELLED"


def test_a_workgroup_enforces_its_place_and_its_limit(athena: Athena) -> None:
    name = f"wg-{uuid.uuid4().hex[:8]}"
    place = f"s3://{athena.bucket}/enforced/"
    athena.client.create_work_group(
        Name=name,
        Configuration={
            "EnforceWorkGroupConfiguration": True,
            "ResultConfiguration": {"OutputLocation": place},
            "BytesScannedCutoffPerQuery": 10_000_000,
        },
    )
    answer = athena.run(
        "SELECT 1", WorkGroup=name, ResultConfiguration={"OutputLocation": f"s3://{athena.bucket}/mine/"}
    )
    assert answer.execution["ResultConfiguration"]["OutputLocation"].startswith(place)
    with_place = f"CREATE TABLE t WITH (external_location = 's3://{athena.bucket}/t/') AS SELECT 1 AS a"
    assert "enforces a centralized output location" in athena.fails(with_place, WorkGroup=name)
    athena.s3.put_object(Bucket=athena.bucket, Key="big/x.txt", Body=b"x" * 10_000_001)
    athena.run(f"CREATE EXTERNAL TABLE big (line string) LOCATION 's3://{athena.bucket}/big/'")
    stopped = athena.ask("SELECT count(*) FROM big", WorkGroup=name)
    assert (stopped.state, "Bytes scanned limit was exceeded" in stopped.reason) == ("CANCELLED", True)
    assert stopped.execution["Statistics"]["DataScannedInBytes"] == 10_000_001
    assert athena.run("SELECT count(*) FROM big").rows == [["1"]]


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"ExpectedBucketOwner": "111122223333"}, "expected owner"),
        (
            {"EncryptionConfiguration": {"EncryptionOption": "FOO"}},
            "'FOO' at 'resultConfiguration.encryptionConfiguration.encryptionOption'",
        ),
        ({"EncryptionConfiguration": {"EncryptionOption": "SSE_KMS"}}, "KmsKey is required"),
    ],
)
def test_where_and_how_a_result_is_written(athena: Athena, configuration: dict[str, Any], message: str) -> None:
    """https://docs.aws.amazon.com/athena/latest/APIReference/API_ResultConfiguration.html"""
    place = {"OutputLocation": f"s3://{athena.bucket}/results/"}
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match=message):
        athena.ask("SELECT 1", ResultConfiguration={**place, **configuration})
    athena.run("SELECT 1", ResultConfiguration={**place, "ExpectedBucketOwner": ACCOUNT})


@pytest.mark.parametrize("sql", ["selec ?", "CREATE DATABASE x", "SELECT ? FROM"])
def test_what_is_not_prepared(athena: Athena, sql: str) -> None:
    name = f"p{uuid.uuid4().hex[:8]}"
    with pytest.raises(athena.client.exceptions.InvalidRequestException):
        athena.client.create_prepared_statement(StatementName=name, WorkGroup="primary", QueryStatement=sql)
    with pytest.raises(athena.client.exceptions.InvalidRequestException):
        athena.ask(f"PREPARE {name} FROM {sql}")


def test_ddl_takes_no_parameters(athena: Athena) -> None:
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="take no parameters"):
        athena.ask("CREATE DATABASE ?", ExecutionParameters=["asked"])


def test_parameters_and_prepared_statements(athena: Athena) -> None:
    assert athena.run("SELECT ?, '?' /* ? */ || ?", ExecutionParameters=["1", "'it''s'"]).rows == [["1", "?it's"]]
    for sql, values, numbers in (
        ("SELECT ?", [], "expected 1 but found 0"),
        ("SELECT ?", ["1", "2"], "expected 1 but found 2"),
        ("SELECT ? + ?", ["1"], "expected 2 but found 1"),
        ("SELECT 1", ["2"], "expected 0 but found 1"),
        ("SELECT '?'", ["2"], "expected 0 but found 1"),
    ):
        reason = athena.fails(sql, **({"ExecutionParameters": values} if values else {}))
        assert reason == f"INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: {numbers}"
    name = f"p{uuid.uuid4().hex[:8]}"
    athena.client.create_prepared_statement(StatementName=name, WorkGroup="primary", QueryStatement="SELECT ? + 1")
    assert athena.run(f"EXECUTE {name} USING 41").rows == [["42"]]
    assert athena.run(f"EXECUTE {name}", ExecutionParameters=["41"]).rows == [["42"]]
    with pytest.raises(ClientError, match="was not found"):
        athena.ask("EXECUTE nope USING 1")


def test_a_parameter_is_one_expression(athena: Athena) -> None:
    numbers = "SELECT n FROM (VALUES 1, 2) AS t(n) WHERE n * ? = 4"
    assert athena.run(numbers, ExecutionParameters=["1 + 1"]).rows == [["2"]]
    assert athena.run("SELECT n FROM (VALUES 1, 2) AS t(n) LIMIT ?", ExecutionParameters=["1"]).rows == [["1"]]
    assert athena.fails(numbers, ExecutionParameters=["4 OR true"]).startswith("TYPE_MISMATCH")
    with pytest.raises(ClientError, match="does not translate 1, 2 as one parameter"):
        athena.ask(numbers, ExecutionParameters=["1, 2"])


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("abc", "abc"),
        ("it's", "it's"),
        ("123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
        ("x + 1", "x + 1"),
        ("1) OR (true", "1) OR (true"),
        ("'abc'", "abc"),
        ("1 + 1", "2"),
        ("DATE '2020-01-01'", "2020-01-01"),
        ("NULL", None),
    ],
)
def test_a_parameter_that_is_no_constant_is_a_text(athena: Athena, value: str, answer: str | None) -> None:
    assert athena.run("SELECT ?", ExecutionParameters=[value]).rows == [[answer]]


def test_statements_are_prepared_in_sql(athena: Athena) -> None:
    name = f"p{uuid.uuid4().hex[:8]}"
    assert athena.run(f"PREPARE {name} FROM SELECT ? + 1").execution["StatementType"] == "DDL"
    assert (
        athena.client.get_prepared_statement(StatementName=name, WorkGroup="primary")["PreparedStatement"][
            "QueryStatement"
        ]
        == "SELECT ? + 1"
    )
    athena.run(f"PREPARE {name} FROM SELECT ? * 2")
    assert athena.run(f"EXECUTE {name} USING 21").rows == [["42"]]
    for sql in (f"PREPARE {name} FROM selec 1", f"PREPARE {name} FROM SELECT 1 FROM", f"DEALLOCATE PREPARE {name} foo"):
        with pytest.raises(ClientError, match="InvalidRequestException"):
            athena.ask(sql)
    assert athena.run(f"EXECUTE {name} USING 21").rows == [["42"]]
    athena.run(f"DEALLOCATE PREPARE {name}")
    with pytest.raises(ClientError, match="was not found"):
        athena.ask(f"EXECUTE {name} USING 21")


def test_metadata(athena: Athena) -> None:
    athena.run(
        f"CREATE EXTERNAL TABLE meta (a string COMMENT 'first') PARTITIONED BY (p int) LOCATION 's3://{athena.bucket}/meta/'"
    )
    catalogs = athena.client.list_data_catalogs()["DataCatalogsSummary"]
    assert [(each["CatalogName"], each["Type"]) for each in catalogs] == [("AwsDataCatalog", "GLUE")]
    where = {"CatalogName": "AwsDataCatalog", "DatabaseName": athena.database}
    assert athena.client.get_database(**where)["Database"]["Name"] == athena.database
    assert athena.database in [
        each["Name"] for each in athena.client.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]
    ]
    table = athena.client.get_table_metadata(**where, TableName="meta")["TableMetadata"]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["Columns"] == [{"Name": "a", "Type": "string", "Comment": "first"}]
    assert [(key["Name"], key["Type"]) for key in table["PartitionKeys"]] == [("p", "int")]
    assert table["Parameters"]["location"] == f"s3://{athena.bucket}/meta/"
    upper = {**where, "DatabaseName": athena.database.upper()}
    assert athena.client.get_table_metadata(**upper, TableName="META")["TableMetadata"] == table
    listed = athena.client.list_table_metadata(**where, Expression="met.*")["TableMetadataList"]
    assert [each["Name"] for each in listed] == ["meta"]
    with pytest.raises(ClientError, match="MetadataException"):
        athena.client.get_table_metadata(**where, TableName="nope")
    with pytest.raises(ClientError, match="MetadataException"):
        athena.client.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="nope")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'"),
        ("SELECT 1 FROM\n  x y z", "line 2:7: mismatched input 'z'"),
        ("GRANT ALL ON x TO y", "line 1:1: mismatched input 'GRANT'"),
        ("-- nothing", "empty"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed. Got: SELECT 1; SELECT 2"),
        ("SELECT", "line 1:7: mismatched input '<EOF>'"),
        ("SELECT 1_000", "line 1:8: identifiers must not start with a digit"),
        ("SELECT * FROM `t`", "backquoted identifiers are not supported"),
        ("CREATE VIEW v AS SELECT 1 FROM", "mismatched input"),
    ],
)
def test_bad_syntax_is_refused_at_once(athena: Athena, sql: str, message: str) -> None:
    with pytest.raises(ClientError) as error:
        athena.ask(sql)
    code, found = refused(error)
    assert code == "InvalidRequestException"
    assert message in found


def test_no_output_location(athena: Athena) -> None:
    with pytest.raises(ClientError) as error:
        athena.client.start_query_execution(QueryString="SELECT 1")
    assert refused(error)[1].startswith("No output location provided.")


def test_an_unknown_execution_or_workgroup(athena: Athena) -> None:
    with pytest.raises(ClientError) as error:
        athena.client.get_query_execution(QueryExecutionId="nope")
    assert refused(error) == ("InvalidRequestException", "QueryExecution nope was not found")
    with pytest.raises(ClientError, match="WorkGroup is not found"):
        athena.ask("SELECT 1", WorkGroup="nope")


@pytest.mark.parametrize(
    ("sql", "reason", "category"),
    [
        ("SELECT * FROM nope", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.{database}.nope' does not exist", 2),
        ("SELECT * FROM nope.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nope' does not exist", 2),
        ("SELECT a,\n  b FROM (VALUES 1) AS t(a)", "COLUMN_NOT_FOUND: line 2:3: Column 'b' cannot be resolved", 2),
        (
            "SELECT a FROM (VALUES (1, 'x')) AS t(a, b) WHERE b = 1",
            "TYPE_MISMATCH: line 1:52: Cannot apply operator: varchar = integer",
            2,
        ),
        ("SELECT a AS x FROM (VALUES 1) AS t(a) WHERE x = 1", "COLUMN_NOT_FOUND: line 1:45: Column 'x'", 2),
        ("SELECT a AS x FROM (VALUES 1) AS t(a) GROUP BY x", "COLUMN_NOT_FOUND: line 1:48: Column 'x'", 2),
        ("SELECT count(*) AS n FROM (VALUES 1) AS t(a) HAVING n > 0", "COLUMN_NOT_FOUND: line 1:53: Column 'n'", 2),
        ('SELECT * FROM "t$files"', "NOT_SUPPORTED", 2),
        ("SELECT nothing(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nothing' not registered", 2),
        ("SELECT a, count(*) FROM (VALUES (1, 2)) AS t(a, b) GROUP BY b", "EXPRESSION_NOT_AGGREGATE", 2),
    ],
)
def test_failures_are_worded_and_categorised(athena: Athena, sql: str, reason: str, category: int) -> None:
    answer = athena.ask(sql)
    assert answer.state == "FAILED"
    assert answer.reason.startswith(reason.format(database=athena.database))
    error = answer.execution["Status"]["AthenaError"]
    assert (error["ErrorCategory"], error["Retryable"], error["ErrorMessage"]) == (category, False, answer.reason)


def test_a_missing_results_bucket(athena: Athena) -> None:
    with pytest.raises(ClientError, match="Unable to verify/create output bucket no-such-bucket-anywhere") as error:
        athena.ask("SELECT 1", ResultConfiguration={"OutputLocation": "s3://no-such-bucket-anywhere/x/"})
    assert refused(error)[0] == "InvalidRequestException"


def test_the_size_of_a_varchar_is_its_precision(athena: Athena) -> None:
    answer = athena.ask(
        "SELECT a, b, 1, 'ab' FROM (SELECT CAST('abc' AS varchar(10)) AS a, CAST('abc' AS varchar) AS b)"
    )
    page = athena.client.get_query_results(QueryExecutionId=answer.execution["QueryExecutionId"])
    columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(one["Type"], one["Precision"]) for one in columns] == [
        ("varchar", 10),
        ("varchar", 2147483647),
        ("integer", 10),
        ("varchar", 2),
    ]


def test_the_catalogs_name_is_taken_in_any_case(athena: Athena) -> None:
    client = athena.client
    assert client.get_data_catalog(Name="awsdatacatalog")["DataCatalog"]["Name"] == "AwsDataCatalog"
    listed = client.list_databases(CatalogName="AWSDATACATALOG")["DatabaseList"]
    assert athena.database in {each["Name"] for each in listed}
    assert client.get_database(CatalogName="awsdatacatalog", DatabaseName=athena.database)["Database"]["Name"]
    with pytest.raises(ClientError, match="maxResults"):
        client.list_databases(CatalogName="AwsDataCatalog", MaxResults=51)


def test_results_are_encrypted_as_asked(athena: Athena, aws: Aws) -> None:
    def ask(**encryption: str) -> Answer:
        place = {"OutputLocation": f"s3://{athena.bucket}/encrypted/", "EncryptionConfiguration": encryption}
        return athena.ask("SELECT 1", ResultConfiguration=place)

    def head(answer: Answer) -> dict[str, Any]:
        bucket, _, key = answer.execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
        found: dict[str, Any] = athena.s3.head_object(Bucket=bucket, Key=key)
        return found

    assert head(ask(EncryptionOption="SSE_S3"))["ServerSideEncryption"] == "AES256"
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    kept = head(ask(EncryptionOption="SSE_KMS", KmsKey=key))
    assert (kept["ServerSideEncryption"], kept["SSEKMSKeyId"]) == ("aws:kms", key)
    unknown = key.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000"
    assert ask(EncryptionOption="SSE_KMS", KmsKey=unknown).state == "FAILED"
    with pytest.raises(ClientError, match="CSE_KMS"):
        ask(EncryptionOption="CSE_KMS", KmsKey=key)


def test_where_a_new_tables_data_and_manifest_lie(athena: Athena) -> None:
    name = f"t{uuid.uuid4().hex[:8]}"
    execution = athena.run(f"CREATE TABLE {name} AS SELECT 1 AS a").execution
    place = f"s3://{athena.bucket}/results/tables/{execution['QueryExecutionId']}"
    assert execution["ResultConfiguration"]["OutputLocation"] == place
    assert execution["Statistics"]["DataManifestLocation"] == f"{place}-manifest.csv"
    table = athena.glue.get_table(DatabaseName=athena.database, Name=name)["Table"]
    assert table["StorageDescriptor"]["Location"] == f"{place}/"


def test_ddl_has_no_update_count_and_no_last_newline(athena: Athena) -> None:
    name = f"t{uuid.uuid4().hex[:8]}"
    location = f"s3://{athena.bucket}/{name}/"

    def finished(sql: str) -> tuple[bool, bytes]:
        """(whether the results have an UpdateCount, the result file)"""
        execution = athena.run(sql).execution
        answer = athena.client.get_query_results(QueryExecutionId=execution["QueryExecutionId"])
        key = execution["ResultConfiguration"]["OutputLocation"].removeprefix(f"s3://{athena.bucket}/")
        return "UpdateCount" in answer, athena.s3.get_object(Bucket=athena.bucket, Key=key)["Body"].read()

    assert finished(f"CREATE EXTERNAL TABLE {name} (a int, b string) LOCATION '{location}'") == (False, b"")
    assert finished(f"SHOW TABLES '{name}'") == (True, name.encode())
    counted, described = finished(f"DESCRIBE {name}")
    assert (counted, described.split()) == (False, [b"a", b"int", b"b", b"string"])
    assert not described.endswith(b"\n")
    assert finished("SELECT 1")[0]


def test_a_cancelled_query_has_no_results(athena: Athena) -> None:
    slow = "SELECT count(*) FROM UNNEST(sequence(1, 9000)) AS a(x), UNNEST(sequence(1, 9000)) AS b(y), UNNEST(sequence(1, 100)) AS c(z) WHERE x * y * z % 7 = 3"  # noqa: E501
    started = athena.client.start_query_execution(
        QueryString=slow, ResultConfiguration={"OutputLocation": f"s3://{athena.bucket}/results/"}
    )["QueryExecutionId"]
    athena.client.stop_query_execution(QueryExecutionId=started)
    assert athena.finished(started).state == "CANCELLED"
    with pytest.raises(ClientError, match="Could not find results"):
        athena.client.get_query_results(QueryExecutionId=started)


def test_a_full_last_page_leads_to_an_empty_one(athena: Athena) -> None:
    """As it was measured of the service: a page is full or the last."""
    numbers = athena.run("SELECT n FROM UNNEST(sequence(1, 3)) AS t(n)").execution["QueryExecutionId"]
    athena.run("CREATE OR REPLACE VIEW paged AS SELECT 1 AS n")
    tables = athena.run("SHOW COLUMNS IN paged").execution["QueryExecutionId"]

    def pages(execution_id: str, size: int) -> list[int]:
        asked = athena.client.get_paginator("get_query_results").paginate(
            QueryExecutionId=execution_id, PaginationConfig={"PageSize": size}
        )
        return [len(page["ResultSet"]["Rows"]) for page in asked]

    assert (pages(numbers, 2), pages(numbers, 4), pages(numbers, 5)) == ([2, 2, 0], [4, 0], [4])
    assert (pages(tables, 1), pages(tables, 2)) == ([1, 0], [1])


def test_what_hive_fails_leaves_its_words(athena: Athena) -> None:
    failed = athena.ask("DROP TABLE not_there").execution
    key = failed["ResultConfiguration"]["OutputLocation"].removeprefix(f"s3://{athena.bucket}/")
    kept = athena.s3.get_object(Bucket=athena.bucket, Key=key)["Body"].read().decode()
    assert kept == failed["Status"]["StateChangeReason"]
    assert kept == f"FAILED: SemanticException [Error 10001]: Table not found {athena.database}.not_there"


@pytest.mark.parametrize("sql", ["DESCRIBE {}", "DESC {}", "SHOW COLUMNS IN {}", "SHOW COLUMNS FROM {} IN nowhere"])
def test_what_describes_a_missing_table_does_not_start(athena: Athena, sql: str) -> None:
    with pytest.raises(ClientError) as error:
        athena.ask(sql.format("not_there"))
    code, message = refused(error)
    assert (code, message[:16]) == ("InvalidRequestException", "Entity Not Found")
    assert error.value.response["AthenaErrorCode"] == "INVALID_INPUT"  # type: ignore[typeddict-item]


def test_a_time_is_printed_with_its_zone(athena: Athena) -> None:
    """https://trino.io/docs/current/functions/datetime.html#time-zone-conversion"""
    sql = "SELECT TIMESTAMP '2012-10-31 01:00 UTC' AT TIME ZONE 'America/Los_Angeles' AS l"
    answer = athena.run(sql)
    assert (answer.rows, answer.types) == (
        [["2012-10-30 18:00:00.000 America/Los_Angeles"]],
        ["timestamp with time zone"],
    )
    assert athena.fails(f"CREATE TABLE zoned AS {sql}").startswith("NOT_SUPPORTED")
