"""Watches a Python process of the e2e tests: nothing may leave loopback, nothing may be written outside its folder.

Python imports this module at start where its folder is on PYTHONPATH. A connection or a name lookup beyond loopback is
refused and logged; a file opened for writing elsewhere is logged only. One line an event, appended to E2E_GUARD_LOG.
"""

import contextlib
import ipaddress
import os
import socket
import sys

_OWN_FOLDERS = (os.environ.get("E2E_GUARD_FOLDER", "/nonexistent") + "/", "/dev/", "/proc/")
_log = os.open(os.environ["E2E_GUARD_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_said = set()


def _say(text):
    if text not in _said:
        _said.add(text)
        with contextlib.suppress(OSError):
            os.write(_log, f"{text}\n".encode())


def _address(host):
    """The host as an address, or None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_local(host):
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _needs_no_lookup(host):
    host = host.decode() if isinstance(host, bytes) else host
    return host in (None, "", "localhost", _OWN_NAME) or _address(host) is not None


def _watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.bind"):
        address = arguments[1]
        if isinstance(address, tuple):
            allowed = _is_local(address[0])
            _say(f"{'allowed' if allowed else 'REFUSED'} {event} {address[0]}:{address[1]}")
            if not allowed:
                raise ConnectionRefusedError(f"e2e guard: {event} {address} is not on loopback")
    elif event == "socket.getaddrinfo" and not _needs_no_lookup(arguments[0]):
        _say(f"REFUSED {event} {arguments[0]}")
        raise socket.gaierror(f"e2e guard: lookup of {arguments[0]}")
    elif event == "open" and isinstance(arguments[0], (str, bytes)) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if not path.startswith(_OWN_FOLDERS):
            _say(f"WRITTEN {path}")
    elif event == "os.mkdir":
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if not path.startswith(_OWN_FOLDERS) and not os.path.isdir(path):  # noqa: PTH112
            _say(f"WRITTEN {path}/")


_OWN_NAME = socket.gethostname()
sys.addaudithook(_watch)
