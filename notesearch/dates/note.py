"""Which of the dates that a note carries is its own (rule D2).

Best first: its properties, its name in the vault's daily format, its name in any form, its title, its first heading,
its folders, the file's time. Where one of these holds several dates, the surest counts, then the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from posixpath import splitext

from notesearch.dates import spans
from notesearch.dates.daily import date_by_format
from notesearch.dates.forms import LIKELY, Found, find_dates
from notesearch.dates.names import MONTH, WEEKDAY, month_number
from notesearch.dates.order import MONTH_FIRST, DateOrder
from notesearch.dates.pieces import folded
from notesearch.index.records import DateSpan, quickly

FILE_TIME = 0.1  # copying, syncing and checking out set it anew

_EPOCH = re.compile(r"\s*(?:(\d{10})|(\d{13}))\s*")  # seconds; milliseconds, as Dendron writes them
_YEAR = re.compile(r"\s*(\d{4})\s*")
_CONFLICT = re.compile(r"sync-conflict-|conflicted copy")  # F10: the date after it is the copy's
_DIGIT = re.compile(r"\d")
_MONTH_FOLDER = re.compile(rf"(0?[1-9]|1[0-2])(?:[-_., ]{{1,3}}{MONTH})?|({MONTH})")
_DAY_NAME = re.compile(rf"(\d{{1,2}})(?:[-_., ]{{1,3}}(?:{WEEKDAY}|{MONTH}))?")


_quick_span = quickly(DateSpan)


def note_date(
    *,
    properties: Sequence[str],
    path: str,
    title: str,
    first_heading: str,
    modified_ns: int,
    order: DateOrder = MONTH_FIRST,
    daily_format: str | None = None,
) -> DateSpan | None:
    """The date of a note, or None if not even its file's time is one.

    `properties`: the values of its date properties, best first. `path`: relative to the vault, with `/`. `modified_ns`:
    the file's time in nanoseconds since 1970. `daily_format`: as in `YYYY/MM-MMMM/YYYY-MM-DD-dddd` (see `daily`).
    """
    for value in properties:
        if written := date_of_property(value, order=order):
            return written
    stem = splitext(path)[0]
    if daily_format and (daily := date_by_format(stem, daily_format)):
        return daily
    folder, _, name = stem.rpartition("/")
    in_folder = _date_of_folder(folder, name, order)
    latest = in_folder.last if in_folder else local_day(modified_ns)
    for place, text in enumerate(dict.fromkeys((_own_name(name), title, first_heading))):  # often the same
        found = find_dates(text, order=order, source="title" if place else "name", latest=latest)
        if found:
            return _surest(found)
    return in_folder or (_quick_span(latest, latest, "file time", FILE_TIME) if latest else None)


def date_of_property(value: str, *, order: DateOrder = MONTH_FIRST) -> DateSpan | None:
    """The date that a frontmatter value says: any form with a year, with or without a time, or the seconds since 1970.

    A time is taken as written: `2025-12-27T23:30-08:00` is the 27th everywhere.
    """
    if epoch := _EPOCH.fullmatch(value):
        seconds, milliseconds = epoch.groups()
        day = local_day(int(seconds) * 1_000_000_000 if seconds else int(milliseconds) * 1_000_000)
        return DateSpan(day, day, "property") if day else None
    if year := _YEAR.fullmatch(value):
        days = spans.whole_years(int(year[1]))
        return DateSpan(*days, "property", LIKELY) if days else None
    return _written_out(value, order)


@lru_cache(maxsize=1024)  # the notes of a day have the same
def _written_out(value: str, order: DateOrder) -> DateSpan | None:
    return _surest(find_dates(value, order=order, source="property"))


def _surest(found: Found) -> DateSpan | None:
    return max([span for _, _, span in found], key=lambda span: span.certainty) if found else None


def _own_name(name: str) -> str:
    lower = folded(name)
    conflict = _CONFLICT.search(lower) if "conflict" in lower else None
    return name[: conflict.start()] if conflict else name


def _date_of_folder(folder: str, name: str, order: DateOrder) -> DateSpan | None:
    """What the folders say, the innermost best: `2025`, `2025/07-July`, and `2025/07/11` with the note's name."""
    if not _DIGIT.search(folder):
        return None
    best: DateSpan | None = None
    for part in folder.split("/"):
        best = _surest(find_dates(part, order=order, source="folder")) or (best and _month_of(best, part)) or best
    return (best and _day_of(best, name)) or best


def _month_of(year: DateSpan, part: str) -> DateSpan | None:
    match = _MONTH_FOLDER.fullmatch(folded(part))
    if not match or (year.first, year.last) != spans.whole_years(year.first.year):
        return None
    days = spans.whole_months(year.first.year, int(match[1]) if match[1] else month_number(match[2]))
    return DateSpan(*days, "folder", LIKELY) if days else None


def _day_of(month: DateSpan, name: str) -> DateSpan | None:
    match = _DAY_NAME.fullmatch(folded(name))
    if not match or (month.first, month.last) != spans.whole_months(month.first.year, month.first.month):
        return None
    days = spans.one_day(month.first.year, month.first.month, int(match[1]))
    return DateSpan(*days, "folder", LIKELY) if days else None


def local_day(time_ns: int) -> date | None:
    """The day of a time in nanoseconds since 1970, where the user is; a time of 0 or less was never set."""
    if time_ns <= 0:
        return None
    try:
        return date.fromtimestamp(time_ns // 1_000_000_000)
    except (ValueError, OverflowError, OSError):
        return None
