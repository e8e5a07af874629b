"""The lock between processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from notesearch.index.lock import locked

_HOLD = """
import sys
from pathlib import Path
from notesearch.index.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_has_it_until_it_lets_go_or_dies(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    words = [sys.executable, "-c", _HOLD, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError), locked(path, 0.1):
            pass
        other.kill()
        other.wait()
        with locked(path, 10):
            pass
    assert other.returncode == -signal.SIGKILL
    with locked(path, 0), pytest.raises(TimeoutError), locked(path, 0):
        pass


def test_what_fails_while_it_is_held_lets_go(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ours"), locked(tmp_path / "lock"):
        raise ValueError("ours")
    with locked(tmp_path / "lock", 0):
        pass


def test_it_is_the_owners_alone(tmp_path: Path) -> None:
    with locked(tmp_path / "lock"):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), locked(tmp_path / "none" / "lock"):
        pass
