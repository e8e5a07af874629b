"""Vectors from a server with OpenAI's interface for embeddings, which Ollama, llama.cpp and LM Studio have, too.

A server does not tell which weights it runs, so that must be seen from what it does (rule I4): a fixed sentence, the
probe, goes along with every request, and its vector must stay what it was when the index took this model.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any

from notesearch.embed import Encoded, Vectors
from notesearch.endpoint import Endpoint
from notesearch.errors import ModelError
from notesearch.index.manifest import ModelCard
from notesearch.keys import masked
from notesearch.later import numpy as np

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BATCH = 64
"""Texts of one request, beside the probe."""
PROBE = "Ann keeps a list of the boats, their berths and the price of rope."
"""Never to be changed: every index that an endpoint fed would be taken for another model's."""
_PROBED = 64
"""Dimensions of the probe's vector that are kept, a byte each."""
_SAME = 0.98
"""Least cosine of two vectors of the probe by one model. Measured: 1.000 in fp32; 0.990 to 0.993 in int8 of which the
scale depends on all texts of a request. Another model's vector has nothing to do with it.
"""
_MAX_TOKENS = 512
"""What the smallest of the models in common use read."""
_BITS = 1024
"""Signs kept of a passage, eight times as many as of a token: then MaxSim is the cosine but for 0.04."""
_REST_S = 10.0
"""A server that failed is not asked again so soon: whoever searches while typing would wait for it at every key."""
_TOO_MUCH = "lower passage_tokens in the settings"

_REPRESENT = "Represent this sentence for searching relevant passages: "
_FAMILIES = (
    # (in the model's name, before a question, before a passage), as the model's card asks for it on huggingface.co:
    ("nomic-embed-text", "search_query: ", "search_document: "),  # nomic-ai/nomic-embed-text-v1.5
    (r"\be5-(?!.*instruct)", "query: ", "passage: "),  # intfloat/e5-base-v2, intfloat/multilingual-e5-base
    ("mxbai-embed-large", _REPRESENT, ""),  # mixedbread-ai/mxbai-embed-large-v1
    ("bge-(small|base|large)(?!-zh)", _REPRESENT, ""),  # BAAI/bge-base-en-v1.5
    ("snowflake-arctic-embed(2|.*-v2)", "query: ", ""),  # Snowflake/snowflake-arctic-embed-l-v2.0
    ("snowflake-arctic-embed", _REPRESENT, ""),  # Snowflake/snowflake-arctic-embed-l
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),  # google/embeddinggemma-300m
)


class EndpointEmbedder:
    """A server's model behind the protocol. Safe to call from several threads.

    `name` is NAME@PLACE, which stays the model's name. `known`: its card, if an index has one; with `anew` the server
    may have another model by now, else that is a ModelError. `named`: whether the user named it, and not only an index:
    without, nothing is sent to another machine (rule X5). `remark` is told what the user should know.
    """

    tells_tokens = False

    def __init__(
        self,
        name: str,
        known: ModelCard | None,
        *,
        anew: bool,
        named: bool,
        timeout_s: float,
        remark: Callable[[str], None],
    ) -> None:
        self._endpoint = Endpoint.named(name)
        self._name = name
        self._known = known
        self._card = None if anew else known
        self._named = named
        self._timeout_s = timeout_s
        self._remark = remark
        self._probing = RLock()
        self._failed: tuple[float, str] = (float("-inf"), "")

    @property
    def card(self) -> ModelCard:
        """As the index has it; else the server is asked, once. `weights_hash` is what it makes of the probe. Raises
        ModelError.
        """
        with self._probing:
            if self._card is None:
                self._card = self._probed()
            return self._card

    def load(self) -> None:
        """Load what asking needs; the server is asked if nothing is known of the model."""
        with suppress(ImportError):  # said when it is asked
            import openai  # noqa: F401
        _ = self.card

    def basis(self) -> Vectors:
        """Directions drawn once, of such a length that MaxSim, by the signs of a passage's only vector, is about the
        cosine: by signs of normal directions it would be less by the mean of |x|, the square root of 2/π.
        """
        drawn = np.random.default_rng(0).standard_normal((self.card.dimension, _BITS))
        basis: Vectors = (drawn * np.sqrt(np.pi / 2 / _BITS)).astype(np.float32)
        return basis

    def token_starts(self, text: str) -> Sequence[int]:
        """An estimate, by the default model's tokenizer: a server does not show its own. What that does not know
        counts a token a character.
        """
        found = self._tokenizer.encode(text, add_special_tokens=False)
        unknown = self._tokenizer.token_to_id("[UNK]")
        return [
            at
            for token, (start, end) in zip(found.ids, found.offsets, strict=True)
            for at in (range(start, end) if token == unknown else (start,))
        ]

    def reads(self, text: str) -> bool:
        """Nobody knows better."""
        return True

    def embed_passages(self, texts: Sequence[str]) -> Encoded:
        """In requests of `BATCH` texts. Raises ModelError."""
        return self._encode(self.card.passage_prefix, texts)

    def embed_query(self, text: str) -> Encoded:
        """One question. Raises ModelError."""
        return self._encode(self.card.query_prefix, [text])

    def _encode(self, prefix: str, texts: Sequence[str]) -> Encoded:
        card = self.card
        sent = [prefix + self._sendable(text) for text in texts]
        rows = [self._vectors([PROBE, *sent[at : at + BATCH]]) for at in range(0, len(sent), BATCH)]
        for probe, *_ in rows:
            if not _agrees(card, probe):
                raise ModelError(
                    f"{self._endpoint.url} encodes with another {self._endpoint.name} than when the index was made, "
                    f"and their vectors must not be mixed. `notesearch index --model {self._name}` embeds all anew."
                )
        vectors = np.concatenate([np.empty((0, card.dimension), np.float32), *(each[1:] for each in rows)])
        return Encoded(vectors, tuple(vectors[:, None]))

    def _probed(self) -> ModelCard:
        """What a request for the probe alone tells; if that is the model known before, its fingerprint stays."""
        (probe,) = self._vectors([PROBE])
        name = self._endpoint.name.lower()
        family = (prefixes for pattern, *prefixes in _FAMILIES if re.search(pattern, name))
        query_prefix, passage_prefix = next(family, ("", ""))
        same = self._known is not None and _agrees(self._known, probe)
        return ModelCard(
            name=self._name,
            weights_hash=self._known.weights_hash if self._known and same else _fingerprint(probe),
            dimension=len(probe),
            max_tokens=_MAX_TOKENS,
            pooling="unknown",
            query_prefix=query_prefix,
            passage_prefix=passage_prefix,
            encoder="endpoint",
        )

    def _sendable(self, text: str) -> str:
        """What of a text goes to the server: no longer than it reads, and no key if that is another machine."""
        if len(text) > _MAX_TOKENS and len(starts := self.token_starts(text)) > _MAX_TOKENS:
            text = text[: starts[_MAX_TOKENS]]
        text = text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent
        if self._endpoint.is_here or (kept := masked(text)) == text:
            return text
        self._remark(f"Lines that look like keys were kept from {self._endpoint.host}.")
        return kept

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """The server's vectors (n, d) of unit length; just after it failed, the same failure."""
        failed_at, said = self._failed
        if time.monotonic() - failed_at < _REST_S:
            raise ModelError(said)
        if not self._endpoint.is_here:
            if not self._named:
                raise ModelError(
                    f"Only the index says that {self._endpoint.name} is on {self._endpoint.host}, another machine, so "
                    f'nothing is sent there. To have it asked, write model = "{self._name}" into your own settings.'
                )
            self._remark(f"Texts to be encoded go to {self._endpoint.host}, which is not this machine.")
        try:
            with self._endpoint.asking(_failure, self._timeout_s, too_much=_TOO_MUCH) as client:
                body = {"model": self._endpoint.name, "input": list(texts), "encoding_format": "float"}
                return self._checked(client.post("/embeddings", cast_to=object, body=body), len(texts))
        except ModelError as error:
            self._failed = time.monotonic(), str(error)
            raise

    def _checked(self, said: Any, count: int) -> Vectors:
        """What a server said, if it is a vector for each of `count` texts. Raises ModelError."""
        try:
            by_place = {row["index"]: row["embedding"] for row in said["data"]}
            if len(said["data"]) != count or by_place.keys() != set(range(count)):
                raise ModelError(
                    f"{self._endpoint.url} gave {len(said['data'])} vectors for {count} texts; "
                    f"is {self._endpoint.name} a model for embeddings?"
                )
            vectors = np.array([by_place[place] for place in range(count)], np.float64)
            with np.errstate(over="ignore"):
                lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise ModelError(
                f"What answers at {self._endpoint.url} gave no vectors: it is no server of embedding models, or "
                f"{self._endpoint.name} is none (such an address mostly ends in /v1)."
            ) from None
        if vectors.ndim != 2 or vectors.shape[1] < 8 or not (np.isfinite(lengths) & (lengths > 0)).all():
            raise ModelError(f"{self._endpoint.name} at {self._endpoint.url} gave vectors that point nowhere.")
        unit: Vectors = (vectors / lengths).astype(np.float32)
        return unit

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        from notesearch.embed.packaged import default_folder

        tokenizer = Tokenizer.from_file(str(default_folder() / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def _failure(said: str) -> ModelError:
    return ModelError(f"{said}.")


def _fingerprint(probe: Vectors) -> str:
    first = probe[:_PROBED]
    return f"probe:{np.rint(first / np.abs(first).max() * 127).astype(np.int8).tobytes().hex()}"


def _agrees(card: ModelCard, probe: Vectors) -> bool:
    """Whether the vector of the probe is the one that the card was made with, but for rounding."""
    kind, _, kept = card.weights_hash.partition(":")
    if kind != "probe" or len(probe) != card.dimension:
        return False
    before = np.frombuffer(bytes.fromhex(kept), np.int8).astype(np.float32)
    now = probe[: len(before)]
    return bool(before @ now >= _SAME * np.linalg.norm(before) * np.linalg.norm(now))
