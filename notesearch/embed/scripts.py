"""Which scripts a model has been taught, told by its vocabulary.

A model meets a script it was not taught as single letters or as "unknown", and finds any two texts in it alike. Its
vectors are then worse than none: they drown what the words say.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cached_property
from typing import Any

_TAUGHT = 1_000
"""Pieces of a vocabulary in one script. all-MiniLM-L6-v2 has 488 Chinese ones and 86 Cyrillic, models that know these
languages have many thousands.
"""
_LAST_LATIN = "\u024f"
"""Every model is taught Latin letters, so a question in them is not looked into."""


class Scripts:
    """The scripts that the vocabulary of a tokenizer (of the package `tokenizers`) has words in. Looked through when a
    text is first asked about that is not Latin.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def taught(self, text: str) -> bool:
        """Whether most letters of `text` are of such scripts; true of a text without letters."""
        letters = [letter for letter in unicodedata.normalize("NFKC", text) if letter.isalpha()]
        foreign = [letter for letter in letters if letter > _LAST_LATIN]
        if 2 * len(foreign) <= len(letters):
            return True
        return 2 * sum(self._pieces[_script(letter)] < _TAUGHT for letter in foreign) <= len(letters)

    @cached_property
    def _pieces(self) -> Counter[str]:
        """How many pieces of the vocabulary hold letters of each script."""
        vocabulary = self._tokenizer.decode_batch([[id_] for id_ in range(self._tokenizer.get_vocab_size())])
        beyond = (piece for piece in vocabulary if not piece.isascii())
        return Counter(script for piece in beyond for script in {_script(c) for c in piece if c.isalpha()})


def _script(letter: str) -> str:
    """As Unicode names its letters: "CYRILLIC", "CJK", "HIRAGANA"."""
    return unicodedata.name(letter, "").split(" ")[0]
