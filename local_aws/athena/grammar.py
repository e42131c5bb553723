"""Whether a text is a query of Trino's, before sqlglot, which reads much of other dialects, makes a tree of it."""

import re
import sys
from functools import lru_cache
from pathlib import Path

from parsimonious.exceptions import ParseError
from parsimonious.grammar import Grammar

from local_aws.athena.errors import InvalidRequest

# https://trino.io/docs/current/language/reserved.html
_RESERVED_WORDS = """
ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH CURRENT_ROLE
CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE
EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN
JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL
NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE UESCAPE UNION
UNNEST USING VALUES WHEN WHERE WITH
"""
# A level of parentheses takes some thirty calls, and Python has no stack of its own for them.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))


def _grammar() -> Grammar:
    rules = Path(__file__).with_name("query.peg").read_text()
    # A rule of its own for each word and sign: reading the rules takes its time.
    words, signs = re.findall(r'(?<!\\)"([A-Z_]+)"', rules), re.findall(r'(?<=[ (])"(\W+?)"', rules)
    tokens = {word: f"word_{word.lower()}" for word in words}
    tokens |= {sign: f"sign_{'_'.join(hex(ord(each)) for each in sign)}" for sign in signs}
    for token, name in tokens.items():
        rules = re.sub(rf'(?<=[\s(!])"{re.escape(token)}"', name, rules)
        rules += f'{name} = ~r"{re.escape(token)}(?![A-Z0-9_])"i _\n' if token.isupper() else f'{name} = "{token}" _\n'
    rules += f'reserved = ~r"(?:{"|".join(_RESERVED_WORDS.split())})(?![A-Z0-9_])"i\n'
    return Grammar(rules + r'_ = ~r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*"s')


_QUERY = _grammar()


@lru_cache(maxsize=256)
def check_grammar(sql: str) -> None:
    """Raise InvalidRequest with the place of the first word that no query of Trino's has there."""
    try:
        _QUERY.parse(sql)
    except ParseError as error:
        near = re.match(r"[A-Za-z_$][\w$]*|\d[\w.]*|'(?:[^']|'')*'?|\"[^\"]*\"?|\S|$", sql[error.pos :])
        if near and near[0] == ";":
            raise InvalidRequest(f"Only one sql statement is allowed. Got: {sql}") from error
        line = sql.count("\n", 0, error.pos) + 1
        column = error.pos - sql.rfind("\n", 0, error.pos)
        word = near[0] if near and near[0] else "<EOF>"
        reason = f"mismatched input '{word}'"
        if word == "`":
            reason = "backquoted identifiers are not supported; use double quotes to quote identifiers"
        elif re.fullmatch(r"\d+[A-Za-z_]\w*", word):
            reason = "identifiers must not start with a digit; surround the identifier with double quotes"
        raise InvalidRequest(f"line {line}:{column}: {reason}") from error
