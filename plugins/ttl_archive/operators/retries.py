"""Which failures a retry may mend."""

from __future__ import annotations

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

# The first rule that matches wins. RETRY rules leave retry_delay unset, which keeps the task's exponential backoff.
retry_policy = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception="ttl_archive.errors.QueryInterrupted", action=RetryAction.RETRY),
        RetryRule(exception="ttl_archive.errors.MonthBusy", action=RetryAction.RETRY),
        RetryRule(exception="ttl_archive.errors.ExportInterrupted", action=RetryAction.RETRY),
        RetryRule(
            exception="ttl_archive.errors.ArchiveError",
            action=RetryAction.FAIL,
            reason="the same input fails in the same way: see the message for the next step",
        ),
    ],
)
