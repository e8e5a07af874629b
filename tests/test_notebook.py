"""The object library users hold: contracts that the command line does not show."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest

from notesearch import Notebook, Where
from notesearch.config import Settings
from notesearch.errors import IndexMissing, UsageError, VaultError
from tests.conftest import write


def test_several_phrasings_are_one_question(notebook: Notebook) -> None:
    assert notebook.search(["berths"], k=3) == notebook.search("berths", k=3)
    both = notebook.search(["berths", "flour, water, salt"], k=4)
    assert {hit.note for hit in both[:3]} >= {"bread.md", "harbour.md"}
    assert [hit.rank for hit in both] == list(range(1, len(both) + 1))
    for wrong in ([], ["berths", " "]):
        with pytest.raises(UsageError):
            notebook.search(wrong)
    with pytest.raises(UsageError, match="one at a time"):
        notebook.search(["berths", "salt"], explain=True)


def test_several_threads_search_while_another_writes(notebook: Notebook, vault: Path) -> None:
    def ask(n: int) -> str:
        if n % 5 == 0:
            write(vault, f"new {n}.md", f"lantern number {n} hangs in the shed\n")
            notebook.update()
        return notebook.search("flour water salt")[0].note

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(40))) == {"bread.md"}
    assert notebook.status().notes == 3 + 8


def test_the_same_question_gives_the_same_hits(notebook: Notebook) -> None:
    assert notebook.search("ann and the berths", k=10) == notebook.search("ann and the berths", k=10)


def test_hits_and_answers_are_values(notebook: Notebook) -> None:
    answer = notebook.ask("flour water salt")
    with pytest.raises(FrozenInstanceError):
        answer.confidence = 1.0  # type: ignore[misc]
    assert answer.hits[0].to_dict()["note"] == "bread.md"
    assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))


def test_a_hit_is_the_exact_slice_of_its_file(notebook: Notebook, vault: Path) -> None:
    for hit in notebook.search("crane bread ann", k=10):
        text = (vault / hit.note).read_text(encoding="utf-8")
        assert hit.text == text[hit.span[0] : hit.span[1]]
        assert hit.text in "\n".join(text.split("\n")[hit.lines[0] - 1 : hit.lines[1]])


def test_vaults_are_remembered_and_not_added_twice(tmp_path: Path, vault: Path) -> None:
    write(tmp_path, "second/vault/x.md", "another vault of the same name\n")
    folder = tmp_path / "index"
    with Notebook.open(
        folder, vaults=[vault, tmp_path / "second" / "vault"], model="hashed", settings=Settings()
    ) as both:
        both.update()
    with Notebook.open(folder, vaults=[vault], settings=Settings()) as again:
        assert [v.name for v in again.status().vaults] == ["vault", "vault 2"]
        assert {hit.vault for hit in again.search("another vault", where=Where(vaults=("vault 2",)))} == {"vault 2"}


def test_a_vault_that_is_gone_is_said_and_nothing_is_lost(notebook: Notebook, vault: Path) -> None:
    vault.rename(vault.with_name("moved away"))
    with pytest.raises(VaultError, match="no such folder"):
        notebook.update()
    assert notebook.store.counts().notes == 3
    vault.with_name("moved away").rename(vault)
    assert notebook.update().unchanged == 3


def test_without_create_a_missing_index_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        Notebook.open(tmp_path / "none", create=False, settings=Settings())
    assert not (tmp_path / "none").exists()


def test_search_by_words_alone_when_the_model_is_another(notebook: Notebook, tmp_path: Path, vault: Path) -> None:
    with Notebook.open(notebook.store.folder, model=str(tmp_path / "no-model"), settings=Settings()) as other:
        assert other.search("flour water salt")[0].note == "bread.md"
        assert any("Searching by words only" in remark for remark in other.take_remarks())


def test_a_code_is_found_before_its_neighbours(tmp_path: Path) -> None:
    root = tmp_path / "parts"
    for n in range(40):
        write(
            root,
            f"{n}.md",
            f"invoice INV-20{n:02d} " + "paid by the harbour office, filed with the others " * (n % 4) + "\n",
        )
    with Notebook.open(tmp_path / "index", vaults=[root], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        assert [notebook.search(f"INV-20{n:02d}")[0].note for n in range(40)] == [f"{n}.md" for n in range(40)]


def test_a_tag_is_found_by_what_it_stands_under(notebook: Notebook, vault: Path) -> None:
    """B9: `a/b` is also `a`, and compared without case."""
    write(vault, "trip.md", "boats at noon #Travel/sea/north\n")
    notebook.update()
    for tag in ("travel", "TRAVEL/sea", "travel/sea/north"):
        assert [hit.note for hit in notebook.search(f"boats tag:{tag}")] == ["trip.md"]
    assert notebook.search("boats tag:sea") == []


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("what happened on may 2nd", "2019-05-02 2019-05-02"),
        ("what happened in may", "2021-05-01 2021-05-31"),
        ("what happened in winter", "2018-12-01 2019-02-28"),
        ("since may", "2026-05-01 9999-12-31"),
        ("what happened last may", "2026-05-01 2026-05-31"),
        ("what happened on july 4th", "2026-07-04 2026-07-04"),
        ("what happened on may 2nd 2020", "2020-05-02 2020-05-02"),
    ],
)
def test_d7_a_date_without_its_year_is_the_last_that_notes_speak_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, meant: str
) -> None:
    for day in ("2017-05-02", "2019-01-06", "2019-05-02", "2021-05-20", "2021-11-02"):
        write(tmp_path, f"vault/{day}.md", f"what was said that day, {day}\n")
    write(tmp_path, "vault/2022.md", "a whole year says nothing of its days\n")
    monkeypatch.setattr("notesearch.retrieve.query.date", _Fixed)
    with Notebook.open(tmp_path / "i", vaults=[tmp_path / "vault"], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        (span,) = notebook.ask(asked).dates
    assert f"{span.first} {span.last}" == meant


class _Fixed(date):
    @classmethod
    def today(cls) -> _Fixed:
        return cls(2026, 11, 23)


def test_numpy_is_there_before_a_second_thread_wants_it(notebook: Notebook) -> None:
    """Two threads that begin to import it at once find it half made, and one question in ten failed."""
    code = """if True:
        import sys, threading
        from notesearch import Notebook
        from notesearch.config import Settings
        from notesearch.embed.hashed import HashedEmbedder

        found = []
        HashedEmbedder.load = lambda self: found.append("numpy" in sys.modules)
        with Notebook.open(sys.argv[1], settings=Settings()) as notebook:
            notebook._model.load_ahead()
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join()
        assert found == [True]
    """
    subprocess.run([sys.executable, "-c", code, str(notebook.store.folder)], check=True)
