"""The splitter: no line lost, every passage its slice, cut where it hurts least (N1, B5, B8, L6, T5)."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from notesearch.index.records import Fingerprint, Note
from notesearch.read.markdown import BlockKind, scan
from notesearch.read.note import ReadingRules, read_note
from notesearch.read.passages import Sizes, embedding_text
from notesearch.read.vault import File

WORD = re.compile(r"\w+|[^\w\s]")


def starts(text: str) -> Sequence[int]:
    return [word.start() for word in WORD.finditer(text)]


def read(text: str, target: int = 40, path: str = "note.md") -> Note:
    data = text.encode("utf-8", "surrogatepass")
    file = File(path, Fingerprint(len(data), 0, 0, 0), "note")
    return read_note(file, data, ReadingRules(Sizes(target), starts))


def slices(note: Note) -> list[str]:
    return [passage.text for passage in note.passages]


SENTENCE = "the ferry to the island leaves at nine and comes back at six."
pieces = st.sampled_from(
    [
        *("# a\n", "## b\n", "###### c\n", "#\n", "text\n===\n", "---\n", "\n", "\n\n", "\r", "\r\n", "\u2028"),
        *("- one\n", "  - two\n", "\t- three\n", "1. four\n", "> quoted\n", "| a | b |\n|---|---|\n| 1 | 2 |\n"),
        *("```\n# no heading\n```\n", "```\n", "$$\nx\n$$\n", "%% hidden %%\n", "<!-- \n"),
        *("[[a b|c]] and [d](e.md)\n", SENTENCE + " ", SENTENCE + "\n", "word " * 60, "…。", "台北" * 40),
    ]
)


def test_time_is_linear_in_what_belongs_together() -> None:  # B1
    started = time.process_time()
    assert len(read("- one\n" + "  - two\n" * 50_000).passages) > 1000
    assert time.process_time() - started < 5


@given(st.one_of(st.text(st.characters(exclude_characters="\0")), st.lists(pieces).map("".join)))
@example("---\ntitle: x\n---\nbody")
@example("# only\n## headings\n### here")
def test_n1_no_text_is_lost_and_every_passage_is_its_slice(text: str) -> None:
    note = read(text)
    covered = [False] * (len(note.text) + 1)
    for passage in note.passages:
        assert passage.text == note.text[passage.start : passage.end]
        assert passage.text.strip()
        first, last = passage.lines
        lines = re.split(r"\r\n|\n|\r", note.text)
        assert 1 <= first <= last <= len(lines)
        assert first == len(re.split(r"\r\n|\n|\r", note.text[: passage.start]))
        for at in range(passage.start, passage.end):
            covered[at] = True
    body = body_start(note.text)
    assert all(covered[at] or not note.text[at].strip() for at in range(body, len(note.text)))


def body_start(text: str) -> int:
    from notesearch.read.frontmatter import read as frontmatter

    return frontmatter(text).end


@given(st.lists(pieces, max_size=30).map("".join))
def test_passages_are_in_order_and_do_not_overlap(text: str) -> None:
    passages = read(text).passages
    assert all(a.end <= b.start for a, b in pairwise(passages))


@given(st.lists(pieces, max_size=40).map("".join), st.integers(16, 80))
def test_no_passage_is_much_longer_than_wanted(text: str, target: int) -> None:
    note = read(text, target)
    blocks = scan(note.text, body_start(note.text))
    for passage in note.passages:
        body = [
            note.text[block.start : block.end]
            for block in (replace(b, start=max(b.start, passage.start), end=min(b.end, passage.end)) for b in blocks)
            if block.start < block.end and block.kind is not BlockKind.HEADING
        ]
        assert len(starts("\n".join(body))) <= target + target // 5 + target // 8 + 1


def test_short_blocks_under_one_heading_are_kept_together() -> None:
    assert slices(read("# a\n\none.\n\ntwo.\n\n- x\n- y\n\n# b\n\nthree.\n")) == [
        "# a\n\none.\n\ntwo.\n\n- x\n- y",
        "# b\n\nthree.",
    ]


def test_headings_skip_and_climb() -> None:
    note = read("# top\n\na\n\n##### deep\n\nb\n\n### middle\n\nc\n\n#### below\n\nd\n\n# end\n\ne\n")
    assert [passage.headings for passage in note.passages] == [
        ("top",),
        ("top", "deep"),
        ("top", "middle"),
        ("top", "middle", "below"),
        ("end",),
    ]


def test_headings_with_nothing_under_them_go_with_what_follows() -> None:
    note = read("# a\n## b\ntext\n## c\n")
    assert slices(note) == ["# a\n## b\ntext", "## c"]
    assert note.passages[0].headings == ("a", "b")


def test_a_long_paragraph_is_cut_between_sentences_into_equal_parts() -> None:
    parts = slices(read(" ".join([SENTENCE] * 9), target=60))
    assert all(part.startswith("the ferry") and part.endswith("six.") for part in parts)
    assert {part.count("ferry") for part in parts} == {3}


def test_b5_a_list_is_cut_between_items_and_a_child_alone_carries_its_parent() -> None:
    children = "".join(f"\t- number {n} " + "with a few more words to fill it\n" for n in range(12))
    note = read("- groceries for the boat\n" + children, target=40)
    assert all(re.fullmatch(r"- .*(\n\t- .*)*|(\t- .*)(\n\t- .*)*", text) for text in slices(note))
    assert "groceries for the boat" not in note.passages[1].text
    assert note.passages[1].words.startswith("- groceries for the boat\n")


def test_b8_a_table_is_cut_between_rows_and_keeps_its_header() -> None:
    rows = "".join(f"| lamp {n} | oil for {n} nights | bought in the town |\n" for n in range(20))
    note = read("| lamp | oil | where |\n|---|---|---|\n" + rows, target=60)
    assert len(note.passages) > 3
    assert all(line.startswith("|") and line.endswith("|") for text in slices(note) for line in text.split("\n"))
    assert all("| lamp | oil | where |" in passage.words for passage in note.passages)


def test_l6_links_are_searched_by_what_they_show_and_where_they_lead() -> None:
    (passage,) = read("decided to [[[[content/why im reneging|pass on the offer]]. see [[x|x]]\n").passages
    assert passage.text == "decided to [[[[content/why im reneging|pass on the offer]]. see [[x|x]]"
    assert passage.words == "decided to [[pass on the offer why im reneging. see x"


def test_t5_noise_is_in_the_slice_but_not_in_the_words() -> None:
    noise = "Q" * 400
    (passage,) = read(f"before {noise} after\n").passages
    assert noise in passage.text
    assert noise not in passage.words
    assert passage.words.startswith("before ") and passage.words.endswith(" after")


def test_embedding_text_says_where_a_passage_stands() -> None:
    assert embedding_text("boats", ("boats", "oars"), "two of ash", starts) == "boats > oars\ntwo of ash"
    assert len(embedding_text("t" * 900, (), "words", starts)) < 200
    assert len(starts(embedding_text("& " * 80, (), "words", starts))) < 50


def test_t5_a_word_of_any_length_is_cut_like_the_many_tokens_it_would_be() -> None:
    note = read(f"before\n\n{'q' * 5000}\n\nafter\n")
    assert max(len(text) for text in slices(note)) < 1000
    assert "".join("".join(slices(note)).split()) == f"before{'q' * 5000}after"


def test_b4_b10_passages_of_a_comment_and_of_an_archive_say_so() -> None:
    board = "---\nkanban-plugin: board\n---\n\n## now\n\n- [ ] mow\n\n***\n\n## Archive\n\n- [x] dig\n"
    assert [passage.archived for passage in read(board).passages] == [False, True]
    assert [passage.hidden for passage in read("said\n\n## a\n\n%%\nmuttered\n%%\n").passages] == [False, True]
