"""What links call a note, or a section of it, is found as if it were its own name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Notebook, Where
from notesearch.config import Settings
from tests.conftest import write

FAR = "plain words about weather, tides and the price of rope\n" * 12


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[Notebook]:
    vault = tmp_path / "linked"
    write(vault, "k7.md", f"# First\n{FAR}\n# Second\nsand and gravel\n")
    write(vault, "q2.md", "clouds in the morning\n")
    write(vault, "diary.md", "wrote to [[q2|the lighthouse keeper]], then saw [[k7#Second|the ferry timetable]]\n")
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        yield notebook


def from_others(notebook: Notebook, query: str) -> list[str]:
    """Hits but for the note that holds the words itself."""
    return [hit.note for hit in notebook.search(query) if hit.note != "diary.md"]


def test_a_note_is_found_by_what_a_link_calls_it(linked: Notebook) -> None:
    assert "q2.md" in from_others(linked, "lighthouse keeper")
    (hit,) = [hit for hit in linked.search("the lighthouse keeper") if hit.note == "q2.md"]
    assert hit.signals.links == 1.0


def test_a_section_is_found_by_what_a_link_to_it_says(linked: Notebook) -> None:
    best = next(hit for hit in linked.search("ferry timetable") if hit.note == "k7.md")
    assert best.headings == ("Second",) and best.signals.links == 1.0
    others = [hit for hit in linked.search("ferry timetable") if hit.note == "k7.md" and hit.id != best.id]
    assert all(hit.signals.links == 0.0 for hit in others)


def test_the_words_go_with_the_link(linked: Notebook, tmp_path: Path) -> None:
    write(tmp_path / "linked", "diary.md", "wrote to nobody\n")
    linked.update()
    assert all(hit.signals.links == 0.0 for hit in linked.search("the lighthouse keeper"))


def test_filters_hold_for_notes_that_links_name(linked: Notebook) -> None:
    assert from_others(linked, "the lighthouse keeper -path:q2.md") != ["q2.md"]
    assert "q2.md" not in [hit.note for hit in linked.search("the lighthouse keeper", where=Where(paths=("k7.md",)))]


def test_a_note_cannot_name_itself(tmp_path: Path) -> None:
    vault = tmp_path / "vain"
    write(vault, "vain.md", "see [[vain|the best of all notes]]\n")
    with Notebook.open(tmp_path / "i", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        assert notebook.search("the best of all notes")[0].signals.links == 0.0
