"""Is an index what a fresh one of the same vaults would be? Compared row by row, and by answers.

Ids and the times of scans differ by right; so each id is replaced by what it names, and rows are compared as bags.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.index import checksums
from notesearch.index.store import DATABASE, Store

TOY = "hashed"
_OWN_TO_EACH = {"generation", "base", "common", "characters_per_s"}
"""What the manifest says of files and of pace."""
_TIMES = {"scanned_ns", "checksum"}
"""A checksum is over ids, too."""
_SHADOWS = ("_data", "_idx", "_content", "_docsize", "_config")
_NAMED = {"words": "passage", "names": "note", "anchors": "link"}
"""What the row ids of a text index name."""

Rows = dict[str, list[tuple[Any, ...]]]


def opened(index: Path, vaults: Sequence[Path] = ()) -> Notebook:
    """A notebook with the toy embedder."""
    return Notebook.open(index, vaults=vaults, model=TOY, settings=Settings())


@dataclass(frozen=True)
class Fresh:
    """What an index made now of some vaults holds, and answers to some questions."""

    rows: Rows
    answers: dict[str, Any]


def fresh(vaults: Sequence[Path], questions: Sequence[str] = ()) -> Fresh:
    """Make an index, and look at it."""
    with TemporaryDirectory() as folder:
        with opened(Path(folder) / "index", vaults) as notebook:
            notebook.update()
            expected = {question: answers(notebook, question) for question in questions}
        return Fresh(rows(Path(folder) / "index"), expected)


def assert_like_fresh(index: Path, questions: Sequence[str] = (), *, but: Sequence[str] = ()) -> None:
    """The index is sound and equal to one made now of its vaults, `but` for some tables."""
    with closing(Store.open(index)) as store:
        roots = [Path(vault.root) for vault in store.vaults()]
    assert_like(index, fresh(roots, questions), but=but)


def assert_like(index: Path, expected: Fresh, *, but: Sequence[str] = ()) -> None:
    """The index is sound and equal to a fresh one, `but` for some tables."""
    ours, theirs = rows(index), expected.rows
    assert_equal(*({table: found[table] for table in found if table not in but} for found in (ours, theirs)))
    assert_sound(index)
    with opened(index) as notebook:
        for question, answer in expected.answers.items():
            assert answers(notebook, question) == answer, question
        assert notebook.take_remarks() == []


def assert_equal(ours: Rows, fresh: Rows) -> None:
    """Table by table, so that what differs is what is shown."""
    assert ours.keys() == fresh.keys()
    for table, expected in fresh.items():
        more = list((Counter(ours[table]) - Counter(expected)).elements())
        less = list((Counter(expected) - Counter(ours[table])).elements())
        differ = f"{table}: too much {more[:3]}; missing {less[:3]}"
        assert not more and not less, differ


def rows(index: Path) -> Rows:
    """Every table, ids replaced by what they name."""
    with closing(sqlite3.connect(index / DATABASE)) as db:
        names = _names(db)
        found = {table: _rows(db, table, names) for table in _tables(db)}
        found["manifest"] = [row for row in found["manifest"] if row[0] not in _OWN_TO_EACH]
        found["format"] = db.execute("PRAGMA user_version").fetchall()
        for table, kind in _NAMED.items():
            db.execute(f"CREATE VIRTUAL TABLE temp.v_{table} USING fts5vocab(main, {table}, instance)")
            terms = db.execute(f"SELECT term, doc, col, offset FROM temp.v_{table}")
            found[f"{table} terms"] = sorted((term, names[kind][doc], col, at) for term, doc, col, at in terms)
    return found


def _tables(db: sqlite3.Connection) -> list[str]:
    listed = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return [t for t in listed if not t.startswith("sqlite_") and not t.endswith(_SHADOWS) and t != "dead"]


def _names(db: sqlite3.Connection) -> dict[str, dict[int | None, Any]]:
    """Kind of thing → id → what it names."""
    vaults = dict(db.execute("SELECT id, root FROM vault"))
    notes = {id_: (vaults[vault], path) for id_, vault, path in db.execute("SELECT id, vault, path FROM note")}
    passages = {id_: (notes[note], at) for id_, note, at in db.execute("SELECT id, note, start FROM passage")}
    links = {
        id_: (notes[note], at, target)
        for id_, note, at, target in db.execute("SELECT id, note, start, target FROM link")
    }
    kinds: dict[str, dict[int | None, Any]] = {
        "vault": {**vaults}, "note": {**notes}, "to_note": {**notes}, "passage": {**passages}, "link": {**links}
    }  # fmt: skip
    return {kind: {None: None, **named} for kind, named in kinds.items()}


def _rows(db: sqlite3.Connection, table: str, names: dict[str, dict[int | None, Any]]) -> list[tuple[Any, ...]]:
    rowid = f"rowid AS {_NAMED[table]}, " if table in _NAMED else ""
    found = db.execute(f"SELECT {rowid}* FROM {table}")
    columns = [column[0] for column in found.description]
    kept = [at for at, column in enumerate(columns) if column not in ("id", *_TIMES)]
    named = [tuple(names[columns[at]][row[at]] if columns[at] in names else row[at] for at in kept) for row in found]
    return sorted(named, key=repr)


def assert_sound(index: Path) -> None:
    """What must hold of any index between two updates, by SQLite's word and by ours (see index/README.md)."""
    with closing(sqlite3.connect(index / DATABASE)) as db:
        checksums.register(db)
        assert [checksums.unsound(db, table) for table in checksums.TABLES] == [None] * len(checksums.TABLES)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        for table in _NAMED:
            db.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
        db.rollback()
        wanted = set(db.execute("SELECT embedded FROM passage"))
        assert set(db.execute("SELECT embedded FROM vector UNION SELECT embedded FROM pending")) == wanted
        assert db.execute("SELECT * FROM vector JOIN pending USING (embedded)").fetchall() == []
        recorded = {
            key: json.loads(value) for key, value in db.execute("SELECT key, value FROM manifest") if key in _FILES
        }
    files = {name for said in recorded.values() for name in (said["file"], said.get("rows_file")) if name}
    assert {path.name for path in index.iterdir() if path.name.startswith(("vectors-", "words-"))} == files
    assert_base_agrees(index)


_FILES = ("base", "common")


def assert_base_agrees(index: Path) -> None:
    """Each row of the base is the passage's vector, or the passage is known to be gone; and none is missing."""
    with closing(Store.open(index)) as store:
        assert not store.is_damaged()
        base = store._snapshots.base()
        if base is None:
            return
        ids, vectors = store.vectors()
        alive, kept = ids <= base.last_id, np.setdiff1d(base._ids, store._snapshots.dead())
        assert kept.tolist() == ids[alive].tolist()
        assert np.array_equal(base.vectors(ids[alive])[1], vectors[alive])


def answers(notebook: Notebook, question: str, k: int = 1_000) -> Any:
    """What a question finds, all of it: equals may stand in any order."""
    found = notebook.ask(question, k)
    hits = sorted(
        (-round(hit.score, 4), hit.note, hit.lines, hit.text, hit.title, hit.headings, sorted(hit.tags),
         sorted(link.note for link in hit.links), sorted(link.note for link in hit.backlinks))
        for hit in found.hits
    )  # fmt: skip
    return hits, found.answerable, found.newer


def assert_true(notebook: Notebook, question: str) -> None:
    """Nothing is shown that its file does not say; unless somebody changed it while it was asked."""
    began_ns = time.time_ns() - _GRAIN_NS
    roots = {vault.name: Path(vault.root) for vault in notebook.status().vaults}
    answer = notebook.ask(question, 1_000)
    shown = [(hit.vault, hit.note, hit.text) for hit in answer.hits]
    shown += [(answer.hits[0].vault, quote.note, quote.text) for quote in answer.quotes]
    for vault, path, text in shown:
        file = roots[vault] / path
        said = file.read_bytes().decode() if file.exists() else ""
        changed_ns = (file if file.exists() else file.parent).stat().st_mtime_ns
        late_ms = (began_ns - changed_ns) / 1e6
        assert text in said or late_ms <= 0, f"{path} shows {text!r}, said {said!r} since {late_ms:g} ms before"


_GRAIN_NS = 250_000_000
"""The clock of files goes by ticks, and lags behind that of programs where a machine is busy."""
