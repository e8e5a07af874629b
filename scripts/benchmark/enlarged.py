"""A large index that resembles a real one, made in minutes instead of the days that encoding it would take.

Its notes are put together from passages of real notes, with some of their words exchanged for other words of the same
notes, so that words stay as common or rare as people use them. Its vectors lie between a real one and one of its
nearest neighbours, its token vectors are real ones. Everything goes through the store's own door, and every note is a
file, as it would be.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notesearch import Notebook
from notesearch.config import DEFAULT_MODEL, Settings
from notesearch.index.catalog import embedded_key
from notesearch.index.manifest import Recipe
from notesearch.index.records import Fingerprint, Link, Note, Passage, ResolvedLink
from notesearch.index.store import Store, now_ns
from notesearch.read.note import content_hash

_NEIGHBOURS = 10
_EXCHANGED = 0.2
"""The share of words that are exchanged: copies of a passage differ, and still read like one."""
_WORD = re.compile(r"(\w+)")
_WRITTEN = 1e9
"""When every note was written, in seconds: of a file just written nobody can tell whether it is still the same."""
_BATCH = 500
"""Notes between two transactions of vectors and links."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Real passages. `texts`, `headings`, `titles` and `tokens` go by row; `vectors` (n, d); `near` (n, neighbours) are
    rows, too; `words` are all words as often as they stand there.
    """

    recipe: Recipe
    basis: NDArray[np.float32]
    texts: Sequence[str]
    headings: Sequence[tuple[str, ...]]
    titles: Sequence[str]
    tokens: Sequence[bytes]
    vectors: NDArray[np.float32]
    near: NDArray[np.int64]
    words: Sequence[str]
    links_per_passage: float


def enlarged(vault: Path, folder: Path, passages: int, notes: int) -> Path:
    """The folder of an index of so many `passages` in so many `notes`, made of a vault's; one that is there is used
    again. Raises what `Notebook` raises.
    """
    index = folder / f"index-{passages}-{notes}"
    if not (index / "complete").exists():
        _make(_source(vault, folder), index, folder / f"vault-{passages}-{notes}", passages, notes)
        (index / "complete").touch()
    return index


def _source(vault: Path, folder: Path) -> _Source:
    import faiss

    with Notebook.open(folder / "real", vaults=[vault], model=DEFAULT_MODEL, settings=Settings()) as notebook:
        notebook.update()
        store, counts = notebook.store, notebook.store.counts()
        ids, vectors = store.vectors()
        rows = list(store.passages(ids.tolist()).values())
        notes, tokens = store.all_notes(), store.tokens_of(ids.tolist())
        recipe, basis = store.recipe(), store.basis().copy()
    assert recipe is not None and [row.id for row in rows] == ids.tolist()
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    _, near = flat.search(vectors, _NEIGHBOURS + 1)
    return _Source(
        recipe,
        basis,
        [row.text for row in rows],
        [row.headings for row in rows],
        [notes[row.note].title for row in rows],
        [tokens[row.id] for row in rows],
        vectors,
        near[:, 1:],
        [word for row in rows for word in _WORD.findall(row.text)],
        counts.links / counts.passages,
    )


def _make(source: _Source, index: Path, vault: Path, passages: int, notes: int) -> None:
    random = np.random.default_rng(0)
    store = Store.open(index, create=True)
    store.set_recipe(source.recipe, source.basis)
    store.add_vault(vault, "plain")
    vault_id = store.vaults()[0].id
    with store.writing():
        numbers = iter(range(notes))
        while some := list(islice(numbers, _BATCH)):
            made = [_note(source, random, n, passages // notes + (n < passages % notes)) for n in some]
            drawn = np.concatenate([rows for _, rows in made])
            keys = [
                embedded_key(f"{note.path} {passage.start}", source.recipe.digest)
                for note, _ in made
                for passage in note.passages
            ]
            store.put_vectors(keys, _between(source, random, drawn), [source.tokens[row] for row in drawn])
            _write(store, vault, vault_id, [note for note, _ in made], iter(keys))
        store.put_scan(vault_id, "plain", now_ns(), {})
        store.tidy()
    store.close()


def _note(source: _Source, random: np.random.Generator, number: int, length: int) -> tuple[Note, NDArray[np.int64]]:
    """A note of `length` passages that follow each other in a real one, and their rows there."""
    rows = (random.integers(len(source.texts)) + np.arange(length)) % len(source.texts)
    passages, at, line = [], 0, 1
    for row in rows:
        text = _varied(source, random, source.texts[row])
        last = line + text.count("\n")
        passages.append(Passage(at, at + len(text), (line, last), source.headings[row], text, text))
        at, line = at + len(text) + 2, last + 2
    text = "\n\n".join(passage.text for passage in passages)
    title = f"{_varied(source, random, source.titles[rows[0]])} {number}"
    count = random.poisson(source.links_per_passage * length) if number else 0
    links = [_link(_path(int(random.integers(number))), passages[random.integers(length)]) for _ in range(count)]
    hashed = content_hash(text.encode("utf-8", "surrogatepass"))
    path = _path(number)
    return Note(path, path[4:-3], title, text, hashed, passages=tuple(passages), links=tuple(links)), rows


def _path(number: int) -> str:
    return f"{number % 100:03}/note {number}.md"


def _link(path: str, passage: Passage) -> Link:
    return Link(path, "", "", "wiki", False, passage.start, passage.start, passage.lines[0])


def _varied(source: _Source, random: np.random.Generator, text: str) -> str:
    pieces = _WORD.split(text)  # words are every other piece
    chosen = np.flatnonzero(random.random(len(pieces) // 2) < _EXCHANGED)
    for at, drawn in zip(chosen, random.integers(len(source.words), size=len(chosen)), strict=True):
        pieces[2 * at + 1] = source.words[drawn]
    return "".join(pieces)


def _between(source: _Source, random: np.random.Generator, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """For each row a vector on the way from its own to that of a random one of its nearest neighbours."""
    others = source.near[rows, random.integers(_NEIGHBOURS, size=len(rows))]
    share = random.random((len(rows), 1), np.float32)
    mixed = (1 - share) * source.vectors[rows] + share * source.vectors[others]
    unit: NDArray[np.float32] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return unit


def _write(store: Store, vault: Path, vault_id: int, notes: Sequence[Note], keys: Iterator[bytes]) -> None:
    ids = []
    for note in notes:
        file = vault / note.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(note.text.encode("utf-8", "surrogatepass"))
        os.utime(file, (_WRITTEN, _WRITTEN))
        state = file.stat()
        seen = Fingerprint(state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
        ids.append(store.put_note(vault_id, note, seen, now_ns(), [(next(keys), "") for _ in note.passages]))
    links = store.stored_links(vault_id, ids)
    store.put_resolved(vault_id, ((link, ResolvedLink(link.link.target, "exact")) for link in links))
