"""DeleteObjects of keys some of which the caller may not delete.

Seen in ministack 1.5.33: it refuses the whole request for one denied key; S3 tells an Error for each of those, and
deletes the others. Exit condition: `ministack.services.s3._delete_objects` decides about each key itself.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import fromstring

from local_aws.emulator import Response
from local_aws.emulator.s3_requests import MOST_KEYS, Headers, Query, children

_ALIAS = "-s3alias"  # access points have policies of their own, which ministack asks


def install() -> None:
    """Take the decision from ministack's door, where it is one for all keys, to where they are deleted."""
    from ministack.core import iam_actions
    from ministack.services import s3

    action_of, dispatch = iam_actions._s3_action, s3._dispatch

    def s3_action(method: str, path: str, query: Any) -> Any:
        parts = [part for part in path.split("/") if part]
        return None if _is_batch(method, "/".join(parts[1:]), query, *parts[:1]) else action_of(method, path, query)

    def dispatching(
        method: str, bucket: str, key: str, headers: Headers, body: bytes, query: Query
    ) -> Response:  # fmt: skip
        through_access_point = s3._request_access_point.get() is not None
        objects = children(body, "Object") if _is_batch(method, key, query, bucket) and not through_access_point else []
        if not 1 <= len(objects) <= MOST_KEYS:
            answer: Response = dispatch(method, bucket, key, headers, body, query)
            return answer
        # A request to a bucket's own host has not been authenticated yet; ministack looks at a signature once.
        if refused := _unknown_caller(headers, query):
            return refused
        denied = [each for each in objects if _is_denied(bucket, each, headers, query)]
        allowed = _without(body, denied)
        all_denied = len(denied) == len(objects)
        answer = _empty() if all_denied else dispatch(method, bucket, key, headers, allowed, query)
        return _with_errors(answer, denied) if denied and answer[0] == 200 else answer

    iam_actions._s3_action, s3._dispatch = s3_action, dispatching


def _is_batch(method: str, key: str, query: Any, bucket: str = "") -> bool:
    return method == "POST" and not key and "delete" in (query or {}) and not bucket.endswith(_ALIAS)


def _unknown_caller(headers: Headers, query: Query) -> Response | None:
    from ministack.app import _authenticate_only

    refused: Response | None = _authenticate_only("s3", headers, query, "")
    return refused


def _is_denied(bucket: str, identifier: Element, headers: Headers, query: Query) -> bool:
    from ministack.app import _enforce_data_plane

    actions = ["s3:DeleteObjectVersion" if identifier.findtext("{*}VersionId") else "s3:DeleteObject"]
    if headers.get("x-amz-bypass-governance-retention", "").strip().lower() == "true":
        actions.append("s3:BypassGovernanceRetention")
    arn = f"arn:aws:s3:::{bucket}/{identifier.findtext('{*}Key')}"
    return any(_enforce_data_plane("s3", action, headers, query, "", arn) for action in actions)


def _without(body: bytes, denied: list[Element]) -> bytes:
    root = fromstring(body)
    wrong = {_named(each) for each in denied}
    for each in list(root.findall("{*}Object")):
        if _named(each) in wrong:
            root.remove(each)
    return bytes(tostring(root))


def _named(identifier: Element) -> tuple[str | None, str | None]:
    return identifier.findtext("{*}Key"), identifier.findtext("{*}VersionId")


def _empty() -> Response:
    from ministack.services.s3 import S3_NS

    return 200, {"Content-Type": "application/xml"}, bytes(tostring(Element("DeleteResult", xmlns=S3_NS)))


def _with_errors(answer: Response, denied: list[Element]) -> Response:
    status, headers, body = answer
    root = fromstring(body)
    namespace = root.tag.rpartition("DeleteResult")[0]
    for each in denied:
        told = SubElement(root, f"{namespace}Error")
        key, version = _named(each)
        for name, text in (
            ("Key", key),
            ("VersionId", version),
            ("Code", "AccessDenied"),
            ("Message", "Access Denied"),
        ):
            if text:
                SubElement(told, f"{namespace}{name}").text = text
    told_as = {"encoding": "UTF-8", "default_namespace": namespace.strip("{}")}
    return status, headers, bytes(tostring(root, xml_declaration=True, **told_as))
