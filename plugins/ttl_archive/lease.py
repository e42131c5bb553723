"""The lease of a month: one run at a time may publish it, and each holder has a higher fencing number.

https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html explains why a lease needs one. The time is
S3's: workers' clocks may disagree by minutes, and one that is fast would take a lease that is still held.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from ttl_archive import objects
from ttl_archive.errors import MonthBusy

if TYPE_CHECKING:
    from types import TracebackType

    from mypy_boto3_s3 import S3Client

SECONDS = 600


@dataclass
class Lease:
    """Holds the month while the ``with`` block runs.

    :param owner: the run and try; the same owner may take its own lease again.
    :raises MonthBusy: on entry, if another owner holds it; on ``renew``, if it was lost.
    """

    client: S3Client
    bucket: str
    key: str
    owner: str
    fence: int = field(default=0, init=False)
    _stored: objects.Stored | None = field(default=None, init=False)
    _clock: float = field(default=0.0, init=False)  # S3's clock less this process's monotonic one

    def __enter__(self) -> Lease:
        found = objects.read(self.client, self.bucket, self.key)
        if found is None:  # a free one first, since reading it tells the time
            free = orjson.dumps({"owner": "", "fence": 0, "expires_at": 0})
            objects.write(self.client, self.bucket, self.key, free, replaces=None)
        found = found or self._read()
        self._set_clock(found)
        state: dict[str, Any] = orjson.loads(found.body)
        left = state["expires_at"] - self.now()
        if state["owner"] not in ("", self.owner) and left > 0:
            raise MonthBusy(
                f"{state['owner']} is publishing this month (lease s3://{self.bucket}/{self.key}, {left:.0f} s left): "
                "this task retries; if that run is dead, the lease ends by itself"
            )
        self.fence = state["fence"] + 1
        self._stored = found
        self._write(self.owner, SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A lease already lost needs no release, and must not hide the error that ended the block.
        if kind is None or not issubclass(kind, MonthBusy):
            self._write("", 0)

    def renew(self) -> None:
        """Show that the holder lives, and make sure that it still holds."""
        self._write(self.owner, SECONDS)

    def _write(self, owner: str, seconds: float) -> None:
        state = {"owner": owner, "fence": self.fence, "expires_at": self.now() + seconds}
        body = orjson.dumps(state)
        if not objects.write(self.client, self.bucket, self.key, body, replaces=self._stored):
            raise self._lost()
        self._stored = self._read()
        if self._stored.body != body:
            raise self._lost()
        self._set_clock(self._stored)

    def _read(self) -> objects.Stored:
        found = objects.read(self.client, self.bucket, self.key)
        if found is None:
            raise self._lost()
        return found

    def _lost(self) -> MonthBusy:
        return MonthBusy(f"s3://{self.bucket}/{self.key}: another run took the month's lease; this task retries")

    def _set_clock(self, read: objects.Stored) -> None:
        self._clock = read.read_at.timestamp() - time.monotonic()

    def now(self) -> float:
        """S3's time, in epoch seconds."""
        return self._clock + time.monotonic()
