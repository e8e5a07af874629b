"""Properties on top of a note (rules M1 to M6).

Two steps that do not trust each other. A scan over the lines finds where the block and the body begin, and nothing else
decides that. Then `python-frontmatter` reads the block through handlers of ours, which make texts and lists of texts,
never dates, numbers or objects: `title: 2025` is the text `2025`. YAML is taken as a stream of events, so nothing in it
is followed, expanded or built; a block that is too large or too deep for that, or is no YAML, goes to a reader that
knows only `key: value` and `- item`. No block takes more than linear time, and none raises.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, cast

import frontmatter
import yaml
from frontmatter.default_handlers import BaseHandler, JSONHandler, YAMLHandler

Value = str | tuple[str, ...]
Format = Literal["yaml", "toml", "json", ""]

TITLE_KEYS = ("title",)
ALIAS_KEYS = ("aliases", "alias")
TAG_KEYS = ("tags", "tag")
SUMMARY_KEYS = ("description", "summary", "desc")
"""`desc` is what Dendron calls it."""
DATE_KEYS = (
    "date",  # Hugo, Jekyll, Quartz, daily notes
    "created",  # Obsidian, Quartz, Dendron (as milliseconds since 1970)
    "datecreated",  # Obsidian's Linter: `date created`
    "createdat",
    "createtime",
    "creationdate",
    "published",  # Quartz, and clippings: the page's own date
    "publishdate",  # Hugo
    "pubdate",
    "datepublished",
)
"""When the note was made, best first; compared without spaces, `-` and `_`. When it was last changed (`updated`,
`modified`, `lastmod`, `date modified`) says nothing of what it is about, and the file's own time knows it better."""

_PROPERTY_CHARACTERS = 300
_LINK_BRACKETS = re.compile(r"\[\[|\]\]")


class Nested(str):
    """The source of a value that is deeper than a list: searchable as it stands, but no title, tag or date."""

    __slots__ = ()


class Places(NamedTuple):
    """Which of a note's keys are for what, the best first; `others` in their order."""

    title: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Frontmatter(NamedTuple):
    """A note's properties. `fields` are by lower-case key; `end` is where the body starts, 0 without frontmatter.

    `raw_span` is the block between its fences: links stand there as written (M6). `simple` says that the block was no
    clean YAML and was read line by line. Dates are texts here, whatever they mean: `1595952505019` too.
    """

    fields: Mapping[str, Value] = MappingProxyType({})
    places: Places = Places()
    end: int = 0
    raw_span: tuple[int, int] = (0, 0)
    format: Format = ""
    simple: bool = False

    @property
    def title(self) -> str:
        """The title on one line, "" if there is none."""
        return self._first_text(self.places.title)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names of the note: a list, or a text split at commas."""
        values = self._values(self.places.aliases)
        return _distinct([_one_line(name) for value in values for name in _split(value, ",")])

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags without `#`: a list, or a text split at commas, or at spaces if it has none."""
        values = self._values(self.places.tags)
        words = [word for value in values for word in _split(value, "," if "," in value else None)]
        return _distinct([word.strip().lstrip("#") for word in words])

    @property
    def summary(self) -> str:
        """What the note says of itself in a sentence, or ""."""
        return self._first_text(self.places.summary)

    @property
    def dates(self) -> tuple[str, ...]:
        """The texts that may date the note, best first (rule D2)."""
        return _distinct([value.strip() for value in self._values(self.places.dates) if isinstance(value, str)])

    @property
    def properties(self) -> tuple[tuple[str, str], ...]:
        """Every other key that says something, with its text in at most 300 characters; lists joined by commas."""
        others = [(key, _joined(self.fields[key])) for key in self.places.others]
        return tuple([(key, text[:_PROPERTY_CHARACTERS]) for key, text in others if text])

    def also(self, fields: Iterable[tuple[str, str]]) -> Frontmatter:
        """With the fields that an outliner keeps in the page itself, where these tell what the properties do not."""
        told = {key.lower(): _LINK_BRACKETS.sub("", value) for key, value in fields}
        for key in _places(tuple(told)).others:
            del told[key]
        merged = {**told, **self.fields}
        return self._replace(fields=merged, places=_places(tuple(merged)))

    def _values(self, keys: Sequence[str]) -> Sequence[Value]:
        """What stands under these keys; a value of the wrong type does not count."""
        return [value for key in keys if not isinstance(value := self.fields[key], Nested)] if keys else ()

    def _first_text(self, keys: Sequence[str]) -> str:
        for value in self._values(keys):
            if isinstance(value, str) and (text := _one_line(value)):
                return text
        return ""


@lru_cache(maxsize=1024)  # a vault has few sets of keys, and many notes with each
def _places(keys: tuple[str, ...]) -> Places:
    known = TITLE_KEYS, ALIAS_KEYS, TAG_KEYS, SUMMARY_KEYS
    title, aliases, tags, summary = [tuple([key for key in each if key in keys]) for each in known]
    by_squeezed = {_squeezed(key): key for key in keys}
    dates = tuple([by_squeezed[key] for key in DATE_KEYS if key in by_squeezed])
    taken = {*title, *aliases, *tags, *summary}
    others = tuple([key for key in keys if key not in taken and _squeezed(key) not in DATE_KEYS])
    return Places(title, aliases, tags, summary, dates, others)


def _squeezed(key: str) -> str:
    return key.replace(" ", "").replace("-", "").replace("_", "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _joined(value: Value) -> str:
    return _one_line(value if isinstance(value, str) else ", ".join(filter(None, value)))


def _split(value: Value, separator: str | None) -> Iterable[str]:
    return value.split(separator) if isinstance(value, str) else value


def _distinct(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts))) if texts else ()


_NONE = Frontmatter()
_FORMATS: Mapping[str, Format] = {"---": "yaml", "+++": "toml", ";;;": "json"}


def read(text: str) -> Frontmatter:
    """The frontmatter on top of a note's text. Without one, or where it is none (M2): an empty one, with `end` 0."""
    found = _border(text)
    if found is None:
        return _NONE
    fence, start, stop, end = found
    block = text[start:stop]
    fields, simple = _read_block(block, fence) if block.strip() else ({}, False)
    if fields is None:
        return _NONE
    return Frontmatter(fields, _places(tuple(fields)), end, (start, stop), _FORMATS[fence], simple)


# -- Where it is (M1) ------------------------------------------------------------------------------------------------

_MOST_LINES = 5000
_OPENING = re.compile(r"(---|\+\+\+|;;;)[ \t]*(?:\r\n?|\n)")
_CLOSINGS = {
    fence: re.compile(rf"[\r\n](?:{marks})[ \t]*(?:\r\n?|\n|\Z)")
    for fence, marks in (("---", r"---|\.\.\."), ("+++", r"\+\+\+"), (";;;", ";;;"))
}
_LINE_END = re.compile(r"\r\n?|\n")


def _border(text: str) -> tuple[str, int, int, int] | None:
    """The fence, where the block starts and stops between its fences, and where the body starts."""
    opening = _OPENING.match(text)
    if opening is None:
        return None
    start = opening.end()
    closing = _CLOSINGS[opening[1]].search(text, start - 1)
    if closing is None:
        return None
    stop = closing.start() + 1
    if stop - start >= _MOST_LINES and sum(1 for _ in _LINE_END.finditer(text, start, stop)) >= _MOST_LINES:
        return None
    return opening[1], start, stop, closing.end()


# -- What it says (M2, M4, M5) ---------------------------------------------------------------------------------------

_MOST_CHARACTERS = 64 * 1024
_MOST_BRACKETS = 200
_MOST_INDENTATIONS = 20
_MOST_DOTS_A_LINE = 100
_INDENTATION = re.compile(r"^[ \t]*", re.MULTILINE)


class _NoMapping(ValueError):
    """The block can be read, but holds no keys: it is text between two rules."""


def _read_block(block: str, fence: str) -> tuple[dict[str, Value] | None, bool]:
    """The fields, None if the block holds none, and whether it took the simple reader to read them."""
    if _is_tame(block):
        try:
            return _parsed(block, fence), False
        except _NoMapping:
            return None, False
        except (yaml.YAMLError, ValueError, RecursionError):
            pass
    return (_read_simply(block), True) if fence == "---" else (None, False)


def _is_tame(block: str) -> bool:
    """Whether a real parser may see the block (M4): it cannot nest deeper than what is counted here."""
    if len(block) > _MOST_CHARACTERS or block.count("[") + block.count("{") > _MOST_BRACKETS:
        return False
    return block.count("\n") < _MOST_INDENTATIONS or len(set(_INDENTATION.findall(block))) <= _MOST_INDENTATIONS


def _parsed(block: str, fence: str) -> dict[str, Value]:
    # frontmatter strips what it is given; between fences, the first line keeps its indentation.
    metadata, _ = frontmatter.parse(f"{fence}\n{block}\n{fence}", handler=_HANDLERS[fence])
    return cast("dict[str, Value]", metadata)


class _Unfenced:
    """For handlers: the border was found before (M1), so there is nothing to look for."""

    def split(self, text: str) -> tuple[str, str]:
        return text[4:-4], ""


# Keys and words as nearly every note has them, in which no sign means anything to YAML: the simple reader says the same
# of them, in a tenth of the time. Left out are signs, all spaces but the plain one, controls, and what YAML forbids.
_QUIET = (
    r"[^\0-\x1f#:<>\[\]^`{|}\\\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\ufffe\uffff"
    r"\ud800-\udfff]"
)
_WORDS = rf"(?:(?=[A-Za-z0-9/]|[^\0-\x7f])(?:{_QUIET}++|:(?=[\w./]))++|\"[^\"\\\n]*\"|'[^'\n]*')[ ]*"
_TAME_YAML = re.compile(
    rf"""(?: [A-Za-z][\w-]*(?:[ ][\w-]+)*: (?: [ ]+{_WORDS}\n
          | [ ]*\n (?: (?P<indent>[ ]*)-[ ]+{_WORDS}\n (?:(?P=indent)-[ ]+{_WORDS}\n)*+ )? ) )++""",
    re.VERBOSE,
)


class _YamlTexts(_Unfenced, YAMLHandler):
    def load(self, fm: str, **_: object) -> dict[str, Value]:
        if _TAME_YAML.fullmatch(fm.rstrip("\n") + "\n") and (fields := _read_simply(fm)):
            return fields
        return _kept(_YamlEvents(fm).pairs())


class _JsonTexts(_Unfenced, JSONHandler):
    def load(self, fm: str, **_: object) -> dict[str, Value]:
        return _kept(_plain_pairs(json.loads(fm, parse_int=str, parse_float=str, parse_constant=str)))


class _TomlTexts(_Unfenced, BaseHandler):
    """Whole numbers and dates come in TOML's own spelling: `1_000` as `1000`."""

    FM_BOUNDARY = _OPENING

    def load(self, fm: str, **_: object) -> dict[str, Value]:
        # A dotted key nests once a dot, and costs the square of its dots.
        if max(line.count(".") for line in fm.split("\n")) > _MOST_DOTS_A_LINE:
            raise ValueError("too many dots")
        return _kept(_plain_pairs(tomllib.loads(fm, parse_float=str)))


_HANDLERS: Mapping[str, BaseHandler] = {"---": _YamlTexts(), "+++": _TomlTexts(), ";;;": _JsonTexts()}


def _kept(pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """By key without case; of two equal keys the last wins (M5)."""
    fields = {key.strip().lower(): value for key, value in pairs}
    fields.pop("", None)
    return fields


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def _storable(text: str) -> str:
    """Escapes can spell what no file holds and no database takes: NUL, and half a character."""
    return _UNSTORABLE.sub("\ufffd", text)


# JSON and TOML


def _plain_pairs(root: object) -> Iterator[tuple[str, Value]]:
    if not isinstance(root, dict):
        raise _NoMapping
    return ((_storable(key), _plain(value)) for key, value in root.items())


def _plain(value: object) -> Value:
    if isinstance(value, list):
        return tuple(_plain_text(item) for item in value)
    return Nested(_plain_text(value)) if isinstance(value, dict) else _plain_text(value)


def _plain_text(value: object) -> str:
    if value is None or isinstance(value, bool | list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return _storable(str(value))


# YAML

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_HASHES = re.compile(r"[ \t]+#[^\s#][^\r\n]*")


class _YamlEvents:
    """A YAML mapping from its events: texts and lists of texts; anything deeper is its own source.

    Aliases are texts, and anchors and tags nothing, since nothing asks what they stand for.
    """

    def __init__(self, block: str) -> None:
        self._block = block
        self._events: Iterator[yaml.Event] = iter(yaml.parse(block, Loader=_LOADER))

    def pairs(self) -> list[tuple[str, Value]]:
        root = next(event for event in self._events if not isinstance(event, _YAML_OPENINGS))
        if not isinstance(root, yaml.MappingStartEvent):
            raise _NoMapping
        pairs = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._text(event)
            pairs.append((key, self._value(next(self._events), key.lower() in TAG_KEYS)))
        if any(isinstance(event, yaml.DocumentStartEvent) for event in self._events):
            raise ValueError("more than one document")
        return pairs

    def _value(self, event: yaml.Event, tags: bool) -> Value:
        if self._block.startswith(("[[", "{{"), _offset(event.start_mark)):
            return self._text(event)  # [[a link]] or {{a placeholder}}, not a list in a list
        if isinstance(event, yaml.SequenceStartEvent):
            return tuple(self._items(tags))
        text = self._text(event)
        if isinstance(event, yaml.MappingStartEvent):
            return Nested(text)
        return text + self._hashes(event) if tags else text

    def _items(self, tags: bool) -> Iterator[str]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            text = self._text(event)
            yield self._hashes(event) if tags and not text else text

    def _text(self, event: yaml.Event) -> str:
        if isinstance(event, yaml.ScalarEvent):
            return _storable(event.value)
        if isinstance(event, yaml.AliasEvent):
            return f"*{event.anchor}"
        end = self._end_of_collection()
        return self._block[_offset(event.start_mark) : end].strip()

    def _end_of_collection(self) -> int:
        """Where the collection ends that has just begun; its events are used up."""
        depth = 1
        while depth:
            event = next(self._events)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        return _offset(event.end_mark)

    def _hashes(self, event: yaml.Event) -> str:
        """What YAML takes for a comment in `tags: work, #people`."""
        plain = isinstance(event, yaml.ScalarEvent) and not event.style
        found = _HASHES.match(self._block, _offset(event.end_mark)) if plain else None
        return found[0] if found else ""


def _offset(mark: Any) -> int:
    """In characters of the block; the two parsers of PyYAML have a class each for it."""
    return int(mark.index)


_YAML_OPENINGS = (yaml.StreamStartEvent, yaml.DocumentStartEvent)

# The simple reader (M4)

# A line, whole: the stroke of an item or a key, and what follows it; or what is neither.
_LINE = re.compile(
    r"""
    (?: ([ \t]*+-) | ([^\s:#][^:\r\n]*+ (?: :(?![ \t\r\n]|\Z) [^:\r\n]*+ )*+) : )
    (?: [ \t]++ ([^\r\n]*+) )? (?![^\r\n])
    | ([^\r\n]++)
    """,
    re.VERBOSE,
)
_BLOCK_MARK = re.compile(r"[|>][-+0-9]*$")
_FLOW_LIST = re.compile(r"\[(?!\[)(.*)\]$")
_FLOW_ITEM = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+'|[^,]*+)[ \t]*(?:,|$)""")


def _read_simply(block: str) -> dict[str, Value] | None:
    """`key: value` and the `- item` lines below it. None if a line is neither these, nor indented, nor a comment."""
    entries: list[tuple[str, str, list[str]]] = []
    items: list[str] = []
    for stroke, key, text, other in _LINE.findall(block):
        if key:
            items = []
            entries.append((_unquoted(key), text.strip(), items))
        elif stroke and entries:
            items.append(_unquoted(text))
        elif stroke or not (other[0] in " \t#" or other.isspace()):
            return None
    return _kept([(key, _simple_value(text, items)) for key, text, items in entries]) or None


def _simple_value(text: str, items: list[str]) -> Value:
    if not text:
        return tuple(items) or ""
    if text[0] == "[" and (listed := _FLOW_LIST.match(text)):
        return tuple([_unquoted(item) for item in _FLOW_ITEM.findall(listed[1])])
    return "" if text[0] in "|>" and _BLOCK_MARK.match(text) else _unquoted(text)


def _unquoted(text: str) -> str:
    text = text.strip()
    quote = text[-1:]
    if quote not in _QUOTED or len(text) < 2 or text[0] != quote:
        return text
    return text[1:-1].replace(_QUOTED[quote], quote)


_QUOTED = {'"': '\\"', "'": "''"}
"""How each quote is written between such quotes."""
