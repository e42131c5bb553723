"""Expressions of GetPartitions.

https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html#Glue-GetPartitions-request-Expression
"""

import uuid
from collections.abc import Callable

import pytest

from tests.local_aws.harness import Athena

Partitions = Callable[..., list[str]]
# For each type of keys, the values of a table's partitions.
VALUES = {
    "string": ["2024", "2025", "9", "__HIVE_DEFAULT_PARTITION__"],
    "varchar(9)": ["a", "b"],
    "int": ["-3", "05", "10"],
    "bigint": ["5", "3000000000"],
    "tinyint": ["1"],
    "decimal(10,2)": ["1.50", "1.55", "10"],
    "date": ["2025-03-01", "2025-03-02"],
    "timestamp": ["2024-01-31 23:59:59", "2024-02-01 00:00:00.5"],
    "boolean": ["true"],
    "double": ["1.5"],
}


@pytest.fixture(scope="module")
def matching(athena: Athena) -> Partitions:
    """Makes a table with one partition key `k` for each type, and asks one of them for its matching partitions."""
    tables: dict[str, str] = {}

    def asked(kind: str, expression: str, values: tuple[str, ...] = ()) -> list[str]:
        if values or kind not in tables:
            tables[kind] = f"e_{uuid.uuid4().hex[:8]}"
            given = {"Name": tables[kind], "PartitionKeys": [{"Name": "k", "Type": kind}]}
            athena.glue.create_table(DatabaseName=athena.database, TableInput=given)
            inputs = [{"Values": [value]} for value in values or VALUES[kind]]
            where = {"DatabaseName": athena.database, "TableName": tables[kind]}
            athena.glue.batch_create_partition(**where, PartitionInputList=inputs)
        where = {"DatabaseName": athena.database, "TableName": tables[kind]}
        found = athena.glue.get_partitions(**where, Expression=expression)["Partitions"]
        return [each["Values"][0] for each in found]

    return asked


@pytest.mark.parametrize(
    ("kind", "expression", "values"),
    [
        ("string", "k = '2024'", ["2024"]),
        ("string", "k = 2024", ["2024"]),
        ("string", "k IN (9, '2025')", ["2025", "9"]),
        ("string", "k > '2024' AND NOT (k = '9' OR k LIKE '\\_%' )", ["2025", "__HIVE_DEFAULT_PARTITION__"]),
        ("string", "'2025' <= k AND k < '3'", ["2025"]),
        ("string", "k != '9' AND k NOT IN ('2024') AND k NOT LIKE '_025'", ["__HIVE_DEFAULT_PARTITION__"]),
        ("string", "k = '__HIVE_DEFAULT_PARTITION__'", ["__HIVE_DEFAULT_PARTITION__"]),
        ("string", "k IS NULL", []),
        ("string", "k IS NOT NULL AND k BETWEEN '2' AND '8'", ["2024", "2025"]),
        ("string", "k NOT BETWEEN '2' AND '8'", ["9", "__HIVE_DEFAULT_PARTITION__"]),
        ("string", "k LIKE '!_!_HIVE%' ESCAPE '!'", ["__HIVE_DEFAULT_PARTITION__"]),
        ("string", " ", ["2024", "2025", "9", "__HIVE_DEFAULT_PARTITION__"]),
        ("varchar(9)", "k >= 'b'", ["b"]),
        ("int", "k = 5", ["05"]),
        ("int", "k = '5'", ["05"]),
        ("int", "k <= -3 OR k BETWEEN '6' AND 10", ["-3", "10"]),
        ("int", "k > 4 AND k IN ('5', 10)", ["05", "10"]),
        ("bigint", "k = '3000000000'", ["3000000000"]),
        ("tinyint", "k < 2", ["1"]),
        ("decimal(10,2)", "k = 1.5", ["1.50"]),
        ("decimal(10,2)", "k > 1.549 AND k < '1.551'", ["1.55"]),
        ("date", "k > '2025-03-01'", ["2025-03-02"]),
        ("date", "k = DATE '2025-03-02'", ["2025-03-02"]),
        ("timestamp", "k > '2024-02-01 00:00:00'", ["2024-02-01 00:00:00.5"]),
        ("timestamp", "k < TIMESTAMP '2024-02-01 00:00:00'", ["2024-01-31 23:59:59"]),
        ("timestamp", "k = '2024-02-01 00:00:00.500'", ["2024-02-01 00:00:00.5"]),
    ],
)  # fmt: skip
def test_what_matches(matching: Partitions, kind: str, expression: str, values: list[str]) -> None:
    assert matching(kind, expression) == values


@pytest.mark.parametrize(
    ("kind", "expression", "reason"),
    [
        ("string", "nope = 1", r"Unknown column 'nope'$"),
        ("boolean", "k = true", r"Unknown type : 'boolean'$"),
        ("double", "k = 1.5", r"Unknown type : 'double'$"),
        ("int", "k = 'x'", r"For input string: \"x\" is not an integer\.$"),
        ("int", "k = 1.5", r"For input string: \"1\.5\" is not an integer\.$"),
        ("int", "k LIKE '1%'", r"Integral data type doesn't support operation 'LIKE'$"),
        ("decimal(10,2)", "k = 'x'", r"x is not a decimal\.$"),
        ("date", "k = '2025-03'", r"2025-03 is not a date\.$"),
        ("date", "k = '2025-02-30'", r"2025-02-30 is not a date\.$"),
        ("date", "k LIKE '2025%'", r"Date data type doesn't support operation 'LIKE'$"),
        ("timestamp", "k > '2024-02-01'", r"Timestamp format .* 2024-02-01 is not a timestamp\.$"),
        ("timestamp", "k > '2024-02-01 25:00:00'", r"Timestamp format .* 2024-02-01 25:00:00 is not a timestamp\.$"),
        ("int", "k + 1 = 2025", r"Unsupported expression 'k \+ 1 = 2025'$"),
        ("string", "k = k", r"Unsupported expression 'k = k'$"),
        ("string", "'a' = 'a'", r"Unsupported expression ''a' = 'a''$"),
        ("string", "lower(k) = 'a'", r"Unsupported expression 'lower\(k\) = 'a''$"),
        ("string", "k IN (SELECT 1)", r"Unsupported expression 'k IN \(SELECT 1\)'$"),
        ("string", "CAST(k AS int) = 1", r"Unsupported expression 'CAST\(k AS int\) = 1'$"),
        ("string", "k = '1' AND", r"Unsupported expression 'k = '1' AND': mismatched input '<EOF>'$"),
        ("string", "k == '1'", r"Unsupported expression 'k == '1''(: mismatched input '=')?$"),
        ("string", "k = '1') OR (k = '2'", r"Unsupported expression 'k = '1'\) OR \(k = '2''"),
        ("string", "k = '1' ORDER BY k", r"Unsupported expression 'k = '1' ORDER BY k'$"),
        ("string", "k = '1'; SELECT 1", r"Unsupported expression 'k = '1'; SELECT 1'$"),
        ("string", "k = '1' UNION SELECT 1", r"Unsupported expression 'k = '1' UNION SELECT 1'$"),
        ("string", "k", r"Unsupported expression 'k'$"),
    ],
)  # fmt: skip
def test_what_is_refused(athena: Athena, matching: Partitions, kind: str, expression: str, reason: str) -> None:
    with pytest.raises(athena.glue.exceptions.InvalidInputException, match=f"GetPartitions operation: {reason}"):
        matching(kind, expression)


def test_a_value_that_is_none_of_its_keys_type(athena: Athena, matching: Partitions) -> None:
    """As in https://github.com/aws/aws-sdk/issues/670."""
    with pytest.raises(athena.glue.exceptions.InvalidStateException, match='"null" is not an integer'):
        matching("smallint", "k >= 0", ("1", "null"))
