"""What is near a question, by meaning and by words: the snapshots and, beside them, what is newer than they are."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from notesearch.index import vectors, words
from notesearch.index.common import MappedWords, search_common
from notesearch.index.database import Database
from notesearch.index.snapshots import Snapshots
from notesearch.index.vectors import Ids, Vectors
from notesearch.index.verified import Verified
from notesearch.later import numpy as np

_MOST_WORDS = 10_000
"""Words of questions of which it is kept how many passages hold them."""


class Finder:
    """Search in an open database and its snapshots."""

    def __init__(self, database: Database, snapshots: Snapshots, verified: Verified) -> None:
        self._database = database
        self._verified = verified
        self._connection = database.connection
        self._snapshots = snapshots
        self._tokenizer: words.Tokenizer | None = None

    def dense(self, query: Vectors, k: int, within: Ids | None = None) -> list[tuple[int, float]]:
        """(passage id, cosine), best `k` first. `query` (d,) of unit length."""
        base = self._snapshots.base()
        found = [
            pair
            for rows in self._rows_after(base.last_id if base else 0)
            for pair in vectors.search_rows(*rows, query, k, within)
        ]
        if base is not None and base.count:
            found += base.search(query, k, self._snapshots.dead(), within)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]

    def _rows_after(self, after: int) -> Iterator[tuple[Ids, Vectors]]:
        """Batches of the rows newer than the base. The first is kept until somebody writes; there are more only where a
        base is missing.
        """
        batches = partial(vectors.vector_batches, self._connection)
        first = self._database.until_written("newer", lambda: list(islice(batches(after), 1)))
        yield from first
        if first and len(first[0][0]) == vectors.READ_AT_ONCE:
            yield from batches(int(first[0][0][-1]))

    def cosines(self, passages: Sequence[int], query: Vectors) -> dict[int, float]:
        """Passage id → how close it is to `query` (d,); passages without a vector are left out. Raises RowsDamaged."""
        ids, rows = self.vectors_of(passages)
        return dict(zip(ids.tolist(), vectors.cosines(rows, query).tolist(), strict=True))

    def vectors_of(self, passages: Sequence[int]) -> tuple[Ids, Vectors]:
        """Those of the passages that have a vector, (n,), and these, (n, d). Raises RowsDamaged."""
        base = self._snapshots.base()
        if base is None:
            return vectors.vectors_of(self._connection, self._verified("vectors", passages))
        ids, rows = base.vectors(np.array(passages, np.int64))
        if len(ids) == len(passages):
            return ids, rows
        others = self._verified("vectors", set(passages) - set(ids.tolist()))
        newer_ids, newer = vectors.vectors_of(self._connection, others)
        return np.concatenate([ids, newer_ids]), np.concatenate([rows, newer])

    def lexical(
        self, asked: Iterable[str], k: int, field_weights: words.FieldWeights, within: Ids | None = None
    ) -> list[tuple[int, float]]:
        """(passage id, BM25) of passages with any of the words `asked`, best `k` first."""
        common = self._snapshots.common() if field_weights == words.FieldWeights() else None
        if common is not None:
            try:
                tokens = self._tokens(asked)
                return search_common(self._connection, common, tokens, k, self._snapshots.dead(), within)
            except ValueError:  # what it says of a word is not what was written
                self._snapshots.distrust("common")
        chosen = None if within is None else within.tolist()
        return words.search_passages(self._connection, words.any_of(asked), k, field_weights, chosen)

    def rarity(self, asked: Sequence[str]) -> list[float]:
        """How much each word says of a passage that holds it: its idf, as BM25 counts it."""
        passages = self.passage_count()
        return [math.log(1 + (passages - n + 0.5) / (n + 0.5)) for n in self.holding(asked)]

    def holding(self, asked: Sequence[str]) -> list[int]:
        """For each word how many passages hold it, in any of its forms."""
        kept: dict[str, int] = self._database.until_written("holding", dict)
        if len(kept) > _MOST_WORDS:
            kept.clear()
        if new := [word for word in asked if word not in kept]:
            common = self._snapshots.common()
            self._tokens(new)  # all at once: those of each are then known
            kept |= {word: self._holding(word, common) for word in new}
        return [kept[word] for word in asked]

    def _holding(self, word: str, common: MappedWords | None) -> int:
        tokens = list(self._tokens([word]).values())
        known = common.count(tokens[0][0]) if common is not None and len(tokens) == len(tokens[0]) == 1 else 0
        return known or words.count_holding(self._connection, words.any_of([word]))

    def unknown(self, asked: Sequence[str]) -> list[str]:
        """The words that no passage and no name of a note holds, in any form."""
        without = (word for word, count in zip(asked, self.holding(asked), strict=True) if not count)
        return [word for word in without if not words.is_of_a_name(self._connection, word)]

    def _tokens(self, asked: Iterable[str]) -> dict[str, list[str]]:
        self._tokenizer = self._tokenizer or words.Tokenizer()
        return self._tokenizer(piece for word in asked for piece in words.terms(word))

    def passage_count(self) -> int:
        """How many passages there are."""
        return self._counted("passage")

    def waiting(self) -> int:
        """How many passages still have no vector, and are found by their words only."""
        return self._counted("passage JOIN pending USING (embedded)")

    def _counted(self, source: str) -> int:
        return self._database.until_written(f"how many {source}", lambda: _count(self._connection, source))


def _count(connection: sqlite3.Connection, source: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0])
