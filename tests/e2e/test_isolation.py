"""A run stays on this machine and in its own folder. Watched by ``guard/sitecustomize.py`` in every process."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import psutil
import pytest

from tests.e2e.deployment import Deployment

pytestmark = pytest.mark.xdist_group("e2e-main")


def test_the_guard_guards(embedded: Deployment, tmp_path: Path) -> None:
    log, outside = tmp_path / "guard.log", tmp_path / "outside"
    script = f"""
import socket, urllib.request
for action in (
    lambda: socket.create_connection(("192.0.2.1", 80), 1),
    lambda: urllib.request.urlopen("http://sts.amazonaws.com/", timeout=1),
    lambda: socket.socket().bind(("0.0.0.0", 0)),
):
    try:
        action()
    except OSError as error:
        print(error)
open({str(outside)!r}, "w").close()
"""
    done = embedded.command("-c", script, E2E_GUARD_LOG=str(log))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("e2e guard") == 3
    seen = log.read_text().splitlines()
    assert "REFUSED socket.connect 192.0.2.1:80" in seen
    assert "REFUSED socket.getaddrinfo sts.amazonaws.com" in seen
    assert "REFUSED socket.bind 0.0.0.0:0" in seen
    assert f"WRITTEN {outside}" in seen


def test_no_request_leaves_loopback_and_nothing_is_written_elsewhere(usage: object, dev: Deployment) -> None:
    """In every process so far: the embedded AWS, the stack, the seeding, and a whole run of the DAG."""
    seen = dev.guard_log
    port = dev.url.rpartition(":")[2]
    assert f"allowed socket.connect 127.0.0.1:{port}" in seen
    assert [line for line in seen if line.startswith("REFUSED")] == []
    assert [line for line in seen if line.startswith("WRITTEN")] == []


def test_home_stays_empty(usage: object, dev: Deployment) -> None:
    home = Path(dev.environment["HOME"])
    assert [str(path) for path in home.rglob("*")] == []
    assert (Path(dev.environment["AIRFLOW_HOME"]) / "airflow.db").exists()


def test_the_embedded_aws_listens_on_loopback_only(usage: object, embedded: Deployment) -> None:
    endpoint = json.loads((embedded.folder / "aws/endpoint.json").read_text())
    server = psutil.Process(endpoint["pid"])
    listening = [
        connection.laddr
        for process in (server, *server.children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert endpoint["port"] in {address.port for address in listening}
    assert [address for address in listening if not ipaddress.ip_address(address.ip).is_loopback] == []
