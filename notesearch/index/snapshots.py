"""The snapshots of an index: the FAISS base and the common words, as the database records them.

Both are derived, written aside and swapped in, and named by a generation that the database records in the same
transaction that trusts them. Here they are mapped, trusted or not, written anew and removed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

from notesearch.index import manifest
from notesearch.index.base import Base, MappedBase, is_due, open_base, write_base
from notesearch.index.common import CommonWords, MappedWords, open_common, write_common
from notesearch.index.database import Database
from notesearch.index.vectors import Ids, vector_batches
from notesearch.later import numpy as np

T = TypeVar("T")

KINDS = ("base", "common")
"""What the manifest calls them."""


class Snapshots:
    """The snapshots beside an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection = database.connection
        self._mapped: dict[str, tuple[str, Any]] = {}

    def base(self) -> MappedBase | None:
        """The FAISS base, mapped; None if there is none, or it cannot be used."""
        return self._opened("base", lambda recorded: open_base(self._database.folder, Base(**recorded)))

    def common(self) -> MappedWords | None:
        """The common words, mapped; None if there are none, or they cannot be used."""
        return self._opened("common", lambda recorded: open_common(self._database.folder, CommonWords(**recorded)))

    def dead(self) -> Ids:
        """Passages that the snapshots may hold and that have gone, (n,), ascending."""
        rows = "SELECT passage FROM dead ORDER BY passage"
        return self._database.until_written(
            "dead", lambda: np.array([row[0] for row in self._connection.execute(rows)], np.int64)
        )

    def _recorded(self, kind: str) -> str:
        """What the manifest says of a file, "" if it knows none."""
        return self._database.until_written(f"recorded {kind}", lambda: manifest.get(self._connection, kind))

    def distrust(self, kind: str) -> None:
        """A file is not what was written: do without it, and remove it, so that the next update misses it."""
        recorded = self._recorded(kind)
        self._mapped[kind] = (recorded, None)
        with suppress(OSError):
            (self._database.folder / json.loads(recorded)["file"]).unlink(missing_ok=True)

    def let_go(self) -> None:
        """Close the files; they are mapped again when they are wanted."""
        self._mapped.clear()

    def are_damaged(self) -> bool:
        """Whether a recorded file cannot be used, so that search is slower: of vectors, or of common words."""
        return not all(self._is_usable(kind) for kind in KINDS)

    def are_due(self, newer: int) -> bool:
        """Whether writing them anew pays, with so many vectors that are `newer` than the base."""
        base = self.base()
        (dead,) = self._connection.execute("SELECT count(*) FROM dead").fetchone()
        return is_due(newer, dead, base.count if base else 0)

    def write(self, count: int, progress: Callable[[str, int, int], None]) -> None:
        """Write both anew, the base with about `count` vectors."""
        progress("preparing the search", 0, 2)
        connection, folder = self._connection, self._database.folder
        generation = int(manifest.get(connection, "generation") or 0) + 1
        with self._database.saying("written", OSError):
            rows = partial(vector_batches, connection, 0)
            base = write_base(folder, generation, count, manifest.dimension(connection), rows)
            progress("preparing the search", 1, 2)
            common = write_common(folder, generation, connection)
        with self._database.transaction():
            manifest.put(connection, "generation", str(generation))
            manifest.put(connection, "base", json.dumps(asdict(base)))
            manifest.put(connection, "common", json.dumps(asdict(common)))
            connection.execute("DELETE FROM dead")
        progress("preparing the search", 2, 2)

    def drop(self) -> None:
        """Do without them; `tidy` makes them anew where they pay."""
        with self._database.transaction():
            manifest.drop(self._connection, *KINDS)
            self._connection.execute("DELETE FROM dead")
        self.let_go()
        self._remove_but(())

    def remove_old(self) -> None:
        """Remove those of earlier generations, and what a process that was killed had begun to write."""
        recorded = [json.loads(manifest.get(self._connection, kind) or "{}") for kind in KINDS]
        self._remove_but([said.get(name) for said in recorded for name in ("file", "rows_file")])

    def _remove_but(self, kept: Sequence[str | None]) -> None:
        folder = self._database.folder
        with self._database.saying("tidied", OSError):
            for file in (*folder.glob("vectors-*"), *folder.glob("words-*")):
                if file.name not in kept:
                    file.unlink(missing_ok=True)

    def _is_usable(self, kind: str) -> bool:
        """Whether a recorded file, if any, could be opened; of one not opened yet, whether it is there as it was
        written, since to open it brings numpy, which an update that finds nothing need not wait for.
        """
        recorded = self._recorded(kind)
        if not recorded:
            return True
        known, mapped = self._mapped.get(kind, ("", None))
        if known == recorded:
            return mapped is not None
        value = json.loads(recorded)
        sizes = {value["file"]: value["size"]}
        if rows_file := value.get("rows_file"):
            sizes[rows_file] = value["count"] * (2 * manifest.dimension(self._connection) + 8)
        files = ((self._database.folder / name, size) for name, size in sizes.items())
        return all(path.is_file() and path.stat().st_size == size for path, size in files)

    def _opened(self, kind: str, open_: Callable[[dict[str, Any]], T | None]) -> T | None:
        """A recorded file, mapped once; None if none is recorded or it cannot be used."""
        recorded = self._recorded(kind)
        if not recorded:
            return None
        kept = self._mapped.get(kind)
        if kept is None or kept[0] != recorded or kept[1] is None:
            kept = self._mapped[kind] = (recorded, open_(json.loads(recorded)))
        if kept[1] is None:
            self.distrust(kind)
        value: T | None = kept[1]
        return value
