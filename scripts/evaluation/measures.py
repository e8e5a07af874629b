"""The measures of one question: how notes are ranked, how much of the evidence a reader sees, what the quotes hold.

Each value is 0..1, higher is better. What a question cannot tell (no place known, no answers given) is left out of
its values, and so out of the means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import ir_measures
from ir_measures import RR, R, nDCG

from scripts.evaluation.evidence import Evidence
from scripts.evaluation.said import Cited, Found
from scripts.evaluation.spans import Shown, Span, overlap, share_inside
from scripts.evaluation.words import stands_in

NDCG, RECALL, MRR = "nDCG@10", "recall@5", "MRR@10"
LINE, EVIDENCE = "line@600", "evidence@1000"
CITATION_PRECISION, CITATION_RECALL, BORNE_OUT = "citation precision", "citation recall", "borne out"
QUOTE_HIT, ANSWER_STRING = "quote hit", "answer string"
LINE_BUDGET_TOKENS = 600
EVIDENCE_BUDGET_TOKENS = 1000
QUOTED_WORDS = 60

_NOTE_MEASURES = {nDCG @ 10: NDCG, R @ 5: RECALL, RR @ 10: MRR}
# A line is inside what is shown when at least this share of its characters is.
_SHARE_OF_LINE = 0.5


def fold_to_notes(ranking: Iterable[Found]) -> list[str]:
    """The notes of a ranking, each at the place of its best passage."""
    return list(dict.fromkeys(found.note for found in ranking))


def note_measures(
    rankings: Mapping[str, Sequence[str]], relevance: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, float]]:
    """nDCG@10, recall@5 and MRR@10 of each question (keys: question ids) from its notes, best first."""
    runs = {question: {note: float(-rank) for rank, note in enumerate(rankings[question])} for question in relevance}
    qrels = {question: dict(grades) for question, grades in relevance.items()}
    values: dict[str, dict[str, float]] = {question: {} for question in relevance}
    for metric in ir_measures.iter_calc(list(_NOTE_MEASURES), qrels, runs):
        values[metric.query_id][_NOTE_MEASURES[metric.measure]] = float(metric.value)
    return values


def line_shown(evidence: Iterable[Evidence], shown: Shown) -> float:
    """1 if at least half of one line of the evidence is shown, else 0."""
    return float(
        any(
            share_inside(line, shown.get(piece.note, ())) >= _SHARE_OF_LINE
            for piece in evidence
            for line in piece.lines
        )
    )


def evidence_shown(evidence: Sequence[Evidence], shown: Shown) -> float:
    """The share of each piece of evidence that is shown, averaged over the pieces."""
    return sum(share_inside(piece.span, shown.get(piece.note, ())) for piece in evidence) / len(evidence)


def quote_hits(quotes: Iterable[tuple[str, Span]], evidence: Sequence[Evidence]) -> float:
    """1 if a quote (its note and span) overlaps a line of the evidence, else 0."""
    return float(
        any(
            piece.note == note and any(overlap(line, span) for line in piece.lines)
            for note, span in quotes
            for piece in evidence
        )
    )


def answer_stands(quotes: Iterable[str], answers: Sequence[str]) -> float:
    """1 if one of the answers stands in one of the quotes, case and punctuation folded, else 0."""
    return float(any(stands_in(answer, quote) for quote in quotes for answer in answers))


def citation_values(cited: Sequence[Cited], is_evidence: Callable[[Found], bool]) -> dict[str, float]:
    """How well a language model cites (after Gao and others, ALCE, 2023, with judged evidence in the place of an
    inference model): the share of its citations whose passage holds evidence, of its sentences that have such a
    citation, and of its sentences that the product says are borne out.
    """
    sentences = {each.sentence for each in cited}
    right = [each for each in cited if each.passage is not None and is_evidence(each.passage)]
    return {
        CITATION_PRECISION: len(right) / len(cited),
        CITATION_RECALL: len({each.sentence for each in right}) / len(sentences),
        BORNE_OUT: len({each.sentence for each in cited if each.supported}) / len(sentences),
    }
