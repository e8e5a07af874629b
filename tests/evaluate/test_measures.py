"""Measures of one right answer: as the field's own library has them."""

from __future__ import annotations

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from notesearch.evaluate.measures import chance, ndcg, percentile, recall, reciprocal


@pytest.mark.parametrize("rank", [*range(1, 14), None])
def test_they_are_what_ir_measures_says(rank: int | None) -> None:
    run = {"q": {f"note {place}": float(-place) for place in range(1, 20)}}
    qrels = {"q": {f"note {rank}" if rank else "another": 1}}
    expected = {m.measure: m.value for m in ir_measures.iter_calc([R @ 5, RR @ 10, nDCG @ 10], qrels, run)}
    assert recall(rank) == pytest.approx(expected[R @ 5])
    assert reciprocal(rank) == pytest.approx(expected[RR @ 10])
    assert ndcg(rank) == pytest.approx(expected[nDCG @ 10])


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_the_least_value_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    at = percentile(values, share)
    assert sum(value <= at for value in values) >= share * len(values)
    assert sum(value < at for value in values) < share * len(values)


@pytest.mark.parametrize(
    ("better", "worse", "expected"),
    [(0, 0, 1.0), (5, 0, 2 / 32), (8, 1, 20 / 512), (1, 8, 20 / 512), (30, 30, 1.0)],
)
def test_the_sign_test_worked_out_by_hand(better: int, worse: int, expected: float) -> None:
    assert chance(better, worse) == pytest.approx(expected)
