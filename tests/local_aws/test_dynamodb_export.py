"""Exports to a point in time: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html"""

import base64
import gzip
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Aws

ITEMS = [
    {"id": {"S": f"é{n}"}, "n": {"N": "12345678901234567890123456789012345678"}, "month": {"S": f"2025-0{n % 3 + 1}"}}
    for n in range(30)
]


class Table:
    """A table with point-in-time recovery, and its exports."""

    def __init__(self, aws: Aws, bucket: str, name: str) -> None:
        self.dynamodb, self.s3, self.bucket, self.name = aws.client("dynamodb"), aws.client("s3"), bucket, name
        self.arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}"

    def export(self, **request: Any) -> dict[str, Any]:
        request = {"TableArn": self.arn, "S3Bucket": self.bucket, "S3Prefix": self.name, **request}
        found: dict[str, Any] = self.dynamodb.export_table_to_point_in_time(**request)["ExportDescription"]
        assert found["ExportStatus"] == "IN_PROGRESS"
        for _ in range(300):
            found = self.dynamodb.describe_export(ExportArn=found["ExportArn"])["ExportDescription"]
            if found["ExportStatus"] != "IN_PROGRESS":
                break
            time.sleep(0.02)
        return found

    def read(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def lines(self, export: dict[str, Any]) -> list[dict[str, Any]]:
        """The data, after every checksum and count of the manifests has been compared."""
        assert export["ExportStatus"] == "COMPLETED", export
        summary_key = export["ExportManifest"]
        summary = json.loads(self.read(summary_key))
        assert self.read(summary_key.replace(".json", ".checksum")) == md5(self.read(summary_key))
        assert summary["itemCount"] == export["ItemCount"]
        found = []
        for text in self.read(summary["manifestFilesS3Key"]).decode().splitlines():
            entry = json.loads(text)
            body = self.read(entry["dataFileS3Key"])
            assert md5(body).decode() == entry["md5Checksum"]
            assert (
                self.s3.head_object(Bucket=self.bucket, Key=entry["dataFileS3Key"])["ETag"].strip('"') == entry["etag"]
            )
            lines = [json.loads(line) for line in gzip.decompress(body).decode().splitlines()]
            assert len(lines) == entry["itemCount"]
            found += lines
        assert len(found) == summary["itemCount"]
        return found


def md5(body: bytes) -> bytes:
    return base64.b64encode(hashlib.md5(body).digest())  # noqa: S324


def by_id(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: item["id"]["S"])


@pytest.fixture
def table(aws: Aws, bucket: str) -> Table:
    table = Table(aws, bucket, f"export-{uuid.uuid4().hex[:8]}")
    table.dynamodb.create_table(
        TableName=table.name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    recovery = {"PointInTimeRecoveryEnabled": True}
    table.dynamodb.update_continuous_backups(TableName=table.name, PointInTimeRecoverySpecification=recovery)
    for start in (0, 15):
        puts = [{"PutRequest": {"Item": item}} for item in ITEMS[start : start + 15]]
        table.dynamodb.batch_write_item(RequestItems={table.name: puts})
    return table


def test_requests_that_contradict_themselves(table: Table) -> None:
    window = {"IncrementalExportSpecification": {"ExportFromTime": int(time.time())}}
    key = {"S3SseAlgorithm": "AES256", "S3SseKmsKeyId": "alias/mine"}
    now = int(time.time())
    backwards = {"IncrementalExportSpecification": {"ExportFromTime": now, "ExportToTime": now - 1}}
    incremental: dict[str, Any] = {"ExportType": "INCREMENTAL_EXPORT"}
    moments = {**incremental, **window, "ExportTime": now}
    for wrong in ({"TableArn": "T1x"}, window, incremental, {**incremental, **backwards}, moments, key):
        with pytest.raises(ClientError, match="ValidationException"):
            table.export(**wrong)
    with pytest.raises(ClientError, match="ValidationException"):
        table.dynamodb.list_exports(MaxResults=26)
    export = table.export(S3BucketOwner="999999999999")
    assert (export["ExportStatus"], export["FailureCode"]) == ("FAILED", "S3AccessDenied")
    export = table.export(S3BucketOwner=ACCOUNT)
    assert (export["ExportStatus"], export["S3SseAlgorithm"]) == ("COMPLETED", "AES256")


def test_backups_of_a_table_that_is_not_there(table: Table) -> None:
    with pytest.raises(table.dynamodb.exceptions.TableNotFoundException):
        table.dynamodb.describe_continuous_backups(TableName="nope")
    on = {"PointInTimeRecoveryEnabled": True}
    with pytest.raises(table.dynamodb.exceptions.TableNotFoundException):
        table.dynamodb.update_continuous_backups(TableName="nope", PointInTimeRecoverySpecification=on)
    with pytest.raises(ClientError, match="ValidationException"):
        table.dynamodb.update_continuous_backups(
            TableName=table.name, PointInTimeRecoverySpecification={**on, "RecoveryPeriodInDays": 7}
        )


def test_how_far_back_a_table_can_be_recovered(table: Table) -> None:
    def described() -> dict[str, Any]:
        answer = table.dynamodb.describe_continuous_backups(TableName=table.name)["ContinuousBackupsDescription"]
        found: dict[str, Any] = answer["PointInTimeRecoveryDescription"]
        return found

    def enable(wanted: bool) -> None:
        wish = {"PointInTimeRecoveryEnabled": wanted}
        table.dynamodb.update_continuous_backups(TableName=table.name, PointInTimeRecoverySpecification=wish)

    assert described()["RecoveryPeriodInDays"] == 35
    before = time.time()
    enable(False)
    assert described() == {"PointInTimeRecoveryStatus": "DISABLED"}
    time.sleep(1.1)  # the API's times are whole seconds
    enable(True)
    assert described()["EarliestRestorableDateTime"].timestamp() >= int(before) + 1
    with pytest.raises(table.dynamodb.exceptions.InvalidExportTimeException):
        table.export(ExportTime=before)


def test_a_page_of_a_scan_is_charged_by_its_size(table: Table) -> None:
    """4 KB a unit, rounded up for each page; half of it without ConsistentRead; before the filter."""
    for n in range(3):
        item = {"id": {"S": f"big-{n}"}, "x": {"S": "x" * 100_000}}
        table.dynamodb.put_item(TableName=table.name, Item=item)
    filtered = {"FilterExpression": "attribute_not_exists(id)", "ReturnConsumedCapacity": "TOTAL"}
    units = [
        table.dynamodb.scan(TableName=table.name, ConsistentRead=consistent, **filtered)["ConsumedCapacity"]
        for consistent in (True, False)
    ]
    assert [each["CapacityUnits"] for each in units] == [74.0, 37.0]  # 300,000 bytes and thirty little items


def test_a_full_export_in_awss_layout(table: Table) -> None:
    export = table.export()
    assert by_id([line["Item"] for line in table.lines(export)]) == by_id(ITEMS)
    assert export["BilledSizeBytes"] > 0
    folder = f"{table.name}/AWSDynamoDB/{export['ExportArn'].rpartition('/')[2]}"
    assert export["ExportManifest"] == f"{folder}/manifest-summary.json"
    keys = [each["Key"] for each in table.s3.list_objects_v2(Bucket=table.bucket, Prefix=table.name)["Contents"]]
    others = [key.removeprefix(f"{folder}/") for key in keys if "/data/" not in key]
    assert sorted(others) == [
        "_started",
        "manifest-files.checksum",
        "manifest-files.json",
        "manifest-summary.checksum",
        "manifest-summary.json",
    ]
    assert all(key.startswith(f"{folder}/data/") and key.endswith(".json.gz") for key in keys if "/data/" in key)
    summary = json.loads(table.read(export["ExportManifest"]))
    assert {"version", "exportArn", "startTime", "endTime", "tableArn", "tableId", "exportTime", "s3Bucket", "s3Prefix",
            "s3SseAlgorithm", "s3SseKmsKeyId", "manifestFilesS3Key", "billedSizeBytes", "itemCount", "outputFormat",
            "exportType"} == set(summary)  # fmt: skip
    assert export["ExportArn"] in [
        each["ExportArn"] for each in table.dynamodb.list_exports(TableArn=table.arn)["ExportSummaries"]
    ]


def test_an_export_is_of_its_moment(table: Table) -> None:
    time.sleep(1.1)  # the API's times are whole seconds
    moment = int(time.time())
    time.sleep(1.1)
    table.dynamodb.delete_item(TableName=table.name, Key={"id": ITEMS[0]["id"]})
    table.dynamodb.update_item(
        TableName=table.name,
        Key={"id": ITEMS[1]["id"]},
        UpdateExpression="SET x = :x",
        ExpressionAttributeValues={":x": {"S": "new"}},
    )
    table.dynamodb.put_item(TableName=table.name, Item={"id": {"S": "late"}})
    assert by_id([line["Item"] for line in table.lines(table.export(ExportTime=moment))]) == by_id(ITEMS)
    assert len(table.lines(table.export())) == len(ITEMS)
    with pytest.raises(ClientError, match="InvalidExportTimeException"):
        table.export(ExportTime=1_600_000_000)


def test_a_filtered_export(table: Table) -> None:
    march = {
        "FilterExpression": "#m = :m", "ProjectionExpression": "id, #m",
        "ExpressionAttributeNames": {"#m": "month"}, "ExpressionAttributeValues": {":m": {"S": "2025-03"}},
    }  # fmt: skip
    export = table.export(FilterSpecification=march)
    wanted = [{"id": item["id"], "month": item["month"]} for item in ITEMS if item["month"]["S"] == "2025-03"]
    assert by_id([line["Item"] for line in table.lines(export)]) == by_id(wanted)
    assert export["FilterSpecification"] == march
    one = {"KeyConditionExpression": "id = :id", "ExpressionAttributeValues": {":id": ITEMS[4]["id"]}}
    assert table.lines(table.export(FilterSpecification=one)) == [{"Item": ITEMS[4]}]
    with pytest.raises(ClientError, match="ValidationException"):
        table.export(FilterSpecification={"FilterExpression": "nonsense ("})


def test_an_incremental_export(table: Table) -> None:
    time.sleep(1.1)
    start = int(time.time())
    changed = {**ITEMS[1], "n": {"N": "5"}}
    table.dynamodb.put_item(TableName=table.name, Item=changed)
    table.dynamodb.delete_item(TableName=table.name, Key={"id": ITEMS[0]["id"]})
    table.dynamodb.put_item(TableName=table.name, Item={"id": {"S": "new"}})
    export = table.export(
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={
            "ExportFromTime": start,
            "ExportToTime": int(time.time()) + 1,
            "ExportViewType": "NEW_AND_OLD_IMAGES",
        },
    )
    lines = {line["Keys"]["id"]["S"]: line for line in table.lines(export)}
    assert all(int(line.pop("Metadata")["WriteTimestampMicros"]["N"]) >= start * 1_000_000 for line in lines.values())
    assert lines == {
        ITEMS[0]["id"]["S"]: {"Keys": {"id": ITEMS[0]["id"]}, "OldImage": ITEMS[0]},
        ITEMS[1]["id"]["S"]: {"Keys": {"id": ITEMS[1]["id"]}, "NewImage": changed, "OldImage": ITEMS[1]},
        "new": {"Keys": {"id": {"S": "new"}}, "NewImage": {"id": {"S": "new"}}},
    }
    summary = json.loads(table.read(export["ExportManifest"]))
    assert (summary["exportType"], summary["outputView"]) == ("INCREMENTAL_EXPORT", "NEW_AND_OLD_IMAGES")


def test_a_client_token_names_one_export(table: Table) -> None:
    first = table.export(ClientToken="t1")
    again = table.dynamodb.export_table_to_point_in_time(
        TableArn=table.arn, S3Bucket=table.bucket, S3Prefix=table.name, ClientToken="t1"
    )
    assert again["ExportDescription"]["ExportArn"] == first["ExportArn"]
    for other in ({"S3Prefix": "other"}, {"ExportTime": int(time.time())}, {"S3SseAlgorithm": "AES256"}):
        with pytest.raises(ClientError, match="ExportConflictException"):
            table.export(ClientToken="t1", **other)


def test_what_is_refused(table: Table) -> None:
    off = {"PointInTimeRecoveryEnabled": False}
    table.dynamodb.update_continuous_backups(TableName=table.name, PointInTimeRecoverySpecification=off)
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailableException"):
        table.export()
    with pytest.raises(ClientError, match="TableNotFoundException"):
        table.export(TableArn=table.arn + "x")


def test_it_writes_with_its_callers_rights(table: Table, assume: Callable[[list[dict[str, Any]]], Aws]) -> None:
    allowed = {
        "Effect": "Allow",
        "Action": ["dynamodb:ExportTableToPointInTime", "dynamodb:DescribeExport"],
        "Resource": [table.arn, f"{table.arn}/export/*"],
    }
    writes = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{table.bucket}/{table.name}/*"}
    table.lines({**Table(assume([allowed, writes]), table.bucket, table.name).export()})
    failed = Table(assume([allowed]), table.bucket, table.name).export()
    assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "S3AccessDenied")
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:ExportTableToPointInTime"):
        Table(assume([writes]), table.bucket, table.name).export()
