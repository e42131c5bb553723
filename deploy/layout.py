"""What every deployment gets: `dags/`, `plugins/` and `include/` as git has them, without caches."""

import shutil
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
_NOT_DEPLOYED = shutil.ignore_patterns("__pycache__", "*.pyc")


def new_folder(path: Path) -> Path:
    """An empty folder, whatever was there before."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def copy(name: str, to: Path) -> None:
    """Copy a folder of the repository: ``copy("include", target / "dags/include")``."""
    shutil.copytree(REPOSITORY / name, to, ignore=_NOT_DEPLOYED)


def requirements() -> list[str]:
    """The pinned lines of ``requirements.txt``."""
    lines = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def say(text: str) -> None:
    """A line for the person who called."""
    sys.stderr.write(f"deploy: {text}\n")
