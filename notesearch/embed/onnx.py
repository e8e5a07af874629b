"""The fast encoder: a converted model run by onnxruntime. Neither PyTorch nor transformers is imported.

One pass gives a text's vector and one for each of its tokens. `convert` makes what this reads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from notesearch.embed import Encoded, Vectors
from notesearch.embed.conversions import BASIS, MODEL, TOKENIZER, Conversion, DamagedConversion
from notesearch.embed.scripts import Scripts
from notesearch.index.manifest import ModelCard
from notesearch.later import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH_TOKENS = 1024
"""Tokens of a batch, padding included: enough to keep the cores busy, few enough for their caches. Measured on two
cores with passages of notes: 512 and 2048 were about a tenth slower, 4096 a tenth to a fifth.
"""


class OnnxEmbedder:
    """A converted model behind the protocol. Safe to call from several threads."""

    tells_tokens = True

    def __init__(self, conversion: Conversion) -> None:
        self.conversion = conversion
        self._loading = Lock()

    @property
    def card(self) -> ModelCard:
        """As recorded when it was converted."""
        return self.conversion.card

    def load(self) -> None:
        """Load model and tokenizer. Raises DamagedConversion."""
        with self._loading:
            _ = self._session, self._tokenizer

    def basis(self) -> Vectors:
        """The original's: int8 and fp32 pack their tokens in the same way."""
        basis: Vectors = np.load(self.conversion.folder / BASIS)
        return basis

    def token_starts(self, text: str) -> Sequence[int]:
        """Tokens of the model's own tokenizer."""
        return [start for start, _ in self._tokenizer.encode(text, add_special_tokens=False).offsets]

    def reads(self, text: str) -> bool:
        """By its vocabulary."""
        return self._scripts.taught(text)

    def embed_passages(self, texts: Sequence[str]) -> Encoded:
        """Sorted by length inside, so that a batch pads little."""
        return self._encode([self.card.passage_prefix + text for text in texts])

    def embed_query(self, text: str) -> Encoded:
        """One question."""
        return self._encode([self.card.query_prefix + text])

    def _encode(self, texts: list[str]) -> Encoded:
        self.load()
        rows_of_ids = self._token_ids(texts)
        vectors = np.empty((len(texts), self.card.dimension), np.float32)
        tokens: list[Vectors] = [vectors[:0]] * len(texts)
        for batch in batches([len(ids) for ids in rows_of_ids], _BATCH_TOKENS):
            ids, mask = padded([rows_of_ids[i] for i in batch], self.conversion.pad)
            inputs = {"input_ids": ids, "attention_mask": mask}
            vectors[batch], every = self._session.run(
                None, {name: rows.astype(self._types[name]) for name, rows in inputs.items()}
            )
            own = mask & ~np.isin(ids, self.conversion.special)
            for i, rows, chosen in zip(batch, every, own, strict=True):
                tokens[i] = rows[chosen]
        return Encoded(vectors, tuple(tokens))

    def _token_ids(self, texts: list[str]) -> list[list[int]]:
        """Special tokens included, cut at the longest input that the model takes."""
        tokenizer = self._tokenizer
        room = self.card.max_tokens - tokenizer.num_special_tokens_to_add(is_pair=False)
        encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        for encoding in encodings:
            encoding.truncate(room)
        return [tokenizer.post_process(encoding).ids for encoding in encodings]

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _cores()
        options.log_severity_level = 3
        # Threads that spin while they wait keep the cores from FAISS and numpy: a warm search took half as long again.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return onnxruntime.InferenceSession(
                self.conversion.folder / MODEL, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors have no common base but this
            raise self._damaged(error) from error

    @cached_property
    def _types(self) -> dict[str, type]:
        """What the inputs must be: the optimiser makes them int32 where it fuses the look-up of embeddings."""
        whole = {"tensor(int32)": np.int32, "tensor(int64)": np.int64}
        return {each.name: whole[each.type] for each in self._session.get_inputs()}

    @cached_property
    def _tokenizer(self) -> Any:
        """Cuts and pads nothing."""
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(self.conversion.folder / TOKENIZER))
        except Exception as error:  # tokenizers raises plain Exception
            raise self._damaged(error) from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _scripts(self) -> Scripts:
        return Scripts(self._tokenizer)

    def _damaged(self, error: Exception) -> DamagedConversion:
        seen = str(error).strip().split("\n")[0][:200]
        return DamagedConversion(f"The prepared model in {self.conversion.folder} could not be loaded ({seen}).")


def batches(lengths: Sequence[int], most: int) -> Iterator[NDArray[np.int64]]:
    """Positions of texts of these lengths (in tokens) in batches, shortest first, of at most `most` tokens each with
    the padding; a text longer than that is a batch by itself.
    """
    order = np.argsort(lengths, kind="stable")
    start = 0
    for end, position in enumerate(order):
        if end > start and lengths[position] * (end - start + 1) > most:
            yield order[start:end]
            start = end
    if start < len(order):
        yield order[start:]


def padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Token ids (n, longest), filled up with `pad`, and the mask of what is no padding."""
    lengths = np.array([len(row) for row in rows])
    mask = np.arange(lengths.max(initial=0)) < lengths[:, None]
    ids = np.full(mask.shape, pad, np.int64)
    ids[mask] = np.concatenate(rows)
    return ids, mask


def _cores() -> int:
    """Cores that this process may use: fewer than the machine has, in a container or under `taskset`."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
