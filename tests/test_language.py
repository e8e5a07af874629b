"""Words and sentences of any script."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.language import sentence_spans, words_of


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("one. two! three?", ["one.", "two!", "three?"]),
        ("it cost 3.50 at v1.2, e.g. on friday. fine.", ["it cost 3.50 at v1.2, e.g. on friday.", "fine."]),
        ("- item one\n- [x] item two\n  1. third\n> quoted", ["item one", "item two", "third", "quoted"]),
        ("我不去。因为太远了！真的", ["我不去。", "因为太远了！", "真的"]),
        ("## heading\n\ntext", ["heading", "text"]),
        ("he said “no.” then left", ["he said “no.”", "then left"]),
        ("--- \n***\n|---|", []),
        ("dr. smith came. mr. jones did not", ["dr. smith came.", "mr. jones did not"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


@given(st.text())
def test_sentences_are_in_order_and_lose_no_word(text: str) -> None:
    spans = sentence_spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    inside = "".join(text[start:end] for start, end in spans)
    assert all(c in inside for c in text if c.isalpha() and not _may_be_a_list_mark(c, text))


def _may_be_a_list_mark(char: str, text: str) -> bool:
    return f"[{char}]" in text


def test_words() -> None:
    assert words_of("don't stop—ann's café, #5 🦀 x_y") == ("don't", "stop", "ann's", "café", "5", "🦀", "x", "y")


def test_words_of_scripts_without_spaces_are_pairs_of_characters() -> None:
    assert words_of("我的 iPhone手机, 家") == ("我的", "iPhone", "手机", "家")
    assert words_of("南非学校") == ("南非", "非学", "学校")
