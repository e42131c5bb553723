"""The lock: every version, with hashes, the same in both of its files and in every file that repeats one."""

from __future__ import annotations

import re

from tests.conftest import REPOSITORY

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==([^\s;\\]+)", re.MULTILINE)


def _read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def _pins(text: str) -> set[tuple[str, str]]:
    return {(name.lower().replace("_", "-"), version) for name, version in _PIN.findall(text)}


def test_both_files_lock_the_same_versions() -> None:
    assert _pins(_read("constraints.txt")) == _pins(_read("constraints-hashed.txt"))


def test_every_locked_version_has_hashes() -> None:
    blocks = re.split(r"^(?=[a-z0-9])", _read("constraints-hashed.txt"), flags=re.MULTILINE)[1:]
    assert len(blocks) > 200
    assert not [block for block in blocks if "--hash=sha256:" not in block]


def test_every_requirement_is_pinned_to_what_is_locked() -> None:
    locked = _pins(_read("constraints.txt"))
    for name in ("requirements.txt", "requirements-celery.txt", "requirements-dev.txt", "local_aws/requirements.txt"):
        lines = [line for line in _read(name).splitlines() if line and not line.startswith(("#", "-r "))]
        assert lines
        assert not [line for line in lines if not _PIN.match(line)], f"{name}: pin every line with =="
        unlocked = _pins("\n".join(lines)) - locked
        assert not unlocked, f"{name}: run make lock for {sorted(unlocked)}"


def test_the_image_is_of_the_airflow_that_is_required() -> None:
    version = dict(_pins(_read("requirements.txt")))["apache-airflow"]
    for name in ("Dockerfile", "docker-compose.yaml"):
        images = re.findall(r"apache/airflow:slim-([0-9.]+)-python3\.1[123]", _read(name))
        assert images, name
        assert set(images) == {version}, name


def test_uv_is_locked_as_the_makefile_says() -> None:
    (version,) = re.findall(r"^UV_VERSION := (\S+)$", _read("Makefile"), re.MULTILINE)
    assert ("uv", version) in _pins(_read("constraints.txt"))
