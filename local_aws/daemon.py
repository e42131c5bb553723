"""Starting, finding and stopping the server as a background process of one state folder.

The folder holds `endpoint.json` ({"pid", "port", "url", "region"}), `server.log` and the emulator's data. Only the
standard library is imported here, so `env` and `status` answer at once.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

DEFAULT_PORT = 4566
HOST = "127.0.0.1"
REGION = "us-east-1"
# Not real: ministack takes this pair for its account's root user.
ACCESS_KEY = SECRET_KEY = "local"
START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
ATTEMPTS = 3


class CannotStart(Exception):
    """The server cannot be started; the message is one line for the user."""


class _Ended(Exception):
    """The server's process ended before it answered."""


@dataclass(frozen=True)
class Endpoint:
    """A running server, as `endpoint.json` describes it."""

    pid: int
    port: int
    url: str
    region: str

    def environment(self) -> dict[str, str]:
        """What points any AWS SDK at this server and away from the user's own profile."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }


def running(state: Path) -> Endpoint | None:
    """The live server of this state folder, or None; a dead process or another one's pid counts as none."""
    try:
        endpoint = Endpoint(**json.loads((state / "endpoint.json").read_text()))
        command = Path(f"/proc/{endpoint.pid}/cmdline")
        if command.parent.parent.exists() and b"local_aws" not in command.read_bytes():
            return None
        os.kill(endpoint.pid, 0)
    except (OSError, ValueError, TypeError):
        return None
    return endpoint if _answers(endpoint, timeout=10) else None


def start(state: Path, port: int | None) -> Endpoint:
    """Start the server unless it runs already, and return once it answers."""
    state.mkdir(parents=True, exist_ok=True)
    with _lock(state):
        endpoint = running(state)
        if endpoint is not None:
            _say(f"already running at {endpoint.url}, pid {endpoint.pid}")
            return endpoint
        for attempt in range(ATTEMPTS):
            try:
                endpoint = _spawn(state, choose_port(port))
                break
            except _Ended as error:
                # Another process may have taken the free port in the meantime.
                if port or attempt == ATTEMPTS - 1:
                    raise CannotStart(str(error)) from error
        assert endpoint is not None
        (state / "endpoint.json").write_text(json.dumps(asdict(endpoint)))
    _say(f"running at {endpoint.url}, pid {endpoint.pid}, log {state / 'server.log'}")
    return endpoint


def stop(state: Path) -> None:
    """Ask the server to end and wait until it has saved its state; nothing to stop is fine."""
    endpoint = running(state)
    if endpoint is None:
        _say("not running")
    else:
        os.kill(endpoint.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT
        while _alive(endpoint.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if _alive(endpoint.pid):
            _say(f"pid {endpoint.pid} does not end; killing it, the latest writes may be lost")
            os.kill(endpoint.pid, signal.SIGKILL)
        else:
            _say(f"stopped {endpoint.url}")
    (state / "endpoint.json").unlink(missing_ok=True)


def choose_port(port: int | None) -> int:
    """The port asked for if it is free, else an error; without one the default port or a free one, with 0 a free one."""  # noqa: E501
    if port:
        if not _bindable(port):
            raise CannotStart(f"port {port} is taken; choose another with --port, or none for a free one")
        return port
    if port is None and _bindable(DEFAULT_PORT):
        return DEFAULT_PORT
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _spawn(state: Path, port: int) -> Endpoint:
    url = f"http://{HOST}:{port}"
    log = state / "server.log"
    command = [sys.executable, "-m", "local_aws", "serve", "--port", str(port), "--state", str(state)]
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _say(f"starting on port {port} ...")
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise _Ended(f"the server ended with code {server.returncode}; see {log}")
        endpoint = Endpoint(server.pid, port, url, REGION)
        if _answers(endpoint, timeout=5):
            return endpoint
        time.sleep(0.1)
    server.terminate()
    raise CannotStart(f"the server did not answer within {START_TIMEOUT:.0f} s; see {log}")


def _answers(endpoint: Endpoint, timeout: float) -> bool:
    """Whether this very process answers there; it does once its state is loaded and its layers are in place."""
    try:
        with urllib.request.urlopen(f"{endpoint.url}/_local_aws/ready", timeout=timeout) as response:  # noqa: S310
            answer: bytes = response.read()
            return answer.decode().strip() == str(endpoint.pid)
    except (urllib.error.URLError, OSError):
        return False


def _alive(pid: int) -> bool:
    try:
        with Path(f"/proc/{pid}/stat").open() as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        pass
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return not Path("/proc/self").exists()


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


@contextmanager
def _lock(state: Path) -> Iterator[None]:
    """Two `start`s at the same moment end up with one server."""
    with (state / "start.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(f"local_aws: {text}", file=sys.stderr, flush=True)
