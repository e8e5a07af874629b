"""Logistic curves through samples, each set counting the same, and each answer of a question's two as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from notesearch.calibration import Logistic
from scripts.calibration.samples import Sample

WRONG_ANSWER_COST = 2.0
"""Of an answer where there is none, against a needless refusal."""
ANSWERABLE_SHARE = 0.75
"""Of all questions: people mostly ask for what they know they wrote. So it is in the sets that tell."""


def fit(sets: Mapping[str, Sequence[Sample]], *, balanced: bool = False) -> Logistic:
    """The curve for the samples of several sets. `balanced`: in each set, true and false count the same."""
    names = sorted(next(iter(sets.values()))[0].features)
    rows, true, weights = [], [], []
    for samples in sets.values():
        shares = _weights(samples, balanced)
        rows += [[sample.features[name] for name in names] for sample in samples]
        true += [sample.true for sample in samples]
        weights += list(shares * len(samples) / shares.sum() / len(samples))
    features = np.array(rows)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    curve = LogisticRegression(max_iter=1000).fit(
        (features - mean) / spread, true, sample_weight=np.array(weights) * len(rows)
    )
    slopes = curve.coef_[0] / spread
    bias = float(curve.intercept_[0] - (slopes * mean).sum())
    return Logistic(round(bias, 4), {name: round(float(slope), 4) for name, slope in zip(names, slopes, strict=True)})


def threshold(sets: Mapping[str, Sequence[tuple[float, bool]]]) -> float:
    """The confidence from which on answering costs least over the sets, in steps of 0.01."""
    steps = np.arange(0.05, 0.96, 0.01)
    costs = np.mean([[_cost(pairs, step) for step in steps] for pairs in sets.values()], axis=0)
    return round(float(steps[int(costs.argmin())]), 2)


def _weights(samples: Sequence[Sample], balanced: bool) -> NDArray[np.float64]:
    true = np.array([sample.true for sample in samples])
    if not balanced or true.all() or not true.any():
        return np.ones(len(samples))
    weights: NDArray[np.float64] = np.where(true, 0.5 / true.mean(), 0.5 / (1 - true.mean()))
    return weights


def _cost(pairs: Sequence[tuple[float, bool]], step: float) -> float:
    held = [confidence for confidence, true in pairs if true]
    not_held = [confidence for confidence, true in pairs if not true]
    refused = float(np.mean([confidence < step for confidence in held])) if held else 0.0
    answered = float(np.mean([confidence >= step for confidence in not_held])) if not_held else 0.0
    return ANSWERABLE_SHARE * refused + (1 - ANSWERABLE_SHARE) * WRONG_ANSWER_COST * answered
