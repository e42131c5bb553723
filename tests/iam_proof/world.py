"""A deployment with one archive that uses everything there is, and what happens in it between two runs."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from tests.e2e import laboratory
from tests.e2e.deployment import Clients
from tests.e2e.laboratory import diary, diary_month
from ttl_archive.config import Archive, find_archive
from ttl_archive.months import Month

SENDER, RECIPIENT = "archive@example.com", "analysts@example.com"
_COLUMNS = [{"name": name, "type": "string"} for name in ("userId", "action", "timestamp")]


class Place(BaseModel):
    """Where a world is: its stack's environment and what leads there."""

    env: str
    url: str
    include: Path
    bucket: str = ""
    role: str = ""
    environment: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The archive's name, which nothing else of the embedded AWS shares."""
        return f"proof_{self.env}"

    @property
    def log(self) -> Path:
        """Where Airflow's own words go."""
        return Path(self.environment["AIRFLOW_HOME"]) / f"{self.name}.log"

    @property
    def role_name(self) -> str:
        return self.role.rpartition("/")[2]

    @property
    def iam(self) -> Any:
        """The administrator's client."""
        return Clients(self.url).iam


def write_archive(place: Place, *, late_column: bool = False) -> None:
    """The archive's YAML: every channel that AWS delivers, every option that makes a run do more."""
    now = datetime.now(UTC)
    first = Month.containing(now).previous.previous.start
    columns = [*_COLUMNS, {"name": "note", "type": "string"}] if late_column else _COLUMNS
    archive = {
        "description": "What people did; for the proof of the pipeline role's policy",
        "source": {
            "table": "${TTL_ARCHIVE_TABLE_PREFIX}proof",
            "timestamp": {"attribute": "timestamp", "format": "iso8601"},
            "on_bad_timestamp": "quarantine",
            # The month before last is open still, its end some days ahead; the one before it is long closed.
            "ttl": {"attribute": "expiresAt", "retention_days": (now - first).days + 6},
            "segments": 2,
            "refresh_open_months": True,
        },
        "destination": {"bucket": "${TTL_ARCHIVE_BUCKET}", "prefix": "proof/"},
        "catalog": {"database": place.name, "table": "events", "parquet": True},
        "athena": {"workgroup": "${TTL_ARCHIVE_WORKGROUP}", "results": "s3://${TTL_ARCHIVE_RESULTS_BUCKET}/athena/"},
        "columns": columns,
        "report": {
            "title": "Proof",
            "notify": {
                "sns_topic": f"arn:aws:sns:us-east-1:000000000000:ttl-archive-{place.env}-reports",
                "ses": {"to": [RECIPIENT], "from": SENDER},
            },
        },
    }
    (place.include / f"archives/{place.name}.yaml").write_text(yaml.safe_dump(archive, sort_keys=False))


@dataclass(frozen=True)
class World:
    """What the administrator does to a world."""

    place: Place

    @property
    def admin(self) -> Clients:
        return Clients(self.place.url)

    @property
    def archive(self) -> Archive:
        return find_archive(self.place.include, self.place.name, self.place.environment)

    @property
    def last(self) -> Month:
        return laboratory.last_month(self.archive)

    def begin(self) -> None:
        """The table with two months of items and an unreadable one, and the identities of the mail."""
        archive = self.archive
        dynamodb = self.admin.dynamodb
        dynamodb.create_table(
            TableName=archive.source.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("userId", "eventId")],
            KeySchema=[
                {"AttributeName": "userId", "KeyType": "HASH"},
                {"AttributeName": "eventId", "KeyType": "RANGE"},
            ],
        )
        dynamodb.update_time_to_live(
            TableName=archive.source.table,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": archive.source.ttl.attribute},
        )
        for address in (SENDER, RECIPIENT):
            self.admin.ses.verify_email_identity(EmailAddress=address)
        before = diary_month(self.last.previous, 20)
        after = [{**item, "eventId": {"S": f"last-{n}"}} for n, item in enumerate(diary_month(self.last, 20))]
        self.put([*before, *after, diary(900, "some day")])

    def put(self, items: list[dict[str, Any]]) -> None:
        for first in range(0, len(items), 25):
            requests = [{"PutRequest": {"Item": item}} for item in items[first : first + 25]]
            self.admin.dynamodb.batch_write_item(RequestItems={self.archive.source.table: requests})

    def put_late_item(self) -> None:
        """An item of the month before last, which is published and open."""
        self.put([diary(901, f"{self.last.previous}-11T11:11:11Z", note={"S": "late"})])

    def append_column(self) -> None:
        write_archive(self.place, late_column=True)

    def put_another_item(self) -> None:
        self.put([diary(902, f"{self.last}-12T12:12:12Z")])

    def leave_upload(self) -> None:
        """A multipart upload of the run under way, such as a killed worker leaves."""
        s3, prefix = self.admin.s3, f"_manifests/{self.place.name}/"
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.place.bucket, Prefix=prefix)
        plans = [one for page in pages for one in page.get("Contents", []) if one["Key"].endswith("/plan.json")]
        generation = max(plans, key=lambda one: one["LastModified"])["Key"].split("/")[-2]
        key = f"_staging/{self.place.name}/{generation}/part-00000-00009.jsonl.gz"
        s3.create_multipart_upload(Bucket=self.place.bucket, Key=key)

    def slow_next_count(self) -> None:
        """The next count of the published month takes longer than its task waits."""
        rules = [{"query": r"COUNT\(\*\) AS items", "delay": 15, "times": 1}]
        body = json.dumps(rules).encode()
        request = urllib.request.Request(f"{self.place.url}/_local_aws/faults", data=body, method="PUT")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310
