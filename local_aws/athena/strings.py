"""Functions of texts that count or compare otherwise than DuckDB's."""

from collections.abc import Callable

from local_aws.athena.failures import Refused, invalid

_SOUNDEX = {
    letter: code for code, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1) for letter in letters
}


def soundex(word: str) -> str:
    letters = [letter for letter in word.upper() if letter.isalpha()]
    if any(letter > "Z" for letter in letters):
        raise Refused("soundex of other letters than A to Z")
    if not letters:
        return ""
    result, previous = letters[0], _SOUNDEX.get(letters[0])
    for letter in letters[1:]:
        code = _SOUNDEX.get(letter)
        if code and code != previous:
            result += str(code)
        previous = previous if letter in "HW" else code
    return result[:4].ljust(4, "0")


def change_case(change: Callable[[str], str]) -> Callable[[str], str]:
    """Letter by letter: Trino makes no two letters of one, and of İ an i."""
    special = {"İ": "i"} if change is str.lower else {}
    return lambda value: "".join(
        special.get(letter) or (new if len(new := change(letter)) == 1 else letter) for letter in value
    )


def strpos(value: str, wanted: str, instance: int) -> int:
    if instance == 0:
        raise invalid("'instance' must not be a positive or negative number.")
    places, at = [], value.find(wanted)
    while at >= 0:
        places.append(at + 1)
        at = value.find(wanted, at + 1)
    index = instance - 1 if instance > 0 else instance
    return places[index] if -len(places) <= index < len(places) else 0


def split(value: str, delimiter: str, limit: int) -> list[str]:
    if not delimiter or limit <= 0:
        raise invalid("The delimiter may not be the empty string" if not delimiter else "Limit must be positive")
    return value.split(delimiter, limit - 1)


def split_entries(value: str, between: str, within: str, unique: bool) -> list[dict[str, str]]:
    """`a=1,b=2` as entries, for a map."""
    if not between or not within or between == within:
        raise invalid("the delimiters of entries, and of keys and values, must be different texts that are not empty")
    entries = value.removesuffix(between).split(between) if value else []
    for entry in entries:
        if len(entry.split(within)) != 2:
            raise invalid(f"Key-value delimiter must appear exactly once in each entry. Bad input: '{entry}'")
    pairs = [entry.split(within) for entry in entries]
    keys = [key for key, _ in pairs]
    if unique and (twice := next((key for number, key in enumerate(keys) if key in keys[:number]), None)) is not None:
        raise invalid(f"Duplicate keys ({twice}) are not allowed")
    return [{"k": key, "v": value} for key, value in pairs]


def levenshtein(left: str, right: str) -> int:
    """How many letters must change, where they have more than one byte."""
    row = list(range(len(right) + 1))
    for number, letter in enumerate(left, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(right, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != other))
    return row[-1]


def hamming(left: str, right: str) -> int:
    """How many letters differ."""
    if len(left) != len(right):
        raise invalid("The input strings to hamming_distance function must have the same length")
    return sum(one != other for one, other in zip(left, right, strict=True))
