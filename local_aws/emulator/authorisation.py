"""Which resource a call of Glue, Athena, SES or a DynamoDB export is authorised on, and how its denial is told.

Seen in ministack 1.5.33: Athena calls that name a query instead of a workgroup are authorised on `*`, GetDatabase on a
*table* ARN, DynamoDB's exports on none, SES's SendRawEmail on `*`, and every Glue call with a DatabaseName on the
database only, so that a grant on one table opens the whole database. AWS authorises a call about a query on the query's
workgroup, a Glue call on the catalog, the database and the table, and a mail on the identity that is verified for its
sender; it asks for s3:PutObjectTagging and s3:PutObjectAcl where an object is written with tags or an ACL; it knows the
condition key cloudwatch:namespace, and those of sts:AssumeRole before it looks at the trust policy. A denial in a JSON
protocol has the status 403 in ministack, 400 in AWS. Exit condition: `ministack.core.iam_actions` does all that itself.
https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html
"""

import base64
import email
import json
from collections.abc import Callable
from email.utils import parseaddr
from typing import Any

from local_aws.emulator import Response, athena, operation, signatures

# Operations on the workgroup list or the data catalog, which are authorised on other resources.
_WORKGROUP_FREE = {"ListWorkGroups", "ListDataCatalogs", "CreateDataCatalog", "ListEngineVersions"}
_OF_A_CATALOG = {"GetDatabase", "ListDatabases", "GetTableMetadata", "ListTableMetadata"}
# JSON protocols that are compatible with an older one, whose status they keep.
_QUERY_COMPATIBLE = {"sqs", "monitoring"}


def install() -> None:
    """Replace ministack's choice of the resource for Athena, Glue, SES and DynamoDB's exports, and add what lacks."""
    from ministack.core import iam_actions

    signatures.install()
    original: Callable[..., str] = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        params: Any,
        region: str,
        account: str,
    ) -> str:
        if service in ("athena", "glue", "dynamodb"):
            request, name = _members(body), operation(headers)
            if service == "glue":
                found = glue_resources(name, request, region, account)
                if found:
                    return found[-1]
            elif service == "dynamodb":
                named = request.get("ExportArn") or request.get("TableArn")
                if named:
                    return str(named)
            elif name in _OF_A_CATALOG:
                catalog = str(request.get("CatalogName") or "AwsDataCatalog")
                own = "AwsDataCatalog" if catalog.lower() == "awsdatacatalog" else catalog
                return f"arn:aws:athena:{region}:{account}:datacatalog/{own}"
            elif name not in _WORKGROUP_FREE and "ResourceARN" not in request and "Catalog" not in name:
                group = (
                    request.get("WorkGroup") or athena.workgroup_of(str(request.get("QueryExecutionId"))) or "primary"
                )
                return f"arn:aws:athena:{region}:{account}:workgroup/{group}"
        elif service == "ses" and _first(params, "Action") == "SendRawEmail":
            return f"arn:aws:ses:{region}:{account}:identity/{sending_identity(params)}"
        return original(service, method, path, headers, body, params, region, account)

    iam_actions.extract_resource_arn = extract_resource_arn
    original_tags: Callable[..., dict[str, Any]] = iam_actions.request_tag_context

    def request_context(service: str, iam_action: str, body: bytes, params: Any) -> dict[str, Any]:
        keys = original_tags(service, iam_action, body, params)
        if iam_action == "cloudwatch:PutMetricData" and body.startswith(b"{"):  # as botocore 1.43 sends it
            keys["cloudwatch:namespace"] = str(json.loads(body).get("Namespace", ""))
        if iam_action == "sts:AssumeRole":
            keys |= {
                f"sts:{name}": _first(params, name) for name in ("ExternalId", "RoleSessionName") if name in params
            }
        return keys

    iam_actions.request_tag_context = request_context
    original_checks: Callable[..., list[tuple[str, str]]] = iam_actions.s3_additional_checks

    def s3_additional_checks(
        method: str, path: str, headers: dict[str, str], body: bytes, query: Any
    ) -> list[tuple[str, str]]:
        checks = original_checks(method, path, headers, body, query)
        if iam_actions._s3_action(method, path, query) == "PutObject":
            if headers.get("x-amz-tagging"):
                checks.append(("s3:PutObjectTagging", f"arn:aws:s3:::{path.lstrip('/')}"))
            if any(name == "x-amz-acl" or name.startswith("x-amz-grant-") for name in headers):
                checks.append(("s3:PutObjectAcl", f"arn:aws:s3:::{path.lstrip('/')}"))
        return checks

    iam_actions.s3_additional_checks = s3_additional_checks
    iam_actions.access_denied_response = _with_status(iam_actions.access_denied_response)


def _with_status(original: Callable[..., Response]) -> Callable[..., Response]:
    def access_denied_response(service: str, *rest: Any, **named: Any) -> Response:
        status, sent, body = original(service, *rest, **named)
        in_json = "x-amz-target" in (named.get("headers") or {}) and service not in _QUERY_COMPATIBLE
        return 400 if in_json and status == 403 else status, sent, body

    return access_denied_response


def sending_identity(params: Any) -> str:
    """The identity that a SendRawEmail is sent from: its sender's address if that is verified, else the domain."""
    from ministack.services import ses

    raw = base64.b64decode(_first(params, "RawMessage.Data"))
    address = parseaddr(_first(params, "Source") or str(email.message_from_bytes(raw).get("From", "")))[1]
    return address if address in ses._identities else address.rpartition("@")[2]


def _first(params: Any, name: str) -> str:
    """A parameter of a query protocol's form."""
    found = params.get(name, "")
    return str(found[0]) if isinstance(found, list) else str(found)


def _members(body: bytes) -> dict[str, Any]:
    """What a request says, without what nobody could read; that is refused later."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    return {key: value for key, value in request.items() if value is not None} if isinstance(request, dict) else {}


def _name_in(request: dict[str, Any], member: str) -> Any:
    given = request.get(member)
    return given.get("Name") if isinstance(given, dict) else None


def glue_resources(name: str, request: dict[str, Any], region: str, account: str) -> list[str]:
    """The ARNs a Glue catalog operation is authorised on, the narrowest last; [] for other operations."""
    arn = f"arn:aws:glue:{region}:{account}:"
    if not any(noun in name for noun in ("Database", "Table", "Partition", "UserDefinedFunction")):
        return []
    database = request.get("DatabaseName") or _name_in(request, "DatabaseInput")
    if not database and name.endswith("Database"):
        database = request.get("Name")
    if not database:
        return [f"{arn}catalog"]
    resources = [f"{arn}catalog", f"{arn}database/{database}"]
    table = request.get("TableName") or _name_in(request, "TableInput") or request.get("Name")
    if name.endswith("Tables"):
        table = "*"
    if table and not name.endswith("Database"):
        resources.append(f"{arn}table/{database}/{table}")
    return resources


def denied_glue_resource(name: str, request: dict[str, Any], headers: dict[str, str], query: Any) -> Any:
    """Ministack's denial for the first ARN, above the narrowest, that the caller's policies do not allow, or None."""
    from ministack.core.iam_actions import access_denied_response
    from ministack.core.iam_evaluator import enforce
    from ministack.core.responses import get_account_id, get_region
    from ministack.core.router import extract_access_key_id

    key = extract_access_key_id(headers, query)
    for arn in glue_resources(name, request, get_region(), get_account_id())[:-1]:
        denied = enforce(key, f"glue:{name}", "glue", get_region(), resource_arn=arn)
        if denied:
            return access_denied_response(
                "glue",
                f"glue:{name}",
                denied.principal_arn,
                "",
                headers=headers,
                resource_arn=arn,
                explicit_deny=denied.decision == "Deny",
            )
    return None
