"""Which sentences are quoted, and what tells whether they answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from notesearch.answer.asked import Asked, asked
from notesearch.answer.evidence import evidence, words_held
from notesearch.answer.extract import Sentence, quotes, sentences
from notesearch.answer.kinds import Kinds, asks_when
from notesearch.index.records import DateSpan
from notesearch.results import Hit, Signals, Urls

URLS = Urls("", "file:///n", "", "")
UNSAID = Signals(None, 0.0, 0.0, 0.0, 0.0, None, None, 0.0)
SPEECH = "**Ann:** Ben, we got a kitten.\n**Ben:** I have a guinea pig."


def hit(text: str, **changed: object) -> Hit:
    made = Hit(1, 1, 0.5, 1, "n.md", "v", "n", (), (5, 9), (0, len(text)), text, None, (), UNSAID, (), (), (), URLS)
    return replace(made, **changed)  # type: ignore[arg-type]


def wanted(text: str, *words: str, dates: tuple[DateSpan, ...] = ()) -> Asked:
    return asked(text, words, [1.0] * len(words), dates)


def by_words(question: Asked, *hits: Hit) -> list[Sentence]:
    """As if nothing were known of meanings."""
    return sentences(question, hits, lambda _, spans: [[0.0] * len(each) for each in spans])


def test_the_question_in_the_notes_lends_its_words_to_the_answer() -> None:
    question = wanted("how long has she created art", "created", "art")
    best = by_words(question, hit("How long have you created art? Since I was nine.\n\nThe vase broke."))
    assert best[0].text == "Since I was nine."


def test_the_sentence_of_the_days_asked_for_comes_first() -> None:
    years = DateSpan(date(2007, 1, 1), date(2015, 12, 31), "question")
    text = "Ada was mayor in 1999. Ola was mayor (2007-2015). Per was mayor from 2015 on."
    assert by_words(wanted("who was mayor", "mayor", dates=(years,)), hit(text))[0].text == "Ola was mayor (2007-2015)."


def test_a_date_above_dates_what_has_none() -> None:
    day = DateSpan(date(2023, 8, 3), date(2023, 8, 3), "question")
    text = "3 August 2023\nwe saw boats.\n\n9 May 2022\nwe saw boats and a whale."
    assert by_words(wanted("what did we see", "see", dates=(day,)), hit(text))[0].text == "we saw boats."


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("who mended the pump", "it was Orla who did it", "it was done at once"),
        ("when was the pump mended", "we did it last week", "we did it with glue"),
        ("how many pumps are there", "there are three of them", "there are some of them"),
        ("warum steht die Pumpe", "sie steht, weil sie leckt", "sie steht neben dem Tor"),
    ],
)
def test_the_kind_of_thing_asked_for(question: str, answer: str, other: str) -> None:
    kinds = Kinds(question, frozenset())
    (has, lacks), (has_not, _) = kinds.fit(answer), kinds.fit(other)
    assert (has, lacks, has_not) == (1, 0, 0)
    assert Kinds("the pump", frozenset()).fit(answer) == (0, 0)


def test_sixty_words_three_quotes_none_twice() -> None:
    long = "pump " * 40 + "end."
    best = by_words(wanted("pump", "pump"), hit(f"{long} A pump. A pump. {long[5:]} No pump. Our pump. Your pump."))
    quoted = quotes(wanted("pump", "pump"), best)
    assert len(quoted) == 3 == len({quote.text for quote in quoted})
    assert sum(len(quote.text.split()) for quote in quoted) <= 60
    assert all(quote.lines == (5, 5) for quote in quoted)


def test_when_the_name_of_the_note_has_the_date_the_quote_says_so() -> None:
    day = DateSpan(date(2025, 3, 14), date(2025, 3, 14), "name")
    question = wanted("when did the boiler break", "boiler", "break")
    assert quotes(question, by_words(question, hit("the boiler broke.", date=day)))[0].date == day
    assert quotes(question, by_words(question, hit("the boiler broke in 2024.", date=day)))[0].date is None
    assert quotes(question, by_words(question, hit("it broke.", date=replace(day, source="file time"))))[0].date is None
    other = wanted("why did the boiler break", "boiler", "break")
    assert quotes(other, by_words(other, hit("the boiler broke.", date=day)))[0].date is None
    assert asks_when("wann brach er") and not asks_when("how long did it last")


def test_a_name_that_the_passage_has_and_the_sentence_lacks_speaks_against() -> None:
    of_ben, of_ann = wanted("does Ben have a kitten", "Ben", "kitten"), wanted("does Cleo have a pig", "Cleo", "pig")
    found = hit(SPEECH.replace("Ben, w", "W"))
    assert evidence(of_ben, [found], by_words(of_ben, found))["names"] == -1.0
    assert evidence(of_ann, [found], by_words(of_ann, found))["names"] == 0.0


def test_the_line_counts_since_it_says_who_speaks() -> None:
    question = wanted("what pig does Ben have", "pig", "Ben")
    best = by_words(question, hit(SPEECH))
    assert best[0].text == "**Ben:** I have a guinea pig."
    seen = evidence(question, [hit(SPEECH)], best)
    assert (seen["line"], seen["names"]) == (1.0, 0.0)
    assert words_held(question, [hit(SPEECH)]) == 1.0 and words_held(question, []) == 0.0


def test_nothing_found_is_no_evidence() -> None:
    seen = evidence(wanted("pump", "pump"), [], [])
    assert set(seen.values()) == {0.0}
    assert quotes(wanted("pump", "pump"), []) == ()


def test_months_and_weekdays_are_no_names() -> None:
    assert wanted("What did Ben say on Monday in May").names == {"ben"}
