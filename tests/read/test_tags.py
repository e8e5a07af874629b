"""Tags and fields (rules B9, B12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.index.records import VaultKind
from notesearch.read import markdown
from notesearch.read.markdown import opaque_spans, scan


def tags(text: str) -> tuple[str, ...]:
    blocks = scan(text)
    return markdown.tags(text, blocks, opaque_spans(text, blocks))


def fields(text: str, kind: VaultKind = VaultKind.PLAIN) -> tuple[tuple[str, str], ...]:
    blocks = scan(text, kind=kind)
    return markdown.fields(text, blocks, opaque_spans(text, blocks))


# --- B9 ---------------------------------------------------------------------------------------------------------------


def test_tags() -> None:
    text = "#a #deep/er/tag #1984 #y1984 x#no #été #🎉party (#paren) `#code` \\#esc http://x/#frag word\n"
    assert tags(text) == ("a", "deep/er/tag", "y1984", "été", "🎉party", "paren")


@given(st.lists(st.sampled_from(["#a", "#b", "[[", "]]", "`", "](", "<c", ">", "://", "\\", "(", " ", "\n", "\r"])))
def test_what_stands_above_the_first_tag_does_not_matter(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert tags("#first\n\n" + text) == ("first", *tags(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- #a\n> #b\n# #c\n", ("a", "b", "c")),
        ("#Work #work #WORK", ("Work",)),
        ("#2025-07-11 #12/34", ("2025-07-11", "12/34")),
        ("#a, #b. #c! #d/", ("a", "b", "c", "d")),
        ("#待办/持续迭代 #re\u0301sume\u0301 #हिन्दी #会議。", ("待办/持续迭代", "re\u0301sume\u0301", "हिन्दी", "会議")),
        ("#👩‍💻 #❤️ #👍🏽", ("👩‍💻", "❤️", "👍🏽")),
        ("#in_code #a-b\r\n#c\r", ("in_code", "a-b", "c")),
        ("# #", ()),
        ("#- #/ #_", ()),
        ("##a a#b &#39;", ()),
        ("[[note #a]] [text #b](url#c) ![](#d) [e #f][g]", ()),
        ("<span style='color: #fff'>#h</span> [x](y) #i", ("i",)),
        ("https://a.example/b#c (https://a.example/(#d)", ()),
        ("$ #a $ $#b$ $$\n#c\n$$\n", ("a",)),
        ("```\n#a\n```\nb\n    #b\n\n    #c\n", ("b",)),
        ("<!-- #a --> %%#b%% %% #c %%", ("c",)),
        ("`a` #b ``#c``", ("b",)),
    ],
)
def test_what_is_a_tag(text: str, expected: tuple[str, ...]) -> None:
    assert tags(text) == expected


def test_tags_of_the_frontmatter_are_not_the_body_s() -> None:
    text = "---\nx: #a\n---\n#b\n"
    blocks = scan(text, 14, 4)
    assert markdown.tags(text, blocks, ()) == ("b",)


# --- B12 --------------------------------------------------------------------------------------------------------------


def test_fields() -> None:
    text = (
        "status:: open\n**Bold Field**:: nice\n(hidden:: x) [rating:: 9]\n"
        "- [ ] todo [due:: 2025-07-11] 📅 2025-07-11\n- [x] done\n- [/] half\n- [] not a task\n"
    )
    assert fields(text) == (
        ("status", "open"),
        ("Bold Field", "nice"),
        ("hidden", "x"),
        ("rating", "9"),
        ("due", "2025-07-11"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- key:: a\n1. [ ] two words:: b\n> quoted:: c\r\n", (("key", "a"), ("two words", "b"), ("quoted", "c"))),
        ("**key::** a\n__key__:: b\n", (("key", "a"), ("key", "b"))),
        ("key:: use `x` [[now]]\n", (("key", "use `x` [[now]]"),)),
        ("empty::\nnext:: a", (("empty", ""), ("next", "a"))),
        ("a [k:: [[b]], c] (k:: d (e))", (("k", "[[b]], c"), ("k", "d (e)"))),
        ("词[完成:: 2022-06-26]", (("完成", "2022-06-26"),)),
        ("std::vector, a b:: c\n", ()),
        ("so a, b:: c\n", (("so a, b", "c"),)),
        ("x `k:: a` [`k`:: b]\n    k:: c\n", (("k", "c"),)),
        ("```\nk:: a\n```\n<!-- k:: b -->\n", ()),
        ("http:: x\nhttps://a:: b\n", (("http", "x"),)),
        ("[k::a] (k::b) [k:: a\nb]\n", ()),
        ("```\na\n```\nk:: v\n", (("k", "v"),)),
    ],
)
def test_what_is_a_field(text: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert fields(text) == expected


def test_logseq_s_own_lines_are_no_fields() -> None:
    text = "title:: A/B\ntags:: a, [[b]]\n\n- block\n  id:: 66123456\n  status:: x\n"
    assert fields(text, VaultKind.LOGSEQ) == (("title", "A/B"), ("tags", "a, [[b]]"), ("status", "x"))
    blocks = scan(text, kind=VaultKind.LOGSEQ)
    opaque = opaque_spans(text, blocks)
    assert markdown.page_fields(text, blocks, opaque) == (("title", "A/B"), ("tags", "a, [[b]]"))
    assert markdown.page_fields("- a:: b\n", scan("- a:: b\n"), ()) == ()
