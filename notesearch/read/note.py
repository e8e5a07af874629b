"""Bytes → `Note`: the steps of reading one file, in order. Nothing here opens a file or knows an index."""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from posixpath import splitext
from urllib.parse import unquote

from notesearch.dates.note import note_date
from notesearch.dates.order import DateOrder
from notesearch.index.records import DateSpan, Note, VaultKind, quickly
from notesearch.read import canvas, frontmatter, markdown, pdf, pictures, pieces
from notesearch.read.blocks import HEADING
from notesearch.read.decode import decode, line_starts
from notesearch.read.links import property_links, scan_links
from notesearch.read.markdown import Block
from notesearch.read.parts import parts_of
from notesearch.read.passages import Sizes, TokenStarts, split
from notesearch.read.pieces import Found
from notesearch.read.vault import File

_SAYS_NOTHING = re.compile(r"(?i)(index|readme|untitled.*|[\d\s_.-]+|[0-9a-f]{8,}(-[0-9a-f]{4,})*)")
"""File names that are no title: `index`, `readme`, `untitled 3`, a bare number or id (rule B15)."""

_quick_note = quickly(Note)


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """What reading depends on beside the file itself."""

    sizes: Sizes
    token_starts: TokenStarts
    kind: VaultKind = VaultKind.PLAIN
    dates: DateOrder = field(default_factory=DateOrder)
    daily_format: str | None = None


def content_hash(data: bytes) -> bytes:
    """16 bytes by which a file's content is known again."""
    return hashlib.blake2b(data, digest_size=16).digest()


def read_note(file: File, data: bytes, rules: ReadingRules) -> Note:
    """Read the bytes of a file as a note. Raises NotText if they cannot be read as what the file says it is."""
    match file.role:
        case "canvas":
            decoded = decode(data)
            found = canvas.read(decoded.text)
            return _of_pieces(file, data, replace(found, remark=found.remark or decoded.remark), rules)
        case "pdf":
            return _of_pieces(file, data, pdf.read(data), rules)
        case "picture":
            return _of_pieces(file, data, pictures.read(data), rules)
        case _:
            return _of_text(file, data, rules)


def _of_text(file: File, data: bytes, rules: ReadingRules) -> Note:
    """A Markdown file: the note's text is the file's."""
    decoded = decode(data)
    text = decoded.text
    top = frontmatter.read(text)
    starts = line_starts(text)
    first_line = bisect_right(starts, top.end) if top.end else 1
    blocks = markdown.scan(text, top.end, first_line, kind=rules.kind, properties=top.fields)
    opaque = markdown.opaque_spans(text, blocks)
    logseq = rules.kind is VaultKind.LOGSEQ
    if logseq:
        top = top.also(markdown.page_fields(text, blocks, opaque))
    links = (
        *property_links(text, 0, top.end, starts, kind=rules.kind),
        *scan_links(text, opaque, starts, start=top.end, kind=rules.kind),
    )
    name = name_of(file.path)
    title, heading = _title_and_heading(_page_name(name) if logseq else name, top.title, blocks)
    return _quick_note(
        path=file.path,
        name=name,
        title=title,
        text=text,
        content_hash=content_hash(data),
        heading=heading,
        aliases=top.aliases,
        tags=_unique((*top.tags, *markdown.tags(text, blocks, opaque))),
        properties=(*top.properties, *markdown.fields(text, blocks, opaque)),
        date=_date(file, title, heading, rules, top.dates),
        links=links,
        passages=split(text, blocks, links, starts, rules.token_starts, rules.sizes),
        remark=decoded.remark,
        conflict_copy=file.conflict_copy,
        parts=parts_of(text, blocks),
    )


def _of_pieces(file: File, data: bytes, found: Found, rules: ReadingRules) -> Note:
    """A file that holds texts and is none itself."""
    layout = pieces.lay_out(found.pieces, rules.kind)
    text, blocks, opaque = layout.text, layout.blocks, layout.opaque
    name = name_of(file.path)
    title, heading = _title_and_heading(name, "", blocks)
    return Note(
        path=file.path,
        name=name,
        title=title,
        text=text,
        content_hash=content_hash(data),
        heading=heading,
        tags=_unique(markdown.tags(text, blocks, opaque)),
        properties=markdown.fields(text, blocks, opaque),
        date=_date(file, title, heading, rules),
        links=layout.links,
        passages=pieces.passages(layout, rules.token_starts, rules.sizes),
        remark=found.remark,
        conflict_copy=file.conflict_copy,
        parts=parts_of(text, blocks),
    )


def _date(file: File, title: str, heading: str, rules: ReadingRules, properties: Sequence[str] = ()) -> DateSpan | None:
    return note_date(
        properties=properties,
        path=file.path,
        title=title,
        first_heading=heading,
        modified_ns=file.fingerprint.mtime_ns,
        order=rules.dates,
        daily_format=rules.daily_format,
    )


def named_only(file: File, remark: str) -> Note:
    """A note that is not read, and can still be found by its name (rule F6)."""
    name = name_of(file.path)
    return Note(path=file.path, name=name, title=name, text="", content_hash=b"", remark=remark)


def name_of(path: str) -> str:
    """The file name without its extension, as text: bytes that are not UTF-8 are spelled out in hex."""
    name = splitext(path.rpartition("/")[2])[0]
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def _page_name(name: str) -> str:
    """What Logseq calls a page: in file names it writes `/` as `___`, and what no file name may hold as `%3F`."""
    return unquote(name.replace("___", "/"))


def _title_and_heading(name: str, declared: str, blocks: Sequence[Block]) -> tuple[str, str]:
    """What is shown of a note, and its first heading."""
    headings = [b for b in blocks if b.kind is HEADING and b.title and not b.silent]
    return _title(name, declared, headings), markdown.plain(headings[0].title) if headings else ""


def _title(name: str, declared: str, headings: Sequence[Block]) -> str:
    """What is shown (rule B15)."""
    if declared:
        return declared
    if headings and _SAYS_NOTHING.fullmatch(name):
        top = next((heading.title for heading in headings if heading.level == 1), "")
        return markdown.plain(top) or name
    return name


def _unique(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags compare without case; the first spelling stays."""
    return tuple({tag.casefold(): tag for tag in reversed(tags)}.values())[::-1] if tags else ()
