"""What says the same is shown twice at most, and says where else it stands; no note fills the list by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Hit, Notebook
from notesearch.config import Settings
from notesearch.retrieve.folding import Kept, spread
from notesearch.retrieve.fusion import Ranked
from notesearch.retrieve.pool import Candidate
from tests.conftest import write

FORM = "# {0}\n\nattendees, agenda, decisions and who does what until when\n\n- [ ] send the minutes around\n"
FORMS = [f"meetings/2024-{month:02}-0{day}.md" for month in range(1, 13) for day in (1, 5, 8)]


@pytest.fixture
def forms(tmp_path: Path) -> Iterator[Notebook]:
    """Three dozen meetings made from a template and never filled in, and a few notes that say something."""
    vault = tmp_path / "vault"
    for path in FORMS:
        write(vault, path, FORM.format(Path(path).stem))
    write(vault, "templates/meeting.md", FORM.format("{{title}}"))
    write(vault, "minutes.md", "who writes the minutes sends the decisions around, not the agenda\n")
    write(vault, "5 km.md", "ran 5 km along the river in the rain, slowly, with wet shoes and no watch at all\n")
    write(vault, "10 km.md", "ran 10 km along the river in the rain, slowly, with wet shoes and no watch at all\n")
    for name, friend in (("june", "ann"), ("july", "dov"), ("august", "hana")):
        write(vault, f"{name}.md", f"lunch at the harbour with {friend}: soup, bread, then a walk along the quay\n")
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        yield notebook


def notes(hits: list[Hit]) -> list[str]:
    return [hit.note for hit in hits]


def test_of_forms_from_one_template_two_are_shown_and_the_first_names_the_others(forms: Notebook) -> None:
    hits = forms.search("agenda, decisions and minutes", k=5)
    of_forms = [hit for hit in hits if hit.note in (*FORMS, "templates/meeting.md")]
    assert "minutes.md" in notes(hits) and len(of_forms) == 2
    places = {*notes(of_forms), *(place.note for place in of_forms[0].alike)}
    assert places == {*FORMS, "templates/meeting.md"}
    assert (len(of_forms[0].alike), of_forms[1].alike) == (len(FORMS) - 1, ())
    assert all(place.line == 1 and place.url.startswith("file:") for place in of_forms[0].alike)


def test_the_form_of_the_day_asked_for_is_the_one_that_is_shown(forms: Notebook) -> None:
    hit = next(hit for hit in forms.search("agenda and decisions on 2024-05-08", k=5) if hit.note in FORMS)
    assert hit.note == "meetings/2024-05-08.md"


def test_another_number_is_another_thing(forms: Notebook) -> None:
    hits = forms.search("ran along the river in the rain with wet shoes", k=3)
    assert {"5 km.md", "10 km.md"} <= set(notes(hits))


def test_what_is_asked_about_makes_a_difference_and_else_a_word_does_not(forms: Notebook) -> None:
    lunches = {"june.md", "july.md", "august.md"}
    shown = [hit for hit in forms.search("lunch at the harbour, soup and bread", k=5) if hit.note in lunches]
    assert len(shown) == 2
    assert [place.note for place in shown[0].alike] == list(lunches - set(notes(shown)))
    assert set(notes(forms.search("lunch at the harbour with ann, dov or hana", k=3))) == lunches


def test_a_copy_stands_behind_its_original(forms: Notebook, tmp_path: Path) -> None:
    text = (tmp_path / "vault" / "minutes.md").read_text(encoding="utf-8")
    write(tmp_path / "vault", "minutes (conflicted copy 2025-01-01).md", text)
    forms.update()
    (hit,) = [hit for hit in forms.search("who writes the minutes", k=5) if hit.note.startswith("minutes")]
    assert (hit.note, [place.note for place in hit.alike]) == (
        "minutes.md",
        ["minutes (conflicted copy 2025-01-01).md"],
    )


def test_of_equals_those_are_shown_that_come_first_in_the_vault_whichever_was_indexed_first(
    forms: Notebook, tmp_path: Path
) -> None:
    for folder in ("c", "a", "b"):
        write(tmp_path / "vault", f"{folder}/oil.md", "the lighthouse keeper wrote about the oil that was left\n")
        forms.update()
    equals = [hit for hit in forms.search("how much oil was left", k=5) if hit.title == "oil"]
    assert notes(equals) == ["a/oil.md", "b/oil.md"]
    assert [place.note for place in equals[0].alike] == ["c/oil.md"]


def test_what_is_gone_is_not_named(forms: Notebook, tmp_path: Path) -> None:
    for path in FORMS[:4]:
        (tmp_path / "vault" / path).unlink()
    forms._disk.catch_up = lambda store: None  # type: ignore[method-assign]  # as if within the second in which nobody looks
    hits = forms.search("agenda, decisions and minutes", k=5)
    named = {*notes(hits), *(place.note for hit in hits for place in hit.alike)}
    assert named.isdisjoint(FORMS[:4])


def kept(totals: list[tuple[int, float]]) -> list[Kept]:
    return [Kept(Ranked(Candidate(n, note), total, total)) for n, (note, total) in enumerate(totals)]


def order(found: list[Kept]) -> list[int]:
    return [each.ranked.candidate.id for each in found]


def test_a_fourth_passage_of_a_note_waits_for_others_that_are_nearly_as_good() -> None:
    found = kept([(1, 0.9), (1, 0.9), (1, 0.9), (1, 0.8), (2, 0.75), (1, 0.72), (3, 0.5)])
    assert order(spread(found, 7, 0.1)) == [0, 1, 2, 4, 3, 5, 6]
    assert order(spread(found, 3, 0.1)) == [0, 1, 2]


def test_no_margin_leaves_the_order() -> None:
    found = kept([(1, 0.9)] * 6 + [(2, 0.9)])
    assert order(spread(found, 7, 0.0)) == list(range(7))
