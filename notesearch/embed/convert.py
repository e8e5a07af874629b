"""A sentence-transformers model → int8 ONNX, once: exported by PyTorch, optimised and quantised by onnxruntime's tools.

Trusted only after its vectors agree with the original's on the built-in sample; where int8 does not, fp32 is tried.
Slow, and heavy to import: only an update that finds no conversion comes here.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from notesearch.embed import Vectors, basis_from, sample_texts
from notesearch.embed.conversions import (
    BASIS,
    MODEL,
    TOKENIZER,
    Agreement,
    Conversion,
    DamagedConversion,
    find,
    keep,
    making,
)
from notesearch.embed.onnx import OnnxEmbedder
from notesearch.embed.sentence_transformers import SentenceTransformersEmbedder, first_line, special_ids

FAMILIES = {"bert", "roberta", "xlm-roberta", "mpnet", "distilbert"}
MEAN_AGREEMENT, LOW_AGREEMENT = 0.99, 0.98
"""Least mean and 5th percentile of the cosines with the original's vectors. The default model has 0.992 and 0.986."""

_OPSET = 17
_INPUTS, _OUTPUTS = ["input_ids", "attention_mask"], ["pooled", "tokens"]
_KEPT_LAYERS = 1
"""Layers whose feed-forward output stays fp32: what flows into it has outliers, worst in the first layer. With the
default model this lifts the mean cosine from 0.990 to 0.992 and the 5th percentile from 0.984 to 0.986.
"""
_FLOAT = 1
"""ONNX's number for float32: what the quantiser takes tensors for whose type it cannot tell."""


class NotConvertible(Exception):
    """The model cannot be converted, and why, as half a sentence."""


def convert(original: SentenceTransformersEmbedder, cache: Path) -> Conversion:
    """Convert a model and keep it in `cache`; takes about half a minute.

    Raises NotConvertible (the model is of another kind, or does not agree converted), OSError, ModelError.
    """
    encoder = _encoder(original)
    with making(cache, original.card) as folder, _quiet():
        if made := _found(cache, original):  # by another process, while this one waited for its turn
            return made
        sample = original.embed_passages(sample_texts())
        np.save(folder / BASIS, basis_from(sample))
        (folder / TOKENIZER).write_text(original.tokenizer_json(), encoding="utf-8")
        try:
            _export(encoder, folder / "exported.onnx")
            _optimise(encoder.transformer.config, folder / "exported.onnx", folder / "fp32.onnx")
            _quantise(encoder.transformer.config, folder / "fp32.onnx", folder / "int8.onnx")
        except Exception as error:  # what three tools can raise over a graph is not ours to list
            raise NotConvertible(f"the tools fail on it ({first_line(error)})") from error
        made = _first_that_agrees(_described(original, folder), sample.vectors)
        for rest in ("exported.onnx", "fp32.onnx", "int8.onnx"):
            (folder / rest).unlink(missing_ok=True)
        return keep(cache, made)


def _found(cache: Path, original: SentenceTransformersEmbedder) -> Conversion | None:
    try:
        return find(cache, original.card)
    except DamagedConversion:
        return None


class _Encoder(torch.nn.Module):
    """Transformer and pooling as one: (n, t) ids and mask → vectors (n, d) and token vectors (n, t, d), unit length."""

    def __init__(self, transformer: Any, pooling: str) -> None:
        super().__init__()
        self.transformer = transformer
        self.pooling = pooling

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        if self.pooling == "cls":
            pooled = tokens[:, 0]
        else:
            weights = attention_mask.unsqueeze(-1).to(tokens.dtype)
            pooled = (tokens * weights).sum(1) / weights.sum(1)
        normalize = torch.nn.functional.normalize
        return normalize(pooled, dim=-1), normalize(tokens, dim=-1)


def _encoder(original: SentenceTransformersEmbedder) -> _Encoder:
    """The parts of the model that are converted. Raises NotConvertible if there are others.

    A `Normalize` at the end changes nothing: vectors get unit length in any case. Segment ids are left out, as
    sentence-transformers' texts have one segment, and position ids are made inside, from the padding's id.
    """
    kinds = [type(part).__name__ for part in original.model]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise NotConvertible(f"it is made of {', '.join(kinds)}")
    transformer, pooling = original.model[0], original.model[1]
    family = transformer.auto_model.config.model_type
    if family not in FAMILIES:
        raise NotConvertible(f"its architecture is {family}")
    if original.card.pooling not in ("mean", "cls"):
        raise NotConvertible(f"it pools by {original.card.pooling}")
    if not pooling.include_prompt and (original.card.query_prefix or original.card.passage_prefix):
        raise NotConvertible("it leaves its prompt out of the mean")
    own = copy.deepcopy(transformer.auto_model).float().cpu().eval()  # the original stays as it is, on its device
    own.set_attn_implementation("eager")  # others trace to what the optimiser does not know
    return _Encoder(own, original.card.pooling)


def _export(encoder: _Encoder, path: Path) -> None:
    pad = encoder.transformer.config.pad_token_id or 0
    ids = torch.tensor([[pad + 5, pad + 6, pad + 7], [pad + 5, pad + 6, pad]])
    dynamic = {0: "texts", 1: "tokens"}
    with torch.no_grad():
        torch.onnx.export(
            encoder,
            (ids, (ids != pad).long()),
            path,
            input_names=_INPUTS,
            output_names=_OUTPUTS,
            dynamic_axes=dict.fromkeys((*_INPUTS, "tokens"), dynamic) | {"pooled": {0: "texts"}},
            opset_version=_OPSET,
            dynamo=False,  # the newer exporter's graphs are not fused by onnxruntime's optimiser
        )


def _optimise(config: Any, source: Path, target: Path) -> None:
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    fusions = FusionOptions("bert")  # the name of a set of fusions, which serves all FAMILIES
    fusions.enable_attention = config.model_type != "mpnet"  # relative positions do not fit in it
    model = optimizer.optimize_model(
        str(source),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        optimization_options=fusions,
        opt_level=1,
    )
    model.save_model_to_file(str(target))


def _quantise(config: Any, source: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    inner = config.hidden_dim if config.model_type == "distilbert" else config.intermediate_size
    quantize_dynamic(
        source,
        target,
        per_channel=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=_multiplications(source, (inner, config.hidden_size))[:_KEPT_LAYERS],
        extra_options={"DefaultTensorType": _FLOAT},
    )


def _multiplications(path: Path, shape: tuple[int, int]) -> list[str]:
    """Names of the nodes that multiply by a weight of this shape, first layer first."""
    import onnx

    graph = onnx.load(path).graph
    weights = {weight.name for weight in graph.initializer if tuple(weight.dims) == shape}
    return [node.name for node in graph.node if node.op_type == "MatMul" and weights & set(node.input)]


def _described(original: SentenceTransformersEmbedder, folder: Path) -> Conversion:
    tokenizer = original.model.tokenizer
    return Conversion(
        folder=folder,
        card=original.card,
        special=tuple(sorted(special_ids(tokenizer))),
        pad=int(tokenizer.pad_token_id),
        gpu=original.on_gpu,
        agreement=Agreement(0.0, 0.0),
        versions={name: version(name) for name in ("torch", "transformers", "onnx", "onnxruntime")},
    )


def _first_that_agrees(made: Conversion, wanted: Vectors) -> Conversion:
    """int8 if its vectors are the original's within the limits, else fp32. Raises NotConvertible."""
    for precision in ("int8", "fp32"):
        (made.folder / f"{precision}.onnx").replace(made.folder / MODEL)
        agreement = _agreement(made, wanted)
        if agreement.mean >= MEAN_AGREEMENT and agreement.low >= LOW_AGREEMENT:
            return replace(made, card=replace(made.card, encoder=precision), agreement=agreement)
    raise NotConvertible(f"its vectors agree with the original's at a cosine of {agreement.mean:.3f} only")


def _agreement(made: Conversion, wanted: Vectors) -> Agreement:
    """`wanted` (n, d): the original's vectors of the sample."""
    try:
        seen = OnnxEmbedder(made).embed_passages(sample_texts()).vectors
    except DamagedConversion as error:
        raise NotConvertible(f"onnxruntime does not load what it became: {error}") from error
    cosines = (seen * wanted).sum(axis=1)
    return Agreement(float(cosines.mean()), float(np.percentile(cosines, 5)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Exporter, optimiser and quantiser tell of their deprecations and progress, which is nothing to a user."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
