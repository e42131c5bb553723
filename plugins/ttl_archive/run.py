"""Runs an archive's DAG once, in this process: what ``make archive`` does.

    python -m ttl_archive.run usage_logs --month 2025-03

Progress goes to stderr, a line a task; everything the tasks log goes to a file. Exit codes: 0 when the run succeeded,
1 when it failed, 2 when the request was refused before anything started.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TextIO

from botocore.loaders import JSONFileLoader, Loader

from ttl_archive.config import Archive, find_archive
from ttl_archive.errors import ArchiveError, ConfigurationError
from ttl_archive.layout import report_prefix
from ttl_archive.months import resolve_month
from ttl_archive.prerequisites import sql_problems
from ttl_archive.settings import settings
from ttl_archive.translation import translate


def main() -> int:
    """Refuse what can be refused at once, then run the DAG."""
    arguments = _arguments()
    try:
        archive = find_archive(settings().include_dir, arguments.archive, os.environ)
        month = resolve_month(arguments.month, None, archive.timezone, datetime.now(UTC))
        if problems := sql_problems(archive):
            raise ConfigurationError("\n".join(problems))
    except ArchiveError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if arguments.check:
        return 0
    conf = {"month": str(month), "report_only": arguments.report_only, "accept_fewer": arguments.accept_fewer}
    home = Path(os.environ["AIRFLOW_HOME"])
    log_file = home / "logs" / f"{archive.dag_id}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with _output_to(log_file) as terminal:
        terminal.write(f"{archive.dag_id} {month}: starting Airflow, log in {log_file}\n")
        state = _run(archive, conf, terminal)
        report = f"; report in s3://{archive.athena.results_bucket}/{report_prefix(archive, month)}"
        terminal.write(f"{archive.dag_id} {month}: {state}{report if state == 'success' else ''}\n")
    return 0 if state == "success" else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ttl_archive.run", description="Run an archive's DAG once, in this process.")
    parser.add_argument("archive", help="file stem of include/archives/*.yaml")
    parser.add_argument("--month", help="YYYY-MM; default: the last complete month")
    parser.add_argument("--report-only", action="store_true", help="report a published month without reading the table")
    parser.add_argument("--accept-fewer", default="", metavar="REASON", help="why published items may be missing now")
    parser.add_argument("--check", action="store_true", help="only look whether the request is good; run nothing")
    return parser.parse_args()


@contextlib.contextmanager
def _output_to(log_file: Path) -> Iterator[TextIO]:
    """Send everything that this process and its libraries print to a file; yield the terminal."""
    terminal = os.fdopen(os.dup(2), "w", buffering=1)
    saved = os.dup(1), os.dup(2)
    with log_file.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)
            terminal.close()


def _run(archive: Archive, conf: dict[str, Any], terminal: TextIO) -> str:
    # Importing Airflow takes seconds and configures logging, so both wait until the request is known to be good.
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk.listener import get_listener_manager

    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    dag = bag.dags.get(archive.dag_id)
    if dag is None:
        errors = "\n".join(bag.import_errors.values()) or "no DAG file defines it"
        terminal.write(f"{archive.dag_id} can't be loaded: {errors}\n")
        return "not started"
    Loader.FILE_LOADER_CLASS = _ModelsReadOnce
    get_listener_manager().add_listener(_Progress(terminal))  # type: ignore[no-untyped-call]
    return str(dag.test(run_conf=conf).state.value)


class _ModelsReadOnce(JSONFileLoader):
    """Botocore's descriptions of services and endpoints, read once for all sessions of this process.

    Each hook of each task makes a session, and each session would parse 1.2 MB of endpoints again: a third of a run's
    time. Workers don't need this, since there a task has a process of its own.
    """

    _read: ClassVar[dict[str, Any]] = {}

    def load_file(self, file_path: str) -> Any:
        if file_path not in self._read:
            self._read[file_path] = super().load_file(file_path)
        return self._read[file_path]


class _Progress:
    """Writes a line for each task that ends; Airflow calls it by the names of its hooks."""

    def __init__(self, terminal: TextIO) -> None:
        from airflow.listeners import hookimpl

        self._terminal = terminal
        self._started: dict[Any, float] = {}
        for name in ("running", "success", "failed", "skipped"):
            hookimpl(getattr(type(self), f"on_task_instance_{name}"))

    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
        del previous_state
        self._started.setdefault(task_instance.id, time.monotonic())

    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        del previous_state
        self._line(task_instance, "done")

    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        del previous_state
        self._line(task_instance, "skipped")

    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        del previous_state
        meant = translate(error) if isinstance(error, BaseException) else None
        self._line(task_instance, f"failed: {meant or error}")

    def _line(self, task_instance: Any, outcome: str) -> None:
        name = task_instance.task_id
        if task_instance.map_index is not None and task_instance.map_index >= 0:
            name += f"[{task_instance.rendered_map_index or task_instance.map_index}]"
        seconds = time.monotonic() - self._started.get(task_instance.id, time.monotonic())
        self._terminal.write(f"  {name:<44} {seconds:6.1f} s  {outcome}\n")


if __name__ == "__main__":
    sys.exit(main())
