"""What a question has read is kept until somebody writes, here or elsewhere, and never without end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from notesearch.index import verified
from notesearch.index.database import Database
from notesearch.index.verified import Rows


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path, create=True)
    yield database
    database.close()


class Reader:
    """Gives every even id a row, and tells what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __call__(self, ids: Sequence[int]) -> dict[int, str]:
        self.asked.append(list(ids))
        return {id_: str(id_) for id_ in ids if id_ % 2 == 0}


def test_each_row_is_read_once(database: Database) -> None:
    reader = Reader()
    rows = Rows(database, "some", reader)
    assert rows([4, 2, 3, 2]) == {4: "4", 2: "2"}
    assert rows([3, 6, 4]) == {6: "6", 4: "4"}
    assert reader.asked == [[4, 2, 3], [6]]


def test_nothing_is_kept_once_somebody_has_written(database: Database, tmp_path: Path) -> None:
    reader = Reader()
    rows = Rows(database, "some", reader)
    rows([2])
    with database.transaction():
        rows([2])
    rows([2])
    other = Database.open(tmp_path)
    with other.transaction():
        other.connection.execute("PRAGMA application_id = 7")
    other.close()
    rows([2])
    rows([2])
    assert reader.asked == [[2]] * 4


def test_what_is_kept_has_a_bound(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified, "_MOST_KEPT", 3)
    reader = Reader()
    rows = Rows(database, "some", reader)
    rows([2, 4])
    assert rows([6, 2]) == {6: "6", 2: "2"}
    assert reader.asked == [[2, 4], [6, 2]]
