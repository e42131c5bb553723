"""The rules of the SQL in ``include/sql/*/report``, checked before anything runs.

    python -m ttl_archive.report.sql_rules

Rendered, a section is exactly one statement that parses as Athena SQL; it reads the archive's table only under a
condition on both partition columns, so that it can't scan the whole history by accident; it names its columns, and
gives those that its chart asks for. sqlglot parses, and is imported only where it is used.

``python -m ttl_archive.report.sql_rules FOLDER`` also checks the rendered statements of a folder, such as
``tests/golden``: one statement of Athena each, and no table read without a condition on its partition.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError

from ttl_archive.errors import ConfigurationError
from ttl_archive.months import Month, Quarter
from ttl_archive.report.partition_filter import PARTITION_COLUMNS, may_hold, tables_named, where_of
from ttl_archive.report.sections import Section, load_sections
from ttl_archive.settings import settings

if TYPE_CHECKING:
    from sqlglot import exp

_FAR_PARTITION = {"year": "9998", "month": "12"}


def sample_variables(
    database: str = "example_archive",
    table: str = "items",
    timezone: str = "UTC",
    kind: str = "report",
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a section's template may use: of March 2025, or in a ``quarterly`` one of that year's first quarter."""
    month, quarter = Month(2025, 3, timezone), Quarter(2025, 1, timezone)
    period: dict[str, Any] = {"month": month, "previous_month": month.previous}
    if kind == "quarterly":
        period = {"quarter": quarter, "previous_quarter": quarter.previous}
    return {
        **period,
        "database": database,
        "table": table,
        "timezone": timezone,
        "parameters": parameters or {},
    }


def _declared_parameters(include_dir: Path, folder: str) -> dict[str, Any]:
    """The archive's ``report.parameters``, read without the environment that the whole file needs."""
    path = include_dir / "archives" / f"{folder}.yaml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return dict(declared.get("report", {}).get("parameters", {}))


def render_section(include_dir: Path, section: Section, variables: Mapping[str, Any]) -> str:
    """The statement that Athena would get.

    :raises ConfigurationError: naming file and line, if the template is malformed or uses another variable.
    """
    environment = Environment(  # noqa: S701  # SQL, not HTML
        loader=FileSystemLoader(include_dir / "sql"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    path = include_dir / "sql" / section.template
    try:
        return environment.get_template(section.template).render(**variables)
    except TemplateSyntaxError as error:
        raise ConfigurationError(f"{path}:{error.lineno}: not a Jinja template: {error.message}") from None
    except (UndefinedError, TemplateError) as error:
        line = _template_line(error, str(path))
        raise ConfigurationError(f"{path}:{line}: {error}; expected one of {', '.join(sorted(variables))}") from None


def check_section(include_dir: Path, section: Section, variables: Mapping[str, Any] | None = None) -> None:
    """Hold one section against the rules.

    :raises ConfigurationError: naming file and line, what was found, and what was expected.
    """
    path = include_dir / "sql" / section.template
    sql = render_section(include_dir, section, variables or sample_variables(kind=section.template.split("/")[1]))
    for line, problem in _problems(sql, section):
        raise ConfigurationError(f"{path}:{line}: {problem}")


def section_problems(
    include_dir: Path, folder: str, variables: Mapping[str, Any] | None = None, kind: str = "report"
) -> list[str]:
    """Every problem of the sections of an archive, one message for each file that has one.

    :param folder: the archive's name, or ``default``.
    :param kind: ``report``, a month's, or ``quarterly``.
    """
    try:
        sections = load_sections(include_dir, folder, kind)
    except ConfigurationError as error:
        return [str(error)]
    problems = []
    for section in sections:
        try:
            check_section(include_dir, section, variables)
        except ConfigurationError as error:
            problems.append(str(error))
    return problems


def check_sections(include_dir: Path) -> list[str]:
    """Every problem of every section there is."""
    return [
        problem
        for kind in ("report", "quarterly")
        for folder in sorted((include_dir / "sql").glob(f"*/{kind}"))
        for problem in section_problems(
            include_dir,
            folder.parent.name,
            sample_variables(kind=kind, parameters=_declared_parameters(include_dir, folder.parent.name)),
            kind,
        )
    ]


def _problems(sql: str, section: Section) -> Iterator[tuple[int, str]]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    try:
        statements = [tree for tree in sqlglot.parse(sql, read="athena") if tree is not None]
    except ParseError as error:
        first = error.errors[0]
        yield int(first.get("line") or 1), f"not Athena SQL: {first['description']} near {first['highlight']!r}"
        return
    except TokenError as error:
        yield 1, f"not Athena SQL: {error}"
        return
    if len(statements) != 1:
        yield 1, f"found {len(statements)} statements; expected exactly one"
        return
    tree = statements[0]
    if not isinstance(tree, exp.Query):
        yield 1, f"found {tree.key.upper()}; expected a SELECT"
        return
    for line, found in _foreign(sql):
        yield line, f"not Athena SQL: found {found}"
    for line in _stars(sql):
        yield line, "found SELECT *; expected the columns by name, since a new column would change the report"
    for table in tables_named(tree):
        yield from _unfiltered(table)
    missing = [name for name in section.chart.columns if name not in tree.named_selects]
    if missing:
        yield (
            1,
            f"the chart's {', '.join(missing)} is not selected; the statement gives {', '.join(tree.named_selects)}",
        )


def _unfiltered(table: exp.Table) -> Iterator[tuple[int, str]]:
    """A table whose WHERE doesn't name both partition columns, or would read a partition that isn't there yet."""
    from sqlglot import exp

    where = where_of(table)
    columns = {column.name for column in where.find_all(exp.Column)} if where else set()
    missing = [name for name in PARTITION_COLUMNS if name not in columns]
    if missing or (where and may_hold(where, _FAR_PARTITION, table.alias_or_name)):
        line = int(table.this.meta.get("line") or 1)
        found = f"without a condition on {' and '.join(missing)}" if missing else "in every month, for all one can tell"
        yield (
            line,
            f"{table.name} is read {found}; expected a WHERE that limits both partition columns, such as "
            "year = '{{ month.yyyy }}' AND month = '{{ month.mm }}', or the query scans the whole history",
        )


# What sqlglot reads in any dialect, and Athena in none: https://trino.io/docs/current/sql/select.html
_FOREIGN = {
    "DCOLON": "::; expected CAST(... AS ...)",
    "ILIKE": "ILIKE; expected LOWER(...) LIKE",
    "QUALIFY": "QUALIFY; expected a subquery and WHERE",
    "PIVOT": "PIVOT; expected CASE expressions",
}


def _foreign(sql: str) -> Iterator[tuple[int, str]]:
    """The words and signs of other dialects, each with its line."""
    from sqlglot import tokenize

    for token in tokenize(sql, read="athena"):
        if token.token_type.name in _FOREIGN:
            yield token.line, _FOREIGN[token.token_type.name]


def _stars(sql: str) -> Iterator[int]:
    """The lines of each ``*`` or ``t.*`` of a SELECT list; not those of COUNT(*) and of a product."""
    from sqlglot import tokenize

    tokens = tokenize(sql, read="athena")
    before = {"SELECT", "COMMA", "DOT", "DISTINCT", "ALL"}
    for previous, token in pairwise(tokens):
        if token.token_type.name == "STAR" and previous.token_type.name in before:
            yield token.line


def _template_line(error: BaseException, path: str) -> int:
    """The line of the template that an error of its rendering comes from."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def check_rendered(path: Path) -> Iterator[str]:
    """The problems of a rendered statement of the catalog: it parses, and reads no table without a partition filter."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    sql = path.read_text(encoding="utf-8")
    # sqlglot has no UNLOAD; what it runs is the SELECT in it.
    unload = re.fullmatch(r"(?:\s*--[^\n]*\n)*\s*UNLOAD\s*\((.*)\)\s*TO\s+'[^']+'.*", sql, re.S | re.I)
    try:
        trees = sqlglot.parse(unload[1] if unload else sql, read="athena")
    except (ParseError, TokenError) as error:
        yield f"{path}: not Athena SQL: {error}"
        return
    if len(trees) != 1 or trees[0] is None or isinstance(trees[0], exp.Command):
        yield f"{path}: found {len(trees)} statements, or one that isn't parsed; expected exactly one of Athena"
        return
    for table in tables_named(trees[0]) if isinstance(trees[0], exp.Query) else []:
        where = where_of(table)
        columns = {column.name.lower() for column in where.find_all(exp.Column)} if where else set()
        if not ({*PARTITION_COLUMNS} <= columns or {"generation", "folder"} & columns):
            yield f"{path}: {table.name} is read without a condition on year and month, or on generation or folder"


def main(arguments: Sequence[str] = ()) -> int:
    """Print every problem; exit code 1 if there is one."""
    problems = check_sections(settings().include_dir)
    for folder in map(Path, arguments):
        statements = sorted(folder.rglob("*.sql"))
        problems += [problem for path in statements for problem in check_rendered(path)]
        problems += [] if statements else [f"{folder}: no .sql file found"]
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
