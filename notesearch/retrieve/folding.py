"""Passages that say the same, shown twice at most; and no note that fills the list by itself.

Templates, copies that a sync tool made and pages kept over and over are found together, and would push out everything
else. The best two stay, so that of two notes with the same text both are found; the first names the others. What counts
is the words below titles and headings, by which the notes are told apart anyway: two forms that nobody has filled in
are the same form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from notesearch.index.catalog import NoteRow, PassageRow
from notesearch.language import stem, words_of
from notesearch.retrieve.fusion import Ranked

_MARKUP = " \t#=*_[]"
"""What stands around a name in a line that repeats it."""
_ALIKE = 0.9
"""The share of the words of both that two passages must have in common to be alike."""
_SHOWN = 2
"""As many of those that are alike."""
_OF_ONE_NOTE = 3
"""As many passages of one note stand among the first, and more only if they are better than the others by a margin."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A passage that is shown, and those that say the same."""

    ranked: Ranked
    alike: tuple[Ranked, ...] = ()


def fold(ranked: Iterable[tuple[Ranked, PassageRow | None, NoteRow]], asked: Iterable[str], most: int) -> list[Kept]:
    """The first `most` of `ranked`, which come with their rows, a passage that is like two better ones folded into the
    first of them, as is one of a conflict copy that is like any. `asked`: the words of the question; passages that
    differ in one of them are not alike, and neither are passages that differ in a number.
    """
    stems = {stem(word) for word in asked}
    kept: list[tuple[Ranked, frozenset[str], list[Ranked]]] = []
    for each, passage, note in ranked:
        words = _words_below_names(passage, note)
        like = [alike for _, others, alike in kept if _are_alike(words, others, stems)]
        if len(like) >= _SHOWN or (like and note.conflict_copy):
            like[0].append(each)
        elif len(kept) < most:
            kept.append((each, words, []))
        else:
            break
    return [Kept(each, tuple(alike)) for each, _, alike in kept]


def spread(kept: Sequence[Kept], k: int, margin: float) -> list[Kept]:
    """The best `k`, but where a note has `_OF_ONE_NOTE` passages already, its next comes behind those of other notes
    that are less than `margin`, as a share of its total, below it.
    """
    rest, placed = list(kept), list[Kept]()
    seen: Counter[int] = Counter()
    while rest and len(placed) < k:
        best = rest[0]
        if seen[best.ranked.candidate.note] >= _OF_ONE_NOTE:
            others = (each for each in rest if seen[each.ranked.candidate.note] < _OF_ONE_NOTE)
            other = next(others, best)
            best = other if best.ranked.total - other.ranked.total < margin * best.ranked.total else best
        rest.remove(best)
        placed.append(best)
        seen[best.ranked.candidate.note] += 1
    return placed


def _words_below_names(passage: PassageRow | None, note: NoteRow) -> frozenset[str]:
    """The words of a passage but for the lines that only repeat what the note or the section is called."""
    if passage is None:
        return frozenset()
    return _words_but(passage.text, (note.title, note.name, *passage.headings))


@lru_cache(maxsize=2_000)
def _words_but(text: str, names: tuple[str, ...]) -> frozenset[str]:
    """Kept, since one question finds what others found."""
    folded = {name.casefold() for name in names}
    lines = text.casefold().splitlines()
    return frozenset(words_of("\n".join(line for line in lines if line.strip(_MARKUP) not in folded)))


def _are_alike(one: Set[str], other: Set[str], asked: Set[str]) -> bool:
    if one == other:
        return bool(one)
    if len(one & other) < _ALIKE * max(len(one), len(other)):
        return False
    return not any(word.isdigit() or stem(word) in asked for word in one ^ other)
