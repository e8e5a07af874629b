"""Each page of each file of an index, changed or cut off in turn: what is shown is true, and what was noticed is mended
by the next `index`, all else by `status --repair`.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.errors import IndexDamaged
from notesearch.index import base, common
from tests.conftest import write
from tests.safety.fresh import TOY, Fresh, assert_like, fresh

QUESTIONS = ("which ship took salt to port 3", "older vessel", "annie tag:port2", "who plans berths in june 2025")
_PAGE = {".sqlite": 8192}
_SMALLER_PAGE = 4096
Shown = dict[tuple[str, tuple[int, int]], dict[str, Any]]


@pytest.fixture
def sound(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a vault, and an index of it that has everything an index can have, a base of either kind."""
    monkeypatch.setattr(base, "_ROWS_WORTH_A_BASE", 20)
    monkeypatch.setattr(common, "COMMON", 10)
    if request.param == "listed":
        monkeypatch.setattr(base, "APPROXIMATE_FROM", 30)
    root = tmp_path / "vault"
    for n in range(70):
        text = f"ship {n} of [[{n // 2}|older vessel]] took salt to port {n % 5}, cargo {n * 7 % 13} #port{n % 5}"
        write(root, f"{n}.md", f"---\nkind: ship\ndate: 2025-06-{n % 28 + 1:02}\n---\n# ship {n}\n\n{text}\n")
    write(
        root, "people/ann.md", "---\naliases: [annie]\ntags: [port2]\n---\nann plans berths. she likes [[3#ship 3]].\n"
    )
    with Notebook.open(tmp_path / "sound", vaults=[root], model=TOY, settings=Settings()) as notebook:
        notebook.update()
        write(root, "70.md", "ship 70 carried nothing\n")
        (root / "50.md").unlink()
        notebook.update()
        notebook.remember_shown(notebook.search(QUESTIONS[0]))
    return tmp_path


def damages(files: Sequence[Path], seed: int) -> Iterator[tuple[str, str, bytes]]:
    """What is done, to which file, and what it holds then: of each page a few bytes, all, or what comes after; and in
    pages with words of the notes, another word that could be one of theirs.
    """
    choose = random.Random(seed)
    for file in files:
        data, size = file.read_bytes(), _PAGE.get(file.suffix, _SMALLER_PAGE)
        for start in range(0, len(data), size):
            end = min(start + size, len(data))
            kind = choose.choice(("bytes", "bytes", "bytes", "zero", "cut"))
            if (said := data.find(b"took salt", start, end)) >= 0:
                yield f"another word in {file.name} at {said}", file.name, data[:said] + b"look" + data[said + 4 :]
            if kind == "bytes":
                changed = bytearray(data)
                for at in choose.sample(range(start, end), min(choose.choice((1, 1, 4, 30)), end - start)):
                    changed[at] ^= 1 << choose.randrange(8)
                yield f"some bytes of {file.name} from {start}", file.name, bytes(changed)
            elif kind == "zero":
                yield f"{file.name} zero from {start}", file.name, data[:start] + bytes(end - start) + data[end:]
            else:
                yield f"{file.name} cut at {start}", file.name, data[: choose.randrange(start, end)]


def opened(index: Path, vault: Path, *, repair: bool = False) -> Notebook:
    return Notebook.open(index, vaults=[vault], model=TOY, settings=Settings(), repair=repair)


def shown(notebook: Notebook, question: str) -> Shown:
    hits = notebook.search(question, 1_000)
    said = ("text", "title", "headings", "lines", "date", "tags", "links", "backlinks", "vault")
    return {(hit.note, hit.span): {name: asdict(hit)[name] for name in said} for hit in hits}


def is_noticed(index: Path, vault: Path, true: Shown) -> bool:
    """Ask; whether damage is said in words of ours, so that the next `index` is to mend it. All that is shown must be
    true.
    """
    try:
        with opened(index, vault) as notebook:
            for question in QUESTIONS:
                for place, said in shown(notebook, question).items():
                    assert true[place] == said
            notebook.ask(QUESTIONS[0])
            return any("missing or damaged" in remark for remark in notebook.take_remarks())
    except IndexDamaged as error:
        assert "notesearch index" in str(error)
        return True


def assert_survives(folder: Path, damage: str, file: str, data: bytes, true: Shown, expected: Fresh) -> bool:
    """Put a damaged copy in the place of the index; whether the damage was noticed by a question."""
    index, vault = folder / "index", folder / "vault"
    shutil.rmtree(index, ignore_errors=True)
    shutil.copytree(folder / "sound", index)
    (index / file).write_bytes(data)
    noticed = False
    try:
        noticed = is_noticed(index, vault, true)
        with opened(index, vault, repair=True) as notebook:
            if noticed:
                notebook.update()
            checkup = notebook.check(repair=True)
            assert not checkup.remains, checkup.remains
        assert_like(index, expected)
    except Exception as error:
        error.add_note(f"{damage} ({noticed=})")
        raise
    return noticed


def survived(folder: Path, done: Iterable[tuple[str, str, bytes]]) -> int:
    """How many of these damages were noticed by a question; all must be survived."""
    vault = folder / "vault"
    expected = fresh([vault])
    with opened(folder / "sound", vault) as notebook:
        true = {place: said for question in QUESTIONS for place, said in shown(notebook, question).items()}
    return sum(assert_survives(folder, *damage, true, expected) for damage in done)


def files(folder: Path, pattern: str = "*") -> list[Path]:
    return sorted((folder / "sound").glob(pattern))


@pytest.mark.parametrize("sound", ["small"], indirect=True)
def test_a_few_pages_may_be_damaged(sound: Path) -> None:
    done = list(damages(files(sound), 0))
    survived(sound, [*done[::9], *[damage for damage in done if "word" in damage[0]][::4]])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sound", ["small"], indirect=True)
def test_any_page_may_be_damaged(sound: Path) -> None:
    done = list(damages(files(sound), 1))
    noticed = survived(sound, done)
    print(f"{len(done)} damages, {noticed} noticed by a question")
    assert noticed > len(done) / 3


@pytest.mark.slow
@pytest.mark.parametrize("sound", ["listed"], indirect=True)
def test_any_page_of_a_large_base_may_be_damaged(sound: Path) -> None:
    for seed in range(3):
        survived(sound, damages(files(sound, "vectors-*"), seed))


@pytest.mark.parametrize("sound", ["small"], indirect=True)
def test_a_command_says_in_one_line_that_a_page_is_damaged(sound: Path) -> None:
    said = Counter[int]()
    for damage, file, data in list(damages(files(sound, "notes.sqlite"), 2))[::12]:
        (sound / "sound" / file).write_bytes(data)
        words = ["search", QUESTIONS[0], "--index", str(sound / "sound")]
        done = subprocess.run([sys.executable, "-m", "notesearch", *words], capture_output=True, text=True)
        assert "Traceback" not in done.stderr, (damage, done.stderr)
        assert done.returncode in (0, 1, 3) and done.stderr.count("makes it anew") == (done.returncode == 3), (
            done.stderr
        )
        said[done.returncode] += 1
    assert said[3]
