"""Trip 1: what changed → read → split → embed → store.

Words come first, vectors after: a note can be found by its words as soon as it is read, and texts without a vector
are kept as pending in the index, so that an update that was stopped goes on where it was. Only texts never embedded
before reach the encoder.

Most updates find nothing changed, so what reads notes is imported inside the calls.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.config import Settings
from notesearch.embed import Embedder, Encoded
from notesearch.errors import ModelError, VaultError
from notesearch.index.catalog import KnownFile, embedded_key
from notesearch.index.links import StoredLink
from notesearch.index.manifest import Recipe
from notesearch.index.records import NO_FILE, Fingerprint, Note, ResolvedLink, VaultKind, role_of
from notesearch.index.store import Failure, Store
from notesearch.maxsim import pack
from notesearch.read.changes import Changes
from notesearch.read.vault import File, Unreadable, read_bytes
from notesearch.results import Problem, Progress, UpdateReport, silent
from notesearch.scan import Scan, folder_problems, not_opened

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from notesearch.read.note import ReadingRules

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
    embedded now but waits, found by its words; as does any text if `embedder` is not the recipe's own. A vault of which
    most notes are missing is left as it is, and said so in the report, unless `force` is given. Raises VaultError,
    having changed nothing, if no other is left; ModelError, all else being done, if the model fails.
    """
    started = time.perf_counter()
    refused = tuple(Problem(s.vault.name, "", s.accident) for s in scans if s.accident and not force)
    believed = [scan_ for scan_ in scans if force or not scan_.accident]
    if refused and not believed:
        raise VaultError(refused[0].reason)
    report, stopped, embedded = UpdateReport(refused=refused), store.unfinished, 0
    mend = only is None  # a question does not wait for it
    changed = any(scan_.changes or scan_.links_due for scan_ in believed)
    work = stopped or changed or store.pending_count() or (mend and store.is_damaged())
    if work:
        store.begin()
    for scan_ in believed:
        report = _update_vault(store, embedder, settings, scan_, only, report, progress, all_links=stopped)
    if only is None:
        store.put_scanned([scan_.vault.id for scan_ in believed], min(s.scanned_ns for s in believed))
    if work:
        foreign = embedder.card != _recipe(store).model
        waits = foreign or (most_characters is not None and store.pending_characters() > most_characters)
        try:
            embedded = 0 if waits else _embed_pending(store, embedder, progress)
        except ModelError as error:
            store.tidy(progress, mend=mend)
            raise ModelError(
                f"{error} What was read is found by its words; the rest goes on with the next run."
            ) from None
        store.tidy(progress, mend=mend)
    return replace(report, embedded=embedded, passages=store.passage_count(), seconds=time.perf_counter() - started)


def _recipe(store: Store) -> Recipe:
    recipe = store.recipe()
    assert recipe is not None, "the index has no recipe yet"
    return recipe


def _update_vault(
    store: Store,
    embedder: Embedder,
    settings: Settings,
    scan_: Scan,
    only: Collection[tuple[int, str]] | None,
    report: UpdateReport,
    progress: Progress,
    *,
    all_links: bool,
) -> UpdateReport:
    changes, vault = scan_.changes, scan_.vault
    if only is not None:
        changes = _restricted(changes, {path for vault_id, path in only if vault_id == vault.id})
    all_links = all_links or scan_.links_due
    if not (changes or all_links):
        return replace(
            report,
            unchanged=report.unchanged + changes.unchanged,
            failed=(*report.failed, *_problems(store, scan_)),
            remarks=(*report.remarks, *not_opened(scan_)),
        )
    recipe = _recipe(store)
    store.clear_failures(
        vault.id, [f.path for f in store.failures() if (f.vault, f.fingerprint) == (vault.id, NO_FILE)]
    )
    rules = _reading_rules(embedder, recipe, scan_)
    if not scan_.known:
        store.put_scan(vault.id, scan_.walk.kind, 0, {"reading": scan_.reading})
    known_before = _link_targets(store, scan_)
    outcome = _read_all(store, scan_, changes, rules, recipe, settings.max_note_bytes, progress)
    store.remove_notes([before.note for before in changes.removed])
    _resolve_links(store, scan_, None if all_links else known_before, outcome.written)
    return replace(
        report,
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


def _reading_rules(embedder: Embedder, recipe: Recipe, scan_: Scan) -> ReadingRules:
    from notesearch.dates.order import DateOrder
    from notesearch.read.note import ReadingRules
    from notesearch.read.passages import Sizes

    return ReadingRules(
        sizes=Sizes.fitting(recipe.passage_tokens, recipe.model.max_tokens),
        token_starts=embedder.token_starts,
        kind=scan_.walk.kind,
        dates=DateOrder(scan_.reading.day_first),
        daily_format=scan_.walk.daily_format,
    )


@dataclass(slots=True)
class _Outcome:
    """What reading a vault's files came to, as it goes."""

    written: list[int] = field(default_factory=list)
    added: int = 0
    moved: int = 0
    touched: list[tuple[int, Fingerprint]] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)


def _read_all(
    store: Store,
    scan_: Scan,
    changes: Changes,
    rules: ReadingRules,
    recipe: Recipe,
    limit_bytes: int,
    progress: Progress,
) -> _Outcome:
    """Read and write every file that may have changed; what cannot be read is remembered, and the run goes on (N2)."""
    from notesearch.read.decode import NotText

    known = {file.path: before for before, file in (*changes.doubtful, *changes.moved)}
    moved = {file.path: before.note for before, file in changes.moved}
    outcome = _Outcome()
    files = changes.to_read
    for done, file in enumerate(files):
        progress("reading", done, len(files))
        before = known.get(file.path)
        try:
            note, fingerprint = _read(scan_, file, before, rules, limit_bytes)
            if before and note is None:
                outcome.touched.append((before.note, fingerprint))
            elif before and note and not scan_.reread and _is_the_same(before, file, note.content_hash):
                outcome.touched.append((before.note, fingerprint))
                store.redate_note(before.note, note.date)
            elif note is not None:
                outcome.written.append(_write(store, scan_, note, fingerprint, recipe, rules, moved))
                outcome.added += before is None
                outcome.moved += file.path in moved
                outcome.remarks += [Problem(scan_.vault.name, note.path, note.remark)] if note.remark else []
        except (Unreadable, NotText) as error:
            passing = isinstance(error, Unreadable) and error.passing
            fingerprint = NO_FILE if passing else file.fingerprint
            store.put_failure(Failure(scan_.vault.id, file.path, error.reason, fingerprint))
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
            # A bug of ours must not cost the other notes; it is said as what it is.
            reason = f"could not be indexed, which is an error in notesearch: {type(error).__name__}: {error}"
            store.put_failure(Failure(scan_.vault.id, file.path, reason, file.fingerprint))
    store.touch_notes(outcome.touched, scan_.scanned_ns)
    progress("reading", len(files), len(files))
    return outcome


def _read(
    scan_: Scan, file: File, before: KnownFile | None, rules: ReadingRules, limit_bytes: int
) -> tuple[Note | None, Fingerprint]:
    """The note and the state of its file when it was read; no note if the bytes are those known at this path, and so
    is the day of the file, which may be the note's date.
    """
    from notesearch.dates.note import local_day
    from notesearch.read.note import content_hash, named_only, read_note

    if file.too_large:
        if before and not scan_.reread and before.path == file.path and before.fingerprint == file.fingerprint:
            return None, file.fingerprint
        remark = f"larger than {limit_bytes // 2**20} MiB: not read, found by its name only"
        return named_only(file, remark), file.fingerprint
    data, fingerprint = read_bytes(Path(scan_.vault.root), file.path, limit_bytes)
    same = before is not None and not scan_.reread and _is_the_same(before, file, content_hash(data))
    if before and same and local_day(before.fingerprint.mtime_ns) == local_day(fingerprint.mtime_ns):
        return None, fingerprint
    return read_note(file, data, rules), fingerprint


def _is_the_same(before: KnownFile, file: File, hash_: bytes) -> bool:
    return before.path == file.path and before.content_hash == hash_


def _write(
    store: Store,
    scan_: Scan,
    note: Note,
    fingerprint: Fingerprint,
    recipe: Recipe,
    rules: ReadingRules,
    moved: Mapping[str, int],
) -> int:
    from notesearch.read.passages import embedding_text

    head, starts = rules.sizes.head, rules.token_starts
    texts = [embedding_text(note.title, p.headings, p.words, starts, head) for p in note.passages]
    keyed = [(embedded_key(text, recipe.digest), text) for text in texts]
    return store.put_note(scan_.vault.id, note, fingerprint, scan_.scanned_ns, keyed, moved.get(note.path))


_LinkTargets = tuple[Mapping[str, Sequence[str]], Mapping[str, str]]
"""What links can name beside files: note → title and aliases; in Logseq block id → note."""


def _link_targets(store: Store, scan_: Scan) -> _LinkTargets:
    vault = scan_.vault.id
    return store.names(vault), store.block_notes(vault) if scan_.walk.kind is VaultKind.LOGSEQ else {}


def _resolve_links(store: Store, scan_: Scan, known_before: _LinkTargets | None, written: Sequence[int]) -> None:
    """Links of the notes just written; of all notes, if what a link can lead to has changed, or may have (None)."""
    from notesearch.read.parts import find_part
    from notesearch.read.resolve import Resolver

    root = Path(scan_.vault.root)
    known = names, blocks = _link_targets(store, scan_)
    files = {file.path for file in scan_.walk.files} | names.keys()  # also those in a folder that cannot be listed now
    # Attachments are linked by their file names alone; so a link leads to the same place whether they are read or not.
    titles = {path: called for path, called in names.items() if role_of(path) not in ("pdf", "picture")}
    root_names = [root.name, *(folder.name for folder in root.parents)]
    resolver = Resolver(files, titles, kind=scan_.walk.kind, root_names=root_names, blocks=blocks)
    parts = cache(partial(store.parts, scan_.vault.id))

    def resolved(stored: StoredLink) -> ResolvedLink:
        found = resolver.resolve(stored.link, stored.path)
        part = find_part(stored.link.part, parts(found.path)) if found.path and stored.link.part else None
        return replace(found, line=part.line) if part else found

    stored = store.stored_links(scan_.vault.id, None if known != known_before else written)
    store.put_resolved(scan_.vault.id, [(link, resolved(link)) for link in stored])
    found = {"targets": scan_.targets, "reading": scan_.reading}
    store.put_scan(scan_.vault.id, scan_.walk.kind, scan_.scanned_ns, found)


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
