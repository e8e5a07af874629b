"""The facts about an index, and the first of them, the recipe: all that decides what a vector means and where a passage
is cut (rule I4).

The recipe is stored with the vectors. An index made by another one is noticed, never mixed in.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from notesearch.index import checksums, schema
from notesearch.index.checksums import RowsDamaged
from notesearch.later import numpy as np

if TYPE_CHECKING:
    from notesearch.index.vectors import Vectors

SPLITTER_VERSION = 2
"""Raised whenever the same note would be cut, or its passages worded for the encoder, differently."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is, as data, so that no caller must know it.

    `dimension` is the length of its vectors; `max_tokens` the longest input, special tokens included; the prefixes go
    in front of what is encoded; `weights_hash` is the SHA-256 of the weights, in hex. `encoder` is the arithmetic that
    passages go through: "fp32", or "int8" where the model was converted.
    """

    name: str
    weights_hash: str
    dimension: int
    max_tokens: int
    pooling: str = "mean"
    query_prefix: str = ""
    passage_prefix: str = ""
    encoder: str = "fp32"

    def same_model(self, other: ModelCard) -> bool:
        """Whether a question that one of the two encoded may be compared with passages of the other.

        They must be the same but for `encoder`: a conversion is trusted only after its vectors agreed with the
        original's.
        """
        return replace(self, encoder=other.encoder) == other


@dataclass(frozen=True, slots=True)
class Recipe:
    """A model card plus how notes are cut for it."""

    model: ModelCard
    passage_tokens: int
    token_codes: str = ""
    """How token vectors are packed, and from which sample their basis comes."""
    splitter_version: int = SPLITTER_VERSION
    precision: str = "float16"

    @property
    def digest(self) -> bytes:
        """32 bytes that differ whenever the recipe does."""
        return hashlib.sha256(self.to_json().encode()).digest()

    def to_json(self) -> str:
        """The recipe as one line of JSON, keys in order."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """The inverse of `to_json`; keys of later versions are ignored."""
        values = json.loads(text)
        model = {f.name: values["model"][f.name] for f in fields(ModelCard) if f.name in values["model"]}
        rest = {f.name: values[f.name] for f in fields(cls) if f.name in values and f.name != "model"}
        return cls(model=ModelCard(**model), **rest)

    def differs_from(self, other: Recipe) -> str:
        """What changed between two recipes, for people: "model a → b"; "" if nothing did."""
        mine, theirs = asdict(self), asdict(other)
        mine.update(mine.pop("model"))
        theirs.update(theirs.pop("model"))
        changed = [f"{key} {theirs[key]} → {mine[key]}" for key in mine if mine[key] != theirs[key]]
        return ", ".join(changed)


def get(connection: sqlite3.Connection, key: str) -> str:
    """A fact as text; "" if it is not there. Raises RowsDamaged if it is not what was written."""
    return str(_value(connection, key) or "")


def _value(connection: sqlite3.Connection, key: str) -> str | bytes | None:
    statement = f"SELECT value, checksum IS {checksums.checksum_of('manifest')} FROM manifest WHERE key = ?"
    value, sound = connection.execute(statement, (key,)).fetchone() or (None, True)
    if not sound:
        raise RowsDamaged("manifest", 1)
    return value


def put(connection: sqlite3.Connection, key: str, value: str | bytes) -> None:
    """Keep a fact."""
    connection.execute(checksums.insert("manifest"), (key, value))


def drop(connection: sqlite3.Connection, *keys: str) -> None:
    """Forget facts."""
    connection.executemany("DELETE FROM manifest WHERE key = ?", ((key,) for key in keys))


_recipe = lru_cache(maxsize=4)(Recipe.from_json)  # asked for several times in a question


def recipe(connection: sqlite3.Connection) -> Recipe | None:
    """The recipe of the stored vectors; None before the first."""
    text = get(connection, "recipe")
    return _recipe(text) if text else None


def dimension(connection: sqlite3.Connection) -> int:
    """The length of the stored vectors; 0 before the first."""
    known = recipe(connection)
    return known.model.dimension if known else 0


def basis(connection: sqlite3.Connection) -> Vectors:
    """What token vectors are packed in, (d, b)."""
    value = _value(connection, "basis")
    assert isinstance(value, bytes), "there is a basis where there is a recipe"
    return np.frombuffer(value, np.float32).reshape(dimension(connection), -1)


def set_recipe(connection: sqlite3.Connection, recipe: Recipe, basis: Vectors) -> None:
    """Take another recipe: every vector goes, and every note is read again by the next update.

    `basis` (d, b) is what token vectors are packed in.
    """
    put(connection, "recipe", recipe.to_json())
    put(connection, "basis", basis.astype(np.float32).tobytes())
    for statement in ("DELETE FROM vector", "DELETE FROM pending", schema.REREAD):
        connection.execute(statement)
    drop(connection, "base")
