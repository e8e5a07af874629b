"""The benchmark's own arithmetic, and that it runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from notesearch.config import Settings
from notesearch.embed.hashed import HashedEmbedder
from scripts.benchmark import encoding, peers, processes, warm
from scripts.benchmark.peers import adapters
from tests.conftest import write

QUESTIONS = Path(__file__).parents[1] / "questions.toml"


def test_a_process_is_measured_by_itself() -> None:
    ballast = bytearray(300_000_000)
    took = processes.measured(["-c", "sum(range(3_000_000))"])
    assert len(ballast) and took.peak_mb < 100
    assert took.cpu_seconds > 0 and 0 < took.seconds < 60


def test_a_process_that_fails_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match="status 3"):
        processes.measured(["-c", "raise SystemExit(3)"])


def test_calls_take_turns_and_the_first_is_not_counted() -> None:
    order: list[str] = []
    assert len(warm.in_turn(2, lambda: order.append("a"), lambda: order.append("b"))) == 2
    assert order == ["a", "b", "a", "b", "a", "b"]


def test_the_encoder_gets_the_texts_of_an_update(vault: Path) -> None:
    texts = [text for batch in encoding.batches_of(vault, HashedEmbedder(), Settings()) for text in batch]
    assert len(texts) == 4
    assert any("flour, water, salt." in text for text in texts)


def test_questions_for_other_tools(tmp_path: Path) -> None:
    (tmp_path / "asked.txt").write_text("who plans berths\tann.md\n\nwhat did I bake\n", encoding="utf-8")
    assert peers.from_file(tmp_path / "asked.txt") == [
        peers.Asked("who plans berths", frozenset(["ann.md"])),
        peers.Asked("what did I bake"),
    ]
    asked = peers.from_file(QUESTIONS)
    assert len(asked) == 22 and all(each.notes for each in asked)


def test_other_tools_get_every_word_of_the_notes(vault: Path) -> None:
    write(vault, "long.md", "\n\n".join(f"paragraph {n} " + "of many words " * 20 for n in range(30)))
    found = list(adapters.pieces(vault))
    assert {path for path, _ in found} == {file.relative_to(vault).as_posix() for file in vault.rglob("*.md")}
    text = " ".join(piece for path, piece in found if path == "long.md")
    assert text.split() == (vault / "long.md").read_text(encoding="utf-8").split()
    assert max(len(piece) for _, piece in found) <= 1000


def test_a_tool_that_fails_says_so_in_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside what finds the right note first for one of two questions."""
    found = [{"seconds": 0.5, "notes": ["a.md", "a.md", "bread.md"]}, {"seconds": 0.02, "notes": ["bread.md"]}]
    code = {"notesearch": "", "broken": "raise SystemExit('no such model')"}

    def tool(name: str, *_: Path) -> peers._Tool:
        return peers._Tool(name, sys.executable, ["-c", code[name]], ["-c", f"print({json.dumps(found)!r})"], tmp_path)

    monkeypatch.setattr(peers, "_ours", lambda vault, folder: tool("notesearch"))
    monkeypatch.setattr(peers, "_peer", tool)
    monkeypatch.setattr(peers, "_REQUIRED", {})
    monkeypatch.setattr(peers, "_QMD", "broken")
    asked = [peers.Asked("what goes into bread", frozenset(["bread.md"]))] * 2
    failed, row = list(peers.rows(tmp_path, asked, tmp_path, runs=1))
    assert failed[0] == "broken" and "no such model" in failed[1]
    assert (row[0], row[4], *row[-2:]) == ("notesearch", "20.0 ms", "1 of 2", "2 of 2")
    assert len(failed) == len(row) == len(peers.HEAD)
