"""Which licences a deployment may bring, and that the page lists what the lock holds."""

from __future__ import annotations

import re

import pytest

from deploy.licences import PAGE, kind, listed
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", "permissive"),
        ("Apache-2.0 AND BSD-2-Clause", "permissive"),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", "weak copyleft"),
        ("LGPL-3.0-only", "weak copyleft"),
        ("MIT OR GPL-3.0-only", "permissive"),
        ("Artistic License; GNU General Public License (GPL)", "permissive"),
        ("MIT AND GPL-3.0-only", None),
        ("GPL-3.0-only", None),
        ("AGPL-3.0-or-later", None),
        ("BUSL-1.1", None),
        ("none stated", None),
        ("", None),
    ],
)
def test_kind(licence: str, expected: str | None) -> None:
    assert kind(licence) == expected


def test_the_page_lists_every_package_that_is_asked_for_and_refuses_none() -> None:
    text = PAGE.read_text(encoding="utf-8")
    packages = listed(text)
    lines = "\n".join((REPOSITORY / name).read_text() for name in ("requirements.txt", "requirements-celery.txt"))
    asked = {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==", lines, re.MULTILINE)}
    assert len(asked) > 15
    assert asked <= set(packages)
    assert "refused" not in text.partition("|:--|")[2]
