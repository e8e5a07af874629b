"""The encoder alone, on the very texts and batches that an index of the vault is made from."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from notesearch.config import Settings
from notesearch.embed import Embedder, Encoded, Vectors, recipe_of
from notesearch.index.manifest import ModelCard
from notesearch.index.store import Store
from notesearch.read.vault import detect_kind
from notesearch.scan import scan
from notesearch.update import update


class _Collector:
    """Keeps the texts that an update would encode, and makes nothing of them."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.batches: list[list[str]] = []

    @property
    def card(self) -> ModelCard:
        return self._embedder.card

    @property
    def tells_tokens(self) -> bool:
        return self._embedder.tells_tokens

    def load(self) -> None:
        self._embedder.load()

    def basis(self) -> Vectors:
        return self._embedder.basis()

    def token_starts(self, text: str) -> Sequence[int]:
        return self._embedder.token_starts(text)

    def reads(self, text: str) -> bool:
        return self._embedder.reads(text)

    def embed_passages(self, texts: Sequence[str]) -> Encoded:
        self.batches.append(list(texts))
        nothing = np.zeros((len(texts), self.card.dimension), np.float32)
        return Encoded(nothing, (nothing[:0],) * len(texts))

    def embed_query(self, text: str) -> Encoded:
        return self._embedder.embed_query(text)


def batches_of(vault: Path, embedder: Embedder, settings: Settings) -> list[list[str]]:
    """The texts of the vault's passages, in the batches in which an update hands them to the encoder."""
    collector = _Collector(embedder)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "index", create=True)
        store.add_vault(vault, detect_kind(vault))
        store.set_recipe(recipe_of(collector, settings), collector.basis())
        with store.writing():
            update(store, collector, settings, [scan(store, each, settings) for each in store.vaults()])
        store.close()
    return collector.batches


def encoder_seconds(embedder: Embedder, batches: Sequence[Sequence[str]]) -> float:
    """Seconds of bare calls of the encoder, already loaded."""
    started = time.perf_counter()
    for batch in batches:
        embedder.embed_passages(batch)
    return time.perf_counter() - started


def original_seconds(model: Any, batches: Sequence[Sequence[str]]) -> float:
    """Seconds of `SentenceTransformer.encode`, already loaded, with its own defaults: fp32, batches of 32."""
    texts = [text for batch in batches for text in batch]
    started = time.perf_counter()
    model.encode(texts, batch_size=32, show_progress_bar=False)
    return time.perf_counter() - started
