"""`python -m deploy.astronomer`: an Astro project in `build/astronomer/`, for `astro dev start` and `astro deploy`.

The Astro Runtime image copies the project to /usr/local/airflow when it is built: include/ then lies beside plugins/,
where the package looks for it. The image brings Airflow itself; requirements.txt has the rest.
"""

import argparse
import re
import sys
from pathlib import Path

from deploy.layout import REPOSITORY, copy, new_folder, requirements, say

FOLDER = REPOSITORY / "build" / "astronomer"
# The Runtime of Airflow 3.3; a newer build of it is as good.
RUNTIME = "astrocrpublic.azurecr.io/runtime:3.3-1"


def write_project(target: Path, runtime: str) -> None:
    """Write the project."""
    new_folder(target)
    for name in ("dags", "plugins", "include"):
        copy(name, target / name)
    rest = [line for line in requirements() if not re.match(r"apache-airflow[=\[]", line)]
    (target / "requirements.txt").write_text("\n".join(rest) + "\n", encoding="utf-8")
    (target / "packages.txt").write_text("", encoding="utf-8")
    (target / "Dockerfile").write_text(f"FROM {runtime}\n", encoding="utf-8")
    (target / ".dockerignore").write_text(".astro\n.env\n.git\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Write the project, and say what to do with it."""
    parser = argparse.ArgumentParser(prog="python -m deploy.astronomer", description="An Astro project.")
    parser.add_argument("--runtime", default=RUNTIME, help="image of the Astro Runtime (%(default)s)")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder (%(default)s)")
    arguments = parser.parse_args(argv)
    write_project(arguments.to, arguments.runtime)
    say(f"{arguments.to}: an Astro project FROM {arguments.runtime}; docs/deploy.md tells what it needs set")
    return 0


if __name__ == "__main__":
    sys.exit(main())
