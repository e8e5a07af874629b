"""An answer without a language model: the sentences of the best passages that answer best, verbatim.

A sentence is judged by its own meaning, by the telling words it shares with the question, and by the passage it
stands in, whose rank says more than any single sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from notesearch.answer.closeness import Spans
from notesearch.index.records import role_of
from notesearch.language import sentence_spans, stem, words_of
from notesearch.results import Hit, Quote

Closeness = Callable[[Sequence[Hit], Sequence[Spans]], Sequence[Sequence[float]]]
"""Hits, and spans in the text of each → how close each span is to the question in meaning, about 0..1."""

_HEADING_MARK = re.compile(r"#{1,6}\s+$")
MOST_WORDS = 60
MOST_QUOTES = 3
_NEARLY_AS_GOOD = 0.7
_PASSAGES = 5
_SENTENCES_PER_PASSAGE = 24


@dataclass(frozen=True, slots=True)
class _Sentence:
    hit: Hit
    start: int
    end: int
    score: float

    @property
    def text(self) -> str:
        return self.hit.text[self.start : self.end]


def extract(asked: Sequence[str], hits: Sequence[Hit], closeness: Closeness) -> tuple[Quote, ...]:
    """The quotes that answer, best first, at most 60 words together, from the best passages; `asked` are the telling
    words of the question.
    """
    stems = {stem(word) for word in asked}
    sentences = _judged(stems, [hit for hit in hits if hit.text][:_PASSAGES], closeness)
    return tuple(_quote(s) for s in _within_budget(sorted(sentences, key=lambda s: -s.score)))


def _judged(asked: Set[str], hits: Sequence[Hit], closeness: Closeness) -> list[_Sentence]:
    spans = [_sentences(hit.text)[:_SENTENCES_PER_PASSAGE] for hit in hits]
    close = closeness(hits, spans)
    top = max((hit.score for hit in hits), default=0.0) or 1.0
    return [
        _Sentence(hit, start, end, near + 0.25 * _shared(asked, hit.text[start:end]) + 0.5 * hit.score / top)
        for hit, places, nearness in zip(hits, spans, close, strict=True)
        for (start, end), near in zip(places, nearness, strict=True)
    ]


def _sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences that can answer: a heading only names what is below it, unless nothing is."""
    spans = sentence_spans(text)
    below = [
        (start, end) for start, end in spans if not _HEADING_MARK.search(text, text.rfind("\n", 0, start) + 1, start)
    ]
    return below or spans


def _shared(asked: Set[str], text: str) -> float:
    """Share of the question's words that stand in `text`, other forms included; 0..1."""
    return len(asked & {stem(word) for word in words_of(text)}) / len(asked) if asked else 0.0


def _within_budget(best: Sequence[_Sentence]) -> list[_Sentence]:
    """The best sentence whatever its length, then others nearly as good while they fit; none twice."""
    chosen: list[_Sentence] = []
    words = 0
    for sentence in best:
        if sentence.score < _NEARLY_AS_GOOD * best[0].score:
            break
        length = len(sentence.text.split())
        if any(sentence.text == other.text for other in chosen) or (chosen and words + length > MOST_WORDS):
            continue
        chosen.append(sentence)
        words += length
        if len(chosen) == MOST_QUOTES:
            break
    return chosen


def _quote(sentence: _Sentence) -> Quote:
    hit = sentence.hit
    return Quote(sentence.text, hit.note, _lines(sentence), hit.urls.preferred)


def _lines(sentence: _Sentence) -> tuple[int, int]:
    """Counted from the passage's first; where lines of the text are none of the file, those of the passage."""
    hit = sentence.hit
    if role_of(hit.note) in ("canvas", "pdf", "picture"):
        return hit.lines
    first = hit.lines[0] + hit.text.count("\n", 0, sentence.start)
    return first, first + sentence.text.count("\n")


def evidence(asked: Sequence[str], hits: Sequence[Hit]) -> dict[str, float]:
    """What tells whether the notes hold an answer: the best that the arms said of any hit, and the share of the
    question's words that stand in the first.
    """
    signals = [hit.signals for hit in hits]
    first = " ".join((hits[0].title, *hits[0].headings, hits[0].text)) if hits else ""
    return {
        "rerank": max((s.rerank or 0.0 for s in signals), default=0.0),
        "dense": max((s.dense or 0.0 for s in signals), default=0.0),
        "shared": _shared({stem(word) for word in asked}, first),
    }
