"""Vaults as rows: of which folders an index is, and whose a note is.

A note belongs to the innermost vault that holds its file, so each file is in the index once. Where a vault comes, goes
or moves, notes change hands as rows: they keep their ids and vectors, so that nothing is embedded again, and are read
once more, since a vault's kind decides what they mean and where their links lead.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from notesearch.index import checksums
from notesearch.index.catalog import VaultRow, path_from_sql, path_to_sql
from notesearch.index.notes import remove_notes
from notesearch.index.records import role_of


def vaults(connection: sqlite3.Connection) -> list[VaultRow]:
    """In the order they were added. Raises RowsDamaged if one is not what was written."""
    checksums.verify(connection, "vault")
    rows = connection.execute("SELECT id, name, root, kind, scanned_ns, scan FROM vault ORDER BY id")
    return [VaultRow(row[0], row[1], path_from_sql(row[2]), *row[3:]) for row in rows]


def holder(among: Iterable[VaultRow], root: Path) -> VaultRow | None:
    """The innermost vault in whose folder `root` lies, if there is one."""
    above = [vault for vault in among if Path(vault.root) in root.parents]
    return max(above, key=lambda vault: len(vault.root), default=None)


def inner(among: Iterable[VaultRow], vault: VaultRow) -> tuple[str, ...]:
    """Folders of a vault that are vaults of their own, each relative to it and with `/` at its end."""
    below = (Path(other.root) for other in among)
    root = Path(vault.root)
    return tuple(sorted(f"{folder.relative_to(root).as_posix()}/" for folder in below if root in folder.parents))


def add(connection: sqlite3.Connection, root: Path, kind: str) -> VaultRow:
    """A new vault, named for its folder; it takes over what another has read of that folder."""
    id_ = connection.execute(
        "INSERT INTO vault (name, root, kind) VALUES (?, ?, ?)",
        (_free_name(connection, root), path_to_sql(str(root)), kind),
    ).lastrowid
    checksums.seal(connection, "vault", "id = ?", (id_,))
    take_over(connection)
    return next(vault for vault in vaults(connection) if vault.id == id_)


def put_scanned(connection: sqlite3.Connection, vaults: Iterable[int], scanned_ns: int) -> None:
    """Record when vaults were walked as a whole."""
    rows = [(scanned_ns, vault) for vault in vaults]
    connection.executemany("UPDATE vault SET scanned_ns = ? WHERE id = ?", rows)
    checksums.seal(connection, "vault")


def put_scan(connection: sqlite3.Connection, vault: int, kind: str, scanned_ns: int, scan: dict[str, Any]) -> None:
    """Record when a vault was walked, and what was seen beside its notes."""
    connection.execute(
        "UPDATE vault SET kind = ?, scanned_ns = ?, scan = ? WHERE id = ?", (kind, scanned_ns, json.dumps(scan), vault)
    )
    checksums.seal(connection, "vault", "id = ?", (vault,))


def move(connection: sqlite3.Connection, moves: Iterable[tuple[VaultRow, Path, str]]) -> None:
    """(vault, its folder now, its kind there), of all that moved together."""
    for each in moves:
        _move(connection, *each)
    take_over(connection)


def _move(connection: sqlite3.Connection, vault: VaultRow, root: Path, kind: str) -> None:
    """Its name follows only if the folder's has changed."""
    name = vault.name if root.name == Path(vault.root).name else _free_name(connection, root, besides=vault.id)
    connection.execute(
        "UPDATE vault SET root = ?, name = ?, kind = ? WHERE id = ?",
        (path_to_sql(str(root)), name, kind, vault.id),
    )
    checksums.seal(connection, "vault", "id = ?", (vault.id,))


def forget(connection: sqlite3.Connection, vault: VaultRow) -> VaultRow | None:
    """Remove a vault with its notes; if it lies in another, that one gets the notes, and is returned."""
    others = [other for other in vaults(connection) if other.id != vault.id]
    outer = holder(others, Path(vault.root))
    if outer is None:
        remove_notes(connection, list(_notes(connection, vault.id)))
    else:
        _give(connection, vault, outer, "", f"{Path(vault.root).relative_to(outer.root).as_posix()}/")
    connection.execute("DELETE FROM vault WHERE id = ?", (vault.id,))
    return outer


def take_over(connection: sqlite3.Connection) -> None:
    """Give each vault that lies in another the notes which that one has read of its folder."""
    known = vaults(connection)
    for vault in known:
        if (outer := holder(known, Path(vault.root))) is not None:
            _give(connection, outer, vault, f"{Path(vault.root).relative_to(outer.root).as_posix()}/", "")


def _give(connection: sqlite3.Connection, giver: VaultRow, taker: VaultRow, old: str, new: str) -> None:
    """The notes of `giver` below the folder `old` go to `taker`, below `new`; one it has already is the same file."""
    mine = {note: path for note, path in _notes(connection, giver.id).items() if path.startswith(old)}
    theirs = set(_notes(connection, taker.id).values())
    there = {note: new + path.removeprefix(old) for note, path in mine.items()}
    remove_notes(connection, [note for note, path in there.items() if path in theirs])
    for note, path in there.items():
        # What a PDF or picture says does not depend on the vault, and reading it again may need what is not installed.
        again = ", content_hash = x'', size = -1" if role_of(path) in ("note", "canvas") else ""
        connection.execute(
            f"UPDATE note SET vault = ?, path = ?{again} WHERE id = ?", (taker.id, path_to_sql(path), note)
        )
        checksums.seal(connection, "note", "id = ?", (note,))
    if there:  # links of either may lead elsewhere now: see `Scan.links_due`
        connection.execute("UPDATE vault SET scan = '{}' WHERE id IN (?, ?)", (giver.id, taker.id))
        checksums.seal(connection, "vault", "id IN (?, ?)", (giver.id, taker.id))


def _notes(connection: sqlite3.Connection, vault: int) -> dict[int, str]:
    rows = connection.execute("SELECT id, path FROM note WHERE vault = ?", (vault,))
    return {row[0]: path_from_sql(row[1]) for row in rows}


def _free_name(connection: sqlite3.Connection, root: Path, besides: int | None = None) -> str:
    """The folder's name, with a number if another vault has it; bytes that are not UTF-8 are spelled out in hex."""
    taken = {vault.name for vault in vaults(connection) if vault.id != besides}
    name = root.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") or str(root)
    return next(n for n in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if n not in taken)
