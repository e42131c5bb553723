"""What kind of statement a text is, and the tokens of the Hive statements that sqlglot does not read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from local_aws.athena.errors import CannotTranslate, InvalidRequest
from local_aws.athena.hive_strings import HIVE_STRING, hive_text
from local_aws.athena.statement_kinds import KINDS

_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
_STRINGS = r"""'(?P<string>(?:[^'\\]|''|\\.)*)'|"(?P<quoted>(?:[^"]|"")*)\""""
_TOKENS = {
    hive: re.compile(
        rf"""(?P<space>(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)+)
          |{strings}
          |`(?P<backtick>(?:[^`]|``)*)`
          |(?P<word>[A-Za-z_$][\w$]*)
          |(?P<number>-?\d[\w.]*)
          |(?P<mark>.)""",
        re.DOTALL | re.VERBOSE,
    )
    for hive, strings in ((False, _STRINGS), (True, f"(?P<string>(?:{HIVE_STRING})+)|(?P<quoted>(?!))"))
}
# Names that Hive's DDL takes in backticks only: https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html
# The page also lists DAYOFWEEK, START, TIME and TIMESTAMP, which Athena's own pages have as bare names of columns:
# .../orc-serde.html, .../vpc-flow-logs-create-table-statement.html, .../create-alb-access-logs-table.html and
# .../elasticloadbalancer-classic-logs.html
_RESERVED_WORDS = """
    ALL ALTER AND ARRAY AS AUTHORIZATION BETWEEN BIGINT BINARY BOOLEAN BOTH BY CASE CASHE CAST CHAR COLUMN CONF
    CONSTRAINT COMMIT CREATE CROSS CUBE CURRENT CURRENT_DATE CURRENT_TIMESTAMP CURSOR DATABASE DATE
    DECIMAL DELETE DESCRIBE DISTINCT DIV DOUBLE DROP ELSE END EXCHANGE EXISTS EXTENDED EXTERNAL EXTRACT FALSE
    FETCH FLOAT FLOOR FOLLOWING FOR FOREIGN FROM FULL FUNCTION GRANT GROUP GROUPING HAVING IF IMPORT IN INNER
    INSERT INT INTEGER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LESS LIKE LOCAL MACRO MAP MORE NONE NOT NULL
    NUMERIC OF ON ONLY OR ORDER OUT OUTER OVER PARTIALSCAN PARTITION PERCENT PRECEDING PRECISION PRESERVE PRIMARY
    PROCEDURE RANGE READS REDUCE REFERENCES REGEXP REVOKE RIGHT RLIKE ROLLBACK ROLLUP ROW ROWS SELECT SET SMALLINT
    TABLE TABLESAMPLE THEN TO TRANSFORM TRIGGER TRUE TRUNCATE UNBOUNDED UNION UNIQUEJOIN
    UPDATE USER USING UTC_TIMESTAMP VALUES VARCHAR VIEWS WHEN WHERE WINDOW WITH
"""
_RESERVED = set(_RESERVED_WORDS.split())
_MATCHERS = [(re.compile(pattern, re.IGNORECASE | re.DOTALL), *kinds) for pattern, *kinds in KINDS]


@dataclass(frozen=True)
class Statement:
    """One statement without its final semicolon."""

    sql: str
    kind: str
    type: str
    substatement: str

    @property
    def writes_data(self) -> bool:
        return self.kind in ("CTAS", "INSERT", "UNLOAD")

    @property
    def hive(self) -> bool:
        """Whether Hive's parser reads it, not Trino's."""
        of_trino = self.kind in ("PREPARE", "DEALLOCATE", "CREATE_VIEW", "DROP_VIEW", "SHOW_CREATE_VIEW")
        return self.type != "DML" and self.kind != "CTAS" and not of_trino

    @property
    def extension(self) -> str:
        """The result file's: `.csv` for rows of a query, `.txt` for DDL, none for data written elsewhere."""
        return ".csv" if self.kind == "SELECT" else "" if self.writes_data else ".txt"


def classify(sql: str) -> Statement:
    """The kind of a statement; StartQueryExecution refuses what it does not know."""
    text = sql.strip()
    while text.endswith(";"):
        text = text[:-1].rstrip()
    opening = _COMMENTS.match(text)
    start = opening.end() if opening else 0
    code = Tokens(text).code()  # comments may stand between any two words
    for matcher, kind, statement_type, substatement in _MATCHERS:
        if matcher.match(code, start):
            if kind == "CREATE_TABLE" and not _is_placed(text):
                raise InvalidRequest("No location was specified for table. An S3 location must be specified")
            return Statement(text, kind, statement_type, substatement)
    word = re.match(r"\S*", text[start:])
    if not text[start:]:
        raise InvalidRequest("Query string cannot be empty or only comments")
    raise InvalidRequest(
        f"line 1:{start + 1}: mismatched input '{word[0] if word else ''}'. Queries of this type are not supported"
    )


def _is_placed(sql: str) -> bool:
    """Whether CREATE TABLE is EXTERNAL or has a LOCATION; of the first Hive tells what is missing when it runs."""
    tokens, depth = Tokens(sql, hive=True), 0
    if tokens.accept("CREATE", "EXTERNAL"):
        return True
    while not tokens.ended:
        if depth == 0 and tokens.accept("LOCATION"):
            return True
        depth += {"(": 1, ")": -1}.get(tokens.take(), 0)
    return False


def blanked(sql: str, start: int, end: int) -> str:
    """A part of a statement where it stands, blanks in the place of what is before it."""
    return re.sub(r"[^\n]", " ", sql[:start]) + sql[start:end] if sql[start:end] else ""


class Tokens:
    """A cursor over a statement; `hive` if names are Hive's: bare words that are not reserved, or in backticks."""

    def __init__(self, sql: str, hive: bool = False) -> None:
        self._sql, self._hive = sql, hive
        self._tokens = [match for match in _TOKENS[hive].finditer(sql) if match.lastgroup != "space"]
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._at >= len(self._tokens)

    def peek(self, ahead: int = 0) -> str:
        """The text of a token to come; empty past the end."""
        position = self._at + ahead
        return self._tokens[position][0] if position < len(self._tokens) else ""

    def accept(self, *words: str) -> bool:
        """Take these words if they come next."""
        ahead = [token[0].upper() for token in self._tokens[self._at : self._at + len(words)]]
        if ahead != list(words):
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        if not self.accept(*words):
            raise self.error(f"missing {' '.join(words)}")

    def end(self) -> None:
        """Nothing may follow; to be asked before the statement changes anything."""
        if not self.ended:
            raise self.error("extraneous input")

    def error(self, problem: str) -> InvalidRequest:
        """As Athena's Hive parser words it."""
        offset = len(self._sql) if self.ended else self._tokens[self._at].start()
        line = self._sql.count("\n", 0, offset) + 1
        column = offset - (self._sql.rfind("\n", 0, offset) + 1)
        return InvalidRequest(f"line {line}:{column + 1}: {problem} at '{self.peek() or '<EOF>'}'")

    def place(self, offset: int) -> str:
        """`line 1:8: ` of an offset."""
        return f"line {self._sql.count(chr(10), 0, offset) + 1}:{offset - self._sql.rfind(chr(10), 0, offset)}: "

    def code(self) -> str:
        """The text with comments blank and what is in quotes masked, every character in its place."""
        text = [" "] * len(self._sql)
        for token in self._tokens:
            quoted = token.lastgroup in ("string", "quoted", "backtick")
            text[token.start() : token.end()] = (
                f"{token[0][0]}{'x' * (len(token[0]) - 2)}{token[0][0]}" if quoted else token[0]
            )
        return "".join(text)

    def numbers(self) -> Iterator[tuple[int, str]]:
        """(offset, text) of every token that begins with a digit."""
        yield from ((token.start(), token[0]) for token in self._tokens if token.lastgroup == "number")

    def binaries(self) -> Iterator[tuple[int, str]]:
        """(offset, digits) of every `X'61'`."""
        for mark, token in pairwise(self._tokens):
            if mark[0] in ("x", "X") and token.lastgroup == "string" and mark.end() == token.start():
                yield mark.start(), token["string"]

    def name(self) -> str:
        """An identifier, lower-cased as the catalog keeps it."""
        if self.ended or self._tokens[self._at].lastgroup not in ("word", "backtick", "quoted"):
            raise self.error("mismatched input: an identifier is expected")
        token = self._tokens[self._at]
        odd = token[0].startswith("_") or token[0].upper() in _RESERVED
        odd |= token["backtick"] is None and not token[0].isascii()
        if self._hive and odd:
            raise self.error("cannot recognize input: a name like this needs backticks")
        self._at += 1
        return (token["backtick"] or token["quoted"] or token[0]).replace("``", "`").replace('""', '"').lower()

    def qualified(self, database: str) -> tuple[str, str]:
        """`[catalog.][database.]table`, which Hive splits at the dot in a name too: `database.table` in backticks.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html
        https://github.com/apache/hive/blob/rel/release-2.3.9/ql/src/java/org/apache/hadoop/hive/ql/exec/Utilities.java
        """
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        if self._hive and any("." in part for part in parts):
            name = ".".join(parts)
            parts = name.split(".")
            if len(parts) != 2 or not all(parts):
                raise CannotTranslate(f"the name of a table {name!r}; Hive says: Invalid table name {name}")
        return (parts[-2] if len(parts) > 1 else database.lower()), parts[-1]

    def _at_string(self, ahead: int = 0) -> bool:
        position = self._at + ahead
        return position < len(self._tokens) and self._tokens[position].lastgroup in ("string", "quoted")

    def string(self) -> str:
        """A string in single or double quotes."""
        if not self._at_string():
            raise self.error("mismatched input: a string is expected")
        token = self._tokens[self._at]
        self._at += 1
        if self._hive:
            return hive_text(token[0])
        return token["quoted"] if token["quoted"] is not None else token["string"].replace("''", "'")

    def value(self) -> str:
        """A literal's text: a string, a number or a word."""
        return self.string() if self._at_string() else self.take()

    def take(self) -> str:
        if self.ended:
            raise self.error("mismatched input")
        self._at += 1
        return self._tokens[self._at - 1][0]

    def properties(self) -> dict[str, str]:
        """`('a'='b', 'c'='d')`"""
        found = {}
        self.expect("(")
        while True:
            key = self.string()
            self.expect("=")
            found[key] = self.string()
            if self.accept(")"):
                return found
            self.expect(",")

    def type_text(self) -> str:
        """A column's type, up to the comma or the parenthesis that ends it.

        Comments of a struct's members are left out, as Hive does (BaseSemanticAnalyzer.getTypeStringFromAST).
        https://docs.aws.amazon.com/athena/latest/ug/data-types.html
        """
        around: list[str] = []  # the words before the brackets that are open
        found, start, end = "", self._tokens[self._at].start() if not self.ended else 0, 0
        while not self.ended:
            token, comment = self._tokens[self._at], self.peek().upper() == "COMMENT"
            if not around and (token[0] in ",)" or comment):
                break
            if comment and around[-1] == "STRUCT" and self._at_string(1) and self.peek(2) in (",", ">"):
                found += self._sql[start : token.start()]
                start = end = self._tokens[self._at + 1].end()
                self._at += 2
                continue
            if token[0] in "<(":
                around.append(self.peek(-1).upper())
            elif token[0] in ">)" and around:
                around.pop()
            end = token.end()
            self._at += 1
        if not end:
            raise self.error("mismatched input: a type is expected")
        return found + self._sql[start:end]

    def rest(self) -> str:
        """The text from here to the end."""
        return self.query().lstrip()

    def query(self) -> str:
        """The rest with blanks for what is before it, so that what it says of places holds for the statement."""
        start = len(self._sql) if self.ended else self._tokens[self._at].start()
        self._at = len(self._tokens)
        return blanked(self._sql, start, len(self._sql))

    def parenthesised(self) -> str:
        """The text between the parenthesis that opens here and its match, with blanks for what is before it."""
        self.expect("(")
        depth, start = 1, self._tokens[self._at].start() if not self.ended else 0
        while not self.ended:
            token = self._tokens[self._at]
            depth += {"(": 1, ")": -1}.get(token[0], 0)
            self._at += 1
            if depth == 0:
                return blanked(self._sql, start, token.start())
        raise self.error("missing )")
