"""The text of a PDF, page by page (extra `pdf`). A page's number is its line, and its name in links (rule R7)."""

from __future__ import annotations

import re
from threading import Lock
from typing import Any

import regex

from notesearch.read.decode import NotText
from notesearch.read.pieces import Found, Piece

_MOST_CHARACTERS = 16 * 1024 * 1024
"""As large as a note may be. A few kilobytes can unpack to any length."""
_MOST_NAMED = 10
_WRONG_PASSWORD = 4
_LINE_END = re.compile(r"\r\n?")
# PDFium's mark for the hyphen of a word that goes on in the next line.
_BROKEN_WORD = re.compile(r"[\x02\ufffe]\n?")
# A line that begins with a small letter goes on with the sentence before it.
_WRAPPED_LINE = regex.compile(r"[ \t]*\n[ \t]*(?=\p{Ll})")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_one_at_a_time = Lock()
"""PDFium must not be called from two threads."""


def read(data: bytes) -> Found:
    """The pages that hold text. Raises NotText if the file is no PDF, broken, or locked by a password."""
    import pypdfium2

    with _one_at_a_time:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if error.err_code == _WRONG_PASSWORD:
                raise NotText("is locked by a password: its text cannot be read") from error
            raise NotText(f"is no PDF that can be read: {error}") from error
        try:
            return _found(document)
        finally:
            document.close()


def _found(document: Any) -> Found:
    pieces: list[Piece] = []
    broken: list[str] = []
    length = 0
    for number in range(1, len(document) + 1):
        text = _page(document, number)
        if text is None:
            broken.append(str(number))
        elif text.strip():
            pieces.append(Piece(text, number, (f"page {number}",), name=f"page={number}"))
            length += len(text)
        if length > _MOST_CHARACTERS:
            return Found(remark="holds more text than a note may: not read, found by its name only")
    if broken:
        return Found(tuple(pieces), f"not read: page {', '.join(broken[:_MOST_NAMED])}")
    if not pieces:
        return Found(remark="holds no text, only pictures of pages perhaps: found by its name only")
    return Found(tuple(pieces))


def _page(document: Any, number: int) -> str | None:
    """The text of a page; None if the page is broken."""
    import pypdfium2

    try:
        page = document[number - 1]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        return None
    try:
        return _cleaned(text_page.get_text_bounded())
    finally:
        text_page.close()
        page.close()


def _cleaned(text: str) -> str:
    text = _CONTROL.sub("", _BROKEN_WORD.sub("", _LINE_END.sub("\n", text)))
    return str(_WRAPPED_LINE.sub(" ", text))
