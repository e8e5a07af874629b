"""How dates are written, and what is none: rules D1, D3, D4, D5 and D6."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.dates.forms import find_dates
from notesearch.dates.note import date_of_property
from notesearch.dates.order import MONTH_FIRST, DateOrder
from notesearch.index.records import DateSpan

DAY_FIRST = DateOrder(day_first=True)


def days(span: DateSpan | None) -> str:
    """A span as these tests write it: one day, or first and last."""
    if span is None:
        return ""
    return str(span.first) if span.first == span.last else f"{span.first} {span.last}"


def found(text: str, order: DateOrder = MONTH_FIRST, latest: date | None = None) -> list[tuple[str, str]]:
    return [(text[start:end], days(span)) for start, end, span in find_dates(text, order=order, latest=latest)]


# D1, D3: a date is an interval, and these are its forms

WRITTEN_WITH_YEAR = [
    ("2025-12-27", "2025-12-27"),
    ("20251227", "2025-12-27"),
    ("2025_07_11", "2025-07-11"),
    ("2025.12.27", "2025-12-27"),
    ("2025/12/27", "2025-12-27"),
    ("12/27/2025", "2025-12-27"),
    ("27.12.2025", "2025-12-27"),
    ("7-11-25", "2025-07-11"),
    ("27 Dec 2025", "2025-12-27"),
    ("27-Dec-2025", "2025-12-27"),
    ("27-Dec-25", "2025-12-27"),
    ("December 27th, 2025", "2025-12-27"),
    ("Dec. 27, 2025", "2025-12-27"),
    ("Saturday, December 27, 2025", "2025-12-27"),
    ("27th of December 2025", "2025-12-27"),
    ("2025 Dec 27", "2025-12-27"),
    ("27-29 Dec 2025", "2025-12-27 2025-12-29"),
    ("December 27–29, 2025", "2025-12-27 2025-12-29"),
    ("March 2025", "2025-03-01 2025-03-31"),
    ("february, 2024", "2024-02-01 2024-02-29"),
    ("Sept. '24", "2024-09-01 2024-09-30"),
    ("2025-03", "2025-03-01 2025-03-31"),
    ("2021.08", "2021-08-01 2021-08-31"),
    ("03/2025", "2025-03-01 2025-03-31"),
    ("2025-W12", "2025-03-17 2025-03-23"),
    ("2025-W12-3", "2025-03-19"),
    ("Q3 2025", "2025-07-01 2025-09-30"),
    ("2025Q3", "2025-07-01 2025-09-30"),
    ("the last quarter of 2025", "2025-10-01 2025-12-31"),
    ("summer 2025", "2025-06-01 2025-08-31"),
    ("fall of 2025", "2025-09-01 2025-11-30"),
    ("winter 2025", "2025-12-01 2026-02-28"),
    ("2025", "2025-01-01 2025-12-31"),
    ("2019-2020", "2019-01-01 2020-12-31"),
    ("'25", "2025-01-01 2025-12-31"),
    ("’99", "1999-01-01 1999-12-31"),
    ("27. Dezember 2025", "2025-12-27"),
    ("1er février 2024", "2024-02-01"),
    ("1er fe\u0301vrier 2024", "2024-02-01"),
    ("27 de diciembre de 2025", "2025-12-27"),
    ("März 2025", "2025-03-01 2025-03-31"),
    ("2022年3月5日", "2022-03-05"),
    ("2022 年 3 月", "2022-03-01 2022-03-31"),
]


@pytest.mark.parametrize(("text", "expected"), WRITTEN_WITH_YEAR)
def test_d3_each_form_is_read(text: str, expected: str) -> None:
    for written in (text, text.upper(), f"notes of {text}: what was said", f"({text})"):
        assert [span for _, span in found(written)] == [expected]


REAL_DATES = st.dates(date(1, 1, 1))
MONTHS = ["January", "February", "March", "April", "May", "June", "July"]
MONTHS += ["August", "September", "October", "November", "December"]


@given(REAL_DATES)
def test_d3_any_real_date_reads_back(day: date) -> None:
    year, month, number = f"{day.year:04}", MONTHS[day.month - 1], day.day
    for text in (
        day.isoformat(),
        f"{year}_{day.month:02}_{number:02}",
        f"{year}.{day.month:02}.{number:02}",
        f"{day.month}/{number}/{year}",
        f"{number}.{day.month}.{year}",
        f"{number} {month[:3]} {year}",
        f"{month} {number}th, {year}",
        f"{year}年{day.month}月{number}日",
        f"{day:%A} {number} {month} {year}",
    ):
        assert found(text) == [(text, str(day))]


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_d3_any_date_of_our_time_reads_back_from_the_shorter_forms(day: date) -> None:
    for text in (f"{day:%Y%m%d}", f"{day:%Y%m%d}T1412", f"{day:%Y%m%d}235959 note"):
        assert [span for _, span in found(text)] == [str(day)]
    year, week, _ = day.isocalendar()
    for text, length in ((f"{day:%Y-%m}", 28), (f"{day:%B %Y}", 28), (f"{year}-W{week:02}", 7), (f"{day.year}", 365)):
        ((_, _, span),) = find_dates(text)
        assert span.first <= day <= span.last
        assert (span.last - span.first).days + 1 >= length


@given(st.dates(date(1970, 1, 1), date(2069, 12, 31)))
def test_d4_two_digits_mean_the_years_1970_to_2069(day: date) -> None:
    assert found(f"{day:%m-%d-%y}") == [(f"{day:%m-%d-%y}", str(day))]


def test_d1_a_date_knows_its_source_and_its_certainty() -> None:
    assert find_dates("2025-12-27", source="title")[0][2] == DateSpan(
        date(2025, 12, 27), date(2025, 12, 27), "title", 1.0
    )
    assert find_dates("2025-12-27")[0][2].source == "text"
    by_certainty = ["March 2025", "in 2025", "summer 2025", "tokyo 2025"]
    certainties = [find_dates(text)[0][2].certainty for text in by_certainty]
    assert certainties == sorted(certainties, reverse=True)
    assert len(set(certainties)) == len(by_certainty)


def test_d3_several_dates_come_in_order_with_their_places() -> None:
    text = "from 2025-12-27 to March 2026, and '24"
    assert [text[start:end] for start, end, _ in find_dates(text)] == ["2025-12-27", "March 2026", "'24"]


# D4: day and month


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("7-11-25", MONTH_FIRST, "2025-07-11"),
        ("7-11-25", DAY_FIRST, "2025-11-07"),
        ("7/11/2025", DAY_FIRST, "2025-11-07"),
        ("13-11-25 sync", MONTH_FIRST, "2025-11-13"),
        ("11-13-25", DAY_FIRST, "2025-11-13"),
        ("7.11.2025", MONTH_FIRST, "2025-11-07"),
        ("07.11.25", MONTH_FIRST, "2025-11-07"),
        ("2025-07-11", DAY_FIRST, "2025-07-11"),
    ],
)
def test_d4_order_of_day_and_month(text: str, order: DateOrder, expected: str) -> None:
    assert [span for _, span in found(text, order)] == [expected]


def test_d4_only_the_vault_s_habit_makes_a_date_less_certain() -> None:
    assert find_dates("7-11-25")[0][2].certainty < find_dates("7-13-25")[0][2].certainty
    assert find_dates("7-7-25")[0][2].certainty == find_dates("7-13-25")[0][2].certainty


def test_d4_the_order_is_learned_from_other_names() -> None:
    assert DateOrder.learn(["notes/13-11-25 sync.md", "1-2-25.md"]) == DAY_FIRST
    assert DateOrder.learn(["7-25 elsie.md", "60-70 hours.md"], fallback=DAY_FIRST) == MONTH_FIRST
    assert DateOrder.learn(["1-2-25.md", "2025-13-25.md", "27.12.2025.md"], fallback=DAY_FIRST) == DAY_FIRST
    assert DateOrder.learn(["13-1-25.md", "1-13-25.md"], fallback=DAY_FIRST) == DAY_FIRST
    assert DateOrder.learn([]) == MONTH_FIRST


# D5: without a year


@pytest.mark.parametrize(
    ("text", "latest", "expected"),
    [
        ("7-25 elsie chat", date(2025, 8, 1), "2025-07-25"),
        ("7-25 elsie chat", date(2025, 7, 25), "2025-07-25"),
        ("7-25 elsie chat", date(2025, 7, 24), "2024-07-25"),
        ("7-25", date(2025, 8, 1), "2025-07-25"),
        ("7/25 elsie", date(2025, 8, 1), "2025-07-25"),
        ("25.7. Treffen", date(2025, 8, 1), "2025-07-25"),
        ("Dec 27 party", date(2025, 8, 1), "2024-12-27"),
        ("27th of December party", date(2025, 8, 1), "2024-12-27"),
        ("Sat 27 Dec", date(2025, 8, 1), "2024-12-27"),
        ("2-29 leap", date(2027, 1, 1), "2024-02-29"),
        ("2-29 leap", date(1904, 2, 28), "1896-02-29"),
    ],
)
def test_d5_the_latest_year_not_after_the_note(text: str, latest: date, expected: str) -> None:
    ((start, _, span),) = find_dates(text, latest=latest)
    assert (start, days(span)) == (0, expected)
    assert span.certainty < 0.5
    assert find_dates(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "met elsie 7-25",
        "7-25-elsie",
        "7-25, elsie",
        "13-25 x",
        "30 Feb",
        "1-1 with sam",
        "60-70 hours",
        "10-12 people",
        "5-10 minutes a day",
        "7.25 update",
        "may be",
        "march on",
    ],
)
def test_d5_d6_only_at_the_start_and_followed_by_a_space(text: str) -> None:
    assert find_dates(text, latest=date(2025, 8, 1)) == []


def test_d5_a_full_date_at_the_start_is_not_cut_short() -> None:
    assert found("7-11-25 tom convo", latest=date(2025, 8, 1)) == [("7-11-25", "2025-07-11")]
    assert found("Dec 27, 2025 party", latest=date(2026, 8, 1)) == [("Dec 27, 2025", "2025-12-27")]


# D6: not dates


@pytest.mark.parametrize(
    "text",
    [
        "60-70 hours, 1-1 with sam",
        "1:1 at 7:11",
        "v2025.12.27 and x2025-12-27y",
        "version 1.12.25",
        "python 3.11.7",
        "10.12.20.25",
        "07-11-25-30",
        "$2025 or 2025€ or 2025 dollars",
        "#2025",
        "2000 people, 1999 words, 2100 kcal",
        "1500 men",
        "iso 9001",
        "12025-12-27",
        "123456789012",
        "550e8400-e29b-41d4-a716-446655440000",
        "6'11",
        "'25'",
        "1940's or 1940s",
        "2025px",
        "2,025 and 2025,50",
        "3.2025",
        "50% of 2025%",
        "请回答1988",
        "may march sat sun second fall",
        "in june, on monday, last week",
    ],
)
def test_d6_not_dates(text: str) -> None:
    assert find_dates(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "2025-13-40",
        "2025-13-45",
        "2025-02-30",
        "30 Feb 2025",
        "February 30, 2025",
        "20251340",
        "0000-00-00",
        "13/13/2025",
        "32.12.2025",
        "2025-W54",
        "2025年13月",
        "2025-07_11",
        "29-27 Dec 2025",
        "0000年",
    ],
)
def test_d6_impossible_dates_are_none_and_leave_no_pieces(text: str) -> None:
    assert find_dates(text) == []
    assert date_of_property(text) is None


def test_d6_chinese_and_underscores_part_words() -> None:
    assert found("2021-05-12整理给老妹") == [("2021-05-12", "2021-05-12")]
    assert found("2023-04-05_REMOTE_123456") == [("2023-04-05", "2023-04-05")]


@given(st.dates(date(10, 1, 1)), st.dates(date(10, 1, 1)))
def test_d5_any_day_is_found_within_nine_years(day: date, latest: date) -> None:
    ((_, _, span),) = find_dates(f"{day.month:02}-{day.day:02} x", latest=latest, order=MONTH_FIRST)
    assert (span.first.month, span.first.day) == (day.month, day.day) or day.day <= 12
    assert timedelta(0) <= latest - span.first < timedelta(days=366 * 8 + 1)
