"""Names typed wrongly or by half are found; what is known is never read as something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.retrieve.spelling import one_edit
from tests.conftest import write

LETTERS = st.text("abcde", min_size=2, max_size=8)


@pytest.fixture
def kitchen(tmp_path: Path) -> Iterator[Notebook]:
    vault = tmp_path / "vault"
    write(vault, "sourdough.md", "flour, water, salt and time\n")
    write(vault, "people/Zoë Adler.md", "---\naliases: [the physiotherapist]\n---\ncomes on mondays\n")
    write(vault, "deep work.md", "mornings without the telephone\n")
    write(vault, "deep sea.md", "lanternfish\n")
    write(vault, "workshop.md", "sander, saw, vice\n")
    write(vault, "bread.md", "sour things are kept apart. the works of the dough are slow\n")
    write(vault, "B-4471.md", "filter of the boiler\n")
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        yield notebook


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("sourdugh", "sourdough.md"),
        ("soudrough", "sourdough.md"),
        ("sourddough", "sourdough.md"),
        ("sourfough", "sourdough.md"),
        ("physiotherpist", "people/Zoë Adler.md"),
        ("zoe adlr", "people/Zoë Adler.md"),
        ("deepwork", "deep work.md"),
        ("dep sea", "deep sea.md"),
    ],
)
def test_a_name_typed_wrongly_is_found_and_that_is_said(kitchen: Notebook, typed: str, note: str) -> None:
    assert kitchen.search(typed, k=1)[0].note == note
    (remark,) = kitchen.take_remarks()
    assert remark.startswith("No note has “") and remark.endswith("was searched for.")


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("sourd", "sourdough.md"),
        ("physio", "people/Zoë Adler.md"),
        ("zoe a", "people/Zoë Adler.md"),
        ("deep s", "deep sea.md"),
    ],
)
def test_a_name_typed_by_half_is_found(kitchen: Notebook, typed: str, note: str) -> None:
    assert kitchen.search(typed, k=1)[0].note == note


def test_every_name_that_begins_so_is_found(kitchen: Notebook) -> None:
    assert {hit.note for hit in kitchen.search("deep ", k=2)} == {"deep work.md", "deep sea.md"}
    assert kitchen.search("wor", k=1)[0].note in ("workshop.md", "deep work.md")


def test_a_word_that_is_there_is_meant(kitchen: Notebook) -> None:
    """ "sour" begins "sourdough", and "works" is in a note: exact matches come first, and nothing is remarked."""
    assert kitchen.search("sour", k=1)[0].note == "bread.md"
    assert kitchen.search("works of the", k=1)[0].note == "bread.md"
    assert kitchen.take_remarks() == []


def test_a_question_in_words_of_its_own_is_left_alone(kitchen: Notebook) -> None:
    """Nothing holds "dep" and "bead", but these questions are no names."""
    kitchen.search("how deep is the dep in the harbour before the morning")
    kitchen.search("where did my mother buy bead and thread for the costume")
    assert kitchen.take_remarks() == []


def test_a_number_that_is_one_off_is_another_one(kitchen: Notebook) -> None:
    kitchen.search("B-4472")
    assert kitchen.take_remarks() == []


def test_quoted_words_are_meant_as_they_are(kitchen: Notebook) -> None:
    assert kitchen.search('"sourdugh"') == []


def test_only_a_search_may_end_in_half_a_word(kitchen: Notebook) -> None:
    kitchen.ask("sourd")
    assert kitchen.take_remarks() == []
    kitchen.ask("what is in sourdugh")
    assert kitchen.take_remarks() == ["No note has “sourdugh”; “sourdough” was searched for."]


@given(LETTERS, st.integers(0, 7), st.sampled_from("abcde"))
def test_one_edit_is_one_edit(word: str, at: int, letter: str) -> None:
    at %= len(word)
    edited = {
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
    }
    for other in edited - {word}:
        assert one_edit(word, other) and one_edit(other, word)


@pytest.mark.parametrize(
    ("one", "other"), [("same", "same"), ("abcd", "badc"), ("abcd", "ab"), ("lamp", "lime"), ("", "ab")]
)
def test_what_is_not_one_edit(one: str, other: str) -> None:
    assert not one_edit(one, other) and not one_edit(other, one)
