"""What the API keeps of a query: who asked, how it stands, and the error answers about it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local_aws.athena.engine import Run
from local_aws.athena.results import Column

ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
Ask = Callable[[str, dict[str, Any]], dict[str, Any]]  # one of the emulator's own operations


class ApiError(Exception):
    """An error answer of the API itself."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.members = code, message, members


def invalid(message: str, code: str = "INVALID_INPUT") -> ApiError:
    return ApiError("InvalidRequestException", message, AthenaErrorCode=code)


@dataclass(frozen=True)
class Caller:
    """Whose rights a query reads Glue and S3 with."""

    account: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)
    arn: str = ""


class Turns:
    """Lets requests with the same token come one after the other: the second finds what the first began, or nothing."""

    def __init__(self) -> None:
        self._taken: set[tuple[object, ...]] = set()
        self._ended = threading.Condition()

    @contextmanager
    def of(self, *token: object) -> Iterator[None]:
        with self._ended:
            self._ended.wait_for(lambda: token not in self._taken)
            self._taken.add(token)
        try:
            yield
        finally:
            with self._ended:
                self._taken.remove(token)
                self._ended.notify_all()


@dataclass
class Execution:
    """One query execution: `public` is the `QueryExecution` of the API."""

    public: dict[str, Any]
    scope: tuple[str, str]
    columns: list[Column] = field(default_factory=list)
    update_count: int | None = None
    rows_returned: int = 0
    bytes_returned: int = 0
    token: str | None = None
    run: Run | None = None
    enforced: bool = False
    submitted: float = field(default_factory=time.time)
    cancelled: bool = False
    asked: str = ""  # the request's digest, which a second request with its token must have too

    @property
    def state(self) -> str:
        return str(self.public["Status"]["State"])

    @property
    def counts_rows(self) -> bool:
        """Whether its results have an UpdateCount: not those of DDL, DESCRIBE and SHOW CREATE TABLE."""
        if self.update_count is not None or self.public["StatementType"] == "DML":
            return True
        described = self.public["SubstatementType"] in ("DESCRIBE_TABLE", "SHOW_CREATE_TABLE")
        return self.public["StatementType"] == "UTILITY" and not described
