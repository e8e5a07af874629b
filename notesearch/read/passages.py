"""The splitter: a note → passages along its headings.

A section (a heading and the blocks under it) is packed with whole blocks up to a size in tokens. What is larger than
a passage by itself is cut where it hurts least: a list between items, a table between rows, text between sentences;
into pieces of about equal size, so that no crumb is left at the end. Invariants (rule N1): every non-blank line of
the body is in a passage, and a passage is a slice of the text. A heading goes with what it heads; headings with
nothing under them go with what follows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from notesearch.index.records import Link, Passage, quickly
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
    """What is not cut further: a block, a row, a sentence. `lead` is where that stands which it would lack alone."""

    start: int
    end: int
    is_heading: bool
    block: Block
    path: tuple[str, ...]
    lead: tuple[int, int] | None

    @property
    def strength(self) -> int:
        """Orders the places to cut before an atom: 0 is best."""
        return self.block.depth - (self.block.kind is ITEM) + (self.start > self.block.start)


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
    speech = _Speech(text, links, ruler, sizes)
    passages = []
    for section in _sections(blocks, paths, ruler, sizes):
        fits = ruler.tokens_at_most(section[0].start, section[-1].end) <= sizes.target  # as nearly every one does
        for atoms in [section] if fits else _Packer(ruler, sizes).pack(section):
            passages.append(_passage(atoms, speech, line_starts))
    return tuple(passages)


class _Ruler:
    """Lengths of slices of one text in tokens, from one pass of the tokenizer.

    A tokenizer may take a word of any length for one token; so that no passage is without bounds, a slice counts as one
    token for every `_MOST_CHARACTERS_A_TOKEN` at least.
    """

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self.text = text
        self._starts = starts

    def tokens(self, start: int, end: int) -> int:
        return max(self._begun(start, end), (end - start) // _MOST_CHARACTERS_A_TOKEN)

    def tokens_at_most(self, start: int, end: int) -> int:
        """No less than the tokens of the parts of a slice, together, however it is cut."""
        return self._begun(start, end) + (end - start) // _MOST_CHARACTERS_A_TOKEN

    def _begun(self, start: int, end: int) -> int:
        first = bisect_left(self._starts, start)
        return bisect_left(self._starts, end, first) - first

    def reach(self, start: int, tokens: int, end: int) -> int:
        """The offset at which `tokens` tokens from `start` have passed, at most `end`."""
        at = bisect_left(self._starts, start) + tokens
        end = min(end, start + tokens * _MOST_CHARACTERS_A_TOKEN)
        return min(self._starts[at], end) if at < len(self._starts) else end


def _sections(
    blocks: Sequence[Block], paths: Sequence[tuple[str, ...]], ruler: _Ruler, sizes: Sizes
) -> Iterator[list[_Atom]]:
    """The blocks under one heading. Headings with no text of their own go with the next section, or with the last."""
    section: list[_Atom] = []
    has_text = False
    parents: list[Block] = []  # the items a block stands in, outermost first
    for block, path in zip(blocks, paths, strict=True):
        kind, start, end, depth = block.kind, block.start, block.end, block.depth
        if kind is BLANK or block.silent:
            continue
        if depth == 0:
            parents.clear()
        elif kind is ITEM:
            while parents and parents[-1].depth >= depth:
                parents.pop()
        lead = (parents[-1].start, parents[-1].end) if parents else None
        if kind is ITEM:
            parents.append(block)
        # What is as long as a passage is text, whatever marks it carries.
        is_heading = kind is HEADING and ruler.tokens(start, end) <= sizes.target
        if is_heading and has_text:
            yield section
            section, has_text = [], False
        section.append(_Atom(start, end, is_heading, block, path, lead))
        has_text = has_text or not is_heading
    if section:
        yield section


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


class _Packer:
    """Fills passages with atoms, one section at a time."""

    def __init__(self, ruler: _Ruler, sizes: Sizes) -> None:
        self._ruler = ruler
        self._sizes = sizes
        self._groups: list[list[_Atom]] = []
        self._current: list[_Atom] = []
        self._tokens = 0
        self._has_text = False

    def pack(self, section: Iterable[_Atom]) -> list[list[_Atom]]:
        """The atoms of each passage of a section, its blocks cut where they are too long."""
        target = self._sizes.target
        for unit in _units(atom for block in section for atom in self._atoms_of(block)):
            tokens = [self._ruler.tokens(atom.start, atom.end) for atom in unit]
            size = sum(tokens)
            if size <= target:
                self._add(unit, size, target)
                continue
            self._flush()
            limit = _with_slack(_share(size, target))
            for atom, own in zip(unit, tokens, strict=True):
                self._add([atom], own, limit)
        last_is_crumb = self._tokens < self._sizes.crumb
        self._flush(even_headings=True)
        if last_is_crumb and len(self._groups) > 1:
            crumb = self._groups.pop()
            self._groups[-1] += crumb
        return self._groups

    def _atoms_of(self, atom: _Atom) -> Iterator[_Atom]:
        """A block, or the pieces of one that is too long."""
        block, lead = atom.block, atom.lead
        tokens = self._ruler.tokens(block.start, block.end)
        if tokens <= self._sizes.target:
            yield atom
            return
        header_end = self._ruler.text.find("\n", block.start, block.end) + 1 or block.end
        for start, end in _pieces(self._ruler, block, tokens, self._sizes):
            yield atom._replace(start=start, end=end, lead=lead)
            if block.kind is TABLE:
                lead = block.start, header_end

    def _add(self, atoms: Sequence[_Atom], size: int, limit: int) -> None:
        if self._tokens + size > limit:
            self._flush()
        self._current += atoms
        self._tokens += size
        self._has_text = self._has_text or not atoms[-1].is_heading

    def _flush(self, even_headings: bool = False) -> None:
        """Close the passage at hand; headings alone wait for their text."""
        if self._has_text or (even_headings and self._current):
            self._groups.append(self._current)
            self._current, self._tokens, self._has_text = [], 0, False


def _units(atoms: Iterable[_Atom]) -> Iterator[list[_Atom]]:
    """What belongs together: an item with its children, the rows of a table, the sentences of a paragraph."""
    unit: list[_Atom] = []
    for atom in atoms:
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


_quick_passage = quickly(Passage)


def _passage(atoms: Sequence[_Atom], speech: _Speech, line_starts: Sequence[int]) -> Passage:
    start = atoms[0].start
    text = speech.text[start : atoms[-1].end].rstrip()
    end = start + len(text)
    below = [atom for atom in atoms if not atom.is_heading]
    body, *others = below or atoms[-1:]
    return _quick_passage(
        start,
        end,
        (bisect_right(line_starts, start), bisect_right(line_starts, end - 1)),
        body.path,
        text,
        speech.words(below, body.lead),
        body.block.hidden and all(atom.block.hidden for atom in others),
        body.block.archived and all(atom.block.archived for atom in others),
    )


class _Speech:
    """A note's text as the indexes get it: with each link replaced by the words shown and the name of what it leads to,
    and without heading lines, which have a field (L6).
    """

    def __init__(self, text: str, links: Sequence[Link], ruler: _Ruler, sizes: Sizes) -> None:
        self.text = text
        self._links = links
        self._starts = [link.start for link in links]
        self._ruler = ruler
        self._lead_tokens = sizes.lead

    def words(self, atoms: Sequence[_Atom], lead: tuple[int, int] | None) -> str:
        """What is said in some atoms, each on lines of its own, behind as much of their lead as a passage gets."""
        spans = [(atom.start, atom.end) for atom in atoms]
        if lead is not None:
            spans.insert(0, (lead[0], self._ruler.reach(lead[0], self._lead_tokens, lead[1])))
        said = [self._slice(start, end).strip("\n") for start, end in spans]
        return for_index("\n".join([lines for lines in said if lines and not lines.isspace()]))

    def _slice(self, start: int, end: int) -> str:
        """What is said between two offsets; a link that is cut by them stays as written."""
        first = bisect_left(self._starts, start)
        if first == len(self._starts) or self._starts[first] >= end:
            return self.text[start:end]
        at = start
        parts: list[str] = []
        for link in self._links[first : bisect_left(self._starts, end, first)]:
            if link.start >= at and link.end <= end:
                parts += self.text[at : link.start], search_words(link)
                at = link.end
        parts.append(self.text[at:end])
        return "".join(parts)


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
