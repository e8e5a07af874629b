"""Run below `faults.so`: for n = 1, 2, … the command's n-th file call fails, or kills it, until it makes no n-th.

`python -m tests.safety.faulty COMMAND FAULT STEP` makes a vault and its index in FAULTS_FOLDER, changes the vault, then
lets COMMAND (first, changed, ask) meet FAULT (error, full, kill) at each of its calls, from the same state each time.
After each: one clear message and status 3, or success; what is shown is true; and the next run ends as a fresh index.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import sys
import traceback
from collections import Counter
from pathlib import Path

import faiss

from notesearch import cli
from notesearch.index import base
from tests.conftest import write
from tests.safety.fresh import TOY, assert_like, assert_true, fresh, opened

QUESTIONS = ["when does the ferry leave", "who plans the berths", "lamp"]
FAULTS = {  # errno (0 kills), only calls that change something, from then on every one
    "error": (errno.EIO, False, False),
    "full": (errno.ENOSPC, True, True),
    "kill": (0, True, False),
}
_MOST = 2_000


def main(folder: Path, command: str, fault: str, step: int = 1) -> None:
    """Meet a fault at each call; fails at the first that is not as it must be."""
    faiss.omp_set_num_threads(1)  # others would not survive a fork
    base._ROWS_WORTH_A_BASE = 3
    vault, before, index = folder / "vault", folder / "before", folder / "index"
    _first_notes(vault)
    if command != "first":
        with opened(before, [vault]) as notebook:
            notebook.update()
        _other_notes(vault)
    words = ["ask", "who plans the berths"] if command == "ask" else ["index", str(vault), "--model", TOY]
    expected = fresh([vault], QUESTIONS)
    statuses: Counter[int] = Counter()
    for n in range(1, _MOST, step):
        shutil.rmtree(index, ignore_errors=True)
        if before.exists():
            shutil.copytree(before, index)
        status, said = _meet([*words, "--index", str(index)], n, fault, folder.with_name("said"))
        reached = int(_SHIM.faults_count())
        statuses[status] += 1
        try:
            _check(command, status, said, fault)
            if n % 2 and (index / "notes.sqlite").exists():
                with opened(index, [vault]) as notebook:
                    assert_true(notebook, QUESTIONS[1])
            with opened(index, [vault]) as notebook:
                notebook.update()
                assert notebook.update().embedded == 0
            assert_like(index, expected)
        except Exception:
            print(f"call {n} of `{command}`, {fault}: status {status}\n{said}")
            raise
        if reached < n:
            print(f"{command}, {fault}: {reached} calls, statuses {dict(statuses)}")
            return
    raise AssertionError(f"more than {_MOST} calls")


def _meet(words: list[str], n: int, fault: str, said: Path) -> tuple[int, str]:
    """The command in a process of its own; its status (negative: the signal that killed it) and what it said."""
    if not (child := os.fork()):
        status = 1
        try:
            with said.open("w", encoding="utf-8") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            sys.argv = ["notesearch", *words]
            _SHIM.faults_arm(n, *FAULTS[fault])
            cli.main()
        except SystemExit as ending:
            status = ending.code if isinstance(ending.code, int) else 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended), said.read_text(encoding="utf-8")


def _check(command: str, status: int, said: str, fault: str) -> None:
    """A question may find nothing (1): what changed and could not be read again is left out, and that is said."""
    assert "Traceback" not in said and "Warning" not in said
    assert status in ({0, -signal.SIGKILL} if fault == "kill" else {0, 3, int(command == "ask")})
    messages = [line for line in said.splitlines() if line.startswith("notesearch: ")]
    assert len(messages) == 1 if status == 3 and command != "ask" else status >= 0 or not messages, messages
    assert all(any(way in line for way in ("Run: ", "Check ", "Try again", "made anew")) for line in messages), messages


def _first_notes(vault: Path) -> None:
    write(vault, "harbour.md", "# harbour\n\nthe crane operators [[people/ann|talk to ann]] about berths #work\n")
    write(vault, "people/ann.md", "---\naliases: [annie]\n---\nann plans berths. she likes quiet mornings.\n")
    write(vault, "bread.md", "## dough\n\nflour, water, salt.\n\n## oven\n\nbake it hot, then hotter. [[ferry]]\n")
    write(vault, "log.md", "\n\n".join(f"## day {n}\n\nlamp {n}, the oil that was left.\n" for n in range(4)))


def _other_notes(vault: Path) -> None:
    """Everything that can happen to a note, once."""
    (vault / "bread.md").rename(vault / "loaf.md")
    (vault / "log.md").unlink()
    write(vault, "harbour.md", "---\ntitle: the quay\n---\nthe ferry leaves at noon. [[annie]] waves, see [[ferry]].\n")
    write(vault, "ferry.md", "# ferry\n\nit leaves [[the quay|from there]] at noon.\n\n## lamp\n\ngreen.\n")
    os.utime(vault / "people/ann.md", (1_700_000_000, 1_700_000_000))


if __name__ == "__main__":
    _SHIM = ctypes.CDLL(os.environ["LD_PRELOAD"])
    main(Path(os.environ["FAULTS_FOLDER"]), sys.argv[1], sys.argv[2], int(sys.argv[3]))
