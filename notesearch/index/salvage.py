"""A damaged database: made anew, with what can still be read of it that the notes do not hold.

That is which vaults there are, the recipe, and the vectors, which would take hours to make again. All else the next
update reads from the notes. The new database is written aside and swapped in; the damaged one stays beside it, as
`damaged.sqlite`, until the notes are read.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from notesearch.index import checksums, schema
from notesearch.index.base import new_file
from notesearch.index.check import is_vector
from notesearch.index.manifest import Recipe

DAMAGED = "damaged.sqlite"
_KEPT_FACTS = ("recipe", "basis", "generation", "characters_per_s")


def salvage(database: Path) -> int:
    """Put a new database in the place of a damaged one; returns how many vectors it has of it. Needs the writer's lock,
    and that nobody here has it open.
    """
    for left in database.parent.glob("salvage-*"):  # by a process that was killed
        shutil.rmtree(left)
    with TemporaryDirectory(dir=database.parent, prefix="salvage-") as aside:
        new = Path(aside) / database.name
        new.touch(mode=0o600)
        with closing(sqlite3.connect(new, isolation_level=None)) as fresh:
            fresh.execute("PRAGMA page_size = 8192")
            schema.migrate(fresh)
            fresh.execute("BEGIN")
            with closing(sqlite3.connect(database, isolation_level=None)) as old:
                count = _carry_over(old, fresh)
            fresh.execute("COMMIT")
            fresh.execute("PRAGMA journal_mode = WAL")
        damaged = database.with_name(DAMAGED)
        shutil.copyfile(database, new_file(damaged))
        for log in ("-wal", "-shm"):  # of the damaged one: nobody must take them for the new one's
            database.with_name(database.name + log).unlink(missing_ok=True)
        new.replace(database)
    return count


def _carry_over(old: sqlite3.Connection, fresh: sqlite3.Connection) -> int:
    sound = _sealed(old)
    for row in _readable(old, "vault", "id, name, root, kind", sound["vault"]):
        with suppress(sqlite3.IntegrityError):
            fresh.execute("INSERT INTO vault (id, name, root, kind) VALUES (?, ?, ?, ?)", row)
    checksums.seal(fresh, "vault")
    facts = {}
    for key in _KEPT_FACTS:
        with suppress(sqlite3.Error):
            found = f"SELECT value FROM manifest WHERE key = ? AND {sound['manifest']}"
            row = old.execute(found, (key,)).fetchone()
            facts.update({key: row[0]} if row else {})
    try:
        dimension = Recipe.from_json(facts["recipe"]).model.dimension
        bits = len(facts["basis"]) // 4 // dimension
    except (KeyError, ValueError, TypeError, ZeroDivisionError, AttributeError):
        return 0  # without them vectors mean nothing
    fresh.executemany(checksums.insert("manifest"), facts.items())
    count = 0
    for key, value, tokens in _readable(old, "vector", "embedded, value, tokens", sound["vector"]):
        if isinstance(key, bytes) and is_vector(value, tokens, dimension, bits):
            count += fresh.execute(checksums.insert("vector"), (key, value, tokens)).rowcount
    return count


def _sealed(old: sqlite3.Connection) -> dict[str, str]:
    """For each table the condition that its rows are what was written; those of an older format carry no checksum."""
    checksums.register(old)
    try:
        old.execute("SELECT checksum FROM vector")
    except sqlite3.Error:
        return dict.fromkeys(checksums.TABLES, "true")
    return {table: f"checksum IS {checksums.checksum_of(table)}" for table in checksums.TABLES}


def _readable(old: sqlite3.Connection, table: str, columns: str, sound: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table that can be read and are sound; from the first that cannot, each is asked for by itself."""
    last = 0
    try:
        for row in old.execute(f"SELECT rowid, {columns} FROM {table} WHERE {sound} ORDER BY rowid"):
            last = row[0]
            yield row[1:]
        return
    except sqlite3.Error:
        pass
    newest = last
    with suppress(sqlite3.Error):
        newest = old.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or last
    for rowid in range(last + 1, min(newest, last + _MOST_ASKED_FOR) + 1):
        with suppress(sqlite3.Error):
            yield from old.execute(f"SELECT {columns} FROM {table} WHERE rowid = ? AND {sound}", (rowid,)).fetchall()


_MOST_ASKED_FOR = 10_000_000
"""A damaged table may name any number as its last."""
