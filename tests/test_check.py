"""`status --check` finds what is not as it must be; `--repair` makes that anew, and only that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.embed.hashed import HashedEmbedder
from notesearch.errors import IndexBusy, IndexUnusable
from notesearch.index import base, checksums, common
from notesearch.index.store import DATABASE
from tests.conftest import write
from tests.test_vaults import all_rows, equals_fresh


@pytest.fixture
def notebook(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """Ships, with links and tags, a FAISS base of either kind ("listed": the large one's) and common words; then some
    newer, and some gone.
    """
    monkeypatch.setattr(base, "_ROWS_WORTH_A_BASE", 20)
    monkeypatch.setattr(common, "COMMON", 10)
    if getattr(request, "param", "") == "listed":
        monkeypatch.setattr(base, "APPROXIMATE_FROM", 30)
    root = tmp_path / "vault"
    for n in range(70):
        older = f"[[{n // 2}|older vessel]]"
        write(root, f"{n}.md", f"# ship {n}\n\nship {n} of {older} took cargo {n * 7 % 13} #port{n % 5}\n")
    with Notebook.open(tmp_path / "index", vaults=[root], model="hashed", settings=Settings()) as opened:
        opened.update()
        write(root, "70.md", "ship 70 carried nothing\n")
        (root / "3.md").unlink()
        opened.update()
        yield opened


def run(notebook: Notebook, statement: str, *values: object) -> None:
    notebook.store._connection.execute("PRAGMA foreign_keys = OFF")
    assert notebook.store._connection.execute(statement, values).rowcount
    notebook.store._connection.execute("PRAGMA foreign_keys = ON")


def encoded(notebook: Notebook) -> int:
    assert isinstance(notebook.embedder, HashedEmbedder)
    return notebook.embedder.encoded


@pytest.mark.parametrize("notebook", ["small", "listed"], indirect=True)
def test_a_sound_index_is_said_to_be_sound_and_is_not_touched(notebook: Notebook) -> None:
    before = {file.name: file.read_bytes() for file in notebook.store.folder.iterdir() if "faiss" in file.name}
    found = notebook.check()
    assert (found.sound, found.findings, found.notes, found.passages) == (True, (), 70, 70)
    assert notebook.check(repair=True).mended is False
    assert before == {file.name: file.read_bytes() for file in notebook.store.folder.iterdir() if "faiss" in file.name}


def other_text(notebook: Notebook) -> int:
    run(notebook, "UPDATE passage SET text = 'never written' WHERE id = 9")
    return 0


def other_line(notebook: Notebook) -> int:
    run(notebook, "UPDATE passage SET last_line = last_line + 1 WHERE id = 9")
    return 0


def lost_words(notebook: Notebook) -> int:
    run(notebook, "DELETE FROM words WHERE rowid = 9")
    return 0


def other_words(notebook: Notebook) -> int:
    run(notebook, "UPDATE words SET body = 'what nobody wrote' WHERE rowid = 9")
    return 0


def strange_name(notebook: Notebook) -> int:
    run(notebook, "INSERT INTO names (rowid, name) VALUES (4000, 'nobody')")
    return 0


def lost_anchor(notebook: Notebook) -> int:
    run(notebook, "DELETE FROM anchors WHERE rowid = (SELECT min(rowid) FROM anchors)")
    return 0


def damaged_segment(notebook: Notebook) -> int:
    run(notebook, "UPDATE words_data SET block = x'00ff00ff' WHERE id = (SELECT max(id) FROM words_data)")
    return 0


def zero_vector(notebook: Notebook) -> int:
    run(notebook, "UPDATE vector SET value = zeroblob(256) WHERE rowid = 12")
    return 1


def cut_vector(notebook: Notebook) -> int:
    run(notebook, "UPDATE vector SET value = substr(value, 1, 100) WHERE rowid = 12")
    return 1


def not_a_number(notebook: Notebook) -> int:
    blob = np.full(128, np.nan, np.float16).tobytes()
    run(notebook, "UPDATE vector SET value = ? WHERE rowid = 12", blob)
    return 1


def half_a_token(notebook: Notebook) -> int:
    run(notebook, "UPDATE vector SET tokens = substr(tokens, 1, length(tokens) - 3) WHERE rowid = 12")
    return 1


def lost_vector(notebook: Notebook) -> int:
    run(notebook, "DELETE FROM vector WHERE rowid = 12")
    return 1


def another_vector(notebook: Notebook) -> int:
    """Of the right shape and length: only the snapshot tells."""
    blob = np.eye(128, dtype=np.float16)[5].tobytes()
    run(notebook, "UPDATE vector SET value = ? WHERE rowid = 12", blob)
    return 1


def hidden_passage(notebook: Notebook) -> int:
    run(notebook, "INSERT INTO dead VALUES (9)")
    return 0


def link_to_nowhere(notebook: Notebook) -> int:
    run(notebook, "UPDATE link SET to_note = 9999 WHERE id = 9")
    return 0


def snapshot_of(pattern: str, change: Callable[[bytes], bytes]) -> Callable[[Notebook], int]:
    def damage(notebook: Notebook) -> int:
        notebook.store._snapshots.let_go()
        (file,) = notebook.store.folder.glob(pattern)
        file.write_bytes(change(file.read_bytes()))
        return 0

    return damage


def last_flipped(data: bytes) -> bytes:
    return data[:-60] + bytes([data[-60] ^ 0x41]) + data[-59:]


DAMAGES: list[tuple[str, Callable[[Notebook], int]]] = [
    ("notes", other_text),
    ("notes", other_line),
    ("notes", link_to_nowhere),
    ("full text", lost_words),
    ("full text", other_words),
    ("full text", strange_name),
    ("full text", lost_anchor),
    ("full text", damaged_segment),
    ("vectors", zero_vector),
    ("vectors", cut_vector),
    ("vectors", not_a_number),
    ("vectors", half_a_token),
    ("vectors", lost_vector),
    ("vectors", another_vector),
    ("snapshots", hidden_passage),
    ("snapshots", snapshot_of("vectors-*.faiss", lambda data: data[:-7])),
    ("snapshots", snapshot_of("words-*.common", last_flipped)),
]


CASES = [("small", *case) for case in DAMAGES] + [("listed", *case) for case in DAMAGES[-4:]]
NAMES = [f"{kind}-{damage.__name__}" for kind, _, damage in CASES]


@pytest.mark.parametrize(("notebook", "part", "damage"), CASES, indirect=["notebook"], ids=NAMES)
def test_damage_is_found_named_and_mended(
    notebook: Notebook, tmp_path: Path, part: str, damage: Callable[[Notebook], int]
) -> None:
    to_embed = damage(notebook)
    found = notebook.check()
    assert not found.sound
    assert part in {finding.part for finding in found.findings}, found
    assert all(finding.mend for finding in found.findings)
    before = encoded(notebook)
    mended = notebook.check(repair=True)
    assert (mended.sound, mended.mended, mended.remains) == (True, True, ())
    assert encoded(notebook) - before == mended.embedded == to_embed
    assert notebook.check().findings == ()
    assert equals_fresh(notebook, tmp_path / "fresh")
    assert notebook.search("ship 9 cargo")[0].note == "9.md"


def test_orphans_are_harmless_and_go(notebook: Notebook) -> None:
    run(
        notebook,
        checksums.insert("vector"),
        b"\0",
        *notebook.store._connection.execute("SELECT value, tokens FROM vector").fetchone(),
    )
    found = notebook.check()
    assert (found.sound, [(f.part, f.harmless) for f in found.findings]) == (True, [("orphans", True)])
    assert notebook.check(repair=True).remains == ()


def test_what_others_may_read_is_taken_from_them(notebook: Notebook) -> None:
    (notebook.store.folder / DATABASE).chmod(0o644)
    found = notebook.check()
    assert (found.sound, [f.part for f in found.findings]) == (False, ["rights"])
    assert DATABASE in found.findings[0].seen
    assert notebook.check(repair=True).sound
    assert (notebook.store.folder / DATABASE).stat().st_mode & 0o777 == 0o600


def test_a_changed_note_is_no_damage(notebook: Notebook, tmp_path: Path) -> None:
    write(tmp_path / "vault", "9.md", "# ship 9\n\nsunk long ago\n")
    assert notebook.check().sound


def test_a_check_waits_for_the_writer(notebook: Notebook) -> None:
    with notebook.store.writing(), pytest.raises(IndexBusy):
        notebook.check(wait_s=0.05)


def damaged_pages(notebook: Notebook, table: str) -> None:
    """Overwrite every second page that is a leaf of this table's tree."""
    notebook.close()
    file = notebook.store.folder / DATABASE
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    (first,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    connection.close()
    data = bytearray(file.read_bytes())
    root = data[(first - 1) * size : first * size]
    assert root[0] == 5, "an inner page, so that leaves can be damaged"
    cells = int.from_bytes(root[3:5])
    at = [int.from_bytes(root[12 + 2 * n : 14 + 2 * n]) for n in range(cells)]
    for leaf in [int.from_bytes(root[place : place + 4]) for place in at][::2]:
        data[(leaf - 1) * size : leaf * size] = b"\xa5" * size
    file.write_bytes(bytes(data))


@pytest.mark.parametrize("table", ["vector", "passage"])
def test_a_damaged_database_is_made_anew_and_sound_vectors_are_kept(
    notebook: Notebook, tmp_path: Path, table: str
) -> None:
    before = all_rows(notebook)
    damaged_pages(notebook, table)
    with Notebook.open(notebook.store.folder, settings=Settings(), repair=True) as again:
        found = again.check()
        assert (found.sound, {finding.part for finding in found.findings}) == (False, {"database"})
        mended = again.check(repair=True)
        assert mended.sound and not (again.store.folder / "damaged.sqlite").exists()
        assert all_rows(again) == before
        assert equals_fresh(again, tmp_path / "fresh")
        assert encoded(again) == mended.embedded
        assert 0 < mended.embedded < 70 if table == "vector" else mended.embedded == 0


def test_an_update_that_meets_damage_makes_the_database_anew(notebook: Notebook, tmp_path: Path) -> None:
    before = all_rows(notebook)
    damaged_pages(notebook, "note")
    write(tmp_path / "vault", "9.md", "# ship 9\n\nsunk long ago\n")
    with Notebook.open(notebook.store.folder, settings=Settings()) as again:
        report = again.update()
        assert any("was damaged and is made anew" in remark for remark in again.take_remarks())
        assert report.embedded <= 1
        assert again.check().sound and not (again.store.folder / "damaged.sqlite").exists()
        assert equals_fresh(again, tmp_path / "fresh") and all_rows(again) != before


def test_what_is_no_database_at_all_is_made_anew_and_says_what_it_lacks(notebook: Notebook, tmp_path: Path) -> None:
    notebook.close()
    (notebook.store.folder / DATABASE).write_bytes(b"these are not the tables you are looking for" * 1000)
    with pytest.raises(IndexUnusable, match="notesearch index"):
        Notebook.open(notebook.store.folder, settings=Settings())
    vaults = [tmp_path / "vault"]
    with Notebook.open(notebook.store.folder, vaults=vaults, model="hashed", settings=Settings(), repair=True) as again:
        assert again.check(repair=True).sound
        again.update()
        assert again.search("ship 9 cargo")[0].note == "9.md"
        assert equals_fresh(again, tmp_path / "fresh")


def test_vectors_that_wait_are_not_shut_out_by_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are embedded first; stopped there, no base may be written that ends with them."""
    monkeypatch.setattr(base, "_ROWS_WORTH_A_BASE", 20)
    root = tmp_path / "vault"
    for n in range(60):
        write(root, f"{n}.md", f"ship {n} carried cargo\n")
    with Notebook.open(tmp_path / "index", vaults=[root], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        ids = notebook.store.passage_ids().tolist()
        waiting = notebook.store.passages(ids[:30]).values()
        notebook.store.drop_snapshots()
        for passage in waiting:
            run(notebook, checksums.insert("pending"), passage.embedded, passage.text)
            run(notebook, "DELETE FROM vector WHERE embedded = ?", passage.embedded)
        notebook.store.tidy()
        notebook.update()
        write(root, "60.md", "ship 60\n")
        notebook.update()
        assert notebook.check().sound
        query = notebook.embedder.embed_query("ship 7 carried cargo").vectors[0]
        assert len(notebook.store.dense(query, 100)) == 61
