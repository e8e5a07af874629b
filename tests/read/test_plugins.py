"""What plugins, block ids, Logseq and footnotes add to the blocks (rules B10 to B13)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from notesearch.index.records import VaultKind
from notesearch.read.markdown import Block, BlockKind, block_ids, scan


def visible(text: str, kind: VaultKind = VaultKind.PLAIN, properties: Mapping[str, object] = {}) -> list[Block]:
    return [block for block in scan(text, kind=kind, properties=properties) if block.kind is not BlockKind.BLANK]


def spoken(text: str, kind: VaultKind = VaultKind.PLAIN, properties: Mapping[str, object] = {}) -> list[str]:
    """The source of each block that is text."""
    return [text[block.start : block.end] for block in visible(text, kind, properties) if not block.silent]


def named(text: str) -> dict[str, str]:
    """The source of each block that has an id."""
    return {name: text[block.start : block.end] for name, block in block_ids(scan(text)).items()}


# --- B10 --------------------------------------------------------------------------------------------------------------

DRAWING = (
    "==⚠ Switch to EXCALIDRAW VIEW ⚠==\n\nmine\n\n# Excalidraw Data\n\n## Text Elements\n"
    "first ^krlCt47w\n\nsecond\nline ^AbC-1234\n\n## Embedded Files\ncaad52: [[plain.png]]\n\n"
    "%%\n## Drawing\n```compressed-json\nN4KAkARAL\n```\n%%"
)


def test_of_a_drawing_only_its_text_counts() -> None:
    assert spoken(DRAWING, properties={"excalidraw-plugin": "parsed"}) == [
        "==⚠ Switch to EXCALIDRAW VIEW ⚠==\n",
        "mine\n",
        "first ^krlCt47w\n",
        "second\nline ^AbC-1234\n",
    ]
    blocks = scan(DRAWING, properties={"excalidraw-plugin": "parsed"})
    assert set(block_ids(blocks)) == {"krlCt47w", "AbC-1234"}
    assert {block.path for block in blocks} == {()}


def test_an_older_drawing() -> None:
    text = "# Text Elements\na ^b\n\n%%\n# Drawing\n```json\n{}\n```\n%%\n"
    assert spoken(text, properties={"excalidraw-plugin": "raw"}) == ["a ^b\n"]


def test_a_drawing_that_is_a_comment_as_a_whole() -> None:
    text = "%%\n# Excalidraw Data\n## Text Elements\na ^b\n\n## Drawing\n```json\n{}\n```\n%%\n"
    assert spoken(text, properties={"excalidraw-plugin": "raw"}) == ["a ^b\n"]


def test_without_the_property_it_is_a_note_like_any_other() -> None:
    text = DRAWING + "\n\n***\n\n## Archive\n\n- [ ] old\n"
    assert not any(block.silent or block.archived for block in scan(text))


def test_a_board_has_an_archive_and_settings() -> None:
    text = (
        "## Doing\n\n- [ ] card\n\n\n***\n\n## Archive\n\n- [ ] old\n\t- more\n\n"
        '%% kanban:settings\n```\n{"kanban-plugin":"basic"}\n```\n%%'
    )
    blocks = visible(text, properties={"kanban-plugin": "basic"})
    assert [(str(block.kind), block.archived, block.silent) for block in blocks] == [
        ("heading", False, False),
        ("item", False, False),
        ("rule", False, False),
        ("heading", False, False),
        ("item", True, False),
        ("item", True, False),
        ("comment", False, True),
    ]


# --- B11 --------------------------------------------------------------------------------------------------------------


def test_block_ids() -> None:
    text = "para one ^p-1\n\n- item ^item\n\n| a |\n|---|\n| b |\n\n^table-1\n\nnot an id: 2^10 and x^2\n\ndup ^p-1\n"
    assert named(text) == {"p-1": "para one ^p-1\n", "item": "- item ^item\n", "table-1": "| a |\n|---|\n| b |\n"}
    assert "^table-1\n" not in spoken(text)


@pytest.mark.parametrize(
    ("text", "name", "source"),
    [
        ("> said\n\n^q\n", "q", "> said\n"),
        ("> said\n^q\n", "q", "> said\n^q\n"),
        ("```\ncode ^no\n```\n^c\n", "c", "```\ncode ^no\n```\n"),
        ("$$\nx\n$$\n\n^m\n", "m", "$$\nx\n$$\n"),
        ("- a\n\t- b\n- c\n\n^list\n", "list", "- a\n"),
        ("- a\n- b\n\n  ^b\n", "b", "- b\n"),
        ("- a ^a\n\n^list\n", "list", "^list\n"),
        ("text\n^t\n", "t", "text\n^t\n"),
        ("text\n\n^t\n", "t", "^t\n"),
        ("## Head ^h\n", "h", "## Head ^h\n"),
        ("| a |\n|---|\n^t\n", "t", "| a |\n|---|\n^t\n"),
        ("one ^first\ntwo ^last\r\n", "last", "one ^first\ntwo ^last\r\n"),
    ],
)
def test_to_whom_an_id_belongs(text: str, name: str, source: str) -> None:
    assert named(text)[name] == source


@pytest.mark.parametrize("text", ["a^b\n", "a ^b c\n", "a ^b.c\n", "a ^\n", "    code ^b\n", "```\n^b\n```\n"])
def test_no_block_id(text: str) -> None:
    assert named(text) == {}


# --- B12 --------------------------------------------------------------------------------------------------------------

OUTLINE = (
    "title:: Parent/Child\ntags:: a, [[b]]\n\n- block\n  id:: 66123456\n\t- collapsed:: true\n\t- TODO call\n"
    "\t  SCHEDULED: <2025-07-11 Fri>\n\t  :LOGBOOK:\n\t  CLOCK: [2021-09-01]\n\t  :END:\n\t  after\n"
)


def test_logseq_keeps_some_lines_for_itself() -> None:
    assert spoken(OUTLINE, VaultKind.LOGSEQ) == [
        "title:: Parent/Child\ntags:: a, [[b]]\n",
        "- block\n",
        "\t- TODO call\n\t  SCHEDULED: <2025-07-11 Fri>\n",
        "\t  after\n",
    ]
    assert [block.depth for block in visible(OUTLINE, VaultKind.LOGSEQ)] == [0, 1, 1, 2, 2, 2, 2]


def test_elsewhere_they_are_text() -> None:
    assert not any(block.silent for block in scan(OUTLINE))


def test_a_logbook_that_never_ends_is_one_line() -> None:
    assert spoken("- a\n  :LOGBOOK:\n  said\n", VaultKind.LOGSEQ) == ["- a\n", "  said\n"]


# --- B13 --------------------------------------------------------------------------------------------------------------


def test_each_footnote_is_a_block() -> None:
    text = (
        "# A\ntext[^1] and^[inline]\n[^1]: note\ngoes on\n[^2]: other\n\n"
        "    indented\n\n    - item\n\nback\n\n    code\n"
    )
    assert [(str(block.kind), text[block.start : block.end]) for block in visible(text)] == [
        ("heading", "# A\n"),
        ("paragraph", "text[^1] and^[inline]\n"),
        ("paragraph", "[^1]: note\ngoes on\n"),
        ("paragraph", "[^2]: other\n"),
        ("paragraph", "    indented\n"),
        ("item", "    - item\n"),
        ("paragraph", "back\n"),
        ("code", "    code\n"),
    ]
    assert {block.path for block in scan(text)} == {("A",)}
