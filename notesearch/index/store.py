"""The one door to what is kept: a folder with a SQLite file and a FAISS base.

SQLite is the truth; the base is derived from it and replaced as a whole, named by a generation that the database
records in the same transaction that trusts it. Readers never wait: they see the last committed state (WAL). There is
one writer at a time, held by an operating-system lock that a dying process lets go of.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from tempfile import mkstemp
from typing import Any, Self, TypeVar

from notesearch.errors import IndexBusy, IndexDamaged, IndexMissing, IndexUnusable
from notesearch.index import catalog, check, filters, links, schema, vaults, vectors, words
from notesearch.index.base import Base, MappedBase, is_due, open_base, write_base
from notesearch.index.catalog import KnownFile, NoteRow, PassageRow, VaultRow
from notesearch.index.common import CommonWords, MappedWords, open_common, search_common, write_common
from notesearch.index.lock import locked
from notesearch.index.manifest import Recipe
from notesearch.index.records import DateSpan, Fingerprint, Note, Part, ResolvedLink, Where
from notesearch.index.salvage import DAMAGED, salvage
from notesearch.index.vectors import Ids, Vectors
from notesearch.later import numpy as np
from notesearch.spaceless import terms_of

T = TypeVar("T")

DATABASE = "notes.sqlite"
LOCK = "writer.lock"
LAST = "last.json"
"""The passages that were shown last, for `open`."""

_BUSY_TIMEOUT_S = 5.0
"""Writers take turns by the lock; this only covers the moments when SQLite itself tidies its log."""

_PAGE_BYTES = 8192
"""A vector with its tokens' takes 2 to 2.5 KB; of SQLite's usual pages of 4 KB nearly half would stay empty."""

_MAPPED_BYTES = 2**30
"""What is mapped of the database is neither asked of the system page by page nor copied: half the time of a look-up."""

_VECTORS = 20_000
"""Vectors read at once: 30 MB of them, and more than ever wait beside a base."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is. `pending`: passages still without a vector, found by words only."""

    notes: int
    passages: int
    links: int
    pending: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, and why."""

    vault: int
    path: str
    reason: str
    fingerprint: Fingerprint


class Store:
    """An open index. Use it from one thread at a time; `Notebook` sees to that."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._mapped: dict[str, tuple[str, Any]] = {}
        self._kept: dict[str, tuple[tuple[int, int], Any]] = {}
        self._writes = 0
        self._tokenizer: words.Tokenizer | None = None
        self.migrated_from = 0  # the format that the index had until it was opened; 0 if it had today's, or none

    # -- opening ---------------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> Self:
        """Open the index in `folder`; with `create`, make it if there is none.

        Raises IndexMissing if there is none, IndexUnusable if it cannot be opened, is damaged (IndexDamaged) or of a
        newer format, IndexBusy if it is of an older one and another process is writing it.
        """
        path = folder / DATABASE
        if not path.exists() and not create:
            raise IndexMissing(f"There is no index in {folder}. Make one with: notesearch index VAULT --index {folder}")
        with _saying(folder, "opened", OSError):
            if create:
                _make_folder(folder)
            store = cls(folder, _connect(path))
            try:
                store._bring_up_to_date()
            except BaseException:
                store.close()
                raise
        return store

    def _bring_up_to_date(self) -> None:
        """Make the tables, or bring those of an older format to today's."""
        before = schema.version(self._connection)
        if before < len(schema.MIGRATIONS):
            with self.writing():
                self._connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
                self._connection.execute("PRAGMA journal_mode = WAL")
                schema.migrate(self._connection)
            self.migrated_from = before

    def saying(self, tried: str = "read", *others: type[OSError]) -> AbstractContextManager[None]:
        """What SQLite (and `others`) refuse is said in words of ours: raises IndexUnusable, IndexDamaged, IndexBusy."""
        return _saying(self.folder, tried, *others)

    @classmethod
    def salvage(cls, folder: Path, wait_s: float = 10.0) -> tuple[Self, int]:
        """Make the database of an index anew with what can be read of it; returns it, open, and how many vectors could
        be kept. Raises IndexBusy.
        """
        with writing(folder, wait_s):
            kept = salvage(folder / DATABASE)
        return cls.open(folder), kept

    def salvaged(self) -> tuple[Self, int]:
        """The same of an open index, which is closed. Needs the writer's lock."""
        self.close()
        kept = salvage(self.folder / DATABASE)
        return self.open(self.folder), kept

    def drop_damaged(self) -> None:
        """Do without what a damaged database still held: all of it has been made anew."""
        with self.saying("tidied", OSError):
            (self.folder / DAMAGED).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files."""
        self._mapped.clear()
        self._connection.close()

    def writing(self, wait_s: float = 10.0) -> AbstractContextManager[None]:
        """Hold the writer's lock. Raises IndexBusy if another process still has it after `wait_s` seconds."""
        return writing(self.folder, wait_s)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside belongs to one committed state."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.rollback()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing. Raises IndexUnusable if the disk refuses (full, read-only)."""
        with self.saying("written"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise
            finally:
                self._writes += 1

    # -- manifest and vaults ---------------------------------------------------------------------------------------

    def recipe(self) -> Recipe | None:
        """The recipe of the stored vectors; None before the first."""
        text = self._get("recipe")
        return _recipe(text) if text else None

    def set_recipe(self, recipe: Recipe, basis: Vectors) -> None:
        """Take another recipe: every vector goes, and every note is read again by the next update.

        `basis` (d, b) is what token vectors are packed in.
        """
        with self.transaction():
            self._set("recipe", recipe.to_json())
            self._set("basis", basis.astype(np.float32).tobytes())
            for statement in ("DELETE FROM vector", "DELETE FROM pending", schema.REREAD):
                self._connection.execute(statement)
            self._connection.execute("DELETE FROM manifest WHERE key = 'base'")

    def basis(self) -> Vectors:
        """What token vectors are packed in, (d, b)."""
        statement = "SELECT value FROM manifest WHERE key = 'basis'"
        value = self._until_written("basis", lambda: self._connection.execute(statement).fetchone()[0])
        return np.frombuffer(value, np.float32).reshape(self._dimension(), -1)

    def remembered(self, key: str) -> str:
        """A value kept by `remember`; "" if there is none."""
        return self._get(key) or ""

    def remember(self, key: str, value: str) -> None:
        """Keep a small fact about this index."""
        with self.transaction():
            self._set(key, value)

    def vaults(self) -> list[VaultRow]:
        """The vaults of this index, in the order they were added."""
        return vaults.vaults(self._connection)

    def add_vault(self, root: Path, kind: str) -> VaultRow:
        """Remember a vault, named for its folder; a second of the same name gets a number."""
        with self.transaction():
            return vaults.add(self._connection, root, kind)

    def move_vaults(self, moves: Iterable[tuple[VaultRow, Path, str]]) -> None:
        """(vault, its folder now, its kind there), of all that moved together."""
        with self.transaction():
            for move in moves:
                vaults.move(self._connection, *move)
            vaults.take_over(self._connection)

    def forget_vault(self, vault: VaultRow) -> VaultRow | None:
        """Remove a vault with its notes; of one that lies in another the notes stay, as that one's, which is returned.

        Nothing of what was removed is left in the files.
        """
        with self.transaction():
            heir = vaults.forget(self._connection, vault)
        self.drop_snapshots()
        self.tidy()
        self._scrub()
        for file in (*self.folder.glob(f"{LAST}*"), self.folder / DAMAGED):
            file.unlink(missing_ok=True)
        return heir

    def put_scanned(self, vaults_: Iterable[int], scanned_ns: int) -> None:
        """Record when vaults were walked as a whole."""
        with self.transaction():
            statement = "UPDATE vault SET scanned_ns = ? WHERE id = ?"
            self._connection.executemany(statement, [(scanned_ns, vault) for vault in vaults_])

    def put_scan(self, vault: int, kind: str, scanned_ns: int, scan: dict[str, Any]) -> None:
        """Record when a vault was walked, and what was seen beside its notes."""
        with self.transaction():
            self._connection.execute(
                "UPDATE vault SET kind = ?, scanned_ns = ?, scan = ? WHERE id = ?",
                (kind, scanned_ns, json.dumps(scan), vault),
            )

    @property
    def unfinished(self) -> bool:
        """Whether an update began and did not end: links may lead where they did before, and what nobody wants any
        more may still be there.
        """
        return bool(self.remembered("unfinished"))

    def begin(self) -> None:
        """An update begins; `tidy` ends it. What happens between is noticed by the next, should this one be stopped."""
        self.remember("unfinished", "yes")

    # -- writing notes ---------------------------------------------------------------------------------------------

    def known_files(self, vault: int) -> dict[str, KnownFile]:
        """What is recorded of each note's file, by path."""
        return catalog.known_files(self._connection, vault)

    def note_count(self, vault: int) -> int:
        """How many notes of a vault there are."""
        return self._count("note WHERE vault = ?", vault)

    def note_paths(self) -> list[str]:
        """The paths of all files that are known, each relative to its vault."""
        return [catalog.path_from_sql(row[0]) for row in self._connection.execute("SELECT path FROM note")]

    def put_note(
        self,
        vault: int,
        note: Note,
        fingerprint: Fingerprint,
        scanned_ns: int,
        embedded: Sequence[tuple[bytes, str]],
        moved: int | None = None,
    ) -> int:
        """Write a note, its passages, words and links in one transaction (rule I3); returns its id.

        `embedded`: key and text of each passage's vector. Those not yet known become pending (see `pending`). `moved`:
        the id of the note, if it is known by another path; it keeps it.
        """
        with self.transaction():
            self._clear_failure(vault, note.path)
            return catalog.put_note(self._connection, vault, note, fingerprint, scanned_ns, embedded, moved)

    def touch_notes(self, touched: Iterable[tuple[int, Fingerprint]], scanned_ns: int) -> None:
        """Record new file times of notes whose bytes are the same."""
        with self.transaction():
            for note, fingerprint in touched:
                catalog.touch_note(self._connection, note, fingerprint, scanned_ns)

    def redate_note(self, note: int, span: DateSpan | None) -> None:
        """A note has another date, since that of its file changed."""
        with self.transaction():
            catalog.redate_note(self._connection, note, span)

    def remove_notes(self, ids: Sequence[int]) -> None:
        """Forget notes."""
        with self.transaction():
            catalog.remove_notes(self._connection, ids)

    def put_failure(self, failure: Failure) -> None:
        """Remember a file that could not be read; what the index held of it before stays."""
        with self.transaction():
            self._clear_failure(failure.vault, failure.path)
            self._connection.execute(
                "INSERT INTO failure (vault, path, reason, size, mtime_ns, ctime_ns, inode) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    failure.vault,
                    catalog.path_to_sql(failure.path),
                    failure.reason,
                    *failure.fingerprint,
                ),
            )

    def clear_failures(self, vault: int, paths: Iterable[str]) -> None:
        """Forget failures of files that are gone or read now."""
        with self.transaction():
            for path in paths:
                self._clear_failure(vault, path)

    def failures(self) -> list[Failure]:
        """Files that could not be read, by vault and path."""
        rows = self._connection.execute(
            "SELECT vault, path, reason, size, mtime_ns, ctime_ns, inode FROM failure ORDER BY vault, path"
        )
        return [Failure(row[0], catalog.path_from_sql(row[1]), row[2], Fingerprint(*row[3:])) for row in rows]

    def _clear_failure(self, vault: int, path: str) -> None:
        self._connection.execute("DELETE FROM failure WHERE vault = ? AND path = ?", (vault, catalog.path_to_sql(path)))

    # -- what was shown last ---------------------------------------------------------------------------------------

    def put_shown(self, text: str) -> None:
        """Keep what was shown last, for its owner alone. Raises OSError if the folder cannot be written to."""
        descriptor, aside = mkstemp(dir=self.folder, prefix=LAST)  # 0600 from the first byte on
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(aside).replace(self.folder / LAST)

    def shown(self) -> str:
        """What `put_shown` kept. Raises OSError if there is nothing."""
        return (self.folder / LAST).read_text(encoding="utf-8")

    # -- links -----------------------------------------------------------------------------------------------------

    def names(self, vault: int) -> dict[str, tuple[str, ...]]:
        """Path → title and aliases of every note of a vault."""
        rows = self._connection.execute("SELECT path, title, aliases FROM note WHERE vault = ? ORDER BY path", (vault,))
        return {catalog.path_from_sql(path): (title, *json.loads(aliases)) for path, title, aliases in rows}

    def block_notes(self, vault: int) -> dict[str, str]:
        """Block id → path of the note in which it stands; of two equal ids the first by path counts."""
        return links.block_notes(self._connection, vault)

    def parts(self, vault: int, path: str) -> list[Part]:
        """What links can name of a note, in its order."""
        return links.parts(self._connection, vault, path)

    def stored_links(self, vault: int, notes: Sequence[int] | None = None) -> list[links.StoredLink]:
        """Links to resolve: those of some notes and those that name parts of them, or all."""
        return list(links.stored_links(self._connection, vault, notes))

    def put_resolved(self, vault: int, resolved: Iterable[tuple[links.StoredLink, ResolvedLink]]) -> None:
        """Record where links lead."""
        with self.transaction():
            links.put_resolved(self._connection, vault, resolved)

    def links_from(self, passages: Sequence[int]) -> dict[int, tuple[links.Neighbour, ...]]:
        """Passage id → notes it links to."""
        return links.links_from(self._connection, passages)

    def links_to(self, notes: Sequence[int]) -> dict[int, tuple[links.Neighbour, ...]]:
        """Note id → notes that link to it."""
        return links.links_to(self._connection, notes)

    def named_links(self) -> list[links.NamedLink]:
        """The links between notes that show words of their own."""
        return links.named_links(self._connection)

    def doubtful_links(self) -> list[links.DoubtfulRow]:
        """Links that lead nowhere, and links that several files would have fitted."""
        return links.doubtful(self._connection)

    def unresolved_links(self) -> list[tuple[str, int]]:
        """(reason, count) of links that lead nowhere."""
        return links.unresolved(self._connection)

    # -- vectors ---------------------------------------------------------------------------------------------------

    def pending(self, limit: int) -> list[tuple[bytes, str]]:
        """(key, text) that wait for a vector, those of the newest notes first."""
        rows = self._connection.execute(
            "SELECT pending.embedded, pending.text FROM pending LEFT JOIN passage USING (embedded) "
            "LEFT JOIN note ON note.id = passage.note "
            "GROUP BY pending.embedded ORDER BY max(note.mtime_ns) DESC LIMIT ?",
            (limit,),
        )
        return [(bytes(key), str(text)) for key, text in rows]

    def pending_count(self) -> int:
        """How many texts wait for a vector."""
        return int(self._connection.execute("SELECT count(*) FROM pending").fetchone()[0])

    def pending_characters(self) -> int:
        """How long the texts are that wait for a vector."""
        return int(self._connection.execute("SELECT coalesce(sum(length(text)), 0) FROM pending").fetchone()[0])

    def put_vectors(self, keys: Sequence[bytes], rows: Vectors, tokens: Sequence[bytes]) -> None:
        """Store vectors, `rows` (n, d) of unit length, and packed token vectors, under their keys."""
        with self.transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO vector VALUES (?, ?, ?)",
                zip(keys, (vectors.to_blob(row) for row in rows), tokens, strict=True),
            )
            self._connection.executemany("DELETE FROM pending WHERE embedded = ?", ((key,) for key in keys))

    def vectors(self) -> tuple[Ids, Vectors]:
        """Passage ids (n,), ascending, and their vectors (n, d), all at once."""
        nothing = np.empty(0, np.int64), np.empty((0, self._dimension()), np.float32)
        ids, rows = zip(nothing, *self.vector_batches(), strict=True)
        return np.concatenate(ids), np.concatenate(rows)

    def vector_batches(self, after: int = 0, every: int = 1) -> Iterator[tuple[Ids, Vectors]]:
        """Batches of passage ids (n,), ascending, above `after`, and their vectors (n, d); with `every`, of so many
        ids only one.
        """
        rows = self._connection.execute(
            "SELECT passage.id, value FROM passage JOIN vector USING (embedded) "
            "WHERE passage.id > ? AND passage.id % ? = 0 ORDER BY passage.id",
            (after, every),
        )
        dimension = self._dimension()
        while batch := rows.fetchmany(_VECTORS):
            ids, blobs = zip(*batch, strict=True)
            yield np.array(ids, np.int64), vectors.from_blobs(blobs, dimension)

    def vectors_of(self, passages: Sequence[int]) -> dict[int, Vectors]:
        """Passage id → its vector (d,); passages without one are left out."""
        found: dict[int, Vectors] = {}
        if (base := self._base()) is not None:
            ids, known = base.vectors(np.array(passages, np.int64))
            found = dict(zip(ids.tolist(), known, strict=True))
        listed = ",".join(str(int(i)) for i in passages if i not in found)
        rows = self._connection.execute(
            f"SELECT passage.id, value FROM passage JOIN vector USING (embedded) WHERE passage.id IN ({listed})"
        ).fetchall()
        stacked = vectors.from_blobs([row[1] for row in rows], self._dimension())
        return found | {row[0]: vector for row, vector in zip(rows, stacked, strict=True)}

    def tokens_of(self, passages: Sequence[int]) -> dict[int, bytes]:
        """Passage id → its packed token vectors; passages without are left out."""
        listed = ",".join(str(int(i)) for i in passages)
        return dict(
            self._connection.execute(
                f"SELECT passage.id, tokens FROM passage JOIN vector USING (embedded) WHERE passage.id IN ({listed})"
            ).fetchall()
        )

    def tidy(
        self, progress: Callable[[str, int, int], None] = lambda stage, done, total: None, *, mend: bool = True
    ) -> None:
        """End of an update: drop what nobody wants, write the snapshots anew if enough has changed or (with `mend`) one
        of them is damaged, remove files left behind.
        """
        with self.transaction():
            catalog.sweep_vectors(self._connection)
        mapped, damaged = self._base(), self.is_damaged()
        last_id, in_base = (0, 0) if mapped is None else (mapped.last_id, mapped.count)
        newer = self._count("passage JOIN vector USING (embedded) WHERE passage.id > ?", last_id)
        if self.pending_count():
            pass  # a snapshot holds every vector up to its newest passage: those that wait would never get in
        elif mend if damaged else is_due(newer, self._count("dead"), in_base):
            progress("preparing the search", 0, 2)
            self._write_snapshots(in_base + newer, progress)
            progress("preparing the search", 2, 2)
        recorded = [json.loads(self._get(key) or "{}") for key in ("base", "common")]
        self._remove_snapshots_but([said.get(name) for said in recorded for name in ("file", "rows_file")])
        with self.transaction():
            self._connection.execute("DELETE FROM manifest WHERE key = 'unfinished'")

    def _write_snapshots(self, count: int, progress: Callable[[str, int, int], None]) -> None:
        generation = int(self._get("generation") or 0) + 1
        with self.saying("written", OSError):
            base = write_base(self.folder, generation, count, self._dimension(), partial(self.vector_batches, 0))
            progress("preparing the search", 1, 2)
            common = write_common(self.folder, generation, self._connection)
        with self.transaction():
            self._set("generation", str(generation))
            self._set("base", json.dumps(asdict(base)))
            self._set("common", json.dumps(asdict(common)))
            self._connection.execute("DELETE FROM dead")

    def drop_snapshots(self) -> None:
        """Do without FAISS base and common words; `tidy` makes them anew where they pay."""
        with self.transaction():
            self._connection.execute("DELETE FROM manifest WHERE key IN ('base', 'common')")
            self._connection.execute("DELETE FROM dead")
        self._mapped.clear()
        self._remove_snapshots_but(())

    def _remove_snapshots_but(self, kept: Sequence[str | None]) -> None:
        """Those of earlier generations, and what a process that was killed had begun to write."""
        with self.saying("tidied", OSError):
            for file in (*self.folder.glob("vectors-*"), *self.folder.glob("words-*")):
                if file.name not in kept:
                    file.unlink(missing_ok=True)

    def _scrub(self) -> None:
        """Free pages, and words of removed notes in segments of FTS5, still hold text; here they go."""
        with self.transaction():
            for table in ("words", "names", "anchors"):
                self._connection.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")
        try:
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise IndexUnusable(
                f"What was removed from the index in {self.folder} can no longer be found, but its space could not be "
                f"cleared: {error}. The next `notesearch index` goes on as usual."
            ) from error

    # -- searching -------------------------------------------------------------------------------------------------

    def select(self, where: Where) -> list[int] | None:
        """Ids of the notes that may be searched; None means all."""
        return filters.select_notes(self._connection, where)

    def passages_within(self, notes: Sequence[int]) -> Ids:
        """Ids of the passages of these notes, ascending."""
        listed = ",".join(str(int(i)) for i in notes)
        rows = self._connection.execute(f"SELECT id FROM passage WHERE note IN ({listed}) ORDER BY id")
        return np.array([row[0] for row in rows], np.int64)

    def dense(self, query: Vectors, k: int, within: Ids | None = None) -> list[tuple[int, float]]:
        """(passage id, cosine), best `k` first. `query` (d,) of unit length."""
        base = self._base()
        found = [
            pair
            for rows in self._rows_after(base.last_id if base else 0)
            for pair in vectors.search_rows(*rows, query, k, within)
        ]
        if base is not None and base.count:
            found += base.search(query, k, self._dead(), within)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]

    def lexical(
        self, asked: Iterable[str], k: int, field_weights: words.FieldWeights, within: Ids | None = None
    ) -> list[tuple[int, float]]:
        """(passage id, BM25) of passages with any of the words `asked`, best `k` first."""
        common = self._common() if field_weights == words.FieldWeights() else None
        if common is not None:
            try:
                return search_common(self._connection, common, self._tokens(asked), k, self._dead(), within)
            except (IndexError, ValueError):  # a changed byte leads out of the file, or to no passage there is
                self._mapped["common"] = (self._mapped["common"][0], None)
        chosen = None if within is None else within.tolist()
        return words.search_passages(self._connection, words.any_of(asked), k, field_weights, chosen)

    def only_holder(self, asked: Iterable[str], within: Ids | None = None) -> int | None:
        """The passage that holds every one of the words `asked`; None if there are several, or none."""
        expression = words.all_of(words.any_of([word]) for word in asked)
        allowed = words.holders(self._connection, expression, within)
        first, second = next(allowed, None), next(allowed, None)
        return first if second is None else None

    def named(self, expression: str, k: int, within: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """(note id, BM25) of notes called so, best `k` first."""
        return words.search_names(self._connection, expression, k, within)

    def anchored(self, expression: str, limit: int) -> list[tuple[int, int | None, str]]:
        """What links call so: see `links.anchored`."""
        return links.anchored(self._connection, expression, limit)

    def headed(self, asked: Iterable[str], limit: int) -> list[PassageRow]:
        """Passages in whose headings all the words `asked` stand, at most `limit`, in the order of notes and lines."""
        found = self.passages(words.headed(self._connection, asked, limit)).values()
        return sorted(found, key=lambda passage: (passage.note, passage.start))

    def knows(self, word: str) -> bool:
        """Whether a passage or the name of a note holds `word`, in any of its forms."""
        return words.knows(self._connection, word)

    def name_words(self) -> dict[str, set[int]]:
        """Each word, without case and accents, of the names of notes → ids of the notes that are called so."""
        return self._until_written("name words", lambda: catalog.name_words(self._connection))

    def matching(self, expression: str, within: Ids | None) -> Ids:
        """Ids of all passages that match `expression`, ascending."""
        rows = self._connection.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", (expression,))
        found = np.array([row[0] for row in rows], np.int64)
        return found if within is None else np.intersect1d(found, within)

    def containing(self, signs: str) -> Ids:
        """Ids of the passages with `signs` in their text as they stand, ascending: what no word index knows (X8)."""
        rows = self._connection.execute("SELECT id FROM passage WHERE instr(text, ?) ORDER BY id", (signs,))
        return np.array([row[0] for row in rows], np.int64)

    def called_with(self, signs: str) -> list[int]:
        """Ids of the notes with `signs` in their name or title as they stand."""
        rows = self._connection.execute("SELECT id FROM note WHERE instr(name, ?1) OR instr(title, ?1)", (signs,))
        return [row[0] for row in rows]

    def passage_ids(self) -> Ids:
        """Ids of all passages, ascending."""
        return np.array([row[0] for row in self._connection.execute("SELECT id FROM passage ORDER BY id")], np.int64)

    def passages_of_notes(self, notes: Iterable[int]) -> dict[int, int]:
        """Passage id → note id, for every passage of these notes."""
        listed = ",".join(str(int(i)) for i in notes)
        return dict(self._connection.execute(f"SELECT id, note FROM passage WHERE note IN ({listed})").fetchall())

    def first_passages(self, notes: Sequence[int]) -> dict[int, int]:
        """Note id → id of its first passage; notes without text are left out."""
        listed = ",".join(str(int(i)) for i in notes)
        rows = self._connection.execute(
            f"SELECT note, id, min(start) FROM passage WHERE note IN ({listed}) GROUP BY note"
        )
        return {row[0]: row[1] for row in rows}

    def notes_of_passages(self, ids: Iterable[int]) -> dict[int, int]:
        """Passage id → note id."""
        listed = ",".join(str(int(i)) for i in ids)
        return dict(self._connection.execute(f"SELECT id, note FROM passage WHERE id IN ({listed})").fetchall())

    def neighbours(self, passages: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """Passage id → ids of the passages before and after it in its note."""
        listed = ",".join(str(int(i)) for i in passages)
        rows = self._connection.execute(
            f"""SELECT here.id,
              (SELECT id FROM passage WHERE note = here.note AND start < here.start ORDER BY start DESC LIMIT 1),
              (SELECT id FROM passage WHERE note = here.note AND start > here.start ORDER BY start LIMIT 1)
            FROM passage AS here WHERE here.id IN ({listed})"""
        )
        return {id_: tuple(n for n in around if n is not None) for id_, *around in rows}

    def rarity(self, asked: Sequence[str]) -> list[float]:
        """How much each word says of a passage that holds it: its idf, as BM25 counts it."""
        passages = self.passage_count()
        return [math.log(1 + (passages - n + 0.5) / (n + 0.5)) for n in self.holding(asked)]

    def holding(self, asked: Sequence[str]) -> list[int]:
        """For each word how many passages hold it, in any of its forms."""
        common = self._common()
        self._tokens(asked)  # all at once: those of each are then known
        return [self._holding(word, common) for word in asked]

    def _holding(self, word: str, common: MappedWords | None) -> int:
        tokens = list(self._tokens([word]).values())
        known = common.count(tokens[0][0]) if common is not None and len(tokens) == len(tokens[0]) == 1 else 0
        return known or words.count_holding(self._connection, words.any_of([word]))

    def dated(self, first: date, last: date, limit: int) -> list[int]:
        """Ids of notes whose date, unless it is only the file's, touches the days from `first` to `last`; newest
        first.
        """
        rows = self._connection.execute(
            "SELECT id FROM note WHERE date_first <= ? AND date_last >= ? AND date_source <> 'file time' "
            "ORDER BY date_last DESC, id LIMIT ?",
            (last.isoformat(), first.isoformat(), limit),
        )
        return [row[0] for row in rows]

    def latest_year(self, first: date, last: date) -> int | None:
        """The year, of the days from `first` to `last` in it or an earlier one, of the newest note dated in them."""
        begin, end = first.isoformat()[5:], last.isoformat()[5:]
        join = "AND" if begin <= end else "OR"  # a winter is two ends of the calendar
        inside = (
            f"(substr({day}, 6) >= :begin {join} substr({day}, 6) <= :end)" for day in ("date_first", "date_last")
        )
        row = self._connection.execute(
            "SELECT max(date_first) FROM note WHERE date_source <> 'file time' AND date_first <= :last "
            f"AND {' AND '.join(inside)} AND julianday(date_last) - julianday(date_first) <= :days",
            {"last": last.isoformat(), "begin": begin, "end": end, "days": (last - first).days},
        ).fetchone()
        if row[0] is None:
            return None
        newest = date.fromisoformat(row[0])
        return newest.year - (newest.isoformat()[5:] < begin)

    def property_keys(self) -> list[str]:
        """Every property key that some note has."""
        return [row[0] for row in self._connection.execute("SELECT DISTINCT key FROM property ORDER BY key")]

    def remarks(self) -> list[tuple[int, str, str]]:
        """(vault, path, remark) of notes that were read, but not cleanly."""
        rows = self._connection.execute("SELECT vault, path, remark FROM note WHERE remark <> '' ORDER BY vault, path")
        return [(row[0], catalog.path_from_sql(row[1]), row[2]) for row in rows]

    def conflict_copies(self) -> list[tuple[int, int, str]]:
        """(note id, vault id, path) of the notes that a sync tool made of another (rule F10)."""
        # The plus makes SQLite take the index of them, and not go through all notes in order.
        rows = self._connection.execute("SELECT id, vault, path FROM note WHERE conflict_copy ORDER BY +id")
        return [(row[0], row[1], catalog.path_from_sql(row[2])) for row in rows]

    def notes(self, ids: Iterable[int]) -> dict[int, NoteRow]:
        """Notes by id."""
        return catalog.notes(self._connection, ids)

    def note_id(self, vault: int, path: str) -> int | None:
        """The id of the note at a path."""
        row = self._connection.execute(
            "SELECT id FROM note WHERE vault = ? AND path = ?", (vault, catalog.path_to_sql(path))
        ).fetchone()
        return int(row[0]) if row else None

    def all_notes(self) -> dict[int, NoteRow]:
        """Every note, by vault and path."""
        return self.notes(catalog.note_ids_in_order(self._connection))

    def passages(self, ids: Iterable[int]) -> dict[int, PassageRow]:
        """Passages by id."""
        return catalog.passages(self._connection, ids)

    def passages_of(self, note: int) -> list[PassageRow]:
        """A note's passages in the order of its text."""
        return catalog.passages_of(self._connection, note)

    def counts(self) -> Counts:
        """How much there is."""
        return Counts(self._count("note"), self.passage_count(), self._count("link"), self.waiting())

    def passage_count(self) -> int:
        """How many passages there are."""
        return self._until_written("passages", lambda: self._count("passage"))

    def waiting(self) -> int:
        """How many passages still have no vector, and are found by their words only."""
        return self._until_written("waiting", lambda: self._count("passage JOIN pending USING (embedded)"))

    def size_bytes(self) -> int:
        """What the index takes on disk."""
        size = 0
        for path in self._files():
            with suppress(FileNotFoundError):  # a writer has just put another in its place
                size += path.stat().st_size
        return size

    def is_damaged(self) -> bool:
        """Whether a recorded file cannot be used, so that search is slower: of vectors, or of common words."""
        return not (self._is_usable("base") and self._is_usable("common"))

    # -- checking and mending ---------------------------------------------------------------------------------------

    def unsound(self) -> Iterator[check.Unsound]:
        """All that is not as it must be, as far as can be told without the notes. Needs the writer's lock.

        Of a database that SQLite finds damaged nothing else is looked at.
        """
        connection, bad = self._connection, False
        try:
            for found in check.database(connection):
                bad = True
                yield found
            if not bad:
                yield from check.full_text(connection)
                yield from check.vectors(connection, self._dimension(), self.basis().shape[1] if self.recipe() else 0)
                yield from check.orphans(connection)
                yield from self._unsound_snapshots()
        except (sqlite3.DatabaseError, ValueError) as error:
            yield check.Unsound("database", f"the database cannot be read: {error}")
        yield from check.rights(self.folder, self._files())

    def _unsound_snapshots(self) -> Iterator[check.Unsound]:
        base, common, recorded = self._base(), self._common(), self._get("common")
        if self.is_damaged():
            yield check.Unsound("snapshots", "a file of vectors or common words is missing, cut, or cannot be read")
        try:
            if base is not None:
                yield from check.base(self._connection, base, self.vector_batches())
            if common is not None and recorded is not None:
                yield from check.common(self._connection, common, CommonWords(**json.loads(recorded)), self.folder)
        except (ValueError, LookupError, ArithmeticError, RuntimeError, MemoryError) as error:  # numpy's, and FAISS's
            yield check.Unsound("snapshots", f"a file of vectors or common words cannot be read: {error}")

    def mend(self, unsound: Iterable[check.Unsound]) -> None:
        """Make anew what follows from other things here, and have the next update read and embed again what does not.
        A damaged database needs `salvage` before. Needs the writer's lock.
        """
        unsound = list(unsound)
        parts = {found.part for found in unsound}
        with self.transaction():
            keys = [(key,) for found in unsound for key in found.keys]
            self._connection.executemany("DELETE FROM vector WHERE embedded = ?", keys)
            notes = [(note,) for found in unsound for note in found.notes]
            self._connection.executemany("UPDATE note SET content_hash = x'', size = -1 WHERE id = ?", notes)
            if "full text" in parts:
                catalog.rebuild_full_text(self._connection)
            catalog.sweep_vectors(self._connection)
        for file in self._files():
            file.chmod(0o600)
        if parts & {"full text", "vectors", "snapshots"}:
            self.drop_snapshots()

    def _files(self) -> list[Path]:
        """The files of the index that are there."""
        ours = (DATABASE, LOCK, LAST, DAMAGED, "vectors-", "words-")
        return [path for path in self.folder.iterdir() if path.name.startswith(ours)]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _rows_after(self, after: int) -> Iterator[tuple[Ids, Vectors]]:
        """Batches of the rows newer than the base. The first is kept until somebody writes; there are more only where a
        base is missing.
        """
        first = self._until_written("newer", lambda: list(islice(self.vector_batches(after), 1)))
        yield from first
        if first and len(first[0][0]) == _VECTORS:
            yield from self.vector_batches(int(first[0][0][-1]))

    def _dead(self) -> Ids:
        """Passages that the snapshots may hold and that have gone."""
        rows = "SELECT passage FROM dead ORDER BY passage"
        return self._until_written(
            "dead", lambda: np.array([row[0] for row in self._connection.execute(rows)], np.int64)
        )

    def stamp(self) -> tuple[int, int]:
        """Another whenever somebody has written, here or in another process."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0]), self._writes

    def _until_written(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, kept until somebody writes."""
        stamp = self.stamp()
        kept = self._kept.get(name)
        if kept is None or kept[0] != stamp:
            kept = self._kept[name] = (stamp, make())
        value: T = kept[1]
        return value

    def _base(self) -> MappedBase | None:
        return self._opened("base", lambda recorded: open_base(self.folder, Base(**recorded)))

    def _common(self) -> MappedWords | None:
        return self._opened("common", lambda recorded: open_common(self.folder, CommonWords(**recorded)))

    def _is_usable(self, key: str) -> bool:
        """Whether a recorded file, if any, could be opened; of one not opened yet, whether it is there as it was
        written, since to open it brings numpy, which an update that finds nothing need not wait for.
        """
        recorded = self._get(key)
        kept = self._mapped.get(key)
        if recorded is None or (kept is not None and kept[0] == recorded):
            return recorded is None or (kept is not None and kept[1] is not None)
        value = json.loads(recorded)
        sizes = {value["file"]: value["size"]}
        if rows_file := value.get("rows_file"):
            sizes[rows_file] = value["count"] * (2 * self._dimension() + 8)
        files = ((self.folder / name, size) for name, size in sizes.items())
        return all(path.is_file() and path.stat().st_size == size for path, size in files)

    def _opened(self, key: str, open_: Callable[[dict[str, Any]], T | None]) -> T | None:
        """A recorded file, mapped once; None if none is recorded or it cannot be used."""
        recorded = self._get(key)
        if recorded is None:
            return None
        kept = self._mapped.get(key)
        if kept is None or kept[0] != recorded or kept[1] is None:
            kept = self._mapped[key] = (recorded, open_(json.loads(recorded)))
        value: T | None = kept[1]
        return value

    def _tokens(self, asked: Iterable[str]) -> dict[str, list[str]]:
        self._tokenizer = self._tokenizer or words.Tokenizer()
        return self._tokenizer(piece for word in asked for piece in terms_of(word))

    def _dimension(self) -> int:
        recipe = self.recipe()
        return recipe.model.dimension if recipe else 0

    def _count(self, source: str, *values: int | str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {source}", values).fetchone()[0])

    def _get(self, key: str) -> str | None:
        row = self._connection.execute("SELECT value FROM manifest WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def _set(self, key: str, value: str | bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO manifest VALUES (?, ?)", (key, value))


_recipe = lru_cache(maxsize=4)(Recipe.from_json)  # asked for several times in a question


@contextmanager
def writing(folder: Path, wait_s: float = 10.0) -> Iterator[None]:
    """Hold the writer's lock. Raises IndexBusy if another process still has it after `wait_s` seconds."""
    with ExitStack() as held:
        try:
            held.enter_context(locked(folder / LOCK, wait_s))
        except TimeoutError:
            raise IndexBusy(
                f"Another notesearch is writing the index in {folder}; waited {wait_s:g} s. Try again when it is done."
            ) from None
        except OSError as error:
            raise IndexUnusable(_refusal(folder, "written", error.strerror or str(error))) from error
        yield


def _make_folder(folder: Path) -> None:
    """What is made here is the owner's alone; a folder that was there keeps its rights."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    database = folder / DATABASE
    if not database.exists():
        database.touch(mode=0o600)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON", f"mmap_size = {_MAPPED_BYTES}"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def _saying(folder: Path, tried: str, *others: type[OSError]) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise IndexDamaged(
                f"The index in {folder} is damaged ({error}). Run: notesearch index, which makes it anew "
                "from the notes."
            ) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise IndexBusy(f"Another process holds the index in {folder}. Try again when it is done.") from error
        if code in _REFUSED:
            raise IndexUnusable(_refusal(folder, tried, str(error))) from error
        raise
    except others as error:
        raise IndexUnusable(_refusal(folder, tried, error.strerror or str(error))) from error


_REFUSED = (
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOLFS,
)  # fmt: skip
"""What a disk or system says no with; all else that SQLite may say is a mistake of ours."""


def _refusal(folder: Path, tried: str, seen: str) -> str:
    return (
        f"The index in {folder} could not be {tried}: {seen}. What was there before is unharmed. Check the disk (full, "
        "read-only, not yours?), or name another folder with --index or NOTESEARCH_INDEX."
    )


def now_ns() -> int:
    """The clock that scans are recorded by, in nanoseconds."""
    return time.time_ns()
