"""Registers the package's pages with Airflow's UI."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


class TtlArchivePlugin(AirflowPlugin):
    """The report of a month or quarter as a page of the API server."""

    name = "ttl_archive"

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Asked for by the API server alone, so that no other component imports a web framework."""
        from ttl_archive.console import PAGES
        from ttl_archive.ui import app

        return [{"app": app, "url_prefix": PAGES, "name": "ttl-archive"}]
