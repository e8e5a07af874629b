"""Text without its marks, as it reads: for titles, and for comparing headings (rules R7, B15)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from notesearch.read.inline import lex, unified

_HAS_MARKS = re.compile(r"[`*_~=$%<>\[\]^\\#]")
_HEADING_MARK = re.compile(r"\A\s*#{1,6}(?=[ \t])")
_ID_AT_END = re.compile(r"(?<!\S)\^[A-Za-z0-9_-]+\s*\Z")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\]|\^\[(?P<text>[^\[\]\n]*)\]")
_WIKILINK = re.compile(r"!?\[\[(?P<target>[^\[\]|\n]*)(?:\|(?P<shown>[^\[\]\n]*))?\]\]")
_LINK = re.compile(r"!?\[(?P<shown>[^\[\]\n]*)\](?:\((?:\([^()\n]*\)|[^()\n])*+\)|\[[^\[\]\n]*\])")
_ANGLED = re.compile(r"<(?:(?P<address>[a-z][a-z0-9+.-]*:[^\s<>]*)|/?[A-Za-z][^<>\n]*)>")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_KEPT = re.compile(r"\0(\d+)\0")
_EMPHASIS = re.compile(r"\\.|(?P<run>\*+|_+|~~|==)", re.DOTALL)


def plain(text: str) -> str:
    """One line as it reads: no emphasis, links as the text they show, no comments, footnote marks or block id."""
    text = unified(text.replace("\0", ""))
    if _HAS_MARKS.search(text):
        text = _ID_AT_END.sub("", _HEADING_MARK.sub("", text))
        text, kept = _put_aside(text)
        text = _FOOTNOTE.sub(lambda match: match["text"] or "", text)
        text = _WIKILINK.sub(lambda match: match["shown"] or match["target"].replace("#", " > ").strip(" >"), text)
        text = _LINK.sub(lambda match: match["shown"], text)
        text = _ANGLED.sub(lambda match: match["address"] or "", text)
        text = _ESCAPED.sub(r"\1", _without_emphasis(text))
        text = _KEPT.sub(lambda match: kept[int(match[1])], text)
    return " ".join(text.split())


def _put_aside(text: str) -> tuple[str, list[str]]:
    """The text with its code and math as `NUL number NUL`, without comments; and what was put aside, ticks dropped."""
    parts: list[str] = []
    kept: list[str] = []
    position = 0
    for start, end, why in lex(text, 0, len(text)).all_spans():
        parts.append(text[position:start])
        if why in ("code", "math"):
            parts.append(f"\0{len(kept)}\0")
            kept.append(text[start:end].strip("`") if why == "code" else text[start:end])
        position = end
    parts.append(text[position:])
    return "".join(parts), kept


def _without_emphasis(text: str) -> str:
    """Pairs of `*`, `_`, `~~` and `==` taken out, as CommonMark pairs them, give or take rare nestings."""
    dropped: list[tuple[int, int]] = []
    opened: dict[str, list[list[int]]] = {"*": [], "_": [], "~": [], "=": []}
    for match in _EMPHASIS.finditer(text):
        if match["run"] is None:
            continue
        start, end = match.span()
        openers = opened[text[start]]
        opens, closes = _flanks(text, start, end)
        while closes and openers and start < end:
            opener = openers[-1]
            length = min(end - start, opener[1] - opener[0])
            dropped += ((opener[1] - length, opener[1]), (start, start + length))
            start += length
            opener[1] -= length
            if opener[0] == opener[1]:
                openers.pop()
        if opens and start < end:
            openers.append([start, end])
    return _without(text, sorted(dropped))


def _flanks(text: str, start: int, end: int) -> tuple[bool, bool]:
    """Whether a run of marks can open, and close; `_` does neither inside a word."""
    before, after = text[start - 1 : start], text[end : end + 1]
    opens, closes = bool(after.strip()), bool(before.strip())
    if text[start] == "_":
        return opens and not before.isalnum(), closes and not after.isalnum()
    return opens, closes


def _without(text: str, dropped: Iterable[tuple[int, int]]) -> str:
    parts: list[str] = []
    position = 0
    for start, end in dropped:
        parts.append(text[position:start])
        position = end
    parts.append(text[position:])
    return "".join(parts)
