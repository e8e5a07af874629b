"""A note is written, as rows: itself, what it is called, its passages and links. Statements only: when to run them is
the store's business.

A note's rows are rewritten as a whole, except that a passage whose embedded text and words are the same keeps its id,
and so its place in the snapshots of vectors and common words.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from notesearch.index import checksums, failures
from notesearch.index.catalog import PASSAGE, path_to_sql
from notesearch.index.full_text import INSERT, names_row, words_row
from notesearch.index.records import DateSpan, Fingerprint, Note, Passage
from notesearch.index.words import spread


def put_note(
    connection: sqlite3.Connection,
    vault: int,
    note: Note,
    fingerprint: Fingerprint,
    scanned_ns: int,
    embedded: Sequence[tuple[bytes, str]],
    moved: int | None = None,
) -> int:
    """Write a note, its passages, words and links (rule I3); returns its id.

    `embedded`: key and text of each passage's vector. Those not yet known become pending (see `pending`). `moved`:
    the id of the note, if it is known by another path; it keeps it.
    """
    failures.clear(connection, vault, [note.path])
    if moved is not None:
        connection.execute("UPDATE note SET path = ? WHERE id = ?", (path_to_sql(note.path), moved))
    note_id = _put_row(connection, vault, note, fingerprint, scanned_ns)
    _put_labels(connection, note_id, note)
    passage_ids = _put_passages(connection, note_id, note, embedded)
    _put_links(connection, note_id, note, passage_ids)
    checksums.seal(connection, "note", "id = ?", (note_id,))
    for table in checksums.OF_A_NOTE:
        checksums.seal(connection, table, "note = ?", (note_id,))
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
    connection.execute(INSERT["names"], (note_id, *names_row(note, note.properties)))


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
        words = words_row(note, passage)
        before = kept[(key, *words)]
        id_ = before.pop() if before else None
        ids.append(_put_passage(connection, note_id, note, passage, key, id_))
        connection.execute(
            f"INSERT OR IGNORE INTO pending SELECT ?1, ?2, {checksums.checksum_of('pending', ('?1', '?2'))} "
            "WHERE NOT EXISTS (SELECT 1 FROM vector WHERE embedded = ?1)",
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
        f"INSERT OR REPLACE INTO passage ({PASSAGE}) VALUES ({marks}) RETURNING id", values
    ).fetchone()
    if id_ is None:
        connection.execute(
            INSERT["words"],
            (row[0], *words_row(note, passage)),
        )
    return int(row[0])


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
    connection.executemany(INSERT["anchors"], anchors)


_LINK = ("target", "part", "shown", "kind", "embed", "start", "end", "line", "hidden")


def touch_notes(connection: sqlite3.Connection, touched: Iterable[tuple[int, Fingerprint]], scanned_ns: int) -> None:
    """Record new file times of notes whose bytes are the same."""
    connection.executemany(
        "UPDATE note SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, scanned_ns = ? WHERE id = ?",
        ((*fingerprint, scanned_ns, note) for note, fingerprint in touched),
    )


def redate_note(connection: sqlite3.Connection, note: int, span: DateSpan | None) -> None:
    """A note has another date, since that of its file changed."""
    values = _date_values(span)
    changes = ", ".join(f"{column} = :{column}" for column in values)
    connection.execute(f"UPDATE note SET {changes} WHERE id = :id", {**values, "id": note})
    checksums.seal(connection, "note", "id = ?", (note,))


def remove_notes(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Forget notes and all that is theirs, except vectors: a moved note may still want them (see `vectors.sweep`)."""
    for note in ids:
        gone = [row[0] for row in connection.execute("SELECT id FROM passage WHERE note = ?", (note,))]
        remove_passages(connection, gone)
        connection.execute("DELETE FROM link WHERE note = ?", (note,))
        connection.execute("DELETE FROM names WHERE rowid = ?", (note,))
        leading = connection.execute(
            "UPDATE link SET to_note = NULL WHERE to_note = ? RETURNING id", (note,)
        ).fetchall()
        for link in leading:
            checksums.seal(connection, "link", "id = ?", link)
        connection.execute("DELETE FROM note WHERE id = ?", (note,))


def remove_passages(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Forget passages, and remember that the FAISS base may still hold their rows."""
    for table, column in (("words", "rowid"), ("passage", "id")):
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", ((id_,) for id_ in ids))
    connection.executemany("INSERT OR IGNORE INTO dead VALUES (?)", ((id_,) for id_ in ids))
