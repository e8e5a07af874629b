"""The n-th write, sync, rename, read … of a command fails or kills it, for n = 1, 2, … (see `faulty`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_CC = shutil.which("cc") or shutil.which("gcc")


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled once."""
    library = tmp_path_factory.mktemp("shim") / "faults.so"
    assert _CC
    subprocess.run([_CC, "-shared", "-fPIC", "-O1", "-o", library, HERE / "faults.c", "-ldl"], check=True)
    return library


@pytest.mark.slow
@pytest.mark.skipif(not (_CC and sys.platform == "linux"), reason="needs a C compiler, and Linux's LD_PRELOAD")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", ["error", "full", "kill"])
@pytest.mark.parametrize(("command", "step"), [("first", 7), ("changed", 1), ("ask", 7)])
def test_any_call_may_fail_or_kill(tmp_path: Path, shim: Path, command: str, step: int, fault: str) -> None:
    """Of an index that is made, and of a question, every seventh call: each of them takes a second of a slow machine's
    time; `STEP` 1 tries all.
    """
    folder = tmp_path / "watched"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.safety.faulty", command, fault, str(step)],
        cwd=HERE.parents[1],
        env={**os.environ, "LD_PRELOAD": str(shim), "FAULTS_FOLDER": str(folder), "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
