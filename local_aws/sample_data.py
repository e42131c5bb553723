"""`python -m local_aws.sample_data [archive ...]`: fill the shipped archives' tables with three complete months.

The items (see `local_aws.sample`) are written to `build/sample/<archive>.jsonl.gz` and loaded with `local_aws.seed`. A
table that already holds them is left alone; one that holds the sample of other months is made anew.
"""

import argparse
import gzip
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from local_aws.sample import VERSION, Sample, sample_months
from local_aws.sample.sensor_readings import sensor_readings
from local_aws.sample.usage_logs import usage_logs
from local_aws.seed import (
    SAMPLE_KEYS,
    KeySchema,
    SeedError,
    create_table,
    describe_table,
    embedded_dynamodb,
    load,
    read_items,
)
from ttl_archive.config import Archive, find_archive
from ttl_archive.errors import ConfigurationError
from ttl_archive.months import Month
from ttl_archive.settings import settings

FOLDER = Path(__file__).resolve().parents[1] / "build" / "sample"
SAMPLE_TAG = "ttl-archive-sample"
_RENEW_AFTER = timedelta(days=7)  # a week before its first items may expire

GENERATORS: dict[str, Callable[[Month, datetime], Iterator[Sample]]] = {
    "usage_logs": usage_logs,
    "sensor_readings": sensor_readings,
}


def sample_file(archive: str) -> Path:
    """Where the items lie that were loaded last."""
    return FOLDER / f"{archive}.jsonl.gz"


def load_sample(dynamodb: Any, archive: Archive, now: datetime) -> bool:
    """Make the archive's table hold its sample; return whether anything had to be loaded.

    The table carries a tag that says which sample it holds, set when all of it was loaded. A table without the tag is
    somebody's own: the sample is added to it and the tag isn't set.
    """
    last_month = Month.containing(now, archive.timezone).previous
    keys = KeySchema.parse(SAMPLE_KEYS[archive.name])
    table = archive.source.table
    path = sample_file(archive.name)
    description = describe_table(dynamodb, table)
    tag = _sample_tag(dynamodb, description)
    sample, _, loaded_on = (tag or "").partition(" of ")
    months = sample_months(last_month)
    wanted = f"{VERSION} {months[0]} to {months[-1]}"
    if description and sample == wanted:
        made = datetime.fromisoformat(f"{loaded_on}T00:00:00+00:00")
        if now - made < _RENEW_AFTER:
            count = write_items(path, GENERATORS[archive.name](last_month, made))
            # The embedded DynamoDB keeps ItemCount current; AWS's is up to six hours old.
            if description["ItemCount"] >= count:
                return False
    if description and tag is not None and sample != wanted:
        dynamodb.delete_table(TableName=table)
        dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
        description = None
    if description and (own := KeySchema.of_table(description)) != keys:
        raise SeedError(f"table {table} exists with the keys {own}; the sample needs {keys}: delete the table")

    count = write_items(path, GENERATORS[archive.name](last_month, now))
    if not description:
        create_table(dynamodb, archive, keys)
        description, tag = describe_table(dynamodb, table), ""
    assert description
    if tag is not None:
        _set_sample_tag(dynamodb, description, "loading")
    load(dynamodb, table, keys, read_items(path, keys), count)
    if tag is not None:
        _set_sample_tag(dynamodb, description, f"{wanted} of {now.astimezone(UTC):%Y-%m-%d}")
    return True


def write_items(path: Path, samples: Iterable[Sample]) -> int:
    """Write the samples' items as gzipped DynamoDB JSON, one a line; return how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial_path = path.with_suffix(".partial")
    count = 0
    with gzip.open(partial_path, "wb", compresslevel=3) as lines:
        for item, _ in samples:
            lines.write(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    partial_path.replace(path)
    return count


def _sample_tag(dynamodb: Any, description: dict[str, Any] | None) -> str | None:
    """What the table says of the sample in it; None if it was never a sample table."""
    if not description:
        return None
    tags = dynamodb.list_tags_of_resource(ResourceArn=description["TableArn"])["Tags"]
    return next((each["Value"] for each in tags if each["Key"] == SAMPLE_TAG), None)


def _set_sample_tag(dynamodb: Any, description: dict[str, Any], value: str) -> None:
    dynamodb.tag_resource(ResourceArn=description["TableArn"], Tags=[{"Key": SAMPLE_TAG, "Value": value}])


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 is success, 1 a failure of the embedded AWS, 2 bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m local_aws.sample_data",
        description="Fill the shipped archives' tables in the embedded AWS with their last three complete months.",
    )
    parser.add_argument("archives", nargs="*", metavar="archive", help=f"default: {' '.join(GENERATORS)}")
    arguments = parser.parse_args(argv)
    now = datetime.now(UTC)
    try:
        dynamodb = embedded_dynamodb(os.environ)
        for name in arguments.archives or GENERATORS:
            if name not in GENERATORS:
                raise SeedError(f"archive {name!r} has no sample; there is one for {', '.join(GENERATORS)}")
            archive = find_archive(settings().include_dir, name, os.environ)
            loaded = load_sample(dynamodb, archive, now)
            done = "the sample is in" if loaded else "the sample is already in"
            print(f"sample_data: {done} table {archive.source.table}", file=sys.stderr)
    except (SeedError, ConfigurationError) as error:
        print(f"sample_data: {error}", file=sys.stderr)
        return 2
    except (BotoCoreError, ClientError) as error:
        print(f"sample_data: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
