"""Months, seasons, weekdays and small numbers as people write them: what to match, and what it stands for.

English in full; German, French and Spanish for months and seasons, with or without their accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_MONTHS = (
    "january januar jänner janvier enero jan",
    "february februar février febrero feb",
    "march märz mars marzo mar",
    "april avril abril apr",
    "may mai mayo",
    "june juni juin junio jun",
    "july juli juillet julio jul",
    "august août agosto aug",
    "september septembre septiembre sept sep",
    "october oktober octobre octubre oct okt",
    "november novembre noviembre nov",
    "december dezember décembre diciembre dec dez",
)
_SEASONS = (  # three months each, from March on
    "spring frühling frühjahr printemps primavera",
    "summer sommer été verano",
    "autumn fall herbst automne otoño",
    "winter hiver invierno",
)
_WEEKDAYS = (
    "monday mon",
    "tuesday tues tue",
    "wednesday wed",
    "thursday thurs thu",
    "friday fri",
    "saturday sat",
    "sunday sun",
)

# Which of the times that come back is meant.
DIRECTIONS = {
    "last": "last",
    "past": "last",
    "previous": "last",
    "this": "this",
    "current": "this",
    "next": "next",
    "coming": "next",
}

_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}

# Names that are first of all words, people or planets, and all short forms: dates only in company (rule D7).
WORDLIKE_MONTHS = frozenset(
    {"may", "march", "mars", "mai", "mayo", "julio"}
    | {"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "okt", "nov", "dec", "dez"}
)
WORDLIKE_SEASONS = frozenset({"spring", "fall", "primavera"})
WORDLIKE_WEEKDAYS = frozenset({"mon", "tues", "tue", "wed", "thurs", "thu", "fri", "sat", "sun"})

# How many: the least and the most that the word can mean.
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS: dict[str, tuple[int, int]] = {word: (count, count) for count, word in enumerate(_COUNTS, 1)} | {
    "a": (1, 1),
    "an": (1, 1),
    "a couple of": (2, 3),
    "a few": (2, 5),
    "few": (2, 5),
    "several": (3, 7),
}


def plain(word: str) -> str:
    """A word without case and accents, as the tables are keyed."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _numbered(lines: Sequence[str], start: int) -> dict[str, int]:
    return {plain(name): number for number, line in enumerate(lines, start) for name in line.split()}


def _any_of(names: Iterable[str]) -> str:
    """An expression for one of the names, longest first; an accent may be missing, or stand as its own character."""
    return "(?:" + "|".join("".join(map(_letter, name)) for name in sorted(names, key=len, reverse=True)) + ")"


def _letter(char: str) -> str:
    decomposed = unicodedata.normalize("NFD", char)
    return f"(?:{char}|{decomposed}?)" if len(decomposed) > 1 else char


MONTHS = _numbered(_MONTHS, 1)  # 1 to 12
SEASONS = {name: 3 * number for name, number in _numbered(_SEASONS, 1).items()}  # its first month, in the north
WEEKDAYS = _numbered(_WEEKDAYS, 0)  # 0 is Monday

MONTH = _any_of(" ".join(_MONTHS).split())
SEASON = _any_of(" ".join(_SEASONS).split())
WEEKDAY = _any_of(" ".join(_WEEKDAYS).split())
QUARTER = r"(?P<q>q[1-4]|(?:first|second|third|fourth|last)\squarter)"
NUMBER_WORD = "(?:" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"


def month_number(name: str) -> int:
    """1 to 12; 0, which is no month, for letters that only look alike."""
    return MONTHS.get(plain(name), 0)


def quarter_number(written: str) -> int:
    """1 to 4, of `Q3` or `third quarter`."""
    return int(written[-1]) if written[-1].isdecimal() else _QUARTERS.get(plain(written).split()[0], 0)


_OTHER_TIME_WORDS = ("yesterday", "today", "tonight", "tomorrow", "ago", "weekend", "quarter")
_TIME_WORDS = frozenset({*MONTHS, *SEASONS, *WEEKDAYS, *DIRECTIONS, *_OTHER_TIME_WORDS})
_DIGIT = re.compile(r"\d")
_LATIN_WORD = re.compile("[a-z]+")


def may_speak_of_time(text: str) -> bool:
    """Whether there can be a date in a question: each form of one has a digit, or one of these words."""
    return bool(_DIGIT.search(text)) or not _TIME_WORDS.isdisjoint(_LATIN_WORD.findall(plain(text)))
