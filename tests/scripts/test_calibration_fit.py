"""Fitting the curves: a known one is found again, sets count the same, the threshold costs least."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.calibration.fit import fit, threshold
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


def test_the_threshold_lies_where_it_costs_least() -> None:
    apart = {"set": [(0.9, True)] * 10 + [(0.6, True)] * 10 + [(0.305, False)] * 10}
    assert 0.3 < threshold(apart) <= 0.6
