"""Curves through samples, each set counting the same, and each answer of a question's two as well.

What can only speak for an answer is not let speak against it, however the sets lie: the signs of weights are bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from notesearch.calibration import Logistic
from scripts.calibration.samples import Sample

WRONG_ANSWER_COST = 2.0
"""Of an answer where there is none, against a needless refusal."""
ANSWERABLE_SHARE = 0.75
"""Of all questions: people mostly ask for what they know they wrote. So it is in the sets that tell."""
AGAINST = frozenset({"kind_missing", "log_rank"})
"""Features that can only speak against."""

Array = NDArray[np.float64]


def fit(sets: Mapping[str, Sequence[Sample]], *, balanced: bool = False, signed: bool = False) -> Logistic:
    """The logistic curve for the samples of several sets. `balanced`: in each set, true and false count the same;
    `signed`: weights have the sign that they must have.
    """
    names = _names(next(iter(sets.values())))
    samples = [sample for of_set in sets.values() for sample in of_set]
    weights = np.concatenate([_weights(of_set, balanced) for of_set in sets.values()])
    weights *= len(samples) / weights.sum()
    true = np.array([sample.true for sample in samples], np.float64)
    rows = _rows(samples, names)
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    scaled = np.column_stack([np.ones(len(rows)), (rows - mean) / spread])

    def loss(slopes: Array) -> tuple[float, Array]:
        odds = scaled @ slopes
        slope = scaled.T @ (weights * (1 / (1 + np.exp(-odds)) - true))
        return float(weights @ (np.logaddexp(0, odds) - true * odds)), slope

    bias, *slopes = _least(loss, [(None, None), *_bounds(names, signed)])
    slopes = slopes / spread
    return Logistic(round(float(bias - slopes @ mean), 4), _rounded(names, slopes))


def fit_choices(sets: Mapping[str, Sequence[Sequence[Sample]]]) -> dict[str, float]:
    """The weights by which, of the samples of a choice, those that are true are likeliest (conditional logit)."""
    names = _names(next(iter(sets.values()))[0])
    choices = [choice for of_set in sets.values() for choice in of_set]
    weights = np.concatenate([np.full(len(of_set), 1 / len(of_set)) for of_set in sets.values()])
    weights *= len(choices) / weights.sum()
    true = np.array([sample.true for choice in choices for sample in choice], np.float64)
    rows = _rows([sample for choice in choices for sample in choice], names)
    spread = rows.std(axis=0) + 1e-9
    lengths = [len(choice) for choice in choices]
    starts = np.cumsum([0, *lengths[:-1]])

    def loss(slopes: Array) -> tuple[float, Array]:
        totals = rows / spread @ slopes
        likely = np.exp(totals - np.repeat(np.maximum.reduceat(totals, starts), lengths))
        of_all, of_true = np.add.reduceat(likely, starts), np.add.reduceat(likely * true, starts)
        shares = likely / np.repeat(of_all, lengths) - likely * true / np.repeat(of_true, lengths)
        return float(weights @ np.log(of_all / of_true)), (rows / spread).T @ (shares * np.repeat(weights, lengths))

    return _rounded(names, _least(loss, _bounds(names, signed=True)) / spread)


def threshold(sets: Mapping[str, Sequence[tuple[float, bool]]]) -> float:
    """The confidence from which on answering costs least over the sets, in steps of 0.01."""
    steps = np.arange(0.05, 0.96, 0.01)
    costs = np.mean([[_cost(pairs, step) for step in steps] for pairs in sets.values()], axis=0)
    return round(float(steps[int(costs.argmin())]), 2)


def _least(loss: Callable[[Array], tuple[float, Array]], bounds: Sequence[tuple[float | None, float | None]]) -> Array:
    """Where the loss, and half the square of each slope, is least."""

    def penalised(slopes: Array) -> tuple[float, Array]:
        value, slope = loss(slopes)
        return value + float(slopes @ slopes) / 2, slope + slopes

    found: Array = minimize(penalised, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds).x
    return found


def _bounds(names: Sequence[str], signed: bool) -> list[tuple[float | None, float | None]]:
    if not signed:
        return [(None, None)] * len(names)
    return [(None, 0.0) if name in AGAINST else (0.0, None) for name in names]


def _names(samples: Sequence[Sample]) -> list[str]:
    return sorted(samples[0].features)


def _rows(samples: Sequence[Sample], names: Sequence[str]) -> Array:
    return np.array([[sample.features[name] for name in names] for sample in samples], np.float64)


def _rounded(names: Sequence[str], slopes: Array) -> dict[str, float]:
    return {name: round(float(slope), 4) for name, slope in zip(names, slopes, strict=True)}


def _weights(samples: Sequence[Sample], balanced: bool) -> Array:
    """They add up to one; what strangers asked has its share of all questions."""
    true = np.array([sample.true for sample in samples])
    stranger = np.array([sample.stranger for sample in samples])
    weights: Array = np.ones(len(samples))
    if stranger.any():
        weights = np.where(stranger, (1 - ANSWERABLE_SHARE) / stranger.mean(), ANSWERABLE_SHARE / (1 - stranger.mean()))
    if balanced and true.any() and not true.all():
        weights = np.where(true, 0.5 / true.mean(), 0.5 / (1 - true.mean()))
    weights /= weights.sum()
    return weights


def _cost(pairs: Sequence[tuple[float, bool]], step: float) -> float:
    held = [confidence for confidence, true in pairs if true]
    not_held = [confidence for confidence, true in pairs if not true]
    refused = float(np.mean([confidence < step for confidence in held])) if held else 0.0
    answered = float(np.mean([confidence >= step for confidence in not_held])) if not_held else 0.0
    return ANSWERABLE_SHARE * refused + (1 - ANSWERABLE_SHARE) * WRONG_ANSWER_COST * answered
