"""What a statement needed, tried one by one under the role that it failed under.

Athena often hides which permission is missing, or that a table is gone. The probes ask for the same things through the
APIs, which say so. They change nothing: what can only be tried by changing something is told as not tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from ttl_archive.catalog import denied
from ttl_archive.diagnosis import grant, lacking
from ttl_archive.objects import error_code, is_missing, is_precondition_failed

Outcome = Literal["allowed", "denied", "missing", "failed", "not tried"]

# The table that DDL and INSERT name: after INTO or TABLE [IF NOT EXISTS], each part bare or quoted.
_PART = r"[\"`]?([A-Za-z0-9_]+)[\"`]?"
_TABLE = re.compile(
    rf"\b(?:INTO|TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?|REPAIR\s+TABLE)\s+{_PART}(?:\s*\.\s*{_PART})?", re.I
)
# The query of a statement: all of it, or what UNLOAD, INSERT or CREATE TABLE AS writes.
_QUERY = re.compile(
    r"^\s*(?:UNLOAD\s*\((?=.*\)\s*TO\s+')|INSERT\s+INTO\s+\S+\s+|CREATE\s+(?:TABLE|VIEW)\b.*?\bAS\s+)?"
    r"\s*(?P<query>(?:SELECT|WITH|VALUES)\b.*?)(?:\)\s*TO\s+'.*)?$",
    re.I | re.S,
)
_LITERAL = re.compile(r"\b([a-z_][a-z0-9_]*)\"?\s*=\s*'([^']*)'", re.I)
_UNLOAD_TO = re.compile(r"\)\s*TO\s+'s3://([^'/]+)/([^']*)'", re.I)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.S)
_DDL = re.compile(r"\s*(CREATE|ALTER|DROP|MSCK|SHOW|DESCRIBE)\b", re.I)


@dataclass(frozen=True)
class Probe:
    """One thing a statement needs, and what AWS said when it was tried."""

    action: str
    resource: str
    outcome: Outcome
    words: str = ""

    def __str__(self) -> str:
        return f"probe {self.action} on {self.resource}: {self.outcome}{f' ({self.words})' if self.words else ''}"

    @property
    def next_step(self) -> str | None:
        """What mends it, if it is what is wrong."""
        if self.outcome == "denied":
            return grant(self.action, self.resource)
        if self.outcome == "missing":
            return f"{self.resource} doesn't exist in this region and account: {self.words}"
        return None


def probe(execution: Any, clients: Callable[[str], Any]) -> list[Probe]:
    """Try what a query execution needed.

    :param execution: as GetQueryExecution gives it.
    :param clients: a client of a service, under the identity that started the query.
    :return: every probe, in the order of the statement's own needs.
    """
    statement = _COMMENT.sub(" ", execution.get("Query", ""))
    prober = _Prober(clients, execution.get("QueryExecutionContext", {}).get("Database") or "default")
    found = [prober.workgroup(execution.get("WorkGroup") or "primary")]
    found += prober.databases(statement)
    for database, table in tables(statement, prober.database):
        found += prober.table(database, table, statement)
    output = execution.get("ResultConfiguration", {})
    found += prober.place("results", output.get("OutputLocation", ""), writes=True)
    key = output.get("EncryptionConfiguration", {}).get("KmsKey")
    if key:
        found.append(prober.key(key))
    target = _UNLOAD_TO.search(statement)
    if target:
        found += prober.place("UNLOAD", f"s3://{target[1]}/{target[2]}", writes=True)
    return found


def tables(statement: str, database: str) -> list[tuple[str, str]]:
    """The database and table of each table that a statement names, each once; not its common table expressions."""
    import sqlglot  # only what has failed pays for it
    from sqlglot.errors import SqlglotError

    from ttl_archive.report.partition_filter import tables_named

    found: list[tuple[str, str]] = []
    query = _QUERY.search(statement)
    if query:
        try:
            tree = sqlglot.parse_one(query["query"], read="athena")
            found = [(one.db.lower() or database, one.name.lower()) for one in tables_named(tree)]
        except SqlglotError:
            return []  # what Athena couldn't parse either
        statement = statement[: query.start("query")]
    for first, second in _TABLE.findall(statement):
        found.append((first.lower(), second.lower()) if second else (database, first.lower()))
    return list(dict.fromkeys(found))


class _Prober:
    """The clients, and the names that an ARN needs."""

    def __init__(self, clients: Callable[[str], Any], database: str) -> None:
        self._clients = clients
        self.database = database
        glue = clients("glue")
        self._partition, self._region = glue.meta.partition, glue.meta.region_name
        try:
            self._account = clients("sts").get_caller_identity()["Account"]  # needs no permission
        except (ClientError, BotoCoreError):
            self._account = "*"

    def _arn(self, service: str, resource: str) -> str:
        place = ":" if service == "s3" else f"{self._region}:{self._account}"
        return f"arn:{self._partition}:{service}:{place}:{resource}"

    def _try(
        self, action: str, resource: str, call: Callable[[], Any], fine: Callable[[Exception], bool]
    ) -> tuple[Any, Probe]:
        """The call's answer, and the probe; AWS's own words outrank what we think is missing."""
        try:
            return call(), Probe(action, resource, "allowed")
        except ClientError as error:
            if fine(error):
                return None, Probe(action, resource, "allowed")
            told = lacking(str(error))
            if denied(error):
                # HeadObject has no words, and a missing key permission is told by the action.
                action, named = (told[0], told[1] or resource) if told else (action, resource)
                return None, Probe(action, named, "denied", _first_sentence(error))
            missing = error_code(error) in (
                "EntityNotFoundException",
                "NoSuchBucket",
                "NotFoundException",
            ) or is_missing(error)
            return None, Probe(action, resource, "missing" if missing else "failed", _first_sentence(error))
        except BotoCoreError as error:
            return None, Probe(action, resource, "failed", str(error))

    def workgroup(self, name: str) -> Probe:
        """The workgroup is there, and enabled."""
        resource = self._arn("athena", f"workgroup/{name}")
        answer, found = self._try(
            "athena:GetWorkGroup", resource, lambda: self._clients("athena").get_work_group(WorkGroup=name), _never
        )
        if answer and answer["WorkGroup"].get("State", "ENABLED") != "ENABLED":
            return Probe(found.action, resource, "failed", "the workgroup is disabled: enable it")
        return found

    def databases(self, statement: str) -> Iterator[Probe]:
        """The statement's database; before DDL Athena also looks the default one up, which needn't be there."""
        glue = self._clients("glue")
        for name in dict.fromkeys([self.database, *(["default"] if _DDL.match(statement) else [])]):
            _, found = self._try(
                "glue:GetDatabase",
                self._arn("glue", f"database/{name}"),
                lambda name=name: glue.get_database(Name=name),  # type: ignore[misc]
                (lambda error: error_code(error) == "EntityNotFoundException") if name == "default" else _never,
            )
            yield found

    def table(self, database: str, name: str, statement: str) -> Iterator[Probe]:
        """The table, its partitions and where they lie; what creates or changes it isn't tried."""
        glue, resource = self._clients("glue"), self._arn("glue", f"table/{database}/{name}")
        creates = re.match(r"\s*CREATE\b", statement, re.I)
        answer, found = self._try(
            "glue:GetTable",
            resource,
            lambda: glue.get_table(DatabaseName=database, Name=name),
            (lambda error: error_code(error) == "EntityNotFoundException") if creates else _never,
        )
        yield found
        if creates:
            yield Probe("glue:CreateTable", resource, "not tried", "trying it would create a table")
        table = answer["Table"] if answer else {}
        keys = [key["Name"] for key in table.get("PartitionKeys", [])]
        locations = [table.get("StorageDescriptor", {}).get("Location", "")]
        if keys:
            expression = " AND ".join(
                f"{key}='{value}'" for key, value in dict(_LITERAL.findall(statement)).items() if key.lower() in keys
            )
            answer, found = self._try(
                "glue:GetPartitions",
                resource,
                lambda: glue.get_partitions(
                    DatabaseName=database,
                    TableName=name,
                    MaxResults=5,
                    **({"Expression": expression} if expression else {}),
                ),
                _never,
            )
            yield found
            parts = answer["Partitions"] if answer else []
            locations += [one["StorageDescriptor"].get("Location", "") for one in parts]
        if re.match(r"\s*(ALTER\s+TABLE\b.*\bADD\b|MSCK\b)", statement, re.I | re.S):
            yield self._try(
                "glue:BatchCreatePartition",
                resource,
                lambda: glue.batch_create_partition(DatabaseName=database, TableName=name, PartitionInputList=[]),
                lambda error: not denied(error),
            )[1]
        for location in dict.fromkeys(filter(None, locations[-2:])):
            yield from self.place("data", location, writes=False)

    def key(self, name: str) -> Probe:
        """The key that encrypts the results, tried without making one of its data keys.

        https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html
        """
        resource = name if name.startswith("arn:") else self._arn("kms", name if "/" in name else f"key/{name}")
        return self._try(
            "kms:GenerateDataKey",
            resource,
            lambda: self._clients("kms").generate_data_key(KeyId=name, KeySpec="AES_256", DryRun=True),
            lambda error: error_code(error) == "DryRunOperationException",
        )[1]

    def place(self, what: str, location: str, *, writes: bool) -> Iterator[Probe]:
        """A folder in S3: its bucket, listing, reading an object, and writing one that can't come to be."""
        bucket, _, key = location.removeprefix("s3://").partition("/")
        if not bucket:
            return
        s3, arn = self._clients("s3"), self._arn("s3", bucket)
        if writes:
            yield self._try("s3:GetBucketLocation", arn, lambda: s3.get_bucket_location(Bucket=bucket), _never)[1]
        answer, listed = self._try(
            "s3:ListBucket", arn, lambda: s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1), _never
        )
        yield listed
        if listed.outcome != "allowed":  # without ListBucket, S3 says "denied" of a key that isn't there
            return
        first = next((one["Key"] for one in (answer or {}).get("Contents", [])), None)
        tried = first or f"{key}probe"
        yield self._try(
            "s3:GetObject",
            f"{arn}/{key if key.endswith('/') or not key else tried}{'*' if key.endswith('/') else ''}",
            lambda: s3.get_object(Bucket=bucket, Key=tried, Range="bytes=0-0")["Body"].close(),
            lambda error: is_missing(error) or error_code(error) == "InvalidRange",
        )[1]
        if writes:
            folder = key if key.endswith("/") else f"{key.rpartition('/')[0]}/"
            yield self._try(
                "s3:PutObject",
                f"{arn}/{folder}*",
                # Never succeeds, whatever is there: no object has this ETag.
                lambda: s3.put_object(Bucket=bucket, Key=f"{folder}probe", Body=b"", IfMatch=f'"{what}"'),
                lambda error: is_missing(error) or is_precondition_failed(error),
            )[1]


def _never(error: Exception) -> bool:
    del error
    return False


def _first_sentence(error: ClientError) -> str:
    return str(error).partition("operation: ")[2][:300] or str(error)[:300]
