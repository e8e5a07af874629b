"""The pieces of the expressions for dates. None repeats without a bound, so that no expression can run away.

They are for text in lower case, which `folded` makes: without regard to case they would take several times as long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from notesearch.dates.names import MONTH, WEEKDAY

# D6: a date is no part of a longer word, number, price or version. `_` parts words in file names, and Chinese, Japanese
# and Korean put no space between a date and the next word.
WORDY = r"[^\W_\u2e80-\U0010ffff]"
WORD_START = rf"(?=[\d'’‘a-zà-ÿ])(?<!{WORDY})(?<![$€£¥])"  # what a form can begin with, first: it is cheapest
BEGIN = r"(?<!\d[-–./,:])"
END = rf"(?!{WORDY}|[-–./,:]?\d|%)"
ALONE_BEGIN, ALONE_END = rf"{BEGIN}(?<![^\W_])(?<!#)", rf"{END}(?![^\W_])"  # a year alone joins a word of any script

# What makes the number before it a count or a price.
NO_UNIT = (
    r"(?!\s?(?:[€$£¥%]|(?:percent|times|people|persons|words?|tokens?|bytes?|pages|points|steps|k?cal\w{0,6}|k?m|miles"
    r"|meters|metres|kg|lbs|dollars|euros|usd|eur|min(?:ute)?s?|h(?:ou)?rs?|days?|weeks?|months?|years?)\b))"
)

CENTURY = r"(?:1\d|2[01])"  # a number alone is a year from 1000 to 2199 only
SHORT_YEAR = r"['’‘]\d\d"
YEAR = rf"(?P<y>{CENTURY}\d\d|{SHORT_YEAR})"
BEFORE_YEAR = r"(?:\.?,?[\s_-](?:of\s|de\s|del\s)?|[.,/])"

_NTH = r"(?:st|nd|rd|th|er|º)"
_FROM_DAY = rf"(?:(?P<from>\d{{1,2}}){_NTH}?\s?[-–]\s?)?"  # the 27 of `27-29 December`
DAY_THEN_MONTH = rf"{_FROM_DAY}(?P<d>\d{{1,2}})(?:(?P<nth>{_NTH})?[\s_/-](?:of\s|de\s)?|\.\s?)"
MONTH_THEN_DAY = rf"\.?[\s_-](?:the\s)?{_FROM_DAY}(?P<d>\d{{1,2}})(?P<nth>{_NTH})?"
DAY_NAME = rf"(?:(?P<dayname>{WEEKDAY})[.,]?,?\s(?:the\s)?(?=\d|{MONTH}))?"  # may stand before any day


class Written(Protocol):
    """A form of a date: here only how it looks."""

    @property
    def pattern(self) -> str:
        """Its expression, with names for its parts."""


def one_of(number_first: Mapping[str, Written], word_first: Mapping[str, Written]) -> str:
    """An expression for any of the forms, each a group of its name; the names inside them are left to `Readers`.

    Two tables, since a look at one character then halves the work.
    """
    return rf"(?:(?=\d)(?:{_branches(number_first)})|(?!\d)(?:{_branches(word_first)}))"


def _branches(forms: Mapping[str, Written]) -> str:
    return "|".join(f"(?P<{name}>{re.sub('P<[a-z0-9]+>', ':', form.pattern)})" for name, form in forms.items())


class Readers(dict[str, re.Pattern[str]]):
    """Each form's expression on its own, to tell the parts of what its branch has found.

    Compiled when first wanted: all of them together cost a cold question a tenth of a second.
    """

    def __init__(self, forms: Mapping[str, Written]) -> None:
        super().__init__()
        self._forms = forms

    def __missing__(self, name: str) -> re.Pattern[str]:
        return self.setdefault(name, re.compile(self._forms[name].pattern))


def folded(text: str) -> str:
    """The text in lower case, each character still in its place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.replace("İ", "I").lower()  # the one character that grows
