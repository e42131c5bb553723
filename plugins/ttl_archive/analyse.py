"""The tasks that run a report's sections on Athena."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.sensors.athena import AthenaSensor
from airflow.sdk import chain

from ttl_archive.config import Archive
from ttl_archive.dag_arguments import athena_arguments
from ttl_archive.operators.athena import AthenaFileOperator
from ttl_archive.report.sections import Section
from ttl_archive.settings import connection_of


def run_sections(archive: Archive, sections: list[Section], variables: dict[str, Any]) -> Any:
    """Run each section as a mapped task of its own name, and make sure that its query has succeeded.

    :param variables: what the sections' statements may use.
    :return: the operator ``run_section``, whose output are the execution ids in the sections' order.
    """
    run_section = AthenaFileOperator.partial(
        task_id="run_section",
        sql_variables=variables,
        map_index_template="{{ task.section }}",
        **athena_arguments(archive),
    ).expand_kwargs([{"query": section.template, "section": section.name} for section in sections])
    await_section = AthenaSensor.partial(
        task_id="await_section", max_retries=1, mode="reschedule", aws_conn_id=connection_of(archive)
    ).expand(query_execution_id=run_section.output)
    chain(run_section, await_section)
    return run_section
