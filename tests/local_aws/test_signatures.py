"""Requests whose signature is not the caller's.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws
from tests.local_aws.test_presigned_urls import get
from tests.local_aws.test_s3_requests import refused

CALLS: dict[str, tuple[Callable[[Any], Any], int, str]] = {
    "sts": (lambda sts: sts.get_caller_identity(), 403, "SignatureDoesNotMatch"),
    "iam": (lambda iam: iam.list_users(), 403, "SignatureDoesNotMatch"),
    "sns": (lambda sns: sns.list_topics(), 403, "SignatureDoesNotMatch"),
    "cloudformation": (lambda stacks: stacks.list_stacks(), 403, "SignatureDoesNotMatch"),
    "s3": (lambda s3: s3.list_buckets(), 403, "SignatureDoesNotMatch"),
    "dynamodb": (lambda dynamodb: dynamodb.list_tables(), 400, "InvalidSignatureException"),
    "glue": (lambda glue: glue.get_databases(), 400, "InvalidSignatureException"),
    "athena": (lambda athena: athena.list_work_groups(), 400, "InvalidSignatureException"),
}


@pytest.mark.parametrize("service", CALLS)
def test_the_administrators_secret(aws: Aws, service: str) -> None:
    call, status, code = CALLS[service]
    call(aws.client(service))
    with pytest.raises(ClientError) as error:
        call(Aws(aws.url, ("local", "wrong", None)).client(service))
    answer = error.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (status, code)
    assert answer["Error"]["Message"].startswith("The request signature we calculated does not match the signature")


def test_a_users_and_a_roles_secret(aws: Aws, assume: Callable[[list[dict[str, Any]]], Aws]) -> None:
    key, _, token = assume([{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]).credentials
    sts = Aws(aws.url, (key, "wrong", token)).client("sts")
    assert refused(sts.get_caller_identity) == (403, "SignatureDoesNotMatch")
    iam = aws.client("iam")
    iam.create_user(UserName="signatures")
    key = iam.create_access_key(UserName="signatures")["AccessKey"]["AccessKeyId"]
    assert refused(Aws(aws.url, (key, "wrong", None)).client("sts").get_caller_identity) == (
        403,
        "SignatureDoesNotMatch",
    )


def test_objects(aws: Aws, bucket: str) -> None:
    s3 = Aws(aws.url, ("local", "wrong", None)).client("s3")
    where = {"Bucket": bucket, "Key": "unsigned"}
    assert refused(s3.put_object, **where, Body=b"x") == (403, "SignatureDoesNotMatch")
    assert refused(aws.client("s3").get_object, **where) == (404, "NoSuchKey")


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls(aws: Aws, bucket: str, version: str) -> None:
    aws.client("s3").put_object(Bucket=bucket, Key="hello", Body=b"hello")
    aws.client("s3").put_object(Bucket=bucket, Key="new", Body=b"new")
    s3 = boto3.client(
        "s3", endpoint_url=aws.url, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local",
        config=Config(signature_version=version, s3={"addressing_style": "path"}),
    )  # fmt: skip
    where = {"Bucket": bucket, "Key": "hello"}
    url = s3.generate_presigned_url("get_object", Params=where)
    assert ("X-Amz-Signature=" in url) == (version == "s3v4")
    assert get(url)[::2] == (200, b"hello")
    status, _, body = get(url.replace("/hello?", "/new?"))
    assert (status, b"<Code>SignatureDoesNotMatch<" in body) == (403, True)
    put = s3.generate_presigned_url("put_object", Params=where)
    assert get(put.replace("/hello?", "/new?"), b"x")[0] == 403
    assert get(put, b"put")[0] == 200
    assert get(url)[::2] == (200, b"put")


def test_odd_names_are_signed_as_they_are_sent(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    for key in ("a b", "a+b", "é/ü", "a//b", "a%2Fb", "a=b&c~d*'()!@:,;$", "x/../y"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
        assert get(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}))[0] == 200
        assert key in [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]]


def test_what_is_not_signed_needs_no_signature(aws: Aws) -> None:
    with urllib.request.urlopen(f"{aws.url}/_local_aws/ready") as answer:  # noqa: S310
        assert answer.status == 200
