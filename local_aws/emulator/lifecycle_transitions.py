"""How the transitions and the expiration of one lifecycle rule must follow each other.

Seen in ministack 1.5.33: any order of storage classes at any times is taken. Exit condition:
`ministack.services.s3._put_bucket_lifecycle` refuses what is refused here.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from xml.etree.ElementTree import Element

from local_aws.emulator import Response
from local_aws.emulator.s3_requests import error

# The waterfall: where an object may go from each class.
_BELOW = {
    "STANDARD_IA": ("INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"),
    "INTELLIGENT_TIERING": ("ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"),
    "ONEZONE_IA": ("GLACIER", "DEEP_ARCHIVE"),
    "GLACIER_IR": ("GLACIER", "DEEP_ARCHIVE"),
    "GLACIER": ("DEEP_ARCHIVE",),
    "DEEP_ARCHIVE": (),
}
# The days that are paid for in any case, before which a rule may not go on to another class.
_LEAST_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30, "GLACIER_IR": 90, "GLACIER": 90}


@dataclass(frozen=True)
class Moment:
    """When an action takes place: `unit` is how the rule says it, `day` a number of days from whenever."""

    unit: str
    day: int


Move = tuple[Moment, str]


def refusal(rule: Element) -> Response | None:
    """Why S3 refuses a rule each of whose actions is right, or None."""
    for transition, expiration in (
        ("Transition", "Expiration"),
        ("NoncurrentVersionTransition", "NoncurrentVersionExpiration"),
    ):
        moves = [
            (moment, storage_class)
            for each in rule.findall(transition)
            for moment in _moments(each)
            if (storage_class := each.findtext("StorageClass", "")) in _BELOW  # another one is refused by ministack
        ]
        ends = [moment for each in rule.findall(expiration) for moment in _moments(each)]
        refused = _moves_refusal(rule, transition, moves) or _ends_refusal(
            rule, (transition, expiration), [moment for moment, _ in moves], ends
        )
        if refused:
            return refused
    return None


def _moments(action: Element) -> Iterator[Moment]:
    for unit in ("Days", "NoncurrentDays"):
        if days := action.findtext(unit):
            yield Moment(unit, int(days))
    if text := action.findtext("Date"):
        moment = datetime.fromisoformat(text)
        yield Moment("Date", ((moment.astimezone(UTC) if moment.tzinfo else moment).date() - date.min).days)


def _moves_refusal(rule: Element, action: str, moves: list[Move]) -> Response | None:
    shown = _filter(rule)
    if len({storage_class for _, storage_class in moves}) < len(moves):
        message = f"'StorageClass' must be different for '{action}' actions in same 'Rule' with {shown}"
        return error("InvalidRequest", message)
    if len({moment.unit for moment, _ in moves}) > 1:
        return _mixed("Transition", shown)
    for pair in combinations(sorted(moves, key=lambda move: move[0].day), 2):
        if wrong := _order(action, shown, *pair):
            return error("InvalidArgument", wrong)
    return None


def _order(action: str, shown: str, first: Move, then: Move) -> str | None:
    """What is wrong with one transition after another one, which is none of an earlier day."""
    (start, warmer), (end, colder) = first, then
    days = end.day - start.day
    least = _LEAST_DAYS.get(warmer, 0)
    if colder in _BELOW[warmer] and days and days >= least:
        return None
    told = f"must be {least} days more than" if colder in _BELOW[warmer] and days else "must be greater than"
    if warmer in _BELOW[colder]:
        warmer, colder = colder, warmer
    elif colder not in _BELOW[warmer]:
        return f"Objects cannot be moved from '{warmer}' to '{colder}' by a rule for {shown}"
    where = f"'{start.unit}' in the '{action}' action for StorageClass '{colder}' for {shown}"
    return f"{where} {told} '{shown}' in the '{action}' action for StorageClass '{warmer}'"


def _ends_refusal(
    rule: Element, names: tuple[str, str], moves: list[Moment], ends: list[Moment]
) -> Response | None:  # fmt: skip
    if not moves or not ends:
        return None
    (transition, expiration), (end, *_), shown = names, ends, _filter(rule)
    if end.unit != moves[0].unit:
        return _mixed("Expiration and Transition", shown)
    if end.day > max(move.day for move in moves):
        return None
    told = f"'{end.unit}' in the {expiration} action for {shown} must be greater than"
    return error("InvalidArgument", f"{told} '{end.unit}' in the {transition} action")


def _mixed(actions: str, shown: str) -> Response:
    message = f"Found mixed 'Date' and 'Days' based {actions} actions in lifecycle rule for {shown}"
    return error("InvalidRequest", message)


def _filter(rule: Element) -> str:
    prefix = next((each for path in ("Prefix", "And/Prefix") for each in rule.findall(f"Filter/{path}")), None)
    return "filter '()'" if prefix is None else f"filter '(prefix={prefix.text or ''})'"
