from __future__ import annotations

import pytest

from tests.report.sample_report import sample_content
from ttl_archive.report.content import ReportContent


@pytest.fixture
def content() -> ReportContent:
    return sample_content()
