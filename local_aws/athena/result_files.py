"""The files in S3 that an execution's result is.

https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
"""

import contextlib
import json
from typing import Any

from botocore.exceptions import ClientError

from local_aws.athena.engine import Result, Run
from local_aws.athena.errors import QueryFailed
from local_aws.athena.executions import Execution, invalid
from local_aws.athena.results import csv_lines
from local_aws.athena.statements import Statement
from local_aws.athena.storage import split_uri

# As Athena words it: https://github.com/awslabs/amazon-s3-find-and-forget/issues/290
_RESULTS_NOT_READABLE = (
    "You do not seem to have access to the S3 location of your query results. Please confirm your account has access "
    "to the S3 location where your query results are saved and try again. If specifying an expected bucket owner, "
    "confirm the bucket is owned by the expected account. If you are using KMS to encrypt query results, please ensure "
    "you have permission to access your KMS key. If you continue to see this issue, please contact customer support."
)


def write_result(execution: Execution, statement: Statement, result: Result, run: Run, kms: Any) -> None:
    """Leave a result where its execution says; what an encryption key is for is asked of `kms`."""
    location = execution.public["ResultConfiguration"]["OutputLocation"]
    execution.columns, execution.update_count = result.columns, result.update_count
    path = run.scratch.new_path()
    target = location
    with path.open("wb") as file:
        if statement.kind == "SELECT":
            for line in csv_lines(result.columns, result.rows):
                file.write(line)
                execution.rows_returned += 1
            execution.rows_returned -= 1
            execution.bytes_returned = file.tell()
        elif statement.kind == "INSERT" and not result.written:
            return  # no rows, no files, no list of them
        elif statement.writes_data:
            target = f"{location}-manifest.csv"
            execution.public["Statistics"]["DataManifestLocation"] = target
            file.writelines(f"{each}\n".encode() for each in result.written)
        else:
            file.write("\n".join(str(row[0]) for row in result.rows).encode())
    bucket, key = split_uri(target)
    encryption = execution.public["ResultConfiguration"].get("EncryptionConfiguration") or {}
    encrypted = _encrypted(encryption)
    try:
        if "SSEKMSKeyId" in encrypted:  # S3 asks for a data key with the caller's rights
            kms.generate_data_key(KeyId=encrypted["SSEKMSKeyId"], KeySpec="AES_256")
        with path.open("rb") as body:
            run.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/octet-stream", **encrypted)
            if statement.kind == "SELECT":
                described = json.dumps([vars(c) for c in result.columns])
                run.s3.put_object(Bucket=bucket, Key=f"{key}.metadata", Body=described, **encrypted)
    except ClientError as error:
        folder = location.rpartition("/")[0]
        denied = error.response["Error"]["Code"] in ("AccessDenied", "403")
        raise QueryFailed(
            f"Access denied when writing output to url: {location} . Please ensure you are allowed to access the S3 bucket."  # noqa: E501
            if denied else f"Unable to verify/create output bucket {split_uri(folder)[0]}"
        ) from error  # fmt: skip


def write_failure(execution: Execution, failure: QueryFailed, run: Run) -> None:
    """Leave what Hive says of a statement that it failed to run, where its result would be, if the caller may."""
    if not failure.message.startswith("FAILED: "):
        return
    bucket, key = split_uri(execution.public["ResultConfiguration"]["OutputLocation"])
    with contextlib.suppress(ClientError):  # the execution tells the failure too
        run.s3.put_object(Bucket=bucket, Key=key, Body=failure.message.encode(), ContentType="application/octet-stream")


def read_result(execution: Execution, s3: Any) -> bytes:
    """The result's file, with the rights of whoever asks for it."""
    bucket, key = split_uri(execution.public["ResultConfiguration"]["OutputLocation"])
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "403"):
            raise invalid(_RESULTS_NOT_READABLE) from error
        raise invalid(f"Could not find results at s3://{bucket}/{key}") from error
    return body


def _encrypted(configuration: dict[str, str]) -> dict[str, str]:
    """An EncryptionConfiguration as PutObject takes it."""
    if configuration.get("EncryptionOption") == "SSE_KMS":
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": configuration["KmsKey"]}
    return {"ServerSideEncryption": "AES256"} if configuration else {}
