"""The versions of Glue's tables.

https://docs.aws.amazon.com/glue/latest/webapi/API_GetTableVersions.html
"""

import uuid

import pytest

from tests.local_aws.harness import Athena


@pytest.fixture
def target(athena: Athena) -> dict[str, str]:
    """A table of the versions 0, 1 and 2."""
    name = f"v_{uuid.uuid4().hex[:8]}"
    for number in range(3):
        change = athena.glue.update_table if number else athena.glue.create_table
        change(DatabaseName=athena.database, TableInput={"Name": name, "Description": f"d{number}"})
    return {"DatabaseName": athena.database, "TableName": name}


def test_one_version(athena: Athena, target: dict[str, str]) -> None:
    for asked, number in (({}, "2"), ({"VersionId": "0"}, "0"), ({"VersionId": "2"}, "2")):
        found = athena.glue.get_table_version(**target, **asked)["TableVersion"]
        assert (found["VersionId"], found["Table"]["Description"]) == (number, f"d{number}")
    with pytest.raises(athena.glue.exceptions.EntityNotFoundException):
        athena.glue.get_table_version(**target, VersionId="3")


def test_all_versions_in_pages(athena: Athena, target: dict[str, str]) -> None:
    paginator = athena.glue.get_paginator("get_table_versions")
    pages = list(paginator.paginate(**target, PaginationConfig={"PageSize": 2}))
    assert [[each["VersionId"] for each in page["TableVersions"]] for page in pages] == [["2", "1"], ["0"]]


def test_deletion(athena: Athena, target: dict[str, str]) -> None:
    athena.glue.delete_table_version(**target, VersionId="1")
    assert [each["VersionId"] for each in athena.glue.get_table_versions(**target)["TableVersions"]] == ["2", "0"]
    with pytest.raises(athena.glue.exceptions.EntityNotFoundException):
        athena.glue.delete_table_version(**target, VersionId="1")
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match="current"):
        athena.glue.delete_table_version(**target, VersionId="2")


def test_deletion_in_a_batch(athena: Athena, target: dict[str, str]) -> None:
    errors = athena.glue.batch_delete_table_version(**target, VersionIds=["0", "1", "9"])["Errors"]
    assert [(each["TableName"], each["VersionId"], each["ErrorDetail"]["ErrorCode"]) for each in errors] == [
        (target["TableName"], "9", "EntityNotFoundException")
    ]
    assert [each["VersionId"] for each in athena.glue.get_table_versions(**target)["TableVersions"]] == ["2"]


def test_a_new_table_of_the_name_has_none(athena: Athena, target: dict[str, str]) -> None:
    athena.glue.delete_table(DatabaseName=target["DatabaseName"], Name=target["TableName"])
    athena.glue.create_table(DatabaseName=target["DatabaseName"], TableInput={"Name": target["TableName"]})
    assert [each["VersionId"] for each in athena.glue.get_table_versions(**target)["TableVersions"]] == ["0"]
