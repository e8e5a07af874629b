"""Open a place in a note: in Obsidian, in an editor, in a browser, or as its file is opened by the system.

Nothing goes through a shell: what a note or a file is called is one word of a command, whatever is in it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from notesearch.errors import NothingOpens, UsageError
from notesearch.results import Opening

WAYS = ("obsidian", "terminal", "editor", "file", "web")
"""What can be asked for: Obsidian; the `VISUAL` or `EDITOR` of this terminal; the editor whose address the settings
name; whatever the system opens such files with; the published page."""

_PATIENCE_S = 10


def launch(place: Opening, way: str = "", *, terminal: bool, environment: Mapping[str, str] | None = None) -> str:
    """Open a place by one of `WAYS`, or by the first that works; returns which. `terminal`: whether there is one for an
    editor to use.

    Raises UsageError for a way that is not known or does not apply, NothingOpens if all that applied was tried in vain.
    """
    environment = os.environ if environment is None else environment
    if way and way not in WAYS:
        raise UsageError(f"--with {way!r} is not known. Use one of: {', '.join(WAYS)}.")
    commands = dict(_commands(place, terminal, environment))
    if way and way not in commands:
        raise UsageError(f"--with {way} does not apply to {place.note}: {_WANTS[way]}")
    tried = []
    for name in [way] if way else [name for name in WAYS if name in commands and name != "web"]:
        seen = _run(commands[name], waits=name == "terminal")
        if not seen:
            return name
        tried.append(f"{name} ({seen})")
    seen = f"tried: {', '.join(tried)}" if tried else "found no program that could"
    raise NothingOpens(
        f"{place.path}:{place.line} could not be opened; {seen}. "
        "Set EDITOR, or `editor_url` in notesearch.toml; --print prints where it is."
    )


_WANTS = {
    "obsidian": "it lies in no vault that Obsidian knows by a name of its own, or nothing here opens links.",
    "terminal": "neither VISUAL nor EDITOR is set, or this is no terminal.",
    "editor": "nothing here opens links (xdg-open is not installed).",
    "file": "nothing here opens files (xdg-open is not installed).",
    "web": "set `base_url` in notesearch.toml, or nothing here opens links.",
}


def _commands(place: Opening, terminal: bool, environment: Mapping[str, str]) -> Iterator[tuple[str, Sequence[str]]]:
    editor = shlex.split(environment.get("VISUAL") or environment.get("EDITOR") or "")
    if editor and terminal:
        yield "terminal", [*editor, *_at_line(Path(editor[0]).stem, place.path, place.line)]
    opener = _opener(environment)
    if not opener:
        return
    if place.urls.obsidian and "?vault=" in place.urls.obsidian:
        yield "obsidian", [*opener, place.urls.obsidian]
    yield "editor", [*opener, place.urls.editor]
    yield "file", [*opener, place.path]
    if place.urls.web and place.urls.web.startswith(("https://", "http://")):
        yield "web", [*opener, place.urls.web]


def _at_line(editor: str, path: str, line: int) -> tuple[str, ...]:
    """How an editor is told a line; one that is not known gets the path alone."""
    match editor:
        case "vi" | "vim" | "nvim" | "nano" | "emacs" | "emacsclient" | "kak" | "micro" | "joe":
            return f"+{line}", path
        case "hx" | "helix" | "subl" | "zed":
            return (f"{path}:{line}",)
        case "code" | "codium" | "cursor":
            return "--goto", f"{path}:{line}"
        case _:
            return (path,)


def _opener(environment: Mapping[str, str]) -> Sequence[str]:
    """What opens links and files on this system; nothing if there is nothing."""
    match sys.platform:
        case "darwin":
            return ["open"]
        case "win32":
            return ["rundll32", "url.dll,FileProtocolHandler"]
        case _:
            found = shutil.which("xdg-open", path=environment.get("PATH"))
            return [found] if found else []


def _run(command: Sequence[str], *, waits: bool) -> str:
    """Run it; returns what went wrong, "" if nothing did. Only an editor in the terminal is waited for to the end."""
    try:
        done = subprocess.run(
            command,
            check=False,
            timeout=None if waits else _PATIENCE_S,
            stdin=None if waits else subprocess.DEVNULL,
            stdout=None if waits else subprocess.DEVNULL,
            stderr=None if waits else subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return ""  # it opened something that stays
    except (OSError, ValueError) as error:
        return str(error)
    return f"status {done.returncode}" if done.returncode else ""
