"""The dense side: a FAISS base that is mapped, never changed, plus the rows that are newer than it.

SQLite holds the truth (one float16 vector per embedded text). The base is a snapshot of it for passages up to
`last_id`, exact at half precision, with passage ids as FAISS ids; rows beyond it are few and are searched as one
matrix. Passages that have gone since are left out by a selector: removing from a mapped FAISS index would crash the
process. A base whose size is not the recorded one is not used; search is then exact from SQLite until the next
`index` writes a new one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]

STORED = np.float16
"""Half precision on disk: 2 bytes a number; cosines move by less than 0.001."""

_ROWS_WORTH_A_BASE = 1_000
"""A matrix of fewer rows is searched in well under a millisecond; writing a base for them would cost more."""


@dataclass(frozen=True, slots=True)
class Base:
    """What the database records of the snapshot it trusts."""

    file: str
    size: int
    count: int
    last_id: int


def to_blob(vector: Vectors) -> bytes:
    """One row as it is stored."""
    return vector.astype(STORED).tobytes()


def from_blobs(blobs: Sequence[bytes], dimension: int) -> Vectors:
    """Rows as stored → float32, shape (n, dimension)."""
    if not blobs:
        return np.empty((0, dimension), np.float32)
    return np.frombuffer(b"".join(blobs), STORED).reshape(len(blobs), dimension).astype(np.float32)


def base_is_due(newer: int, dead: int, in_base: int) -> bool:
    """Whether writing a new base pays: rewriting it costs its size, so it waits for a fifth of it to change."""
    return newer + dead > max(_ROWS_WORTH_A_BASE, in_base // 5)


def write_base(folder: Path, generation: int, ids: Ids, vectors: Vectors) -> Base:
    """Write a snapshot aside, then swap it in under a name of its own. `ids` (n,), ascending; `vectors` (n, d), unit
    length.
    """
    import faiss

    index = faiss.IndexIDMap(
        faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    )
    index.add_with_ids(vectors, ids)
    path = folder / f"vectors-{generation}.faiss"
    aside = path.with_suffix(".part")
    faiss.write_index(index, str(aside))
    with aside.open("rb+") as file:
        os.fsync(file.fileno())
    aside.chmod(0o600)
    aside.replace(path)
    return Base(path.name, path.stat().st_size, len(ids), int(ids[-1]) if len(ids) else 0)


def open_base(folder: Path, base: Base) -> Any | None:
    """The mapped FAISS index, or None if the file is missing, cut, or cannot be read."""
    path = folder / base.file
    try:
        if path.stat().st_size != base.size:
            return None
    except OSError:
        return None
    import faiss

    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError:
        return None
    return index if index.ntotal == base.count else None


def search_base(index: Any, query: Vectors, k: int, dead: Sequence[int], within: Ids | None) -> list[tuple[int, float]]:
    """(passage id, cosine) of the best `k` in the base. `query` (d,), unit length; `within` restricts to these ids."""
    import faiss

    parameters: Any = None
    if within is not None:
        alive = np.setdiff1d(within, np.asarray(dead, np.int64)) if dead else within
        if not len(alive):
            return []
        parameters = _only(faiss.IDSelectorBatch(alive))
    elif dead:
        gone = faiss.IDSelectorBatch(np.asarray(dead, np.int64))
        parameters = _only(faiss.IDSelectorNot(gone))
    scores, ids = index.search(query[None, :], min(k, index.ntotal), params=parameters)
    return [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]


def _only(selector: Any) -> Any:
    """Search parameters that pass only what `selector` lets through."""
    import faiss

    return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # SWIG takes the fields as keywords


def search_rows(ids: Ids, vectors: Vectors, query: Vectors, k: int, within: Ids | None) -> list[tuple[int, float]]:
    """(passage id, cosine) of the best `k` among rows held in memory. `ids` (n,), `vectors` (n, d), `query` (d,)."""
    if within is not None:
        chosen = np.isin(ids, within)
        ids, vectors = ids[chosen], vectors[chosen]
    scores = vectors @ query
    best = np.argsort(-scores, kind="stable")[:k]
    return [(int(ids[i]), float(scores[i])) for i in best]
