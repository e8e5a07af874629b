"""One set from the folder to its result: read, index, ask every system every question, score."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from notesearch.results import Progress
from scripts.evaluation.baselines import Bm25, Dense, Fused, System, Vectors
from scripts.evaluation.data import JudgedSet, Question
from scripts.evaluation.judge import Judge
from scripts.evaluation.product import Product, opened
from scripts.evaluation.results import SetResult, SystemResult, system_result
from scripts.evaluation.said import Found, Said
from scripts.evaluation.unlinked import without_asking_links

NOTESEARCH = "notesearch"
SYSTEMS = (NOTESEARCH, "bm25", "dense", "rrf")
# Deep enough for ten notes of many passages each.
DEPTH = 200
# With most of the vault left out afterwards, a ranking must be deeper to fill the budgets.
DEPTH_SCOPED = 2000


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compare, and how.

    `answers`: also ask for answers; `llm`: written by this language model. `history`: the product sees what was said
    before a question. `scoped`: only notes in a question's scope count as found. `sample`: that many
    questions of each set, drawn by `seed`. `fresh`: build the indexes anew.
    """

    systems: tuple[str, ...] = SYSTEMS
    switches: Mapping[str, str] = field(default_factory=dict)
    answers: bool = False
    scoped: bool = False
    sample: int | None = None
    seed: int = 0
    fresh: bool = False
    history: bool = False
    llm: str = ""


class Encoder:
    """Encodes each question once, however many systems ask for it, and knows how long that took."""

    def __init__(self, embed: Callable[[str], Vectors]) -> None:
        self._embed = embed
        self._known: dict[str, Vectors] = {}
        self._milliseconds: list[float] = []

    def __call__(self, question: str) -> Vectors:
        """The question's vector."""
        if question not in self._known:
            began = perf_counter()
            self._known[question] = self._embed(question)
            self._milliseconds.append((perf_counter() - began) * 1000)
        return self._known[question]

    @property
    def median_milliseconds(self) -> float | None:
        """Of a question; None if none was encoded."""
        return median(self._milliseconds) if self._milliseconds else None


def measure_set(judged: JudgedSet, cache: Path, plan: Plan, progress: Progress) -> SetResult:
    """Measure the systems of the plan on one set; what is built for it is kept in `cache` and used again."""
    if plan.fresh:
        shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    vault = without_asking_links(judged, cache)
    if plan.sample:
        judged = judged.sample(plan.sample, plan.seed)
    judge = Judge(judged, vault)
    with opened(cache, vault, plan.switches, progress, plan.llm) as product:
        passages, vectors = product.passages()
        encoder = Encoder(product.embed)
        bm25, dense = Bm25(passages), Dense(passages, vectors, encoder)
        systems: dict[str, System] = {NOTESEARCH: product, "bm25": bm25, "dense": dense, "rrf": Fused(bm25, dense)}
        questions = worth_asking(judged)
        results = {name: _measure(name, systems[name], questions, judge, plan, progress) for name in plan.systems}
        remarks = product.remarks()
    return SetResult(
        name=judged.name,
        passages=len(passages),
        judged=sum(question.judged for question in judged.questions),
        unanswerable=sum(not question.answerable for question in judged.questions),
        encoding_milliseconds=encoder.median_milliseconds,
        systems=results,
        remarks=remarks,
    )


def _measure(
    name: str, system: System, questions: Sequence[Question], judge: Judge, plan: Plan, progress: Progress
) -> SystemResult:
    said: dict[Question, Said] = {}
    depth = DEPTH_SCOPED if plan.scoped else DEPTH
    for done, question in enumerate(questions):
        progress(name, done, len(questions))
        began = perf_counter()
        history = question.history if plan.history else ()
        if isinstance(system, Product):
            ranking = system.rank(question.text, depth, history)
        else:
            ranking = system.rank(question.text, depth)
        milliseconds = (perf_counter() - began) * 1000
        kept = [found for found in ranking if _counts(found, question, plan)]
        reply = system.reply(question.text, history) if plan.answers and isinstance(system, Product) else None
        said[question] = Said(kept, milliseconds, reply)
    return system_result(judge.outcomes(said), is_product=isinstance(system, Product))


def worth_asking(judged: JudgedSet) -> list[Question]:
    """The judged questions; where some are unanswerable, all of them, to tell the two kinds apart."""
    tells_kinds_apart = any(not question.answerable for question in judged.questions)
    return [question for question in judged.questions if question.judged or tells_kinds_apart]


def _counts(found: Found, question: Question, plan: Plan) -> bool:
    """A source holds the question word for word, so finding it proves nothing."""
    if found.note in question.sources:
        return False
    return not (plan.scoped and question.scope) or found.note in question.scope
