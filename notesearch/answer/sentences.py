"""The sentences of a passage: which of them can answer, and what leads into them.

A heading names what is below it, a question or "as follows:" what comes next, the first row of a table its columns, a
line with nothing but a date when all that was. They answer nothing, but the words that they share with a question count
for what they lead into.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from notesearch.answer.when import only_a_date
from notesearch.language import sentence_spans

_HEADING = re.compile(r"#{1,6}\s+$")
_ITEM = re.compile(r"\s*(?:[-*+•]\s|\d+[.)]\s|\|)")
_TABLE_RULE = re.compile(r"\n[ \t>]*\|?[ \t]*:?-{2,}[-:| \t]*(?:\n|$)")
_CLOSING = " \t*_~\"”»'’)]}|"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence stands in its passage; `lead`: the position, among the passage's sentences, of the question or
    the words before a list that lead into it.
    """

    start: int
    end: int
    quotable: bool
    lead: int | None = None


def places(text: str, most: int) -> list[Place]:
    """The first `most` sentences of a passage, in order. If none can answer by itself, each may."""
    found: list[Place] = []
    lead: int | None = None
    for start, end in sentence_spans(text)[:most]:
        led = lead if lead is not None and (_asks(text, found[lead]) or _is_item(text, start)) else None
        ending = text[start:end].rstrip(_CLOSING)[-1:]
        leads = ending in ("?", "？", ":", "：")
        quotable = not (leads or _names_only(text, start, end))
        found.append(Place(start, end, quotable, led))
        lead = len(found) - 1 if leads else lead if led is not None and not _asks(text, found[led]) else None
    if any(place.quotable for place in found):
        return found
    return [Place(place.start, place.end, True, place.lead) for place in found]


def line_around(text: str, place: Place) -> str:
    """The whole line, or lines, that a sentence stands in: who says it often stands at their beginning."""
    end = text.find("\n", place.end)
    return text[text.rfind("\n", 0, place.start) + 1 : len(text) if end < 0 else end]


def _asks(text: str, place: Place) -> bool:
    return text[place.start : place.end].rstrip(_CLOSING)[-1:] in ("?", "？")


def _is_item(text: str, start: int) -> bool:
    return _ITEM.match(text, text.rfind("\n", 0, start) + 1) is not None


def _names_only(text: str, start: int, end: int) -> bool:
    line = text.rfind("\n", 0, start) + 1
    columns = "|" in text[line:end] and _TABLE_RULE.match(text, (text + "\n").find("\n", end))
    return bool(columns or _HEADING.search(text, line, start) or only_a_date(text[start:end]))
