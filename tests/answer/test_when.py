"""Whether a sentence is of the days asked for."""

from __future__ import annotations

from datetime import date

import pytest

from notesearch.answer.when import fit, only_a_date, said
from notesearch.index.records import DateSpan


def asked(first: str, last: str) -> list[DateSpan]:
    return [DateSpan(date.fromisoformat(first), date.fromisoformat(last), "question")]


YEARS = asked("2011-01-01", "2018-12-31")


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("owned by Orla from 2011 to 2018", 1.0, 1.0),
        ("President: Ines (1999–2001), Ugo (2001–2012)", 0.1, 0.7),
        ("since 2011 it has been run by Orla", 0.4, 0.6),
        ("in 2015 the roof leaked", 0.5, 0.7),
        ("sold in 1999", 0.0, 0.0),
        ("2016–17 was a hard season", 0.5, 0.7),
        ("it has 2019 rooms", 0.0, 0.0),
        ("last week it was sold", 0.0, 0.0),  # of which year, the sentence does not say
    ],
)
def test_a_sentence_fits_by_the_years_it_names(text: str, least: float, most: float) -> None:
    assert least <= fit(YEARS, said(text)) <= most


def test_a_year_does_not_tell_that_it_was_that_month() -> None:
    august = asked("2023-08-01", "2023-08-31")
    assert fit(august, said("we moved on 3 August 2023")) > 0.5 > 0.1 > fit(august, said("we moved in 2023"))


def test_a_line_with_nothing_but_a_date() -> None:
    assert all(map(only_a_date, ["Thursday 3 August 2023, 18:20", "2024-03-14", "## 9/24/24 pm"]))
    assert not any(map(only_a_date, ["Oscar", "7716", "450 g", "3 August 2023: rain, no boats", "call the vet"]))
