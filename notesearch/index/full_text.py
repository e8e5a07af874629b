"""What stands in the tables of the full text: all of it follows from the other tables, and can be worked out again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from notesearch.index import catalog
from notesearch.index.catalog import NoteRow, PassageRow
from notesearch.index.records import Note, Passage
from notesearch.index.words import spread

INSERT = {
    "words": "INSERT INTO words (rowid, title, headings, tags, body) VALUES (?, ?, ?, ?, ?)",
    "names": "INSERT INTO names (rowid, name, title, aliases, tags, properties) VALUES (?, ?, ?, ?, ?, ?)",
    "anchors": "INSERT INTO anchors (rowid, shown) VALUES (?, ?)",
}
"""The tables, and how a row gets there."""


def words_row(note: Note | NoteRow, passage: Passage | PassageRow) -> tuple[str, ...]:
    """Title, headings, tags and body of a passage as the text index gets them."""
    return (
        spread(" | ".join(dict.fromkeys((note.title, note.name, note.heading, *note.aliases)))),
        spread(" | ".join(passage.headings)),
        spread(" ".join(note.tags)),
        spread(passage.words),
    )


def names_row(note: Note | NoteRow, properties: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Name, title, aliases, tags and properties of a note as the text index gets them."""
    return (
        spread(note.name),
        spread(note.title if note.title != note.name else ""),
        spread(" | ".join((note.heading, *note.aliases))),
        spread(" ".join(note.tags)),
        spread(" | ".join(f"{key}: {value}" for key, value in properties)),
    )


def expected(connection: sqlite3.Connection) -> dict[str, Iterator[tuple[Any, ...]]]:
    """What each table must hold, by row id."""
    return {"words": _all_words(connection), "names": _all_names(connection), "anchors": _all_anchors(connection)}


def rebuild(connection: sqlite3.Connection) -> None:
    """Make the full text anew."""
    for table, rows in expected(connection).items():
        connection.execute(f"INSERT INTO {table}({table}) VALUES ('rebuild')")  # so that damage stops nothing
        connection.execute(f"DELETE FROM {table}")
        connection.executemany(INSERT[table], rows)


def optimize(connection: sqlite3.Connection) -> None:
    """Write each table's words anew, without those of rows that are gone."""
    for table in INSERT:
        connection.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")


def _all_words(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    known = catalog.all_notes(connection)
    for row in catalog.every_passage(connection):
        yield row.id, *words_row(known[row.note], row)


def _all_names(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for row in catalog.every_note(connection):
        statement = "SELECT key, value FROM property WHERE note = ? ORDER BY rowid"
        yield row.id, *names_row(row, connection.execute(statement, (row.id,)))


def _all_anchors(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for id_, said in connection.execute("SELECT id, shown FROM link WHERE shown <> '' ORDER BY id"):
        yield id_, spread(said)
