"""Trip 1: what changed → read → split → embed → store.

Words come first, vectors after: a note can be found by its words as soon as it is read, and texts without a vector
are kept as pending in the index, so that an update that was stopped goes on where it was. Only texts never embedded
before reach the encoder.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from notesearch.config import Settings
from notesearch.embed import Embedder, Encoded
from notesearch.errors import VaultError
from notesearch.index.manifest import Recipe
from notesearch.index.store import Store
from notesearch.maxsim import pack
from notesearch.read.changes import Changes, looks_like_an_accident
from notesearch.results import Problem, Progress, UpdateReport, silent
from notesearch.scan import Scan, folder_problems, not_opened

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

BATCH = 256
"""Texts per call of the encoder: enough to form batches of like length, few enough to lose on Ctrl-C."""

_WINDOW = 4096
"""Texts sorted by length together, so that a batch pads little; the newest notes are in the first."""


def update(
    store: Store,
    embedder: Embedder,
    settings: Settings,
    scans: Sequence[Scan],
    *,
    only: Collection[tuple[int, str]] | None = None,
    force: bool = False,
    most_characters: int | None = None,
    progress: Progress = silent,
) -> UpdateReport:
    """Bring the index up to what `scans` saw. Needs the writer's lock, and that the index has a recipe.

    With `only`, no more than these (vault id, path) are looked at. With `most_characters`, more text than that is not
    embedded now but waits, found by its words; as does any text if `embedder` is not the recipe's own. Raises
    VaultError, having changed nothing, if most of a vault's notes are missing and `force` is not given.
    """
    started = time.perf_counter()
    for scan_ in scans:
        if not force:
            _refuse_an_accident(scan_)
    report = UpdateReport()
    for scan_ in scans:
        report = _update_vault(store, embedder, settings, scan_, only, report, progress)
    foreign = embedder.card != _recipe(store).model
    waits = foreign or (most_characters is not None and store.pending_characters() > most_characters)
    embedded = 0 if waits else _embed_pending(store, embedder, progress)
    if embedded or report.removed or report.changed or report.added:
        store.tidy(progress)
    return replace(report, embedded=embedded, passages=store.passage_count(), seconds=time.perf_counter() - started)


def _recipe(store: Store) -> Recipe:
    recipe = store.recipe()
    assert recipe is not None, "the index has no recipe yet"
    return recipe


def _refuse_an_accident(scan_: Scan) -> None:
    present = {file.path for file in scan_.walk.files}  # what is no longer read on purpose is not missing
    removed = sum(before.path not in present for before in scan_.changes.removed)
    if looks_like_an_accident(scan_.known, removed):
        raise VaultError(
            f"{removed} of {scan_.known} notes of the vault {scan_.vault.name!r} are missing from {scan_.vault.root}. "
            "Nothing was removed from the index. If they are really gone, run: notesearch index --force"
        )


def _update_vault(
    store: Store,
    embedder: Embedder,
    settings: Settings,
    scan_: Scan,
    only: Collection[tuple[int, str]] | None,
    report: UpdateReport,
    progress: Progress,
) -> UpdateReport:
    changes, vault = scan_.changes, scan_.vault
    if only is not None:
        changes = _restricted(changes, {path for vault_id, path in only if vault_id == vault.id})
    if not changes:
        return replace(
            report,
            unchanged=report.unchanged + changes.unchanged,
            failed=(*report.failed, *_problems(store, scan_)),
            remarks=(*report.remarks, *not_opened(scan_)),
        )
    from notesearch.reading import link_targets, read_all, reading_rules, resolve_links  # most updates read nothing

    recipe = _recipe(store)
    rules = reading_rules(embedder, recipe, settings, scan_)
    known_before = link_targets(store, scan_)
    for before, file in changes.moved:
        store.move_note(before.note, file.path)
    outcome = read_all(store, scan_, changes, rules, recipe, settings.max_note_bytes, progress)
    store.remove_notes([before.note for before in changes.removed])
    resolve_links(store, scan_, known_before, outcome.written)
    return UpdateReport(
        added=report.added + outcome.added,
        changed=report.changed + len(outcome.written) - outcome.added - outcome.moved,
        removed=report.removed + len(changes.removed),
        moved=report.moved + len(changes.moved),
        unchanged=report.unchanged + changes.unchanged + len(outcome.touched),
        failed=(*report.failed, *_problems(store, scan_)),
        remarks=(*report.remarks, *outcome.remarks, *not_opened(scan_)),
    )


def _restricted(changes: Changes, paths: Collection[str]) -> Changes:
    return Changes(
        added=tuple(file for file in changes.added if file.path in paths),
        doubtful=tuple(pair for pair in changes.doubtful if pair[0].path in paths),
        moved=tuple(pair for pair in changes.moved if pair[0].path in paths),
        removed=tuple(before for before in changes.removed if before.path in paths),
        unchanged=changes.unchanged,
    )


def _problems(store: Store, scan_: Scan) -> tuple[Problem, ...]:
    """Failures remembered of files that are still there, and folders that could not be listed."""
    present = {file.path for file in scan_.walk.files}
    mine = [failure for failure in store.failures() if failure.vault == scan_.vault.id]
    store.clear_failures(scan_.vault.id, [failure.path for failure in mine if failure.path not in present])
    name = scan_.vault.name
    return (
        *(Problem(name, failure.path, failure.reason) for failure in mine if failure.path in present),
        *folder_problems(scan_),
    )


def _embed_pending(store: Store, embedder: Embedder, progress: Progress) -> int:
    """Give every text that waits its vector; returns how many.

    The next texts are encoded, in a thread of their own, while those before are packed and stored.
    """
    total, done, characters, started = store.pending_count(), 0, 0, time.perf_counter()
    if not total:
        return 0
    from concurrent.futures import ThreadPoolExecutor

    basis = store.basis()
    with ThreadPoolExecutor(1, "encoder") as encoder:
        while waiting := store.pending(_WINDOW):
            waiting.sort(key=lambda pair: len(pair[1]), reverse=True)
            batches = [waiting[at : at + BATCH] for at in range(0, len(waiting), BATCH)]
            ahead = _encoding(encoder, embedder, batches[0])
            for batch, following in zip_longest(batches, batches[1:]):
                progress("embedding", done, total)
                encoded = ahead.result()
                if following:
                    ahead = _encoding(encoder, embedder, following)
                tokens = [pack(rows, basis) for rows in encoded.tokens]
                store.put_vectors([key for key, _ in batch], encoded.vectors, tokens)
                done += len(batch)
                characters += sum(len(text) for _, text in batch)
    progress("embedding", done, total)
    store.remember("characters_per_s", str(int(characters / (time.perf_counter() - started))))
    return done


def _encoding(encoder: Executor, embedder: Embedder, batch: Sequence[tuple[bytes, str]]) -> Future[Encoded]:
    return encoder.submit(embedder.embed_passages, [text for _, text in batch])
