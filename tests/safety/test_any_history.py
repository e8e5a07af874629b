"""Whatever happens to the notes, and to the process that indexes them: the index equals one made afresh."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import faiss
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from notesearch import Notebook
from notesearch.embed.hashed import HashedEmbedder
from notesearch.index import base
from tests.safety.fresh import assert_like_fresh, assert_true, opened

FOLDERS = ["", "x/", "y/", "x/deep/"]
NAMES = ["boat.md", "oar.md", "harbour.md", "index.md", "Ünder wâter.md"]
PATHS = st.builds("{}{}".format, st.sampled_from(FOLDERS), st.sampled_from(NAMES))
PIECES = [
    "---\ntitle: the crane\naliases: [heron, oar]\ntags: [work/now]\nstatus: open\n---\n",
    "# boat\n\n", "## rope and sail\n\n", "## 2025-03-04\n\n",
    "flour, water, salt.\n\n", "the ferry leaves at noon and nobody waves. #ferry\n\n",
    "the lighthouse keeper wrote about the oil that was left and the ships that passed in the night.\n\n",
    "see [[oar]] and [[heron|the grey bird]], also [[x/boat#rope and sail|how to tie it]].\n\n",
    "[that harbour](../harbour.md) and ![[missing]] ^block\n\n", "- [ ] paint\n  - [x] sand [[index#^block]]\n\n",
    "明日は海へ行く。\n\n",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
QUESTIONS = ["where does the ferry leave", "how to tie the grey bird", "heron", "海へ", "march 2025"]
STATEMENTS = st.one_of(st.integers(1, 60), st.integers(60, 1_500))


@pytest.fixture(autouse=True)
def _small_thresholds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few notes already make a base. One thread for FAISS: its others would not survive a fork."""
    monkeypatch.setattr(base, "_ROWS_WORTH_A_BASE", 4)
    monkeypatch.setattr("notesearch.disk._RESCAN_S", 0.0)
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield
    faiss.omp_set_num_threads(threads)


class AnyHistory(RuleBasedStateMachine):
    """A vault, its index, and what may happen to either."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.vault = self.folder / "vault"
        self.index = self.folder / "index"
        self.vault.mkdir()
        self._notebook: Notebook | None = None

    def teardown(self) -> None:
        self.reopen()
        shutil.rmtree(self.folder)

    @property
    def notebook(self) -> Notebook:
        self._notebook = self._notebook or opened(self.index, [self.vault])
        return self._notebook

    @initialize(texts=st.dictionaries(PATHS, TEXTS, min_size=2, max_size=8))
    def begin(self, texts: dict[str, str]) -> None:
        for path, text in texts.items():
            self.write(path, text)

    @rule(path=PATHS, text=TEXTS)
    def write(self, path: str, text: str) -> None:
        file = self.vault / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    @rule(data=st.data(), piece=st.sampled_from(PIECES), front=st.booleans())
    def edit(self, data: st.DataObject, piece: str, front: bool) -> None:
        if file := self._some_note(data):
            text = file.read_text(encoding="utf-8")
            file.write_text(piece + text if front else text + piece, encoding="utf-8")

    @rule(data=st.data())
    def edit_and_put_the_time_back(self, data: st.DataObject) -> None:
        if file := self._some_note(data):
            before = file.stat()
            file.write_bytes(file.read_bytes().swapcase())
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    @rule(data=st.data(), path=PATHS)
    def rename(self, data: st.DataObject, path: str) -> None:
        if file := self._some_note(data):
            (self.vault / path).parent.mkdir(parents=True, exist_ok=True)
            file.rename(self.vault / path)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if file := self._some_note(data):
            file.unlink()

    @rule(data=st.data(), seconds=st.integers(-(10**9), 10**9))
    def touch(self, data: st.DataObject, seconds: int) -> None:
        if file := self._some_note(data):
            os.utime(file, (seconds, seconds))

    @rule(source=st.sampled_from(["x", "y", "x/deep"]), goal=st.sampled_from(["z", "x", "y"]))
    def move_folder(self, source: str, goal: str) -> None:
        if (self.vault / source).is_dir() and not (self.vault / goal).exists():
            (self.vault / source).rename(self.vault / goal)

    @rule()
    def update(self) -> None:
        self.notebook.update(force=True)
        assert isinstance(self.notebook.embedder, HashedEmbedder)
        before = self.notebook.embedder.encoded
        again = self.notebook.update()
        assert (again.embedded, again.added, again.changed, again.removed) == (0, 0, 0, 0)
        assert self.notebook.embedder.encoded == before
        assert_like_fresh(self.index, QUESTIONS)

    @rule(statement=STATEMENTS)
    def update_and_be_killed(self, statement: int) -> None:
        self._killed(statement, lambda notebook: notebook.update(force=True))

    @rule(statement=STATEMENTS, question=st.sampled_from(QUESTIONS))
    def ask_and_be_killed(self, statement: int, question: str) -> None:
        self._killed(statement, lambda notebook: notebook.ask(question))

    @rule(question=st.sampled_from(QUESTIONS))
    def ask(self, question: str) -> None:
        assert_true(self.notebook, question)

    @rule()
    def reopen(self) -> None:
        if self._notebook:
            self._notebook.close()
            self._notebook = None

    def _some_note(self, data: st.DataObject) -> Path | None:
        notes = sorted(self.vault.rglob("*.md"))
        return data.draw(st.sampled_from(notes)) if notes else None

    def _killed(self, statement: int, act: Callable[[Notebook], object]) -> None:
        """`act` in a process of its own that is killed at its n-th statement, if it gets there."""
        self.reopen()
        if child := os.fork():
            _, ended = os.waitpid(child, 0)
            assert ended in (0, signal.SIGKILL), ended
            return
        status = 1
        try:
            with opened(self.index, [self.vault]) as notebook:
                notebook.store._connection.set_trace_callback(_Killer(statement))
                act(notebook)
            status = 0
        finally:
            os._exit(status)


class _Killer:
    """Kills its own process at the n-th call."""

    def __init__(self, n: int) -> None:
        self.left = n

    def __call__(self, _: str) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_index_equals_a_fresh_one_whatever_happened() -> None:
    run_state_machine_as_test(
        AnyHistory,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
