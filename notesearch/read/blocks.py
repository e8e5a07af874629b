"""The values of the line scanner: blocks, and what follows from them alone (heading paths, block ids)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast


class BlockKind(StrEnum):
    """What a block is (rule B1)."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    QUOTE = "quote"
    TABLE = "table"
    CODE = "code"
    MATH = "math"
    COMMENT = "comment"
    HTML = "html"
    RULE = "rule"
    BLANK = "blank"


# Python 3.11 takes longer to look up a member of an enum than to make a block of it; these are asked for all the time.
BLANK, CODE, HEADING, ITEM = BlockKind.BLANK, BlockKind.CODE, BlockKind.HEADING, BlockKind.ITEM
MATH, PARAGRAPH, QUOTE, TABLE = BlockKind.MATH, BlockKind.PARAGRAPH, BlockKind.QUOTE, BlockKind.TABLE


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of a note that are one thing.

    `start`, `end` are offsets into the note's text, the last line's end included; `first`, `last` its lines, from 1 at
    the top of the file. An item holds its own lines; what belongs to it follows: blocks of its `depth` that are no
    items, and items of a greater one. Blank blocks have depth 0 wherever they stand.
    """

    kind: BlockKind
    start: int
    end: int
    first: int
    last: int
    level: int = 0
    """Of a heading: 1 to 6."""
    depth: int = 0
    """How many lists the block stands in; an outermost item, and what is in it, has 1."""
    title: str = ""
    """A heading's text, without its marks and block id; a callout's title."""
    label: str = ""
    """A callout's type in lower case; the language of a fence."""
    task: str = ""
    """The character between the brackets of a task (rule B6)."""
    block_id: str = ""
    """By which links name the block (rule B11)."""
    hidden: bool = False
    """Text of a comment: it is indexed, and marked."""
    archived: bool = False
    """A card in a board's archive (rule B10)."""
    silent: bool = False
    """Not text at all: drawing data, a board's settings, Logseq's own lines."""
    path: tuple[str, ...] = ()
    """The titles of the headings above it, outermost first; a heading's own path ends with itself."""


@dataclass(slots=True)
class Draft:
    """A block while it may still grow. It has the slots of `Block`, so that it becomes one by changing its class.

    Filling a frozen dataclass costs seven times as much, which is more than everything else that is done for a line.
    """

    kind: BlockKind
    start: int
    end: int
    first: int
    last: int
    level: int = 0
    depth: int = 0
    title: str = ""
    label: str = ""
    task: str = ""
    block_id: str = ""
    hidden: bool = False
    archived: bool = False
    silent: bool = False
    path: tuple[str, ...] = ()


def finished(text: str, drafts: list[Draft], line: int) -> tuple[Block, ...]:
    """The drafts as blocks, each with its path and its lines, from `line` on; from here on nobody changes them.

    A heading stands under the nearest earlier one of a smaller level (rule B2). Empty titles are left out of paths, and
    so are the headings that a plugin wrote.
    """
    above: list[tuple[int, str]] = []
    path: tuple[str, ...] = ()
    for draft in drafts:
        if draft.kind is HEADING and not draft.silent:
            while above and above[-1][0] >= draft.level:
                above.pop()
            above.append((draft.level, draft.title))
            path = tuple([title for _, title in above if title])
        draft.path = path
        draft.first = line
        draft.last = line = line + text.count("\n", draft.start, draft.end - 1)
        line += 1
        draft.__class__ = Block  # type: ignore[assignment]
    return tuple(cast("list[Block]", drafts))


def block_ids(blocks: Sequence[Block]) -> dict[str, Block]:
    """The blocks that have an id, by it; of two equal ids the first wins (rule B11)."""
    found: dict[str, Block] = {}
    for block in blocks:
        if block.block_id:
            found.setdefault(block.block_id, block)
    return found
