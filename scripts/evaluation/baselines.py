"""What notesearch is compared with, over the same passages: plain BM25, the embedder alone, the two fused by rank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import bm25s
import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.said import Found
from scripts.evaluation.words import Stems

Vectors = NDArray[np.float32]

# The usual constant of reciprocal-rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).
_RRF_K = 60


class System(Protocol):
    """Whatever ranks passages for a question."""

    def rank(self, question: str, depth: int) -> list[Found]:
        """The best `depth` passages, best first."""


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage of the index with what stands above it."""

    note: str
    title: str
    headings: tuple[str, ...]
    start: int
    end: int
    text: str

    def found(self, score: float) -> Found:
        """The passage as a hit."""
        return Found(self.note, self.start, self.end, score)


class Bm25:
    """Plain BM25 over the passages, each with its note's title and heading path in front."""

    def __init__(self, passages: Sequence[IndexedPassage]) -> None:
        self._passages = passages
        self._stems = Stems()
        self._index = bm25s.BM25()
        texts = ("\n".join((passage.title, *passage.headings, passage.text)) for passage in passages)
        if passages:
            self._index.index([self._stems.of(text) for text in texts], show_progress=False)

    def rank(self, question: str, depth: int) -> list[Found]:
        """The best `depth` passages that share a word with the question."""
        stems = self._stems.of(question)
        if not stems or not self._passages:
            return []
        scores = self._index.get_scores(stems)
        return [self._passages[row].found(float(scores[row])) for row in best_rows(scores, depth) if scores[row] > 0]


class Dense:
    """Cosine of the embedder's vectors, nothing else."""

    def __init__(self, passages: Sequence[IndexedPassage], vectors: Vectors, embed: Callable[[str], Vectors]) -> None:
        """`vectors`: float32 (n, d) of unit length, one per passage; `embed` gives float32 (d,) of unit length."""
        self._passages = passages
        self._vectors = vectors
        self._embed = embed

    def rank(self, question: str, depth: int) -> list[Found]:
        """The nearest `depth` passages."""
        if not self._passages:
            return []
        cosines = self._vectors @ self._embed(question)
        return [self._passages[row].found(float(cosines[row])) for row in best_rows(cosines, depth)]


class Fused:
    """Other systems, fused by reciprocal rank."""

    def __init__(self, *systems: System) -> None:
        self._systems = systems

    def rank(self, question: str, depth: int) -> list[Found]:
        """The best of their rankings together."""
        return fuse([system.rank(question, depth) for system in self._systems], depth)


def best_rows(scores: NDArray[np.float32], depth: int) -> list[int]:
    """The rows of the `depth` highest scores, best first; equal scores in the order of the rows."""
    rows = np.arange(len(scores))
    if depth < len(scores):
        border = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        rows = rows[scores >= border]
    order = np.argsort(-scores[rows], kind="stable")[:depth]
    return [int(row) for row in rows[order]]


def fuse(rankings: Sequence[Sequence[Found]], depth: int) -> list[Found]:
    """Reciprocal-rank fusion: a passage scores the sum of 1 / (60 + rank) over the rankings that hold it."""
    scores: defaultdict[tuple[str, int, int], float] = defaultdict(float)
    for ranking in rankings:
        for rank, found in enumerate(ranking, start=1):
            scores[found.note, found.start, found.end] += 1 / (_RRF_K + rank)
    best = sorted(scores.items(), key=lambda item: -item[1])[:depth]
    return [Found(*place, score) for place, score in best]
