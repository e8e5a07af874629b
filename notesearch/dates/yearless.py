"""Dates without a year, and the year they mean: the last possible, unless a word says otherwise (rules D5, D7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from notesearch.dates import spans
from notesearch.dates.names import MONTH, month_number
from notesearch.dates.order import DateOrder, day_and_month
from notesearch.dates.pieces import DAY_NAME, DAY_THEN_MONTH, MONTH_THEN_DAY, NO_UNIT, Readers, one_of
from notesearch.dates.spans import Days

OfYear = Callable[[int], Days | None]

NO_YEAR = 0.3  # the certainty of D5


@dataclass(frozen=True, slots=True)
class YearlessForm:
    """One way to write a day without its year; `read` gives the days that it means in a year."""

    pattern: str
    read: Callable[[re.Match[str], DateOrder], OfYear | None]


def _numbers(parts: re.Match[str], order: DateOrder) -> OfYear | None:
    if parts["a"] == parts["b"] == "1":
        return None  # "1-1 with sam" (D6)
    day, month, _ = day_and_month(int(parts["a"]), int(parts["b"]), order, dots=parts[0].endswith("."))
    return lambda year: spans.one_day(year, month, day)


def named_day(parts: re.Match[str], _: DateOrder) -> OfYear:
    """The days of `27 Dec`, `December 27th` or `27-29 Dec`, year by year."""
    month, first, last = month_number(parts["mon"]), int(parts["from"] or parts["d"]), int(parts["d"])
    return lambda year: spans.days_of_month(year, month, first, last)


DAY_MONTH = rf"{DAY_THEN_MONTH}(?P<mon>{MONTH})(?!\w)"
MONTH_DAY = rf"(?P<mon>{MONTH}){MONTH_THEN_DAY}(?![\w%]|[-–./,:]\d)"
_NUMBER_FIRST = {
    "day_month": YearlessForm(DAY_MONTH, named_day),
    "numbers": YearlessForm(r"(?P<a>\d{1,2})[-/_](?P<b>\d{1,2})", _numbers),
    "dotted": YearlessForm(r"(?P<a>\d{1,2})\.(?P<b>\d{1,2})\.", _numbers),
}
_WORD_FIRST = {"month_day": YearlessForm(MONTH_DAY, named_day)}
_FORMS = _NUMBER_FIRST | _WORD_FIRST
_READERS = Readers(_FORMS)
_START = re.compile(rf"\s{{0,9}}{DAY_NAME}{one_of(_NUMBER_FIRST, _WORD_FIRST)}(?!\S){NO_UNIT}")


def at_start(text: str, order: DateOrder, latest: date) -> tuple[int, int, Days] | None:
    """The date without a year at the start of a name or heading (D5): start, end, the last such day up to `latest`."""
    match = _START.match(text)
    if not match or not (name := match.lastgroup):
        return None
    parts = _READERS[name].match(text, match.start(name))
    of_year = _FORMS[name].read(parts, order) if parts else None
    days = recurring(of_year, latest) if of_year else None
    return (match.start("dayname" if match["dayname"] else name), match.end(), days) if days else None


def recurring(of_year: OfYear, today: date, which: str = "") -> Days | None:
    """Of what comes back every year, the time that is meant.

    `which`: "last" (over before today), "this" (now, or of this year), "next" (not yet begun), "" (the last to begin).
    A leap day can be eight years off.
    """
    step = 1 if which == "next" else -1
    nearest_first = (days for year in range(today.year, today.year + 9 * step, step) if (days := of_year(year)))
    if which == "last":
        return next((days for days in nearest_first if days[1] < today), None)
    if which == "next":
        return next((days for days in nearest_first if days[0] > today), None)
    begun = next((days for days in nearest_first if days[0] <= today), None)
    if which == "this" and not (begun and begun[1] >= today):
        return of_year(today.year)
    return begun
