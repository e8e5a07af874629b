"""The benchmark's own arithmetic, and that it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.config import Settings
from notesearch.embed.hashed import HashedEmbedder
from scripts.benchmark import encoding, processes, warm


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
