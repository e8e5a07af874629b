"""Where a link leads (rules R1 to R9): from a target as written to one file of the vault, or to the reason why not.

The idea: look-up tables are built once over all paths; a target is then tried by the steps of R5, strictest first, and
the first step that finds something decides. The invariant: the answer depends on the target, the source note and the
set of files, never on their order, and the disk is not touched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple
from unicodedata import normalize
from urllib.parse import unquote

from notesearch.index.records import Link, ResolvedLink, VaultKind


class How(StrEnum):
    """How a link was resolved, or why it was not; the values stand in `ResolvedLink.how`."""

    SELF = "self"  # the target is blank: the source note (R2)
    RELATIVE = "relative"  # `./`, `../`, from the source's folder (R5.1)
    EXACT = "exact"  # the path from the root (R5.2)
    OWN_FOLDER = "own folder"  # below the source's folder (R5.3, R6)
    SUFFIX = "suffix"  # the end of a path (R5.3)
    ROOT_NAME = "root name dropped"  # `content/x` with the root `…/content` (R5.4)
    FOLDER_PAGE = "folder page"  # a folder's `index.md` and alike (R5.5)
    ALIAS = "alias"  # a title or alias that one note carries (R5.6)
    LOOSE = "loose name"  # spaces, `-` and `_` taken as one; Logseq's page names (R5.7)
    NAME_ONLY = "name only"  # the last part alone: a note that was moved or exported (R5.8)
    BLOCK = "block"  # Logseq: the note in which the block with this id stands (L4)
    # From here on nothing was found.
    MISSING = "missing"  # no file of this name
    AMBIGUOUS = "ambiguous"  # several notes fit by title, loose name or last part; `others` says how many
    FOLDER = "folder without page"
    NO_BLOCK = "block not known"
    BLANK = "blank name"  # nothing but slashes, dots or spaces
    OUTSIDE = "outside"  # leads out of the root: never read (R2, N3)


# Of the readings of one target (L3) the most telling failure is reported: the later in this order.
_FAILURES = (How.BLANK, How.MISSING, How.FOLDER, How.AMBIGUOUS, How.NO_BLOCK, How.OUTSIDE)

_NOTE_SUFFIX = re.compile(r"\.(?:md|markdown)$", re.IGNORECASE)
_NOTE_SUFFIX = re.compile(r"\.(?:md|markdown)$", re.IGNORECASE)
_SLASHES = re.compile(r"/{2,}")
_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_SPACES_AND_DASHES = re.compile(r"[\s_-]+")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_DENDRON_VAULT = re.compile(r"dendron://[^/]*/")
_JOURNAL = re.compile(r"(?:^|/)(\d{4})_(0[1-9]|1[0-2])_([0-3]\d)$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class _File(NamedTuple):
    path: str
    key: str
    stem: str  # the key without a note's extension

    def is_at(self, key: str) -> bool:
        """Whether `key` is its path, as it is or without the extension (R4)."""
        return key in (self.key, self.stem)


class _ByEnding:
    """Files by the ends of their names. The last two parts are looked up: every folder may have its `README.md`."""

    def __init__(self) -> None:
        self._by_last: dict[str, list[_File]] = defaultdict(list)
        self._by_last_two: dict[str, list[tuple[str, _File]]] = defaultdict(list)

    def add(self, name: str, file: _File) -> None:
        self._by_last[_last(name)].append(file)
        if "/" in name:
            self._by_last_two[_last_two(name)].append((f"/{name}", file))

    def find(self, end: str) -> Sequence[_File]:
        """The files with a name that is `end` or ends with `/` + `end`."""
        if "/" not in end:
            return self._by_last.get(end, ())
        return [file for name, file in self._by_last_two.get(_last_two(end), ()) if name.endswith(f"/{end}")]


class _Aim(NamedTuple):
    """A target in one reading, and where it is to be looked for."""

    path: str  # as spelled, from the root, dots walked
    key: str
    folder: str  # the key of the source's folder
    start: How | None  # RELATIVE: from the source's folder; EXACT: from the root only; None: anywhere
    own_folder_first: bool  # R6

    @property
    def key_in_folder(self) -> str:
        """The key, taken from the source's folder."""
        return f"{self.folder}/{self.key}" if self.folder else self.key

    def below(self, folder: str) -> _Aim:
        """The same aim without its first part, which is `folder`."""
        return self._replace(path=self.path.partition("/")[2], key=self.key.removeprefix(folder + "/"))

    def page(self, name: str) -> _Aim:
        """The page `name` in the folder aimed at."""
        return self._replace(path=f"{self.path}/{name}".lstrip("/"), key=f"{self.key}/{compare_key(name)}".lstrip("/"))


def compare_key(path: str) -> str:
    """The form in which paths and names are compared (R3)."""
    if not path.isascii():
        path = _SPACES.sub(" ", normalize("NFC", path))
    return _SLASHES.sub("/", path.replace("\\", "/")).rstrip("/").casefold()


class Resolver:
    """Finds the file a link leads to.

    Built once per state of a vault, in time linear in its files; a link then costs a few look-ups in dicts.
    """

    def __init__(
        self,
        files: Iterable[str],
        names: Mapping[str, Sequence[str]],
        *,
        kind: VaultKind,
        root_names: Sequence[str],
        blocks: Mapping[str, str] | None = None,
    ) -> None:
        """Build the look-up tables.

        `files`: the path of every note and attachment. `names`: note → its title and aliases. `root_names`: the names
        of the root folder and its parents. `blocks`: in Logseq, block id → the note in which it stands.
        """
        self._kind = kind
        self._root_names = frozenset(map(compare_key, root_names))
        self._blocks = blocks or {}
        self._paths = _ByEnding()  # by key and stem
        self._pages = _ByEnding()  # by loose name (R5.7)
        self._folder_names: set[str] = set()
        self._titles: dict[str, list[str]] = defaultdict(list)
        self._known: dict[tuple[str, bool, str], ResolvedLink] = {}
        for path in sorted(set(files)):
            self._add(path, compare_key(path))
        for path in sorted(names):
            for title in {compare_key(name.strip()) for name in names[path]} - {""}:
                self._titles[title].append(path)

    def resolve(self, link: Link, source: str) -> ResolvedLink:
        """The file that `link` in the note `source` leads to; never an error, whatever is written."""
        if not link.target:
            return self._own(link, source)
        asked = (link.target, link.kind == "markdown", source.rpartition("/")[0])
        if asked not in self._known:
            self._known[asked] = self._search(*asked)
        return self._known[asked]

    def _add(self, path: str, key: str) -> None:
        file = _File(path, key, _stem(key))
        for name in {file.key, file.stem}:
            self._paths.add(name, file)
        for name in {_loose(name) for name in self._page_names(file.stem)}:
            self._pages.add(name, file)
        self._folder_names.update(key.split("/")[:-1])

    def _page_names(self, stem: str) -> tuple[str, ...]:
        """What the program calls a file: Logseq escapes slashes and signs in names, and gives days a title."""
        if self._kind is not VaultKind.LOGSEQ:
            return (stem,)
        day = _JOURNAL.search(stem)
        return (stem, _journal_title(*map(int, day.groups()))) if day else (unquote(stem.replace("___", "/")),)

    def _own(self, link: Link, source: str) -> ResolvedLink:
        """R2; but a block reference of Logseq has no target either (L4)."""
        if self._kind is VaultKind.LOGSEQ and link.part.startswith("^"):
            path = self._blocks.get(link.part[1:])
            return ResolvedLink(path, How.BLOCK if path else How.NO_BLOCK)
        return ResolvedLink(source, How.SELF)

    def _search(self, written: str, is_markdown: bool, folder: str) -> ResolvedLink:
        own_folder_first = is_markdown and self._kind is VaultKind.PLAIN
        aims = [_aim(spelling, folder, own_folder_first) for spelling in self._readings(written, is_markdown)]
        if None in aims:
            return ResolvedLink(None, How.OUTSIDE)
        answers: list[ResolvedLink] = []
        for aim in filter(None, aims):
            answers.append(self._try(aim))
            if answers[-1].path is not None:
                return answers[-1]
        return max(answers, key=lambda answer: _FAILURES.index(How(answer.how)))

    def _readings(self, written: str, is_markdown: bool) -> Iterable[str]:
        """The ways to read a target, best first: Markdown is decoded, a wikilink meant as it is written (L3)."""
        if self._kind is VaultKind.DENDRON:
            written = _DENDRON_VAULT.sub("", written, count=1)
        if not is_markdown:
            return dict.fromkeys((written, _decoded(written)))
        return dict.fromkeys((_decoded(_ESCAPE.sub(r"\1", written)), _decoded(written), written))

    def _try(self, aim: _Aim) -> ResolvedLink:
        if not aim.key and aim.start is None:
            return ResolvedLink(None, How.BLANK)
        return next((found for step in self._steps(aim) if (found := step(aim))), None) or self._failure(aim)

    def _steps(self, aim: _Aim) -> Iterable[Callable[[_Aim], ResolvedLink | None]]:
        """R5 in its order; each step answers with a file or None."""
        if aim.start is How.RELATIVE:
            return self._path, self._folder_page, self._last_part
        if aim.start is How.EXACT:
            return self._path, self._without_root_names, self._folder_page
        by_path = self._path, self._without_root_names, self._folder_page
        return *by_path, self._title, self._loose_name, self._last_part

    def _path(self, aim: _Aim) -> ResolvedLink | None:
        """R5.1 to R5.3: the path from the root, else one that ends so, in the own folder first, else the shortest."""
        files = self._fitting(aim)
        if not files:
            return None
        best = files[0] if len(files) == 1 else min(files, key=lambda file: _rank(file, aim))
        return ResolvedLink(best.path, _how(best, aim), len(files) - 1)

    def _without_root_names(self, aim: _Aim) -> ResolvedLink | None:
        """R5.4: the links were written when the root was not yet, or no longer, the folder it is now."""
        while (folder := aim.key.partition("/")[0]) in self._root_names and folder != aim.key:
            aim = aim.below(folder)
            if found := self._path(aim):
                return ResolvedLink(found.path, How.ROOT_NAME, found.others)
        return None

    def _folder_page(self, aim: _Aim) -> ResolvedLink | None:
        """R5.5: the page that stands for a folder."""
        folder = _last(aim.path)
        if folder and _last(aim.key) not in self._folder_names:
            return None
        for name in ("index.md", "README.md", f"{folder}.md"):
            if found := self._path(aim.page(name)):
                return ResolvedLink(found.path, How.FOLDER_PAGE, found.others)
        return None

    def _title(self, aim: _Aim) -> ResolvedLink | None:
        """R5.6."""
        paths = self._titles.get(aim.key, ())
        return ResolvedLink(paths[0], How.ALIAS) if len(paths) == 1 else None

    def _loose_name(self, aim: _Aim) -> ResolvedLink | None:
        """R5.7."""
        return _only(self._pages.find(_loose(_stem(aim.key))), How.LOOSE)

    def _last_part(self, aim: _Aim) -> ResolvedLink | None:
        """R5.8."""
        return _only(self._paths.find(_last(aim.key)), How.NAME_ONLY)

    def _fitting(self, aim: _Aim) -> Sequence[_File]:
        """The files whose path is the path aimed at or, if they may be anywhere, ends with it."""
        files = self._paths.find(aim.key)
        return files if aim.start is None else [file for file in files if file.is_at(aim.key)]

    def _failure(self, aim: _Aim) -> ResolvedLink:
        """Why no step found a file: those of R5.6 to R5.8 want a name that only one has."""
        rivals = 0
        if aim.start is None:
            rivals = max(len(self._titles.get(aim.key, ())), len(self._pages.find(_loose(_stem(aim.key)))))
        if aim.start is not How.EXACT:
            rivals = max(rivals, len(self._paths.find(_last(aim.key))))
        if rivals > 1:
            return ResolvedLink(None, How.AMBIGUOUS, rivals)
        return ResolvedLink(None, How.FOLDER if _last(aim.key) in self._folder_names else How.MISSING)


def _aim(spelling: str, folder: str, own_folder_first: bool) -> _Aim | None:
    """The path that `spelling` means in a note of `folder`; None if it leads out of the root (R2)."""
    parts = spelling.replace("\\", "/").split("/")
    start = How.RELATIVE if parts[0] in (".", "..") else How.EXACT if not parts[0] and len(parts) > 1 else None
    walked = folder.split("/") if folder and start is How.RELATIVE else []
    for part in parts:
        if part == ".." and not walked:
            return None
        if part == "..":
            walked.pop()
        elif part not in ("", "."):
            walked.append(part)
    path = "/".join(walked)
    return _Aim(path, compare_key(path), compare_key(folder), start, own_folder_first)


def _rank(file: _File, aim: _Aim) -> tuple[bool, bool, int, str, bool, str]:
    """Smaller is better. Of files that share a key the one spelled exactly so comes first (R3)."""
    elsewhere = (not file.is_at(aim.key), not file.is_at(aim.key_in_folder))
    first, second = reversed(elsewhere) if aim.own_folder_first else elsewhere
    is_misspelled = not _stem(file.path).endswith(_stem(aim.path))
    return first, second, len(file.key), file.key, is_misspelled, file.path


def _how(file: _File, aim: _Aim) -> How:
    if aim.start is not None:
        return aim.start
    is_exact, is_own = file.is_at(aim.key), file.is_at(aim.key_in_folder)
    if is_own and (aim.own_folder_first or not is_exact):
        return How.OWN_FOLDER
    return How.EXACT if is_exact else How.SUFFIX


def _only(files: Sequence[_File], how: How) -> ResolvedLink | None:
    return ResolvedLink(files[0].path, how) if len(files) == 1 else None


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _last_two(path: str) -> str:
    return "/".join(path.rsplit("/", 2)[-2:])


def _stem(path: str) -> str:
    return _NOTE_SUFFIX.sub("", path)


def _loose(key: str) -> str:
    return _SPACES_AND_DASHES.sub(" ", key)


def _decoded(target: str) -> str:
    return unquote(target, errors="surrogateescape")


def _journal_title(year: int, month: int, day: int) -> str:
    """How Logseq names a day by default: "dec 5th, 2020", as a key."""
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{_MONTHS[month - 1]} {day}{ending}, {year}"
