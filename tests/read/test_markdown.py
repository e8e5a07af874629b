"""The line scanner: what holds of any text, and rules B1 to B8 one by one."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.index.records import VaultKind
from notesearch.read.blocks import Draft
from notesearch.read.markdown import (
    Block,
    BlockKind,
    fields,
    opaque_spans,
    page_fields,
    plain,
    scan,
    tags,
)

PIECES = [
    *"`~$%<>!-*+=|#^[]()\\:_ \t\n\r",
    *"``` ~~~ $$ %% <!-- --> - [x] :LOGBOOK: :END: <div> </pre> word [[a|b]] #tag [!note]- é e\u0301 🎉".split(),
    *"\n\n¦\r\n¦    ¦\n- ¦\n  - ¦\n1. ¦\n> ¦\n# ¦\n---\n¦\n\t- ¦| a | b |\n|---|---|\n¦# Drawing\n¦***\n".split("¦"),
    *("[^1]: ", " ^id", "\n^id\n", "id:: ", "key:: value", "\u00a0", "\u2028", "\x0b", "\x85"),
]
ANY_TEXT = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
ANY_KIND = st.sampled_from([VaultKind.PLAIN, VaultKind.LOGSEQ])
ANY_PROPERTIES = st.sampled_from([{}, {"excalidraw-plugin": "parsed"}, {"kanban-plugin": "basic"}])


def outline(text: str) -> list[tuple[str, str]]:
    """Kind and source of each block that is not blank."""
    return [(str(block.kind), text[block.start : block.end]) for block in visible(text)]


def visible(text: str) -> list[Block]:
    return [block for block in scan(text) if block.kind is not BlockKind.BLANK]


def headings(text: str) -> list[tuple[int, int, str]]:
    """First line, level and title of each heading."""
    return [(block.first, block.level, block.title) for block in scan(text) if block.kind is BlockKind.HEADING]


# --- what holds of any text -------------------------------------------------------------------------------------------


@given(ANY_TEXT, ANY_KIND, ANY_PROPERTIES)
def test_blocks_partition_the_lines(text: str, kind: VaultKind, properties: dict[str, object]) -> None:  # B1, N1
    position, line = 0, 1
    for block in scan(text, kind=kind, properties=properties):
        assert (block.start, block.first) == (position, line)
        source = text[block.start : block.end]
        line_ends = len(re.findall(r"\r\n|\n|\r", source))
        whole_lines = source.endswith(("\n", "\r"))
        assert whole_lines or block.end == len(text)
        assert block.last == block.first + line_ends - whole_lines
        assert block.kind is BlockKind.CODE or (block.kind is BlockKind.BLANK) == (not source.strip())
        position, line = block.end, block.last + 1
    assert position == len(text)


@given(ANY_TEXT, ANY_KIND)
def test_line_ends_do_not_matter(text: str, kind: VaultKind) -> None:  # T3
    def shape(text: str) -> list[tuple[object, ...]]:
        blocks = scan(text, kind=kind)
        return [(b.kind, b.first, b.last, b.level, b.depth, b.title, b.label, b.task, b.block_id) for b in blocks]

    text = re.sub(r"\r\n?", "\n", text)
    assert shape(text) == shape(text.replace("\n", "\r\n")) == shape(text.replace("\n", "\r"))


@given(ANY_TEXT, ANY_KIND, ANY_PROPERTIES)
def test_no_text_is_an_error(text: str, kind: VaultKind, properties: dict[str, object]) -> None:  # N2
    blocks = scan(text, kind=kind, properties=properties)
    opaque = opaque_spans(text, blocks)
    tags(text, blocks, opaque)
    fields(text, blocks, opaque)
    page_fields(text, blocks, opaque)
    plain(text)


@given(ANY_TEXT, st.integers(0, 20), st.integers(1, 9))
def test_the_body_may_begin_behind_frontmatter(text: str, length: int, first_line: int) -> None:
    front = "x" * length + "\n"
    moved = scan(front + text, len(front), first_line)
    for block, there in zip(scan(text), moved, strict=True):
        assert (there.start, there.end) == (block.start + len(front), block.end + len(front))
        assert (there.first, there.last) == (block.first + first_line - 1, block.last + first_line - 1)
        assert (there.kind, there.title, there.depth) == (block.kind, block.title, block.depth)


def test_a_body_that_begins_within_a_line_comes_to_an_end() -> None:
    assert [block.end for block in scan("xx    code", 2)] == [10]
    assert [block.end for block in scan("xx<div>", 2)] == [7]


def test_lines_end_nowhere_but_at_line_ends() -> None:  # T3
    text = "a\u2028b\x0bc\x0cd\x1ce\u0085f\nmarker\n"
    assert [(block.first, block.last) for block in scan(text)] == [(1, 2)]


def test_an_empty_body_has_no_blocks() -> None:
    assert scan("") == ()
    assert scan("---\n---\n", 8, 3) == ()
    assert [str(block.kind) for block in scan(" \t\n\n  \n\u00a0\n")] == ["blank"]


def test_blocks_are_values() -> None:
    block = scan("# One\n")[0]
    assert block == Block(BlockKind.HEADING, 0, 6, 1, 1, level=1, title="One", path=("One",))
    assert hash(block) == hash(scan("# One\n")[0])
    with pytest.raises(AttributeError):
        block.title = "Two"  # type: ignore[misc]
    assert Draft.__slots__ == Block.__slots__  # a draft becomes a block by its class alone


# --- time -------------------------------------------------------------------------------------------------------------

HOSTILE = [
    *"[ [[ ![ [a]( * _a__ ` $ $a $$ %% <!-- < <a | |- # [^ ^[ ( \\ a :// #a/ `a``b %%`%%".split(),
    *"[a]: ¦*a **a ¦` ¦``` ¦<!-- ¦> ¦- ¦# ¦# a ^b ¦ ^a¦[a:: ¦(a:: ¦a:: ¦#a ¦\t¦\u00a0¦<!-- a -->".split("¦"),
    *">\n\n¦> ```\n¦-\n¦- ```\n¦  ```\n¦- a <!-- b\n¦a %% b\n\n¦a $$ b\n\n¦%%\n¦$$\n¦<pre>\n\n¦```\n¦~~~\n".split("¦"),
    *"a | b\n--- | ---\n¦---\na\n¦    > a\n¦a\n    > b\n¦^a\n\n¦[^a]: b\n¦a\n¦a\n\n¦\n¦\r\n".split("¦"),
    *"- a\n\n^b\n¦:LOGBOOK:\n¦id:: a\n¦- id:: a\n¦#a<a[[\n".split("¦"),
]


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor time, which other programs disturb little, without the collector's passes over all that is alive."""
    gc.disable()
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    gc.enable()
    return seconds


def read_all(text: str) -> None:
    blocks = scan(text, kind=VaultKind.LOGSEQ)
    opaque = opaque_spans(text, blocks)
    tags(text, blocks, opaque)
    fields(text, blocks, opaque)
    plain(text)


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("last", ["", "\n-->\n"])
def test_time_grows_with_the_length(piece: str, last: str) -> None:  # B1
    """Twelve times the text takes about twelve times as long; 144 times would mean that something looks back."""
    short, long = (piece * (size // len(piece)) + last for size in (5_000, 60_000))
    seconds = cpu_seconds(lambda: read_all(long))
    assert seconds < 0.2 or seconds < 48 * min(cpu_seconds(lambda: read_all(short)) for _ in range(3))


def test_depth_has_no_limit() -> None:  # B1
    depth = 1_500
    text = "".join("  " * level + "- a\n" for level in range(depth))
    assert [(block.first, block.depth) for block in scan(text)] == [(level, level) for level in range(1, depth + 1)]
    assert [str(block.kind) for block in scan("> " * 50_000 + "a\n")] == ["quote"]


# --- B2 headings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "level", "title"),
    [
        ("# One", 1, "One"),
        ("   ###### Six", 6, "Six"),
        ("#\tTabbed", 1, "Tabbed"),
        ("## Closed ##", 2, "Closed"),
        ("## Closed ##   ", 2, "Closed"),
        ("## C#", 2, "C#"),
        ("## C # #", 2, "C #"),
        ("# Named ^an-id", 1, "Named"),
        ("# 2^10", 1, "2^10"),
        ("# Trailing   ", 1, "Trailing"),
        ("#", 1, ""),
        ("# ", 1, ""),
        ("### ###", 3, ""),
        ("# ^id", 1, ""),
        ("# a *b* [[c]]", 1, "a *b* [[c]]"),
    ],
)
def test_a_heading(line: str, level: int, title: str) -> None:
    assert headings(line + "\ntext\n") == [(1, level, title)]
    assert headings("text\n" + line) == [(2, level, title)]


@pytest.mark.parametrize("line", ["#tag", "####### seven", "\\# escaped", "    # indented", "\t# tab", "> # quoted"])
def test_no_heading(line: str) -> None:
    assert headings(line + "\n") == []


def test_a_line_over_strokes_is_a_heading() -> None:
    assert headings("Title\n=====\n\nSub title\n---\ntext\n") == [(1, 1, "Title"), (4, 2, "Sub title")]
    assert headings("Named ^id\n-\n") == [(1, 2, "Named")]


def test_two_lines_over_strokes_are_none() -> None:
    assert outline("one\ntwo\n---\n") == [("paragraph", "one\ntwo\n"), ("rule", "---\n")]
    assert outline("one\ntwo\n===\nthree\n") == [("paragraph", "one\ntwo\n===\nthree\n")]
    assert outline("- item\n---\n") == [("item", "- item\n"), ("rule", "---\n")]


def test_section_paths_climb() -> None:
    text = "top\n##### a\none\n#### b\n### c\nthree\n# d\n### e\n#\n## f\n"
    blocks = scan(text)
    sources = [text[block.start : block.end].strip() for block in blocks]
    assert dict(zip(sources, [block.path for block in blocks], strict=True)) == {
        "top": (),
        "##### a": ("a",),
        "one": ("a",),
        "#### b": ("b",),
        "### c": ("c",),
        "three": ("c",),
        "# d": ("d",),
        "### e": ("d", "e"),
        "#": (),
        "## f": ("f",),
    }


def test_headings_where_none_are() -> None:
    text = (
        "# Real\n\n```sh\n# comment in code\n```\n\n    # indented code\n\n%%\n# in a comment\n%%\n\n"
        "$$\n# in math\n$$\n\n<!--\n# in html\n-->\n\n<div>\n# in a tag\n</div>\n\nend\n"
    )
    assert headings(text) == [(1, 1, "Real")]
    kinds = ["heading", "code", "code", "comment", "math", "comment", "html", "paragraph"]
    assert [str(block.kind) for block in visible(text)] == kinds


# --- B3 fences and indented code --------------------------------------------------------------------------------------


def test_a_fence_is_closed_by_its_own_mark() -> None:
    text = "````md extra\n```js\n# no\n```\n~~~\n````   \n# Yes\n"
    assert outline(text) == [("code", text.removesuffix("# Yes\n")), ("heading", "# Yes\n")]
    assert visible(text)[0].label == "md"


def test_an_open_fence_runs_to_the_end() -> None:
    assert outline("# A\n\n~~~python\n# b\n\n- c\n") == [("heading", "# A\n"), ("code", "~~~python\n# b\n\n- c\n")]


def test_what_is_no_fence() -> None:
    assert outline("``` a ` b\n# A\n") == [("paragraph", "``` a ` b\n"), ("heading", "# A\n")]
    assert outline("# A\n\n    ```\n\n# B\n") == [("heading", "# A\n"), ("code", "    ```\n"), ("heading", "# B\n")]
    assert outline("```\n    ```\n```\n") == [("code", "```\n    ```\n```\n")]


def test_a_fence_in_an_item_ends_with_it() -> None:
    text = "- a\n  ```py\n  # code\n\n  more\n- b\n"
    assert outline(text) == [("item", "- a\n"), ("code", "  ```py\n  # code\n\n  more\n"), ("item", "- b\n")]
    assert [block.depth for block in visible(text)] == [1, 1, 1]


def test_a_fence_may_begin_on_the_line_of_an_item() -> None:
    text = "- ```calc\n  # sum\n  ```\n\t- child\n- ```\n- next\n"
    assert outline(text) == [
        ("item", "- ```calc\n"),
        ("code", "  # sum\n  ```\n"),
        ("item", "\t- child\n"),
        ("item", "- ```\n"),
        ("item", "- next\n"),
    ]
    assert visible(text)[1].label == "calc"


def test_indented_code_needs_a_blank_line_before() -> None:
    assert outline("a\n    b\n\n    c\n\n     d\n\ne\n") == [
        ("paragraph", "a\n    b\n"),
        ("code", "    c\n\n     d\n"),
        ("paragraph", "e\n"),
    ]
    assert outline("- a\n\n  b\n\n      c\n") == [("item", "- a\n"), ("paragraph", "  b\n"), ("code", "      c\n")]


# --- B4 math and comments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opening", ["$$", "%%", "<!--"])
def test_what_never_closes_is_text(opening: str) -> None:
    assert outline(f"seen\n\n{opening}\nsaid\n# Head\n") == [
        ("paragraph", "seen\n"),
        ("paragraph", f"{opening}\nsaid\n"),
        ("heading", "# Head\n"),
    ]


def test_comments_are_hidden() -> None:
    text = "%%\na\n\n# b\n%%\n<!-- c -->\n%% d %% <!-- e -->\n%% f %% seen\n"
    assert [(str(block.kind), block.first, block.last, block.hidden) for block in scan(text)] == [
        ("comment", 1, 5, True),
        ("comment", 6, 6, True),
        ("comment", 7, 7, True),
        ("paragraph", 8, 8, False),
    ]


def test_math_is_a_block_if_it_has_its_lines_for_itself() -> None:
    assert outline("$$x$$\n\n$$\n\n# y\n$$\n\n$$z$$ is z\n") == [
        ("math", "$$x$$\n"),
        ("math", "$$\n\n# y\n$$\n"),
        ("paragraph", "$$z$$ is z\n"),
    ]


def test_text_is_not_torn_apart_where_a_mark_is_open() -> None:
    text = "so $$\n> x\n$$ it is\nmore\n\n# A\n"
    assert outline(text) == [("paragraph", "so $$\n> x\n$$ it is\nmore\n"), ("heading", "# A\n")]
    assert outline("- %%\n  # a\n\n  %%\n- b\n") == [("item", "- %%\n  # a\n\n  %%\n"), ("item", "- b\n")]
    text = "%%\n`%%`\nsaid\n\nmore\n"  # the closing mark stands in code of the same block
    assert outline(text)[-1] == ("paragraph", "more\n")


@pytest.mark.parametrize("mark", ["$$", "%%", "<!--"])
def test_from_the_middle_of_a_line_no_mark_leaves_its_paragraph(mark: str) -> None:
    closing = "-->" if mark == "<!--" else mark
    assert outline(f"it costs {mark} there\n\n# A\n\nand {closing} here\n") == [
        ("paragraph", f"it costs {mark} there\n"),
        ("heading", "# A\n"),
        ("paragraph", f"and {closing} here\n"),
    ]
    assert len(outline(f"- opens {mark}\n- closes {closing}\n")) == 2


# --- B5 lists, B6 tasks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "depths"),
    [
        ("- a\n- b\n", [1, 1]),
        ("- a\n  - b\n    - c\n  - d\n- e\n", [1, 2, 3, 2, 1]),
        ("- a\n\t- b\n\t\t- c\n- d\n", [1, 2, 3, 1]),
        ("- a\n    - b\n\t- c\n", [1, 2, 2]),
        ("1. a\n   - b\n2) c\n", [1, 2, 1]),
        ("1. a\n  - b\n", [1, 2]),
        ("10. a\n    - b\n", [1, 2]),
        ("- a\n - b\n  - c\n", [1, 1, 1]),
        ("* a\n\n\n+ b\n", [1, 1]),
        ("- a\n\n\t- b\n", [1, 2]),
        ("  - a\n- b\n", [1, 1]),
        ("a\n\n\t- b\n\t\t- c\n", [1, 2]),
        ("-\n  - a\n", [1, 2]),
    ],
)
def test_depth_by_indentation(text: str, depths: list[int]) -> None:
    assert [block.depth for block in scan(text) if block.kind is BlockKind.ITEM] == depths


def test_text_right_after_an_item_is_the_item_s() -> None:
    text = "- dynamo\n\t- cold\n\t- [[Coffee]] \nex microsoft\n- cerebras\n"
    assert outline(text) == [
        ("item", "- dynamo\n"),
        ("item", "\t- cold\n"),
        ("item", "\t- [[Coffee]] \nex microsoft\n"),
        ("item", "- cerebras\n"),
    ]


def test_blocks_in_an_item_have_its_depth() -> None:
    text = "- a\n\n  b\n  > c\n\n  | d |\n  |---|\n\n  - e\n\n    f\n\ng\n"
    assert [(str(block.kind), block.depth) for block in visible(text)] == [
        ("item", 1),
        ("paragraph", 1),
        ("quote", 1),
        ("table", 1),
        ("item", 2),
        ("paragraph", 2),
        ("paragraph", 0),
    ]


def test_what_is_no_item() -> None:
    assert outline("-a\n*b*\n1.c\n12345678901. d\n") == [("paragraph", "-a\n*b*\n1.c\n12345678901. d\n")]
    text = "the year\n2025. A good one\n*\nyes\n"
    assert outline(text) == [("paragraph", text)]
    assert outline("* * *\n- - -\n___\n") == [("rule", "* * *\n"), ("rule", "- - -\n"), ("rule", "___\n")]


def test_tasks() -> None:  # B6
    text = "- [ ] a\n- [x] b\n- [X] c\n- [/] d\n1. [?]\n- [] none\n- [ab] none\n- [x](link)\n- [🎉] odd\n"
    assert [block.task for block in scan(text)] == [" ", "x", "X", "/", "?", "", "", "", "🎉"]


# --- B7 quotes and callouts, B8 tables, HTML --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "label", "title"),
    [
        ("> [!NOTE]- folded *title*", "note", "folded *title*"),
        (">[!tip]+", "tip", ""),
        ("> [!quote|right] Said", "quote", "Said"),
        ("> [!", "", ""),
        ("> said [!note]", "", ""),
    ],
)
def test_callouts(line: str, label: str, title: str) -> None:
    block = scan(line + "\n> body\n>> [!inner]\n")[0]
    assert (block.kind, block.label, block.title, block.last) == (BlockKind.QUOTE, label, title, 3)


def test_a_quote_goes_on_with_text() -> None:
    assert outline("> a\nb\n\nc\n") == [("quote", "> a\nb\n"), ("paragraph", "c\n")]
    assert outline("> # a\nb\n") == [("quote", "> # a\n"), ("paragraph", "b\n")]
    assert outline("> ```\n> a\nb\n") == [("quote", "> ```\n> a\n"), ("paragraph", "b\n")]
    assert outline("> a\n>\nb\n") == [("quote", "> a\n>\n"), ("paragraph", "b\n")]


def test_a_table_is_one_block() -> None:  # B8
    table = "| a \\| b | c |\n|:--|--:|\n| d | e |\nf\n"
    assert outline(f"text\n{table}\ng\n") == [("paragraph", "text\n"), ("table", table), ("paragraph", "g\n")]
    wide = "|" + "a|" * 200 + "\n|" + "-|" * 200 + "\n" + ("|" + "b|" * 200 + "\n") * 100 + "|c|\n"
    assert outline(wide) == [("table", wide)]


def test_a_table_behind_an_item() -> None:
    table = "  | b |\n  |---|\n"
    assert outline(f"- a\n{table}- c\n") == [("item", "- a\n"), ("table", table), ("item", "- c\n")]
    assert [block.depth for block in scan("- a\n| b |\n|---|\n")] == [1, 0]


@pytest.mark.parametrize(
    "text", ["| a | b |\n|---|\n", "a\n|---|\n", "| a |\n\n|---|\n", "| a |\n| b |\n", "a | b\n---\n"]
)
def test_no_table(text: str) -> None:
    assert "table" not in [str(block.kind) for block in scan(text)]


def test_html_ends_at_a_blank_line_or_its_end_tag() -> None:
    assert outline("<div>\na\n\n<span class='b'>\nc\n\n<b>d</b>\n") == [
        ("html", "<div>\na\n"),
        ("html", "<span class='b'>\nc\n"),
        ("paragraph", "<b>d</b>\n"),
    ]
    assert outline("<pre>\n\n# a\n</pre> b\nc\n") == [("html", "<pre>\n\n# a\n</pre> b\n"), ("paragraph", "c\n")]
    assert outline("<pre>\n\n# a\n") == [("html", "<pre>\n"), ("heading", "# a\n")]
    assert outline("- a\n  <div>\n  b\n- c\n") == [("item", "- a\n"), ("html", "  <div>\n  b\n"), ("item", "- c\n")]
    text = "<https://a.example>\n<3\n<%* run %>\n"
    assert outline(text) == [("paragraph", text)]
