"""Presigned URLs of Signature Version 2, as boto3 makes them by default for S3 in us-east-1.

Seen in ministack 1.5.33: they expire with the wrong error, and no response header can be asked for in one. Exit
condition: `ministack.core.iam_evaluator._sigv2_check` says AccessDenied, and
`ministack.services.s3._reject_response_overrides_if_unsigned` knows AWSAccessKeyId.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from typing import Any

from local_aws.emulator import Response
from local_aws.emulator.s3_requests import Query

_EXPIRED = "Request has expired"


def install() -> None:
    from ministack.core import iam_evaluator
    from ministack.services import s3

    check, reject_overrides = iam_evaluator._sigv2_check, s3._reject_response_overrides_if_unsigned

    def sigv2_check(request: Any, account: str) -> Any:
        checked = check(request, account)
        expired = isinstance(checked, iam_evaluator.AuthError) and checked.message == _EXPIRED
        return iam_evaluator.AuthError("AccessDenied", _EXPIRED) if expired else checked

    def reject_response_overrides(headers: Any, query: Query, bucket: str, key: str) -> Response | None:
        answer: Response | None = None if _is_signed(query) else reject_overrides(headers, query, bucket, key)
        return answer

    iam_evaluator._sigv2_check = sigv2_check
    s3._reject_response_overrides_if_unsigned = reject_response_overrides


def _is_signed(query: Query) -> bool:
    return "AWSAccessKeyId" in query and "Signature" in query
