"""Every row carries a checksum over what it says (rule I5): a byte that the disk changed is noticed where it is read.

A row is sealed by the transaction that writes it, and verified when a question reads it or all is checked. CRC-32 is
meant for this: any change within 32 bits is found, and of others all but one in four billion. SQLite works it out by
calling back, from the row as it is stored. Texts go into it as bytes: one that is no UTF-8 any more cannot be had as
text. What a note's file said of itself (times, size, hash) is left out; if that changes, the note is read again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from zlib import crc32

from notesearch.errors import IndexDamaged

_COVERED = {
    "manifest": "key value",
    "vault": "id name root kind scanned_ns scan",
    "note": "id vault path name title heading aliases tags date_first date_last date_source date_certainty "
    "conflict_copy remark",
    "passage": "id note start end first_line last_line headings text words hidden archived embedded",
    "vector": "embedded value tokens",
    "pending": "embedded text",
    "tag": "note tag",
    "property": "note key value",
    "part": "note line level name",
    "link": "id note passage target part shown kind embed hidden start end line to_note to_path to_line how others",
    "failure": "vault path reason size mtime_ns ctime_ns inode",
}
"""Each table and the columns that its rows' checksums are of."""

TABLES = tuple(_COVERED)
OF_A_NOTE = ("passage", "link", "tag", "property", "part")
"""The tables whose rows name the note they are of, which may be read again."""


class RowsDamaged(IndexDamaged):
    """Rows that are not what was written; of the `notes` (ids) that are to be read again for them, or vectors (keys).
    If it is neither, the database must be made anew.
    """

    def __init__(self, table: str, count: int, notes: Iterable[int] = (), keys: Iterable[bytes] = ()) -> None:
        self.table = table
        self.count = count
        self.notes = frozenset(notes)
        self.keys = frozenset(keys)
        super().__init__(
            f"The index is damaged: {count:,} of the rows of {table!r} that were read are not what was written. "
            "Run: notesearch index, which makes it anew from the notes."
        )


def register(connection: sqlite3.Connection) -> None:
    """Teach a connection to work out checksums; without, it cannot write to an index."""
    connection.create_function("checksum", -1, checksum, deterministic=True)


def checksum(*values: bytes | None) -> int:
    """Of the columns of a row."""
    return crc32(b"\x1f".join([b"\0" if value is None else value for value in values]))


def checksum_of(table: str, values: Iterable[str] | None = None) -> str:
    """In SQL, the checksum of a row of `table`, or of one to be with these values, in the order of its columns."""
    values = values or (f"{table}.{column}" for column in _COVERED[table].split())
    return f"checksum({', '.join(f'CAST({value} AS BLOB)' for value in values)})"


def insert(table: str) -> str:
    """The statement that writes a row, or another in its place, given what its checksum is of."""
    columns = _COVERED[table].split()
    marks = [f"?{n}" for n in range(1, len(columns) + 1)]
    return (
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}, checksum) "
        f"VALUES ({', '.join(marks)}, {checksum_of(table, marks)})"
    )


def seal(connection: sqlite3.Connection, table: str, where: str = "true", values: Iterable[object] = ()) -> None:
    """Give rows the checksum of what they say now."""
    connection.execute(f"UPDATE {table} SET checksum = {checksum_of(table)} WHERE {where}", tuple(values))


def unsound(connection: sqlite3.Connection, table: str, where: str = "true") -> RowsDamaged | None:
    """The rows that do not say what was written, if there are any."""
    named = {"note": "id", "vector": "embedded", **dict.fromkeys(OF_A_NOTE, "note")}.get(table, "NULL")
    bad = f"SELECT {named} FROM {table} WHERE ({where}) AND checksum IS NOT {checksum_of(table)}"
    found = [row[0] for row in connection.execute(bad)]
    if not found:
        return None
    if table == "vector":
        holders = "SELECT note FROM passage WHERE embedded = ?"
        notes = {row[0] for key in found for row in connection.execute(holders, (key,))}
        return RowsDamaged(table, len(found), notes, found)
    return RowsDamaged(table, len(found), found if named != "NULL" else ())


def verify(connection: sqlite3.Connection, table: str, where: str = "true") -> None:
    """Raises RowsDamaged if rows that are about to be read are not what was written."""
    if damage := unsound(connection, table, where):
        raise damage
