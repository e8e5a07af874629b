"""One of many processes that use an index at once: `python -m tests.safety.crowd updating|asking INDEX VAULT SECONDS`.

The updating ones edit notes of their own and index them; the asking ones ask. All that may go wrong is to find the
index busy. Prints how often what happened; anything else is an error and ends it.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

from notesearch.errors import IndexBusy
from notesearch.index import base
from tests.conftest import write
from tests.safety.fresh import assert_true, opened


def main(part: str, index: Path, vault: Path, seconds: float) -> None:
    """Take part for so long."""
    base._ROWS_WORTH_A_BASE = 20
    done: Counter[str] = Counter()
    choose = random.Random(os.getpid())
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if part == "updating":
                _edit(vault, choose)
                with opened(index, [vault]) as notebook:
                    notebook.update(wait_s=0.5)
            else:
                with opened(index, [vault]) as notebook:
                    for _ in range(3):
                        assert_true(notebook, "which boat carried the salt")
            done[part] += 1
        except IndexBusy:
            done["busy"] += 1
    print(dict(done))


def _edit(vault: Path, choose: random.Random) -> None:
    """A few notes of this process are written, aside and swapped in, and one is taken away. (A file that is cut in its
    place is empty for a moment before its time says so.)
    """
    for _ in range(3):
        n = choose.randrange(30)
        text = f"# boat {n}\n\nit carried salt {choose.random()} times\n\nsee [[boat {choose.randrange(30)}]]\n"
        write(vault, f"{os.getpid()}/.aside", text).replace(vault / f"{os.getpid()}/boat {n}.md")
    (vault / f"{os.getpid()}/boat {choose.randrange(30)}.md").unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]))
