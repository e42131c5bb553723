"""The folders of partitions below a table's location, as MSCK REPAIR TABLE finds them."""

from typing import Any
from urllib.parse import unquote

from local_aws.athena.catalog import Table
from local_aws.athena.errors import CannotTranslate
from local_aws.athena.storage import split_uri


def has_folder(s3: Any, location: str) -> bool:
    """Whether anything lies below a location, if only what no query reads."""
    bucket, prefix = split_uri(f"{location.rstrip('/')}/")
    return bool(s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("Contents"))


def find_partition_folders(s3: Any, table: Table) -> dict[tuple[str, ...], str]:
    """The values of each partition that has a folder, if only by the folder's own empty object; and its address.

    Names with capitals are passed over: https://docs.aws.amazon.com/athena/latest/ug/msck-repair-table.html
    """
    bucket, prefix = split_uri(f"{table.location.rstrip('/')}/")
    keys = [key for key, _ in table.keys]
    found: dict[tuple[str, ...], str] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            folders = item["Key"][len(prefix) :].split("/")[:-1][: len(keys)]
            pairs = [folder.partition("=") for folder in folders]
            if [pair[0] for pair in pairs] != keys:
                continue
            if not all(pair[2] for pair in pairs):
                raise CannotTranslate(f"MSCK REPAIR TABLE over a folder without a value: {'/'.join(folders)}")
            found[tuple(unquote(pair[2]) for pair in pairs)] = f"{table.location.rstrip('/')}/{'/'.join(folders)}/"
    return found
