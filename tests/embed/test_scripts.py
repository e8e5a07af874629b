"""Whether a model was taught the script of a question."""

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from notesearch.embed.packaged import default_folder
from notesearch.embed.scripts import Scripts


@pytest.mark.parametrize(
    ("text", "taught"),
    [
        ("why did i pass on scale", True),
        ("warum hat sie abgelehnt", True),
        ("Tại sao tôi từ chối", True),
        ("2026 ☕", True),
        ("the name 田中 again", True),
        ("我为什么拒绝了那份工作", False),
        ("почему я отказался", False),
        ("γιατί αρνήθηκα", False),
        ("なぜ断ったのか", False),
    ],
)
def test_the_default_model_knows_latin_letters_alone(text: str, taught: bool) -> None:
    scripts = Scripts(Tokenizer.from_file(str(default_folder() / "tokenizer.json")))
    assert scripts.taught(text) is taught


def test_a_vocabulary_with_many_words_of_a_script_was_taught_it() -> None:
    words = {chr(0x4E00 + n): n for n in range(1_500)} | {"unk": 1_500}
    scripts = Scripts(Tokenizer(WordLevel(words, unk_token="unk")))
    assert scripts.taught("一丁") and not scripts.taught("почему")
