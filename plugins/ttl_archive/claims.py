"""Which try of a task may write: a zombie that wakes up after its retry began must not touch the retry's parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from ttl_archive import objects
from ttl_archive.errors import Superseded

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Claim:
    """A small object that names the latest try. Later tries replace it, earlier ones see that and stop."""

    client: S3Client
    bucket: str
    key: str
    try_number: int

    def take(self) -> None:
        """Name this try.

        :raises Superseded: if a later try already stands there.
        """
        body = orjson.dumps({"try_number": self.try_number})
        while True:
            found = objects.read(self.client, self.bucket, self.key)
            if found and self._other(found) > self.try_number:
                raise self._superseded(self._other(found))
            if objects.write(self.client, self.bucket, self.key, body, replaces=found):
                return

    def check(self) -> None:
        """Look whether this try is still the latest.

        :raises Superseded: if it isn't.
        """
        found = objects.read(self.client, self.bucket, self.key)
        if found is None or self._other(found) != self.try_number:
            raise self._superseded(self._other(found) if found else None)

    def _other(self, found: objects.Stored) -> int:
        return int(orjson.loads(found.body)["try_number"])

    def _superseded(self, other: int | None) -> Superseded:
        now = "is gone" if other is None else f"names try {other}"
        return Superseded(
            f"s3://{self.bucket}/{self.key} {now}, this is try {self.try_number}: a later try has taken over, "
            "and this one stops without writing anything more; nothing to do"
        )
