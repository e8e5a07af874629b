"""Many arms → one order, by what the scores say and not only by ranks.

A rank forgets how far apart two passages were; that is how a weak arm pulls a strong one down. Here each arm's scores
are brought to 0..1 over the candidates of one question (the best is 1) and added by weight, so an arm that cannot
tell the candidates apart adds nearly the same to all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.retrieve.candidates import Candidate


@dataclass(frozen=True, slots=True)
class Weights:
    """What each arm counts. Chosen by `scripts/evaluate` over all development sets together."""

    dense: float = 0.5
    lexical: float = 0.5
    title: float = 0.1


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its fused score, 0..1."""

    candidate: Candidate
    score: float


def fuse(candidates: Sequence[Candidate], weights: Weights = Weights()) -> list[Ranked]:
    """Best first; equal scores in the order of their ids, so that the same question always gives the same order."""
    if not candidates:
        return []
    total = (
        weights.dense * _scaled([c.dense for c in candidates])
        + weights.lexical * _scaled([c.lexical for c in candidates])
        + weights.title * np.array([c.title for c in candidates])
    ) / (weights.dense + weights.lexical + weights.title)
    ranked = [Ranked(c, float(score)) for c, score in zip(candidates, total, strict=True)]
    return sorted(ranked, key=lambda r: (-r.score, abs(r.candidate.id)))


def _scaled(scores: Sequence[float]) -> NDArray[np.float64]:
    """Smallest 0, largest 1; all 0 if they are equal."""
    values = np.asarray(scores, np.float64)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
