"""Trip 3: question → hits → answer with citations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from notesearch.answer.closeness import Spans, Understood, closeness
from notesearch.answer.extract import evidence, extract
from notesearch.calibration import shipped
from notesearch.embed import Embedder
from notesearch.index.store import Store
from notesearch.maxsim import Vectors, unpack
from notesearch.results import Answer, Grounds, Hit
from notesearch.retrieve.candidates import Meaning
from notesearch.retrieve.query import Query

JUDGED = 10
"""As many hits tell whether the notes hold an answer."""


def ask(
    store: Store,
    question: str,
    query: Query,
    meaning: Meaning | None,
    hits: Sequence[Hit],
    k: int,
    embedder: Embedder,
    *,
    newer: int,
    explain: bool = False,
) -> Answer:
    """The sentences of the best `k` hits that answer best; no text if the notes do not seem to hold an answer.

    That is judged by the first `JUDGED` of `hits`, so that confidence does not depend on how many are shown.
    """

    def close(hits: Sequence[Hit], spans: Sequence[Spans]) -> list[list[float]]:
        if meaning is None or not hits:
            return [[0.0] * len(each) for each in spans]
        return _closeness(store, embedder, meaning, hits, spans)

    quotes = extract(query.telling_words, hits[:k], close)
    confidence = _confidence(query, hits[:JUDGED], by_meaning=meaning is not None) if quotes else 0.0
    answerable = confidence >= shipped().answerable_from
    return Answer(
        question=question,
        text=" … ".join(quote.text for quote in quotes) if answerable else None,
        quotes=quotes if answerable else (),
        citations=(),
        dates=query.dates,
        newer=newer,
        answerable=answerable,
        confidence=confidence,
        generator="extract",
        hits=tuple(hits[:k]),
        explanation=_grounds(query, hits[:JUDGED], by_meaning=meaning is not None) if explain else None,
    )


def _confidence(query: Query, hits: Sequence[Hit], *, by_meaning: bool) -> float:
    """Calibrated; where a question was asked by words alone, the share of them that the first hit holds."""
    seen = evidence(query.telling_words, hits)
    return shipped().confidence(seen) if by_meaning else seen["shared"]


def _grounds(query: Query, hits: Sequence[Hit], *, by_meaning: bool) -> Grounds:
    seen = evidence(query.telling_words, hits)
    return Grounds(
        enough=shipped().answerable_from,
        rerank=seen["rerank"] if by_meaning else None,
        dense=seen["dense"] if by_meaning else None,
        shared=seen["shared"],
    )


def _closeness(
    store: Store, embedder: Embedder, meaning: Meaning, hits: Sequence[Hit], spans: Sequence[Spans]
) -> list[list[float]]:
    """How close each span of each hit's text is to the question, in the basis that the index keeps its tokens in."""
    basis = store.basis()
    vector, tokens = _unit(meaning.vector @ basis), _unit(meaning.tokens @ basis)
    rows = store.passages([hit.id for hit in hits])
    packed = store.tokens_of(list(rows))
    found = []
    for hit, each in zip(hits, spans, strict=True):
        words = rows[hit.id].words if hit.id in rows else hit.text
        kept = unpack(packed.get(hit.id, b""), basis.shape[1])
        found.append(closeness(vector, tokens, Understood(hit.text, words, embedder.token_starts(words), kept), each))
    return found


def _unit(rows: Vectors) -> Vectors:
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
    return unit
