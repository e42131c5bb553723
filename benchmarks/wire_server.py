"""A wire-level DynamoDB and S3, fast enough not to be what is measured.

    python -m benchmarks.wire_server --items 200000

Scan's pages are made at the start, a megabyte each as DynamoDB's, with their CRC-32; answering is one send. S3 keeps
small objects (claims, records) and only counts the bytes of parts. It knows just what the exporters ask. Prints its URL
and the number of pages.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import re
import socketserver
import threading
import zlib
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PAGE_BYTES = 1_000_000
KEPT_BYTES = 100_000  # larger objects are only counted
_START = re.compile(rb'"ExclusiveStartKey":\s*\{"id":\s*\{"S":\s*"(\d+)"')
_SEGMENT = re.compile(rb'"Segment":\s*(\d+)')
_TOTAL = re.compile(rb'"TotalSegments":\s*(\d+)')


def items(count: int) -> Iterator[dict[str, Any]]:
    """Usage records of March 2025 without sets and binary, which the provider's operator can't write."""
    draw = random.Random(20250301)
    actions = ["chat", "search", "image", "summarize", "translate"]
    for number in range(count):
        day, second = 1 + number % 31, draw.randrange(86400)
        clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        at = f"2025-03-{day:02d}T{clock}.{draw.randrange(1000):03d}Z"
        yield {
            "id": {"S": f"{number:012d}"},
            "userId": {"S": f"user-{draw.randrange(40000):05d}"},
            "action": {"S": draw.choice(actions)},
            "timestamp": {"S": at},
            "expiresAt": {"N": str(1748736000 + number)},
            "tokens": {"N": str(draw.randrange(10**9))},
            "cost": {"N": f"0.{draw.randrange(10**9):09d}"},
            "ok": {"BOOL": draw.random() < 0.98},
            "client": {"M": {"name": {"S": "web"}, "tags": {"L": [{"S": "a"}, {"N": "7"}]}}},
        }


def pages(count: int) -> list[bytes]:
    """The ``Items`` arrays of the pages, without the key that follows."""
    made: list[bytes] = []
    page: list[str] = []
    size = 0
    for item in items(count):
        text = json.dumps(item, separators=(",", ":"))
        page.append(text)
        size += len(text)
        if size >= PAGE_BYTES:
            made.append(_page(page))
            page, size = [], 0
    if page:
        made.append(_page(page))
    return made


def _page(texts: list[str]) -> bytes:
    count = len(texts)
    head = f'{{"ConsumedCapacity":{{"TableName":"bench","CapacityUnits":244.0}},"Count":{count},"ScannedCount":{count},'
    return (head + '"Items":[' + ",".join(texts) + "]").encode()


class Server(socketserver.ThreadingTCPServer):
    """Holds the pages and the objects."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, count: int, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.pages = [(page, zlib.crc32(page)) for page in pages(count)]
        self.objects: dict[str, bytes] = {}
        self.received_bytes = 0
        self.lock = threading.Lock()

    def scan(self, index: int, step: int) -> bytes:
        """The answer of a page, whose successor is some pages further."""
        body, crc = self.pages[index]
        following = index + step
        last = f',"LastEvaluatedKey":{{"id":{{"S":"{index}"}}}}}}' if following < len(self.pages) else "}"
        end = last.encode()
        headers = f"x-amz-crc32: {zlib.crc32(end, crc)}\r\n"
        return _answer(b"application/x-amz-json-1.0", body + end, headers.encode())


def _answer(kind: bytes, body: bytes, extra: bytes = b"", status: bytes = b"200 OK") -> bytes:
    length = str(len(body)).encode()
    return (
        b"HTTP/1.1 "
        + status
        + b"\r\ncontent-type: "
        + kind
        + b"\r\ncontent-length: "
        + length
        + b"\r\n"
        + extra
        + b"\r\n"
        + body
    )


class Handler(socketserver.StreamRequestHandler):
    """Reads requests of one kept-alive connection and answers them."""

    server: Server
    disable_nagle_algorithm = True
    rbufsize = 1 << 20

    def handle(self) -> None:
        """Until the client closes."""
        while line := self.rfile.readline():
            method, target, _ = line.decode().split()
            headers: dict[str, str] = {}
            while (header := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = header.decode().partition(":")
                headers[name.strip().lower()] = value.strip()
            if headers.get("expect", "").lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = self._body(headers)
            if "x-amz-target" in headers:
                self.wfile.write(self._dynamodb(headers["x-amz-target"], body))
            else:
                self.wfile.write(self._s3(method, target, body))

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _dynamodb(self, target: str, body: bytes) -> bytes:
        assert target.endswith(".Scan"), target
        start, segment, total = _START.search(body), _SEGMENT.search(body), _TOTAL.search(body)
        step = int(total[1]) if total else 1
        index = int(start[1]) + step if start else (int(segment[1]) if segment else 0)
        return self.server.scan(index, step)

    def _s3(self, method: str, target: str, body: bytes) -> bytes:
        url = urlsplit(target)
        key, query = unquote(url.path), parse_qs(url.query, keep_blank_values=True)
        etag = b'etag: "bench"\r\n'
        if method == "GET" and "list-type" in query:
            return _answer(b"application/xml", b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        if method == "GET" and "uploads" in query:
            return _answer(b"application/xml", b"<ListMultipartUploadsResult></ListMultipartUploadsResult>")
        if method == "POST" and "uploads" in query:
            return _answer(b"application/xml", b"<R><UploadId>one</UploadId></R>")
        if method == "POST":
            return _answer(b"application/xml", b"<R><ETag>bench</ETag></R>")
        if method == "PUT":
            with self.server.lock:
                self.server.received_bytes += len(body)
                if len(body) <= KEPT_BYTES:
                    self.server.objects[key] = body
            return _answer(b"application/xml", b"", etag)
        if method == "DELETE":
            self.server.objects.pop(key, None)
            return _answer(b"application/xml", b"", status=b"204 No Content")
        found = self.server.objects.get(key)
        if found is None:
            return _answer(b"application/xml", b"<Error><Code>NoSuchKey</Code></Error>", status=b"404 Not Found")
        crc = base64.b64encode(zlib.crc32(found).to_bytes(4, "big"))
        date = formatdate(usegmt=True).encode()
        return _answer(
            b"application/json", found, etag + b"date: " + date + b"\r\nx-amz-checksum-crc32: " + crc + b"\r\n"
        )


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="benchmarks.wire_server", description="Serve Scan pages and take parts.")
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    with Server(arguments.items, arguments.port) as server:
        print(f"http://127.0.0.1:{server.server_address[1]} {len(server.pages)}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
