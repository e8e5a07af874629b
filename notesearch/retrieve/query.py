"""What a person typed → words, phrases, filters.

A filter is `tag:work`, `path:journal/`, `from:2025-03`, `to:2025-06`, or `key:value` of a property that some note
has; a `-` in front excludes; "quoted words" must stand in the passage as they are, `-word` must not. All else is the
question. Nothing typed is an error, except nothing at all (rule X8).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import regex

from notesearch.dates.names import may_speak_of_time
from notesearch.errors import UsageError
from notesearch.index.records import DateSpan, Where
from notesearch.language import STOP_WORDS, words_of

if TYPE_CHECKING:
    from notesearch.dates.question import LatestYear  # imported by questions about a time alone

MAX_CHARACTERS = 2_000

_TOKEN = regex.compile(r'(?P<minus>-)?(?:(?P<key>[\p{L}_][\w-]*):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')
_SAYABLE = regex.compile(r"[\p{L}\p{N}]")
_HALF_CHARACTER = regex.compile("[\ud800-\udfff]")
"""What a terminal makes of bytes that are not UTF-8; no database takes it."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question, taken apart. `text` is what the encoder reads, `words` what the lexical arm looks for, `dates` the
    days it speaks of. `begun` is the last word where it may be half typed, `completions` are words of names that it
    may become.
    """

    text: str
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    where: Where = Where()
    dates: tuple[DateSpan, ...] = ()
    remarks: tuple[str, ...] = ()
    begun: str = ""
    completions: tuple[str, ...] = ()

    @property
    def telling_words(self) -> tuple[str, ...]:
        """The words without stop words, each once; all of them if nothing else is left."""
        words = tuple(dict.fromkeys(self.words))
        return tuple(word for word in words if word.casefold() not in STOP_WORDS) or words

    @property
    def signs(self) -> str:
        """The question itself if no letter or digit is in it: emoji and signs, looked for as they stand (rule X8)."""
        return "" if _SAYABLE.search(self.text) else self.text.strip()


def parse(
    text: str,
    *,
    where: Where | None = None,
    property_keys: Collection[str] = (),
    today: date | None = None,
    latest_year: LatestYear | None = None,
) -> Query:
    """Take a question apart; `where` is joined with the filters found, relative dates count from `today`, and a date
    without its year is of the `latest_year` that notes speak of.

    Raises UsageError if the text is blank.
    """
    if not text.strip():
        raise UsageError('The question is blank. Ask something, for example: notesearch ask "why did I move"')
    remarks: tuple[str, ...] = ()
    if len(text) > MAX_CHARACTERS:
        remarks = (f"The question has {len(text):,} characters; the first {MAX_CHARACTERS:,} were used.",)
        text = text[:MAX_CHARACTERS]
    text = _HALF_CHARACTER.sub("\ufffd", text)
    query = Query("", where=where or Where(), remarks=remarks)
    keys = {key.casefold() for key in property_keys}
    kept: list[str] = []
    for token in _TOKEN.finditer(text):
        filtered = _filter(token, keys)
        if filtered is not None:
            query = replace(query, where=query.where.and_also(filtered))
        elif token["minus"] and not token["key"] and words_of(token["quoted"] or token["bare"] or ""):
            query = replace(query, excluded=(*query.excluded, token["quoted"] or token["bare"]))
        else:
            kept.append(token["quoted"] or token[0])
            if token["quoted"] and not token["key"] and words_of(token["quoted"]):
                query = replace(query, phrases=(*query.phrases, token["quoted"]))
    question = " ".join(kept)
    return replace(
        query, text=question, words=words_of(question), dates=_dates(question, today or date.today(), latest_year)
    )


def _dates(question: str, today: date, latest_year: LatestYear | None) -> tuple[DateSpan, ...]:
    if not may_speak_of_time(question):
        return ()
    from notesearch.dates.question import dates_in_question

    return tuple(span for _, _, span in dates_in_question(question, today, latest_year=latest_year))


def _filter(token: regex.Match[str], property_keys: Collection[str]) -> Where | None:
    """The filter a token stands for; None if it is part of the question."""
    key, value = (token["key"] or "").casefold(), token["quoted"] or token["bare"]
    if not key or not value:
        return None
    excluded = bool(token["minus"])
    if key == "tag":
        return Where(not_tags=(value,)) if excluded else Where(tags=(value,))
    if key == "path":
        return Where(not_paths=(value,)) if excluded else Where(paths=(value,))
    if key in ("from", "to") and not excluded:
        span = _date(value)
        return None if span is None else Where(first=span.first) if key == "from" else Where(last=span.last)
    if key in property_keys:
        pair = ((key, value),)
        return Where(not_properties=pair) if excluded else Where(properties=pair)
    return None


def _date(text: str) -> DateSpan | None:
    from notesearch.dates.note import date_of_property

    return date_of_property(text)


def day(text: str, option: str) -> DateSpan:
    """A date given as an option. Raises UsageError if it is none."""
    span = _date(text)
    if span is None:
        raise UsageError(f"{option} {text!r} is not a date. Write it as 2025-03-14, 2025-03 or 2025.")
    return span


def between(first: str | None, last: str | None) -> Where:
    """The filter of `--from` and `--to`: whole days, both included; a month or year counts whole."""
    start: date | None = day(first, "--from").first if first else None
    end: date | None = day(last, "--to").last if last else None
    if start and end and start > end:
        raise UsageError(f"--from {first} is later than --to {last}. Swap them.")
    return Where(first=start, last=end)
