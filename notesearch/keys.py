"""Lines that look like keys, which are kept from every model (rule X5)."""

from __future__ import annotations

import re

MASK = "[a line that looks like a key is left out]"
_KEY = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    | \b(?:sk-[\w-]{16,} | gh[a-z]_\w{20,} | github_pat_\w{20,} | glpat-[\w-]{16,} | xox[a-z]-[\w-]{10,} | hf_\w{20,}
        | AKIA[0-9A-Z]{12,} | AIza[\w-]{30,} | eyJ[\w-]{10,}\.[\w-]{10,})
    | \b(?i:pass(?:word|wd|phrase|code)|secret|token|api[ _-]?key|access[ _-]?key|private[ _-]?key)\b[`*"']*
        \s*[:=]\s*\S{4,}\s*$
    | \b(?=[A-Za-z+/]*\d)(?=[A-Z\d+/]*[a-z])(?=[a-z\d+/]*[A-Z])[A-Za-z\d+/]{40,}={0,2}(?![\w.])
    | ^\s*[A-Za-z\d+/]{60,}={0,2}\s*$
    """,
    re.X,
)
"""Known kinds of keys, something set as a password, long runs of mixed letters and digits."""


def masked(text: str) -> str:
    """`text` with `MASK` in place of each line that looks like a key."""
    return "\n".join(MASK if _KEY.search(line) else line for line in text.split("\n"))
