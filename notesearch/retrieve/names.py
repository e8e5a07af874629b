"""How well what things are called fits the question: notes by title, file name and alias, what links call them, and
sections by their headings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from notesearch.index.catalog import NoteRow
from notesearch.index.store import Store
from notesearch.index.vectors import Ids
from notesearch.language import STOP_WORDS, words_of
from notesearch.retrieve.query import Query

NAMES_DEPTH = 20
"""Notes whose names share words with the question."""
ANCHORS_DEPTH = 300
"""Links whose words match; a note that many link to should not hide the others."""
_MOSTLY = 0.67
"""A link must say most of what is asked: one word of two, "scale", is said of too many notes."""
NEARLY = 0.95
"""The fit, at most, of a question whose last word is half typed."""
_HEADED = 400
"""Passages under headings with the question's words; where there are more, the heading names no section."""
_MOST_SECTIONS = 10
"""A heading that more notes have is a template's, and no name of any section."""


def title_fits(store: Store, query: Query, notes: Sequence[int]) -> dict[int, float]:
    """Note id → fit of the best of its names; 0 if only its tags or properties share words with the question.

    Of several notes that are called so but for words that say nothing ("from", "the"), the one called so to the word
    is meant.
    """
    names = {note: [folded(name) for name in _names(row)] for note, row in store.notes(notes).items()}
    asked = folded(query.text)
    begun = "".join(folded(query.begun))
    fits = {note: max(_fit_begun(asked, name, begun) for name in called) for note, called in names.items()}
    if any(asked in called for called in names.values()):
        to_the_word = {note: max(_fit(asked, name) for name in called) for note, called in names.items()}
        fits = {note: min(fit, to_the_word[note]) if fit == 1.0 else fit for note, fit in fits.items()}
    return fits


def anchor_fits(
    store: Store, query: Query, words: str, notes: Sequence[int] | None
) -> dict[tuple[int, int | None], float]:
    """(note, passage or None) → fit of the best of what links call it."""
    asked = _telling(folded(query.text))
    allowed = None if notes is None else set(notes)
    fits: dict[tuple[int, int | None], float] = {}
    for note, passage, shown in store.anchored(words, ANCHORS_DEPTH):
        if (allowed is None or note in allowed) and (fit := _fit(asked, _telling(folded(shown)))) > _MOSTLY:
            fits[note, passage] = max(fits.get((note, passage), 0.0), fit)
    return fits


def heading_fits(store: Store, query: Query, within: Ids | None) -> dict[int, float]:
    """Id of the first passage of each section whose heading is the question → 1, shared by the notes that have one.

    A note that has several is asked about the first. Headings that are the question to the word come before those that
    differ in words that say nothing.
    """
    asked = folded(query.text)
    to_the_word: dict[int, int] = {}
    telling: dict[int, int] = {}
    found = store.headed(query.telling_words, _HEADED)
    for passage in found if len(found) < _HEADED else ():
        headings = [folded(heading) for heading in passage.headings]
        if asked in headings:
            to_the_word.setdefault(passage.note, passage.id)
        if _telling(asked) in map(_telling, headings):
            telling.setdefault(passage.note, passage.id)
    first = (to_the_word or telling).values()
    if len(first) > _MOST_SECTIONS:
        return {}
    return {id_: 1 / len(first) for id_ in first if within is None or id_ in within}


@lru_cache(maxsize=10_000)
def folded(text: str) -> tuple[str, ...]:
    """The words of a text without case and accents. Kept, since every question meets the same names."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return tuple("".join(c for c in word if not unicodedata.combining(c)) for word in words_of(plain))


def _names(row: NoteRow) -> Iterable[str]:
    return (row.title, row.name, row.heading, *row.aliases)


def _fit(asked: Sequence[str], name: Sequence[str]) -> float:
    """1 if question and name are the same words; else the share of both that is common (Dice)."""
    one, other = frozenset(asked), frozenset(name)
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def _fit_begun(asked: tuple[str, ...], name: tuple[str, ...], begun: str) -> float:
    """The fit of the telling words, or if what was `begun` became a word of the name, a little less than for that."""
    fit = _fit(_telling(asked), _telling(name))
    if len(_telling(asked)) > 1:  # else what says nothing must be the same, too: "the art" is no "article"
        asked, name = _telling(asked), _telling(name)
    became = next((word for word in name if word.startswith(begun) and word not in asked), "") if begun else ""
    return max(fit, NEARLY * _fit((*asked[:-1], became), name)) if became else fit


@lru_cache(maxsize=10_000)
def _telling(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in STOP_WORDS) or words
