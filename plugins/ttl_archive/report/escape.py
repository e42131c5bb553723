"""Item data made inert, for each form a report is published in.

A text is whatever somebody once wrote into the table: HTML, a formula, a mention, a link, control characters.
"""

from __future__ import annotations

import re
from typing import Any

# Controls, line and paragraph separators, surrogates, what XML forbids, and the marks that turn the direction of text.
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_FITS_CODE_SPAN = re.compile(r"[^`|\\\s]([^`|\\]*[^`|\\\s])?")
_MARKDOWN_MARKS = re.compile(r"([\\`*_\[\]#|~@])")
BRIEF = 160
_CALLS_IN_A_CHAT = str.maketrans("<>@", "‹›＠")
_MARKS_IN_A_CHAT = str.maketrans("*`~", "∗ˋ∼")
_LINE_BREAKS = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029]+")
# The full-width forms count too: some spreadsheets fold them. The apostrophe keeps the prefix reversible.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠'")


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def visible(text: str) -> str:
    """The text with each invisible control spelled out, such as ``\\n``: neither HTML nor XML can hold them all."""
    return _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def brief(text: str) -> str:
    """At most 160 characters of the text: a page shows where to look, the JSON and the CSV have all of it."""
    return text if len(text) <= BRIEF else f"{text[: BRIEF - 1]}…"


def code_span(text: str) -> Markdown:
    """Item data as a Markdown code span, or as ``<code>`` with character references where a span can't hold it.

    No mark-up, link, mention, HTML, table cell or line break survives in either.
    """
    shown = visible(text)
    if not shown:
        return Markdown("*(empty)*")
    if _FITS_CODE_SPAN.fullmatch(shown):
        return Markdown(f"`{shown}`")
    return Markdown("<code>" + "".join(c if c.isalnum() else f"&#{ord(c)};" for c in shown) + "</code>")


def markdown_text(value: Any) -> str:
    """Whatever isn't ``Markdown`` yet, as plain words in a line of Markdown."""
    if isinstance(value, Markdown):
        return value
    line = visible(_LINE_BREAKS.sub(" ", str(value)))
    return _MARKDOWN_MARKS.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def chat_text(value: Any) -> str:
    """Whatever it is, as words in a line of a message, in which nothing calls anybody or is mark-up."""
    return visible(_LINE_BREAKS.sub(" ", uncalling(str(value)))).translate(_MARKS_IN_A_CHAT)


def uncalling(text: str) -> str:
    """The text, in which chats find no call to everybody as in ``<!channel>`` or ``@everyone``, and no named link.

    https://docs.slack.dev/messaging/formatting-message-text/
    """
    return text.translate(_CALLS_IN_A_CHAT).replace("](", "] (")


def csv_text(text: str) -> str:
    """A quoted field of RFC 4180; what a spreadsheet could take for a formula begins with an apostrophe.

    So does what begins with an apostrophe itself: take one away, and the text is exact again.
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    safe = f"'{text}" if text.startswith(_FORMULA_STARTS) else text
    return '"' + safe.replace('"', '""') + '"'
