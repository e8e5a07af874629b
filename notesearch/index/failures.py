"""Files that could not be read: remembered with their state then, and tried again when that changes (rule I7)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from notesearch.index import checksums
from notesearch.index.catalog import path_from_sql, path_to_sql
from notesearch.index.records import Fingerprint


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, and why."""

    vault: int
    path: str
    reason: str
    fingerprint: Fingerprint


def failures(connection: sqlite3.Connection) -> list[Failure]:
    """Files that could not be read, by vault and path."""
    rows = connection.execute(
        "SELECT vault, path, reason, size, mtime_ns, ctime_ns, inode FROM failure ORDER BY vault, path"
    )
    return [Failure(row[0], path_from_sql(row[1]), row[2], Fingerprint(*row[3:])) for row in rows]


def put(connection: sqlite3.Connection, failure: Failure) -> None:
    """Remember a file that could not be read; what the index held of it before stays."""
    values = (failure.vault, path_to_sql(failure.path), failure.reason, *failure.fingerprint)
    connection.execute(checksums.insert("failure"), values)


def clear(connection: sqlite3.Connection, vault: int, paths: Iterable[str]) -> None:
    """Forget failures of files that are gone or read now."""
    connection.executemany(
        "DELETE FROM failure WHERE vault = ? AND path = ?", ((vault, path_to_sql(path)) for path in paths)
    )
