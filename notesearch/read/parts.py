"""What a link's part names (rule R7): the heading of `[[note#heading]]`, the block of `[[note#^id]]`.

The idea: links spell headings as people, editors and slug makers do, so names are compared as written first and by
their letters alone second. The invariant: the answer is one of the blocks given, or None for the note itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from unicodedata import normalize
from urllib.parse import unquote

from notesearch.index.records import Part, quickly
from notesearch.read.blocks import HEADING, Block
from notesearch.read.markdown import logseq_ids, plain

_DENDRON_RANGE = re.compile(r",\d+(?=:|$)|:#.*$")  # `#start,1:#end` embeds a stretch of a note
_PAGE = re.compile(r"page=\d+")
_NUMBERED_SLUG = re.compile(r"(.+)-(\d{1,4})$")
_FIRST_HALF = re.compile(r"\[\[([^\[\]|]*)\|[^\[\]]*\]\]")
_NO_LETTERS = re.compile(r"[\W_]+")

_quick_part = quickly(Part)


def parts_of(text: str, blocks: Sequence[Block]) -> tuple[Part, ...]:
    """The headings and named blocks of a note, in order (B11, R7)."""
    found = logseq_ids(text, blocks)
    named = []
    for block in blocks:
        if block.kind is HEADING and block.title and not block.silent:
            named.append(_quick_part(block.first, block.level, block.title))
        if block.block_id:
            named.append(_quick_part(block.first, 0, block.block_id))
    return tuple(sorted([*named, *found], key=lambda part: part.line) if found else named)


def find_part(part: str, parts: Sequence[Part]) -> Part | None:
    """The part of a note that a link names (R7): for `A#B` the heading B under A, for `^id` the block with this id.

    `page=3` is a page of a PDF. None if nothing is named so: then the link leads to the note itself.
    """
    if page := _PAGE.match(part):
        return next((known for known in parts if not known.level and known.name == page[0]), None)
    headings = [known for known in parts if known.level]
    for reading in dict.fromkeys((part, unquote(part), _DENDRON_RANGE.sub("", part))):
        pieces = [piece.strip() for piece in reading.split("#") if piece.strip()]
        if pieces and (found := _find_id(pieces[-1], parts) or _find_heading(pieces, headings)):
            return found
    return None


def _find_id(name: str, parts: Sequence[Part]) -> Part | None:
    wanted = name[1:].casefold() if name.startswith("^") else ""
    return next((part for part in parts if wanted and not part.level and part.name.casefold() == wanted), None)


def _find_heading(pieces: Sequence[str], headings: Sequence[Part]) -> Part | None:
    """As written, else by its letters alone, else as one title with `#` in it, else as one of several equal slugs."""
    return (
        _heading_below(pieces, headings, _as_written)
        or _heading_below(pieces, headings, _letters)
        or _heading_below(["".join(pieces)], headings, _letters)
        or _numbered_heading(pieces[-1], headings)
    )


def _heading_below(pieces: Sequence[str], headings: Sequence[Part], form: Callable[[str], str]) -> Part | None:
    """The first heading of the last name that stands below headings of the names before, in their order."""
    *above, name = map(form, pieces)
    trail: list[tuple[int, set[str]]] = []
    for part in headings if name else ():
        while trail and trail[-1][0] >= part.level:
            trail.pop()
        # `## [[a|b]] c` is linked as "b c", by Obsidian also as "a b c", and in Dendron it shows as "a c".
        names = {form(plain(part.name)), form(part.name), form(_FIRST_HALF.sub(r"\1", part.name))}
        passed = iter(trail)
        if name in names and all(any(piece in titles for _, titles in passed) for piece in above):
            return part
        trail.append((part.level, names))
    return None


def _numbered_heading(slug: str, headings: Sequence[Part]) -> Part | None:
    """`notes-1` is the second heading "Notes"."""
    numbered = _NUMBERED_SLUG.match(slug)
    if not numbered:
        return None
    same = [part for part in headings if _letters(plain(part.name)) == _letters(numbered[1])]
    return same[int(numbered[2])] if int(numbered[2]) < len(same) else None


def _as_written(title: str) -> str:
    return normalize("NFC", title).strip().casefold()


def _letters(title: str) -> str:
    """A title without punctuation, spaces and case; so titles and slugs are equal."""
    return _NO_LETTERS.sub("", normalize("NFC", title)).casefold()
