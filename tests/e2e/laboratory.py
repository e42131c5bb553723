"""Small archives that tests break: their YAML, their tables, their items."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.e2e.deployment import Deployment
from tests.e2e.pipeline import Pipeline
from ttl_archive.config import Archive, Catalog, Destination, find_archive
from ttl_archive.months import Month

Item = dict[str, dict[str, Any]]

_DIARY: dict[str, Any] = {
    "description": "What people did, by ISO 8601 text",
    "source": {
        "table": "${TTL_ARCHIVE_TABLE_PREFIX}diary",
        "timestamp": {"attribute": "timestamp", "format": "iso8601"},
        "on_bad_timestamp": "quarantine",
        "ttl": {"attribute": "expiresAt", "retention_days": 90},
        "segments": 2,
    },
    "destination": {"bucket": "${TTL_ARCHIVE_BUCKET}", "prefix": "diary/"},
    "catalog": {"database": "laboratory", "table": "diary", "parquet": False},  # four tasks less in every run
    "athena": {"workgroup": "${TTL_ARCHIVE_WORKGROUP}", "results": "s3://${TTL_ARCHIVE_RESULTS_BUCKET}/athena/"},
    "columns": [
        {"name": "userId", "type": "string"},
        {"name": "action", "type": "string"},
        {"name": "timestamp", "type": "string"},
    ],
    "report": {"title": "Diary"},
}
_LEDGER = {
    **_DIARY,
    "description": "Numbers as sort keys, epoch seconds, a time zone with daylight saving",
    "source": {
        "table": "${TTL_ARCHIVE_TABLE_PREFIX}ledger",
        "timestamp": {"attribute": "at", "format": "epoch_seconds"},
        "ttl": {"attribute": "expiresAt", "retention_days": 120},
        "segments": 3,
    },
    "destination": {"bucket": "${TTL_ARCHIVE_BUCKET}", "prefix": "ledger/"},
    "catalog": {"database": "laboratory", "table": "ledger", "parquet": False},
    "columns": [{"name": "account", "type": "string"}, {"name": "entry", "type": "string"}],
    "timezone": "Europe/Berlin",
}


def _like(base: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
    source = {**base["source"], "table": f"${{TTL_ARCHIVE_TABLE_PREFIX}}{name}", **changes.pop("source", {})}
    return {
        **base,
        "source": source,
        "destination": {**base["destination"], "prefix": f"{name}/"},
        "catalog": {"database": "laboratory", "table": name, "parquet": changes.pop("parquet", False)},
        **changes,
    }


ARCHIVES: dict[str, dict[str, Any]] = {
    "diary": _DIARY,
    "ledger": _LEDGER,
    "old": _like(_DIARY, "old", source={"ttl": {"attribute": "expiresAt", "retention_days": 40}}),
    "late": _like(_DIARY, "late", source={"ttl": {"attribute": "expiresAt", "retention_days": 200}}),
    "refreshed": _like(
        _DIARY,
        "refreshed",
        source={"ttl": {"attribute": "expiresAt", "retention_days": 200}, "refresh_open_months": True},
        parquet=True,
    ),
    "quarters": _like(_DIARY, "quarters", source={"ttl": {"attribute": "expiresAt", "retention_days": 400}}),
    "no_table": _like(_DIARY, "no_table"),
    "ttl_off": _like(
        _DIARY,
        "ttl_off",
        destination={"bucket": "${TTL_ARCHIVE_BUCKET}-missing", "prefix": "x/"},
        athena={"workgroup": "no-such-workgroup", "results": "s3://${TTL_ARCHIVE_RESULTS_BUCKET}/athena/"},
    ),
    "ttl_other": _like(_DIARY, "ttl_other"),
}
KEYS = {"ledger": ("account", "entry")}


def write_archives(include: Path) -> None:
    for name, archive in ARCHIVES.items():
        (include / f"archives/{name}.yaml").write_text(yaml.safe_dump(archive, sort_keys=False))


def create_tables(lab: Deployment) -> None:
    """The tables of the archives that have one, with TTL as their names say."""
    for name in ARCHIVES:
        if name != "no_table":
            archive = find_archive(lab.include, name, lab.environment)
            ttl = {"ttl_off": None, "ttl_other": "somethingElse"}.get(name, archive.source.ttl.attribute)
            create_table(lab, archive.source.table, name, ttl)


def create_table(lab: Deployment, table: str, like: str, ttl: str | None) -> None:
    dynamodb = lab.admin().dynamodb
    first, second = KEYS.get(like, ("userId", "eventId"))
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": first, "AttributeType": "S"},
            {"AttributeName": second, "AttributeType": "N" if like == "ledger" else "S"},
        ],
        KeySchema=[
            {"AttributeName": first, "KeyType": "HASH"},
            {"AttributeName": second, "KeyType": "RANGE"},
        ],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    if ttl:
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": ttl})


def pipeline(lab: Deployment, name: str, month: Month | None = None) -> Pipeline:
    """The steps of an archive of ``ARCHIVES``, under the pipeline role."""
    archive = find_archive(lab.include, name, lab.environment)
    return Pipeline(archive, month or last_month(archive), lab.include, lab.pipeline_role(), lab.admin())


def new_pipeline(lab: Deployment, like: str, number: int, **source: Any) -> Pipeline:
    """The steps of an archive with everything of its own, under the administrator."""
    name = f"{like}_{number}"
    base = find_archive(lab.include, like, lab.environment)
    archive = base.model_copy(
        update={
            "name": name,
            "source": base.source.model_copy(update={"table": f"trial-{name}", **source}),
            "destination": Destination(bucket=base.destination.bucket, prefix=f"{name}/"),
            "catalog": Catalog(database="laboratory", table=name, parquet=base.catalog.parquet),
        }
    )
    create_table(lab, archive.source.table, like, archive.source.ttl.attribute)
    return Pipeline(archive, last_month(archive), lab.include, lab.admin(), lab.admin())


def last_month(archive: Archive) -> Month:
    return Month.containing(datetime.now(UTC), archive.timezone).previous


def diary(number: int, at: str, **more: Any) -> Item:
    """An item of a diary; it expires in a month."""
    return {
        "userId": {"S": f"user-{number % 7}"},
        "eventId": {"S": f"event-{number:04d}"},
        "action": {"S": "chat"},
        "timestamp": {"S": at},
        "expiresAt": {"N": str(int(time.time()) + 30 * 86400)},
        **more,
    }


def ledger(account: str, entry: str, at: str) -> Item:
    """An item of a ledger; it expires in a month."""
    return {
        "account": {"S": account},
        "entry": {"N": entry},
        "at": {"N": at},
        "expiresAt": {"N": str(int(time.time()) + 30 * 86400)},
    }


def noise(length: int, seed: int) -> str:
    """Text that doesn't compress away."""
    return base64.b64encode(Random(seed).randbytes(length * 3 // 4 + 3)).decode()[:length]


def diary_month(month: Month, count: int = 60) -> list[Item]:
    """Items spread over a month."""
    return [diary(n, f"{month}-{n % 28 + 1:02d}T{n % 24:02d}:00:{n % 60:02d}.000Z") for n in range(count)]


def put(pipeline: Pipeline, items: list[Item]) -> None:
    for first in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[first : first + 25]]
        answer = pipeline.admin.dynamodb.batch_write_item(RequestItems={pipeline.archive.source.table: requests})
        assert not answer["UnprocessedItems"]


def delete(pipeline: Pipeline, item: Item, names: tuple[str, str] = ("userId", "eventId")) -> None:
    key = {name: item[name] for name in names}
    pipeline.admin.dynamodb.delete_item(TableName=pipeline.archive.source.table, Key=key)
