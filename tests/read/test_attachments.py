"""PDFs and pictures: their text, the page or line it has, and what cannot be read (extras `pdf` and `ocr`)."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from notesearch.index.records import Fingerprint, Note, Role, role_of
from notesearch.read import attachments, pdf, pictures
from notesearch.read.decode import NotText
from notesearch.read.note import ReadingRules, read_note
from notesearch.read.parts import find_part
from notesearch.read.passages import Sizes
from notesearch.read.vault import File
from tests.conftest import VAULT

FORM = (VAULT / "meetings" / "state fridge log.pdf").read_bytes()
BOARD = (VAULT / "meetings" / "bathtub board.png").read_bytes()


def words(text: str) -> Sequence[int]:
    return [found.start() for found in re.finditer(r"\S+", text)]


def note(path: str, data: bytes, tokens: int = 128) -> Note:
    file = File(path, Fingerprint(len(data), 0, 0, 1), role_of(path))
    return read_note(file, data, ReadingRules(Sizes(tokens), words))


def blank_pdf(pages: int = 1) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(200, 200).close()
    written = BytesIO()
    document.save(written)
    document.close()
    return written.getvalue()


def picture(width: int, height: int, kind: str = "PNG", mode: str = "L") -> bytes:
    written = BytesIO()
    Image.new(mode, (width, height)).save(written, kind)
    return written.getvalue()


# -- PDF


def test_each_page_is_a_passage_whose_line_is_the_page() -> None:
    form = note("meetings/state fridge log.pdf", FORM)
    first, second = form.passages
    assert (first.lines, first.headings) == ((1, 1), ("page 1",))
    assert (second.lines, second.headings) == ((2, 2), ("page 2",))
    assert "in a dry place, sorted by county." in first.text
    assert second.text.startswith("When the logger sounds\nInstructions for carriers, page 2 of 2\n")
    assert all(p.text == form.text[p.start : p.end] for p in form.passages)


def test_the_title_is_the_file_name_and_not_what_a_program_wrote_into_the_file() -> None:
    assert b"/Title (FORM 27-B DRAFT DO NOT PRINT)" in FORM
    form = note("meetings/state fridge log.pdf", FORM)
    assert form.title == form.name == "state fridge log"
    assert "FORM 27-B" not in form.text


def test_a_long_page_is_cut_and_every_piece_is_on_that_page() -> None:
    passages = note("form.pdf", FORM, tokens=20).passages
    assert len(passages) > 4
    assert {p.lines for p in passages} == {(1, 1), (2, 2)}
    assert all(p.headings == (f"page {p.lines[0]}",) for p in passages)


def test_a_sentence_goes_on_over_the_end_of_its_line() -> None:
    assert "Telephone the duty pharmacist, who decides; have the lot numbers ready." in note("form.pdf", FORM).text


@pytest.mark.parametrize(("part", "page"), [("page=2", 2), ("page=2&selection=1,2,3", 2), ("page=3", None)])
def test_a_link_names_a_page(part: str, page: int | None) -> None:  # R7
    found = find_part(part, note("form.pdf", FORM).parts)
    assert (found and found.line) == page


def test_a_pdf_without_text_is_found_by_name_and_said() -> None:
    scan = note("scan.pdf", blank_pdf(3))
    assert (scan.title, scan.passages) == ("scan", ())
    assert "holds no text" in scan.remark


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", FORM[:300], b"<html>not found</html>", bytes(range(256)) * 20])
def test_a_broken_pdf_is_an_error_with_a_reason(data: bytes) -> None:
    with pytest.raises(NotText, match="is no PDF that can be read"):
        note("a.pdf", data)


def test_a_locked_pdf_is_an_error_with_a_reason() -> None:
    with pytest.raises(NotText, match="is locked by a password"):
        note("a.pdf", LOCKED)


def test_a_page_that_is_broken_does_not_cost_the_others() -> None:
    form = note("form.pdf", FORM.replace(b"4 0 obj\n<< /Type /Page ", b"4 0 obj\n<< /Type /Pxxx "))
    assert form.passages[-1].lines == (2, 2)


def test_more_text_than_a_note_may_hold_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_MOST_CHARACTERS", 700)
    form = note("form.pdf", FORM)
    assert form.passages == () and "found by its name only" in form.remark


# The form locked by the password "x": 40 bit RC4, which every reader knows; only the key's check matters here.
LOCKED = FORM.replace(
    b"/Root 1 0 R",
    b"/Root 1 0 R /ID [<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>] /Encrypt << /Filter "
    b"/Standard /V 1 /R 2 /P -4 /O <" + b"ab" * 32 + b"> /U <" + b"cd" * 32 + b"> >>",
)


# -- pictures


@pytest.mark.slow
def test_the_words_in_a_picture_are_one_passage_without_a_network(tmp_path: Path) -> None:
    """In a process of its own, which may not open a connection, and whose output must stay empty."""
    script = tmp_path / "read.py"
    script.write_text(
        "import sys\n"
        "def refuse(event, arguments):\n"
        "    if event.startswith('socket.') and event != 'socket.gethostname':\n"
        "        raise RuntimeError(event)\n"
        "sys.addaudithook(refuse)\n"
        "from pathlib import Path\n"
        "from notesearch.read import pictures\n"
        "(piece,) = pictures.read(Path(sys.argv[1]).read_bytes()).pieces\n"
        "Path(sys.argv[2]).write_text(piece.text, encoding='utf-8')\n",
        encoding="utf-8",
    )
    words_in_it = tmp_path / "words.txt"
    done = subprocess.run(
        [sys.executable, "-W", "error", script, VAULT / "meetings" / "bathtub board.png", words_in_it],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": ".", "HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = words_in_it.read_text(encoding="utf-8").split("\n")
    assert lines[0] == "the bathtub" and "4. the ruler goes in at six each morning" in lines


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("WEBP", "RGBA"), ("BMP", "L"), ("TIFF", "CMYK")])
def test_every_kind_of_picture_is_read(kind: str, mode: str) -> None:
    board = Image.open(BytesIO(BOARD)).convert("RGB")
    written = BytesIO()
    board.convert(mode).save(written, kind)
    passage, *_ = note(f"a.{kind.lower()}", written.getvalue()).passages
    assert passage.lines == (1, 1) and passage.headings == ()
    assert "the bathtub" in passage.text


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (40, 40)])
def test_a_picture_without_words_is_found_by_its_name(size: tuple[int, int]) -> None:
    dot = note("dot.png", picture(*size))
    assert (dot.title, dot.passages, dot.remark) == ("dot", (), "")


@pytest.mark.parametrize("size", [(9_000, 9_000), (16_000, 16_000)])
def test_a_picture_of_too_many_pixels_is_not_unpacked(size: tuple[int, int]) -> None:
    wall = note("wall.png", picture(*size, mode="1"))
    assert wall.passages == () and "found by its name only" in wall.remark


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", BOARD[:9_000], b"%!PS-Adobe-3.0 EPSF-3.0\n", b"GIF89a"])
def test_a_broken_picture_is_an_error_with_a_reason(data: bytes) -> None:
    with pytest.raises(NotText, match="is no picture that can be read"):
        note("a.png", data)


def test_an_error_of_the_recogniser_costs_one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ImportError("libGL.so.1")

    monkeypatch.setattr(pictures, "_recogniser", broken)
    with pytest.raises(NotText, match=r"could not be recognised: ImportError: libGL\.so\.1"):
        note("a.png", picture(40, 40))


# -- what is installed


@pytest.fixture
def _nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "is_installed", lambda ability: False)


PRESENT: Counter[Role] = Counter({"pdf": 12, "picture": 1, "note": 5})


def test_what_is_read_is_said() -> None:
    assert attachments.said(PRESENT, Counter(), ("pdf", "ocr")) == ("text of 12 PDFs and 1 picture is read",)
    assert attachments.said(Counter({"note": 5}), Counter(), ("pdf", "ocr")) == ()


@pytest.mark.usefixtures("_nothing_installed")
def test_what_is_missing_is_said_with_the_way_to_it() -> None:
    assert attachments.readable(("pdf", "ocr")) == {"note", "canvas"}
    assert attachments.said(PRESENT, Counter(), ("pdf", "ocr")) == (
        "12 PDFs are known by name only; their text is read with: pip install 'notesearch[pdf]'",
        "1 picture is known by name only; its text is read with: pip install 'notesearch[ocr]'",
    )


def test_what_is_switched_off_is_said() -> None:
    assert attachments.said(PRESENT, Counter(), ("pdf",)) == (
        "text of 12 PDFs is read",
        "1 picture is known by name only; 'ocr' is not among the `attachments` of the settings",
    )


def test_to_know_what_is_installed_imports_nothing() -> None:
    code = (
        "import sys; from notesearch.read import attachments, note; attachments.readable(('pdf', 'ocr'));"
        "sys.exit(bool({'pypdfium2', 'rapidocr', 'PIL', 'cv2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0
