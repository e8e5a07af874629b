"""The one door to what is kept: a folder with a SQLite file, and snapshots of its vectors and words.

SQLite is the truth; the snapshots are derived from it and replaced as a whole, named by a generation that the database
records in the same transaction that trusts them.

This is the table of contents: what a method does is said, and done, in the room that is named beside it. `_read` makes
it of a function over a connection, and so does `_written`, in a transaction of its own.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from notesearch.index import (
    catalog,
    check,
    failures,
    filters,
    links,
    lookups,
    manifest,
    notes,
    salvage,
    shown,
    upkeep,
    vaults,
    vectors,
    words,
)
from notesearch.index.catalog import NoteRow, PassageRow, VaultRow
from notesearch.index.database import DATABASE, LOCK, Database, writing
from notesearch.index.failures import Failure
from notesearch.index.finding import Finder
from notesearch.index.links import Neighbour
from notesearch.index.snapshots import Snapshots
from notesearch.index.vectors import Vectors
from notesearch.index.verified import Rows, Verified

__all__ = ["DATABASE", "LOCK", "Counts", "Failure", "Store", "now_ns"]

P = ParamSpec("P")
T = TypeVar("T")
X = TypeVar("X")


def _asked_of(
    part: Callable[[Store], X],
) -> Callable[[Callable[Concatenate[X, P], T]], Callable[Concatenate[Store, P], T]]:
    """What makes of a function over a part of the store a method of the same words."""

    def method(function: Callable[Concatenate[X, P], T]) -> Callable[Concatenate[Store, P], T]:
        @wraps(function)
        def asked(store: Store, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return function(part(store), *args, **kwargs)

        return asked

    return method


_read = _asked_of(lambda store: store._connection)
_found = _asked_of(lambda store: store._finder)
_held = _asked_of(lambda store: store._database)


def _written(function: Callable[Concatenate[sqlite3.Connection, P], T]) -> Callable[Concatenate[Store, P], T]:
    """The same of what writes: in a transaction of its own."""

    @wraps(function)
    def wrote(store: Store, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with store.transaction():
            return function(store._connection, *args, **kwargs)

    return wrote


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is. `pending`: passages still without a vector, found by words only."""

    notes: int
    passages: int
    links: int
    pending: int


class Store:
    """An open index. Use it from one thread at a time; `Notebook` sees to that."""

    def __init__(self, database: Database) -> None:
        self.folder = database.folder
        self.migrated_from = database.migrated_from
        self._connection: sqlite3.Connection = database.connection
        self._database: Database = database
        self._snapshots = Snapshots(database)
        self._verified = Verified(database)
        connection, verified = database.connection, self._verified
        self._notes = Rows(database, "notes", lambda ids: catalog.notes(connection, verified("notes", ids)))
        self._passages = Rows(database, "passages", lambda ids: catalog.passages(connection, verified("passages", ids)))
        self._tokens = Rows(database, "tokens", lambda ids: vectors.tokens_of(connection, ids))
        self._links_from = Rows(database, "links of passages", self._read_links_from)
        self._links_to = Rows(database, "links to notes", self._read_links_to)
        self._neighbours = Rows(database, "neighbours", lambda ids: lookups.neighbours(connection, ids))
        self._finder: Finder = Finder(database, self._snapshots, self._verified)

    # -- opening ---------------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> Self:
        """Open the index in `folder`; with `create`, make it if there is none. Raises as `Database.open`."""
        return cls(Database.open(folder, create=create))

    @classmethod
    def salvage(cls, folder: Path, wait_s: float = 10.0) -> tuple[Self, int]:
        """Make the database of an index anew with what can be read of it; returns it, open, and how many vectors could
        be kept. Raises IndexBusy.
        """
        with writing(folder, wait_s):
            return cls._salvaged(folder)

    @classmethod
    def _salvaged(cls, folder: Path) -> tuple[Self, int]:
        kept = salvage.salvage(folder / DATABASE)
        store = cls.open(folder)
        store.forget_damage()
        return store, kept

    def salvaged(self) -> tuple[Self, int]:
        """The same of an open index, which is closed. Needs the writer's lock."""
        self.close()
        return self._salvaged(self.folder)

    def close(self) -> None:
        """Let go of the files."""
        self._snapshots.let_go()
        self._database.close()

    writing = _held(Database.writing)
    saying = _held(Database.saying)
    snapshot = _held(Database.snapshot)
    transaction = _held(Database.transaction)
    stamp = _held(Database.stamp)
    is_known_to_be_damaged = _held(Database.is_known_to_be_damaged)
    forget_damage = _held(Database.forget_damage)

    # -- manifest and vaults ---------------------------------------------------------------------------------------

    recipe = _read(manifest.recipe)
    set_recipe = _written(manifest.set_recipe)
    remembered = _read(manifest.get)
    remember = _written(manifest.put)

    add_vault = _written(vaults.add)
    move_vaults = _written(vaults.move)
    put_scanned = _written(vaults.put_scanned)
    put_scan = _written(vaults.put_scan)

    def vaults(self) -> list[VaultRow]:
        """In the order they were added. Raises RowsDamaged if one is not what was written."""
        return list(self._database.until_written("vaults", lambda: vaults.vaults(self._connection)))

    def basis(self) -> Vectors:
        """What token vectors are packed in, (d, b)."""
        return self._database.until_written("basis", lambda: manifest.basis(self._connection))

    def forget_vault(self, vault: VaultRow) -> VaultRow | None:
        """Remove a vault with its notes; of one that lies in another the notes stay, as that one's, which is returned.

        Nothing of what was removed is left in the files.
        """
        with self.transaction():
            heir = vaults.forget(self._connection, vault)
        self.drop_snapshots()
        self.tidy()
        upkeep.scrub(self._database)
        return heir

    # -- writing notes ---------------------------------------------------------------------------------------------

    @property
    def unfinished(self) -> bool:
        """Whether an update began and did not end: links may lead where they did before, and what nobody wants any
        more may still be there.
        """
        return bool(self.remembered("unfinished"))

    def begin(self) -> None:
        """An update begins; `tidy` ends it. What happens between is noticed by the next, should this one be stopped."""
        self.remember("unfinished", "yes")

    put_note = _written(notes.put_note)
    touch_notes = _written(notes.touch_notes)
    redate_note = _written(notes.redate_note)
    remove_notes = _written(notes.remove_notes)

    put_failure = _written(failures.put)
    clear_failures = _written(failures.clear)
    failures = _read(failures.failures)

    stored_links = _read(links.stored_links)
    put_resolved = _written(links.put_resolved)
    block_notes = _read(links.block_notes)
    names = _read(lookups.names)

    pending = _read(vectors.pending)
    pending_count = _read(vectors.pending_count)
    pending_characters = _read(vectors.pending_characters)
    put_vectors = _written(vectors.put_vectors)

    def tidy(
        self, progress: Callable[[str, int, int], None] = lambda stage, done, total: None, *, mend: bool = True
    ) -> None:
        """End of an update: see `upkeep.tidy`."""
        upkeep.tidy(self._database, self._snapshots, progress, mend=mend)

    # -- what is there ---------------------------------------------------------------------------------------------

    def notes(self, ids: Iterable[int]) -> dict[int, NoteRow]:
        """Notes by id; ids that are gone are left out. Raises RowsDamaged if one is not what was written."""
        return self._notes(ids)

    all_notes = _read(catalog.all_notes)
    known_files = _read(catalog.known_files)
    note_id = _read(lookups.note_id)
    note_count = _read(lookups.note_count)
    note_paths = _read(lookups.note_paths)
    remarks = _read(lookups.remarks)

    def conflict_copies(self) -> list[tuple[int, int, str]]:
        """(note id, vault id, path) of the notes that a sync tool made of another (rule F10)."""
        return self._database.until_written("copies", lambda: lookups.conflict_copies(self._connection))

    def property_keys(self) -> list[str]:
        """Every property key that some note has."""
        return self._database.until_written("property keys", lambda: lookups.property_keys(self._connection))

    def passages(self, ids: Iterable[int]) -> dict[int, PassageRow]:
        """Passages by id; ids that are gone are left out. Raises RowsDamaged if one is not what was written."""
        return self._passages(ids)

    passages_of = _read(catalog.passages_of)
    passage_ids = _read(lookups.passage_ids)
    passages_within = _read(lookups.passages_within)
    passages_of_notes = _read(lookups.passages_of_notes)
    first_passages = _read(lookups.first_passages)
    notes_of_passages = _read(lookups.notes_of_passages)

    def neighbours(self, passages: Iterable[int]) -> dict[int, tuple[int, int, int]]:
        """Passage id → ids of the passages before and after it in its note (0: none), and of that note."""
        return self._neighbours(passages)

    def links_from(self, passages: Iterable[int]) -> dict[int, tuple[Neighbour, ...]]:
        """Passage id → notes it links to. Raises RowsDamaged if one, or a link, is not what was written."""
        return self._links_from(passages)

    def links_to(self, notes: Iterable[int]) -> dict[int, tuple[Neighbour, ...]]:
        """Note id → notes that link to it. Raises as `links_from`."""
        return self._links_to(notes)

    def _read_links_from(self, passages: Sequence[int]) -> dict[int, tuple[Neighbour, ...]]:
        return self._sound_ends(links.links_from(self._connection, self._verified("links of passages", passages)))

    def _read_links_to(self, notes: Sequence[int]) -> dict[int, tuple[Neighbour, ...]]:
        return self._sound_ends(links.links_to(self._connection, self._verified("links to notes", notes)))

    def _sound_ends(self, found: dict[int, tuple[Neighbour, ...]]) -> dict[int, tuple[Neighbour, ...]]:
        self._verified("notes", (end.note for ends in found.values() for end in ends))
        return found

    named_links = _read(links.named_links)
    doubtful_links = _read(links.doubtful)
    unresolved_links = _read(links.unresolved)
    parts = _read(links.parts)

    vectors_of = _found(Finder.vectors_of)
    cosines = _found(Finder.cosines)

    def tokens_of(self, passages: Sequence[int]) -> dict[int, bytes]:
        """Passage id → its packed token vectors; passages without are left out. Raises RowsDamaged."""
        return self._tokens(passages)

    vector_batches = _read(vectors.vector_batches)
    vectors = _read(vectors.vectors)

    passage_count = _found(Finder.passage_count)
    waiting = _found(Finder.waiting)

    def counts(self) -> Counts:
        """How much there is."""
        notes, links = (self._connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("note", "link"))
        return Counts(notes, self.passage_count(), links, self.waiting())

    # -- searching -------------------------------------------------------------------------------------------------

    select = _read(filters.select_notes)
    dense = _found(Finder.dense)
    lexical = _found(Finder.lexical)
    rarity = _found(Finder.rarity)
    holding = _found(Finder.holding)
    only_holder = _read(words.only_holder)
    named = _read(words.search_names)
    anchored = _read(links.anchored)
    unknown = _found(Finder.unknown)
    matching = _read(lookups.matching)
    containing = _read(lookups.containing)
    called_with = _read(lookups.called_with)
    dated = _read(lookups.dated)
    latest_year = _read(lookups.latest_year)

    def headed(self, asked: Iterable[str], limit: int) -> list[PassageRow]:
        """Passages in whose headings all the words `asked` stand, at most `limit`, in the order of notes and lines."""
        found = self.passages(words.headed(self._connection, asked, limit)).values()
        return sorted(found, key=lambda passage: (passage.note, passage.start))

    def name_words(self) -> dict[str, set[int]]:
        """Each word, without case and accents, of the names of notes → ids of the notes that are called so."""
        return self._database.until_written("name words", lambda: catalog.name_words(self._connection))

    # -- files, checking and mending -------------------------------------------------------------------------------

    def put_shown(self, text: str) -> None:
        """Keep what was shown last, for its owner alone. Raises OSError if the folder cannot be written to."""
        shown.put(self.folder, text)

    def shown(self) -> str:
        """What `put_shown` kept. Raises OSError if there is nothing."""
        return shown.shown(self.folder)

    def size_bytes(self) -> int:
        """What the index takes on disk."""
        return upkeep.size_bytes(self.folder)

    def is_damaged(self) -> bool:
        """Whether a recorded file cannot be used, so that search is slower: of vectors, or of common words."""
        return self._snapshots.are_damaged()

    def drop_snapshots(self) -> None:
        """Do without FAISS base and common words; `tidy` makes them anew where they pay."""
        self._snapshots.drop()

    def drop_damaged(self) -> None:
        """Do without what a damaged database still held: all of it has been made anew."""
        with self.saying("tidied", OSError):
            (self.folder / salvage.DAMAGED).unlink(missing_ok=True)

    def unsound(self) -> Iterator[check.Unsound]:
        """All that is not as it must be: see `upkeep.unsound`. Needs the writer's lock."""
        return upkeep.unsound(self._database, self._snapshots)

    def mend(self, unsound: Iterable[check.Unsound]) -> None:
        """Make that anew: see `upkeep.mend`. Needs the writer's lock."""
        upkeep.mend(self._database, self._snapshots, unsound)


def now_ns() -> int:
    """The clock that scans are recorded by, in nanoseconds."""
    return time.time_ns()
