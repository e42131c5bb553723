"""An archive's declaration, ``include/archives/<name>.yaml``, validated.

>>> archive = load_archive(Path("include/archives/usage_logs.yaml"), {"TTL_ARCHIVE_BUCKET": "b", ...})
>>> archive.name, archive.source.timestamp.format
('usage_logs', 'iso8601')
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import yaml
from babel import localedata
from croniter import croniter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ttl_archive.channels import ConnectionId, Notify
from ttl_archive.errors import ConfigurationError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_AT_ONCE = 4  # segments that share a limit of read units: more would each wait longer, and finish no sooner
_SCALAR = r"string|boolean|tinyint|smallint|int|bigint|double|float|timestamp|date|decimal\(\d{1,2},\d{1,2}\)"
_TYPE = re.compile(rf"(?:{_SCALAR}|(?:array|map|struct)<.+>)")

AttributeName = Annotated[str, StringConstraints(min_length=1, max_length=255)]
# https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
CatalogName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,128}$")]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,63}$")]
# A text may stand inside quotes in a statement, and must not end them.
Parameter = bool | int | float | Annotated[str, StringConstraints(pattern=r"^[^'\"\\;\x00-\x1f]{0,255}$")]
TableName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_.-]{3,255}$")]


# It looks through the whole time zone database, which takes longer than all the rest of a file.
_timezones = cache(available_timezones)


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError(f"no such time zone: {name!r}; expected an IANA name such as Europe/Berlin")
    return name


def _known_locale(name: str) -> str:
    if not localedata.exists(name):
        raise ValueError(f"no such locale: {name!r}; expected a language, or a language and a country, such as pt_BR")
    return name


def _athena_type(text: str) -> str:
    if not _TYPE.fullmatch(text):
        raise ValueError(f"{text!r} is not a column type; expected string, bigint, double, array<string>, ...")
    return text


@cache
def _fires_once_a_month(cron: str) -> str:
    """Accept a cron that fires exactly once in each calendar month (of four years, to meet a leap day)."""
    if not croniter.is_valid(cron):
        raise ValueError(f"{cron!r} is not a cron expression; expected five fields such as '0 18 1 * *'")
    fires = croniter(cron, datetime(2023, 12, 31, 23, 59, tzinfo=UTC))
    for number in range(48):
        at = fires.get_next(datetime)
        if (at.year, at.month) != (2024 + number // 12, number % 12 + 1):
            raise ValueError(f"{cron!r} must fire exactly once in every calendar month, such as '0 18 1 * *'")
    return cron


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Timestamp(_Section):
    """The attribute that says which month an item belongs to."""

    attribute: AttributeName
    format: Literal["iso8601", "epoch_seconds", "epoch_millis"]


class Ttl(_Section):
    """The attribute DynamoDB's TTL deletes by, and how long after its timestamp an item lives."""

    attribute: AttributeName
    retention_days: int = Field(ge=1)


class Source(_Section):
    """The DynamoDB table."""

    table: TableName
    timestamp: Timestamp
    on_bad_timestamp: Literal["fail", "quarantine"] = "fail"
    ttl: Ttl
    segments: Literal["auto"] | Annotated[int, Field(ge=1, le=1000)] = "auto"
    max_read_units_per_second: Annotated[float, Field(gt=0)] | None = None
    consistent_read: bool = True
    refresh_days_before_expiry: Annotated[int, Field(ge=1)] | None = Field(
        3, description="Scan a published month once more, so many days before its first items may be deleted."
    )
    refresh_open_months: bool = Field(
        False, description="Publish late items of earlier, still open months too, found by the same scan."
    )

    @property
    def segments_at_once(self) -> int | None:
        """How many segments may run at once, over all runs, where there is a limit of read units to share."""
        if self.max_read_units_per_second is None:
            return None
        return _AT_ONCE if self.segments == "auto" else min(self.segments, _AT_ONCE)


class Destination(_Section):
    """Where the published months lie."""

    bucket: BucketName
    prefix: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9!*'().=-][A-Za-z0-9!_*'().=/-]*/)?$")] = Field(
        description="Ends with a slash; doesn't start with a slash or an underscore."
    )


class Catalog(_Section):
    """The Glue table of the published months."""

    database: CatalogName
    table: CatalogName
    parquet: bool = Field(
        True, description="Compact each published month into the table <table>_parquet, which the report reads."
    )


class Athena(_Section):
    """Where queries run."""

    workgroup: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9._-]{1,128}$")]
    results: Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9.-]{3,63}/(.*/)?$")]
    max_scan_bytes: int | None = Field(
        None, ge=1, description="A run whose queries would read more, by the manifests, is refused before it starts."
    )

    @property
    def results_bucket(self) -> str:
        """The bucket of ``results``."""
        return self.results.removeprefix("s3://").partition("/")[0]


class Column(_Section):
    """One column of the Glue table: the JSON Lines field ``field`` (by default the column's own name)."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
    type: Annotated[str, AfterValidator(_athena_type)]
    # Stands inside quotes in the table's DDL.
    field: Annotated[str, StringConstraints(pattern=r"^[^'\"\\;\x00-\x1f]{1,255}$")] | None = None

    @property
    def column_name(self) -> str:
        """The name in Glue, which lower-cases it."""
        return self.name.lower()


class Report(_Section):
    """The monthly report."""

    title: str
    locale: Annotated[str, AfterValidator(_known_locale)] = Field(
        "en", description="How numbers, dates and months are written, such as de or pt_BR; the text stays English."
    )
    parameters: dict[ParameterName, Parameter] = Field(
        {}, description="What the statements of the report may use as {{ parameters.name }}."
    )
    notify: Notify = Notify()


class Archive(_Section):
    """One archive; ``name`` is the stem of its file."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
    description: str
    source: Source
    destination: Destination
    catalog: Catalog
    athena: Athena
    columns: tuple[Column, ...] = Field(min_length=1)
    aws_conn_id: ConnectionId | None = Field(
        None, description="Airflow connection of the archive's own; without it, that of the settings."
    )
    schedule: Annotated[str, AfterValidator(_fires_once_a_month)] = "0 18 1 * *"
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "UTC"
    report: Report

    @model_validator(mode="after")
    def _consistent(self) -> Archive:
        names = [column.column_name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1} | ({"year", "month"} & set(names)))
        if twice:
            raise ValueError(f"columns: {', '.join(twice)} named twice (Glue ignores case; year and month are taken)")
        return self

    @property
    def dag_id(self) -> str:
        """``monthly_archive_<name>``."""
        return f"monthly_archive_{self.name}"

    @property
    def quarterly_dag_id(self) -> str:
        """``quarterly_report_<name>``."""
        return f"quarterly_report_{self.name}"


def load_archive(path: Path, environment: Mapping[str, str]) -> Archive:
    """Read and validate one archive's file.

    :param environment: where ``${NAME}`` is looked up.
    :raises ConfigurationError: naming the file and, for every problem, its line and key.
    """
    try:
        tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(tree, yaml.MappingNode):
        raise ConfigurationError(f"{path}:1: expected a mapping with description, source, destination, ...")
    problems: list[str] = []
    _interpolate(tree, environment, (), problems)
    values = yaml.constructor.SafeConstructor().construct_document(tree)
    if not problems:
        try:
            return Archive.model_validate({**values, "name": path.stem})
        except ValidationError as error:
            problems = [_explain(tree, problem) for problem in error.errors()]
    raise ConfigurationError("\n".join(f"{path}:{problem}" for problem in problems))


def archive_files(include_dir: Path) -> list[Path]:
    """The files of all archives, sorted by name."""
    return sorted((include_dir / "archives").glob("*.yaml"))


def load_archives(include_dir: Path, environment: Mapping[str, str]) -> list[Archive]:
    """Every archive of ``include/archives``, sorted by name.

    :raises ConfigurationError: for the first file with a problem, or if there is no archive at all.
    """
    files = archive_files(include_dir)
    if not files:
        raise ConfigurationError(f"{include_dir / 'archives'}: no archive found; expected at least one <name>.yaml")
    return [load_archive(path, environment) for path in files]


def find_archive(include_dir: Path, name: str, environment: Mapping[str, str]) -> Archive:
    """The archive of that name.

    :raises ConfigurationError: if there is none (the message lists those there are), or its file has a problem.
    """
    paths = {path.stem: path for path in archive_files(include_dir)}
    if name not in paths:
        raise ConfigurationError(
            f"unknown archive {name!r}: {include_dir / 'archives'} has {', '.join(paths) or 'none'}; "
            f"choose one of them or add {name}.yaml"
        )
    return load_archive(paths[name], environment)


def _interpolate(node: yaml.Node, environment: Mapping[str, str], path: tuple[str, ...], problems: list[str]) -> None:
    """Replace ``${NAME}`` in the scalars below a node, noting each unset name."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                problems.append(f"{key.start_mark.line + 1}: {'.'.join((*path, key.value))}: given twice")
            seen.add(key.value)
            _interpolate(value, environment, (*path, str(key.value)), problems)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _interpolate(value, environment, (*path, str(number)), problems)
    elif isinstance(node, yaml.ScalarNode):
        for name in _VARIABLE.findall(node.value):
            if name not in environment:
                problems.append(
                    f"{node.start_mark.line + 1}: {'.'.join(path)}: environment variable {name} is not set; "
                    f"export it, or let `make deploy` or `make local-aws` print it for you"
                )
        node.value = _VARIABLE.sub(lambda found: environment.get(found[1], ""), node.value)


def _explain(tree: yaml.Node, problem: Any) -> str:
    """``12: source.ttl.retention_days: Input should be ... (found 'x')`` for one of Pydantic's problems."""
    location = [part for part in problem["loc"] if not str(part).startswith(("constrained-", "literal["))]
    node = tree
    line = tree.start_mark.line
    for part in location:
        if isinstance(node, yaml.MappingNode):
            entry = next((pair for pair in node.value if pair[0].value == part), None)
            if entry is None:
                break
            line, node = entry[0].start_mark.line, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line
    key = ".".join(str(part) for part in location) or "archive"
    if problem["type"] == "extra_forbidden":
        return f"{line + 1}: {key}: unknown key; see include/archives/schema.json for the keys there are"
    message = problem["msg"].removeprefix("Value error, ")
    found = "" if problem["type"] in ("missing", "value_error") else f" (found {problem['input']!r})"
    return f"{line + 1}: {key}: {message}{found}"
