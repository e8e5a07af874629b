"""Bytes to text, lines, cuts, and what is left out of the index: rules T1 to T5."""

from __future__ import annotations

import base64
import re
import time
from bisect import bisect_right

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from notesearch.read.decode import DATA_MARK, NotText, decode, for_index, line_starts, safe_cut

FAMILY = "👨‍👩‍👧"
FLAG = "🇩🇪"
E_ACUTE = "e\u0301"


# -- T1, T2: bytes to text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"\xff\xfe\x00\x00", "utf-32-le"),
        (b"\x00\x00\xfe\xff", "utf-32-be"),
    ],
)
def test_a_byte_order_mark_decides_and_is_dropped(mark: bytes, encoding: str) -> None:  # T1, T2
    decoded = decode(mark + "# Über 🐘\n".encode(encoding))
    assert (decoded.text, decoded.encoding, decoded.remark) == ("# Über 🐘\n", encoding, "")


def test_bad_bytes_behind_a_mark_are_replaced_and_said() -> None:  # T1
    decoded = decode(b"\xff\xfe" + "naïve".encode("utf-16-le") + b"x")
    assert decoded.text == "naïve\ufffd"
    assert decoded.remark == "not clean UTF-16-LE, bad bytes shown as \ufffd"


def test_plain_utf8_has_no_remark() -> None:  # T1
    assert decode("東京 é\r\n".encode()).remark == ""
    assert decode(b"").text == ""


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_known_by_its_nuls(encoding: str) -> None:  # T1
    text = "# No mark\n\nplain letters, and Łódź\n"
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.encoding) == (text, encoding)
    assert decoded.remark == "no byte order mark, read as UTF-16"


def test_nuls_in_utf8_are_left_out_and_said() -> None:  # T2
    decoded = decode(b"before word\x00\x00 after\n")
    assert (decoded.text, decoded.encoding, decoded.remark) == ("before word after\n", "utf-8", "NUL bytes left out")


def test_text_that_ends_in_a_field_of_nuls_is_kept() -> None:  # T2: what a power cut leaves
    assert decode(b"the last words\n" + b"\0" * 5000).text == "the last words\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01",
        b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)),
        b"\x80abc" + b"x" * 8000 + b"\0",
    ],
)
def test_a_nul_near_the_start_of_what_is_no_text_is_binary(data: bytes) -> None:  # T1
    with pytest.raises(NotText) as caught:
        decode(data)
    assert caught.value.reason == "binary"


def test_numbers_of_two_bytes_are_not_utf16() -> None:  # T1
    table = b"".join(n.to_bytes(2, "little") for n in range(1, 250)) + b"\xff\xff"
    with pytest.raises(NotText):
        decode(table)


def test_nothing_but_nuls_is_no_text() -> None:  # T1
    with pytest.raises(NotText, match="nothing but NUL"):
        decode(b"\0" * 4096)


def test_a_few_bad_bytes_in_a_long_note_become_replacement_characters() -> None:  # T1: at most 1 in 200
    decoded = decode(b"good start " + b"word " * 200 + b"\xff\xfe\xfa tail end\n")
    assert decoded.text == "good start " + "word " * 200 + "\ufffd\ufffd\ufffd tail end\n"
    assert decoded.encoding == "utf-8"
    assert decoded.remark == "not UTF-8 throughout, 3 bad bytes shown as \ufffd"


def test_the_share_of_bad_bytes_that_is_still_utf8() -> None:  # T1
    assert decode(b"\xff" + b"a" * 199).encoding == "utf-8"
    assert decode(b"\xff" + b"a" * 198).encoding == "windows-1252"


def test_a_note_cut_in_the_middle_of_a_character_stays_utf8() -> None:  # T1
    decoded = decode("naïve é".encode()[:-1])
    assert (decoded.text, decoded.remark) == ("naïve \ufffd", "not UTF-8 throughout, 1 bad byte shown as \ufffd")


def test_all_else_is_windows_1252() -> None:  # T1
    decoded = decode(b"caf\xe9 \x93quoted\x94 \x81\n")
    assert (decoded.text, decoded.encoding) == ("café “quoted” \ufffd\n", "windows-1252")
    assert decoded.remark == "not UTF-8, read as Windows-1252"


@given(st.binary(max_size=300) | st.text().map(str.encode) | st.text().map(lambda text: text.encode("utf-16")))
def test_any_bytes_are_storable_text_or_no_text(data: bytes) -> None:  # T1, T2
    try:
        decoded = decode(data)
    except NotText as error:
        assert error.reason
        return
    assert "\0" not in decoded.text
    assert not decoded.text.startswith("\ufeff")
    decoded.text.encode()  # no lone surrogates


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")))
def test_utf8_reads_back(text: str) -> None:  # T1
    assert decode(text.encode()).text == text
    assert decode(b"\xef\xbb\xbf" + text.encode()).text == text


# -- T3: lines


def test_lines_end_at_three_marks_and_nowhere_else() -> None:  # T3
    text = "a\r\nb\nc\rd\u2028e\x0bf\x0cg\x1ch\u0085i\n\nj"
    starts = line_starts(text)
    lines = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    assert lines == ["a\r\n", "b\n", "c\r", "d\u2028e\x0bf\x0cg\x1ch\u0085i\n", "\n", "j"]


@pytest.mark.parametrize(
    ("text", "starts"), [("", [0]), ("\n", [0]), ("a\n", [0]), ("\r\n\r\n", [0, 2]), ("\n\na", [0, 1, 2])]
)
def test_the_last_line_end_opens_no_line(text: str, starts: list[int]) -> None:  # T3
    assert line_starts(text) == starts


@given(st.text(alphabet="a\r\n\u2028"), st.data())
def test_bisecting_gives_the_line_an_editor_shows(text: str, data: st.DataObject) -> None:  # T3
    offset = data.draw(st.integers(0, max(0, len(text) - 1)))
    before = text[:offset].replace("\r\n", "\n")
    if text[offset - 1 : offset + 1] == "\r\n":
        before = before[:-1]  # inside a line end
    assert bisect_right(line_starts(text), offset) == 1 + before.count("\n") + before.count("\r")


# -- T4: cuts


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("First. ", "Then a second one"),
        ("She said “no.” ", "and left the room"),
        ("会議をした。", "明日も会議があります"),
        ("वह गया। ", "वह आया और फिर"),
        ("متى؟ ", "غدا في المساء"),
        ("he went on… ", "and on and on and"),
        ("a line\n", "another without a mark"),
        ("pi is 3.14 and ", "something"),
        ("one two ", "threefourfive"),
    ],
)
def test_the_best_place_wins(left: str, right: str) -> None:  # T4
    text = left + right
    assert safe_cut(text, len(left) + len(right) // 2, 0) <= len(text)
    assert safe_cut(text, len(left) + min(3, len(right) - 1), 0) == len(left)


def test_a_sentence_beats_a_later_line_and_a_line_a_later_space() -> None:  # T4
    assert safe_cut("One. two\nthree four", 16, 0) == len("One. ")
    assert safe_cut("one two\nthree four", 16, 0) == len("one two\n")


def test_only_places_behind_the_floor_count() -> None:  # T4
    assert safe_cut("One. two three four", 12, 6) == len("One. two ")


def test_the_number_of_an_item_ends_no_sentence() -> None:  # T4
    assert safe_cut("apples\n12. pears and more", 12, 0) == len("apples\n")


def test_the_end_is_a_good_place() -> None:  # T4
    assert safe_cut("word", 9, 1) == 4


@pytest.mark.parametrize("cluster", [FAMILY, FLAG, E_ACUTE, "👍🏽", "नि"])
def test_no_cut_inside_what_is_one_character_to_its_reader(cluster: str) -> None:  # T4
    text = cluster * 40
    for at in range(len(cluster), len(text)):
        assert safe_cut(text, at, 0) % len(cluster) == 0


def test_no_cut_before_a_combining_mark_behind_a_space() -> None:  # T4
    assert safe_cut("abcdef \u0301ghijkl", 9, 3) == 9


def test_a_line_end_of_two_characters_stays_whole() -> None:  # T4
    assert safe_cut("ab\r\ncd", 3, 0) == 2


@given(st.text(alphabet=f"ab .。\r\n{FAMILY}{FLAG}{E_ACUTE}", max_size=60), st.data())
def test_a_cut_lies_where_it_may_and_splits_no_cluster(text: str, data: st.DataObject) -> None:  # T4
    floor = data.draw(st.integers(0, len(text)))
    at = data.draw(st.integers(floor + 1, len(text) + 1))
    cut = safe_cut(text, at, floor)
    assert min(floor + 1, len(text)) <= cut <= at
    ends = {floor + cluster.end() for cluster in regex.finditer(r"\X", text[floor:])}
    assert cut in ends or cut == len(text) or not any(floor < end <= at for end in ends)


@pytest.mark.parametrize("piece", ["a", "\u0301", FLAG, FAMILY, "。", "字", ")", "\"'", "1. ", " ", "\r\n", ".)))))"])
def test_a_megabyte_of_anything_is_cut_in_time(piece: str) -> None:  # T4
    text = piece * (1_000_000 // len(piece))
    start, began = 0, time.perf_counter()
    while start < len(text):
        start = safe_cut(text, start + 1000, start + 500)
    assert time.perf_counter() - began < 3


# -- T5: what is searched


def test_words_are_left_alone() -> None:  # T5
    text = "some words, a [link](https://example.com/a/b?c=d) and `code`\n" * 50
    assert for_index(text) is text


def test_a_long_run_becomes_a_mark() -> None:  # T5
    assert for_index("before " + "a" * 201 + " after") == f"before {DATA_MARK} after"
    assert for_index("before " + "a" * 200 + " after") == "before " + "a" * 200 + " after"


@given(st.lists(st.tuples(st.sampled_from("a+é \n"), st.sampled_from([1, 2, 59, 60, 61, 140, 199, 200, 201, 202]))))
def test_no_run_is_leaped_over(runs: list[tuple[str, int]]) -> None:  # T5
    text = "".join(sign * length for sign, length in runs)
    assert for_index(text) == re.sub("(?<![!-~])[!-~]{201,}", DATA_MARK, text)


def test_long_text_without_spaces_in_other_scripts_is_text() -> None:  # T5: ASCII only
    text = "東京で会議をした" * 100
    assert for_index(text) == text


def test_a_data_uri_becomes_a_mark_however_short() -> None:  # T5
    assert for_index("![x](data:image/png;base64,iVBORw0KGgo=) and [y](data:text/html,x)") == (
        f"![x]({DATA_MARK}) and [y]({DATA_MARK})"
    )
    assert for_index("data: what we know; metadata:text/plain,x") == "data: what we know; metadata:text/plain,x"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lines_of_base64_become_marks(line_end: str) -> None:  # T5
    lines = base64.encodebytes(bytes(range(256))).decode().strip().splitlines()
    text = line_end.join(["a key", *lines, "and then"])
    words = for_index(text).split()
    assert set(words) == {"a", "key", DATA_MARK, "and", "then"}


def test_a_path_or_a_long_word_is_no_base64() -> None:  # T5
    path = "Projects/2025/Something/that/has/a/long/path/and/no/dots/in/it/at/all/Readme"
    assert for_index(f"{path}\n{'llanfair' * 9}\n{'A' * 70}") == f"{path}\n{'llanfair' * 9}\n{'A' * 70}"


@pytest.mark.parametrize(
    "piece",
    ["a", "data:", "data:a/", "a" * 199 + " ", "a" * 59 + "- ", "aA1/", ">", "\x80", " " * 100 + "aA" * 29 + "\n"],
)
def test_a_megabyte_of_anything_is_cleaned_in_time(piece: str) -> None:  # T5
    began = time.perf_counter()
    for_index(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - began < 1
