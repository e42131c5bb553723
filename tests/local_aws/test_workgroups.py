"""Work groups, named queries and the pages of Athena's lists."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Athena

OWNER = {"S3AclOption": "BUCKET_OWNER_FULL_CONTROL"}


@pytest.fixture
def group(athena: Athena) -> str:
    name = f"wg-{uuid.uuid4().hex[:8]}"
    results = {"OutputLocation": f"s3://{athena.bucket}/results/"}
    athena.client.create_work_group(
        Name=name, Configuration={"ResultConfiguration": results, "BytesScannedCutoffPerQuery": 10_000_000}
    )
    return name


def named(athena: Athena, group: str, name: str = "q", **request: Any) -> str:
    answer = athena.client.create_named_query(
        Name=name, Database="default", QueryString="SELECT 1", WorkGroup=group, **request
    )
    return str(answer["NamedQueryId"])


def test_what_athena_would_not_take(athena: Athena, group: str) -> None:
    place = {"ResultConfiguration": {"OutputLocation": "bogus"}}
    for operation, request, message in (
        ("create_work_group", {"Name": "no blanks"}, "InvalidRequestException.*'name'"),
        ("create_work_group", {"Name": f"{group}-2", "Configuration": place}, "not a valid S3 path"),
        ("update_work_group", {"WorkGroup": group, "State": "XX"}, "InvalidRequestException.*'state'"),
        (
            "update_work_group",
            {
                "WorkGroup": group,
                "ConfigurationUpdates": {"ResultConfigurationUpdates": {"OutputLocation": "bogus"}},
            },
            "not a valid S3 path",
        ),
    ):
        with pytest.raises(ClientError, match=message):
            getattr(athena.client, operation)(**request)
    assert athena.client.get_work_group(WorkGroup=group)["WorkGroup"]["State"] == "ENABLED"


@pytest.mark.parametrize(
    ("created", "updated"),
    [
        *(({"EngineVersion": {"SelectedEngineVersion": version}},) * 2
          for version in ("Athena engine version 99", "PySpark engine version 3")),
        *(({"ResultConfiguration": {"EncryptionConfiguration": encryption}},
           {"ResultConfigurationUpdates": {"EncryptionConfiguration": encryption}})
          for encryption in ({"EncryptionOption": "FOO"}, {"EncryptionOption": "SSE_KMS"})),
        (None, {"ResultConfigurationUpdates": {"OutputLocation": "s3://b/x/", "RemoveOutputLocation": True}}),
    ],
)  # fmt: skip
def test_settings_that_athena_would_not_take(athena: Athena, group: str, created: Any, updated: Any) -> None:
    """https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html"""
    invalid = athena.client.exceptions.InvalidRequestException
    with pytest.raises(invalid):
        athena.client.update_work_group(WorkGroup=group, ConfigurationUpdates=updated)
    if created:
        with pytest.raises(invalid):
            athena.client.create_work_group(Name=f"{group}-2", Configuration=created)


def test_the_engine_in_force_is_told(athena: Athena, group: str) -> None:
    engine = {"SelectedEngineVersion": "Athena engine version 3"}
    athena.client.update_work_group(WorkGroup=group, ConfigurationUpdates={"EngineVersion": engine})
    found = athena.client.get_work_group(WorkGroup=group)["WorkGroup"]["Configuration"]["EngineVersion"]
    assert found == {**engine, "EffectiveEngineVersion": "Athena engine version 3"}


def test_tags_are_of_a_group_that_is_there(athena: Athena, group: str) -> None:
    arn = f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/"
    tags = [{"Key": "a", "Value": "b"}]
    athena.client.tag_resource(ResourceARN=arn + group, Tags=tags)
    assert athena.client.list_tags_for_resource(ResourceARN=arn + group)["Tags"] == tags
    for operation, more in (("tag_resource", {"Tags": tags}), ("list_tags_for_resource", {})):
        with pytest.raises(athena.client.exceptions.ResourceNotFoundException):
            getattr(athena.client, operation)(ResourceARN=f"{arn}nope", **more)


def test_a_limit_is_removed(athena: Athena, group: str) -> None:
    def limit() -> Any:
        found = athena.client.get_work_group(WorkGroup=group)["WorkGroup"]["Configuration"]
        return found.get("BytesScannedCutoffPerQuery")

    assert limit() == 10_000_000
    athena.client.update_work_group(WorkGroup=group, ConfigurationUpdates={"RemoveBytesScannedCutoffPerQuery": True})
    assert limit() is None


@pytest.mark.parametrize(
    "operation",
    ["get_work_group", "delete_work_group", "update_work_group", "list_named_queries", "list_prepared_statements"],
)
def test_an_unknown_group(athena: Athena, operation: str) -> None:
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="WorkGroup nope is not found"):
        getattr(athena.client, operation)(WorkGroup="nope")
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="WorkGroup nope is not found"):
        named(athena, "nope")


def test_a_group_is_deleted_when_it_is_empty(athena: Athena, group: str) -> None:
    query = named(athena, group)
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="is not empty"):
        athena.client.delete_work_group(WorkGroup=group)
    athena.client.delete_named_query(NamedQueryId=query)
    athena.run("SELECT 1", WorkGroup=group)
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="is not empty"):
        athena.client.delete_work_group(WorkGroup=group)
    query = named(athena, group)
    athena.client.delete_work_group(WorkGroup=group, RecursiveDeleteOption=True)
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="not found"):
        athena.client.get_named_query(NamedQueryId=query)


def test_a_named_query_is_created_once_for_a_token(athena: Athena, group: str) -> None:
    token = uuid.uuid4().hex
    first = named(athena, group, ClientRequestToken=token)
    assert named(athena, group, ClientRequestToken=token) == first
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="Idempotent parameters"):
        named(athena, group, "another", ClientRequestToken=token)
    primary = named(athena, "primary")
    assert athena.client.list_named_queries(WorkGroup=group)["NamedQueryIds"] == [first]
    listed = athena.client.list_named_queries()["NamedQueryIds"]
    assert (primary in listed, first in listed) == (True, False)


def test_lists_come_in_pages(athena: Athena, group: str) -> None:
    ids = [named(athena, group, f"q{n}") for n in range(3)]
    pages = list(
        athena.client.get_paginator("list_named_queries").paginate(WorkGroup=group, PaginationConfig={"PageSize": 2})
    )
    assert [page["NamedQueryIds"] for page in pages] == [ids[:2], ids[2:]]
    for name in ("one", "two"):
        athena.run(f"CREATE EXTERNAL TABLE {name} (a int) LOCATION 's3://{athena.bucket}/{name}/'")
    pages = list(
        athena.client.get_paginator("list_table_metadata").paginate(
            CatalogName="AwsDataCatalog", DatabaseName=athena.database, PaginationConfig={"PageSize": 1}
        )
    )
    assert [[each["Name"] for each in page["TableMetadataList"]] for page in pages] == [["one"], ["two"]]
    first = athena.client.list_work_groups(MaxResults=1)
    assert (len(first["WorkGroups"]), "NextToken" in first) == (1, True)
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="maxResults"):
        athena.client.list_work_groups(MaxResults=51)


def test_the_keys_of_tags(athena: Athena) -> None:
    for tags in ([{"Key": "aws:x", "Value": "1"}], [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]):
        with pytest.raises(ClientError, match="InvalidRequestException"):
            athena.client.create_work_group(Name=f"w{uuid.uuid4().hex[:8]}", Tags=tags)


def test_changes_of_a_configuration_are_kept_or_refused(athena: Athena, group: str) -> None:
    changes = {"ResultConfigurationUpdates": {"ExpectedBucketOwner": ACCOUNT, "AclConfiguration": OWNER}}
    athena.client.update_work_group(WorkGroup=group, ConfigurationUpdates=changes)
    results = athena.client.get_work_group(WorkGroup=group)["WorkGroup"]["Configuration"]["ResultConfiguration"]
    assert (results["ExpectedBucketOwner"], results["AclConfiguration"]) == (ACCOUNT, OWNER)
    away = {"ResultConfigurationUpdates": {"RemoveExpectedBucketOwner": True, "RemoveAclConfiguration": True}}
    athena.client.update_work_group(WorkGroup=group, ConfigurationUpdates=away)
    results = athena.client.get_work_group(WorkGroup=group)["WorkGroup"]["Configuration"]["ResultConfiguration"]
    assert results == {"OutputLocation": f"s3://{athena.bucket}/results/"}
    for refused in (
        {"ManagedQueryResultsConfigurationUpdates": {"Enabled": True}},
        {"EnableMinimumEncryptionConfiguration": True},
        {"AdditionalConfiguration": "x"},
    ):
        with pytest.raises(ClientError, match=f"no work groups with {next(iter(refused))}"):
            athena.client.update_work_group(WorkGroup=group, ConfigurationUpdates=refused)
    managed = {"ManagedQueryResultsConfiguration": {"Enabled": True}}
    with pytest.raises(ClientError, match="no work groups with ManagedQueryResultsConfiguration"):
        athena.client.create_work_group(Name=f"{group}-m", Configuration=managed)


def test_the_list_of_work_groups(athena: Athena, group: str) -> None:
    athena.client.create_work_group(Name=f"a{group}")
    listed = athena.client.list_work_groups()["WorkGroups"]
    names = [each["Name"] for each in listed]
    assert names == sorted(names)
    assert {group, f"a{group}"} < set(names)
    assert {each["EngineVersion"]["EffectiveEngineVersion"] for each in listed} == {"Athena engine version 3"}
    assert "Description" not in athena.client.get_work_group(WorkGroup=group)["WorkGroup"]


def test_a_query_tells_the_engine_that_its_group_selected(athena: Athena, group: str) -> None:
    pinned = {"SelectedEngineVersion": "Athena engine version 3"}
    assert athena.run("SELECT 1", WorkGroup=group).execution["EngineVersion"]["SelectedEngineVersion"] == "AUTO"
    athena.client.update_work_group(WorkGroup=group, ConfigurationUpdates={"EngineVersion": pinned})
    execution = athena.run("SELECT 1", WorkGroup=group).execution
    assert execution["EngineVersion"] == {**pinned, "EffectiveEngineVersion": "Athena engine version 3"}


def test_a_group_that_enforces_nothing_lends_all_its_settings(athena: Athena, group: str) -> None:
    place = f"s3://{athena.bucket}/lent/"
    own = {"OutputLocation": place, "ExpectedBucketOwner": ACCOUNT, "AclConfiguration": OWNER,
           "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"}}  # fmt: skip
    name = f"{group}-lends"
    configuration = {"EnforceWorkGroupConfiguration": False, "ResultConfiguration": own}
    athena.client.create_work_group(Name=name, Configuration=configuration)
    given = athena.run("SELECT 1", WorkGroup=name, ResultConfiguration={}).execution["ResultConfiguration"]
    assert {**given, "OutputLocation": place} == own
    changed = {"ResultConfigurationUpdates": {"ExpectedBucketOwner": "999999999999"}}
    athena.client.update_work_group(WorkGroup=name, ConfigurationUpdates=changed)
    with pytest.raises(ClientError, match="does not belong to the expected owner"):
        athena.ask("SELECT 1", WorkGroup=name, ResultConfiguration={})


def test_a_resource_has_at_most_fifty_tags(athena: Athena, group: str) -> None:
    arn = f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/{group}"
    tags = [{"Key": f"k{n}", "Value": "v"} for n in range(51)]
    with pytest.raises(ClientError, match="at most 50 tags"):
        athena.client.tag_resource(ResourceARN=arn, Tags=tags)
    athena.client.tag_resource(ResourceARN=arn, Tags=tags[:30])
    with pytest.raises(ClientError, match="at most 50 tags"):
        athena.client.tag_resource(ResourceARN=arn, Tags=tags[30:])
    athena.client.tag_resource(ResourceARN=arn, Tags=tags[10:50])
