"""An index of every format there was is brought to today's. `formats/` holds one each, made by the code of its time
with the toy embedder from the notes of the fixture `vault` (its page size reduced, to be small).
"""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from notesearch.index import checksums, schema
from notesearch.index.store import DATABASE
from tests.safety.fresh import assert_like_fresh, opened

FORMATS = sorted((Path(__file__).parent / "formats").glob("*.gz"))


@pytest.mark.parametrize("file", FORMATS, ids=lambda file: file.name)
def test_an_index_of_an_older_format_answers_and_becomes_as_a_fresh_one(
    tmp_path: Path, vault: Path, file: Path
) -> None:
    index = tmp_path / "index"
    index.mkdir()
    (index / DATABASE).write_bytes(gzip.decompress(file.read_bytes()))
    with closing(sqlite3.connect(index / DATABASE)) as db, db:
        db.execute("UPDATE vault SET root = ?, name = 'vault'", (str(vault),))
        (format_,) = db.execute("PRAGMA user_version").fetchone()
        if format_ >= 4:
            checksums.register(db)
            checksums.seal(db, "vault")
    assert f"format-{format_}." in file.name
    with opened(index) as notebook:
        assert any("older format" in remark for remark in notebook.take_remarks()) == (format_ < len(schema.MIGRATIONS))
        found = [hit.note for hit in notebook.search("flour water salt")]
        assert found[:1] == ["bread.md"] or any("Run: notesearch index" in said for said in notebook.take_remarks())
    with opened(index) as notebook:
        notebook.update()
    # In which basis tokens are packed was worked out then, and stays.
    assert_like_fresh(index, but=["manifest", "vector"])
    with opened(index) as notebook:
        assert [notebook.search(asked)[0].note for asked in ("flour water salt", "who plans the berths")] == [
            "bread.md", "people/ann.md"
        ]  # fmt: skip


def test_every_format_is_here() -> None:
    assert len(FORMATS) == len(schema.MIGRATIONS)
