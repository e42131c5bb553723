"""Statements of PartiQL that DynamoDB refuses.

Seen in ministack 1.5.33: `COUNT(*)` is taken and answers items, values that no `?` takes are ignored, and batches and
transactions mix reads and writes. Exit condition: `parse_statement` of `ministack.services._dynamodb_keywords` and
`_batch_execute_statement` and `_execute_transaction` of `ministack.services.dynamodb` refuse each.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.batching.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.transactions.html
"""

from collections.abc import Callable
from typing import Any

from local_aws.emulator import Response, json_error

Request = dict[str, Any]


def install() -> None:
    from ministack.services import _dynamodb_keywords, dynamodb

    parser = _dynamodb_keywords._Parser
    parser.select, parser.finish = _without_count(parser.select), _with_all_parameters(parser.finish)
    batch, transaction = dynamodb._batch_execute_statement, dynamodb._execute_transaction
    dynamodb._batch_execute_statement = _unmixed(batch, "Statements", "batch")
    dynamodb._execute_transaction = _unmixed(transaction, "TransactStatements", "transaction")


def _without_count(select: Callable[..., Request]) -> Callable[..., Request]:
    """An aggregate is refused as any other call in its place."""

    def wrapped(parser: Any, *rest: Any, **named: Any) -> Request:
        from ministack.services._dynamodb_keywords import PartiqlError

        first = parser.pos
        parsed = select(parser, *rest, **named)
        if parsed["count"]:
            at = next(token[2] for token in parser.tokens[first:] if token[0] == "id" and token[1].upper() == "COUNT")
            raise PartiqlError(f"Unexpected path component at {parser.position(at, len('COUNT'))}")
        return parsed

    return wrapped


def _with_all_parameters(finish: Callable[[Any], None]) -> Callable[[Any], None]:
    def wrapped(parser: Any) -> None:
        from ministack.services._dynamodb_keywords import PartiqlError

        finish(parser)
        if parser.next_param < len(parser.params):
            reason = "Number of parameters in request and statement don't match."
            raise PartiqlError(reason, statement_level=False)

    return wrapped


def _unmixed(execute: Callable[[Request], Response], member: str, whole: str) -> Callable[[Request], Response]:
    """EXISTS goes with both; a statement that cannot be read is refused by ministack."""

    def wrapped(request: Request) -> Response:
        words = [next(iter(str(each.get("Statement")).split()), "").upper() for each in request.get(member) or []]
        kinds = {word == "SELECT" for word in words if not word.startswith("EXISTS")}
        if len(kinds) > 1:
            kinds_of_one = "must consist of either read statements or write statements, you cannot mix both"
            return json_error("ValidationException", f"The entire {whole} {kinds_of_one} in one {whole}.")
        return execute(request)

    return wrapped
