"""Tiny models of each family, with random weights and a tokenizer of their own: made in a second, loaded by anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from notesearch.embed import sample_texts

FAMILIES = ("bert", "roberta", "xlm-roberta", "mpnet", "distilbert")
_SPECIAL = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
_WORDS = 800


def tiny_model(folder: Path, family: str, pooling: str) -> Path:
    """Save a sentence-transformers model of two layers in `folder`; its padding's id is 1, as RoBERTa has it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoConfig, AutoModel

    torch.manual_seed(0)
    sizes = (
        {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
        if family == "distilbert"
        else {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    )
    config = AutoConfig.for_model(family, vocab_size=_WORDS, pad_token_id=1, max_position_embeddings=80, **sizes)
    bare = folder / "bare"
    AutoModel.from_config(config).save_pretrained(bare)  # type: ignore[no-untyped-call]
    _tokenizer().save_pretrained(bare)
    transformer = Transformer(str(bare))
    transformer.max_seq_length = 64
    SentenceTransformer(modules=[transformer, Pooling(32, pooling_mode=pooling)], device="cpu").save(str(folder))
    return folder


def tiny_cross_encoder(folder: Path, answers: int) -> Path:
    """Save a cross-encoder of two layers that says `answers` numbers of a pair of texts."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "bert",
        vocab_size=_WORDS,
        pad_token_id=1,
        max_position_embeddings=200,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        num_labels=answers,
    )
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)  # type: ignore[no-untyped-call]
    _tokenizer().save_pretrained(folder)
    return folder


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=_WORDS, special_tokens=_SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(sample_texts(), trainer)
    ends = [("[CLS]", 0), ("[SEP]", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    names = dict(zip(("cls_token", "pad_token", "sep_token", "unk_token", "mask_token"), _SPECIAL, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)  # type: ignore[no-untyped-call]
