"""Vectors as SQLite keeps them, which is the truth (one float16 vector per embedded text), texts that wait for theirs,
and exact search.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from notesearch.index import checksums, manifest
from notesearch.later import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"
Ids: TypeAlias = "NDArray[np.int64]"

STORED: Final = "float16"
"""Half precision on disk: 2 bytes a number; cosines move by less than 0.001."""

READ_AT_ONCE = 20_000
"""Vectors in a batch: 30 MB of them, and more than ever wait beside a base."""


_FEW = 2_000
"""Rows so few that BLAS is not asked: its threads would be woken, and keep the other core busy for long after."""


def to_blob(vector: Vectors) -> bytes:
    """One row as it is stored."""
    return vector.astype(STORED).tobytes()


def from_blobs(blobs: Sequence[bytes], dimension: int) -> Vectors:
    """Rows as stored → float32, shape (n, dimension)."""
    if not blobs:
        return np.empty((0, dimension), np.float32)
    return np.frombuffer(b"".join(blobs), STORED).reshape(len(blobs), dimension).astype(np.float32)


def cosines(vectors: Vectors, query: Vectors) -> Vectors:
    """Of each of `vectors` (n, d) and `query` (d,), both of unit length, (n,)."""
    if len(vectors) > _FEW:
        return vectors @ query
    near: Vectors = np.einsum("nd,d->n", vectors, query)
    return near


def search_rows(ids: Ids, vectors: Vectors, query: Vectors, k: int, within: Ids | None) -> list[tuple[int, float]]:
    """(passage id, cosine) of the best `k` among rows held in memory. `ids` (n,), `vectors` (n, d), `query` (d,)."""
    if within is not None:
        chosen = np.isin(ids, within)
        ids, vectors = ids[chosen], vectors[chosen]
    scores = cosines(vectors, query)
    best = np.argsort(-scores, kind="stable")[:k]
    return [(int(ids[i]), float(scores[i])) for i in best]


def pending(connection: sqlite3.Connection, limit: int) -> list[tuple[bytes, str]]:
    """(key, text) that wait for a vector, those of the newest notes first."""
    rows = connection.execute(
        "SELECT pending.embedded, pending.text FROM pending LEFT JOIN passage USING (embedded) "
        "LEFT JOIN note ON note.id = passage.note "
        "GROUP BY pending.embedded ORDER BY max(note.mtime_ns) DESC LIMIT ?",
        (limit,),
    )
    return [(bytes(key), str(text)) for key, text in rows]


def pending_count(connection: sqlite3.Connection) -> int:
    """How many texts wait for a vector."""
    return int(connection.execute("SELECT count(*) FROM pending").fetchone()[0])


def pending_characters(connection: sqlite3.Connection) -> int:
    """How long the texts are that wait for a vector."""
    return int(connection.execute("SELECT coalesce(sum(length(text)), 0) FROM pending").fetchone()[0])


def put_vectors(connection: sqlite3.Connection, keys: Sequence[bytes], rows: Vectors, tokens: Sequence[bytes]) -> None:
    """Store vectors, `rows` (n, d) of unit length, and packed token vectors, under their keys."""
    values = zip(keys, map(to_blob, rows), tokens, strict=True)
    connection.executemany(checksums.insert("vector"), values)
    connection.executemany("DELETE FROM pending WHERE embedded = ?", ((key,) for key in keys))


def sweep(connection: sqlite3.Connection) -> None:
    """Drop vectors and pending texts that no passage wants any more."""
    for table in ("vector", "pending"):
        # So both are read by their indexes of keys, and not the vectors themselves.
        unwanted = f"SELECT embedded FROM {table} EXCEPT SELECT embedded FROM passage"
        connection.execute(f"DELETE FROM {table} WHERE embedded IN ({unwanted})")


def vectors(connection: sqlite3.Connection) -> tuple[Ids, Vectors]:
    """Passage ids (n,), ascending, and their vectors (n, d), all at once."""
    nothing = np.empty(0, np.int64), np.empty((0, manifest.dimension(connection)), np.float32)
    ids, rows = zip(nothing, *vector_batches(connection), strict=True)
    return np.concatenate(ids), np.concatenate(rows)


def vector_batches(connection: sqlite3.Connection, after: int = 0, every: int = 1) -> Iterator[tuple[Ids, Vectors]]:
    """Batches of passage ids (n,), ascending, above `after`, and their vectors (n, d); with `every`, of so many ids
    only one.
    """
    rows = connection.execute(
        "SELECT passage.id, value FROM passage JOIN vector USING (embedded) "
        "WHERE passage.id > ? AND passage.id % ? = 0 ORDER BY passage.id",
        (after, every),
    )
    dimension = manifest.dimension(connection)
    while batch := rows.fetchmany(READ_AT_ONCE):
        ids, blobs = zip(*batch, strict=True)
        yield np.array(ids, np.int64), from_blobs(blobs, dimension)


def vectors_of(connection: sqlite3.Connection, passages: Sequence[int]) -> tuple[Ids, Vectors]:
    """Those of the passages that have a vector, (n,), and these, (n, d)."""
    listed = ",".join(str(int(i)) for i in passages)
    rows = dict(
        connection.execute(
            f"SELECT passage.id, value FROM passage JOIN vector USING (embedded) WHERE passage.id IN ({listed})"
        ).fetchall()
    )
    return np.array(list(rows), np.int64), from_blobs(list(rows.values()), manifest.dimension(connection))


def tokens_of(connection: sqlite3.Connection, passages: Sequence[int]) -> dict[int, bytes]:
    """Passage id → its packed token vectors; passages without are left out. Raises RowsDamaged.

    They are verified on the way: to read so many rows twice would take twice the time.
    """
    listed = ",".join(str(int(i)) for i in passages)
    columns = ", ".join(f"CAST({column} AS BLOB)" for column in ("vector.embedded", "value", "tokens"))
    rows = connection.execute(
        f"SELECT passage.id, vector.checksum, {columns} FROM passage JOIN vector USING (embedded) "
        f"WHERE passage.id IN ({listed})"
    ).fetchall()
    if any(sum_ != checksums.checksum(*values) for _, sum_, *values in rows):
        checksums.verify(connection, "vector", f"embedded IN (SELECT embedded FROM passage WHERE id IN ({listed}))")
    return {row[0]: row[-1] for row in rows}
