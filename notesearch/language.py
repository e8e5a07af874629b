"""Words and sentences of any script: what queries, quotes and highlights are made of. Everything is linear in the
length.
"""

from __future__ import annotations

import regex

from notesearch.spaceless import terms_of

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}\p{So}]+(?:['’]\p{L}+)?")
_ENDS = regex.compile(r"""[.!?…]+[)\]}"'’”»*_`]*(?=\s|$)|[。！？]+[」』）”]*|[\n\r]+""")
_ABBREVIATION = regex.compile(
    r"(?i)(?:\b(?:mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|approx|fig|z\.b|bzw|usw)|\b\p{L}|(?<![^\n])[ \t>]*\d+)\.$"
)
_MARKUP = regex.compile(r"(?:\s|[-*+>](?=\s)|\d+[.)](?=\s)|#{1,6}(?=\s)|\[[ xX]\](?=\s)|\|)+")


STOP_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been before being but by can could did do does doing
    for from had has have having he her here hers him his how i if in into is it its just me more most my no not
    of off on once only or other our out over own same she should so some such than that the their them then there
    these they this those through to too under until up very was we were what when where which while who whom why
    will with would you your
    """.split()
)
"""English words that say nothing of a passage. They are left out of the lexical arm if other words remain."""


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in order; emoji count as words, signs do not. Of Chinese, Japanese and Korean, see
    `terms_of`.
    """
    words = _WORD.findall(text.replace("\0", " "))
    return tuple(words) if text.isascii() else tuple(term for word in words for term in terms_of(word))


def word_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each word, a run of Chinese, Japanese or Korean counting as one."""
    return [match.span() for match in _WORD.finditer(text)]


def stem(word: str) -> str:
    """A word without case and, roughly, without its ending: enough to see that two words are forms of one."""
    folded = word.casefold()
    return folded[: max(4, len(folded) - 2)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence that holds a letter or digit, list marks and spaces around it left out.

    A sentence ends at its mark or at the end of its line.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for end in _ENDS.finditer(text):
        at_line_end = text[end.start()] in "\n\r"
        if not at_line_end and _ABBREVIATION.search(text, max(start, end.start() - 12), end.start() + 1):
            continue
        _add(spans, text, start, end.start() if at_line_end else end.end())
        start = end.end()
    _add(spans, text, start, len(text))
    return spans


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    mark = _MARKUP.match(text, start, end)
    start = mark.end() if mark else start
    end = start + len(text[start:end].rstrip(" \t|"))
    if regex.search(r"[\p{L}\p{N}]", text, pos=start, endpos=end):
        spans.append((start, end))
