"""Whatever the text: no error, spans in order and inside, and time linear in the length."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.dates.daily import date_by_format
from notesearch.dates.forms import find_dates
from notesearch.dates.note import note_date
from notesearch.dates.order import DateOrder
from notesearch.dates.pieces import folded
from notesearch.dates.question import dates_in_question
from notesearch.index.records import DateSpan

WEDNESDAY = date(2026, 3, 18)
DAY_FIRST = DateOrder(day_first=True)

NUMBERS = ["2025", "2025-", "-12-27", "27", "1", "7-25", "12/", "’25", "年", "月", "日", "W12", "Q3", "T14:12"]
NAMES = ["Dec", "december", "march", "may", "mär", "z\u0301", "monday", "sun", "summer", "week", "months", "yesterday"]
WORDS = ["last", "next", "the", "of", "in", "since", "between", "and", "to", "from", "until", "before"]
ODD = ["early", "end of", "a few", "two", "ago", "K", "ſ", "İ", "ı", "٢٠٢٥", "\u00a0", "\n", ".", ",", "'"]
PIECES = st.sampled_from([*NUMBERS, *NAMES, *WORDS, *ODD])
ANY_TEXT = st.one_of(st.text(), st.lists(PIECES).map(" ".join), st.lists(PIECES).map("".join))


def check_spans(text: str, spans: list[tuple[int, int, DateSpan]]) -> None:
    at = 0
    for start, end, span in spans:
        assert at <= start < end <= len(text)
        assert span.first <= span.last
        assert 0 < span.certainty <= 1
        at = end


@given(ANY_TEXT, st.dates())
def test_any_text_is_read_without_error_and_in_order(text: str, day: date) -> None:
    check_spans(text, find_dates(text))
    check_spans(text, find_dates(text, order=DAY_FIRST, latest=day))
    check_spans(text, dates_in_question(text, day))
    assert len(folded(text)) == len(text)


@given(ANY_TEXT, ANY_TEXT, st.integers(), st.text())
def test_any_note_has_a_date_or_none(name: str, value: str, modified_ns: int, daily_format: str) -> None:
    span = note_date(
        properties=[value],
        path=f"{value}/{name}",
        title=name,
        first_heading=value,
        modified_ns=modified_ns,
        order=DateOrder.learn([name, value]),
        daily_format=daily_format,
    )
    assert span is None or (span.first <= span.last and 0 < span.certainty <= 1)
    date_by_format(name, value)


TOKENS = ["a ", "1", "1-", "2025-", "2025-12-27 ", "'", "'25", "in the ", "may ", "monday, ", "a_", "may_", "Q1 "]
TOKENS += ["2025 年", "from 2020 to ", "27 – ", "the week before ", "1st of ", "é", "e\u0301", "\n", " ", "1/", "İ"]


@pytest.mark.parametrize("token", TOKENS)
def test_time_is_linear_for_100_kb_of_anything(token: str) -> None:
    text = "9 " + token * (100_000 // len(token))
    begun = time.process_time()
    find_dates(text, latest=WEDNESDAY)
    dates_in_question(text, WEDNESDAY)
    DateOrder.learn([text])
    assert time.process_time() - begun < 1  # some 0.1 s where nothing else runs
