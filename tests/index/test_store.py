"""The store: what goes in comes out, the FAISS base agrees with the database, damage is noticed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.errors import IndexBusy, IndexMissing, IndexUnusable
from notesearch.index import base
from notesearch.index.store import DATABASE, Store
from tests.conftest import write


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """Enough notes for a FAISS base (its threshold lowered), then some newer and some gone."""
    monkeypatch.setattr(base, "_ROWS_WORTH_A_BASE", 20)
    root = tmp_path / "vault"
    for n in range(60):
        write(root, f"{n}.md", f"ship {n} carried cargo {n * 7 % 13} to port {n % 5}\n")
    notebook = Notebook.open(tmp_path / "index", vaults=[root], model="hashed", settings=Settings())
    notebook.update()
    assert list((tmp_path / "index").glob("vectors-*.faiss"))
    for n in range(5):
        (root / f"{n}.md").unlink()
    write(root, "60.md", "ship 60 carried nothing\n")
    notebook.update()
    return notebook


def exact(store: Store, query: np.ndarray, k: int) -> list[int]:
    ids, rows = store.vectors()
    order = np.argsort(-(rows @ query), kind="stable")[:k]
    return [int(i) for i in ids[order]]


def test_base_and_newer_rows_together_are_exact(many: Notebook) -> None:
    query = many.embedder.embed_query("ship 60 carried cargo to port").vectors[0]
    found = many.store.dense(query, 10)
    expected = dict(zip(*(a.tolist() for a in many.store.vectors()), strict=True))
    assert [score for _, score in found] == pytest.approx(
        sorted((float(np.dot(v, query)) for v in expected.values()), reverse=True)[:10], abs=2e-3
    )
    assert found[0][0] == exact(many.store, query, 1)[0]


def test_dead_rows_of_the_base_are_never_found(many: Notebook) -> None:
    query = many.embedder.embed_query("ship 3 carried cargo").vectors[0]
    live = set(many.store.passage_ids().tolist())
    assert {id_ for id_, _ in many.store.dense(query, 100)} <= live
    assert len(many.store.dense(query, 100)) == len(live) == 56


def test_dense_search_within_a_choice(many: Notebook) -> None:
    query = many.embedder.embed_query("ship carried cargo").vectors[0]
    within = many.store.passage_ids()[::7]
    found = [id_ for id_, _ in many.store.dense(query, 100, within)]
    assert sorted(found) == within.tolist()


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_damaged_base_is_not_used_is_said_and_is_made_anew(many: Notebook, damage: str) -> None:
    file = next(many.store.folder.glob("vectors-*.faiss"))
    query = many.embedder.embed_query("ship 30 carried cargo").vectors[0]
    before = many.store.dense(query, 5)
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-100])
    with Notebook.open(many.store.folder, settings=many.settings) as again:
        after = again.store.dense(query, 5)
        assert [score for _, score in after] == pytest.approx([score for _, score in before], abs=2e-3)
        assert any("missing or damaged" in remark for remark in again.status().remarks)
        write(Path(again.status().vaults[0].root), "61.md", "one more ship\n")
        again.update()
        assert not again.store.is_damaged()


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="notesearch index"):
        Store.open(tmp_path / "nowhere")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"these are not the tables you are looking for" * 100)
    with pytest.raises(IndexUnusable, match="notesearch index"):
        Store.open(tmp_path)


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    Store.open(tmp_path, create=True).close()
    connection = sqlite3.connect(tmp_path / DATABASE)
    connection.execute("PRAGMA user_version = 999")
    connection.commit()
    connection.close()
    with pytest.raises(IndexUnusable, match="format 999"):
        Store.open(tmp_path)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    first, second = Store.open(tmp_path, create=True), Store.open(tmp_path)
    with first.writing(), pytest.raises(IndexBusy, match="Another notesearch"), second.writing(wait_s=0.05):
        pass
    with second.writing(wait_s=0.05):
        pass


def test_the_index_is_its_owners_alone(tmp_path: Path) -> None:
    Store.open(tmp_path / "index", create=True).close()
    assert (tmp_path / "index").stat().st_mode & 0o077 == 0
    assert (tmp_path / "index" / DATABASE).stat().st_mode & 0o077 == 0


def test_a_transaction_is_all_or_nothing(notebook: Notebook) -> None:
    before = notebook.store.counts()
    with pytest.raises(RuntimeError), notebook.store.transaction():
        notebook.store._connection.execute("DELETE FROM note")
        raise RuntimeError
    assert notebook.store.counts() == before


def test_a_vault_that_was_emptied_is_searched_like_any_other(many: Notebook) -> None:
    for note in Path(many.status().vaults[0].root).iterdir():
        note.unlink()
    assert many.update(force=True).removed == 56
    base_ = many.store._snapshots.base()
    assert base_ is not None and base_.count == 0
    assert many.search("ship 3 carried cargo") == []
