"""What changed: a vault as it is on disk, against its index. The first step of an update, and of every question.

A question mostly finds that nothing changed. So what reads notes is not imported here, and a cold question need not
wait for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from notesearch.config import Settings
from notesearch.dates.order import DateOrder
from notesearch.index.catalog import KnownFile, VaultRow
from notesearch.index.records import Fingerprint
from notesearch.index.store import Store, now_ns
from notesearch.index.vaults import inner
from notesearch.read.attachments import readable, waiting
from notesearch.read.changes import Changes, compare, looks_like_an_accident
from notesearch.read.vault import Unreadable, Walk, WalkRules, is_gone, walk
from notesearch.results import Problem


class Reading(NamedTuple):
    """What a vault as a whole tells of how its notes are read: its kind, the order of dates, daily notes' names."""

    kind: str
    day_first: bool
    daily_format: str | None


@dataclass(frozen=True, slots=True)
class Scan:
    """A vault as it is on disk now, against the index. `known`: how many files the index has of it, and how many of
    those are `missing`; `reading`: what decides, beside its bytes, how a note is read; `reread`: that has changed, and
    so what the notes mean; `unproven`: files that were not found, and of which the system does not say that they are
    gone.
    """

    vault: VaultRow
    walk: Walk
    changes: Changes
    known: int
    missing: int
    scanned_ns: int
    reading: Reading
    reread: bool = False
    unproven: tuple[Problem, ...] = ()

    @property
    def accident(self) -> str:
        """Why nothing may be removed without being told to (rule F9); "" if there is no reason."""
        if not looks_like_an_accident(self.known, self.missing, empty=not self.walk.files):
            return ""
        vault = self.vault
        return (
            f"{self.missing} of {self.known} notes of the vault {vault.name!r} are missing from {vault.root}. "
            "Nothing was removed from the index. If the folder has moved, run: notesearch vaults move OLD NEW. "
            "If they are really gone, run: notesearch index --force"
        )

    @property
    def targets(self) -> str:
        """Changes with the files that links can lead to, attachments among them."""
        files = "\0".join(file.path for file in self.walk.files)
        return hashlib.blake2b(files.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()

    @property
    def links_due(self) -> bool:
        """Whether links may lead elsewhere now, though perhaps no note changed: files or vaults have come or gone."""
        recorded: str | None = json.loads(self.vault.scan).get("targets")
        return self.targets != recorded

    @property
    def slow(self) -> frozenset[str]:
        """Paths of the new and changed pictures: to find the words in one takes seconds, too long for a question."""
        unchanged = {f.path for before, f in self.changes.doubtful if before.fingerprint == f.fingerprint}
        pictures = (file.path for file in self.changes.to_read if file.role == "picture")
        return frozenset(path for path in pictures if self.reread or path not in unchanged)

    @property
    def quick_bytes(self) -> int:
        """How much there is to read beside them."""
        slow = self.slow
        return sum(file.fingerprint.size for file in self.changes.to_read if file.path not in slow)


def scan(store: Store, vault: VaultRow, settings: Settings, *, verify: bool = False, retry: bool = False) -> Scan:
    """Walk a vault and compare it with the index; `verify` hashes every file, `retry` tries failed ones again.

    Raises VaultError if the vault cannot be listed.
    """
    scanned_ns = now_ns()
    root = Path(vault.root)
    inner_vaults = inner(store.vaults(), vault)
    found = walk(root, WalkRules(settings.exclude, max_bytes=settings.max_note_bytes, inner_vaults=inner_vaults))
    failed = {} if retry else {f.path: f.fingerprint for f in store.failures() if f.vault == vault.id}
    roles = readable(settings.attachments)
    notes = [f for f in found.files if f.role in roles and failed.get(f.path) != f.fingerprint]
    known = store.known_files(vault.id)
    reading = _reading(found, settings)
    before = json.loads(vault.scan).get("reading")
    reread = bool(known) and before is not None and Reading(*before) != reading
    changes = compare(_without_kept(known, found, failed, settings), found, notes, verify=verify or reread)
    changes, missing, unproven = _proven(changes, root, vault.name)
    return Scan(vault, found, changes, len(known), missing, scanned_ns, reading, reread, unproven)


def _reading(found: Walk, settings: Settings) -> Reading:
    order = DateOrder.learn((file.path for file in found.files), fallback=DateOrder(settings.day_first))
    return Reading(found.kind, order.day_first, found.daily_format)


def _proven(changes: Changes, root: Path, name: str) -> tuple[Changes, int, tuple[Problem, ...]]:
    """The changes without the removals that nothing proves; how many files are missing, what is still there being left
    out on purpose; and those that nothing is known of (rule F9).
    """
    removed, missing, unproven = [], 0, []
    for before in changes.removed:
        try:
            missing += is_gone(root, before.path)
            removed.append(before)
        except Unreadable as error:
            unproven.append(Problem(name, before.path, f"{error.reason}; kept as it was"))
    return replace(changes, removed=tuple(removed)), missing, tuple(unproven)


def _without_kept(
    known: Mapping[str, KnownFile], found: Walk, failed: Mapping[str, Fingerprint], settings: Settings
) -> Mapping[str, KnownFile]:
    """What is known, but for files that are there and left alone: those that failed before, and attachments that are as
    they were when they were read, by an extra that is no longer installed.
    """
    roles = waiting(settings.attachments)
    if not (failed or any(file.role in roles for file in found.files)):
        return known
    kept = {
        file.path
        for file in found.files
        if file.path in known
        and (
            failed.get(file.path) == file.fingerprint
            or (file.role in roles and known[file.path].fingerprint == file.fingerprint)
        )
    }
    return {path: before for path, before in known.items() if path not in kept}


def folder_problems(scan_: Scan) -> tuple[Problem, ...]:
    """Settings that are broken, and folders that could not be listed."""
    name, walk_ = scan_.vault.name, scan_.walk
    return (
        *(Problem(name, problem.path, problem.reason) for problem in walk_.problems),
        *(Problem(name, folder, "cannot be listed; its notes are kept as they were") for folder in walk_.unreadable),
        *scan_.unproven,
    )


def not_opened(scan_: Scan) -> tuple[Problem, ...]:
    """One line that counts the links, pipes and the like that were left alone (rules F4, F10)."""
    said = str(scan_.walk.not_opened)
    return (Problem(scan_.vault.name, "", said),) if said else ()
