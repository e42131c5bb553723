"""`python -m deploy.mwaa [--env-file .env]`: what an Amazon MWAA environment takes, in `build/mwaa/`.

    dags/                the DAG, with include/ and constraints.txt in it, for the environment's DAGs folder
    plugins.zip          unpacked by MWAA into $AIRFLOW_HOME/plugins, which is on Python's path
    requirements.txt     under dags/constraints.txt
    startup.sh           says where include/ is, and sets what `make deploy` wrote to .env

include/ lies in dags/ because MWAA keeps that folder in step with S3: an archive is added or changed without an update
of the environment. https://docs.aws.amazon.com/mwaa/latest/userguide/using-startup-script.html
"""

import argparse
import re
import shlex
import sys
import zipfile
from pathlib import Path

from deploy.layout import REPOSITORY, copy, new_folder, requirements, say

FOLDER = REPOSITORY / "build" / "mwaa"
# Where MWAA has Airflow; fixed, since requirements.txt can't name a variable.
HOME = "/usr/local/airflow"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_package(target: Path, settings: dict[str, str]) -> None:
    """Write the four; the same input gives the same bytes."""
    new_folder(target)
    copy("dags", target / "dags")
    copy("include", target / "dags/include")
    (target / "dags/.airflowignore").write_text("include/\n", encoding="utf-8")
    constraints = (REPOSITORY / "constraints.txt").read_bytes()
    (target / "dags/constraints.txt").write_bytes(constraints)
    lines = [f'--constraint "{HOME}/dags/constraints.txt"', *requirements()]
    (target / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _zip_plugins(target / "plugins.zip")
    (target / "startup.sh").write_text(_startup(settings), encoding="utf-8")


def _zip_plugins(path: Path) -> None:
    plugins = REPOSITORY / "plugins"
    files = sorted(each for each in plugins.rglob("*") if each.is_file() and "__pycache__" not in each.parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in files:
            entry = zipfile.ZipInfo(str(each.relative_to(plugins)), _EPOCH)
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, each.read_bytes(), zipfile.ZIP_DEFLATED)


def _startup(settings: dict[str, str]) -> str:
    lines = [
        "#!/bin/sh",
        "# Run by MWAA before each Airflow process starts.",
        'export TTL_ARCHIVE_INCLUDE_DIR="${AIRFLOW_HOME:-' + HOME + '}/dags/include"',
        *(f"export {name}={shlex.quote(value)}" for name, value in settings.items()),
    ]
    return "\n".join(lines) + "\n"


def read_settings(path: Path) -> dict[str, str]:
    """The settings and the pipeline's connection of a ``.env`` file; whatever else is in it stays there.

    :raises SystemExit: if the file lacks a setting that the shipped archives name.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    given = dict(re.findall(r"^(?:export )?([A-Z][A-Z0-9_]*)=(.*)$", "\n".join(lines), re.MULTILINE))
    given = {name: " ".join(shlex.split(value)) for name, value in given.items()}
    connection = f"AIRFLOW_CONN_{given.get('TTL_ARCHIVE_AWS_CONN_ID', 'aws_default').upper()}"
    settings = {name: value for name, value in given.items() if name.startswith("TTL_ARCHIVE_") or name == connection}
    settings.pop("TTL_ARCHIVE_INCLUDE_DIR", None)
    missing = {"TTL_ARCHIVE_BUCKET", "TTL_ARCHIVE_RESULTS_BUCKET", "TTL_ARCHIVE_WORKGROUP", connection} - set(settings)
    if missing:
        raise SystemExit(
            f"deploy: {path} lacks {', '.join(sorted(missing))}: `make deploy` writes it, or give another file"
        )
    return settings


def main(argv: list[str] | None = None) -> int:
    """Write the package, and say what to do with it."""
    parser = argparse.ArgumentParser(prog="python -m deploy.mwaa", description="What an Amazon MWAA environment takes.")
    parser.add_argument("--env-file", type=Path, default=REPOSITORY / ".env", help="of `make deploy` (%(default)s)")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder (%(default)s)")
    arguments = parser.parse_args(argv)
    write_package(arguments.to, read_settings(arguments.env_file))
    say(f"{arguments.to}: dags/, plugins.zip, requirements.txt, startup.sh; docs/deploy.md tells where each goes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
