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
    +-- CompactionDiffers       the compacted rows aren't the published ones: the compacted month isn't shown
    +-- MonthAtRisk             a month whose run is due isn't published, and its items will expire
    +-- MonthBusy               another run holds the month's lease
    +-- Superseded              a later try of this task has taken over
    +-- ScanTooLarge            the run's queries would read more than athena.max_scan_bytes
    +-- DeliveryFailed          the month is published, but somebody who was to be told wasn't
    +-- AwsFailed               AWS failed a call or a statement: cause, evidence, next step
        +-- CallFailed          a call of DynamoDB, S3, Glue, Athena, ...
        |   +-- CallRejected    ... because of what was asked: retrying can't help
        |   |   +-- CallDenied  ... for want of a permission
        |   +-- CallInterrupted ... because of AWS itself, or throttling: retrying helps
        +-- QueryFailed         a statement that Athena had accepted
            +-- QueryRejected   ... because of the statement or the data: retrying can't help
            |   +-- QueryDenied ... for want of a permission
            +-- QueryInterrupted  ... because of Athena itself, or throttling: retrying helps

A message says what was found, what was expected and what to do. ``RETRY`` and ``FAIL`` in ``retry_policy``
(``ttl_archive.operators.retries``) are decided by class. Which of AWS's failures becomes which class is told by
``failure_catalogue.yaml`` (docs/errors.md).
"""

from __future__ import annotations

from collections.abc import Sequence


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


class CompactionDiffers(ArchiveError):
    """The rows compacted to Parquet aren't those of the published month; nobody reads them."""


class MonthAtRisk(ArchiveError):
    """A month whose run is due isn't published; the message says how many days are left."""


class MonthBusy(ArchiveError):
    """Another run holds the month's lease."""


class Superseded(ArchiveError):
    """A later try of the same task has taken over; this one must write nothing more."""


class ScanTooLarge(ArchiveError):
    """The run's queries would read more than the archive's ``athena.max_scan_bytes``; none was started."""


class DeliveryFailed(ArchiveError):
    """A report that is published couldn't be delivered through one of its channels."""


class AwsFailed(ArchiveError):
    """AWS failed a call or a statement.

    :param summary: what failed, in AWS's own words.
    :param cause: why, as far as it is known.
    :param evidence: what was looked at to say so, a line each.
    :param next_step: what to do about it.
    :param entry: id of the entry of ``failure_catalogue.yaml`` that knows this failure.
    """

    def __init__(
        self,
        summary: str,
        *,
        cause: str = "",
        evidence: Sequence[str] = (),
        next_step: str = "",
        entry: str | None = None,
    ) -> None:
        self.cause = cause
        self.evidence = tuple(evidence)
        self.next_step = next_step
        self.entry = entry
        told = [("cause", cause), *(("evidence", one) for one in evidence), ("next step", next_step)]
        lines = [summary, *(f"  {name}: {text}" for name, text in told if text)]
        if entry:
            lines.append(f"  more: docs/errors.md#{entry}")
        super().__init__("\n".join(lines))


class CallFailed(AwsFailed):
    """An AWS API call failed."""


class CallRejected(CallFailed):
    """A call failed for a reason that a retry can't change."""


class CallDenied(CallRejected):
    """A call was refused for want of a permission."""


class CallInterrupted(CallFailed):
    """A call failed for a reason of AWS's own, or throttling; a retry helps."""


class QueryFailed(AwsFailed):
    """Athena failed a statement."""


class QueryRejected(QueryFailed):
    """Athena failed a statement for a reason that a retry can't change."""


class QueryDenied(QueryRejected):
    """Athena failed a statement because its caller lacks a permission."""


class QueryInterrupted(QueryFailed):
    """Athena failed a statement for a reason of its own; a retry helps."""
