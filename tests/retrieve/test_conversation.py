"""A question that leans on an earlier one is understood with its words; one that stands alone is left alone."""

from __future__ import annotations

import pytest

from notesearch import Notebook, Turn
from notesearch.retrieve.conversation import in_conversation, leans
from notesearch.retrieve.query import parse


@pytest.mark.parametrize(
    "question",
    ["and when?", "Why did he leave the harbour early?", "which?", "what about march", "Virtualization", "?!"],
)
def test_it_leans(question: str) -> None:
    assert leans(question)


@pytest.mark.parametrize("question", ["how do I bake rye bread", "where was the crane repaired in 2024"])
def test_it_stands_alone(question: str) -> None:
    assert not leans(question)
    query = parse(question)
    assert in_conversation(query, [Turn("who planned the berths?")]) == query


def test_telling_words_names_and_days_carry_over() -> None:
    history = [Turn("who repaired the crane in march 2025", "it was repaired by Ann Low, said Ann Low and Ben")]
    query = in_conversation(parse("and what did she say?"), history)
    assert query.text == "and what did she say? repaired crane march 2025 Ann Low Ben"
    assert query.words[:5] == ("and", "what", "did", "she", "say")
    assert [f"{span.first}" for span in query.dates] == ["2025-03-01"]
    assert query.remarks == ("Asked together with words from before: repaired crane march 2025 Ann Low Ben",)


def test_its_own_days_count() -> None:
    query = in_conversation(parse("and in june 2024?"), [Turn("who repaired the crane in march 2025")])
    assert [f"{span.first}" for span in query.dates] == ["2024-06-01"]


def test_it_goes_back_as_far_as_questions_lean_and_two_at_most() -> None:
    history = [Turn("tell of bread and salt now"), Turn("who planned the harbour berths"), Turn("and why?")]
    assert "harbour" in in_conversation(parse("and when?"), history).text
    assert "bread" not in in_conversation(parse("and when?"), history).text
    alone = [history[0], Turn("who repaired the crane gearbox yesterday")]
    assert "bread" not in in_conversation(parse("and when?"), alone).text


def test_filters_of_earlier_questions_are_no_words() -> None:
    query = in_conversation(parse("and when?"), [Turn("crane tag:work path:journal/"), Turn(" ")])
    assert query.text == "and when? crane"
    assert not query.where.tags


def test_a_follow_up_finds_what_it_means(notebook: Notebook) -> None:
    first = notebook.ask("who plans berths")
    assert notebook.search("and her mornings?")[0].note == "people/ann.md"
    follow_up = notebook.ask("and where?", history=[Turn("flour water salt dough"), first.turn])
    assert {hit.note for hit in follow_up.hits} >= {"people/ann.md"}
    assert "plans berths" in notebook.take_remarks()[0]
