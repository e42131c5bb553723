"""Named queries, prepared statements, catalogs and engine versions."""

import uuid

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Athena


def test_a_prepared_statement_is_changed(athena: Athena) -> None:
    first, second = (f"p{uuid.uuid4().hex[:8]}" for _ in range(2))
    where = {"WorkGroup": "primary"}
    for name in (first, second):
        athena.client.create_prepared_statement(StatementName=name, QueryStatement="SELECT ?", Description="d", **where)
    athena.client.update_prepared_statement(StatementName=first, QueryStatement="SELECT ? + 1", **where)
    got = athena.client.batch_get_prepared_statement(PreparedStatementNames=[first, second, "nope"], **where)
    found = {each["StatementName"]: (each["QueryStatement"], each["Description"]) for each in got["PreparedStatements"]}
    assert found == {first: ("SELECT ? + 1", "d"), second: ("SELECT ?", "d")}
    assert [each["StatementName"] for each in got["UnprocessedPreparedStatementNames"]] == ["nope"]
    with pytest.raises(athena.client.exceptions.ResourceNotFoundException):
        athena.client.update_prepared_statement(StatementName="nope", QueryStatement="SELECT 1", **where)
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="mismatched input"):
        athena.client.update_prepared_statement(StatementName=first, QueryStatement="SELEC 1", **where)


def test_a_named_query_is_changed(athena: Athena) -> None:
    created = athena.client.create_named_query(Name="a", Database="default", QueryString="SELECT 1", Description="d")
    query = created["NamedQueryId"]
    athena.client.update_named_query(NamedQueryId=query, Name="b", QueryString="SELECT 2")
    found = athena.client.get_named_query(NamedQueryId=query)["NamedQuery"]
    assert (found["Name"], found["QueryString"], found["Description"]) == ("b", "SELECT 2", "d")
    with pytest.raises(athena.client.exceptions.InvalidRequestException):
        athena.client.update_named_query(NamedQueryId=str(uuid.uuid4()), Name="b", QueryString="SELECT 2")


def test_there_is_one_engine_and_one_catalog(athena: Athena) -> None:
    versions = athena.client.list_engine_versions()["EngineVersions"]
    assert [each["SelectedEngineVersion"] for each in versions] == ["AUTO", "Athena engine version 3"]
    assert {each["EffectiveEngineVersion"] for each in versions} == {"Athena engine version 3"}
    with pytest.raises(ClientError, match="no catalog but AwsDataCatalog"):
        athena.client.create_data_catalog(Name="other", Type="LAMBDA", Parameters={"function": "f"})
