"""Canvases, PDFs and pictures in a vault: found by their own words, with the notes that show them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from notesearch import Notebook
from notesearch.config import Settings, load
from notesearch.errors import UsageError
from notesearch.read import attachments
from notesearch.render import print_hits, print_status
from tests.conftest import VAULT, write

FORM = VAULT / "meetings" / "state fridge log.pdf"
BOARD = VAULT / "meetings" / "bathtub board.png"
PDF_ONLY = Settings(attachments=("pdf",))


@pytest.fixture
def with_form(tmp_path: Path, vault: Path) -> Iterator[Notebook]:
    """The small vault with a PDF, which two notes name; pictures are not read."""
    shutil.copyfile(FORM, vault / "log form.pdf")
    write(vault, "vans.md", "the form is here: ![[log form.pdf]]\n")
    write(vault, "alarm.md", "when it beeps: [[log form.pdf#page=2|second page]]\n")
    write(vault, "other.md", "[[log form]] is no link to it\n")
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=PDF_ONLY) as notebook:
        notebook.update()
        yield notebook


def printed(notebook: Notebook, query: str) -> str:
    output = StringIO()
    print_hits(Console(file=output, width=100), notebook.search(query, k=1))
    return output.getvalue()


@pytest.fixture
def uninstalled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(attachments, "is_installed", lambda ability: False)
        yield


# -- PDFs


def test_a_pdf_is_found_by_its_words_with_page_and_notes(with_form: Notebook) -> None:
    hit = with_form.search("duty pharmacist lot numbers", k=1)[0]
    assert (hit.note, hit.title, hit.headings, hit.lines) == ("log form.pdf", "log form", ("page 2",), (2, 2))
    assert [(link.note, link.shown) for link in hit.backlinks] == [("alarm.md", "second page"), ("vans.md", "")]
    assert hit.urls.obsidian is not None and hit.urls.obsidian.endswith("log%20form.pdf")
    shown = printed(with_form, "duty pharmacist lot numbers").split("\n")
    assert shown[0].startswith("1. log form.pdf:2  log form › page 2")
    assert "   in: alarm.md, vans.md" in shown


def test_a_quote_from_a_pdf_names_its_page(with_form: Notebook) -> None:
    answer = with_form.ask("which sheets go in a dry place, sorted by county", k=2)
    assert answer.quotes[0].note == "log form.pdf"
    assert {quote.lines for quote in answer.quotes if quote.note == "log form.pdf"} <= {(1, 1), (2, 2)}


def test_a_link_leads_to_an_attachment_by_its_whole_name_only(with_form: Notebook) -> None:
    assert with_form.status().unresolved_links == (("missing", 1),)


def test_how_an_attachment_is_shown_is_no_part_of_it(with_form: Notebook, vault: Path) -> None:  # R7
    write(vault, "shown.md", "![[log form.pdf#height=400]] ![[log form.pdf#page=2]] ![[log form.pdf#page=9]]\n")
    with_form.update()
    assert [link.part for link in with_form.doubtful_links() if link.taken == "log form.pdf"] == ["page=9"]


def test_a_changed_pdf_is_read_again_before_it_is_shown(with_form: Notebook, vault: Path) -> None:
    assert with_form.search("duty pharmacist", k=1)[0].note == "log form.pdf"
    (vault / "log form.pdf").write_bytes(FORM.read_bytes().replace(b"duty pharmacist", b"night veterinary"))
    hits = with_form.search("duty pharmacist night veterinary", k=1)
    assert "night veterinary" in hits[0].text
    (vault / "log form.pdf").unlink()
    assert all(hit.note != "log form.pdf" for hit in with_form.search("night veterinary"))


def test_a_broken_pdf_is_reported_and_the_run_goes_on(with_form: Notebook, vault: Path) -> None:
    (vault / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    write(vault, "fine.md", "the kettle sings\n")
    report = with_form.update()
    assert [(p.path, p.reason.partition(":")[0]) for p in report.failed] == [
        ("broken.pdf", "is no PDF that can be read")
    ]
    assert report.added == 1
    assert with_form.update().failed == report.failed


def test_a_pdf_over_the_limit_is_found_by_name(tmp_path: Path, vault: Path) -> None:
    shutil.copyfile(FORM, vault / "lumberyard.pdf")
    settings = Settings(attachments=("pdf",), max_note_mib=0.001)
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=settings) as notebook:
        (remark,) = notebook.update().remarks
        assert (remark.path, "found by its name only" in remark.reason) == ("lumberyard.pdf", True)
        assert notebook.search("lumberyard", k=1)[0].note == "lumberyard.pdf"


# -- what is installed, and what is asked for


@pytest.mark.usefixtures("uninstalled")
def test_without_the_extras_status_says_how_to_get_them(notebook: Notebook, vault: Path) -> None:
    shutil.copyfile(FORM, vault / "log form.pdf")
    shutil.copyfile(BOARD, vault / "board.PNG")
    assert notebook.update().added == 0
    output = StringIO()
    print_status(Console(file=output, width=140), notebook.status())
    assert "1 PDF is known by name only; its text is read with: pip install 'notesearch[pdf]'" in output.getvalue()
    assert "1 picture is known by name only; its text is read with: pip install 'notesearch[ocr]'" in output.getvalue()


def test_installing_an_extra_later_adds_its_files(tmp_path: Path, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copyfile(FORM, vault / "log form.pdf")
    write(vault, "vans.md", "![[log form.pdf]]\n")
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=PDF_ONLY) as notebook:
        with monkeypatch.context() as patch:
            patch.setattr(attachments, "is_installed", lambda ability: False)
            assert notebook.update().added == 4
        report = notebook.update()
        assert (report.added, report.unchanged) == (1, 4)
        assert [link.note for link in notebook.search("duty pharmacist", k=1)[0].backlinks] == ["vans.md"]
        assert notebook.status().attachments == ("text of 1 PDF is read",)


def test_removing_an_extra_keeps_what_was_read_and_says_so(with_form: Notebook, uninstalled: None) -> None:
    report = with_form.update()
    assert (report.removed, report.failed) == (0, ())
    assert with_form.search("duty pharmacist", k=1)[0].note == "log form.pdf"
    kept = "text of 1 PDF is kept as it was read, until the file changes; it is read again with: "
    assert with_form.status().attachments == (kept + "pip install 'notesearch[pdf]'",)
    assert any(remark.startswith(kept) for remark in with_form.take_remarks())


def test_but_not_what_the_file_no_longer_says(with_form: Notebook, vault: Path, uninstalled: None) -> None:
    (vault / "log form.pdf").write_bytes(FORM.read_bytes().replace(b"duty pharmacist", b"night veterinary"))
    assert all(hit.note != "log form.pdf" for hit in with_form.search("duty pharmacist", k=10))


def test_what_is_switched_off_is_removed_and_status_says_so(with_form: Notebook, vault: Path) -> None:
    off = Settings(attachments=())
    with Notebook.open(with_form.store.folder, model="hashed", settings=off) as notebook:
        assert notebook.update().removed == 1
        assert notebook.status().attachments == (
            "1 PDF is known by name only; 'pdf' is not among the `attachments` of the settings",
        )


def test_switching_off_many_is_no_accident(tmp_path: Path, vault: Path) -> None:
    for n in range(25):
        (vault / f"{n}.pdf").write_bytes(FORM.read_bytes().replace(b"county", b"%06d" % n))
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=PDF_ONLY) as notebook:
        assert notebook.update().added == 28
    with Notebook.open(tmp_path / "index", model="hashed", settings=Settings(attachments=())) as notebook:
        assert notebook.update().removed == 25


def test_the_setting_is_the_users_and_not_the_vaults(tmp_path: Path, vault: Path) -> None:
    write(tmp_path, "notesearch.toml", 'attachments = ["pdf"]\n')
    assert load(tmp_path).attachments == ("pdf",)
    write(vault, "notesearch.toml", 'attachments = ["ocr"]\n')
    inside = load(vault, vaults=[vault])
    assert inside.attachments == ("pdf", "ocr") and "may not be set" in inside.remarks[0]
    write(tmp_path, "notesearch.toml", 'attachments = ["pdf", "audio"]\n')
    with pytest.raises(UsageError, match="Known are: pdf, ocr"):
        load(tmp_path)


# -- pictures


@pytest.mark.slow
def test_a_picture_is_found_by_its_words_with_the_note_that_shows_it(tmp_path: Path, vault: Path) -> None:
    shutil.copyfile(BOARD, vault / "board.png")
    write(vault, "stock.md", "before abel wiped it: ![[board.png#right|300]]\n")
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        assert notebook.update().added == 5
        hit = notebook.search("ruler goes in at six", k=1)[0]
        assert (hit.note, hit.lines, hit.headings) == ("board.png", (1, 1), ())
        assert [link.note for link in hit.backlinks] == ["stock.md"]
        assert "   in: stock.md\n" in printed(notebook, "ruler goes in at six")
        assert all(link.taken != "board.png" for link in notebook.doubtful_links())


@pytest.mark.slow
def test_no_picture_is_read_while_somebody_waits_for_an_answer(
    tmp_path: Path, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notesearch.disk._RESCAN_S", 0.0)
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        shutil.copyfile(BOARD, vault / "board.png")
        write(vault, "new.md", "the pelican landed\n")
        assert notebook.search("pelican landed", k=1)[0].note == "new.md"
        assert all(hit.note != "board.png" for hit in notebook.search("ruler goes in at six"))
        assert "1 note changed since the last index. Run: notesearch index" in notebook.take_remarks()
        assert notebook.update().added == 1
        assert notebook.search("ruler goes in at six", k=1)[0].note == "board.png"
        notebook.take_remarks()

        shutil.copyfile(BOARD, vault / "board.png")  # the same picture, but nobody knows before it is read
        assert all(hit.note != "board.png" for hit in notebook.search("ruler goes in at six"))
        assert any("could not be read again in time" in remark for remark in notebook.take_remarks())
        assert notebook.update().unchanged == 5
        assert notebook.search("ruler goes in at six", k=1)[0].note == "board.png"
        (vault / "board.png").unlink()
        assert all(hit.note != "board.png" for hit in notebook.search("ruler goes in at six"))


# -- canvases


def test_a_canvas_is_a_note(notebook: Notebook, vault: Path) -> None:
    board = {
        "nodes": [
            {"id": "1", "type": "text", "text": "the pelican sleeps on the slipway #birds"},
            {"id": "2", "type": "file", "file": "people/ann.md"},
        ],
        "edges": [{"id": "3", "fromNode": "1", "toNode": "2", "label": "she counts them at dusk"}],
    }
    write(vault, "birds.canvas", json.dumps(board, indent="\t"))
    write(vault, "rota.md", "see [[birds.canvas]] and ![[birds.canvas]]\n")
    assert notebook.update().added == 2
    hit = notebook.search("pelican slipway", k=1)[0]
    assert (hit.note, hit.lines, hit.tags) == ("birds.canvas", (6, 19), ("birds",))
    assert [link.note for link in hit.links] == ["people/ann.md"]
    assert [link.note for link in hit.backlinks] == ["rota.md"]
    assert hit.urls.obsidian is not None and "%23" not in hit.urls.obsidian
    assert "birds.canvas" in [link.note for link in notebook.search("ann plans berths", k=1)[0].backlinks]
    answer = notebook.ask("when does she count the pelicans at dusk")
    assert answer.quotes[0].lines == (6, 19)


def test_a_broken_canvas_is_reported_and_what_was_known_of_it_is_not_shown(notebook: Notebook, vault: Path) -> None:
    board = write(vault, "board.canvas", '{"nodes":[{"text":"the lamp on the pier"}]}')
    notebook.update()
    board.write_text('{"nodes":[{"text":"the lamp on', encoding="utf-8")
    write(vault, "fine.md", "the kettle sings\n")
    for _ in range(2):
        report = notebook.update()
        assert [problem.path for problem in report.failed] == ["board.canvas"]
        assert "is no canvas that can be read" in report.failed[0].reason
        assert report.removed == 0
        assert all(hit.note != "board.canvas" for hit in notebook.search("lamp on the pier"))
    assert notebook.search("kettle sings", k=1)[0].note == "fine.md"
    board.write_text('{"nodes":[{"text":"the lamp on the quay"}]}', encoding="utf-8")
    assert (notebook.update().changed, notebook.status().failed) == (1, ())
