"""A notebook that is open already."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from notesearch import Notebook


def in_turn(runs: int, *calls: Callable[[], object]) -> list[float]:
    """Median seconds of calls that took turns, `runs` times each, after one that is not counted."""
    for call in calls:
        call()
    rounds = [[_seconds(call) for call in calls] for _ in range(runs)]
    return [median(times) for times in zip(*rounds, strict=True)]


def search_and_query(notebook: Notebook, question: str, runs: int) -> list[float]:
    """Seconds of a whole search, and of encoding its question alone."""
    return in_turn(runs, lambda: notebook.search(question), lambda: notebook.embedder.embed_query(question))


def update_and_walk(notebook: Notebook, vault: Path, runs: int) -> list[float]:
    """Seconds of an update that finds nothing changed, and of listing the vault with the state of every file."""
    return in_turn(runs, notebook.update, lambda: _walk(vault))


def _walk(folder: str | Path) -> int:
    entries = list(os.scandir(folder))
    return sum(_walk(entry.path) if entry.is_dir(follow_symlinks=False) else entry.stat().st_size for entry in entries)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
