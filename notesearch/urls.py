"""Links that open a note where it was found: in Obsidian, an editor, a browser, or as a file (rules U1 and U2)."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path
from urllib.parse import quote

from notesearch.index.records import role_of
from notesearch.results import Urls

_NOT_IN_A_LINK = re.compile(r"[#^|]|\[\[|\]\]|%%")
"""A heading with one of these cannot be named in an Obsidian link; the link then names the note alone."""


def urls_for(
    root: Path, path: str, line: int, heading: str, *, obsidian: Path | None, base_url: str, editor_url: str
) -> Urls:
    """Every way to open `path` of the vault at `root` at a line; `obsidian` is the folder that holds `.obsidian`, if
    any.
    """
    absolute = root / path
    return Urls(
        file=file_url(absolute),
        editor=editor_url.replace("{path}", _percent(_posix(absolute), keep="/:")).replace("{line}", str(line)),
        obsidian=_obsidian(absolute, obsidian, _part(path, line, heading)),
        web=f"{base_url.rstrip('/')}/{_percent(_without_extension(path), keep='/')}" if base_url else None,
    )


def file_url(path: Path) -> str:
    """`file://host/…`, with the host's name, as terminals want it (rule U3)."""
    host = socket.gethostname() if sys.platform != "win32" else ""
    return f"file://{_percent(host, keep='.-')}{_percent(_posix(path), keep='/:')}"


def _part(path: str, line: int, heading: str) -> str:
    """What names the place in a link: a heading, or a PDF's page, which is its line; canvas and picture have none."""
    match role_of(path):
        case "pdf":
            return f"page={line}"
        case "canvas" | "picture":
            return ""
        case _:
            return "" if _NOT_IN_A_LINK.search(heading) else heading


def _obsidian(absolute: Path, vault: Path | None, part: str) -> str:
    if vault is None:
        return f"obsidian://open?path={_percent(_posix(absolute))}"
    place = _without_extension(absolute.relative_to(vault).as_posix())
    if part:
        place += f"#{part}"
    return f"obsidian://open?vault={_percent(vault.name)}&file={_percent(place)}"


def _without_extension(path: str) -> str:
    return re.sub(r"(?i)\.(md|markdown)$", "", path)


def _posix(path: Path) -> str:
    text = path.as_posix()
    return text if text.startswith("/") else f"/{text}"


def _percent(text: str, keep: str = "") -> str:
    """Percent-encoded once, bytes of the name kept as they are."""
    return quote(os.fsencode(text), safe=keep)
