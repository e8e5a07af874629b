"""Whether what a sentence says is of the days that a question asks about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from notesearch.dates.names import MONTHS, WEEKDAYS, plain
from notesearch.index.records import DateSpan
from notesearch.language import words_of

Days = tuple[date, date]
"""First and last, inclusive."""

_LONGEST_DATE = 50
"""Characters: "Wednesday, the 30th of September 2026, 11:30 am"."""
_YEAR = re.compile(r"(?<!\d)(?:1\d|20)\d\d(?!\d)")


def said(text: str) -> list[Days]:
    """The days that a sentence names with their year."""
    if not _YEAR.search(text):
        return []
    from notesearch.dates.question import dates_in_question  # questions that speak of no time do not wait for it

    found = [
        (span.first, span.last)
        for start, end, span in dates_in_question(text, date.today())
        if _YEAR.search(text, start, end)
    ]
    years = (int(year) for year in _YEAR.findall(text))
    alone = (year for year in years if not any(first.year <= year <= last.year for first, last in found))
    return [*found, *((date(year, 1, 1), date(year, 12, 31)) for year in alone)]


def fit(asked: Sequence[DateSpan], days: Sequence[Days]) -> float:
    """How well any of `days` fits the dates asked for, 0..1: half for lying in each other, half for being the same.

    Only an interval of years may hold what is asked for: "2023" does not tell that it is of that August.
    """
    return max((_fit((span.first, span.last), each) for span in asked for each in days), default=0.0)


def _fit(one: Days, other: Days) -> float:
    common = _length((max(one[0], other[0]), min(one[1], other[1])))
    if common <= 0:
        return 0.0
    inside = min(_length(one), _length(other)) if other[0].year < other[1].year else _length(other)
    return common / inside / 2 + common / (_length(one) + _length(other) - common) / 2


def _length(days: Days) -> int:
    return (days[1] - days[0]).days + 1


def only_a_date(text: str) -> bool:
    """Whether a line says nothing but when: it dates what follows, and answers nothing."""
    if len(text) > _LONGEST_DATE:
        return False
    words = words_of(text)
    told = [word for word in words if not word.isdecimal() and not _of_a_date(word)]
    return len(told) < 2 and (len(told) < len(words) - 1 or any(map(_of_a_date, words)))


def _of_a_date(word: str) -> bool:
    folded = plain(word)
    return folded in MONTHS or folded in WEEKDAYS or folded in ("am", "pm")
