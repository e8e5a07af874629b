"""Text → vectors. One protocol, and the ways to fulfil it, loaded by name when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from notesearch.config import DEFAULT_MODEL
from notesearch.index.manifest import ModelCard

__all__ = ["DEFAULT_MODEL", "Embedder", "Encoded", "Vectors", "open_embedder", "sample_hash", "sample_texts"]

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Texts through a model, once: `vectors` (n, d), and of each text its `tokens` (t, d), special ones left out.

    All float32, all rows of unit length.
    """

    vectors: Vectors
    tokens: tuple[Vectors, ...]


class Embedder(Protocol):
    """What makes vectors. Making one is cheap; weights are loaded when the first text is encoded."""

    @property
    def card(self) -> ModelCard:
        """The model, as data."""

    def token_starts(self, text: str) -> Sequence[int]:
        """Offset of each of the model's tokens in `text`, ascending; no special tokens."""

    def embed_passages(self, texts: Sequence[str]) -> Encoded:
        """Passages, prefixed and pooled as the model wants them."""

    def embed_query(self, text: str) -> Encoded:
        """One question: vectors of shape (1, dimension)."""


_BY_NAME = {"hashed": ("notesearch.embed.hashed", "HashedEmbedder")}
"""Embedders that are no sentence-transformers model: name → (module, class)."""


def open_embedder(model: str = DEFAULT_MODEL) -> Embedder:
    """The embedder for a model's name: "hashed" (the toy), the default, or any model sentence-transformers can load.

    Raises ModelError if it cannot be had.
    """
    module, name = _BY_NAME.get(model, ("notesearch.embed.sentence_transformers", "SentenceTransformersEmbedder"))
    embedder: Embedder = getattr(import_module(module), name)(model)
    return embedder


@cache
def sample_texts() -> tuple[str, ...]:
    """Eighty-odd passages as they stand in people's notes, to learn how a model's vectors lie."""
    return tuple((files("notesearch.embed") / "sample.txt").read_text(encoding="utf-8").splitlines())


@cache
def sample_hash() -> str:
    """Eight hex digits that change with the sample."""
    return hashlib.sha256("\n".join(sample_texts()).encode()).hexdigest()[:8]
