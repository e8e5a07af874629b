"""What many passages cost: time and memory of a question, whether the nearest are found, and bytes on disk."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from numpy.typing import NDArray

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.index.store import DATABASE, Store
from notesearch.language import words_of
from scripts.benchmark import processes

Row = tuple[str, str, str, str]

_ASKED = 200
_WORDS = 9
"""As many words has a question that is taken from the notes."""


def rows(index: Path, questions: Sequence[str], runs: int) -> Iterator[Row]:
    """The table's rows for an index; without `questions`, with words from its own passages."""
    with Notebook.open(index, settings=Settings()) as notebook:
        asked = list(questions) or _from_passages(notebook.store)
        yield from _warm(notebook, asked)
        vectors = np.concatenate([notebook.embedder.embed_query(question).vectors for question in asked])
        yield "recall@10 against exact search", f"{recall(notebook.store, vectors, 10):.4f}", "", ""
    for command in ("search", "ask"):
        words = [["-m", "notesearch", command, question, "--index", str(index)] for question in asked[:runs]]
        took = [processes.measured(each) for each in words for _ in range(2)][1::2]  # the first finds the files cold
        seconds, peak = median(t.seconds for t in took), median(t.peak_mb for t in took)
        yield f"`{command}`, whole process", f"{seconds:.2f} s, {peak:.0f} MB", "", ""
    yield from _sizes(index)


def _from_passages(store: Store) -> list[str]:
    ids = store.passage_ids()
    passages = store.passages(ids[:: max(1, len(ids) // _ASKED)].tolist())
    texts = (" ".join(words_of(passage.text)[:_WORDS]) for passage in passages.values())
    return [text for text in texts if text]


def _warm(notebook: Notebook, questions: Sequence[str]) -> Iterator[Row]:
    notebook.search(questions[0])
    search, query = [], []
    for question in questions:
        started = time.perf_counter()
        notebook.search(question)
        found = time.perf_counter()
        notebook.embedder.embed_query(question)
        search.append(found - started)
        query.append(time.perf_counter() - found)
    alone = median(query)
    for name, seconds in (("median", median(search)), ("95th percentile", quantiles(search, n=20)[-1])):
        against = f"{alone * 1000:.1f} ms (a question encoded)"
        yield f"search, warm, {name}", f"{seconds * 1000:.1f} ms", against, f"{seconds / alone:.1f}"


def recall(store: Store, queries: NDArray[np.float32], k: int) -> float:
    """The share of the `k` nearest passages that the store's search finds. `queries` (q, d), unit length."""
    best = np.full((len(queries), k), -2.0, np.float32)
    nearest = np.zeros((len(queries), k), np.int64)
    for ids, vectors in store.vector_batches():
        scores = np.concatenate([best, queries @ vectors.T], axis=1)
        known = np.concatenate([nearest, np.broadcast_to(ids, (len(queries), len(ids)))], axis=1)
        chosen = np.argpartition(-scores, k, axis=1)[:, :k]
        best, nearest = np.take_along_axis(scores, chosen, axis=1), np.take_along_axis(known, chosen, axis=1)
    found = [{id_ for id_, _ in store.dense(query, k)} for query in queries]
    return float(np.mean([len(ids & set(row.tolist())) / k for ids, row in zip(found, nearest, strict=True)]))


def _sizes(index: Path) -> Iterator[Row]:
    connection = sqlite3.connect(f"{(index / DATABASE).absolute().as_uri()}?mode=ro", uri=True)
    passages, texts = connection.execute("SELECT count(*), sum(length(CAST(text AS BLOB))) FROM passage").fetchone()
    tokens = connection.execute("SELECT sum(length(tokens)) FROM vector").fetchone()[0]
    copies = connection.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'words_content'").fetchone()[0]
    connection.close()
    whole = sum(path.stat().st_size for path in index.iterdir())
    yield "bytes a passage", f"{whole / passages:,.0f}", "", ""
    rest = (whole - texts - copies - tokens) / passages
    yield "… without its text and its tokens' vectors", f"{rest:,.0f}", "", ""
