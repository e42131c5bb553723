"""`python -m deploy.licences [--check]`: the licences of what a deployment installs, in `docs/licences.md`.

To be run by the Python of an environment that has `requirements-celery.txt`; `make audit` does. Exit code 1: a licence
isn't one under which an image of this Apache-2.0 package can be handed on, or with --check, the page isn't up to date.
"""

import argparse
import re
import sys
from importlib import metadata
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "licences.md"

PERMISSIVE = {
    "0BSD", "Apache License 2.0", "Apache Software License", "Apache-2.0", "Artistic License", "BSD License",
    "BSD-2-Clause", "BSD-3-Clause", "3-Clause BSD License", "CNRI-Python", "DFSG approved", "ISC", "ISC License (ISCL)",
    "MIT", "MIT License", "MIT-0", "PSF-2.0", "Python Software Foundation License", "The Unlicense (Unlicense)",
    "Unlicense", "ZPL-2.1", "Zlib",
}  # fmt: skip
# Handed on unmodified and replaceable, as files of their own, these ask nothing of the code that imports them.
WEAK_COPYLEFT = {
    "GNU Lesser General Public License v3 or later (LGPLv3+)", "GNU Library or Lesser General Public License (LGPL)",
    "LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)",
}  # fmt: skip
# What comes with the interpreter, or builds and installs, and isn't imported.
_TOOLS = {"pip", "setuptools", "uv", "wheel"}

HEADER = """# Licences

What `requirements-celery.txt` and everything below it are under, as the packages' own metadata say. Written by
`make licences`; `make audit` refuses a licence that isn't permissive or weakly copyleft, and one that nobody states.
Weakly copyleft packages are installed unmodified and can be replaced, which is all that their licences ask here.
PostgreSQL, Redis and the base image aren't part of this list; [deploy.md](deploy.md) names them.

| package | licence | kind |
|:--|:--|:--|
"""


def kind(licence: str) -> str | None:
    """``permissive``, ``weak copyleft``, or None if it can't be handed on: ``kind("MIT OR GPL-3.0-only")``.

    Of alternatives (``OR``, or several classifiers) the mildest counts; of parts joined by ``AND`` the strictest.
    """
    found: set[str] = set()
    for alternative in re.split(r" OR |; ", licence.replace("(Apache-2.0 OR MIT)", "Apache-2.0")):
        parts = set(alternative.split(" AND "))
        if parts <= PERMISSIVE:
            found.add("permissive")
        elif parts <= PERMISSIVE | WEAK_COPYLEFT:
            found.add("weak copyleft")
    return min(found, default=None)


def stated(distribution: metadata.Distribution) -> str:
    """The licence that a package states: its expression, else its classifiers, else the first line of the old field."""
    fields = distribution.metadata.json
    if expression := fields.get("license_expression"):
        return str(expression)
    classifiers = [each.split(" :: ")[-1] for each in fields.get("classifier", []) if each.startswith("License ::")]
    named = [each for each in classifiers if each != "OSI Approved"]
    first = str(fields.get("license", "")).strip().partition("\n")[0]
    return "; ".join(named) or first or "none stated"


def installed() -> dict[str, str]:
    """Each package of this environment and its licence, sorted."""
    found = {each.metadata["Name"].lower(): stated(each) for each in metadata.distributions()}
    return {name: found[name] for name in sorted(found) if name not in _TOOLS}


def listed(text: str) -> dict[str, str]:
    """What the page lists."""
    return dict(re.findall(r"^\| (\S+) \| (.+?) \| [a-z ]+ \|$", text, re.MULTILINE))


def main(argv: list[str] | None = None) -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(prog="python -m deploy.licences", description="The licences of a deployment.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page isn't up to date")
    check = parser.parse_args(argv).check
    packages = installed()
    refused = {name: licence for name, licence in packages.items() if kind(licence) is None}
    for name, licence in refused.items():
        sys.stderr.write(
            f"licences: {name}: {licence}: replace the package, or say in deploy/licences.py why it may be\n"
        )
    before = listed(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    # What only another Python or platform needs stays; a package that is gone goes when the page is written there.
    stale = {name for name, licence in packages.items() if before.get(name) != licence}
    if check:
        for name in sorted(stale):
            sys.stderr.write(
                f"licences: docs/licences.md says {before.get(name, 'nothing')} of {name}: run make licences\n"
            )
    else:
        rows = (f"| {name} | {licence} | {kind(licence) or 'refused'} |\n" for name, licence in packages.items())
        PAGE.write_text(HEADER + "".join(rows), encoding="utf-8")
    sys.stderr.write(f"licences: {len(packages)} packages, {len(refused)} refused\n")
    return 1 if refused or (check and stale) else 0


if __name__ == "__main__":
    sys.exit(main())
