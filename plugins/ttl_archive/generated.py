"""Writes the files that are made from the code, or checks that they are fresh.

    python -m ttl_archive.generated [--check]

``include/archives/schema.json`` lets editors complete and check an archive's YAML; ``docs/dags.md`` holds the DAGs'
own manual. Neither depends on the environment.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from pathlib import Path

from ttl_archive.config import Archive
from ttl_archive.settings import settings


def files(repository: Path) -> dict[Path, str]:
    """Each generated file's path and what it must hold."""
    return {
        repository / "include/archives/schema.json": archive_schema(),
        repository / "docs/dags.md": dag_manual(repository / "dags"),
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
