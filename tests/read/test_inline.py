"""What must not be read as text inside lines (rules B3, B4, L5)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.index.records import VaultKind
from notesearch.read.inline import lex, only_text, unified
from notesearch.read.markdown import opaque_spans, scan

PIECES = [
    *"`$%\\ \na1>-|\r\0",
    *"`` ``` $$ %% <!-- --> \\` \\$ word".split(),
    *("\n\n", "\n- ", "\n> ", "\n> ```\n", "\n```\n", "| a |\n|---|\n", "\n%%\n", "\n    code\n"),
]
ANY_TEXT = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=50).map("".join))


def spans(text: str) -> list[tuple[str, str]]:
    """Source and reason of each span."""
    return [(text[start:end], why) for start, end, why in opaque_spans(text, scan(text))]


@given(ANY_TEXT)
def test_spans_are_sorted_and_do_not_overlap(text: str) -> None:
    position = 0
    for start, end, why in opaque_spans(text, scan(text)):
        assert position <= start < end <= len(text)
        assert why in ("code", "math", "comment", "hidden")
        position = end


@given(ANY_TEXT)
def test_line_ends_do_not_matter(text: str) -> None:  # T3
    text = re.sub(r"\r\n?", "\n", text)
    expected = [(source, why) for source, why in spans(text)]
    assert [(source.replace("\r\n", "\n"), why) for source, why in spans(text.replace("\n", "\r\n"))] == expected


@given(ANY_TEXT)
def test_blotting_out_keeps_offsets(text: str) -> None:
    opaque = opaque_spans(text, scan(text))
    blotted = only_text(text, opaque)
    assert len(blotted) == len(text) == len(unified(text))
    assert all(seen in (shown, "\0") for seen, shown in zip(blotted, text, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a `b` c", [("`b`", "code")]),
        ("``a ` b`` `c", [("``a ` b``", "code")]),
        ("`a\nb`", [("`a\nb`", "code")]),
        ("`a\n\nb`", []),
        ("\\`a` b`", [("` b`", "code")]),
        ("`a\\` b`", [("`a\\`", "code")]),
        ("# `a`\n- `b`\n`c`", [("`a`", "code"), ("`b`", "code"), ("`c`", "code")]),
        ("| `a | b` |\n|---|---|\n| `c |\n| d` |\n", [("`a | b`", "code")]),
    ],
)
def test_code(text: str, expected: list[tuple[str, str]]) -> None:
    assert spans(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so $x^2$, $$y$$", [("$x^2$", "math"), ("$$y$$", "math")]),
        ("it is $5 or $10", []),
        ("5$ and 10$", []),
        ("$5/US$3", []),
        ("\\$a$ b$", []),
        ("$a\\$b$", [("$a\\$b$", "math")]),
        ("$a\nb$", []),
        ("$$a\nb$$", [("$$a\nb$$", "math")]),
        ("$$\na\n\n`b\n$$\n", [("$$\na\n\n`b\n$$\n", "math")]),
        ("`$a`$", [("`$a`", "code")]),
    ],
)
def test_math(text: str, expected: list[tuple[str, str]]) -> None:
    assert spans(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <!-- b --> c", [("<!-- b -->", "comment")]),
        ("<!-->a", [("<!-->", "comment")]),
        ("a %%b%% c", [("%%b%%", "hidden")]),
        ("a %%b `c` d%%", [("%%b ", "hidden"), ("`c`", "code"), (" d%%", "hidden")]),
        ("%%\na <!-- b -->\n%%\n", [("%%\na ", "hidden"), ("<!-- b -->", "comment"), ("\n%%", "hidden")]),
        ("a %% b", []),
        ("a <!-- b", []),
        ("`%%` a %%b%%", [("`%%`", "code"), ("%%b%%", "hidden")]),
    ],
)
def test_comments(text: str, expected: list[tuple[str, str]]) -> None:
    assert spans(text) == expected


def test_blocks_of_code_are_code_wherever_they_stand() -> None:
    text = "```\n`a\n```\n\n    b\n\n- c\n  ~~~\n  d\n  ~~~\n"
    assert spans(text) == [("```\n`a\n```\n", "code"), ("    b\n", "code"), ("  ~~~\n  d\n  ~~~\n", "code")]


def test_fences_in_quotes() -> None:
    text = "> a `b`\n> ```sh\n> # `c\n>\n> ````\n> `d`\n>\n> e`\n>> - ~~~\n>> f\n"
    assert spans(text) == [
        ("`b`", "code"),
        ("> ```sh\n> # `c\n>\n> ````\n", "code"),
        ("`d`", "code"),
        (">> - ~~~\n>> f\n", "code"),
    ]


def test_a_silent_block_is_nothing_to_read() -> None:  # B12
    text = "- a\n  id:: `b`\n"
    assert opaque_spans(text, scan(text, kind=VaultKind.LOGSEQ)) == [(4, 15, "comment")]


def test_what_is_left_open() -> None:
    text = "a %% b <!-- c $$ d"
    assert lex(text, 0, len(text)).left_open == {"%%": 2, "<!--": 7, "$$": 14}
    assert lex(text, 0, 4).left_open == {"%%": 2}
