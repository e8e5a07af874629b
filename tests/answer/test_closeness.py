"""How close sentences are, by the tokens that the index keeps of a passage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.answer.closeness import Understood, closeness, spoken_spans
from notesearch.language import sentence_spans, word_spans
from notesearch.maxsim import BITS, pack, unpack


def spoken(text: str, words: str) -> list[str]:
    return [words[start:end] for start, end in spoken_spans(text, words, sentence_spans(text))]


def test_a_sentence_is_found_among_words_that_name_links() -> None:
    text = "# Pass\nMet [[content/bull bear case|the future]]. Then [home](https://example.org/way/home.html) we went."
    words = "Met the future bull bear case. Then home we went."
    assert spoken(text, words)[1:] == ["Met the future bull bear case", "Then home we went"]


def test_a_sentence_that_was_not_encoded_has_no_words() -> None:
    assert spoken("Seen. https://example.org/a/b", "Seen.")[1] == ""


@given(st.text(max_size=200), st.text(max_size=200))
def test_spans_lie_within_the_words(text: str, words: str) -> None:
    spans = sentence_spans(text)
    found = spoken_spans(text, words, spans)
    assert len(found) == len(spans)
    assert all(0 <= start <= end <= len(words) for start, end in found)


def test_the_sentence_whose_tokens_are_the_questions_is_closest() -> None:
    rng = np.random.default_rng(0)
    tokens = rng.standard_normal((8, BITS)).astype(np.float32)
    text = "One two three. Four five six."
    starts = [start for start, _ in word_spans(text)]
    kept = unpack(pack(tokens, np.eye(BITS, dtype=np.float32)), BITS)  # two of context, then a token a word
    asked = kept[5:]
    vector = asked.mean(axis=0) / np.linalg.norm(asked.mean(axis=0))
    first, second = closeness(vector, asked, Understood(text, text, starts, kept), sentence_spans(text))
    assert second == pytest.approx(1.0)
    assert first < 0.5


def test_without_vectors_no_sentence_is_close() -> None:
    empty = unpack(b"", BITS)
    assert closeness(np.ones(BITS, np.float32), empty, Understood("A b.", "A b.", [0, 2], empty), [(0, 4)]) == [0.0]


def test_a_sentence_behind_what_the_model_reads_is_as_close_as_the_passage() -> None:
    tokens = np.eye(2, BITS, dtype=np.float32)
    cut = Understood("One two. Three.", "One two. Three.", [0, 4, 9], tokens[:2])
    first, behind = closeness(tokens[0], tokens[:1], cut, [(0, 8), (9, 15)])
    assert behind == first > 0
