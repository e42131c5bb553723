"""docker-compose.yaml keeps its promises on paper; `make compose-test` starts it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "docker-compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
ONE_SHOT = {"airflow-init"}
AIRFLOW = {"airflow-init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}


def test_these_are_the_services() -> None:
    assert set(SERVICES) == AIRFLOW | {"postgres", "redis", "aws"}
    assert SERVICES["aws"]["profiles"] == ["embedded-aws"]  # never beside a real account, unless asked for


def test_secrets_have_no_default_and_are_demanded() -> None:
    secrets = set(re.findall(r"\$\{([A-Z_]*(?:PASSWORD|SECRET|KEY)[A-Z_]*)", TEXT))
    assert len(secrets) == 6
    for name in secrets:
        assert re.search(rf"\$\{{{name}:\?", TEXT), f"{name}: demand it with :?"
        assert not re.search(rf"\$\{{{name}:?-", TEXT), f"{name}: no default"


def test_the_page_says_how_to_make_each_secret() -> None:
    page = (REPOSITORY / "docs/deploy.md").read_text(encoding="utf-8")
    for name in re.findall(r"\$\{([A-Z_]+):\?", TEXT):
        assert name in page


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_service_has_limits_and_a_health_check(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["cpus"]
    assert name in ONE_SHOT or service["healthcheck"]["test"]
    assert name in ONE_SHOT or service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(AIRFLOW))
def test_airflow_reads_the_package_and_waits_for_health(name: str) -> None:
    service = SERVICES[name]
    assert {f"./{folder}:/opt/airflow/{folder}:ro" for folder in ("dags", "plugins", "include")} < set(
        service["volumes"]
    )
    conditions = {other: each["condition"] for other, each in service["depends_on"].items()}
    assert conditions
    assert all(
        condition == ("service_completed_successfully" if other in ONE_SHOT else "service_healthy")
        for other, condition in conditions.items()
    )
    assert service["cap_drop"] == ["ALL"]


def test_only_the_ui_is_published_and_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api-server": ["${AIRFLOW_BIND:-127.0.0.1}:${AIRFLOW_PORT:-8080}:8080"]}


def test_every_setting_of_a_deployment_is_passed_on() -> None:
    listed = set(re.findall(r"^(TTL_ARCHIVE_[A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    assert len(listed) > 5
    assert listed <= set(SERVICES["worker"]["environment"])
