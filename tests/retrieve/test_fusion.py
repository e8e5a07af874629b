"""Fusion: a better score never hurts, the order of the candidates does not matter, ties are stable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notesearch.calibration import shipped
from notesearch.retrieve.fusion import Ranked, below_originals, features, together
from notesearch.retrieve.fusion import fuse as fuse_pool
from notesearch.retrieve.pool import Candidate, Pool

scores = st.floats(0, 1, allow_nan=False, width=16)
candidate_lists = st.lists(st.tuples(scores, scores, scores), min_size=1, max_size=12).map(
    lambda rows: [Candidate(n, n, dense=d, lexical=w, title=t) for n, (d, w, t) in enumerate(rows, start=1)]
)


def fuse(candidates: list[Candidate], *beside: tuple[int, int]) -> list[Ranked]:
    return fuse_pool(Pool.of(candidates, beside))


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


def test_equals_have_the_same_score_whichever_was_indexed_first() -> None:
    better, *equals = fuse([Candidate(1, 1, title=1.0), Candidate(2, 2, title=0.5), Candidate(3, 3, title=0.5)])
    assert better.score > equals[0].score == equals[1].score
    assert fuse([Candidate(9, 9, title=1.0), Candidate(2, 2, title=1.0 + 1e-9)])[1].score == better.score


def test_who_holds_more_words_but_stands_lower_is_not_the_likelier_one() -> None:
    first, second = fuse([Candidate(1, 1, dense=1.0, time=1.0), Candidate(2, 2, lexical=1.0)])
    assert (first.candidate.id, second.candidate.id) == (1, 2)
    alone = [shipped().score(features(r.candidate.lexical, r.total, n)) for n, r in enumerate((first, second), start=1)]
    assert alone[1] > alone[0] == first.score == second.score


@given(candidate_lists)
def test_who_is_at_least_as_good_on_every_arm_is_not_ranked_below(candidates: list[Candidate]) -> None:
    total = {ranked.candidate.id: ranked.total for ranked in fuse(candidates)}
    for a in candidates:
        for b in candidates:
            if all(mine >= theirs for mine, theirs in zip(said(a), said(b), strict=True)):
                assert total[a.id] >= total[b.id] - 1e-12


def said(candidate: Candidate) -> tuple[float, float, float]:
    return candidate.dense or 0.0, candidate.lexical, candidate.title


def test_what_is_not_known_counts_neither_for_nor_against() -> None:
    known = [Candidate(n, n, dense=n / 10, lexical=0.2, rerank=n / 20) for n in (1, 2, 3)]
    unknown = Candidate(4, 4, lexical=0.2)
    assert [ranked.candidate.id for ranked in fuse([*known, unknown])] == [3, 2, 4, 1]


def test_a_note_asked_for_by_its_very_name_is_first() -> None:
    close = Candidate(1, 1, dense=0.9, lexical=0.9, title=0.8, rerank=0.6)
    named = Candidate(-2, 2, lexical=0.5, title=1.0)
    assert [ranked.candidate.id for ranked in fuse([close, named])] == [-2, 1]


def test_the_only_passage_with_every_word_is_not_beaten_by_one_that_only_resembles_it() -> None:
    exact = Candidate(1, 1, dense=0.3, lexical=0.4, only=True, rerank=0.3)
    close = Candidate(2, 2, dense=0.8, lexical=0.3, rerank=0.6)
    assert [ranked.candidate.id for ranked in fuse([close, exact])] == [1, 2]


def test_neighbours_lift_a_passage() -> None:
    beside_good, beside_poor = Candidate(1, 1, dense=0.3), Candidate(2, 2, dense=0.3)
    good, poor = Candidate(3, 1, dense=0.6), Candidate(4, 2, dense=0.1)
    order = [ranked.candidate.id for ranked in fuse([beside_good, beside_poor, good, poor], (1, 3), (2, 4))]
    assert order.index(1) < order.index(2)


def test_a_passage_with_none_beside_it_gains_nothing_by_that() -> None:
    lone, within = Candidate(1, 1, dense=0.6), Candidate(2, 2, dense=0.62)
    poorer = [Candidate(n, 2, dense=0.3) for n in range(3, 9)]
    order = [r.candidate.id for r in fuse([lone, within, *poorer], *((n, n + 1) for n in range(2, 8)))]
    assert order[:2] == [2, 1]


def test_no_candidates() -> None:
    assert fuse([]) == []


def test_f10_an_original_is_lifted_above_its_conflict_copies() -> None:
    ranked = [
        Ranked(Candidate(n, note), score, score)
        for n, (note, score) in enumerate([(7, 0.9), (8, 0.8), (1, 0.5), (1, 0.4)])
    ]
    below = below_originals(ranked, {7: 1, 8: 1, 9: 2})
    assert [(r.candidate.id, r.score) for r in below] == [(2, 0.9), (0, 0.9), (1, 0.8), (3, 0.4)]


def test_f10_a_conflict_copy_whose_original_was_not_found_stays_where_it_is() -> None:
    ranked = [Ranked(Candidate(1, 7), 0.9, 0.9), Ranked(Candidate(2, 2), 0.5, 0.5)]
    assert below_originals(ranked, {7: 1}) == ranked


def rankings(*totals: dict[int, float]) -> list[list[Ranked]]:
    """A ranking for each phrasing, from totals by passage."""
    return [
        sorted((Ranked(Candidate(n, n), total, total / 2) for n, total in each.items()), key=lambda r: -r.total)
        for each in totals
    ]


def test_one_phrasing_ranks_as_it_is() -> None:
    (alone,) = rankings({1: 0.9, 2: 0.5})
    assert together([alone]) == alone


def test_what_every_phrasing_finds_comes_before_what_one_finds() -> None:
    fused = together(rankings({1: 0.9, 2: 0.8, 3: 0.1}, {2: 0.8, 4: 0.9, 5: 0.1}))
    assert [r.candidate.id for r in fused][:3] == [2, 1, 4]
    assert [r.total for r in fused][:2] == [0.8, 0.5]
    assert all(r.score == r.total / 2 for r in fused)


def test_a_phrasing_that_finds_nothing_changes_nothing() -> None:
    some = rankings({1: 0.9, 2: 0.5})
    assert together([*some, []]) == some[0]


totals = st.dictionaries(st.integers(1, 9), st.floats(0, 1, width=16), min_size=1)


@given(st.lists(totals, min_size=2, max_size=4), st.randoms())
def test_the_order_of_phrasings_does_not_matter(each: list[dict[int, float]], random: object) -> None:
    shuffled = list(each)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = ({r.candidate.id: round(r.total, 9) for r in together(rankings(*some))} for some in (each, shuffled))
    assert one == other
