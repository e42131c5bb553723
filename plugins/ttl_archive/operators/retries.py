"""Which failures a retry may mend."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from ttl_archive.translation import translate

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.definitions.retry_policy import RetryDecision

log = logging.getLogger(__name__)


class ExplainedRetryPolicy(ExceptionRetryPolicy):
    """Rules for our own errors, also where botocore or a provider raised another exception that means one of them."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Decide by what the exception means; the log then ends with the explanation."""
        meant = translate(exception)
        if meant is not None and meant is not exception:
            log.error("%s: %s", type(meant).__name__, meant)
        return super().evaluate(meant or exception, try_number, max_tries, context)


# The first rule that matches wins. RETRY rules leave retry_delay unset, which keeps the task's exponential backoff.
retry_policy = ExplainedRetryPolicy(
    rules=[
        RetryRule(
            exception=[
                "ttl_archive.errors.QueryInterrupted",
                "ttl_archive.errors.CallInterrupted",
                "ttl_archive.errors.MonthBusy",
                "ttl_archive.errors.ExportInterrupted",
                "ttl_archive.errors.DeliveryFailed",
            ],
            action=RetryAction.RETRY,
        ),
        RetryRule(
            exception="ttl_archive.errors.ArchiveError",
            action=RetryAction.FAIL,
            reason="the same input fails in the same way: see the message for the next step",
        ),
        # The triggerer died, was overloaded, or a trigger broke: a retry defers anew.
        RetryRule(
            exception=["airflow.sdk.exceptions.TaskDeferralError", "airflow.sdk.exceptions.TaskDeferralTimeout"],
            action=RetryAction.RETRY,
        ),
    ],
)
