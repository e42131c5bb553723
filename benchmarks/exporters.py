"""One measured export in a process of its own: prints a line of JSON.

    python -m benchmarks.exporters ours|provider|floor|server URL [--segment 0 --total 2]

``ours`` and ``provider`` execute the real operators; ``floor`` does what nobody can do without: it reads the same HTTP
bodies, parses them with orjson, gzips and uploads. ``server`` reads the bodies and does nothing with them, which shows
the most that the server can give.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import resource
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

PART_BYTES = 64 * 1024 * 1024


def operator(name: str, segment: int, total: int) -> Any:
    """The operator under test, with part sizes alike."""
    if name == "ours":
        from ttl_archive.operators.export_segment import ExportSegmentOperator

        return ExportSegmentOperator(
            task_id="bench",
            dynamodb_table_name="bench",
            s3_bucket_name="bench",
            s3_key_prefix="staging/",
            file_size=PART_BYTES,
            segment={"segment": segment, "total_segments": total},
            month="2025-03",
            timestamp={"attribute": "timestamp", "format": "iso8601"},
            ttl_attribute="expiresAt",
            key_attributes=["id"],
        )
    from airflow.providers.amazon.aws.transfers.dynamodb_to_s3 import DynamoDBToS3Operator

    return DynamoDBToS3Operator(
        task_id="bench",
        dynamodb_table_name="bench",
        dynamodb_scan_kwargs={"Segment": segment, "TotalSegments": total},
        s3_bucket_name="bench",
        s3_key_prefix="raw/",
        file_size=PART_BYTES,
    )


def floor(url: str) -> None:
    """The least that an archive of these pages can take."""
    import gc

    import orjson
    from isal import isal_zlib

    gc.disable()

    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    headers = {"x-amz-target": "DynamoDB_20120810.Scan"}
    body, pending, packer = b"{}", bytearray(), isal_zlib.compressobj(level=1, wbits=31)
    while body:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse().read()
        page = orjson.loads(answer)
        pending += packer.compress(answer)
        if len(pending) >= 8 * 1024 * 1024:
            _put(connection, bytes(pending))
            pending.clear()
        last = page.get("LastEvaluatedKey")
        body = orjson.dumps({"ExclusiveStartKey": last}) if last else b""
    pending += packer.flush()
    _put(connection, bytes(pending))


def read_only(url: str) -> None:
    """The pages, one after the other, and no look into them but for the next one's key."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    headers = {"x-amz-target": "DynamoDB_20120810.Scan"}
    body = b"{}"
    while body:
        connection.request("POST", "/", body, headers)
        _, found, key = connection.getresponse().read().rpartition(b'"LastEvaluatedKey":')
        body = b'{"ExclusiveStartKey":' + key if found else b""


def _put(connection: http.client.HTTPConnection, body: bytes) -> None:
    connection.request("PUT", "/bench/floor", body)
    connection.getresponse().read()


class PeakMemory:
    """The most memory that this process was resident with since now, as the kernel keeps it.

    ``ru_maxrss`` would count what imports once took; https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
    """

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._idle = self._resident()

    @property
    def above_idle(self) -> int:
        """Bytes above what the process began with."""
        return self._resident() - self._idle

    @staticmethod
    def _resident() -> int:
        (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024


_BARE = {"floor": floor, "server": read_only}


def main() -> None:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.exporters", description="Run one export and print what it took.")
    parser.add_argument("name", choices=["ours", "provider", *_BARE])
    parser.add_argument("url")
    parser.add_argument("--segment", type=int, default=0)
    parser.add_argument("--total", type=int, default=1)
    arguments = parser.parse_args()
    extra = {"endpoint_url": arguments.url, "region_name": "us-east-1"}
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(
        {"conn_type": "aws", "login": "bench", "password": "bench", "extra": extra}
    )
    bare = _BARE.get(arguments.name)
    task = None if bare else operator(arguments.name, arguments.segment, arguments.total)
    context: Any = {"ti": SimpleNamespace(try_number=1)}
    if task is not None:
        # What a worker has done once before any task: read the connection, load botocore's models.
        from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

        for service in ("dynamodb", "s3"):
            AwsGenericHook(client_type=service).get_conn()
    memory = PeakMemory()
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    summary = bare(arguments.url) if bare else task.execute(context)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        json.dumps({"seconds": seconds, "cpu": cpu, "memory": memory.above_idle, "summary": summary}),
        flush=True,
    )


if __name__ == "__main__":
    main()
