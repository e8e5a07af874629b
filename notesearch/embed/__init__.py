"""Text → vectors. One protocol; `onnx`, `sentence_transformers`, `endpoint` and `hashed` fulfil it, `choice` says which
serves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from notesearch.config import Settings
from notesearch.index.manifest import ModelCard, Recipe
from notesearch.later import numpy as np
from notesearch.maxsim import BITS, principal_basis

if TYPE_CHECKING:
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"


@dataclass(frozen=True, slots=True)
class Encoded:
    """Texts through a model, once: `vectors` (n, d), and of each text its `tokens` (t, d), special ones left out: those
    that `token_starts` gives, a prefix first, as far as the model reads. Where `tells_tokens` is false, t is 1: the
    text's own vector.

    All float32, all rows of unit length.
    """

    vectors: Vectors
    tokens: tuple[Vectors, ...]


class Embedder(Protocol):
    """What makes vectors. Making one is cheap; weights are loaded when the first text is encoded."""

    @property
    def card(self) -> ModelCard:
        """The model, as data."""

    @property
    def tells_tokens(self) -> bool:
        """Whether it makes a vector for each token of a text, too, which tell its sentences apart."""

    def load(self) -> None:
        """Load what encoding needs, which the first text would else wait for; in another thread, too. Raises
        ModelError.
        """

    def basis(self) -> Vectors:
        """What its token vectors are packed in (see `maxsim`), shape (dimension, bits)."""

    def token_starts(self, text: str) -> Sequence[int]:
        """Offset of each of the model's tokens in `text`, ascending; no special tokens."""

    def reads(self, text: str) -> bool:
        """Whether it was taught the script that most of `text` is written in."""

    def embed_passages(self, texts: Sequence[str]) -> Encoded:
        """Passages, prefixed and pooled as the model wants them."""

    def embed_query(self, text: str) -> Encoded:
        """One question: vectors of shape (1, dimension)."""


def basis_from(sample: Encoded) -> Vectors:
    """The basis (d, b) that the token vectors of `sample_texts` give."""
    return principal_basis(np.concatenate(sample.tokens))


@cache
def sample_texts() -> tuple[str, ...]:
    """Eighty-odd passages as they stand in people's notes, to learn how a model's vectors lie."""
    return tuple(Path(__file__).with_name("sample.txt").read_text(encoding="utf-8").splitlines())


@cache
def sample_hash() -> str:
    """Eight hex digits that change with the sample."""
    return hashlib.sha256("\n".join(sample_texts()).encode()).hexdigest()[:8]


def recipe_of(embedder: Embedder, settings: Settings) -> Recipe:
    """The recipe that these settings ask for."""
    codes = f"{BITS} signs, sample {sample_hash()}"
    return Recipe(embedder.card, settings.passage_tokens, codes)
