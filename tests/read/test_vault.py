"""Which files a vault has, what is left alone, and how bytes are read: rules F1 to F7, F10, U1."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notesearch.errors import VaultError
from notesearch.index.records import VaultKind
from notesearch.read import vault
from notesearch.read.vault import (
    NotOpened,
    Problem,
    Unreadable,
    Walk,
    WalkRules,
    detect_kind,
    kind_by_files,
    obsidian_root,
    original_of,
    read_bytes,
    walk,
)

LIMIT = 1024 * 1024


def write(root: Path, *paths: str, text: str = "x") -> Path:
    for path in paths:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return root


def paths(found: Walk, *roles: str) -> list[str]:
    return [file.path for file in found.files if not roles or file.role in roles]


# -- F1, U1: the kind of a vault


@pytest.mark.parametrize(
    ("sign", "kind"),
    [
        (".obsidian/app.json", VaultKind.OBSIDIAN),
        ("quartz.config.ts", VaultKind.QUARTZ),
        ("../quartz.config.ts", VaultKind.QUARTZ),
        ("logseq/config.edn", VaultKind.LOGSEQ),
        ("dendron.yml", VaultKind.DENDRON),
        ("../dendron.yml", VaultKind.DENDRON),
        ("note.md", VaultKind.PLAIN),
        ("sub/.obsidian/app.json", VaultKind.PLAIN),
        ("sub/dendron.yml", VaultKind.PLAIN),
    ],
)
def test_signs_tell_the_kind(tmp_path: Path, sign: str, kind: VaultKind) -> None:  # F1
    root = tmp_path / "site" / "content"
    root.mkdir(parents=True)
    write(root, sign, text="{}")
    assert detect_kind(root) is kind
    assert walk(root).kind is kind


def test_the_first_sign_counts(tmp_path: Path) -> None:  # F1
    write(tmp_path, ".obsidian/app.json", "quartz.config.ts", "logseq/config.edn", "dendron.yml")
    assert detect_kind(tmp_path) is VaultKind.OBSIDIAN


def test_obsidian_opens_the_nearest_vault_at_or_above(tmp_path: Path) -> None:  # U1
    write(tmp_path, "outer/.obsidian/app.json", "outer/inner/.obsidian/app.json", "outer/inner/a/b/n.md")
    assert obsidian_root(tmp_path / "outer" / "inner" / "a" / "b") == tmp_path / "outer" / "inner"
    assert obsidian_root(tmp_path / "outer") == tmp_path / "outer"
    assert obsidian_root(tmp_path) is None


# -- F2, F5: which files


def test_notes_are_told_by_their_extension_in_any_case(tmp_path: Path) -> None:  # F2
    write(tmp_path, "a.md", "b.MARKDOWN", "c.Md", "d.canvas", "e.txt", "f.base", "md", "g.md.png", "h.md/i.md")
    found = walk(tmp_path)
    assert paths(found, "note") == ["a.md", "b.MARKDOWN", "c.Md", "h.md/i.md"]
    assert paths(found, "canvas") == ["d.canvas"]
    assert paths(found, "picture") == ["g.md.png"]
    assert paths(found, "attachment") == ["e.txt", "f.base", "md"]


def test_other_extensions_can_be_switched_on(tmp_path: Path) -> None:  # F2
    write(tmp_path, "a.txt", "b.ORG", "c.pdf")
    assert paths(walk(tmp_path, WalkRules(extensions=("txt", ".org"))), "note") == ["a.txt", "b.ORG"]


@pytest.mark.parametrize(
    "name",
    [
        "two\nlines.md",
        "\x1b]0;owned\x07.md",
        'it\'s "quoted" `tick` $HOME.md',
        "🐘.md",
        "-rf.md",
        "n" * 252 + ".md",
        "CON.md",
        "ends. .md",
        "a#b^c|d%20e?f&g+h=i[j].md",
        "c:\\x y.md",
        "[a-z]*{1,2}?.md",
        "Re\u0301sume\u0301.md",
        os.fsdecode(b"bad\xff\xfe.md"),
    ],
)
def test_a_path_is_the_name_on_disk_byte_for_byte(tmp_path: Path, name: str) -> None:  # F5
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / name).write_bytes(b"found")
    (file,) = walk(tmp_path).files
    assert os.fsencode(file.path) == b"names/" + os.fsencode(name)
    assert read_bytes(tmp_path, file.path, LIMIT)[0] == b"found"


def test_names_that_are_nearly_equal_are_kept_apart(tmp_path: Path) -> None:  # F5
    names = ["2026-06-16.md", "2026_06_16.md", "Caf\u00e9.md", "Cafe\u0301.md", "Readme.md", "readme.md"]
    write(tmp_path, *names)
    assert paths(walk(tmp_path)) == sorted(file.name for file in tmp_path.iterdir())


def test_deep_folders_are_walked_to_their_end(tmp_path: Path) -> None:  # F2
    deep = "d/" * 300 + "deep.md"
    assert paths(walk(write(tmp_path, deep))) == [deep]


# -- F3: what is left out


def test_names_that_are_never_notes(tmp_path: Path) -> None:  # F3
    write(
        tmp_path, ".hidden.md", ".git/a.md", ".trash/a.md", "node_modules/p/README.md", "a.md~", "a.md.tmp", ".a.md.swp"
    )
    write(tmp_path, "kept.md", "drafts/unpublished.md", "b/node_modules/c.md", "b/x.swp")
    assert paths(walk(tmp_path)) == ["drafts/unpublished.md", "kept.md"]


def test_obsidians_excluded_files(tmp_path: Path) -> None:  # F3
    filters = ["Private/", "/^work\\/C-/", "Old", ""]
    write(tmp_path, ".obsidian/app.json", text=json.dumps({"userIgnoreFilters": filters}))
    write(tmp_path, "Private/diary.md", "work/C-12/x.md", "work/D/C-1.md", "Old notes.md", "Older/x.md", "not Old.md")
    found = walk(tmp_path)
    assert paths(found) == ["not Old.md", "work/D/C-1.md"]
    assert found.problems == ()


def test_what_is_private_is_so_in_either_spelling_of_an_accent(tmp_path: Path) -> None:  # F3
    write(tmp_path, ".obsidian/app.json", text=json.dumps({"userIgnoreFilters": ["Priv\u00e9/"]}))
    write(tmp_path, "Prive\u0301/diary.md", "journal/e\u0301te\u0301.md")
    assert paths(walk(tmp_path, WalkRules(exclude=("\u00e9t\u00e9.md",)))) == []


def test_templates_are_left_out_unless_asked_for(tmp_path: Path) -> None:  # F3
    write(tmp_path, ".obsidian/templates.json", text=json.dumps({"folder": "/Templates/"}))
    write(tmp_path, "Templates/daily.md", "Templates.md")
    assert paths(walk(tmp_path)) == ["Templates.md"]
    assert paths(walk(tmp_path, WalkRules(include_templates=True))) == ["Templates.md", "Templates/daily.md"]


@pytest.mark.parametrize("folder", ["", "/", None, 7])
def test_no_template_folder_leaves_nothing_out(tmp_path: Path, folder: object) -> None:  # F3
    write(tmp_path, ".obsidian/templates.json", text=json.dumps({"folder": folder}))
    assert paths(walk(write(tmp_path, "a.md"))) == ["a.md"]


def test_logseq_hides_what_its_settings_name_and_its_own_backups(tmp_path: Path) -> None:  # F3
    config = """{:x "a ; b"
      ;; :hidden ["/pages"]
      :hidden ["/archived" "/test.md"]
      :journal/file-name-format "yyyy_MM_dd"}"""
    write(tmp_path, "logseq/config.edn", text=config)
    write(tmp_path, "archived/a.md", "test.md", "pages/a.md", "logseq/bak/pages/a.md", "logseq/custom.css")
    found = walk(tmp_path)
    assert paths(found) == ["logseq/config.edn", "logseq/custom.css", "pages/a.md"]
    assert found.daily_format == "yyyy_MM_dd"


def test_our_own_ignore_list_reads_as_git_does(tmp_path: Path) -> None:  # F3
    write(tmp_path, vault.IGNORE_FILE, text="# mine\n/drafts/\n*.log.md\r\n!keep.log.md\n")
    write(tmp_path, "drafts/a.md", "b/drafts/a.md", "x.log.md", "keep.log.md", "secret/s.md")
    assert paths(walk(tmp_path, WalkRules(exclude=("secret/",)))) == ["b/drafts/a.md", "keep.log.md"]


@pytest.mark.parametrize("broken", ['{"userIgnoreFilters": [', "[1]", "\x00", "[" * 100_000, '{"a": ' * 50_000])
def test_broken_settings_are_reported_and_not_used(tmp_path: Path, broken: str) -> None:  # F3, N2
    write(tmp_path, ".obsidian/app.json", ".obsidian/templates.json", ".obsidian/daily-notes.json", text=broken)
    found = walk(write(tmp_path, "a.md"))
    assert paths(found) == ["a.md"]
    assert {problem.path for problem in found.problems} == {
        ".obsidian/app.json",
        ".obsidian/templates.json",
        ".obsidian/daily-notes.json",
    }


def test_patterns_that_are_none_are_reported(tmp_path: Path) -> None:  # F3
    write(tmp_path, ".obsidian/app.json", text=json.dumps({"userIgnoreFilters": ["/(/", 3, f"/{'a' * 600}/"]}))
    write(tmp_path, vault.IGNORE_FILE, text="!\n*a*a*a*a*b\n")
    assert [problem.reason for problem in walk(write(tmp_path, "a.md")).problems] == [
        "/(/ is no regular expression; nothing is left out by it",
        f"/{'a' * 79} is too long; nothing is left out by it",
        "! is no pattern; nothing is left out by it",
        "*a*a*a*a*b has too many stars; nothing is left out by it",
    ]


def test_hostile_patterns_do_not_hold_up_the_walk(tmp_path: Path) -> None:  # F3, X7
    write(tmp_path, ".obsidian/app.json", text=json.dumps({"userIgnoreFilters": ["/^(a|aa)+$/", "/^b/"]}))
    write(tmp_path, vault.IGNORE_FILE, text="*a*a*ab\n")
    write(tmp_path, "a" * 200 + ".md", "b.md", "c.md")
    began = time.perf_counter()
    found = walk(tmp_path)
    assert time.perf_counter() - began < 2
    assert paths(found) == ["a" * 200 + ".md", "c.md"]
    assert found.problems == (Problem(".obsidian/app.json", "/^(a|aa)+$/ takes too long; nothing is left out by it"),)


def test_the_format_of_daily_notes_comes_along(tmp_path: Path) -> None:  # D2
    assert walk(tmp_path).daily_format is None
    write(tmp_path, ".obsidian/daily-notes.json", text='{"folder": "journal", "format": "YYYY/MM-MMMM/YYYY-MM-DD"}')
    assert walk(tmp_path).daily_format == "YYYY/MM-MMMM/YYYY-MM-DD"


# -- F4, F10: what is not opened


@pytest.fixture
def special(tmp_path: Path) -> Iterator[Path]:
    """A vault of links, a pipe and a socket, with something outside that must not be found."""
    write(tmp_path, "outside/secret.md", "outside/dir/inner.md", "vault/content/plain.md")
    folder = tmp_path / "vault" / "fs"
    folder.mkdir()
    links = {
        "out.md": "../../outside/secret.md",
        "outdir": "../../outside/dir",
        "loop": "../fs",
        "up": "../..",
        "gone.md": "nowhere.md",
        "alias.md": "../content/plain.md",
        ".#plain.md": "user@host.1234",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    os.mkfifo(folder / "pipe.md")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket has room for some hundred bytes
        listener.bind("socket.md")
        os.chdir(here)
        yield tmp_path / "vault"


def test_links_pipes_and_sockets_are_counted_and_left_alone(special: Path) -> None:  # F4
    found = walk(special)
    assert paths(found) == ["content/plain.md"]
    assert found.not_opened == NotOpened(links=6, pipes=1, sockets=1)


@pytest.mark.parametrize(
    "path",
    [
        "fs/out.md",
        "fs/outdir/inner.md",
        "fs/loop/loop/pipe.md",
        "fs/alias.md",
        "fs/pipe.md",
        "fs/socket.md",
        "fs",
        "fs/gone.md",
        "../outside/secret.md",
        "content/../../outside/secret.md",
        "/etc/hostname",
        "",
        "content/",
        "./content/plain.md",
        "content/plain.md\0",
    ],
)
def test_nothing_but_a_regular_file_of_the_vault_is_read(special: Path, path: str) -> None:  # F4, N3
    with pytest.raises(Unreadable) as caught:
        read_bytes(special, path, LIMIT)
    assert caught.value.path == path
    assert not caught.value.gone


def test_a_folder_that_became_a_link_is_not_gone_through(tmp_path: Path) -> None:  # F4, N3
    write(tmp_path, "outside/a.md", text="secret")
    root = write(tmp_path / "vault", "notes/a.md")
    assert paths(walk(root)) == ["notes/a.md"]
    (root / "notes" / "a.md").unlink()
    (root / "notes").rmdir()
    (root / "notes").symlink_to("../outside")
    with pytest.raises(Unreadable, match="is a link, or lies behind one"):
        read_bytes(root, "notes/a.md", LIMIT)


def test_links_into_a_named_folder_are_followed(special: Path) -> None:  # F4
    outside = special.parent / "outside"
    (special / "again").symlink_to("../outside/dir")
    (special / "inner link.md").symlink_to("../outside/dir/inner.md")
    found = walk(special, WalkRules(linked_folders=(outside,)))
    assert paths(found) == ["again/inner.md", "content/plain.md", "fs/out.md"]
    for file in found.files:
        assert read_bytes(special, file.path, LIMIT, (outside,))[0] == b"x"
    assert found.not_opened.links == 4


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:  # F4
    write(tmp_path / "real", "a/b.md")
    (tmp_path / "link").symlink_to("real")
    assert paths(walk(tmp_path / "link")) == ["a/b.md"]
    assert read_bytes(tmp_path / "link", "a/b.md", LIMIT)[0] == b"x"


def test_two_names_of_one_file_are_two_notes(tmp_path: Path) -> None:  # F4: hard links
    write(tmp_path, "a.md")
    (tmp_path / "b.md").hardlink_to(tmp_path / "a.md")
    assert paths(walk(tmp_path)) == ["a.md", "b.md"]


def test_what_only_the_cloud_has_is_counted_and_named(tmp_path: Path) -> None:  # F10
    write(tmp_path, "content/.away.md.icloud", "content/here.md")
    found = walk(tmp_path)
    assert (found.not_downloaded, found.not_opened.not_downloaded) == (("content/away.md",), 1)
    assert paths(found) == ["content/here.md"]


@pytest.mark.parametrize(
    ("name", "is_copy"),
    [
        ("plain.sync-conflict-20250101-120000-ABCDEFG.md", True),
        ("plain (Ana's conflicted copy 2025-01-01).md", True),
        ("plain (Conflicted copy MyMac 202411281430).md", True),
        ("plain (conflicted copy).md", True),
        ("on conflict.md", False),
        ("a conflicted copy of my soul.md", False),
        ("sync-conflict.md", False),
    ],
)
def test_conflict_copies_are_marked(tmp_path: Path, name: str, is_copy: bool) -> None:  # F10
    (file,) = walk(write(tmp_path, name)).files
    assert file.conflict_copy is is_copy


# -- F6, F7: sizes and changes


def test_a_note_over_the_limit_is_named_and_not_read(tmp_path: Path) -> None:  # F6
    write(tmp_path, "big.md", "big.canvas", "big.png", "big.zip", text="12345")
    write(tmp_path, "small.md", text="1234")
    found = walk(tmp_path, WalkRules(max_bytes=4))
    assert {file.path for file in found.files if file.too_large} == {"big.md", "big.canvas", "big.png"}
    with pytest.raises(Unreadable, match="is larger than"):
        read_bytes(tmp_path, "big.md", 4)
    assert WalkRules().max_bytes == 16 * 1024 * 1024


def test_the_fingerprint_is_that_of_the_walk(tmp_path: Path) -> None:  # F8
    write(tmp_path, "a.md", text="words")
    os.utime(tmp_path / "a.md", ns=(-5, -100_000_000_000))
    (file,) = walk(tmp_path).files
    data, fingerprint = read_bytes(tmp_path, "a.md", LIMIT)
    assert data == b"words"
    assert fingerprint == file.fingerprint
    assert (fingerprint.size, fingerprint.mtime_ns) == (5, -100_000_000_000)


class Restless:
    """Makes a file grow while it is read, the first few times."""

    def __init__(self, file: Path, times: int) -> None:
        self.file, self.times, self.fstat = file, times, os.fstat

    def __call__(self, descriptor: int) -> os.stat_result:
        status = self.fstat(descriptor)
        if self.times:
            self.times -= 1
            with self.file.open("ab") as file:
                file.write(b"+")
        return status


@pytest.mark.parametrize(("changes", "text"), [(1, b"x+"), (4, b"x++++")])
def test_a_file_that_changes_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: int, text: bytes
) -> None:  # F7
    write(tmp_path, "a.md")
    monkeypatch.setattr(os, "fstat", Restless(tmp_path / "a.md", changes))
    assert read_bytes(tmp_path, "a.md", LIMIT)[0] == text


def test_a_file_that_keeps_changing_is_left_for_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # F7
    write(tmp_path, "a.md")
    monkeypatch.setattr(os, "fstat", Restless(tmp_path / "a.md", 100))
    with pytest.raises(Unreadable, match="changes while it is read"):
        read_bytes(tmp_path, "a.md", LIMIT)


# -- F9: gone, or only out of sight


@pytest.mark.parametrize("path", ["nowhere.md", "no/folder.md", "a.md/b.md"])
def test_a_file_is_gone_only_if_the_system_says_so(tmp_path: Path, path: str) -> None:  # F9: ENOENT, ENOTDIR
    write(tmp_path, "a.md")
    with pytest.raises(Unreadable) as caught:
        read_bytes(tmp_path, path, LIMIT)
    assert (caught.value.reason, caught.value.gone) == ("is gone", True)


def test_a_locked_file_is_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # F9
    def locked(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    write(tmp_path, "a.md")
    monkeypatch.setattr(os, "open", locked)
    with pytest.raises(Unreadable) as caught:
        read_bytes(tmp_path, "a.md", LIMIT)
    assert (caught.value.reason, caught.value.gone) == ("cannot be read: Permission denied", False)


def deny(monkeypatch: pytest.MonkeyPatch, folder: Path, error: OSError) -> None:
    """Let listing this folder fail; file modes would not stop an administrator."""
    scandir = os.scandir

    def guarded(place: str) -> object:
        if Path(place) == folder:
            raise error
        return scandir(place)

    monkeypatch.setattr(os, "scandir", guarded)


def test_a_folder_that_cannot_be_listed_is_named_and_the_rest_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # F9
    write(tmp_path, "a.md", "locked/b.md", "z/c.md")
    deny(monkeypatch, tmp_path / "locked", PermissionError(errno.EACCES, "Permission denied"))
    found = walk(tmp_path)
    assert (paths(found), found.unreadable) == (["a.md", "z/c.md"], ("locked",))


def test_a_folder_that_went_away_meanwhile_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # F9
    write(tmp_path, "a.md", "b/c.md")
    deny(monkeypatch, tmp_path / "b", FileNotFoundError(errno.ENOENT, "No such file or directory"))
    assert walk(tmp_path).unreadable == ()


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (FileNotFoundError(errno.ENOENT, ""), "there is no such folder. Connect the drive it lies on, or say"),
        (NotADirectoryError(errno.ENOTDIR, ""), "it is a file. Name the folder that holds the notes."),
        (PermissionError(errno.EACCES, "Permission denied"), "the system says: Permission denied. Check that you may"),
    ],
)
def test_a_root_that_cannot_be_listed_is_an_error_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, seen: str
) -> None:  # F9
    deny(monkeypatch, tmp_path, error)
    with pytest.raises(VaultError) as caught:
        walk(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"Cannot read the vault {tmp_path}: {seen}")
    assert message.endswith("The index stays as it is.")


def test_a_missing_root_and_a_file_as_root(tmp_path: Path) -> None:  # F9
    write(tmp_path, "a.md")
    for root in (tmp_path / "nowhere", tmp_path / "a.md"):
        with pytest.raises(VaultError):
            walk(root)


# -- Invariants

NAME = st.text(alphabet="aB1 é.-_#", min_size=1, max_size=8).filter(lambda name: name[0] != "." and name[-1] != "~")


@settings(max_examples=30, deadline=None)
@given(st.sets(st.tuples(NAME, NAME.map(lambda name: f"{name}.md")), max_size=8))
def test_what_is_written_is_found_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, names: set[tuple[str, str]]
) -> None:  # F2, F5
    root = tmp_path_factory.mktemp("vault")
    written = {f"{folder}/{name}" for folder, name in names}
    write(root, *written)
    found = paths(walk(root), "note")
    assert found == sorted(written)


def test_f1_a_copy_without_settings_is_known_by_its_files() -> None:
    dendron = ["root.md", "dev.md", "dev.git.md", "dev.git.rebase.md", "me.books.md"]
    assert kind_by_files(dendron) is VaultKind.DENDRON
    assert kind_by_files(dendron[1:]) is VaultKind.PLAIN
    assert kind_by_files(["journals/2025_07_11.md", "pages/git.md"]) is VaultKind.LOGSEQ
    assert kind_by_files(["journals/2025_07_11.md", "git.md", "root.md"]) is VaultKind.PLAIN


@pytest.mark.parametrize(
    "name",
    [
        "a.sync-conflict-20250101-120000-ABCDEFG.md",
        "a (Ana's conflicted copy 2025-01-01).md",
        "a (Conflicted copy Mac 202411281430).md",
    ],
)
def test_the_original_of_a_conflict_copy(name: str) -> None:  # F10
    assert original_of(f"x (1)/{name}") == "x (1)/a.md"


def test_what_was_not_opened_is_counted_in_words() -> None:  # F4
    assert str(NotOpened(links=1, pipes=2, not_downloaded=1)) == "1 link, 2 pipes not opened, 1 file not downloaded"
    assert str(NotOpened(not_downloaded=3)) == "3 files not downloaded"
    assert str(NotOpened()) == ""
