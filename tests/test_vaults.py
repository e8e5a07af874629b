"""Vaults that come, go, move, share a name or lie in each other: nothing is lost, embedded again, or mixed (F9)."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Notebook, Where
from notesearch.config import Settings
from notesearch.embed.hashed import HashedEmbedder
from notesearch.errors import UsageError, VaultError
from notesearch.results import VaultStatus
from tests.conftest import write


def open_index(folder: Path, *vaults: Path) -> Notebook:
    return Notebook.open(folder, vaults=vaults, model="hashed", settings=Settings())


def encoded(notebook: Notebook) -> int:
    assert isinstance(notebook.embedder, HashedEmbedder)
    return notebook.embedder.encoded


def by_name(notebook: Notebook) -> dict[str, VaultStatus]:
    return {vault.name: vault for vault in notebook.vaults()}


def found(notebook: Notebook, words: str) -> set[tuple[str, str]]:
    return {(hit.vault, hit.note) for hit in notebook.search(words, k=50) if words.split()[0] in hit.text}


def all_rows(notebook: Notebook) -> list[tuple[object, ...]]:
    """What the index holds of its notes, without ids and times: equal for equal vaults."""
    rows: list[tuple[object, ...]] = []
    roots = {vault.id: vault.root for vault in notebook.store.vaults()}
    for note in notebook.store.all_notes().values():
        passages = [(p.start, p.end, p.headings, p.text, p.embedded) for p in notebook.store.passages_of(note.id)]
        rows.append((roots[note.vault], note.path, note.title, note.tags, note.date, note.content_hash, passages))
    links = "SELECT target, to_path, how, others FROM link ORDER BY target, start"
    return [*sorted(rows, key=str), *notebook.store._connection.execute(links).fetchall()]


def equals_fresh(notebook: Notebook, folder: Path) -> bool:
    with open_index(folder, *(Path(vault.root) for vault in notebook.vaults())) as fresh:
        fresh.update()
        return all_rows(fresh) == all_rows(notebook)


@pytest.fixture
def outer(tmp_path: Path, vault: Path) -> Path:
    """The small vault with a folder in it that is worth being a vault of its own."""
    write(vault, "work/plan.md", "the quarry plan, see [[harbour]] and [[log]]\n")
    write(vault, "work/log.md", "quarry log of the week\n")
    write(vault, "work/deep/old.md", "quarry days of old\n")
    write(vault, "index of work.md", "[[work/plan]] says it all\n")
    return vault


@pytest.fixture
def indexed(tmp_path: Path, outer: Path) -> Iterator[Notebook]:
    with open_index(tmp_path / "index", outer) as notebook:
        notebook.update()
        yield notebook


def test_the_list_says_what_is_there(indexed: Notebook, outer: Path, tmp_path: Path) -> None:
    (tmp_path / "bare" / ".hidden").mkdir(parents=True)
    write(tmp_path, "gone/a.md", "a")
    for name in ("bare", "gone"):
        indexed.add_vault(tmp_path / name)
    before = by_name(indexed)["vault"]
    assert (before.notes, before.state, before.root) == (7, "here", str(outer))
    assert before.last_read is not None
    assert by_name(indexed)["gone"].last_read is None
    shutil.rmtree(tmp_path / "gone")
    assert {name: vault.state for name, vault in by_name(indexed).items()} == {
        "vault": "here",
        "bare": "empty",
        "gone": "gone",
    }


def test_last_read_moves_on_with_an_update_that_finds_nothing_new(
    indexed: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = by_name(indexed)["vault"].last_read
    later = 2_000_000_000 * 10**9
    monkeypatch.setattr("notesearch.scan.now_ns", lambda: later)
    indexed.update()
    after = by_name(indexed)["vault"].last_read
    assert before and after and (before, after.timestamp()) == (before, later / 1e9)


def test_a_vault_that_moved_is_not_embedded_again(indexed: Notebook, outer: Path, tmp_path: Path) -> None:
    before, rows = encoded(indexed), indexed.store.passage_ids().tolist()
    outer.rename(tmp_path / "archive")
    indexed.move_vault("vault", tmp_path / "archive")
    report = indexed.update()
    assert (report.added, report.changed, report.removed, report.unchanged) == (0, 0, 0, 7)
    assert (encoded(indexed) - before, indexed.store.passage_ids().tolist()) == (0, rows)
    assert list(by_name(indexed)) == ["archive"]
    assert indexed.search("quarry log")[0].urls.file.endswith("/archive/work/log.md")
    assert equals_fresh(indexed, tmp_path / "fresh")


def test_a_copy_on_another_disk_costs_no_embedding_either(indexed: Notebook, outer: Path, tmp_path: Path) -> None:
    before = encoded(indexed)
    shutil.copytree(outer, tmp_path / "disk" / "vault")
    shutil.rmtree(outer)
    indexed.move_vault(str(outer), tmp_path / "disk" / "vault")
    assert list(by_name(indexed)) == ["vault"]
    assert indexed.update().unchanged == 7
    assert encoded(indexed) == before


def test_a_move_to_a_folder_of_other_notes_is_refused(indexed: Notebook, outer: Path, tmp_path: Path) -> None:
    write(tmp_path, "other/bread.md", "another bread\n")
    with pytest.raises(VaultError, match=r"holds 1 of the 7 notes .* Nothing was changed"):
        indexed.move_vault("vault", tmp_path / "other")
    with pytest.raises(VaultError, match="does not exist"):
        indexed.move_vault("vault", tmp_path / "nowhere")
    assert by_name(indexed)["vault"].root == str(outer)
    indexed.move_vault("vault", tmp_path / "other", force=True)
    assert by_name(indexed)["other"].notes == 7


def test_a_move_onto_another_vault_is_refused(indexed: Notebook, outer: Path, tmp_path: Path) -> None:
    """As when the new folder was indexed before anybody thought of `move`."""
    outer.rename(tmp_path / "new")
    indexed.add_vault(tmp_path / "new")
    report = indexed.update()
    assert (report.added, [problem.vault for problem in report.refused]) == (7, ["vault"])
    with pytest.raises(VaultError, match=r"in the index already, as the vault 'new'.*vaults forget"):
        indexed.move_vault("vault", tmp_path / "new")
    indexed.forget_vault("vault")
    assert found(indexed, "quarry log") == {
        ("new", "work/log.md"),
        ("new", "work/plan.md"),
        ("new", "work/deep/old.md"),
    }


def test_a_forgotten_vault_leaves_nothing_in_the_files(tmp_path: Path, vault: Path) -> None:
    write(tmp_path, "diary/secret.md", "# xylographer\n\nthe xylographer calls [[harbour|zanzibarian]] #quixotry\n")
    with open_index(tmp_path / "index", vault, tmp_path / "diary") as notebook:
        notebook.update()
        before = encoded(notebook)
        notebook.forget_vault("diary")
        assert notebook.search("xylographer zanzibarian quixotry") == [] or not found(notebook, "xylographer")
        assert list(by_name(notebook)) == ["vault"]
        assert notebook.store._connection.execute("SELECT count(*) FROM vector").fetchone() == (4,)
        for file in (tmp_path / "index").iterdir():
            for word in (b"xylograph", b"zanzibar", b"quixotr", b"diary"):
                assert word not in file.read_bytes().lower(), file
        assert encoded(notebook) == before
        assert equals_fresh(notebook, tmp_path / "fresh")
        notebook.add_vault(tmp_path / "diary")
        assert notebook.update().added == 1
        assert found(notebook, "xylographer calls") == {("diary", "secret.md")}
    assert (tmp_path / "diary" / "secret.md").exists()


def test_forgetting_the_only_vault_leaves_an_index_that_works(indexed: Notebook, outer: Path) -> None:
    indexed.forget_vault("vault")
    assert (indexed.vaults(), indexed.search("quarry"), indexed.store.counts().notes) == ((), [], 0)
    with pytest.raises(UsageError, match="no vault yet"):
        indexed.update()
    indexed.add_vault(outer)
    assert indexed.update().added == 7


def test_forgetting_writes_the_snapshots_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notesearch.index.base._ROWS_WORTH_A_BASE", 20)
    for name in ("ships", "trains"):
        for n in range(30):
            write(tmp_path, f"{name}/{n}.md", f"{name} number {n} carried cargo {n * 7 % 13}\n")
    with open_index(tmp_path / "index", tmp_path / "ships", tmp_path / "trains") as notebook:
        notebook.update()
        notebook.forget_vault("ships")
        base = notebook.store._snapshots.base()
        assert base is not None and base.count == 30
        assert {hit.vault for hit in notebook.search("number 7 carried cargo", k=60)} == {"trains"}
        assert not notebook.store.is_damaged()


def test_vaults_of_one_name_do_not_mix(tmp_path: Path, vault: Path) -> None:
    second = tmp_path / "second" / "vault"
    write(second, "bread.md", "sourdough is quite another bread\n")
    write(second, "only here.md", "a lantern\n")
    with open_index(tmp_path / "index", vault, second) as notebook:
        assert any("is called 'vault 2' here" in remark for remark in notebook.take_remarks())
        notebook.update()
        assert {v.name: v.notes for v in notebook.vaults()} == {"vault": 3, "vault 2": 2}
        only_second = Where(vaults=("vault 2",))
        assert {hit.text for hit in notebook.search("bread", where=only_second) if hit.note == "bread.md"} == {
            "sourdough is quite another bread"
        }
        with pytest.raises(UsageError, match=r"Several vaults .* vault/bread.md or vault 2/bread.md"):
            notebook.related("bread.md")
        near = {(hit.vault, hit.note) for hit in notebook.related("vault 2/bread.md")}
        assert ("vault", "bread.md") in near and ("vault 2", "bread.md") not in near
        assert notebook.related("only here.md")
        (second / "bread.md").unlink()
        assert notebook.update().removed == 1
        assert found(notebook, "flour water") == {("vault", "bread.md")}
        notebook.forget_vault("vault 2")
        assert {v.name: v.notes for v in notebook.vaults()} == {"vault": 3}
        assert found(notebook, "flour water") == {("vault", "bread.md")}


def test_links_into_obsidian_vaults_of_one_name_go_by_path(tmp_path: Path) -> None:
    for place in ("a/notes", "b/notes"):
        write(tmp_path, f"{place}/.obsidian/app.json", "{}")
        write(tmp_path, f"{place}/x.md", f"lantern of {place}\n")
    with open_index(tmp_path / "index", tmp_path / "a/notes") as notebook:
        notebook.update()
        assert "?vault=notes&" in (notebook.search("lantern")[0].urls.obsidian or "")
        notebook.add_vault(tmp_path / "b/notes")
        notebook.update()
        urls = {hit.urls.obsidian for hit in notebook.search("lantern")}
        assert len(urls) == 2 and all(url and url.startswith("obsidian://open?path=") for url in urls)


def test_a_name_that_is_also_a_folder_is_not_guessed(
    tmp_path: Path, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "second/vault/x.md", "x\n")
    with open_index(tmp_path / "index", vault, tmp_path / "second" / "vault") as notebook:
        monkeypatch.chdir(tmp_path / "second")
        with pytest.raises(UsageError, match="is the name of the vault"):
            notebook.forget_vault("vault")
        notebook.forget_vault("./vault")
        assert [v.root for v in notebook.vaults()] == [str(vault)]
        with pytest.raises(UsageError, match=r"no vault 'nobody' in the index. Known are: 'vault'"):
            notebook.forget_vault("nobody")


def test_one_folder_by_two_paths_is_one_vault(indexed: Notebook, outer: Path, tmp_path: Path) -> None:
    (tmp_path / "by another name").symlink_to(outer)
    indexed.add_vault(tmp_path / "by another name")
    indexed.add_vault(outer / "work" / "..")
    assert len(indexed.vaults()) == 1


def test_a_vault_in_another_takes_its_notes_over(indexed: Notebook, outer: Path, tmp_path: Path) -> None:
    before, rows = encoded(indexed), indexed.store.passage_ids().tolist()
    indexed.add_vault(outer / "work")
    assert any("lies in the vault 'vault'" in remark for remark in indexed.take_remarks())
    assert {v.name: v.notes for v in indexed.vaults()} == {"vault": 4, "work": 3}
    assert found(indexed, "quarry") == {("work", "plan.md"), ("work", "log.md"), ("work", "deep/old.md")}
    report = indexed.update()
    assert (report.added, report.removed) == (0, 0)
    assert (encoded(indexed), indexed.store.passage_ids().tolist()) == (before, rows)
    assert equals_fresh(indexed, tmp_path / "fresh")
    indexed.forget_vault("work")
    assert any("found as notes of that one" in remark for remark in indexed.take_remarks())
    assert {v.name: v.notes for v in indexed.vaults()} == {"vault": 7}
    report = indexed.update()
    assert (report.added, report.removed, encoded(indexed)) == (0, 0, before)
    assert equals_fresh(indexed, tmp_path / "fresh again")


def test_a_vault_around_another_leaves_it_its_notes(tmp_path: Path, outer: Path) -> None:
    with open_index(tmp_path / "index", outer / "work") as notebook:
        notebook.update()
        before = encoded(notebook)
        notebook.add_vault(outer)
        assert any("is a vault of its own" in remark for remark in notebook.take_remarks())
        assert notebook.update().added == 4
        assert encoded(notebook) - before == 5
        assert {v.name: v.notes for v in notebook.vaults()} == {"work": 3, "vault": 4}
        assert equals_fresh(notebook, tmp_path / "fresh")


def test_vaults_in_a_vault_move_with_it(indexed: Notebook, outer: Path, tmp_path: Path) -> None:
    indexed.add_vault(outer / "work")
    indexed.update()
    before = encoded(indexed)
    outer.rename(tmp_path / "elsewhere")
    indexed.move_vault("vault", tmp_path / "elsewhere")
    assert any("'work' moved with it" in remark for remark in indexed.take_remarks())
    report = indexed.update()
    assert (report.added, report.removed, report.refused, encoded(indexed)) == (0, 0, (), before)
    assert {v.name: v.root for v in indexed.vaults()} == {
        "elsewhere": str(tmp_path / "elsewhere"),
        "work": str(tmp_path / "elsewhere" / "work"),
    }


def test_a_vault_that_is_away_leaves_the_others_usable(tmp_path: Path, vault: Path) -> None:
    write(tmp_path, "usb/stick.md", "flour on the stick\n")
    with open_index(tmp_path / "index", vault, tmp_path / "usb") as notebook:
        notebook.update()
        (tmp_path / "usb").rename(tmp_path / "unplugged")
        write(vault, "new.md", "a new kettle\n")
        report = notebook.update()
        assert (report.added, [problem.vault for problem in report.refused]) == (1, ["usb"])
        assert {hit.vault for hit in notebook.search("flour", k=50)} == {"vault"}
        assert any("vault 'usb' is left out. Cannot read" in remark for remark in notebook.take_remarks())
        with pytest.raises(VaultError, match="there is no such folder"):
            notebook.search("flour", where=Where(vaults=("usb",)))
        assert {v.name: (v.state, v.notes) for v in notebook.status().vaults} == {
            "vault": ("here", 4),
            "usb": ("gone", 1),
        }
        (tmp_path / "unplugged").rename(tmp_path / "usb")
        assert notebook.update().unchanged == 5
        assert {hit.vault for hit in notebook.search("flour", k=50)} == {"vault", "usb"}


# -- Deletion only on proof (F9) -------------------------------------------------------------------------------------


def replaced_by_an_empty_folder(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))
    root.mkdir()


def replaced_by_a_file(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))
    root.write_text("not a folder", encoding="utf-8")


def gone(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))


def only_hidden_left(root: Path) -> None:
    replaced_by_an_empty_folder(root)
    write(root, ".fseventsd/no_log", "")


@pytest.mark.parametrize("accident", [gone, replaced_by_an_empty_folder, replaced_by_a_file, only_hidden_left])
def test_f9_however_few_notes_an_accident_deletes_none(
    indexed: Notebook, outer: Path, accident: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notesearch.disk._RESCAN_S", 0.0)
    assert callable(accident)
    accident(outer)
    with pytest.raises(VaultError):
        indexed.update()
    try:
        assert indexed.search("quarry log") == []  # nor is text shown that no file is known to hold
    except VaultError:
        assert accident in (gone, replaced_by_a_file)
    assert indexed.store.counts().notes == 7
    shutil.rmtree(outer) if outer.is_dir() else outer.unlink(missing_ok=True)
    outer.with_name("elsewhere").rename(outer)
    report = indexed.update()
    assert (report.unchanged, report.embedded) == (7, 0)


def test_f9_an_empty_vault_is_believed_if_told_so(indexed: Notebook, outer: Path) -> None:
    replaced_by_an_empty_folder(outer)
    assert indexed.update(force=True).removed == 7


def deny(monkeypatch: pytest.MonkeyPatch, call: str, place: Path, error: OSError) -> None:
    """The system refuses one call at one place: tests may run as root, who is refused nothing."""
    real = getattr(os, call)

    def refusing(path: str | Path, *rest: object, **named: object) -> object:
        if Path(os.fsdecode(os.fspath(path))) == place:
            raise error
        return real(path, *rest, **named)

    monkeypatch.setattr(os, call, refusing)


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_f9_a_folder_that_cannot_be_listed_keeps_its_notes(
    indexed: Notebook, outer: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    with monkeypatch.context() as patch:
        deny(patch, "scandir", outer / "work", OSError(error, os.strerror(error)))
        report = indexed.update()
        assert report.removed == 0
        assert [(p.path, "cannot be listed" in p.reason) for p in report.failed] == [("work", True)]
    assert indexed.update().unchanged == 7


def test_f9_a_file_that_was_not_found_is_kept_unless_the_system_says_it_is_gone(
    indexed: Notebook, outer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outer / "bread.md").unlink()
    (outer / "harbour.md").unlink()
    with monkeypatch.context() as patch:
        deny(patch, "lstat", outer / "bread.md", OSError(errno.EIO, "Input/output error"))
        report = indexed.update()
        assert report.removed == 1
        assert [(p.path, p.reason) for p in report.failed] == [
            ("bread.md", "cannot be looked at: Input/output error; kept as it was")
        ]
    assert indexed.update().removed == 1


def test_f9_a_drive_that_goes_while_it_is_read_deletes_nothing(
    indexed: Notebook, outer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def unmounting(path: str | Path) -> object:
        if Path(path) == outer / "work":
            replaced_by_an_empty_folder(outer)
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", unmounting)
        with pytest.raises(VaultError, match="exchanged for another folder while it was read"):
            indexed.update()
    assert indexed.store.counts().notes == 7


def test_f9_what_is_left_out_on_purpose_is_no_accident(tmp_path: Path) -> None:
    root = tmp_path / "vault"
    for n in range(40):
        write(root, f"private/{n}.md", f"secret number {n}\n")
    write(root, "open.md", "all may know\n")
    with open_index(tmp_path / "index", root) as notebook:
        notebook.update()
        write(root, ".notesearchignore", "private/\n")
        assert notebook.update().removed == 40


def test_f9_one_vault_that_lost_most_of_its_notes_does_not_hold_up_the_others(tmp_path: Path, vault: Path) -> None:
    many = tmp_path / "many"
    for n in range(30):
        write(many, f"{n}.md", f"number {n}\n")
    with open_index(tmp_path / "index", vault, many) as notebook:
        notebook.update()
        for n in range(25):
            (many / f"{n}.md").unlink()
        write(vault, "new.md", "a new kettle\n")
        report = notebook.update()
        assert (report.added, report.removed) == (1, 0)
        assert ["25 of 30 notes" in problem.reason for problem in report.refused] == [True]
        assert notebook.update(force=True).removed == 25
