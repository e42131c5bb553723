"""Presigned URLs, as boto3 makes them by default for S3 in us-east-1: of Signature Version 2.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.local_aws.harness import Aws


def get(url: str, body: bytes | None = None) -> tuple[int, str, bytes]:
    """Status, type and content of what is there; with a body, of what a PUT of it answers."""
    request = urllib.request.Request(url, body, {"Content-Type": ""} if body else {}, method="PUT" if body else "GET")  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


@pytest.fixture(params=["administrator", "role"])
def caller(request: pytest.FixtureRequest, aws: Aws, bucket: str, assume: Callable[[list[dict[str, Any]]], Aws]) -> Any:
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return (aws if request.param == "administrator" else assume([read])).client("s3")


def test_urls_expire(aws: Aws, bucket: str, caller: Any) -> None:
    aws.client("s3").put_object(Bucket=bucket, Key="signed", Body=b"text")
    where = {"Bucket": bucket, "Key": "signed"}
    url = caller.generate_presigned_url("get_object", Params=where, ExpiresIn=1)
    assert "AWSAccessKeyId=" in url
    assert get(url)[::2] == (200, b"text")
    time.sleep(2.1)  # Expires is in whole seconds
    status, _, body = get(url)
    assert (status, b"<Code>AccessDenied<" in body, b"<Message>Request has expired<" in body) == (403, True, True)


def test_urls_ask_for_headers_of_the_response(aws: Aws, bucket: str, caller: Any) -> None:
    aws.client("s3").put_object(Bucket=bucket, Key="signed", Body=b"text")
    asked = {"Bucket": bucket, "Key": "signed", "ResponseContentType": "text/csv"}
    assert get(caller.generate_presigned_url("get_object", Params=asked)) == (200, "text/csv", b"text")
    anonymous = get(f"{aws.url}/{bucket}/signed?response-content-type=text/csv")
    assert anonymous[0] in (400, 403)
