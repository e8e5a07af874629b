"""Which folders an index is of: list, add, forget, move. None of these reads a note; `update` does, after them.

Nothing is embedded again and nothing deleted by mistake: what a vault is called is never guessed, a folder that moved
must hold the notes that are known, and where vaults lie in each other each note belongs to the innermost.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from notesearch.errors import UsageError, VaultError
from notesearch.index.catalog import VaultRow
from notesearch.index.store import Store
from notesearch.index.vaults import holder, inner
from notesearch.read.vault import detect_kind
from notesearch.results import VaultStatus


def listed(store: Store) -> tuple[VaultStatus, ...]:
    """The vaults, in the order they were added, as they are now."""
    return tuple(_status(store, vault) for vault in store.vaults())


def add(store: Store, folder: Path) -> tuple[str, ...]:
    """Remember a vault; returns what the user should know of it. Raises VaultError if it is no folder."""
    root, known = checked(folder), store.vaults()
    if _at(known, root) is not None:
        return ()
    vault = store.add_vault(root, detect_kind(root))
    remarks = []
    if (outer := holder(known, root)) is not None:
        remarks.append(
            f"{root} lies in the vault {outer.name!r}. Its notes belong to the vault {vault.name!r} alone from now on, "
            "and links between the two are not followed."
        )
    remarks += [
        f"{root / folder} in it is a vault of its own, whose notes stay with that one; links between the two are not "
        "followed."
        for folder in inner(known, vault)
    ]
    if vault.name != root.name:
        remarks.append(f"Another vault is called {root.name!r}; {root} is called {vault.name!r} here.")
    return tuple(remarks)


def forget(store: Store, vault: VaultRow) -> tuple[str, ...]:
    """Remove a vault and its notes from the index; returns what the user should know. The folder is not touched."""
    heir = store.forget_vault(vault)
    if heir is None:
        return ()
    return (
        f"{vault.root} lies in the vault {heir.name!r}: its notes are now found as notes of that one. "
        "To leave them out, name the folder in `exclude` of notesearch.toml.",
    )


def move(store: Store, vault: VaultRow, folder: Path, *, force: bool = False) -> tuple[str, ...]:
    """A vault's folder is `folder` now; returns what the user should know. Vaults that lay in it move with it, if they
    are gone from where they were. Raises VaultError if it is no folder, is another vault, or holds less than half of
    the notes that are known, unless `force` is given.
    """
    root, known = checked(folder), store.vaults()
    moves = [(vault, root)]
    for other in known:
        if Path(vault.root) in Path(other.root).parents and not Path(other.root).is_dir():
            place = root / Path(other.root).relative_to(vault.root)
            moves += [(other, place)] if place.is_dir() else []
    for moved, place in moves:
        _check_move(store, known, moved, place, force=force)
    store.move_vaults([(moved, place, detect_kind(place)) for moved, place in moves])
    names = {row.id: row.name for row in store.vaults()}
    return tuple(f"The vault {moved.name!r} moved with it, to {place}." for moved, place in moves[1:]) + (
        () if names[vault.id] == vault.name else (f"The vault is called {names[vault.id]!r} now.",)
    )


def _check_move(store: Store, known: Sequence[VaultRow], vault: VaultRow, root: Path, *, force: bool) -> None:
    there = _at(known, root)
    if there is not None and there.id != vault.id:
        raise VaultError(
            f"{root} is in the index already, as the vault {there.name!r}. If it took the place of {vault.name!r}, "
            f"run: notesearch vaults forget {vault.root}"
        )
    files = store.known_files(vault.id)
    found = sum(os.path.lexists(root / path) for path in files)
    if 2 * found < len(files) and not force:
        raise VaultError(
            f"{root} holds {found} of the {len(files)} notes that are known of the vault {vault.name!r}. Nothing was "
            "changed. Check the path; if this is the vault all the same, add --force."
        )


def called(store: Store, text: str) -> VaultRow:
    """The vault of a name, or with a folder. Raises UsageError if there is none, or a name and a folder mean two."""
    known = store.vaults()
    by_name = next((vault for vault in known if vault.name == text), None)
    by_folder = _at(known, Path(text).expanduser().absolute())
    if by_name and by_folder and by_name != by_folder:
        raise UsageError(
            f"{text!r} is the name of the vault {by_name.root}, and the folder of the vault {by_folder.name!r}. Write "
            f"{by_name.root} or {by_folder.root}"
        )
    found = by_name or by_folder
    if found is None:
        names = ", ".join(repr(vault.name) for vault in known) or "none"
        raise UsageError(f"There is no vault {text!r} in the index. Known are: {names}.")
    return found


def checked(folder: Path) -> Path:
    """The folder of a vault, links followed. Raises VaultError if it is none."""
    root = folder.expanduser().absolute()
    if not root.exists():
        raise VaultError(f"The vault {root} does not exist. Check the spelling, or give another folder.")
    if not root.is_dir():
        raise VaultError(f"The vault {root} is a file, not a folder of notes. Give the folder it lies in.")
    return root.resolve()


def _at(known: Sequence[VaultRow], root: Path) -> VaultRow | None:
    """The vault with this folder, however the path to it is written."""
    places = {str(root), os.path.realpath(root)}
    return next((v for v in known if v.root in places or _same_folder(v.root, root)), None)


def _same_folder(one: str, other: Path) -> bool:
    try:
        return other.samefile(one)
    except OSError:
        return False


def _status(store: Store, vault: VaultRow) -> VaultStatus:
    state = _state(Path(vault.root))
    last_read = datetime.fromtimestamp(vault.scanned_ns / 1e9, UTC).replace(microsecond=0) if vault.scanned_ns else None
    notes = store.note_count(vault.id)
    return VaultStatus(vault.name, vault.root, vault.kind, state in ("here", "empty"), state, notes, last_read)


def _state(root: Path) -> str:
    try:
        return "here" if any(not path.name.startswith(".") for path in root.iterdir()) else "empty"
    except (FileNotFoundError, NotADirectoryError):
        return "gone"
    except OSError:
        return "unreadable"
