"""How a date is written with its year (rule D3), and what only looks like one (D6).

One expression scans the text, a branch for each form; the branch that matched names the form, whose reader makes days
of it. A branch that matches and is no date ("2025-13-40") uses up its text, so that no part of it is read as another
date. Every form begins at the start of a word: time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

from notesearch.dates import spans, yearless
from notesearch.dates.names import MONTH, QUARTER, SEASON, SEASONS, month_number, plain, quarter_number
from notesearch.dates.order import MONTH_FIRST, DateOrder, day_and_month, year_number
from notesearch.dates.pieces import (
    ALONE_BEGIN,
    ALONE_END,
    BEFORE_YEAR,
    BEGIN,
    CENTURY,
    DAY_NAME,
    DAY_THEN_MONTH,
    END,
    MONTH_THEN_DAY,
    NO_UNIT,
    SHORT_YEAR,
    WORD_START,
    WORDY,
    YEAR,
    Readers,
    folded,
    one_of,
)
from notesearch.dates.spans import Days
from notesearch.index.records import DateSpan

Reading = tuple[Days | None, float]  # the float is a certainty, 0..1
Found = list[tuple[int, int, DateSpan]]  # start, end, what it says

SURE = 1.0  # written out with its year
LIKELY = 0.9  # a year of two digits, a month in numbers, a year after a preposition
GUESSED = 0.8  # only a habit tells day from month; seasons differ from place to place
VAGUE = 0.6  # a number that could be a year


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a date: how it looks, and which days its parts mean."""

    pattern: str
    read: Callable[[re.Match[str], DateOrder], Reading]


_BEFORE_A_YEAR = re.compile(  # 18 characters hold the longest
    r"\b(?:in|im|en|since|until|till|before|after|during|from|between|by|early|mid|late|year|circa|around"
    r"|\d{4}\s(?:to|and|until|till|through))[\s-]\Z"
)


def _day(parts: re.Match[str], _: DateOrder) -> Reading:
    separators = parts.groupdict()
    if separators.get("s") != separators.get("s2"):
        return None, SURE
    return spans.one_day(int(parts["y"]), int(parts["m"]), int(parts["d"])), SURE


def _numeric(parts: re.Match[str], order: DateOrder) -> Reading:
    separator, short = parts["s"], len(parts["y"]) == 2
    if separator != parts["s2"] or (separator == "." and short and len(parts["a"] + parts["b"]) < 4):
        return None, SURE  # "1.12.25" is rather a version (D6)
    day, month, beyond_doubt = day_and_month(int(parts["a"]), int(parts["b"]), order, dots=separator == ".")
    certainty = LIKELY if short else SURE
    return spans.one_day(year_number(parts["y"]), month, day), certainty if beyond_doubt else GUESSED


def _named_day(parts: re.Match[str], order: DateOrder) -> Reading:
    days = yearless.named_day(parts, order)(year_number(parts["y"]))
    return days, SURE if len(parts["y"]) == 4 else LIKELY


def _named_month(parts: re.Match[str], _: DateOrder) -> Reading:
    return spans.whole_months(year_number(parts["y"]), month_number(parts["mon"])), SURE


def _numbered_month(parts: re.Match[str], _: DateOrder) -> Reading:
    year = int(parts["y"])
    if parts["s"] != "-" and not 1900 <= year < 2100:
        return None, LIKELY  # rather a number or a fraction (D6)
    month = int(parts["m"])
    return spans.whole_months(year, month), VAGUE if month == year % 100 + 1 else LIKELY  # "the season 2010-11"


def _season(parts: re.Match[str], _: DateOrder) -> Reading:
    return spans.whole_months(year_number(parts["y"]), SEASONS.get(plain(parts["season"]), 0), 3), GUESSED


def _quarter(parts: re.Match[str], _: DateOrder) -> Reading:
    return spans.quarter(year_number(parts["y"]), quarter_number(parts["q"])), SURE


def _week(parts: re.Match[str], _: DateOrder) -> Reading:
    return spans.iso_week(int(parts["y"]), int(parts["w"]), int(parts["d"] or 0)), SURE


def _cjk(parts: re.Match[str], _: DateOrder) -> Reading:
    year, month, day = (int(parts[name] or 0) for name in "ymd")
    if parts["d"]:
        return spans.one_day(year, month, day), SURE
    return (spans.whole_months(year, month), SURE) if parts["m"] else (spans.whole_years(year), LIKELY)


def _years(parts: re.Match[str], _: DateOrder) -> Reading:
    first, last = int(parts["y"]), int(parts["y2"])
    return spans.whole_years(first, last - first + 1) if first < last else None, VAGUE


def _year(parts: re.Match[str], _: DateOrder) -> Reading:
    year, text, start = int(parts["y"]), parts.string, parts.start()
    led = bool(_BEFORE_A_YEAR.search(text[max(0, start - 18) : start]))
    if not (led or 1900 <= year < 2100):
        return None, VAGUE
    alone = len(text) < 10 and text.strip() == parts[0]
    return spans.whole_years(year), LIKELY if led or alone else VAGUE


def _short_year(parts: re.Match[str], _: DateOrder) -> Reading:
    return spans.whole_years(year_number(parts["y"])), VAGUE


# In order: of two forms that begin at the same place, the earlier says more.
NUMBER_FIRST = {
    "iso": Form(rf"(?P<y>\d{{4}})(?P<s>[-_./])(?P<m>\d{{1,2}})(?P<s2>[-_./])(?P<d>\d{{1,2}})(?!(?!t\d){WORDY})", _day),
    "stamp": Form(
        r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)"
        rf"(?:[t_-]?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d{{3}})?)?z?)?(?!{WORDY})",
        _day,
    ),
    "numeric": Form(
        rf"{BEGIN}(?P<a>\d{{1,2}})(?P<s>[-_./])(?P<b>\d{{1,2}})(?P<s2>[-_./])(?P<y>\d{{4}}|\d\d){END}", _numeric
    ),
    "day_month_year": Form(
        rf"{BEGIN}{DAY_THEN_MONTH}(?P<mon>{MONTH}){BEFORE_YEAR}(?P<y>\d{{4}}|{SHORT_YEAR}|(?<=-)\d\d){END}", _named_day
    ),
    "year_month_day": Form(rf"{BEGIN}(?P<y>\d{{4}})[\s_-](?P<mon>{MONTH}){MONTH_THEN_DAY}{END}", _named_day),
    "year_quarter": Form(rf"{BEGIN}(?P<y>{CENTURY}\d\d)[\s_-]?(?P<q>q[1-4]){END}", _quarter),
    "week": Form(rf"{BEGIN}(?P<y>\d{{4}})[-_ ]?w(?:eek\s)?(?P<w>\d{{1,2}})(?:-(?P<d>[1-7]))?{END}", _week),
    "year_month": Form(rf"{BEGIN}(?P<y>{CENTURY}\d\d)(?P<s>[-_.])(?P<m>0[1-9]|1[0-2]){END}", _numbered_month),
    "month_slash_year": Form(rf"{BEGIN}(?P<m>0?[1-9]|1[0-2])(?P<s>/)(?P<y>{CENTURY}\d\d){END}", _numbered_month),
    "cjk": Form(r"(?P<y>\d{4})\s?年(?:\s?(?P<m>\d{1,2})\s?月(?:\s?(?P<d>\d{1,2})\s?[日号])?)?", _cjk),
    "years": Form(rf"{ALONE_BEGIN}(?P<y>{CENTURY}\d\d)\s?[-–—/]\s?(?P<y2>{CENTURY}\d\d){ALONE_END}{NO_UNIT}", _years),
    "year": Form(rf"{ALONE_BEGIN}(?P<y>{CENTURY}\d\d){ALONE_END}(?!['’]s){NO_UNIT}", _year),
}
WORD_FIRST = {
    "month_day_year": Form(
        rf"(?P<mon>{MONTH}){MONTH_THEN_DAY}(?:,\s?|[\s_-]|\sof\s)(?P<y>\d{{4}}|{SHORT_YEAR}){END}", _named_day
    ),
    "month_year": Form(rf"(?P<mon>{MONTH}){BEFORE_YEAR}{YEAR}{END}", _named_month),
    "season_year": Form(rf"(?P<season>{SEASON}){BEFORE_YEAR}{YEAR}{END}", _season),
    "quarter_year": Form(rf"{QUARTER}{BEFORE_YEAR}{YEAR}{END}", _quarter),
    "short_year": Form(rf"(?<![\w'’])(?P<y>{SHORT_YEAR})(?!['’]){END}", _short_year),
}
FORMS = NUMBER_FIRST | WORD_FIRST
_READERS = Readers(FORMS)
_DIGIT = re.compile(r"\d")  # every form has one


@cache
def _any() -> re.Pattern[str]:
    """Any form; compiled when first wanted, as a question without dates never does."""
    return re.compile(f"{WORD_START}{DAY_NAME}{one_of(NUMBER_FIRST, WORD_FIRST)}")


def find_dates(text: str, *, order: DateOrder = MONTH_FIRST, source: str = "text", latest: date | None = None) -> Found:
    """The dates with a year in a text, as (start, end, date), in order, none overlapping.

    `latest` says that the text is a name or heading: a date without a year at its start is then read as the last such
    day that is not after `latest` (rule D5).
    """
    if not _DIGIT.search(text):
        return []
    found: Found = []
    text = folded(text)
    for match in _any().finditer(text):
        days, certainty = read_form(match, order)
        if days:
            found.append((match.start(), match.end(), DateSpan(*days, source, certainty)))
    if latest and (start := yearless.at_start(text, order, latest)) and (not found or start[1] <= found[0][0]):
        found.insert(0, (start[0], start[1], DateSpan(*start[2], source, yearless.NO_YEAR)))
    return found


def read_form(match: re.Match[str], order: DateOrder) -> Reading:
    """What the form says whose branch of `one_of` has matched."""
    name = match.lastgroup or ""
    parts = _READERS[name].match(match.string, match.start(name))
    return FORMS[name].read(parts, order) if parts else (None, SURE)
