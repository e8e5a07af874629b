"""A cross-encoder that the user names: it reads the best passages again, and what it says counts and is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.embed.cross_encoder import CrossEncoder
from notesearch.errors import ModelError
from tests.embed.families import tiny_cross_encoder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reranker(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_cross_encoder(tmp_path_factory.mktemp("reranker"), answers=1))


def test_each_text_gets_a_number_of_its_own_whatever_stands_beside_it(reranker: str) -> None:
    model = CrossEncoder(reranker)
    texts = ["the crane operators", "flour, water, salt", "she likes quiet mornings, and plans berths all day long"]
    together = model.relevance("who plans berths", texts)
    assert together.shape == (3,) and together.dtype == np.float32
    assert ((together > 0) & (together < 1)).all() and len(set(together.tolist())) == 3
    alone = [float(model.relevance("who plans berths", [text])[0]) for text in texts]
    assert together.tolist() == pytest.approx(alone, abs=1e-5)
    assert model.relevance("who plans berths", []).shape == (0,)


def test_what_it_says_counts_and_is_explained(notebook: Notebook, reranker: str) -> None:
    before = {hit.id: hit.signals for hit in notebook.search("crane berths dough", k=10)}
    settings = replace(notebook.settings, reranker=reranker)
    with Notebook.open(notebook.store.folder, settings=settings) as other:
        hits = other.search("crane berths dough", k=10, explain=True)
    assert {hit.id for hit in hits} == set(before)
    for hit in hits:
        assert before[hit.id].cross is None and hit.signals.cross is not None and 0 < hit.signals.cross < 1
        assert hit.explanation is not None
        (said,) = [part for part in hit.explanation.parts if part.part == "cross"]
        assert said.value == pytest.approx(hit.signals.cross) and said.counted > 0
        assert sum(part.counted for part in hit.explanation.parts) == pytest.approx(hit.signals.total)


def test_what_cannot_be_had_is_an_error_that_names_the_way_out(notebook: Notebook, tmp_path: Path) -> None:
    settings = Settings(reranker=str(tmp_path / "nowhere"))
    with (
        Notebook.open(notebook.store.folder, settings=settings) as other,
        pytest.raises(ModelError, match=r"nowhere' could not be loaded: .* leave --reranker out\."),
    ):
        other.search("crane")


def test_a_model_with_several_answers_is_refused(tmp_path: Path) -> None:
    model = CrossEncoder(str(tiny_cross_encoder(tmp_path, answers=3)))
    with pytest.raises(ModelError, match="gives 3 numbers for a passage"):
        model.relevance("question", ["text"])
