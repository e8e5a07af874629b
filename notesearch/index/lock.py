"""A lock between processes that the operating system holds: a dying process lets go of it.

The package `filelock` does the same, but imports asyncio, which takes a fifth of an update that finds nothing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_PAUSE_S = 0.05
_HELD = (BlockingIOError, PermissionError)
"""How a system says that another process has it: Unix the first, Windows the second."""


@contextmanager
def locked(path: Path, wait_s: float = float("inf")) -> Iterator[None]:
    """Hold the lock of the file at `path`, which is made, its owner's alone.

    Raises TimeoutError if another process still has it after `wait_s` seconds, OSError if there can be no such file.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        _wait(file, time.monotonic() + wait_s)
        yield
    finally:
        os.close(file)  # lets go of the lock, too


def _wait(file: int, until: float) -> None:
    while True:
        try:
            return _try(file)
        except _HELD:
            if time.monotonic() >= until:
                raise TimeoutError from None
            time.sleep(_PAUSE_S)
