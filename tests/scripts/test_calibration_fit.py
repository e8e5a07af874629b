"""Fitting the curves: a known one is found again, sets count the same, the threshold costs least."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.calibration.fit import ANSWERABLE_SHARE, fit, fit_choices, threshold
from scripts.calibration.samples import Sample


def drawn(count: int, bias: float, slope: float, seed: int) -> list[Sample]:
    """Samples of a curve that is known."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(-2, 2, count)
    true = rng.uniform(size=count) < 1 / (1 + np.exp(-(bias + slope * values)))
    return [Sample({"x": float(v), "noise": float(rng.normal())}, bool(t)) for v, t in zip(values, true, strict=True)]


def test_a_known_curve_is_found_again() -> None:
    curve = fit({"a": drawn(4_000, 0.5, 2.0, 1), "b": drawn(4_000, 0.5, 2.0, 2)})
    assert curve.bias == pytest.approx(0.5, abs=0.15)
    assert curve.weights["x"] == pytest.approx(2.0, abs=0.2)
    assert curve.weights["noise"] == pytest.approx(0.0, abs=0.1)


def test_a_large_set_does_not_drown_a_small_one() -> None:
    small, large = drawn(500, -2.0, 0.0, 3), drawn(10_000, 2.0, 0.0, 4)
    assert fit({"small": small, "large": large}).bias == pytest.approx(0.0, abs=0.2)


def test_balanced_true_and_false_count_the_same() -> None:
    rare = drawn(4_000, -3.0, 1.0, 5)
    assert fit({"rare": rare}).bias < -2.5
    assert fit({"rare": rare}, balanced=True).bias > -1.0


def test_what_strangers_asked_has_its_share_however_much_it_is() -> None:
    own = [Sample({"x": 0.0}, n % 3 < 2) for n in range(900)]  # two of three are relevant
    for strayed in (30, 3_000):
        curve = fit({"a": [*own, *(Sample({"x": 0.0}, False, stranger=True) for _ in range(strayed))]})
        assert curve({"x": 0.0}) == pytest.approx(ANSWERABLE_SHARE * 2 / 3, abs=0.01)


def test_a_weight_that_can_only_speak_against_does_not_speak_for() -> None:
    samples = drawn(2_000, 0.0, 2.0, 6)
    named = [Sample({"kind_missing": s.features["x"], "noise": s.features["noise"]}, s.true) for s in samples]
    assert fit({"a": named}).weights["kind_missing"] > 1.5
    assert fit({"a": named}, signed=True).weights["kind_missing"] == 0.0


def test_the_weights_of_a_choice_are_found_again() -> None:
    """Of five samples one is true, drawn by their likelihoods; where two are true, either will do."""
    rng = np.random.default_rng(7)
    choices = []
    for _ in range(3_000):
        near, words = rng.uniform(0, 2, (2, 5))
        likely = np.exp(2.0 * near + 0.5 * words)
        true = rng.choice(5, p=likely / likely.sum())
        choices.append(
            [Sample({"near": n, "words": w}, i == true) for i, (n, w) in enumerate(zip(near, words, strict=True))]
        )
    weights = fit_choices({"a": choices})
    assert weights["near"] == pytest.approx(2.0, abs=0.15)
    assert weights["words"] == pytest.approx(0.5, abs=0.15)
    doubled = [[*choice, *(s for s in choice if s.true)] for choice in choices]
    assert fit_choices({"a": doubled})["near"] == pytest.approx(weights["near"], abs=0.3)


def test_the_threshold_lies_where_it_costs_least() -> None:
    apart = {"set": [(0.9, True)] * 10 + [(0.6, True)] * 10 + [(0.305, False)] * 10}
    assert 0.3 < threshold(apart) <= 0.6
