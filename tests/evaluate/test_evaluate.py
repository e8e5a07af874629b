"""The evaluation as a whole, with the toy embedder: what is counted, and what must not profit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.errors import UsageError
from notesearch.evaluate import rank
from notesearch.evaluate.questions import Question
from notesearch.results import Evaluation, Hit, Quality
from tests.conftest import write


def figures(evaluation: Evaluation, which: int = 0) -> dict[str, Quality]:
    return {quality.kind: quality for quality in evaluation.measured[which].kinds}


def test_known_items_are_found_and_counted(notebook: Notebook) -> None:
    evaluation = notebook.evaluate()
    found = figures(evaluation)
    assert list(found) == ["title", "alias", "heading", "link", "together"]
    assert evaluation.available == {"title": 3, "alias": 1, "heading": 2, "link": 1}
    assert found["together"].questions == 7
    assert found["title"].mrr_10 == found["alias"].mrr_10 == 1.0
    assert 0 < found["together"].median_ms <= found["together"].p95_ms
    assert evaluation.versus is None and evaluation.seconds > 0


def test_nothing_is_found_by_the_link_that_asks(notebook: Notebook, vault: Path) -> None:
    """Only the asking note has these words, in its text and in its link: who reads either for the target profits."""
    write(vault, "hut.md", "[[cellar|zebra quokka]]\n")
    write(vault, "cellar.md", "potatoes\n")
    for n in range(12):
        write(vault, f"zoo {n}.md", f"a zebra and one quokka, cage {n}\n")
    notebook.update()
    (missed,) = [m for m in notebook.evaluate().measured[0].worst if m.question == "zebra quokka"]
    assert missed.rank is None
    assert (missed.right.note, missed.right.line) == ("cellar.md", 1)
    assert missed.first is not None and missed.first.note.startswith("zoo")
    assert missed.right.url.startswith("file://") and missed.right.url.endswith("cellar.md")


def test_a_note_has_one_place_and_a_section_is_looked_for_among_passages(notebook: Notebook) -> None:
    one, two = (replace(hit, lines=lines) for hit, lines in zip(_two_hits(notebook), [(1, 4), (5, 9)], strict=True))
    other, right = ("v", "other.md"), ("v", "right.md")
    found = [(other, one), (other, two), (right, one), (right, two)]
    assert rank(Question("title", "q", right), found) == 2
    assert rank(Question("heading", "q", right, (6, 7)), found) == 4
    assert rank(Question("heading", "q", right, (4, 5)), found) == 3
    assert rank(Question("heading", "q", right, (10, 12)), found) is None
    assert rank(Question("title", "q", right), [(("v", f"{n}.md"), one) for n in range(10)] + found) is None


def _two_hits(notebook: Notebook) -> list[Hit]:
    return notebook.search("dough oven", k=2)


def test_another_model_is_measured_by_the_same_questions_and_leaves_nothing_behind(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    Path(gettempdir()).mkdir()
    stages: list[str] = []
    evaluation = notebook.evaluate(model="hashed", progress=lambda stage, done, total: stages.append(stage))
    assert [measured.model for measured in evaluation.measured] == ["hashed", "hashed"]
    mine, its = ({k: (q.questions, q.mrr_10) for k, q in figures(evaluation, n).items()} for n in (0, 1))
    assert mine == its
    assert evaluation.versus is not None
    assert (evaluation.versus.better, evaluation.versus.worse, evaluation.versus.chance) == (0, 0, 1.0)
    assert "indexing for hashed: about 0 s" in stages
    assert list(Path(gettempdir()).iterdir()) == []


def test_against_another_index_of_the_same_vaults(notebook: Notebook, vault: Path, tmp_path: Path) -> None:
    with Notebook.open(tmp_path / "other", vaults=[vault], model="hashed", settings=Settings()) as other:
        other.update()
    evaluation = notebook.evaluate(against=tmp_path / "other")
    assert [Path(measured.index).name for measured in evaluation.measured] == ["index", "other"]
    write(tmp_path, "elsewhere/x.md", "x\n")
    with Notebook.open(tmp_path / "third", vaults=[tmp_path / "elsewhere"], model="hashed", settings=Settings()) as far:
        far.update()
    with pytest.raises(UsageError, match="does not hold"):
        notebook.evaluate(against=tmp_path / "third")


def test_a_vault_that_gives_no_question_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with Notebook.open(tmp_path / "i", vaults=[tmp_path / "empty"], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        evaluation = notebook.evaluate()
    assert (evaluation.measured, sum(evaluation.available.values())) == ((), 0)


def test_what_cannot_be_meant_is_refused(notebook: Notebook, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 or more"):
        notebook.evaluate(questions=0)
    with pytest.raises(UsageError, match="not both"):
        notebook.evaluate(model="hashed", against=tmp_path)
