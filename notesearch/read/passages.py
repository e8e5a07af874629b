"""The splitter: a note → passages along its headings.

A section (a heading and the blocks under it) is packed with whole blocks up to a size in tokens. What is larger than
a passage by itself is cut where it hurts least: a list between items, a table between rows, text between sentences;
into pieces of about equal size, so that no crumb is left at the end. Invariants (rule N1): every non-blank line of
the body is in a passage, and a passage is a slice of the text. A heading goes with what it heads; headings with
nothing under them go with what follows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from notesearch.index.records import Link, Passage
from notesearch.read.blocks import BLANK, CODE, HEADING, ITEM, TABLE, Block
from notesearch.read.decode import for_index, safe_cut
from notesearch.read.links import search_words

TokenStarts = Callable[[str], Sequence[int]]
"""Offset of each token of a text, ascending."""

_HEAD_CHARACTERS = 160
_HEAD_TOKENS = 44
"""Title and heading path in front of a passage get this much at most; longer paths say less, not more."""
_LEAD_TOKENS = 28
"""The parent of a list item, or the header of a table, where a passage starts in their middle."""
_MARKS_TOKENS = 8
"""What a model wants around every text: its special tokens, its prefix."""
_MOST_CHARACTERS_A_TOKEN = 16
"""No prose comes near it: English has four or five, German six."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a passage may be, in tokens of the model: `target` as a rule; a third more at most, to end well."""

    target: int
    head: int = _HEAD_TOKENS
    lead: int = _LEAD_TOKENS

    @classmethod
    def fitting(cls, target: int, model_tokens: int) -> Self:
        """The target, or less where a passage with its context would be more than the model reads.

        A model that reads little gets less context, too.
        """
        head, lead = min(_HEAD_TOKENS, model_tokens // 5), min(_LEAD_TOKENS, model_tokens // 8)
        room = model_tokens - head - lead - _MARKS_TOKENS
        return cls(max(min(target, room * 3 // 4), 1), head, lead)

    @property
    def crumb(self) -> int:
        """A last passage of a section below this joins the one before it."""
        return self.target // 5


class _Atom(NamedTuple):
    """What is not cut further: a block, a row, a sentence. `strength` orders the places to cut before it: 0 best."""

    start: int
    end: int
    tokens: int
    strength: int
    path: tuple[str, ...]
    hidden: bool = False
    archived: bool = False
    heading: bool = False
    lead: tuple[int, int] = (0, 0)


def split(
    text: str,
    blocks: Sequence[Block],
    paths: Sequence[tuple[str, ...]],
    links: Sequence[Link],
    line_starts: Sequence[int],
    token_starts: TokenStarts,
    sizes: Sizes,
) -> tuple[Passage, ...]:
    """The passages of a note, in order. `paths[i]` is the heading path of `blocks[i]`."""
    ruler = _Ruler(text, token_starts(text))
    spoken = _Spoken(text, links)
    atoms = list(_atoms(ruler, blocks, paths, sizes))
    return tuple(
        _passage(text, group, spoken, line_starts)
        for section in _sections(atoms)
        for group in _Packer(sizes).pack(section)
    )


class _Ruler:
    """Lengths of slices of one text in tokens, from one pass of the tokenizer.

    A tokenizer may take a word of any length for one token; so that no passage is without bounds, a slice counts as one
    token for every `_MOST_CHARACTERS_A_TOKEN` at least.
    """

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self.text = text
        self._starts = starts

    def tokens(self, start: int, end: int) -> int:
        first = bisect_left(self._starts, start)
        tokens = bisect_left(self._starts, end, first) - first
        return max(tokens, (end - start) // _MOST_CHARACTERS_A_TOKEN)

    def reach(self, start: int, tokens: int, end: int) -> int:
        """The offset at which `tokens` tokens from `start` have passed, at most `end`."""
        at = bisect_left(self._starts, start) + tokens
        end = min(end, start + tokens * _MOST_CHARACTERS_A_TOKEN)
        return min(self._starts[at], end) if at < len(self._starts) else end


def _atoms(ruler: _Ruler, blocks: Sequence[Block], paths: Sequence[tuple[str, ...]], sizes: Sizes) -> Iterator[_Atom]:
    parents: list[Block] = []
    for block, path in zip(blocks, paths, strict=True):
        if block.kind is BLANK or block.silent:
            continue
        while parents and parents[-1].depth >= max(block.depth, 1) and block.kind is ITEM:
            parents.pop()
        if block.depth == 0:
            parents.clear()
        lead = (
            _lead(ruler, parents[-1].start, parents[-1].end, sizes) if parents and block is not parents[-1] else (0, 0)
        )
        yield from _atoms_of(ruler, block, path, lead, sizes)
        if block.kind is ITEM:
            parents.append(block)


def _atoms_of(
    ruler: _Ruler, block: Block, path: tuple[str, ...], lead: tuple[int, int], sizes: Sizes
) -> Iterator[_Atom]:
    tokens = ruler.tokens(block.start, block.end)
    strength = block.depth - (block.kind is ITEM)
    heading = block.kind is HEADING
    if tokens <= sizes.target:
        yield _Atom(block.start, block.end, tokens, strength, path, block.hidden, block.archived, heading, lead)
        return
    for number, (start, end) in enumerate(_pieces(ruler, block, tokens, sizes)):
        first_end = ruler.text.find("\n", block.start, block.end) + 1 or block.end
        first_line = _lead(ruler, block.start, first_end, sizes)
        yield _Atom(
            start,
            end,
            ruler.tokens(start, end),
            strength + (1 if number else 0),
            path,
            block.hidden,
            block.archived,
            False,  # what is as long as a passage is text, whatever marks it carries
            first_line if number and block.kind is TABLE else lead,
        )


def _lead(ruler: _Ruler, start: int, end: int, sizes: Sizes) -> tuple[int, int]:
    """As much of a parent or a header as a passage gets."""
    return start, ruler.reach(start, sizes.lead, end)


def _pieces(ruler: _Ruler, block: Block, tokens: int, sizes: Sizes) -> Iterator[tuple[int, int]]:
    """Cut a block that is too long into pieces of about equal size."""
    limit = _with_slack(_share(tokens, sizes.target))
    by_lines = block.kind in (TABLE, CODE)
    start = block.start
    while start < block.end:
        reach = ruler.reach(start, limit, block.end)
        end = reach if reach == block.end else _cut(ruler.text, start, reach, by_lines)
        yield start, end
        start = end


def _cut(text: str, start: int, reach: int, by_lines: bool) -> int:
    """Where to end a piece that may reach to `reach`: a line's end in code and tables, else what reads best."""
    floor = start + (reach - start) // 2
    line_end = text.rfind("\n", floor, reach) + 1 if by_lines else 0
    return line_end or safe_cut(text, reach, floor)


def _sections(atoms: Sequence[_Atom]) -> Iterator[list[_Atom]]:
    """Atoms under one heading. Headings with no text of their own go with the next section, or with the last."""
    section: list[_Atom] = []
    has_text = False
    for atom in atoms:
        if atom.heading and has_text:
            yield section
            section, has_text = [], False
        section.append(atom)
        has_text = has_text or not atom.heading
    if section:
        yield section


class _Packer:
    """Fills passages with atoms, one section at a time."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._groups: list[list[_Atom]] = []
        self._current: list[_Atom] = []
        self._tokens = 0
        self._has_text = False

    def pack(self, section: Sequence[_Atom]) -> list[list[_Atom]]:
        """The atoms of each passage of a section."""
        for unit in _units(section):
            size = sum(atom.tokens for atom in unit)
            if size <= self._sizes.target:
                self._add(unit, size, self._sizes.target)
                continue
            self._flush()
            for atom in unit:
                self._add([atom], atom.tokens, _with_slack(_share(size, self._sizes.target)))
        last_is_crumb = self._tokens < self._sizes.crumb
        self._flush(even_headings=True)
        if last_is_crumb and len(self._groups) > 1:
            crumb = self._groups.pop()
            self._groups[-1] += crumb
        return self._groups

    def _add(self, atoms: Sequence[_Atom], size: int, limit: int) -> None:
        if self._tokens + size > limit:
            self._flush()
        self._current += atoms
        self._tokens += size
        self._has_text = self._has_text or not atoms[-1].heading

    def _flush(self, even_headings: bool = False) -> None:
        """Close the passage at hand; headings alone wait for their text."""
        if self._has_text or (even_headings and self._current):
            self._groups.append(self._current)
            self._current, self._tokens, self._has_text = [], 0, False


def _units(section: Sequence[_Atom]) -> Iterator[list[_Atom]]:
    """What belongs together: an item with its children, the rows of a table, the sentences of a paragraph."""
    unit: list[_Atom] = []
    for atom in section:
        if unit and atom.strength == 0:
            yield unit
            unit = []
        unit.append(atom)
    if unit:
        yield unit


def _share(tokens: int, target: int) -> int:
    """The size of each of the fewest equal pieces that fit `target`."""
    return -(-tokens // -(-tokens // target))


def _with_slack(tokens: int) -> int:
    """Room to end at a good place instead of an exact one."""
    return tokens + tokens // 8


def _passage(text: str, atoms: Sequence[_Atom], spoken: _Spoken, line_starts: Sequence[int]) -> Passage:
    start, end = atoms[0].start, atoms[-1].end
    end = start + len(text[start:end].rstrip())
    below = [atom for atom in atoms if not atom.heading] or atoms[-1:]
    body = below[0]
    return Passage(
        start=start,
        end=end,
        lines=(bisect_right(line_starts, start), bisect_right(line_starts, end - 1)),
        headings=body.path,
        text=text[start:end],
        words=_words(spoken, atoms, body.lead),
        hidden=all(atom.hidden for atom in below),
        archived=all(atom.archived for atom in below),
    )


def _words(spoken: _Spoken, atoms: Sequence[_Atom], lead: tuple[int, int]) -> str:
    """What the indexes get of a passage: without heading lines (they have a field), links as their words (L6)."""
    lines = [spoken.slice(atom.start, atom.end) for atom in atoms if not atom.heading]
    if lead != (0, 0):
        lines.insert(0, spoken.slice(*lead))
    return for_index("\n".join(line.strip("\n") for line in lines if line.strip()))


class _Spoken:
    """A note's text with each link replaced by the words shown and the name of what it leads to."""

    def __init__(self, text: str, links: Sequence[Link]) -> None:
        self._text = text
        self._links = links
        self._starts = [link.start for link in links]

    def slice(self, start: int, end: int) -> str:
        """What is said between two offsets; a link that is cut by them stays as written."""
        first = bisect_left(self._starts, start)
        last = bisect_left(self._starts, end, first)
        if first == last:
            return self._text[start:end]
        at = start
        parts = []
        for link in self._links[first:last]:
            if link.start >= at and link.end <= end:
                parts += [self._text[at : link.start], search_words(link)]
                at = link.end
        return "".join([*parts, self._text[at:end]])


def embedding_text(
    title: str, headings: Sequence[str], words: str, token_starts: TokenStarts, most: int = _HEAD_TOKENS
) -> str:
    """What the encoder reads of a passage: where it stands, in at most `most` tokens, then its words."""
    above = [heading for heading in headings if heading.casefold() != title.casefold()]
    head = " > ".join([title, *above])[:_HEAD_CHARACTERS]
    starts = token_starts(head)
    if len(starts) > most:
        head = head[: starts[most]]
    return f"{head}\n{words}"
