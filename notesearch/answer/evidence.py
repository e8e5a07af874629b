"""What tells whether the notes hold an answer: features of the best hits and of the sentences that answer best.

A question with a false premise is near to the notes in meaning. What gives it away is that the sentence lacks its rare
words, that a name stands in the passage but not where something is said of it, or that nothing is of the days asked
for.
"""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.answer.asked import Asked, stems_of
from notesearch.answer.extract import MOST_QUOTES, Sentence
from notesearch.answer.sentences import line_around
from notesearch.answer.when import SURE, fit
from notesearch.results import Hit


def evidence(asked: Asked, hits: Sequence[Hit], best: Sequence[Sentence]) -> dict[str, float]:
    """`dense`, `note_rerank`: the best that these arms said of any hit. `line`: how much of what the question's telling
    words say stands in the line of the best sentence, 0..1. `names`: the share of its names in that line, less that in
    the first hit, -1..1. `dates_missed`: 0..1, how far the best sentences are from the days asked for.
    """
    signals = [hit.signals for hit in hits]
    line = stems_of(line_around(best[0].hit.text, best[0].place)) if best else frozenset()
    return {
        "dense": max((s.dense or 0.0 for s in signals), default=0.0),
        "note_rerank": max((s.note_rerank or 0.0 for s in signals), default=0.0),
        "line": asked.share(line),
        "names": asked.named(line) - asked.named(_stems(hits[0])) if best else 0.0,
        "dates_missed": _dates_missed(asked, best[:MOST_QUOTES]),
    }


def words_held(asked: Asked, hits: Sequence[Hit]) -> float:
    """How much of what the telling words say stands in the first hit, 0..1: all there is to go by without vectors."""
    return asked.share(_stems(hits[0])) if hits else 0.0


def _stems(hit: Hit) -> frozenset[str]:
    return stems_of(hit.title, *hit.headings, hit.text)


def _dates_missed(asked: Asked, best: Sequence[Sentence]) -> float:
    """0 if the question is not sure to speak of certain days: nothing can be missed then."""
    if not any(span.certainty >= SURE for span in asked.dates):
        return 0.0
    return 1 - max((max(_fits(asked, sentence)) for sentence in best), default=0.0)


def _fits(asked: Asked, sentence: Sentence) -> tuple[float, float, float]:
    dated = sentence.hit.date
    of_note = fit(asked.dates, [(dated.first, dated.last)]) if dated and dated.source != "file time" else 0.0
    return sentence.traits["date"], sentence.traits["date_before"] / 2, of_note
