"""Is the index sound, and do its passages stand in their files? What is not is made anew from what is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from notesearch.index.catalog import NoteRow, PassageRow
from notesearch.index.check import Part, Unsound
from notesearch.index.records import role_of
from notesearch.index.store import Store
from notesearch.read.decode import NotText, decode, line_starts
from notesearch.read.note import content_hash
from notesearch.read.vault import Unreadable, read_bytes
from notesearch.results import Finding, Progress
from notesearch.search import is_fresh

MENDS: dict[Part, str] = {
    "database": "the database is made anew from the notes; what can be read of its vectors is kept",
    "notes": "these notes are read again",
    "full text": "the text index is made anew from the passages",
    "vectors": "they are made again by the model",
    "snapshots": "the FAISS base and the common words are written anew from the database",
    "orphans": "they are removed; the next update would do that, too",
    "rights": "only you may read them then",
}


def check(store: Store, limit_bytes: int, progress: Progress) -> list[Unsound]:
    """All that is unsound. Of a note whose file changed since it was read, the passages are not looked at; nor are any
    while rows are not what was written.
    """
    found = list(store.unsound())
    if all(unsound.part not in ("database", "notes") for unsound in found):
        found += _against_their_files(store, limit_bytes, progress)
    return found


def findings(unsound: list[Unsound]) -> tuple[Finding, ...]:
    """The same for people."""
    return tuple(Finding(each.part, each.seen, MENDS[each.part], each.part == "orphans") for each in unsound)


def _against_their_files(store: Store, limit_bytes: int, progress: Progress) -> Iterator[Unsound]:
    roots = {vault.id: Path(vault.root) for vault in store.vaults()}
    notes = store.all_notes()
    untrue = []
    for done, note in enumerate(notes.values()):
        progress("comparing", done, len(notes))
        root = roots[note.vault]
        unchanged = note.content_hash and is_fresh(root, note)
        if unchanged and not _is_true(note, store.passages_of(note.id), root, limit_bytes):
            untrue.append(note)
    progress("comparing", len(notes), len(notes))
    if untrue:
        seen = f"{len(untrue):,} notes are not what their unchanged files say, such as {untrue[0].path}"
        yield Unsound("notes", seen, frozenset(note.id for note in untrue))


def _is_true(note: NoteRow, passages: list[PassageRow], root: Path, limit_bytes: int) -> bool:
    """Whether the file holds the bytes that were read, and, where it is text as a whole, the passages stand in it. A
    file that cannot be read now says nothing against them.
    """
    try:
        data, _ = read_bytes(root, note.path, limit_bytes)
    except Unreadable:
        return True
    if content_hash(data) != note.content_hash:
        return False
    if role_of(note.path) != "note":
        return True
    try:
        text = decode(data).text
    except NotText:
        return False
    starts = line_starts(text)
    return all(
        passage.text == text[passage.start : passage.end]
        and passage.lines == (bisect_right(starts, passage.start), bisect_right(starts, passage.end - 1))
        for passage in passages
    )
