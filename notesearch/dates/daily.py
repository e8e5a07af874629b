"""The date in a daily note's path, by the format its vault names daily notes with (rule D2).

Formats are those of Moment.js, as Obsidian keeps them (`YYYY/MM-MMMM/YYYY-MM-DD-dddd`, `gggg-[W]ww`), or of Java, as
Logseq does (`yyyy_MM_dd`). A part may come twice: the last counts. Names of days match in any language, and say
nothing. A format comes with a vault, so it may be hostile (rule X7): its pieces never give back what they took.
"""

from __future__ import annotations

import re
from functools import lru_cache

from notesearch.dates import spans
from notesearch.dates.names import month_number
from notesearch.dates.order import year_number
from notesearch.dates.spans import Days
from notesearch.index.records import DateSpan

_LONGEST_FORMAT = 200  # characters

_WORD = r"[^\W\d_]{1,20}+\.?+"
_NTH = r"(?:[a-z]{2}|[.º])?+"
_TOKENS = {  # the part of a date that a token stands for, if any, and how it looks
    "YYYY": ("year", r"\d{4}"),
    "GGGG": ("year", r"\d{4}"),
    "gggg": ("year", r"\d{4}"),
    "YY": ("year", r"\d\d"),
    "Q": ("quarter", r"[1-4]"),
    "MMMM": ("month name", _WORD),
    "MMM": ("month name", _WORD),
    "MM": ("month", r"\d\d"),
    "M": ("month", r"\d\d?+"),
    "DD": ("day", r"\d\d"),
    "Do": ("day", rf"\d\d?+{_NTH}"),
    "D": ("day", r"\d\d?+"),
    "WW": ("week", r"\d\d"),
    "W": ("week", r"\d\d?+"),
    "ww": ("week", r"\d\d"),
    "w": ("week", r"\d\d?+"),
    "dddd": ("", _WORD),
    "ddd": ("", _WORD),
    "dd": ("", _WORD),
    "E": ("", r"\d"),
    "d": ("", r"\d"),
    "HH": ("", r"\d\d"),
    "mm": ("", r"\d\d"),
    "ss": ("", r"\d\d"),
}
_PIECE = re.compile(rf"\[([^\]]*)\]|({'|'.join(sorted(_TOKENS, key=len, reverse=True))})|(.)", re.DOTALL)
_JAVA_LITERAL = re.compile(r"'([^']*)'")
_JAVA_WEEKDAY = re.compile(r"E+")
_NUMBER = re.compile(r"\d+")


def date_by_format(stem: str, daily_format: str) -> DateSpan | None:
    """The date of the note at `stem` (its path without extension) if the end of the path has that format, else None."""
    if len(daily_format) > _LONGEST_FORMAT:
        return None
    expression, parts = _compiled(daily_format)
    match = expression.search(stem)
    days = _days(dict(zip(parts, match.groups(), strict=True))) if match else None
    return DateSpan(*days, "name") if days else None


@lru_cache(maxsize=64)
def _compiled(daily_format: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """An expression for the end of a path, and the part of a date that each of its groups is."""
    pattern: list[str] = []
    parts: list[str] = []
    for literal, token, other in _PIECE.findall(_as_moment(daily_format)):
        part, looks = _TOKENS.get(token, ("", re.escape(literal or other)))
        pattern.append(f"({looks})" if part else looks)
        if part:
            parts.append(part)
    return re.compile(rf"(?:\A|/){''.join(pattern)}\Z", re.IGNORECASE), tuple(parts)


def _as_moment(daily_format: str) -> str:
    if "yyyy" not in daily_format:
        return daily_format
    moment = _JAVA_LITERAL.sub(r"[\1]", daily_format).replace("y", "Y").replace("d", "D")
    return _JAVA_WEEKDAY.sub("dddd", moment)


def _days(parts: dict[str, str]) -> Days | None:
    if "year" not in parts:
        return None
    year = year_number(parts["year"])
    number = {part: int(digits[0]) for part, text in parts.items() if (digits := _NUMBER.match(text))}
    month = number.get("month") or month_number(parts.get("month name", ""))
    if month and "day" in number:
        return spans.one_day(year, month, number["day"])
    if month:
        return spans.whole_months(year, month)
    if "week" in number:
        return spans.iso_week(year, number["week"])
    return spans.quarter(year, number["quarter"]) if "quarter" in number else spans.whole_years(year)
