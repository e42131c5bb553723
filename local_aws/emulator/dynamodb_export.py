"""DynamoDB's export to a point in time, as files in AWS's layout.

Seen in ministack 1.5.33: ExportTableToPointInTime completes without writing a file, takes tables whose point-in-time
recovery is off, and ignores FilterSpecification; the calls about continuous backups name a missing table by the wrong
error, ignore RecoveryPeriodInDays and don't tell it, ListExports has no largest page and takes any NextToken; none of
them, nor UpdateTimeToLive, holds its request against the model. Exit condition: `ministack.services.dynamodb` writes
data files.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html

An export may be of an earlier moment, as far back as `dynamodb_journals` goes; what is before that is refused.
"""

import base64
import gzip
import hashlib
import json
import re
import threading
import time
import traceback
import uuid
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local_aws.athena.executions import Caller
from local_aws.emulator import (
    Handler,
    Response,
    json_error,
    json_response,
    operation,
    replace_handler,
    request_shapes,
)  # fmt: skip
from local_aws.emulator.dynamodb_journals import Item, Journals, Key, is_recoverable

# The operations whose requests are held against the model: those of items would be slowed.
_CHECKED = {
    "ExportTableToPointInTime", "DescribeExport", "ListExports", "DescribeContinuousBackups",
    "UpdateContinuousBackups", "UpdateTimeToLive",
}  # fmt: skip
FILES = 4  # AWS writes one at least for each of the table's partitions
# What each client token was used for, since the server started.
_requests: dict[str, dict[str, Any]] = {}


def install(endpoint_url: str, journals: Journals) -> None:
    """Answer the export's two operations, and refuse what is wrong in those that stay ministack's."""
    from ministack.services import dynamodb

    update_backups, describe_backups = dynamodb._update_continuous_backups, dynamodb._describe_continuous_backups

    def update_continuous_backups(request: dict[str, Any]) -> Response:
        if int((request.get("PointInTimeRecoverySpecification") or {}).get("RecoveryPeriodInDays", 35)) != 35:
            return json_error("ValidationException", "The embedded AWS knows no RecoveryPeriodInDays but 35")
        table = dynamodb._tables.get(dynamodb._normalize_table_name(request.get("TableName")))
        was_recoverable = table is not None and is_recoverable(table)
        answered: Response = update_backups(request)
        if table is not None and is_recoverable(table) and not was_recoverable:
            journals.begin(table)
        # AWS answers both operations with the same description.
        answer: Response = dynamodb._describe_continuous_backups(request) if answered[0] < 300 else answered
        return answer

    def describe_continuous_backups(request: dict[str, Any]) -> Response:
        status, headers, body = describe_backups(request)
        answer = json.loads(body)
        recovery = answer.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
        if recovery.get("PointInTimeRecoveryStatus") == "ENABLED":
            table = dynamodb._tables[dynamodb._normalize_table_name(request["TableName"])]
            earliest = int(journals.of(table).began)
            recovery |= {"RecoveryPeriodInDays": 35, "EarliestRestorableDateTime": earliest}
        return status, headers, json.dumps(answer).encode()

    dynamodb._update_continuous_backups = update_continuous_backups
    dynamodb._describe_continuous_backups = describe_continuous_backups

    def wrap(ministack_handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            from local_aws.emulator.athena import caller_of

            name = operation(headers)
            if name not in _CHECKED:
                return await ministack_handler(method, path, headers, body, query)
            try:
                request = json.loads(body)
            except ValueError:
                return json_error("SerializationException", "The request is no JSON")
            if refused := request_shapes.refusal("dynamodb", name, request, "ValidationException"):
                return refused
            if name == "ExportTableToPointInTime":
                return _start(request, journals, caller_of(headers, query), endpoint_url)
            if name == "DescribeExport":
                return _describe(request)
            if name == "ListExports" and not (request.get("NextToken") or "0").isdecimal():
                return json_error("ValidationException", "NextToken is unknown")
            if name.endswith("ContinuousBackups"):
                table = dynamodb._normalize_table_name(request.get("TableName"))
                if table not in dynamodb._tables:
                    return json_error("TableNotFoundException", f"Table not found: {table}")
            return await ministack_handler(method, path, headers, body, query)

        return handle

    replace_handler("dynamodb", wrap)


def _start(request: dict[str, Any], journals: Journals, caller: Caller, endpoint_url: str) -> Response:
    from ministack.services import dynamodb

    arn = request.get("TableArn", "")
    name = arn.rpartition("/")[2]
    incremental = request.get("ExportType", "FULL_EXPORT") == "INCREMENTAL_EXPORT"
    if not re.fullmatch(r"arn:[^:]+:dynamodb:[^:]+:\d{12}:table/[^/]+", arn):
        return json_error("ValidationException", f"Invalid TableArn: {arn}")
    if incremental != ("IncrementalExportSpecification" in request):
        return json_error(
            "ValidationException", "IncrementalExportSpecification goes with INCREMENTAL_EXPORT, and only with it"
        )
    window = request.get("IncrementalExportSpecification") or {}
    if incremental and "ExportTime" in request:
        return json_error("ValidationException", "ExportTime goes with FULL_EXPORT only")
    if float(window.get("ExportFromTime", 0)) >= float(window.get("ExportToTime", time.time())):
        return json_error("ValidationException", "ExportFromTime must be before ExportToTime")
    if request.get("S3SseKmsKeyId") and request.get("S3SseAlgorithm", "AES256") != "KMS":
        return json_error("ValidationException", "S3SseKmsKeyId goes with the S3SseAlgorithm KMS, and only with it")
    if name not in dynamodb._tables:
        return json_error("TableNotFoundException", f"Table not found: {arn}")
    table = dynamodb._tables[name]
    if not is_recoverable(table):
        return json_error(
            "PointInTimeRecoveryUnavailableException", f"Point in time recovery is not enabled for table '{name}'"
        )
    if request.get("ExportFormat", "DYNAMODB_JSON") != "DYNAMODB_JSON":
        return json_error("ValidationException", "The embedded AWS exports DYNAMODB_JSON only")
    token = request.get("ClientToken")
    for known in dynamodb._exports.values():
        if token and known.get("ClientToken") == token:
            compared = [key for key in ("TableArn", "S3Bucket", "S3Prefix") if key in request]
            if _requests.get(token, request) != request or any(known.get(key) != request[key] for key in compared):
                return json_error(
                    "ExportConflictException", "Another export with this client token has other parameters"
                )
            return json_response({"ExportDescription": known})
    now = time.time()
    moment = float(request.get("ExportTime") or now)
    bounds = [float(window.get("ExportFromTime", 0)), float(window.get("ExportToTime", now))]
    earliest = journals.of(table).began
    for each in bounds if incremental else [moment]:
        # A caller's moment may be in whole seconds.
        if not int(earliest) <= each <= now + 1:
            return json_error(
                "InvalidExportTimeException",
                f"{_iso(each)} is not between {_iso(earliest)}, since when the embedded AWS knows this table's writes, and now",  # noqa: E501
            )
    given = (
        "S3BucketOwner",
        "S3Prefix",
        "S3SseAlgorithm",
        "S3SseKmsKeyId",
        "FilterSpecification",
        "IncrementalExportSpecification",
    )
    export_id = f"{int(now * 1000):014d}-{uuid.uuid4().hex[:8]}"
    description = {
        "ExportArn": f"{arn}/export/{export_id}", "ExportStatus": "IN_PROGRESS", "StartTime": now, "TableArn": arn,
        "TableId": table["TableId"], "S3Bucket": request["S3Bucket"], "ExportFormat": "DYNAMODB_JSON",
        "S3SseAlgorithm": "AES256", "ExportType": "INCREMENTAL_EXPORT" if incremental else "FULL_EXPORT",
        "ClientToken": token or str(uuid.uuid4()), **{key: request[key] for key in given if key in request},
    }  # fmt: skip
    try:
        if incremental:
            lines = list(_changes(table, journals, bounds, window.get("ExportViewType", "NEW_AND_OLD_IMAGES")))
        else:
            description["ExportTime"] = moment
            wanted = _filtered(table, journals.items_at(table, moment), request.get("FilterSpecification") or {})
            lines = [(key, {"Item": item}) for key, item in wanted]
    except ValueError as error:
        return json_error("ValidationException", str(error))
    dynamodb._exports[description["ExportArn"]] = description
    _requests[description["ClientToken"]] = request
    answer = json_response({"ExportDescription": description})
    threading.Thread(target=_write, args=(description, export_id, lines, caller, endpoint_url), daemon=True).start()
    return answer


def _describe(request: dict[str, Any]) -> Response:
    from ministack.services import dynamodb

    found = dynamodb._exports.get(request.get("ExportArn", ""))
    if found is None:
        return json_error("ExportNotFoundException", f"Export not found: {request.get('ExportArn')}")
    return json_response({"ExportDescription": found})


def _filtered(table: Item, items: dict[Key, Item], wanted: dict[str, Any]) -> Iterable[tuple[Key, Item]]:
    """The items that meet both conditions, with the attributes that are asked for."""
    from ministack.services import dynamodb

    names, values = wanted.get("ExpressionAttributeNames", {}), wanted.get("ExpressionAttributeValues", {})
    for key, item in items.items():
        if all(
            dynamodb._evaluate_condition(wanted[slot], item, values, names, slot)
            for slot in ("KeyConditionExpression", "FilterExpression")
            if wanted.get(slot)
        ):
            projection = wanted.get("ProjectionExpression")
            yield key, dynamodb._project_item(item, projection, names) if projection else item


def _changes(
    table: Item, journals: Journals, bounds: list[float], view: str
) -> Iterable[tuple[Key, dict[str, Any]]]:  # fmt: skip
    """What changed in [from, to): each key once, with its images at both ends."""
    before, after = (journals.items_at(table, bound - 1e-6) for bound in bounds)
    last = {key: (at, old or new) for at, key, old, new in journals.of(table).writes if bounds[0] <= at < bounds[1]}
    for key, (written, item) in last.items():
        line: dict[str, Any] = {
            "Metadata": {"WriteTimestampMicros": {"N": str(int(written * 1e6))}},
            "Keys": {each["AttributeName"]: (item or {})[each["AttributeName"]] for each in table["KeySchema"]},
        }
        if key in after:
            line["NewImage"] = after[key]
        if view == "NEW_AND_OLD_IMAGES" and key in before:
            line["OldImage"] = before[key]
        yield key, line


def _write(
    description: dict[str, Any], export_id: str, lines: list[tuple[Key, dict[str, Any]]], caller: Caller, endpoint_url: str  # noqa: E501
) -> None:  # fmt: skip
    """Write the files with the caller's rights; the manifests come last."""
    from ministack.services.s3 import _bucket_owner_account

    s3 = boto3.client(
        "s3", endpoint_url=endpoint_url, region_name=caller.region, aws_access_key_id=caller.access_key,
        aws_secret_access_key=caller.secret_key, aws_session_token=caller.token,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, proxies={}),
    )  # fmt: skip
    prefix = description.get("S3Prefix", "").strip("/")
    root = f"{prefix}/AWSDynamoDB" if prefix else "AWSDynamoDB"
    folder = f"{root}/{export_id}"
    data = f"{folder}/data" if description["ExportType"] == "FULL_EXPORT" else f"{root}/data"

    def put(key: str, body: bytes) -> str:
        return str(s3.put_object(Bucket=description["S3Bucket"], Key=key, Body=body)["ETag"]).strip('"')

    def put_manifest(name: str, body: bytes) -> str:
        put(f"{folder}/{name}.json", body)
        put(f"{folder}/{name}.checksum", _md5(body))
        return f"{folder}/{name}.json"

    try:
        owner = description.get("S3BucketOwner")
        if owner and owner != _bucket_owner_account(description["S3Bucket"]):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "PutObject")
        put(f"{folder}/_started", b"")
        manifest, size = [], 0
        for number in range(FILES):
            own = [line for key, line in lines if zlib.crc32(key[0].encode()) % FILES == number]
            text = "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in own).encode()
            size += len(text)
            body = gzip.compress(text, 6)
            key = f"{data}/{uuid.uuid4().hex[:26]}.json.gz"
            etag = put(key, body)
            manifest.append(
                {"itemCount": len(own), "md5Checksum": _md5(body).decode(), "etag": etag, "dataFileS3Key": key}
            )
        files = put_manifest("manifest-files", "".join(f"{json.dumps(each)}\n" for each in manifest).encode())
        ended, window = time.time(), description.get("IncrementalExportSpecification") or {}
        moments = (
            {"exportFromTime": window.get("ExportFromTime"), "exportToTime": window.get("ExportToTime", ended)}
            if window else {"exportTime": description.get("ExportTime")}
        )  # fmt: skip
        summary = {
            "version": "2023-08-01" if window else "2020-06-30", "exportArn": description["ExportArn"],
            "startTime": _iso(description["StartTime"]), "endTime": _iso(ended), "tableArn": description["TableArn"],
            "tableId": description["TableId"], **{key: _iso(float(at)) for key, at in moments.items() if at is not None},  # noqa: E501
            "s3Bucket": description["S3Bucket"], "s3Prefix": description.get("S3Prefix"),
            "s3SseAlgorithm": description["S3SseAlgorithm"], "s3SseKmsKeyId": description.get("S3SseKmsKeyId"),
            "manifestFilesS3Key": files, "billedSizeBytes": size, "itemCount": len(lines), "outputFormat": "DYNAMODB_JSON",  # noqa: E501
            "outputView": window.get("ExportViewType", "NEW_AND_OLD_IMAGES") if window else None,
            "exportType": description["ExportType"],
        }  # fmt: skip
        if not window:
            del summary["outputView"]
        done = {"ExportManifest": put_manifest("manifest-summary", json.dumps(summary).encode())}
        description |= {
            **done,
            "EndTime": ended,
            "BilledSizeBytes": size,
            "ItemCount": len(lines),
            "ExportStatus": "COMPLETED",
        }
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        _fail(
            description, {"NoSuchBucket": "S3NoSuchBucket", "AccessDenied": "S3AccessDenied"}.get(code, code), message
        )
    except Exception:  # whatever it was, an export ends
        traceback.print_exc()
        _fail(description, "UNKNOWN", "The export failed")


def _fail(description: dict[str, Any], code: str, message: str) -> None:
    ended = {"EndTime": time.time(), "FailureCode": code, "FailureMessage": message}
    description |= {**ended, "ExportStatus": "FAILED"}


def _md5(body: bytes) -> bytes:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest())


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
