"""The signatures of the account's administrator.

Seen in ministack 1.5.33: it verifies the signatures of users and roles, but takes a request with the administrator's
key whatever its secret was and however the request was changed since, but for presigned URLs of Signature Version 4.
Exit condition: `ministack.core.iam_evaluator.pin_signed_request` keeps requests of root keys for verification, too.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""


def install() -> None:
    """Leave no key out of the verification; only a request without a key has nothing to verify."""
    from ministack.core import iam_evaluator

    # Nothing else asks it but API Gateway. Who is the root user is asked of `is_root_access_key`.
    iam_evaluator._is_root_key = lambda key: not key
