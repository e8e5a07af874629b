"""What the dates in a question mean on the day it is asked (rule D7).

Mentions are found one by one: a preposition, a part ("early"), and a form that has its year (rule D3) or leans on
today. Then neighbours are joined ("between march and may"), and prepositions open what they lead ("since may"). A name
that is also a word is a date only beside a preposition, a direction ("last may"), a part, or a year.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import cast

from notesearch.dates import forms, relative, spans
from notesearch.dates.forms import Found, Reading, read_form
from notesearch.dates.names import NUMBER_WORD
from notesearch.dates.order import MONTH_FIRST, DateOrder
from notesearch.dates.pieces import DAY_NAME, WORD_START, folded, one_of
from notesearch.dates.relative import A_YEAR, ONLY_A_WORD, count
from notesearch.dates.spans import Days, Unit
from notesearch.index.records import DateSpan

_LEAD = (  # `?+`: no form begins with these words, so there is no use in trying without them
    rf"(?:(?:(?P<n>the|last|\d{{1,3}}|{NUMBER_WORD})\s)?(?P<unit>day|week|weekend|month|year)s?\s(?P<side>before|after)\s"
    r"|(?:(?P<lead>in|im|en|on|at|over|since|after|before|until|till|by|from|between|during|and|to|through)\s{1,2})?+)"
    r"(?P<the>the\s)?+(?:(?P<part>early|mid|late|(?:start|beginning|middle|end)\sof)(?:\sin\s|\s|-)(?:the\s)?)?+"
    r"(?:(?:year|month)\s(?:of\s)?)?"
)
_THIRDS = {"early": 0, "start": 0, "beginning": 0, "mid": 1, "middle": 1, "late": 2, "end": 2}
_DASH = re.compile(r"\s?[-–—]\s?")
_SPACES = re.compile(r",?\s{1,2}")
_UP_TO = frozenset({"to", "through", "until", "till"})
_ONLY_JOIN = frozenset({"and", "to", "through"})  # these say nothing of the date after them alone
_LONGEST_QUESTION = 2_000  # characters; what follows is not read (rule X8)
_ONE_DAY = timedelta(days=1)


@cache
def _any_mention() -> re.Pattern[str]:
    """Compiled by the first question that may speak of a time: that takes longer than to answer another."""
    form = one_of({**forms.NUMBER_FIRST, **relative.NUMBER_FIRST}, {**forms.WORD_FIRST, **relative.WORD_FIRST})
    return re.compile(f"{WORD_START}{_LEAD}{DAY_NAME}{form}")


@dataclass(frozen=True, slots=True)
class _Mention:
    """One date as the question has it, from `start` (`body` without its preposition `lead`) to `end`.

    `read` gives the days, by the day that counts as today. `worth`: the most that its certainty can be. `period`: after
    how many days the same words mean another time; 0 for never. `any_year`: nothing says which year is meant.
    """

    start: int
    body: int
    end: int
    lead: str
    worth: float
    period: int
    any_year: bool
    read: Callable[[date], Reading]


LatestYear = Callable[[date, date], int | None]
"""The latest year, up to that of the days given, with a note on these days of it; None if there is none."""


def dates_in_question(
    text: str, today: date, *, order: DateOrder = MONTH_FIRST, latest_year: LatestYear | None = None
) -> Found:
    """The dates a question asked on `today` speaks of, as (start, end, date) with the words that say it, in order.

    Open ends are `date.min` ("before 2024") and `date.max` ("since may"). What names no year means the last such time
    that has begun, and of those, if `latest_year` tells, the last that notes speak of; weeks begin on Monday.
    """
    text = folded(text[:_LONGEST_QUESTION])
    mentions = [mention for match in _any_mention().finditer(text) if (mention := _mention(match, order))]
    found: Found = []
    at = 0
    while at < len(mentions):
        first, *second = mentions[at : at + 2]
        joined = _joined(text, first, second[0], today) if second else None
        if read := joined or _alone(first, today, latest_year):
            found.append(read)
        at += 2 if joined else 1
    return found


def _mention(match: re.Match[str], order: DateOrder) -> _Mention | None:
    name, lead = match.lastgroup or "", match["lead"] or ""
    body = match.start("part" if match["part"] else "dayname" if match["dayname"] else name)
    start = match.start() if lead or match["side"] else body
    if name in forms.FORMS:
        return _Mention(
            start, body, match.end(), lead, 1.0, 0, False, lambda _: _turned(match, read_form(match, order))
        )
    form, parts = relative.FORMS[name], relative.READERS[name].match(match.string, match.start(name))
    if not parts:
        return None
    led = lead + (" the" if match["the"] else "") in form.company
    worth = 1.0 if led or match["side"] or match["part"] else form.bare(parts)
    any_year = form.period == A_YEAR and not parts.groupdict().get("which")
    return _Mention(
        start,
        body,
        match.end(),
        lead,
        worth,
        form.period,
        any_year,
        lambda day: _turned(match, form.read(parts, day, order)),
    )


def _turned(match: re.Match[str], reading: Reading) -> Reading:
    """What was read, or the part of it or the time beside it that the words in front ask for."""
    days, certainty = reading
    if days and match["part"]:
        days = spans.third(days, _THIRDS[match["part"].split()[0]])
    if days and match["side"]:
        days = _beside(days, match)
    return days, certainty


def _beside(days: Days, match: re.Match[str]) -> Days | None:
    """`two weeks before …`, `the day after …`."""
    least, most = (1, 1) if match["n"] in (None, "the", "last") else count(match["n"])
    unit = cast(Unit, match["unit"])
    if match["side"] == "before":
        return spans.away(days[0], unit, -most, -least)
    return spans.away(days[1], unit, least, most)


def _joined(text: str, first: _Mention, second: _Mention, today: date) -> tuple[int, int, DateSpan] | None:
    """Two mentions as one interval, if the words between say so; of times that recur, those next to each other."""
    if not _adjoin(text, first, second):
        return None
    if second.period and not first.period:
        begin, sure = first.read(today)
        end, sure_too = second.read(_moved(begin[0], second.period - 1)) if begin else (None, sure)
    else:
        end, sure_too = second.read(today)
        begin, sure = first.read(end[0] if end and first.period else today)
    if not begin or not end or begin[0] > end[1]:
        return None
    return first.start, second.end, DateSpan(begin[0], end[1], "question", min(sure, sure_too))


def _adjoin(text: str, first: _Mention, second: _Mention) -> bool:
    between = text[first.end : second.start]
    if first.worth == ONLY_A_WORD and first.lead not in ("from", "between"):
        return False
    if not second.lead:
        return bool(_DASH.fullmatch(between))
    joins = second.lead == "and" if first.lead == "between" else second.lead in _UP_TO
    return joins and bool(_SPACES.fullmatch(between))


def _moved(day: date, days: int) -> date:
    return spans.shifted(day, "day", days) or date.max


def _alone(mention: _Mention, today: date, latest_year: LatestYear | None) -> tuple[int, int, DateSpan] | None:
    days, certainty = mention.read(today) if mention.worth > ONLY_A_WORD else (None, ONLY_A_WORD)
    opened = _opened(mention.lead, days) if days else None
    if not opened:
        return None
    if opened == days and mention.any_year and latest_year:
        opened = _in_year(opened, latest_year(*opened))
    start = mention.body if mention.lead in _ONLY_JOIN else mention.start
    return start, mention.end, DateSpan(*opened, "question", min(certainty, mention.worth))


def _in_year(days: Days, year: int | None) -> Days:
    """The same days of an earlier year; as they are if that is not known."""
    years = 0 if year is None else year - days[0].year
    first, last = (spans.shifted(day, "year", years) for day in days)
    return (first, last) if first and last else days


def _opened(lead: str, days: Days) -> Days | None:
    """The days that a preposition makes of those it leads; None where nothing is left of the calendar."""
    first, last = days
    if lead == "since":
        return first, date.max
    if lead in ("until", "till", "by"):
        return date.min, last
    if lead == "after":
        return (last + _ONE_DAY, date.max) if last < date.max else None
    if lead == "before":
        return (date.min, first - _ONE_DAY) if first > date.min else None
    return days
