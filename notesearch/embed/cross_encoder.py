"""A cross-encoder that the user names: it reads question and passage together, which costs a pass of the model for each
passage, and so is asked about the best only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notesearch.embed.sentence_transformers import first_line, is_missing_folder, quiet_hub
from notesearch.errors import ModelError


class CrossEncoder:
    """Any model that sentence-transformers loads as a cross-encoder with one output. Making one is cheap; the weights,
    and PyTorch with them, are loaded when it is first asked.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def relevance(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """How relevant each text is, shape (n,), 0..1. Raises ModelError if the model cannot be had or has no single
        answer.
        """
        if not texts:
            return np.empty(0, np.float32)
        import torch

        pairs = [(question, text) for text in texts]
        said = self._model.predict(pairs, activation_fn=torch.nn.Sigmoid(), show_progress_bar=False)
        return np.asarray(said, np.float32)

    @cached_property
    def _model(self) -> Any:
        if is_missing_folder(self.name):
            raise self._not_loaded("there is no such folder.")
        quiet_hub()
        from sentence_transformers import CrossEncoder as Model

        try:
            model = Model(self.name, local_files_only=Path(self.name).is_dir(), trust_remote_code=False)
        except Exception as error:  # what a hub, a config or a weights file can raise is not ours to list
            raise self._not_loaded(first_line(error)) from error
        if model.num_labels != 1:
            raise ModelError(
                f"The reranker {self.name!r} gives {model.num_labels} numbers for a passage, not one that says how "
                "relevant it is. Name another cross-encoder, or leave --reranker out."
            )
        return model

    def _not_loaded(self, seen: str) -> ModelError:
        return ModelError(
            f"The reranker {self.name!r} could not be loaded: {seen} Name a folder with a cross-encoder of "
            "sentence-transformers, one of the hub, or leave --reranker out."
        )
