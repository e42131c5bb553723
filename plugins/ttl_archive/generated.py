"""Writes the files that are made from the code, or checks that they are fresh.

    python -m ttl_archive.generated [--check]

``include/archives/schema.json`` lets editors complete and check an archive's YAML; ``docs/dags.md`` holds the DAGs'
own manual; ``docs/errors.md`` the failures of AWS that the package knows. None depends on the environment.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from pathlib import Path

from ttl_archive.config import Archive
from ttl_archive.diagnosis import catalogue
from ttl_archive.settings import settings


def files(repository: Path) -> dict[Path, str]:
    """Each generated file's path and what it must hold."""
    return {
        repository / "include/archives/schema.json": archive_schema(),
        repository / "docs/dags.md": dag_manual(repository / "dags"),
        repository / "docs/errors.md": error_pages(),
    }


def archive_schema() -> str:
    """The JSON Schema of an archive's YAML; its name is the file's, so the schema hasn't any."""
    schema = Archive.model_json_schema()
    del schema["properties"]["name"]
    schema["required"].remove("name")
    schema["title"] = "An archive of ttl-archive"
    return json.dumps(schema, indent=2) + "\n"


def dag_manual(dags: Path) -> str:
    """The module docstring of every DAG file, as one Markdown page."""
    pages = ["<!-- Written by `make format` from the docstrings of dags/*.py; not by hand. -->"]
    for path in sorted(dags.glob("*.py")):
        manual = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        pages.append(f"# dags/{path.name}\n\n{manual}")
    return "\n\n".join(pages) + "\n"


def error_pages() -> str:
    """One heading an entry of the failure catalogue, which is what a message links to."""
    pages = [
        "<!-- Written by `make format` from plugins/ttl_archive/failure_catalogue.yaml; not by hand. -->",
        "# Failures of AWS",
        "What AWS says, what it means, and what to do. A failed task's message has the same, and the evidence of this "
        "very failure; [the runbook](runbook.md#failures) tells of the classes. The first entry whose pattern is found "
        "counts. What no entry knows is retried if Athena calls it retryable or a system error, or if an API answers "
        "with a status of 5xx or 429.",
        _table(
            ["failure", "class", "retried"],
            [[f"[{one.id}](#{one.id})", f"`{one.raises.__name__}`", _yes(one.retried)] for one in catalogue()],
        ),
    ]
    for one in catalogue():
        seen = {"query": "a query's reason", "call": "an API call's error", "either": "either a query or a call"}
        facts = [
            f"`{one.raises.__name__}`, {'retried with backoff' if one.retried else 'fails at once'}; "
            f"seen in {seen[one.seen_in]}",
            f"cause: {one.cause}",
            f"next step: {one.next}",
        ]
        if one.probe:
            facts.append("what the statement needs is probed, and a missing permission or thing named")
        quoted = f"```text\n{one.example}\n```"
        listed = "\n".join(f"* {fact}" for fact in facts)
        pages += [f"## {one.id}", quoted, listed, f"Source: <{one.source}>"]
    return "\n\n".join(pages) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, [":--"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def main() -> int:
    """Write, or with ``--check`` only compare; exit code 1 names each stale file."""
    parser = argparse.ArgumentParser(prog="ttl_archive.generated", description="Write the generated files.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a file is stale")
    arguments = parser.parse_args()
    stale = []
    for path, text in files(settings().include_dir.parent).items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not arguments.check:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        sys.stderr.write(f"{path}: {'stale; run make format' if arguments.check else 'written'}\n")
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
