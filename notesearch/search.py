"""Trip 2: question → candidates → fuse → rerank with neighbours → hits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from notesearch.config import Settings
from notesearch.embed import Embedder
from notesearch.index.catalog import NoteRow, PassageRow, VaultRow
from notesearch.index.links import Neighbour
from notesearch.index.records import Fingerprint
from notesearch.index.store import Store
from notesearch.language import stem
from notesearch.read.changes import is_settled
from notesearch.read.vault import Unreadable, obsidian_root, original_of, read_bytes
from notesearch.results import Hit, LinkedNote, Place, Signals, Urls
from notesearch.retrieve.candidates import Arms, Candidates, Meaning
from notesearch.retrieve.folding import Kept, fold, spread
from notesearch.retrieve.fusion import Ranked, Weights, below_originals, fuse, ordered, together
from notesearch.retrieve.pool import Candidate, Pool
from notesearch.retrieve.query import Query
from notesearch.spaceless import SPACELESS
from notesearch.urls import urls_for

if TYPE_CHECKING:
    from notesearch.embed.cross_encoder import CrossEncoder

CROSS_ENCODED = 30
"""How many of the best a cross-encoder reads, if one is named: each takes as long as encoding it anew."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """How hits are found and ordered. The defaults are what ships; others are for measuring."""

    arms: Arms = Arms()
    weights: Weights = Weights()
    first: Weights = Weights(dense=0.5)
    """Before tokens are compared, when a passage's own vector has to say all that is said of its meaning."""
    reranked: int = 200
    """How many of the best by then are compared token by token, with their neighbours."""
    folds: bool = True
    margin: float = 0.05


def search(
    store: Store,
    query: Query,
    meaning: Meaning | None,
    k: int,
    settings: Settings,
    ranking: Ranking | None = None,
    *,
    also: Sequence[tuple[Query, Meaning | None]] = (),
    reranker: CrossEncoder | None = None,
    explain: bool = False,
) -> list[Hit]:
    """The best `k` hits, best first. Without the question's meaning only words and names count.

    `also`: the same question in other words, each with its meaning; what is explained is the first.
    """
    ranking = ranking or Ranking()
    with store.snapshot():
        phrasings = [(query, meaning), *also]
        found = [_candidates(store, *phrasing, k, ranking, reranker) for phrasing in phrasings]
        originals = _originals(store)
        most = None if also or originals else max(ranking.reranked, k)  # none of those behind can come before
        fused = together([fuse(each, ranking.weights, most) for each in found])
        ranked = below_originals(fused, originals)
        query = replace(query, words=tuple(word for each, _ in phrasings for word in each.words))
        kept = _kept(store, query, ranked, k, ranking)
        shown = hits(store, query, kept, settings)
        if not explain:
            return shown
        from notesearch.retrieve.explain import explanations  # seldom wanted, so no question waits for it

        explained = explanations(store, query, [each.ranked for each in kept], found[0], ranking.weights)
        return [replace(hit, explanation=each) for hit, each in zip(shown, explained, strict=True)]


def _candidates(
    store: Store, query: Query, meaning: Meaning | None, k: int, ranking: Ranking, reranker: CrossEncoder | None
) -> Pool:
    """What the arms found for one phrasing, the best of it looked at again."""
    candidates = Candidates(store, query, meaning, k, ranking.arms)
    first = candidates.first()
    best, _ = ordered(first, ranking.first)
    pool = candidates.with_neighbours(first.rows(best[: max(ranking.reranked, k)]))
    if reranker is None or not query.text:
        return pool
    rows, _ = ordered(pool, ranking.weights)
    rows = rows[pool.ids[rows] > 0][:CROSS_ENCODED]
    cross = pool.cross.copy()
    cross[rows] = _read_together(store, query, pool.rows(rows).candidates(), reranker)
    return replace(pool, cross=cross)


def _read_together(store: Store, query: Query, candidates: Sequence[Candidate], reranker: CrossEncoder) -> list[float]:
    passages = store.passages([c.id for c in candidates])
    notes = store.notes({c.note for c in candidates})
    heads = (dict.fromkeys((notes[c.note].title, *passages[c.id].headings)) for c in candidates)
    texts = [f"{' › '.join(head)}\n{passages[c.id].words}" for head, c in zip(heads, candidates, strict=True)]
    found: list[float] = reranker.relevance(query.text, texts).tolist()
    return found


def meaning_of(query: Query, embedder: Embedder | None) -> Meaning | None:
    """The question, encoded; None if there is nothing to encode it with, nothing but signs in it, or the model was
    never taught its script.
    """
    if embedder is None or not query.text or query.signs or not embedder.reads(query.text):
        return None
    encoded = embedder.embed_query(query.text)
    return Meaning(encoded.vectors[0], encoded.tokens[0])


def _originals(store: Store) -> dict[int, int]:
    """Note id of each conflict copy → that of its original, where there still is one (rule F10)."""
    pairs = ((copy, store.note_id(vault, original_of(path))) for copy, vault, path in store.conflict_copies())
    return {copy: original for copy, original in pairs if original is not None}


def _kept(store: Store, query: Query, ranked: Sequence[Ranked], k: int, ranking: Ranking) -> list[Kept]:
    """The best `k`, without those that say what a better one says, and no note filling the list."""
    if not ranking.folds:
        return [Kept(each) for each in ranked[:k]]
    ranked = ranked[: max(ranking.reranked, k)]
    return spread(fold(_read(store, ranked, 3 * k), query.words, 2 * k), k, ranking.margin)


def _read(store: Store, ranked: Sequence[Ranked], at_once: int) -> Iterator[tuple[Ranked, PassageRow | None, NoteRow]]:
    """Each with its rows, which are read when they are wanted, for folding seldom goes beyond the first.

    Equals, of which some are folded, stand as in the vault: ids tell only what was indexed first.
    """
    totals = [round(r.total, 6) for r in ranked]
    at = 0
    while at < len(ranked):
        end = min(at + at_once, len(ranked))
        while end < len(ranked) and totals[end] == totals[end - 1]:
            end += 1
        some = ranked[at:end]
        passages = store.passages(r.candidate.id for r in some if r.candidate.id > 0)
        notes = store.notes(r.candidate.note for r in some)
        yield from sorted(((r, passages.get(r.candidate.id), notes[r.candidate.note]) for r in some), key=_place)
        at = end


def _place(read: tuple[Ranked, PassageRow | None, NoteRow]) -> tuple[float, bool, str, int]:
    ranked, passage, note = read
    return -round(ranked.total, 6), note.conflict_copy, note.path, passage.start if passage else 0


def hits(store: Store, query: Query, kept: Sequence[Kept], settings: Settings) -> list[Hit]:
    """What is shown, as a reader sees it."""
    everyone = [ranked for each in kept for ranked in (each.ranked, *each.alike)]
    passages = store.passages(r.candidate.id for r in everyone if r.candidate.id > 0)
    notes = store.notes({r.candidate.note for r in everyone})
    places = Places(store, settings)
    links, backlinks = store.links_from(passages), store.links_to(notes)
    return [
        _hit(rank, each.ranked, note, passage, query, places, links, backlinks, _alike(each, notes, passages, places))
        for rank, each in enumerate(kept, start=1)
        for note, passage in [(notes[each.ranked.candidate.note], passages.get(each.ranked.candidate.id))]
    ]


class Places:
    """Where vaults are, looked up once per search, and the links that open their notes."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.vaults: dict[int, VaultRow] = {vault.id: vault for vault in store.vaults()}
        self.settings = settings
        roots = {vault.id: obsidian_root(Path(vault.root)) for vault in self.vaults.values()}
        names = Counter(root.name for root in set(roots.values()) if root)
        # A name that two vaults have opens either (rule U1): their notes are then named by their path.
        self.obsidian = {id_: root if root and names[root.name] == 1 else None for id_, root in roots.items()}

    def urls(self, note: NoteRow, line: int, heading: str) -> Urls:
        """Every way to open a note at a line under a heading."""
        return urls_for(
            Path(self.vaults[note.vault].root),
            note.path,
            line,
            heading,
            obsidian=self.obsidian[note.vault],
            base_url=self.settings.base_url,
            editor_url=self.settings.editor_url,
        )


def _hit(
    rank: int,
    ranked: Ranked,
    note: NoteRow,
    passage: PassageRow | None,
    query: Query,
    places: Places,
    links: Mapping[int, Sequence[Neighbour]],
    backlinks: Mapping[int, Sequence[Neighbour]],
    alike: tuple[Place, ...],
) -> Hit:
    vault, candidate = places.vaults[note.vault], ranked.candidate
    headings = passage.headings if passage else ()
    lines = passage.lines if passage else (1, 1)
    text = passage.text if passage else ""
    return Hit(
        id=candidate.id,
        rank=rank,
        score=ranked.score,
        note_id=note.id,
        note=note.path,
        vault=vault.name,
        title=note.title,
        headings=headings,
        lines=lines,
        span=(passage.start, passage.end) if passage else (0, 0),
        text=text,
        date=note.date,
        tags=note.tags,
        signals=Signals(
            dense=candidate.dense,
            lexical=candidate.lexical,
            title=candidate.title,
            links=candidate.links,
            heading=candidate.heading,
            time=candidate.time,
            rerank=candidate.rerank,
            note_rerank=candidate.note_rerank,
            cross=candidate.cross or None,
            total=ranked.total,
        ),
        marks=marks(text, query),
        links=_linked(links.get(candidate.id, ())),
        backlinks=_linked(backlinks.get(note.id, ())),
        urls=places.urls(note, lines[0], headings[-1] if headings else ""),
        remarks=_remarks(note, passage),
        alike=alike,
    )


def _alike(
    kept: Kept, notes: Mapping[int, NoteRow], passages: Mapping[int, PassageRow], places: Places
) -> tuple[Place, ...]:
    """Where those stand that say the same, but for notes whose files are not as they were when they were indexed."""
    found = []
    for each in kept.alike:
        note, passage = notes[each.candidate.note], passages[each.candidate.id]
        vault, line, headings = places.vaults[note.vault], passage.lines[0], passage.headings
        if is_fresh(Path(vault.root), note):
            url = places.urls(note, line, headings[-1] if headings else "").preferred
            found.append(Place(vault.name, note.path, line, headings[-1] if headings else note.title, url))
    return tuple(found)


def _remarks(note: NoteRow, passage: PassageRow | None) -> tuple[str, ...]:
    """What a hit's words do not tell by themselves (rules B4, B10, F10)."""
    said = {
        "conflict copy": note.conflict_copy,
        "archived": passage is not None and passage.archived,
        "comment": passage is not None and passage.hidden,
    }
    return tuple(remark for remark, holds in said.items() if holds)


def _linked(neighbours: Sequence[Neighbour]) -> tuple[LinkedNote, ...]:
    return tuple(LinkedNote(n.path, n.title, n.shown, n.line) for n in neighbours)


def marks(text: str, query: Query) -> tuple[tuple[int, int], ...]:
    """Spans of `text` that hold a telling word of the question, or an inflection of it."""
    if not query.telling_words:
        return ()
    return tuple(match.span() for match in _any_form_of(query.telling_words).finditer(text))


@lru_cache(maxsize=1)
def _any_form_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Made once for all hits of a question."""
    stems = sorted({stem(word) for word in words}, key=len, reverse=True)
    return re.compile("|".join(map(_inflected, stems)), re.I)


def _inflected(stem: str) -> str:
    return re.escape(stem) if SPACELESS.search(stem) else rf"\b{re.escape(stem)}\w{{0,4}}"


def stale_notes(store: Store, notes: Iterable[int]) -> list[tuple[int, int, str]]:
    """(note id, vault id, path) of the notes whose file is not as it was when it was indexed (rule F8)."""
    roots = {vault.id: Path(vault.root) for vault in store.vaults()}
    rows = store.notes(notes).values()
    return [(row.id, row.vault, row.path) for row in rows if not is_fresh(roots[row.vault], row)]


def is_fresh(root: Path, row: NoteRow) -> bool:
    """Whether the file in this vault is as it was when the note was read (rule F8)."""
    try:
        seen = (root / row.path).lstat()
    except OSError:
        return False
    if Fingerprint(seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino) != row.fingerprint:
        return False
    return not row.content_hash or is_settled(row.fingerprint, row.scanned_ns) or _has_the_same_bytes(root, row)


def _has_the_same_bytes(root: Path, row: NoteRow) -> bool:
    from notesearch.read.note import content_hash  # seldom needed: only just after a note was written

    try:
        data, _ = read_bytes(root, row.path, row.fingerprint.size)
    except Unreadable:
        return False
    return content_hash(data) == row.content_hash


def hits_near(store: Store, note: int, k: int, settings: Settings) -> list[Hit]:
    """The best passage of each of the `k` notes nearest to a note, by the mean of its vectors."""
    with store.snapshot():
        _, own = store.vectors_of([passage.id for passage in store.passages_of(note)])
        if not len(own):
            return []
        mean = own.mean(axis=0)
        found = store.dense(mean / np.linalg.norm(mean), len(own) + 20 * k)
        notes = store.notes_of_passages([id_ for id_, _ in found])
        best: dict[int, Ranked] = {}
        for id_, cosine in found:
            if notes[id_] != note:
                best.setdefault(notes[id_], Ranked(Candidate(id_, notes[id_], dense=cosine), cosine, max(cosine, 0.0)))
        return hits(store, Query(""), [Kept(each) for each in best.values()][:k], settings)
