"""The embedded DynamoDB's TTL deletes what DynamoDB's would, and nothing else."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from local_aws.emulator import time_to_live
from local_aws.emulator.time_to_live import FIVE_YEARS, is_deletable

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("value", "deletable"),
    [
        ({"N": "1799999999"}, True),
        ({"N": "1800000001"}, False),
        ({"N": str(int(NOW - FIVE_YEARS) + 60)}, True),
        ({"N": str(int(NOW - FIVE_YEARS) - 60)}, False),
        ({"N": "1799999999000"}, False),  # milliseconds: some 55,000 years ahead
        ({"S": "1799999999"}, False),
        ({"NULL": True}, False),
        (None, False),
    ],
)
def test_what_ttl_deletes(value: dict[str, Any] | None, deletable: bool) -> None:
    assert is_deletable(value, NOW) is deletable


def test_only_the_reaper_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    dynamodb = pytest.importorskip("ministack.services.dynamodb")
    removed: list[str] = []
    monkeypatch.setattr(dynamodb, "_remove_item", lambda table, partition, sort: removed.append(partition))
    monkeypatch.setattr(dynamodb, "_ttl_settings", dynamodb.AccountRegionScopedDict())
    dynamodb._ttl_settings.set_scoped("000000000000", "us-east-1", "t", {"AttributeName": "gone"})
    monkeypatch.setattr(time_to_live, "time", SimpleNamespace(time=lambda: NOW))
    time_to_live.install()
    items = {"expired": {"s": {"gone": {"N": "1799999999"}}}, "ancient": {"s": {"gone": {"N": "1000"}}}}
    table = {"TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/t", "items": items}

    def reap() -> None:
        for partition in items:
            dynamodb._remove_item(table, partition, "s")

    reaper = threading.Thread(target=reap, name="dynamodb-ttl-reaper")
    reaper.start()
    reaper.join()
    assert removed == ["expired"]
    dynamodb._remove_item(table, "ancient", "s")
    assert removed == ["expired", "ancient"]
