"""An embedded AWS of the proof's own, since its record of decisions must hold nobody else's, and stacks in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.conftest import _deployed, embedded_aws, migrated_database
from tests.e2e.deployment import Deployment, copy_include
from tests.iam_proof.world import Place, write_archive

_OPTIONS = ("--parameter", "WithAlarm=true")


@contextmanager
def embedded(folder: Path) -> Iterator[Deployment]:
    """An embedded AWS with nothing in it, and an Airflow home."""
    with embedded_aws(folder / "proof", migrated_database(folder / "airflow-template")) as deployment:
        yield deployment


def make(deployment: Deployment, env: str) -> Place:
    """A stack with one archive that uses everything, and nothing in it yet."""
    include = copy_include(deployment.folder / f"include-{env}")
    place = Place(env=env, url=deployment.url, include=include)
    write_archive(place)
    deployed = _deployed(deployment.with_variables({"TTL_ARCHIVE_INCLUDE_DIR": str(include)}), "--env", env, *_OPTIONS)
    return place.model_copy(
        update={"bucket": deployed.bucket, "role": deployed.role, "environment": dict(deployed.environment)}
    )
