"""The measures say what they claim: hand-made cases with values worked out on paper."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import Turn
from scripts.evaluation import measures
from scripts.evaluation.budget import TokenRuler, default_tokens, within_budget
from scripts.evaluation.confidence import area_under_curve, brier_skill, calibration_error
from scripts.evaluation.data import Judgment, Mark, Question, SetError, load_set
from scripts.evaluation.evidence import Evidence, Gold, NoteText, NoteTexts, gold_of, locate
from scripts.evaluation.said import Cited, Found
from scripts.evaluation.spans import Span, merged, share_inside
from scripts.evaluation.words import first_words, stands_in

spans = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda ends: (min(ends), max(ends) + 1))


# Reading a set


def write_set(folder: Path, queries: Sequence[object], qrels: Sequence[object], notes: dict[str, str]) -> Path:
    for path, text in notes.items():
        note = folder / "vault" / path
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(text, encoding="utf-8", newline="")
    for name, records in (("queries.jsonl", queries), ("qrels.jsonl", qrels)):
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_what_was_said_before_a_question_becomes_turns(tmp_path: Path) -> None:
    said = [("agent", "hello"), ("user", "who?"), ("agent", "ann."), ("agent", "or ben."), ("user", "why?")]
    history = [{"speaker": speaker, "text": text} for speaker, text in said]
    queries = [{"id": "1", "text": "when?", "answerable": True, "history": history}]
    (question,) = load_set(write_set(tmp_path, queries, [], {"a.md": ""})).questions
    assert question.history == (Turn("who?", "ann. or ben."), Turn("why?"))


def test_citations_are_judged_by_the_evidence() -> None:
    right, wrong = Found("a.md", 0, 9), Found("b.md", 0, 9)
    cited = [
        Cited("one", right, True),
        Cited("one", wrong, False),
        Cited("two", None, False),
        Cited("six", wrong, True),
    ]
    assert measures.citation_values(cited, lambda found: found == right) == {
        measures.CITATION_PRECISION: 1 / 4,
        measures.CITATION_RECALL: 1 / 3,
        measures.BORNE_OUT: 2 / 3,
    }


def test_a_set_is_read_without_its_disputed_questions(tmp_path: Path) -> None:
    queries = [
        {"id": "1", "text": "why", "answerable": True, "answers": ["because"], "scope": ["a.md"], "sources": ["b.md"]},
        {"id": "2", "text": "doubtful", "answerable": True, "disputed": True},
        {"id": "3", "text": "who", "answerable": False, "near_miss": "a.md"},
    ]
    evidence = [{"text": "for", "lines": [1, 2], "offset": 7}, {"heading": "reasons"}]
    qrels = [{"query_id": "1", "note": "a.md", "relevance": 2, "evidence": evidence}]
    judged = load_set(write_set(tmp_path / "small", queries, qrels, {"a.md": "x"}))
    assert judged.name == "small"
    assert judged.questions == (
        Question(
            "1",
            "why",
            True,
            ("because",),
            frozenset({"b.md"}),
            frozenset({"a.md"}),
            (Judgment("a.md", 2, (Mark("for", (1, 2), 7), Mark())),),
        ),
        Question("3", "who", False),
    )
    assert [question.judged for question in judged.questions] == [True, False]


@pytest.mark.parametrize(
    ("line", "complaint"), [("{", "queries.jsonl:2 is not JSON"), ('{"id": "2"}', "queries.jsonl:2 lacks text, answer")]
)
def test_a_broken_record_is_named_by_its_line(tmp_path: Path, line: str, complaint: str) -> None:
    write_set(tmp_path, [{"id": "1", "text": "a", "answerable": True}], [], {"a.md": ""})
    with (tmp_path / "queries.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)
    with pytest.raises(SetError, match=complaint):
        load_set(tmp_path)


def test_a_folder_without_a_vault_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(SetError, match="no folder `vault`"):
        load_set(tmp_path)


def test_a_sample_is_the_same_for_the_same_seed_and_keeps_the_order(tmp_path: Path) -> None:
    queries = [{"id": f"{number:02}", "text": "?", "answerable": True} for number in range(40)]
    judged = load_set(write_set(tmp_path, queries, [], {"a.md": ""}))
    drawn = [question.id for question in judged.sample(7, seed=3).questions]
    assert drawn == [question.id for question in judged.sample(7, seed=3).questions] == sorted(drawn)
    assert len(drawn) == 7
    assert judged.sample(7, seed=4) != judged.sample(7, seed=3)
    assert judged.sample(99, seed=3) is judged


# Where evidence stands


def test_lines_end_as_rule_t3_says_and_nowhere_else() -> None:
    note = NoteText("one\r\ntwo\rthr\u2028ee\n\nfive")
    assert [note.text[slice(*note.span_of_lines(line, line))] for line in range(1, 6)] == [
        "one\r\n",
        "two\r",
        "thr\u2028ee\n",
        "\n",
        "five",
    ]
    assert note.span_of_lines(6, 9) == (len(note.text), len(note.text))
    assert note.lines_of((0, len(note.text))) == ((0, 3), (5, 8), (9, 15), (17, 21))


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (Mark("fox", (2, 2)), "fox"),  # its own line, though another fox comes first
        (Mark("fox", (2, 2), 3), "fox"),  # an offset that does not hold is not believed
        (Mark("", (1, 2)), "fox\na fox and hen"),  # only lines: the lines
        (Mark("a  fox\nand", (2, 2)), "a fox and"),  # blanks differ
        (Mark("goose", (2, 2)), "a fox and hen"),  # words that are not there: their lines
    ],
)
def test_evidence_is_found_near_its_lines(mark: Mark, expected: str) -> None:
    note = NoteText("fox\na fox and hen\nfox\n")
    evidence = locate("a.md", mark, note)
    assert evidence is not None
    assert note.text[slice(*evidence.span)] == expected
    if mark.text == "fox":
        assert evidence.span == (6, 9)


def test_words_that_are_not_in_their_lines_are_taken_from_the_nearest_place() -> None:
    note = NoteText("fox\n\n\n\nhere\nfox\n")
    evidence = locate("a.md", Mark("fox", (5, 5)), note)
    assert evidence is not None
    assert evidence.span == (12, 15)


def test_an_offset_decides_between_equal_words() -> None:
    assert locate("a.md", Mark("fox", (1, 1), 8), NoteText("fox fox fox")) == Evidence("a.md", (8, 11), ((8, 11),))


@pytest.mark.parametrize("mark", [Mark(), Mark("", (3, 3)), Mark("", (7, 9)), Mark("absent"), Mark(" ")])
def test_a_heading_alone_and_blank_lines_are_no_place(mark: Mark) -> None:
    assert locate("a.md", mark, NoteText("one\ntwo\n  \nfour")) is None


def test_the_gold_of_a_question_keeps_notes_without_a_place_whole(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("alpha\nbeta\n", encoding="utf-8")
    (tmp_path / "b.md").write_text("gamma\n", encoding="utf-8")
    judgments = (Judgment("a.md", 1, (Mark("", (2, 2)),)), Judgment("b.md", 2, (Mark(),)), Judgment("c.md", 0))
    gold = gold_of(Question("1", "?", True, judgments=judgments), NoteTexts(tmp_path))
    assert gold == Gold(
        {"a.md": 1, "b.md": 2, "c.md": 0}, (Evidence("a.md", (6, 10), ((6, 10),)),), frozenset({"b.md"})
    )
    assert gold.is_relevant(Found("a.md", 9, 20))
    assert not gold.is_relevant(Found("a.md", 0, 6))
    assert gold.is_relevant(Found("b.md", 0, 1))
    assert not gold.is_relevant(Found("c.md", 0, 1))


def test_a_judged_note_that_is_not_there_is_named(tmp_path: Path) -> None:
    question = Question("1", "?", True, judgments=(Judgment("gone.md", 1, (Mark("x"),)),))
    with pytest.raises(SetError, match=r"gone\.md cannot be read"):
        gold_of(question, NoteTexts(tmp_path))


# Spans


@given(spans, st.lists(spans, max_size=8))
def test_the_share_inside_counts_each_character_once(span: Span, others: list[Span]) -> None:
    shown = {at for start, end in others for at in range(start, end)}
    wanted = set(range(*span))
    assert share_inside(span, merged(others)) == pytest.approx(len(wanted & shown) / len(wanted))


# Budgets: a token is one letter here


def room(ranking: Sequence[Found], budget: int) -> dict[str, list[Span]]:
    ruler = TokenRuler(lambda text: list(range(1, len(text) + 1)), lambda found: "x" * (found.end - found.start))
    return within_budget(ranking, budget, ruler)


def test_the_passage_on_the_border_of_the_budget_is_cut() -> None:
    ranking = [Found("a.md", 10, 14), Found("b.md", 0, 9), Found("a.md", 0, 3)]
    assert room(ranking, 3) == {"a.md": [(10, 13)]}
    assert room(ranking, 4) == {"a.md": [(10, 14)]}
    assert room(ranking, 6) == {"a.md": [(10, 14)], "b.md": [(0, 2)]}
    assert room(ranking, 99) == {"a.md": [(0, 3), (10, 14)], "b.md": [(0, 9)]}
    assert room([], 99) == {}


def test_tokens_are_those_of_the_default_model() -> None:
    ends = default_tokens()
    assert ends("Why did I pass? Café.") == [3, 7, 9, 14, 15, 20, 21]
    assert len(ends("word " * 5000)) == 5000  # no cut at what the model can take


def test_line_at_600_wants_half_of_a_line_however_long_the_line() -> None:
    long_line = Evidence("a.md", (0, 1000), ((0, 1000),))
    assert measures.line_shown([long_line], room([Found("a.md", 0, 499)], 600)) == 0
    assert measures.line_shown([long_line], room([Found("a.md", 0, 500)], 600)) == 1
    # Half of it can come from two passages, not from one counted twice, nor from the same place of another note.
    assert measures.line_shown([long_line], room([Found("a.md", 0, 250), Found("a.md", 700, 950)], 600)) == 1
    assert measures.line_shown([long_line], room([Found("a.md", 0, 300), Found("a.md", 0, 300)], 600)) == 0
    assert measures.line_shown([long_line], room([Found("b.md", 0, 1000)], 600)) == 0
    # The rest of the passage lies outside the budget.
    assert measures.line_shown([long_line], room([Found("b.md", 0, 200), Found("a.md", 0, 800)], 600)) == 0


def test_one_line_of_the_evidence_is_enough() -> None:
    two_lines = Evidence("a.md", (0, 120), ((0, 99), (100, 120)))
    assert measures.line_shown([two_lines], room([Found("a.md", 100, 110)], 600)) == 1


def test_evidence_at_1000_is_the_mean_share_of_the_pieces() -> None:
    pieces = [Evidence("a.md", (0, 100), ((0, 100),)), Evidence("b.md", (50, 60), ((50, 60),))]
    assert measures.evidence_shown(pieces, room([Found("a.md", 50, 1200)], 1000)) == pytest.approx(0.25)
    assert measures.evidence_shown(pieces, room([Found("b.md", 0, 55), Found("a.md", 0, 100)], 1000)) == 0.75
    assert measures.evidence_shown(pieces, {}) == 0


# Ranked notes


def test_hits_are_folded_to_notes_best_first() -> None:
    ranking = [Found("b.md", 0, 1), Found("a.md", 0, 1), Found("b.md", 5, 6), Found("c.md", 0, 1)]
    assert measures.fold_to_notes(ranking) == ["b.md", "a.md", "c.md"]


def test_the_measures_of_notes_have_known_values() -> None:
    rankings = {"graded": ["ä b.md", "x.md", "c.md"], "nothing": [], "sixth": [*"12345", "c.md"]}
    relevance = {"graded": {"c.md": 2, "ä b.md": 1, "x.md": 0}, "nothing": {"c.md": 1}, "sixth": {"c.md": 1}}
    values = measures.note_measures(rankings, relevance)
    graded = (1 + 2 / math.log2(4)) / (2 + 1 / math.log2(3))
    assert values["graded"] == pytest.approx({"nDCG@10": graded, "recall@5": 1.0, "MRR@10": 1.0})
    assert values["nothing"] == {"nDCG@10": 0.0, "recall@5": 0.0, "MRR@10": 0.0}
    assert values["sixth"] == pytest.approx({"nDCG@10": 1 / math.log2(7), "recall@5": 0.0, "MRR@10": 1 / 6})


# Answers


def test_only_the_first_sixty_words_of_all_quotes_count() -> None:
    assert first_words(["one two three", "", "four  five six", "seven"], 5) == ["one two three", "", "four  five"]
    assert first_words(["one two"], 60) == ["one two"]
    assert first_words(["我在伦敦住过", "三年"], 2) == ["我在伦敦"]  # two signs are about a word


@pytest.mark.parametrize(
    ("answer", "quote", "stands"),
    [
        ("7 May 2023", "That was on 7 MAY, 2023.", True),
        ("John F. Kennedy, Jr.", "john f kennedy jr lived there", True),
        ("art", "a party", False),
        ("伦敦", "我在伦敦住过三年", True),
        ("...", "a party", False),
    ],
)
def test_an_answer_stands_in_a_quote_when_its_words_do(answer: str, quote: str, stands: bool) -> None:
    assert stands_in(answer, quote) is stands
    assert measures.answer_stands(["unrelated", quote], ["nowhere", answer]) == float(stands)


def test_a_quote_hits_when_it_overlaps_a_line_of_the_evidence() -> None:
    evidence = [Evidence("a.md", (10, 40), ((10, 20), (30, 40)))]
    assert measures.quote_hits([("b.md", (10, 20)), ("a.md", (0, 11))], evidence) == 1
    assert measures.quote_hits([("a.md", (20, 30)), ("b.md", (10, 20))], evidence) == 0
    assert measures.quote_hits([], evidence) == 0


# Refusal and calibration


def test_the_area_under_the_curve_counts_ties_half() -> None:
    assert area_under_curve([0.9, 0.8], [0.1, 0.2]) == 1
    assert area_under_curve([0.5, 0.5], [0.5]) == 0.5
    assert area_under_curve([0.9, 0.5, 0.1], [0.5, 0.2]) == pytest.approx((2 + 1.5 + 0) / 6)
    assert area_under_curve([0.3, -math.inf], [-math.inf]) == 0.75


def test_the_calibration_error_has_known_values() -> None:
    assert calibration_error([0.25] * 4, [1, 0, 0, 0]) == 0
    # Two bins of ten: 0.0 against 1 (one hit), and 0.95 against 2/3 (three hits, one of them at the upper end).
    assert calibration_error([0.0, 0.9, 0.95, 1.0], [1, 1, 1, 0]) == pytest.approx((1 + 3 * (0.95 - 2 / 3)) / 4)
    # Errors of opposite sign in one bin cancel; in two they do not.
    assert calibration_error([0.41, 0.49], [0, 1]) == pytest.approx(0.05)
    assert calibration_error([0.39, 0.49], [0, 1]) == pytest.approx((0.39 + 0.51) / 2)


def test_the_brier_skill_compares_with_the_base_rate() -> None:
    assert brier_skill([1, 0, 0, 0], [1, 0, 0, 0]) == 1
    assert brier_skill([0.25] * 4, [1, 0, 0, 0]) == pytest.approx(0)
    assert brier_skill([0.0] * 4, [1, 0, 0, 0]) == pytest.approx(1 - 0.25 / 0.1875)
    assert math.isnan(brier_skill([0.5, 0.6], [1, 1]))
