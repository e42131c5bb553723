"""Many partitions: which are read, and how soon.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
"""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.local_aws.harness import Athena, Aws
from tests.local_aws.made_tables import make_table

LINES = "ROW FORMAT DELIMITED"
Assume = Callable[[list[dict[str, Any]]], Aws]


def _projected(athena: Athena, objects: dict[str, bytes | str], keys: str, template: str, **given: str) -> str:
    """A table of lines whose partitions are projected, `__` for a dot in the properties' names."""
    name = make_table(athena, "a string", objects, LINES, partitioned=f"PARTITIONED BY ({keys})")
    place = f"s3://{athena.bucket}/{name}/{template}"
    properties = {f"projection.{key.replace('__', '.')}": value for key, value in given.items()}
    properties |= {"projection.enabled": "true", "storage.location.template": place}
    listed = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
    athena.run(f"ALTER TABLE {name} SET TBLPROPERTIES ({listed})")
    return name


def _hourly(athena: Athena) -> str:
    """43,849 partitions, of which four have objects."""
    objects: dict[str, bytes | str] = {
        "2020/01/01/00/x": "first\n", "2024/05/05/05/x": "middle\n", "2024/05/05/05/deeper/y": "below\n",
        "2024/05/05/_hidden/x": "no\n", "2024/05/05/06/_x": "no\n", "2025/01/01/00/x": "last\n",
        "2030/01/01/00/x": "no\n",
    }  # fmt: skip
    return _projected(
        athena, objects, "dt string", "${dt}/", dt__type="date", dt__range="2020/01/01/00,2025/01/01/00",
        dt__format="yyyy/MM/dd/HH", dt__interval="1", dt__interval__unit="HOURS",
    )  # fmt: skip


def test_tens_of_thousands_of_partitions(athena: Athena) -> None:
    name, start = _hourly(athena), time.monotonic()
    everything = athena.run(f"SELECT a, dt FROM {name}")
    assert sorted(everything.rows) == [
        ["below", "2024/05/05/05"], ["first", "2020/01/01/00"], ["last", "2025/01/01/00"], ["middle", "2024/05/05/05"],
    ]  # fmt: skip
    assert everything.scanned == len("first\nmiddle\nbelow\nlast\n")
    one = athena.run(f"SELECT count(*) FROM {name} WHERE dt = '2024/05/05/05'")
    assert (one.rows, one.scanned) == ([["2"]], len("middle\nbelow\n"))
    some = athena.run(f"SELECT a FROM {name} WHERE substr(dt, 1, 4) = '2025' AND dt < '2026'")
    assert some.rows == [["last"]]
    assert time.monotonic() - start < 25  # on a busy machine; it is 5 alone, and was minutes a listing at a time


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("true", ["eu 3", "eu 7", "us 7"]), ("n = 7", ["eu 7", "us 7"]), ("region = 'eu'", ["eu 3", "eu 7"]),
        ("n = 3 OR region = 'us'", ["eu 3", "us 7"]), ("n > 3 AND concat(region, 'x') = 'eux'", ["eu 7"]),
        ("n IN (1, 3) AND (region = 'us' OR n < 2)", []), ("n / (n - 7) >= 0", "DIVISION_BY_ZERO"),
        ("a LIKE '%7' AND region <> 'us'", ["eu 7"]),
    ],
)  # fmt: skip
def test_terms_of_one_key_and_of_several(athena: Athena, where: str, expected: list[str] | str) -> None:
    objects: dict[str, bytes | str] = {
        f"{place.replace(' ', '/')}/x": f"{place}\n" for place in ("eu 3", "eu 7", "us 7")
    }
    name = _projected(
        athena, objects, "region string, n int", "${region}/${n}", region__type="enum", region__values="eu,us",
        n__type="integer", n__range="0,99",
    )  # fmt: skip
    answer = athena.ask(f"SELECT a FROM {name} WHERE {where}")
    if isinstance(expected, str):
        assert answer.reason.startswith(expected)
    else:
        assert sorted(answer.rows) == [[place] for place in expected]
        assert answer.scanned == 5 * len(expected) or "LIKE" in where


def test_a_projected_value_that_is_none_of_its_type(athena: Athena) -> None:
    name = _projected(athena, {}, "n tinyint", "${n}", n__type="integer", n__range="1,200")
    assert athena.fails(f"SELECT a FROM {name} WHERE n = 1").startswith("HIVE_INVALID_PARTITION_VALUE")


def test_more_values_than_are_projected(athena: Athena) -> None:
    name = _projected(athena, {}, "n bigint", "${n}", n__type="integer", n__range="1,200001")
    assert athena.fails(f"SELECT a FROM {name} WHERE n = 1").startswith("NOT_SUPPORTED")


@pytest.mark.parametrize("last", ["99", "999"])
def test_a_caller_who_may_list_some_partitions_only(athena: Athena, aws: Aws, assume: Assume, last: str) -> None:
    objects: dict[str, bytes | str] = {"allowed/1/x": "1\n", "allowed/2/x": "2\n", "denied/x": "x\n"}
    name = _projected(athena, objects, "n int", "allowed/${n}", n__type="integer", n__range=f"1,{last}")
    bucket = f"arn:aws:s3:::{athena.bucket}"
    caller = Athena(
        assume([
            {"Effect": "Allow", "Action": ["athena:*", "glue:*"], "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:*", "Resource": [f"{bucket}/*"]},
            {"Effect": "Allow", "Action": ["s3:GetBucketLocation"], "Resource": [bucket]},
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket,
             "Condition": {"StringLike": {"s3:prefix": [f"{name}/allowed/1*/", "results*"]}}},
        ]),
        athena.bucket, athena.database,
    )  # fmt: skip
    assert caller.run(f"SELECT a FROM {name} WHERE n = 1").rows == [["1"]]
    assert caller.run(f"SELECT a FROM {name} WHERE CAST(n AS varchar) LIKE '1%'").rows == [["1"]]
    assert "PERMISSION_DENIED" in caller.fails(f"SELECT a FROM {name}")
