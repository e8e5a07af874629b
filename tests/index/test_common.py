"""The common words: adding up what was worked out ahead gives what FTS5 gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.index import base, common
from notesearch.index.store import Store
from notesearch.index.words import FieldWeights, Tokenizer, any_of, search_passages
from tests.conftest import write

WORDS = "ship port cargo harbour captain don't Größe 台北 wind-swept universities generally sailing the and".split()


def made(folder: Path, patch: pytest.MonkeyPatch) -> Notebook:
    """Notes of which a base and common words are made."""
    patch.setattr(base, "_ROWS_WORTH_A_BASE", 20)
    patch.setattr(common, "COMMON", 10)
    root = folder / "vault"
    random = np.random.default_rng(0)
    for n in range(80):
        body = " ".join(random.choice(WORDS, 2 + n % 6))
        tag = "#port" if n % 4 == 0 else ""
        name = f"{random.choice(WORDS[:9])} {n}.md"
        write(root, name, f"# {random.choice(WORDS)}\n\n{body} rare{n % 40} {tag}\n")
    notebook = Notebook.open(folder / "index", vaults=[root], model="hashed", settings=Settings())
    notebook.update()
    return notebook


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """To be read only."""
    with pytest.MonkeyPatch.context() as patch, made(tmp_path_factory.mktemp("many"), patch) as notebook:
        yield notebook


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """To be read only, too: some notes are newer than the files, and some have gone."""
    with pytest.MonkeyPatch.context() as patch, made(tmp_path_factory.mktemp("changed"), patch) as notebook:
        root = Path(notebook.status().vaults[0].root)
        for file in sorted(root.iterdir())[:7]:
            file.unlink()
        write(root, "new.md", "the captain of the cargo ship came sailing into port\n")
        notebook.update()
        assert [path.name for path in notebook.store.folder.glob("words-*")] == ["words-1.common"]
        yield notebook


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """To be changed."""
    with made(tmp_path, monkeypatch) as notebook:
        yield notebook


def by_fts5(store: Store, asked: Sequence[str], k: int, within: Sequence[int] | None = None) -> list[tuple[int, float]]:
    return search_passages(store._connection, any_of(asked), k, FieldWeights(), within)


QUESTIONS = [
    question.split()
    for question in (
        "ship", "ships cargo rare3", "rare3", "don't port", "größe 台北", "universities", "generally universe",
        "wind-swept harbours nowhere", "the and captain", "!", "",
    )
]  # fmt: skip


@pytest.mark.parametrize("asked", QUESTIONS)
def test_the_sums_are_those_of_fts5(many: Notebook, asked: list[str]) -> None:
    found = many.store.lexical(asked, 1_000, FieldWeights())
    expected = by_fts5(many.store, asked, 1_000)
    assert dict(found) == pytest.approx(dict(expected), rel=2e-3, abs=1e-4)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    best = many.store.lexical(asked, 5, FieldWeights())
    assert [score for _, score in best] == pytest.approx([score for _, score in expected[:5]], rel=2e-3, abs=1e-4)


def test_most_of_it_is_worked_out_ahead(many: Notebook) -> None:
    known = many.store._snapshots.common()
    assert known is not None
    tokens = Tokenizer()(WORDS)
    assert [word for word, found in tokens.items() if len(found) > 1] == ["don't", "wind-swept"]
    assert all(known.count(found[0]) for found in tokens.values() if len(found) == 1)
    assert not known.count("rare3") and not known.count("")
    assert [known.count("port"), 2, 0] == many.store.holding(["ports", "rare3", "nowhere"])


@pytest.mark.parametrize("asked", QUESTIONS)
def test_newer_passages_are_found_and_gone_ones_are_not(changed: Notebook, asked: list[str]) -> None:
    store = changed.store
    found = dict(store.lexical(asked, 1_000, FieldWeights()))
    expected = dict(by_fts5(store, asked, 1_000))
    assert found.keys() == expected.keys()
    # How rare a word is, and how long passages are, is as it was when the file was written.
    assert found == pytest.approx(expected, rel=0.35, abs=0.05)


@pytest.mark.parametrize("asked", QUESTIONS)
def test_within_a_choice(changed: Notebook, asked: list[str]) -> None:
    store = changed.store
    within = store.passage_ids()[::3]
    found = store.lexical(asked, 1_000, FieldWeights(), within)
    assert {id_ for id_, _ in found} == {id_ for id_, _ in by_fts5(store, asked, 1_000, within.tolist())}


def test_a_note_whose_labels_changed_is_found_by_the_new_ones(own: Notebook) -> None:
    root = Path(own.status().vaults[0].root)
    file = sorted(root.iterdir())[0]
    file.write_text("---\naliases: [harbour]\n---\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    own.update()
    for asked in (["harbour"], ["port"], ["ship", "sailing"]):
        found, expected = own.store.lexical(asked, 1_000, FieldWeights()), by_fts5(own.store, asked, 1_000)
        assert {id_ for id_, _ in found} == {id_ for id_, _ in expected}
        assert dict(found) == pytest.approx(dict(expected), rel=0.25, abs=0.05)


def test_other_weights_are_asked_of_fts5(many: Notebook) -> None:
    weights = FieldWeights(title=9.0)
    found = many.store.lexical(["ship", "port"], 20, weights)
    assert found == search_passages(many.store._connection, any_of(["ship", "port"]), 20, weights, None)


@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_damage_is_said_costs_nothing_and_is_mended(own: Notebook, damage: str) -> None:
    before = own.store.lexical(["ship", "port"], 20, FieldWeights())
    path = next(own.store.folder.glob("words-*"))
    whole = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(whole[:-8])
    elif damage == "changed":
        path.write_bytes(b"\xff" * (len(whole) // 2) + whole[len(whole) // 2 :])
    with Notebook.open(own.store.folder, settings=own.settings) as again:
        after = again.store.lexical(["ship", "port"], 20, FieldWeights())
        assert [score for _, score in after] == pytest.approx([score for _, score in before], rel=2e-3, abs=1e-4)
        assert again.store.is_damaged()
        write(Path(again.status().vaults[0].root), "more.md", "one more\n")
        again.update()
        assert not again.store.is_damaged()


def test_the_one_passage_that_holds_every_word(changed: Notebook) -> None:
    store = changed.store
    (new,) = store.passage_ids()[-1:].tolist()
    words = ["captain", "came", "sailing"]
    assert store.only_holder(words) == store.only_holder(words, np.array([1, new])) == new
    assert store.only_holder(words, np.array([1, 2])) is None
    assert store.only_holder(["ship"]) is None and store.only_holder(["nowhere"]) is None
