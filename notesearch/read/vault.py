"""A vault on disk: its kind, the files in it, and their bytes (rules F1 to F7, F10).

The walk lists each folder once and asks the system once for each file; it opens nothing but the vault's own settings. A
read opens a regular file, and never by way of a link. So nothing outside the vault is read (N3), and nothing can make a
run wait: no pipe, no device, no circle of links. A path here is the path on disk, relative to the vault, with `/`;
`os.fsencode` gives its very bytes back (F5).
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import normalize

from notesearch.errors import VaultError
from notesearch.index.records import ROLES, Fingerprint, Role, VaultKind

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".notesearchignore"
"""Patterns as in .gitignore, at the vault's root."""


@dataclass(frozen=True, slots=True)
class WalkRules:
    """What belongs to a vault, beside its own settings. `extensions` are read as notes too, such as "txt" or "org"."""

    exclude: tuple[str, ...] = ()
    """Patterns as in .gitignore, relative to the vault."""
    extensions: tuple[str, ...] = ()
    linked_folders: tuple[Path, ...] = ()
    """Links are followed only into one of these (F4); what lies in the vault is found without its links."""
    max_bytes: int = 16 * 1024 * 1024
    include_templates: bool = False
    inner_vaults: tuple[str, ...] = ()
    """Folders that are vaults of their own, such as "work/": what lies in them is theirs."""


class File(NamedTuple):
    """A file of the vault as the walk saw it. A note that is `too_large` is known by name and not read (F6)."""

    path: str
    fingerprint: Fingerprint
    role: Role
    conflict_copy: bool = False
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A line for the run's report."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotOpened:
    """How many things were met and left alone (F4, F10)."""

    links: int = 0
    pipes: int = 0
    sockets: int = 0
    devices: int = 0
    not_downloaded: int = 0

    def __str__(self) -> str:
        """Such as "2 links, 1 pipe not opened, 1 file not downloaded"; "" if nothing was met."""
        kinds = ("links", "pipes", "sockets", "devices")
        met = ", ".join(_counted(getattr(self, kind), kind) for kind in kinds if getattr(self, kind))
        waiting = self.not_downloaded and f"{_counted(self.not_downloaded, 'files')} not downloaded"
        return ", ".join(filter(None, (met and f"{met} not opened", waiting or "")))


def _counted(number: int, things: str) -> str:
    return f"{number} {things if number != 1 else things.removesuffix('s')}"


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found. `files` are sorted by path.

    `unreadable` are folders whose files are not all known ("" is the root), `not_downloaded` files that only the cloud
    has: what an index holds of either is to be kept (F9).
    """

    kind: VaultKind
    files: tuple[File, ...] = ()
    unreadable: tuple[str, ...] = ()
    not_downloaded: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    not_opened: NotOpened = field(default_factory=NotOpened)
    daily_format: str | None = None
    """How the vault names its daily notes, as its own settings say it (D2)."""


class Unreadable(Exception):
    """A file cannot be read now, for a reason to report. `gone`: the system says that it is not there (F9); `passing`:
    nothing of the file itself says so, and the next try may succeed.
    """

    def __init__(self, path: str, reason: str, *, gone: bool = False, passing: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.gone = gone
        self.passing = passing


# -- What kind of vault (F1, U1) -------------------------------------------------------------------------------------


def detect_kind(root: Path) -> VaultKind:
    """The kind of a vault, by the signs its program leaves; the first of them counts."""
    top = Path(os.path.abspath(root))
    if os.path.isdir(top / ".obsidian"):
        return VaultKind.OBSIDIAN
    if any(os.path.isfile(folder / "quartz.config.ts") for folder in (top, *top.parents)):
        return VaultKind.QUARTZ
    if os.path.isfile(top / "logseq" / "config.edn"):
        return VaultKind.LOGSEQ
    # A Dendron workspace keeps its vaults in folders of its own.
    if any(os.path.isfile(folder / "dendron.yml") for folder in (top, top.parent)):
        return VaultKind.DENDRON
    return VaultKind.PLAIN


def kind_by_files(paths: Iterable[str]) -> VaultKind:
    """What the notes themselves tell of a vault that was copied without its program's settings.

    A Logseq graph has both `journals/` and `pages/`; a Dendron vault has `root.md` and mostly dotted names.
    """
    notes = [path for path in paths if path.lower().endswith(".md")]
    if {"journals", "pages"} <= {path.partition("/")[0] for path in notes if "/" in path}:
        return VaultKind.LOGSEQ
    if "root.md" not in notes:
        return VaultKind.PLAIN
    dotted = sum("." in path[:-3] and "/" not in path for path in notes)
    return VaultKind.DENDRON if dotted * 2 > len(notes) else VaultKind.PLAIN


def obsidian_root(root: Path) -> Path | None:
    """The nearest folder at or above `root` that Obsidian opens as a vault, for links that open a note there."""
    top = Path(os.path.abspath(root))
    return next((folder for folder in (top, *top.parents) if os.path.isdir(folder / ".obsidian")), None)


# -- Which files (F2, F4, F10) ---------------------------------------------------------------------------------------

_LEFT_OUT_ENDINGS = ("~", ".tmp", ".swp")
_ICLOUD = re.compile(r"\.(.+)\.icloud")
_CONFLICT_COPY = re.compile(r"\s*\([^()]*conflicted copy[^()]*\)|\.sync-conflict-\d{8}-\d{6}-\w+", re.IGNORECASE)


def original_of(path: str) -> str:
    """Where the note lies of which a sync tool made the conflict copy at `path` (F10)."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + _CONFLICT_COPY.sub("", name)


def walk(root: Path, rules: WalkRules | None = None) -> Walk:
    """The files of a vault. Raises VaultError if its folder is missing, is a file, or cannot be listed."""
    rules = rules or WalkRules()
    identity = _check_root(root)
    settings = _VaultSettings(root)
    left_out = settings.left_out(rules)
    daily_format = settings.daily_format()
    walker = _Walker(os.path.realpath(root), rules, left_out)
    walker.walk()
    if _check_root(root) != identity:  # unmounted, say: what was not found need not be gone
        raise VaultError(f"The vault {root} was exchanged for another folder while it was read. Try again.")
    kind = detect_kind(root)
    return Walk(
        kind=kind_by_files(file.path for file in walker.files) if kind is VaultKind.PLAIN else kind,
        files=tuple(sorted(walker.files, key=itemgetter(0))),  # by path
        unreadable=tuple(sorted(walker.unreadable)),
        not_downloaded=tuple(sorted(walker.not_downloaded)),
        problems=(*settings.problems, *left_out.problems),
        not_opened=NotOpened(**walker.not_opened, not_downloaded=len(walker.not_downloaded)),
        daily_format=daily_format,
    )


_ROOT_TROUBLES: dict[type[OSError], tuple[str, str]] = {
    FileNotFoundError: (
        "there is no such folder",
        "Connect the drive it lies on, or say where it is now: notesearch vaults move OLD NEW.",
    ),
    NotADirectoryError: ("it is a file", "Name the folder that holds the notes."),
}


def _check_root(root: Path) -> tuple[int, int]:
    """What tells the folder from any other."""
    try:
        os.scandir(root).close()
        status = os.stat(root)
        return status.st_dev, status.st_ino
    except OSError as error:
        unnamed = (f"the system says: {_words(error)}", "Check that you may list this folder.")
        seen, way_out = _ROOT_TROUBLES.get(type(error), unnamed)
        raise VaultError(f"Cannot read the vault {root}: {seen}. {way_out} The index stays as it is.") from error


def is_gone(root: Path, path: str) -> bool:
    """Whether the file system says that there is nothing at `path` any more: the proof without which the index forgets
    no note (F9). Raises Unreadable where it says neither.
    """
    try:
        os.lstat(os.path.join(root, path))
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError) as error:
        raise Unreadable(
            path, f"cannot be looked at: {_words(error) if isinstance(error, OSError) else error}"
        ) from error
    return False


class _Walker:
    """Lists folders from a stack and keeps what it meets. A folder is its path in the vault and its place on disk."""

    def __init__(self, top: str, rules: WalkRules, left_out: _LeftOut) -> None:
        self.files: list[File] = []
        self.unreadable: set[str] = set()
        self.not_downloaded: list[str] = []
        self.not_opened: Counter[str] = Counter()
        self._pending = [("", os.path.join(top, ""))]
        self._listed: set[str] = set()
        self._links: list[tuple[str, str]] = []
        self._left_out = left_out
        self._any_left_out = bool(left_out)  # not asked of every file
        self._linked_folders = tuple(os.path.realpath(folder) for folder in rules.linked_folders)
        self._max_bytes = rules.max_bytes
        self._roles = {**ROLES} | {f".{ending.lower().lstrip('.')}": "note" for ending in rules.extensions}

    def walk(self) -> None:
        """The vault, then what links lead to, folders first: each file is found once, where it lies if it can be."""
        self._list_pending()
        linked_files = {}
        while self._links:
            links, self._links = sorted(self._links, reverse=True), []
            for path, real in ((path, os.path.realpath(place)) for path, place in links):
                if not _is_within(real, self._linked_folders):
                    self.not_opened["links"] += 1
                elif not os.path.isdir(real):
                    linked_files[real] = path
                elif not self._left_out.folder(f"{path}/"):
                    self._pending.append((f"{path}/", os.path.join(real, "")))
            self._list_pending()
        for real, path in linked_files.items():
            self._add_linked(path, real)

    def _list_pending(self) -> None:
        while self._pending:
            folder, place = self._pending.pop()
            if place in self._listed:
                continue
            self._listed.add(place)
            try:
                with os.scandir(place) as entries:
                    for entry in entries:
                        self._take(entry, folder, place)
            except (FileNotFoundError, NotADirectoryError):
                continue  # gone since its parent was listed
            except OSError:
                self.unreadable.add(folder.rstrip("/"))

    def _take(self, entry: os.DirEntry[str], folder: str, place: str) -> None:
        name = entry.name
        path = folder + name
        if name[0] == "." or name.endswith(_LEFT_OUT_ENDINGS) or name == "node_modules":
            if icloud := _ICLOUD.fullmatch(name):
                self.not_downloaded.append(folder + icloud[1])
        elif entry.is_dir(follow_symlinks=False):
            if not self._left_out.folder(f"{path}/"):
                self._pending.append((f"{path}/", f"{place}{name}/"))
        elif self._any_left_out and self._left_out.file(path):
            return
        elif entry.is_symlink():
            self._links.append((path, place + name))
        else:
            self._look_at(entry, path, folder)

    def _look_at(self, entry: os.DirEntry[str], path: str, folder: str) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # gone since its folder was listed
        except OSError:
            self.unreadable.add(folder.rstrip("/"))
            return
        if entry.is_file(follow_symlinks=False):
            self._add(path, entry.name, status)
        else:
            self.not_opened[_special(status.st_mode)] += 1

    def _add_linked(self, path: str, real: str) -> None:
        if os.path.join(os.path.dirname(real), "") in self._listed:
            return  # found where it lies
        try:
            status = os.stat(real)
        except OSError:
            self.not_opened["links"] += 1
            return
        if stat.S_ISREG(status.st_mode):
            self._add(path, posixpath.basename(path), status)
        else:
            self.not_opened[_special(status.st_mode)] += 1

    def _add(self, path: str, name: str, status: os.stat_result) -> None:
        dot = name.rfind(".")
        role = self._roles.get(name[dot:].lower(), "attachment") if dot > 0 else "attachment"
        conflict_copy = "onflict" in name and _CONFLICT_COPY.search(name) is not None
        too_large = status.st_size > self._max_bytes and role != "attachment"
        self.files.append(tuple.__new__(File, (path, _fingerprint(status), role, conflict_copy, too_large)))


def _is_within(real: str, folders: Iterable[str]) -> bool:
    return any(real == folder or real.startswith(os.path.join(folder, "")) for folder in folders)


def _special(mode: int) -> str:
    return "pipes" if stat.S_ISFIFO(mode) else "sockets" if stat.S_ISSOCK(mode) else "devices"


def _fingerprint(status: os.stat_result) -> Fingerprint:
    values = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return tuple.__new__(Fingerprint, values)  # half the time of calling it, and there is one for every file


# -- What the settings leave out (F3) --------------------------------------------------------------------------------

_OBSIDIAN_APP = ".obsidian/app.json"
_OBSIDIAN_TEMPLATES = ".obsidian/templates.json"
_OBSIDIAN_DAILY = ".obsidian/daily-notes.json"
_LOGSEQ_CONFIG = "logseq/config.edn"
_SETTINGS_BYTES = 1024 * 1024
_LONGEST_EXPRESSION = 500
_PATIENCE_SECONDS = 0.05  # for one expression on one path; an honest one takes a thousandth of it
_EXPRESSION = re.compile(r"/(.+)/", re.DOTALL)
_EDN_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*+")|;[^\r\n]*')
_EDN_HIDDEN = re.compile(r"(?<![\w/.-]):hidden\s*\[([^\]]*)\]")
_EDN_DAILY = re.compile(r'(?<![\w/.-]):journal/file-name-format\s*"([^"\\]*)"')
_EDN_TEXT = re.compile(r'"((?:[^"\\]|\\.)*+)"')


class _LeftOut:
    """Says of a path whether the settings leave it out. They come with the vault, so they may be hostile (X7).

    Compared in NFC: a disk may spell an accent otherwise than the settings, and what is private must stay out.
    """

    def __init__(self, prefixes: Iterable[str], expressions: Sequence[str], patterns: Iterable[str]) -> None:
        self.problems: list[Problem] = []
        self._prefixes = tuple(normalize("NFC", prefix) for prefix in prefixes if prefix)
        self._expressions = list(self._compiled(expressions))
        lines = [normalize("NFC", line) for line in self._understood(patterns)]
        self._patterns = _spec(lines) if lines else None

    def __bool__(self) -> bool:
        """Whether anything is left out at all."""
        return bool(self._prefixes or self._expressions or self._patterns)

    def file(self, path: str) -> bool:
        path = _composed(path)
        return self._covers(path) or (bool(self._expressions) and self._found_in(path))

    def folder(self, path: str) -> bool:
        """For a folder and all in it; its path ends with `/`."""
        return self._covers(_composed(path))

    def _covers(self, path: str) -> bool:
        if path.startswith(self._prefixes):
            return True
        return self._patterns is not None and self._patterns.match_file(path)

    def _found_in(self, path: str) -> bool:
        for expression in tuple(self._expressions):
            try:
                if expression.search(path, timeout=_PATIENCE_SECONDS):
                    return True
            except TimeoutError:
                self._expressions.remove(expression)
                self._refuse(_OBSIDIAN_APP, f"/{expression.pattern}/", "takes too long")
        return False

    def _compiled(self, expressions: Sequence[str]) -> Iterator[Any]:
        if expressions:
            import regex  # few vaults need it, and every cold start would wait
        for text in expressions:
            if len(text) > _LONGEST_EXPRESSION:
                self._refuse(_OBSIDIAN_APP, f"/{text}/", "is too long")
                continue
            try:
                yield regex.compile(text)
            except (regex.error, ValueError, RecursionError):
                self._refuse(_OBSIDIAN_APP, f"/{text}/", "is no regular expression")

    def _understood(self, patterns: Iterable[str]) -> Iterator[str]:
        """Each star costs a factor of the path's length, so a line with many of them could hold up a walk for hours."""
        for line in patterns:
            try:
                if line.count("**") > 3 or any(part.count("*") > 3 for part in line.split("/")):
                    self._refuse(IGNORE_FILE, line, "has too many stars")
                else:
                    _spec([line])
                    yield line
            except ValueError:
                self._refuse(IGNORE_FILE, line, "is no pattern")

    def _refuse(self, file: str, pattern: str, reason: str) -> None:
        self.problems.append(Problem(file, f"{pattern[:80]} {reason}; nothing is left out by it"))


def _spec(lines: Sequence[str]) -> GitIgnoreSpec:
    """Patterns as in .gitignore. Raises ValueError for one that is none."""
    from pathspec import GitIgnoreSpec  # few vaults need it, and every cold start would wait

    return GitIgnoreSpec.from_lines(lines)


def _composed(path: str) -> str:
    return path if path.isascii() else normalize("NFC", path)


class _VaultSettings:
    """What the programs that write a vault have set. What is broken is reported, and counts as not set."""

    def __init__(self, root: Path) -> None:
        self.problems: list[Problem] = []
        self._root = root
        self._app = self._json(_OBSIDIAN_APP)
        self._logseq = _EDN_COMMENT.sub(lambda found: found[1] or "", self._text(_LOGSEQ_CONFIG))

    def left_out(self, rules: WalkRules) -> _LeftOut:
        filters = _texts(self._app.get("userIgnoreFilters"))
        expressions = [text[1:-1] for text in filters if _EXPRESSION.fullmatch(text)]
        prefixes = [text for text in filters if not _EXPRESSION.fullmatch(text)]
        templates = "" if rules.include_templates else self._setting(_OBSIDIAN_TEMPLATES, "folder").strip("/")
        patterns = [*rules.exclude, *filter(None, re.split(r"[\r\n]+", self._text(IGNORE_FILE)))]
        prefixes += [*self._hidden_by_logseq(), templates and f"{templates}/", *rules.inner_vaults]
        return _LeftOut(prefixes, expressions, patterns)

    def daily_format(self) -> str | None:
        """The format of a daily note's path, as Obsidian or Logseq is set to write it."""
        in_logseq = _EDN_DAILY.search(self._logseq)
        return self._setting(_OBSIDIAN_DAILY, "format") or (in_logseq[1] if in_logseq else None)

    def _hidden_by_logseq(self) -> Iterator[str]:
        if self._logseq:
            yield from ("logseq/bak/", "logseq/version-files/")  # earlier states of its pages
        if hidden := _EDN_HIDDEN.search(self._logseq):
            yield from (text.lstrip("/") for text in _EDN_TEXT.findall(hidden[1]))

    def _setting(self, path: str, key: str) -> str:
        value = self._json(path).get(key)
        return value if isinstance(value, str) else ""

    def _json(self, path: str) -> dict[str, Any]:
        text = self._text(path)
        try:
            value = json.loads(text or "{}")
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
        self.problems.append(Problem(path, "is broken; the settings in it are not used"))
        return {}

    def _text(self, path: str) -> str:
        """The text of a settings file, "" if there is none."""
        try:
            data, _ = read_bytes(self._root, path, _SETTINGS_BYTES)
        except Unreadable as error:
            if not error.gone:
                self.problems.append(Problem(path, f"{error.reason}; the settings in it are not used"))
            return ""
        return data.decode("utf-8-sig", "replace")


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


# -- Their bytes (F4, F7) --------------------------------------------------------------------------------------------

_ATTEMPTS = 3
_NO_NAMES = frozenset(("", ".", ".."))
# What a system lacks of these, it does without; the checks before and after stay.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))


def read_bytes(root: Path, path: str, limit: int, linked_folders: Sequence[Path] = ()) -> tuple[bytes, Fingerprint]:
    """A file's bytes, at most `limit` of them, and the state of the file they belong to.

    Raises Unreadable if it is not there, no regular file, too large, behind a link that leads outside the vault and
    `linked_folders`, or if it kept changing while it was read.
    """
    try:
        place = _place(root, path, linked_folders)
        for _ in range(_ATTEMPTS):
            data, before, after = _read_once(place, path, limit)
            if before == after and len(data) == after.size:
                return data, after
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Unreadable(path, "is gone", gone=True) from error
    except OSError as error:
        passing = not isinstance(error, PermissionError)  # what a disk or a network does not give now; rights stay
        raise Unreadable(path, f"cannot be read: {_words(error)}", passing=passing) from error
    raise Unreadable(path, "changes while it is read; left for the next run", passing=True)


def _place(root: Path, path: str, linked_folders: Sequence[Path]) -> str:
    """Where a file lies. What was a folder when the vault was walked may be a link by now, and lead anywhere (N3)."""
    parts = path.split("/")
    if not _NO_NAMES.isdisjoint(parts) or "\0" in path:
        raise Unreadable(path, "is no path in the vault")
    place = os.fspath(root)
    for part in parts:
        place = os.path.join(place, part)
        if os.path.islink(place):
            real = os.path.realpath(os.path.join(root, path))
            if _is_within(real, (os.path.realpath(folder) for folder in linked_folders)):
                return real
            raise Unreadable(path, "is a link, or lies behind one")
    return place


def _read_once(place: str, path: str, limit: int) -> tuple[bytes, Fingerprint, Fingerprint]:
    _check_regular(os.lstat(place), path, limit)
    with open(os.open(place, os.O_RDONLY | _FLAGS), "rb") as file:
        before = os.fstat(file.fileno())
        _check_regular(before, path, limit)
        data = file.read(before.st_size + 1)
        return data, _fingerprint(before), _fingerprint(os.fstat(file.fileno()))


def _check_regular(status: os.stat_result, path: str, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable(path, "is no regular file")
    if status.st_size > limit:
        raise Unreadable(path, f"is larger than {limit / 2**20:g} MiB")


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
