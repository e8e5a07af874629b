"""Rows are verified when they are read (rule I5), each once until somebody writes; some are kept as long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from notesearch.index import checksums, links
from notesearch.index.database import Database

Row = TypeVar("Row")

_MOST_KEPT = 10_000
"""Rows of a kind: all that a question reads in a vault of ordinary size, and twenty megabytes at most."""

_CHOSEN = {
    "passages": ("passage", "id IN ({})"),
    "notes": ("note", "id IN ({})"),
    "vectors": ("vector", "embedded IN (SELECT embedded FROM passage WHERE id IN ({}))"),
    "links of passages": ("link", links.FROM_PASSAGES),
    "links to notes": ("link", links.TO_NOTES),
}
"""What is read, the table it stands in, and its rows, given the ids of passages or notes."""


class Verified:
    """Which rows were found to be what was written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, what: str, ids: Iterable[int]) -> Sequence[int]:
        """The same ids, their rows verified. Raises RowsDamaged."""
        ids = [int(id_) for id_ in ids]
        known: set[int] = self._database.until_written(f"sound {what}", set)
        if new := set(ids) - known:
            table, chosen = _CHOSEN[what]
            checksums.verify(self._database.connection, table, chosen.format(",".join(map(str, new))))
            known |= new
        return ids


class Rows(Generic[Row]):
    """Rows by the ids of passages or notes, kept until somebody writes. `read` verifies what it reads."""

    def __init__(self, database: Database, name: str, read: Callable[[Sequence[int]], dict[int, Row]]) -> None:
        self._database = database
        self._name = name
        self._read = read

    def __call__(self, ids: Iterable[int]) -> dict[int, Row]:
        """Those of `ids` for which there is a row. Raises RowsDamaged."""
        wanted = dict.fromkeys(map(int, ids))
        kept: dict[int, Row | None] = self._database.until_written(self._name, dict)
        if len(kept) + len(wanted) > _MOST_KEPT:
            kept.clear()
        if new := [id_ for id_ in wanted if id_ not in kept]:
            kept |= dict.fromkeys(new) | self._read(new)
        return {id_: row for id_ in wanted if (row := kept[id_]) is not None}
