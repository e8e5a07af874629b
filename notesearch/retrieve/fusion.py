"""Many arms → one order, by what the scores say and not only by ranks.

A rank forgets how far apart two passages were; that is how a weak arm pulls a strong one down. Here each arm speaks
in absolute terms (a cosine, a share of the question's words, a share of the days) and the weighted sum decides, so an
arm that knows nothing adds nothing. Then a passage is lifted by the passages beside it: what is said over several of
them is better evidence than the same words once in passing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import mul
from statistics import fmean

from notesearch.calibration import shipped
from notesearch.retrieve.candidates import Candidate
from notesearch.retrieve.names import NEARLY

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


def fuse(candidates: Sequence[Candidate], weights: Weights = Weights()) -> list[Ranked]:
    """Best first, with probabilities; equals in the order of their ids, so that a question always gives the same."""
    pairs = ordered(candidates, weights)
    ranks = _shared_ranks([total for _, total in pairs])
    likely = (shipped().score(features(c.lexical, total, rank)) for rank, (c, total) in zip(ranks, pairs, strict=True))
    falling = accumulate(likely, min)  # who holds more of the words but stands lower is not the likelier one
    return [Ranked(candidate, total, score) for (candidate, total), score in zip(pairs, falling, strict=True)]


def _shared_ranks(totals: Sequence[float]) -> list[int]:
    """The rank of each total, best first, from 1. Equals share the first's: which of them has the lower id says only
    which was indexed before. What rounding alone tells apart is equal.
    """
    first: dict[float, int] = {}
    return [first.setdefault(round(total, 6), rank) for rank, total in enumerate(totals, start=1)]


def ordered(candidates: Sequence[Candidate], weights: Weights = Weights()) -> list[tuple[Candidate, float]]:
    """Candidates and their totals, best first."""
    alone = totals_alone(candidates, stand_in(candidates), weights)
    total = {c.id: (alone[c.id] + weights.neighbours * beside(c, alone)) / (1 + weights.neighbours) for c in candidates}
    return [(c, total[c.id]) for c in sorted(candidates, key=lambda c: (-total[c.id], abs(c.id)))]


def totals_alone(candidates: Sequence[Candidate], usual: Candidate, weights: Weights) -> dict[int, float]:
    """The total of each candidate by id, its neighbours not counted."""
    of_arms = weights.of_arms
    return {c.id: sum(map(mul, of_arms, values(c, usual))) for c in candidates}


def features(lexical: float, total: float, rank: int) -> dict[str, float]:
    """What the probability of a hit is made of: what speaks for it, and how many come before it."""
    return {"lexical": lexical, "total": total, "log_rank": math.log(rank)}


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


def stand_in(candidates: Sequence[Candidate]) -> Candidate:
    """Stands in where a vector is missing (a note without text, a passage not embedded yet): what is not known of a
    passage must not count for or against it.
    """
    cosines = [c.dense for c in candidates if c.dense is not None]
    maxsims = [c.rerank for c in candidates if c.rerank is not None]
    wholes = [c.note_rerank for c in candidates if c.note_rerank is not None]
    return Candidate(
        0, 0, dense=fmean(cosines or [0.0]), rerank=fmean(maxsims or [0.0]), note_rerank=fmean(wholes or [0.0])
    )


def values(candidate: Candidate, usual: Candidate) -> tuple[float, ...]:
    """What the arms say of a candidate, in the order of `ARMS`."""
    dense = usual.dense if candidate.dense is None else candidate.dense
    rerank = usual.rerank if candidate.rerank is None else candidate.rerank
    note_rerank = usual.note_rerank if candidate.note_rerank is None else candidate.note_rerank
    return (
        dense or 0.0,
        candidate.lexical,
        candidate.only,
        candidate.title,
        candidate.title * (candidate.title >= NEARLY),
        candidate.links,
        candidate.heading,
        candidate.time,
        rerank or 0.0,
        note_rerank or 0.0,
        candidate.cross,
    )


def beside(candidate: Candidate, alone: Mapping[int, float]) -> float:
    """The mean of the neighbours that are candidates, too; a passage without any speaks for itself."""
    found = [alone[n] for n in candidate.neighbours if n in alone]
    return sum(found) / len(found) if found else alone[candidate.id]
