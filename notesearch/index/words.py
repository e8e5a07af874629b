"""The lexical side: text made ready for FTS5, and questions put to it.

FTS5's tokenizers find words between spaces and signs. Chinese, Japanese and Korean put none there, so their runs are
written as single characters and pairs before they are stored; the same is done to a query (pairs only, where it has
any), which makes two neighbouring characters the "word" of these scripts. Words of other alphabets than the Latin one
are stored, and asked for, without their endings. Words of a query are quoted one by one: nothing a person types is FTS5
syntax.
"""

from __future__ import annotations

import re
import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notesearch.spaceless import SPACELESS, pairs, terms_of

if TYPE_CHECKING:
    from notesearch.index.vectors import Ids

_SELECTION_IN_SQL = 500
"""Up to this many rowids stand in the statement itself; above, a temporary table is cheaper than parsing them."""


TOKENIZER = "porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc' separators '\ufe0e\ufe0f'"
"""As the tables of the schema name it. In many scripts vowels are marks (Mn, Mc), and words would fall apart without
them; the two marks that only say how an emoji is drawn are no words.
"""

_MOST_KNOWN = 10_000
"""Words whose tokens are kept."""

MOST = 2**62
"""More than there can be of anything."""

_OTHER_ALPHABET = re.compile("[\u0370-\u1dbf\u1f00-\u1fff\ufb50-\ufdff\ufe70-\ufefc]")
"""A letter of Greek or of an alphabet behind it."""


@dataclass(frozen=True, slots=True)
class FieldWeights:
    """What a match in each field of a passage counts, relative to its body."""

    title: float = 2.0
    headings: float = 1.5
    tags: float = 1.0
    body: float = 1.0


def spread(text: str) -> str:
    """`text` with each run of Chinese, Japanese or Korean written as its characters and pairs, spaces between, and the
    words of some alphabets without their endings.
    """
    return SPACELESS.sub(lambda run: f" {' '.join([*run[0], *pairs(run[0])])} ", _bare(text))


def terms(word: str) -> list[str]:
    """What a word of a query is looked for as: the pairs of its characters, or itself, as `spread` writes it."""
    return [_bare(term) for term in terms_of(word)]


def _bare(text: str) -> str:
    if text.isascii() or not _OTHER_ALPHABET.search(text):
        return text
    from notesearch.index.endings import without_endings  # of no use to most people's notes

    return without_endings(text)


def any_of(words: Iterable[str], *, prefix: str = "") -> str:
    """An FTS5 expression that matches rows with at least one of `words`, or a word that begins with `prefix`."""
    quoted = [_quote(term) for word in words for term in terms(word)]
    if prefix:
        quoted.append(_quote(prefix) + "*")
    return " OR ".join(dict.fromkeys(quoted))


def phrase(words: str) -> str:
    """An FTS5 expression that matches `words` one after the other."""
    return _quote(" ".join(terms(words)))


def all_of(expressions: Iterable[str]) -> str:
    """The rows that match every one of `expressions`."""
    return " AND ".join(f"({expression})" for expression in expressions if expression)


def _quote(term: str) -> str:
    return '"' + term.replace('"', '""').replace("\0", " ") + '"'


def search_passages(
    connection: sqlite3.Connection,
    expression: str,
    limit: int,
    weights: FieldWeights,
    within: Sequence[int] | None,
    *,
    after: int = 0,
) -> list[tuple[int, float]]:
    """(passage id, BM25) of the best `limit` rows, of those above `after`; higher is better (FTS5 gives it negated)."""
    return _search(connection, "words", _rank(weights), expression, limit, within, after)


def all_scored(
    connection: sqlite3.Connection, expression: str, weights: FieldWeights, up_to: int
) -> list[tuple[int, float]]:
    """The same of all rows up to `up_to`, in no order: to put a thousand in order takes as long as to find them."""
    if not expression:
        return []
    return connection.execute(
        f"SELECT rowid, -{_rank(weights)} FROM words WHERE words MATCH ? AND rowid <= ?", (expression, up_to)
    ).fetchall()


def _rank(weights: FieldWeights) -> str:
    return f"bm25(words, {weights.title}, {weights.headings}, {weights.tags}, {weights.body})"


def search_names(
    connection: sqlite3.Connection, expression: str, limit: int, within: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """(note id, BM25) of the notes called so: by file name, title, alias, tag or property."""
    return _search(connection, "names", "bm25(names, 3.0, 3.0, 3.0, 1.0, 0.5)", expression, limit, within)


def _search(
    connection: sqlite3.Connection,
    table: str,
    rank: str,
    expression: str,
    limit: int,
    within: Sequence[int] | None,
    after: int = 0,
) -> list[tuple[int, float]]:
    if not expression or (within is not None and not len(within)):
        return []
    statement = f"SELECT rowid, -{rank} AS score FROM {table} WHERE {table} MATCH ? AND rowid > ?"
    if within is not None:
        # The plus keeps SQLite from asking FTS5 anew for each id, which is a hundred times slower.
        statement += f" AND +rowid IN ({_selection(connection, within)})"
    rows = connection.execute(f"{statement} ORDER BY score DESC, rowid LIMIT ?", (expression, after, limit)).fetchall()
    return [(int(row[0]), float(row[1])) for row in rows]


def holders(connection: sqlite3.Connection, expression: str, within: Ids | None) -> Iterator[int]:
    """Ids of the passages that match, ascending, as they are found; of those `within`, which is ascending, too."""
    if not expression:
        return
    for (id_,) in connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (expression,)):
        if within is None or id_ in within[(at := bisect_left(within, id_)) : at + 1]:
            yield id_


def only_holder(connection: sqlite3.Connection, words: Iterable[str], within: Ids | None = None) -> int | None:
    """The passage that holds every one of `words`; None if there are several, or none."""
    allowed = holders(connection, all_of(any_of([word]) for word in words), within)
    first, second = next(allowed, None), next(allowed, None)
    return first if second is None else None


def headed(connection: sqlite3.Connection, words: Iterable[str], limit: int) -> list[int]:
    """Ids of passages whose headings hold every one of `words`, as they are found, at most `limit`."""
    expression = all_of(any_of([word]) for word in words)
    if not expression:
        return []
    statement = "SELECT rowid FROM words WHERE words MATCH ? LIMIT ?"
    return [int(row[0]) for row in connection.execute(statement, (f"headings : ({expression})", limit))]


def is_of_a_name(connection: sqlite3.Connection, word: str) -> bool:
    """Whether the name of a note holds `word`, in any of its forms."""
    statement = "SELECT 1 FROM names WHERE names MATCH ? LIMIT 1"
    return connection.execute(statement, (any_of([word]),)).fetchone() is not None


def count_holding(connection: sqlite3.Connection, expression: str, most: int = MOST) -> int:
    """How many passages match, counted up to `most`."""
    counted = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
    return int(connection.execute(counted, (expression, most)).fetchone()[0]) if expression else 0


def _selection(connection: sqlite3.Connection, ids: Sequence[int]) -> str:
    if len(ids) <= _SELECTION_IN_SQL:
        return ",".join(str(int(i)) for i in ids)
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS selection (id INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM selection")
    connection.executemany("INSERT INTO selection VALUES (?)", ((int(i),) for i in ids))
    return "SELECT id FROM selection"


class Tokenizer:
    """What FTS5 makes of a word, asked of FTS5 itself, in a database in memory."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.execute(f'CREATE VIRTUAL TABLE asked USING fts5(word, tokenize = "{TOKENIZER}")')
        self._connection.execute("CREATE VIRTUAL TABLE found USING fts5vocab(asked, instance)")
        self._known: dict[str, list[str]] = {}

    def __call__(self, words: Iterable[str]) -> dict[str, list[str]]:
        """Word → its tokens, in order: several where it is a phrase to FTS5, none where it is but signs."""
        asked = list(dict.fromkeys(words))
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        if new := [word for word in asked if word not in self._known]:
            self._known |= self._tokens(new)
        return {word: self._known[word] for word in asked}

    def _tokens(self, asked: Sequence[str]) -> dict[str, list[str]]:
        self._connection.execute("DELETE FROM asked")
        self._connection.executemany("INSERT INTO asked (rowid, word) VALUES (?, ?)", enumerate(asked))
        tokens: dict[str, list[str]] = {word: [] for word in asked}
        for at, token in self._connection.execute("SELECT doc, term FROM found ORDER BY doc, offset"):
            tokens[asked[at]].append(token)
        return tokens
