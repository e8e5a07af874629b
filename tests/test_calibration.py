"""Probabilities: what ships keeps the order of hits, stays within 0..1, and is fitted, not typed."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.calibration import Logistic, shipped, weighed
from notesearch.retrieve.fusion import features


def test_a_logistic_is_half_where_its_sum_is_nothing() -> None:
    curve = Logistic(-1.0, {"a": 2.0, "b": 1.0})
    assert curve({"a": 0.5, "b": 0.0}) == 0.5
    assert curve({"a": 1.0, "b": 1.0}) > curve({"a": 1.0, "b": 0.0}) > 0.5
    assert 0.0 <= curve({"a": -1e6, "b": 0.0}) < curve({"a": 1e6, "b": 0.0}) <= 1.0


def test_a_feature_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError):
        Logistic(0.0, {"a": 1.0})({"b": 1.0})


@given(st.floats(0, 6), st.floats(0, 6), st.floats(0, 1), st.integers(1, 200), st.integers(0, 200))
def test_of_two_hits_with_the_same_words_the_one_behind_is_never_likelier(
    best: float, behind: float, lexical: float, rank: int, places: int
) -> None:
    of_best, of_other = features(lexical, best, rank), features(lexical, best - behind, rank + places)
    assert shipped().score(of_other) <= shipped().score(of_best)


def test_better_evidence_is_more_confidence() -> None:
    weak = {"note_rerank": 0.3, "dense": 0.2, "line": 0.0, "names": 0.0}
    strong = {**weak, "note_rerank": 0.6, "dense": 0.6, "line": 1.0}
    assert shipped().confidence(weak) < shipped().answerable_from < shipped().confidence(strong)
    assert shipped().confidence({**strong, "names": -1.0}) < shipped().confidence(strong)


def test_nothing_speaks_for_a_sentence_that_can_only_speak_against_it() -> None:
    against = {name for name, weight in shipped().sentence.items() if weight < 0}
    assert against == {"kind_missing"}
    assert weighed(shipped().sentence, dict.fromkeys(shipped().sentence, 0.0)) == 0.0


def test_the_constants_say_where_they_come_from() -> None:
    fitted = json.loads((files("notesearch") / "calibration.json").read_text(encoding="utf-8"))
    assert fitted["made_by"].startswith("scripts/calibrate ")
    assert "locomo" not in fitted["made_by"]  # whose licence forbids that shipped constants rest on it
