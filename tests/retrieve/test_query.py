"""What a person types is taken apart, and nothing typed is an error except nothing."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import Notebook
from notesearch.errors import UsageError
from notesearch.index.records import Where
from notesearch.retrieve.query import MAX_CHARACTERS, between, parse


def test_filters_phrases_and_exclusions() -> None:
    query = parse('tag:work -tag:draft path:journal/ status:open from:2025-03 to:2025-06 "exact words" -without berths',
                  property_keys=["Status"])  # fmt: skip
    assert query.where == Where(
        tags=("work",),
        not_tags=("draft",),
        paths=("journal/",),
        properties=(("status", "open"),),
        first=date(2025, 3, 1),
        last=date(2025, 6, 30),
    )
    assert query.phrases == ("exact words",)
    assert query.excluded == ("without",)
    assert query.text == "exact words berths"


def test_a_colon_in_a_question_is_no_filter() -> None:
    query = parse("what did ann say: nothing? see https://example.org at 10:30")
    assert query.where == Where()
    assert query.text == "what did ann say: nothing? see https://example.org at 10:30"


def test_stop_words_count_only_if_nothing_else_is_left() -> None:
    assert parse("why did i pass on scale").telling_words == ("pass", "scale")
    assert parse("what is it").telling_words == ("what", "is", "it")


def test_a_blank_question() -> None:
    for blank in ("", "  \n\t "):
        with pytest.raises(UsageError, match="blank"):
            parse(blank)


def test_a_very_long_question_is_cut_and_said() -> None:
    query = parse("word " * 20_000)
    assert len(query.text) <= MAX_CHARACTERS
    assert "100,000" in query.remarks[0]


def test_days_from_options() -> None:
    assert between("2025-03", "2025") == Where(first=date(2025, 3, 1), last=date(2025, 12, 31))
    with pytest.raises(UsageError, match="not a date"):
        between("soon", None)
    with pytest.raises(UsageError, match="later than"):
        between("2026", "2025")


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_is_a_question(text: str) -> None:
    parse(text, property_keys=["status"])


@pytest.mark.parametrize(
    "text",
    ['"', '""', "AND OR NOT", "NEAR(a b)", "a* b^2", "{x}: y", "🦀", "— ⁂ …", "\0null\0", "col:", "-", "--", "(",
     "'; drop table note", "什么", "tag:", "-tag:", 'path:"', "from:never"],
)  # fmt: skip
def test_any_question_gets_an_answer_and_no_error_of_the_engine(notebook: Notebook, text: str) -> None:
    notebook.search(text)


def test_filters_restrict_every_arm(notebook: Notebook) -> None:
    everything = {hit.note for hit in notebook.search("ann berths flour", k=10)}
    assert everything == {"harbour.md", "people/ann.md", "bread.md"}
    assert {hit.note for hit in notebook.search("ann berths flour tag:work")} == {"harbour.md"}
    assert {hit.note for hit in notebook.search("ann berths flour -tag:work")} == {"people/ann.md", "bread.md"}
    assert {hit.note for hit in notebook.search("ann berths flour path:people/")} == {"people/ann.md"}
    assert {hit.note for hit in notebook.search("ann berths flour -path:people")} == {"harbour.md", "bread.md"}
    assert {hit.note for hit in notebook.search('berths "quiet mornings"')} == {"people/ann.md"}
    assert {hit.note for hit in notebook.search("berths -quiet", k=10)} == {"harbour.md", "bread.md"}
    assert notebook.search("berths tag:nothing-has-this") == []


def test_a_note_without_text_is_found_by_its_name(notebook: Notebook) -> None:
    from pathlib import Path

    root = Path(notebook.status().vaults[0].root)
    (root / "tide tables.md").write_text("", encoding="utf-8")
    notebook.update()
    hit = notebook.search("tide tables")[0]
    assert (hit.note, hit.text, hit.id) == ("tide tables.md", "", -hit.note_id)


def test_a_note_is_found_by_its_alias(notebook: Notebook) -> None:
    assert notebook.search("annie")[0].note == "people/ann.md"


def test_k_below_one(notebook: Notebook) -> None:
    with pytest.raises(UsageError, match="1 or more"):
        notebook.search("flour", k=0)


def test_x8_a_word_said_often_is_asked_for_once() -> None:
    assert parse("oar oar and oar").telling_words == ("oar",)


@pytest.mark.parametrize(
    ("text", "signs"), [("🦭", "🦭"), (" == ", "=="), ("a 🦭", ""), ("7", ""), ("\ud800", "\ufffd")]
)
def test_x8_what_has_no_letter_and_no_digit_is_looked_for_as_it_stands(text: str, signs: str) -> None:
    assert parse(text).signs == signs
