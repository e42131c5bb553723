"""Calls that need more rights than the one named as they are, and how a denial is told."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Athena, Aws

Assume = Callable[[list[dict[str, Any]]], Aws]
GLUE = f"arn:aws:glue:us-east-1:{ACCOUNT}:"
ATHENA = f"arn:aws:athena:us-east-1:{ACCOUNT}:"


def allow(*actions: str, on: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def denied(call: Any, **request: Any) -> dict[str, Any]:
    with pytest.raises(ClientError, match=r"not authorized to perform|AccessDenied|Access Denied") as error:
        call(**request)
    response: dict[str, Any] = error.value.response
    return response


@pytest.mark.parametrize(
    ("service", "call", "status"),
    [
        ("dynamodb", "list_tables", 400),
        ("glue", "get_databases", 400),
        ("athena", "list_work_groups", 400),
        ("kms", "list_keys", 400),
        ("s3", "list_buckets", 403),
        ("sns", "list_topics", 403),
        ("iam", "list_users", 403),
        ("sqs", "list_queues", 403),
    ],
)
def test_the_status_of_a_denial(assume: Assume, service: str, call: str, status: int) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html, for JSON protocols"""
    client = assume([allow("ses:SendEmail")]).client(service)
    assert denied(getattr(client, call))["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize("header", [{"ACL": "private"}, {"GrantRead": 'id="1"'}])
def test_the_acl_of_a_new_object(aws: Aws, bucket: str, assume: Assume, header: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"""
    denied(assume([allow("s3:PutObject")]).client("s3").put_object, Bucket=bucket, Key="acl", **header)
    if "ACL" in header:
        assume([allow("s3:PutObject", "s3:PutObjectAcl")]).client("s3").put_object(Bucket=bucket, Key="acl", **header)


def test_the_tags_of_a_new_table(assume: Assume) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.Operations.html"""
    name = f"t-{uuid.uuid4().hex[:8]}"
    table = {
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "Tags": [{"Key": "a", "Value": "b"}],
    }  # fmt: skip
    error = denied(assume([allow("dynamodb:CreateTable")]).client("dynamodb").create_table, **table)
    assert "dynamodb:TagResource" in error["Error"]["Message"]
    on = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}"
    assume([allow("dynamodb:CreateTable", "dynamodb:TagResource", on=on)]).client("dynamodb").create_table(**table)


PARTIQL = {
    "PartiQLInsert": "INSERT INTO \"{0}\" VALUE {{'id': '1'}}",
    "PartiQLUpdate": "UPDATE \"{0}\" SET n = 1 WHERE id = '0'",
    "PartiQLSelect": "select * FROM \"{0}\" WHERE id = '0'",
    "PartiQLDelete": "DELETE FROM \"{0}\" WHERE id = '0'",
}


def executed(client: Any, *statements: str) -> dict[str, Callable[[], Any]]:
    """The same statements by each operation that takes them; ExecuteStatement takes the last."""
    members = [{"Statement": each} for each in statements]
    return {
        "statement": lambda: client.execute_statement(Statement=statements[-1]),
        "batch": lambda: client.batch_execute_statement(Statements=members),
        "transaction": lambda: client.execute_transaction(TransactStatements=members),
    }


@pytest.mark.parametrize("call", ["statement", "batch", "transaction"])
@pytest.mark.parametrize("action", PARTIQL)
def test_statements_of_partiql(aws: Aws, assume: Assume, action: str, call: str) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html"""
    name = f"t-{uuid.uuid4().hex[:8]}"
    aws.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    aws.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "0"}})
    last = PARTIQL[action].format(name)
    # Of several statements, a right is needed for each; a transaction only reads or only writes.
    first, of_first = last.replace("'0'", "'2'").replace("'1'", "'2'"), action
    if action != "PartiQLSelect":
        first, of_first = f"INSERT INTO \"{name}\" VALUE {{'id': '3'}}", "PartiQLInsert"
    on = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}"
    others = [f"dynamodb:{each}" for each in PARTIQL if each != action] + [
        f"dynamodb:{each}" for each in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")
    ]
    error = denied(executed(assume([allow(*others, on="*")]).client("dynamodb"), first, last)[call])
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert f"not authorized to perform: dynamodb:{action} " in error["Error"]["Message"]
    everything = [allow("dynamodb:*"), {"Effect": "Deny", "Action": f"dynamodb:{action}", "Resource": on}]
    denied(executed(assume(everything).client("dynamodb"), first, last)[call])
    enough = [f"dynamodb:{each}" for each in {action, of_first}]
    executed(assume([allow(*enough, on=on)]).client("dynamodb"), first, last)[call]()


@pytest.mark.parametrize(
    ("sql", "action"),
    [
        ("PREPARE {0}x FROM SELECT 1", "CreatePreparedStatement"),
        ("-- again\nexecute {0}", "GetPreparedStatement"),
        ("DEALLOCATE PREPARE {0}", "DeletePreparedStatement"),
    ],
)
def test_prepared_statements(athena: Athena, assume: Assume, sql: str, action: str) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena-prepared-statements.html"""
    name = f"s{uuid.uuid4().hex[:8]}"
    athena.run(f"PREPARE {name} FROM SELECT 1")
    usual = ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "s3:*", "glue:*"]
    without = Athena(assume([allow(*usual)]), athena.bucket, athena.database)
    error = denied(without.ask, sql=sql.format(name))
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert f"athena:{action}" in error["Error"]["Message"]
    mine = assume([allow(*usual), allow(f"athena:{action}", on=f"{ATHENA}workgroup/primary")])
    Athena(mine, athena.bucket, athena.database).run(sql.format(name))


CATALOG = {"CatalogName": "AwsDataCatalog"}


@pytest.mark.parametrize(
    ("call", "request_of_one", "actions", "resources"),
    [
        ("list_databases", CATALOG, ["glue:GetDatabases"], ["catalog"]),
        ("get_database", {**CATALOG, "DatabaseName": "DB"}, ["glue:GetDatabase"], ["catalog", "database/DB"]),
        (
            "list_table_metadata",
            {**CATALOG, "DatabaseName": "DB"},
            ["glue:GetDatabase", "glue:GetTables", "glue:GetTable"],
            ["catalog", "database/DB", "table/DB/*"],
        ),
        (
            "get_table_metadata",
            {**CATALOG, "DatabaseName": "DB", "TableName": "t"},
            ["glue:GetTable"],
            ["catalog", "database/DB", "table/DB/t"],
        ),
    ],
)
def test_the_catalog_is_read_with_the_callers_rights(
    athena: Athena, assume: Assume, call: str, request_of_one: dict[str, str], actions: list[str], resources: list[str]
) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html"""
    athena.run(f"CREATE EXTERNAL TABLE IF NOT EXISTS t (a string) LOCATION 's3://{athena.bucket}/t/'")
    given = {name: value.replace("DB", athena.database) for name, value in request_of_one.items()}
    action = f"athena:{''.join(part.title() for part in call.split('_'))}"
    own = allow(action, on=f"{ATHENA}datacatalog/AwsDataCatalog")
    error = denied(getattr(assume([own]).client("athena"), call), **given)
    assert error["Error"]["Code"] == "MetadataException"
    named = [f"{GLUE}{each.replace('DB', athena.database)}" for each in resources]
    read = {"Effect": "Allow", "Action": actions, "Resource": named}
    via = {"Condition": {"Bool": {"aws:ViaAWSService": "true"}}}
    getattr(assume([own, {**read, **via}]).client("athena"), call)(**given)
    elsewhere = allow(action, on=f"{ATHENA}workgroup/primary")
    assert denied(getattr(assume([elsewhere, read]).client("athena"), call), **given)["Error"]["Code"] == (
        "AccessDeniedException"
    )


@pytest.mark.parametrize("service", ["cloudformation.amazonaws.com", "lambda.amazonaws.com"])
def test_a_role_is_passed_to_a_stack(aws: Aws, assume: Assume, service: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html"""
    role, body = f"arn:aws:iam::{ACCOUNT}:role/deployer", '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    stack = {"StackName": f"s-{uuid.uuid4().hex[:8]}", "TemplateBody": body}
    error = denied(assume([allow("cloudformation:*")]).client("cloudformation").create_stack, RoleARN=role, **stack)
    assert f"iam:PassRole on resource: {role}" in error["Error"]["Message"]
    passed = {**allow("iam:PassRole", on=role), "Condition": {"StringEquals": {"iam:PassedToService": service}}}
    cloudformation = assume([allow("cloudformation:*"), passed]).client("cloudformation")
    if service.startswith("cloudformation"):
        cloudformation.create_stack(RoleARN=role, **stack)
        cloudformation.delete_stack(StackName=stack["StackName"])
    else:
        denied(cloudformation.create_stack, RoleARN=role, **stack)
