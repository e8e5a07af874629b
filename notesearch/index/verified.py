"""Rows are verified when they are read (rule I5), each once until somebody writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notesearch.index import checksums, links
from notesearch.index.database import Database

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
