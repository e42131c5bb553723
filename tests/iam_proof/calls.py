"""Calls that were made to AWS, as the embedded AWS or CloudTrail recorded them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ttl_archive.diagnosis import action_of

_RECORD = "/_local_aws/decisions"
_DENIED = {"AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"}
# Event sources that aren't named as the prefix of their actions.
_PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}


@dataclass(frozen=True)
class Call:
    """One action on one resource.

    :param resource: its ARN; empty where the record doesn't tell.
    :param caller: the ARN of the session that asked, or for which it was asked.
    :param statement: the Sid that allowed it; empty where the record doesn't tell.
    :param by: the service that asked on the caller's behalf, such as ``athena.amazonaws.com``; empty for the caller.
    """

    action: str
    resource: str
    caller: str
    allowed: bool = True
    statement: str = ""
    by: str = ""

    def of_role(self, role: str) -> bool:
        """Whether a session of the role asked, by the role's name."""
        return f":assumed-role/{role}/" in self.caller


def begin(url: str) -> None:
    """Begin the embedded AWS's record anew."""
    urllib.request.urlopen(urllib.request.Request(url + _RECORD, method="PUT")).close()  # noqa: S310


def recorded(url: str, first: int = 0) -> list[Call]:
    """The embedded AWS's record from number ``first`` on."""
    with urllib.request.urlopen(f"{url}{_RECORD}?from={first}") as answer:  # noqa: S310
        return [Call(**json.loads(line)) for line in answer.read().splitlines()]


def from_cloudtrail(log: Mapping[str, Any]) -> Iterator[Call]:
    """The calls of a CloudTrail log file: ``{"Records": [...]}``.

    Data events of S3, DynamoDB and SNS are there only if the trail records them.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    """
    for event in log["Records"]:
        service = event["eventSource"].removesuffix(".amazonaws.com")
        action = action_of(event["eventName"]) or f"{_PREFIXES.get(service, service)}:{event['eventName']}"
        identity = event.get("userIdentity", {})
        for resource in [each["ARN"] for each in event.get("resources") or [] if "ARN" in each] or [""]:
            yield Call(
                action=action,
                resource=resource,
                caller=identity.get("arn", ""),
                allowed=event.get("errorCode")
                not in ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"),
                by=identity.get("invokedBy", ""),
            )
