"""What must not be read as text inside lines: code, math, comments (rules B3, B4, L5).

The idea: marks are paired from left to right, the first to open wins, and one that never closes is plain text.
Invariants: spans are sorted and do not overlap; offsets are those of the note's text; time is linear whatever the text,
since where a mark closes is looked for once.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from notesearch.read.blocks import CODE, MATH, QUOTE, TABLE, Block

Span = tuple[int, int, str]

_MARKS = re.compile(
    r"""
      \\[!-/:-@\[-`{-~]                                            # an escaped sign is a sign
    | (?P<ticks>`+)
    | (?P<display>\$\$)
    | (?P<math>\$(?![\s$])(?:\\[^\n]|[^\\$\n])*+(?<!\s)\$(?!\d))   # no space inside the dollars, no price behind them
    | (?P<comment><!--)
    | (?P<hidden>%%)
    """,
    re.VERBOSE,
)
_TICKS = re.compile(r"`+")
CLOSING = {"$$": "$$", "%%": "%%", "<!--": "-->"}
"""The marks that may reach over lines (rule B4), and what closes them."""


def unified(text: str) -> str:
    r"""The text with every line end a single `\n` and every offset kept (rule T3): `\r\n` becomes space and `\n`."""
    return text.replace("\r\n", " \n").replace("\r", "\n") if "\r" in text else text


def after_closing(text: str, mark: str, start: int, end: int) -> int:
    """Where the mark that opens at `start` is closed, just behind the closing; -1 if not before `end`."""
    closing = CLOSING[mark]
    found = text.find(closing, start + 2, end)  # two on: `<!-->` is a whole comment
    return found + len(closing) if found >= 0 else -1


@dataclass(slots=True)
class Lexed:
    """A stretch of text with its marks paired: what is code, math or comment, what is hidden, what was left open."""

    spans: list[Span] = field(default_factory=list)
    hidden: list[tuple[int, int]] = field(default_factory=list)
    left_open: dict[str, int] = field(default_factory=dict)

    def all_spans(self) -> list[Span]:
        """All spans in order; code, math and comments inside hidden text cut it into pieces."""
        if not self.hidden:
            return self.spans
        return sorted([*self.spans, *_cut(self.hidden, self.spans)])


def lex(text: str, start: int, end: int) -> Lexed:
    """Pair the marks between two offsets. The first mark to open wins, and one that never closes is plain text."""
    lexed = Lexed()
    ticks = _TickRuns(text, end)
    position = start
    while (mark := _MARKS.search(text, position, end)) is not None:
        at, position = mark.span()
        match mark.lastgroup:
            case "ticks":
                if close := ticks.close(at, position):
                    lexed.spans.append((at, close, "code"))
                    position = close
            case "math":
                lexed.spans.append((at, position, "math"))
            case "hidden":
                _toggle_hidden(lexed, at)
            case "display" | "comment" if mark[0] not in lexed.left_open:
                position = _lex_region(lexed, text, mark[0], at, end)
    return lexed


def _toggle_hidden(lexed: Lexed, at: int) -> None:
    opened = lexed.left_open.pop("%%", None)
    if opened is None:
        lexed.left_open["%%"] = at
    else:
        lexed.hidden.append((opened, at + 2))


def _lex_region(lexed: Lexed, text: str, mark: str, at: int, end: int) -> int:
    close = after_closing(text, mark, at, end)
    if close < 0:
        lexed.left_open[mark] = at
        return at + len(mark)
    lexed.spans.append((at, close, "math" if mark == "$$" else "comment"))
    return close


class _TickRuns:
    """Where runs of backticks of a given length stand, gathered once, so that many runs do not cost many searches."""

    def __init__(self, text: str, end: int) -> None:
        self.text, self.end = text, end
        self.by_length: dict[int, list[int]] | None = None

    def close(self, start: int, end: int) -> int:
        """The end of the next run as long as the one at `start`; 0 if there is none."""
        if self.by_length is None:
            self.by_length = {}
            for run in _TICKS.finditer(self.text, start, self.end):
                self.by_length.setdefault(run.end() - run.start(), []).append(run.start())
        length = end - start
        starts = self.by_length.get(length, [])
        later = bisect_right(starts, start)
        return starts[later] + length if later < len(starts) else 0


def _cut(ranges: Sequence[tuple[int, int]], spans: Sequence[Span]) -> Iterator[Span]:
    """The parts of `ranges` outside of `spans`; both sorted."""
    following = 0
    for start, end in ranges:
        while following < len(spans) and spans[following][0] < end:
            inner_start, inner_end, _ = spans[following]
            if inner_start > start:
                yield start, inner_start, "hidden"
            start = max(start, inner_end)
            following += 1
        if start < end:
            yield start, end, "hidden"


# --- spans that are not text ------------------------------------------------------------------------------------------

_QUOTED_FENCE = re.compile(
    r"^([ \t]*>[ \t>]*)(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}+(?![^\n]*`)|~{3,}+)[ \t]*(\S?)", re.MULTILINE
)
_QUOTED_BLANK = re.compile(r"\n[ \t>]*(?=\n)")
_OPENING = re.compile(r"[`$]|%%|<!--|~~~")


def opaque_spans(text: str, blocks: Sequence[Block]) -> list[Span]:
    """What is code, math, comment or hidden: sorted spans `(start, end, why)` that do not overlap.

    `why` is "code", "math", "comment" (an HTML comment, or a silent block: neither holds links or tags) or "hidden"
    (between `%%`: text all the same, but marked).
    """
    text = unified(text)
    spans: list[Span] = []
    # Most notes hold no mark at all, and then nobody looks twice.
    has_marks = "`" in text or "$" in text or "%%" in text or "<!--" in text or "~~~" in text
    mark = 0 if has_marks else len(text) + 1
    for block in blocks:
        kind = block.kind
        if block.silent:
            spans.append((block.start, block.end, "comment"))
        elif kind is CODE or kind is MATH:
            spans.append((block.start, block.end, "code" if kind is CODE else "math"))
        elif mark < block.end:
            if mark < block.start:
                opening = _OPENING.search(text, block.start)
                mark = opening.start() if opening else len(text) + 1
            if mark < block.end:
                spans += _SPANS.get(kind, _block_spans)(text, block)
    return spans


def _block_spans(text: str, block: Block) -> Iterator[Span]:
    yield from lex(text, block.start, block.end).all_spans()


def _table_spans(text: str, block: Block) -> Iterator[Span]:
    """In a table, the marks pair up inside each row."""
    start = block.start
    while start < block.end:
        end = text.find("\n", start, block.end) + 1 or block.end
        yield from lex(text, start, end).all_spans()
        start = end


def _quote_spans(text: str, block: Block) -> Iterator[Span]:
    """In a quote, fences come first; the marks pair up inside the paragraphs between them."""
    start = block.start
    for fence_start, fence_end in quoted_fences(text, block.start, block.end):
        yield from _paragraph_spans(text, start, fence_start)
        yield fence_start, fence_end, "code"
        start = fence_end
    yield from _paragraph_spans(text, start, block.end)


_SPANS = {QUOTE: _quote_spans, TABLE: _table_spans}


def _paragraph_spans(text: str, start: int, end: int) -> Iterator[Span]:
    for blank in _QUOTED_BLANK.finditer(text, start, end):
        yield from lex(text, start, blank.end()).all_spans()
        start = blank.end()
    yield from lex(text, start, end).all_spans()


def quoted_fences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The fences inside a quote, whole lines; one that never closes runs to the quote's end (rule B3)."""
    fences: list[tuple[int, int]] = []
    opened: re.Match[str] | None = None
    for line in _QUOTED_FENCE.finditer(text, start, end):
        if opened is None:
            opened = line
        elif not line[3] and line[2].startswith(opened[2]):
            fences.append((opened.start(), text.find("\n", line.start(), end) + 1 or end))
            opened = None
    if opened is not None:
        fences.append((opened.start(), end))
    return fences


def only_text(text: str, opaque: Sequence[Span]) -> str:
    """The text with code, math and comments blotted out by as many NULs, which no decoded text holds (rule T2).

    Offsets stay, and so does a line end at the end of a span. Hidden text is text.
    """
    parts: list[str] = []
    position = 0
    for start, end, why in opaque:
        if why != "hidden":
            end -= text.endswith("\n", start, end)
            parts += (text[position:start], "\0" * (end - start))
            position = end
    parts.append(text[position:])
    return "".join(parts)
