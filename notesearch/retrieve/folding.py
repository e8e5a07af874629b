"""Passages that say the same, shown once; and no note that fills the list by itself.

Templates, copies that a sync tool made and pages kept twice are found together, and would push out everything else.
The best of them stays and names the others. What counts is the words below titles and headings, by which the notes are
told apart anyway: two forms that nobody has filled in are the same form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from notesearch.index.catalog import NoteRow, PassageRow
from notesearch.language import stem
from notesearch.retrieve.fusion import Ranked
from notesearch.retrieve.names import folded

_ALIKE = 0.9
"""The share of the words of both that two passages must have in common to be alike."""
_OF_ONE_NOTE = 3
"""As many passages of one note stand among the first, and more only if they are better than the others by a margin."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A passage that is shown, and those that say the same."""

    ranked: Ranked
    alike: tuple[Ranked, ...] = ()


def fold(
    ranked: Sequence[Ranked],
    passages: Mapping[int, PassageRow],
    notes: Mapping[int, NoteRow],
    asked: Iterable[str],
    most: int,
) -> list[Kept]:
    """The first `most` of `ranked`, each passage that is like a better one folded into it. `asked`: the words of the
    question; passages that differ in one of them are not alike, and neither are passages that differ in a number.
    """
    stems = {stem(word) for word in asked}
    kept: list[tuple[Ranked, Counter[str], list[Ranked]]] = []
    for each in ranked:
        words = _words_below_names(passages.get(each.candidate.id), notes[each.candidate.note])
        like = next((alike for _, others, alike in kept if _are_alike(words, others, stems)), None)
        if like is None:
            if len(kept) == most:
                break
            kept.append((each, words, []))
        else:
            like.append(each)
    return [Kept(each, tuple(alike)) for each, _, alike in kept]


def spread(kept: Sequence[Kept], k: int, margin: float) -> list[Kept]:
    """The best `k`, but where a note has `_OF_ONE_NOTE` passages already, its next comes behind those of other notes
    that are less than `margin` below it.
    """
    rest, placed = list(kept), list[Kept]()
    seen: Counter[int] = Counter()
    while rest and len(placed) < k:
        best = rest[0]
        if seen[best.ranked.candidate.note] >= _OF_ONE_NOTE:
            others = (each for each in rest if seen[each.ranked.candidate.note] < _OF_ONE_NOTE)
            other = next(others, best)
            best = other if best.ranked.total - other.ranked.total < margin else best
        rest.remove(best)
        placed.append(best)
        seen[best.ranked.candidate.note] += 1
    return placed


def _words_below_names(passage: PassageRow | None, note: NoteRow) -> Counter[str]:
    """The words of a passage but for the lines that only repeat what the note or the section is called."""
    if passage is None:
        return Counter()
    own = {folded(name) for name in (note.title, note.name, *passage.headings)}
    lines = map(folded, passage.text.splitlines())
    return Counter(word for line in lines if line not in own for word in line)


def _are_alike(one: Counter[str], other: Counter[str], asked: Set[str]) -> bool:
    if one == other:
        return bool(one)
    longer = max(one.total(), other.total())
    if min(one.total(), other.total()) < _ALIKE * longer or (one & other).total() < _ALIKE * longer:
        return False
    differing = ((one - other) + (other - one)).keys()
    return not any(word.isdigit() or stem(word) in asked for word in differing)
