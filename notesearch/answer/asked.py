"""A question as its answer is looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notesearch.dates.names import MONTHS, WEEKDAYS, plain
from notesearch.index.records import DateSpan
from notesearch.language import STOP_WORDS, stem, words_of


@dataclass(frozen=True, slots=True)
class Asked:
    """`rarity`: how much each telling word says, by its stem (idf); `names`: stems of the words with a capital, dates
    left out; `dates`: the days it speaks of.
    """

    text: str
    rarity: Mapping[str, float]
    names: frozenset[str]
    dates: tuple[DateSpan, ...]

    def share(self, stems: frozenset[str]) -> float:
        """How much of what the telling words say is among `stems`, 0..1."""
        total = sum(self.rarity.values())
        return sum(worth for word, worth in self.rarity.items() if word in stems) / total if total else 0.0

    def named(self, stems: frozenset[str]) -> float:
        """The share of the names that is among `stems`, 0..1; 1 if the question has none."""
        return len(self.names & stems) / len(self.names) if self.names else 1.0


def asked(text: str, telling_words: Sequence[str], rarities: Sequence[float], dates: tuple[DateSpan, ...]) -> Asked:
    """Of a question's text and what retrieval made of it; `rarities` belong to the telling words."""
    rarity: dict[str, float] = {}
    for word, worth in zip(telling_words, rarities, strict=True):
        rarity[stem(word)] = max(worth, rarity.get(stem(word), 0.0))
    names = frozenset(stem(word) for word in words_of(text) if word[:1].isupper() and not _says_no_name(word))
    return Asked(text, rarity, names, dates)


def stems_of(*texts: str) -> frozenset[str]:
    """The words of texts, other forms of one taken as the same."""
    return frozenset(stem(word) for text in texts for word in words_of(text))


def _says_no_name(word: str) -> bool:
    return word.casefold() in STOP_WORDS or plain(word) in MONTHS or plain(word) in WEEKDAYS
