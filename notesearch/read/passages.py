"""The splitter: a note → passages along its headings.

A section (a heading and the blocks under it) is packed with whole blocks up to a size in tokens. What is larger than
a passage by itself is cut where it hurts least: a list between items, a table between rows, text between sentences;
into pieces of about equal size, so that no crumb is left at the end. Invariants (rule N1): every non-blank line of
the body is in a passage, and a passage is a slice of the text. A heading goes with what it heads; headings with
nothing under them go with what follows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from notesearch.index.records import Link, Passage, quickly
from notesearch.read.blocks import BLANK, CODE, HEADING, ITEM, PARAGRAPH, TABLE, Block
from notesearch.read.decode import for_index, safe_cut
from notesearch.read.links import Span, search_words

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


def split(
    text: str,
    blocks: Sequence[Block],
    links: Sequence[Link],
    line_starts: Sequence[int],
    token_starts: TokenStarts,
    sizes: Sizes,
) -> tuple[Passage, ...]:
    """The passages of a note, in order."""
    ruler = _Ruler(text, token_starts(text), sizes.target)
    speech = _Speech(text, links, ruler, sizes)
    leads: dict[int, Span] = {}
    passages = []
    for section in _sections(blocks, leads, ruler):
        fits = ruler.fits(section[0].start, section[-1].end)  # as nearly every one does
        for group in [section] if fits else _Packer(ruler, sizes, leads).pack(section):
            passages.append(_passage(group, leads, speech, line_starts))
    return tuple(passages)


class _Ruler:
    """Lengths of slices of one text in tokens, from one pass of the tokenizer.

    A tokenizer may take a word of any length for one token; so that no passage is without bounds, a slice counts as one
    token for every `_MOST_CHARACTERS_A_TOKEN` at least.
    """

    def __init__(self, text: str, starts: Sequence[int], target: int) -> None:
        self.text = text
        self._starts = starts
        self._target = target
        self._measured = 0, 0
        self._all_fits = len(starts) + len(text) // _MOST_CHARACTERS_A_TOKEN <= target

    def tokens(self, start: int, end: int) -> int:
        begun, least = self._begun(start, end), (end - start) // _MOST_CHARACTERS_A_TOKEN
        return begun if begun > least else least

    def is_short(self, start: int, end: int) -> bool:
        """Whether a slice has no more tokens than a passage should."""
        return self._all_fits or self.tokens(start, end) <= self._target

    def fits(self, start: int, end: int) -> bool:
        """Whether the parts of a slice, together, have no more tokens than a passage should, however it is cut."""
        most = (end - start) // _MOST_CHARACTERS_A_TOKEN
        return self._all_fits or self._begun(start, end) + most <= self._target

    def _begun(self, start: int, end: int) -> int:
        last, last_index = self._measured  # most slices begin where the one before them ended
        first = last_index if start == last else bisect_left(self._starts, start)
        behind = bisect_left(self._starts, end, first)
        self._measured = end, behind
        return behind - first

    def reach(self, start: int, tokens: int, end: int) -> int:
        """The offset at which `tokens` tokens from `start` have passed, at most `end`."""
        at = bisect_left(self._starts, start) + tokens
        end = min(end, start + tokens * _MOST_CHARACTERS_A_TOKEN)
        return min(self._starts[at], end) if at < len(self._starts) else end


def _sections(blocks: Sequence[Block], leads: dict[int, Span], ruler: _Ruler) -> Iterator[list[Block]]:
    """The blocks under one heading. Headings with no text of their own go with the next section, or with the last.

    In `leads` it notes the item that a block stands in.
    """
    section: list[Block] = []
    has_text = False
    parents: list[Block] = []  # the items a block stands in, outermost first
    for block in blocks:
        kind, depth = block.kind, block.depth
        if kind is BLANK or block.silent:
            continue
        if depth == 0:
            parents.clear()
        else:
            while kind is ITEM and parents and parents[-1].depth >= depth:
                parents.pop()
            if parents:
                leads[block.start] = parents[-1].start, parents[-1].end
            if kind is ITEM:
                parents.append(block)
        # What is as long as a passage is text, whatever marks it carries.
        if kind is not HEADING or not ruler.is_short(block.start, block.end):
            has_text = True
        elif has_text:
            yield section
            section, has_text = [], False
        section.append(block)
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
    """Fills passages with blocks, one section at a time."""

    def __init__(self, ruler: _Ruler, sizes: Sizes, leads: dict[int, Span]) -> None:
        self._ruler = ruler
        self._sizes = sizes
        self._leads = leads
        self._groups: list[list[Block]] = []
        self._current: list[Block] = []
        self._tokens = 0
        self._has_text = False

    def pack(self, section: Iterable[Block]) -> list[list[Block]]:
        """The blocks of each passage of a section; those that are too long come in pieces."""
        target = self._sizes.target
        for unit, tokens in self._units(section):
            size = sum(tokens)
            if size <= target:
                self._add(unit, size, target)
                continue
            self._flush()
            limit = _with_slack(_share(size, target))
            for block, own in zip(unit, tokens, strict=True):
                self._add([block], own, limit)
        last_is_crumb = self._tokens < self._sizes.crumb
        self._flush(even_headings=True)
        if last_is_crumb and len(self._groups) > 1:
            crumb = self._groups.pop()
            self._groups[-1] += crumb
        return self._groups

    def _units(self, section: Iterable[Block]) -> Iterator[tuple[list[Block], list[int]]]:
        """What belongs together, and the tokens of each: an item with its children, the rows of a table, the sentences
        of a paragraph.
        """
        unit: list[Block] = []
        tokens: list[int] = []
        for block in section:
            own = self._ruler.tokens(block.start, block.end)
            if unit and block.depth == (block.kind is ITEM):
                yield unit, tokens
                unit, tokens = [], []
            if own <= self._sizes.target:
                unit.append(block)
                tokens.append(own)
            else:
                for piece in self._pieces(block, own):
                    unit.append(piece)
                    tokens.append(self._ruler.tokens(piece.start, piece.end))
        if unit:
            yield unit, tokens

    def _pieces(self, block: Block, tokens: int) -> Iterator[Block]:
        """The pieces of a block that is too long."""
        lead = self._leads.get(block.start)
        header = block.start, self._ruler.text.find("\n", block.start, block.end) + 1 or block.end
        kind = PARAGRAPH if block.kind is HEADING else block.kind
        for start, end in _pieces(self._ruler, block, tokens, self._sizes):
            if lead is not None:
                self._leads[start] = lead
            yield replace(block, kind=kind, start=start, end=end)
            if kind is TABLE:
                lead = header

    def _add(self, blocks: Sequence[Block], size: int, limit: int) -> None:
        if self._tokens + size > limit:
            self._flush()
        self._current += blocks
        self._tokens += size
        self._has_text = self._has_text or blocks[-1].kind is not HEADING

    def _flush(self, even_headings: bool = False) -> None:
        """Close the passage at hand; headings alone wait for their text."""
        if self._has_text or (even_headings and self._current):
            self._groups.append(self._current)
            self._current, self._tokens, self._has_text = [], 0, False


def _share(tokens: int, target: int) -> int:
    """The size of each of the fewest equal pieces that fit `target`."""
    return -(-tokens // -(-tokens // target))


def _with_slack(tokens: int) -> int:
    """Room to end at a good place instead of an exact one."""
    return tokens + tokens // 8


_quick_passage = quickly(Passage)


def _passage(
    blocks: Sequence[Block], leads: Mapping[int, Span], speech: _Speech, line_starts: Sequence[int]
) -> Passage:
    start = blocks[0].start
    text = speech.text[start : blocks[-1].end].rstrip()
    end = start + len(text)
    below = [block for block in blocks if block.kind is not HEADING]
    body = below[0] if below else blocks[-1]
    return _quick_passage(
        start,
        end,
        (bisect_right(line_starts, start), bisect_right(line_starts, end - 1)),
        body.path,
        text,
        speech.words(below, leads.get(body.start)),
        body.hidden and all(block.hidden for block in below),
        body.archived and all(block.archived for block in below),
    )


class _Speech:
    """A note's text as the indexes get it: with each link replaced by the words shown and the name of what it leads to,
    and without heading lines, which have a field (L6).
    """

    def __init__(self, text: str, links: Sequence[Link], ruler: _Ruler, sizes: Sizes) -> None:
        self.text = text
        self._links = links
        self._starts = [*[link.start for link in links], len(text)]
        self._ruler = ruler
        self._lead_tokens = sizes.lead

    def words(self, blocks: Iterable[Block], lead: Span | None) -> str:
        """What is said in some blocks, each on lines of its own, behind as much of their lead as a passage gets."""
        said = [self._slice(block.start, block.end) for block in blocks]
        if lead is not None:
            start, end = lead
            said.insert(0, self._slice(start, self._ruler.reach(start, self._lead_tokens, end)))
        stripped = [lines.strip("\n") for lines in said]
        return for_index("\n".join([lines for lines in stripped if lines and not lines.isspace()]))

    def _slice(self, start: int, end: int) -> str:
        """What is said between two offsets; a link that is cut by them stays as written."""
        starts = self._starts
        following = bisect_left(starts, start)
        at = starts[following]
        if at >= end:
            return self.text[start:end]
        parts: list[str] = []
        while at < end:
            link = self._links[following]
            if at >= start and link.end <= end:
                parts += self.text[start:at], search_words(link)
                start = link.end
            following += 1
            at = starts[following]
        parts.append(self.text[start:end])
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
