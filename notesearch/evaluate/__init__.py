"""Trip 4: the vaults → questions whose answer is known → search → how well that answer is found.

What is measured is the search as people get it, filters, dates and all; only the notes that a question was taken from
are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, median

from notesearch.config import Settings
from notesearch.errors import UsageError
from notesearch.evaluate.measures import DEPTH, chance, ndcg, percentile, recall, reciprocal
from notesearch.evaluate.questions import KINDS, Question, Whose, drawn, questions_of
from notesearch.index.store import Store
from notesearch.read.vault import obsidian_root
from notesearch.results import Evaluation, Hit, Measured, Missed, Place, Progress, Quality, Versus
from notesearch.urls import urls_for

PASSAGES = 50
"""As many passages are asked for: enough for ten notes of several passages each."""
_WORST = 20
_TOGETHER = "together"

Find = Callable[[str, int], Sequence[Hit]]
"""A question, and how many passages are wanted → hits, best first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a question came to. `rank`: that of the right answer among notes, or among passages where a section is
    asked for; `first`: what came first, asking notes left out.
    """

    question: Question
    rank: int | None
    first: Hit | None
    seconds: float


def evaluate(
    indexes: Sequence[tuple[Store, Find]], settings: Settings, count: int, seed: int, progress: Progress
) -> Evaluation:
    """Measure one or two indexes of the same vaults by the same `count` questions, drawn from the first of them.

    Nothing is measured if its vaults give no question. Raises UsageError for a `count` below 1.
    """
    if count < 1:
        raise UsageError(f"{count} questions say nothing. Ask for 1 or more.")
    started = time.perf_counter()
    home, _ = indexes[0]
    by_kind = questions_of(home)
    questions = drawn(by_kind, count, seed)
    asked = indexes if questions else ()
    results = [ask_all(store, questions, find, progress) for store, find in asked]
    right = partial(right_place, home, settings)
    return Evaluation(
        available={kind: len(found) for kind, found in by_kind.items()},
        measured=tuple(measured(store, outcomes, right) for (store, _), outcomes in zip(asked, results, strict=True)),
        versus=versus(*results) if len(results) == 2 else None,
        seconds=time.perf_counter() - started,
    )


def ask_all(store: Store, questions: Sequence[Question], find: Find, progress: Progress) -> list[Outcome]:
    """Ask every question of the index in `store`; one before them all, since loading the model is not searching."""
    roots = {vault.name: vault.root for vault in store.vaults()}
    find(questions[0].text, PASSAGES)
    outcomes = []
    for done, question in enumerate(questions):
        progress("asking", done, len(questions))
        started = time.perf_counter()
        found = find(question.text, PASSAGES)
        seconds = time.perf_counter() - started
        kept = [(whose, hit) for hit in found if (whose := (roots[hit.vault], hit.note)) not in question.asking]
        outcomes.append(Outcome(question, rank(question, kept), kept[0][1] if kept else None, seconds))
    progress("asking", len(questions), len(questions))
    return outcomes


def rank(question: Question, found: Sequence[tuple[Whose, Hit]]) -> int | None:
    """At which place, from 1, the right answer is; None if not among the first ten."""
    if question.lines is None:
        places = [whose == question.right for whose in dict.fromkeys(whose for whose, _ in found)]
    else:
        first, last = question.lines
        places = [whose == question.right and hit.lines[0] <= last and hit.lines[1] >= first for whose, hit in found]
    return next((place for place, right in enumerate(places[:DEPTH], start=1) if right), None)


def measured(store: Store, outcomes: Sequence[Outcome], right: Callable[[Question], Place]) -> Measured:
    """The figures of one index, and its worst questions; `right` says where the right answer of one stands."""
    of_kind = {kind: [o for o in outcomes if o.question.kind == kind] for kind in KINDS}
    recipe = store.recipe()
    worst = sorted((o for o in outcomes if o.rank != 1), key=lambda o: reciprocal(o.rank))[:_WORST]
    return Measured(
        index=str(store.folder),
        model=recipe.model.name if recipe else "",
        kinds=tuple(quality(kind, some) for kind, some in (*of_kind.items(), (_TOGETHER, outcomes)) if some),
        worst=tuple(
            Missed(o.question.kind, o.question.text, o.rank, right(o.question), place(o.first) if o.first else None)
            for o in worst
        ),
    )


def quality(kind: str, outcomes: Sequence[Outcome]) -> Quality:
    """The means over some outcomes, at least one."""
    ranks, milliseconds = [o.rank for o in outcomes], [1000 * o.seconds for o in outcomes]
    return Quality(
        kind=kind,
        questions=len(outcomes),
        recall_5=fmean(map(recall, ranks)),
        ndcg_10=fmean(map(ndcg, ranks)),
        mrr_10=fmean(map(reciprocal, ranks)),
        median_ms=median(milliseconds),
        p95_ms=percentile(milliseconds, 0.95),
    )


def versus(one: Sequence[Outcome], other: Sequence[Outcome]) -> Versus:
    """The same questions, asked of two indexes."""
    pairs = [(reciprocal(a.rank), reciprocal(b.rank)) for a, b in zip(one, other, strict=True)]
    better, worse = sum(b > a for a, b in pairs), sum(b < a for a, b in pairs)
    return Versus(better, worse, chance(better, worse))


def right_place(store: Store, settings: Settings, question: Question) -> Place:
    """Where the answer stands, of a question made from this index."""
    root, path = question.right
    vault = next(vault for vault in store.vaults() if vault.root == root)
    line = question.lines[0] if question.lines else 1
    named = store.parts(vault.id, path) if question.lines else []
    heading = next((part.name for part in named if part.level and part.line == line), "")
    urls = urls_for(
        Path(root),
        path,
        line,
        heading,
        obsidian=obsidian_root(Path(root)),
        base_url=settings.base_url,
        editor_url=settings.editor_url,
    )
    return Place(vault.name, path, line, heading or store.names(vault.id)[path][0], urls.preferred)


def place(hit: Hit) -> Place:
    """Where a hit stands."""
    return Place(hit.vault, hit.note, hit.lines[0], hit.headings[-1] if hit.headings else hit.title, hit.urls.preferred)
