"""Which sentences of a passage can answer, and what leads into them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notesearch.answer.sentences import line_around, places


def quotable(text: str) -> list[str]:
    return [text[place.start : place.end] for place in places(text, 99) if place.quotable]


def led(text: str) -> dict[str, str]:
    """Each sentence that something leads into, and what."""
    found = places(text, 99)
    return {
        text[place.start : place.end]: text[found[place.lead].start : found[place.lead].end]
        for place in found
        if place.lead is not None
    }


def test_a_heading_a_question_and_a_bare_date_answer_nothing() -> None:
    text = "## visit\nThursday 3 August 2023, 18:20\nHow long have you painted?\nSeven years now."
    assert quotable(text) == ["Seven years now."]
    assert quotable("## visit") == ["visit"]  # unless there is nothing else
    assert quotable("am 3. März 2024 fuhren wir ans Meer") != []


def test_a_question_leads_into_the_next_sentence_alone() -> None:
    assert led("What pet do you have? A guinea pig. He is called Oscar.") == {"A guinea pig.": "What pet do you have?"}


def test_words_before_a_list_lead_into_all_of_it() -> None:
    text = "for the trip we need:\n- a tent\n- two lamps\n\nthe car is full."
    assert led(text) == {"a tent": "for the trip we need:", "two lamps": "for the trip we need:"}
    assert quotable(text) == ["a tent", "two lamps", "the car is full."]


def test_the_row_that_names_the_columns_is_no_answer() -> None:
    text = "| part | number |\n| --- | --- |\n| boiler filter | 7716 |"
    assert quotable(text) == ["boiler filter | 7716"]


def test_the_line_around_a_sentence_says_who_speaks() -> None:
    text = "one\n**Ann:** Wow! I never saw it.\nthree"
    assert line_around(text, places(text, 99)[2]) == "**Ann:** Wow! I never saw it."


@given(st.text("ab 1?:.|-#\n", max_size=80))
def test_every_passage_with_words_has_something_to_quote(text: str) -> None:
    found = places(text, 99)
    assert any(place.quotable for place in found) == bool(found)
    assert all(place.lead is None or place.lead < n for n, place in enumerate(found))
