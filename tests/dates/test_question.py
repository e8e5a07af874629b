"""The dates that a question speaks of: rule D7."""

from datetime import date

import pytest

from notesearch.dates.names import may_speak_of_time
from notesearch.dates.question import dates_in_question
from notesearch.index.records import DateSpan

WEDNESDAY = date(2026, 3, 18)


def days(span: DateSpan | None) -> str:
    """A span as these tests write it: one day, or first and last."""
    if span is None:
        return ""
    return str(span.first) if span.first == span.last else f"{span.first} {span.last}"


def asked(text: str, today: date = WEDNESDAY) -> list[tuple[str, str]]:
    found = [(text[start:end], days(span)) for start, end, span in dates_in_question(text, today)]
    assert may_speak_of_time(text) or not found  # else a question's date would not be looked for
    return found


# D7: questions


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("what did i do yesterday?", "yesterday", "2026-03-17"),
        ("the day before yesterday", "the day before yesterday", "2026-03-16"),
        ("who called today", "today", "2026-03-18"),
        ("notes of last night", "last night", "2026-03-17"),
        ("what happened last week", "last week", "2026-03-09 2026-03-15"),
        ("this week's plan", "this week", "2026-03-16 2026-03-22"),
        ("next month", "next month", "2026-04-01 2026-04-30"),
        ("what changed this year", "this year", "2026-01-01 2026-12-31"),
        ("last quarter", "last quarter", "2025-10-01 2025-12-31"),
        ("last weekend", "last weekend", "2026-03-14 2026-03-15"),
        ("over the weekend", "over the weekend", "2026-03-14 2026-03-15"),
        ("the week before last", "week before last", "2026-03-02 2026-03-08"),
        ("two months ago", "two months ago", "2026-01-01 2026-01-31"),
        ("3 days ago", "3 days ago", "2026-03-15"),
        ("a year ago", "a year ago", "2025-01-01 2025-12-31"),
        ("a few days ago", "a few days ago", "2026-03-13 2026-03-16"),
        ("in the last three weeks", "in the last three weeks", "2026-02-25 2026-03-18"),
        ("the past month", "past month", "2026-02-18 2026-03-18"),
        ("in march 2025", "in march 2025", "2025-03-01 2025-03-31"),
        ("since may", "since may", "2025-05-01 9999-12-31"),
        ("after May 2nd", "after May 2nd", "2025-05-03 9999-12-31"),
        ("until june", "until june", "0001-01-01 2025-06-30"),
        ("before 2024", "before 2024", "0001-01-01 2023-12-31"),
        ("between march and may", "between march and may", "2025-03-01 2025-05-31"),
        ("between november and february", "between november and february", "2025-11-01 2026-02-28"),
        ("from march to may 2024", "from march to may 2024", "2024-03-01 2024-05-31"),
        ("from may 2024 to august", "from may 2024 to august", "2024-05-01 2024-08-31"),
        ("from 1811 to 1827", "from 1811 to 1827", "1811-01-01 1827-12-31"),
        ("May 2025 - July 2025", "May 2025 - July 2025", "2025-05-01 2025-07-31"),
        ("last june", "last june", "2025-06-01 2025-06-30"),
        ("last march", "last march", "2025-03-01 2025-03-31"),
        ("this march", "this march", "2026-03-01 2026-03-31"),
        ("in march", "in march", "2026-03-01 2026-03-31"),
        ("next may", "next may", "2026-05-01 2026-05-31"),
        ("in april", "in april", "2025-04-01 2025-04-30"),
        ("early 2025", "early 2025", "2025-01-01 2025-04-30"),
        ("in mid-2025", "in mid-2025", "2025-05-01 2025-08-31"),
        ("late may 2025", "late may 2025", "2025-05-21 2025-05-31"),
        ("by the end of 2025", "by the end of 2025", "0001-01-01 2025-12-31"),
        ("since early march", "since early march", "2026-03-01 9999-12-31"),
        ("on monday", "on monday", "2026-03-16"),
        ("on wednesday", "on wednesday", "2026-03-18"),
        ("last wednesday", "last wednesday", "2026-03-11"),
        ("last friday", "last friday", "2026-03-13"),
        ("next friday", "next friday", "2026-03-20"),
        ("in the summer of 2024", "in the summer of 2024", "2024-06-01 2024-08-31"),
        ("last summer", "last summer", "2025-06-01 2025-08-31"),
        ("last winter", "last winter", "2025-12-01 2026-02-28"),
        ("in the fall", "in the fall", "2025-09-01 2025-11-30"),
        ("May 2nd", "May 2nd", "2025-05-02"),
        ("on 2 may", "on 2 may", "2025-05-02"),
        ("on march 3", "on march 3", "2026-03-03"),
        ("on 7/25", "on 7/25", "2025-07-25"),
        ("on february 29th", "on february 29th", "2024-02-29"),
        ("on Sunday 8 March 1663", "on Sunday 8 March 1663", "1663-03-08"),
        ("on Monday, May 5th", "on Monday, May 5th", "2025-05-05"),
        ("Q3 goals", "Q3", "2025-07-01 2025-09-30"),
        ("in the 1940s", "in the 1940s", "1940-01-01 1949-12-31"),
        ("two weeks before August 11, 2023", "two weeks before August 11, 2023", "2023-07-24 2023-07-30"),
        ("the day after tomorrow", "the day after tomorrow", "2026-03-20"),
        ("im märz 2025", "im märz 2025", "2025-03-01 2025-03-31"),
        ("2023年5月", "2023年5月", "2023-05-01 2023-05-31"),
        ("what did i do in march 2025", "in march 2025", "2025-03-01 2025-03-31"),
        ("7-11-25", "7-11-25", "2025-07-11"),
    ],
)
def test_d7_what_a_question_means(text: str, words: str, expected: str) -> None:
    assert asked(text) == [(words, expected)]


@pytest.mark.parametrize(
    "text",
    [
        "who is may",
        "what did may and mar say",
        "this may be useful",
        "the march to sea",
        "since the march on washington",
        "after the fall of rome",
        "the spring framework",
        "sat and sun",
        "the second one, in second place, the last second",
        "the sun",
        "mission to mars",
        "option 2 may be better",
        "60-70 hours",
        "1-1 with sam",
        "on 24/7 support",
        "the last week of school",
        "every monday, mondays, black friday",
        "what does error 400 mean",
        "years ago",
        "february 30th",
        "",
    ],
)
def test_d7_words_that_are_no_dates(text: str) -> None:
    assert asked(text) == []


@pytest.mark.parametrize("lead", ["in", "since", "until", "before", "after", "during", "last", "next", "this"])
@pytest.mark.parametrize("name", ["may", "march", "mar", "fall"])
def test_d7_a_preposition_makes_a_word_a_date(lead: str, name: str) -> None:
    assert [words for words, _ in asked(f"what was it {lead} {name}?")] == [f"{lead} {name}"]
    assert asked(f"what was {name}?") == []


def test_d7_what_is_guessed_is_less_certain() -> None:
    def certainty(text: str) -> float:
        ((_, _, span),) = dates_in_question(text, WEDNESDAY)
        assert span.source == "question"
        return span.certainty

    assert certainty("in march 2025") == 1.0
    assert 1.0 > certainty("last june") > certainty("in june") > certainty("june meeting") > 0
    assert certainty("May 2nd") < 1.0
    assert certainty("a few days ago") < certainty("three days ago")


def test_d7_two_dates_in_one_question() -> None:
    text = "the boat sunk on May 6, 1944, who led it from Jun 1942 to Sep 1943?"
    assert asked(text) == [
        ("on May 6, 1944", "1944-05-06"),
        ("from Jun 1942 to Sep 1943", "1942-06-01 1943-09-30"),
    ]


@pytest.mark.parametrize("today", [date.min, date.max, date(1, 1, 2), date(9999, 12, 30)])
def test_d7_the_ends_of_the_calendar(today: date) -> None:
    near = (
        "early today yesterday tomorrow last week next year 999 years ago last winter next friday a month before june"
    )
    for _, _, span in dates_in_question(f"{near} after 9999-12-31 before 0001-01-01", today):
        assert span.first <= span.last


def test_x8_a_question_is_read_to_its_limit() -> None:
    assert asked("word " * 400 + "in march 2025") == []
    assert asked("word " * 100 + "in march 2025") == [("in march 2025", "2025-03-01 2025-03-31")]
