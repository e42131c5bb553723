"""Question marks and prepared statements: https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html"""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local_aws.athena.conversion import literal
from local_aws.athena.errors import InvalidRequest, QueryFailed
from local_aws.athena.executions import ApiError
from local_aws.athena.parsing import parse
from local_aws.athena.statements import Tokens, classify

# What needs no parentheses to stay one expression; LIMIT takes none.
_PLAIN = re.compile(r"[\w.]+|'(?:[^']|'')*'")

# https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
WITH_PARAMETERS = ("SELECT", "INSERT", "CTAS", "UNLOAD")


def bind(sql: str, values: list[str]) -> str:
    """The statement with each `?` outside quotes and comments replaced by its parameter, one SQL expression."""
    pieces = _split(sql)
    wanted = len(pieces) - 1
    if len(values) != wanted:
        numbers = f"expected {wanted} but found {len(values)}"
        raise QueryFailed(f"INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: {numbers}")
    written = [value if _PLAIN.fullmatch(value) else f"({value})" for value in values]
    return "".join(text for pair in zip(pieces, [*written, ""], strict=True) for text in pair)


def _constant(value: str) -> str:
    """An execution parameter as SQL: an expression without columns is taken as it is, all else is a text."""
    try:
        tree = parse(f"SELECT {value}")
    except InvalidRequest:
        return literal(value)
    if len(tree.selects) > 1:
        raise InvalidRequest(f"NOT_SUPPORTED: the local Athena does not translate {value} as one parameter")
    return literal(value) if tree.find(exp.Column) else value


def bind_statement(
    sql: str, values: list[str], workgroup: str, ask: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> str:
    """A statement with its parameters, `EXECUTE name USING 1, 'a'` as the one it names; empty for what is done here."""
    values = [_constant(value) for value in values]
    try:
        kind = classify(sql).kind
    except InvalidRequest:
        kind = ""
    if kind not in ("EXECUTE", "PREPARE", "DEALLOCATE"):
        return _bound(sql, kind, values)
    tokens = Tokens(sql.strip().rstrip(";"))
    if kind != "EXECUTE":
        _prepare(tokens, kind, workgroup, ask)
        return ""
    tokens.expect("EXECUTE")
    name = tokens.name()
    try:
        found = ask("GetPreparedStatement", {"StatementName": name, "WorkGroup": workgroup})
    except ApiError as error:
        raise InvalidRequest(f"PreparedStatement {name} was not found in workGroup {workgroup}") from error
    # Athena takes the values after USING or from ExecutionParameters.
    values = [*(_commas(tokens.rest()) if tokens.accept("USING") else []), *values]
    statement = found["PreparedStatement"]["QueryStatement"]
    return _bound(statement, classify(statement).kind, values)


def _bound(sql: str, kind: str, values: list[str]) -> str:
    """`bind` where a text in the place of each question mark means what the value would."""
    if kind == "SELECT" and values:
        marks = list(parse(sql.strip().rstrip(";")).find_all(exp.Placeholder))
        if any(isinstance(mark.parent, (exp.Ordered, exp.Group)) for mark in marks):
            raise InvalidRequest("NOT_SUPPORTED: the local Athena does not translate a parameter to group or order by")
    for value in filter(str.strip, values):
        if parse(f"SELECT {value}").find(exp.Column, exp.Subquery, exp.Placeholder):
            raise InvalidRequest("NOT_SUPPORTED: the local Athena does not translate a parameter that is no constant")
    return bind(sql, values)


def _prepare(tokens: Tokens, kind: str, workgroup: str, ask: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
    """`PREPARE name FROM statement` and `DEALLOCATE PREPARE name`."""
    tokens.expect(*kind.split(), *(["PREPARE"] if kind == "DEALLOCATE" else []))
    target = {"StatementName": tokens.name(), "WorkGroup": workgroup}
    if kind == "DEALLOCATE":
        tokens.end()
    else:
        tokens.expect("FROM")
        prepared = tokens.rest()
        check_prepared(prepared)
    try:
        ask("DeletePreparedStatement", target)
    except ApiError as error:
        if kind == "DEALLOCATE":
            raise InvalidRequest(f"PreparedStatement {target['StatementName']} does not exist") from error
    if kind == "PREPARE":
        ask("CreatePreparedStatement", {**target, "QueryStatement": prepared})


def check_prepared(sql: str) -> None:
    """An InvalidRequest for what cannot be prepared."""
    statement = classify(sql)
    if statement.kind not in WITH_PARAMETERS:
        raise InvalidRequest(f"line 1:1: {statement.substatement} statements cannot be prepared")
    if statement.kind == "SELECT":
        parse(sql)


def _commas(text: str) -> list[str]:
    values, depth, quoted, start = [], 0, False, 0
    for position, character in enumerate(text):
        quoted ^= character == "'"
        if not quoted:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
            if depth < 0:
                raise InvalidRequest(f"line 1:{position + 1}: mismatched input '{character}' in the parameter {text}")
            if character == "," and depth == 0:
                values.append(text[start:position].strip())
                start = position + 1
    return [*values, text[start:].strip()]


def _split(sql: str) -> list[str]:
    pieces, start, position = [], 0, 0
    while position < len(sql):
        two = sql[position : position + 2]
        if sql[position] in "'\"`":
            end = sql.find(sql[position], position + 1)
            position = len(sql) if end < 0 else end + 1
        elif two == "--":
            end = sql.find("\n", position)
            position = len(sql) if end < 0 else end
        elif two == "/*":
            end = sql.find("*/", position)
            position = len(sql) if end < 0 else end + 2
        else:
            if sql[position] == "?":
                pieces.append(sql[start:position])
                start = position + 1
            position += 1
    return [*pieces, sql[start:]]
