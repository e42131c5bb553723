"""The errors of ttl-archive.

    ArchiveError
    +-- ConfigurationError      an archive's YAML, a setting or a SQL file is wrong: edit it
    +-- MonthError              the month can't be archived (malformed, unfinished, not the run's own)
    +-- PrerequisiteError       the account isn't ready: every problem found, at once
    +-- BadTimestamps           items without a readable timestamp, and the archive says `fail`
    +-- ArchiveIncomplete       the counts do not agree: nothing is published
    +-- ExportInterrupted       a segment's export was cut short: a retry exports it anew
    +-- ArchiveCorrupt          a staged or published object isn't what the manifest says
    +-- ArchiveShrunk           keys of the published generation are missing from the new one
    +-- MonthAtRisk             a month whose run is due isn't published, and its items will expire
    +-- MonthBusy               another run holds the month's lease
    +-- Superseded              a later try of this task has taken over
    +-- QueryFailed             Athena failed a statement
        +-- QueryRejected       ... because of the statement, the data or a permission: retrying can't help
        +-- QueryInterrupted    ... because of Athena itself, or throttling: retrying helps

A message says what was found, what was expected and what to do. ``RETRY`` and ``FAIL`` in ``retry_policy``
(``ttl_archive.operators.retries``) are decided by class.
"""

from __future__ import annotations


class ArchiveError(Exception):
    """Anything ttl-archive refuses or finds wrong; its message is written for the person on call."""


class ConfigurationError(ArchiveError):
    """An archive's YAML, a setting or a SQL file is wrong."""


class MonthError(ArchiveError):
    """The month is malformed, unfinished, in the future, or not the one of the run's partition key."""


class PrerequisiteError(ArchiveError):
    """The account isn't ready for a run; the message lists every problem found."""

    def __init__(self, subject: str, problems: list[str]) -> None:
        self.problems = problems
        found = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(problems, 1))
        super().__init__(f"{subject}: {len(problems)} problem(s), nothing was read or written:\n{found}")


class BadTimestamps(ArchiveError):
    """Items have no readable timestamp, and the archive's ``on_bad_timestamp`` is ``fail``."""


class ArchiveIncomplete(ArchiveError):
    """Counts that must agree don't; nothing was published."""


class ExportInterrupted(ArchiveError):
    """A page came incomplete, or the try was told to stop; a retry exports the segment anew."""


class ArchiveCorrupt(ArchiveError):
    """An object in S3 isn't what the manifest says it is."""


class ArchiveShrunk(ArchiveError):
    """Primary keys of the published generation are missing from the new one; nothing was published."""


class MonthAtRisk(ArchiveError):
    """A month whose run is due isn't published; the message says how many days are left."""


class MonthBusy(ArchiveError):
    """Another run holds the month's lease."""


class Superseded(ArchiveError):
    """A later try of the same task has taken over; this one must write nothing more."""


class QueryFailed(ArchiveError):
    """Athena failed a statement."""


class QueryRejected(QueryFailed):
    """Athena failed a statement for a reason that a retry can't change."""


class QueryInterrupted(QueryFailed):
    """Athena failed a statement for a reason of its own; a retry helps."""
