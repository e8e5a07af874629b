"""JSON Canvas: what stands on a canvas, at which line of the file, and what a broken one comes to (rule F2, §9)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.index.records import Fingerprint, Note, VaultKind
from notesearch.read import canvas
from notesearch.read.decode import NotText
from notesearch.read.note import ReadingRules, read_note
from notesearch.read.passages import Sizes
from notesearch.read.vault import File

BOARD = r"""{
	"nodes":[
		{"id":"a","type":"text","text":"# Plan\nbuy #salt and [[bread|the loaf]]\n\n- one ^x\n- two","x":0,"y":0},
		{"id":"b","type":"text","text":"```\nnever closed #code"},
		{"id":"c","type":"group","label":"Later"},
		{"id":"d","type":"file","file":"people/ann.md","subpath":"#berths"},
		{"id":"e","type":"link","url":"https://example.org/#frag [[no link]]"}
	],
	"edges":[
		{"id":"f","fromNode":"a","toNode":"b","label":"because of the oven"}
	]
}"""


def words(text: str) -> Sequence[int]:
    return [found.start() for found in re.finditer(r"\S+", text)]


def note(text: str, name: str = "boards/week.canvas", tokens: int = 128) -> Note:
    file = File(name, Fingerprint(len(text), 0, 0, 1), "canvas")
    return read_note(file, text.encode("utf-8", "surrogatepass"), ReadingRules(Sizes(tokens), words))


def test_every_text_is_in_a_passage_at_its_line_of_the_file() -> None:
    board = note(BOARD)
    assert [(p.lines, p.headings, p.text) for p in board.passages] == [
        ((3, 3), ("Plan",), "# Plan\nbuy #salt and [[bread|the loaf]]\n\n- one ^x\n- two"),
        (
            (4, 10),
            (),
            "```\nnever closed #code\n\nLater\n\npeople/ann.md#berths\n\nhttps://example.org/#frag [[no link]]\n\n"
            "because of the oven",
        ),
    ]
    assert all(p.text == board.text[p.start : p.end] for p in board.passages)
    assert (board.name, board.title, board.heading, board.tags) == ("week", "week", "Plan", ("salt",))


def test_short_cards_share_a_passage_and_those_with_headings_stand_alone() -> None:
    cards = ["# a\nx", "one", "two", "# b\ny", "# b\nz", "three"]
    passages = note(json.dumps({"nodes": [{"text": card} for card in cards]})).passages
    assert [p.text for p in passages] == ["# a\nx", "one\n\ntwo", "# b\ny", "# b\nz", "three"]
    assert [p.headings for p in passages] == [("a",), (), ("b",), ("b",), ()]


def test_file_nodes_are_links_and_so_are_those_in_cards() -> None:
    loaf, ann = note(BOARD).links
    assert (loaf.target, loaf.shown, loaf.embed, loaf.line) == ("bread", "the loaf", False, 3)
    assert (ann.target, ann.part, ann.embed, ann.line) == ("people/ann.md", "berths", True, 6)


def test_an_untitled_canvas_is_called_by_its_first_heading() -> None:
    assert note(BOARD, "Untitled 2.canvas").title == "Plan"


@pytest.mark.parametrize("text", ["", " \n", "{}", '{"nodes":[],"edges":[]}'])
def test_an_empty_canvas_is_found_by_its_name(text: str) -> None:
    empty = note(text)
    assert (empty.title, empty.passages, empty.remark) == ("week", (), "")


@pytest.mark.parametrize(
    "text",
    [
        '{"nodes":5,"edges":{"label":"x"}}',
        '{"nodes":[5,null,[{"text":"inside a list"}],"x",{"text":5},{"text":["a"]},{"file":{}},{"label":null}]}',
        '{"other":{"nodes":[{"text":"elsewhere"}]}}',
    ],
)
def test_what_is_of_the_wrong_type_is_passed_over(text: str) -> None:
    assert note(text).text == ""


def test_and_the_rest_is_kept() -> None:
    text = '{"nodes":[5,{"type":7,"text":"kept","x":"left"},{"type":"file","file":"a.md","subpath":9}],"edges":"none"}'
    assert note(text).text == "kept\n\na.md"


@pytest.mark.parametrize(
    "text",
    [
        '{"nodes": [{"id": ',
        '{"nodes":[]} more',
        "[]",
        "nonsense",
        "{'nodes':[]}",
        '{"nodes":[{"text":"a"}',
        '{"nodes":[{"text":"\\x"}]}',
        "[" * 100_000,
        '{"nodes":' + "[" * 100_000,
        '{"nodes":[{"text":' + "[" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_a_broken_canvas_is_an_error_with_a_reason(text: str) -> None:
    with pytest.raises(NotText, match="is no canvas that can be read: "):
        note(text)


def test_half_a_character_and_a_number_without_end_are_no_trouble() -> None:
    text = '{"nodes":[{"text":"\\ud83d caf\\u00e9\\u0000 \\ud83d\\ude00","x":' + "9" * 6000 + '},{"file":"\\ud83d"}]}'
    assert note(text).text == "\ufffd café 😀\n\n\ufffd"
    assert [link.target for link in note(text).links] == ["\ufffd"]


def test_a_large_canvas_takes_no_longer_than_its_length() -> None:
    cards = [{"text": f"# card {n}\nwith [[note {n}]] and #tag{n}"} for n in range(5_000)]
    started = time.perf_counter()
    assert len(note(json.dumps({"nodes": cards})).passages) == 5_000
    assert time.perf_counter() - started < 5


TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="^"), max_size=60)  # no block ids


@given(st.lists(TEXTS, max_size=5), st.booleans())
def test_no_text_is_lost_whatever_it_is(texts: list[str], pretty: bool) -> None:
    file = json.dumps({"nodes": [{"text": text} for text in texts]}, indent="\t" if pretty else None)
    board = note(file)
    shown = "\n".join(p.text for p in board.passages).split()
    assert shown == "\n".join(text.replace("\0", "") for text in texts).split()
    for passage in board.passages:
        assert passage.text == board.text[passage.start : passage.end]
        assert 1 <= passage.lines[0] <= passage.lines[1] <= file.count("\n") + 1


@given(st.text(max_size=80))
def test_any_text_is_a_canvas_or_an_error(text: str) -> None:
    for candidate in (text, "{" + text, '{"nodes":[' + text, '{"nodes":[{' + text + "}]}"):
        try:
            canvas.read(candidate)
        except NotText as error:
            assert error.reason


def test_in_a_dendron_vault_links_in_cards_are_swapped() -> None:
    text = '{"nodes":[{"text":"see [[the harbour|harbour]]"}]}'
    rules = ReadingRules(Sizes(128), words, VaultKind.DENDRON)
    (link,) = read_note(File("a.canvas", Fingerprint(1, 0, 0, 1), "canvas"), text.encode(), rules).links
    assert (link.target, link.shown) == ("harbour", "the harbour")
