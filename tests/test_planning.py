"""How a table is split into segments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ENVIRONMENT, REPOSITORY
from ttl_archive.config import Archive, find_archive
from ttl_archive.dag_arguments import export_arguments
from ttl_archive.planning import segment_count

MIB = 1024**2


def archive(**source: Any) -> Archive:
    shipped = find_archive(REPOSITORY / "include", "usage_logs", ENVIRONMENT)
    return shipped.model_copy(update={"source": shipped.source.model_copy(update=source)})


@pytest.mark.parametrize(
    ("table_bytes", "segments"), [(0, 2), (512 * MIB, 2), (512 * MIB + 1, 3), (10 * 1024 * MIB, 40), (10**13, 200)]
)
def test_auto_grows_with_the_table(table_bytes: int, segments: int) -> None:
    assert segment_count(archive(), table_bytes) == segments


def test_a_number_is_taken_as_it_is() -> None:
    assert segment_count(archive(segments=7), 10**13) == 7


@pytest.mark.parametrize(("segments", "at_once"), [("auto", 4), (1, 1), (3, 3), (50, 4)])
def test_a_limit_of_read_units_holds_over_all_segments_that_run_at_once(segments: Any, at_once: int) -> None:
    """Each gets a share, and Airflow runs no more than have one, whatever the number of segments and of runs."""
    limited = archive(segments=segments, max_read_units_per_second=100.0)
    assert export_arguments(limited)["max_active_tis_per_dag"] == at_once
    assert segment_count(limited, 0) >= at_once


def test_without_a_limit_the_executor_decides() -> None:
    assert export_arguments(archive())["max_active_tis_per_dag"] is None
