"""How close the sentences of a passage are to a question, by the token vectors that the index keeps of the passage.

A passage went through the model whole, when it was indexed. So its sentences are understood by what stands around them
("late chunking", Günther et al., 2024), and an answer encodes nothing but the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from notesearch.language import word_spans
from notesearch.maxsim import Vectors

Spans = Sequence[tuple[int, int]]
"""(start, end) of sentences in a text."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A passage as the model read it: its `text`, the `words` of it that were encoded, the offset in `words` where each
    of their tokens begins, and `tokens` (t, b), of unit length: those of what stood in front of the words come first.
    """

    text: str
    words: str
    starts: Sequence[int]
    tokens: Vectors


def closeness(vector: Vectors, tokens: Vectors, passage: Understood, spans: Spans) -> list[float]:
    """Of each span of the passage's text: half the cosine of the mean of its tokens with the question's `vector` (b,),
    half its MaxSim with the question's `tokens` (q, b); about -1..1. All of unit length.

    A span without tokens of its own (only a link's address, or further on than the model reads) is as close as the
    whole passage.
    """
    context = max(len(passage.tokens) - len(passage.starts), 0)
    if not len(passage.tokens):
        return [0.0] * len(spans)
    borders = np.searchsorted(passage.starts, spoken_spans(passage.text, passage.words, spans)) + context
    alike = passage.tokens @ tokens.T
    found = []
    for first, last in borders.reshape(-1, 2):
        own = slice(first, last) if first < min(last, len(alike)) else slice(None)
        mean = passage.tokens[own].mean(axis=0)
        cosine = mean @ vector / (np.linalg.norm(mean) or 1.0)
        found.append(float(cosine + alike[own].max(axis=0).mean()) / 2)
    return found


def spoken_spans(text: str, words: str, spans: Spans) -> list[tuple[int, int]]:
    """Where spans of a passage's text stand in its words, which have names for links, and no marks or noise; (0, 0) for
    a span that has no word in them.
    """
    if text == words:
        return list(spans)
    here, there = word_spans(text), word_spans(words)
    matcher = SequenceMatcher(None, [text[a:b] for a, b in here], [words[a:b] for a, b in there], autojunk=False)
    same = {block.a + n: block.b + n for block in matcher.get_matching_blocks() for n in range(block.size)}
    starts = [start for start, _ in here]
    found = []
    for start, end in spans:
        inside = range(int(np.searchsorted(starts, start)), int(np.searchsorted(starts, end)))
        matched = [same[n] for n in inside if n in same]
        found.append((there[matched[0]][0], there[matched[-1]][1]) if matched else (0, 0))
    return found
