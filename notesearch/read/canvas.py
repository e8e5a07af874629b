r"""JSON Canvas (rule F2): the texts on a canvas, each with the line of the file at which it stands.

What people wrote are text nodes (Markdown) and the labels of groups and edges; file nodes lead to notes, link nodes
name addresses. A line end in JSON is written `\n` and ends no line of the file, so a text has the line it begins on.

The idea: JSON's own decoder reads the values, and only the three outer levels are walked here, to know where each value
begins. So time is linear, and a nest that is too deep for the decoder is an error like any other.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

from notesearch.read.decode import NotText, line_starts
from notesearch.read.pieces import Found, Piece

_SPACE = re.compile(r"[ \t\r\n]*+")
# Lenient where nothing depends on it: line ends in texts, and numbers with more digits than Python would read.
_DECODER = json.JSONDecoder(strict=False, parse_int=float)

_Take = Callable[[str, int], int]
"""Takes a member by its name ("" in an array) and the offset of its value; returns the offset behind that."""


class _Node(dict[str, str]):
    """The members of a node or edge that are texts, and the offset at which each begins."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, int] = {}


def read(text: str) -> Found:
    """The texts of a canvas file, in its order. Raises NotText if it is no JSON object.

    Members of the wrong type are passed over. A blank file is an empty canvas, as Obsidian makes them.
    """
    if not text.strip():
        return Found()
    try:
        nodes = _nodes_and_edges(text)
    except RecursionError as error:
        raise NotText("is no canvas that can be read: its brackets are nested too deep") from error
    except ValueError as error:
        raise NotText(f"is no canvas that can be read: {error}") from error
    starts = line_starts(text)
    placed = sorted(((at, piece) for node in nodes for at, piece in _pieces(node, starts)), key=lambda pair: pair[0])
    return Found(tuple(piece for _, piece in placed))


def _pieces(node: _Node, starts: list[int]) -> Iterator[tuple[int, Piece]]:
    """What a node or an edge says, and where. Its `type` is not asked: what is a text was written to be read."""
    lines = {key: bisect_right(starts, at) for key, at in node.at.items()}
    for key in node.keys() & {"text", "label"}:
        yield node.at[key], Piece(node[key], lines[key], is_markdown=True)
    if "url" in node:
        yield node.at["url"], Piece(node["url"], lines["url"])
    if "file" in node:
        file, part = node["file"], node.get("subpath", "")
        yield node.at["file"], Piece(file + part, lines["file"], leads_to=(file, part.removeprefix("#")))


def _nodes_and_edges(text: str) -> list[_Node]:
    found: list[_Node] = []

    def top(key: str, at: int) -> int:
        is_list = key in ("nodes", "edges") and text.startswith("[", at)
        return _walk(text, at, listed) if is_list else _DECODER.raw_decode(text, at)[1]

    def listed(_: str, at: int) -> int:
        if not text.startswith("{", at):
            return _DECODER.raw_decode(text, at)[1]
        found.append(_Node())
        return _walk(text, at, member)

    def member(key: str, at: int) -> int:
        value, end = _DECODER.raw_decode(text, at)
        if isinstance(value, str):
            found[-1][key], found[-1].at[key] = value, at
        return end

    at = _space(text, 0)
    if not text.startswith("{", at):
        raise ValueError("it does not begin with an object")
    end = _space(text, _walk(text, at, top))
    if end < len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return found


def _walk(text: str, at: int, take: _Take) -> int:
    """Let `take` have each value of the object or array that opens at `at`; returns the offset behind its end."""
    closing = "}" if text[at] == "{" else "]"
    at = _space(text, at + 1)
    if text.startswith(closing, at):
        return at + 1
    while True:
        key: object = ""
        if closing == "}":
            key, at = _DECODER.raw_decode(text, at)
            if not isinstance(key, str):
                raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
            at = _expect(text, at, ":")
        at = _space(text, take(str(key), at))
        if text.startswith(closing, at):
            return at + 1
        at = _expect(text, at, ",")


def _expect(text: str, at: int, sign: str) -> int:
    """Where the value behind `sign` begins."""
    at = _space(text, at)
    if not text.startswith(sign, at):
        raise json.JSONDecodeError(f"Expecting {sign!r}", text, at)
    return _space(text, at + 1)


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
