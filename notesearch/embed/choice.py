"""Which encoder serves. The one place that knows the rule:

- All passages of an index go through one encoder, named in its manifest ("int8" or "fp32"); the two are never mixed.
- A new index takes the converted model, made once per machine. It takes sentence-transformers where PyTorch sees a GPU
  or the model cannot be converted; that is said.
- NAME@PLACE is a server's model, unless a folder is called so: nothing is converted, and it stays that server's.
- A question may go through either: a conversion is only kept if its vectors agree with the original's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from notesearch.config import DEFAULT_MODEL
from notesearch.embed import Embedder
from notesearch.embed.conversions import Conversion, DamagedConversion, discard, find
from notesearch.embed.hashed import HashedEmbedder
from notesearch.embed.onnx import OnnxEmbedder
from notesearch.embed.packaged import default_card
from notesearch.embed.sentence_transformers import SentenceTransformersEmbedder
from notesearch.index.manifest import ModelCard

_PREPARING = "preparing the model (once, about half a minute)"
_AT_A_PLACE = re.compile(r"@(https?://|[^/\\]*$)")
"""In NAME@PLACE; a place that is not known is said, and a folder with an "@" further up stays a folder."""
_SLOW = "Questions go through sentence-transformers, which takes seconds to start. Run: notesearch index"


def _unheard(remark: str) -> None:
    """Nobody asked to be told."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An embedder, and what the user should know about it, one sentence or two each."""

    embedder: Embedder
    remarks: tuple[str, ...] = ()


def for_questions(
    model: str,
    cache: Path,
    known: ModelCard | None = None,
    *,
    anew: bool = False,
    named: bool = True,
    timeout_s: float = 120.0,
    remark: Callable[[str], None] = _unheard,
) -> Chosen:
    """What encodes questions: the converted model if `cache` has it, else the original. Quick.

    `model`: "hashed" (the toy), the default, NAME@PLACE of an endpoint, or any that sentence-transformers can load;
    `known`: its card, if an index names one; with `anew` it was named again, and may be another by now. An endpoint on
    another machine is asked only if the user `named` it, and not the index alone; it may be silent for `timeout_s`
    seconds, and `remark` is told what the user should know of it. Raises ModelError if the default model is not
    installed, UsageError for an address that cannot be meant.
    """
    if model == "hashed":
        return Chosen(HashedEmbedder())
    if _AT_A_PLACE.search(model) and not Path(model).is_dir():
        from notesearch.embed.endpoint import EndpointEmbedder

        return Chosen(EndpointEmbedder(model, known, anew=anew, named=named, timeout_s=timeout_s, remark=remark))
    known = None if anew else known
    card = known or (default_card() if model == DEFAULT_MODEL else None)
    original = SentenceTransformersEmbedder(model)
    try:
        conversion = find(cache, card) if card else None
    except DamagedConversion as error:
        return Chosen(original, (f"{error} {_SLOW}",))
    if conversion:
        return Chosen(OnnxEmbedder(conversion))
    missed = known is not None and known.encoder != "fp32"
    return Chosen(original, (f"There is no prepared model in {cache}. {_SLOW}",) if missed else ())


def loaded(embedder: Embedder) -> Chosen:
    """`embedder` with its weights loaded; the original, if the conversion does not load. Raises ModelError."""
    try:
        embedder.load()
    except DamagedConversion as error:
        return Chosen(SentenceTransformersEmbedder(embedder.card.name), (f"{error} {_SLOW}",))
    return Chosen(embedder)


def for_passages(
    embedder: Embedder, cache: Path, encoder: str | None, progress: Callable[[str, int, int], None]
) -> Chosen:
    """What encodes passages: the encoder that an index names, or the best one for a new index (None).

    `embedder` is what `for_questions` chose. Converts the model where that is needed. Raises ModelError.
    """
    if not isinstance(embedder, OnnxEmbedder | SentenceTransformersEmbedder):
        return Chosen(embedder)  # nothing to convert
    original = (
        embedder
        if isinstance(embedder, SentenceTransformersEmbedder)
        else SentenceTransformersEmbedder(embedder.card.name)
    )
    if encoder == "fp32":
        return Chosen(embedder if embedder.card.encoder == "fp32" else original)
    converted, remarks = _converted(embedder, original, cache, progress)
    if converted is None:
        return Chosen(original, remarks)
    if encoder is None and converted.conversion.gpu:
        return Chosen(original, (*remarks, "PyTorch sees a GPU: sentence-transformers encodes the passages on it."))
    return Chosen(converted, remarks)


def _converted(
    embedder: Embedder,
    original: SentenceTransformersEmbedder,
    cache: Path,
    progress: Callable[[str, int, int], None],
) -> tuple[OnnxEmbedder | None, tuple[str, ...]]:
    """The converted model, made anew if it does not load; None with the reason if it cannot be made."""
    damage: tuple[str, ...] = ()
    if isinstance(embedder, OnnxEmbedder):
        try:
            embedder.load()
            return embedder, ()
        except DamagedConversion as error:
            discard(embedder.conversion)
            damage = (f"{error} It was made anew.",)
    progress(_PREPARING, 0, 1)
    from notesearch.embed.convert import NotConvertible, convert

    try:
        conversion = convert(original, cache)
    except NotConvertible as reason:
        return None, (f"The model {original.card.name} stays with sentence-transformers, which is slower: {reason}.",)
    except OSError as error:
        return None, (
            f"The prepared model could not be kept in {cache} ({error}), so sentence-transformers encodes, which is "
            "slower. Name another folder with NOTESEARCH_CACHE.",
        )
    progress(_PREPARING, 1, 1)
    return OnnxEmbedder(conversion), (*damage, _made(conversion))


def _made(conversion: Conversion) -> str:
    agreement = conversion.agreement
    why = "" if conversion.card.encoder == "int8" else " (int8 did not agree well enough)"
    return (
        f"The model {conversion.card.name} was prepared for this machine, once: {conversion.card.encoder}{why}, with "
        f"vectors like the original's (mean cosine {agreement.mean:.3f}, 5th percentile {agreement.low:.3f})."
    )
