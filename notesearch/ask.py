"""Trip 3: question → hits → answer with citations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from notesearch.answer.extract import Spans, evidence, extract
from notesearch.calibration import shipped
from notesearch.embed import Embedder, Vectors
from notesearch.results import Answer, Hit
from notesearch.retrieve.candidates import Meaning
from notesearch.retrieve.query import Query

JUDGED = 10
"""As many hits tell whether the notes hold an answer."""


def ask(
    question: str,
    query: Query,
    meaning: Meaning | None,
    hits: Sequence[Hit],
    k: int,
    embedder: Embedder | None,
    *,
    newer: int,
) -> Answer:
    """The sentences of the best `k` hits that answer best; no text if the notes do not seem to hold an answer.

    That is judged by the first `JUDGED` of `hits`, so that confidence does not depend on how many are shown.
    """

    def closeness(texts: Sequence[str], spans: Sequence[Spans]) -> list[list[float]]:
        if embedder is None or meaning is None or not texts:
            return [[0.0] * len(each) for each in spans]
        return _closeness(embedder, meaning, texts, spans)

    quotes = extract(query.telling_words, hits[:k], closeness)
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
    )


def _confidence(query: Query, hits: Sequence[Hit], *, by_meaning: bool) -> float:
    """Calibrated; where a question was asked by words alone, the share of them that the first hit holds."""
    seen = evidence(query.telling_words, hits)
    return shipped().confidence(seen) if by_meaning else seen["shared"]


def _closeness(embedder: Embedder, meaning: Meaning, texts: Sequence[str], spans: Sequence[Spans]) -> list[list[float]]:
    """How close each span of each text is to the question: half the cosine of the mean of its tokens, half its MaxSim.

    A passage goes through the model whole, so its sentences are understood by what stands around them, and once, not
    sentence by sentence ("late chunking", Günther et al., 2024).
    """
    encoded = embedder.embed_passages(texts)
    prefix = embedder.card.passage_prefix
    found = []
    for text, vector, tokens, sentences in zip(texts, encoded.vectors, encoded.tokens, spans, strict=True):
        starts = np.array(embedder.token_starts(prefix + text)) - len(prefix)
        ends = [np.searchsorted(starts[: len(tokens)], span) for span in sentences]
        # Behind the end of what the model reads there are no tokens: the passage speaks for the sentence.
        found.append([_near(tokens[a:b] if b > a else vector[None], meaning) for a, b in ends])
    return found


def _near(tokens: Vectors, meaning: Meaning) -> float:
    mean = tokens.mean(axis=0)
    cosine = mean @ meaning.vector / (np.linalg.norm(mean) or 1.0)
    return float(cosine + (tokens @ meaning.tokens.T).max(axis=0).mean()) / 2
