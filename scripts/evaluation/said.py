"""What a system says to a question: ranked passages, and an answer where it can give one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A ranked passage: the slice of a note, and the score that its system gave it (higher is better)."""

    note: str
    start: int
    end: int
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class QuotedText:
    """A quote of an answer: its words, and its lines in its note (from 1, inclusive)."""

    text: str
    note: str
    lines: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence of a language model with a passage that it names (None: none that it was given), and whether the
    product says that the passage bears it out.
    """

    sentence: str
    passage: Found | None
    supported: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What matters of an answer: its quotes, whether it was given, how sure it is (0..1), and what it cites."""

    quotes: tuple[QuotedText, ...]
    answerable: bool
    confidence: float
    citations: tuple[Cited, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """All that a system said: its passages, best first, the time they took, and its answer, if asked for one."""

    ranking: Sequence[Found]
    milliseconds: float
    reply: Reply | None = None
