"""Notes and passages, as rows, and how they are found by id. How they are written: see `notes`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from unicodedata import combining, normalize

from notesearch.index.records import DateSpan, Fingerprint

_NAME_WORD = re.compile(r"[^\W_]+")


def path_to_sql(path: str) -> str | bytes:
    """Text where the name is UTF-8, else its bytes: SQLite keeps either, and no name is changed (rule F5)."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def path_from_sql(value: str | bytes) -> str:
    """The inverse of `path_to_sql`."""
    return value if isinstance(value, str) else os.fsdecode(value)


@dataclass(frozen=True, slots=True)
class VaultRow:
    """A vault as the index knows it. `scan` is what the last walk said besides notes (JSON text)."""

    id: int
    name: str
    root: str
    kind: str
    scanned_ns: int
    scan: str


class KnownFile(NamedTuple):
    """What is recorded of a file, to compare it with the disk: a row of the database as it comes."""

    note: int
    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    scanned_ns: int
    content_hash: bytes

    @property
    def fingerprint(self) -> Fingerprint:
        """The state of the file when it was read."""
        return Fingerprint(*self.state)

    @property
    def state(self) -> tuple[int, int, int, int]:
        """The same, to be compared with a fingerprint: as is done with every file at every look."""
        return self[2:6]


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note without its text."""

    id: int
    vault: int
    path: str
    name: str
    title: str
    heading: str
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    date: DateSpan | None
    fingerprint: Fingerprint
    scanned_ns: int
    content_hash: bytes
    conflict_copy: bool
    remark: str


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A passage and the note it is of. `words` is what was encoded of its text, `embedded` the key of its vector."""

    id: int
    note: int
    start: int
    end: int
    lines: tuple[int, int]
    headings: tuple[str, ...]
    text: str
    words: str
    hidden: bool
    archived: bool
    embedded: bytes


def embedded_key(text: str, recipe: bytes) -> bytes:
    """16 bytes that name a vector: the embedded text under a recipe."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=recipe, digest_size=16).digest()


_NOTE = (
    "id, vault, path, name, title, heading, aliases, tags, date_first, date_last, date_source, date_certainty, "
    "size, mtime_ns, ctime_ns, inode, scanned_ns, content_hash, conflict_copy, remark"
)
PASSAGE = "id, note, start, end, first_line, last_line, headings, text, words, hidden, archived, embedded"


def known_files(connection: sqlite3.Connection, vault: int) -> dict[str, KnownFile]:
    """Every note of a vault by path, as it was when it was read."""
    rows = connection.execute(
        "SELECT id, path, size, mtime_ns, ctime_ns, inode, scanned_ns, content_hash FROM note WHERE vault = ?", (vault,)
    )
    # A tuple made of a tuple needs half the time of a call with eight values, and there is one for every note.
    files = {row[1]: tuple.__new__(KnownFile, row) for row in rows}
    for path in [path for path in files if isinstance(path, bytes)]:
        files[path_from_sql(path)] = files.pop(path)._replace(path=path_from_sql(path))
    return files


def notes(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, NoteRow]:
    """Notes by id; ids that are gone are left out."""
    chosen = f"id IN ({','.join(str(int(i)) for i in ids)})"
    rows = connection.execute(f"SELECT {_NOTE} FROM note WHERE {chosen}").fetchall()
    return {row[0]: _note(row) for row in rows}


def name_words(connection: sqlite3.Connection) -> dict[str, set[int]]:
    """Each word of the titles, file names, first headings and aliases, without case and accents → notes called so."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for id_, *names in connection.execute("SELECT id, title, name, heading, aliases FROM note"):
        names[-1] = " ".join(json.loads(names[-1]))
        plain = "".join(c for c in normalize("NFKD", " ".join(names)).casefold() if not combining(c))
        for word in _NAME_WORD.findall(plain):
            found[word].add(id_)
    return found


def every_note(connection: sqlite3.Connection) -> Iterator[NoteRow]:
    """All notes, by id."""
    return map(_note, connection.execute(f"SELECT {_NOTE} FROM note ORDER BY id"))


def every_passage(connection: sqlite3.Connection) -> Iterator[PassageRow]:
    """All passages, by id."""
    return map(_passage, connection.execute(f"SELECT {PASSAGE} FROM passage ORDER BY id"))


def all_notes(connection: sqlite3.Connection) -> dict[int, NoteRow]:
    """All notes by id, ascending."""
    return {note.id: note for note in every_note(connection)}


def passages(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, PassageRow]:
    """Passages by id; ids that are gone are left out."""
    chosen = f"id IN ({','.join(str(int(i)) for i in ids)})"
    rows = connection.execute(f"SELECT {PASSAGE} FROM passage WHERE {chosen}").fetchall()
    return {row[0]: _passage(row) for row in rows}


def passages_of(connection: sqlite3.Connection, note: int) -> list[PassageRow]:
    """The passages of a note in the order of the text."""
    return [
        _passage(row)
        for row in connection.execute(f"SELECT {PASSAGE} FROM passage WHERE note = ? ORDER BY start, id", (note,))
    ]


def _note(row: Sequence[Any]) -> NoteRow:
    id_, vault, path, name, title, heading, aliases, tags, first, last, source, certainty = row[:12]
    size, mtime_ns, ctime_ns, inode, scanned_ns, content_hash, conflict_copy, remark = row[12:]
    return NoteRow(
        id=id_,
        vault=vault,
        path=path_from_sql(path),
        name=name,
        title=title,
        heading=heading,
        aliases=tuple(json.loads(aliases)),
        tags=tuple(json.loads(tags)),
        date=DateSpan(date.fromisoformat(first), date.fromisoformat(last), source, certainty) if first else None,
        fingerprint=Fingerprint(size, mtime_ns, ctime_ns, inode),
        scanned_ns=scanned_ns,
        content_hash=content_hash,
        conflict_copy=bool(conflict_copy),
        remark=remark,
    )


def _passage(row: Sequence[Any]) -> PassageRow:
    id_, note, start, end, first, last, headings, text, words, hidden, archived, embedded = row
    lines, path = (first, last), tuple(json.loads(headings))
    return PassageRow(id_, note, start, end, lines, path, text, words or text, bool(hidden), bool(archived), embedded)
