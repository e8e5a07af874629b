"""Settings: every default in one place; later layers win: defaults, the user's file, `notesearch.toml`, the
environment, flags.

A `notesearch.toml` that lies inside a vault may only exclude files and name the site's address (rule X7): vaults are
shared, and a shared file must not choose models, add folders, or move the index. An unknown key is reported, never
ignored in silence.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path, user_config_path, user_data_path

from notesearch.errors import UsageError

FILE = "notesearch.toml"
DEFAULT_MODEL = "all-MiniLM-L6-v2"
_HARMLESS = {"exclude", "base_url"}
_MODELS = {"model", "llm"}
_ATTACHMENTS = ("pdf", "ocr")


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set. In `notesearch.toml` under the same names."""

    index: Path = field(default_factory=lambda: user_data_path("notesearch", appauthor=False) / "index")
    vaults: tuple[Path, ...] = ()
    cache: Path = field(default_factory=lambda: user_cache_path("notesearch", appauthor=False))
    """Where converted models are kept."""
    model: str = DEFAULT_MODEL
    reranker: str = ""
    """A cross-encoder, by name or folder, that reads the best passages with the question; "" for none."""
    passage_tokens: int = 128
    """Chosen by `scripts/evaluate`; see the README."""
    exclude: tuple[str, ...] = ()
    """Patterns as in .gitignore, relative to the vault."""
    max_note_mib: float = 16.0
    base_url: str = ""
    """Address of the published site, for `web` links."""
    editor_url: str = "vscode://file{path}:{line}"
    day_first: bool = False
    """How `3-4-25` is read when nothing else in the vault tells (rule D4)."""
    attachments: tuple[str, ...] = _ATTACHMENTS
    """Of which attachments the text is read, if the extra of that name is installed: "pdf" and "ocr" (pictures)."""
    llm: str = ""
    """The language model that writes answers, as `--llm` names it; "": answers are the notes' own words."""
    llm_context_tokens: int = 4096
    """How much the language model can hold, its answer included."""
    llm_timeout_s: float = 120.0
    """How long it may be silent; so may a server that makes vectors."""
    named_in: Mapping[str, Path] = field(default_factory=dict, hash=False)
    """The file that set a model, by the name of the setting; see `named_by_a_vault`."""
    remarks: tuple[str, ...] = ()
    """What the user should know about the settings files, one sentence each."""

    @property
    def max_note_bytes(self) -> int:
        """`max_note_mib` in bytes."""
        return int(self.max_note_mib * 2**20)

    def named_by_a_vault(self, setting: str, roots: Iterable[str]) -> str | None:
        """Why a model that was set is not used: its file lies in a vault, which `load` could not know (rule X7)."""
        file = self.named_in.get(setting)
        if file is None or not any(file.resolve().is_relative_to(root) for root in roots):
            return None
        return _not_in_a_vault(file, setting)


def load(start: Path | None = None, *, vaults: Sequence[Path] = ()) -> Settings:
    """Settings as they hold in the folder `start` (default: the working folder).

    Raises UsageError if a settings file cannot be read as TOML or a value has the wrong type.
    """
    start = (start or Path.cwd()).absolute()
    settings = _apply(Settings(), user_config_path("notesearch", appauthor=False) / FILE, only=None)
    nearest = _nearest(start)
    if nearest is not None:
        only = _HARMLESS if _inside_a_vault(nearest, vaults) else None
        settings = _apply(settings, nearest, only=only)
    for name in ("index", "cache"):
        if from_environment := os.environ.get(f"NOTESEARCH_{name.upper()}"):
            settings = replace(settings, **{name: Path(from_environment).expanduser()})  # type: ignore[arg-type]
    return settings


def _nearest(start: Path) -> Path | None:
    return next((folder / FILE for folder in (start, *start.parents) if (folder / FILE).is_file()), None)


def _inside_a_vault(file: Path, vaults: Iterable[Path]) -> bool:
    """A vault is told by its marks, or by having been named as one."""
    marked = any((file.parent / mark).exists() for mark in (".obsidian", "logseq/config.edn", "dendron.yml"))
    folders = {file.parent, *file.parent.parents}
    return marked or any(vault.absolute() in folders for vault in vaults)


def _apply(settings: Settings, file: Path, *, only: set[str] | None) -> Settings:
    if not file.is_file():
        return settings
    import tomllib  # few have such a file, and every cold start would wait

    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"The settings in {file} cannot be read: {error}. Mend or remove that file.") from error
    known = {f.name for f in fields(Settings)} - {"remarks", "named_in"}
    remarks = []
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            remarks.append(f"{file}: there is no setting {key!r}; it is not used.")
        elif only is not None and key not in only:
            remarks.append(_not_in_a_vault(file, key))
        else:
            changes[key] = _typed(key, value, file)
    named_in = {**settings.named_in, **dict.fromkeys(changes.keys() & _MODELS, file)}
    return replace(settings, **changes, named_in=named_in, remarks=(*settings.remarks, *remarks))


def _not_in_a_vault(file: Path, setting: str) -> str:
    return f"{file} lies in a vault, where {setting!r} may not be set; it is not used."


def _typed(key: str, value: object, file: Path) -> object:
    """The value as the setting wants it; relative paths count from the file that names them."""
    default = getattr(Settings(), key)
    if key == "vaults" and _is_texts(value):
        return tuple(_path(file, text) for text in value)  # type: ignore[attr-defined]
    if key == "attachments" and _is_texts(value) and not set(_ATTACHMENTS).issuperset(value):  # type: ignore[arg-type]
        raise UsageError(f"{file}: {key} = {value!r} names what is not known. Known are: {', '.join(_ATTACHMENTS)}.")
    if isinstance(default, tuple) and _is_texts(value):
        return tuple(value)  # type: ignore[arg-type]
    if isinstance(default, Path) and isinstance(value, str):
        return _path(file, value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is type(default) and not isinstance(default, tuple):
        return value
    raise UsageError(f"{file}: {key} = {value!r} is not of the kind wanted, such as {default!r}.")


def _path(file: Path, text: str) -> Path:
    return (file.parent / Path(text).expanduser()).absolute()


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
