"""Many processes on one index that is not there yet, started at the same instant."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import write
from tests.safety.fresh import assert_like_fresh, opened

ROOT = Path(__file__).parents[2]
SECONDS = float(os.environ.get("NOTESEARCH_CROWD_S", "8"))
"""A minute of it was tried, too: set it to 60."""


@pytest.mark.slow
def test_four_that_update_and_four_that_ask(tmp_path: Path) -> None:
    vault, index = tmp_path / "vault", tmp_path / "index"
    write(vault, "harbour.md", "# harbour\n\nsalt comes by boat\n")
    parts = ["updating", "asking"] * 4
    words = [[sys.executable, "-m", "tests.safety.crowd", part, str(index), str(vault), str(SECONDS)] for part in parts]
    running = [
        subprocess.Popen(each, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=-1, stderr=-1, text=True)
        for each in words
    ]
    done: Counter[str] = Counter()
    for process in running:
        out, errors = process.communicate()
        assert (process.returncode, errors) == (0, ""), errors
        done.update(ast.literal_eval(out))
    print(dict(done))
    assert done["updating"] >= 4 and done["asking"] >= 4
    with opened(index) as notebook:
        notebook.update()
    assert_like_fresh(index)
