"""Disk against index: what is new, what changed, what only looks changed, what moved, what is gone.

Unchanged means the same size, times and inode, and times that are older than the scan that recorded them (rule F8): a
file written again within the clock's grain would otherwise go unnoticed. All else is decided by the hash of the
bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notesearch.index.catalog import KnownFile
from notesearch.index.records import Fingerprint
from notesearch.read.vault import File, Walk

_GRAIN_NS = 2_000_000_000
"""FAT keeps times to two seconds; no file system in use is coarser."""

_FEW = 20
"""Losing more than this many notes, and more than half of all, is taken for an accident (rule F9)."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update has to look at. `moved` pairs what is known with where the file is now."""

    added: tuple[File, ...] = ()
    doubtful: tuple[tuple[KnownFile, File], ...] = ()
    moved: tuple[tuple[KnownFile, File], ...] = ()
    removed: tuple[KnownFile, ...] = ()
    unchanged: int = 0

    @property
    def to_read(self) -> tuple[File, ...]:
        """Files whose bytes must be looked at, by path."""
        pairs = (*self.doubtful, *self.moved)
        return tuple(sorted((*self.added, *(file for _, file in pairs)), key=lambda file: file.path))

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that differs."""
        return (*(file.path for file in self.to_read), *(before.path for before in self.removed))

    def __bool__(self) -> bool:
        return bool(self.added or self.doubtful or self.moved or self.removed)


def compare(known: Mapping[str, KnownFile], walk: Walk, files: Sequence[File], *, verify: bool = False) -> Changes:
    """What differs between `known` and the `files` that a walk found; with `verify` every file is doubtful."""
    added: list[File] = []
    doubtful: list[tuple[KnownFile, File]] = []
    for file in files:
        before = known.get(file.path)
        if before is None:
            added.append(file)
        elif verify or not _is_unchanged(before, file):
            doubtful.append((before, file))
    unchanged = len(files) - len(added) - len(doubtful)
    found = {file.path for file in files} if len(files) - len(added) < len(known) else known.keys()
    elsewhere = frozenset(walk.not_downloaded)
    gone = [
        before
        for path, before in known.items()
        if path not in found and path not in elsewhere and not _under(path, walk.unreadable)
    ]
    moved = _moves(gone, added)
    taken = {id(file) for _, file in moved}
    left = {before.note for before, _ in moved}
    return Changes(
        added=tuple(file for file in added if id(file) not in taken),
        doubtful=tuple(doubtful),
        moved=tuple(moved),
        removed=tuple(before for before in gone if before.note not in left),
        unchanged=unchanged,
    )


def looks_like_an_accident(known: int, missing: int, *, empty: bool) -> bool:
    """Whether so many notes are missing that nothing may be deleted without being told to (rule F9). A vault that is
    `empty` may be the bare place where a drive is mounted, however few its notes were.
    """
    return (missing > _FEW and missing * 2 > known) or (empty and missing > 0)


def _is_unchanged(before: KnownFile, file: File) -> bool:
    return before.state == file.fingerprint and is_settled(file.fingerprint, before.scanned_ns)


def is_settled(fingerprint: Fingerprint, scanned_ns: int) -> bool:
    """Whether a file that changed after the scan that recorded it would have another fingerprint."""
    return fingerprint.mtime_ns + _GRAIN_NS <= scanned_ns


def _under(path: str, folders: Sequence[str]) -> bool:
    return any(not folder or path.startswith(f"{folder}/") for folder in folders)


def _moves(gone: Sequence[KnownFile], added: Sequence[File]) -> list[tuple[KnownFile, File]]:
    """A file that left one path and is found, the same inode, size and time, at another."""
    by_inode = {(b.fingerprint.inode, b.fingerprint.size, b.fingerprint.mtime_ns): b for b in gone}
    pairs = []
    for file in added:
        print_ = file.fingerprint
        before = by_inode.pop((print_.inode, print_.size, print_.mtime_ns), None)
        if before is not None:
            pairs.append((before, file))
    return pairs
