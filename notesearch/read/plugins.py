"""A second look at the blocks of a note: what plugins and block ids say about them (rules B10, B11)."""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.read.blocks import BlockKind, Draft
from notesearch.read.lines import BLOCK_ID

_HAVE_IDS_BEHIND = frozenset({BlockKind.QUOTE, BlockKind.TABLE, BlockKind.CODE, BlockKind.MATH})
_WITHOUT_IDS = frozenset({BlockKind.CODE, BlockKind.MATH, BlockKind.BLANK})


def give_block_ids(text: str, drafts: Sequence[Draft]) -> None:
    """Give each block the id at the end of one of its lines, the last if there are more (rule B11).

    An id alone on a line names the list, quote, table or code above it; its own line is then silent.
    """
    found = [(match.start(), match["id"]) for match in BLOCK_ID.finditer(text, drafts[0].start if drafts else 0)]
    found.reverse()
    above: Draft | None = None
    list_head: Draft | None = None
    for draft in drafts:
        while found and found[-1][0] < draft.end:
            _, name = found.pop()
            if draft.kind not in _WITHOUT_IDS:
                draft.block_id = name
        if draft.kind is BlockKind.BLANK:
            continue
        if draft.block_id and draft.kind is BlockKind.PARAGRAPH and _is_id_alone(text, draft):
            _hand_up(draft, above, list_head)
        list_head = (list_head or draft) if draft.depth else None
        above = draft


def _is_id_alone(text: str, draft: Draft) -> bool:
    return text[draft.start : draft.end].strip() == "^" + draft.block_id


def _hand_up(line: Draft, above: Draft | None, list_head: Draft | None) -> None:
    """Give the id to the block above it: inside an item that block, behind a list its first item."""
    owner = above
    if above is not None and above.depth > line.depth and above.kind is not BlockKind.HEADING:
        owner = list_head
    elif above is None or (above.kind not in _HAVE_IDS_BEHIND and above.kind is not BlockKind.ITEM):
        return
    if owner is not None and not owner.block_id:
        owner.block_id, line.block_id, line.silent = line.block_id, "", True


_DRAWING_SECTIONS = frozenset({"excalidraw data", "text elements", "embedded files", "element links", "drawing"})


def silence_drawing(text: str, drafts: Sequence[Draft]) -> None:
    """Leave of a drawing only what stands before it, and its text elements (rule B10)."""
    section = ""
    for draft in drafts:
        if draft.kind is BlockKind.HEADING and draft.title.casefold() in _DRAWING_SECTIONS:
            section = draft.title.casefold()
            draft.silent = True
        elif section not in ("", "text elements") or _is_percent_line(text, draft):
            draft.silent = draft.kind is not BlockKind.BLANK


def _is_percent_line(text: str, draft: Draft) -> bool:
    """The plugin puts the drawing between two such lines; they are no comment of the writer's."""
    return draft.kind is BlockKind.PARAGRAPH and text[draft.start : draft.end].strip() == "%%"


def archive_cards(text: str, drafts: Sequence[Draft]) -> None:
    """Silence a board's settings, and mark what stands under "Archive" behind a `***` (rule B10)."""
    behind_rule = archived = False
    for draft in drafts:
        if draft.kind is BlockKind.BLANK:
            continue
        if draft.kind is BlockKind.COMMENT and text.startswith("%% kanban:settings", draft.start):
            draft.silent = True
        elif draft.kind is BlockKind.HEADING:
            archived = behind_rule and draft.title.casefold() == "archive"
        else:
            draft.archived = archived
        behind_rule = draft.kind is BlockKind.RULE and text.startswith("***", draft.start)
