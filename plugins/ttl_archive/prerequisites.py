"""What must be so before a run reads anything: every problem found at once, each with its next step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from croniter import croniter

from ttl_archive import catalog, compaction, scan_estimate
from ttl_archive.config import Archive
from ttl_archive.diagnosis import grant
from ttl_archive.errors import PrerequisiteError, ScanTooLarge
from ttl_archive.layout import report_table, tables
from ttl_archive.months import Month
from ttl_archive.objects import error_code
from ttl_archive.report.sql_rules import sample_variables, section_problems
from ttl_archive.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client


_THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}


def check_prerequisites(
    archive: Archive,
    month: Month,
    *,
    dynamodb: DynamoDBClient,
    s3: S3Client,
    glue: GlueClient,
    athena: AthenaClient,
    reads_table: bool = True,
) -> None:
    """Look at everything a run needs; only reads, and only metadata.

    :param reads_table: False where a published month is only reported, which outlives its table.
    :raises PrerequisiteError: with every problem found.
    """
    problems = [
        *(_source_problems(archive, dynamodb) if reads_table else ()),
        *_bucket_problems(archive.destination.bucket, s3),
        *_bucket_problems(archive.athena.results_bucket, s3),
        *_workgroup_problems(archive, athena),
        *_catalog_problems(archive, glue),
        *_scan_problems(archive, month, s3, glue, reads_table),
        *sql_problems(archive),
    ]
    if problems:
        raise PrerequisiteError(f"{archive.name} {month}", problems)


def sql_problems(archive: Archive, kind: str = "report") -> list[str]:
    """What is wrong with the report's SQL: found now, since the month would be published before it is run.

    :param kind: ``report``, a month's, or ``quarterly``.
    """
    variables = sample_variables(
        archive.catalog.database, report_table(archive), archive.timezone, kind, archive.report.parameters
    )
    return section_problems(settings().include_dir, archive.name, variables, kind)


def longest_wait(archive: Archive) -> timedelta:
    """The longest time, over four years, from a month's first instant until its scheduled run."""
    fires = croniter(archive.schedule, Month(2023, 12, archive.timezone).end - timedelta(minutes=1))
    waits: list[timedelta] = []
    for _ in range(48):
        at = fires.get_next(datetime)
        waits.append(at - Month.containing(at, archive.timezone).previous.start)
    return max(waits)


def _source_problems(archive: Archive, dynamodb: DynamoDBClient) -> Iterator[str]:
    yield from _schedule_problems(archive)
    yield from _table_problems(archive, dynamodb)
    yield from _ttl_problems(archive, dynamodb)


def _schedule_problems(archive: Archive) -> Iterator[str]:
    retention, wait = timedelta(days=archive.source.ttl.retention_days), longest_wait(archive)
    if retention <= wait:
        yield (
            f"source.ttl.retention_days is {retention.days}, but an item of the first day of a month waits up to "
            f"{wait / timedelta(days=1):.1f} days for the run of schedule {archive.schedule!r}: TTL would delete it "
            "before it is archived. Lengthen the retention or run earlier in the month"
        )


def _table_problems(archive: Archive, dynamodb: DynamoDBClient) -> Iterator[str]:
    table = archive.source.table
    try:
        description = dynamodb.describe_table(TableName=table)["Table"]
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            yield (
                f"DynamoDB table {table} does not exist in {dynamodb.meta.region_name}: check source.table in "
                f"include/archives/{archive.name}.yaml, the region and the account"
            )
        else:
            yield _refused(error, "dynamodb:DescribeTable", f"arn:aws:dynamodb:*:*:table/{table}")
        return
    odd = [key["AttributeName"] for key in description["KeySchema"] if set(key["AttributeName"]) & set("\"'\\")]
    if odd:
        yield f"DynamoDB table {table} has key attributes {odd}: quotes and backslashes can't be audited through Athena"


def _ttl_problems(archive: Archive, dynamodb: DynamoDBClient) -> Iterator[str]:
    table, expected = archive.source.table, archive.source.ttl.attribute
    try:
        ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":  # a missing table is already told
            yield _refused(error, "dynamodb:DescribeTimeToLive", f"arn:aws:dynamodb:*:*:table/{table}")
        return
    status, found = ttl.get("TimeToLiveStatus"), ttl.get("AttributeName")
    if status not in ("ENABLED", "ENABLING"):
        yield (
            f"TTL of DynamoDB table {table} is {status}, expected ENABLED on {expected!r}: nothing would expire. "
            f"Enable it: aws dynamodb update-time-to-live --table-name {table} "
            f"--time-to-live-specification Enabled=true,AttributeName={expected}"
        )
    elif found != expected:
        yield (
            f"TTL of DynamoDB table {table} works on {found!r}, source.ttl.attribute says {expected!r}: "
            "mend whichever is wrong, since the certificate's dates are read from that attribute"
        )


def _bucket_problems(bucket: str, s3: S3Client) -> Iterator[str]:
    try:
        s3.get_bucket_location(Bucket=bucket)  # HeadBucket would need ListBucket on every prefix
    except ClientError as error:
        if error_code(error) in ("404", "NoSuchBucket"):
            yield f"bucket {bucket} does not exist: create the stack (make deploy), or mend the YAML"
        else:
            yield _refused(error, "s3:GetBucketLocation", f"arn:aws:s3:::{bucket}")
        return
    try:
        blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error_code(error) == "NoSuchPublicAccessBlockConfiguration":
            yield f"bucket {bucket} does not block public access: turn on all four settings of its public access block"
        else:
            yield _refused(error, "s3:GetBucketPublicAccessBlock", f"arn:aws:s3:::{bucket}")
        return
    off = sorted(name for name, on in blocks.items() if not on)
    if off or len(blocks) < 4:
        yield f"bucket {bucket} may become public ({', '.join(off) or 'settings missing'} off): turn on all four"


def _workgroup_problems(archive: Archive, athena: AthenaClient) -> Iterator[str]:
    workgroup = archive.athena.workgroup
    try:
        state = athena.get_work_group(WorkGroup=workgroup)["WorkGroup"].get("State", "ENABLED")
    except ClientError as error:
        if error_code(error) == "InvalidRequestException":
            yield f"Athena workgroup {workgroup} does not exist: create the stack (make deploy), or mend the YAML"
        else:
            yield _refused(error, "athena:GetWorkGroup", f"arn:aws:athena:*:*:workgroup/{workgroup}")
        return
    if state != "ENABLED":
        yield f"Athena workgroup {workgroup} is {state}, expected ENABLED"


def _catalog_problems(archive: Archive, glue: GlueClient) -> Iterator[str]:
    database = archive.catalog.database
    for table in tables(archive):
        try:
            found = catalog.find_table(glue, database, table)
        except ClientError as error:
            yield _refused(error, "glue:GetTable", f"arn:aws:glue:*:*:table/{database}/{table}")
            continue
        if found and table == archive.catalog.table:
            yield from catalog.conflicts(archive, found)
        elif found:
            yield from catalog.derived_conflicts(archive, found)


def _scan_problems(archive: Archive, month: Month, s3: S3Client, glue: GlueClient, scans: bool) -> Iterator[str]:
    if archive.athena.max_scan_bytes is None:
        return
    try:
        compacts = compaction.lacking(archive, glue)
    except ClientError as error:
        table = f"arn:aws:glue:*:*:table/{archive.catalog.database}/{archive.catalog.table}"
        yield _refused(error, "glue:GetPartitions", table)
        return
    try:
        scan_estimate.check_scan(s3, settings().include_dir, archive, month, compacts, scans)
    except ScanTooLarge as error:
        yield str(error)
    except ClientError as error:
        if error_code(error) not in ("404", "NoSuchBucket"):  # a missing bucket is already told
            yield _refused(error, "s3:GetObject", f"arn:aws:s3:::{archive.destination.bucket}/_manifests/*")


def _refused(error: ClientError, action: str, resource: str) -> str:
    """A call that failed: for want of a permission, with the statement that grants it, or otherwise."""
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500 or error_code(error) in _THROTTLED:
        raise error  # no fault of the account: Airflow retries
    if not catalog.denied(error):
        return f"{action} on {resource} failed: {error}"
    return grant(action, resource)
