"""Candidates from arms that fail differently: meaning (dense), words (lexical), and what notes are called.

Each arm brings its own best; then every candidate is asked about by the other arms too, so that fusion compares like
with like.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.index.catalog import NoteRow
from notesearch.index.store import Store
from notesearch.index.vectors import Ids
from notesearch.index.words import FieldWeights, all_of, any_of, phrase
from notesearch.language import STOP_WORDS, words_of
from notesearch.retrieve.query import Query

DENSE_DEPTH = 200
LEXICAL_DEPTH = 400
NAMES_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage (or, with a negative id, a note without text) and what the arms say of it.

    `dense`: cosine. `lexical`: BM25, 0 if no word is shared. `title`: 0..1, how well the note's name fits the question.
    """

    id: int
    note: int
    dense: float
    lexical: float
    title: float


@dataclass(frozen=True, slots=True)
class Arms:
    """Which arms take part, and how deep they look. Switched off only to measure what each is worth."""

    dense: bool = True
    lexical: bool = True
    title: bool = True
    fields: FieldWeights = FieldWeights()


def candidates(
    store: Store, query: Query, vector: NDArray[np.float32] | None, k: int, arms: Arms = Arms()
) -> list[Candidate]:
    """Everything worth ranking for `query`; without a `vector` (d,) the dense arm is silent."""
    notes = store.select(query.where)
    within = _within(store, query, notes)
    if within is not None and not len(within) and notes == []:
        return []
    dense = _dense(store, vector, max(DENSE_DEPTH, k), within) if arms.dense and vector is not None else {}
    lexical = (
        dict(store.lexical(any_of(query.telling_words), max(LEXICAL_DEPTH, k), arms.fields, within))
        if arms.lexical
        else {}
    )
    named = _named(store, query, notes) if arms.title and not query.phrases else {}
    return _assembled(store, vector if arms.dense else None, dense, lexical, named)


def _within(store: Store, query: Query, notes: Sequence[int] | None) -> Ids | None:
    """Passages that may be shown at all: of the notes allowed, holding the phrases, without the excluded words."""
    within = None if notes is None else store.passages_within(notes)
    if query.phrases:
        within = np.sort(store.matching(all_of(phrase(words) for words in query.phrases), within))
    if query.excluded:
        without = store.matching(" OR ".join(phrase(words) for words in query.excluded), None)
        within = np.setdiff1d(store.passage_ids() if within is None else within, without)
    return within


def _dense(store: Store, vector: NDArray[np.float32] | None, depth: int, within: Ids | None) -> dict[int, float]:
    return dict(store.dense(vector, depth, within)) if vector is not None else {}


def _named(store: Store, query: Query, notes: Sequence[int] | None) -> dict[int, float]:
    """Note id → fit of its best name, for the notes whose names share words with the question."""
    found = store.named(any_of(query.telling_words), NAMES_DEPTH, notes)
    rows = store.notes(note for note, _ in found)
    asked = _key_words(query.text)
    return {note: fit for note, row in rows.items() if (fit := max(_fit(asked, name) for name in _names(row))) > 0}


def _names(row: NoteRow) -> Iterable[str]:
    return (row.title, row.name, row.heading, *row.aliases)


def _fit(asked: frozenset[str], name: str) -> float:
    """1 if question and name are the same words; else the share of both that is common (Dice)."""
    named = _key_words(name)
    return 2 * len(asked & named) / (len(asked) + len(named)) if asked and named else 0.0


def _key_words(text: str) -> frozenset[str]:
    folded = unicodedata.normalize("NFKD", text).casefold()
    words = frozenset("".join(c for c in word if not unicodedata.combining(c)) for word in words_of(folded))
    return words - STOP_WORDS or words


def _assembled(
    store: Store,
    vector: NDArray[np.float32] | None,
    dense: dict[int, float],
    lexical: dict[int, float],
    named: dict[int, float],
) -> list[Candidate]:
    first = store.first_passages(list(named))
    ids = {*dense, *lexical, *(first.get(note, -note) for note in named)}
    passages = store.notes_of_passages([i for i in ids if i > 0])
    if vector is not None:
        unseen = [i for i in passages if i not in dense]
        dense = dense | {i: float(row @ vector) for i, row in store.vectors_of(unseen).items()}
    return [
        Candidate(i, note, dense.get(i, 0.0), lexical.get(i, 0.0), named.get(note, 0.0))
        for i in sorted(ids)
        if (note := passages.get(i, -i if i < 0 else 0))
    ]
