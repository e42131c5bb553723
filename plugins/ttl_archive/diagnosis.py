"""What a failure of AWS means: matched against ``failure_catalogue.yaml``, and turned into an error of our tree.

>>> raise explain("query", "SYNTAX_ERROR: line 3:8: ...", "run_section: Athena query 1f0c is FAILED")
QueryRejected: run_section: Athena query 1f0c is FAILED: SYNTAX_ERROR: line 3:8: ...
  cause: The statement isn't Athena SQL.
  next step: ...

Nothing here calls AWS: what an opaque failure hides is found out by ``ttl_archive.probes``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from ttl_archive.errors import (
    AwsFailed,
    CallDenied,
    CallInterrupted,
    CallRejected,
    QueryDenied,
    QueryInterrupted,
    QueryRejected,
)

CATALOGUE = Path(__file__).with_name("failure_catalogue.yaml")

SeenIn = Literal["query", "call"]
Kind = Literal["denied", "rejected", "interrupted"]

CLASSES: dict[tuple[SeenIn, Kind], type[AwsFailed]] = {
    ("query", "denied"): QueryDenied,
    ("query", "rejected"): QueryRejected,
    ("query", "interrupted"): QueryInterrupted,
    ("call", "denied"): CallDenied,
    ("call", "rejected"): CallRejected,
    ("call", "interrupted"): CallInterrupted,
}

# "is not authorized to perform: glue:GetTable on resource: arn:...", "You are not authorized to perform:
# athena:GetWorkGroup on the resource."
_LACKING = re.compile(
    r"not authorized to perform:? (?P<action>[a-z0-9-]+:\w+)(?: on (?:the )?resource:? \"?(?P<resource>arn:[^\s\"]+))?"
)
_LINE = re.compile(r"\bline (\d+):(\d+)")

# The action that an API call needs, where it isn't named as its operation is.
_ACTIONS = {
    "HeadObject": "s3:GetObject",
    "GetObject": "s3:GetObject",
    "CopyObject": "s3:PutObject",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "UploadPartCopy": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
    "HeadBucket": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "ListObjects": "s3:ListBucket",
    "GetBucketLocation": "s3:GetBucketLocation",
    "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "Scan": "dynamodb:Scan",
    "DescribeTable": "dynamodb:DescribeTable",
    "DescribeTimeToLive": "dynamodb:DescribeTimeToLive",
    "AssumeRole": "sts:AssumeRole",
    "PutMetricData": "cloudwatch:PutMetricData",
    "Publish": "sns:Publish",
    "SendRawEmail": "ses:SendRawEmail",
    "GetWorkGroup": "athena:GetWorkGroup",
    "StartQueryExecution": "athena:StartQueryExecution",
    "StopQueryExecution": "athena:StopQueryExecution",
    "GetQueryExecution": "athena:GetQueryExecution",
    "GetQueryResults": "athena:GetQueryResults",
}
_GLUE = re.compile(r"(?:Get|Create|Update|Delete|BatchCreate)(?:Database|Table|Partition)s?")


class Entry(BaseModel):
    """One known failure; the fields are those that the catalogue's head explains."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    seen_in: Literal["query", "call", "either"]
    pattern: re.Pattern[str]
    example: str
    source: str
    kind: Kind
    cause: str
    next: str
    probe: bool = False

    @property
    def raises(self) -> type[AwsFailed]:
        """The class that the failure becomes; of a call, its ``Call...`` sibling, where it may be either."""
        return CLASSES["call" if self.seen_in == "call" else "query", self.kind]

    @property
    def retried(self) -> bool:
        """Whether the task is tried again."""
        return self.kind == "interrupted"


@cache
def catalogue() -> tuple[Entry, ...]:
    """All entries, in the order in which they are tried."""
    entries = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    return tuple(
        Entry(**{**entry, "pattern": re.compile(entry["pattern"].strip(), re.IGNORECASE | re.DOTALL)})
        for entry in entries
    )


def find(seen_in: SeenIn, text: str) -> Entry | None:
    """The first entry whose pattern is found in the text, or None.

    A query's reason may quote an API call's error, and an exception a query's reason: the other kind is tried last.
    """
    for one in sorted(catalogue(), key=lambda entry: entry.seen_in not in (seen_in, "either")):
        if one.pattern.search(text):
            return one
    return None


def action_of(operation: str) -> str | None:
    """The IAM action of an API operation: ``HeadObject`` needs ``s3:GetObject``."""
    return f"glue:{operation}" if _GLUE.fullmatch(operation) else _ACTIONS.get(operation)


def lacking(text: str) -> tuple[str, str | None] | None:
    """The action, and the resource if it is told, that AWS's own words say is missing."""
    found = _LACKING.search(text)
    return (found["action"], found["resource"] and found["resource"].rstrip(".,;")) if found else None


def policy_statement(action: str, resource: str) -> str:
    """The policy statement that grants an action, as JSON.

    Glue asks for the permission on the catalog, the database and the table alike:
    https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
    """
    resources: str | list[str] = resource
    glue = re.fullmatch(r"(arn:[\w-]+:glue:[^:]*:[^:]*:)(database|table)/([^/]+)(?:/.+)?", resource)
    if glue:
        above = [f"{glue[1]}catalog", f"{glue[1]}database/{glue[3]}"]
        resources = [*above, resource] if glue[2] == "table" else above
    return json.dumps({"Effect": "Allow", "Action": action, "Resource": resources})


def grant(action: str, resource: str | None) -> str:
    """The next step where a permission is missing."""
    if resource is None:
        return f"the pipeline role lacks {action}: allow it on what the task works on; `make deploy` does so"
    return (
        f"the pipeline role lacks {action} on {resource}: add this statement to its policy: "
        f"{policy_statement(action, resource)}"
    )


def statement_line(statement: str, reason: str) -> str | None:
    """The line of the statement that Athena's reason points to, with a mark below the column."""
    found = _LINE.search(reason)
    lines = statement.splitlines()
    if not found or not 1 <= int(found[1]) <= len(lines):
        return None
    number, column = int(found[1]), int(found[2])
    line = lines[number - 1].expandtabs(1)
    lead = f"line {number}: "
    indent = " " * len("  evidence: ")
    return f"{lead}{line}\n{indent}{' ' * (len(lead) + column - 1)}^"


def explain(
    seen_in: SeenIn,
    text: str,
    subject: str,
    *,
    evidence: Sequence[str] = (),
    operation: str | None = None,
    default: Kind = "rejected",
    next_step: str | None = None,
    kind: Kind | None = None,
) -> AwsFailed:
    """The error for AWS's words.

    :param text: AWS's own words.
    :param subject: what failed; it stands before them.
    :param evidence: what else is known, a line each.
    :param operation: the API operation that failed.
    :param default: what it is if the catalogue doesn't know it.
    :param next_step: a better one than the catalogue's.
    :param kind: a better one than the catalogue's.
    """
    entry = find(seen_in, text)
    known: dict[str, Any] = {}
    if entry:
        known = {"cause": entry.cause, "next_step": entry.next, "entry": entry.id}
    decided: Kind = kind or (entry.kind if entry else default)
    if decided == "denied" and next_step is None and entry and entry.id in ("action-denied", "action-denied-in-query"):
        action, resource = lacking(text) or (action_of(operation or ""), None)
        next_step = grant(action, resource) if action else f"allow the pipeline role the action that {operation} needs"
    if next_step is not None:
        known["next_step"] = next_step
    elif entry is None:
        known["next_step"] = (
            "none, the task retries with backoff; see docs/runbook.md if it keeps failing"
            if decided == "interrupted"
            else "a retry can't help: mend the cause, then clear the task"
        )
    return CLASSES[seen_in, decided](f"{subject}: {text}", evidence=evidence, **known)
