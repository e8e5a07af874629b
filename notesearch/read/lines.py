r"""What a line says by itself: what begins there, how far that surely goes, how deep it is indented.

The scanner adds what only the lines before can tell. The expressions see text in which every line ends with `\n`
(`inline.unified`). Each repetition is possessive or stops at its own kind, so that none runs back and forth.
"""

from __future__ import annotations

import re

_END = r"(?:\n|\Z)"
_RULE = rf"(?:(?:-[ \t]*+){{3,}}+|(?:\*[ \t]*+){{3,}}+|(?:_[ \t]*+){{3,}}+){_END}"
_FENCE = r"(?:`{3,}+(?![^\n]*`)|~{3,}+)"
_ITEM_MARK = r"(?:[-*+]|\d{1,9}[.)])"
_FOOTNOTE = r"\[\^[^\]\n]+\]:"
# Lines that Logseq keeps for itself (rule B12). A logbook stops at the next one, so that many open ones stay cheap.
_LOGSEQ = (
    r"(?:(?:id|collapsed)::[^\n]*"
    r"|:LOGBOOK:[^\n]*(?:\n(?:(?![ \t]*:(?:END|LOGBOOK):)[^\S\n]*+\S[^\n]*\n)*+[ \t]*:END:[^\n]*)?)"
)


def _tokens(logseq: bool) -> re.Pattern[str]:
    """What begins at a line. Every named group that ends a match is a kind of token."""
    ends_text = rf"""(?:
        \#{{1,6}}(?:[ \t]|$) | {_ITEM_MARK}(?:[ \t]|$) | {_RULE} | [=-]+[ \t]*$ | {_FENCE} | > | <[A-Za-z/!?]
        | \$\$ | %% | {_FOOTNOTE} {"| " + _LOGSEQ if logseq else ""} )"""
    # Most lines of text are known by their first character; only the others are compared with all that may end a text.
    doubtful = r"\#\-*+_0-9`~><$%=" + (":ic" if logseq else "")
    text = rf"(?:[^\S\n]*+(?:[^\s\[{doubtful}]|\[(?!\^)|(?!{ends_text})\S)[^\n]*{_END})"
    return re.compile(
        rf"""
        (?P<blank> (?:[^\S\n]*+\n)++ (?:[^\S\n]++\Z)? | [^\S\n]++\Z )
        | (?P<indent> [ \t]*+ ) (?:
            (?P<text> {text}++ (?P<underline> [ ]{{0,3}} (?:=+|-+) [ \t]*+ {_END} )? )
          | (?P<rule> {_RULE} )
          | (?P<item> (?P<mark> {_ITEM_MARK})
                (?: (?P<pad> [ \t]++ ) (?: \[(?P<task>[^\n])\](?=[ \t]|$)[ \t]*+ )?
                    (?P<code> {_FENCE} )? (?P<content> [^\n]*) )?
                {_END} (?(code) | {text}*+ ) )
          | (?P<heading> (?P<hashes> \#{{1,6}} ) (?: [ \t][^\n]* )? {_END} )
          | (?P<fence> (?P<ticks> {_FENCE} ) (?P<info> [^\n]* ) {_END} )
          | (?P<quote> >[^\n]*{_END} (?:[ \t]*+>[^\n]*{_END})*+ )
          | (?P<region> (?P<opening> \$\$ | %% | <!-- ) )
          | (?P<html> < (?=[A-Za-z/!?]) )
          | (?P<footnote> {_FOOTNOTE} [^\n]*{_END} {text}*+ )
          {"| (?P<silent>" + _LOGSEQ + _END + ")" if logseq else ""}
          | (?P<other> [^\n]+{_END} )
        )
        """,
        re.VERBOSE | re.MULTILINE,
    )


TOKENS = _tokens(logseq=False)
LOGSEQ_TOKENS = _tokens(logseq=True)

# A line that is not blank, and how far it is indented.
LINE_OF_TEXT = re.compile(rf"^([ \t]*+)(?:\S|[^\S\n]++\S)[^\n]*{_END}", re.MULTILINE)
PARAGRAPH_END = re.compile(rf"\n[^\S\n]*+(?:\n|{_ITEM_MARK}[ \t]|\#{{1,6}}[ \t])")

# What may end a fence: at the margin a closing fence; in a list also a line that leaves the item, so each is looked at.
CLOSING_FENCE = re.compile(rf"^([ ]{{0,3}})(`{{3,}}+|~{{3,}}+)[ \t]*{_END}", re.MULTILINE)
LINE_OF_CODE = re.compile(rf"^([ \t]*+)(?=\S)(?:(`{{3,}}+|~{{3,}}+)[ \t]*{_END})?", re.MULTILINE)

DELIMITER_ROW = re.compile(
    r"\n(?P<row>[ \t]*+\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+)(?=\n|\Z)"
)
BAR = re.compile(r"(?<!\\)\|")

CALLOUT = re.compile(r"[ \t]*>[ \t]*\[!(?P<type>[^\]\n|]+)[^\]\n]*\][+-]?(?P<title>[^\n]*)")
ONLY_COMMENTS = re.compile(rf"[ \t]*+(?:(?:%%(?:(?!%%)[^\n])*+%%|<!--(?:(?!-->)[^\n])*+-->)[ \t]*+)*+{_END}")
LEADING_MARKS = re.compile(rf"[ \t]*+(?:{_ITEM_MARK}[ \t]++)?(?:\[[^\n]\][ \t]++)?")
LOGSEQ_LINE = re.compile(r"(?:id|collapsed)::")
BLOCK_ID = re.compile(r"\^(?<!\S\^)(?P<id>[A-Za-z0-9_-]+)[ \t]*$", re.MULTILINE)

# HTML as CommonMark tells it apart: text as it is up to its end tag; block tags; any other tag if it stands alone.
RAW_HTML = re.compile(r"<(?:script|pre|style|textarea)(?=[\s>]|\Z)", re.IGNORECASE)
RAW_HTML_END = re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE)
HTML_BLOCK = re.compile(
    r"<(?:[?!]|/?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl"
    r"|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu"
    r"|menuitem|nav|noframes|ol|optgroup|option|p|param|pre|script|search|section|style|summary|table|tbody|td|textarea|tfoot"
    r"|th|thead|title|tr|track|ul)(?=[\s>]|/>|\Z))",
    re.IGNORECASE,
)
HTML_TAG_ALONE = re.compile(rf"</?[A-Za-z][A-Za-z0-9-]*(?:[ \t][^<>\n]*)?/?>[ \t]*{_END}")

Token = re.Match[str]
"""What begins at a line, as `TOKENS` found it."""


def width(indent: str) -> int:
    """Columns of an indentation; a tab goes to the next multiple of four (rule B5)."""
    return len(indent.expandtabs(4)) if "\t" in indent else len(indent)


def column_of(token: Token) -> int:
    """The column at which the line's first mark or letter stands."""
    return width(token["indent"])


def content_column(item: Token) -> int:
    """Where an item's text begins: behind its mark and the spaces there, or one behind the mark if these are code."""
    behind_mark = len(item.string[item.start() : item.end("mark")].expandtabs(4))
    if not (item["content"] or item["code"] or item["task"]):
        return behind_mark + 1
    column = len(item.string[item.start() : item.end("pad")].expandtabs(4))
    return column if column <= behind_mark + 4 else behind_mark + 1


def may_interrupt(item: Token) -> bool:
    """Whether an item may follow a paragraph without a blank line: not `2025. A good year`, and not a mark alone."""
    return item["mark"] in ("-", "*", "+", "1.", "1)") and bool((item["content"] or "").strip() or item["task"])


def table_headers(text: str, start: int) -> list[int]:
    """Where a line stands over a row of strokes with as many cells (rule B8)."""
    headers = []
    for row in DELIMITER_ROW.finditer(text, start):
        header = text.rfind("\n", start, row.start()) + 1 or start
        names = text[header : row.start()]
        if "|" in names and "|" in row["row"] and _cells(names) == _cells(row["row"]):
            headers.append(header)
    return headers


def _cells(row: str) -> int:
    row = row.strip()
    bars = len(BAR.findall(row))
    return bars + 1 - row.startswith("|") - (row.endswith("|") and not row.endswith("\\|"))


def without_id(title: str) -> str:
    """A heading's text without spaces around it and without ` ^id`."""
    title = title.strip()
    if "^" not in title:
        return title
    head, mark, name = title.rpartition("^")
    if mark and BLOCK_ID.fullmatch(mark + name) and head[-1:] in ("", " ", "\t"):
        return head.rstrip()
    return title


def without_closing(title: str) -> str:
    """A heading's text without the `#` that may close it."""
    head = title.rstrip("#")
    return head.rstrip() if head[-1:] in ("", " ", "\t") else title
