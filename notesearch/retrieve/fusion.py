"""Many arms → one order, by what the scores say and not only by ranks.

A rank forgets how far apart two passages were; that is how a weak arm pulls a strong one down. Here each arm speaks
in absolute terms (a cosine, a share of the question's words, a share of the days) and the weighted sum decides, so an
arm that knows nothing adds nothing. Then a passage is lifted by the passages beside it: what is said over several of
them is better evidence than the same words once in passing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from notesearch.calibration import Number, shipped
from notesearch.index.records import quickly
from notesearch.index.vectors import Ids
from notesearch.retrieve.names import NEARLY
from notesearch.retrieve.pool import Candidate, Pool, Said

ARMS = (
    *("dense", "lexical", "only_one", "title", "exact_name", "links", "exact_heading", "time", "rerank", "note_rerank"),
    "cross",
)
"""What adds up to the total of a passage alone, as `Weights` names it."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each arm counts, and what the neighbours. Chosen by measurement over the development sets together.

    `only_one` is for the one passage that holds every telling word: who types a rare name or a code means it, and what
    only resembles it may not come before. `exact_name` is for a note asked for by its very name,
    `exact_heading` for a section. `cross` is for a model that the user names, so it was not measured: it outweighs no
    name, and little else withstands it.
    """

    dense: float = 0.25
    lexical: float = 0.7
    only_one: float = 2.0
    title: float = 0.1
    exact_name: float = 2.0
    links: float = 0.3
    exact_heading: float = 1.0
    time: float = 0.8
    rerank: float = 2.0
    note_rerank: float = 2.0
    cross: float = 2.0
    neighbours: float = 0.3

    @property
    def of_arms(self) -> tuple[float, ...]:
        """In the order of `ARMS`."""
        return tuple(getattr(self, arm) for arm in ARMS)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate, the weighted sum of what the arms say of it and its neighbours, and the probability, 0..1, that it
    is relevant.
    """

    candidate: Candidate
    total: float
    score: float


_ranked = quickly(Ranked)


def fuse(pool: Pool, weights: Weights = Weights(), most: int | None = None) -> list[Ranked]:
    """The best, with probabilities; equals in the order of their ids, so that a question always gives the same."""
    rows, totals = ordered(pool, weights)
    likely = shipped().score.of_each(features(pool.lexical[rows], totals, _shared_ranks(totals)))
    falling = np.minimum.accumulate(likely)  # who holds more of the words but stands lower is not the likelier one
    return list(map(_ranked, pool.rows(rows[:most]).candidates(), totals.tolist(), falling.tolist()))


def _shared_ranks(totals: Said) -> Said:
    """The rank of each total, best first, from 1. Equals share the first's: which of them has the lower id says only
    which was indexed before. What rounding alone tells apart is equal.
    """
    _, first, places = np.unique(-totals.round(6), return_index=True, return_inverse=True)
    ranks: Said = first[places].astype(np.float64) + 1
    return ranks


def ordered(pool: Pool, weights: Weights = Weights()) -> tuple[Ids, Said]:
    """Rows, best first, and their totals."""
    alone = totals_alone(pool, weights)
    totals = (alone + weights.neighbours * beside(pool, alone)) / (1 + weights.neighbours)
    rows = np.lexsort((np.abs(pool.ids), -totals))
    return rows, totals[rows]


def totals_alone(pool: Pool, weights: Weights) -> Said:
    """The total of each candidate, its neighbours not counted."""
    totals = np.zeros(len(pool))
    for weight, said in zip(weights.of_arms, values(pool), strict=True):
        totals += weight * said
    return totals


def features(lexical: Number, total: Number, rank: Number) -> dict[str, Number]:
    """What the probability of a hit is made of: what speaks for it, and how many come before it."""
    return {"lexical": lexical, "total": total, "log_rank": np.log(rank)}


def together(rankings: Sequence[Sequence[Ranked]]) -> list[Ranked]:
    """Rankings by several phrasings of one question as one: the mean of what each says of a passage.

    A passage that a phrasing did not find is to it like the last that it found. Its arms speak as the phrasing has it
    by which it stands best.
    """
    if len(rankings) == 1:
        return list(rankings[0])
    found = [{r.candidate.id: r for r in ranking} for ranking in rankings]
    last = [ranking[-1] for ranking in rankings if ranking]
    fused = []
    for id_ in dict.fromkeys(id_ for by_id in found for id_ in by_id):
        said = [by_id.get(id_, worst) for by_id, worst in zip((each for each in found if each), last, strict=True)]
        best = max((by_id[id_] for by_id in found if id_ in by_id), key=lambda r: r.total)
        fused.append(replace(best, total=fmean(r.total for r in said), score=fmean(r.score for r in said)))
    return sorted(fused, key=lambda r: (-r.total, abs(r.candidate.id)))


def below_originals(ranked: Sequence[Ranked], originals: Mapping[int, int]) -> list[Ranked]:
    """The same hits, each conflict copy below what was found of its original (rule F10); `originals` by note id.

    The original's best passage is lifted above the copy. To lower the copy instead would lose what only it holds.
    """
    best: dict[int, Ranked] = {}
    for r in ranked:
        best.setdefault(r.candidate.note, r)
    lifted: dict[int, Ranked] = {}
    for copy in originals.keys() & best.keys():
        if original := best.get(originals[copy]):
            at = lifted.get(original.candidate.id, original)
            lifted[original.candidate.id] = max(at, best[copy], key=lambda r: r.total)
    if not lifted:
        return list(ranked)
    places = ((r, lifted.get(r.candidate.id, r)) for r in ranked)
    raised = [replace(r, total=place.total, score=place.score) for r, place in places]
    return sorted(raised, key=lambda r: (-r.total, r.candidate.note in originals))


def values(pool: Pool) -> tuple[Said, ...]:
    """What the arms say, in the order of `ARMS`, each (n,)."""
    return (
        _or_usual(pool.dense),
        pool.lexical,
        pool.only,
        pool.title,
        pool.title * (pool.title >= NEARLY),
        pool.links,
        pool.heading,
        pool.time,
        _or_usual(pool.rerank),
        _or_usual(pool.note_rerank),
        pool.cross,
    )


def _or_usual(said: Said) -> Said:
    """The mean stands in where a vector is missing (a note without text, a passage not embedded yet): what is not known
    of a passage must not count for or against it.
    """
    unknown = np.isnan(said)
    return np.where(unknown, 0.0 if unknown.all() else said[~unknown].mean(), said)


def beside(pool: Pool, alone: Said) -> Said:
    """The mean total of the neighbours that are candidates, too.

    A passage without any gets what is usual of the others: a best passage has worse ones beside it as a rule, so a note
    of one passage would else gain by being short.
    """
    one, other = pool.beside.T
    count = np.bincount(one, minlength=len(pool))
    known = count > 0
    if not known.any():
        return alone
    means = np.bincount(one, alone[other], len(pool)) / np.maximum(count, 1)
    return np.where(known, means, means[known].mean())
