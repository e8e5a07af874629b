"""Questions about the sample vault, asked with the real model.

Twenty-four were written from the notes before there was any search, and share few words or none with what answers
them; more fill the tiers. The floors below are what is reached now, less one where processors differ in how they round
an int8 model; they may only rise.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notesearch import Hit, Notebook
from notesearch.config import Settings
from notesearch.embed import recipe_of
from notesearch.embed.choice import Chosen
from notesearch.embed.sentence_transformers import SentenceTransformersEmbedder
from notesearch.index.store import Store
from tests.conftest import VAULT


def read_questions(file: str) -> list[dict[str, Any]]:
    questions: list[dict[str, Any]] = tomllib.loads((VAULT.parent / file).read_text(encoding="utf-8"))["question"]
    return questions


QUESTIONS, MORE = read_questions("questions.toml"), read_questions("tiers.toml")
ANSWERABLE = [question for question in QUESTIONS if question["expect"]]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Notebook]:
    settings = Settings(cache=shared_cache / "notesearch")
    with Notebook.open(tmp_path_factory.mktemp("index"), vaults=[VAULT], settings=settings) as notebook:
        report = notebook.update()
        assert (report.added, report.failed) == (81, ())
        yield notebook


@pytest.fixture(scope="module")
def ranks(sample: Notebook) -> dict[str, list[int]]:
    """Question id → at which rank each of its expected places is found (100: not in the first ten)."""
    found = {}
    for question in (*ANSWERABLE, *MORE):
        hits = sample.search(question["ask"], k=10)
        found[question["id"]] = [
            next((hit.rank for hit in hits if shows(hit, place)), 100) for place in question["expect"]
        ]
    return found


def shows(hit: Hit, place: dict[str, Any]) -> bool:
    first, last = place["lines"]
    return bool(hit.note == place["note"] and hit.lines[0] <= last and hit.lines[1] >= first)


def test_the_questions_are_what_they_say() -> None:
    assert len(QUESTIONS) == 24 and len(ANSWERABLE) == 22
    assert sum(question.get("shares_no_word", False) for question in QUESTIONS) >= 8
    assert sum(len(question["expect"]) == 2 for question in QUESTIONS) == 2
    for question in (*ANSWERABLE, *MORE):
        for place in question["expect"]:
            lines = (VAULT / place["note"]).read_text(encoding="utf-8").split("\n")
            first, last = place["lines"]
            assert lines[first - 1].strip() and (last > len(lines) or lines[last - 1].strip())


def test_expected_passages_come_first(ranks: dict[str, list[int]]) -> None:
    asked = {question["id"] for question in ANSWERABLE}
    first = {id_ for id_ in asked if min(ranks[id_]) == 1}
    in_five = {id_ for id_ in asked if max(ranks[id_]) <= 5}
    assert len(first) >= FIRST, sorted(asked - first)
    assert len(in_five) >= IN_FIVE, sorted(asked - in_five)


FIRST, IN_FIVE = 14, 19


TIERS = {
    "exact words": (7, 7, 7),
    "paraphrase": (12, 6, 10),
    "vague memory": (7, 4, 5),
    "date": (6, 4, 6),
    "link": (6, 2, 5),
    "needs two notes": (5, 0, 4),
}
"""Of each tier how many questions there are, of how many all that is wanted comes first, and is in the first five."""


@pytest.mark.parametrize("tier", TIERS)
def test_no_tier_falls_below_its_floor(ranks: dict[str, list[int]], tier: str) -> None:
    worst = {q["id"]: max(ranks[q["id"]]) for q in (*ANSWERABLE, *MORE) if q["tier"] == tier}
    questions, first, in_five = TIERS[tier]
    assert len(worst) == questions
    assert sum(rank == 1 for rank in worst.values()) >= first, worst
    assert sum(rank <= 5 for rank in worst.values()) >= in_five, worst


ALSO = {
    "landlord-charging": ("how much does the rent go up", "rent increase on the lease"),
    "calm-nerves": ("what to do with my hands before a panel", "trick against being nervous in a job talk"),
    "breakdown-holiday": ("the rental car broke on our trip", "clutch failed on the hairpins"),
    "salary-first": ("let them say the figure before you do", "how to bargain for pay"),
    "oven-fish": ("baking time of the bream", "how many minutes for a whole fish at 200 degrees"),
}


def test_several_phrasings_find_what_one_alone_does_not(sample: Notebook, ranks: dict[str, list[int]]) -> None:
    alone, together = [], []
    for question in (*ANSWERABLE, *MORE):
        if question["id"] in ALSO:
            (place,) = question["expect"]
            hits = sample.search([question["ask"], *ALSO[question["id"]]])
            together.append(next((hit.rank for hit in hits if shows(hit, place)), 100))
            alone += ranks[question["id"]]
    assert together == [1] * len(ALSO)
    assert sum(rank > 1 for rank in alone) >= len(ALSO) - 1, alone


def test_int8_ranks_as_fp32_does(sample: Notebook, tmp_path: Path) -> None:
    assert sample.embedder.card.encoder == "int8"
    exact = Chosen(SentenceTransformersEmbedder())
    with Notebook(Store.open(tmp_path / "index", create=True), exact, sample.settings) as other:
        other.store.add_vault(VAULT, "plain")
        other.store.set_recipe(recipe_of(exact.embedder, other.settings), exact.embedder.basis())
        other.update()
        assert other.embedder.card.encoder == "fp32"
        shared = [_overlap(sample, other, question["ask"]) for question in QUESTIONS]
    assert sum(shared) / len(shared) >= 0.8, shared


def _overlap(one: Notebook, other: Notebook, question: str) -> float:
    """Share of the first ten hits that both have."""
    first, second = ({(h.note, h.lines) for h in notebook.search(question, k=10)} for notebook in (one, other))
    return len(first & second) / 10


def test_quotes_are_verbatim_and_stand_where_they_say(sample: Notebook) -> None:
    answer = sample.ask("part number of the boiler filter")
    assert answer.text is not None and answer.answerable
    for quote in answer.quotes:
        lines = (VAULT / quote.note).read_text(encoding="utf-8").split("\n")
        assert quote.text in "\n".join(lines[quote.lines[0] - 1 : quote.lines[1]])
    assert answer.quotes[0].note == "content/apartment things.md"


def test_what_was_never_asked_about_is_refused_with_the_nearest_passages(sample: Notebook) -> None:
    refused = sample.ask("why did I turn down nvidia")
    assert not refused.answerable and refused.text is None and refused.quotes == () and refused.hits
    answered = sample.ask("why did I pass on scale")
    assert answered.answerable and answered.quotes[0].note == "content/the year of doors.md"
    assert answered.quotes[0].lines == (52, 52)


def test_a_pdf_and_a_picture_are_found_by_their_words_with_the_note_that_shows_them(sample: Notebook) -> None:
    form = sample.search("whom to telephone when the logger sounds", k=1)[0]
    assert (form.note, form.lines) == ("meetings/state fridge log.pdf", (2, 2))
    assert [link.note for link in form.backlinks] == ["meetings/2025-10-14 kickoff western pa.md"]
    board = sample.search("on holidays the drain is closed but the tap is not", k=1)[0]
    assert (board.note, board.lines) == ("meetings/bathtub board.png", (1, 1))
    assert [link.note for link in board.backlinks] == ["meetings/2026-01-22 depot stock.md"]
    assert sample.status().attachments == ("text of 1 PDF and 1 picture is read",)


def test_what_is_known_to_be_in_the_vault_is_found(sample: Notebook) -> None:
    """Floors of `notesearch eval` over every question there is; the links are hard on purpose ("hands", "as told")."""
    evaluation = sample.evaluate()
    (measured,) = evaluation.measured
    assert evaluation.available == {"title": 80, "alias": 6, "heading": 125, "link": 71}
    assert [kind.questions for kind in measured.kinds] == [80, 6, 125, 71, 282]
    recall = {kind.kind: kind.recall_5 for kind in measured.kinds}
    assert (recall["title"], recall["alias"]) == (1.0, 1.0)
    assert recall["heading"] >= 0.98 and recall["link"] >= 0.63
    assert len(measured.worst) == 20


def test_the_same_sample_gives_the_same_figures(sample: Notebook) -> None:
    one, two = (sample.evaluate(questions=40).measured[0] for _ in range(2))
    assert one.worst == two.worst
    assert [kind.ndcg_10 for kind in one.kinds] == [kind.ndcg_10 for kind in two.kinds]


def test_a_second_update_embeds_nothing(sample: Notebook) -> None:
    report = sample.update()
    assert (report.unchanged, report.embedded) == (81, 0)


def test_the_vault_is_only_read(sample: Notebook) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path(VAULT).rglob("*")}
    sample.ask("why did I pass on scale")
    assert {path: path.stat().st_mtime_ns for path in Path(VAULT).rglob("*")} == before


def test_words_carry_where_the_model_was_not_taught_the_script(sample: Notebook) -> None:
    hit = sample.search("为什么妈妈不想搬")[0]
    remarks = sample.take_remarks()
    assert hit.signals.dense is None and hit.signals.rerank is None
    assert any("never taught the script" in remark for remark in remarks)
