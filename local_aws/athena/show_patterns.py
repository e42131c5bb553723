"""The patterns that SHOW DATABASES, TABLES and VIEWS compare names with."""

import re

from local_aws.athena.errors import CannotTranslate, ddl_failed
from local_aws.athena.statements import Tokens

# What means something else in Java's regular expressions than in Python's, or nothing there.
_OTHER_IN_JAVA = re.compile(r"\\[pPQGhHRXkKzx]|&&|\(\?[PiLaux]|\[[^]]*\[|\{(?!\d+(?:,\d*)?\})")


def like(tokens: Tokens, names: list[str]) -> list[str]:
    """`[LIKE] 'pattern'` of tables and views: a regular expression in which `*` stands for any characters.

    https://docs.aws.amazon.com/athena/latest/ug/show-tables.html
    """
    if tokens.ended:
        return names
    tokens.accept("LIKE")
    written = tokens.string()
    try:
        return [name for name in names if re.fullmatch(written.replace(".*", "*").replace("*", ".*"), name)]
    except re.error as error:
        raise CannotTranslate(f"the pattern {written}") from error


def like_in_java(tokens: Tokens, names: list[str]) -> list[str]:
    """`[LIKE] 'pattern'` of databases: a regular expression of Java's, and `*` alone for all.

    https://docs.aws.amazon.com/athena/latest/ug/show-databases.html
    """
    if tokens.ended:
        return names
    tokens.accept("LIKE")
    written = tokens.string()
    if written == "*":
        return names
    if _OTHER_IN_JAVA.search(written):
        raise CannotTranslate(f"the pattern {written}")
    try:
        return [name for name in names if re.fullmatch(written, name)]
    except re.error as error:
        problem = _in_java(error, written)
        raise ddl_failed(
            f"MetaException(message:Unable to get databases: java.util.regex.PatternSyntaxException: {problem})"
        ) from error


def _in_java(error: re.error, written: str) -> str:
    """Java's words, with the pattern and a mark below the place."""
    at = error.pos or 0
    if error.msg == "nothing to repeat":
        reason = f"Dangling meta character '{written[at]}'"
    elif error.msg == "missing ), unterminated subpattern":
        reason, at = "Unclosed group", len(written)
    elif error.msg == "unterminated character set":
        reason, at = "Unclosed character class", len(written) - 1
    else:
        raise CannotTranslate(f"the pattern {written}") from error
    return f"{reason} near index {at}\n{written}\n{' ' * at}^"
