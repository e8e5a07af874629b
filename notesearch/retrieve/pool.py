"""What the arms say of a question's candidates: of one, or of hundreds at once, an array for each arm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from notesearch.index.records import quickly
from notesearch.index.vectors import Ids

Said = NDArray[np.float64]


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
    token vectors. `cross`: what a cross-encoder says, 0..1; 0 where none was asked.
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


_candidate = quickly(Candidate)


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates, a row each: `ids` and `notes` (n,), and (n,) what each arm says, NaN where a `Candidate` has None.

    `beside` (m, 2): pairs of rows whose passages stand next to each other, each pair in both directions.
    """

    ids: Ids
    notes: Ids
    dense: Said
    lexical: Said
    only: Said
    title: Said
    links: Said
    heading: Said
    time: Said
    rerank: Said
    note_rerank: Said
    cross: Said
    beside: Ids = field(default_factory=lambda: np.empty((0, 2), np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, candidates: Sequence[Candidate], beside: Iterable[tuple[int, int]] = ()) -> Self:
        """The same candidates as rows; `beside`: ids that stand next to each other."""
        rows = {c.id: row for row, c in enumerate(candidates)}
        pairs = [(rows[one], rows[other]) for one, other in beside]
        said = {name: np.array([getattr(c, name) for c in candidates], np.float64) for name in _SAID}
        return cls(
            ids=np.array([c.id for c in candidates], np.int64),
            notes=np.array([c.note for c in candidates], np.int64),
            beside=np.array([*pairs, *((other, one) for one, other in pairs)], np.int64).reshape(-1, 2),
            **said,
        )

    def rows(self, chosen: Ids) -> Self:
        """Some of the rows, in that order, each alone."""
        return type(self)(*(column[chosen] for column in self._columns))

    def and_also(self, other: Self) -> Self:
        """Both, one after the other, each alone."""
        return type(self)(*map(np.concatenate, zip(self._columns, other._columns, strict=True)))

    def candidates(self) -> list[Candidate]:
        """Each row as a value of its own."""
        listed = dict(zip(_SAID, (column.tolist() for column in self._columns[2:]), strict=True))
        for name in ("dense", "rerank", "note_rerank"):
            listed[name] = [None if value != value else value for value in listed[name]]
        listed["only"] = map(bool, listed["only"])
        return list(map(_candidate, self.ids.tolist(), self.notes.tolist(), *listed.values()))

    @property
    def _columns(self) -> tuple[NDArray[Any], ...]:
        """In the order of `Candidate`'s fields."""
        return self.ids, self.notes, *(getattr(self, name) for name in _SAID)


_SAID = tuple(each.name for each in fields(Candidate))[2:]
