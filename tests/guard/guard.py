"""An audit hook: what the tests and the processes they start may touch, and nothing else (NOTES-FORMAT §10).

Written may be the temporary folder, in which all vaults, indexes, caches and homes of the tests lie, and what Python
and the tools of the tests keep for themselves; read, beside that, this checkout, Python with its packages, and the
system's own files. No socket connects and no name is looked up, except in tests marked `local_server`. What breaks this
is refused, and written down so that the test fails even where the refusal was caught.

Seen is what goes through Python, its own files and SQLite's; not what a library written in C opens by itself.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

LOG = "NOTESEARCH_GUARD_LOG"
"""The file in which a process writes what it refused."""
LOCAL_SERVER = "NOTESEARCH_GUARD_LOCAL_SERVER"
"""Set where a test may use sockets of this machine."""

CHECKOUT = Path(__file__).resolve().parents[2]


def _real(*paths: str | Path) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{os.path.realpath(path).rstrip('/')}/" for path in paths))


_TEMPORARY = _real(tempfile.gettempdir())
_OF_TOOLS = (
    *_real(*(CHECKOUT / name for name in (".pytest_cache", ".hypothesis", ".coverage"))),
    *(f"{checkout}pytest-cache-files-" for checkout in _real(CHECKOUT)),  # what becomes the first of them
)
_PYTHON = _real(sys.prefix, sys.base_prefix, *(path for path in sys.path if path and "site-packages" in path))
_READ = (
    *_TEMPORARY,
    *_real(CHECKOUT),
    *_PYTHON,
    "/usr/",
    "/lib/",
    "/lib64/",
    "/proc/",
    "/sys/",
    "/dev/",
    "/etc/localtime",
    "/etc/timezone",
)
_WRITES: dict[str, tuple[tuple[int, int | None], ...]] = {
    "os.mkdir": ((0, 2),),
    "os.rename": ((0, 2), (1, 3)),
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.chmod": ((0, 2),),
    "os.truncate": ((0, None),),
}
"""Which arguments name what is changed, and which the folder that a relative name counts from."""
_READS = frozenset(("os.listdir", "os.scandir"))
_SOCKETS = frozenset("socket.connect socket.sendto socket.getaddrinfo socket.gethostbyname".split())
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def may_write(path: str) -> bool:
    """Whether a file may be made, changed or removed."""
    if f"{path}/".startswith(_OF_TOOLS) or path in ("/dev/null", "/dev/tty", "/dev/shm"):
        return True
    if f"{path}/".startswith(_TEMPORARY) and not path.startswith(_real(CHECKOUT)):  # which may itself be temporary
        return True
    return "__pycache__" in path and path.startswith((*_PYTHON, *_real(CHECKOUT)))


def may_read(path: str) -> bool:
    """Whether a file or folder may be looked into."""
    return f"{path}/".startswith(_READ) or path in sys.path


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = args
        if isinstance(path, str | bytes | os.PathLike):
            _look_at(path, writes=bool(flags and flags & _TO_WRITE), event=event)
    elif event in _WRITES:
        for at, folder in _WRITES[event]:
            if isinstance(args[at], str | bytes | os.PathLike):
                _look_at(_named(args[at], -1 if folder is None else args[folder]), writes=True, event=event)
    elif event in _READS and isinstance(args[0], str | bytes | os.PathLike):
        _look_at(args[0], writes=False, event=event)
    elif event == "sqlite3.connect" and args[0] != ":memory:":
        _look_at(_database(args[0]), writes=True, event=event)
    elif event in _SOCKETS and not os.environ.get(LOCAL_SERVER):
        _refuse(f"{event} {args[-1] if event == 'socket.connect' else args[0]}")


def _database(name: str | bytes | os.PathLike[Any]) -> str:
    """The file that SQLite opens, which may be named by a URI."""
    path = os.fsdecode(name)
    return unquote(urlsplit(path).path) if path.startswith("file:") else path


def _named(path: str | bytes | os.PathLike[Any], folder: int) -> str:
    """The name itself, be it a link, in the folder it stands in."""
    name = Path(os.fsdecode(path))
    base = Path(f"/proc/self/fd/{folder}") if folder >= 0 else Path.cwd()
    place = base / name
    return str(Path(os.path.realpath(place.parent)) / place.name)


def _look_at(path: str | bytes | os.PathLike[Any], *, writes: bool, event: str) -> None:
    real = os.fsdecode(path) if event in _WRITES else os.path.realpath(os.fsdecode(path))
    if not (may_write(real) if writes else may_read(real) or may_write(real)):
        _refuse(f"{event} {real}")


def _refuse(what: str) -> None:
    log = os.environ.get(LOG)
    if log:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, f"{what}\n".encode("utf-8", "backslashreplace"))
        os.close(descriptor)
    raise PermissionError(f"tests may not do this: {what}")


def install() -> None:
    """From now on, for the whole of this process."""
    sys.addaudithook(_hook)
