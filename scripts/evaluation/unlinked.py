"""A set's vault without the links that its questions were made from.

A question that is the shown text of a link is answered by whoever reads that link. So the vault is copied, and in the
notes that hold the question word for word (its `sources`) the asking links become their plain text: nothing that a
reader sees changes, and no system can follow them. A set without `sources` is measured where it lies.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections import defaultdict
from pathlib import Path

from scripts.evaluation.data import JudgedSet, SetError

_LINK = re.compile(r"\[\[(?P<wiki>[^\[\]\n]+)\]\]|\[(?P<shown>[^\[\]\n]*)\]\([^()\n]*\)")
_MARKUP = re.compile(r"[*_`]")
_STAMP = "unlinked-from"


def without_asking_links(judged: JudgedSet, cache: Path) -> Path:
    """The vault to index: the set's own, or a copy in `cache`, made once for the same questions. Raises SetError."""
    asked_in = _questions_by_source(judged)
    if not asked_in:
        return judged.vault
    stamp = hashlib.sha256(repr((str(judged.vault), sorted(asked_in.items()))).encode()).hexdigest()
    copy, stamp_file = cache / "vault", cache / _STAMP
    if not stamp_file.exists() or stamp_file.read_text(encoding="utf-8") != stamp:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(judged.vault, copy, symlinks=True)
        for source, texts in asked_in.items():
            _unlink_in(copy / source, texts)
        stamp_file.write_text(stamp, encoding="utf-8")
    return copy


def _questions_by_source(judged: JudgedSet) -> dict[str, list[str]]:
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for question in judged.questions:
        for source in question.sources:
            texts[source].append(question.text)
    return {source: sorted(of_source) for source, of_source in texts.items()}


def _unlink_in(path: Path, texts: list[str]) -> None:
    """Rewrite one note; its time stays, since a date may be read from it."""
    try:
        before, text = path.stat(), path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise SetError(f"{path.name} is named as a source but cannot be read: {error}") from error
    path.write_bytes(unlinked(text, texts).encode("utf-8", "surrogateescape"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def unlinked(text: str, questions: list[str]) -> str:
    """The note's text, each link that shows one of the questions replaced by what it shows."""
    wanted = {_plain(question) for question in questions}

    def replacement(link: re.Match[str]) -> str:
        # Vaults differ in which side of the bar is shown, so the side that is the question counts.
        sides = link["wiki"].split("|") if link["wiki"] else [link["shown"]]
        return next((side for side in sides if _plain(side) in wanted), link[0])

    return _LINK.sub(replacement, text)


def _plain(shown: str) -> str:
    return " ".join(_MARKUP.sub("", shown).split()).casefold()
