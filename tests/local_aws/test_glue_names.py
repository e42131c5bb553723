"""Databases, tables and functions by their names: patterns, and lists of nothing but names."""

import uuid
from typing import Any

import pytest

from tests.local_aws.harness import Athena


@pytest.fixture(scope="module")
def database(athena: Athena) -> str:
    """A database of three tables."""
    database = f"named_{uuid.uuid4().hex[:8]}"
    athena.glue.create_database(DatabaseInput={"Name": database})
    for each in ("wr1_a", "wr2_b", "other"):
        athena.glue.create_table(DatabaseName=database, TableInput={"Name": each, "TableType": "EXTERNAL_TABLE"})
    return database


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*", ["other", "wr1_a", "wr2_b"]),
        ("wr*", ["wr1_a", "wr2_b"]),
        ("*r1*", ["wr1_a"]),
        ("*_b", ["wr2_b"]),
        ("wr*b", ["wr2_b"]),
        ("wr1*|oth*", ["other", "wr1_a"]),
        ("wr", []),
        ("wr.*", ["wr1_a", "wr2_b"]),
        (r"wr\d_[ab]*", ["wr1_a", "wr2_b"]),
        (r"[a-z]*\d*", ["other"]),
        (r"\Qwr1_\E.*", ["wr1_a"]),
        (r"\w*", ["other", "wr1_a", "wr2_b"]),
        ("(wr1|_a)*", ["wr1_a"]),
        ("[*o]ther", ["other"]),
        ("wr[12]_(a|b)", ["wr1_a", "wr2_b"]),
    ],
)
def test_tables_by_a_pattern(athena: Athena, database: str, pattern: str, names: list[str]) -> None:
    found = athena.glue.get_tables(DatabaseName=database, Expression=pattern)["TableList"]
    assert [each["Name"] for each in found] == names


def test_no_pattern(athena: Athena, database: str) -> None:
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match=r"wr\( is not a regular expression"):
        athena.glue.get_tables(DatabaseName=database, Expression="wr(")
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match=r"wr\( is not a regular expression"):
        athena.glue.get_user_defined_functions(DatabaseName=database, Pattern="wr(")


def test_functions_by_a_pattern(athena: Athena, database: str) -> None:
    assert athena.glue.get_user_defined_functions(Pattern="*", DatabaseName=database)["UserDefinedFunctions"] == []
    given = {"FunctionName": "upper2", "ClassName": "c"}
    athena.glue.create_user_defined_function(DatabaseName=database, FunctionInput=given)
    for pattern, names in (("*", ["upper2"]), ("up*", ["upper2"]), (r"\Qupper\E.*", ["upper2"]), ("low*", [])):
        found = athena.glue.get_user_defined_functions(Pattern=pattern, DatabaseName=database)
        assert [each["FunctionName"] for each in found["UserDefinedFunctions"]] == names


def test_only_the_names_of_tables(athena: Athena) -> None:
    """https://docs.aws.amazon.com/glue/latest/webapi/API_GetTables.html#Glue-GetTables-request-AttributesToGet"""
    name = f"n_{uuid.uuid4().hex[:8]}"
    athena.glue.create_database(DatabaseInput={"Name": name})
    athena.glue.create_table(DatabaseName=name, TableInput={"Name": "t", "TableType": "EXTERNAL_TABLE"})

    def asked(*attributes: str) -> Any:
        return athena.glue.get_tables(DatabaseName=name, AttributesToGet=list(attributes))["TableList"]

    assert asked("NAME") == [{"Name": "t"}]
    assert asked("NAME", "TABLE_TYPE") == [{"Name": "t", "TableType": "EXTERNAL_TABLE"}]
    for wrong in ((), ("TABLE_TYPE",), ("NAME", "LATEST_ICEBERG_METADATA")):
        with pytest.raises(athena.glue.exceptions.InvalidInputException, match="AttributesToGet"):
            asked(*wrong)
    databases = athena.glue.get_databases(AttributesToGet=["NAME"])["DatabaseList"]
    assert {"Name": name} in databases
    one = {"DatabaseName": name, "Name": "t"}
    assert athena.glue.get_table(**one, AttributesToGet=["DEFAULT"])["Table"]["TableType"] == "EXTERNAL_TABLE"
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match="NOT_SUPPORTED"):
        athena.glue.get_table(**one, AttributesToGet=["LATEST_ICEBERG_METADATA"])
