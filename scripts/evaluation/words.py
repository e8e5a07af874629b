"""The words of a text, as plain BM25 and the measures of quotes take them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import Stemmer
from bm25s.stopwords import STOPWORDS_EN

# Signs of scripts that put no spaces between words (and Korean, which glues endings to them).
_UNSPACED = r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")
# Two signs or more, as bm25s cuts by default; but each unspaced sign alone, else a whole sentence would be one word.
_INDEXED = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]{{2,}}")
# What a reader would count; two unspaced signs are about a word.
_COUNTED = re.compile(rf"[{_UNSPACED}]{{1,2}}|[^\s{_UNSPACED}]+")
_BETWEEN = re.compile(r"[\W_]+")


class Stems:
    """Cuts text into the stems of its words, English stop words left out."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self._stop_words = frozenset(STOPWORDS_EN)

    def of(self, text: str) -> list[str]:
        """The stems in the order of the text."""
        words = [word for word in _INDEXED.findall(text.lower()) if word not in self._stop_words]
        return list(self._stemmer.stemWords(words))


def first_words(texts: Iterable[str], count: int) -> list[str]:
    """The texts, from the first on, as far as `count` words of them all together reach."""
    kept: list[str] = []
    for text in texts:
        if not count:
            break
        ends = [word.end() for word in _COUNTED.finditer(text)][:count]
        kept.append(text[: ends[-1]] if ends else "")
        count -= len(ends)
    return kept


def folded(text: str) -> str:
    """The words in lower case without punctuation, one space around each."""
    return f" {_BETWEEN.sub(' ', unicodedata.normalize('NFKC', text).casefold()).strip()} "


def stands_in(answer: str, text: str) -> bool:
    """Whether the words of the answer stand together in the text: whole words, where words have borders."""
    wanted, words = folded(answer), folded(text)
    if not wanted.strip():
        return False
    return wanted in words or (_ANY_UNSPACED.search(wanted) is not None and wanted.strip() in words)
