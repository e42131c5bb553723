"""Runs an UNLOAD into a folder that nothing else ever writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ttl_archive.operators.athena import AthenaFileOperator, with_months

if TYPE_CHECKING:
    from airflow.sdk import Context


class UnloadOperator(AthenaFileOperator):
    """``AthenaFileOperator`` whose file may use ``folder``, another one in each try.

    UNLOAD wants an empty folder, leaves what it has written when it fails, and goes on writing when the worker that
    started it dies (https://docs.aws.amazon.com/athena/latest/ug/unload.html), so a retry must not share its folder.

    Its name is the variable ``stem`` with the number of the try.

    :return: the query execution id; the XCom ``folder`` is the folder's name.
    """

    def render_template(self, content: Any, context: Context, *args: Any, **kwargs: Any) -> Any:
        """Render the file with the folder of this try."""
        if content is not self.sql_variables:
            context = {**context, "folder": self._folder(context)}  # type: ignore[typeddict-unknown-key]
        return super().render_template(content, context, *args, **kwargs)

    def execute(self, context: Context) -> str | None:
        """Tell the folder, and start the query."""
        context["ti"].xcom_push("folder", self._folder(context))
        return super().execute(context)

    def _folder(self, context: Context) -> str:
        return f"{with_months(self.sql_variables).get('stem')}-{context['ti'].try_number}"
