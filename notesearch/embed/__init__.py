"""Text → vectors. One protocol, and the ways to fulfil it, loaded by name when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from notesearch.config import DEFAULT_MODEL
from notesearch.index.manifest import ModelCard

__all__ = ["DEFAULT_MODEL", "Embedder", "Vectors", "open_embedder"]

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """What makes vectors. Making one is cheap; weights are loaded when the first text is encoded."""

    @property
    def card(self) -> ModelCard:
        """The model, as data."""

    def token_starts(self, text: str) -> Sequence[int]:
        """Offset of each of the model's tokens in `text`, ascending; no special tokens."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of passages: float32, shape (len(texts), dimension), unit length."""

    def embed_query(self, text: str) -> Vectors:
        """The vector of a question: float32, shape (dimension,), unit length."""


_BY_NAME = {"hashed": ("notesearch.embed.hashed", "HashedEmbedder")}
"""Embedders that are no sentence-transformers model: name → (module, class)."""


def open_embedder(model: str = DEFAULT_MODEL) -> Embedder:
    """The embedder for a model's name: "hashed" (the toy), the default, or any model sentence-transformers can load.

    Raises ModelError if it cannot be had.
    """
    module, name = _BY_NAME.get(model, ("notesearch.embed.sentence_transformers", "SentenceTransformersEmbedder"))
    embedder: Embedder = getattr(import_module(module), name)(model)
    return embedder
