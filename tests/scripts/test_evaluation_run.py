"""Systems rank, runs compare, and a whole run over a small set ends in the right table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from scripts.evaluation import report
from scripts.evaluation.baselines import Bm25, Dense, IndexedPassage, best_rows, fuse
from scripts.evaluation.data import JudgedSet, Question
from scripts.evaluation.results import (
    AUC_OF_SCORE,
    BRIER_SKILL,
    CALIBRATION_ERROR,
    REFUSAL,
    REFUSED_RIGHTLY,
    REFUSED_WRONGLY,
    ComparisonError,
    JudgedHit,
    Outcome,
    Run,
    SetResult,
    read_run,
    system_result,
)
from scripts.evaluation.said import Found
from scripts.evaluation.significance import paired_difference, randomisation_test
from scripts.evaluation.switches import SwitchError, read_switches, switchable, switched
from scripts.evaluation.unlinked import unlinked, without_asking_links
from scripts.evaluation.words import Stems

# Systems


def passages(*texts: str) -> list[IndexedPassage]:
    return [
        IndexedPassage(f"{row}.md", f"title{row}", ("heading",), 0, len(text), text) for row, text in enumerate(texts)
    ]


def test_words_are_stemmed_and_unspaced_signs_stand_alone() -> None:
    assert Stems().of("The runners were running to 東京 in 2025") == ["runner", "were", "run", "東", "京", "2025"]


def test_bm25_ranks_by_words_titles_and_headings_and_leaves_out_what_shares_none() -> None:
    bm25 = Bm25(passages("a cat sat", "a cat and a dog", "a bird"))
    assert [found.note for found in bm25.rank("dogs and cats", 200)] == ["1.md", "0.md"]
    assert [found.note for found in bm25.rank("title2", 200)] == ["2.md"]
    assert len(bm25.rank("heading", 2)) == 2
    assert bm25.rank("the", 200) == bm25.rank("elephant", 200) == Bm25([]).rank("cat", 200) == []


def test_dense_ranks_by_cosine() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    dense = Dense(passages("x", "y", "z"), vectors, lambda question: np.array([0, 1], dtype=np.float32))
    assert [(found.note, found.score) for found in dense.rank("?", 2)] == [("1.md", 1.0), ("2.md", pytest.approx(0.8))]


def test_the_best_rows_are_those_of_a_full_sort() -> None:
    scores = np.random.default_rng(1).integers(0, 9, 300).astype(np.float32)
    everything = sorted(range(300), key=lambda row: (-scores[row], row))
    assert best_rows(scores, 40) == everything[:40]
    assert best_rows(scores, 300) == best_rows(scores, 999) == everything


def test_reciprocal_rank_fusion_has_known_scores_and_no_favourite_list() -> None:
    one = [Found("a", 0, 1, 9.0), Found("b", 0, 1, 8.0)]
    other = [Found("b", 0, 1, 0.2), Found("c", 0, 1, 0.1)]
    assert fuse([one, other], 9) == [
        Found("b", 0, 1, 1 / 61 + 1 / 62),
        Found("a", 0, 1, 1 / 61),
        Found("c", 0, 1, 1 / 62),
    ]
    assert fuse([other, one], 9) == fuse([one, other], 9)
    assert fuse([one, other], 1) == [Found("b", 0, 1, 1 / 61 + 1 / 62)]


# The asking links


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("see [[folder/target#part|Pass on *it*]] now", "see Pass on *it* now"),
        ("see [[pass  on it|target]]", "see pass  on it"),  # the other side is shown in some vaults
        ("see [[Pass on it]]", "see Pass on it"),
        ("see [pass on it](target.md#part)", "see pass on it"),
        ("see [[target|pass on it later]] and [[pass]]", "see [[target|pass on it later]] and [[pass]]"),
    ],
)
def test_the_asking_link_becomes_what_it_shows(text: str, plain: str) -> None:
    assert unlinked(text, ["Pass on it"]) == plain


def test_only_the_sources_are_rewritten_and_only_in_a_copy(tmp_path: Path) -> None:
    vault = tmp_path / "set" / "vault"
    vault.mkdir(parents=True)
    for name in ("source.md", "other.md"):
        (vault / name).write_bytes(b"[[a|why]]\r\n\xff")
    judged = JudgedSet("set", vault, (Question("1", "why", True, sources=frozenset({"source.md"})),))
    copy = without_asking_links(judged, tmp_path / "cache")
    assert (copy / "source.md").read_bytes() == b"why\r\n\xff"
    assert (copy / "other.md").read_bytes() == (vault / "source.md").read_bytes() == b"[[a|why]]\r\n\xff"
    assert (copy / "source.md").stat().st_mtime_ns == (vault / "source.md").stat().st_mtime_ns
    # The copy is kept as it is for the same questions, so that an index of it stays fresh, and made anew for others.
    written = (copy / "source.md").stat().st_ctime_ns
    assert without_asking_links(judged, tmp_path / "cache") == copy
    assert (copy / "source.md").stat().st_ctime_ns == written
    others = replace(judged, questions=(Question("1", "why", True, sources=frozenset({"other.md"})),))
    without_asking_links(others, tmp_path / "cache")
    assert (copy / "source.md").read_bytes() == b"[[a|why]]\r\n\xff"


def test_a_set_without_sources_is_measured_where_it_lies(tmp_path: Path) -> None:
    judged = JudgedSet("set", tmp_path / "vault", (Question("1", "why", True),))
    assert without_asking_links(judged, tmp_path / "cache") == tmp_path / "vault"
    assert not (tmp_path / "cache").exists()


# Switches


@dataclass(frozen=True)
class Inner:
    title: float = 0.5
    deep: bool = True


@dataclass(frozen=True)
class Outer:
    tokens: int = 128
    model: str = "small"
    weights: Inner = field(default_factory=Inner)


def test_switches_change_settings_by_their_dotted_names() -> None:
    switches = read_switches(["tokens=96", "weights.title = 0", "weights.deep=off", "model=a=b"])
    assert switched(Outer(), switches) == Outer(96, "a=b", Inner(0.0, False))
    assert switched(Outer(), {}) == Outer()
    assert list(switchable(Outer())) == ["tokens", "model", "weights.title", "weights.deep"]


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("tokens", "wants NAME=VALUE"),
        ("colour=red", "no setting 'colour' to switch; there are tokens, model, weights.title, weights.deep"),
        ("weights=1", "no setting 'weights'"),
        ("tokens=many", "tokens is 128 now; 'many' is not such a value"),
        ("weights.deep=maybe", "weights.deep is True now"),
    ],
)
def test_a_switch_that_fits_nothing_is_refused(word: str, complaint: str) -> None:
    with pytest.raises(SwitchError, match=complaint):
        switched(Outer(), read_switches([word]))


# Significance


def test_equal_runs_differ_by_nothing() -> None:
    values = {str(number): number / 10 for number in range(9)}
    difference = paired_difference(values, values)
    assert difference is not None
    assert (difference.mean, difference.p_value, difference.questions) == (0, 1, 9)
    assert paired_difference({"a": 1}, {"b": 1}) is None


def test_the_p_value_is_that_of_all_sign_patterns() -> None:
    # Of the 2**6 ways to sign six equal gains, two are as far from zero as the real one.
    assert randomisation_test(np.full(6, 0.1)) == pytest.approx(2 / 64, abs=0.006)
    # Ten gains and five equal losses: the chance of 10 or more, or 5 or fewer, heads of 15.
    assert randomisation_test(np.array([1.0] * 10 + [-1.0] * 5)) == pytest.approx(0.3018, abs=0.015)
    assert randomisation_test(np.array([1.0] * 10 + [-1.0] * 5)) == randomisation_test(
        np.array([1.0] * 10 + [0.0] * 90 + [-1.0] * 5)
    )
    assert randomisation_test(np.full(60, 0.1)) == pytest.approx(1 / 10_001)


def test_only_questions_of_both_runs_are_compared() -> None:
    difference = paired_difference({"a": 0.0, "b": 0.5, "old": 1.0}, {"a": 1.0, "b": 0.5, "new": 0.0})
    assert difference is not None
    assert (difference.mean, difference.questions) == (0.5, 2)


# Results and tables


def outcome(values: dict[str, float], *, score: float = 0.5, relevant: bool = True) -> Outcome:
    return Outcome(True, 2.0, values, best_score=score, hits=(JudgedHit("a.md", 0, 5, score, relevant),))


def unanswerable(score: float | None, confidence: float | None = None, refused: bool | None = None) -> Outcome:
    return Outcome(False, 4.0, best_score=score, confidence=confidence, refused=refused)


def small_run(ndcg: float, commit: str = "now") -> Run:
    notesearch = system_result({"1": outcome({"nDCG@10": ndcg}), "2": outcome({"nDCG@10": ndcg})}, is_product=True)
    bm25 = system_result({"1": outcome({"nDCG@10": 0.5}), "2": outcome({"nDCG@10": 0.25})}, is_product=False)
    return Run(commit, {}, (SetResult("small", 7, 2, 0, None, {"notesearch": notesearch, "bm25": bm25}),))


def rivals(run: Run) -> list[str]:
    return report.rivals_table(run).splitlines()


def test_means_count_only_the_questions_that_can_tell() -> None:
    result = system_result(
        {"1": outcome({"nDCG@10": 1.0, "line@600": 1.0}), "2": outcome({"nDCG@10": 0.5})}, is_product=False
    )
    assert result.means == {"nDCG@10": 0.75, "line@600": 1.0}
    assert result.milliseconds is None


def test_unanswerable_questions_count_in_refusal_alone() -> None:
    sure = replace(outcome({"nDCG@10": 1.0}, score=0.9), confidence=0.7, refused=False)
    unsure = replace(outcome({"nDCG@10": 0.0}, score=0.4, relevant=False), confidence=0.3, refused=True)
    result = system_result(
        {"1": sure, "2": unsure, "3": unanswerable(None, 0.3, True), "4": unanswerable(0.4, 0.2, False)},
        is_product=True,
    )
    assert result.means == pytest.approx(
        {
            "nDCG@10": 0.5,
            AUC_OF_SCORE: 3.5 / 4,
            REFUSAL: 3.5 / 4,
            REFUSED_RIGHTLY: 0.5,
            REFUSED_WRONGLY: 0.5,
            CALIBRATION_ERROR: (0.1 + 0.4) / 2,
            BRIER_SKILL: 1 - ((0.01 + 0.16) / 2) / 0.25,
        }
    )


def test_without_answers_nothing_is_said_of_refusing() -> None:
    result = system_result({"1": outcome({}), "2": unanswerable(0.4)}, is_product=False)
    assert result.means == {AUC_OF_SCORE: 1.0}


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    run = small_run(0.75)
    run.write(tmp_path / "run.json")
    assert read_run(tmp_path / "run.json") == run
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    (tmp_path / "other.json").write_text('{"commit": "x"}', encoding="utf-8")
    with pytest.raises(ComparisonError, match="is no run to compare with"):
        read_run(tmp_path / "other.json")


def test_the_tables_are_markdown_with_a_row_for_each_set_and_system() -> None:
    run = small_run(0.75)
    assert report.means_table(run).splitlines() == [
        "| set   | system     | nDCG@10 | ECE ↓ |  ms |",
        "| ----- | ---------- | ------: | ----: | --: |",
        "| small | notesearch |   0.750 | 0.500 | 2.0 |",
        "| small | bm25       |   0.375 |     – |   – |",
    ]
    assert re.fullmatch(r"\| small \| notesearch - bm25 \| \+0\.375 \(p=0\.(49|50)\d\) \|", rivals(run)[2])
    alone = replace(run.sets[0], systems={"notesearch": run.sets[0].systems["notesearch"]})
    assert rivals(replace(run, sets=(alone,))) == []


def test_a_run_is_compared_with_an_earlier_one_by_set_and_system() -> None:
    table = report.against_table(small_run(0.25, "then"), small_run(0.75))
    assert table.splitlines()[2].split("|")[1:3] == [" small ", " notesearch "]
    assert re.search(r"\+0\.500 \(p=0\.(49|50)\d\)", table.splitlines()[2])
    assert "+0.000 (p=1.000)" in table.splitlines()[3]
    assert report.against_table(Run("then", {}, ()), small_run(0.75)) == ""
