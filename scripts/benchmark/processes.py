"""Whole processes, as a user waits for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

ONE_QUERY = """
import sys
from sentence_transformers import SentenceTransformer
SentenceTransformer(sys.argv[1], local_files_only=True).encode(sys.argv[2])
"""
"""What answering by sentence-transformers alone begins with: a folder with a model, and a question."""

_TIMER = """
import os, subprocess, sys, tempfile, time
said = tempfile.TemporaryFile()
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=said)
_, status, used = os.wait4(process.pid, 0)
seconds = time.perf_counter() - started
said.seek(max(0, said.seek(0, 2) - 300))
sys.stderr.write(said.read().decode("utf-8", "replace"))
print(os.waitstatus_to_exitcode(status), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""Stands between, because Linux counts the memory of whoever starts a process as that process's own. What it says goes
to a file, since a server that it leaves behind would hold a pipe open.
"""


_MOST_S = 1800.0


@dataclass(frozen=True, slots=True)
class Took:
    """What a process took: wall time, time of all cores, and most memory at once."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def measured(
    words: Sequence[str], *, python: str = sys.executable, fine: Sequence[int] = (0, 1), **variables: str
) -> Took:
    """Run Python with these words, and these variables in its environment. Raises RuntimeError if its status is not
    `fine`; 1 is that of a question to which the notes hold no answer.
    """
    # Where Python may not keep what it has compiled, it compiles again at every start; nobody's installation does.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    timer = [sys.executable, "-S", "-c", _TIMER, python, *words]
    said, complained = _run(timer, {**kept, **variables})
    status, seconds, cpu_seconds, peak = said.split()
    if int(status) not in fine:
        raise RuntimeError(f"{' '.join(words)} ended with status {status}: {complained}")
    in_a_mb = 1e6 if sys.platform == "darwin" else 1e3  # macOS counts bytes, Linux kilobytes
    return Took(float(seconds), float(cpu_seconds), float(peak) / in_a_mb)


def _run(timer: Sequence[str], environment: Mapping[str, str]) -> tuple[str, str]:
    """What the timer prints, and what was complained of. Raises RuntimeError after `_MOST_S`, or if nothing starts."""
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen(timer, env=environment, start_new_session=True, **pipes) as process:
        try:
            said, complained = process.communicate(timeout=_MOST_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # what is timed, too
            raise RuntimeError(f"{' '.join(timer[4:])} took more than {_MOST_S:.0f} s") from None
    if process.returncode:
        raise RuntimeError(f"{' '.join(timer[4:])} could not be measured: {complained}")
    return said, complained


def in_turn(runs: int, *programs: Sequence[str]) -> list[Took]:
    """The medians of programs that ran in turn, `runs` times each, after one run that is not counted."""
    for words in programs:
        measured(words)
    rounds = [[measured(words) for words in programs] for _ in range(runs)]
    return [_medians(took) for took in zip(*rounds, strict=True)]


def _medians(took: Sequence[Took]) -> Took:
    return Took(median(t.seconds for t in took), median(t.cpu_seconds for t in took), median(t.peak_mb for t in took))
