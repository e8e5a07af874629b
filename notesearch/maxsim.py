"""Late interaction: how well each token of a question is met by some token of a passage.

A passage's token vectors come from the same forward pass as its own vector. They are kept small: rotated onto the
model's principal components, then only the signs (16 bytes a token). The question's side stays exact, which is what
keeps the order (asymmetric comparison). The score is MaxSim (Khattab and Zaharia, ColBERT, 2020), averaged over the
question's tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

BITS = 128
"""Signs kept of each token. More bits cost more bytes and were not measurably better."""


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


def maxsim(query: Vectors, basis: Vectors, passages: Sequence[bytes]) -> NDArray[np.float64]:
    """For each packed passage the mean, over the tokens of `query` (q, d), of the best similarity among its tokens.

    Shape (n,), about -1..1; a passage without tokens gets the lowest score there is, -1.
    """
    scores = np.full(len(passages), -1.0)
    bits = basis.shape[1]
    lengths = np.array([len(packed) * 8 // bits for packed in passages], np.int64)
    filled = np.flatnonzero(lengths)
    if not len(filled) or not len(query):
        return scores
    packed = np.frombuffer(b"".join(passages), np.uint8).reshape(-1, bits // 8)
    signs = np.unpackbits(packed, axis=1).astype(np.float32) * 2 - 1
    similarities = signs @ (query @ basis).T / np.sqrt(bits)
    starts = np.concatenate(([0], np.cumsum(lengths[filled])[:-1]))
    scores[filled] = np.maximum.reduceat(similarities, starts, axis=0).mean(axis=1)
    return scores
