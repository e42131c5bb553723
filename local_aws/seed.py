"""`python -m local_aws.seed --archive x --items file.jsonl[.gz] [--keys pk[,sk]]`: fill an archive's table.

Creates the archive's table in the running embedded AWS if it is missing, with TTL as the archive's YAML says, and loads
DynamoDB-JSON items, one a line, from a plain or gzipped file. The whole file is checked before anything is written; of
two lines with the same key the later one wins. Exit code 2 means bad input, and that nothing was written.
"""

import argparse
import gzip
import os
import sys
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from threading import Semaphore
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_aws.dynamodb_json import Item, parse_item
from ttl_archive.config import Archive, find_archive
from ttl_archive.errors import ConfigurationError
from ttl_archive.settings import settings
from ttl_archive.stack import embedded_endpoint

# The shipped archives, whose tables can be created without being told KEYS.
SAMPLE_KEYS = {"usage_logs": "userId,eventId", "sensor_readings": "sensor,measuredAt:N"}

BATCH_ITEMS = 25  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
LANES = 4
_BATCH_ATTEMPTS = 10


class SeedError(Exception):
    """The input or the environment is wrong; the message is one line for the user."""


@dataclass(frozen=True)
class KeySchema:
    """The table's key attributes and their types: ``KeySchema.parse("userId,at:N")``."""

    attributes: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> "KeySchema":
        """Read ``pk``, ``pk,sk`` or ``pk:N,sk:B``; a type left out is S."""
        attributes = []
        for part in text.split(","):
            name, _, kind = part.strip().partition(":")
            attributes.append((name, kind or "S"))
        names = {name for name, _ in attributes}
        if not 1 <= len(attributes) == len(names) <= 2 or "" in names or {kind for _, kind in attributes} - set("SNB"):
            raise SeedError(f"KEYS={text} is no key schema: expected pk or pk,sk, each with :N for a number or :B")
        return cls(tuple(attributes))

    @classmethod
    def of_table(cls, description: Mapping[str, Any]) -> "KeySchema":
        """The key schema in an answer of DescribeTable."""
        kinds = {each["AttributeName"]: each["AttributeType"] for each in description["AttributeDefinitions"]}
        schema = sorted(description["KeySchema"], key=lambda each: each["KeyType"])  # HASH before RANGE
        return cls(tuple((each["AttributeName"], kinds[each["AttributeName"]]) for each in schema))

    def __str__(self) -> str:
        return ",".join(name if kind == "S" else f"{name}:{kind}" for name, kind in self.attributes)

    def key_of(self, item: Item) -> tuple[object, ...]:
        """The item's key, equal for items that DynamoDB takes for the same.

        :raises ValueError: if the item lacks it, or has it in another type or empty.
        """
        key = []
        for name, kind in self.attributes:
            if name not in item:
                raise ValueError(f"no key attribute {name!r}")
            value = item[name].get(kind)
            if value is None:
                raise ValueError(f"key attribute {name!r} has type {next(iter(item[name]))}, the table's is {kind}")
            if not value:
                raise ValueError(f"key attribute {name!r} is empty")
            key.append(Decimal(value) if kind == "N" else value)
        return tuple(key)


def read_items(path: Path, keys: KeySchema) -> Iterator[Item]:
    """The items of a file as boto3 takes them (binary as bytes), checked one by one; blank lines are skipped.

    :raises SeedError: naming file and line, if the file can't be read or a line isn't an item with its key.
    """
    number = 0
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            with gzip.open(raw) if zipped else raw as lines:
                for line in lines:
                    number += 1
                    if line.strip():
                        item = parse_item(line)
                        keys.key_of(item)
                        yield item
    except (OSError, EOFError, zlib.error) as error:
        raise SeedError(f"{path}: not readable: {getattr(error, 'strerror', None) or error}") from None
    except ValueError as error:
        raise SeedError(f"{path}:{number}: {error}") from None


def embedded_dynamodb(environment: Mapping[str, str]) -> Any:
    """A client of the embedded AWS.

    :raises SeedError: if AWS_ENDPOINT_URL isn't a loopback address: seeding a real table by mistake must be impossible.
    """
    url = embedded_endpoint(environment)
    if not url:
        found = environment.get("AWS_ENDPOINT_URL") or "not set"
        raise SeedError(
            f"AWS_ENDPOINT_URL is {found}: only the embedded AWS on this machine is ever seeded; "
            'start it and point the shell at it with eval "$(make local-aws)"'
        )
    # The explicit URL outranks AWS_ENDPOINT_URL_DYNAMODB and profiles, which could lead elsewhere.
    config = Config(max_pool_connections=LANES, retries={"mode": "standard", "max_attempts": 5})
    return boto3.client("dynamodb", endpoint_url=url, config=config)


def describe_table(dynamodb: Any, table: str) -> dict[str, Any] | None:
    """The table's description, or None if there is no such table."""
    try:
        description: dict[str, Any] = dynamodb.describe_table(TableName=table)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return None
    return description


def create_table(dynamodb: Any, archive: Archive, keys: KeySchema) -> None:
    """Create the archive's table, on demand, with TTL as its YAML says."""
    table = archive.source.table
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in keys.attributes],
        KeySchema=[
            {"AttributeName": name, "KeyType": role}
            for (name, _), role in zip(keys.attributes, ("HASH", "RANGE"), strict=False)
        ],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    dynamodb.update_time_to_live(
        TableName=table,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": archive.source.ttl.attribute},
    )


def seed(dynamodb: Any, archive: Archive, path: Path, keys: KeySchema | None) -> int:
    """Check the whole file, create the table if it is missing, load the items; return how many lines were loaded.

    :param keys: the key schema, or None for the table's own.
    :raises SeedError: before anything is written, if the input is wrong.
    """
    table = archive.source.table
    description = describe_table(dynamodb, table)
    own = KeySchema.of_table(description) if description else None
    if own and keys and own != keys:
        raise SeedError(f"table {table} exists with the keys {own}, not {keys}: leave KEYS out, or delete the table")
    known = own or keys
    if not known:
        raise SeedError(f"table {table} doesn't exist yet: say its keys, KEYS=pk or KEYS=pk,sk (pk:N for a number)")
    total = sum(1 for _ in Progress("checked").over(read_items(path, known)))
    if not description:
        create_table(dynamodb, archive, known)
    load(dynamodb, table, known, read_items(path, known), total)
    return total


def load(dynamodb: Any, table: str, keys: KeySchema, items: Iterable[Item], total: int) -> None:
    """Write the items in batches over a few connections.

    Items of one key go through one lane, in order, so that the last one wins; a batch may not hold a key twice.
    """
    progress = Progress("loaded", total)
    lanes = [ThreadPoolExecutor(1) for _ in range(LANES)]
    room = Semaphore(4 * LANES)  # read ahead of the writes by this many batches at most
    under_way: deque[Future[int]] = deque()
    batches: list[dict[tuple[object, ...], Item]] = [{} for _ in lanes]

    def write(batch: list[Item]) -> int:
        try:
            return _write_batch(dynamodb, table, batch)
        finally:
            room.release()

    def send(lane: int) -> None:
        batch, batches[lane] = list(batches[lane].values()), {}
        room.acquire()
        under_way.append(lanes[lane].submit(write, batch))
        while under_way and under_way[0].done():
            progress.add(under_way.popleft().result())

    try:
        for item in items:
            key = keys.key_of(item)
            lane = hash(key) % LANES
            batches[lane][key] = item
            if len(batches[lane]) == BATCH_ITEMS:
                send(lane)
        for lane in range(LANES):
            if batches[lane]:
                send(lane)
        while under_way:
            progress.add(under_way.popleft().result())
    finally:
        for executor in lanes:
            executor.shutdown(cancel_futures=True)
    progress.end()


def _write_batch(dynamodb: Any, table: str, items: list[Item]) -> int:
    """BatchWriteItem until nothing is unprocessed; return the number of items."""
    requests: list[Any] = [{"PutRequest": {"Item": item}} for item in items]
    for attempt in range(_BATCH_ATTEMPTS):
        requests = dynamodb.batch_write_item(RequestItems={table: requests})["UnprocessedItems"].get(table, [])
        if not requests:
            return len(items)
        time.sleep(min(0.05 * 2**attempt, 2))
    raise SeedError(f"table {table}: {len(requests)} items still unprocessed after {_BATCH_ATTEMPTS} attempts")


class Progress:
    """A count on standard error: one line rewritten on a terminal, a line now and then elsewhere."""

    def __init__(self, verb: str, total: int | None = None) -> None:
        self._verb, self._total = verb, total
        self._count, self._start = 0, time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._interval = 0.2 if self._terminal else 5.0
        self._next = self._start + self._interval

    def add(self, count: int) -> None:
        """Count, and show it if the last look is long enough ago."""
        self._count += count
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._interval
            self._show("\r" if self._terminal else "\n")

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """Count the items that pass by."""
        for item in items:
            self.add(1)
            yield item
        self.end()

    def end(self) -> None:
        """Show the final count."""
        self._show("\n")

    def _show(self, end: str) -> None:
        seconds = time.monotonic() - self._start
        of = f" of {self._total:,}" if self._total else ""
        rate = f", {self._count / seconds:,.0f}/s" if seconds > 1 else ""
        line = f"seed: {self._verb} {self._count:,}{of} items{rate}"
        print(f"{line:<79}" if self._terminal else line, end=end, file=sys.stderr, flush=True)


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 is success, 1 a failure of the embedded AWS, 2 bad input."""
    parser = argparse.ArgumentParser(prog="python -m local_aws.seed", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--archive", required=True, help="name of a file of include/archives, without .yaml")
    parser.add_argument("--items", required=True, type=Path, help="DynamoDB-JSON items, one a line; may be gzipped")
    parser.add_argument("--keys", default="", help="pk[,sk] of a table that doesn't exist yet; pk:N for a number")
    arguments = parser.parse_args(argv)
    try:
        if arguments.items == Path():
            raise SeedError("no file was named: ITEMS=file.jsonl or ITEMS=file.jsonl.gz")
        dynamodb = embedded_dynamodb(os.environ)
        archive = find_archive(settings().include_dir, arguments.archive, os.environ)
        keys = KeySchema.parse(arguments.keys) if arguments.keys else None
        if not keys and not describe_table(dynamodb, archive.source.table) and archive.name in SAMPLE_KEYS:
            keys = KeySchema.parse(SAMPLE_KEYS[archive.name])
        count = seed(dynamodb, archive, arguments.items, keys)
    except (SeedError, ConfigurationError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 2
    except (BotoCoreError, ClientError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 1
    print(f"seed: {count:,} items are in table {archive.source.table}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
