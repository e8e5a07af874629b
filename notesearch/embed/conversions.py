"""Converted models in the user's cache: named by what they were made from, trusted while they are as they were written.

A conversion is a folder with the model, its tokenizer, the basis of its token vectors and a record; it appears whole,
by renaming, or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from notesearch.embed import sample_hash
from notesearch.errors import ModelError
from notesearch.index.lock import locked
from notesearch.index.manifest import ModelCard
from notesearch.maxsim import BITS

RECIPE = 2
"""Raised when models are converted differently, so that older conversions are no longer found.

Versions of libraries are recorded, but do not count: what one wrote a newer one reads, and if not, the session fails
to load and the model is converted anew.
"""

MODEL, TOKENIZER, BASIS, _RECORD = "model.onnx", "tokenizer.json", "basis.npy", "conversion.json"


class DamagedConversion(ModelError):
    """A conversion is there, but is not as it was written, or does not load."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cosines of the converted model's vectors with the original's on the built-in sample: mean, 5th percentile."""

    mean: float
    low: float


@dataclass(frozen=True, slots=True)
class Conversion:
    """A converted model. `card.encoder` is its precision; `special` are token ids that are no word of a text.

    `gpu`: whether PyTorch saw a GPU when it was made, so that nobody has to import PyTorch to ask again.
    """

    folder: Path
    card: ModelCard
    special: tuple[int, ...]
    pad: int
    gpu: bool
    agreement: Agreement
    versions: Mapping[str, str]


def find(cache: Path, card: ModelCard) -> Conversion | None:
    """The conversion of the model that `card` describes, under that card's name; None if there is none.

    Raises DamagedConversion if its files are not as they were written.
    """
    folder = _folder(cache, card)
    try:
        record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged(folder, str(error)) from error
    try:
        for name, written in record.pop("files").items():
            _check(folder / name, written)
        made = ModelCard(**record.pop("card"))
        return Conversion(
            folder=folder,
            card=replace(card, encoder=made.encoder),
            special=tuple(record["special"]),
            pad=record["pad"],
            gpu=record["gpu"],
            agreement=Agreement(**record["agreement"]),
            versions=record["versions"],
        )
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, f"{type(error).__name__}: {error}") from error


@contextmanager
def making(cache: Path, card: ModelCard) -> Iterator[Path]:
    """A folder to convert the model in, while no other process does. Raises OSError if the cache cannot be written."""
    folder = _folder(cache, card)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_suffix(".lock")):
        aside = Path(mkdtemp(prefix=f"{folder.name}.", suffix=".part", dir=folder.parent))
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def keep(cache: Path, made: Conversion) -> Conversion:
    """Put what was made in the folder of `making` in its place; what stood there goes. Call it inside `making`."""
    folder, aside = _folder(cache, made.card), made.folder
    record = asdict(made)
    del record["folder"]
    files = {name: _state(aside / name) for name in (MODEL, TOKENIZER, BASIS)}
    text = json.dumps({**record, "recipe": RECIPE, "files": files}, indent=1, ensure_ascii=False)
    (aside / _RECORD).write_text(text, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)
    return replace(made, folder=folder)


def discard(conversion: Conversion) -> None:
    """Let nobody find it any more."""
    (conversion.folder / _RECORD).unlink(missing_ok=True)


def _folder(cache: Path, card: ModelCard) -> Path:
    """By all that decides what comes out; a model's name does not."""
    facts = asdict(replace(card, name="", encoder=""))
    digest = hashlib.sha256(json.dumps([RECIPE, BITS, sample_hash(), facts], sort_keys=True).encode()).hexdigest()
    return cache / "models" / digest[:32]


def _check(file: Path, written: Mapping[str, Any]) -> None:
    """Raise DamagedConversion unless `file` is as it was written.

    Hashing 22 MB would cost every cold question about 20 ms. A write that was cut shows in the size, one by anybody
    else in the time; only a file whose time is another (a copied cache, say) is hashed. What neither shows, a disk's
    fault, mostly fails when the session is loaded.
    """
    seen = file.stat()
    if (seen.st_size, seen.st_mtime_ns) == (written["size"], written["mtime_ns"]):
        return
    if seen.st_size != written["size"] or _sha256(file) != written["sha256"]:
        raise _damaged(file.parent, f"{file.name} is not as it was written")


def _state(file: Path) -> dict[str, Any]:
    seen = file.stat()
    return {"size": seen.st_size, "mtime_ns": seen.st_mtime_ns, "sha256": _sha256(file)}


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _damaged(folder: Path, seen: str) -> DamagedConversion:
    return DamagedConversion(f"The prepared model in {folder} is damaged ({seen}).")
