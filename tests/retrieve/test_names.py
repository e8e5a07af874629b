"""Who asks by a name gets what is called so: a note by its title, file name or alias, a section by its heading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Hit, Notebook
from notesearch.config import Settings
from tests.conftest import write

FAR = "plain words about weather, tides and the price of rope\n" * 12


@pytest.fixture
def named(tmp_path: Path) -> Iterator[Notebook]:
    vault = tmp_path / "vault"
    write(vault, "book template.md", "---\naliases: [reading form]\n---\n")
    write(vault, "author template.md", "## Books\n\nwhat the author wrote\n")
    write(vault, "frontmatter.md", "properties on top of a note\n")
    write(vault, "from frontmatter.md", "a tag that stands in the properties\n")
    write(
        vault,
        "ropes.md",
        f"# Ropes\n{FAR}\n## Splices\n{FAR}\n## Some knots\nbowline, sheet bend\n\n## No knots\n{FAR}",
    )
    write(vault, "sailing.md", f"# Sailing\n{FAR}\nsplices, splices, splices and knots, knots, knots\n")
    for day in range(12):
        write(vault, f"daily/2024-03-{day + 1:02}.md", f"## Tasks\n\nsplices to mend, list {day}\n")
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        yield notebook


def first(notebook: Notebook, query: str) -> Hit:
    return notebook.search(query, k=1)[0]


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        ("Book template", "book template.md"),
        ("Reading form", "book template.md"),
        ("FROM FRONTMATTER", "from frontmatter.md"),
        ("Frontmatter", "frontmatter.md"),
        ("what is the reading form", "book template.md"),
    ],
)
def test_a_note_asked_for_by_its_name_is_first(named: Notebook, asked: str, note: str) -> None:
    assert first(named, asked).note == note


def test_who_asks_for_a_note_by_name_does_not_mean_the_only_passage_with_these_words(named: Notebook) -> None:
    """A note without text holds no word; another holds "book" in a heading and "template" in its name."""
    hits = named.search("book template")
    assert [hit.note for hit in hits[:2]] == ["book template.md", "author template.md"]


@pytest.mark.parametrize("heading", ["Splices", "SPLICES!"])
def test_a_section_asked_for_by_its_heading_is_first(named: Notebook, heading: str) -> None:
    hit = first(named, heading)
    assert (hit.note, hit.headings[-1], hit.signals.heading) == ("ropes.md", "Splices", 1.0)


def test_a_section_begins_once(named: Notebook) -> None:
    under = [hit for hit in named.search("splices", k=30) if hit.headings[-1:] == ("Splices",)]
    assert sorted((hit.signals.heading or 0.0 for hit in under), reverse=True) == [1.0] + [0.0] * (len(under) - 1)


def test_of_headings_that_differ_in_words_that_say_nothing_the_one_asked_for_to_the_word_is_meant(
    named: Notebook,
) -> None:
    assert first(named, "some knots").headings[-1] == "Some knots"
    assert first(named, "no knots").headings[-1:] == ("No knots",)


def test_a_heading_that_many_notes_have_is_no_name(named: Notebook) -> None:
    assert not any(hit.signals.heading for hit in named.search("tasks", k=30))


def test_filters_hold_for_headings(named: Notebook) -> None:
    assert all(hit.note.startswith("daily/") for hit in named.search("splices path:daily/", k=30))
