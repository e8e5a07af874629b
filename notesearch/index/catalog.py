"""Notes, passages and what hangs on them, as rows. Statements only: when to run them is the store's business.

A note's rows are rewritten as a whole, except that a passage whose embedded text and words are the same keeps its id,
and so its place in the snapshots of vectors and common words.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from unicodedata import combining, normalize

from notesearch.index.records import DateSpan, Fingerprint, Note, Passage
from notesearch.index.words import spread

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
_PASSAGE = "id, note, start, end, first_line, last_line, headings, text, words, hidden, archived, embedded"


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
    rows = _by_ids(connection, f"SELECT {_NOTE} FROM note WHERE id IN", ids)
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


def note_ids_in_order(connection: sqlite3.Connection) -> list[int]:
    """All notes by vault and path."""
    return [row[0] for row in connection.execute("SELECT id FROM note ORDER BY vault, path")]


def passages(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, PassageRow]:
    """Passages by id; ids that are gone are left out."""
    rows = _by_ids(connection, f"SELECT {_PASSAGE} FROM passage WHERE id IN", ids)
    return {row[0]: _passage(row) for row in rows}


def passages_of(connection: sqlite3.Connection, note: int) -> list[PassageRow]:
    """The passages of a note in the order of the text."""
    return [
        _passage(row)
        for row in connection.execute(f"SELECT {_PASSAGE} FROM passage WHERE note = ? ORDER BY start, id", (note,))
    ]


def put_note(
    connection: sqlite3.Connection,
    vault: int,
    note: Note,
    fingerprint: Fingerprint,
    scanned_ns: int,
    embedded: Sequence[tuple[bytes, str]],
    moved: int | None = None,
) -> int:
    """Write a note and all that hangs on it; returns its id. `embedded`: (key, text) of each passage, in order;
    `moved`: the note's id, if it stood at another path.
    """
    if moved is not None:
        connection.execute("UPDATE note SET path = ? WHERE id = ?", (path_to_sql(note.path), moved))
    note_id = _put_row(connection, vault, note, fingerprint, scanned_ns)
    _put_labels(connection, note_id, note)
    passage_ids = _put_passages(connection, note_id, note, embedded)
    _put_links(connection, note_id, note, passage_ids)
    return note_id


def _put_row(connection: sqlite3.Connection, vault: int, note: Note, fingerprint: Fingerprint, scanned_ns: int) -> int:
    values = {
        "vault": vault,
        "path": path_to_sql(note.path),
        "name": note.name,
        "title": note.title,
        "heading": note.heading,
        "aliases": json.dumps(note.aliases, ensure_ascii=False),
        "tags": json.dumps(note.tags, ensure_ascii=False),
        **_date_values(note.date),
        **fingerprint._asdict(),
        "scanned_ns": scanned_ns,
        "content_hash": note.content_hash,
        "conflict_copy": note.conflict_copy,
        "remark": note.remark,
    }
    columns = ", ".join(values)
    marks = ", ".join(f":{column}" for column in values)
    changes = ", ".join(f"{column} = excluded.{column}" for column in values if column not in ("vault", "path"))
    row = connection.execute(
        f"INSERT INTO note ({columns}) VALUES ({marks}) ON CONFLICT (vault, path) DO UPDATE SET {changes} RETURNING id",
        values,
    ).fetchone()
    return int(row[0])


def _date_values(span: DateSpan | None) -> dict[str, Any]:
    return {
        "date_first": span and span.first.isoformat(),
        "date_last": span and span.last.isoformat(),
        "date_source": span and span.source,
        "date_certainty": span and span.certainty,
    }


def _put_labels(connection: sqlite3.Connection, note_id: int, note: Note) -> None:
    for table in ("tag", "property", "part"):
        connection.execute(f"DELETE FROM {table} WHERE note = ?", (note_id,))
    tags = {parent for tag in note.tags for parent in _with_parents(tag.casefold())}
    connection.executemany("INSERT INTO tag (note, tag) VALUES (?, ?)", [(note_id, tag) for tag in sorted(tags)])
    connection.executemany(
        "INSERT INTO property (note, key, value) VALUES (?, ?, ?)", [(note_id, *pair) for pair in note.properties]
    )
    connection.executemany(
        "INSERT INTO part (note, line, level, name) VALUES (?, ?, ?, ?)",
        [(note_id, part.line, part.level, part.name) for part in note.parts],
    )
    connection.execute("DELETE FROM names WHERE rowid = ?", (note_id,))
    connection.execute(_INSERT["names"], (note_id, *_names(note, note.properties)))


def _with_parents(tag: str) -> list[str]:
    """`a/b/c` is also `a/b` and `a` (rule B9)."""
    parts = tag.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]


def _put_passages(
    connection: sqlite3.Connection, note_id: int, note: Note, embedded: Sequence[tuple[bytes, str]]
) -> list[int]:
    """Passages whose embedded text and words did not change keep their id; the others are new. Returns the ids in
    order.
    """
    kept = defaultdict(list)
    for embedded_, id_, *words in connection.execute(
        "SELECT embedded, id, title, words.headings, tags, body FROM passage JOIN words ON words.rowid = id "
        "WHERE note = ? ORDER BY start DESC",
        (note_id,),
    ):
        kept[(bytes(embedded_), *words)].append(int(id_))
    ids = []
    for passage, (key, text) in zip(note.passages, embedded, strict=True):
        words = _words(note, passage)
        before = kept[(key, *words)]
        id_ = before.pop() if before else None
        ids.append(_put_passage(connection, note_id, note, passage, key, id_))
        connection.execute(
            "INSERT OR IGNORE INTO pending SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM vector WHERE embedded = ?1)",
            (key, text),
        )
    remove_passages(connection, [id_ for rest in kept.values() for id_ in rest])
    return ids


def _put_passage(
    connection: sqlite3.Connection, note_id: int, note: Note, passage: Passage, key: bytes, id_: int | None
) -> int:
    values = (
        id_,
        note_id,
        passage.start,
        passage.end,
        *passage.lines,
        json.dumps(passage.headings, ensure_ascii=False),
        passage.text,
        None if passage.words == passage.text else passage.words,
        passage.hidden,
        passage.archived,
        key,
    )
    marks = ", ".join("?" * len(values))
    row = connection.execute(
        f"INSERT OR REPLACE INTO passage ({_PASSAGE}) VALUES ({marks}) RETURNING id", values
    ).fetchone()
    if id_ is None:
        connection.execute(
            _INSERT["words"],
            (row[0], *_words(note, passage)),
        )
    return int(row[0])


_INSERT = {
    "words": "INSERT INTO words (rowid, title, headings, tags, body) VALUES (?, ?, ?, ?, ?)",
    "names": "INSERT INTO names (rowid, name, title, aliases, tags, properties) VALUES (?, ?, ?, ?, ?, ?)",
    "anchors": "INSERT INTO anchors (rowid, shown) VALUES (?, ?)",
}
"""The tables of the full text, and how a row gets there."""


def _words(note: Note | NoteRow, passage: Passage | PassageRow) -> tuple[str, ...]:
    """Title, headings, tags and body as the text index gets them."""
    return (
        spread(" | ".join(dict.fromkeys((note.title, note.name, note.heading, *note.aliases)))),
        spread(" | ".join(passage.headings)),
        spread(" ".join(note.tags)),
        spread(passage.words),
    )


def _names(note: Note | NoteRow, properties: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Name, title, aliases, tags and properties as the text index gets them."""
    return (
        spread(note.name),
        spread(note.title if note.title != note.name else ""),
        spread(" | ".join((note.heading, *note.aliases))),
        spread(" ".join(note.tags)),
        spread(" | ".join(f"{key}: {value}" for key, value in properties)),
    )


def full_text(connection: sqlite3.Connection) -> dict[str, Iterator[tuple[Any, ...]]]:
    """What each table of the full text must hold, by row id: all of it follows from the other tables."""
    return {"words": _all_words(connection), "names": _all_names(connection), "anchors": _all_anchors(connection)}


def rebuild_full_text(connection: sqlite3.Connection) -> None:
    """Make the full text anew."""
    for table, rows in full_text(connection).items():
        connection.execute(f"INSERT INTO {table}({table}) VALUES ('rebuild')")  # so that damage stops nothing
        connection.execute(f"DELETE FROM {table}")
        connection.executemany(_INSERT[table], rows)


def _all_words(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    known = notes(connection, note_ids_in_order(connection))
    for row in map(_passage, connection.execute(f"SELECT {_PASSAGE} FROM passage ORDER BY id")):
        yield row.id, *_words(known[row.note], row)


def _all_names(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for row in map(_note, connection.execute(f"SELECT {_NOTE} FROM note ORDER BY id")):
        statement = "SELECT key, value FROM property WHERE note = ? ORDER BY rowid"
        yield row.id, *_names(row, connection.execute(statement, (row.id,)))


def _all_anchors(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for id_, said in connection.execute("SELECT id, shown FROM link WHERE shown <> '' ORDER BY id"):
        yield id_, spread(said)


def _put_links(connection: sqlite3.Connection, note_id: int, note: Note, passage_ids: Sequence[int]) -> None:
    connection.execute("DELETE FROM link WHERE note = ?", (note_id,))
    starts = [passage.start for passage in note.passages]
    statement = f"INSERT INTO link (note, passage, {', '.join(_LINK)}) VALUES ({', '.join('?' * (len(_LINK) + 2))})"
    anchors = []
    for link in note.links:
        at = bisect_right(starts, link.start) - 1
        inside = at >= 0 and link.start < note.passages[at].end
        row = (note_id, passage_ids[at] if inside else None, *(getattr(link, name) for name in _LINK))
        id_ = connection.execute(statement, row).lastrowid
        if link.shown:
            anchors.append((id_, spread(link.shown)))
    connection.executemany(_INSERT["anchors"], anchors)


_LINK = ("target", "part", "shown", "kind", "embed", "start", "end", "line", "hidden")


def touch_note(connection: sqlite3.Connection, note: int, fingerprint: Fingerprint, scanned_ns: int) -> None:
    """Record that a file, whatever its times say, still holds the same bytes."""
    connection.execute(
        "UPDATE note SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, scanned_ns = ? WHERE id = ?",
        (*fingerprint, scanned_ns, note),
    )


def redate_note(connection: sqlite3.Connection, note: int, span: DateSpan | None) -> None:
    """Record another date of a note."""
    values = _date_values(span)
    changes = ", ".join(f"{column} = :{column}" for column in values)
    connection.execute(f"UPDATE note SET {changes} WHERE id = :id", {**values, "id": note})


def remove_notes(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Forget notes and all that is theirs, except vectors: a moved note may still want them (see `sweep_vectors`)."""
    for note in ids:
        gone = [row[0] for row in connection.execute("SELECT id FROM passage WHERE note = ?", (note,))]
        remove_passages(connection, gone)
        connection.execute("DELETE FROM link WHERE note = ?", (note,))
        connection.execute("DELETE FROM names WHERE rowid = ?", (note,))
        connection.execute("UPDATE link SET to_note = NULL WHERE to_note = ?", (note,))
        connection.execute("DELETE FROM note WHERE id = ?", (note,))


def remove_passages(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Forget passages, and remember that the FAISS base may still hold their rows."""
    for table, column in (("words", "rowid"), ("passage", "id")):
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", ((id_,) for id_ in ids))
    connection.executemany("INSERT OR IGNORE INTO dead VALUES (?)", ((id_,) for id_ in ids))


def sweep_vectors(connection: sqlite3.Connection) -> None:
    """Drop vectors and pending texts that no passage wants any more."""
    for table in ("vector", "pending"):
        # So both are read by their indexes of keys, and not the vectors themselves.
        unwanted = f"SELECT embedded FROM {table} EXCEPT SELECT embedded FROM passage"
        connection.execute(f"DELETE FROM {table} WHERE embedded IN ({unwanted})")


def _by_ids(connection: sqlite3.Connection, statement: str, ids: Iterable[int]) -> list[Any]:
    return connection.execute(f"{statement} ({','.join(str(int(i)) for i in ids)})").fetchall()


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
