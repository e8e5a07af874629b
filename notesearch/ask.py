"""Trip 3: question → hits → answer with citations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from notesearch.answer.asked import Asked, asked
from notesearch.answer.closeness import Spans, Understood, closeness
from notesearch.answer.evidence import evidence, words_held
from notesearch.answer.extract import Sentence, quotes, sentences
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
    """The sentences of the best hits that answer best; no text if the notes do not seem to hold an answer.

    Both are judged by the first `JUDGED` of `hits`, so that an answer does not depend on how many are shown.
    """
    wanted = wanted_of(store, query)
    best = best_sentences(store, wanted, meaning, hits[:JUDGED], embedder)
    seen = evidence(wanted, hits[:JUDGED], best)
    quoted = quotes(wanted, best)
    words = words_held(wanted, hits)
    confidence = (words if meaning is None else shipped().confidence(seen)) if quoted else 0.0
    answerable = confidence >= shipped().answerable_from
    return Answer(
        question=question,
        text=" … ".join(quote.text for quote in quoted) if answerable else None,
        quotes=quoted if answerable else (),
        citations=(),
        dates=query.dates,
        newer=newer,
        answerable=answerable,
        confidence=confidence,
        generator="extract",
        hits=tuple(hits[:k]),
        explanation=_grounds({} if meaning is None else seen, words) if explain else None,
    )


def wanted_of(store: Store, query: Query) -> Asked:
    """What the answer to a question is looked for by."""
    words = query.telling_words
    return asked(query.text, words, store.rarity(words), query.dates)


def best_sentences(
    store: Store, wanted: Asked, meaning: Meaning | None, hits: Sequence[Hit], embedder: Embedder
) -> list[Sentence]:
    """The sentences of `hits`, those that answer best first; without the question's meaning, by their words."""

    def close(hits: Sequence[Hit], spans: Sequence[Spans]) -> list[list[float]]:
        if meaning is None:
            return [[0.0] * len(each) for each in spans]
        return _closeness(store, embedder, meaning, hits, spans)

    return sentences(wanted, hits, close)


def _grounds(seen: Mapping[str, float], words: float) -> Grounds:
    """Asked by words alone, the confidence rests on nothing but them: then nothing else is `seen`."""
    return Grounds(
        enough=shipped().answerable_from,
        dense=seen.get("dense"),
        note_rerank=seen.get("note_rerank"),
        line=seen.get("line"),
        names=seen.get("names"),
        words=words,
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
