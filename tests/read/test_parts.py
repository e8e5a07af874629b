"""Which block a link's part names: rule R7."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.read.markdown import Block, BlockKind
from notesearch.read.parts import find_part, parts_of


def heading(level: int, title: str, line: int) -> Block:
    return Block(BlockKind.HEADING, line * 10, line * 10 + 9, line, line, level=level, title=title)


BLOCKS = (
    heading(1, "Plan", 1),
    heading(2, "Notes", 2),
    heading(3, "Day 1", 3),
    heading(2, "Talks", 4),
    heading(4, "Notes", 5),
    heading(2, "**What** is `new`, in [[Home|v1.2]]?", 6),
    heading(2, "Don't stop", 7),
    heading(2, "C", 8),
    heading(2, "C++", 9),
    heading(2, "Issue #12", 10),
    heading(1, "Après-ski", 11),
    Block(BlockKind.PARAGRAPH, 120, 129, 12, 12, block_id="p-1"),
    Block(BlockKind.ITEM, 130, 139, 13, 13, block_id="Item"),
    Block(BlockKind.PARAGRAPH, 140, 149, 14, 14, block_id="p-1"),
)
PARTS = parts_of("", BLOCKS)


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("Notes", 2),
        ("notes", 2),
        ("Talks#Notes", 5),
        ("Plan#Notes", 2),
        ("Plan#Talks#Notes", 5),
        ("Notes#Day 1", 3),
        ("Notes#Talks", None),
        ("notes-1", 5),
        ("notes-2", None),
        ("day-1", 3),
        ("What is new in Home v1.2", 6),
        ("what-is-new-in-v12", 6),
        ("what-is-new-in-home", 6),
        ("dont-stop", 7),
        ("Don%27t%20stop", 7),
        ("C", 8),
        ("C++", 9),
        ("Issue #12", 10),
        ("Apre\u0300s-ski", 11),
        ("talks,1:#*", 4),
        ("notes:#talks", 2),
        ("^p-1", 12),
        ("^item", 13),
        ("^gone", None),
        ("Plan#^item", 13),
        ("page=3", None),
        ("", None),
        ("###", None),
        ("???", None),
    ],
)
def test_a_part_names_a_heading_or_a_block(part: str, line: int | None) -> None:
    """R7, B11."""
    found = find_part(part, PARTS)
    assert (found.line if found else None) == line


@given(st.text(alphabet="#^-1aB ,:%é", max_size=20))
def test_any_part_names_a_block_or_the_note(part: str) -> None:
    """R7, N2."""
    assert find_part(part, PARTS) in {*PARTS, None}
    assert find_part(part, ()) is None
