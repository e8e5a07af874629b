"""What a language model wrote → sentences, each with the passages it names, each checked against them (rule X4).

A sentence is borne out by the passages it names if its quotations and numbers stand in them, and either most of its
words do, or half of them while it means nearly the same as one of theirs. This says that they speak of what it says;
whether they really mean it is for the reader, whom the citation leads to the lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from notesearch.language import STOP_WORDS, sentence_spans, stem, words_of
from notesearch.results import NOT_BORNE_OUT, Citation, Hit

Similar = Callable[[str, Sequence[str]], Sequence[float]]
"""A sentence, and others → the cosine of its vector with each of theirs, -1..1."""

_NUMBERS = r"\s*\^?(?:passages?\s*)?\d{1,3}(?:\s*[,;&]\s*(?:passages?\s*)?\d{1,3})*\s*"
_CITED = re.compile(rf"\s*[\[【]({_NUMBERS})[\]】](?!\()", re.I)
_BEHIND_THE_END = re.compile(rf"([.!?…。！？]+[\"'”’»)*_]*)((?:[ \t]*[\[【]{_NUMBERS}[\]】](?!\())+)", re.I)
_OPEN = re.compile(r"\s*[\[【<(!][^\]】>)]*$")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\([^)]*\)")
_ADDRESS = re.compile(r"<?\b[a-z][a-z+.-]*://[^\s)\]>]+>?", re.I)
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"|«([^»]+)»|„([^“”]+)[“”]")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_SMALL = {word: str(n) for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}
_NEGATIONS = {"not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer as it is shown; `lead` is what stands before it: a space, a line's end, a list mark."""

    lead: str
    text: str
    citations: tuple[Citation, ...]

    @property
    def supported(self) -> bool:
        """Whether the passages it names bear it out."""
        return any(citation.supported for citation in self.citations)

    @property
    def said(self) -> str:
        """What a reader sees."""
        return f"{self.lead}{self.text}" + ("" if self.supported else f" {NOT_BORNE_OUT}")


def sentences(pieces: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(what stands before it, the sentence), each as soon as it is clear where it ends.

    A citation behind a full stop belongs to what is before it. What a model thinks in <think> marks is left out.
    """
    text = ""
    for piece in _spoken(pieces):
        text += piece
        settled = _OPEN.sub("", text)
        whole = _BEHIND_THE_END.sub(r"\2\1", settled)
        if ended := sentence_spans(whole)[:-1]:
            yield from _cut(whole, ended)
            text = whole[ended[-1][1] :] + text[len(settled) :]
    whole = _BEHIND_THE_END.sub(r"\2\1", text)
    yield from _cut(whole, sentence_spans(whole))


def _spoken(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces without what stands in <think> marks at their beginning."""
    start = ""
    thinking: bool | None = None
    for piece in pieces:
        if thinking is False:
            yield piece
            continue
        start = (start + piece).lstrip()
        if thinking is None and len(start) >= len("<think>"):
            thinking = start.startswith("<think>")
        if thinking and "</think>" in start:
            start, thinking = start.partition("</think>")[2].lstrip(), False
        if thinking is False:
            yield start
    if thinking is None:
        yield start


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    at = 0
    for start, end in spans:
        yield text[at:start], text[start:end]
        at = end


def checked(lead: str, text: str, shown: Mapping[int, Hit], similar: Similar) -> Sentence:
    """A sentence with its citations checked; `shown` are the hits that the model was given, by their numbers.

    Where only all the passages it names together bear it out, each of them counts as doing so.
    """
    numbers = dict.fromkeys(int(n) for group in _CITED.findall(text) for n in re.findall(r"\d+", group))
    bare = _CITED.sub("", text)
    cited = [shown[n] for n in numbers if n in shown]
    alone = [borne_out(bare, [hit], similar) for hit in cited]
    together = len(cited) > 1 and not any(alone) and borne_out(bare, cited, similar)
    sentence = text.strip()
    citations = [Citation(sentence, hit.id, each or together) for hit, each in zip(cited, alone, strict=True)]
    if len(cited) < len(numbers) or not numbers:
        citations.append(Citation(sentence, 0, False))
    return Sentence(lead, _without_links(text, shown.values()), tuple(citations))


def _without_links(text: str, hits: Iterable[Hit]) -> str:
    """Links and pictures as words; an address stays only where a passage has it (rule X4)."""
    words = _LINK.sub(lambda link: f"[picture: {link[2]}]" if link[1] else link[2], text)
    known = "\n".join(hit.text for hit in hits)
    return _ADDRESS.sub(lambda found: found[0] if found[0].strip("<>.,;") in known else "[address left out]", words)


def borne_out(sentence: str, hits: Sequence[Hit], similar: Similar) -> bool:
    """Whether the passages of `hits` say what a sentence without its citations says.

    The bounds were measured on the answers that people wrote for mtrag-un-dev: of 273 sentences 84 % were borne out by
    the passages they were written from, and 7 % of 229 by the nearest passage of another note; with another number in
    it one in eight still was, with a "not" put into it one in three.
    """
    text = "\n".join(map(_told, hits))
    if not all(_folded(quote) in _folded(text) for quote in _quotations(sentence)):
        return False
    if not _numbers(sentence) <= _numbers(text):
        return False
    share = share_held(sentence, text)
    told = [text[start:end] for start, end in sentence_spans(text)]
    nearest = max(told, key=lambda each: share_held(sentence, each), default="")
    if share_held(sentence, nearest) >= 0.6 and _denies(sentence) != _denies(nearest):
        return False
    return share >= 0.7 or (share >= 0.5 and max(similar(sentence, told)) >= 0.65)


def _told(hit: Hit) -> str:
    """A passage with what stands above it: its place, its headings, its date."""
    days = f"{hit.date.first:%d %B %Y %Y-%m-%d}\n{hit.date.last:%d %B %Y %Y-%m-%d}" if hit.date else ""
    return "\n".join((hit.note, hit.title, *hit.headings, days, hit.text))


def _quotations(text: str) -> list[str]:
    return [next(filter(None, groups)) for groups in _QUOTED.findall(text)]


def _folded(text: str) -> str:
    """Without case, kinds of spaces and of apostrophes, and the mark at the end."""
    return " ".join(text.replace("’", "'").casefold().split()).rstrip(".,;:!?")


def _numbers(text: str) -> set[str]:
    """The numbers in a text, small ones written as words, too; `03` is 3 and `1,000` is 1000."""
    digits = {(found.lstrip("0") or "0").replace(",", "") for found in _NUMBER.findall(text)}
    parts = {(part.lstrip("0") or "0") for part in re.findall(r"\d+", text)}
    return digits | parts | {_SMALL[word] for word in map(str.casefold, words_of(text)) if word in _SMALL}


def share_held(sentence: str, text: str) -> float:
    """The share of a sentence's telling words that stand in a text, in any form; 0..1."""
    telling = _telling(sentence)
    return len(telling & {stem(word) for word in words_of(text)}) / len(telling) if telling else 0.0


def _telling(text: str) -> set[str]:
    return {stem(word) for word in words_of(text) if word.casefold() not in STOP_WORDS}


def _denies(text: str) -> bool:
    return any(w in _NEGATIONS or w.endswith(("n't", "n’t")) for w in map(str.casefold, words_of(text)))
