"""Links in the text of a note (rules L1 to L6): found where they stand, resolved elsewhere (`resolve.py`).

The idea: code, math and HTML comments are blotted out by as many NULs (which no decoded text holds, rule T2), so that
offsets stay; then one expression per form of link runs over what is left, and the words are taken from the text itself.
Every expression is possessive and stops at the next bracket that is none of its own, so time is linear whatever the
brackets do. The invariant: links come in order of `start`, and `text[link.start:link.end]` is the link as written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from notesearch.index.records import Link, LinkKind, VaultKind, quickly

Span = tuple[int, int]
OpaqueSpan = tuple[int, int, str]

# L1, the innermost pair: a run of brackets opens with its last two; a single `[` or `]` may stand inside, a line end
# may not. `[[paper [2021]]]` closes with its last two; `[[text](url)]` is a Markdown link in brackets.
_WIKILINK = re.compile(
    r"\[\[ (?!\[) (?: [^\[\]\r\n]++ | \[[^\[\]\r\n]*+\](?=\]\]) | \[(?!\[) | \](?![\](]) )*+ \]\]", re.VERBOSE
)
# A bar parts target and shown text; in tables it is written `\|`, and nobody means a target that ends in a backslash.
_BAR = re.compile(r"\\?\|")
_PICTURE = re.compile(r"\.(?:avif|bmp|gif|heic|ico|jpe?g|png|svg|tiff?|webp)$", re.IGNORECASE)
_PICTURE_SIZE = re.compile(r"(?:^|\|)\s*\d+(?:x\d+)?$")

_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Stepped over, so that no link begins at `\[` (L5).
_ESCAPE = r"\\."
# Text between brackets: no bracket unless escaped, no blank line. And a target: `<…>` on one line, or without a space.
_WORDS = r"(?: [^\[\]\\\r\n]++ | \\[^\r\n]?+ | (?:\r\n?|\n)(?![ \t]*(?:[\r\n]|\Z)) )"
_ANGLED = r"< (?P<angled> [^<>\r\n]*+ ) >"
_TITLE = r"""(?: "(?:[^"\\\r\n]++|\\.)*+" | '(?:[^'\\\r\n]++|\\.)*+' | \((?:[^()\\\r\n]++|\\.)*+\) )"""
_MARKDOWN_LINK = re.compile(
    rf"""
    {_ESCAPE}
    | \[ (?P<shown> (?: {_WORDS} | \[{_WORDS}*+\] | \[\[{_WORDS}*+\]\] )*+ ) \]
    \( [ \t]*+
    (?: {_ANGLED}
      | \[\[ (?P<page> [^\[\]\r\n]++ ) \]\] | \(\( (?P<block> {_UUID} ) \)\)    # Logseq: [x]([[page]]), [x](((id)))
      | (?P<bare> (?!<) (?: [^\s()\\]++ | \\\S?+ | \( (?: [^\s()\\]++ | \\\S?+ )*+ \) )*+ )
    )
    (?: [ \t]++ {_TITLE} )?+ [ \t]*+ \)
    """,
    re.VERBOSE,
)
_REFERENCE = re.compile(
    rf"{_ESCAPE} | (?<!\[) \[ (?P<shown> {_WORDS}++ ) \] (?: \[ (?P<label> {_WORDS}*+ ) \] )?+ (?! [\]\[(] )",
    re.VERBOSE,
)
_DEFINES = re.compile(r"\]:(?<=[^\[\]\\\r\n]\]:)")  # what all definitions have; `[[a link]]: …` is none
_DEFINITION = re.compile(
    rf"""
    (?<![^\r\n]) [ ]{{0,3}} (?P<open>\[) (?!\^) (?P<label> [^\[\]\\\r\n]++ ) \]:
    [ \t]*+ (?: {_ANGLED} | (?P<bare>\S++) )
    """,
    re.VERBOSE,
)

# L5: `javascript: a book` names a note, `https://…` does not; in Markdown any scheme counts, but one letter is a drive.
_WIKI_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*://|(?:data|javascript|mailto|tel):(?!\s))", re.IGNORECASE)
_MARKDOWN_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:|//", re.IGNORECASE)
_DENDRON_SCHEME = "dendron://"  # names a vault, not a place outside: in Dendron a link like any other

# L4, Logseq alone. The first half of the tag's expression steps over links, in which `#` is no tag (B9).
_MOST_NESTED = 8
_BRACKET_RUN = re.compile(r"\[{2,}|\]{2,}|[\r\n]")
_BLOCK_REFERENCE = re.compile(rf"\(\(({_UUID})\)\)")
_TAG = re.compile(
    r"\[\[[^\[\]\r\n]*+\]\] | \[[^\[\]\r\n]*+\]\([^()\s]*+\)"
    r"| (?<![^\s(]) \# (?![\d/-]+(?:[^\w/-]|$)) (?P<tag> [\w/\-\u2600-\u27bf\U0001f000-\U0001faff\u200d\ufe0f]++ )",
    re.VERBOSE,
)
_EMBED_MACRO = "{{embed "

_quick_link = quickly(Link)
_NOTE_SUFFIX = re.compile(r"\.(?:md|markdown)$", re.IGNORECASE)
_NO_HEADING = re.compile(r"\^|page=")  # what a part says when it names no heading


def scan_links(
    text: str,
    opaque: Sequence[OpaqueSpan],
    line_starts: Sequence[int],
    *,
    start: int = 0,
    end: int | None = None,
    kind: VaultKind = VaultKind.PLAIN,
) -> tuple[Link, ...]:
    """The links in `text[start:end]`, in order of start; external ones (L5) are not among them.

    `opaque` are the sorted spans where links do not count; only in those called "hidden" (`%% %%`) they do, and are
    marked. `line_starts` are the offsets at which the lines of `text` begin.
    """
    end = len(text) if end is None else end
    if kind is not VaultKind.LOGSEQ and text.find("[", start, end) < 0:
        return ()
    hidden = [(first, last) for first, last, why in opaque if why == "hidden"]
    page = _Page(text, _blotted(text, opaque, start, end), start, end, line_starts, hidden, kind)
    others, claimed = _markdown_links(page)
    others += _reference_links(page)
    if kind is VaultKind.LOGSEQ:
        others += [*_block_references(page, claimed), *_tag_links(page)]
    links = _wiki_links(page, "wiki", claimed)
    return tuple(sorted([*links, *others], key=_place) if others else links)


def property_links(
    text: str, start: int, end: int, line_starts: Sequence[int], *, kind: VaultKind = VaultKind.PLAIN
) -> tuple[Link, ...]:
    """The wikilinks in the frontmatter `text[start:end]`, quoted or not (M6), in order of start."""
    if text.find("[[", start, end) < 0:
        return ()
    page = _Page(text, text, start, end, line_starts, [], kind)
    return tuple(_wiki_links(page, "property"))


def search_words(link: Link) -> str:
    """What a link adds to the search text (L6): the text shown and the target's name, once if they are equal.

    Where no text is given, a heading it leads to is shown: `[[a#b]]` is "a b".
    """
    name = target_name(link.target)
    if link.shown:
        return link.shown if link.shown.casefold() == name.casefold() else f"{link.shown} {name}".strip()
    if not link.part or _NO_HEADING.match(link.part):
        return name.strip()
    return f"{name} {link.part.replace('#', ' ')}".strip()


@lru_cache(maxsize=8192)  # a note that is linked once is linked again
def target_name(target: str) -> str:
    """The name behind a target: its last part, decoded, without `.md`; `-` and `_` are kept."""
    last = unquote(target).replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "" if last in (".", "..") else _NOTE_SUFFIX.sub("", last)


def _place(link: Link) -> Span:
    return link.start, -link.end


@dataclass(slots=True)
class _Page:
    """The text to scan and what a link needs to know of the place where it stands."""

    text: str
    seen: str  # the text with what is opaque blotted out, of the same length
    start: int
    end: int
    line_starts: Sequence[int]
    hidden: Sequence[Span]
    kind: VaultKind

    def matches(self, form: re.Pattern[str]) -> list[re.Match[str]]:
        """Where `form` stands and is not escaped (L5)."""
        found = list(form.finditer(self.seen, self.start, self.end))
        return [match for match in found if not self.escaped(match.start())] if "\\" in self.seen else found

    def escaped(self, at: int) -> bool:
        """Whether an odd number of backslashes stands before `at`."""
        if not at or self.seen[at - 1] != "\\":
            return False
        before = at
        while before > self.start and self.seen[before - 1] == "\\":
            before -= 1
        return (at - before) % 2 == 1

    def words(self, found: re.Match[str], *groups: str) -> str:
        """The text of the first of `groups` that took part in the match."""
        return next((self.text[slice(*found.span(group))] for group in groups if found.start(group) >= 0), "")

    def embeds(self, at: int) -> bool:
        """Whether a `!` that counts stands before the bracket at `at` (B14)."""
        return self.seen[at - 1] == "!" and at > self.start and not self.escaped(at - 1)

    def link(self, address: str, shown: str, kind: LinkKind, span: Span, *, embed: bool) -> Link | None:
        """The link with its target and part taken apart; None for `[[]]` and the like."""
        target, _, part = address.partition("#")
        target, part, shown = target.strip(), part.strip(), shown.strip()
        if not target and not part:
            return None
        if shown and _PICTURE.search(target):
            shown = _PICTURE_SIZE.sub("", shown).rstrip()
        start, end = span
        line = bisect_right(self.line_starts, start)
        hidden = self._is_hidden(start) if self.hidden else False
        return _quick_link(target, part, shown, kind, embed, start, end, line, hidden)

    def _is_hidden(self, at: int) -> bool:
        after = bisect_right(self.hidden, at, key=lambda span: span[0])
        return after > 0 and at < self.hidden[after - 1][1]


def _blotted(text: str, opaque: Iterable[OpaqueSpan], start: int, end: int) -> str:
    pieces: list[str] = []
    done = 0
    for first, last, why in opaque:
        if why == "hidden" or last <= start or first >= end:
            continue
        pieces += text[done:first], "\0" * (last - first)
        done = last
    return "".join([*pieces, text[done:]]) if pieces else text


def _wiki_links(page: _Page, kind: LinkKind, claimed: AbstractSet[int] = frozenset()) -> list[Link]:
    """Wikilinks (L1, L2) in order of start, but for those whose opening brackets belong to a Markdown link."""
    if page.seen.find("[[", page.start, page.end) < 0:
        return []
    text, logseq = page.text, page.kind is VaultKind.LOGSEQ
    links = []
    for start, end in _nested_pairs(page) if logseq else [match.span() for match in page.matches(_WIKILINK)]:
        if start in claimed:
            continue
        address, shown = text[start + 2 : end - 2], ""
        if "|" in address:
            address, shown = _wiki_halves(address, page.kind)
        if ":" in address and _is_external(address.lstrip(), page.kind):
            continue
        macro = logseq and text.endswith(_EMBED_MACRO, page.start, start)
        bang = page.embeds(start)
        if link := page.link(address, shown, kind, (start - bang, end), embed=bang or macro):
            links.append(link)
    return sorted(links, key=_place) if logseq else links


def _nested_pairs(page: _Page) -> Iterator[Span]:
    """Every pair of double brackets within a line (L4): `[[a [[b]] c]]` is two.

    Of pairs in pairs the innermost few: each holds the text of those in it, so all together would hold its square.
    """
    opened: list[int] = []
    depths = [0]  # how deep pairs are nested in what is open, outermost first; before all stands the line
    for found in page.matches(_BRACKET_RUN):
        run, (first, last) = found[0], found.span()
        if run[0] == "[":
            opened += range(last - len(run) // 2 * 2, last, 2)
            depths += [0] * (len(run) // 2)
        elif run[0] == "]":
            for close in range(first, last - 1, 2):
                if opened:
                    start, depth = opened.pop(), depths.pop() + 1
                    depths[-1] = max(depths[-1], depth)
                    if depth <= _MOST_NESTED:
                        yield start, close + 2
        else:
            opened.clear()
            depths = [0]


def _wiki_halves(inside: str, kind: VaultKind) -> tuple[str, str]:
    """Address and shown text, parted by the first bar (L1); in Dendron they change places, so by the last one (L2)."""
    if "|" not in inside:
        return inside, ""
    bars = list(_BAR.finditer(inside))
    bar = bars[-1 if kind is VaultKind.DENDRON else 0]
    before, after = inside[: bar.start()], inside[bar.end() :]
    address, shown = (after, before) if kind is VaultKind.DENDRON else (before, after)
    return address, shown.replace("\\|", "|")


def _is_external(address: str, kind: VaultKind) -> bool:
    if kind is VaultKind.DENDRON and address.startswith(_DENDRON_SCHEME):
        return False
    return _WIKI_SCHEME.match(address) is not None


def _markdown_links(page: _Page) -> tuple[list[Link], set[int]]:
    """Markdown links (L3), and the offsets where double brackets would open a wikilink but are theirs."""
    links: list[Link] = []
    claimed: set[int] = set()
    at = page.start if page.seen.find("](", page.start, page.end) >= 0 else page.end
    while found := _MARKDOWN_LINK.search(page.seen, at, page.end):
        shown = found["shown"] or ""
        at = found.start() + 1 if "](" in shown else found.end()
        # In a link with a link inside, the inner one counts; but a picture may be what is shown.
        if ("](" in shown and "![" not in shown) or not _is_markdown(page, found):
            continue
        claimed |= {found.start(), found.start("page") - 2, found.start("block") - 2}
        if link := _markdown_link(page, found):
            links.append(link)
    return links, claimed


def _is_markdown(page: _Page, found: re.Match[str]) -> bool:
    """Not an escape, nor a footnote mark before brackets, nor `[[note]](2021)`; but `[[1]](https://…)` is."""
    shown, address = found["shown"], page.words(found, "angled", "bare")
    if shown is None or shown.startswith("^"):
        return False
    bracketed = shown.startswith("[") and shown.endswith("]")
    return not bracketed or address.startswith("#") or _MARKDOWN_SCHEME.match(address) is not None


def _markdown_link(page: _Page, found: re.Match[str]) -> Link | None:
    bang = page.embeds(found.start())
    span = (found.start() - bang, found.end())
    shown = _one_line(page.words(found, "shown"))
    if found["page"]:
        return page.link(_wiki_halves(page.words(found, "page"), page.kind)[0], shown, "wiki", span, embed=bang)
    if found["block"]:
        return page.link(f"#^{found['block']}", shown, "wiki", span, embed=bang)
    address = page.words(found, "angled", "bare")
    return None if _MARKDOWN_SCHEME.match(address) else page.link(address, shown, "markdown", span, embed=bang)


def _reference_links(page: _Page) -> Iterator[Link]:
    """`[shown][label]`, `[label][]` and `[label]`, where the label is defined (L3)."""
    if not _DEFINES.search(page.seen, page.start, page.end):
        return
    addresses: dict[str, str] = {}
    defined_at: set[int] = set()
    for found in page.matches(_DEFINITION):
        addresses.setdefault(_label(page.words(found, "label")), page.words(found, "angled", "bare"))
        defined_at.add(found.start("open"))
    for found in _REFERENCE.finditer(page.seen, page.start, page.end) if addresses else ():
        shown = page.words(found, "shown")
        address = addresses.get(_label(page.words(found, "label") or shown), "")
        if found.start() in defined_at or _MARKDOWN_SCHEME.match(address):
            continue
        bang = page.embeds(found.start())
        span = (found.start() - bang, found.end())
        if link := page.link(address, _one_line(shown), "markdown", span, embed=bang):
            yield link


def _label(words: str) -> str:
    return _one_line(words).casefold()


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _block_references(page: _Page, claimed: AbstractSet[int]) -> Iterator[Link]:
    """`((uuid))`, a block that may stand in any note of the graph (L4): no target, the part names the block."""
    for found in page.matches(_BLOCK_REFERENCE):
        embed = page.text.endswith(_EMBED_MACRO, page.start, found.start())
        link = page.link(f"#^{found[1]}", "", "wiki", found.span(), embed=embed)
        if link and found.start() not in claimed:
            yield link


def _tag_links(page: _Page) -> Iterator[Link]:
    """`#tag`, in Logseq a link to the page of that name (L4); `#[[two words]]` is found as a wikilink."""
    for found in page.matches(_TAG):
        if found["tag"] and (link := page.link(found["tag"], "", "wiki", found.span(), embed=False)):
            yield link
