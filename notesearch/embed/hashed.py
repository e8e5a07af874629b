"""A toy embedder that can be explained: each word adds 1 to the dimension its hash names.

Texts that share words are close, others are not; nothing else is known. For tests, and for trying things without a
model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from notesearch.embed import Encoded, Vectors, basis_from, sample_texts
from notesearch.index.manifest import ModelCard
from notesearch.later import numpy as np

DIMENSION = 128
_WORD = re.compile(r"\w+|[^\w\s]")


class HashedEmbedder:
    """Bag of hashed words. Same words, same vector, on every machine."""

    tells_tokens = True
    card = ModelCard(name="hashed", weights_hash="none", dimension=DIMENSION, max_tokens=256, pooling="sum")

    def __init__(self, model: str = "hashed") -> None:
        self.encoded = 0  # how many passages were ever asked for; tests count on it

    def load(self) -> None:
        """Nothing to load."""

    def basis(self) -> Vectors:
        """Made from the sample."""
        return basis_from(self.embed_passages(sample_texts()))

    def token_starts(self, text: str) -> Sequence[int]:
        """Words and signs."""
        return [word.start() for word in _WORD.finditer(text)]

    def reads(self, text: str) -> bool:
        """A word is a word in any script."""
        return True

    def embed_passages(self, texts: Sequence[str]) -> Encoded:
        """Vectors of shape (len(texts), 128)."""
        self.encoded += len(texts)
        return _encode(texts)

    def embed_query(self, text: str) -> Encoded:
        """A text without words points along the first dimension, so that every vector has unit length."""
        return _encode([text])


def _encode(texts: Sequence[str]) -> Encoded:
    tokens = tuple(_one_hot(_WORD.findall(text.casefold())) for text in texts)
    words = [_one_hot(re.findall(r"\w+", text.casefold())) for text in texts]
    sums = np.array([rows.sum(axis=0) if len(rows) else np.eye(DIMENSION)[0] for rows in words], np.float32)
    sums = sums.reshape(len(texts), DIMENSION)
    return Encoded(sums / np.linalg.norm(sums, axis=1, keepdims=True), tokens)


def _one_hot(words: Sequence[str]) -> Vectors:
    rows = np.zeros((len(words), DIMENSION), np.float32)
    rows[range(len(words)), [_dimension(word) for word in words]] = 1
    return rows


def _dimension(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()) % DIMENSION
