"""A large index made of a small vault: it is what it says, and it can be measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from notesearch import Notebook
from notesearch.config import Settings
from scripts.benchmark import scale
from scripts.benchmark.enlarged import enlarged

VAULT = Path(__file__).parents[1] / "vault"


@pytest.mark.slow
def test_an_enlarged_index(tmp_path: Path) -> None:
    index = enlarged(VAULT, tmp_path, passages=1_500, notes=40)
    assert enlarged(VAULT, tmp_path, passages=1_500, notes=40) == index
    with Notebook.open(index, settings=Settings()) as notebook:
        status = notebook.status()
        assert (status.notes, status.passages, status.pending, status.newer) == (40, 1_500, 0, 0)
        hits = notebook.search("why did I pass on scale")
        files = [tmp_path / "vault-1500-40" / hit.note for hit in hits]
        shown = [file.read_text("utf-8")[slice(*hit.span)] for file, hit in zip(files, hits, strict=True)]
        assert len(hits) == 10 and shown == [hit.text for hit in hits]
        _, rows = notebook.store.vectors()
        assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-3)
        assert scale.recall(notebook.store, rows[::100], 10) >= 0.98
    measured = [row[0] for row in scale.rows(index, ["who plans the berths", "what did I bake"], runs=1)]
    assert measured[0] == "search, warm, median" and len(measured) == 7
