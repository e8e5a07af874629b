"""What `open` opens: a hit of the last search, or a note at a line, as they stand now.

Of what was shown last only numbers are kept, in a file of the index that its owner alone can read: which passages, of
which notes. So it tells nobody anything, and a hit is found again though its lines have moved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from notesearch.config import Settings
from notesearch.errors import UsageError
from notesearch.index.store import Store
from notesearch.results import Hit, Opening
from notesearch.search import Places


def remember(store: Store, hits: Sequence[Hit]) -> None:
    """Keep which passages were shown, by rank. An index that cannot be written to remembers nothing."""
    shown = [(hit.id, hit.note_id, hit.lines[0]) for hit in sorted(hits, key=lambda hit: hit.rank)]
    with suppress(OSError):
        store.put_shown(json.dumps(shown))


def place(store: Store, settings: Settings, which: str) -> tuple[Opening, str]:
    """Where hit number `which` of the last search stands, or the note `which`, PATH or PATH:LINE; and what the user
    should know of it. Raises UsageError if there is no such thing.
    """
    if re.fullmatch(r"\d{1,9}", which):
        return _shown(store, settings, int(which))
    path, line = _with_line(store, which)
    return _at(store, settings, note_called(store, path), line), ""


def note_called(store: Store, note: str) -> int:
    """The id of a note, by its path in its vault, or that with the vault's name before it. Raises UsageError if there
    is none, or several.
    """
    vaults = store.vaults()
    paths = {vault.id: note.removeprefix(f"{vault.name}/") for vault in vaults}
    found = {v.name: id_ for v in vaults if (id_ := store.note_id(v.id, note)) is not None}
    if len(found) != 1:
        with_name = {v.name: store.note_id(v.id, paths[v.id]) for v in vaults if paths[v.id] != note}
        found = {name: id_ for name, id_ in with_name.items() if id_ is not None} or found
    if not found:
        raise UsageError(f"There is no note {note!r} in the index. Give its path in the vault, such as people/ann.md.")
    if len(found) > 1:
        each = " or ".join(f"{name}/{note}" for name in found)
        raise UsageError(f"Several vaults have a note {note!r}. Say which: {each}")
    return next(iter(found.values()))


def _with_line(store: Store, text: str) -> tuple[str, int]:
    """A file name may end in a colon and a number, too."""
    found = re.fullmatch(r"(.+):(\d{1,9})", text, re.DOTALL)
    if found is None:
        return text, 1
    with suppress(UsageError):
        note_called(store, text)
        return text, 1
    return found[1], max(int(found[2]), 1)


def _shown(store: Store, settings: Settings, number: int) -> tuple[Opening, str]:
    shown = _last_shown(store)
    if not shown:
        raise UsageError("There is no last search whose hits could be opened. Search first, or name a note.")
    if not 1 <= number <= len(shown):
        raise UsageError(f"The last search showed {len(shown)} hits; there is no number {number}.")
    passage_id, note_id, line = shown[number - 1]
    passage = store.passages([passage_id]).get(passage_id)
    if passage is not None:
        heading = passage.headings[-1] if passage.headings else ""
        return _at(store, settings, passage.note, passage.lines[0], heading), ""
    if note_id not in store.notes([note_id]):
        raise UsageError(f"The note of hit {number} is not there any more. Search again.")
    changed = "" if passage_id < 0 else "The passage has changed since it was shown; this is where it stood."
    return _at(store, settings, note_id, line), changed


def _last_shown(store: Store) -> list[tuple[int, int, int]]:
    """What `remember` kept; nothing if it cannot be read as that."""
    try:
        found = json.loads(store.shown())
        return [(int(passage), int(note), int(line)) for passage, note, line in found]
    except (OSError, ValueError, TypeError):
        return []


def _at(store: Store, settings: Settings, note_id: int, line: int, heading: str | None = None) -> Opening:
    """A place in a note that is known; without its heading, the last one above the line."""
    note = store.notes([note_id])[note_id]
    if heading is None:
        above = (part.name for part in store.parts(note.vault, note.path) if part.level and part.line <= line)
        heading = next(reversed(list(above)), "")
    places = Places(store, settings)
    path = Path(places.vaults[note.vault].root) / note.path
    if not path.is_file():
        raise UsageError(f"{note.path} is not there any more: there is no file {path}.")
    return Opening(note.path, str(path), line, places.urls(note, line, heading))
