"""A quarter's report, made by the real DAG of three published months."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime

import pytest

from tests.e2e import laboratory, readers
from tests.e2e.deployment import Deployment
from tests.e2e.laboratory import diary_month
from tests.e2e.pipeline import Pipeline
from ttl_archive.months import Quarter

pytestmark = pytest.mark.xdist_group("e2e-late")

ITEMS = (30, 20, 10)  # of the quarter's months


@pytest.fixture(scope="module")
def months(lab: Deployment) -> list[Pipeline]:
    """The months of the last complete quarter, with items in the table; none is published."""
    one = laboratory.pipeline(lab, "quarters")
    quarter = Quarter.containing(datetime.now(UTC), one.archive.timezone).previous
    pipelines = [one.of(month) for month in quarter.months]
    for number, (pipeline, count) in enumerate(zip(pipelines, ITEMS, strict=True)):
        items = diary_month(pipeline.month, count)
        laboratory.put(pipeline, [{**item, "eventId": {"S": f"{number}-{n}"}} for n, item in enumerate(items)])
    return pipelines


def _report(lab: Deployment, quarter: Quarter) -> subprocess.CompletedProcess[str]:
    conf = json.dumps({"quarter": str(quarter)})
    return lab.command("-m", "airflow", "dags", "test", "quarterly_report_quarters", "-c", conf)


def test_a_quarter_is_reported_when_every_month_is_published(lab: Deployment, months: list[Pipeline]) -> None:
    first, second, third = months
    quarter = Quarter.containing(first.month.start, first.archive.timezone)
    first.run("first")
    third.run("third")
    refused = _report(lab, quarter)
    assert refused.returncode != 0
    assert f"quarters {quarter}: {second.month} was never published" in refused.stdout + refused.stderr

    second.run("second")
    done = _report(lab, quarter)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    prefix = f"reports/quarters/{quarter}/"
    report = readers.document(first.admin, lab.results_bucket, f"{prefix}report.json")
    assert (report["month"], report["certificate"]["safe_to_expire"]) == (str(quarter), True)
    assert {name: report["counts"][name] for name in ("scanned", "archived", "athena")} == dict.fromkeys(
        ("scanned", "archived", "athena"), sum(ITEMS)
    )
    (section,) = report["sections"]
    assert section["rows"] == [[str(one.month), count] for one, count in zip(months, ITEMS, strict=True)]
    assert {name.removeprefix(prefix) for name in readers.keys(first.admin, lab.results_bucket, prefix)} == {
        "report.html", "report.md", "report.txt", "report.json", "10_items_by_month.csv",
    }  # fmt: skip
    html = readers.body(first.admin, lab.results_bucket, f"{prefix}report.html").decode()
    assert f"Q{quarter.number} {quarter.year}" in html
    assert "Quarterly report" in html
    assert report["provenance"]["archived_by"] is None, "each month was archived by a run of its own"
    assert "isn't paid again" not in html
