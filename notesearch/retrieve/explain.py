"""Why a hit stands where it stands, worked out after the search and only when asked.

The total is taken apart by the same functions that put it together, so the parts add up to it. Which words a passage
holds is asked of the text index itself: what it says is what counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from notesearch.index.records import DateSpan
from notesearch.index.store import Store
from notesearch.index.words import any_of
from notesearch.results import Contribution, Explanation
from notesearch.retrieve.fusion import ARMS, Ranked, Weights, beside, totals_alone, values
from notesearch.retrieve.pool import Candidate, Pool
from notesearch.retrieve.query import Query

_ROUNDING = 1e-6
"""A difference below this comes from adding in another order."""


def explanations(
    store: Store, query: Query, ranked: Sequence[Ranked], pool: Pool, weights: Weights
) -> list[Explanation]:
    """Of each of `ranked`, which came from fusing `pool` with `weights`."""
    accompanied = np.bincount(pool.beside[:, 0], minlength=len(pool)) > 0
    neighbours = beside(pool, totals_alone(pool, weights))
    rows = {id_: row for row, id_ in enumerate(pool.ids.tolist())}
    said = np.stack(values(pool), axis=1)
    dates = {id_: row.date for id_, row in store.notes({r.candidate.note for r in ranked}).items()}
    holders = _holders(store, query, [r.candidate for r in ranked])
    return [
        Explanation(
            parts=_parts(r, said[row].tolist(), neighbours[row], weights, alone=not accompanied[row]),
            holds=tuple(word for word, ids in holders.items() if r.candidate.id in ids),
            lacks=tuple(word for word, ids in holders.items() if r.candidate.id not in ids),
            dates=query.dates,
            dated=_dated(dates.get(r.candidate.note), query.dates),
        )
        for r in ranked
        for row in [rows[r.candidate.id]]
    ]


def _parts(
    ranked: Ranked, values: Iterable[float], beside: float, weights: Weights, *, alone: bool
) -> tuple[Contribution, ...]:
    """Neighbours take their share of the total, so beside them every other part weighs less. `beside`: their mean
    total, or what stands in for it where a passage is `alone`.
    """
    share = 1 / (1 + weights.neighbours)
    unknown = {arm for arm in ("dense", "rerank", "note_rerank") if getattr(ranked.candidate, arm) is None}
    found = zip(ARMS, values, weights.of_arms, strict=True)
    parts = [_part(arm, value, weight * share, assumed=arm in unknown) for arm, value, weight in found]
    parts.append(_part("neighbours", beside, weights.neighbours * share, assumed=alone))
    lifted = ranked.total - sum(part.counted for part in parts)
    if lifted > _ROUNDING:
        parts.append(_part("conflict_copy", lifted, 1.0))
    return tuple(parts)


def _part(name: str, value: float, weight: float, *, assumed: bool = False) -> Contribution:
    return Contribution(name, float(value), weight, value * weight, assumed)


def _holders(store: Store, query: Query, candidates: Sequence[Candidate]) -> dict[str, set[int]]:
    """Telling word → ids of the candidates that hold it; signs are held by all that were found by them (X8)."""
    if query.signs:
        return {query.signs: {c.id for c in candidates}}
    passages = np.array(sorted(c.id for c in candidates if c.id > 0), np.int64)
    notes = [c.note for c in candidates if c.id < 0]
    holders = {}
    for word in query.telling_words:
        named = (-note for note, _ in store.named(any_of([word]), len(notes), notes))
        holders[word] = {*store.matching(any_of([word]), passages).tolist(), *named}
    return holders


def _dated(span: DateSpan | None, asked: Sequence[DateSpan]) -> str:
    """How a note's date fits the days asked for; the best fit counts."""
    if not asked:
        return ""
    if span is None:
        return "undated"
    if span.source == "file time":
        return span.source
    if any(days.first <= span.first and span.last <= days.last for days in asked):
        return "inside"
    touched = any(days.first <= span.last and span.first <= days.last for days in asked)
    return "partly inside" if touched else "outside"
