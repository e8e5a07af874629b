"""Which number is the day, and which century a short year means (rule D4)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBERS_FIRST = re.compile(r"(?:\A|/)(\d{1,2})[-_](\d{1,2})(?:[-_](?:\d{4}|\d\d))?(?=\s[^/]*\Z|\.\w{1,9}\Z|\Z)")


@dataclass(frozen=True, slots=True)
class DateOrder:
    """Which of two numbers is the day when neither the form nor the numbers tell."""

    day_first: bool = False

    @classmethod
    def learn(cls, names: Iterable[str], *, fallback: DateOrder | None = None) -> DateOrder:
        """The order that the unmistakable names (or paths) of a vault show; `fallback` if none, or as many of each."""
        votes = 0
        for name in names:
            if match := _NUMBERS_FIRST.search(name):
                first, second = int(match[1]), int(match[2])
                votes += (1 <= second <= 12 < first <= 31) - (1 <= first <= 12 < second <= 31)
        return cls(day_first=votes > 0) if votes else fallback or cls()


MONTH_FIRST = DateOrder()


def day_and_month(first: int, second: int, order: DateOrder, *, dots: bool = False) -> tuple[int, int, bool]:
    """Day, month, and whether that was beyond doubt."""
    day_first = first > 12 or (second <= 12 and (dots or order.day_first))
    beyond_doubt = dots or first > 12 or second > 12 or first == second
    return (first, second, beyond_doubt) if day_first else (second, first, beyond_doubt)


def year_number(written: str) -> int:
    """A year as written: `2025`, `'25`, `25`; two digits up to 69 are of the 2000s."""
    digits = written.lstrip("'’‘")
    number = int(digits)
    return number if len(digits) == 4 else number + (2000 if number < 70 else 1900)
