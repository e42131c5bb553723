"""What StartQueryExecution takes: a request and its work group, checked before there is an execution.

https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
"""

import re
from dataclasses import dataclass
from typing import Any

from local_aws.athena.errors import InvalidRequest, QueryFailed
from local_aws.athena.executions import ENGINE, ApiError, Ask, Caller, invalid
from local_aws.athena.parameters import WITH_PARAMETERS, bind_statement
from local_aws.athena.parsing import parse
from local_aws.athena.statements import Statement, blanked, classify

# The members of an EncryptionConfiguration by its option: https://docs.aws.amazon.com/athena/latest/APIReference/API_EncryptionConfiguration.html
_BUCKET = "[a-z0-9][a-z0-9._-]{1,253}[a-z0-9]"
_NEEDS_KEY = {"SSE_S3": False, "SSE_KMS": True, "CSE_KMS": True}


@dataclass(frozen=True)
class Submission:
    """A request that was taken; `results` is the ResultConfiguration in force, `failure` how it will end."""

    statement: Statement
    group: str
    results: dict[str, Any]
    enforced: bool
    context: dict[str, str]
    cutoff: int | None
    engine: dict[str, str]
    failure: QueryFailed | None


def take(request: dict[str, Any], caller: Caller, ask: Ask) -> Submission:
    """An ApiError for what Athena would not start."""
    sql = request.get("QueryString") or ""
    group = request.get("WorkGroup") or "primary"
    workgroup = find_workgroup(group, ask)
    if workgroup.get("State") == "DISABLED":
        raise invalid(f"WorkGroup {group} is disabled.")
    settings = workgroup.get("Configuration") or {}
    own, theirs = request.get("ResultConfiguration") or {}, settings.get("ResultConfiguration") or {}
    check_results(own)
    enforced = bool(settings.get("EnforceWorkGroupConfiguration", True) and theirs.get("OutputLocation"))
    # https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
    chosen = theirs if enforced or not own else own
    location = chosen.get("OutputLocation") or theirs.get("OutputLocation")
    if not location:
        raise invalid(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    if (owner := chosen.get("ExpectedBucketOwner", caller.account)) != caller.account:
        raise invalid(f"Access denied: the bucket of {location} does not belong to the expected owner {owner}")
    context = {key: value for key, value in (request.get("QueryExecutionContext") or {}).items() if value}
    if "Database" in context:
        context["Database"] = context["Database"].strip("`")  # awswrangler sends them
    if context.get("Catalog", "awsdatacatalog").lower() not in ("awsdatacatalog", "hive"):
        raise invalid(f"Catalog {context['Catalog']} was not found; the local Athena has only AwsDataCatalog")
    # CloudFormation writes its numbers as text.
    cutoff = int(settings["BytesScannedCutoffPerQuery"]) if settings.get("BytesScannedCutoffPerQuery") else None
    statement, failure = _statement(sql, request.get("ExecutionParameters") or [], group, ask)
    engine = {**ENGINE, **(settings.get("EngineVersion") or {})}
    results = {**chosen, "OutputLocation": location}
    return Submission(statement, group, results, enforced, context, cutoff, engine, failure)


def _statement(sql: str, values: list[str], group: str, ask: Ask) -> tuple[Statement, QueryFailed | None]:
    try:
        if values and classify(sql).kind not in (*WITH_PARAMETERS, "EXECUTE"):
            raise InvalidRequest(f"line 1:1: {classify(sql).substatement} statements take no parameters")
        statement = classify(bind_statement(sql, values, group, ask) or sql)
        if statement.kind == "SELECT":
            parse(statement.sql)
        elif statement.kind == "CREATE_VIEW" and (query := re.search(r"\sAS\s", statement.sql, re.IGNORECASE)):
            parse(blanked(statement.sql, query.end(), len(statement.sql)))
    except InvalidRequest as error:
        raise invalid(str(error), "MALFORMED_QUERY") from error
    except QueryFailed as error:
        return classify(sql), error
    return statement, None


def find_workgroup(name: str, ask: Ask) -> dict[str, Any]:
    try:
        found: dict[str, Any] = ask("GetWorkGroup", {"WorkGroup": name})["WorkGroup"]
    except ApiError:
        raise invalid(f"WorkGroup is not found. WorkGroup: {name}") from None
    return found


def check_results(results: dict[str, Any]) -> None:
    """An ApiError for a ResultConfiguration, or the changes to one, that Athena would not take."""
    if not re.match(rf"s3://{_BUCKET}(/|$)", results.get("OutputLocation") or "s3://none"):
        raise invalid("outputLocation is not a valid S3 path.")
    for member in results:
        if results.get(f"Remove{member}"):
            raise invalid(f"{member} and Remove{member} cannot be given together")
    if (encryption := results.get("EncryptionConfiguration")) is None:
        return
    option = encryption["EncryptionOption"]
    if option == "CSE_KMS":
        raise invalid("the local Athena does not support results that are encrypted by the client (CSE_KMS)")
    if _NEEDS_KEY[option] and not encryption.get("KmsKey"):
        raise invalid(f"KmsKey is required for the encryption option {option}")
