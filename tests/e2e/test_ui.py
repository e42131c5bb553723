"""The report's page in Airflow's API server, which asks who is there."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.conftest import _free_port
from tests.e2e.deployment import Deployment

pytestmark = pytest.mark.xdist_group("e2e-late")


@dataclass(frozen=True)
class Server:
    """A running API server with a user who may only look."""

    url: str
    token: str

    def get(self, path: str, token: str | None = None, cookie: str | None = None) -> tuple[int, bytes, dict[str, str]]:
        headers = {"Authorization": f"Bearer {token}"} if token else {"Cookie": f"_token={cookie}"} if cookie else {}
        return _answer(urllib.request.Request(f"{self.url}{path}", headers=headers))  # noqa: S310 - http, loopback


def _answer(request: urllib.request.Request) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


@pytest.fixture(scope="module")
def server(dev: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("ui"), _free_port()
    (folder / "passwords.json").write_text(json.dumps({"looker": "secret-of-looker"}))
    environment = {
        **dev.environment,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "looker:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
    }
    command = [REPOSITORY / ".venv/bin/airflow", "api-server", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        _await(url, process, folder / "log")
        login = json.dumps({"username": "looker", "password": "secret-of-looker"}).encode()
        status, body, _ = _answer(
            urllib.request.Request(f"{url}/auth/token", login, {"Content-Type": "application/json"})  # noqa: S310
        )
        assert status == 201, body
        yield Server(url, json.loads(body)["access_token"])
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/api/v2/version", timeout=2).close()  # noqa: S310
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"the API server didn't start:\n{log.read_text()[-3000:]}")


def test_the_report_opens_for_whoever_may_see_the_dag(server: Server, dev: Deployment) -> None:
    html = "<!DOCTYPE html><title>Usage, März 2025</title>".encode()
    dev.admin().s3.put_object(Bucket=dev.results_bucket, Key="reports/usage_logs/2025-03/report.html", Body=html)
    page = "/ttl-archive/dags/monthly_archive_usage_logs/reports/2025-03"
    for given in ({"token": server.token}, {"cookie": server.token}):
        status, body, headers = server.get(page, **given)
        assert (status, body) == (200, html)
        assert "sandbox" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert headers["cache-control"] == "no-store"
    assert server.get(page)[0] == 401
    assert server.get(page, token="forged")[0] == 403


def test_nothing_but_reports_of_the_dag_is_there(server: Server) -> None:
    def status(dag_id: str, period: str) -> int:
        return server.get(f"/ttl-archive/dags/{dag_id}/reports/{period}", token=server.token)[0]

    assert status("monthly_archive_usage_logs", "1999-01") == 404
    assert status("quarterly_report_usage_logs", "1999-Q1") == 404
    assert status("monthly_archive_usage_logs", "..%2F..%2Fathena") == 404
    assert status("archive_watch", "2025-03") == 404
    assert status("usage_logs", "2025-03") == 404
    assert server.get("/ttl-archive/docs", token=server.token)[0] == 404
    assert server.get("/ttl-archive/openapi.json", token=server.token)[0] == 404
