"""`python -m local_aws.check_sections`: every report section, run on empty tables as the embedded Athena would run it.

sqlglot, by which a deployment checks its sections, knows neither Athena's functions nor their types: IFNULL, or a date
compared with a number, passes. Here the embedded Athena resolves, types and plans each statement. What it refuses to
translate though Athena may well run it is told, and is no problem.
"""

import os
import re
import sys
from typing import Any

import duckdb
from botocore.exceptions import ClientError

from local_aws.athena.engine import Run
from local_aws.athena.errors import CannotTranslate, InvalidRequest, QueryFailed
from local_aws.athena.failures import duckdb_failure
from ttl_archive.catalog import report_variables
from ttl_archive.config import Archive, load_archives
from ttl_archive.errors import ConfigurationError
from ttl_archive.report.formats import is_number
from ttl_archive.report.sections import Section, load_sections
from ttl_archive.report.sql_rules import render_section, sample_variables
from ttl_archive.settings import settings

_LINE = re.compile(r"line (\d+):\d+")


class Anything(dict[str, str]):
    """An environment for the archives' YAML: a check of statements needs no deployment's names."""

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> Any:
        """The name's value, or a made-up one."""
        return super().get(name) or "example"


class EmptyCatalog:
    """Glue as the engine asks it, with the one table of an archive that its sections read."""

    def __init__(self, archive: Archive) -> None:
        self._database = archive.catalog.database
        self._name = report_variables(archive)["table"]
        self._columns = [{"Name": one.column_name, "Type": one.type} for one in archive.columns]

    def get_table(self, DatabaseName: str, Name: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """The table, if it is that one."""
        self.get_database(DatabaseName)
        if Name != self._name:
            raise _not_found("GetTable")
        keys = [{"Name": name, "Type": "string"} for name in ("year", "month")]
        return {"Table": {"Name": Name, "StorageDescriptor": {"Columns": self._columns}, "PartitionKeys": keys}}

    def get_database(self, Name: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """The database, if it is that one."""
        if Name != self._database:
            raise _not_found("GetDatabase")
        return {}


def _not_found(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "EntityNotFoundException", "Message": "not there"}}, operation)


def check_archive(archive: Archive, folder: str | None = None) -> tuple[list[str], list[str]]:
    """The problems of an archive's sections, and what couldn't be checked: each with file and line.

    :param folder: the sections of ``default``, as the archive would have them; by default its own.
    """
    include_dir = settings().include_dir
    problems, refused = [], []
    for kind in ("report", "quarterly"):
        for section in load_sections(include_dir, folder or archive.name, kind):
            path = include_dir / "sql" / section.template
            try:
                _run(archive, section, kind)
            except ConfigurationError as error:
                problems.append(str(error))
            except CannotTranslate as error:
                refused.append(f"{path}: not checked: {error}")
            except (QueryFailed, InvalidRequest) as error:
                line = _LINE.search(str(error))
                problems.append(f"{path}:{line[1] if line else 1}: {error}")
    return problems, refused


def _run(archive: Archive, section: Section, kind: str) -> None:
    """Plan the statement; its columns must be those that its chart asks for."""
    variables = {**sample_variables(kind=kind), **report_variables(archive)}
    statement = render_section(settings().include_dir, section, variables)
    with Run(EmptyCatalog(archive), None) as run:
        try:
            types = {name: kind for name, _, kind in run.describe(statement, archive.catalog.database)}
        except duckdb.Error as error:
            raise duckdb_failure(error) from error
    path, chart = settings().include_dir / "sql" / section.template, section.chart
    if missing := [name for name in chart.columns if name not in types]:
        raise ConfigurationError(f"{path}:1: the chart's {', '.join(missing)} is not among {', '.join(types)}")
    measures = [chart.previous, chart.value] if chart.kind == "heatmap" else [*chart.y, chart.previous]
    for name in filter(None, measures):
        if not is_number(types[name]):
            raise ConfigurationError(f"{path}:1: a {chart.kind} chart draws numbers; {name} is {types[name]}")


def main() -> int:
    """Check every archive; exit code 1 if a section has a problem."""
    try:
        archives = load_archives(settings().include_dir, Anything(os.environ))
        found = [check_archive(archive) for archive in archives]
        if (settings().include_dir / "sql/default").is_dir():
            found.append(check_archive(archives[0], "default"))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for problems, refused in found:
        sys.stderr.write("".join(f"{one}\n" for one in (*problems, *refused)))
    return int(any(problems for problems, _ in found))


if __name__ == "__main__":
    sys.exit(main())
