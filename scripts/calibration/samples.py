"""What the product says to judged questions, as features with what came true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.answer.extract import evidence
from notesearch.results import Answer
from notesearch.retrieve.query import parse
from scripts.evaluation.data import JudgedSet, Question
from scripts.evaluation.judge import Judge
from scripts.evaluation.product import opened
from scripts.evaluation.run import worth_asking
from scripts.evaluation.said import Found, Said
from scripts.evaluation.unlinked import without_asking_links


@dataclass(frozen=True, slots=True)
class Sample:
    """Features by name, and what came true of them."""

    features: Mapping[str, float]
    true: bool


@dataclass(frozen=True, slots=True)
class Samples:
    """Of one set: a sample a hit (is it relevant), and a sample a question (do the notes hold an answer)."""

    hits: Sequence[Sample]
    questions: Sequence[Sample]


def samples(judged: JudgedSet, cache: Path, strangers: Sequence[Question]) -> Samples:
    """Ask a set's own questions, and `strangers`: questions of other sets, which its notes surely do not answer."""
    vault = without_asking_links(judged, cache)
    judge = Judge(judged, vault)
    hits: list[Sample] = []
    questions: list[Sample] = []
    with opened(cache, vault, {}, lambda *_: None) as product:
        for question in worth_asking(judged):
            answer = product.answer(question.text)
            questions.append(Sample(_evidence(question, answer), question.answerable))
            if question.judged:
                hits += _hits(judge, question, answer)
        questions += [Sample(_evidence(q, product.answer(q.text)), False) for q in strangers]
    return Samples(hits, questions)


def _evidence(question: Question, answer: Answer) -> Mapping[str, float]:
    return evidence(parse(question.text).telling_words, answer.hits)


def _hits(judge: Judge, question: Question, answer: Answer) -> Iterator[Sample]:
    shown = [hit for hit in answer.hits if hit.note not in question.sources]
    ranking = [Found(hit.note, hit.span[0], hit.span[1], hit.score) for hit in shown]
    outcome = judge.outcomes({question: Said(ranking, 0.0)})[question.id]
    for hit, judged in zip(shown, outcome.hits, strict=False):
        best = shown[0].signals
        features = {
            "total": hit.signals.total or 0.0,
            "behind": (best.total or 0.0) - (hit.signals.total or 0.0),
            "best_lexical": best.lexical or 0.0,
            "best_dense": best.dense or 0.0,
        }
        yield Sample(features, bool(judged.relevant))
