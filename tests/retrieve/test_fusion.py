"""Fusion: a better score never hurts, the order of the candidates does not matter, ties are stable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notesearch.retrieve.candidates import Candidate
from notesearch.retrieve.fusion import fuse

scores = st.floats(0, 1, allow_nan=False, width=16)
candidate_lists = st.lists(st.tuples(scores, scores, scores), min_size=1, max_size=12).map(
    lambda rows: [Candidate(n, n, *row) for n, row in enumerate(rows, start=1)]
)


@given(candidate_lists, st.randoms())
def test_the_order_of_candidates_does_not_matter(candidates: list[Candidate], random: object) -> None:
    shuffled = list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fuse(shuffled) == fuse(candidates)


@given(candidate_lists)
def test_scores_lie_between_0_and_1_and_fall(candidates: list[Candidate]) -> None:
    fused = [ranked.score for ranked in fuse(candidates)]
    assert fused == sorted(fused, reverse=True)
    assert all(0 <= score <= 1 for score in fused)


@given(candidate_lists)
def test_who_is_at_least_as_good_on_every_arm_is_not_ranked_below(candidates: list[Candidate]) -> None:
    place = {ranked.candidate.id: ranked.score for ranked in fuse(candidates)}
    for a in candidates:
        for b in candidates:
            if a.dense >= b.dense and a.lexical >= b.lexical and a.title >= b.title:
                assert place[a.id] >= place[b.id] - 1e-12


def test_no_candidates() -> None:
    assert fuse([]) == []
