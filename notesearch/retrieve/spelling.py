"""Words that nothing in the index holds, read as a word of some note's name: mistyped, run together, or half typed.

Names are what people type from memory, and what they half type. So a word is read as another only if it is unknown, and
only if the question then is, for the most part, the name of a note: nothing that was typed correctly is changed, and a
question that uses words of its own ("calm" where the notes have "call") is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from notesearch.index.store import Store
from notesearch.index.words import any_of
from notesearch.retrieve.names import NAMES_DEPTH, folded, title_fits
from notesearch.retrieve.query import Query

_SHORTEST = 4
"""Letters of a word that may be mistyped; of three, every other word is one edit away, so the question must have more
words of the name."""
_SHORTEST_BEGUN = 2
_A_NAME = 0.6
"""The least fit of a question that is taken for a name: two of its three words, or of the name's."""
_MOST_COMPLETIONS = 20


def forgiven(store: Store, query: Query, *, typing: bool) -> Query:
    """The question with unknown words read as words of names, which is remarked; the same if none is unknown.

    `typing`: the last word may be half typed.
    """
    if query.phrases or query.signs or not query.words:
        return query
    last = query.words[-1] if typing and query.text.endswith(query.words[-1]) else ""
    unknown = store.unknown(query.telling_words)
    begun = last if last in unknown or len(query.words) > 1 else ""
    query = replace(query, begun=begun)
    if not unknown:
        return query
    named = store.name_words()
    read = query
    for word in unknown:
        others = [each for other in query.words if other != word for each in folded(other)]
        meant = _meant(word, named, others, begun=word == last)
        if meant:
            read = _read_as(read, word, meant[0])
            if word == last:
                read = replace(read, completions=tuple(meant[1:]))
    return read if read is not query and _is_a_name(store, read) else query


def _is_a_name(store: Store, query: Query) -> bool:
    """Whether the question is, for the most part, what some note is called."""
    notes = [note for note, _ in store.named(any_of(query.telling_words), NAMES_DEPTH)]
    return any(fit >= _A_NAME for fit in title_fits(store, query, notes).values())


def _meant(word: str, named: Mapping[str, Set[int]], others: list[str], *, begun: bool) -> list[str]:
    """Words of names that `word` may be, likeliest first."""
    typed = "".join(folded(word))
    if not typed.isalpha():
        return []  # a number or code that is one off is another one
    found = {name: 2 for name in named if one_edit(typed, name)}
    if begun and len(typed) >= _SHORTEST_BEGUN:
        found |= {name: 3 for name in named if name.startswith(typed) and name != typed}
    if not found:
        return [f"{one} {other}" for one, other in _cuts(typed) if one in named and other in named][:1]

    beside = {
        name: sum(not named[name].isdisjoint(named[other]) for other in others if other in named) for name in found
    }
    likely = [name for name in found if len(typed) >= _SHORTEST or beside[name] or found[name] == 3]
    likely.sort(key=lambda name: (-beside[name], -found[name], -len(named[name]), name))
    return likely[: _MOST_COMPLETIONS + 1]


def one_edit(one: str, other: str) -> bool:
    """Whether a letter dropped, added, exchanged or swapped with the next makes one word of the other."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[start:], other[start:]
    if len(one) != len(other):
        return one[1:] == other or one == other[1:]
    return one[1:] == other[1:] or (one[:2] == other[1::-1] and one[2:] == other[2:])


def _cuts(word: str) -> Iterator[tuple[str, str]]:
    return ((word[:i], word[i:]) for i in range(2, len(word) - 1))


def _read_as(query: Query, word: str, meant: str) -> Query:
    def read(text: str) -> str:
        return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", meant, text)

    words = tuple(part for each in query.words for part in (meant.split() if each == word else [each]))
    remark = f"No note has “{word}”; “{meant}” was searched for."
    return replace(query, text=read(query.text), words=words, remarks=(*query.remarks, remark))
