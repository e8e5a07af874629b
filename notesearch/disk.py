"""The vaults as the disk holds them now, beside what the index knows of them: what is shown is what the files say.

The disk is looked at once a cold command, and in a warm notebook once in a while. What changed is written to the index
on the way to the answer where that is quick; otherwise it is said how much there is.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import replace

from notesearch.config import Settings
from notesearch.errors import IndexBusy, IndexDamaged, IndexUnusable, ModelError, VaultError
from notesearch.index.check import unsound_rows
from notesearch.index.checksums import RowsDamaged
from notesearch.index.records import Role, Where
from notesearch.index.store import Store
from notesearch.model import Model
from notesearch.remarks import Remarks
from notesearch.results import Hit, Problem
from notesearch.scan import Scan, folder_problems, not_opened, scan

_SMALL_S = 2.0
"""Text that takes no longer to embed is embedded before a question is answered; more waits, found by its words."""
_SMALL_BYTES = 1_000_000
"""Notes that changed are read before a question is answered if they are no more than this together: about a second."""
_CHARACTERS_PER_S = 10_000
"""The encoder's pace until it has been measured here: a slow laptop's."""
_RESCAN_S = 1.0
_RESCAN_SHARE = 20
"""A warm notebook looks at the disk no more often than once a second, and for no more than a twentieth of the time."""
_TRIES = 3
"""Searches until every hit is as its file is now; notes that keep changing are then left out."""


class Disk:
    """What was seen of the vaults when they were last looked at.

    `newer`: the notes (vault id, path) that the index does not have as they are; `unreachable`: why a vault, by name,
    could not be read; `roles`: how many files of each kind there are; `problems`: what could not be listed or opened.
    """

    def __init__(self, settings: Settings, model: Model, remarks: Remarks) -> None:
        self.newer: frozenset[tuple[int, str]] = frozenset()
        self.unreachable: dict[str, VaultError] = {}
        self.roles: Counter[Role] = Counter()
        self.problems: tuple[Problem, ...] = ()
        self._settings = settings
        self._model = model
        self._remarks = remarks
        self._seen_at = float("-inf")
        self._seen_at_stamp: object = None
        self._took_s = 0.0

    def forget(self) -> None:
        """Look again at the next occasion, however soon that is."""
        self._seen_at = float("-inf")

    def look(self, store: Store, *, verify: bool = False, retry: bool = False) -> list[Scan]:
        """Scan the vaults that can be read now; what is the matter with the others is remembered. `verify` and `retry`
        as for `scan`.
        """
        self._seen_at_stamp = store.stamp()
        started = time.monotonic()
        scans, self.unreachable = [], {}
        for vault in store.vaults():
            try:
                scans.append(scan(store, vault, self._settings, verify=verify, retry=retry))
            except VaultError as error:
                self.unreachable[vault.name] = error
        self._seen_at = time.monotonic()
        self._took_s = self._seen_at - started
        self.roles = Counter(file.role for s in scans for file in s.walk.files)
        self.problems = tuple(problem for s in scans for problem in (*folder_problems(s), *not_opened(s)))
        return scans

    def catch_up(self, store: Store) -> None:
        """Look, if that was not done just now; index what changed if that is quick, else remember how much it is."""
        if time.monotonic() - self._seen_at < _RESCAN_S * max(1.0, _RESCAN_SHARE * self._took_s):
            return
        scans = self.look(store)
        self.newer = frozenset((s.vault.id, path) for s in scans for path in s.changes.paths)
        if self.newer and sum(s.quick_bytes for s in scans) <= _SMALL_BYTES:
            self._write(store, scans, only=self.newer)

    def as_files_are(self, store: Store, find: Callable[[], list[Hit]]) -> list[Hit]:
        """Hits as the files are now: a hit whose note changed since it was indexed makes that note be read again; so
        does one that the index no longer has as it was written. Raises RowsDamaged if that does not help.
        """
        for _ in range(_TRIES):
            hits, stale = self._found(store, find)
            again = {(vault, path) for _, vault, path in stale}
            if not stale or not self._write(store, self.look(store), only=again):
                break
        fresh = [hit for hit in hits if hit.note_id not in {note for note, _, _ in stale}]
        if len(fresh) == len(hits):
            return hits
        self._remarks.add(
            "Some notes changed and could not be read again in time; they are left out. Run: notesearch index"
        )
        return [replace(hit, rank=rank) for rank, hit in enumerate(fresh, start=1)]

    def _found(
        self, store: Store, find: Callable[[], list[Hit]], tries: int = _TRIES
    ) -> tuple[list[Hit], list[tuple[int, int, str]]]:
        """Hits, and (id, vault id, path) of the notes of theirs whose files have changed."""
        from notesearch.search import stale_notes

        try:
            with store.snapshot():  # another process may write: what is compared must be what was found
                hits = find()
                return hits, stale_notes(store, {hit.note_id for hit in hits})
        except RowsDamaged as damage:
            if not tries:
                raise
            self._read_again(store, damage)
        return self._found(store, find, tries - 1)

    def _read_again(self, store: Store, damage: RowsDamaged) -> None:
        """Read the notes again of which the index holds what it was not given; raises `damage` if it is not of notes,
        or they cannot be read now.
        """
        if not damage.notes:
            raise damage
        with store.writing(wait_s=0.5):
            store.mend([unsound_rows(damage)])
        scans = self.look(store)
        known = {
            (s.vault.id, before.path)
            for s in scans
            for before in (*s.changes.removed, *(pair[0] for pair in (*s.changes.doubtful, *s.changes.moved)))
            if before.note in damage.notes
        }
        if not self._write(store, scans, only=known):
            raise damage
        self._remarks.add(
            f"The index is damaged: {damage.count:,} of its rows were not what was written. Their notes were read "
            "again; to verify all of it: notesearch status --repair"
        )

    def within_reach(self, store: Store, where: Where) -> Where:
        """The same, but for vaults that cannot be read now: what their files say is not known, so it is not shown.

        Raises VaultError if none of them can.
        """
        if not self.unreachable:
            return where
        names = where.vaults or tuple(vault.name for vault in store.vaults())
        reachable = tuple(name for name in names if name not in self.unreachable)
        if not reachable:
            raise next(self.unreachable[name] for name in names if name in self.unreachable)
        return replace(where, vaults=reachable)

    def _write(self, store: Store, scans: Sequence[Scan], only: Set[tuple[int, str]]) -> bool:
        """A small update on the way to an answer, and whether it was done; if it cannot be, the answer comes from the
        index as it is. Raises IndexDamaged.
        """
        only = only - {(s.vault.id, path) for s in scans for path in s.slow}
        if not only or self._model.usable(store) is None:
            return False
        from notesearch.update import update

        pace = float(store.remembered("characters_per_s") or _CHARACTERS_PER_S)
        try:
            with store.writing(wait_s=0.5):
                if store.recipe() is None:
                    self._model.take_recipe(store)
                if store.stamp() != self._seen_at_stamp:  # another process has written since we looked
                    scans = self.look(store)
                most = int(pace * _SMALL_S)
                report = update(store, self._model.embedder, self._settings, scans, only=only, most_characters=most)
        except IndexDamaged:
            raise
        except (IndexBusy, IndexUnusable, VaultError) as error:
            self._remarks.add(str(error))
            return False
        except ModelError as error:  # the notes are read, and found by their words
            self._remarks.add(str(error))
        else:
            self._remarks.add(*(problem.reason for problem in report.refused))
        self.newer -= only
        return True
