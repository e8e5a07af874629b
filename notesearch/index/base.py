"""The base: a snapshot of the vectors in files that are mapped, never changed.

It holds the passages up to `last_id`; what is newer is searched beside it. Passages that have gone since are left out
by a selector: removing from a mapped FAISS index would crash the process. A base whose files are not of the recorded
size is not used; search is then exact from SQLite until the next `index` writes a new one.

A small base is one FAISS index, exact at half precision. In a large one a FAISS index of inverted lists with 1-bit
codes (RaBitQ, Gao and Long, 2024) names some hundred passages that are likely the nearest, and the question is compared
with their vectors, which lie in a file beside it as SQLite has them. Of what was measured (see the README) that needs
the least time and memory.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notesearch.index.vectors import STORED, Ids, Vectors, search_rows
from notesearch.later import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Rows = Callable[[int], Iterable[tuple[Ids, Vectors]]]
"""Batches of the vectors to be kept, ids (n,) ascending and rows (n, d) of unit length; called with n, every nth."""

APPROXIMATE_FROM = 20_000
"""Rows from which comparing with every vector takes longer than asking the lists (measured: 0.9 ms each)."""

_ROWS_WORTH_A_BASE = 1_000
"""A matrix of fewer rows is searched in well under a millisecond; writing a base for them would cost more."""
_MOST_NEWER = 10_000
"""More rows than this beside the base would make every question wait while they are read."""
_PROBED = 6
"""Of so many lists one is looked through. At a million passages, 500 questions: recall@10 is 0.990, with one of sixteen
0.988, with one of three 0.995."""
_TRAINED_ON = 40
"""Vectors a list to learn the lists from; faiss asks for 39 at least."""
_ROUNDS = 8
_COMPARED = 600
"""As many as the codes find nearest are compared by their vectors, at least; with a thousand recall@10 gains 0.001."""


_WORTH_THREADS = 500_000
"""Rows for which FAISS may use several threads. Below, what they save is less than what they cost: when they have
nothing to do any more, they keep the other cores busy for some milliseconds."""


@dataclass(frozen=True, slots=True)
class Base:
    """What the database records of the snapshot it trusts: a file and its size in bytes, how many rows are in it, the
    newest passage; `rows_file` holds the vectors beside inverted lists, "" where there are none. `sum` is of the whole
    file, `head_sum` of its first `head` bytes, which decide what FAISS makes of the rest, and are verified when it is
    opened: of a small base all of it, of a large one all but what its lists hold.
    """

    file: str
    size: int
    count: int
    last_id: int
    head: int
    head_sum: int
    sum: int
    rows_file: str = ""


def sum_of(path: Path, size: int | None = None) -> int:
    """A checksum over the first `size` bytes of a file (None: all): the sum of its 64-bit words. No changed word leaves
    it as it was, and it takes a tenth of the time of a CRC-32.
    """
    data = np.memmap(path, np.uint8, "r", shape=size)
    words = len(data) // 8 * 8
    return int(data[:words].view(np.uint64).sum()) + int.from_bytes(data[words:].tobytes(), "little")


def is_due(newer: int, dead: int, in_base: int) -> bool:
    """Whether writing a new base pays: rewriting it costs its size, so it waits for a fifth of it to change."""
    return newer + dead > max(_ROWS_WORTH_A_BASE, min(in_base // 5, _MOST_NEWER))


def write_base(folder: Path, generation: int, count: int, dimension: int, rows: Rows) -> Base:
    """Write a snapshot of about `count` rows aside, then swap it in under names of its own."""
    if count < APPROXIMATE_FROM:
        return _write(_flat(dimension), folder, generation, rows)
    return _write(_lists(count, dimension, rows), folder, generation, rows, f"vectors-{generation}.float16")


def _flat(dimension: int) -> Any:
    import faiss

    kept = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap(kept)


def _lists(count: int, dimension: int, rows: Rows) -> Any:
    """Lists learned from a sample, still empty: about twice as many as the root of `count`, a power of two."""
    import faiss

    lists = 2 ** round(math.log2(2 * math.sqrt(count)))
    index: Any = faiss.index_factory(dimension, f"IVF{lists},RaBitQ", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = _ROUNDS
    index.train(np.concatenate([vectors for _, vectors in rows(max(1, count // (lists * _TRAINED_ON)))]))
    return index


def _write(index: Any, folder: Path, generation: int, rows: Rows, rows_file: str = "") -> Base:
    import faiss

    aside = new_file(folder / f"vectors-{generation}.part")
    ids = [np.zeros(0, np.int64)]
    with aside.open("wb") if rows_file else nullcontext() as file:
        for some, vectors in rows(1):
            index.add_with_ids(vectors, some)
            ids.append(some)
            if file:
                file.write(vectors.astype(STORED).tobytes())
        if file:
            file.write(np.concatenate(ids).tobytes())
    if rows_file:
        swap_in(aside, folder / rows_file)
        new_file(aside)
    data: NDArray[np.uint8] = faiss.serialize_index(index)
    aside.write_bytes(data.data)  # FAISS's own writing does not tell of a disk that is full at the end
    path = folder / f"vectors-{generation}.faiss"
    swap_in(aside, path)
    listed = len(data) - index.ntotal * (index.code_size + 8) if rows_file else len(data)
    return Base(
        file=path.name,
        size=len(data),
        count=int(index.ntotal),
        last_id=int(np.concatenate(ids).max(initial=0)),
        head=listed,
        head_sum=sum_of(path, listed),
        sum=sum_of(path),
        rows_file=rows_file,
    )


def new_file(path: Path) -> Path:
    """An empty file that is its owner's alone from the first byte on, whatever the folder's rights are."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    return path


def swap_in(aside: Path, path: Path) -> None:
    """Give a file that was written aside its name, once it is safely on disk."""
    with aside.open("rb+") as file:
        os.fsync(file.fileno())
    aside.replace(path)


class MappedBase:
    """A small base, open: an exact FAISS index. `ids` (n,) are those of its rows, ascending, `rows` (n, d) lie in its
    file at half precision.

    The first question is compared with the rows here: importing FAISS would take it twenty times as long. `load` gives
    the index for those that follow; where it cannot (None), all are answered here.
    """

    def __init__(self, ids: Ids, rows: NDArray[np.float16], load: Callable[[], Any]) -> None:
        self._ids = ids
        self._stored = rows
        self._load = load
        self._asked = 0

    @cached_property
    def _index(self) -> Any:
        return self._load()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._ids)

    @property
    def last_id(self) -> int:
        """The newest passage it knows."""
        return int(self._ids[-1]) if len(self._ids) else 0

    @property
    def ids(self) -> Ids:
        """The passages in it, (n,), ascending."""
        return self._ids

    def search(self, query: Vectors, k: int, dead: Ids, within: Ids | None) -> list[tuple[int, float]]:
        """(passage id, cosine) of the best `k`. `query` (d,), unit length; `within` restricts to these ids."""
        self._asked += 1
        if self._asked == 1 or self._index is None:
            alive = ~np.isin(self._ids, dead) if len(dead) else slice(None)
            return search_rows(self._ids[alive], self._stored[alive].astype(np.float32), query, k, within)
        ids, cosines = self._ask(query, k, dead, within)
        return list(zip(ids.tolist(), cosines.tolist(), strict=True))

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Those of `ids` (n,) that are in the base, and their vectors (n, d)."""
        places = np.searchsorted(self._ids, ids)
        places = places[(places < self.count) & (self._ids[np.minimum(places, self.count - 1)] == ids)]
        return self._ids[places], self._rows(places)

    def _rows(self, places: Ids) -> Vectors:
        return self._stored[places].astype(np.float32)

    def _ask(
        self, query: Vectors, k: int, dead: Ids, within: Ids | None, parameters: Any = None
    ) -> tuple[Ids, Vectors]:
        """Ids and scores of the best `k` by FAISS, both (n,)."""
        import faiss

        parameters = parameters or faiss.SearchParameters()
        if within is not None:
            alive = faiss.IDSelectorBatch(np.setdiff1d(within, dead))
            parameters.sel = alive
        elif len(dead):
            gone = faiss.IDSelectorBatch(dead)
            others = faiss.IDSelectorNot(gone)
            parameters.sel = others
        with _one_thread() if self.count < _WORTH_THREADS else nullcontext():
            scores, ids = self._index.search(query[None, :], min(k, self.count), params=parameters)
        found = ids[0] >= 0
        return ids[0][found], scores[0][found]


class ListedBase(MappedBase):
    """A large base, open: inverted lists of codes, and the vectors themselves, `rows` (n, d), at half precision."""

    def __init__(self, index: Any, ids: Ids, rows: NDArray[np.float16]) -> None:
        super().__init__(ids, rows, lambda: index)

    def search(self, query: Vectors, k: int, dead: Ids, within: Ids | None) -> list[tuple[int, float]]:
        """As in a small base, but some of the best may be missing."""
        import faiss

        parameters = faiss.SearchParametersIVF()
        # The fewer there are to choose from, the further apart they lie.
        share = 1.0 if within is None else min(1.0, max(1, len(within)) / self.count)
        parameters.nprobe = min(self._index.nlist, math.ceil(self._index.nlist / _PROBED / share))
        near, _ = self._ask(query, max(_COMPARED, 2 * k), dead, within, parameters)
        ids, rows = self.vectors(np.sort(near))
        return search_rows(ids, rows, query, k, None)


def open_base(folder: Path, base: Base) -> MappedBase | None:
    """The mapped base, or None if a file is missing, cut, changed, or cannot be read."""
    path = folder / base.file
    try:
        if path.stat().st_size != base.size or sum_of(path, base.head) != base.head_sum:
            return None
        if not base.rows_file:
            return MappedBase(*_flat_parts(path, base.count), partial(_loaded, path, base.count))
        index = _loaded(path, base.count)
        if index is None:
            return None
        size = base.count * index.d
        mapped = np.memmap(folder / base.rows_file, np.uint8, "r", shape=base.count * (2 * index.d + 8))
    except (OSError, ValueError):
        return None
    data = mapped.view(np.ndarray)  # a plain one: each slice of the other costs a call
    rows, ids = data[: 2 * size].view(STORED).reshape(-1, index.d), data[2 * size :].view(np.int64)
    return ListedBase(index, ids, rows)


@contextmanager
def _one_thread() -> Iterator[None]:
    """FAISS, called by this thread, uses no others."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _loaded(path: Path, count: int) -> Any:
    """The FAISS index, mapped; None if it cannot be read."""
    import faiss

    try:
        index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError:
        return None
    return index if index.ntotal == count else None


def _flat_parts(path: Path, count: int) -> tuple[Ids, NDArray[np.float16]]:
    """Ids (n,) and rows (n, d) of a flat FAISS index where they lie in its file: at its end, each with its length in
    front, d being the second number of the file. Raises ValueError if that is not so.
    """
    data = np.memmap(path, np.uint8, "r").view(np.ndarray)
    dimension = int(np.frombuffer(data, np.int32, 1, 4)[0])
    ids_at = len(data) - 8 * count
    rows_at = ids_at - 8 - 2 * dimension * count
    lengths = (int(np.frombuffer(data, np.int64, 1, at - 8)[0]) for at in (rows_at, ids_at))
    if rows_at < 8 or tuple(lengths) != (2 * dimension * count, count):
        raise ValueError(f"{path} is no flat index of {count} rows")
    rows = data[rows_at : ids_at - 8].view(STORED).reshape(count, dimension)
    return np.frombuffer(data, np.int64, count, ids_at).copy(), rows
