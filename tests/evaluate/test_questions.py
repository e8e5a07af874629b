"""Questions made from a vault: one text, one right answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.evaluate.questions import Question, drawn, questions_of
from tests.conftest import write

Made = Callable[[dict[str, str]], dict[str, list[Question]]]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Notes by path → the questions they give."""
    with ExitStack() as opened:

        def make(notes: dict[str, str]) -> dict[str, list[Question]]:
            for path, text in notes.items():
                write(tmp_path / "vault", path, text)
            vault = tmp_path / "vault"
            notebook = Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings())
            opened.enter_context(notebook).update()
            return questions_of(notebook.store)

        yield make


def said(questions: list[Question]) -> list[tuple[str, str]]:
    return [(question.text, question.right[1]) for question in questions]


def test_titles_and_aliases_are_of_their_note(made: Made) -> None:
    found = made({"a.md": "---\ntitle: The lock\naliases: [sluice, gate 4]\n---\nwater\n", "b.md": "x\n"})
    assert said(found["title"]) == [("The lock", "a.md")]  # "b" is a letter
    assert said(found["alias"]) == [("sluice", "a.md"), ("gate 4", "a.md")]


def test_what_could_mean_two_notes_is_no_question(made: Made) -> None:
    found = made(
        {
            "x/plan.md": "## harbour\n\none\n",
            "y/plan.md": "## Todo\n\ntwo\n\n## shared\n\nfour\n",
            "harbour.md": "## todo\n\nthree\n\n[[x/plan|the tides]] [[y/plan|the tides]]\n",
            "quay.md": "[[y/plan|shared]] [[x/plan|shared]]\n\n# harbour\n",
        }
    )
    assert {kind: said(questions) for kind, questions in found.items()} == {
        "title": [("quay", "quay.md")],  # the two plans have one title, and "harbour" is a heading elsewhere
        "alias": [],
        "heading": [],
        "link": [],
    }


def test_a_heading_is_asked_for_by_its_section_with_what_stands_below(made: Made) -> None:
    text = "# Trip\n\n## Monday ferry\n\nwind\n\n### the cabin\n\nbunks\n\n## empty\n\n## last day\n\nhome\n"
    found = made({"Trip.md": text})
    assert said(found["title"]) == [("Trip", "Trip.md")]
    sections = {question.text: question.lines for question in found["heading"]}
    assert set(sections) == {"Monday ferry", "the cabin", "last day"}
    assert (sections["Monday ferry"], sections["the cabin"]) == ((3, 10), (7, 10))
    assert sections["last day"] is not None and sections["last day"][0] == 13


def test_a_link_asks_with_its_words_for_the_note_or_the_section_and_its_own_note_is_left_out(made: Made) -> None:
    found = made(
        {
            "door.md": "# door\n\n## hinges\n\noil them\n\n## paint\n\nblue, ^b1\n",
            "a.md": "[[door|the way in]], [[door#hinges|what squeaks]], [[door]], [[door|Door]], [[door|it]]\n",
            "b.md": "again [[door|The way in]], ![[door|a picture of it]] and [[nowhere|a dead end]]\n",
            "c.md": "[colours](door.md#paint) and https://x.org and [here](#top)\n",
        }
    )
    assert [(q.text, q.right[1], q.lines) for q in found["link"]][:2] == [
        ("the way in", "door.md", None),
        ("what squeaks", "door.md", (3, 6)),
    ]
    assert {path for _, path in found["link"][0].asking} == {"a.md", "b.md"}
    assert [q.text for q in found["link"]] == ["the way in", "what squeaks", "colours"]


def test_a_draw_is_the_same_for_the_same_seed_and_fair_to_each_kind() -> None:
    kinds = {"title": 50, "alias": 3, "heading": 200, "link": 0}
    by_kind = {kind: [Question(kind, f"{kind} {n}", ("v", "n")) for n in range(count)] for kind, count in kinds.items()}
    chosen = drawn(by_kind, 63, 1)
    of_kind = [sum(question.kind == kind for question in chosen) for kind in kinds]
    assert of_kind == [30, 3, 30, 0]
    assert drawn(by_kind, 63, 1) == chosen != drawn(by_kind, 63, 2)
    assert len(drawn(by_kind, 1000, 1)) == 253
