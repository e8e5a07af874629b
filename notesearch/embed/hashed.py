"""A toy embedder that can be explained: each word adds 1 to the dimension its hash names.

Texts that share words are close, others are not; nothing else is known. For tests, and for trying things without a
model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from notesearch.embed import Vectors
from notesearch.index.manifest import ModelCard

DIMENSION = 256
_WORD = re.compile(r"\w+|[^\w\s]")


class HashedEmbedder:
    """Bag of hashed words. Same words, same vector, on every machine."""

    card = ModelCard(name="hashed", weights_hash="none", dimension=DIMENSION, max_tokens=256, pooling="sum")

    def __init__(self, model: str = "hashed") -> None:
        self.encoded = 0  # how many passages were ever asked for; tests count on it

    def token_starts(self, text: str) -> Sequence[int]:
        """Words and signs."""
        return [word.start() for word in _WORD.finditer(text)]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), 256)."""
        self.encoded += len(texts)
        return np.stack([self.embed_query(text) for text in texts]) if texts else np.empty((0, DIMENSION), np.float32)

    def embed_query(self, text: str) -> Vectors:
        """Shape (256,). A text without words points along the first dimension, so that every vector has unit length."""
        vector = np.zeros(DIMENSION, np.float32)
        for word in re.findall(r"\w+", text.casefold()):
            vector[_dimension(word)] += 1
        if not vector.any():
            vector[0] = 1
        return vector / np.float32(np.linalg.norm(vector))


def _dimension(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()) % DIMENSION
