"""`python accept.py --project NAME --url URL`: what a running stack of docker-compose.yaml must do, seen from outside.

Logs in, triggers the DAG of a month through the REST API, sees it succeed on Celery workers with its report in S3, runs
it again, kills a worker's container while it exports a segment, and sees that run end right too. Standard library only.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

Value = TypeVar("Value")
DAG = "monthly_archive_usage_logs"


class Refused(Exception):
    """The stack did something else than it must."""


class _Say:
    """Says one line with the seconds since the start."""

    started = time.monotonic()

    def __call__(self, text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self.started:5.0f} s  {text}\n")
        sys.stdout.flush()


say = _Say()


class Api:
    """Airflow's REST API under a user's token."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json"}
        token = self.post("/auth/token", {"username": user, "password": password})["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        """The answer's JSON."""
        return self._send("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer's JSON."""
        return self._send("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """The answer's JSON."""
        return self._send("PATCH", path, body)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, self._headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise Refused(f"{method} {path}: {error.code} {error.read().decode()[:500]}") from error


def docker(*arguments: str) -> str:
    """What a docker command prints."""
    done = subprocess.run(["docker", *arguments], text=True, capture_output=True, timeout=120, check=False)
    if done.returncode:
        raise Refused(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def wait_for(what: str, look: Callable[[], Value | None], seconds: float, every: float = 3) -> Value:
    """Look until there is something to see; a line every half minute says what is waited for."""
    started = said = time.monotonic()
    while time.monotonic() - started < seconds:
        if (seen := look()) is not None:
            return seen
        if time.monotonic() - said > 30:
            say(f"  still waiting for {what}")
            said = time.monotonic()
        time.sleep(every)
    raise Refused(f"{what}: not within {seconds:.0f} s")


class Stack:
    """The running stack: its API, its workers' containers, and what is in its S3."""

    def __init__(self, project: str, url: str) -> None:
        self._project = project
        self.api = Api(url, "admin", os.environ["AIRFLOW_ADMIN_PASSWORD"])

    def containers(self, service: str) -> set[str]:
        """The ids of a service's running containers; a container's host name, which Airflow knows it by, is its id."""
        labels = {"com.docker.compose.project": self._project, "com.docker.compose.service": service}
        filters = [part for name, value in labels.items() for part in ("--filter", f"label={name}={value}")]
        return set(docker("ps", *filters, "--format", "{{.ID}}").split())

    def run(self, run_id: str) -> dict[str, Any]:
        """A run as the API tells it."""
        answer: dict[str, Any] = self.api.get(f"/api/v2/dags/{DAG}/dagRuns/{urllib.parse.quote(run_id)}")
        return answer

    def tasks(self, run_id: str) -> list[dict[str, Any]]:
        """The run's task instances."""
        path = f"/api/v2/dags/{DAG}/dagRuns/{urllib.parse.quote(run_id)}/taskInstances?limit=200"
        return list(self.api.get(path)["task_instances"])

    def trigger(self, month: str) -> str:
        """The new run's id."""
        body = {"logical_date": None, "conf": {"month": month}}
        return str(self.api.post(f"/api/v2/dags/{DAG}/dagRuns", body)["dag_run_id"])

    def ended(self, run_id: str, seconds: float) -> None:
        """Wait until the run has succeeded.

        :raises Refused: if it fails, naming the tasks that did.
        """

        def state() -> str | None:
            found = str(self.run(run_id)["state"])
            return found if found in ("success", "failed") else None

        if wait_for(f"the end of {run_id}", state, seconds) != "success":
            failed = [each["task_display_name"] for each in self.tasks(run_id) if each["state"] == "failed"]
            raise Refused(f"{run_id} failed in {failed}")

    def report(self, month: str) -> dict[str, Any]:
        """The published report's JSON, as it lies in S3."""
        script = (
            'eval "$(local_aws/container.sh exports | sed s#http://aws:#http://127.0.0.1:#)"; '
            f".venv/bin/python -m ttl_archive.fetch_report usage_logs --month {month} --to /tmp/report >&2; "
            "cat /tmp/report/report.json"
        )
        report: dict[str, Any] = json.loads(docker("exec", *self.containers("aws"), "bash", "-euc", script))
        counts = report["counts"]
        if not counts["archived"] == counts["athena"] > 0:
            raise Refused(f"the report of {month} counts {counts}")
        return report


def on_workers(stack: Stack, run_id: str, workers: set[str]) -> None:
    """Say where the run's tasks ran.

    :raises Refused: if one ran elsewhere than in the workers' containers.
    """
    places = Counter(each["hostname"] for each in stack.tasks(run_id) if each["hostname"])
    if not places or set(places) - workers:
        raise Refused(f"{run_id}: tasks ran on {dict(places)}; the workers are {sorted(workers)}")
    say("  its tasks ran on " + " and ".join(f"worker {name} ({count})" for name, count in sorted(places.items())))


def told(report: dict[str, Any]) -> str:
    """A report in one line."""
    counts, certificate = report["counts"], report["certificate"]
    return (
        f"{counts['archived']:,} items archived, {counts['athena']:,} counted by Athena, "
        f"safe to expire: {certificate['safe_to_expire']}, {len(report['sections'])} sections"
    )


def kill_while_exporting(stack: Stack, run_id: str) -> dict[str, Any]:
    """Kill the container of a worker that is exporting a segment of the run; return the killed task instance."""

    def exporting() -> dict[str, Any] | None:
        found = (each for each in stack.tasks(run_id) if each["task_id"] == "archive.export_segment")
        return next((each for each in found if each["state"] == "running" and each["hostname"]), None)

    task = wait_for("a running export_segment", exporting, 300, every=0.5)
    docker("kill", task["hostname"])
    return task


def accept(stack: Stack, month: str) -> None:
    """The whole story.

    :raises Refused: at the first thing that isn't as it must be.
    """
    workers = stack.containers("worker")
    say(f"workers: {' '.join(sorted(workers))}")

    def parsed() -> list[str] | None:
        if errors := stack.api.get("/api/v2/importErrors")["import_errors"]:
            raise Refused(f"import errors: {errors}")
        dags = [each["dag_id"] for each in stack.api.get("/api/v2/dags")["dags"]]
        return dags if DAG in dags else None

    say(f"DAGs without an import error: {' '.join(wait_for('the DAGs', parsed, 120))}")

    first = stack.trigger(month)
    stack.api.patch(f"/api/v2/dags/{DAG}", {"is_paused": False})
    say(f"triggered {first} with month {month}, and unpaused the DAG, which starts its scheduled run too")
    stack.ended(first, 900)
    on_workers(stack, first, workers)
    report = stack.report(month)
    say(f"success; the report in S3: {told(report)}")

    second = stack.trigger(month)
    say(f"triggered {second}")
    killed = kill_while_exporting(stack, second)
    name = f"{killed['task_id']}[{killed['map_index']}]"
    say(f"killed worker {killed['hostname']} while it ran {name}, try {killed['try_number']}")
    stack.ended(second, 1200)
    on_workers(stack, second, workers)
    again = next(
        each
        for each in stack.tasks(second)
        if (each["task_id"], each["map_index"]) == (killed["task_id"], killed["map_index"])
    )
    if again["try_number"] <= killed["try_number"] or again["hostname"] == killed["hostname"]:
        raise Refused(f"{name} was not tried again elsewhere: {again}")
    say(f"{name} succeeded at try {again['try_number']} on worker {again['hostname']}")
    republished = stack.report(month)
    if republished["counts"] != report["counts"]:
        raise Refused(f"the counts differ: {report['counts']}, then {republished['counts']}")
    say(f"success; the report in S3: {told(republished)}")


def main() -> int:
    """Exit code 1: the stack did something else than it must."""
    parser = argparse.ArgumentParser(description="Accept a running stack of docker-compose.yaml.")
    parser.add_argument("--project", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--elapsed", type=int, default=0, help="seconds that have passed already, for the lines' clock")
    arguments = parser.parse_args()
    say.started -= arguments.elapsed
    last_month = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    try:
        accept(Stack(arguments.project, arguments.url), f"{last_month:%Y-%m}")
    except Refused as error:
        say(f"REFUSED: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
