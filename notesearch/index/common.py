"""The common words: for each, the passages that hold it and what it counts there, in a file that is mapped.

FTS5 needs over a microsecond for every row that a question's words match, and a common word matches a hundred
thousand of a million. So for the words that stand in many passages BM25 is worked out ahead, word by word (as BM25S
does, Lù, 2024); since BM25 is a sum over words, adding up gives what FTS5 would. Rarer words, phrases, and passages
newer than the file are still asked of FTS5. Like the FAISS base the file is a snapshot, derived, written aside and
swapped in; without it all is asked of FTS5.

The file: for each word the ids of its passages (uint32, ascending), then their scores (float16), padded to four bytes;
at the end the table of words. Each word's part has its checksum there, and is verified when it is first asked for.
"""

from __future__ import annotations

import math
import mmap
import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from notesearch.index.base import new_file, swap_in
from notesearch.index.vectors import Ids
from notesearch.index.words import FieldWeights, all_scored, any_of, search_passages
from notesearch.later import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMMON = 500
"""A word in so many passages is common: FTS5 answers for fewer in well under a millisecond."""

_MAGIC = b"notewords 2\0"
"""How the file begins; even one without words has something to be mapped."""

_K1, _B, _LEAST_RARITY = 1.2, 0.75, 1e-6
"""FTS5's own constants of BM25."""

_VOCABULARY = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms_{kind} USING fts5vocab(main, words, {kind})"

_LONGEST = 40
_ENTRY = [("term", f"S{_LONGEST}"), ("start", "<u8"), ("count", "<u4"), ("checksum", "<u4")]
_ENTRY_BYTES = _LONGEST + 8 + 4 + 4
"""Longer words are not common enough to matter, and FTS5 knows them."""


@dataclass(frozen=True, slots=True)
class CommonWords:
    """What the database records of the file it trusts: its name and size, how many words are in it, up to which
    passage, and the checksum of the table of words.
    """

    file: str
    size: int
    terms: int
    last_id: int
    checksum: int


def write_common(folder: Path, generation: int, connection: sqlite3.Connection) -> CommonWords:
    """Write the file anew, from what FTS5 holds."""
    last_id = int(connection.execute("SELECT coalesce(max(rowid), 0) FROM words").fetchone()[0])
    for kind in ("row", "instance"):
        connection.execute(_VOCABULARY.format(kind=kind))
    dampings = _dampings(connection, last_id)
    passages = np.count_nonzero(dampings)
    path = folder / f"words-{generation}.common"
    aside = new_file(path.with_suffix(".part"))
    entries = []
    with aside.open("wb") as file:
        file.write(_MAGIC)
        for term in _common_terms(connection):
            start = file.tell()
            ids, frequencies = _frequencies(connection, term)
            rarity = max(math.log((passages - len(ids) + 0.5) / (len(ids) + 0.5)), _LEAST_RARITY)
            scores = rarity * frequencies * (_K1 + 1) / (frequencies + dampings[ids])
            data = ids.tobytes() + scores.astype(np.float16).tobytes()
            file.write(data + bytes(len(ids) % 2 * 2))
            entries.append((term.encode(), start, len(ids), crc32(data)))
        table = np.array(sorted(entries), _ENTRY).tobytes()
        file.write(table)
    swap_in(aside, path)
    return CommonWords(path.name, path.stat().st_size, len(entries), last_id, crc32(table))


def _common_terms(connection: sqlite3.Connection) -> list[str]:
    terms = (row[0] for row in connection.execute("SELECT term FROM temp.terms_row WHERE doc >= ?", (COMMON,)))
    return [term for term in terms if len(term.encode()) <= _LONGEST]


def _dampings(connection: sqlite3.Connection, last_id: int) -> NDArray[np.float32]:
    """By passage id, how much a passage's length dampens its words: k1 (1 - b + b length / mean length)."""
    there = np.zeros(last_id + 1, np.bool_)
    lengths = np.zeros(last_id + 1, np.float32)
    for id_, sizes in connection.execute("SELECT id, sz FROM words_docsize"):
        there[id_], lengths[id_] = True, _sum_of_varints(sizes)
    mean = (
        float(lengths.sum()) / max(int(np.count_nonzero(there)), 1) or 1.0
    )  # there may be none left, or none with words
    return there * _K1 * (1 - _B + _B * lengths / mean)


def _sum_of_varints(data: bytes) -> int:
    """What FTS5 keeps of a row's length: for each field a number in SQLite's own form, seven bits a byte."""
    total = number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            total, number = total + number, 0
    return total


def _frequencies(connection: sqlite3.Connection, term: str) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """The passages that hold a term, ascending, and how often, each field with its weight."""
    weights = " ".join(f"WHEN '{field}' THEN {weight}" for field, weight in asdict(FieldWeights()).items())
    rows = connection.execute(f"SELECT doc, CASE col {weights} END FROM temp.terms_instance WHERE term = ?", (term,))
    found = np.fromiter(chain.from_iterable(rows), np.float64).reshape(-1, 2)
    ids, starts = np.unique(found[:, 0].astype(np.uint32), return_index=True)
    return ids, np.add.reduceat(found[:, 1], starts).astype(np.float32)


class MappedWords:
    """The file, open. `last_id` is the newest passage it knows."""

    def __init__(self, file: mmap.mmap, recorded: CommonWords) -> None:
        self._file = file
        self._table = np.frombuffer(file, _ENTRY, recorded.terms, recorded.size - recorded.terms * _ENTRY_BYTES)
        if crc32(self._table.tobytes()) != recorded.checksum:
            raise ValueError("the table of words is not what was written")
        self._terms = np.ascontiguousarray(self._table["term"])
        self._verified: set[str] = set()
        self.last_id = recorded.last_id

    def is_sound(self, connection: sqlite3.Connection, dead: Ids) -> bool:
        """Whether it names the passages that FTS5 does, but for the `dead` (n,), and counts them for something."""
        connection.execute(_VOCABULARY.format(kind="instance"))
        for entry in self._table:
            ids, scores = self.scored(entry["term"].decode())
            now, _ = _frequencies(connection, entry["term"].decode())
            if not np.array_equal(np.setdiff1d(ids, dead), now[now <= self.last_id]) or not (scores > 0).all():
                return False
        return True

    def count(self, term: str) -> int:
        """How many passages hold a term; 0 if it is not common."""
        entry = self._entry(term)
        return 0 if entry is None else int(entry["count"])

    def scored(self, term: str) -> tuple[NDArray[np.uint32], NDArray[np.float16]]:
        """The passages that hold a common term, ascending, and what it counts there. Raises ValueError if that is not
        what was written.
        """
        entry = self._entry(term)
        assert entry is not None, term
        start, count = int(entry["start"]), int(entry["count"])
        ids = np.frombuffer(self._file, np.uint32, count, start)
        if term not in self._verified:
            if crc32(memoryview(self._file)[start : start + 6 * count]) != entry["checksum"]:
                raise ValueError(f"the passages of {term!r} are not what was written")
            self._verified.add(term)
        return ids, np.frombuffer(self._file, np.float16, count, start + ids.nbytes)

    def _entry(self, term: str) -> Any | None:
        at = int(np.searchsorted(self._terms, np.bytes_(term.encode())))
        return self._table[at] if at < len(self._terms) and self._terms[at] == term.encode() else None


def open_common(folder: Path, recorded: CommonWords) -> MappedWords | None:
    """The mapped file, or None if it is missing, cut, or its table is not what was written."""
    try:
        with (folder / recorded.file).open("rb") as file:
            if os.fstat(file.fileno()).st_size != recorded.size:
                return None
            return MappedWords(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), recorded)
    except (OSError, ValueError):
        return None


def search_common(
    connection: sqlite3.Connection,
    common: MappedWords,
    tokens: Mapping[str, Sequence[str]],
    k: int,
    dead: Ids,
    within: Ids | None,
) -> list[tuple[int, float]]:
    """(passage id, BM25) of the best `k` passages that hold any of the words, as FTS5 would give them.

    `tokens`: each word, as it stands in a query to FTS5, and its tokens there; `within` is ascending.
    """
    held, scores = [], np.zeros(common.last_id + 1, np.float32)
    for token in (found[0] for found in tokens.values() if _is_common(common, found)):
        ids, counts = common.scored(token)
        scores[ids] += counts
        held.append(ids)
    rare = any_of(word for word, found in tokens.items() if not _is_common(common, found))
    if rows := all_scored(connection, rare, FieldWeights(), common.last_id):
        ids, counts = np.array([row[0] for row in rows], np.uint32), np.array([row[1] for row in rows], np.float32)
        scores[ids] += counts
        held.append(ids)
    scores[dead[dead <= common.last_id]] = 0
    some = within[: np.searchsorted(within, common.last_id, "right")] if within is not None else None
    best = _best(scores, held if some is None else [some], k)
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM passage").fetchone()
    if newest <= common.last_id:  # FTS5 would go through all that hold a word to find that out
        return best
    chosen = None if within is None else within.tolist()
    newer = search_passages(connection, any_of(tokens), k, FieldWeights(), chosen, after=common.last_id)
    return sorted([*best, *newer], key=lambda pair: (-pair[1], pair[0]))[:k]


def _is_common(common: MappedWords, tokens: Sequence[str]) -> bool:
    return len(tokens) == 1 and common.count(tokens[0]) > 0


def _best(scores: NDArray[np.float32], held: Sequence[NDArray[Any]], k: int) -> list[tuple[int, float]]:
    """The best `k` of the ids in `held`, each of which may stand in several of its arrays."""
    ids = np.concatenate([np.empty(0, np.uint32), *held])
    wanted = k * max(len(held), 1)
    if len(ids) > wanted:
        ids = ids[np.argpartition(scores[ids], -wanted)[-wanted:]]
    ids = np.unique(ids)
    ids = ids[np.lexsort((ids, -scores[ids]))][:k]
    return [(int(id_), float(scores[id_])) for id_ in ids if scores[id_] > 0]
