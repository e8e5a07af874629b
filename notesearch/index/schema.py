"""The tables, and how an older index becomes today's.

Migrations are an ordered list; SQLite's `user_version` counts those applied; all that are due run in one transaction.
`index/README.md` describes the tables for people; change both together.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass

from notesearch.errors import IndexUnusable
from notesearch.index import checksums, full_text
from notesearch.index.words import TOKENIZER


@dataclass(frozen=True, slots=True)
class Migration:
    """One step; `rereads` says that every note must be read again after it, `respells` that the text index must be
    written again.
    """

    statements: tuple[str, ...]
    rereads: bool = False
    respells: bool = False


_FIRST = Migration(
    (
        "CREATE TABLE manifest (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
        # `root` and `path` hold text, or the bytes themselves where the name is not UTF-8 (rule F5).
        """CREATE TABLE vault (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            root NOT NULL UNIQUE,
            kind TEXT NOT NULL DEFAULT 'plain',
            scanned_ns INTEGER NOT NULL DEFAULT 0,
            scan TEXT NOT NULL DEFAULT '{}'
        )""",
        # AUTOINCREMENT: an id is never given twice, so a stale reference finds nothing instead of something else.
        """CREATE TABLE note (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            vault INTEGER NOT NULL REFERENCES vault ON DELETE CASCADE,
            path NOT NULL,
            name TEXT NOT NULL,
            title TEXT NOT NULL,
            heading TEXT NOT NULL,
            aliases TEXT NOT NULL,
            tags TEXT NOT NULL,
            date_first TEXT,
            date_last TEXT,
            date_source TEXT,
            date_certainty REAL,
            content_hash BLOB NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            ctime_ns INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            scanned_ns INTEGER NOT NULL,
            conflict_copy INTEGER NOT NULL DEFAULT 0,
            remark TEXT NOT NULL DEFAULT '',
            UNIQUE (vault, path)
        )""",
        """CREATE TABLE passage (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            note INTEGER NOT NULL REFERENCES note ON DELETE CASCADE,
            start INTEGER NOT NULL,
            end INTEGER NOT NULL,
            first_line INTEGER NOT NULL,
            last_line INTEGER NOT NULL,
            headings TEXT NOT NULL,
            text TEXT NOT NULL,
            hidden INTEGER NOT NULL DEFAULT 0,
            embedded BLOB NOT NULL
        )""",
        "CREATE INDEX passage_note ON passage (note, start)",
        "CREATE INDEX passage_embedded ON passage (embedded)",
        # Vectors belong to the embedded text, not to a place: a moved note finds its own again.
        "CREATE TABLE vector (embedded BLOB PRIMARY KEY, value BLOB NOT NULL, tokens BLOB NOT NULL)",
        "CREATE TABLE pending (embedded BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
        # Rows of the FAISS base whose passage is gone; emptied when the base is written anew.
        "CREATE TABLE dead (passage INTEGER PRIMARY KEY)",
        "CREATE TABLE tag (note INTEGER NOT NULL REFERENCES note ON DELETE CASCADE, tag TEXT NOT NULL, "
        "PRIMARY KEY (tag, note)) WITHOUT ROWID",
        "CREATE INDEX tag_note ON tag (note)",
        """CREATE TABLE property (
            note INTEGER NOT NULL REFERENCES note ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL)""",
        "CREATE INDEX property_key ON property (key, value)",
        "CREATE INDEX property_note ON property (note)",
        """CREATE TABLE link (
            id INTEGER PRIMARY KEY,
            note INTEGER NOT NULL REFERENCES note ON DELETE CASCADE,
            passage INTEGER,
            target TEXT NOT NULL,
            part TEXT NOT NULL,
            shown TEXT NOT NULL,
            kind TEXT NOT NULL,
            embed INTEGER NOT NULL,
            hidden INTEGER NOT NULL,
            start INTEGER NOT NULL,
            end INTEGER NOT NULL,
            line INTEGER NOT NULL,
            to_note INTEGER,
            to_path,
            how TEXT NOT NULL DEFAULT '',
            others INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX link_note ON link (note)",
        "CREATE INDEX link_to_note ON link (to_note)",
        """CREATE TABLE failure (
            vault INTEGER NOT NULL REFERENCES vault ON DELETE CASCADE,
            path NOT NULL,
            reason TEXT NOT NULL,
            size INTEGER NOT NULL DEFAULT -1,
            mtime_ns INTEGER NOT NULL DEFAULT -1,
            ctime_ns INTEGER NOT NULL DEFAULT -1,
            inode INTEGER NOT NULL DEFAULT -1,
            PRIMARY KEY (vault, path)
        ) WITHOUT ROWID""",
        # Two text indexes: of passages, and of notes by what they are called (a note without text has only the second).
        "CREATE VIRTUAL TABLE words USING fts5(title, headings, tags, body, "
        'tokenize = "porter unicode61 remove_diacritics 2")',
        "CREATE VIRTUAL TABLE names USING fts5(name, title, aliases, tags, properties, "
        'tokenize = "porter unicode61 remove_diacritics 2")',
    )
)

_MARKS_AND_PARTS = Migration(
    (
        "ALTER TABLE passage ADD COLUMN archived INTEGER NOT NULL DEFAULT 0",
        # What links can name of a note: headings, and at level 0 the ids of blocks (rule R7).
        """CREATE TABLE part (
            note INTEGER NOT NULL REFERENCES note ON DELETE CASCADE,
            line INTEGER NOT NULL,
            level INTEGER NOT NULL,
            name TEXT NOT NULL
        )""",
        "CREATE INDEX part_note ON part (note, line)",
        "ALTER TABLE link ADD COLUMN to_line INTEGER",
        # Asked of every search, and nearly always empty.
        "CREATE INDEX note_conflict_copy ON note (vault) WHERE conflict_copy",
    ),
    rereads=True,
)

_WORDS_AND_ANCHORS = Migration(
    (
        # What was encoded of a passage, where that is not its text: so a token finds the sentence that it is of.
        "ALTER TABLE passage ADD COLUMN words TEXT",
        # What links call the notes they lead to; row ids are those of `link`.
        'CREATE VIRTUAL TABLE anchors USING fts5(shown, tokenize = "porter unicode61 remove_diacritics 2")',
        "CREATE TRIGGER link_gone AFTER DELETE ON link BEGIN DELETE FROM anchors WHERE rowid = old.id; END",
    ),
    rereads=True,
)

_CHECKSUMS = Migration(
    (
        *(f"ALTER TABLE {table} ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0" for table in checksums.TABLES),
        # Their files carry checksums, too; older ones are made anew by the next update, which goes on as if stopped.
        "DELETE FROM manifest WHERE key IN ('base', 'common')",
        "DELETE FROM dead",
        "INSERT OR REPLACE INTO manifest (key, value) VALUES ('unfinished', 'yes')",
        *(f"UPDATE {table} SET checksum = {checksums.checksum_of(table)}" for table in checksums.TABLES),
    ),
)

_ENDINGS = Migration(
    (
        # Marks are parts of words (the vowels of many scripts), and words of more alphabets lose their endings.
        *(f"DROP TABLE {table}" for table in ("words", "names", "anchors")),
        f'CREATE VIRTUAL TABLE words USING fts5(title, headings, tags, body, tokenize = "{TOKENIZER}")',
        f'CREATE VIRTUAL TABLE names USING fts5(name, title, aliases, tags, properties, tokenize = "{TOKENIZER}")',
        f'CREATE VIRTUAL TABLE anchors USING fts5(shown, tokenize = "{TOKENIZER}")',
        # The common words are made anew by the next update, which goes on as if stopped.
        "DELETE FROM manifest WHERE key = 'common'",
        "INSERT OR REPLACE INTO manifest (key, value) VALUES ('unfinished', 'yes')",
        f"UPDATE manifest SET checksum = {checksums.checksum_of('manifest')} WHERE key = 'unfinished'",
    ),
    respells=True,
)

MIGRATIONS: tuple[Migration, ...] = (_FIRST, _MARKS_AND_PARTS, _WORDS_AND_ANCHORS, _CHECKSUMS, _ENDINGS)


REREAD = "UPDATE note SET content_hash = x'', size = -1"
"""After this the next update reads every note again; no text is embedded again for it."""


def version(connection: sqlite3.Connection) -> int:
    """How many migrations were applied; 0 if there are no tables yet. Raises IndexUnusable if it is a version that
    this code does not know (rule I4).
    """
    applied = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if applied > len(MIGRATIONS):
        raise IndexUnusable(
            f"The index has format {applied}; this notesearch reads up to {len(MIGRATIONS)}. "
            "Use a newer notesearch, or name another folder with --index."
        )
    return applied


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date, all the way or not at all. Needs the writer's lock."""
    due = MIGRATIONS[version(connection) :]
    checksums.register(connection)
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for migration in due:
            for statement in (*migration.statements, *([REREAD] if migration.rereads else [])):
                connection.execute(statement)
        if any(migration.respells for migration in due):
            full_text.rebuild(connection)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Each table, index and trigger, and the statement that makes it; without those that SQLite makes by itself."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {name: sql for name, sql in rows if not name.startswith(("sqlite_", *_BY_FTS5))}


_BY_FTS5 = ("words_", "names_", "anchors_")


def tables_today() -> dict[str, str]:
    """The same of an index that is made now."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh)
        return tables(fresh)
