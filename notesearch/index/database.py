"""The database file of an index: opened, read in one state, written all or nothing, and what it refuses said in words.

Readers never wait: they see the last committed state (WAL). There is one writer at a time, held by an operating-system
lock that a dying process lets go of.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from notesearch.errors import IndexBusy, IndexDamaged, IndexMissing, IndexUnusable
from notesearch.index import check, checksums, schema
from notesearch.index.check import Unsound
from notesearch.index.lock import locked

T = TypeVar("T")

DATABASE = "notes.sqlite"
LOCK = "writer.lock"
NOTICED = "damage-noticed"
"""There since somebody met damage in the database, until that is mended."""

_BUSY_TIMEOUT_S = 5.0
"""Writers take turns by the lock; this only covers the moments when SQLite itself tidies its log."""

_PAGE_BYTES = 8192
"""A vector with its tokens' takes 2 to 2.5 KB; of SQLite's usual pages of 4 KB nearly half would stay empty."""

_MAPPED_BYTES = 2**30
"""What is mapped of the database is neither asked of the system page by page nor copied: half the time of a look-up."""


class Database:
    """An open database. Use it from one thread at a time."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.connection = connection
        self.migrated_from = 0  # the format that it had until it was opened; 0 if it had today's, or none
        self._kept: dict[str, tuple[tuple[int, int], Any]] = {}
        self._writes = 0
        self._stamp_within: tuple[int, int] | None = None

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> Self:
        """Open the database in `folder`, and bring it to today's format; with `create`, make it if there is none.

        Raises IndexMissing if there is none, IndexUnusable if it cannot be opened, is damaged (IndexDamaged) or of a
        newer format, IndexBusy if it is of an older one and another process is writing it.
        """
        path = folder / DATABASE
        if not path.exists() and not create:
            raise IndexMissing(f"There is no index in {folder}. Make one with: notesearch index VAULT --index {folder}")
        with saying(folder, "opened", OSError):
            if create:
                _make_folder(folder)
            database = cls(folder, _connect(path))
        try:
            with database.saying("opened", OSError):
                database._bring_up_to_date()
                for table in ("manifest", "vault"):
                    checksums.verify(database.connection, table)
        except BaseException:
            database.close()
            raise
        return database

    def _bring_up_to_date(self) -> None:
        """Make the tables, or bring those of an older format to today's."""
        before = schema.version(self.connection)
        if before < len(schema.MIGRATIONS):
            with self.writing():
                self.connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
                self.connection.execute("PRAGMA journal_mode = WAL")
                schema.migrate(self.connection)
            self.migrated_from = before

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def writing(self, wait_s: float = 10.0) -> AbstractContextManager[None]:
        """As the function of that name, of this database."""
        return writing(self.folder, wait_s)

    @contextmanager
    def saying(self, tried: str = "read", *others: type[OSError]) -> Iterator[None]:
        """As the function of that name. What else goes wrong is a mistake of ours, unless the database turns out to be
        damaged: a changed byte can make anything of a row. Damage is noted for the next `notesearch index`.
        """
        try:
            with saying(self.folder, tried, *others):
                yield
        except IndexDamaged:
            self._note_damage()
            raise
        except (sqlite3.Error, ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            found = self._first_unsound()
            if found is None:
                raise
            self._note_damage()
            raise IndexDamaged(_damage(self.folder, found)) from error

    def unsound(self) -> Iterator[Unsound]:
        """What SQLite finds wrong in its file; if that is nothing, the rows that are not what was written."""
        nothing = True
        for found in check.database(self.connection):
            nothing = False
            yield found
        if nothing:
            yield from check.rows(self.connection)

    def _first_unsound(self) -> str | None:
        try:
            return next((found.seen for found in self.unsound()), None)
        except sqlite3.ProgrammingError:  # it was closed
            return None
        except sqlite3.Error as error:
            return None if _code(error) in (*_BUSY, *_REFUSED) else str(error)

    def _note_damage(self) -> None:
        with suppress(OSError):
            (self.folder / NOTICED).touch(0o600)

    def is_known_to_be_damaged(self) -> bool:
        """Whether somebody met damage in it that is not mended yet."""
        return (self.folder / NOTICED).exists()

    def forget_damage(self) -> None:
        """It is mended, or made anew."""
        (self.folder / NOTICED).unlink(missing_ok=True)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside belongs to one committed state."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            self._stamp_within = self.stamp()  # to ask for it is to read, so from here on it stays the same
            yield
        finally:
            self._stamp_within = None
            self.connection.rollback()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing. Raises IndexUnusable if the disk refuses (full, read-only)."""
        with self.saying("written"):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.commit()
            except BaseException:
                self.connection.rollback()
                raise
            finally:
                self._writes += 1

    def stamp(self) -> tuple[int, int]:
        """Another whenever somebody has written, here or in another process."""
        return self._stamp_within or (int(self.connection.execute("PRAGMA data_version").fetchone()[0]), self._writes)

    def until_written(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, kept until somebody writes; while we write, made anew each time."""
        if self.connection.in_transaction and self._stamp_within is None:
            return make()
        stamp = self.stamp()
        kept = self._kept.get(name)
        if kept is None or kept[0] != stamp:
            kept = self._kept[name] = (stamp, make())
        value: T = kept[1]
        return value


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


@contextmanager
def saying(folder: Path, tried: str, *others: type[OSError]) -> Iterator[None]:
    """What SQLite (and `others`) refuse is said in words of ours: raises IndexUnusable, IndexDamaged, IndexBusy."""
    try:
        yield
    except sqlite3.Error as error:
        code = _code(error)
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise IndexDamaged(_damage(folder, str(error))) from error
        if code in _BUSY:
            raise IndexBusy(f"Another process holds the index in {folder}. Try again when it is done.") from error
        if code in _REFUSED:
            raise IndexUnusable(_refusal(folder, tried, str(error))) from error
        raise
    except others as error:
        raise IndexUnusable(_refusal(folder, tried, error.strerror or str(error))) from error


def _code(error: sqlite3.Error) -> int:
    """What kind of error SQLite says it is; 0 if it is Python's, such as a text that is no UTF-8."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_REFUSED = (
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOLFS,
)  # fmt: skip
"""What a disk or system says no with; all else that SQLite may say is a mistake of ours."""


def _damage(folder: Path, seen: str) -> str:
    return f"The index in {folder} is damaged ({seen}). Run: notesearch index, which makes it anew from the notes."


def _refusal(folder: Path, tried: str, seen: str) -> str:
    return (
        f"The index in {folder} could not be {tried}: {seen}. What was there before is unharmed. Check the disk (full, "
        "read-only, not yours?), or name another folder with --index or NOTESEARCH_INDEX."
    )


def _make_folder(folder: Path) -> None:
    """What is made here is the owner's alone; a folder that was there keeps its rights."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    database = folder / DATABASE
    if not database.exists():
        database.touch(mode=0o600)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    checksums.register(connection)
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON", f"mmap_size = {_MAPPED_BYTES}"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
