"""Notes whose file is no text as a whole: pieces of text found in it, one after another, each at its place.

The idea: the note's text is the pieces with a blank line between them, and `line_starts` says from which offset on the
text belongs to which line of the file (or page). So what follows in reading, links and passages, finds the line of an
offset as it does in any other note. The invariant: pieces come in the order of their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from notesearch.index.records import Link, Passage, VaultKind
from notesearch.read import markdown
from notesearch.read.links import OpaqueSpan, scan_links
from notesearch.read.markdown import Block, BlockKind
from notesearch.read.passages import Sizes, TokenStarts, split

_BETWEEN = "\n\n"
_UNFIT = re.compile("[\0\ud800-\udfff]")
"""What no stored text may hold (rule T2): NULs, and halves of a character."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text at the `line` of a file, or on that page of it.

    `headings` stand above it. Markdown in it counts if it `is_markdown`; `leads_to`, target and part, makes the whole
    of it a link. `name` is what a link's part calls it ("page=2").
    """

    text: str
    line: int
    headings: tuple[str, ...] = ()
    is_markdown: bool = False
    leads_to: tuple[str, str] | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds; `remark` is for the report, if that is not what one would expect."""

    pieces: tuple[Piece, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The pieces as the text of a note. `opaque` is where no link and no tag counts; `runs` are the (first, last)
    blocks, end exclusive, that may share a passage.
    """

    text: str
    line_starts: tuple[int, ...]
    blocks: tuple[Block, ...]
    runs: tuple[tuple[int, int], ...]
    opaque: tuple[OpaqueSpan, ...]
    links: tuple[Link, ...]


def lay_out(pieces: Sequence[Piece], kind: VaultKind = VaultKind.PLAIN) -> Layout:
    """The pieces one after another; those without text are left out."""
    placed = list(_placed(pieces))
    text = _BETWEEN.join(piece.text for piece, _ in placed)
    line_starts = _line_starts(placed)
    blocks: list[Block] = []
    borders: list[int] = []
    before: object = None
    for piece, start in placed:
        own = _blocks(piece, start, kind)
        # A piece with headings is a small note of its own, and shares passages with no other.
        company = piece.headings, start if any(block.kind is BlockKind.HEADING for block in own) else None
        if company != before:
            borders.append(len(blocks))
            before = company
        blocks += own
    opaque = _opaque(text, placed, blocks)
    links = [*scan_links(text, opaque, line_starts, kind=kind), *_whole_links(placed)]
    return Layout(
        text=text,
        line_starts=line_starts,
        blocks=tuple(blocks),
        runs=tuple(pairwise([*borders, len(blocks)])),
        opaque=opaque,
        links=tuple(sorted(links, key=lambda link: link.start)),
    )


def passages(layout: Layout, token_starts: TokenStarts, sizes: Sizes) -> tuple[Passage, ...]:
    """The passages of the pieces: short ones share a passage, but none that stand under different headings."""
    tokens = token_starts(layout.text)
    found: list[Passage] = []
    for first, last in layout.runs:
        blocks = layout.blocks[first:last]
        found += split(layout.text, blocks, layout.links, layout.line_starts, lambda _: tokens, sizes)
    return tuple(found)


def _placed(pieces: Iterable[Piece]) -> Iterator[tuple[Piece, int]]:
    """Each piece with its offset in the note's text."""
    at = 0
    for piece in pieces:
        text = _fit(piece.text).strip("\r\n")
        if text.strip():
            yield replace(piece, text=text), at
            at += len(text) + len(_BETWEEN)


def _fit(text: str) -> str:
    """The text as it can be stored."""
    return _UNFIT.sub(lambda found: "" if found[0] == "\0" else "\ufffd", text)


def _line_starts(placed: Iterable[tuple[Piece, int]]) -> tuple[int, ...]:
    """For each line of the file, up to the last that matters, the offset of the first piece there or below."""
    found: list[int] = []
    for piece, start in placed:
        found += [start] * (piece.line - len(found))
    return tuple(found) or (0,)


def _blocks(piece: Piece, start: int, kind: VaultKind) -> list[Block]:
    """Each piece is scanned alone: what it leaves open, a fence or a list, ends with it."""
    if not piece.is_markdown:
        end = start + len(piece.text)
        line, path = piece.line, piece.headings
        return [Block(BlockKind.PARAGRAPH, start, end, line, line, block_id=piece.name, path=path)]
    return [
        replace(
            block,
            start=block.start + start,
            end=block.end + start,
            first=piece.line,
            last=piece.line,
            path=(*piece.headings, *block.path),
        )
        for block in markdown.scan(piece.text, kind=kind)
    ]


def _opaque(text: str, placed: Iterable[tuple[Piece, int]], blocks: Iterable[Block]) -> tuple[OpaqueSpan, ...]:
    """What is code and the like in Markdown, and all that is none."""
    plain = {start: len(piece.text) for piece, start in placed if not piece.is_markdown}
    spans = markdown.opaque_spans(text, [block for block in blocks if block.start not in plain])
    return tuple(sorted([*spans, *((start, start + length, "code") for start, length in plain.items())]))


def _whole_links(placed: Iterable[tuple[Piece, int]]) -> Iterator[Link]:
    for piece, start in placed:
        if piece.leads_to is not None:
            target, part = piece.leads_to
            yield Link(_fit(target), _fit(part), "", "wiki", True, start, start + len(piece.text), piece.line)
