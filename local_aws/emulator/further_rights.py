"""Rights that a call needs besides the one that is named as it is.

Seen in ministack 1.5.33: only that one is asked for. A table with tags is created without dynamodb:TagResource, of
several statements of PartiQL one is asked for, prepared statements are written, run and deleted by SQL without Athena's
actions on them, the catalog is read through Athena without Glue's, and any role is given to a stack. Exit condition:
`ministack.app` asks for each.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.Operations.html
https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena-prepared-statements.html
https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from local_aws.athena.errors import InvalidRequest
from local_aws.athena.statements import classify
from local_aws.emulator import Handler, Response, decisions, json_error, operation, partiql_rights, replace_handler
from local_aws.emulator.assume_role import form
from local_aws.emulator.authorisation import glue_resources

Request = dict[str, Any]


class Right(NamedTuple):
    """An action on a resource, and the service that a role is passed to."""

    action: str
    arn: str
    passed_to: str = ""


_PREPARED = {
    "PREPARE": "CreatePreparedStatement",
    "EXECUTE": "GetPreparedStatement",
    "DEALLOCATE": "DeletePreparedStatement",
}
# What Athena asks Glue for in its caller's name; GetTableMetadata asks by itself.
_READ = {
    "ListDatabases": ("GetDatabases",),
    "GetDatabase": ("GetDatabase",),
    "ListTableMetadata": ("GetDatabase", "GetTables"),
}


def install() -> None:
    """Stand before the handlers, once ministack has asked for the call's own right; the last to be installed."""
    partiql_rights.install()
    for service, rights in (("athena", _of_athena), ("dynamodb", _of_dynamodb), ("cloudformation", _of_cloudformation)):
        replace_handler(service, _asking(service, rights))


def _asking(service: str, rights: Callable[[str, Request], list[Right]]) -> Callable[[Handler], Handler]:
    def wrap(handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            try:
                given: Any = form(headers, body, query) if service == "cloudformation" else json.loads(body or b"{}")
            except ValueError:
                given = None
            name = operation(headers) or str((given or {}).get("Action"))
            needed = rights(name, given) if isinstance(given, dict) else []
            return _denied(service, needed, headers, query) or await handler(method, path, headers, body, query)

        return handle

    return wrap


def _denied(service: str, needed: list[Right], headers: dict[str, str], query: Any) -> Response | None:
    """The answer to a caller who lacks one of the rights."""
    from ministack.core import iam_actions, iam_evaluator
    from ministack.core.responses import get_region
    from ministack.core.router import extract_access_key_id

    key = extract_access_key_id(headers, query)
    for right in needed:
        namespace = right.action.partition(":")[0]
        context = {"iam:PassedToService": right.passed_to} if right.passed_to else {}
        if namespace == "glue":
            with decisions.on_behalf_of_the_caller():
                found = iam_evaluator.enforce(key, right.action, namespace, get_region(), right.arn, context)
        else:
            found = iam_evaluator.enforce(key, right.action, namespace, get_region(), right.arn, context)
        if not found:
            continue
        explicit = found.decision == "Deny"
        message = iam_actions.identity_denial_message(right.action, found.principal_arn, right.arn, explicit)
        if namespace == "glue":
            return json_error("MetadataException", message)
        answer: Response = iam_actions.access_denied_response(
            service, right.action, found.principal_arn, "", message=message, headers=headers
        )
        return answer
    return None


def _of_dynamodb(name: str, request: Request) -> list[Right]:
    if name in ("BatchExecuteStatement", "ExecuteTransaction"):
        return [Right(*each) for each in partiql_rights.rights(name, request, *_here())]
    table = str(request.get("TableName"))
    arn = table if table.startswith("arn:") else _arn("dynamodb", f"table/{table}")
    return [Right("dynamodb:TagResource", arn)] if name == "CreateTable" and request.get("Tags") else []


def _of_athena(name: str, request: Request) -> list[Right]:
    if name == "StartQueryExecution":
        try:
            action = _PREPARED.get(classify(str(request.get("QueryString") or "")).kind)
        except InvalidRequest:
            action = None
        group = _arn("athena", f"workgroup/{request.get('WorkGroup') or 'primary'}")
        return [Right(f"athena:{action}", group)] if action else []
    database = str(request.get("DatabaseName") or "").lower()
    return [
        Right(f"glue:{action}", arn)
        for action in _READ.get(name, ())
        for arn in glue_resources(action, {"DatabaseName": database}, *_here())
    ]


def _of_cloudformation(name: str, request: Request) -> list[Right]:
    role = request.get("RoleARN")
    return [Right("iam:PassRole", str(role), "cloudformation.amazonaws.com")] if role else []


def _here() -> tuple[str, str]:
    from ministack.core.responses import get_account_id, get_region

    return get_region(), get_account_id()


def _arn(service: str, resource: str) -> str:
    region, account = _here()
    return f"arn:aws:{service}:{region}:{account}:{resource}"
