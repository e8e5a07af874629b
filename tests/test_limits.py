"""No passage is longer than what the model reads, its context included: what would be cut by the model is split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from notesearch.config import Settings
from notesearch.embed.packaged import default_card, default_folder
from notesearch.index.records import Fingerprint, Note
from notesearch.read.decode import NotText
from notesearch.read.note import ReadingRules, read_note
from notesearch.read.passages import Sizes, embedding_text
from notesearch.read.vault import File, WalkRules, read_bytes, walk
from tests.conftest import VAULT
from tests.hostile.notes import make

_tokenizer = Tokenizer.from_file(str(default_folder() / "tokenizer.json"))
_tokenizer.no_truncation()
_tokenizer.no_padding()
_LIMIT = default_card().max_tokens
_SIZES = Sizes.fitting(Settings().passage_tokens, _LIMIT)


def token_starts(text: str) -> Sequence[int]:
    return [start for start, _ in _tokenizer.encode(text, add_special_tokens=False).offsets]


def longest(note: Note) -> int:
    """Tokens of what the model reads of the note's longest passage, special tokens included."""
    texts = (embedding_text(note.title, p.headings, p.words, token_starts, _SIZES.head) for p in note.passages)
    return max((len(_tokenizer.encode(text).ids) for text in texts), default=0)


@pytest.mark.parametrize("vault", [lambda _: VAULT, make], ids=["sample", "hostile"])
def test_of_a_vault_every_passage_fits(vault: Callable[[Path], Path], tmp_path: Path) -> None:
    root = vault(tmp_path)
    found = walk(root, WalkRules(max_bytes=2**20))
    rules = ReadingRules(_SIZES, token_starts, found.kind)
    lengths = {}
    for file in found.files:
        if file.role in ("note", "canvas") and not file.too_large:
            try:
                lengths[file.path] = longest(read_note(file, read_bytes(root, file.path, 2**20)[0], rules))
            except NotText:
                continue
    assert len(lengths) > 50
    assert {path: length for path, length in lengths.items() if length > _LIMIT} == {}


dense = st.sampled_from(
    ["%E5%A6%82", "台北", "a.b-c_d/", "word ", "ZC8AzDC8 ", "🦑", "- ", "\n\t- ", "\n# ", "\n", "| x "]
)


@given(st.lists(dense, max_size=120).map(lambda parts: "".join(parts) * 3))
def test_however_dense_the_text_every_passage_fits(text: str) -> None:
    data = text.encode()
    note = read_note(
        File("台" * 70 + ".md", Fingerprint(len(data), 0, 0, 0), "note"), data, ReadingRules(_SIZES, token_starts)
    )
    assert longest(note) <= _LIMIT


def test_a_target_too_large_for_the_model_is_made_to_fit() -> None:
    assert Sizes.fitting(128, 256).target == 128
    assert Sizes.fitting(500, 256).target == 132
    assert Sizes.fitting(128, 64) == Sizes(27, head=12, lead=8)
    assert Sizes.fitting(128, 8).target >= 1
