"""The wheel alone, outside the checkout, without a network: it must index a note and answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import write

CHECKOUT = Path(__file__).parents[1]
NO_NETWORK = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        raise RuntimeError(f"{event} {arguments!r}: the network is off")

sys.addaudithook(refuse)
"""
NOTE = """# spring

#### boats
the old dinghy leaks at the transom, so we caulked it with cotton and tar.

#### bees
the second hive swarmed on [[2025-05-04|the warm sunday]] because i had not given them room.
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_it_carries_the_package_alone(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"notesearch"}
    assert "notesearch/py.typed" in names and "notesearch/embed/sample.txt" in names
    assert any(name.endswith("NOTICE") for name in names)


def test_it_indexes_and_answers_without_a_network(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False, symlinks=True)
    site = next(environment.glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (site / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    write(tmp_path, "notes/spring.md", NOTE)

    def notesearch(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [environment / "bin" / "python", "-m", "notesearch", *words, "--index", "idx"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            encoding="utf-8",
        )

    indexed = notesearch("index", "notes")
    assert indexed.returncode == 0, indexed.stderr
    asked = notesearch("ask", "why did the bees leave", "--json")
    assert asked.returncode == 0, asked.stderr
    hit = json.loads(asked.stdout)["hits"][0]
    assert (hit["note"], hit["headings"], hit["lines"]) == ("spring.md", ["spring", "bees"], [6, 7])
