"""Intervals of days from the parts of a date. What cannot be on a calendar is None, never an exception."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

Days = tuple[date, date]  # first and last, both inclusive
Unit = Literal["day", "week", "weekend", "month", "quarter", "year"]

_MONTHS_IN: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}


def one_day(year: int, month: int, day: int) -> Days | None:
    """That day alone."""
    return days_of_month(year, month, day, day)


def days_of_month(year: int, month: int, first_day: int, last_day: int) -> Days | None:
    """From one day of a month to a later one."""
    try:
        first, last = date(year, month, first_day), date(year, month, last_day)
    except ValueError:
        return None
    return (first, last) if first <= last else None


def whole_months(year: int, month: int, count: int = 1) -> Days | None:
    """`count` whole months, from the first of `month` on."""
    last_year, last_month = divmod(year * 12 + month - 1 + count - 1, 12)
    try:
        return date(year, month, 1), date(last_year, last_month + 1, monthrange(last_year, last_month + 1)[1])
    except ValueError:
        return None


def whole_years(year: int, count: int = 1) -> Days | None:
    """`count` whole years."""
    return whole_months(year, 1, 12 * count)


def quarter(year: int, number: int) -> Days | None:
    """The quarter 1 to 4 of a year."""
    return whole_months(year, 3 * number - 2, 3)


def iso_week(year: int, week: int, weekday: int | None = None) -> Days | None:
    """The ISO week of a year, Monday to Sunday, or one day of it (1 is Monday)."""
    try:
        first = date.fromisocalendar(year, week, weekday or 1)
        return first, first + timedelta(days=0 if weekday else 6)
    except (ValueError, OverflowError):
        return None


def around(day: date, unit: Unit) -> Days | None:
    """The calendar day, week, weekend, month, quarter or year that `day` lies in (of its week, for a weekend)."""
    if unit == "day":
        return day, day
    if unit in ("week", "weekend"):
        week = iso_week(*day.isocalendar()[:2])
        return (week[1] - timedelta(days=1), week[1]) if week and unit == "weekend" else week
    months = _MONTHS_IN[unit]
    return whole_months(day.year, (day.month - 1) // months * months + 1, months)


def shifted(day: date, unit: Unit, count: int) -> date | None:
    """`day` moved by `count` units; the 31st becomes the last day of a shorter month."""
    try:
        if unit in _MONTHS_IN:
            year, month = divmod(day.year * 12 + day.month - 1 + count * _MONTHS_IN[unit], 12)
            return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
        return day + timedelta(days=count * (1 if unit == "day" else 7))
    except (ValueError, OverflowError):
        return None


def away(day: date, unit: Unit, first: int, last: int | None = None) -> Days | None:
    """The calendar unit `first` units away from `day`, behind it if negative; up to the one `last` units away."""
    begin = shifted(day, unit, first)
    end = begin if last is None else shifted(day, unit, last)
    from_days, to_days = begin and around(begin, unit), end and around(end, unit)
    return (from_days[0], to_days[1]) if from_days and to_days else None


def third(days: Days, which: int) -> Days:
    """The first, second or last third (0, 1, 2): of a year four months, of a month some ten days."""
    first, last = days
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months % 3 == 0 and first.day == 1 and days == whole_months(first.year, first.month, months):
        start = first.year * 12 + first.month - 1 + which * (months // 3)
        return whole_months(start // 12, start % 12 + 1, months // 3) or days
    step = ((last - first).days + 1) // 3
    begin = first + timedelta(days=which * step)
    return begin, last if which == 2 else begin + timedelta(days=max(step, 1) - 1)
