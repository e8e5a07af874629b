"""What tells whether the notes hold an answer: features of the best hits and of the sentences that answer best.

A question with a false premise is near to the notes in meaning. What gives it away is that the sentence lacks its rare
words, or that a name stands in the passage but not where something is said of it. That nothing is of the days asked for
told more within a set (timeqa-train, area under the curve 0.57 to 0.69), but let more questions of other vaults pass (8
to 17 % of them at 5 % needless refusals).
"""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.answer.asked import Asked, stems_of
from notesearch.answer.extract import Sentence
from notesearch.answer.sentences import line_around
from notesearch.results import Hit


def evidence(asked: Asked, hits: Sequence[Hit], best: Sequence[Sentence]) -> dict[str, float]:
    """`dense`, `note_rerank`: the best that these arms said of any hit. `line`: how much of what the question's telling
    words say stands in the line of the best sentence, 0..1. `names`: the share of its names in that line, less that in
    the first hit, -1..1.
    """
    signals = [hit.signals for hit in hits]
    line = stems_of(line_around(best[0].hit.text, best[0].place)) if best else frozenset()
    return {
        "dense": max((s.dense or 0.0 for s in signals), default=0.0),
        "note_rerank": max((s.note_rerank or 0.0 for s in signals), default=0.0),
        "line": asked.share(line),
        "names": asked.named(line) - asked.named(_stems(hits[0])) if best else 0.0,
    }


def words_held(asked: Asked, hits: Sequence[Hit]) -> float:
    """How much of what the telling words say stands in the first hit, 0..1: all there is to go by without vectors."""
    return asked.share(_stems(hits[0])) if hits else 0.0


def _stems(hit: Hit) -> frozenset[str]:
    return stems_of(hit.title, *hit.headings, hit.text)
