"""Where properties begin and end, and what they say: rules M1 to M6."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.read.frontmatter import _TAME_YAML, Frontmatter, Nested, _kept, _read_simply, _YamlEvents, read


def block(*lines: str) -> Frontmatter:
    """The properties of a note that has these lines between its fences."""
    return read("\n".join(["---", *lines, "---", "", "body", ""]))


# -- M1: where it is


@pytest.mark.parametrize(
    "top",
    [
        "---\ntitle: t\n---\n",
        "---  \ntitle: t\n--- \t\n",
        "---\r\ntitle: t\r\n---\r\n",
        "---\rtitle: t\r---\r",
        "---\ntitle: t\n...\n",
        '+++\ntitle = "t"\n+++\n',
        ';;;\n{"title": "t"}\n;;;\n',
    ],
)
def test_the_body_begins_behind_the_closing_line(top: str) -> None:  # M1
    found = read(top + "body\n---\nmore\n")
    assert (found.title, found.end) == ("t", len(top))


def test_the_span_of_the_block_is_what_stands_between_the_fences() -> None:  # M1
    text = "---\nup: [[Home]]\n---\nbody"
    start, end = read(text).raw_span
    assert text[start:end] == "up: [[Home]]\n"


def test_it_may_end_with_the_note() -> None:  # M1
    text = "---\ntitle: only this\n---"
    assert (read(text).title, read(text).end) == ("only this", len(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "---\n",
        "----\ntitle: no\n----\n",
        "--- start-multi-column: ID_1\n\ntext\n\n--- end-multi-column\n",
        "\n---\ntitle: no\n---\n",
        " ---\ntitle: no\n---\n",
        "---\ntitle: never closed\n\nbody\n",
        "---\ntitle: closed by another mark\n+++\n",
        "+++\ntitle = 'no'\n---\n",
        "---\ntitle: no\n ---\n",
    ],
)
def test_these_open_or_close_nothing(text: str) -> None:  # M1
    assert read(text) == Frontmatter()


def test_a_rule_inside_a_block_scalar_is_indented_and_closes_nothing() -> None:  # M1
    found = read("---\ndesc: |\n  one\n  ---\n  two\ntitle: scalar\n---\nbody")
    assert (found.title, found.fields["desc"]) == ("scalar", "one\n---\ntwo\n")


def test_it_closes_within_five_thousand_lines() -> None:  # M1
    lines = [f"k{number}: v" for number in range(5000)]
    assert read("\n".join(["---", *lines[1:], "---"])).end > 0
    assert read("\n".join(["---", *lines, "---"])).end == 0


# -- M2: what is none


@pytest.mark.parametrize("blank", ["", "\n", " \n\t\n"])
def test_a_blank_block_is_one_without_properties(blank: str) -> None:  # M2
    found = read(f"---\n{blank}---\nbody")
    assert (found.fields, found.format, found.end) == ({}, "yaml", len(f"---\n{blank}---\n"))


@pytest.mark.parametrize(
    "lines",
    [
        ["", "first part, just prose between rules", ""],
        ["ACME LEGAL"],
        ["- a", "- b"],
        ["# A heading"],
        ["title:\u00a0“curly”"],
        ["title: Meeting: the sequel", "and a line of prose"],
        ["- a", "title: Meeting: the sequel"],
        ["a: 1", "--- b", "c: 2"],
        ["[1, 2]"],
    ],
)
def test_what_is_no_mapping_is_body(lines: list[str]) -> None:  # M2
    assert block(*lines) == Frontmatter()


@pytest.mark.parametrize("text", ["+++\nno toml\n+++\n", ";;;\n[1]\n;;;\n", ';;;\n{"broken\n;;;\n', "+++\n# only\n"])
def test_broken_toml_and_json_are_body(text: str) -> None:  # M2
    assert read(text) == Frontmatter()


# -- M3: values as written


@pytest.mark.parametrize(
    "value", ["2025", "1.10", "12:30:45", "null", "~", "yes", "2025-13-45", "0x1F", "1_000", "-.inf", "9" * 6000]
)
def test_a_value_is_the_text_that_stands_there(value: str) -> None:  # M3
    assert block(f"title: {value}").title == value


def test_keys_are_texts_too() -> None:  # M3
    assert block("no: yes", "2025: x", "null: y").fields == {"no": "yes", "2025": "x", "null": "y"}


def test_quotes_are_not_part_of_a_text() -> None:  # M3
    assert block('title: "\'25 recruiting reflection"').title == "'25 recruiting reflection"


def test_toml_and_json_give_texts() -> None:  # M3
    toml = read('+++\ntitle = "Tommy"\ndate = 2025-07-11\nn = 1.10\ndraft = false\ntags = ["a", 1]\n+++\n')
    assert (toml.title, toml.dates, toml.tags) == ("Tommy", ("2025-07-11",), ("a", "1"))
    assert toml.properties == (("n", "1.10"), ("draft", "false"))
    json = read(';;;\n{"title": "Jason", "n": 1.10, "x": null, "tags": ["a"], "deep": {"a": [true]}}\n;;;\n')
    assert (json.title, json.tags, json.format) == ("Jason", ("a",), "json")
    assert json.properties == (("n", "1.10"), ("x", "null"), ("deep", '{"a": [true]}'))


def test_json_between_rules_is_yaml() -> None:  # M3
    assert read('---\n{"title": "Jason", "tags": ["journal"]}\n---\n').tags == ("journal",)


def test_what_is_deeper_than_a_list_is_its_own_source() -> None:  # M3
    found = block("a:", "  b: 1", "  c: [x, y]", "d:", "  - [[one]]", "  - k: v", "e: [[Home]]", "f: {{title}}")
    assert found.fields == {"a": "b: 1\n  c: [x, y]", "d": ("[[one]]", "k: v"), "e": "[[Home]]", "f": "{{title}}"}
    assert isinstance(found.fields["a"], Nested)
    assert not isinstance(found.fields["e"], Nested)


def test_the_first_line_may_be_indented() -> None:  # M3
    assert block("  title: in", "  tags: [a]").tags == ("a",)


def test_escapes_cannot_spell_what_no_database_takes() -> None:  # M3
    found = read(';;;\n{"title": "a\\ud800b\\u0000c"}\n;;;\n')
    assert found.title == "a\ufffdb\ufffdc"
    assert block('title: "a\\0b"').title == "a\ufffdb"


# -- M4: the simple reader, and what must not happen


@pytest.mark.parametrize(
    ("lines", "title", "aliases", "tags"),
    [
        (["title: Meeting: the sequel", "tags: [people, 'de, ep']"], "Meeting: the sequel", (), ("people", "de, ep")),
        (["title: tabbed", "tags:", "\t- a", '\t- "b"', "alias: Single"], "tabbed", ("Single",), ("a", "b")),
        (["aliases:", "- @someone", "tags:", "- "], "", ("@someone",), ()),
        (['title: "it\'s"', "x: `code`", "aliases: [[a]]"], "it's", ("[[a]]",), ()),
        (["title: {{title}} x", "# note", "", "tags: #a, #b"], "{{title}} x", (), ("a", "b")),
        (["title: <% tp.file.title %>: x", "tags: work"], "<% tp.file.title %>: x", (), ("work",)),
        (["summary: |", "  left: out: here", "title: %x"], "%x", (), ()),
    ],
)
def test_lines_that_are_no_yaml_are_read_one_by_one(
    lines: list[str], title: str, aliases: tuple[str, ...], tags: tuple[str, ...]
) -> None:  # M4
    found = block(*lines)
    assert found.simple
    assert (found.title, found.aliases, found.tags) == (title, aliases, tags)


def test_links_in_properties_need_no_quotes() -> None:  # M4, M6
    found = block("up: [[Home]]", "related: [[a|b]], [[c]]", "title: linky")
    assert found.properties == (("up", "[[Home]]"), ("related", "[[a|b]], [[c]]"))
    assert found.title == "linky"


@pytest.mark.parametrize(
    "lines",
    [
        ["x: " + "[" * 100_000 + "]" * 100_000],
        ["x: " + "{" * 20_000],
        [" " * depth + "k:" for depth in range(1500)],
        ["x: " + "y" * 200_000],
        ["x: y"] * 4000 + ["z: " + "[a]" * 300],
    ],
)
def test_what_is_too_large_or_too_deep_is_read_simply(lines: list[str]) -> None:  # M4
    began = time.perf_counter()
    found = block("title: big", *lines)
    assert time.perf_counter() - began < 1
    assert (found.title, found.simple) == ("big", True)
    assert all(len(value) <= 300 for _, value in found.properties)


def test_nothing_is_followed_and_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # M4
    monkeypatch.chdir(tmp_path)
    found = block(
        'x: !!python/object/apply:os.system ["touch pwned"]', "y: &a [l, l]", "z: [*a, *a]", "w: *a", "<<: *a"
    )
    assert found.fields == {"x": ("touch pwned",), "y": ("l", "l"), "z": ("*a", "*a"), "w": "*a", "<<": "*a"}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "piece", ["a:", "a: ", ":", '"a', "- ", "? ", "k: &a", "'", "#", "[a,", "\t", "!!x ", "a: |\n"]
)
@pytest.mark.parametrize("size", [60_000, 1_000_000])
def test_a_block_of_anything_is_read_in_time(piece: str, size: int) -> None:  # M4
    for lead in ("", "k: [", 'k: "', "tags:"):
        began = time.perf_counter()
        read(f"---\n{lead}{piece * (size // len(piece))}\n---\n").properties  # noqa: B018
        assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    "inside",
    [
        "a." * 30_000 + "a = 1",
        "a = " + "9" * 60_000,
        "a = 0x" + "f" * 60_000,
        "a = " + "[" * 20_000,
        "\n".join("a." * 90 + f"b{number} = 1" for number in range(300)),
    ],
)
def test_toml_is_read_in_time(inside: str) -> None:  # M4
    began = time.perf_counter()
    read(f"+++\n{inside}\n+++\n")
    assert time.perf_counter() - began < 1


# -- M5


def test_the_last_of_two_equal_keys_wins_whatever_its_case() -> None:  # M5
    assert block("title: first", "x: y", "Title: second").title == "second"
    assert block("title: first: a", "TITLE: second: b").title == "second: b"


# -- M6: what is read


def test_tags_are_a_list_or_a_text() -> None:  # M6
    assert block("tags: work, #people, deep/er").tags == ("work", "people", "deep/er")
    assert block("tags: work people").tags == ("work", "people")
    assert block("tag: one, two words").tags == ("one", "two words")
    assert block("tags: #a #b").tags == ("a", "b")
    assert block("tags: [a, '#b', a]", "tag: c").tags == ("a", "b", "c")
    assert block("tags:", "  - #a", "  - b", "  - ").tags == ("a", "b")
    assert block("tags: work # a remark").tags == ("work",)


def test_aliases_are_a_list_or_a_text() -> None:  # M6
    assert block("aliases: Single").aliases == ("Single",)
    assert block("aliases: one name, another").aliases == ("one name", "another")
    assert block("aliases:", "  - Smith, John", "  - x", "alias: y").aliases == ("Smith, John", "x", "y")


def test_a_value_of_the_wrong_type_is_ignored() -> None:  # M6, §9
    found = block("title: [a, b]", "tags: {a: b}", "aliases:", "  k: v", "date:", "  - x", "description: {a: b}")
    assert (found.title, found.tags, found.aliases, found.dates, found.summary) == ("", (), (), (), "")


def test_a_blank_title_is_none() -> None:  # M6, B15
    assert block('title: ""').title == ""
    assert block("title:").title == ""


def test_title_and_summary_stand_on_one_line() -> None:  # M6
    found = block("title: |", "  two", "  lines", "description: ''", "summary: >", "  what it", "  says")
    assert (found.title, found.summary) == ("two lines", "what it says")
    assert block("desc: from Dendron").summary == "from Dendron"


def test_dates_come_best_first_and_as_written() -> None:  # M6, D2
    found = block("updated: 2025-03-03", "Created_At: 2", "date created: 2025-01-02", "date: 3 Jan", "publishDate: 4")
    assert found.dates == ("3 Jan", "2025-01-02", "2", "4")
    assert block("created: 1595952505019").dates == ("1595952505019",)


def test_other_keys_are_properties() -> None:  # M6
    found = block(
        "title: t",
        "tags: a",
        "date: x",
        "status: open",
        "people: [ana, ben]",
        "empty:",
        "long: " + "y" * 400,
        "content: c",
    )
    assert found.properties == (
        ("status", "open"),
        ("people", "ana, ben"),
        ("long", "y" * 300),
        ("content", "c"),
    )


# -- N1, N2: any text


ODD = st.sampled_from(
    ["---", "...", "+++", ";;;", "\n", "\r\n", "\r", ": ", "- ", "k", "[", "]", "{", "}", '"', "'", "|", "#"]
)


@given(st.lists(ODD | st.text(max_size=5), max_size=40).map("".join), st.sampled_from(["---\n", "+++\n", ";;;\n", ""]))
def test_any_text_has_frontmatter_or_none(text: str, opening: str) -> None:  # N1, N2
    text = opening + text
    found = read(text)
    start, stop = found.raw_span
    assert 0 <= start <= stop <= found.end <= len(text)
    if not found.end:
        assert found == Frontmatter()
    values = (found.title, *found.aliases, *found.tags, *found.dates, found.summary, *sum(found.properties, ()))
    assert all(isinstance(value, str) for value in values)
    "".join(values).encode()


KEYS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1)
VALUES = st.text(alphabet=st.characters(categories=["L", "N"], include_characters=" .:,'\"#[]{}-&*!|>%@`"), max_size=30)


@given(st.dictionaries(KEYS, VALUES, min_size=1))
def test_double_quoted_texts_read_back(fields: dict[str, str]) -> None:  # M3
    lines = [f'{key}: "{value.replace(chr(34), chr(92) + chr(34))}"' for key, value in fields.items()]
    assert block(*lines).fields == fields


# -- Nearly every block is read without the YAML parser, and says the same


BITS = st.sampled_from(
    [
        *(
            "a",
            "b c",
            "é",
            "：",
            " ",
            "\n",
            ": ",
            ":",
            "- ",
            "  - ",
            "k:\n",
            "k: v\n",
            "a b: c\n",
            "- i\n",
            " - i\n",
            "12:30",
        ),
        *(
            "'q'",
            '"q"',
            "'",
            "#",
            "null",
            "~",
            "no",
            "1e3",
            "0x1f",
            "a,b",
            "<<: ",
            "?",
            "!x",
            "&a",
            "*a",
            "%x",
            "@y",
            "[x]",
        ),
        *("{", "|\n"),
    ]
)


@given(st.lists(st.one_of(BITS, st.characters()), max_size=9).map("".join))
def test_tame_yaml_reads_as_the_parser_reads_it(text: str) -> None:  # M4
    if _TAME_YAML.fullmatch(text.rstrip("\n") + "\n") and (fields := _read_simply(text)):
        assert fields == _kept(_YamlEvents(text).pairs())


@pytest.mark.parametrize("planes", [range(0x10000), range(0x10000, 0x110000, 31)], ids=["basic", "others"])
def test_every_sign_that_is_tame_reads_as_the_parser_reads_it(planes: range) -> None:  # M4
    lines = [f"{key}{code}: {text}\n" for code in planes for key, text in (("a", chr(code)), ("b", f"x{chr(code)}y"))]
    tame = "".join([line for line in lines if _TAME_YAML.fullmatch(line)])
    assert len(tame) > 100_000
    assert _read_simply(tame) == _kept(_YamlEvents(tame).pairs())


@pytest.mark.parametrize(
    "line",
    [
        "title: a plain one",
        "date created: 2022-08-06",
        "tags:\n  - 微信",
        "id: '351'",
        "t: 12:30",
        "t: 🌲 a – b",
        "p: /a",
    ],
)
def test_what_is_tame(line: str) -> None:  # M4
    assert _TAME_YAML.fullmatch(line + "\n")


@pytest.mark.parametrize(
    "line", ["a: b: c", "a: b #c", "a: [b]", "a: *b", "- a", "a: b\n  c", "a:\n- b\n  - c", "a: b\n- c", "a: !x y"]
)
def test_what_is_not(line: str) -> None:  # M4
    assert not _TAME_YAML.fullmatch(line + "\n")
