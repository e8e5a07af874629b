"""Conversions with real models: made once, checked, found again, made anew when damaged, done without if need be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from notesearch import Notebook
from notesearch.config import DEFAULT_MODEL, Settings
from notesearch.embed import choice, conversions, convert, sample_texts
from notesearch.embed.hashed import HashedEmbedder
from notesearch.embed.onnx import OnnxEmbedder
from notesearch.embed.packaged import default_card
from notesearch.embed.sentence_transformers import SentenceTransformersEmbedder
from notesearch.results import silent
from tests.conftest import write
from tests.embed.families import FAMILIES, tiny_model

pytestmark = pytest.mark.slow


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "own cache"


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(tiny_model(tmp_path / "model", "bert", "mean"))


def prepared(model: str, cache: Path, encoder: str | None = None) -> choice.Chosen:
    return choice.for_passages(choice.for_questions(model, cache).embedder, cache, encoder, silent)


@pytest.mark.parametrize(("family", "pooling"), [*((family, "mean") for family in FAMILIES), ("bert", "cls")])
def test_each_family_converts_and_agrees(family: str, pooling: str, tmp_path: Path, cache: Path) -> None:
    folder = str(tiny_model(tmp_path / family, family, pooling))
    chosen = prepared(folder, cache).embedder
    assert isinstance(chosen, OnnxEmbedder)
    texts = ["one", "a much longer sentence about boats, tides and the price of rope " * 9, *sample_texts()[:5], ""]
    seen, wanted = chosen.embed_passages(texts), SentenceTransformersEmbedder(folder).embed_passages(texts)
    assert (seen.vectors * wanted.vectors).sum(axis=1).min() > 0.99
    assert [rows.shape for rows in seen.tokens] == [rows.shape for rows in wanted.tokens]
    assert np.allclose(np.linalg.norm(seen.vectors, axis=1), 1, atol=1e-5)
    assert list(chosen.token_starts(texts[1])) == list(SentenceTransformersEmbedder(folder).token_starts(texts[1]))


def test_what_does_not_convert_is_said(tmp_path: Path, cache: Path) -> None:
    chosen = prepared(str(tiny_model(tmp_path / "other", "electra", "mean")), cache)
    assert isinstance(chosen.embedder, SentenceTransformersEmbedder)
    assert "its architecture is electra" in chosen.remarks[0]


def test_a_conversion_is_found_again_and_says_how_it_agrees(model: str, cache: Path) -> None:
    first = prepared(model, cache)
    assert "mean cosine" in first.remarks[0]
    known = first.embedder.card
    again = choice.for_questions(model, cache, known)
    assert isinstance(again.embedder, OnnxEmbedder) and again.remarks == ()
    assert again.embedder.card == known and known.encoder == "int8"
    (folder,) = (cache / "models").glob("*[0-9a-f]")
    assert sorted(path.name for path in folder.iterdir()) == [
        "basis.npy",
        "conversion.json",
        "model.onnx",
        "tokenizer.json",
    ]
    record = json.loads((folder / "conversion.json").read_text(encoding="utf-8"))
    assert record["card"]["weights_hash"] == known.weights_hash
    assert record["agreement"]["mean"] >= convert.MEAN_AGREEMENT
    assert len(record["files"]["model.onnx"]["sha256"]) == 64


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "basis.npy", "conversion.json"])
def test_a_damaged_file_is_noticed_and_made_anew(model: str, cache: Path, name: str) -> None:
    known = prepared(model, cache).embedder.card
    (folder,) = (cache / "models").glob("*[0-9a-f]")
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (folder / name).write_bytes(data)
    asked = choice.for_questions(model, cache, known)
    assert isinstance(asked.embedder, SentenceTransformersEmbedder)
    assert "damaged" in asked.remarks[0]
    mended = choice.for_passages(asked.embedder, cache, known.encoder, silent)
    assert isinstance(mended.embedder, OnnxEmbedder)
    assert choice.for_questions(model, cache, known).remarks == ()


def test_a_copied_cache_is_hashed_and_used(model: str, cache: Path) -> None:
    known = prepared(model, cache).embedder.card
    for file in (cache / "models").rglob("*.*"):
        os.utime(file, (1, 1))
    assert isinstance(choice.for_questions(model, cache, known).embedder, OnnxEmbedder)


def test_a_session_that_does_not_load_is_made_anew(model: str, cache: Path) -> None:
    embedder = prepared(model, cache).embedder
    assert isinstance(embedder, OnnxEmbedder)
    file = embedder.conversion.folder / conversions.MODEL
    before = file.stat()
    file.write_bytes(bytes(before.st_size))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    asked = choice.for_questions(model, cache, embedder.card).embedder
    assert isinstance(asked, OnnxEmbedder)
    rescued = choice.loaded(asked)
    assert isinstance(rescued.embedder, SentenceTransformersEmbedder) and "could not be loaded" in rescued.remarks[0]
    mended = choice.for_passages(asked, cache, "int8", silent)
    assert "made anew" in mended.remarks[0]
    mended.embedder.load()


def test_a_cache_that_cannot_be_written_is_said(model: str, tmp_path: Path) -> None:
    write(tmp_path, "taken", "a file where the folder should be")
    chosen = prepared(model, tmp_path / "taken")
    assert isinstance(chosen.embedder, SentenceTransformersEmbedder)
    assert "NOTESEARCH_CACHE" in chosen.remarks[0]


def test_int8_that_disagrees_gives_way_to_fp32(model: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = convert._agreement

    def worse(made: conversions.Conversion, wanted: np.ndarray) -> conversions.Agreement:
        seen = agreement(made, wanted)
        return conversions.Agreement(0.98, 0.97) if seen.mean < 0.999999 else seen

    monkeypatch.setattr(convert, "_agreement", worse)
    chosen = prepared(model, cache)
    assert chosen.embedder.card.encoder == "fp32"
    assert "int8 did not agree well enough" in chosen.remarks[0]


def test_an_index_keeps_the_encoder_it_was_made_with(model: str, cache: Path) -> None:
    embedder = prepared(model, cache).embedder
    assert isinstance(choice.for_passages(embedder, cache, "fp32", silent).embedder, SentenceTransformersEmbedder)
    assert choice.for_passages(embedder, cache, "int8", silent).embedder is embedder


def test_the_toy_needs_no_conversion(cache: Path) -> None:
    assert isinstance(prepared("hashed", cache).embedder, HashedEmbedder)
    assert not cache.exists()


def test_an_index_is_asked_without_its_conversion_and_never_mixed(
    tmp_path: Path, vault: Path, model: str, cache: Path
) -> None:
    settings = Settings(cache=cache)
    with Notebook.open(tmp_path / "index", vaults=[vault], model=model, settings=settings) as notebook:
        notebook.update()
    elsewhere = Settings(cache=tmp_path / "another cache")
    with Notebook.open(tmp_path / "index", settings=elsewhere) as notebook:
        assert notebook.search("flour water salt")[0].note == "bread.md"
        assert "There is no prepared model" in notebook.take_remarks()[0]
        write(vault, "new.md", "a lantern hangs in the shed\n")
        notebook._disk.forget()
        assert notebook.search("lantern shed")[0].note == "new.md"
        assert notebook.status().pending == 1  # found by its words, until an update has the index's own encoder
        notebook.update()
        assert notebook.status().pending == 0
        assert notebook.embedder.card.encoder == "int8"


def test_a_cold_question_imports_nothing_heavy(tmp_path: Path, vault: Path) -> None:
    with Notebook.open(tmp_path / "index", vaults=[vault], settings=Settings()) as notebook:
        notebook.update()
        assert notebook.embedder.card.encoder == "int8"
    program = (
        "import sys\nfrom notesearch.cli import app\n"
        "try: app()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'onnx', 'pandas', 'scipy', 'asyncio'}\n"
        "print('HEAVY', sorted(heavy & sys.modules.keys()), file=sys.stderr)\n"
    )
    words = ["ask", "what goes into bread", "--index", str(tmp_path / "index")]
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, encoding="utf-8")
    assert "bread.md" in done.stdout, done.stderr
    assert done.stderr == "HEAVY []\n"


def test_the_default_model_agrees_as_recorded(shared_cache: Path) -> None:
    cache = shared_cache / "notesearch"
    prepared(DEFAULT_MODEL, cache)
    found = conversions.find(cache, default_card())
    assert found is not None and found.card.encoder == "int8"
    assert found.agreement.mean >= 0.99 and found.agreement.low >= 0.98
