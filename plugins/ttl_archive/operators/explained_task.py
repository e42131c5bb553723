"""Airflow's ``@task`` for functions that call AWS: what AWS fails is raised as an error of our tree.

from ttl_archive.operators.explained_task import task

@task
def append_columns(name: str) -> list[str]: ...

@task.branch
def choose_path(name: str) -> str: ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow.sdk import task as airflow_task

from ttl_archive.translation import explained


class _ExplainedTask:
    """``airflow.sdk.task`` with every function wrapped by ``explained``; used with and without arguments."""

    def __init__(self, decorator: Any) -> None:
        self._decorator = decorator

    def __call__(self, function: Callable[..., Any] | None = None, **kwargs: Any) -> Any:
        if function is None:
            return lambda given: self._decorator(**kwargs)(explained(given))
        return self._decorator(explained(function), **kwargs)

    def __getattr__(self, name: str) -> _ExplainedTask:
        return _ExplainedTask(getattr(self._decorator, name))


if TYPE_CHECKING:
    from airflow.sdk import task as task
else:
    task = _ExplainedTask(airflow_task)
