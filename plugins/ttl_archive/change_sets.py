"""A CloudFormation stack that is changed through change sets, so that a person can look before anything happens."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

from ttl_archive.errors import ArchiveError, ConfigurationError

_UNCHANGED = ("didn't contain changes", "No updates are to be performed")


class StackError(ArchiveError):
    """CloudFormation refused or failed; the message says what it said and what to do."""


class Stack:
    """One CloudFormation stack, changed through change sets."""

    def __init__(self, session: boto3.Session, name: str, poll_seconds: float) -> None:
        self._client: Any = session.client("cloudformation")
        self._name = name
        self._poll_seconds = poll_seconds

    def outputs(self) -> dict[str, str]:
        """The stack's outputs.

        :raises StackError: if there is no such stack, or it isn't in a working state.
        """
        stack = self._describe()
        working = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
        if not stack or stack["StackStatus"] not in working:
            state = f"is {stack['StackStatus']}" if stack else "doesn't exist"
            raise StackError(f"stack {self._name} {state}: deploy it with `python -m ttl_archive.stack deploy`")
        return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}

    def kept_parameters(self, template: str, given: Mapping[str, str]) -> dict[str, str]:
        """The parameters of the last deployment, outranked by those given now.

        Without them, a second deployment that doesn't repeat `--parameter ArchiveBucketName=...` would start a new
        archive in a new bucket.

        :raises ConfigurationError: if the template has no parameter of a given name.
        """
        declared = {
            each["ParameterKey"] for each in self._client.get_template_summary(TemplateBody=template)["Parameters"]
        }
        unknown = sorted(set(given) - declared)
        if unknown:
            raise ConfigurationError(
                f"no such parameter: {', '.join(unknown)}; there are {', '.join(sorted(declared))}"
            )
        stack = self._describe() or {}
        last = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
        return {**{name: value for name, value in last.items() if name in declared}, **given}

    def exists(self) -> bool:
        """Whether there is such a stack; one that was only ever proposed doesn't count."""
        stack = self._describe()
        return stack is not None and stack["StackStatus"] != "REVIEW_IN_PROGRESS"

    def propose(self, template: str, parameters: Mapping[str, str]) -> tuple[str, list[str]] | None:
        """Make a change set; return its id and its changes as text, or None if there is nothing to change.

        :raises StackError: if CloudFormation refuses it.
        """
        stack = self._describe()
        status = stack["StackStatus"] if stack else None
        if status == "ROLLBACK_COMPLETE":
            raise StackError(
                f"stack {self._name} is {status}: its first creation failed. Remove it with "
                "`python -m ttl_archive.stack delete` (no bucket in use is touched) and deploy again"
            )
        change_set = self._client.create_change_set(
            StackName=self._name,
            ChangeSetName=f"deploy-{time.time_ns() // 1_000_000}",
            ChangeSetType="CREATE" if status in (None, "REVIEW_IN_PROGRESS") else "UPDATE",
            TemplateBody=template,
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )["Id"]
        try:
            self._client.get_waiter("change_set_create_complete").wait(
                ChangeSetName=change_set, WaiterConfig={"Delay": self._poll_seconds, "MaxAttempts": 120}
            )
        except WaiterError as error:
            reason = str(error.last_response.get("StatusReason", error))
            self._client.delete_change_set(ChangeSetName=change_set)
            if any(text in reason for text in _UNCHANGED):
                return None
            raise StackError(f"stack {self._name}: CloudFormation refused the change set: {reason}") from None
        pages = self._client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
        changes = [each["ResourceChange"] for page in pages for each in page["Changes"]]
        return change_set, [_describe_change(each) for each in changes]

    def apply(self, change_set: str) -> None:
        """Execute a change set, telling each resource's progress on standard error.

        :raises StackError: if it fails, with CloudFormation's reasons.
        """
        since = self._newest_event()
        self._client.execute_change_set(ChangeSetName=change_set)
        self._follow(since, ("CREATE_COMPLETE", "UPDATE_COMPLETE"))

    def delete(self) -> None:
        """Delete the stack, if there is one; its buckets stay.

        :raises StackError: if it fails, with CloudFormation's reasons.
        """
        stack = self._describe()
        if stack:
            since = self._newest_event()
            self._client.delete_stack(StackName=stack["StackId"])
            self._name = stack["StackId"]  # a deleted stack is found by its id only
            self._follow(since, ("DELETE_COMPLETE",))

    def _describe(self) -> dict[str, Any] | None:
        try:
            stack: dict[str, Any] = self._client.describe_stacks(StackName=self._name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"].get("Message", ""):
                return None
            raise
        return stack

    def _newest_event(self) -> str | None:
        events = self._client.describe_stack_events(StackName=self._name)["StackEvents"]
        return events[0]["EventId"] if events else None

    def _follow(self, since: str | None, wanted: tuple[str, ...]) -> None:
        """Tell what happens after an event until the stack is at rest again."""
        reasons: list[str] = []
        started = False  # the state right after the request may still be the one before it
        while True:
            stack = self._describe()
            status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
            new: list[dict[str, Any]] = []
            for event in self._client.describe_stack_events(StackName=self._name)["StackEvents"] if stack else []:
                if event["EventId"] == since:
                    break
                new.append(event)
            for event in reversed(new):
                started, since = True, event["EventId"]
                logical_id, state = event["LogicalResourceId"], event["ResourceStatus"]
                if state.endswith("_FAILED"):
                    reasons.append(f"{logical_id}: {event.get('ResourceStatusReason', state)}")
                if not state.endswith("_IN_PROGRESS"):
                    say(f"{state:<20} {logical_id}")
            if not stack or (started and not status.endswith("_IN_PROGRESS")):
                break
            time.sleep(self._poll_seconds)
        if status not in wanted:
            told = "; ".join(reasons) or (stack or {}).get("StackStatusReason", "no reason given")
            raise StackError(f"stack {self._name} is {status}: {told}")


def _describe_change(change: Mapping[str, Any]) -> str:
    """``Modify  PipelineRole (AWS::IAM::Role), replaced``."""
    replaced = ", replaced" if change.get("Replacement") == "True" else ""
    return f"{change['Action']:<7} {change['LogicalResourceId']} ({change['ResourceType']}){replaced}"


def say(text: str) -> None:
    """Tell progress on standard error; standard output is for export lines only."""
    sys.stderr.write(f"stack: {text}\n")
    sys.stderr.flush()
