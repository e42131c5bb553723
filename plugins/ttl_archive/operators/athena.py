"""Runs one templated ``.sql`` file on Athena, deferred, with failures told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.common.compat.sdk import AirflowException
from botocore.exceptions import ClientError

from ttl_archive.months import parse_period
from ttl_archive.queries import failure, not_started
from ttl_archive.translation import explained

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ttl_archive.errors import QueryFailed


class AthenaFileOperator(AthenaOperator):
    """``AthenaOperator`` for a ``.sql`` file whose variables are ``sql_variables``.

    The stock operator has no field for a month decided at run time; here ``sql_variables`` is rendered first and the
    file is rendered with it. What is under ``opened`` (what ``open_generation`` returns) stands beside the others;
    ``month`` (text such as ``2025-03``) becomes a ``Month``, and ``previous_month`` is added; likewise ``quarter``.

    :param sql_variables: what the file may use, besides nothing else of the archive's. (templated)
    :param section: the name shown for a mapped task. (templated)
    :return: the query execution id.
    :raises QueryRejected: if Athena failed the statement and a retry can't help.
    :raises QueryInterrupted: if a retry can help.
    :raises CallFailed: if Athena didn't even take the statement, or a call about it failed.
    """

    template_fields: Sequence[str] = ("sql_variables", "section", *AthenaOperator.template_fields)

    def __init__(self, *, sql_variables: dict[str, Any], section: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sql_variables = sql_variables
        self.section = section

    def render_template(self, content: Any, context: Context, *args: Any, **kwargs: Any) -> Any:
        """Render the file with the archive's variables on top of Airflow's own."""
        if content is not self.sql_variables and isinstance(content, str):
            context = {**context, **with_months(self.sql_variables)}  # type: ignore[typeddict-item]
        return super().render_template(content, context, *args, **kwargs)

    @explained
    def execute(self, context: Context) -> str | None:
        """Start the query; when not deferrable, wait for it too."""
        try:
            return super().execute(context)
        except ClientError as error:
            if self.query_execution_id is None:
                raise not_started(error, self._request(), self.task_id, self._client) from error
            raise
        except AirflowException as error:
            if self.query_execution_id is None:
                raise
            raise self._failure(self.query_execution_id) from error

    @explained
    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Return the id of a query that succeeded; stop one that timed out, and explain one that failed."""
        if event and event.get("status") == "success":
            return super().execute_complete(context, event)
        query_execution_id = (event or {}).get("value")
        if not query_execution_id:
            return super().execute_complete(context, event)
        raise self._failure(query_execution_id)

    def _failure(self, query_execution_id: str) -> QueryFailed:
        return failure(self.hook.get_conn(), query_execution_id, self.task_id, self._client)

    def _request(self) -> dict[str, Any]:
        """What was asked of Athena, in the words of a query execution."""
        return {
            "Query": self.query,
            "WorkGroup": self.workgroup,
            "QueryExecutionContext": {"Database": self.database},
            "ResultConfiguration": {"OutputLocation": self.output_location or ""},
        }

    def _client(self, service: str) -> Any:
        """A client under the identity that started the query, for the probes."""
        return AwsGenericHook(
            aws_conn_id=self.aws_conn_id, region_name=self.region_name, verify=self.verify, client_type=service
        ).get_conn()


def statements_of(context: Context) -> dict[str, Any]:
    """Execution ids of the statements that the run started, by their tasks: a list where mapped, None where skipped.

    Those of mapped operators are left out.
    """
    statements = [task.task_id for task in context["dag"].tasks if isinstance(task, AthenaFileOperator)]
    return {name: context["ti"].xcom_pull(task_ids=name) for name in statements}


def with_months(variables: dict[str, Any]) -> dict[str, Any]:
    """The variables with those of ``opened``; a ``month`` or ``quarter`` becomes one, and has its previous one."""
    opened = variables.get("opened")
    if isinstance(opened, dict):  # while the variables are rendered themselves, it is still to come
        variables = {**variables, **opened}
    for name in ("month", "quarter"):
        if isinstance(variables.get(name), str):
            period = parse_period(variables[name], variables.get("timezone", "UTC"))
            variables = {**variables, name: period, f"previous_{name}": period.previous}
    return variables
