"""Measures of questions with one right answer each, from the rank (from 1) at which it came; None: it did not.

With a single relevant answer all three are short: recall@k is whether it is among the first k; the reciprocal rank
(Voorhees, TREC-8, 1999) is 1 / rank; nDCG (Järvelin and Kekäläinen, 2002) is 1 / log2(1 + rank), as the best possible
ranking gains 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

DEPTH = 10
"""Places that count at all."""


def recall(rank: int | None, k: int = 5) -> float:
    """1 if the right answer is among the first `k`, else 0."""
    return float(rank is not None and rank <= k)


def reciprocal(rank: int | None) -> float:
    """1 / rank among the first ten, else 0: the term of MRR@10."""
    return 1 / rank if rank is not None and rank <= DEPTH else 0.0


def ndcg(rank: int | None) -> float:
    """nDCG@10, 0..1."""
    return 1 / math.log2(1 + rank) if rank is not None and rank <= DEPTH else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The least of `values` that at least `share` (0..1) of them do not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def chance(better: int, worse: int) -> float:
    """How likely so uneven a split is if either side is as likely: the sign test, two-sided and exact (Dixon and Mood,
    1946). Equal pairs are left out.
    """
    pairs = better + worse
    tail = sum(math.comb(pairs, n) for n in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / (1 << pairs))
