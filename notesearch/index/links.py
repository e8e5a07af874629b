"""Links as the index keeps them: which note each leads to, what points at a note, what leads nowhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from notesearch.index import checksums
from notesearch.index.catalog import path_from_sql, path_to_sql
from notesearch.index.records import Link, Part, ResolvedLink, role_of


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A link with its row and the note it stands in."""

    id: int
    note: int
    path: str
    link: Link


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One end of a link as a hit shows it: `title` and `path` of the other note, the words that were `shown`, and the
    `line` of the part it names or, of a link from elsewhere, at which it stands.
    """

    note: int
    path: str
    title: str
    shown: str
    line: int | None


@dataclass(frozen=True, slots=True)
class NamedLink:
    """A link with words of its own, from a note (id) to another; `line` is where the part stands that it names."""

    note: int
    to: int
    line: int | None
    shown: str


@dataclass(frozen=True, slots=True)
class DoubtfulRow:
    """A link that leads nowhere, or that several files would have fitted; `to` is the one taken. `partless`: it names
    a part that the note does not have.
    """

    vault: int
    path: str
    line: int
    target: str
    part: str
    how: str
    to: str | None
    others: int
    partless: bool


def block_notes(connection: sqlite3.Connection, vault: int) -> dict[str, str]:
    """Block id → path of the note in which it stands; of two equal ids the first by path counts."""
    rows = connection.execute(
        "SELECT part.name, path FROM part JOIN note ON note.id = part.note WHERE vault = ? AND level = 0 "
        "ORDER BY path DESC, line DESC",
        (vault,),
    )
    return {name: path_from_sql(path) for name, path in rows}


def parts(connection: sqlite3.Connection, vault: int, path: str) -> list[Part]:
    """What links can name of a note, in its order."""
    rows = connection.execute(
        "SELECT line, level, part.name FROM part JOIN note ON note.id = part.note "
        "WHERE vault = ? AND path = ? ORDER BY part.note, line, part.rowid",
        (vault, path_to_sql(path)),
    )
    return [Part(*row) for row in rows]


def stored_links(connection: sqlite3.Connection, vault: int, notes: Sequence[int] | None = None) -> list[StoredLink]:
    """The links of a vault, or of some of its notes and those that name parts of them, ready to be resolved."""
    some = None if notes is None else _list(notes)
    chosen = "" if some is None else f" AND (link.note IN ({some}) OR part <> '' AND to_note IN ({some}))"
    rows = connection.execute(
        "SELECT link.id, note, path, target, part, shown, kind, embed, start, end, line, hidden "
        f"FROM link JOIN note ON note.id = link.note WHERE vault = ?{chosen} ORDER BY link.id",
        (vault,),
    )
    return [
        StoredLink(
            *(id_, note, path_from_sql(path)),
            Link(target, part, shown, kind, bool(embed), start, end, line, bool(hidden)),
        )
        for id_, note, path, target, part, shown, kind, embed, start, end, line, hidden in rows
    ]


def put_resolved(
    connection: sqlite3.Connection, vault: int, resolved: Iterable[tuple[StoredLink, ResolvedLink]]
) -> None:
    """Record where links lead; attachments have a path and no note."""
    resolved = list(resolved)
    connection.executemany(
        "UPDATE link SET to_path = ?2, how = ?3, others = ?4, to_line = ?5, "
        "to_note = (SELECT id FROM note WHERE vault = ?6 AND path = ?2) WHERE id = ?1",
        (
            (stored.id, found.path and path_to_sql(found.path), found.how, found.others, found.line, vault)
            for stored, found in resolved
        ),
    )
    for stored, _ in resolved:
        checksums.seal(connection, "link", "id = ?", (stored.id,))


FROM_PASSAGES = "link.note IN (SELECT note FROM passage WHERE id IN ({0})) AND link.passage IN ({0})"
TO_NOTES = "link.to_note IN ({0}) AND link.note <> link.to_note"
"""Which links these are, given the ids."""


def links_from(connection: sqlite3.Connection, passages: Sequence[int]) -> dict[int, tuple[Neighbour, ...]]:
    """For each passage the notes its links lead to, in order."""
    chosen = FROM_PASSAGES.format(_list(passages))
    return _neighbours(
        connection,
        "SELECT link.passage, note.id, note.path, note.title, link.shown, link.to_line "
        f"FROM link JOIN note ON note.id = link.to_note WHERE {chosen} ORDER BY link.id",
    )


def links_to(connection: sqlite3.Connection, notes: Sequence[int]) -> dict[int, tuple[Neighbour, ...]]:
    """For each note the notes that link to it, by path."""
    chosen = TO_NOTES.format(_list(notes))
    return _neighbours(
        connection,
        "SELECT link.to_note, note.id, note.path, note.title, link.shown, link.line "
        f"FROM link JOIN note ON note.id = link.note WHERE {chosen} ORDER BY note.path, link.id",
    )


def anchored(connection: sqlite3.Connection, expression: str, limit: int) -> list[tuple[int, int | None, str]]:
    """(note, passage, shown) of links from other notes whose shown words match, as `words` makes an expression, the
    `limit` best: what they lead to, the passage where the link names a part, and what they call it.
    """
    if not expression:
        return []
    best = (
        "SELECT to_note, to_line, link.shown FROM anchors JOIN link ON link.id = anchors.rowid "
        "WHERE anchors MATCH ? AND to_note <> link.note ORDER BY rank, link.id LIMIT ?"
    )
    rows = connection.execute(
        "SELECT to_note, (SELECT id FROM passage WHERE note = to_note AND to_line BETWEEN first_line AND last_line "
        f"ORDER BY start LIMIT 1), shown FROM ({best})",
        (expression, limit),
    )
    return [(int(note), passage, str(shown)) for note, passage, shown in rows]


def named_links(connection: sqlite3.Connection) -> list[NamedLink]:
    """The links between notes that show words of their own, in order; no embeds and no comments."""
    rows = connection.execute(
        "SELECT note, to_note, to_line, shown FROM link "
        "WHERE shown <> '' AND to_note IS NOT NULL AND to_note <> note AND NOT embed AND NOT hidden ORDER BY id"
    )
    return [NamedLink(*row) for row in rows]


def doubtful(connection: sqlite3.Connection) -> list[DoubtfulRow]:
    """Links that lead nowhere (R8), then those that name no part of their note (R7) or would have fitted several files
    (R9); by note and line.
    """
    rows = connection.execute(
        "SELECT vault, path, line, target, part, how, to_path, others, "
        "part <> '' AND to_line IS NULL AND to_note IS NOT NULL AS partless "
        "FROM link JOIN note ON note.id = link.note "
        "WHERE to_path IS NULL OR others > 0 OR partless ORDER BY to_path IS NOT NULL, vault, path, line, link.id"
    )
    found = (_doubtful(*row) for row in rows)
    return [link for link in found if link.to is None or link.others or link.partless]


def _doubtful(vault: int, path: Any, line: int, target: str, part: str, how: str, to: Any, *rest: int) -> DoubtfulRow:
    others, no_line = rest
    taken = None if to is None else path_from_sql(to)
    partless = bool(no_line) and taken is not None and _names_a_part(part, taken)
    return DoubtfulRow(vault, path_from_sql(path), line, target, part, how, taken, others, partless)


def _names_a_part(part: str, path: str) -> bool:
    """Of a PDF only pages have names, and of a picture nothing: `#height=400` and `#right` say how it is shown."""
    role = role_of(path)
    return part.startswith("page=") if role == "pdf" else role != "picture"


def unresolved(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """(reason, count) of the links that lead nowhere."""
    rows = connection.execute("SELECT how, count(*) FROM link WHERE to_path IS NULL GROUP BY how ORDER BY 2 DESC, 1")
    return [(str(how), int(count)) for how, count in rows]


def _neighbours(connection: sqlite3.Connection, statement: str) -> dict[int, tuple[Neighbour, ...]]:
    found: dict[int, dict[int, Neighbour]] = {}
    for key, note, path, title, shown, line in connection.execute(statement):
        found.setdefault(key, {}).setdefault(note, Neighbour(note, path_from_sql(path), title, shown, line))
    return {key: tuple(notes.values()) for key, notes in found.items()}


def _list(ids: Sequence[int]) -> str:
    return ",".join(str(int(i)) for i in ids)
