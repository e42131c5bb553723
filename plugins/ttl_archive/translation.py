"""Exceptions of botocore, and Airflow's that quote one, as errors of our tree."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
)

from ttl_archive import diagnosis
from ttl_archive.errors import ArchiveError

Function = TypeVar("Function", bound=Callable[..., Any])

# What the network, a proxy or the service of credentials did, and may do otherwise the next time.
_TRANSIENT = (ConnectionError, CredentialRetrievalError, HTTPClientError, IncompleteReadError, MetadataRetrievalError)
# How botocore words a ClientError; the provider's hooks, triggers and waiters pass it on as text.
_CLIENT_ERROR = re.compile(
    r"An error occurred \((?P<code>[^)]+)\) when calling the (?P<operation>\w+) operation.*", re.S
)


def translate(error: BaseException) -> ArchiveError | None:
    """The error of our tree that an exception means, or None if it is none of AWS's failures.

    Looked at is the exception itself, then what it was raised from.
    """
    for one in _chain(error):
        if isinstance(one, ArchiveError):
            return one
        if isinstance(one, ClientError):
            return _of_call(str(one), one.operation_name, one.response.get("ResponseMetadata", {}))
        if isinstance(one, BotoCoreError):
            default: diagnosis.Kind = "interrupted" if isinstance(one, _TRANSIENT) else "rejected"
            return diagnosis.explain("call", str(one), type(one).__name__, default=default)
        quoted = _CLIENT_ERROR.search(str(one))
        if quoted:
            return _of_call(quoted[0], quoted["operation"], {})
    return None


def _of_call(text: str, operation: str, metadata: Any) -> ArchiveError:
    status = metadata.get("HTTPStatusCode", 0)
    evidence = [f"HTTP status {status}, request id {metadata.get('RequestId', 'not given')}"] if status else []
    default: diagnosis.Kind = "interrupted" if status >= 500 or status == 429 else "rejected"
    return diagnosis.explain("call", text, operation, evidence=evidence, operation=operation, default=default)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__  # not __context__: a bug in a handler is no failure of AWS


def explained(function: Function) -> Function:
    """Let a function raise errors of our tree where AWS fails it."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except ArchiveError:
            raise
        except (ClientError, BotoCoreError) as error:
            translated = translate(error)
            assert translated is not None  # noqa: S101 - it always is for these two
            raise translated from error

    return cast("Function", wrapper)
