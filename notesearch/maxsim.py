"""Late interaction: how well each token of a question is met by some token of a passage.

A passage's token vectors come from the same forward pass as its own vector. They are kept small: rotated onto the
model's principal components, then only the signs (16 bytes a token). The question's side stays exact, which is what
keeps the order (asymmetric comparison). The score is MaxSim (Khattab and Zaharia, ColBERT, 2020), averaged over the
question's tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from notesearch.later import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"

BITS = 128
"""Signs kept of each token. More bits cost more bytes and were not measurably better."""

_MULTIPLIED = 250_000
"""Multiplications at once: few enough that BLAS does not wake its threads, which then keep the other core busy longer
than they were of use."""

_BLOCK = 4096
"""Tokens at once: few enough that what is added up for them stays in the processor's cache."""


def principal_basis(tokens: Vectors, bits: int = BITS) -> Vectors:
    """The directions along which a model's tokens differ most, rotated so that each bit says about as much.

    `tokens` (n, d) of unit length, n well above d; returns (d, b), b the smaller of `bits` and d in whole bytes.
    Without the rotation the first components would hold nearly everything, and the signs of the rest be noise.
    """
    kept = min(bits, tokens.shape[1] // 8 * 8)
    _, directions = np.linalg.eigh(np.cov(tokens.T))
    rotation, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((kept, kept)))
    basis: Vectors = (directions[:, ::-1][:, :kept] @ rotation).astype(np.float32)
    return basis


def pack(tokens: Vectors, basis: Vectors) -> bytes:
    """The signs of `tokens` (t, d) in `basis` (d, b): t times b / 8 bytes."""
    return np.packbits(tokens @ basis > 0, axis=1).tobytes()


def unpack(packed: bytes, bits: int) -> Vectors:
    """The token vectors that `pack` has kept of a passage, in the basis, shape (t, bits), of unit length."""
    ones = np.unpackbits(np.frombuffer(packed, np.uint8).reshape(-1, bits // 8), axis=1)
    return (2 * ones.astype(np.float32) - 1) / np.float32(np.sqrt(bits))


def best_matches(query: Vectors, basis: Vectors, passages: Sequence[bytes]) -> NDArray[np.float32]:
    """For each packed passage and each token of `query` (q, d), the best similarity among the passage's tokens.

    Shape (n, q), each about -1..1; a passage without tokens gets the lowest score there is, -1.
    """
    best = np.full((len(passages), len(query)), -1.0, np.float32)
    bits = basis.shape[1]
    lengths = np.array([len(packed) * 8 // bits for packed in passages], np.int64)
    filled = np.flatnonzero(lengths)
    if not len(filled) or not len(query):
        return best
    packed = np.frombuffer(b"".join(passages), np.uint8).reshape(-1, bits // 8)
    similarities = _similarities(_turned(query, basis) / np.float32(np.sqrt(bits)), packed)
    starts = np.concatenate(([0], np.cumsum(lengths[filled])[:-1]))
    best[filled] = np.maximum.reduceat(similarities, starts, axis=0)
    return best


def _turned(query: Vectors, basis: Vectors) -> Vectors:
    """`query` (q, d) in the `basis` (d, b), a few rows at once."""
    rows = max(1, _MULTIPLIED // basis.size)
    return np.concatenate([query[at : at + rows] @ basis for at in range(0, len(query), rows)])


def _similarities(query: Vectors, packed: NDArray[np.uint8]) -> Vectors:
    """Inner products of `packed` signs (t, b / 8) with `query` (q, b), shape (t, q).

    What each byte can add is worked out ahead, then looked up and added byte by byte (asymmetric distance: Jégou et
    al., Product quantization, 2011). That takes half as long as to make vectors of the signs again and multiply.
    """
    room = -(-len(query) // 8) * 8  # what is looked up in whole 32 bytes is copied at once
    by_byte = np.zeros((packed.shape[1], 8, room), np.float32)
    by_byte[..., : len(query)] = query.T.reshape(packed.shape[1], 8, len(query))
    signs = 2 * np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32) - 1
    tables = signs @ by_byte  # (b / 8, 256, room)
    sums = np.empty((len(packed), room), np.float32)
    for at in range(0, len(packed), _BLOCK):
        columns, some = packed[at : at + _BLOCK].T, sums[at : at + _BLOCK]
        # Every byte is in its table: "clip" only spares numpy the question.
        tables[0].take(columns[0], axis=0, out=some, mode="clip")
        for table, column in zip(tables[1:], columns[1:], strict=True):
            some += table.take(column, axis=0, mode="clip")
    return sums[:, : len(query)]


def maxsim(best: NDArray[np.float32]) -> NDArray[np.float32]:
    """MaxSim of each row of `best_matches` (n, q): the mean over the question's tokens. Shape (n,), about -1..1."""
    return best.mean(axis=1) if best.shape[1] else np.full(len(best), -1.0, np.float32)


def together(best: NDArray[np.float32], groups: NDArray[np.int64]) -> NDArray[np.float32]:
    """`best_matches` (n, q) as if all passages of a group (n,) were one: each row is the best of its group."""
    _, group = np.unique(groups, return_inverse=True)
    whole = np.full((group.max(initial=-1) + 1, best.shape[1]), -1.0, np.float32)
    np.maximum.at(whole, group, best)
    return whole[group]
