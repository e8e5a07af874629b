"""What was shown last, for `open`: a small file beside the database, its owner's alone."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp

LAST = "last.json"


def put(folder: Path, text: str) -> None:
    """Keep what was shown last. Raises OSError if the folder cannot be written to."""
    descriptor, aside = mkstemp(dir=folder, prefix=LAST)  # 0600 from the first byte on
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(aside).replace(folder / LAST)


def shown(folder: Path) -> str:
    """What `put` kept. Raises OSError if there is nothing."""
    return (folder / LAST).read_text(encoding="utf-8")
