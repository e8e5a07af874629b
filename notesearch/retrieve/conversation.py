"""A question that leans on an earlier one of its conversation → the same question, able to stand alone.

"and when does it close?" says little by itself. Without a language model to rewrite it, it takes along the telling
words of the question before it, and of the one before that if that leaned, too; the names that the last answer used;
and the days asked for, if it speaks of none itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from notesearch.language import STOP_WORDS, words_of
from notesearch.results import Turn
from notesearch.retrieve.query import Query, parse

if TYPE_CHECKING:
    from notesearch.dates.question import LatestYear

_POINTS_BACK = re.compile(
    r"""(?ix)
    \b(?: it|its|he|him|his|she|her|hers|they|them|their|theirs|this|that|these|those|there|one|ones|such|same|former
        |latter|both|either|more|else|another|other|others|instead|also|too|then )\b
    | ^\W*(?: and|or|but|so|then|what\ about|how\ about|yes|no|ok|okay|which|i\ mean|do\ you\ mean|you\ said )\b
    """
)
"""English words for what was spoken of before, and beginnings of a question that goes on."""
_NAME = re.compile(r"(?<=[\w,;:] )[A-ZÀ-Þ][\w&-]+(?: [A-ZÀ-Þ][\w&-]+)*")
_FEW_WORDS = 2
_TURNS = 2
_NAMES = 2


def leans(question: str) -> bool:
    """Whether a question needs what was said before it: it points back, goes on, or says next to nothing."""
    telling = [word for word in words_of(question) if word.casefold() not in STOP_WORDS]
    return len(telling) <= _FEW_WORDS or _POINTS_BACK.search(question) is not None


def in_conversation(query: Query, history: Sequence[Turn], latest_year: LatestYear | None = None) -> Query:
    """The query with what it takes along from `history`, oldest first; its own words stay first.

    `latest_year` as for `parse`.
    """
    if not history or not leans(query.text):
        return query
    earlier = list(_leant_on(history, latest_year))
    carried = [word for each in earlier for word in each.telling_words]
    names = Counter(_NAME.findall(history[-1].answer)).most_common(_NAMES)
    new = " ".join(dict.fromkeys([*carried, *(name for name, _ in names)]))
    if not new:
        return query
    return replace(
        query,
        text=f"{query.text} {new}",
        words=(*query.words, *words_of(new)),
        dates=query.dates or next((each.dates for each in earlier if each.dates), ()),
        remarks=(*query.remarks, f"Asked together with words from before: {new}"),
    )


def _leant_on(history: Sequence[Turn], latest_year: LatestYear | None) -> list[Query]:
    found: list[Query] = []
    for turn in reversed(history[-_TURNS:]):
        if not turn.question.strip():
            continue
        found.append(parse(turn.question, latest_year=latest_year))
        if not leans(turn.question):
            break
    return found
