"""The values that travel: made quickly, they are what they are otherwise."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from notesearch.index.records import Link, Note, Part, quickly

LINK = quickly(Link)("plan", "oars", "", "wiki", False, 3, 12, line=2)


def test_what_is_made_quickly_is_the_same() -> None:
    link = Link("plan", "oars", "", "wiki", False, 3, 12, line=2)
    assert type(LINK) is Link
    assert (LINK, hash(LINK), repr(LINK)) == (link, hash(link), repr(link))
    assert replace(LINK, line=3) == replace(link, line=3)
    assert pickle.loads(pickle.dumps(LINK)) == copy.copy(LINK) == link
    assert quickly(Note)(path="a.md", name="a", title="a", text="", content_hash=b"") == Note("a.md", "a", "a", "", b"")


def test_nobody_changes_what_was_made_quickly() -> None:
    with pytest.raises(FrozenInstanceError):
        LINK.line = 4  # type: ignore[misc]
    with pytest.raises(TypeError):
        quickly(Part)(1, 2)  # type: ignore[call-arg]
