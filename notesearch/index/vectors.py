"""Vectors as SQLite keeps them, which is the truth (one float16 vector per embedded text), and exact search of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from notesearch.later import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"
Ids: TypeAlias = "NDArray[np.int64]"

STORED: Final = "float16"
"""Half precision on disk: 2 bytes a number; cosines move by less than 0.001."""


def to_blob(vector: Vectors) -> bytes:
    """One row as it is stored."""
    return vector.astype(STORED).tobytes()


def from_blobs(blobs: Sequence[bytes], dimension: int) -> Vectors:
    """Rows as stored → float32, shape (n, dimension)."""
    if not blobs:
        return np.empty((0, dimension), np.float32)
    return np.frombuffer(b"".join(blobs), STORED).reshape(len(blobs), dimension).astype(np.float32)


def search_rows(ids: Ids, vectors: Vectors, query: Vectors, k: int, within: Ids | None) -> list[tuple[int, float]]:
    """(passage id, cosine) of the best `k` among rows held in memory. `ids` (n,), `vectors` (n, d), `query` (d,)."""
    if within is not None:
        chosen = np.isin(ids, within)
        ids, vectors = ids[chosen], vectors[chosen]
    scores = vectors @ query
    best = np.argsort(-scores, kind="stable")[:k]
    return [(int(ids[i]), float(scores[i])) for i in best]
