"""Trip 1: what changed → read → split → embed → store.

Words come first, vectors after: a note can be found by its words as soon as it is read, and texts without a vector
are kept as pending in the index, so that an update that was stopped goes on where it was. Only texts never embedded
before reach the encoder.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

from notesearch.config import Settings
from notesearch.dates import DateOrder
from notesearch.embed import Embedder, sample_hash
from notesearch.errors import VaultError
from notesearch.index.catalog import KnownFile, VaultRow, embedded_key
from notesearch.index.links import StoredLink
from notesearch.index.manifest import Recipe
from notesearch.index.records import Fingerprint, Note, ResolvedLink, VaultKind, role_of
from notesearch.index.store import Failure, Store, now_ns
from notesearch.maxsim import BITS, pack
from notesearch.read.attachments import readable, waiting
from notesearch.read.changes import Changes, compare, looks_like_an_accident
from notesearch.read.decode import NotText
from notesearch.read.note import ReadingRules, content_hash, named_only, read_note
from notesearch.read.parts import find_part
from notesearch.read.passages import Sizes, TokenStarts, embedding_text
from notesearch.read.resolve import Resolver
from notesearch.read.vault import File, Unreadable, Walk, WalkRules, read_bytes, walk
from notesearch.results import Problem, UpdateReport

BATCH = 256
"""Texts per call of the encoder: enough to sort by length and pad little, few enough to lose on Ctrl-C."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done ("reading", "embedding"), how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A vault as it is on disk now, against the index. `reread`: its kind changed, and so what its notes mean."""

    vault: VaultRow
    walk: Walk
    changes: Changes
    scanned_ns: int
    reread: bool = False

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


def silent(stage: str, done: int, total: int) -> None:
    """No progress shown."""


def recipe_of(embedder: Embedder, settings: Settings) -> Recipe:
    """The recipe that these settings ask for."""
    codes = f"{BITS} signs, sample {sample_hash()}"
    return Recipe(embedder.card, settings.passage_tokens, codes)


def scan(store: Store, vault: VaultRow, settings: Settings, *, verify: bool = False, retry: bool = False) -> Scan:
    """Walk a vault and compare it with the index; `verify` hashes every file, `retry` tries failed ones again.

    Raises VaultError if the vault cannot be listed.
    """
    scanned_ns = now_ns()
    found = walk(Path(vault.root), WalkRules(exclude=settings.exclude, max_bytes=settings.max_note_bytes))
    failed = {} if retry else {f.path: f.fingerprint for f in store.failures() if f.vault == vault.id}
    roles = readable(settings.attachments)
    notes = [f for f in found.files if f.role in roles and failed.get(f.path) != f.fingerprint]
    reread = vault.scanned_ns > 0 and found.kind != vault.kind
    known = _without_kept(store.known_files(vault.id), found, failed, settings)
    changes = compare(known, found, notes, verify=verify or reread)
    return Scan(vault, found, changes, scanned_ns, reread)


def _without_kept(
    known: Mapping[str, KnownFile], found: Walk, failed: Mapping[str, Fingerprint], settings: Settings
) -> dict[str, KnownFile]:
    """What is known, but for files that are there and left alone: those that failed before, and attachments that are as
    they were when they were read, by an extra that is no longer installed.
    """
    roles = waiting(settings.attachments)
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
    """Bring the index up to what `scans` saw. Needs the writer's lock.

    With `only`, no more than these (vault id, path) are looked at; with `most_characters`, more text than that is not
    embedded now but waits, found by its words. Raises VaultError, having changed nothing, if most
    of a vault's notes are missing and `force` is not given.
    """
    started = time.perf_counter()
    for scan_ in scans:
        if not force:
            _refuse_an_accident(store, scan_)
    report = UpdateReport()
    for scan_ in scans:
        report = _update_vault(store, embedder, settings, scan_, only, report, progress)
    waits = most_characters is not None and store.pending_characters() > most_characters
    embedded = 0 if waits else _embed_pending(store, embedder, progress)
    if embedded or report.removed or report.changed or report.added:
        store.tidy()
    return replace(report, embedded=embedded, passages=store.counts().passages, seconds=time.perf_counter() - started)


def _refuse_an_accident(store: Store, scan_: Scan) -> None:
    present = {file.path for file in scan_.walk.files}  # what is no longer read on purpose is not missing
    known = len(store.known_files(scan_.vault.id))
    removed = sum(before.path not in present for before in scan_.changes.removed)
    if looks_like_an_accident(known, removed):
        raise VaultError(
            f"{removed} of {known} notes of the vault {scan_.vault.name!r} are missing from {scan_.vault.root}. "
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
    recipe = recipe_of(embedder, settings)
    rules = _reading_rules(embedder, recipe, settings, scan_)
    known_before = _link_targets(store, scan_)
    for before, file in changes.moved:
        store.move_note(before.note, file.path)
    outcome = _read_all(store, scan_, changes, rules, recipe, settings.max_note_bytes, progress)
    store.remove_notes([before.note for before in changes.removed])
    _resolve_links(store, scan_, known_before, outcome.written)
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


def _reading_rules(embedder: Embedder, recipe: Recipe, settings: Settings, scan_: Scan) -> ReadingRules:
    order = DateOrder.learn((file.path for file in scan_.walk.files), fallback=DateOrder(settings.day_first))
    return ReadingRules(
        sizes=Sizes.fitting(recipe.passage_tokens, recipe.model.max_tokens),
        token_starts=embedder.token_starts,
        kind=scan_.walk.kind,
        dates=order,
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
    known = {file.path: before for before, file in (*changes.doubtful, *changes.moved)}
    moved = {file.path for _, file in changes.moved}
    outcome = _Outcome()
    files = changes.to_read
    for done, file in enumerate(files):
        progress("reading", done, len(files))
        before = known.get(file.path)
        try:
            note, fingerprint = _read(scan_, file, before, rules, limit_bytes)
            if before and note is None:
                outcome.touched.append((before.note, fingerprint))
            elif note is not None:
                outcome.written.append(_write(store, scan_, note, fingerprint, recipe, rules.token_starts))
                outcome.added += before is None
                outcome.moved += file.path in moved
                outcome.remarks += [Problem(scan_.vault.name, note.path, note.remark)] if note.remark else []
        except (Unreadable, NotText) as error:
            store.put_failure(Failure(scan_.vault.id, file.path, error.reason, file.fingerprint))
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
    """The note and the state of its file when it was read; no note if the bytes are those known at this path."""
    if file.too_large:
        if before and not scan_.reread and before.path == file.path and before.fingerprint == file.fingerprint:
            return None, file.fingerprint
        remark = f"larger than {limit_bytes // 2**20} MiB: not read, found by its name only"
        return named_only(file, remark), file.fingerprint
    data, fingerprint = read_bytes(Path(scan_.vault.root), file.path, limit_bytes)
    if before and not scan_.reread and before.path == file.path and content_hash(data) == before.content_hash:
        return None, fingerprint
    return read_note(file, data, rules), fingerprint


def _write(
    store: Store, scan_: Scan, note: Note, fingerprint: Fingerprint, recipe: Recipe, token_starts: TokenStarts
) -> int:
    texts = [embedding_text(note.title, passage.headings, passage.words, token_starts) for passage in note.passages]
    keyed = [(embedded_key(text, recipe.digest), text) for text in texts]
    return store.put_note(scan_.vault.id, note, fingerprint, scan_.scanned_ns, keyed)


_LinkTargets = tuple[Mapping[str, Sequence[str]], Mapping[str, str]]
"""What links can name beside files: note → title and aliases; in Logseq block id → note."""


def _link_targets(store: Store, scan_: Scan) -> _LinkTargets:
    vault = scan_.vault.id
    return store.names(vault), store.block_notes(vault) if scan_.walk.kind is VaultKind.LOGSEQ else {}


def _resolve_links(store: Store, scan_: Scan, known_before: _LinkTargets, written: Sequence[int]) -> None:
    """Links of the notes just written; of all notes, if what a link can lead to has changed."""
    root = Path(scan_.vault.root)
    files = [file.path for file in scan_.walk.files]
    known = names, blocks = _link_targets(store, scan_)
    targets = hashlib.blake2b("\0".join(files).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    all_again = known != known_before or targets != json.loads(scan_.vault.scan).get("targets")
    # Attachments are linked by their file names alone; so a link leads to the same place whether they are read or not.
    titles = {path: called for path, called in names.items() if role_of(path) not in ("pdf", "picture")}
    root_names = [root.name, *(folder.name for folder in root.parents)]
    resolver = Resolver(files, titles, kind=scan_.walk.kind, root_names=root_names, blocks=blocks)
    parts = cache(partial(store.parts, scan_.vault.id))

    def resolved(stored: StoredLink) -> ResolvedLink:
        found = resolver.resolve(stored.link, stored.path)
        part = find_part(stored.link.part, parts(found.path)) if found.path and stored.link.part else None
        return replace(found, line=part.line) if part else found

    stored = store.stored_links(scan_.vault.id, None if all_again else written)
    store.put_resolved(scan_.vault.id, [(link, resolved(link)) for link in stored])
    store.put_scan(scan_.vault.id, scan_.walk.kind, scan_.scanned_ns, {"targets": targets})


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


def folder_problems(scan_: Scan) -> tuple[Problem, ...]:
    """Settings that are broken, and folders that could not be listed."""
    name, walk_ = scan_.vault.name, scan_.walk
    return (
        *(Problem(name, problem.path, problem.reason) for problem in walk_.problems),
        *(Problem(name, folder, "cannot be listed; its notes are kept as they were") for folder in walk_.unreadable),
    )


def not_opened(scan_: Scan) -> tuple[Problem, ...]:
    """One line that counts the links, pipes and the like that were left alone (rules F4, F10)."""
    said = str(scan_.walk.not_opened)
    return (Problem(scan_.vault.name, "", said),) if said else ()


def _embed_pending(store: Store, embedder: Embedder, progress: Progress) -> int:
    """Give every text that waits its vector; returns how many."""
    total, done, characters, started = store.pending_count(), 0, 0, time.perf_counter()
    basis = store.basis()
    while waiting := store.pending(BATCH * 16):
        for at in range(0, len(waiting), BATCH):
            progress("embedding", done, total)
            keys, texts = zip(*waiting[at : at + BATCH], strict=True)
            encoded = embedder.embed_passages(texts)
            store.put_vectors(keys, encoded.vectors, [pack(tokens, basis) for tokens in encoded.tokens])
            done += len(keys)
            characters += sum(map(len, texts))
    progress("embedding", done, total)
    if done:
        store.remember("characters_per_s", str(int(characters / (time.perf_counter() - started))))
    return done
