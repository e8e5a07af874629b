"""Candidates from arms that fail differently: meaning, words, what notes are called, and when they were.

Each arm brings its own best; then every candidate is asked about by the other arms too, so that fusion compares like
with like.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from notesearch.index.records import DateSpan
from notesearch.index.store import Store
from notesearch.index.vectors import Ids
from notesearch.index.words import FieldWeights, all_of, any_of, phrase
from notesearch.maxsim import best_matches, maxsim, together
from notesearch.retrieve.names import NAMES_DEPTH, anchor_fits, heading_fits, title_fits
from notesearch.retrieve.pool import Pool, Said
from notesearch.retrieve.query import Query

DENSE_DEPTH = 200
LEXICAL_DEPTH = 400
DATED_DEPTH = 40
"""Notes of the days a question speaks of; a question about a whole year should not make all of it candidates."""

_SATURATION = 2.2
"""BM25's k1 + 1 in FTS5: what one word can bring at most, in units of its idf."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The encoded question: `vector` (d,), and `tokens` (q, d); all of unit length."""

    vector: NDArray[np.float32]
    tokens: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Arms:
    """Which arms take part. Switched off only to measure what each is worth."""

    dense: bool = True
    lexical: bool = True
    title: bool = True
    links: bool = True
    headings: bool = True
    time: bool = True
    rerank: bool = True
    fields: FieldWeights = FieldWeights()


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the arms found. `dense`, `lexical`, `only` and `headings` go by passage id, `title` and `time` by note id,
    `links` by (note, passage), the passage None where a link names no part.

    A note's own share of the question's words stands in `lexical` under its negated id.
    """

    vector: NDArray[np.float32] | None
    dense: Mapping[int, float]
    lexical: Mapping[int, float]
    only: Set[int]
    title: Mapping[int, float]
    links: Mapping[tuple[int, int | None], float]
    headings: Mapping[int, float]
    time: Mapping[int, float]


class Candidates:
    """The arms' finds for one question, and more about them when asked. Use inside one snapshot of the store."""

    def __init__(self, store: Store, query: Query, meaning: Meaning | None, k: int, arms: Arms = Arms()) -> None:
        self._store = store
        self._meaning = meaning
        self._arms = arms
        notes = store.select(query.where)
        self._within = _within(store, query, notes)
        self._evidence = self._gather(query, k, notes)

    def first(self) -> Pool:
        """Everything that some arm found. Whose a passage is stands there only where that matters here."""
        evidence, store = self._evidence, self._store
        linked = sorted(evidence.links, key=lambda place: -evidence.links[place])[:NAMES_DEPTH]
        named = {*evidence.title, *evidence.time, *(note for note, passage in linked if passage is None)}
        parts = (passage for _, passage in linked if passage is not None)
        first = store.first_passages(list(named))
        dated = store.passages_within(list(evidence.time)).tolist()
        worded = (id_ for id_ in evidence.lexical if id_ > 0)
        begun = (first.get(note, -note) for note in named)
        ids = {*evidence.dense, *worded, *evidence.only, *evidence.headings, *dated, *parts, *begun}
        owners = store.passages_of_notes({*named, *(note for note, _ in evidence.links)})
        return self._described(self._allowed(ids), owners)

    def with_neighbours(self, chosen: Pool) -> Pool:
        """`chosen` and the passages beside them, each knowing its note, its neighbours and its MaxSim."""
        around = self._store.neighbours(chosen.ids[chosen.ids > 0].tolist())
        owners = {id_: note for here, (before, after, note) in around.items() for id_ in (here, before, after)}
        new = self._allowed(owners.keys() - {0, *chosen.ids.tolist()})
        pool = chosen.and_also(self._described(new, owners))
        rows = {id_: row for row, id_ in enumerate(pool.ids.tolist())}
        pairs = {(rows[id_], rows[n]) for id_, (*beside, _) in around.items() for n in beside if n in rows}
        both_ways = list(pairs | {(other, one) for one, other in pairs})
        pool = replace(
            pool,
            notes=np.array([owners.get(id_, -id_) for id_ in rows], np.int64),
            beside=np.array(both_ways, np.int64).reshape(-1, 2),
        )
        return self._compared(pool)

    def _gather(self, query: Query, k: int, notes: Sequence[int] | None) -> _Evidence:
        store, arms, within = self._store, self._arms, self._within
        if query.signs:
            return self._gather_signs(query.signs, notes)
        vector = self._meaning.vector if self._meaning and arms.dense else None
        words = query.telling_words
        called = any_of((*words, *query.completions))
        ideal = _ideal(store, query) if arms.lexical else 1.0
        found = store.lexical(words, max(LEXICAL_DEPTH, k), arms.fields, within) if arms.lexical else []
        named = store.named(called, NAMES_DEPTH, notes) if arms.title and not query.phrases else []
        title = title_fits(store, query, [note for note, _ in named])
        is_name = 1.0 in title.values()  # who asks for a note by its name does not mean another that holds the words
        only = store.only_holder(words, within) if arms.lexical and not is_name else None
        return _Evidence(
            vector=vector,
            dense=dict(store.dense(vector, max(DENSE_DEPTH, k), within)) if vector is not None else {},
            lexical={
                id_: min(score / ideal, 1.0) for id_, score in (*found, *((-note, score) for note, score in named))
            },
            only=set() if only is None else {only},
            title=title,
            links=anchor_fits(store, query, any_of(words), notes) if arms.links else {},
            headings=heading_fits(store, query, within) if arms.headings else {},
            time=_dated(store, query.dates, notes) if arms.time else {},
        )

    def _gather_signs(self, signs: str, notes: Sequence[int] | None) -> _Evidence:
        """Emoji and signs mean nothing to the other arms: what holds them as they stand is found, and no more (X8)."""
        called = set(self._store.called_with(signs))
        title = dict.fromkeys(called if notes is None else called & set(notes), 1.0)
        lexical = dict.fromkeys([] if self._within is None else self._within[:LEXICAL_DEPTH].tolist(), 1.0)
        return _Evidence(None, dense={}, lexical=lexical, only=set(), title=title, links={}, headings={}, time={})

    def _allowed(self, ids: Iterable[int]) -> Ids:
        """A note without text has passed the filters by itself; passages must be within what may be shown."""
        found = np.array(sorted(ids), np.int64)
        return found if self._within is None else found[(found < 0) | np.isin(found, self._within)]

    def _described(self, ids: Ids, owners: Mapping[int, int]) -> Pool:
        """What the arms say of passages and notes; `owners`: the notes of passages, as far as they matter here."""
        evidence, listed, nothing = self._evidence, ids.tolist(), np.zeros(len(ids))
        notes = [owners.get(id_, max(-id_, 0)) for id_ in listed]
        dense = evidence.dense
        if evidence.vector is not None:
            dense = {**dense, **self._store.cosines([i for i in listed if i > 0 and i not in dense], evidence.vector)}
        of_notes = {note: fit for (note, passage), fit in evidence.links.items() if passage is None}
        of_parts = {passage: fit for (_, passage), fit in evidence.links.items() if passage is not None}
        return Pool(
            ids=ids,
            notes=np.array(notes, np.int64),
            dense=_said(dense, listed, np.nan),
            lexical=_said(evidence.lexical, listed),
            only=_said(dict.fromkeys(evidence.only, 1.0), listed),
            title=_said(evidence.title, notes),
            links=np.maximum(_said(of_notes, notes), _said(of_parts, listed)),
            heading=_said(evidence.headings, listed),
            time=_said(evidence.time, notes),
            rerank=nothing + np.nan,
            note_rerank=nothing + np.nan,
            cross=nothing,
        )

    def _compared(self, pool: Pool) -> Pool:
        """The same, token by token: each passage's own MaxSim and its note's."""
        if self._meaning is None or not self._arms.rerank:
            return pool
        packed = self._store.tokens_of(pool.ids[pool.ids > 0].tolist())
        rows = [row for row, id_ in enumerate(pool.ids.tolist()) if id_ in packed]
        best = best_matches(self._meaning.tokens, self._store.basis(), [packed[id_] for id_ in pool.ids[rows].tolist()])
        own, whole = pool.rerank.copy(), pool.note_rerank.copy()
        own[rows], whole[rows] = maxsim(best), maxsim(together(best, pool.notes[rows]))
        return replace(pool, rerank=own, note_rerank=whole)


def _said(values: Mapping[int, float], keys: Sequence[int], otherwise: float = 0.0) -> Said:
    """What is said of each key, (n,)."""
    if not values:
        return np.full(len(keys), otherwise)
    return np.array([values.get(key, otherwise) for key in keys], np.float64)


def _within(store: Store, query: Query, notes: Sequence[int] | None) -> Ids | None:
    """Passages that may be shown at all: of the notes allowed, holding the phrases, without the excluded words.

    Signs without a word count as a phrase, in a note's name as well as in its text.
    """
    within = None if notes is None else store.passages_within(notes)
    if query.signs:
        holding = np.union1d(store.containing(query.signs), store.passages_within(store.called_with(query.signs)))
        within = holding if within is None else np.intersect1d(holding, within)
    if query.phrases:
        within = store.matching(all_of(phrase(words) for words in query.phrases), within)
    if query.excluded:
        without = store.matching(" OR ".join(phrase(words) for words in query.excluded), None)
        within = np.setdiff1d(store.passage_ids() if within is None else within, without)
    return within


def _ideal(store: Store, query: Query) -> float:
    """The BM25 of a passage that holds every telling word over and over: what a share is counted from.

    A word that no passage holds counts fully, so that finding only "say" of "what did the physician say" is little.
    """
    return _SATURATION * sum(store.rarity(query.telling_words)) or 1.0


def _dated(store: Store, dates: Sequence[DateSpan], notes: Sequence[int] | None) -> dict[int, float]:
    """Note id → how much of its date lies in the days the question speaks of, times how sure both are."""
    allowed = None if notes is None else set(notes)
    fits: dict[int, float] = {}
    for asked in dates:
        for id_, row in store.notes(store.dated(asked.first, asked.last, DATED_DEPTH)).items():
            if row.date is not None and (allowed is None or id_ in allowed):
                fits[id_] = max(fits.get(id_, 0.0), _inside(row.date, asked) * row.date.certainty * asked.certainty)
    return fits


def _inside(span: DateSpan, asked: DateSpan) -> float:
    """The share of a note's days that lie in the days asked for."""
    common = (min(span.last, asked.last) - max(span.first, asked.first)).days + 1
    return max(common, 0) / ((span.last - span.first).days + 1)
