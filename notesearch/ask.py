"""Trip 3: question → hits → answer with citations."""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.answer.extract import ANSWERABLE_FROM, extract
from notesearch.embed import Embedder
from notesearch.results import Answer, Hit
from notesearch.retrieve.query import Query


def ask(question: str, query: Query, hits: Sequence[Hit], embedder: Embedder | None, *, newer: int) -> Answer:
    """The sentences of the hits that answer best; no text if the notes do not seem to hold an answer."""

    def meaning(texts: Sequence[str]) -> Sequence[float]:
        if embedder is None or not texts:
            return [0.0] * len(texts)
        cosines: list[float] = (
            embedder.embed_passages(texts).vectors @ embedder.embed_query(query.text).vectors[0]
        ).tolist()
        return cosines

    found = extract(query.telling_words, hits, meaning)
    answerable = bool(found.quotes) and found.confidence >= ANSWERABLE_FROM
    return Answer(
        question=question,
        text=" … ".join(quote.text for quote in found.quotes) if answerable else None,
        quotes=found.quotes if answerable else (),
        citations=(),
        dates=query.dates,
        newer=newer,
        answerable=answerable,
        confidence=found.confidence,
        generator="extract",
        hits=tuple(hits),
    )
