"""The values that travel: what reading a note yields and the index keeps. No Markdown, no model, no SQL in here.

Offsets count characters of the decoded text, ends are exclusive. Lines count from 1 at the top of the file, frontmatter
included, both ends inclusive. Paths are relative to their vault, with `/` on every system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, fields, make_dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal, NamedTuple, ParamSpec, TypeVar, cast

Fields = ParamSpec("Fields")
Record = TypeVar("Record")


def quickly(record: Callable[Fields, Record]) -> Callable[Fields, Record]:
    """A frozen, slotted dataclass, to be made in less than half the time: for those that come by the hundred thousand.

    Each field of a frozen instance costs a call. Here they are set in a twin that is not frozen, which then changes its
    class.
    """
    frozen = cast("type[Any]", record)

    def freeze(self: object) -> None:
        self.__class__ = frozen

    twin_fields = [(field.name, field.type, copy(field)) for field in fields(frozen)]
    return make_dataclass(f"quick {record!r}", twin_fields, slots=True, namespace={"__post_init__": freeze})


LinkKind = Literal["wiki", "markdown", "property"]

Role = Literal["note", "canvas", "pdf", "picture", "attachment"]
"""What a file is (rule F2). The text of PDFs and pictures is read where that ability is installed; other attachments
are known by name only.
"""

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
ROLES: Mapping[str, Role] = {
    ".md": "note",
    ".markdown": "note",
    ".canvas": "canvas",
    ".pdf": "pdf",
    **dict.fromkeys(PICTURE_ENDINGS, "picture"),
}


def role_of(path: str) -> Role:
    """What a file is, by the ending of its name."""
    name = path[path.rfind("/") + 1 :]
    dot = name.rfind(".")
    return ROLES.get(name[dot:].lower(), "attachment") if dot > 0 else "attachment"


class VaultKind(StrEnum):
    """What made the vault (rule F1); it changes only the rules that name it."""

    OBSIDIAN = "obsidian"
    QUARTZ = "quartz"
    LOGSEQ = "logseq"
    DENDRON = "dendron"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class DateSpan:
    """A date as an interval (rule D1): `March 2025` is the whole month.

    `source` says where it was read ("property", "name", "title", "folder", "text", "question", "file time");
    `certainty` is 0..1 (1: written out in full with its year).
    """

    first: date
    last: date
    source: str
    certainty: float = 1.0


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it stands in a note, not yet resolved.

    `target` is trimmed, with its folders, as written (still percent-encoded); "" is the note itself. `part` is what
    follows the first `#`, without it ("A#B", "^id", "page=3"). `shown` is the text shown in its place, "" if none is
    given. `start`, `end` span the link's source, brackets included.
    """

    target: str
    part: str
    shown: str
    kind: LinkKind
    embed: bool
    start: int
    end: int
    line: int
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What the part of a link can name (rule R7): a heading as written, of its `level`, or at level 0 the id of a
    block ("page=2" is a page); and the `line` at which it stands.
    """

    line: int
    level: int
    name: str


@dataclass(frozen=True, slots=True)
class ResolvedLink:
    """Where a link leads: `path` of a note or attachment (None: unresolved), `how` (the rule that found it, such as
    "exact", "suffix", "alias", "name only", or the reason it failed), how many `others` would have fitted, and the
    `line` at which the part stands that it names (None: it names none, or there is none).
    """

    path: str | None
    how: str
    others: int = 0
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a note: `text == note.text[start:end]`.

    `headings` is the path of headings above it, outermost first. `words` is what the text index gets: the slice with
    noise left out (rule T5), the names behind its links (L6), and the context it would lack alone (parents of a list
    item, header of a table). `hidden`: nothing but the text of a comment (B4); `archived`: nothing but cards that a
    board has put away (B10).
    """

    start: int
    end: int
    lines: tuple[int, int]
    headings: tuple[str, ...]
    text: str
    words: str = ""
    hidden: bool = False
    archived: bool = False


class Fingerprint(NamedTuple):
    """What the file system said of a file when it was read (rule F8); times in nanoseconds.

    A tuple, as are `File` and `KnownFile`: each question makes one for every file of the vault, and a frozen dataclass
    takes several times as long.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


NO_FILE = Fingerprint(-1, -1, -1, -1)
"""What no file is like: so what is recorded with it is looked at again."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note, read: everything the index keeps of it.

    `text` is the file's, except where that is no text: of a canvas it is that of its cards, of a PDF that of its pages,
    of a picture what can be read in it. Lines are then those of the canvas file, the numbers of the pages, and 1.

    `name` is the file name without extension, `title` what is shown (rule B15), `heading` the first one, `properties`
    the searchable frontmatter as (key, value) texts in order. `remark` is the line for the run's report when the file
    was not clean ("not UTF-8"). `parts` are what links can name of it.
    """

    path: str
    name: str
    title: str
    text: str
    content_hash: bytes
    heading: str = ""
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    date: DateSpan | None = None
    links: tuple[Link, ...] = ()
    passages: tuple[Passage, ...] = ()
    remark: str = ""
    conflict_copy: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Where:
    """What a note must be, or must not be, to be searched. Tags and property keys compare without case; a tag includes
    those below it; a path is a prefix of the note's path or of one of its folders; dates overlap the note's date.
    """

    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    first: date | None = None
    last: date | None = None
    not_tags: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()
    not_properties: tuple[tuple[str, str], ...] = ()
    not_between: tuple[tuple[date, date], ...] = ()
    vaults: tuple[str, ...] = ()

    def and_also(self, other: Where) -> Where:
        """Both at once: lists joined, the narrower of two intervals."""
        firsts = [day for day in (self.first, other.first) if day]
        lasts = [day for day in (self.last, other.last) if day]
        return Where(
            tags=self.tags + other.tags,
            paths=self.paths + other.paths,
            properties=self.properties + other.properties,
            first=max(firsts, default=None),
            last=min(lasts, default=None),
            not_tags=self.not_tags + other.not_tags,
            not_paths=self.not_paths + other.not_paths,
            not_properties=self.not_properties + other.not_properties,
            not_between=self.not_between + other.not_between,
            vaults=self.vaults + other.vaults,
        )
