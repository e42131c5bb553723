"""An HTTP proxy on loopback between a worker and the embedded AWS that answers wrongly, late or not at all, by rule.

Requests pass byte for byte, the Host header too, since SigV4 signs it; so do answers, unless a rule meddles with them.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_HOP_BY_HOP = {"connection", "keep-alive", "expect", "transfer-encoding"}
_S3_BY_QUERY = {
    ("GET", "list-type"): "ListObjectsV2",
    ("GET", "uploads"): "ListMultipartUploads",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("PUT", "partNumber"): "UploadPart",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
}


@dataclass(frozen=True)
class Answer:
    """What the client gets; ``sent`` bytes of the body, where that is fewer than its Content-Length says."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    sent: int | None = None


@dataclass(frozen=True)
class Request:
    """A request as it came, and what it asks for: ``s3:UploadPart``, ``dynamodb:Scan``, ``glue:UpdatePartition``."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    upstream: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def operation(self) -> str:
        target = self.header("x-amz-target")
        if target:
            service, _, name = target.partition(".")
            known = {"DynamoDB_20120810": "dynamodb", "AWSGlue": "glue", "AmazonAthena": "athena"}
            return f"{known.get(service, service.lower())}:{name}"
        if b"Action=" in self.body[:4096] and self.method == "POST":
            return "query:" + re.findall(rb"Action=(\w+)", self.body)[0].decode()
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        for (method, name), operation in _S3_BY_QUERY.items():
            if method == self.method and name in query:
                return f"s3:{operation}"
        if self.method == "PUT" and self.header("x-amz-copy-source"):
            return "s3:CopyObject"
        return f"s3:{self.method.capitalize()}Object"

    @property
    def key(self) -> str:
        """The S3 key, or the path."""
        return unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]

    @property
    def is_conditional(self) -> bool:
        return bool(self.header("if-none-match") or self.header("if-match"))

    def forward(self) -> Answer:
        """Have it carried out."""
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            connection.putrequest(self.method, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers:
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            connection.putheader("Connection", "close")
            connection.endheaders(self.body or None)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        headers = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
        if self.method != "HEAD":
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            headers.append(("Content-Length", str(len(body))))
        return Answer(response.status, headers, body)


Fault = Callable[[Request], Answer | None]  # None: the connection is reset, and nothing is said


def _error(request: Request, status: int, code: str) -> Answer:
    if request.operation.startswith("s3:"):
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
        text = b"" if request.method == "HEAD" else text
        return Answer(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(text)))], text)
    text = json.dumps({"__type": code, "message": "injected"}).encode()
    headers = [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-errortype", code)]
    return Answer(status, [*headers, ("Content-Length", str(len(text)))], text)


def throttled(request: Request) -> Answer:
    if request.operation.startswith("s3:"):
        return _error(request, 503, "SlowDown")
    is_table = request.operation.startswith("dynamodb:")
    return _error(request, 400, "ProvisionedThroughputExceededException" if is_table else "ThrottlingException")


def failed(request: Request) -> Answer:
    return _error(request, 500, "InternalError" if request.operation.startswith("s3:") else "InternalServerError")


def unavailable(request: Request) -> Answer:
    return _error(request, 503, "ServiceUnavailable")


def reset(request: Request) -> None:
    """The connection breaks before anything was carried out."""


def lost(request: Request) -> None:
    """Carried out, and the answer is lost: the client can't know."""
    request.forward()


def truncated(request: Request) -> Answer:
    """Carried out; the connection breaks in the middle of the answer's body."""
    answer = request.forward()
    return Answer(answer.status, answer.headers, answer.body, len(answer.body) // 2)


def truncated_request(request: Request) -> None:
    """The connection breaks when half of the request's body has come."""
    host, _, port = request.upstream.partition(":")
    with socket.create_connection((host, int(port)), 60) as upstream:
        head = [f"{request.method} {request.path} HTTP/1.1"]
        head += [f"{name}: {value}" for name, value in request.headers if name.lower() not in _HOP_BY_HOP]
        upstream.sendall("\r\n".join([*head, "", ""]).encode() + request.body[: len(request.body) // 2])


def cut(request: Request) -> Answer:
    """A page of a Scan that lost its last items and says so consistently: nothing but its CRC-32 tells."""
    answer = request.forward()
    page = json.loads(answer.body)
    if not page.get("Items"):
        return answer
    crc = str(zlib.crc32(answer.body))
    page["Items"] = page["Items"][: len(page["Items"]) // 2]
    removed = page["Count"] - len(page["Items"])
    page["Count"], page["ScannedCount"] = page["Count"] - removed, page["ScannedCount"] - removed
    body = json.dumps(page).encode()
    kept = [(k, v) for k, v in answer.headers if k.lower() not in ("content-length", "x-amz-crc32")]
    return Answer(answer.status, [*kept, ("x-amz-crc32", crc), ("Content-Length", str(len(body)))], body)


def miscounted(request: Request) -> Answer:
    """A page of a Scan without its last item, with a checksum that is right: nothing but its Count tells."""
    answer = request.forward()
    page = json.loads(answer.body)
    if not page.get("Items"):
        return answer
    page["Items"].pop()
    body = json.dumps(page).encode()
    kept = [(k, v) for k, v in answer.headers if k.lower() not in ("content-length", "x-amz-crc32")]
    return Answer(
        answer.status, [*kept, ("x-amz-crc32", str(zlib.crc32(body))), ("Content-Length", str(len(body)))], body
    )


def conflict(request: Request) -> Answer:
    """Another conditional write to the key is under way."""
    return _error(request, 409, "ConditionalRequestConflict")


def error_in_200(request: Request) -> Answer:
    """S3 had to say 200 before it knew better, as Copy and Complete may do."""
    return _error(request, 200, "InternalError")


def no_such_upload(request: Request) -> Answer:
    return _error(request, 404, "NoSuchUpload")


def of_operation(request: Request) -> list[Fault]:
    """What may happen to a request of this kind."""
    faults: list[Fault] = [throttled, failed, unavailable, reset, lost]
    operation = request.operation
    if request.method != "HEAD":
        faults.append(truncated)
    if operation == "dynamodb:Scan":
        faults += [throttled, cut, miscounted]
    if operation in ("s3:CopyObject", "s3:CompleteMultipartUpload"):
        faults.append(error_in_200)
    if operation in ("s3:PutObject", "s3:UploadPart"):
        faults.append(truncated_request)
    if operation in ("s3:PutObject", "s3:CompleteMultipartUpload") and request.is_conditional:
        faults.append(conflict)
    return faults


@dataclass
class Rule:
    """Meddles with some requests.

    :param operation: which, as a pattern: ``s3:Put*``.
    :param skip: how many of them pass first.
    :param times: how many are meddled with after that.
    :param key: pattern of the S3 key.
    """

    operation: str
    fault: Fault
    times: int = 1
    skip: int = 0
    key: str = "*"
    hits: int = field(default=0, init=False)

    def choose(self, request: Request) -> Fault | None:
        if not (fnmatchcase(request.operation, self.operation) and fnmatchcase(request.key, self.key)):
            return None
        if self.skip:
            self.skip -= 1
            return None
        if self.times <= 0:
            return None
        self.times -= 1
        self.hits += 1
        return self.fault


@dataclass
class Storm:
    """Meddles with a share of all requests, drawn from a seed: the n-th of an operation meets the same fate each time.

    :param most: how many at most, so that a storm passes.
    """

    seed: int
    share: float
    most: int = 1000
    hits: Counter[str] = field(default_factory=Counter, init=False)
    _seen: Counter[str] = field(default_factory=Counter, init=False)

    def choose(self, request: Request) -> Fault | None:
        operation = request.operation
        self._seen[operation] += 1
        random = Random(f"{self.seed} {operation} {self._seen[operation]}")
        if random.random() >= self.share or self.hits.total() >= self.most:
            return None
        fault = random.choice(of_operation(request))
        self.hits[f"{operation} {fault.__name__}"] += 1
        return fault


@dataclass
class At:
    """Does something at the n-th request, counted from 1; requests of the pattern ``ignored`` don't count."""

    number: int
    fault: Fault
    ignored: str = ""
    hits: int = field(default=0, init=False)
    _seen: int = field(default=0, init=False)

    def choose(self, request: Request) -> Fault | None:
        self._seen += not fnmatchcase(request.operation, self.ignored)
        if self.hits or self._seen != self.number:
            return None
        self.hits += 1
        return self.fault


class FaultProxy:
    """The proxy, on a free port of loopback; ``rules`` are asked in order, and the first that answers wins."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.removeprefix("http://")
        self.rules: list[Any] = []
        self.log: list[str] = []
        self.failures: list[BaseException | None] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @contextmanager
    def meddling(self, *rules: Any) -> Iterator[None]:
        """Apply the rules to every request meanwhile."""
        with self._lock:
            self.rules, self.log = list(rules), []
        try:
            yield
        finally:
            with self._lock:
                self.rules = []

    def answer(self, request: Request) -> Answer | None:
        with self._lock:
            self.log.append(request.operation)
            fault = next((found for rule in self.rules if (found := rule.choose(request))), None)
        return fault(request) if fault else request.forward()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: FaultProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed client's connection breaks, and that is all that may go wrong here."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            self.proxy.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, list(self.headers.items()), body, proxy.upstream)
        answer = proxy.answer(request)
        if answer is None:
            self._reset()
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.sent])
        if answer.sent is not None:
            self.wfile.flush()
            self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815 - http.server looks for these names
