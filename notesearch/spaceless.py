"""Chinese, Japanese and Korean, where no spaces tell one word from the next."""

from __future__ import annotations

import re

SPACELESS = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
"""Their runs."""


def terms_of(word: str) -> list[str]:
    """A word; or what stands for words where it holds Chinese, Japanese or Korean: each two neighbouring characters."""
    terms: list[str] = []
    at = 0
    for run in SPACELESS.finditer(word):
        terms += [word[at : run.start()], *(pairs(run[0]) or [run[0]])]
        at = run.end()
    return [term for term in [*terms, word[at:]] if term]


def pairs(run: str) -> list[str]:
    """Each two neighbouring characters, overlapping; none of a single one."""
    return [run[i : i + 2] for i in range(len(run) - 1)]
