"""What questions and trips ask of notes and passages beside the rows themselves: which there are, of what date, next to
which.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from notesearch.index.catalog import path_from_sql, path_to_sql
from notesearch.later import numpy as np

if TYPE_CHECKING:
    from notesearch.index.vectors import Ids


def note_id(connection: sqlite3.Connection, vault: int, path: str) -> int | None:
    """The id of the note at a path."""
    row = connection.execute("SELECT id FROM note WHERE vault = ? AND path = ?", (vault, path_to_sql(path))).fetchone()
    return int(row[0]) if row else None


def note_paths(connection: sqlite3.Connection) -> list[str]:
    """The paths of all files that are known, each relative to its vault."""
    return [path_from_sql(row[0]) for row in connection.execute("SELECT path FROM note")]


def note_count(connection: sqlite3.Connection, vault: int) -> int:
    """How many notes of a vault there are."""
    return int(connection.execute("SELECT count(*) FROM note WHERE vault = ?", (vault,)).fetchone()[0])


def names(connection: sqlite3.Connection, vault: int) -> dict[str, tuple[str, ...]]:
    """Path → title and aliases of every note of a vault."""
    rows = connection.execute("SELECT path, title, aliases FROM note WHERE vault = ? ORDER BY path", (vault,))
    return {path_from_sql(path): (title, *json.loads(aliases)) for path, title, aliases in rows}


def property_keys(connection: sqlite3.Connection) -> list[str]:
    """Every property key that some note has."""
    return [row[0] for row in connection.execute("SELECT DISTINCT key FROM property ORDER BY key")]


def remarks(connection: sqlite3.Connection) -> list[tuple[int, str, str]]:
    """(vault, path, remark) of notes that were read, but not cleanly."""
    rows = connection.execute("SELECT vault, path, remark FROM note WHERE remark <> '' ORDER BY vault, path")
    return [(row[0], path_from_sql(row[1]), row[2]) for row in rows]


def conflict_copies(connection: sqlite3.Connection) -> list[tuple[int, int, str]]:
    """(note id, vault id, path) of the notes that a sync tool made of another (rule F10)."""
    # The plus makes SQLite take the index of them, and not go through all notes in order.
    rows = connection.execute("SELECT id, vault, path FROM note WHERE conflict_copy ORDER BY +id")
    return [(row[0], row[1], path_from_sql(row[2])) for row in rows]


def called_with(connection: sqlite3.Connection, signs: str) -> list[int]:
    """Ids of the notes with `signs` in their name or title as they stand."""
    rows = connection.execute("SELECT id FROM note WHERE instr(name, ?1) OR instr(title, ?1)", (signs,))
    return [row[0] for row in rows]


def dated(connection: sqlite3.Connection, first: date, last: date, limit: int) -> list[int]:
    """Ids of notes whose date, unless it is only the file's, touches the days from `first` to `last`; newest
    first.
    """
    rows = connection.execute(
        "SELECT id FROM note WHERE date_first <= ? AND date_last >= ? AND date_source <> 'file time' "
        "ORDER BY date_last DESC, id LIMIT ?",
        (last.isoformat(), first.isoformat(), limit),
    )
    return [row[0] for row in rows]


def latest_year(connection: sqlite3.Connection, first: date, last: date) -> int | None:
    """The year, of the days from `first` to `last` in it or an earlier one, of the newest note dated in them."""
    begin, end = first.isoformat()[5:], last.isoformat()[5:]
    join = "AND" if begin <= end else "OR"  # a winter is two ends of the calendar
    inside = (f"(substr({day}, 6) >= :begin {join} substr({day}, 6) <= :end)" for day in ("date_first", "date_last"))
    row = connection.execute(
        "SELECT max(date_first) FROM note WHERE date_source <> 'file time' AND date_first <= :last "
        f"AND {' AND '.join(inside)} AND julianday(date_last) - julianday(date_first) <= :days",
        {"last": last.isoformat(), "begin": begin, "end": end, "days": (last - first).days},
    ).fetchone()
    if row[0] is None:
        return None
    newest = date.fromisoformat(row[0])
    return newest.year - (newest.isoformat()[5:] < begin)


def passage_ids(connection: sqlite3.Connection) -> Ids:
    """Ids of all passages, ascending."""
    return np.array([row[0] for row in connection.execute("SELECT id FROM passage ORDER BY id")], np.int64)


def passages_within(connection: sqlite3.Connection, notes: Sequence[int]) -> Ids:
    """Ids of the passages of these notes, ascending."""
    listed = ",".join(str(int(i)) for i in notes)
    rows = connection.execute(f"SELECT id FROM passage WHERE note IN ({listed}) ORDER BY id")
    return np.array([row[0] for row in rows], np.int64)


def passages_of_notes(connection: sqlite3.Connection, notes: Iterable[int]) -> dict[int, int]:
    """Passage id → note id, for every passage of these notes."""
    listed = ",".join(str(int(i)) for i in notes)
    return dict(connection.execute(f"SELECT id, note FROM passage WHERE note IN ({listed})").fetchall())


def first_passages(connection: sqlite3.Connection, notes: Sequence[int]) -> dict[int, int]:
    """Note id → id of its first passage; notes without text are left out."""
    listed = ",".join(str(int(i)) for i in notes)
    rows = connection.execute(f"SELECT note, id, min(start) FROM passage WHERE note IN ({listed}) GROUP BY note")
    return {row[0]: row[1] for row in rows}


def notes_of_passages(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, int]:
    """Passage id → note id."""
    listed = ",".join(str(int(i)) for i in ids)
    return dict(connection.execute(f"SELECT id, note FROM passage WHERE id IN ({listed})").fetchall())


def neighbours(connection: sqlite3.Connection, passages: Iterable[int]) -> dict[int, tuple[int, int, int]]:
    """Passage id → ids of the passages before and after it in its note (0: none), and of that note."""
    listed = ",".join(str(int(i)) for i in passages)
    rows = connection.execute(
        f"""SELECT here.id,
          (SELECT id FROM passage WHERE note = here.note AND start < here.start ORDER BY start DESC LIMIT 1),
          (SELECT id FROM passage WHERE note = here.note AND start > here.start ORDER BY start LIMIT 1),
          note
        FROM passage AS here WHERE here.id IN ({listed})"""
    )
    return {id_: (before or 0, after or 0, note) for id_, before, after, note in rows}


def matching(connection: sqlite3.Connection, expression: str, within: Ids | None) -> Ids:
    """Ids of all passages that match `expression`, ascending."""
    rows = connection.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", (expression,))
    found = np.array([row[0] for row in rows], np.int64)
    return found if within is None else np.intersect1d(found, within)


def containing(connection: sqlite3.Connection, signs: str) -> Ids:
    """Ids of the passages with `signs` in their text as they stand, ascending: what no word index knows (X8)."""
    rows = connection.execute("SELECT id FROM passage WHERE instr(text, ?) ORDER BY id", (signs,))
    return np.array([row[0] for row in rows], np.int64)
