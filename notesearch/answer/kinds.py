"""The kind of answer that a question asks for, and whether a sentence has one: who a name, when a time, how many a
number. In English and German; other questions ask for no kind, and lose nothing by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import regex

from notesearch.language import stem

_TIME = regex.compile(
    r"\d|\b(?:yesterday|today|tomorrow|tonight|morning|evening|night|weekend|last|next|ago|gestern|heute|morgen"
    r"|(?:week|month|year|jahr|woche|monat|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\w{0,2})\b",
    regex.I,
)
_NUMBER = regex.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|once"
    r"|twice|half|couple|several|eine?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|hundert|tausend|millionen)\b",
    regex.I,
)
# Without words that speak of a time or an aim as often: "since", "so that", "um".
_REASON = regex.compile(
    r"\b(?:because|due\sto|caus\w+|reason\w*|in\sorder\sto|therefore|thanks\sto|to\savoid|weil|deshalb|wegen)\b",
    regex.I,
)
# A capital inside a sentence: every sentence begins with one.
_NAME = regex.compile(r"(?<!^)(?<![.!?:]\s)(?<![\"'“(*\[])\b\p{Lu}[\p{L}\p{M}]+")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How it is asked for, how an answer looks, and whether there can be none that looks otherwise."""

    asks: regex.Pattern[str]
    answers: Callable[[str, frozenset[str]], bool]
    needed: bool = False


def _new_name(sentence: str, known: frozenset[str]) -> bool:
    return any(stem(name) not in known for name in _NAME.findall(sentence))


def _asks(words: str) -> regex.Pattern[str]:
    return regex.compile(rf"\b(?:{words})\b", regex.I)


_KINDS = (
    _Kind(_asks("who|whom|whose|wer|wem|wen"), _new_name),
    _Kind(_asks("where|(?:which|what) (?:city|country|place)|wo|woher|wohin"), _new_name),
    _Kind(
        _asks(r"when|(?:what|which) (?:year|date|day|month|time)|how (?:long|old)|(?:seit )?wann|wie lange"),
        lambda sentence, _: _TIME.search(sentence) is not None,
        needed=True,
    ),
    _Kind(
        _asks(r"how (?:many|much|often|long|old|far|big|large|tall)|wie ?viele?|wie (?:oft|lang|hoch|groß)"),
        lambda sentence, _: _NUMBER.search(sentence) is not None,
        needed=True,
    ),
    _Kind(
        _asks(r"why|how come|what (?:reason|caused)|warum|weshalb|wieso"),
        lambda sentence, _: _REASON.search(sentence) is not None,
    ),
)


_ASKS_WHEN = _asks("when|(?:what|which) (?:year|date|day|month)|(?:seit )?wann")


def asks_when(question: str) -> bool:
    """Whether a date is asked for, and not how long."""
    return _ASKS_WHEN.search(question) is not None


class Kinds:
    """The kinds that a question asks for; `known` are the stems of its own words, which are no news."""

    def __init__(self, question: str, known: frozenset[str]) -> None:
        self._kinds = [kind for kind in _KINDS if kind.asks.search(question)]
        self._known = known

    def fit(self, sentence: str) -> tuple[int, int]:
        """How many of the kinds it has, and how many it lacks that an answer cannot do without."""
        has = [kind.answers(sentence, self._known) for kind in self._kinds]
        return sum(has), sum(kind.needed and not fits for kind, fits in zip(self._kinds, has, strict=True))
