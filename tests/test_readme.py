"""What the README shows must run, and what it names must exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_library_example_runs_as_printed(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.S)
    (tmp_path / "tests").symlink_to(CHECKOUT / "tests")
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, encoding="utf-8", env=os.environ
    )
    assert done.returncode == 0, done.stderr
    assert "81 notes read" in done.stdout
    assert "1 content/apartment things.md" in done.stdout


def test_every_command_it_names_exists() -> None:
    from notesearch.cli import app

    known = {command.callback.__name__ for command in app.registered_commands if command.callback}
    known |= {str(group.name) for group in app.registered_groups}
    assert set(re.findall(r"^notesearch (\w+)", README, re.M)) <= known
    assert known <= set(re.findall(r"\bnotesearch (\w+)", README))


def test_every_file_it_links_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (CHECKOUT / target).exists(), target


def test_the_two_commands_are_what_is_promised() -> None:
    for name in ("demo", "test", "setup", "evaluate", "bench", "calibrate"):
        assert os.access(CHECKOUT / "scripts" / name, os.X_OK)
    assert "scripts/test" in (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
