"""Late interaction: the packed form keeps the order, a token finds its like, odd inputs are no error."""

from __future__ import annotations

import numpy as np
import pytest

from notesearch.maxsim import BITS, best_matches, maxsim, pack, principal_basis, together, unpack


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


@pytest.fixture
def tokens() -> np.ndarray:
    """Five thousand tokens that lie, as a model's do, mostly along a few directions."""
    rng = np.random.default_rng(3)
    return unit(rng.standard_normal((5_000, 384)) * np.linspace(3, 0.3, 384))


def test_a_token_is_sixteen_bytes(tokens: np.ndarray) -> None:
    basis = principal_basis(tokens)
    assert basis.shape == (384, BITS)
    assert len(pack(tokens[:7], basis)) == 7 * 16


def test_the_basis_is_orthonormal_and_the_same_every_time(tokens: np.ndarray) -> None:
    basis = principal_basis(tokens)
    assert np.allclose(basis.T @ basis, np.eye(BITS), atol=1e-4)
    assert np.array_equal(basis, principal_basis(tokens))


def test_packed_scores_order_passages_as_exact_ones_do(tokens: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    basis = principal_basis(tokens)
    query = tokens[:8]
    passages = [unit(query + scale * rng.standard_normal(query.shape)) for scale in np.linspace(0.02, 0.4, 12)]
    exact = [float((query @ passage.T).max(axis=1).mean()) for passage in passages]
    packed = maxsim(best_matches(query, basis, [pack(passage, basis) for passage in passages]))
    assert np.corrcoef(exact, packed)[0, 1] > 0.98
    assert int(np.argmax(packed)) == int(np.argmax(exact)) == 0


def test_each_token_of_the_question_takes_its_best(tokens: np.ndarray) -> None:
    basis = principal_basis(tokens)
    both, one = pack(tokens[[0, 1]], basis), pack(tokens[[0, 0]], basis)
    scores = maxsim(best_matches(tokens[[0, 1]], basis, [both, one]))
    assert scores[0] > scores[1]


def test_passages_together_score_as_one_of_all_their_tokens(tokens: np.ndarray) -> None:
    basis = principal_basis(tokens)
    halves = [pack(tokens[[0, 5]], basis), pack(tokens[[1, 6]], basis), pack(tokens[[2, 7]], basis)]
    joined = pack(tokens[[0, 5, 1, 6]], basis)
    whole = together(best_matches(tokens[[0, 1]], basis, halves), np.array([4, 4, 9]))
    assert np.array_equal(whole[0], best_matches(tokens[[0, 1]], basis, [joined])[0])
    assert np.array_equal(whole[0], whole[1])
    assert np.array_equal(whole[2], best_matches(tokens[[0, 1]], basis, halves[2:])[0])


def test_nothing_in_nothing_out(tokens: np.ndarray) -> None:
    basis = principal_basis(tokens)
    assert maxsim(best_matches(tokens[:2], basis, [])).shape == (0,)
    assert maxsim(best_matches(tokens[:2], basis, [b"", pack(tokens[:3], basis)]))[0] == -1.0
    assert maxsim(best_matches(tokens[:0], basis, [pack(tokens[:3], basis)])).tolist() == [-1.0]
    assert together(best_matches(tokens[:2], basis, []), np.array([], np.int64)).shape == (0, 2)


def test_few_dimensions_keep_whole_bytes() -> None:
    few = unit(np.random.default_rng(5).standard_normal((200, 20)))
    assert principal_basis(few).shape == (20, 16)


@pytest.mark.parametrize("asked", [1, 8, 11])
def test_what_is_looked_up_is_what_the_kept_vectors_say(tokens: np.ndarray, asked: int) -> None:
    basis = principal_basis(tokens)
    query, passages = tokens[:asked], [pack(tokens[20:23], basis), b"", pack(tokens[30:4_900], basis)]
    kept = [unpack(passage, BITS) for passage in passages]
    exact = [(query @ basis @ rows.T).max(axis=1) if len(rows) else np.full(asked, -1.0) for rows in kept]
    assert best_matches(query, basis, passages) == pytest.approx(np.array(exact), abs=1e-5)
