"""The batches of the fast encoder, and the rule that says which encoder serves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from notesearch.embed.onnx import batches, padded
from notesearch.index.manifest import ModelCard, Recipe


@given(st.lists(st.integers(1, 300), max_size=80), st.integers(1, 1_000))
def test_every_text_is_in_one_batch_and_no_batch_is_too_large(lengths: list[int], most: int) -> None:
    made = [batch.tolist() for batch in batches(lengths, most)]
    assert sorted(position for batch in made for position in batch) == list(range(len(lengths)))
    for batch in made:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= most


def test_rows_are_filled_up_with_the_models_own_padding() -> None:
    ids, mask = padded([[5, 6, 7], [8]], 1)
    assert ids.tolist() == [[5, 6, 7], [8, 1, 1]]
    assert mask.tolist() == [[True] * 3, [True, False, False]]
    assert ids.dtype == np.int64


def test_a_question_may_go_through_either_encoder_but_through_no_other_model() -> None:
    card = ModelCard("m", "hash", 384, 256)
    assert card.same_model(ModelCard("m", "hash", 384, 256, encoder="int8"))
    assert not card.same_model(ModelCard("m", "other", 384, 256))


def test_the_encoder_is_part_of_the_recipe() -> None:
    fp32, int8 = (Recipe(ModelCard("m", "hash", 384, 256, encoder=encoder), 128) for encoder in ("fp32", "int8"))
    assert fp32.digest != int8.digest
    assert int8.differs_from(fp32) == "encoder fp32 → int8"
    assert (
        Recipe.from_json(
            '{"model": {"name": "m", "weights_hash": "hash", "dimension": 384, "max_tokens": 256}, '
            '"passage_tokens": 128}'
        )
        == fp32
    )  # an index from before there were two
