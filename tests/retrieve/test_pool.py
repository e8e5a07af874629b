"""Candidates as rows: the same values come back, in the order asked for."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from notesearch.retrieve.pool import Candidate, Pool

share = st.floats(0, 1)
candidates = st.lists(
    st.builds(
        Candidate,
        st.integers(-1_000, 2**40),
        st.integers(0, 2**40),
        dense=st.none() | share,
        lexical=share,
        only=st.booleans(),
        rerank=st.none() | share,
        note_rerank=st.none() | share,
        cross=share,
    ),
    unique_by=lambda candidate: candidate.id,
)


@given(candidates)
def test_candidates_are_the_same_as_rows(some: list[Candidate]) -> None:
    pool = Pool.of(some)
    assert pool.candidates() == some
    assert pool.rows(np.arange(len(some))[::-1]).candidates() == some[::-1]
    assert pool.and_also(pool).candidates() == some + some


def test_who_stands_beside_whom_is_told_from_either_side() -> None:
    pool = Pool.of([Candidate(7, 1), Candidate(9, 1), Candidate(8, 1)], [(7, 8), (8, 9)])
    assert sorted(pool.beside.tolist()) == [[0, 2], [1, 2], [2, 0], [2, 1]]
