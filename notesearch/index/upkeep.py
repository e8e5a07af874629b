"""An index is kept in order: tidied at the end of an update, checked and mended when asked, and cleared of what was
removed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from notesearch.errors import IndexUnusable
from notesearch.index import check, full_text, manifest, vectors
from notesearch.index.base import Base, sum_of
from notesearch.index.common import CommonWords
from notesearch.index.database import DATABASE, LOCK, NOTICED, Database
from notesearch.index.salvage import DAMAGED
from notesearch.index.shown import LAST
from notesearch.index.snapshots import Snapshots


def tidy(
    database: Database, snapshots: Snapshots, progress: Callable[[str, int, int], None], *, mend: bool = True
) -> None:
    """End of an update: drop what nobody wants, write the snapshots anew if enough has changed or (with `mend`) one of
    them is damaged, remove files left behind.
    """
    connection, base = database.connection, snapshots.base()
    with database.transaction():
        vectors.sweep(connection)
    last_id, in_base = (0, 0) if base is None else (base.last_id, base.count)
    statement = "SELECT count(*) FROM passage JOIN vector USING (embedded) WHERE passage.id > ?"
    (newer,) = connection.execute(statement, (last_id,)).fetchone()
    due = mend if snapshots.are_damaged() else snapshots.are_due(newer)
    # A snapshot holds every vector up to its newest passage: those that still wait would never get in.
    if due and not vectors.pending_count(connection):
        snapshots.write(in_base + newer, progress)
    snapshots.remove_old()
    with database.transaction():
        manifest.drop(connection, "unfinished")


def files(folder: Path) -> list[Path]:
    """The files of the index that are there."""
    ours = (DATABASE, LOCK, LAST, DAMAGED, NOTICED, "vectors-", "words-")
    return [path for path in folder.iterdir() if path.name.startswith(ours)]


def size_bytes(folder: Path) -> int:
    """What the index takes on disk."""
    size = 0
    for path in files(folder):
        with suppress(FileNotFoundError):  # a writer has just put another in its place
            size += path.stat().st_size
    return size


def unsound(database: Database, snapshots: Snapshots) -> Iterator[check.Unsound]:
    """All that is not as it must be, as far as can be told without the notes. Needs the writer's lock.

    Of a database that SQLite finds damaged, or with rows that are not what was written, nothing else is looked at.
    """
    connection, bad = database.connection, False
    try:
        for found in database.unsound():
            bad = True
            yield found
        if not bad:
            yield from check.words(connection)
            bits = manifest.basis(connection).shape[1] if manifest.recipe(connection) else 0
            yield from check.vectors(connection, manifest.dimension(connection), bits)
            yield from check.orphans(connection)
            yield from _unsound_snapshots(database, snapshots)
    except (sqlite3.DatabaseError, ValueError) as error:
        yield check.Unsound("database", f"the database cannot be read: {error}")
    yield from check.rights(database.folder, files(database.folder))


def _unsound_snapshots(database: Database, snapshots: Snapshots) -> Iterator[check.Unsound]:
    connection, base, common = database.connection, snapshots.base(), snapshots.common()
    if snapshots.are_damaged():
        yield check.Unsound("snapshots", "a file of vectors or common words is missing, cut, or cannot be read")
    try:
        if base is not None:
            recorded = Base(**json.loads(manifest.get(connection, "base")))
            if sum_of(database.folder / recorded.file) != recorded.sum:
                yield check.Unsound("snapshots", f"{recorded.file} is not what was written")
            yield from check.base(connection, base, vectors.vector_batches(connection))
        if common is not None:
            recorded_words = CommonWords(**json.loads(manifest.get(connection, "common")))
            yield from check.common(connection, common, recorded_words, database.folder)
    except (ValueError, LookupError, ArithmeticError, RuntimeError, MemoryError) as error:  # numpy's, and FAISS's
        yield check.Unsound("snapshots", f"a file of vectors or common words cannot be read: {error}")


def mend(database: Database, snapshots: Snapshots, unsound: Iterable[check.Unsound]) -> None:
    """Make anew what follows from other things here, and have the next update read and embed again what does not. A
    damaged database needs `salvage` before. Needs the writer's lock.
    """
    unsound, connection = list(unsound), database.connection
    parts = {found.part for found in unsound}
    with database.transaction():
        keys = [(key,) for found in unsound for key in found.keys]
        connection.executemany("DELETE FROM vector WHERE embedded = ?", keys)
        notes = [(note,) for found in unsound for note in found.notes]
        connection.executemany("UPDATE note SET content_hash = x'', size = -1 WHERE id = ?", notes)
        if "full text" in parts:
            full_text.rebuild(connection)
        vectors.sweep(connection)
    if "rights" in parts:
        for file in files(database.folder):
            file.chmod(0o600)
    if parts & {"full text", "snapshots"}:
        snapshots.drop()


def scrub(database: Database) -> None:
    """Leave nothing of what was removed in the files: free pages, and segments of FTS5, still hold its text."""
    with database.transaction():
        full_text.optimize(database.connection)
    try:
        database.connection.execute("VACUUM")
        database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        raise IndexUnusable(
            f"What was removed from the index in {database.folder} can no longer be found, but its space could not be "
            f"cleared: {error}. The next `notesearch index` goes on as usual."
        ) from error
    for file in (*database.folder.glob(f"{LAST}*"), database.folder / DAMAGED):
        file.unlink(missing_ok=True)
