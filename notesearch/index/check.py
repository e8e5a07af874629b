"""Is what is kept sound? Each thing that can be told without the notes is compared with what it must be.

Rows carry checksums. Full text, snapshots and common words follow from other tables, so they are worked out again and
compared. A vector must also have the right shape and unit length.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from notesearch.index import checksums, full_text, schema
from notesearch.index.base import MappedBase
from notesearch.index.checksums import RowsDamaged
from notesearch.index.common import CommonWords, MappedWords, write_common
from notesearch.index.vectors import STORED, Ids, Vectors
from notesearch.later import numpy as np

Part = Literal["database", "notes", "full text", "vectors", "snapshots", "orphans", "rights"]

_UNIT_LENGTH = 0.01
"""So far a vector's length may be from 1 at half precision, and some."""


@dataclass(frozen=True, slots=True)
class Unsound:
    """Something that is not as it must be: of what `part`, what was `seen`; `notes` are those to be read again for it,
    `keys` name vectors that cannot be used.
    """

    part: Part
    seen: str
    notes: frozenset[int] = frozenset()
    keys: frozenset[bytes] = frozenset()


def database(connection: sqlite3.Connection) -> Iterator[Unsound]:
    """What SQLite itself says of its file, and whether its tables are those that were made."""
    said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)")]
    if said != ["ok"]:
        yield Unsound("database", f"SQLite finds its file damaged: {said[0].splitlines()[-1]}")
    dangling = sorted({str(row[0]) for row in connection.execute("PRAGMA foreign_key_check")})
    if dangling:
        yield Unsound("database", f"rows of {', '.join(dangling)} belong to what is not there")
    if schema.tables(connection) != schema.tables_today():
        yield Unsound("database", "its tables are not those that were made")


def rows(connection: sqlite3.Connection) -> Iterator[Unsound]:
    """Every row against its checksum."""
    for table in checksums.TABLES:
        if damage := checksums.unsound(connection, table):
            yield unsound_rows(damage)


def unsound_rows(damage: RowsDamaged) -> Unsound:
    """What rows that are not what was written ask for."""
    part: Part = "vectors" if damage.keys else "notes" if damage.notes else "database"
    seen = f"{damage.count:,} rows of {damage.table!r} are not what was written"
    return Unsound(part, seen, damage.notes, damage.keys)


def words(connection: sqlite3.Connection) -> Iterator[Unsound]:
    """The text indexes against the tables they follow from, and against themselves."""
    for table, expected in full_text.expected(connection).items():
        try:
            connection.execute(f"INSERT INTO {table}({table}) VALUES ('integrity-check')")
            actual = connection.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid")
            differing = sum(1 for _ in _differing(expected, actual))
        except sqlite3.DatabaseError as error:
            yield Unsound("full text", f"the text index {table!r} is damaged: {error}")
            continue
        if differing:
            yield Unsound("full text", f"{differing:,} rows of the text index {table!r} are not what the notes say")


def vectors(connection: sqlite3.Connection, dimension: int, bits: int) -> Iterator[Unsound]:
    """Each vector's shape and length, its tokens' shape, and that each passage has a vector or waits for one."""
    rows = connection.execute("SELECT embedded, value, tokens FROM vector")
    bad = frozenset(bytes(key) for key, value, tokens in rows if not is_vector(value, tokens, dimension, bits))
    if bad:
        yield Unsound("vectors", f"{len(bad):,} vectors cannot be what the model gave", _holders(connection, bad), bad)
    without = connection.execute(
        "SELECT DISTINCT note FROM passage WHERE embedded NOT IN (SELECT embedded FROM vector) "
        "AND embedded NOT IN (SELECT embedded FROM pending)"
    ).fetchall()
    if without:
        notes = frozenset(row[0] for row in without)
        yield Unsound("vectors", f"passages of {len(notes):,} notes have no vector and wait for none", notes)


def orphans(connection: sqlite3.Connection) -> Iterator[Unsound]:
    """What nobody wants any more: harmless, and there until the end of the next update."""
    for table in ("vector", "pending"):
        source = f"(SELECT embedded FROM {table} EXCEPT SELECT embedded FROM passage)"
        if left := connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0]:
            yield Unsound("orphans", f"{left:,} rows of {table!r} belong to no passage")
    link = "SELECT count(*) FROM link WHERE to_note NOT IN (SELECT id FROM note)"
    if left := connection.execute(link).fetchone()[0]:
        yield Unsound("notes", f"{left:,} links lead to a note that is not there", _everything(connection))


def base(
    connection: sqlite3.Connection, mapped: MappedBase, batches: Iterable[tuple[Ids, Vectors]]
) -> Iterator[Unsound]:
    """The snapshot of vectors against the vectors, which are sound: the same passages, the same numbers."""
    dead = {row[0] for row in connection.execute("SELECT passage FROM dead")}
    missing = differing = 0
    seen = np.zeros(mapped.count, np.bool_)
    for ids, rows in batches:
        known = ids <= mapped.last_id
        found, values = mapped.vectors(ids[known])
        missing += int(np.count_nonzero(known)) - len(found)
        seen[np.searchsorted(mapped.ids, found)] = True
        same = (rows[known][np.isin(ids[known], found)].astype(STORED) == values.astype(STORED)).all(axis=1)
        differing += int(np.count_nonzero(~same))
    strangers = [id_ for id_ in mapped.ids[~seen].tolist() if id_ not in dead]
    hidden = connection.execute("SELECT count(*) FROM dead JOIN passage ON passage.id = dead.passage").fetchone()[0]
    if differing:
        yield Unsound("snapshots", f"{differing:,} vectors of the FAISS base are not those of the database")
    if missing or strangers or hidden:
        lacks = f"lacks {missing + hidden:,} passages and holds {len(strangers):,} that are not there"
        yield Unsound("snapshots", f"the FAISS base {lacks}")


def common(
    connection: sqlite3.Connection, mapped: MappedWords, recorded: CommonWords, folder: Path
) -> Iterator[Unsound]:
    """The common words against what FTS5 says: to the byte, if nothing changed since they were written."""
    dead = np.array([row[0] for row in connection.execute("SELECT passage FROM dead ORDER BY passage")], np.int64)
    newest = connection.execute("SELECT coalesce(max(rowid), 0) FROM words").fetchone()[0]
    if not len(dead) and newest == recorded.last_id:
        with TemporaryDirectory(prefix="notesearch-") as aside:
            again = write_common(Path(aside), 0, connection)
            sound = (Path(aside) / again.file).read_bytes() == (folder / recorded.file).read_bytes()
    else:
        sound = mapped.is_sound(connection, dead)
    if not sound:
        yield Unsound("snapshots", "the common words are not what the text index says")


def rights(folder: Path, files: Iterable[Path]) -> Iterator[Unsound]:
    """Whether anybody but the owner may read what notesearch keeps."""
    open_ = [file.name for file in files if file.stat().st_mode & 0o077]
    if open_:
        yield Unsound("rights", f"others may read {', '.join(sorted(open_))} in {folder}")


def _differing(expected: Iterable[tuple[Any, ...]], actual: Iterable[tuple[Any, ...]]) -> Iterator[int]:
    """Ids (the first of each row, ascending) whose row is only in one of the two, or another in each."""
    for id_, group in groupby(merge(expected, actual, key=itemgetter(0)), key=itemgetter(0)):
        rows = list(group)
        if len(rows) != 2 or rows[0] != rows[1]:
            yield id_


def is_vector(value: object, tokens: object, dimension: int, bits: int) -> bool:
    """Whether these are a vector and packed token vectors as they are stored: shape, and unit length."""
    if (
        not (isinstance(value, bytes) and isinstance(tokens, bytes))
        or len(value) != dimension * np.dtype(STORED).itemsize
    ):
        return False
    length = float(np.linalg.norm(np.frombuffer(value, STORED).astype(np.float32)))
    return abs(length - 1) < _UNIT_LENGTH and bits > 0 and len(tokens) * 8 % bits == 0


def _holders(connection: sqlite3.Connection, keys: Iterable[bytes]) -> frozenset[int]:
    statement = "SELECT note FROM passage WHERE embedded = ?"
    return frozenset(row[0] for key in keys for row in connection.execute(statement, (key,)))


def _everything(connection: sqlite3.Connection) -> frozenset[int]:
    return frozenset(row[0] for row in connection.execute("SELECT id FROM note"))
