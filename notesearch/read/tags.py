"""Tags and fields: what a writer says about a note inside its text (rules B9, B12).

The idea: code, math and comments are blotted out first, so that offsets stay and one expression finds what is left.
It stops at the next sign of its own kind, whatever it tries, so time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import regex

from notesearch.index.records import Part
from notesearch.read.blocks import Block, BlockKind
from notesearch.read.inline import Span, only_text, unified

_HASH = re.compile(r"""\#(?<![^\s(]\#)[^\s\#()\[\]{}<>.,:;!?'"`*\\]""")  # what all tags have
# Links, addresses and HTML tags come first, so that no `#` in them counts; each stops at the next sign of its kind.
# All begin with a sign, so that `re` leaps over what is none.
_TAG = re.compile(
    r"""
      \\[^\n]
    | \[\[[^\[\n]*?\]\]
    | \[[^\[\]\n]*\](?:\([^()\n]*\)|\[[^\[\]\n]*\])
    | \]\([^()\n]*\)
    | ://[^\s<>]+
    | </?[A-Za-z][^<>\n]*>
    | \#(?<![^\s(]\#)(?P<tag>[^\s\#()\[\]{}<>.,:;!?'"`*\\]+)
    """,
    re.VERBOSE,
)
# The scripts of the world are told apart by `regex`; it sees only what stands behind a `#`.
_TAG_NAME = regex.compile(
    r"[\p{L}\p{M}\p{N}_/\-\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\u20e3]+"
)


def tags(text: str, blocks: Sequence[Block], opaque: Sequence[Span]) -> tuple[str, ...]:
    """The tags in the text (rule B9), without `#`, in order; of two that differ only in case, the first as written."""
    start, end = _body(blocks)
    first = _HASH.search(text, start, end)
    if first is None:
        return ()
    found: dict[str, str] = {}
    seen = only_text(unified(text), opaque)
    start = seen.rfind("\n", start, first.start()) + 1 or start
    for match in _TAG.finditer(seen, start, end):
        name = _TAG_NAME.match(match["tag"] or "")
        if name is not None and _names_something(name[0]):
            found.setdefault(name[0].rstrip("/").casefold(), name[0].rstrip("/"))
    return tuple(found.values())


def _body(blocks: Sequence[Block]) -> tuple[int, int]:
    return (blocks[0].start, blocks[-1].end) if blocks else (0, 0)


def _names_something(name: str) -> bool:
    """`#1984` is a number and `#-` nothing at all; a tag has something that is not a digit, and more than strokes."""
    return bool(name.strip("_-/")) and not name.isdigit()


# --- fields -----------------------------------------------------------------------------------------------------------

# At the start of a line, the key perhaps in bold; or in brackets anywhere, and then brackets in the value are paired.
_FIELD = re.compile(
    r"""
      ^[ \t>]*+ (?:(?:[-*+]|\d{1,9}[.)])[ \t]++)? (?:\[[^\n]\][ \t]++)?
      (?P<bold>\*\*|__|) (?P<key>[^\s:\[\](){}|*_`\#<>%\0][^:\n\[\](){}|*`\0]{0,79}) (?:(?P=bold)::|::(?P=bold))
      (?:[ \t](?P<value>[^\n]*)|$)
    | (?:(?P<square>\[)|\() (?P<inner_key>[^\s:\[\]()\0][^:\n\[\]()\0]{0,79}) ::[ \t]
      (?P<inner_value>(?:\[\[[^\[\]\n]*\]\]|\([^()\n]*\)|(?(square)[^\[\]\n]|[^()\n]))*+) (?(square)\]|\))
    """,
    re.VERBOSE | re.MULTILINE,
)


def fields(text: str, blocks: Sequence[Block], opaque: Sequence[Span]) -> tuple[tuple[str, str], ...]:
    """The fields `key:: value`, `[key:: value]` and `(key:: value)` in order, key and value trimmed (rule B12)."""
    start, end = _body(blocks)
    if text.find("::", start, end) < 0:
        return ()
    text = unified(text)
    found = []
    for match in _FIELD.finditer(only_text(text, opaque), start, end):
        group = "value" if match["key"] is not None else "inner_value"
        value = text[slice(*match.span(group))] if match[group] is not None else ""
        found.append(((match["key"] or match["inner_key"]).strip(), value.strip()))
    return tuple(found)


_BLOCK_ID = re.compile(r"^[ \t]*(?:[-*+][ \t]+)?id::[ \t]*([0-9A-Za-z_-]+)[ \t]*$", re.MULTILINE)


def logseq_ids(text: str, blocks: Sequence[Block]) -> tuple[Part, ...]:
    """The ids that Logseq gave blocks, in lines it keeps for itself (rule B12); `((id))` names them from anywhere."""
    if "id::" not in text:
        return ()
    text = unified(text)
    found: list[Part] = []
    named = 1
    for block in blocks:
        if not block.silent:
            named = block.first
        elif match := _BLOCK_ID.search(text, block.start, block.end):
            found.append(Part(named, 0, match[1]))
    return tuple(found)


def page_fields(text: str, blocks: Sequence[Block], opaque: Sequence[Span]) -> tuple[tuple[str, str], ...]:
    """The fields before the first item: in Logseq they are the page's properties (rule B12)."""
    first_item = next((index for index, block in enumerate(blocks) if block.kind is BlockKind.ITEM), len(blocks))
    return fields(text, blocks[:first_item], opaque)
