"""An answer without a language model: the sentences of the best passages that answer best, verbatim.

What speaks for a sentence are its traits: how close it is to the question in meaning, the telling words it shares with
it, alone and with what stands above it, how good its passage is beside the best, whether it is of the days asked for,
and whether it has the kind of thing that is asked for. Their weights are fitted by `scripts/calibrate`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from notesearch.answer.asked import Asked, stems_of
from notesearch.answer.closeness import Spans
from notesearch.answer.kinds import Kinds, asks_when
from notesearch.answer.sentences import Place, places
from notesearch.answer.when import Days, fit, said
from notesearch.calibration import shipped, weighed
from notesearch.index.records import DateSpan, role_of
from notesearch.results import Hit, Quote

Closeness = Callable[[Sequence[Hit], Sequence[Spans]], Sequence[Sequence[float]]]
"""Hits, and spans in the text of each → how close each span is to the question in meaning, about 0..1."""

MOST_WORDS = 60
MOST_QUOTES = 3
_NEARLY_AS_LIKELY = 0.02
"""A sentence with less of the best one's likelihood is left out. Measured on five sets: with 0.05 a quote hits for
0.724 of the questions, with this for 0.731, at two words more; with 0.001 for 0.735, at four.
"""
_STEEPNESS = 2.5
"""How fast a passage counts for less the more points it is behind the best: 0.4 behind, by a factor of e."""
_SENTENCES_PER_PASSAGE = 24
_LENT = 0.95
"""Of the closeness and the words of a question in the notes, to the sentence after it."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that may answer, and what speaks for it. `weight`: the logarithm of its likelihood to answer, but for
    a constant of the question.
    """

    hit: Hit
    place: Place
    traits: Mapping[str, float]
    weight: float

    @property
    def text(self) -> str:
        """Verbatim."""
        return self.hit.text[self.place.start : self.place.end]


def sentences(asked: Asked, hits: Sequence[Hit], closeness: Closeness) -> list[Sentence]:
    """All that could be quoted from `hits`, those that answer best first."""
    hits = [hit for hit in hits if hit.text]
    found = [places(hit.text, _SENTENCES_PER_PASSAGE) for hit in hits]
    close = closeness(hits, [[(place.start, place.end) for place in each] for each in found])
    totals = [hit.signals.total or 0.0 for hit in hits]
    good = [math.exp(_STEEPNESS * (total - max(totals))) for total in totals]
    kinds = Kinds(asked.text, frozenset(asked.rarity) | asked.names)
    judged = [
        Sentence(hit, place, traits, weighed(shipped().sentence, traits))
        for hit, beside_best, of_hit, near in zip(hits, good, found, close, strict=True)
        for place, traits in zip(of_hit, _traits(asked, kinds, hit, beside_best, of_hit, near), strict=True)
        if place.quotable
    ]
    return best_first(judged)


def best_first(judged: Iterable[Sentence]) -> list[Sentence]:
    """By weight; of equals the one of the better hit."""
    return sorted(judged, key=lambda sentence: -sentence.weight)


def quotes(asked: Asked, best: Sequence[Sentence]) -> tuple[Quote, ...]:
    """The best sentence whatever its length, then others nearly as likely while they fit into 60 words; none twice."""
    chosen: list[Sentence] = []
    words = 0
    for sentence in best:
        if sentence.weight < best[0].weight + math.log(_NEARLY_AS_LIKELY) or len(chosen) == MOST_QUOTES:
            break
        length = len(sentence.text.split())
        if not any(sentence.text == other.text for other in chosen) and (not chosen or words + length <= MOST_WORDS):
            chosen.append(sentence)
            words += length
    return tuple(Quote(s.text, s.hit.note, _lines(s), s.hit.urls.preferred, _date(asked, s)) for s in chosen)


def _traits(
    asked: Asked, kinds: Kinds, hit: Hit, beside_best: float, found: Sequence[Place], close: Sequence[float]
) -> list[dict[str, float]]:
    above = stems_of(hit.title, *hit.headings)
    traits: list[dict[str, float]] = []
    dated: list[Days] = []
    for place, near in zip(found, close, strict=True):
        text = hit.text[place.start : place.end]
        stems = stems_of(text)
        days = said(text) if asked.dates else []
        has, lacks = kinds.fit(text)
        own = {
            "passage": beside_best,
            "near": near,
            "words": asked.share(stems),
            "words_with_headings": asked.share(stems | above),
            "date": fit(asked.dates, days),
            "date_before": 0.0 if days else fit(asked.dates, dated),
            "kind": float(has),
            "kind_missing": float(lacks),
        }
        dated = days or dated
        if place.lead is not None:
            own |= {name: max(own[name], _LENT * traits[place.lead][name]) for name in ("near", "words")}
        traits.append(own)
    return traits


def _date(asked: Asked, sentence: Sentence) -> DateSpan | None:
    date = sentence.hit.date
    told = date is None or date.source == "file time" or said(sentence.text)
    return None if told or not asks_when(asked.text) else date


def _lines(sentence: Sentence) -> tuple[int, int]:
    """Counted from the passage's first; where lines of the text are none of the file, those of the passage."""
    hit = sentence.hit
    if role_of(hit.note) in ("canvas", "pdf", "picture"):
        return hit.lines
    first = hit.lines[0] + hit.text.count("\n", 0, sentence.place.start)
    return first, first + sentence.text.count("\n")
