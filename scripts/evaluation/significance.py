"""Is a difference between two systems more than chance? A paired randomisation test over the questions of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 10_000
SEED = 17
# Sums of the same numbers in another order differ by rounding; a tie must count as a tie.
_ROUNDING = 1e-9
_ROUNDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of `new - old` over `questions` questions, and the probability of one as large by chance (two-sided)."""

    mean: float
    p_value: float
    questions: int


def paired_difference(old: Mapping[str, float], new: Mapping[str, float]) -> Difference | None:
    """Compare two runs question by question; None if they share no question."""
    shared = [question for question in new if question in old]
    if not shared:
        return None
    gains = np.array([new[question] - old[question] for question in shared])
    return Difference(float(gains.mean()), randomisation_test(gains), len(shared))


def randomisation_test(gains: NDArray[np.float64], rounds: int = ROUNDS, seed: int = SEED) -> float:
    """The probability of a mean as far from zero if the systems were equal (Smucker, Allan and Carterette, CIKM 2007).

    Were they equal, each gain would be as likely with the other sign; so: how often do random signs give such a mean?
    Two-sided, the same for the same seed, never 0.
    """
    random = np.random.default_rng(seed)
    gains = gains[gains != 0]
    observed = abs(gains.sum()) - _ROUNDING
    as_far = 0
    for done in range(0, rounds, _ROUNDS_AT_ONCE):
        signs = random.integers(0, 2, size=(min(_ROUNDS_AT_ONCE, rounds - done), len(gains))) * 2.0 - 1.0
        as_far += int(np.count_nonzero(np.abs(signs @ gains) >= observed))
    return (as_far + 1) / (rounds + 1)
