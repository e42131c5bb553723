"""Every test sees the same made-up deployment, and nothing of the user's own AWS or Airflow."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENT = {
    "TTL_ARCHIVE_BUCKET": "test-archive",
    "TTL_ARCHIVE_RESULTS_BUCKET": "test-results",
    "TTL_ARCHIVE_WORKGROUP": "test-workgroup",
    "TTL_ARCHIVE_TABLE_PREFIX": "test-",
}
_CLOSED = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}

# Set when pytest collects, since Airflow reads its configuration while it is imported.
for _name in [name for name in os.environ if name.startswith(("TTL_ARCHIVE_", "AIRFLOW_CONN_", "AWS_"))]:
    del os.environ[_name]
os.environ.update(ENVIRONMENT | _CLOSED)
_home = Path(tempfile.mkdtemp(prefix="ttl-archive-airflow-"))
os.environ.update(
    {
        "AIRFLOW_HOME": str(_home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_home}/airflow.db",
        "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
    }
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Let ``--dist loadgroup`` see the groups.

    pytest-xdist 3.8.0 writes a test's group into ``_nodeid``, which pytest 9.2.0 no longer reads, so that every test is
    a group of its own and each worker makes every session fixture. Drop once pytest-xdist's own ids end in ``@group``.
    """
    if getattr(config.option, "loadgroup", False):
        for item in items:
            groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
            if groups and "@" not in item.nodeid.rpartition("]")[2]:
                item._id = type(item.id).parse(f"{item.nodeid}@{'_'.join(groups)}")
