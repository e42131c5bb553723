"""The stack: what the template protects and grants, and what is derived from the archives."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.stub import Stubber

from ttl_archive.change_sets import Stack, StackError
from ttl_archive.config import load_archives
from ttl_archive.errors import ConfigurationError
from ttl_archive.settings import PREFIX, Settings
from ttl_archive.stack import _deploy, _parser, embedded_endpoint, write_env_file
from ttl_archive.stack_parameters import (
    Place,
    archive_environment,
    derived_parameters,
    settings_of,
    stack_parameters,
)

REPOSITORY = Path(__file__).resolve().parents[1]
TEMPLATE = REPOSITORY / "include" / "aws" / "stack.yaml"
PLACE = Place("dev", "aws", "eu-central-1", "123456789012")

THIRD_ARCHIVE = """
description: Orders
source:
  table: ${TTL_ARCHIVE_TABLE_PREFIX}orders
  timestamp: {attribute: at, format: epoch_seconds}
  ttl: {attribute: gone, retention_days: 60}
destination: {bucket: "${TTL_ARCHIVE_BUCKET}", prefix: orders/}
catalog: {database: shop, table: orders}
athena: {workgroup: "${TTL_ARCHIVE_WORKGROUP}", results: "s3://${TTL_ARCHIVE_RESULTS_BUCKET}/athena/"}
columns: [{name: id, type: string}]
report: {title: Orders, notify: {sns_topic: "arn:aws:sns:eu-central-1:999999999999:shop"}}
"""


class _TemplateLoader(yaml.SafeLoader):
    """Reads `!Ref x` as {"Ref": "x"} and `!GetAtt a.b` as {"Fn::GetAtt": "a.b"}."""


def _tagged(loader: _TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    return {name: loader.construct_sequence(node, deep=True)}


_TemplateLoader.add_multi_constructor("!", _tagged)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return yaml.load(TEMPLATE.read_text(), Loader=_TemplateLoader)  # noqa: S506 - a SafeLoader with CloudFormation's tags


@pytest.fixture(scope="module")
def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    policies = [each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::IAM::Policy"]
    for each in template["Resources"].values():
        policies += each["Properties"]["Policies"] if each["Type"] == "AWS::IAM::Role" else []
    assert len(policies) == 5
    found = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    assert len(found) >= 8
    return found


@pytest.fixture
def include_dir(tmp_path: Path) -> Path:
    """A copy of the shipped archives, to change."""
    shutil.copytree(REPOSITORY / "include" / "archives", tmp_path / "archives")
    return tmp_path


def derive(include_dir: Path) -> dict[str, list[str]]:
    return derived_parameters(PLACE, load_archives(include_dir, archive_environment(PLACE.names(), {})))


def test_cfn_lint_is_clean() -> None:
    lint = subprocess.run([Path(sys.executable).with_name("cfn-lint"), TEMPLATE], capture_output=True, text=True)
    assert (lint.returncode, lint.stdout) == (0, "")


def test_no_action_and_no_resource_of_the_role_is_a_wildcard(statements: list[dict[str, Any]]) -> None:
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert actions, statement["Sid"]
        assert not [each for each in actions if "*" in each], statement["Sid"]
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        if statement["Action"] == "cloudwatch:PutMetricData":  # AWS knows no resource for it
            namespace = {"Fn::Sub": "ttl-archive/${Environment}"}
            assert resources == ["*"]
            assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": namespace}}
            continue
        for resource in resources:
            assert set(resource) <= {"Ref", "Fn::Sub"}, f"{statement['Sid']}: {resource} isn't derived from an archive"
            assert "*" not in str(resource), statement["Sid"]


def test_each_statement_says_what_for_once(statements: list[dict[str, Any]]) -> None:
    sids = [each["Sid"] for each in statements]
    assert len(set(sids)) == len(sids)
    assert {each["Effect"] for each in statements} == {"Allow"}


def test_the_role_cannot_delete_what_it_only_reads(statements: list[dict[str, Any]]) -> None:
    granted = {
        action
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    assert {each for each in granted if each.startswith("dynamodb:")} == {
        "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:Scan",
        "dynamodb:ExportTableToPointInTime", "dynamodb:DescribeExport",  # only with WithPointInTimeExport
    }  # fmt: skip
    assert not granted & {"glue:DeleteTable", "glue:DeleteDatabase", "s3:DeleteObjectVersion", "s3:DeleteBucket"}


def test_every_bucket_is_private_encrypted_versioned_and_cleaned(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    buckets = {name: each for name, each in resources.items() if each["Type"] == "AWS::S3::Bucket"}
    assert set(buckets) == {"ArchiveBucket", "ResultsBucket"}
    for name, bucket in buckets.items():
        properties = bucket["Properties"]
        assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
        assert bucket["UpdateReplacePolicy"] == "Retain"
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4
        assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert properties["BucketEncryption"]
        rules = properties["LifecycleConfiguration"]["Rules"]
        assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
        policies = [
            each["Properties"]
            for each in resources.values()
            if each["Type"] == "AWS::S3::BucketPolicy" and each["Properties"]["Bucket"] == {"Ref": name}
        ]
        denials = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
        assert [(each["Effect"], each["Condition"]) for each in denials] == [
            ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        ]


def test_archived_months_only_move_where_athena_still_reads(template: dict[str, Any]) -> None:
    assert template["Parameters"]["ArchiveStorageClass"]["AllowedValues"] == ["STANDARD_IA", "GLACIER_IR"]
    rules = template["Resources"]["ArchiveBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    moves = [move for rule in rules for move in rule.get("Transitions", [])]
    assert [move["StorageClass"] for move in moves] == [{"Ref": "ArchiveStorageClass"}]
    assert not any("ExpirationInDays" in rule for rule in rules), "nothing in the archive expires"


def test_the_workgroup_enforces_its_result_location(template: dict[str, Any]) -> None:
    configuration = template["Resources"]["QueryWorkgroup"]["Properties"]["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["PublishCloudWatchMetricsEnabled"] is True
    assert configuration["ResultConfiguration"]["OutputLocation"] == {"Fn::Sub": "s3://${ResultsBucket}/athena/"}
    with_key = {"EncryptionOption": "SSE_KMS", "KmsKey": {"Ref": "KmsKeyArn"}}
    encryption = configuration["ResultConfiguration"]["EncryptionConfiguration"]
    assert encryption == {"Fn::If": ["HasKey", with_key, {"EncryptionOption": "SSE_S3"}]}


def test_a_key_encrypts_everything_and_only_then_may_the_role_use_it(template: dict[str, Any]) -> None:
    resources, key = template["Resources"], {"Ref": "KmsKeyArn"}
    for name in ("ArchiveBucket", "ResultsBucket"):
        (rule,) = resources[name]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        condition, encrypted, plain = rule["Fn::If"]
        assert condition == "HasKey"
        assert encrypted == {
            "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
            "BucketKeyEnabled": True,
        }
        assert plain == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    topic = resources["ReportTopic"]["Properties"]
    assert topic["KmsMasterKeyId"] == {"Fn::If": ["HasKey", key, {"Ref": "AWS::NoValue"}]}
    policy = resources["KeyPolicy"]
    assert policy["Condition"] == "HasKey"
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["kms:GenerateDataKey", "kms:Decrypt"]
    assert statement["Resource"] == key


def test_the_alarm_looks_back_no_further_than_cloudwatch_does(template: dict[str, Any]) -> None:
    alarm = template["Resources"]["UnpublishedMonthAlarm"]["Properties"]
    assert alarm["Period"] >= 3600
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 7 * 86400
    assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"]  # one good hour in the window keeps it quiet
    assert alarm["Period"] * alarm["EvaluationPeriods"] > 86400 + 3600, "archive_watch speaks once a day"
    assert alarm["TreatMissingData"] == "breaching"


def test_the_sample_table_is_that_of_the_shipped_archive(template: dict[str, Any]) -> None:
    archives = load_archives(REPOSITORY / "include", archive_environment(PLACE.names(), {}))
    (archive,) = [each for each in archives if each.name == "usage_logs"]
    table, database = (template["Resources"][name]["Properties"] for name in ("SampleTable", "SampleDatabase"))
    assert table["TableName"] == {"Fn::Sub": "${TableNamePrefix}usage-logs"}
    assert archive.source.table == f"{PLACE.names()['TableNamePrefix']}usage-logs"
    assert table["TimeToLiveSpecification"] == {"AttributeName": archive.source.ttl.attribute, "Enabled": True}
    assert database["DatabaseInput"]["Name"] == archive.catalog.database


def test_the_command_gives_exactly_the_parameters_without_a_default(
    template: dict[str, Any], include_dir: Path
) -> None:
    given = stack_parameters(PLACE, include_dir, {}, {})
    assert set(given) == {name for name, each in template["Parameters"].items() if "Default" not in each}


def test_what_the_role_may_touch_is_what_the_archives_name(include_dir: Path) -> None:
    bucket = "arn:aws:s3:::ttl-archive-dev-123456789012-archive"
    results = "arn:aws:s3:::ttl-archive-dev-123456789012-results"
    glue = "arn:aws:glue:eu-central-1:123456789012"
    assert derive(include_dir) == {
        "SourceTableArns": [
            "arn:aws:dynamodb:eu-central-1:123456789012:table/dev-sensor-readings",
            "arn:aws:dynamodb:eu-central-1:123456789012:table/dev-usage-logs",
        ],
        "SourceExportArns": [
            "arn:aws:dynamodb:eu-central-1:123456789012:table/dev-sensor-readings/export/*",
            "arn:aws:dynamodb:eu-central-1:123456789012:table/dev-usage-logs/export/*",
        ],
        "ArchiveBucketArns": [bucket],
        "ArchiveObjectArns": [
            f"{bucket}/sensors/readings/*",
            f"{bucket}/_staging/sensor_readings/*",
            f"{bucket}/_manifests/sensor_readings/*",
            f"{bucket}/_quarantine/sensor_readings/*",
            f"{bucket}/_parquet/sensor_readings/*",
            f"{bucket}/logs/*",
            f"{bucket}/_staging/usage_logs/*",
            f"{bucket}/_manifests/usage_logs/*",
            f"{bucket}/_quarantine/usage_logs/*",
            f"{bucket}/_parquet/usage_logs/*",
        ],
        "ResultsBucketArns": [results],
        "ResultsObjectArns": [
            f"{results}/athena/*",
            f"{results}/reports/sensor_readings/*",
            f"{results}/reports/usage_logs/*",
        ],
        "CatalogArns": [
            f"{glue}:catalog",
            f"{glue}:database/plant_archive",
            f"{glue}:table/plant_archive/readings",
            f"{glue}:table/plant_archive/readings__audit",
            f"{glue}:table/plant_archive/readings_parquet",
            f"{glue}:table/plant_archive/readings_parquet__audit",
            f"{glue}:database/usage_archive",
            f"{glue}:table/usage_archive/logs",
            f"{glue}:table/usage_archive/logs__audit",
            f"{glue}:table/usage_archive/logs_parquet",
            f"{glue}:table/usage_archive/logs_parquet__audit",
        ],
        "WorkgroupArns": ["arn:aws:athena:eu-central-1:123456789012:workgroup/ttl-archive-dev"],
        "TopicArns": ["arn:aws:sns:eu-central-1:123456789012:ttl-archive-dev-reports"],
        "SenderArns": [],
    }


def test_sending_through_ses_is_granted_only_where_an_archive_does(include_dir: Path, template: dict[str, Any]) -> None:
    assert stack_parameters(PLACE, include_dir, {}, {})["SenderArns"] == ""
    path = include_dir / "archives" / "usage_logs.yaml"
    mail = "ses: {to: [a@example.org], from: reports@example.com}"
    path.write_text(path.read_text().replace("sns_topic: null", mail))
    identity = "arn:aws:ses:eu-central-1:123456789012:identity"
    assert derive(include_dir)["SenderArns"] == [f"{identity}/reports@example.com", f"{identity}/example.com"]
    policy = template["Resources"]["ReportMailPolicy"]
    assert policy["Condition"] == "SendsThroughSes"
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("ses:SendRawEmail", {"Ref": "SenderArns"})


def test_a_new_archive_adds_its_own_and_nothing_else(include_dir: Path) -> None:
    before = derive(include_dir)
    (include_dir / "archives" / "orders.yaml").write_text(THIRD_ARCHIVE)
    added = {name: sorted(set(values) - set(before[name])) for name, values in derive(include_dir).items()}
    bucket = "arn:aws:s3:::ttl-archive-dev-123456789012-archive"
    glue = "arn:aws:glue:eu-central-1:123456789012"
    assert added == {
        "SourceTableArns": ["arn:aws:dynamodb:eu-central-1:123456789012:table/dev-orders"],
        "SourceExportArns": ["arn:aws:dynamodb:eu-central-1:123456789012:table/dev-orders/export/*"],
        "ArchiveBucketArns": [],
        "ArchiveObjectArns": [
            f"{bucket}/{each}/*"
            for each in ("_manifests/orders", "_parquet/orders", "_quarantine/orders", "_staging/orders", "orders")
        ],
        "ResultsBucketArns": [],
        "ResultsObjectArns": ["arn:aws:s3:::ttl-archive-dev-123456789012-results/reports/orders/*"],
        "CatalogArns": [
            f"{glue}:database/shop",
            f"{glue}:table/shop/orders",
            f"{glue}:table/shop/orders__audit",
            f"{glue}:table/shop/orders_parquet",
            f"{glue}:table/shop/orders_parquet__audit",
        ],
        "WorkgroupArns": [],
        "TopicArns": ["arn:aws:sns:eu-central-1:999999999999:shop"],
        "SenderArns": [],
    }


def test_names_given_on_the_command_line_reach_the_archives(include_dir: Path) -> None:
    parameters = stack_parameters(PLACE, include_dir, {}, {"ArchiveBucketName": "our-own-bucket"})
    assert parameters["ArchiveBucketName"] == "our-own-bucket"
    assert parameters["ArchiveBucketArns"] == "arn:aws:s3:::our-own-bucket"


def test_settings_of_another_deployment_in_the_shell_are_outranked(include_dir: Path) -> None:
    parameters = stack_parameters(PLACE, include_dir, {"TTL_ARCHIVE_BUCKET": "of-production"}, {})
    assert "of-production" not in str(parameters)


def test_too_many_archives_for_one_stack_are_refused(include_dir: Path) -> None:
    for number in range(60):
        (include_dir / "archives" / f"orders_{number}.yaml").write_text(THIRD_ARCHIVE)
    with pytest.raises(ConfigurationError, match=r"ArchiveObjectArns has \d+ characters for 62 archives"):
        stack_parameters(PLACE, include_dir, {}, {})


def test_a_broken_archive_is_named(include_dir: Path) -> None:
    (include_dir / "archives" / "orders.yaml").write_text(THIRD_ARCHIVE.replace("orders/", "/orders"))
    with pytest.raises(ConfigurationError, match=r"orders\.yaml:7: destination\.prefix"):
        stack_parameters(PLACE, include_dir, {}, {})


OUTPUTS = {
    "Bucket": "b", "ResultsBucket": "r", "Workgroup": "w", "TablePrefix": "dev-",
    "RoleArn": "arn:aws:iam::1:role/p", "TopicArn": "t", "MetricNamespace": "ttl-archive/dev",
}  # fmt: skip


def test_the_outputs_are_those_that_settings_are_made_of(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) == set(OUTPUTS)


@pytest.mark.parametrize("embedded", [None, "http://127.0.0.1:4566"])
def test_every_setting_is_exported(embedded: str | None) -> None:
    variables = settings_of(OUTPUTS, embedded, "eu-central-1")
    fields = set(Settings.model_fields) - {"include_dir"}
    assert set(variables) == {PREFIX + field.upper() for field in fields} | {"AIRFLOW_CONN_AWS_DEFAULT"}
    read = Settings.from_environment(variables)
    assert (read.bucket, read.results_bucket, read.workgroup, read.table_prefix) == ("b", "r", "w", "dev-")
    waits = (read.athena_poll_seconds, read.sensor_poll_seconds, read.retry_seconds)
    assert waits == ((1, 1, 1) if embedded else (30, 180, 120))


def test_the_connection_assumes_the_role_and_leaks_no_call_to_the_real_sts() -> None:
    url = "http://127.0.0.1:4566"
    connection = json.loads(settings_of(OUTPUTS, url, "us-east-1")["AIRFLOW_CONN_AWS_DEFAULT"])
    assert connection == {
        "conn_type": "aws",
        "extra": {
            "region_name": "us-east-1",
            "role_arn": "arn:aws:iam::1:role/p",
            "endpoint_url": url,
            "service_config": {"sts": {"endpoint_url": url}},
        },
    }
    real = json.loads(settings_of(OUTPUTS, None, "us-east-1")["AIRFLOW_CONN_AWS_DEFAULT"])
    assert real["extra"] == {"region_name": "us-east-1", "role_arn": "arn:aws:iam::1:role/p"}


@pytest.mark.parametrize(
    ("url", "embedded"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://localhost:4566", True),
        ("http://[::1]:4566", True),
        ("http://10.0.0.7:4566", False),
        ("https://vpce-1.dynamodb.amazonaws.com", False),
        ("http://127.0.0.1.example.com", False),
        ("", False),
    ],
)  # fmt: skip
def test_only_a_loopback_endpoint_is_the_embedded_aws(url: str, embedded: bool) -> None:
    assert embedded_endpoint({"AWS_ENDPOINT_URL": url}) == (url if embedded else None)


def test_the_env_file_keeps_what_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# mine\nAIRFLOW_UID=50000\nTTL_ARCHIVE_BUCKET=old\n")
    write_env_file(path, {"TTL_ARCHIVE_BUCKET": "new", "AIRFLOW_CONN_AWS_DEFAULT": '{"conn_type": "aws"}'})
    expected = '# mine\nAIRFLOW_UID=50000\nTTL_ARCHIVE_BUCKET=new\nAIRFLOW_CONN_AWS_DEFAULT=\'{"conn_type": "aws"}\'\n'
    assert path.read_text() == expected


@pytest.fixture
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")


@pytest.fixture
def stack(session: boto3.Session) -> Stack:
    return Stack(session, PLACE.stack, poll_seconds=0)


def described(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackName": PLACE.stack, "CreationTime": "2026-01-01T00:00:00Z", "StackStatus": status}]}


SUMMARY = {"Parameters": [{"ParameterKey": name} for name in ("ArchiveBucketName", "ArchiveTransitionDays")]}


def test_parameters_of_the_last_deployment_are_kept(stack: Stack) -> None:
    last = {"ArchiveBucketName": "our-own-bucket", "ArchiveTransitionDays": "60", "NoLongerThere": "x"}
    stored = [{"ParameterKey": name, "ParameterValue": value} for name, value in last.items()]
    answer = described("UPDATE_COMPLETE")
    answer["Stacks"][0]["Parameters"] = stored
    with Stubber(stack._client) as stub:
        stub.add_response("get_template_summary", SUMMARY)
        stub.add_response("describe_stacks", answer)
        kept = stack.kept_parameters("{}", {"ArchiveTransitionDays": "45"})
    assert kept == {"ArchiveBucketName": "our-own-bucket", "ArchiveTransitionDays": "45"}


def test_derived_parameters_are_never_kept(include_dir: Path) -> None:
    parameters = stack_parameters(PLACE, include_dir, {}, {"SourceTableArns": "arn:of:an:archive:long:gone"})
    assert "long:gone" not in parameters["SourceTableArns"]


def test_an_unknown_parameter_is_refused(stack: Stack) -> None:
    with Stubber(stack._client) as stub:
        stub.add_response("get_template_summary", SUMMARY)
        with pytest.raises(ConfigurationError, match="no such parameter: Bucket; there are ArchiveBucketName, "):
            stack.kept_parameters("{}", {"Bucket": "x"})


def test_a_stack_whose_creation_failed_is_explained(stack: Stack) -> None:
    with Stubber(stack._client) as stub:
        stub.add_response("describe_stacks", described("ROLLBACK_COMPLETE"))
        with pytest.raises(StackError, match=r"first creation failed.*stack delete"):
            stack.propose("{}", {})


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes.", "No updates are to be performed."]
)
def test_nothing_to_change_is_no_failure(stack: Stack, reason: str) -> None:
    with Stubber(stack._client) as stub:
        stub.add_response("describe_stacks", described("UPDATE_COMPLETE"))
        stub.add_response("create_change_set", {"Id": "arn:aws:cloudformation:x"})
        stub.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": reason})
        stub.add_response("delete_change_set", {})
        assert stack.propose("{}", {}) is None


def test_a_refused_change_set_says_why(stack: Stack) -> None:
    with Stubber(stack._client) as stub:
        stub.add_response("describe_stacks", described("UPDATE_COMPLETE"))
        stub.add_response("create_change_set", {"Id": "arn:aws:cloudformation:x"})
        stub.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": "Unresolved resource"})
        stub.add_response("delete_change_set", {})
        with pytest.raises(StackError, match="refused the change set: Unresolved resource"):
            stack.propose("{}", {})


def test_a_failed_update_names_the_resource_and_the_reason(stack: Stack) -> None:
    event = {
        "StackId": "s",
        "StackName": PLACE.stack,
        "Timestamp": "2026-01-01T00:00:00Z",
        "ResourceStatusReason": "Access denied",
    }
    events = [
        {**event, "EventId": "3", "LogicalResourceId": "QueryWorkgroup", "ResourceStatus": "CREATE_COMPLETE"},
        {**event, "EventId": "2", "LogicalResourceId": "PipelineRole", "ResourceStatus": "CREATE_FAILED"},
        {**event, "EventId": "1", "LogicalResourceId": "ArchiveBucket", "ResourceStatus": "CREATE_FAILED"},
    ]
    with Stubber(stack._client) as stub:
        stub.add_response("describe_stack_events", {"StackEvents": events[2:]})
        stub.add_response("execute_change_set", {})
        stub.add_response("describe_stacks", described("ROLLBACK_COMPLETE"))
        stub.add_response("describe_stack_events", {"StackEvents": events})
        with pytest.raises(StackError, match=r"is ROLLBACK_COMPLETE: PipelineRole: Access denied$"):
            stack.apply("arn:aws:cloudformation:x")


def test_an_account_is_never_changed_without_a_yes(monkeypatch: pytest.MonkeyPatch, session: boto3.Session) -> None:
    applied: list[str] = []
    monkeypatch.setattr("ttl_archive.stack.find_place", lambda *_: PLACE)
    monkeypatch.setattr(Stack, "kept_parameters", lambda *_: {})
    monkeypatch.setattr(Stack, "exists", lambda _: True)
    monkeypatch.setattr(Stack, "propose", lambda *_: ("change-set", ["Add     ArchiveBucket (AWS::S3::Bucket)"]))
    monkeypatch.setattr(Stack, "apply", lambda _, change_set: applied.append(change_set))
    monkeypatch.setattr("ttl_archive.stack._confirmed", lambda: False)
    assert _deploy(_parser().parse_args(["deploy"]), session, embedded=None) == 1
    assert applied == []
