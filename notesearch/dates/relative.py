"""Dates that lean on the day they are said (rule D7): "yesterday", "two months ago", "last june", "May 2nd".

A form says how it looks, which days it means, and what it is worth when nothing beside it says that it is a date.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import cast

from notesearch.dates import spans
from notesearch.dates.forms import GUESSED, LIKELY, VAGUE, Reading
from notesearch.dates.names import (
    DIRECTIONS,
    MONTH,
    NUMBER_WORD,
    NUMBERS,
    SEASON,
    SEASONS,
    WEEKDAY,
    WEEKDAYS,
    WORDLIKE_MONTHS,
    WORDLIKE_SEASONS,
    WORDLIKE_WEEKDAYS,
    month_number,
    plain,
)
from notesearch.dates.order import DateOrder, day_and_month
from notesearch.dates.pieces import NO_UNIT, WORDY, Readers
from notesearch.dates.spans import Unit
from notesearch.dates.yearless import DAY_MONTH, MONTH_DAY, named_day, recurring

BARE = 0.5  # a name without a preposition: "june", "monday"
ONLY_A_WORD = 0.0

A_YEAR = 365  # days

_TIME = frozenset({"in", "im", "en", "since", "until", "till", "before", "after", "during"})
_SEASON = _TIME | {"in the", "during the"}  # but not "after the fall", "since the march on Washington"
_WEEKEND = frozenset({"over the", "on the", "at the", "during the"})
_DAY = frozenset({"on", "on the", "since", "until", "till", "before", "after", "by", "from", "between"})


@dataclass(frozen=True, slots=True)
class RelativeForm:
    """One way to name days by today.

    `read` gets the parts, today, and the order of day and month. `bare` is the certainty without a preposition: with
    `ONLY_A_WORD`, one of `company` must stand before it. `period`: in how many days it comes back, 0 for never.
    """

    pattern: str
    read: Callable[[re.Match[str], date, DateOrder], Reading]
    bare: Callable[[re.Match[str]], float]
    company: frozenset[str] = frozenset()
    period: int = 0


_WHICH = rf"(?:(?P<which>{'|'.join(DIRECTIONS)})\s)?"
_WORD_END = rf"(?!{WORDY})"
_NOT_OF = rf"(?!{WORDY}|\sof\s)"  # "the last week of school"
_STEP = {"last": -1, "this": 0, "next": 1}
_NAMED_DAYS = {"yesterday": -1, "last night": -1, "tomorrow": 1}  # all else is today
_VERBS = (
    r"(?:be|have|has|not|or|well|mean|seem|also|help|cause|take|need|want|never|still|require|include|contain|apply)"
)


def _direction(parts: re.Match[str]) -> str:
    return DIRECTIONS[parts["which"]] if parts["which"] else ""


def count(written: str) -> tuple[int, int]:
    """The least and the most that a number or word means."""
    return NUMBERS.get(written) or (int(written), int(written))


def _unit(parts: re.Match[str]) -> Unit:
    return cast(Unit, parts["unit"])


def _near_day(parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    return spans.away(today, "day", _NAMED_DAYS.get(parts[0], 0)), LIKELY


def _ago(parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    least, most = count(parts["n"])
    return spans.away(today, _unit(parts), -most, -least), LIKELY if least == most else VAGUE


def _rolling(parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    """`the last three weeks`: up to today, whatever weekday it is."""
    least, most = count(parts["n"] or "one")
    direction = _STEP[_direction(parts)]
    far = spans.shifted(today, _unit(parts), most * direction)
    return (min(far, today), max(far, today)) if far else None, LIKELY if least == most else VAGUE


def _unit_near(parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    return spans.away(today, _unit(parts), _STEP[_direction(parts)]), LIKELY


def _before_last(parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    return spans.away(today, _unit(parts), -2), LIKELY


def _the_weekend(_parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    """The one that has begun last."""
    weekend = spans.around(today, "weekend")
    if weekend and weekend[0] > today:
        weekend = spans.away(today, "weekend", -1)
    return weekend, GUESSED


def _decade(parts: re.Match[str], _today: date, _: DateOrder) -> Reading:
    year = int(parts["y"])
    return spans.whole_years(year, 100 if year % 100 == 0 and year < 2000 else 10), LIKELY


def _month(parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    month = month_number(parts["name"])
    return recurring(lambda year: spans.whole_months(year, month), today, _direction(parts)), _by_direction(parts)


def _season(parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    month = SEASONS.get(plain(parts["name"]), 0)
    return recurring(lambda year: spans.whole_months(year, month, 3), today, _direction(parts)), GUESSED


def _quarter(parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    number = int(parts["q"][1:])
    return recurring(lambda year: spans.quarter(year, number), today, _direction(parts)), _by_direction(parts)


def _by_direction(parts: re.Match[str]) -> float:
    return LIKELY if parts["which"] else GUESSED


def _weekday(parts: re.Match[str], today: date, _: DateOrder) -> Reading:
    weekday = WEEKDAYS.get(plain(parts["name"]))
    if weekday is None:
        return None, GUESSED
    back = (today.weekday() - weekday) % 7
    days = {"": -back, "last": -(back or 7), "this": weekday - today.weekday(), "next": 7 - back}[_direction(parts)]
    return spans.away(today, "day", days), _by_direction(parts)


def _yearly_day(parts: re.Match[str], today: date, order: DateOrder) -> Reading:
    return recurring(named_day(parts, order), today), GUESSED


def _numbers(parts: re.Match[str], today: date, order: DateOrder) -> Reading:
    day, month, beyond_doubt = day_and_month(int(parts["a"]), int(parts["b"]), order)
    return recurring(lambda year: spans.one_day(year, month, day), today), GUESSED if beyond_doubt else BARE


def _always(_: re.Match[str]) -> float:
    return LIKELY


def _never(_: re.Match[str]) -> float:
    return ONLY_A_WORD


def _unless(words: frozenset[str]) -> Callable[[re.Match[str]], float]:
    """A name that is no other word stands alone; any name does beside "last", "this" or "next"."""

    def bare(parts: re.Match[str]) -> float:
        if parts["which"]:
            return LIKELY
        return ONLY_A_WORD if plain(parts["name"]) in words else BARE

    return bare


def _month_then_day(parts: re.Match[str]) -> float:
    return GUESSED if _clearly_a_day(parts) else BARE


def _day_then_month(parts: re.Match[str]) -> float:
    return GUESSED if _clearly_a_day(parts) else ONLY_A_WORD  # "option 2 may be better"


def _clearly_a_day(parts: re.Match[str]) -> bool:
    return bool(parts["nth"]) or plain(parts["mon"]) not in {"may", "march", "mar", "mars"}


_UNIT = r"(?P<unit>day|week|month|year)s?"
NUMBER_FIRST = {
    "count_ago": RelativeForm(rf"(?P<n>\d{{1,3}})\s{_UNIT}\sago{_WORD_END}", _ago, _always),
    "decade": RelativeForm(rf"(?P<y>(?:1\d|20)\d0)['’]?s{_WORD_END}", _decade, _always),
    "day_month": RelativeForm(DAY_MONTH + NO_UNIT, _yearly_day, _day_then_month, _TIME | _DAY, A_YEAR),
    "numbers": RelativeForm(
        r"(?!24/7\b)(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\w%]|[-/.,:]\d)" + NO_UNIT, _numbers, _never, _DAY, A_YEAR
    ),
}
WORD_FIRST = {
    "near_day": RelativeForm(
        rf"(?:{'|'.join(_NAMED_DAYS)}|today|tonight|this (?:morning|afternoon|evening)){_WORD_END}", _near_day, _always
    ),
    "ago": RelativeForm(rf"(?P<n>{NUMBER_WORD})\s{_UNIT}\sago{_WORD_END}", _ago, _always),
    "rolling": RelativeForm(
        rf"(?P<which>last|past|previous|next|coming)\s(?P<n>\d{{1,3}}|{NUMBER_WORD})\s{_UNIT}{_NOT_OF}",
        _rolling,
        _always,
    ),
    "past_unit": RelativeForm(
        rf"(?P<which>past)\s(?P<n>)(?P<unit>week|month|quarter|year){_NOT_OF}", _rolling, _always
    ),
    "unit_near": RelativeForm(
        rf"(?P<which>last|previous|this|current|next|coming)\s(?P<unit>week|weekend|month|quarter|year){_NOT_OF}",
        _unit_near,
        _always,
    ),
    "before_last": RelativeForm(rf"(?P<unit>week|weekend|month|year)\sbefore\slast{_WORD_END}", _before_last, _always),
    "weekend": RelativeForm(rf"weekend{_NOT_OF}", _the_weekend, _never, _WEEKEND),
    "month_day": RelativeForm(MONTH_DAY + NO_UNIT, _yearly_day, _month_then_day, _TIME | _DAY, A_YEAR),
    "month": RelativeForm(
        rf"(?!\w{{4,8}}\smay\s{_VERBS}\b){_WHICH}(?P<name>{MONTH}){_WORD_END}",
        _month,
        _unless(WORDLIKE_MONTHS),
        _TIME,
        A_YEAR,
    ),
    "season": RelativeForm(
        rf"{_WHICH}(?P<name>{SEASON}){_NOT_OF}", _season, _unless(WORDLIKE_SEASONS), _SEASON, A_YEAR
    ),
    "quarter": RelativeForm(rf"{_WHICH}(?P<q>q[1-4]){_WORD_END}", _quarter, _always, period=A_YEAR),
    "weekday": RelativeForm(
        rf"(?<!every\s)(?<!each\s)(?<!black\s)(?<!good\s)(?<!ash\s){_WHICH}(?P<name>{WEEKDAY}){_WORD_END}",
        _weekday,
        _unless(WORDLIKE_WEEKDAYS),
        _DAY,
        period=7,
    ),
}
FORMS = NUMBER_FIRST | WORD_FIRST
READERS = Readers(FORMS)
