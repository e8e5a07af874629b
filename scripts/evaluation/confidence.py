"""Whether scores mean what they say: refusal (one confidence a question) and calibration (one probability a hit)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 10


def area_under_curve(of_answerable: ArrayLike, of_unanswerable: ArrayLike) -> float:
    """The area under the ROC curve: how often an answerable question has more confidence than an unanswerable one.

    Equal ones count half; 0.5 is no better than chance. Neither list is empty.
    """
    high = np.asarray(of_answerable, dtype=np.float64)
    low = np.sort(np.asarray(of_unanswerable, dtype=np.float64))
    below = np.searchsorted(low, high, side="left")
    not_above = np.searchsorted(low, high, side="right")
    return float((below + not_above).sum() / (2 * len(high) * len(low)))


def calibration_error(probabilities: ArrayLike, outcomes: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error (0..1, lower is better; Naeini and others, AAAI 2015).

    In `bins` bins of equal width: how far the mean probability is from the share of outcomes that came true, weighted
    by how many fall into the bin. A probability on a border belongs to the bin above.
    """
    scores, true = _pair(probabilities, outcomes)
    bin_of = np.minimum((scores * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(bin_of, weights=scores - true, minlength=bins)
    return float(np.abs(gaps).sum() / len(scores))


def brier_skill(probabilities: ArrayLike, outcomes: ArrayLike) -> float:
    """1 - Brier score / Brier score of always saying the base rate: 1 is perfect, 0 no skill, below 0 harmful.

    It is nan where all outcomes are the same, since then the base rate is never wrong.
    """
    scores, true = _pair(probabilities, outcomes)
    of_base_rate = float(np.mean((true.mean() - true) ** 2))
    return 1 - float(np.mean((scores - true) ** 2)) / of_base_rate if of_base_rate else float("nan")


def _pair(probabilities: ArrayLike, outcomes: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
