"""Links as they stand in a text: rules L1 to L6, B14 and the links of M6."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notesearch.index.records import Link, VaultKind
from notesearch.read import markdown
from notesearch.read.links import property_links, scan_links, search_words, target_name

UUID = "66123456-aaaa-bbbb-cccc-0123456789ab"


def starts_of(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", text))]


def scan(text: str, kind: VaultKind = VaultKind.PLAIN, opaque: tuple[tuple[int, int, str], ...] = ()) -> list[Link]:
    return list(scan_links(text, opaque, starts_of(text), kind=kind))


def parts(text: str, kind: VaultKind = VaultKind.PLAIN) -> list[tuple[str, str, str]]:
    return [(link.target, link.part, link.shown) for link in scan(text, kind)]


def sources(text: str, kind: VaultKind = VaultKind.PLAIN) -> list[str]:
    return [text[link.start : link.end] for link in scan(text, kind)]


def targets(text: str, kind: VaultKind = VaultKind.PLAIN) -> list[str]:
    return [link.target for link in scan(text, kind)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[plain]]", ("plain", "", "")),
        ("[[content/plain]]", ("content/plain", "", "")),
        ("[[plain#Head]]", ("plain", "Head", "")),
        ("[[plain#a#b]]", ("plain", "a#b", "")),
        ("[[plain#^x|alias]]", ("plain", "^x", "alias")),
        ("[[#self]]", ("", "self", "")),
        ("[[ plain | spaced ]]", ("plain", "", "spaced")),
        ("[[plain|a|b]]", ("plain", "", "a|b")),
        ("[[plain\\|escaped]]", ("plain", "", "escaped")),
        ("[[plain\\|a\\|b]]", ("plain", "", "a|b")),
        ("[[Sq]uare]]", ("Sq]uare", "", "")),
        ("[[a [b c]]", ("a [b c", "", "")),
        ("[[paper [2021]]]", ("paper [2021]", "", "")),
        ("[[100%20sure]]", ("100%20sure", "", "")),
        ("[[javascript: the good parts]]", ("javascript: the good parts", "", "")),
    ],
)
def test_a_wikilink_is_taken_apart(text: str, expected: tuple[str, str, str]) -> None:
    """L1."""
    assert parts(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[[[a|b]] rest", ["[[a|b]]"]),
        ("[[[a]]]", ["[[a]]"]),
        ("[[Nested [[plain]] x]]", ["[[plain]]"]),
        ("[[Multi\nLine]]", []),
        ("[[one\r[[two]]", ["[[two]]"]),
        ("[key:: [[value]]]", ["[[value]]"]),
        ("([[text](x.md)] and [[other]])", ["[text](x.md)", "[[other]]"]),
        ("[[a]][[b]]", ["[[a]]", "[[b]]"]),
    ],
)
def test_the_innermost_pair_counts_and_ends_with_its_line(text: str, expected: list[str]) -> None:
    """L1."""
    assert sources(text) == expected


@pytest.mark.parametrize(
    "text", ["[[]]", "[[ ]]", "[[#]]", "[[|x]]", "[x]()", "[x](#)", "[x](<>)", "- [ ] task", "[^1](x)"]
)
def test_a_link_to_nothing_is_none(text: str) -> None:
    """L5."""
    assert scan(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![[pic.png|100]]", ("pic.png", "", "")),
        ("[[pic.png|100x200]]", ("pic.png", "", "")),
        ("![[pic.JPG|a cat|100x145]]", ("pic.JPG", "", "a cat")),
        ("![a cat|100](pic.png)", ("pic.png", "", "a cat")),
        ("[[plan|100]]", ("plan", "", "100")),
    ],
)
def test_a_number_shown_for_a_picture_is_its_size(text: str, expected: tuple[str, str, str]) -> None:
    """L1."""
    assert parts(text) == [expected]


def test_embeds_are_links_and_their_mark_is_part_of_them() -> None:
    """B14."""
    text = "![[a]] \\![[b]] ![c](d.png) [[e]]!"
    assert [(text[link.start : link.end], link.embed) for link in scan(text)] == [
        ("![[a]]", True),
        ("[[b]]", False),
        ("![c](d.png)", True),
        ("[[e]]", False),
    ]


def test_dendron_shows_first_and_aims_second() -> None:
    """L2."""
    assert parts("[[the docs|dendron.topic#head]] [[alone]] [[a|b|c]]", VaultKind.DENDRON) == [
        ("dendron.topic", "head", "the docs"),
        ("alone", "", ""),
        ("c", "", "a|b"),
    ]


def test_the_scheme_of_dendron_is_external_elsewhere() -> None:
    """L2, L5."""
    text = "[[docs|dendron://my.vault/dendron.topic]]"
    assert parts(text, VaultKind.DENDRON) == [("dendron://my.vault/dendron.topic", "", "docs")]
    assert parts("[[dendron://my.vault/dendron.topic|docs]]") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[md](content/plain.md)", ("content/plain.md", "", "md")),
        ("[md](<content/March 2025.md>)", ("content/March 2025.md", "", "md")),
        ("[md](content/March%202025.md#a%20b)", ("content/March%202025.md", "a%20b", "md")),
        ("[md](a%23b.md#c)", ("a%23b.md", "c", "md")),
        ('[md](plain.md "a title")', ("plain.md", "", "md")),
        ("[md]( plain.md 'a title' )", ("plain.md", "", "md")),
        ("[md](a(b).md)", ("a(b).md", "", "md")),
        ("[two\nlines](plain.md)", ("plain.md", "", "two lines")),
        ("[a [b] \\] c](plain.md)", ("plain.md", "", "a [b] \\] c")),
        ("[x](#here)", ("", "here", "x")),
        ("[](plain.md)", ("plain.md", "", "")),
        ("[x](c:\\notes\\plain.md)", ("c:\\notes\\plain.md", "", "x")),
    ],
)
def test_a_markdown_link_is_taken_apart(text: str, expected: tuple[str, str, str]) -> None:
    """L3."""
    found = scan(text)
    assert [(link.target, link.part, link.shown) for link in found] == [expected]
    assert found[0].kind == "markdown"


@pytest.mark.parametrize(
    "text", ["[bad](content/March 2025.md)", "[a\n\nb](c.md)", "[a] (b.md)", "[a](b.md", "[a](<b\n>)"]
)
def test_these_are_no_markdown_links(text: str) -> None:
    """L3."""
    assert scan(text) == []


def test_a_picture_may_be_what_a_link_shows_but_a_link_may_not() -> None:
    """L3."""
    assert sources("[![alt](p.png)](note.md)") == ["[![alt](p.png)](note.md)", "![alt](p.png)"]
    assert sources("[a [b](c.md) d](e.md)") == ["[b](c.md)"]


def test_reference_links() -> None:
    """L3."""
    text = "[shown][r] [R][] [r] ![pic][p] [none][x] [ref]: no\n\n[r]: content/plain.md#a\n [p]: <my pic.png> 'title'\n"
    assert parts(text) == [
        ("content/plain.md", "a", "shown"),
        ("content/plain.md", "a", "R"),
        ("content/plain.md", "a", "r"),
        ("my pic.png", "", "pic"),
    ]


def test_definitions_that_an_editor_adds_for_wikilinks_make_no_second_link() -> None:
    """L3."""
    text = "see [[note-a]]\n\n[note-a]: note-a.md 'Note A'\n"
    assert sources(text) == ["[[note-a]]"]


def test_references_to_footnotes_and_to_the_web_are_no_links() -> None:
    """L3, L5."""
    assert scan("a[^1] [site][s]\n\n[^1]: [s]\n[s]: https://example.com\n") == []


def test_double_brackets_before_round_ones() -> None:
    """L1, L3: a numbered footnote is no wikilink, a remark in brackets is no target."""
    assert sources("[[1]](https://example.com) [[note]](2021)") == ["[[note]]"]


def test_a_wikilink_may_stand_where_the_target_does() -> None:
    """L4."""
    (link,) = scan("[Docs]([[Two words]])", VaultKind.LOGSEQ)
    assert (link.target, link.shown, link.kind) == ("Two words", "Docs", "wiki")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[a [[b]] c]]", ["a [[b]] c", "b"]),
        ("[[[[Juntos]] contra [[Moloch]]]]", ["[[Juntos]] contra [[Moloch]]", "Juntos", "Moloch"]),
        ("[[open [[b]] x", ["b"]),
        ("[[a]]]", ["a"]),
        ("[[a\nb]]", []),
        ("#tag #[[two words]] (#été)", ["tag", "two words", "été"]),
        ("#12 a#b # c \\#d [[e #f]] [g #h](i)", ["e", "i"]),
        ("{{embed [[x]]}}", ["x"]),
    ],
)
def test_logseq_nests_names_and_links_by_tags(text: str, expected: list[str]) -> None:
    """L4."""
    assert targets(text, VaultKind.LOGSEQ) == expected


def test_logseq_refers_to_blocks_and_embeds_by_macro() -> None:
    """L4: a block may stand in any note, so there is a part and no target."""
    text = f"(({UUID})) {{{{embed (({UUID}))}}}} {{{{embed [[x]]}}}} [shown]((({UUID})))"
    assert [(link.target, link.part, link.shown, link.embed) for link in scan(text, VaultKind.LOGSEQ)] == [
        ("", f"^{UUID}", "", False),
        ("", f"^{UUID}", "", True),
        ("x", "", "", True),
        ("", f"^{UUID}", "shown", False),
    ]


def test_what_logseq_adds_is_text_elsewhere() -> None:
    """L4."""
    assert targets(f"(({UUID})) #tag [[a [[b]] c]] {{{{embed [[x]]}}}}") == ["b", "x"]
    assert not any(link.embed for link in scan("{{embed [[x]]}}"))


@pytest.mark.parametrize(
    "text",
    [
        "\\[[escaped]]",
        "\\[escaped](x.md)",
        "\\\\\\[[escaped]]",
        "[[https://example.com]]",
        "[[mailto:a@b.c]]",
        "[x](https://example.com)",
        "[x](file:///etc/passwd)",
        "[x](//example.com/a)",
        "[x](command:do.it)",
        "![x](data:image/png;base64,iVBO)",
        "<https://example.com>",
    ],
)
def test_escaped_and_external_links_are_none(text: str) -> None:
    """L5."""
    assert scan(text) == []


def test_an_escaped_backslash_escapes_nothing() -> None:
    """L5."""
    assert targets("\\\\[[a]] \\\\[b](c)") == ["a", "c"]


@pytest.mark.parametrize("why", ["code", "math", "comment"])
@pytest.mark.parametrize("text", ["`[[a]]`", "`[a](b)`", "[[a`]]`", "[a`](b)`", "[a](`b)`", "![[`a]]`"])
def test_no_link_is_made_of_opaque_brackets(why: str, text: str) -> None:
    """L5."""
    opaque = ((text.index("`"), text.rindex("`") + 1, why),)
    assert scan(text, opaque=opaque) == []


def test_code_may_be_what_a_link_shows() -> None:
    """L5."""
    text = "[[a|`b]`]] [`c]`](d.md)"
    opaque = tuple((found.start(), found.end(), "code") for found in re.finditer("`[^`]*`", text))
    assert [(link.target, link.shown) for link in scan(text, opaque=opaque)] == [("a", "`b]`"), ("d.md", "`c]`")]


def test_links_in_hidden_text_count_and_are_marked() -> None:
    """L5."""
    text = "[[a]] %% [[b]] [c](d) %% [[e]]"
    opaque = ((text.index("%%"), text.rindex("%%") + 2, "hidden"),)
    assert [(link.target, link.hidden) for link in scan(text, opaque=opaque)] == [
        ("a", False),
        ("b", True),
        ("d", True),
        ("e", False),
    ]


def test_lines_are_counted_from_the_top_and_any_line_end_counts() -> None:
    """T3."""
    assert [link.line for link in scan("[[a]]\r\n[[b]]\r[[c]]\n\n[d](e)")] == [1, 2, 3, 5]


def test_only_the_part_asked_for_is_scanned() -> None:
    text = "[[a]] [[b]] [c](d)"
    assert [link.target for link in scan_links(text, (), [0], start=6, end=11)] == ["b"]
    assert [link.target for link in scan_links(text, (), [0], start=1)] == ["b", "d"]


def test_links_in_properties_count_quoted_or_not() -> None:
    """M6."""
    text = "---\nup: [[Home]]\nrelated: [\"[[a|b]]\", '[[c]]']\nurl: [x](y.md)\n---\n[[body]]\n"
    links = property_links(text, 0, text.index("[[body"), starts_of(text))
    assert [(link.target, link.shown, link.line, link.kind) for link in links] == [
        ("Home", "", 2, "property"),
        ("a", "b", 3, "property"),
        ("c", "", 3, "property"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[content/bull bear case|future of the company]]", "future of the company bull bear case"),
        ("[[content/windsurf|Windsurf]]", "Windsurf"),
        ("[[content/fireworks onsite panel]]", "fireworks onsite panel"),
        ("[[scale-negotiation.md|it]]", "it scale-negotiation"),
        ("[here](content/March%202025%20Reflection.md)", "here March 2025 Reflection"),
        ("[[#Due Date]]", "Due Date"),
        ("[[Filters#Priority#High]]", "Filters Priority High"),
        ("[[Filters#^id]] ", "Filters"),
        ("[[paper.pdf#page=3]]", "paper.pdf"),
        ("[[a/b/]]", "b"),
        ("[[..|up]]", "up"),
    ],
)
def test_the_search_text_has_the_words_shown_and_the_name(text: str, expected: str) -> None:
    """L6."""
    assert [search_words(link) for link in scan(text)] == [expected]


@pytest.mark.parametrize(
    ("target", "name"),
    [("a/b.md", "b"), ("a\\b", "b"), ("a%2Fb_c-d.MD", "b_c-d"), ("v1.2 plan", "v1.2 plan"), ("100%", "100%"), ("", "")],
)
def test_the_name_of_a_target(target: str, name: str) -> None:
    """L6."""
    assert target_name(target) == name


FORMS = """\
# forms

[[plain]] [[plain#^x|alias]] [[#self]] ![[plain]]
[md](content/plain.md) [md2](<content/March 2025.md>) [bad](content/March 2025.md)

| t |
|---|
| [[plain\\|escaped]] ![[plain.png\\|100]] |

`[[incode]]` $[[inmath]]$ <!-- [[inhtml]] --> %%[[incomment]]%% \\[[escaped]] `[x](in.md)`

```
[[infence]]
```

- item [[a|`b`]]

    $$
    [[indisplay]]
    $$

> quoted [[q]]
> ```
> [[inquotedfence]]
> ```

%%
[[hidden]]
%%

[[[[content/plain|pass on the offer]]. [ref][r]

[r]: content/plain.md
"""


def test_every_form_in_a_note() -> None:
    """L1 to L5, with the spans that the line scanner finds."""
    blocks = markdown.scan(FORMS, 0, 1, kind=VaultKind.OBSIDIAN, properties={})
    links = scan_links(FORMS, markdown.opaque_spans(FORMS, blocks), starts_of(FORMS), kind=VaultKind.OBSIDIAN)
    assert [(link.line, link.target, link.shown) for link in links if not link.hidden] == [
        (3, "plain", ""),
        (3, "plain", "alias"),
        (3, "", ""),
        (3, "plain", ""),
        (4, "content/plain.md", "md"),
        (4, "content/March 2025.md", "md2"),
        (8, "plain", "escaped"),
        (8, "plain.png", ""),
        (16, "a", "`b`"),
        (22, "q", ""),
        (31, "content/plain", "pass on the offer"),
        (31, "content/plain.md", "ref"),
    ]
    assert [link.target for link in links if link.hidden] == ["incomment", "hidden"]


LINK_TEXT = st.text(alphabet="[]()!|#\\`<>\"' \n\r:a.^{}é", max_size=60)


@given(LINK_TEXT, st.sampled_from(VaultKind))
@example("![[a|b]](c)[d]: e", VaultKind.LOGSEQ)
def test_links_of_any_text_are_in_order_and_where_they_say(text: str, kind: VaultKind) -> None:
    """N1, N2: never an error, and each link is a slice of the text."""
    links = scan(text, kind)
    assert [link.start for link in links] == sorted(link.start for link in links)
    for link in links:
        source = text[link.start : link.end]
        assert source.startswith("#") or (source.startswith(("[", "![", "((")) and source.endswith(("]", ")")))
        assert link.target in source and link.part in source
        assert link.embed or not source.startswith("!")
        assert link.target or link.part
        assert len(re.findall(r"\r\n|\n|\r", text[: link.start])) + 1 == link.line


@given(st.lists(st.tuples(st.text(alphabet="ab [](", max_size=9), st.text(alphabet="ab [](", max_size=9))))
def test_nothing_is_found_where_all_is_code(pieces: list[tuple[str, str]]) -> None:
    """L5: blotting out is complete, and what stands outside is scanned as if alone."""
    text = "".join(f"{outside}\n\n`{inside}[[x]]`\n\n" for outside, inside in pieces)
    opaque = tuple((found.start(), found.end(), "code") for found in re.finditer("`[^`]*`", text))
    assert "x" not in [link.target for link in scan(text, opaque=opaque)]


UNITS = ["[", "](", "[[", "]]", "[a](", "![", "[[a", "[a](b \"", "[a](<b", "[a [x]", "[[a]", "[ [ [x](y)", "\\[", "\\",
         "[[[x]](a", "[x][y", "[a]: ", "[a](((", "#a[[", "((", "[[a|b]](", "[[a[b]", "[\n", "{{embed [["]  # fmt: skip


def test_pairs_in_pairs_are_linear() -> None:
    """L4: twice the brackets hold twice the links, not four times their text."""
    deep = "[[a " * 20_000 + "]]" * 20_000
    links = scan(deep, VaultKind.LOGSEQ)
    assert [link.target.count("[[") for link in links] == [7, 6, 5, 4, 3, 2, 1, 0]
    assert len(scan("[[x [[y]] [[z]]]] " * 3, VaultKind.LOGSEQ)) == 9


@pytest.mark.parametrize("kind", [VaultKind.OBSIDIAN, VaultKind.LOGSEQ])
@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear_whatever_the_brackets(unit: str, kind: VaultKind) -> None:
    """50,000 of anything in well under a second, a definition beside them so that references are tried too."""
    text = f"{unit * 50_000}\n\n[r]: x.md\n"
    started = time.process_time()
    scan(text, kind)
    assert time.process_time() - started < 2
