r"""The line scanner: a note's body → blocks (rules B1 to B8, B10 to B13). The way in to all that reads Markdown.

The idea: one expression says at each line what begins there and takes, where it can, the whole run of lines that goes
on with it; a handler then decides what only the lines before can tell: whether a list is open, whether a paragraph goes
on. Invariants: the blocks follow each other without gap or overlap and cover every line once; no character is looked at
more than a fixed number of times; lists are a stack, so depth has no limit.

It follows CommonMark, as Obsidian reads it, except where people write otherwise than CommonMark hopes: two columns nest
a list, a list mark is one however far it is indented, and what never closes (`$$`, `%%`, `<!--`) was no opening.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from notesearch.index.records import VaultKind
from notesearch.read import lines
from notesearch.read.blocks import BLANK, ITEM, PARAGRAPH, Block, BlockKind, Draft, block_ids, finished
from notesearch.read.inline import CLOSING, after_closing, lex, opaque_spans, quoted_fences, unified
from notesearch.read.lines import (
    Token,
    column_of,
    content_column,
    may_interrupt,
    table_headers,
    width,
    without_closing,
    without_id,
)
from notesearch.read.plain import plain
from notesearch.read.plugins import archive_cards, give_block_ids, silence_drawing
from notesearch.read.tags import fields, logseq_ids, page_fields, tags

__all__ = [
    "Block",
    "BlockKind",
    "block_ids",
    "fields",
    "logseq_ids",
    "opaque_spans",
    "page_fields",
    "plain",
    "scan",
    "tags",
]


def scan(
    text: str,
    start: int = 0,
    first_line: int = 1,
    *,
    kind: VaultKind = VaultKind.PLAIN,
    properties: Mapping[str, object] = {},
) -> tuple[Block, ...]:
    """The blocks of `text[start:]`, in order.

    `start` is where the body begins, behind the frontmatter, and `first_line` the number of its first line;
    `properties` is the frontmatter, whose keys, in lower case, tell the notes of some plugins (rule B10).
    """
    text = unified(text)
    drawing = "excalidraw-plugin" in properties
    marks = [mark for mark in CLOSING if text.find(mark, start) >= 0 and not (drawing and mark == "%%")]
    drafts = _Scanner(text, start, marks, kind is VaultKind.LOGSEQ).scan()
    if text.find("^", start) >= 0:
        give_block_ids(text, drafts)
    if drawing:
        silence_drawing(text, drafts)
    if "kanban-plugin" in properties:
        archive_cards(text, drafts)
    return finished(text, drafts, first_line)


class _Scanner:
    """Walks over the lines and keeps what a line cannot tell by itself.

    `lists` are the items that are open, outermost first: the column of the mark, and the token. `goes_on` says whether
    a line of plain text would now belong to the last block. `margin` is the column of a footnote's further paragraphs.
    """

    def __init__(self, text: str, start: int, marks: Sequence[str], logseq: bool) -> None:
        self.text = text
        self.logseq = logseq
        self.position = start
        self.drafts: list[Draft] = []
        self.lists: list[tuple[int, Token]] = []
        self.goes_on = False
        self.margin = 0
        self.marks = marks
        self.closings: dict[str, int] = {}
        self.tables = table_headers(text, start) if text.find("|", start) >= 0 else []

    def scan(self) -> list[Draft]:
        text, end = self.text, len(self.text)
        match = (lines.LOGSEQ_TOKENS if self.logseq else lines.TOKENS).match
        while self.position < end:
            token = match(text, self.position)
            assert token is not None  # `blank` and `other` together take any line
            _HANDLERS[token.lastgroup](self, token)
        return self.drafts

    # --- small steps

    def add(self, kind: BlockKind, end: int, depth: int = 0, goes_on: bool = False) -> Draft:
        """Make a block of the lines from here to `end`."""
        draft = Draft(kind, self.position, end, 0, 0, 0, depth)
        self.drafts.append(draft)
        self.position = end
        self.goes_on = goes_on
        return draft

    def extend(self, end: int) -> None:
        """Give the lines from here to `end` to the last block."""
        self.drafts[-1].end = self.position = end

    def line_end(self, position: int) -> int:
        return self.text.find("\n", position) + 1 or len(self.text)

    def depth_at(self, column: int) -> int:
        """Leave the items that a line at this column is not in (rule B5); the number of those it is in."""
        lists = self.lists
        while lists and column < lists[-1][0] + 2:
            lists.pop()
        if column < self.margin:
            self.margin = 0
        return len(lists)

    def code_column(self) -> int:
        """From which column on a new line of text is indented code."""
        return 4 + (content_column(self.lists[-1][1]) if self.lists else self.margin)

    def too_deep(self, token: Token) -> bool:
        """Whether a line is indented so far that, outside of lists, its mark is none."""
        return not self.lists and column_of(token) >= 4 + self.margin

    # --- text

    def blank(self, token: Token) -> None:
        self.add(BLANK, token.end())

    def text_lines(self, token: Token) -> None:
        end, underline = token.end(), token["underline"]
        if underline is not None:
            end -= len(underline)
        if self.tables:
            header = self.next_table(self.position, end)
            if header == self.position:
                self.table(token, end)
                return
            if header < end:
                end, underline = header, None
        if underline is not None and not self.goes_on and self.text.find("\n", self.position) == end - 1:
            self.underlined(token)
        else:
            self.prose(token, end)

    def prose(self, token: Token, end: int) -> None:
        """Text from here to `end`: the last block goes on with it, or it is a paragraph, or indented code."""
        if self.goes_on:
            self.extend(self.whole(end))
            return
        column = column_of(token)
        depth = self.depth_at(column)
        if column >= 4 and column >= self.code_column():
            self.indented_code(depth)
        else:
            self.add(PARAGRAPH, self.whole(end) if self.marks else end, depth, True)

    def other(self, token: Token) -> None:
        """What looked like something else and is text."""
        self.prose(token, self.line_end(token.end() - 1))

    def indented_code(self, depth: int) -> None:
        least = self.code_column()
        end = self.line_end(self.position)
        for line in lines.LINE_OF_TEXT.finditer(self.text, end):
            if width(line[1]) < least:
                break
            end = line.end()
        self.add(BlockKind.CODE, end, depth)

    def footnote(self, token: Token) -> None:
        """Each footnote is a block (rule B13); its further paragraphs are indented, and no code."""
        if self.too_deep(token):
            self.prose(token, token.end())
            return
        depth = self.depth_at(column_of(token))
        self.add(PARAGRAPH, self.whole(token.end()), depth, True)
        self.margin = 4

    def silent(self, token: Token) -> None:
        """A line that Logseq keeps for itself (rule B12)."""
        depth = len(self.lists) if self.goes_on else self.depth_at(column_of(token))
        self.add(PARAGRAPH, token.end(), depth).silent = True

    # --- headings, rules, tables, quotes

    def heading(self, token: Token) -> None:
        column = column_of(token)
        if column > 3:
            self.prose(token, token.end())
            return
        title = self.text[token.end("hashes") : token.end()]
        self.add_heading(token.end(), column, len(token["hashes"]), without_closing(without_id(title)))

    def underlined(self, token: Token) -> None:
        """A line of text over `=` or `-` (rule B2)."""
        column = column_of(token)
        depth = self.depth_at(column)
        if column >= 4 and column >= self.code_column():
            self.indented_code(depth)
            return
        title = self.text[self.position : token.start("underline")]
        self.add_heading(token.end(), column, 1 if "=" in token["underline"] else 2, without_id(title))

    def add_heading(self, end: int, column: int, level: int, title: str) -> None:
        draft = self.add(BlockKind.HEADING, end, self.depth_at(column))
        draft.level, draft.title = level, title

    def rule(self, token: Token) -> None:
        if self.too_deep(token):
            self.prose(token, token.end())
        else:
            self.add(BlockKind.RULE, token.end(), self.depth_at(column_of(token)))

    def next_table(self, start: int, end: int) -> int:
        """Where the first table between two offsets begins; `end` if none does."""
        following = bisect_left(self.tables, start)
        return min(self.tables[following], end) if following < len(self.tables) else end

    def table(self, token: Token, end: int) -> None:
        """A row of names over a row of strokes, and all lines of text under them (rule B8)."""
        if self.too_deep(token):
            self.prose(token, end)
        else:
            self.add(BlockKind.TABLE, end, self.depth_at(column_of(token)), True)

    def quote(self, token: Token) -> None:
        """A quote with all that is in it; its first line may make it a callout (rule B7)."""
        if self.too_deep(token):
            self.prose(token, token.end())
            return
        draft = self.add(BlockKind.QUOTE, token.end(), self.depth_at(column_of(token)))
        callout = lines.CALLOUT.match(self.text, draft.start)
        if callout is not None:
            draft.label, draft.title = callout["type"].strip().lower(), callout["title"].strip()
        self.goes_on = self.ends_with_text(draft)

    def ends_with_text(self, quote: Draft) -> bool:
        """Whether a line without `>` would go on with the quote's last paragraph."""
        line_start = self.text.rfind("\n", quote.start, quote.end - 1) + 1 or quote.start
        last_line = self.text[line_start : quote.end].lstrip(" \t>")
        token = lines.TOKENS.match(last_line)
        if token is None or token.lastgroup not in ("text", "item") or last_line.startswith("|"):
            return False
        fences = quoted_fences(self.text, quote.start, quote.end)
        return not fences or fences[-1][1] < quote.end

    # --- lists

    def item(self, token: Token) -> None:
        """An item with the lines of text that follow it at once, whatever their indentation (rule B5)."""
        if self.goes_on and not self.lists and not may_interrupt(token) and self.in_paragraph():
            self.prose(token, token.end())
            return
        column, task, code = column_of(token), token["task"], token["code"]
        depth = self.depth_at(column) + 1
        self.lists.append((column, token))
        end = token.end()
        if self.tables:
            end = self.next_table(self.position + 1, end)
        draft = self.add(ITEM, self.whole(end) if self.marks else end, depth, True)
        if task is not None:
            draft.task = task
        if code is not None:
            self.fenced_code(code, token["content"])
        elif self.logseq and self.text.find("\n", draft.start, draft.end - 1) < 0:
            draft.silent = lines.LOGSEQ_LINE.match(token["content"] or "") is not None

    def in_paragraph(self) -> bool:
        return self.drafts[-1].kind is PARAGRAPH

    # --- code, math, comments, HTML

    def fence(self, token: Token) -> None:
        if self.too_deep(token):
            self.prose(token, token.end())
            return
        self.depth_at(column_of(token))
        self.fenced_code(token["ticks"], token["info"], token.end())

    def fenced_code(self, ticks: str, info: str, body: int | None = None) -> None:
        """The rest of a fence (rule B3): `body` is where the code begins, if its first line is not an item's."""
        end = self.fence_end(ticks, self.position if body is None else body)
        self.goes_on = False
        if end > self.position:
            draft = self.add(BlockKind.CODE, end, len(self.lists))
            draft.label = info.split(maxsplit=1)[0] if info.strip() else ""

    def fence_end(self, ticks: str, body: int) -> int:
        """Behind the line that closes the fence, or where the item ends in which it stands, or the note."""
        least = self.lists[-1][0] + 2 if self.lists else 0
        for line in (lines.LINE_OF_CODE if least else lines.CLOSING_FENCE).finditer(self.text, body):
            if width(line[1]) < least:
                return line.start()
            if line[2] is not None and line[2].startswith(ticks):
                return line.end()
        return len(self.text)

    def region(self, token: Token) -> None:
        """Math or a comment that begins a line (rule B4): a block if it ends one, too."""
        mark, at = token["opening"], token.start("opening")
        close = -1 if mark not in self.marks or self.too_deep(token) else self.closed_at(mark, at)
        if close < 0 or (self.text.find("\n", at, close) < 0 and not lines.ONLY_COMMENTS.match(self.text, close)):
            self.other(token)
            return
        kind = BlockKind.MATH if mark == "$$" else BlockKind.COMMENT
        end = self.past_open_marks(close, self.line_end(close))
        self.add(kind, end, self.depth_at(column_of(token))).hidden = kind is BlockKind.COMMENT

    def closed_at(self, mark: str, at: int) -> int:
        """Where the mark that opens at `at` is closed; -1 if it never is.

        What was found is kept: many openings before one closing, or none, cost one search.
        """
        close = self.closings.get(mark, 0)
        if 0 <= close < at + 2 + len(CLOSING[mark]):
            close = self.closings[mark] = after_closing(self.text, mark, at, len(self.text))
        return close

    def whole(self, end: int) -> int:
        """Where the text from here to `end` really ends."""
        return self.past_open_marks(self.position, end) if self.marks else end

    def past_open_marks(self, start: int, end: int) -> int:
        """As `whole`: math or a comment that opens between `start` and `end` is not torn apart (rule B4)."""
        while any(self.text.find(mark, start, end) >= 0 for mark in self.marks):
            opened = sorted(
                (at, mark) for mark, at in lex(self.text, start, end).left_open.items() if mark in self.marks
            )
            close = next((close for at, mark in opened if (close := self.inline_close(mark, at)) > 0), -1)
            if close < 0:
                break
            start, end = close, max(end, self.line_end(close))
        return end

    def inline_close(self, mark: str, at: int) -> int:
        """As `closed_at`, but from the middle of a line no mark leaves its paragraph: `$$` may be a price."""
        close = self.closed_at(mark, at)
        line_start = self.text.rfind("\n", self.position, at) + 1 or self.position
        leading = lines.LEADING_MARKS.match(self.text, line_start, at)
        if close < 0 or (leading is not None and leading.end() == at):
            return close
        return -1 if lines.PARAGRAPH_END.search(self.text, at, close) else close

    def html(self, token: Token) -> None:
        at = token.start("html")
        if self.too_deep(token) or not self.begins_html(at):
            self.other(token)
            return
        depth = self.depth_at(column_of(token))
        end = self.raw_html_end(at) if lines.RAW_HTML.match(self.text, at) else -1
        self.add(BlockKind.HTML, end if end > 0 else self.end_of_text_lines(), depth)

    def begins_html(self, at: int) -> bool:
        if lines.HTML_BLOCK.match(self.text, at):
            return True
        return not self.goes_on and lines.HTML_TAG_ALONE.match(self.text, at) is not None

    def raw_html_end(self, at: int) -> int:
        """Behind the line with the end tag; -1 if there is none, which is found out only once."""
        found = lines.RAW_HTML_END.search(self.text, at) if self.closings.get("html", 0) >= 0 else None
        end = self.closings["html"] = self.line_end(found.end() - 1) if found is not None else -1
        return end

    def end_of_text_lines(self) -> int:
        """Where the lines from here on come to a blank one, or to one that leaves the item."""
        least = self.lists[-1][0] + 2 if self.lists else 0
        end = self.line_end(self.position)
        for line in lines.LINE_OF_TEXT.finditer(self.text, end):
            if line.start() > end or width(line[1]) < least:
                break
            end = line.end()
        return end


_HANDLERS: Mapping[str | None, Callable[[_Scanner, Token], None]] = {
    "blank": _Scanner.blank,
    "text": _Scanner.text_lines,
    "rule": _Scanner.rule,
    "item": _Scanner.item,
    "heading": _Scanner.heading,
    "fence": _Scanner.fence,
    "quote": _Scanner.quote,
    "region": _Scanner.region,
    "html": _Scanner.html,
    "footnote": _Scanner.footnote,
    "silent": _Scanner.silent,
    "other": _Scanner.other,
}
