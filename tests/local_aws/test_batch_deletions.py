"""DeleteObjects decides about each key: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tests.local_aws.harness import Aws
from tests.local_aws.test_s3_requests import refused

Assume = Callable[[list[dict[str, Any]]], Aws]


@pytest.fixture
def own(bucket: str, assume: Assume) -> Any:
    """S3 for a caller who may delete below `own/` only."""
    may = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/own/*"}
    return assume([may]).client("s3")


def deleted(s3: Any, bucket: str, *keys: str, **request: Any) -> tuple[list[str], list[tuple[str, str, str]]]:
    objects = {"Objects": [{"Key": key} for key in keys], **request}
    answer = s3.delete_objects(Bucket=bucket, Delete=objects)
    errors = [(each["Key"], each["Code"], each["Message"]) for each in answer.get("Errors", [])]
    return [each["Key"] for each in answer.get("Deleted", [])], errors


@pytest.mark.parametrize("order", [("own/a&b", "other/a"), ("other/a", "own/a&b")])
def test_the_others_are_deleted(aws: Aws, bucket: str, own: Any, order: tuple[str, str]) -> None:
    s3 = aws.client("s3")
    for key in order:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert deleted(own, bucket, *order) == (["own/a&b"], [("other/a", "AccessDenied", "Access Denied")])
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["other/a"]
    assert deleted(own, bucket, *order, Quiet=True) == ([], [("other/a", "AccessDenied", "Access Denied")])


def test_every_key_is_denied(aws: Aws, bucket: str, own: Any) -> None:
    denied = [(key, "AccessDenied", "Access Denied") for key in ("a", "b")]
    assert deleted(own, bucket, "a", "b") == ([], denied)


def test_a_version_is_another_right(aws: Aws, bucket: str, own: Any) -> None:
    answer = own.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "own/v", "VersionId": "null"}]})
    assert [(each["Key"], each["VersionId"]) for each in answer["Errors"]] == [("own/v", "null")]


def test_whom_nobody_knows_deletes_nothing(aws: Aws, bucket: str) -> None:
    stranger = Aws(aws.url, ("AKIAIOSFODNN7EXAMPLE", "secret", None)).client("s3")
    asked = {"Delete": {"Objects": [{"Key": "own/a"}]}}
    assert refused(stranger.delete_objects, Bucket=bucket, **asked) == (403, "InvalidAccessKeyId")


def test_a_wrong_signature_at_the_bucket_s_own_host(aws: Aws, bucket: str, assume: Assume) -> None:
    s3 = aws.client("s3")
    key, _, token = assume([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]).credentials
    for name in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=f"signed/{name}", Body=b"")
    body = b"<Delete><Object><Key>signed/a</Key></Object><Object><Key>signed/b</Key></Object></Delete>"
    host = f"{bucket}.s3.us-east-1.amazonaws.com"
    signed = AWSRequest("POST", f"http://{host}/?delete", data=body, headers={"Host": host})
    SigV4Auth(Credentials(key, "another secret", token), "s3", "us-east-1").add_auth(signed)
    sent = AWSRequest("POST", f"{aws.url}/?delete", data=body, headers=dict(signed.headers))
    answer = URLLib3Session().send(sent.prepare())
    assert (answer.status_code, b"<Code>SignatureDoesNotMatch<" in answer.content) == (403, True)
    assert s3.list_objects_v2(Bucket=bucket, Prefix="signed/")["KeyCount"] == 2
