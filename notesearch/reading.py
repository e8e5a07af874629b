"""The first half of trip 1: changed files → notes and their passages, found by their words → where their links lead.

It stands apart since most updates find nothing to read, and need not wait for what reads notes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

from notesearch.config import Settings
from notesearch.dates.order import DateOrder
from notesearch.embed import Embedder
from notesearch.index.catalog import KnownFile, embedded_key
from notesearch.index.links import StoredLink
from notesearch.index.manifest import Recipe
from notesearch.index.records import Fingerprint, Note, ResolvedLink, VaultKind, role_of
from notesearch.index.store import Failure, Store
from notesearch.read.changes import Changes
from notesearch.read.decode import NotText
from notesearch.read.note import ReadingRules, content_hash, named_only, read_note
from notesearch.read.parts import find_part
from notesearch.read.passages import Sizes, embedding_text
from notesearch.read.resolve import Resolver
from notesearch.read.vault import File, Unreadable, read_bytes
from notesearch.results import Problem, Progress
from notesearch.scan import Scan


def reading_rules(embedder: Embedder, recipe: Recipe, settings: Settings, scan_: Scan) -> ReadingRules:
    """How the notes of a vault are read and cut."""
    order = DateOrder.learn((file.path for file in scan_.walk.files), fallback=DateOrder(settings.day_first))
    return ReadingRules(
        sizes=Sizes.fitting(recipe.passage_tokens, recipe.model.max_tokens),
        token_starts=embedder.token_starts,
        kind=scan_.walk.kind,
        dates=order,
        daily_format=scan_.walk.daily_format,
    )


@dataclass(slots=True)
class Outcome:
    """What reading a vault's files came to, as it goes."""

    written: list[int] = field(default_factory=list)
    added: int = 0
    moved: int = 0
    touched: list[tuple[int, Fingerprint]] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)


def read_all(
    store: Store,
    scan_: Scan,
    changes: Changes,
    rules: ReadingRules,
    recipe: Recipe,
    limit_bytes: int,
    progress: Progress,
) -> Outcome:
    """Read and write every file that may have changed; what cannot be read is remembered, and the run goes on (N2)."""
    known = {file.path: before for before, file in (*changes.doubtful, *changes.moved)}
    moved = {file.path for _, file in changes.moved}
    outcome = Outcome()
    files = changes.to_read
    for done, file in enumerate(files):
        progress("reading", done, len(files))
        before = known.get(file.path)
        try:
            note, fingerprint = _read(scan_, file, before, rules, limit_bytes)
            if before and note is None:
                outcome.touched.append((before.note, fingerprint))
            elif note is not None:
                outcome.written.append(_write(store, scan_, note, fingerprint, recipe, rules))
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


def _write(store: Store, scan_: Scan, note: Note, fingerprint: Fingerprint, recipe: Recipe, rules: ReadingRules) -> int:
    head, starts = rules.sizes.head, rules.token_starts
    texts = [embedding_text(note.title, p.headings, p.words, starts, head) for p in note.passages]
    keyed = [(embedded_key(text, recipe.digest), text) for text in texts]
    return store.put_note(scan_.vault.id, note, fingerprint, scan_.scanned_ns, keyed)


LinkTargets = tuple[Mapping[str, Sequence[str]], Mapping[str, str]]
"""What links can name beside files: note → title and aliases; in Logseq block id → note."""


def link_targets(store: Store, scan_: Scan) -> LinkTargets:
    """What links can name just now."""
    vault = scan_.vault.id
    return store.names(vault), store.block_notes(vault) if scan_.walk.kind is VaultKind.LOGSEQ else {}


def resolve_links(store: Store, scan_: Scan, known_before: LinkTargets, written: Sequence[int]) -> None:
    """Links of the notes just written; of all notes, if what a link can lead to has changed."""
    root = Path(scan_.vault.root)
    files = [file.path for file in scan_.walk.files]
    known = names, blocks = link_targets(store, scan_)
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
