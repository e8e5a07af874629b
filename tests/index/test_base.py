"""The base: a small one is exact, a large one finds nearly all, and both know what is gone and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.index import base, vectors
from notesearch.index.base import Base, MappedBase, open_base, sum_of, write_base
from notesearch.index.vectors import STORED, Ids, Vectors
from tests.conftest import write

COUNT, DIMENSION = 4_000, 64
NOTHING = np.empty(0, np.int64)


def unit(rows: NDArray[np.floating]) -> Vectors:
    """Of unit length, as they are stored."""
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(STORED).astype(np.float32)
    return unit


@pytest.fixture(scope="module")
def rows() -> Vectors:
    """Vectors in clusters, as those of passages are."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((50, DIMENSION))
    return unit(centres[random.integers(50, size=COUNT)] + 0.7 * random.standard_normal((COUNT, DIMENSION)))


@pytest.fixture
def questions(rows: Vectors) -> Vectors:
    random = np.random.default_rng(1)
    return unit(rows[::100] + 0.05 * random.standard_normal((COUNT // 100, DIMENSION)))


def ids_of(rows: Vectors) -> Ids:
    """Ids with gaps, as they are after some edits."""
    return 3 * np.arange(len(rows)) + 7


def written(folder: Path, rows: Vectors) -> tuple[Base, MappedBase]:
    def batches(every: int) -> Iterator[tuple[Ids, Vectors]]:
        for at in range(0, len(rows), 1_500):
            yield ids_of(rows)[at : at + 1_500][::every], rows[at : at + 1_500][::every]

    recorded = write_base(folder, 1, len(rows), rows.shape[1], batches)
    opened = open_base(folder, recorded)
    assert opened is not None
    return recorded, opened


@pytest.fixture(params=["small", "large"])
def opened(
    request: pytest.FixtureRequest, tmp_path: Path, rows: Vectors, monkeypatch: pytest.MonkeyPatch
) -> MappedBase:
    """The same vectors in a base of either kind."""
    monkeypatch.setattr(base, "APPROXIMATE_FROM", COUNT + (request.param == "small"))
    recorded, mapped = written(tmp_path, rows)
    assert bool(recorded.rows_file) == (request.param == "large")
    assert (mapped.count, mapped.last_id) == (COUNT, int(ids_of(rows)[-1]))
    return mapped


def exact(rows: Vectors, question: Vectors, k: int, allowed: Ids) -> list[int]:
    ids = ids_of(rows)
    kept = np.isin(ids, allowed)
    return [int(i) for i in ids[kept][np.argsort(-(rows[kept] @ question), kind="stable")[:k]]]


def recall(opened: MappedBase, rows: Vectors, questions: Vectors, dead: Ids, within: Ids | None) -> float:
    allowed = np.setdiff1d(ids_of(rows) if within is None else within, dead)
    shares = []
    for question in questions:
        expected = exact(rows, question, 10, allowed)
        found = [id_ for id_, _ in opened.search(question, 10, dead, within)]
        assert set(found) <= set(allowed.tolist()) and len(found) == len(set(found)) == len(expected)
        shares.append(len(set(found) & set(expected)) / len(expected))
    return float(np.mean(shares))


def test_the_nearest_are_found(opened: MappedBase, rows: Vectors, questions: Vectors) -> None:
    assert recall(opened, rows, questions, NOTHING, None) >= 0.98


def test_the_scores_are_cosines_best_first(opened: MappedBase, rows: Vectors, questions: Vectors) -> None:
    found = opened.search(questions[0], 20, NOTHING, None)
    places = np.searchsorted(ids_of(rows), [id_ for id_, _ in found])
    assert [score for _, score in found] == pytest.approx((rows[places] @ questions[0]).tolist(), abs=1e-3)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_the_gone_are_never_found(opened: MappedBase, rows: Vectors, questions: Vectors) -> None:
    assert recall(opened, rows, questions, ids_of(rows)[::2], None) >= 0.98


@pytest.mark.parametrize("every", [3, 40, 900])
def test_a_choice_however_small_is_searched_whole(
    opened: MappedBase, rows: Vectors, questions: Vectors, every: int
) -> None:
    within = ids_of(rows)[::every]
    assert recall(opened, rows, questions, within[:1], within) >= 0.98
    assert opened.search(questions[0], 10, within, within) == []


def test_vectors_by_id(opened: MappedBase, rows: Vectors) -> None:
    ids, found = opened.vectors(np.array([7, 8, 13, ids_of(rows)[-1], 10**9, 0]))
    assert ids.tolist() == [7, 13, int(ids_of(rows)[-1])]
    assert found == pytest.approx(rows[[0, 2, COUNT - 1]], abs=1e-3)


def test_the_same_vectors_give_the_same_base(
    tmp_path: Path, rows: Vectors, questions: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "APPROXIMATE_FROM", COUNT)
    found = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        _, mapped = written(folder, rows)
        found.append([mapped.search(question, 10, NOTHING, None) for question in questions])
    assert found[0] == found[1]


@pytest.mark.parametrize("within", [None, np.arange(0, 4_000, 11)])
def test_of_a_small_base_the_first_question_is_answered_without_faiss_and_alike(
    tmp_path: Path, rows: Vectors, questions: Vectors, within: Ids | None
) -> None:
    _, mapped = written(tmp_path, rows)
    dead = ids_of(rows)[::7]
    first, second = (mapped.search(questions[0], 10, dead, within) for _ in range(2))
    assert [id_ for id_, _ in first] == [id_ for id_, _ in second]
    assert [score for _, score in first] == pytest.approx([score for _, score in second], abs=1e-6)


def test_a_small_base_that_faiss_cannot_read_is_searched_without_it(
    tmp_path: Path, rows: Vectors, questions: Vectors
) -> None:
    recorded, mapped = written(tmp_path, rows)
    path = tmp_path / recorded.file
    path.write_bytes(b"none" + path.read_bytes()[4:])
    assert open_base(tmp_path, recorded) is None  # it is not what was written
    again = open_base(tmp_path, replace(recorded, head_sum=sum_of(path)))  # it is, by another FAISS
    assert again is not None
    expected = mapped.search(questions[0], 10, NOTHING, None)
    for _ in range(2):
        assert again.search(questions[0], 10, NOTHING, None) == expected


@pytest.mark.parametrize(("newer", "dead", "in_base", "due"), [
    (1_000, 0, 0, False), (1_001, 0, 0, True), (900, 101, 4_000, True), (1_900, 0, 10_000, False),
    (2_001, 0, 10_000, True), (9_000, 900, 1_000_000, False), (9_000, 1_001, 1_000_000, True),
])  # fmt: skip
def test_when_a_base_is_due(newer: int, dead: int, in_base: int, due: bool) -> None:
    assert base.is_due(newer, dead, in_base) == due


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """An index that takes inverted lists for sixty notes already."""
    monkeypatch.setattr(base, "_ROWS_WORTH_A_BASE", 20)
    monkeypatch.setattr(base, "APPROXIMATE_FROM", 40)
    monkeypatch.setattr(base, "_PROBED", 1)  # all of so few lists: what is asked here is not how near
    monkeypatch.setattr(vectors, "READ_AT_ONCE", 16)
    root = tmp_path / "vault"
    for n in range(60):
        write(root, f"{n}.md", f"ship {n} carried cargo {n * 7 % 13} to port {n % 5}\n")
    with Notebook.open(tmp_path / "index", vaults=[root], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        yield notebook


def files(notebook: Notebook) -> set[str]:
    return {path.name for path in notebook.store.folder.glob("vectors-*")}


def nearest(notebook: Notebook, asked: str = "ship 60 carried cargo to port") -> list[tuple[int, float]]:
    """What the store's search finds, as good as exact search."""
    question = notebook.embedder.embed_query(asked).vectors[0]
    ids, rows = notebook.store.vectors()
    found = notebook.store.dense(question, 10)
    expected = sorted(zip((rows @ question).tolist(), (-ids).tolist(), strict=True), reverse=True)[:10]
    assert [score for _, score in found] == pytest.approx([score for score, _ in expected], abs=1e-3)
    return found


def test_over_the_crossover_newer_and_gone_notes_count_at_once(large: Notebook) -> None:
    assert files(large) == {"vectors-1.faiss", "vectors-1.float16"}
    nearest(large)
    root = Path(large.status().vaults[0].root)
    for n in range(5):
        (root / f"{n}.md").unlink()
    write(root, "60.md", "ship 60 carried nothing\n")
    large.update()
    assert files(large) == {"vectors-1.faiss", "vectors-1.float16"}
    nearest(large)
    assert nearest(large, "ship 60 carried nothing")[0][0] == large.store.passage_ids()[-1]


@pytest.mark.parametrize("file", ["vectors-1.faiss", "vectors-1.float16"])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_damage_is_said_costs_no_hit_and_is_mended(large: Notebook, file: str, damage: str) -> None:
    before = nearest(large)
    path = large.store.folder / file
    whole = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(whole[:-100])
    with Notebook.open(large.store.folder, settings=large.settings) as again:
        assert [id_ for id_, _ in nearest(again)] == [id_ for id_, _ in before]
        assert any("missing or damaged" in remark for remark in again.status().remarks)
        write(Path(again.status().vaults[0].root), "61.md", "one more ship\n")
        again.update()
        assert not again.store.is_damaged()
        assert files(again) == {"vectors-2.faiss", "vectors-2.float16"}
        nearest(again)
