"""What notesearch keeps, its owner alone can read, from the first byte on, whatever the folder and umask say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.index import base, common
from notesearch.index.salvage import DAMAGED
from tests.conftest import write


@pytest.fixture
def lax() -> Iterator[None]:
    """A umask that gives everything to everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    return {file.name: oct(file.stat().st_mode) for file in folder.rglob("*") if file.stat().st_mode & 0o077}


@pytest.mark.usefixtures("lax")
@pytest.mark.parametrize("made_before", [True, False], ids=["folder was there", "folder is made"])
def test_every_file_of_an_index_is_its_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_before: bool
) -> None:
    monkeypatch.setattr(base, "_ROWS_WORTH_A_BASE", 20)
    monkeypatch.setattr(base, "APPROXIMATE_FROM", 30)
    monkeypatch.setattr(common, "COMMON", 10)
    seen_aside = []

    def swap_in(aside: Path, path: Path) -> None:
        seen_aside.append((path.suffix, aside.stat().st_mode & 0o777))
        real(aside, path)

    real = base.swap_in
    monkeypatch.setattr(base, "swap_in", swap_in)
    monkeypatch.setattr(common, "swap_in", swap_in)
    folder = tmp_path / "index"
    if made_before:
        folder.mkdir(mode=0o755)
    for n in range(40):
        write(tmp_path, f"vault/{n}.md", f"ship {n} took cargo {n * 7 % 13}\n")
    write(tmp_path, "usb/a.md", "on a stick\n")
    names: set[str] = set()

    def look() -> None:
        names.update(file.name for file in folder.iterdir())
        assert open_to_others(folder) == {}

    vaults = [tmp_path / "vault", tmp_path / "usb"]
    with Notebook.open(folder, vaults=vaults, model="hashed", settings=Settings()) as notebook:
        look()
        notebook.update()
        notebook.remember_shown(notebook.search("ship 7"))
        look()
        (tmp_path / "usb").rename(tmp_path / "away")
        connection = notebook.store._connection
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("INSERT INTO part (note, line, level, name) VALUES (9999, 1, 1, 'of no note')")
        notebook.check(repair=True)
        look()
        assert (folder / DAMAGED).exists()  # the stick's notes are not read again yet
        notebook.forget_vault("vault")
        look()
    assert (folder.stat().st_mode & 0o777) == (0o755 if made_before else 0o700)
    assert dict(seen_aside) == {".faiss": 0o600, ".float16": 0o600, ".common": 0o600}
    assert {Path(name).suffix for name in names} >= {".faiss", ".float16", ".common", ".json", ".lock", ".sqlite"}
    assert {"notes.sqlite-wal", "notes.sqlite-shm", DAMAGED, "last.json"} <= names
