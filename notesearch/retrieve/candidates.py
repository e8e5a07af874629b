"""Candidates from arms that fail differently: meaning, words, what notes are called, and when they were.

Each arm brings its own best; then every candidate is asked about by the other arms too, so that fusion compares like
with like.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from notesearch.index.records import DateSpan, quickly
from notesearch.index.store import Store
from notesearch.index.vectors import Ids
from notesearch.index.words import FieldWeights, all_of, any_of, phrase
from notesearch.maxsim import best_matches, maxsim, together
from notesearch.retrieve.names import NAMES_DEPTH, anchor_fits, heading_fits, title_fits
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
class Candidate:
    """A passage (or, with a negative id, a note without text) and what the arms say of it.

    `note` is 0 until it is looked up: of most candidates nobody asks.

    `dense`: cosine; None without a vector. `lexical`: BM25 as a share of what a perfect match of the question's words
    would get, 0..1. `only`: whether no other passage holds every telling word. `title`: how well the note's name fits
    the question, 0..1; `links`: how well what links from other notes call it does; `heading`: 1 where a section begins
    whose heading is the question, less where other notes have such a section, too. `time`: how far the note lies in
    the days the question speaks of, 0..1. `rerank`: MaxSim; `note_rerank`: MaxSim of the note's candidates taken
    together, since a note often says in one paragraph who and in another what. Both None until asked for, or without
    token vectors. `cross`: what a cross-encoder says, 0..1; 0 where none was asked. `neighbours`: the passages before
    and after.
    """

    id: int
    note: int
    dense: float | None = None
    lexical: float = 0.0
    only: bool = False
    title: float = 0.0
    links: float = 0.0
    heading: float = 0.0
    time: float = 0.0
    rerank: float | None = None
    note_rerank: float | None = None
    cross: float = 0.0
    neighbours: tuple[int, ...] = ()


_candidate = quickly(Candidate)


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

    def first(self) -> list[Candidate]:
        """Everything that some arm found."""
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

    def with_neighbours(self, chosen: Sequence[Candidate]) -> list[Candidate]:
        """`chosen` and the passages beside them, each knowing its neighbours and its MaxSim."""
        around = self._store.neighbours(c.id for c in chosen if c.id > 0)
        known = {c.id: c for c in chosen}
        new = self._allowed({n for beside in around.values() for n in beside} - known.keys())
        owners = self._store.notes_of_passages([*(i for i in known if i > 0), *new])
        everyone = [*chosen, *self._described(new, owners)]
        notes = {c.id: owners.get(c.id, c.note) for c in everyone}
        links = _both_ways(around)
        reranked = self._maxsim({id_: note for id_, note in notes.items() if id_ > 0})
        return [self._beside(c, notes[c.id], links.get(c.id, ()), reranked.get(c.id)) for c in everyone]

    @staticmethod
    def _beside(
        candidate: Candidate, note: int, neighbours: tuple[int, ...], maxsims: tuple[float, float] | None
    ) -> Candidate:
        own, whole = maxsims or (None, None)
        return replace(candidate, note=note, neighbours=neighbours, rerank=own, note_rerank=whole)

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

    def _allowed(self, ids: Iterable[int]) -> list[int]:
        """A note without text has passed the filters by itself; passages must be within what may be shown."""
        if self._within is None:
            return sorted(ids)
        found = np.array(sorted(ids), np.int64)
        allowed: list[int] = found[(found < 0) | np.isin(found, self._within)].tolist()
        return allowed

    def _described(self, ids: Sequence[int], owners: Mapping[int, int]) -> list[Candidate]:
        """What the arms say of passages and notes; `owners`: the notes of passages, as far as they matter here."""
        evidence = self._evidence
        dense = dict(evidence.dense)
        if evidence.vector is not None:
            unseen = self._store.vectors_of([i for i in ids if i > 0 and i not in dense])
            dense |= {i: float(row @ evidence.vector) for i, row in unseen.items()}
        return [
            _candidate(
                id=i,
                note=note,
                dense=dense.get(i),
                lexical=evidence.lexical.get(i, 0.0),
                only=i in evidence.only,
                title=evidence.title.get(note, 0.0),
                links=max(evidence.links.get((note, None), 0.0), evidence.links.get((note, i), 0.0)),
                heading=evidence.headings.get(i, 0.0),
                time=evidence.time.get(note, 0.0),
            )
            for i in ids
            for note in [owners.get(i, max(-i, 0))]
        ]

    def _maxsim(self, notes: Mapping[int, int]) -> dict[int, tuple[float, float]]:
        """Passage id → its own MaxSim and its note's; `notes` says whose the passages are."""
        if self._meaning is None or not self._arms.rerank or not notes:
            return {}
        packed = self._store.tokens_of(list(notes))
        best = best_matches(self._meaning.tokens, self._store.basis(), list(packed.values()))
        whole = together(best, np.array([notes[id_] for id_ in packed], np.int64))
        return dict(zip(packed, zip(maxsim(best).tolist(), maxsim(whole).tolist(), strict=True), strict=True))


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


def _both_ways(around: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, ...]]:
    """Who stands beside whom, told from either side."""
    pairs: dict[int, set[int]] = {}
    for id_, beside in around.items():
        for other in beside:
            pairs.setdefault(id_, set()).add(other)
            pairs.setdefault(other, set()).add(id_)
    return {id_: tuple(sorted(others)) for id_, others in pairs.items()}
