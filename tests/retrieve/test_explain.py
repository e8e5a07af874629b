"""Explanations: the parts add up, the words are those that the passage has, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from notesearch import Hit, Notebook
from notesearch.results import Explanation
from tests.conftest import write


@pytest.fixture
def rich(notebook: Notebook, vault: Path) -> Notebook:
    """The small vault with dates, a conflict copy, a note without text, and a passage not yet embedded."""
    write(vault, "2025-03-14.md", "crane inspection, berths closed\n")
    write(vault, "2024-01-02.md", "crane grease\n")
    write(
        vault,
        "harbour (conflicted copy 2025-01-01).md",
        "# harbour\n\nthe crane operators berths berths lantern #work\n",
    )
    write(vault, "crane.md", "---\ntags: [iron]\n---\n")
    notebook.update()
    write(vault, "new.md", "crane spare parts\n")
    with notebook.store.transaction():
        notebook.store._connection.execute("DELETE FROM vector WHERE rowid IN (SELECT max(rowid) FROM vector)")
    return notebook


QUESTIONS = ["crane operators and berths", "crane in march 2025", "lantern", "crane", "flour water salt", "harbour"]


def why(hit: Hit) -> Explanation:
    assert hit.explanation is not None
    return hit.explanation


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_parts_add_up_to_the_total(rich: Notebook, question: str) -> None:
    hits = rich.search(question, k=20, explain=True)
    assert hits
    for hit in hits:
        parts = why(hit).parts
        assert sum(part.counted for part in parts) == pytest.approx(hit.signals.total, abs=1e-9)
        assert all(part.counted == pytest.approx(part.value * part.weight) for part in parts)


def test_every_part_has_its_say(rich: Notebook) -> None:
    hits = [hit for question in QUESTIONS for hit in rich.search(question, k=20, explain=True)]
    said = {part.part for hit in hits for part in why(hit).parts if part.counted}
    assert said == {
        *("dense", "lexical", "only_one", "title", "exact_name", "time", "rerank", "note_rerank"),
        *("exact_heading", "neighbours", "conflict_copy"),
    }
    assert any(part.assumed for hit in hits for part in why(hit).parts)
    assert not any(part.assumed for hit in hits for part in why(hit).parts if part.part == "lexical")


def test_words_that_are_held_and_words_that_are_not(rich: Notebook) -> None:
    found = rich.search("which operator polished cranes", k=20, explain=True)
    hit = next(hit for hit in found if hit.note == "harbour.md")
    assert (why(hit).holds, why(hit).lacks) == (("operator", "cranes"), ("polished",))
    named = next(hit for hit in rich.search("crane iron", k=20, explain=True) if hit.id < 0)
    assert (named.note, why(named).holds) == ("crane.md", ("crane", "iron"))


def test_dates_asked_for_and_how_they_fit(rich: Notebook) -> None:
    fits = {hit.note: why(hit).dated for hit in rich.search("crane in march 2025", k=20, explain=True)}
    assert (fits["2025-03-14.md"], fits["2024-01-02.md"], fits["harbour.md"]) == ("inside", "outside", "file time")
    (asked,) = why(rich.search("crane in march 2025", k=1, explain=True)[0]).dates
    assert (asked.first.isoformat(), asked.last.isoformat()) == ("2025-03-01", "2025-03-31")
    assert {why(hit).dated for hit in rich.search("crane", explain=True)} == {""}


def test_signs_are_held_by_what_was_found_by_them(rich: Notebook, vault: Path) -> None:
    write(vault, "joy.md", "bread 🥖 again\n")
    rich.update()
    (hit,) = rich.search("🥖", explain=True)
    assert (why(hit).holds, why(hit).lacks) == (("🥖",), ())


def test_nothing_is_explained_unless_asked_and_nothing_else_changes(rich: Notebook) -> None:
    plain, explained = (rich.search("crane operators", k=5, explain=explain) for explain in (False, True))
    assert [replace(hit, explanation=None) for hit in explained] == plain
    assert all(hit.explanation is None and "explanation" not in hit.to_dict() for hit in plain)
    assert explained[0].to_dict()["explanation"]["holds"] == ["crane", "operators"]


def test_an_answer_says_what_its_confidence_rests_on(rich: Notebook) -> None:
    answer = rich.ask("flour water salt", explain=True)
    grounds = answer.explanation
    assert grounds is not None and grounds.note_rerank is not None and grounds.dense is not None
    assert answer.answerable == (answer.confidence >= grounds.enough)
    assert (grounds.words, grounds.line, grounds.names) == (1.0, 1.0, 0.0)
    assert all(why(hit) for hit in answer.hits)
    assert "explanation" not in rich.ask("flour water salt").to_dict()
