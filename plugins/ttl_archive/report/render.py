"""The forms a report is published in: HTML for people, Markdown for chats and pull requests, CSV and JSON for programs.

Item data is inert in each of them (``ttl_archive.report.escape``); the HTML has no script, and its content security
policy would not let one run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ttl_archive.report.changes import changes, number_of
from ttl_archive.report.content import ReportContent, SectionResult, Value
from ttl_archive.report.escape import Markdown, brief, chat_text, code_span, csv_text, markdown_text, visible
from ttl_archive.report.findings import findings
from ttl_archive.report.formats import EMPTY, NULL, Formats, is_number
from ttl_archive.report.sparkline import sparkline
from ttl_archive.settings import settings

ROWS_SHOWN = 31  # of a section in HTML: a month of days; CSV and JSON have all
ROWS_SHOWN_MARKDOWN = 10
_INERT = frozenset({"boolean", "date"})


def render_json(content: ReportContent) -> bytes:
    """``report.json``: the exact form, from which the content restores; equal content gives equal bytes."""
    return content.to_json()


def render_html(content: ReportContent, templates: Path | None = None) -> str:
    """``report.html``: one self-contained file, in light and dark, for phone, desktop, e-mail and A4.

    :param templates: the folder of ``report.html.j2``; by default the deployment's ``include/report``.
    """
    from ttl_archive.report.charts import draw  # only the task that draws pays for the chart library

    environment = _environment(templates, finalize=_visible_html, autoescape=True)
    template = environment.get_template("report.html.j2")
    return template.render(
        **_names(content), rows_of=_rows_of(content, lambda text: text or EMPTY), draw=draw, rows_shown=ROWS_SHOWN
    )


def render_markdown(content: ReportContent, templates: Path | None = None) -> str:
    """``report.md``: what Slack or a pull request shows well; the longer tables are cut, the CSV has all rows.

    :param templates: the folder of ``report.md.j2``; by default the deployment's ``include/report``.
    """
    environment = _environment(templates, finalize=markdown_text, autoescape=False)
    template = environment.get_template("report.md.j2")
    text = template.render(
        **_names(content),
        rows_of=_rows_of(content, code_span),
        rows_shown=ROWS_SHOWN_MARKDOWN,
        numbers=_numbers,
        sparkline=sparkline,
        code=code_span,
        markdown=Markdown,
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def render_text(content: ReportContent, templates: Path | None = None) -> str:
    """``report.txt``: the certificate and what changed in a few lines, for a chat or a text message.

    :param templates: the folder of ``report.txt.j2``; by default the deployment's ``include/report``.
    """
    environment = _environment(templates, finalize=chat_text, autoescape=False)
    text = environment.get_template("report.txt.j2").render(**_names(content))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def render_csv(section: SectionResult) -> str:
    """``<section>.csv``: RFC 4180, and safe to open in a spreadsheet (``escape.csv_text``).

    NULL is an empty field, an empty text is ``""``; numbers are as Athena gave them. ``report.json`` is the exact form.
    """
    rows = [[_csv_field(value, kind) for value, kind in zip(row, section.types, strict=True)] for row in section.rows]
    header = [csv_text(name) for name in section.columns]
    return "".join(",".join(fields) + "\r\n" for fields in [header, *rows])


def _csv_field(value: Value, athena_type: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return csv_text(value) if isinstance(value, str) and not is_number(athena_type) else str(value)


def _visible_html(value: Any) -> Any:
    """Jinja escapes what this returns, unless it is ``Markup``."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment(templates: Path | None, **options: Any) -> Environment:
    return Environment(  # noqa: S701  # autoescape is one of the options: on for HTML
        loader=FileSystemLoader(templates or settings().include_dir / "report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )


def _rows_of(content: ReportContent, text: Callable[[str], str]) -> Callable[..., list[tuple[str, ...]]]:
    """The cells that a table shows.

    :param text: what to do with a text of the item data.
    """
    formats = Formats(content.locale, content.timezone)

    def cells(values: list[Value], athena_type: str) -> list[str]:
        shown = formats.column(values, athena_type)
        if is_number(athena_type) or athena_type in _INERT:
            return shown
        return [one if value is None else text(brief(one)) for value, one in zip(values, shown, strict=True)]

    def rows_of(section: SectionResult, limit: int, by: str | None = None) -> list[tuple[str, ...]]:
        """The first rows, or those with the highest values of a column."""
        rows = list(section.rows)
        if by is not None:
            order = _numbers(section, by)
            rows = [rows[i] for i in sorted(range(len(rows)), key=lambda i: -(order[i] or 0))]
        columns = zip(*rows[:limit], strict=True)
        return list(zip(*(cells(list(c), kind) for c, kind in zip(columns, section.types, strict=True)), strict=True))

    return rows_of


def _numbers(section: SectionResult, column: str) -> list[float | None]:
    return [number_of(value) for value in section.column(column)]


def _names(content: ReportContent) -> dict[str, Any]:
    formats = Formats(content.locale, content.timezone)
    return {
        "report": content,
        "changes": changes(content),
        "findings": list(findings(content, formats)),
        "formats": formats,
        "brief": brief,
        "is_number": is_number,
        "NULL": NULL,
        "EMPTY": EMPTY,
    }
