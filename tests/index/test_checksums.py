"""A row that is not what was written is noticed by the question that reads it, and made anew from its note."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.embed.hashed import HashedEmbedder
from notesearch.errors import IndexDamaged
from notesearch.index import base, checksums, common
from notesearch.index.database import NOTICED
from tests.conftest import write
from tests.safety.fresh import assert_like_fresh, opened


@pytest.fixture
def index(tmp_path: Path, vault: Path) -> Iterator[Path]:
    """The small vault, indexed, with a second link."""
    write(vault, "log.md", "# log\n\nsaw [[harbour|the crane place]] again\n")
    with opened(tmp_path / "index", [vault]) as notebook:
        notebook.update()
    yield tmp_path / "index"


def change(index: Path, statement: str) -> None:
    with opened(index) as notebook:
        assert notebook.store._connection.execute(statement).rowcount > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE passage SET text = replace(text, 'crane', 'brine')",
        "UPDATE passage SET text = CAST(x'e4206372616e65' AS TEXT) WHERE text LIKE '%crane op%'",
        "UPDATE passage SET headings = '[\"elsewhere\"]' WHERE headings LIKE '%harbour%'",
        "UPDATE passage SET last_line = last_line + 1",
        "UPDATE passage SET hidden = 1",
        "UPDATE note SET title = 'the moon' WHERE name = 'harbour'",
        "UPDATE note SET date_first = '31st of May', date_last = '' WHERE name = 'harbour'",
        "UPDATE link SET shown = 'the brine place' WHERE shown LIKE '%crane%'",
    ],
)
def test_a_changed_row_is_never_shown_and_its_note_is_read_again(index: Path, vault: Path, statement: str) -> None:
    with opened(index) as notebook:
        before = notebook.search("crane operators and berths")
    change(index, statement)
    with opened(index) as notebook:
        assert [
            (hit.note, hit.text, hit.title, hit.headings, hit.lines, hit.links, hit.backlinks) for hit in before
        ] == [
            (hit.note, hit.text, hit.title, hit.headings, hit.lines, hit.links, hit.backlinks)
            for hit in notebook.search("crane operators and berths")
        ]
        assert any("were not what was written" in remark for remark in notebook.take_remarks())
        assert isinstance(notebook.embedder, HashedEmbedder) and notebook.embedder.encoded == 0
        assert notebook.search("crane operators and berths") and notebook.take_remarks() == []
    assert_like_fresh(index)


@pytest.mark.parametrize("statement", ["value = zeroblob(length(value))", "tokens = zeroblob(length(tokens))"])
def test_a_changed_vector_is_made_again(index: Path, vault: Path, statement: str) -> None:
    change(index, f"UPDATE vector SET {statement} WHERE rowid = 2")
    with opened(index) as notebook:
        notebook.search("crane operators and berths")
        assert isinstance(notebook.embedder, HashedEmbedder) and notebook.embedder.encoded == 1
    assert_like_fresh(index)


@pytest.mark.parametrize("statement", ["value = '0.1' WHERE key = 'recipe'", "value = 'no' WHERE key = 'generation'"])
def test_a_changed_fact_is_said_and_the_next_index_makes_all_anew(index: Path, vault: Path, statement: str) -> None:
    with opened(index) as notebook:
        notebook.store.remember("generation", "7")
    change(index, f"UPDATE manifest SET {statement}")
    with pytest.raises(IndexDamaged, match="notesearch index"):
        opened(index)
    assert (index / NOTICED).exists()
    with Notebook.open(index, vaults=[vault], model="hashed", settings=Settings(), repair=True) as notebook:
        notebook.update()
    assert not (index / NOTICED).exists()
    assert_like_fresh(index)


def test_what_a_changed_row_makes_go_wrong_is_said_to_be_damage(index: Path, vault: Path) -> None:
    """The names of all notes are not verified one by one, but what cannot be read of them is no mistake of ours."""
    change(index, "UPDATE note SET aliases = '{' WHERE name = 'bread'")
    with opened(index) as notebook:
        with pytest.raises(IndexDamaged, match="'note' are not what was written"):
            notebook.search("harbuor")
        assert (index / NOTICED).exists()
        notebook.update()
        assert [hit.note for hit in notebook.search("harbuor")][:1] == ["harbour.md"]
        assert not (index / NOTICED).exists()
    assert_like_fresh(index)


def test_a_mistake_of_ours_stays_one(index: Path) -> None:
    with opened(index) as notebook, pytest.raises(ZeroDivisionError), notebook.store.saying():
        1 / 0  # noqa: B018


def test_the_command_says_it_in_one_line(index: Path, vault: Path) -> None:
    change(index, "UPDATE vault SET root = 'x'")
    words = [sys.executable, "-m", "notesearch", "search", "crane", "--index", str(index)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")
    assert "damaged" in done.stderr and "Run: notesearch index" in done.stderr and "Traceback" not in done.stderr


def test_a_changed_snapshot_is_left_out_and_written_anew(
    index: Path, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_ROWS_WORTH_A_BASE", 2)
    monkeypatch.setattr(common, "COMMON", 1)
    with opened(index) as notebook:
        notebook.store.tidy()
        before = [hit.to_dict() for hit in notebook.search("crane operators and berths again")]
    for pattern, at in (("vectors-*.faiss", -200), ("words-*.common", 20), ("words-*.common", -20)):  # 20: of "again"
        (file,) = index.glob(pattern)
        data = bytearray(file.read_bytes())
        data[at] ^= 1
        file.write_bytes(data)
        with opened(index) as notebook:
            found = [hit.to_dict() for hit in notebook.search("crane operators and berths again")]
            assert [hit["text"] for hit in found] == [hit["text"] for hit in before]
            assert not file.exists() and notebook.store.is_damaged()
            notebook.update()
        assert_like_fresh(index)


def test_every_table_with_rows_of_ours_is_covered(index: Path) -> None:
    with opened(index) as notebook:
        tables = notebook.store._connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    derived = ("words", "names", "anchors", "sqlite_sequence", "dead")
    assert {name for (name,) in tables if not name.startswith(derived)} == set(checksums.TABLES)
