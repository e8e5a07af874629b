"""A whole run over a small set, with the toy embedder: from the folder to the tables and the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.evaluation import __main__ as command
from scripts.evaluation.data import load_set
from scripts.evaluation.results import AUC_OF_SCORE, REFUSAL, SetResult, read_run
from scripts.evaluation.run import SYSTEMS, Plan, measure_set

NOTES = {
    "bread.md": "# Bread\n\nThe dough rests in the cold cellar.\n\n## Oven\n\nBake at 240 degrees for forty minutes.\n",
    "garden.md": "# Garden\n\nTomatoes want sun; plant the seedlings in the middle of May.\n",
    "boat.md": "# Boat\n\nThe mast was repaired in Lisbon. See [[bread|baking at sea]] for the menu.\n",
    "diary.md": "# Diary\n\nNothing happened today.\n",
}
QUERIES = [
    {"id": "oven", "text": "how many degrees to bake at", "answerable": True, "answers": ["240 degrees"]},
    {"id": "mast", "text": "where was the mast repaired", "answerable": True, "answers": ["Lisbon"]},
    {"id": "seedlings", "text": "when to plant seedlings", "answerable": True, "scope": ["garden.md"]},
    {"id": "link", "text": "baking at sea", "answerable": True, "sources": ["boat.md"]},
    {"id": "nobody", "text": "who is the prime minister", "answerable": False},
    {"id": "odd", "text": "doubtful", "answerable": True, "disputed": True},
    {"id": "unjudged", "text": "what happened today", "answerable": True},
]
QRELS = [
    {"query_id": "oven", "note": "bread.md", "relevance": 1, "evidence": [{"text": "240 degrees", "lines": [7, 7]}]},
    {"query_id": "mast", "note": "boat.md", "relevance": 1, "evidence": [{"lines": [3, 3]}]},
    {"query_id": "seedlings", "note": "garden.md", "relevance": 1},
    {"query_id": "link", "note": "bread.md", "relevance": 1, "evidence": [{"heading": "bread"}]},
]
TOY = {"model": "hashed"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in NOTES.items():
        note = tmp_path / "small" / "vault" / path
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(text, encoding="utf-8")
    for name, records in (("queries.jsonl", QUERIES), ("qrels.jsonl", QRELS)):
        (tmp_path / "small" / name).write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return tmp_path / "small"


def measured(folder: Path, plan: Plan) -> SetResult:
    return measure_set(load_set(folder), folder.parent / "cache", plan, lambda stage, done, total: None)


def test_every_system_is_measured_on_the_same_questions(folder: Path) -> None:
    result = measured(folder, Plan(switches=TOY, answers=True))
    assert tuple(result.systems) == SYSTEMS
    assert (result.judged, result.unanswerable, result.remarks) == (4, 1, ())
    for system in result.systems.values():
        assert set(system.questions) == {"oven", "mast", "seedlings", "link", "nobody", "unjudged"}
        assert set(system.questions["seedlings"].values) == {"nDCG@10", "recall@5", "MRR@10"}
        assert system.questions["nobody"].values == system.questions["unjudged"].values == {}
        assert AUC_OF_SCORE in system.means
    bm25 = result.systems["bm25"].questions
    assert bm25["oven"].values == {"nDCG@10": 1, "recall@5": 1, "MRR@10": 1, "line@600": 1, "evidence@1000": 1}
    assert bm25["oven"].confidence is None
    # The note that holds the question word for word is out, and so the first hit is the note behind the link.
    assert [hit.note for hit in bm25["link"].hits][:1] == ["bread.md"]
    notesearch = result.systems["notesearch"]
    assert {"quote hit", "answer string", REFUSAL} <= set(notesearch.means)
    assert {"quote hit", "answer string"} <= set(notesearch.questions["oven"].values)
    assert "boat.md" not in {hit.note for hit in notesearch.questions["link"].hits}


def test_the_asking_link_is_not_in_the_index(folder: Path) -> None:
    measured(folder, Plan(systems=("bm25",), switches=TOY))
    copy = folder.parent / "cache" / "vault" / "boat.md"
    assert "See baking at sea for the menu" in copy.read_text(encoding="utf-8")
    assert "[[bread|baking at sea]]" in (folder / "vault" / "boat.md").read_text(encoding="utf-8")


def test_only_notes_in_scope_count_when_asked_so(folder: Path) -> None:
    result = measured(folder, Plan(systems=("dense",), switches=TOY, scoped=True))
    assert {hit.note for hit in result.systems["dense"].questions["seedlings"].hits} == {"garden.md"}
    assert len({hit.note for hit in result.systems["dense"].questions["oven"].hits}) == len(NOTES)


def test_the_command_prints_tables_keeps_the_run_and_compares(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "commit", lambda: "abc123")
    kept, cache = folder.parent / "run.json", folder.parent / "cache"
    command.evaluate([folder], switch=["model=hashed"], json=kept, cache=cache)
    command.evaluate([folder], "notesearch,bm25", ["model=hashed", "weights.dense=0"], against=kept, cache=cache)
    out, err = capsys.readouterr()
    first, second = out.split("Commit abc123")[1:]
    rows = [line.split("|")[1:3] for line in first.splitlines() if line.startswith("| small")]
    assert [row[1].strip() for row in rows] == [*SYSTEMS, *(f"notesearch - {other}" for other in SYSTEMS[1:])]
    assert "Against the run of abc123:" in second
    assert "small: " in err
    run = read_run(kept)
    assert run.commit == "abc123"
    assert run.settings["switches"] == TOY
    assert set(run.sets[0].systems["rrf"].questions) == {"oven", "mast", "seedlings", "link", "nobody", "unjudged"}


def test_what_the_caller_can_mend_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["evaluate", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        command.main()
    assert left.value.code == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        f"{tmp_path} is no set of judged notes: it has no folder `vault`. Name a folder that has one.\n",
    )


def test_outside_a_checkout_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.commit() == "unknown"
