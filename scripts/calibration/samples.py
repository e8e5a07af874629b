"""What the product says to judged questions, as features with what came true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from notesearch.answer.evidence import evidence
from notesearch.answer.extract import Sentence, best_first
from notesearch.calibration import weighed
from notesearch.results import Hit
from notesearch.retrieve.fusion import features
from scripts.evaluation.data import JudgedSet, Question
from scripts.evaluation.evidence import Gold
from scripts.evaluation.judge import Judge
from scripts.evaluation.product import Weighed, opened
from scripts.evaluation.run import worth_asking
from scripts.evaluation.said import Found, Said
from scripts.evaluation.unlinked import without_asking_links


@dataclass(frozen=True, slots=True)
class Sample:
    """Features by name, what came true of them, and whether the question was for other notes."""

    features: Mapping[str, float]
    true: bool
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what its answer rests on, whether the notes hold one, and whether it was asked of other notes."""

    weighed: Weighed
    answerable: bool
    stranger: bool = False

    def evidence(self, weights: Mapping[str, float]) -> Sample:
        """What confidence is made of, were these the weights of sentences."""
        again = (replace(each, weight=weighed(weights, each.traits)) for each in self.weighed.sentences)
        return Sample(evidence(self.weighed.wanted, self.weighed.hits, best_first(again)), self.answerable)


@dataclass(frozen=True, slots=True)
class Samples:
    """Of one set: a sample a hit (is it relevant; to a stranger none is); the sentences of each question that
    one of them answers (does it), where the judgment tells sentences apart; and the questions, unless they are only the
    words of links.
    """

    hits: Sequence[Sample]
    choices: Sequence[Sequence[Sample]]
    questions: Sequence[Asked]


def samples(judged: JudgedSet, cache: Path, strangers: Sequence[Question]) -> Samples:
    """Ask a set's own questions, and `strangers`: questions of other sets, which its notes surely do not answer."""
    vault = without_asking_links(judged, cache)
    judge = Judge(judged, vault)
    hits: list[Sample] = []
    choices: list[Sequence[Sample]] = []
    questions: list[Asked] = []
    with opened(cache, vault, {}, lambda *_: None) as product:
        for question in worth_asking(judged):
            found = product.weighed(question.text)
            if not question.sources:
                questions.append(Asked(found, question.answerable))
            if question.judged:
                hits += _hits(judge, question, found.hits)
                choices += _choices(judge.gold(question), question, found.sentences)
        if questions:
            strayed = [Asked(product.weighed(stranger.text), False, stranger=True) for stranger in strangers]
            hits += [Sample(_features(hit), False, stranger=True) for each in strayed for hit in each.weighed.hits]
            questions += strayed
    return Samples(hits, choices, questions)


def _choices(gold: Gold, question: Question, sentences: Sequence[Sentence]) -> Iterator[Sequence[Sample]]:
    if not any(mark.text for judgment in question.judgments for mark in judgment.marks):
        return
    choice = [Sample(each.traits, gold.is_relevant(_place(each))) for each in sentences]
    if any(sample.true for sample in choice):
        yield choice


def _place(sentence: Sentence) -> Found:
    first = sentence.hit.span[0]
    return Found(sentence.hit.note, first + sentence.place.start, first + sentence.place.end)


def _hits(judge: Judge, question: Question, hits: Sequence[Hit]) -> Iterator[Sample]:
    shown = [hit for hit in hits if hit.note not in question.sources]
    ranking = [Found(hit.note, hit.span[0], hit.span[1], hit.score) for hit in shown]
    outcome = judge.outcomes({question: Said(ranking, 0.0)})[question.id]
    for hit, judged in zip(shown, outcome.hits, strict=False):
        yield Sample(_features(hit), bool(judged.relevant))


def _features(hit: Hit) -> dict[str, float]:
    return features(hit.signals.lexical or 0.0, hit.signals.total or 0.0, hit.rank)
