"""Spans of characters in a note, ends exclusive, and how much of one lies inside others.

The spans of one note are merged before they are compared, so that passages which overlap never count a character
twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from scripts.evaluation.said import Found

Span = tuple[int, int]
# What is shown of each note: merged spans by the note's path.
Shown = Mapping[str, Sequence[Span]]


def overlap(one: Span, other: Span) -> bool:
    """Whether the two share a character."""
    return one[0] < other[1] and other[0] < one[1]


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same characters as disjoint spans, in order."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def merged_by_note(founds: Iterable[Found]) -> dict[str, list[Span]]:
    """The characters that these passages show of each note."""
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for found in founds:
        spans[found.note].append((found.start, found.end))
    return {note: merged(of_note) for note, of_note in spans.items()}


def share_inside(span: Span, shown: Sequence[Span]) -> float:
    """The share of the span's characters (0..1) that lies inside `shown`, which is merged. The span is not empty."""
    inside = 0
    first_that_may_reach = max(0, bisect_right(shown, span) - 1)
    for start, end in shown[first_that_may_reach:]:
        if start >= span[1]:
            break
        inside += max(0, min(end, span[1]) - max(start, span[0]))
    return inside / (span[1] - span[0])
