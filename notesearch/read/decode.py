"""Bytes to text, and text to places: where lines begin, where to cut, what of it is worth searching (rules T1 to T5).

No guessing by statistics: a mark at the start, then strict UTF-8, then two fixed fallbacks, each of which is remarked
upon. The text that comes out holds no byte order mark at its start, no NUL and no lone surrogate, so it can be stored,
printed and sent as it is; every offset in notesearch counts its characters.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

import regex

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EVERY_MARK = tuple(mark for mark, _ in _MARKS)
_BINARY_PROBE_BYTES = 8 * 1024
_GOOD_BYTES_PER_BAD = 200
# What no text holds, but numbers of two bytes do; else a table of small numbers would read as UTF-16.
_BINARY_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a]")


class NotText(Exception):
    """The bytes are no text. The update's report carries the reason; the note is left out of the index."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Decoded(NamedTuple):
    """A file's text. `remark` is "" for a clean file, else what to say of it ("not UTF-8, read as Windows-1252")."""

    text: str
    encoding: str
    remark: str = ""


def decode(data: bytes) -> Decoded:
    """The text of a file, by rule T1. Raises NotText if it is binary."""
    if b"\0" not in data and not data.startswith(_EVERY_MARK):  # nearly every note
        return _strict_utf8(data) or _damaged(data)
    decoded = _marked(data) or _sixteen_bit(data) or _strict_utf8(data) or _damaged(data)
    text = decoded.text.replace("\0", "").lstrip("\ufeff")  # T2
    if "\0" in decoded.text and not text:
        raise NotText("holds nothing but NUL bytes")
    return Decoded(text, decoded.encoding, decoded.remark)


def _marked(data: bytes) -> Decoded | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _as_marked(data[len(mark) :], encoding)
    return None


def _as_marked(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        remark = f"not clean {encoding.upper()}, bad bytes shown as \ufffd"
        return Decoded(data.decode(encoding, "replace"), encoding, remark)


def _sixteen_bit(data: bytes) -> Decoded | None:
    """UTF-16 without its mark: plain letters have a NUL on one side, at even places or at odd ones, but not on both.

    Asked before strict UTF-8, because letters and NULs in turn are strict UTF-8 too: `Ł` would come out as `A` and a
    control character.
    """
    if b"\0" not in data or len(data) % 2:
        return None
    even, odd = data[::2].count(0), data[1::2].count(0)
    third = len(data) / 6
    if (even < third) == (odd < third):
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if _BINARY_CONTROL.search(text):
        return None
    return Decoded(text, encoding, "no byte order mark, read as UTF-16")


def _strict_utf8(data: bytes) -> Decoded | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return Decoded(text, "utf-8", "NUL bytes left out" if "\0" in text else "")


def _damaged(data: bytes) -> Decoded:
    """UTF-8 with bad bytes, or Windows-1252.

    Besides the share of bad bytes, what is good counts: letters of Windows-1252 hardly ever line up as a whole
    character of UTF-8, so a note with as many of those as bad bytes is UTF-8 that was hurt, however short: `naïve é`
    with its last byte cut off.
    """
    if b"\0" in data[:_BINARY_PROBE_BYTES]:
        raise NotText("binary")
    good = data.decode("utf-8", "ignore")
    bad = len(data) - len(good.encode())
    beyond_ascii = len(good) - len(good.encode("ascii", "ignore"))
    if bad * _GOOD_BYTES_PER_BAD <= len(data) or bad <= beyond_ascii:
        remark = f"not UTF-8 throughout, {bad:,} bad {'byte' if bad == 1 else 'bytes'} shown as \ufffd"
        return Decoded(data.decode("utf-8", "replace"), "utf-8", remark)
    return Decoded(data.decode("cp1252", "replace"), "windows-1252", "not UTF-8, read as Windows-1252")


# -- Lines -----------------------------------------------------------------------------------------------------------

_LINE_END = re.compile(r"\r\n?|\n")
_NEWLINE = re.compile("\n")


def line_starts(text: str) -> list[int]:
    """Offset of the first character of each line, ascending; `bisect_right(starts, offset)` is the line's number (T3).

    Never empty. A line end that ends the text opens no further line.
    """
    line_end = _LINE_END if "\r" in text else _NEWLINE  # three times as fast, and nearly every note
    starts = [0, *[end.end() for end in line_end.finditer(text)]]
    if len(starts) > 1 and starts[-1] == len(text):
        starts.pop()
    return starts


# -- Cuts ------------------------------------------------------------------------------------------------------------

# Read backwards: the last one wins. The full stops of Chinese and Japanese need no space; a lone number before the mark
# is the number of a list item.
_SENTENCE_END = regex.compile(
    r"""(?r) (?: [。｡！？．] [\p{Pe}\p{Pf}"'*_]{0,4}+
             | (?<!(?:^|\s)\d{1,3}) [\p{Sentence_Terminal}…] [\p{Pe}\p{Pf}"'*_]{0,4}+ (?=\s) )""",
    regex.VERBOSE,
)
_SPACES = re.compile(r"\s*")
_LAST_SPACE = regex.compile(r"(?r)\s")
_CLUSTER = regex.compile(r"\X")
_LONGEST_CLUSTER = 256
_CLINGS = regex.compile(r"[\p{Grapheme_Extend}\p{M}\p{Emoji_Modifier}\u200d]")


def safe_cut(text: str, at: int, floor: int) -> int:
    """The best place to cut `text` that is not after `at` but after `floor` (rule T4).

    After a sentence, else after a line, else at a space, else between two grapheme clusters. Only where there is not
    even that (a letter under a thousand accents) it is `at`.
    """
    if at >= len(text):
        return len(text)
    if at - 1 > floor and text[at - 1] == "\r" and text[at] == "\n":
        at -= 1
    for cut in (_after_sentence(text, at, floor), _after_line(text, at, floor), _after_space(text, at, floor)):
        if cut > floor and not _CLINGS.match(text, cut):
            return cut
    return _between_clusters(text, at, floor)


def _after_sentence(text: str, at: int, floor: int) -> int:
    # One character more than may be taken, for the space behind the mark; a mark that stands there is not meant.
    found = _SENTENCE_END.search(text, floor, at + 1)
    if found and found.end() > at:
        found = _SENTENCE_END.search(text, floor, at)
    if not found:
        return floor
    spaces = _SPACES.match(text, found.end(), at)  # the next piece begins with a word
    end: int = spaces.end() if spaces else found.end()
    return end


def _after_line(text: str, at: int, floor: int) -> int:
    return max(text.rfind("\n", floor, at), text.rfind("\r", floor, at)) + 1


def _after_space(text: str, at: int, floor: int) -> int:
    if text[at].isspace():
        return at
    found = _LAST_SPACE.search(text, floor, at)
    end: int = found.end() if found else floor
    return end


def _between_clusters(text: str, at: int, floor: int) -> int:
    if text[at].isascii() and text[at - 1].isascii():
        return at
    start = max(floor, at - _LONGEST_CLUSTER)  # a slice, since in a row of flags \X looks back to the row's beginning
    ends = (start + cluster.end() for cluster in _CLUSTER.finditer(text[start : at + 1]))
    return max((end for end in ends if end <= at), default=at)


# -- What is searched ------------------------------------------------------------------------------------------------

DATA_MARK = "…"
"""Stands in the search text for what is data, not words. It is no word itself, so nothing is found by it."""


def _run_of(characters: str, length: int) -> re.Pattern[str]:
    """Matches a text that has such a run in it.

    From a character that is none of these it leaps to the last such within reach, and so never past the beginning of a
    run, in a tenth of the time that it takes to look at every word.
    """
    return re.compile(rf"(?:.{{0,{length - 1}}}[^{characters}])*+[{characters}]{{{length}}}", re.DOTALL)


_HAS_LONG_RUN = _run_of("!-~", 201)
_LONG_RUNS = re.compile(r"(?<![!-~])[!-~]{201,}+")
_HAS_DATA_URI = re.compile(r":(?<=[dD][aA][tT][aA]:)")
_DATA_URIS = re.compile(r"\bdata:[a-z]+/[a-z0-9.+-]*+[;,][^\s\"'<>()]*+", re.IGNORECASE)
_HAS_BASE64 = _run_of("A-Za-z0-9+/", 60)
# Lines of base64; the last may be shorter if it shows by its padding what it is.
_BASE64_LINES = re.compile(
    r"^[ \t>]*+([A-Za-z0-9+/]{60,}+)={0,2}[ \t\r]*+$(?:\n[A-Za-z0-9+/]{2,60}={1,2}[ \t\r]*+$)?", re.MULTILINE
)
_CAPITAL = re.compile(r"[A-Z]")
_SMALL = re.compile(r"[a-z]")


def for_index(text: str) -> str:
    """`text` as it is indexed and embedded: data URIs, base64 and endless runs become a short mark (rule T5)."""
    if _HAS_DATA_URI.search(text):
        text = _DATA_URIS.sub(DATA_MARK, text)
    if _HAS_BASE64.match(text):
        text = _BASE64_LINES.sub(_without_base64, text)
    return _LONG_RUNS.sub(DATA_MARK, text) if _HAS_LONG_RUN.match(text) else text


def _without_base64(line: re.Match[str]) -> str:
    """Base64 is one third capitals and one third small letters; a path or a very long word is not."""
    run = line[1]
    fifth = len(run) / 5
    is_data = len(_CAPITAL.findall(run)) > fifth and len(_SMALL.findall(run)) > fifth
    return DATA_MARK if is_data else line[0]
