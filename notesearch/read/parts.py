"""Which block a link's part names (rule R7): the heading of `[[note#heading]]`, the block of `[[note#^id]]`.

The idea: links spell headings as people, editors and slug makers do, so names are compared as written first and by
their letters alone second. The invariant: the answer is one of the blocks given, or None for the note itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from unicodedata import normalize
from urllib.parse import unquote

from notesearch.read.markdown import Block, BlockKind, plain

_DENDRON_RANGE = re.compile(r",\d+(?=:|$)|:#.*$")  # `#start,1:#end` embeds a stretch of a note
_PAGE = re.compile(r"page=\d+")
_NUMBERED_SLUG = re.compile(r"(.+)-(\d{1,4})$")
_FIRST_HALF = re.compile(r"\[\[([^\[\]|]*)\|[^\[\]]*\]\]")
_NO_LETTERS = re.compile(r"[\W_]+")


def find_part(part: str, blocks: Sequence[Block]) -> Block | None:
    """The block that a link's part names (R7): for `A#B` the heading B under A, for `^id` the block with this id.

    `page=3` is a page of a PDF. None if no block is named so: then the link leads to the note itself.
    """
    if page := _PAGE.match(part):
        return next((block for block in blocks if block.block_id == page[0]), None)
    headings = [block for block in blocks if block.kind is BlockKind.HEADING]
    for reading in dict.fromkeys((part, unquote(part), _DENDRON_RANGE.sub("", part))):
        pieces = [piece.strip() for piece in reading.split("#") if piece.strip()]
        if pieces and (found := _find_id(pieces[-1], blocks) or _find_heading(pieces, headings)):
            return found
    return None


def _find_id(name: str, blocks: Sequence[Block]) -> Block | None:
    wanted = name[1:].casefold() if name.startswith("^") else ""
    return next((block for block in blocks if wanted and block.block_id.casefold() == wanted), None)


def _find_heading(pieces: Sequence[str], headings: Sequence[Block]) -> Block | None:
    """As written, else by its letters alone, else as one title with `#` in it, else as one of several equal slugs."""
    return (
        _heading_below(pieces, headings, _as_written)
        or _heading_below(pieces, headings, _letters)
        or _heading_below(["".join(pieces)], headings, _letters)
        or _numbered_heading(pieces[-1], headings)
    )


def _heading_below(pieces: Sequence[str], headings: Sequence[Block], form: Callable[[str], str]) -> Block | None:
    """The first heading of the last name that stands below headings of the names before, in their order."""
    *above, name = map(form, pieces)
    trail: list[tuple[int, set[str]]] = []
    for block in headings if name else ():
        while trail and trail[-1][0] >= block.level:
            trail.pop()
        # `## [[a|b]] c` is linked as "b c", by Obsidian also as "a b c", and in Dendron it shows as "a c".
        names = {form(plain(block.title)), form(block.title), form(_FIRST_HALF.sub(r"\1", block.title))}
        passed = iter(trail)
        if name in names and all(any(piece in titles for _, titles in passed) for piece in above):
            return block
        trail.append((block.level, names))
    return None


def _numbered_heading(slug: str, headings: Sequence[Block]) -> Block | None:
    """`notes-1` is the second heading "Notes"."""
    numbered = _NUMBERED_SLUG.match(slug)
    if not numbered:
        return None
    same = [block for block in headings if _letters(plain(block.title)) == _letters(numbered[1])]
    return same[int(numbered[2])] if int(numbered[2]) < len(same) else None


def _as_written(title: str) -> str:
    return normalize("NFC", title).strip().casefold()


def _letters(title: str) -> str:
    """A title without punctuation, spaces and case; so titles and slugs are equal."""
    return _NO_LETTERS.sub("", normalize("NFC", title)).casefold()
