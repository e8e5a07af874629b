"""Trip 3: question → hits → answer with citations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from notesearch.answer.asked import Asked, asked
from notesearch.answer.closeness import Spans, Understood, closeness
from notesearch.answer.evidence import evidence, words_held
from notesearch.answer.extract import Sentence, quotes, sentences
from notesearch.calibration import shipped
from notesearch.config import Settings
from notesearch.embed import Embedder
from notesearch.errors import LanguageModelError
from notesearch.index.store import Store
from notesearch.maxsim import Vectors, unpack
from notesearch.results import Answer, Grounds, Hit, Turn
from notesearch.retrieve.candidates import Meaning
from notesearch.retrieve.query import Query

if TYPE_CHECKING:  # what only a language model needs, no other question waits for
    from notesearch.answer.citations import Similar
    from notesearch.answer.prompt import Prompt
    from notesearch.endpoint import Endpoint

JUDGED = 10
"""As many hits tell whether the notes hold an answer."""
_ENCODED = 64
"""Sentences that an answer waits for, where each has to be encoded: one request."""


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
        if meaning is None or not hits:
            return [[0.0] * len(each) for each in spans]
        if not embedder.tells_tokens:
            return _closeness_one_by_one(embedder, meaning, hits, spans)
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


def _closeness_one_by_one(
    embedder: Embedder, meaning: Meaning, hits: Sequence[Hit], spans: Sequence[Spans]
) -> list[list[float]]:
    """The same, where the index keeps no more of a passage than its vector: the first sentences are encoded by
    themselves, the others are as close as their passage.
    """
    texts = [hit.text[start:end] for hit, each in zip(hits, spans, strict=True) for start, end in each]
    cosines = iter((embedder.embed_passages(texts[:_ENCODED]).vectors @ meaning.vector).tolist())
    return [[next(cosines, hit.signals.dense or 0.0) for _ in each] for hit, each in zip(hits, spans, strict=True)]


def _unit(rows: Vectors) -> Vectors:
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
    return unit


def prompt_for(answer: Answer, query: Query, history: Sequence[Turn], settings: Settings) -> Prompt | None:
    """What a language model would be told; None if the notes do not seem to hold an answer: it would make one up."""
    from notesearch.answer.generate import ANSWER_TOKENS
    from notesearch.answer.prompt import prompt

    if not answer.answerable:
        return None
    tokens = settings.llm_context_tokens - ANSWER_TOKENS
    return prompt(query.text, answer.hits, query.dates, history, date.today(), tokens)


def write(
    answer: Answer,
    prompt: Prompt,
    model: Endpoint,
    timeout_s: float,
    similar: Similar,
    tell: Callable[[str], None] | None,
) -> tuple[Answer, list[str]]:
    """The answer in a language model's words, each sentence told once it is checked; and what the user should know.

    If the model fails, or nothing that it says is borne out, the answer stays as it is: the notes' own words.
    """
    from notesearch.answer import citations as cited
    from notesearch.answer.generate import written
    from notesearch.answer.prompt import DECLINED

    numbered = {hit.rank: hit for hit in prompt.hits}
    said: list[cited.Sentence] = []
    remarks = _sent(prompt, model)
    try:
        for lead, text in cited.sentences(written(model, prompt.messages, timeout_s=timeout_s)):
            if not said and text.startswith(DECLINED.rstrip(".")):
                return _declined(answer, model), remarks
            said.append(cited.checked(lead if said else "", text, numbered, similar))
            if tell is not None:
                tell(said[-1].said)
    except LanguageModelError as error:
        return answer, [*remarks, f"{error}; the answer is in the notes' own words."]
    citations = tuple(citation for sentence in said for citation in sentence.citations)
    if not any(sentence.supported for sentence in said):
        unsure = f"The passages bear out nothing that {model.name} said; the answer is in the notes' own words."
        return replace(answer, citations=citations), [*remarks, unsure]
    text = "".join(sentence.said for sentence in said)
    return replace(answer, text=text, citations=citations, generator=model.name), remarks


def _declined(answer: Answer, model: Endpoint) -> Answer:
    """The model read the passages and found no answer in them: they are the nearest, no more."""
    return replace(answer, text=None, quotes=(), answerable=False, generator=model.name)


def _sent(prompt: Prompt, model: Endpoint) -> list[str]:
    remarks = []
    if not model.is_here:
        remarks.append(f"The question and {len(prompt.hits)} passages were sent to {model.host}.")
    if prompt.masked:
        remarks.append(f"{prompt.masked} lines that look like keys were kept from {model.name}.")
    if prompt.left_out:
        remarks.append(
            f"{prompt.left_out} of the passages were too much for {model.name} (llm_context_tokens in the settings)."
        )
    return remarks
