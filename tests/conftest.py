"""Every test gets its own home, so that no user's settings, cache or index can matter or be touched; what a test may
touch at all is guarded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Notebook
from notesearch.config import Settings
from tests.guard import guard

guard.install()

VAULT = Path(__file__).parent / "vault"


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the whole run, so that the default model is converted once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    log = tmp_path_factory.mktemp("guard") / "refused"
    monkeypatch.setenv(guard.LOG, str(log))
    path = os.pathsep.join(filter(None, (str(Path(guard.__file__).parent), os.environ.get("PYTHONPATH"))))
    monkeypatch.setenv("PYTHONPATH", path)
    if request.node.get_closest_marker("local_server"):
        monkeypatch.setenv(guard.LOCAL_SERVER, "1")
    yield
    refused = log.read_text(encoding="utf-8") if log.exists() else ""
    assert not refused, f"this was tried outside of what tests may touch:\n{refused}"


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))
    for name in ("NOTESEARCH_INDEX", "NOTESEARCH_CACHE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A small vault: three notes, a link, a heading, a tag."""
    root = tmp_path / "vault"
    root.mkdir()
    write(root, "harbour.md", "# harbour\n\nthe crane operators [[people/ann|talk to ann]] about berths #work\n")
    write(root, "people/ann.md", "---\naliases: [annie]\n---\nann plans berths. she likes quiet mornings.\n")
    write(root, "bread.md", "## dough\n\nflour, water, salt.\n\n## oven\n\nbake it hot, then hotter.\n")
    return root


@pytest.fixture
def notebook(tmp_path: Path, vault: Path) -> Iterator[Notebook]:
    """The small vault, indexed with the toy embedder."""
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as opened:
        opened.update()
        yield opened


def write(root: Path, path: str, text: str) -> Path:
    """Write a note, making its folders."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="")
    return file
