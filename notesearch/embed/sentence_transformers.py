"""Any model that sentence-transformers can load, on the CPU or a GPU.

The default model comes from its package with the hub switched off. Another is named by the user: a folder, or a hub
name, which sentence-transformers looks for in its cache and fetches if it is not there. Code from a model's
repository is never run.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence, Set
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from notesearch.config import DEFAULT_MODEL
from notesearch.embed import Encoded, Vectors, basis_from, sample_texts
from notesearch.embed.packaged import default_card, default_folder, verify_default_weights
from notesearch.embed.scripts import Scripts
from notesearch.errors import ModelError
from notesearch.index.manifest import ModelCard
from notesearch.later import numpy as np

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH = 32
_PATH = re.compile(r"[./~\\]|[A-Za-z]:[\\/]")
"""How a path begins, and no name of a hub does."""
_UNLIMITED_TOKENS = 512
"""For models that state no limit: what the encoders of this family were trained with."""


class SentenceTransformersEmbedder:
    """A sentence-transformers model behind the protocol. Not safe to call from several threads at once."""

    tells_tokens = True

    def __init__(self, model: str = DEFAULT_MODEL) -> None:
        self._name = model
        self._packaged = model == DEFAULT_MODEL
        self._loading = RLock()

    @cached_property
    def card(self) -> ModelCard:
        """The default's is known without its weights; another model has to be loaded first."""
        if self._packaged:
            return default_card()
        model = self.model
        prompts = {key: text for key, text in (model.prompts or {}).items() if text}
        return ModelCard(
            name=self._name,
            weights_hash=_hash_of(model),
            dimension=int(model.get_embedding_dimension()),
            max_tokens=int(model.max_seq_length or _UNLIMITED_TOKENS),
            pooling=_pooling(model),
            query_prefix=prompts.get("query", ""),
            passage_prefix=prompts.get("document", prompts.get("passage", "")),
        )

    def load(self) -> None:
        """Load the weights; seconds."""
        _ = self.model

    def basis(self) -> Vectors:
        """Made from the sample."""
        return basis_from(self.embed_passages(sample_texts()))

    def token_starts(self, text: str) -> Sequence[int]:
        """Tokens of the model's own tokenizer."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return [start for start, _ in encoding.offsets]

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
        if not texts:
            return Encoded(np.empty((0, self.card.dimension), np.float32), ())
        rows = self.model.encode(texts, prompt="", batch_size=_BATCH, output_value=None, show_progress_bar=False)
        special = special_ids(self.model.tokenizer)
        return Encoded(
            np.stack([_unit(row["sentence_embedding"].cpu().numpy()) for row in rows]),
            tuple(_tokens(row, special) for row in rows),
        )

    def tokenizer_json(self) -> str:
        """The model's tokenizer in the form of the package `tokenizers`."""
        if self._packaged:
            return (default_folder() / "tokenizer.json").read_text(encoding="utf-8")
        text: str = _fast_tokenizer(self.model, self._name).to_str()
        return text

    @property
    def on_gpu(self) -> bool:
        """Whether sentence-transformers found a GPU for it."""
        return str(self.model.device).split(":")[0] != "cpu"

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self.tokenizer_json())
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _scripts(self) -> Scripts:
        return Scripts(self._tokenizer)

    @property
    def model(self) -> Any:
        """The sentence-transformers model itself, loaded when first asked for. Raises ModelError."""
        with self._loading:
            return self._model

    @cached_property
    def _model(self) -> Any:
        if self._packaged:
            verify_default_weights()
        elif is_missing_folder(self._name):
            raise _not_loaded(self._name, "there is no such folder.")
        quiet_hub()
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(
                str(default_folder()) if self._packaged else self._name,
                local_files_only=self._packaged or Path(self._name).is_dir(),
                trust_remote_code=False,
            )
        except Exception as error:  # what a hub, a config or a weights file can raise is not ours to list
            raise _not_loaded(self._name, first_line(error)) from error


def is_missing_folder(name: str) -> bool:
    """Whether a model's name is a path, and no folder is there: a hub need not be asked."""
    return bool(_PATH.match(name)) and not Path(name).expanduser().is_dir()


def quiet_hub() -> None:
    """No bars and no warnings from what loads models: our own bar shows the work, our own error says what failed."""
    import logging

    from transformers.utils import logging as hub_logging

    hub_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    for name in ("huggingface_hub", "transformers", "sentence_transformers"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _not_loaded(name: str, seen: str) -> ModelError:
    return ModelError(
        f"The model {name!r} could not be loaded: {seen} Name a folder with a sentence-transformers model, "
        f"a model of the hub, or leave --model out for {DEFAULT_MODEL}."
    )


def special_ids(tokenizer: Any) -> set[int]:
    """Ids of tokens that stand for no part of a text. The one for what the model has no word for, is not among them."""
    return set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}


def _tokens(row: Any, special: Set[int]) -> Vectors:
    """The vectors of a text's own tokens: no padding, no special tokens."""
    own = [
        mask and id_ not in special
        for id_, mask in zip(row["input_ids"].tolist(), row["attention_mask"].tolist(), strict=True)
    ]
    return _unit(row["token_embeddings"].cpu().numpy()[np.array(own, bool)])


def _unit(rows: Vectors) -> Vectors:
    """Rows of unit length; a row of zeros stays one."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12), np.float32)


def _fast_tokenizer(model: Any, name: str) -> Any:
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(
            f"The model {name!r} has no fast tokenizer, which notesearch needs to count tokens. Use another."
        )
    return backend


def _hash_of(model: Any) -> str:
    """SHA-256 over every weight, in the order of their names."""
    import torch

    digest = hashlib.sha256()
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _pooling(model: Any) -> str:
    return next((str(module.pooling_mode) for module in model if hasattr(module, "pooling_mode")), "unknown")


def first_line(error: Exception) -> str:
    """What an error of somebody else's says first, as a sentence of at most 300 characters."""
    line = str(error).strip().split("\n")[0][:300] or type(error).__name__
    return line if line.endswith(".") else f"{line}."
