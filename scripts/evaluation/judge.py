"""Scores what a system says to the questions of a set: the same code for every system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from scripts.evaluation import measures
from scripts.evaluation.budget import TokenRuler, default_tokens, within_budget
from scripts.evaluation.data import JudgedSet, Question
from scripts.evaluation.evidence import Gold, NoteTexts, gold_of
from scripts.evaluation.results import JudgedHit, Outcome
from scripts.evaluation.said import Found, QuotedText, Reply, Said
from scripts.evaluation.spans import Span
from scripts.evaluation.words import first_words

_CALIBRATED_HITS = 10


class Judge:
    """Knows where the evidence of every question stands; it is worked out once, for all systems."""

    def __init__(self, judged: JudgedSet, vault: Path) -> None:
        self._notes = NoteTexts(vault)
        self._golds = {question.id: gold_of(question, self._notes) for question in judged.questions}
        self._ruler = TokenRuler(default_tokens(), lambda found: self._notes[found.note].text[found.start : found.end])

    def gold(self, question: Question) -> Gold:
        """Where the evidence of a question stands."""
        return self._golds[question.id]

    def outcomes(self, said: Mapping[Question, Said]) -> dict[str, Outcome]:
        """How a system did on each question, by the question's id."""
        of_notes = self._note_values(said)
        return {
            question.id: self._outcome(question, said[question], of_notes.get(question.id, {})) for question in said
        }

    def _note_values(self, said: Mapping[Question, Said]) -> dict[str, dict[str, float]]:
        judged = [question for question in said if question.judged]
        return measures.note_measures(
            {question.id: measures.fold_to_notes(said[question].ranking) for question in judged},
            {question.id: self._golds[question.id].relevance for question in judged},
        )

    def _outcome(self, question: Question, said: Said, of_notes: Mapping[str, float]) -> Outcome:
        values, reply = dict(of_notes), said.reply
        if question.judged:
            values |= self._place_values(question, said.ranking)
            values |= self._answer_values(question, reply) if reply else {}
        return Outcome(
            answerable=question.answerable,
            milliseconds=said.milliseconds,
            values=values,
            best_score=said.ranking[0].score if said.ranking else None,
            confidence=reply.confidence if reply else None,
            refused=not reply.answerable if reply else None,
            hits=self._hits(question, said.ranking) if question.judged else (),
        )

    def _place_values(self, question: Question, ranking: Sequence[Found]) -> dict[str, float]:
        """How much of the evidence the budgets show; nothing where its place is not known."""
        evidence = self._golds[question.id].evidence
        if not evidence:
            return {}
        line_room = within_budget(ranking, measures.LINE_BUDGET_TOKENS, self._ruler)
        evidence_room = within_budget(ranking, measures.EVIDENCE_BUDGET_TOKENS, self._ruler)
        return {
            measures.LINE: measures.line_shown(evidence, line_room),
            measures.EVIDENCE: measures.evidence_shown(evidence, evidence_room),
        }

    def _answer_values(self, question: Question, reply: Reply) -> dict[str, float]:
        """What the first words of the quotes hold: a longer answer has no better chance."""
        quotes = [quote for quote in reply.quotes if quote.note not in question.sources]
        texts = first_words((quote.text for quote in quotes), measures.QUOTED_WORDS)
        gold = self._golds[question.id]
        values: dict[str, float] = {}
        if gold.evidence:
            values[measures.QUOTE_HIT] = measures.quote_hits(self._places(quotes, texts), gold.evidence)
        if question.answers:
            values[measures.ANSWER_STRING] = measures.answer_stands(texts, question.answers)
        if reply.citations and gold.evidence:
            values |= measures.citation_values(reply.citations, gold.is_relevant)
        return values

    def _places(self, quotes: Iterable[QuotedText], texts: Iterable[str]) -> Iterator[tuple[str, Span]]:
        """Where the kept words of each quote stand."""
        for quote, text in zip(quotes, texts, strict=False):
            note = self._notes[quote.note]
            span = note.find(text, note.span_of_lines(*quote.lines))
            if span:
                yield quote.note, span

    def _hits(self, question: Question, ranking: Sequence[Found]) -> tuple[JudgedHit, ...]:
        gold = self._golds[question.id]
        return tuple(
            JudgedHit(found.note, found.start, found.end, found.score, gold.is_relevant(found))
            for found in ranking[:_CALIBRATED_HITS]
        )
