"""Which program opens what, in which order, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.launch import launch
from notesearch.results import Opening, Urls
from tests.conftest import write

URLS = Urls("file://host/n.md", "vscode://file/n.md:7", "obsidian://open?vault=v&file=n", "https://example.org/n")
PLACE = Opening("n.md", "/notes/n.md", 7, URLS)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    for name in ("xdg-open", "vim", "code", "odd"):
        write(tmp_path, name, '#!/bin/sh\nprintf "%s " "${0##*/}" "$@" >"${0%/*}/log"\n').chmod(0o700)
    return tmp_path


@pytest.mark.parametrize(
    ("way", "editor", "terminal", "used", "called"),
    [
        ("", "", False, "obsidian", "xdg-open obsidian://open?vault=v&file=n "),
        ("", "vim", True, "obsidian", "xdg-open obsidian://open?vault=v&file=n "),
        ("terminal", "vim -R", True, "terminal", "vim -R +7 /notes/n.md "),
        ("terminal", "code --wait", True, "terminal", "code --wait --goto /notes/n.md:7 "),
        ("terminal", "odd", True, "terminal", "odd /notes/n.md "),
        ("editor", "", False, "editor", "xdg-open vscode://file/n.md:7 "),
        ("file", "", False, "file", "xdg-open /notes/n.md "),
        ("web", "", False, "web", "xdg-open https://example.org/n "),
    ],
)
def test_ways(programs: Path, way: str, editor: str, terminal: bool, used: str, called: str) -> None:
    editor = f"{programs}/{editor}" if editor else ""
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "EDITOR": editor}
    assert launch(PLACE, way, terminal=terminal, environment=environment) == used
    assert (programs / "log").read_text(encoding="utf-8") == called


def test_what_is_no_web_address_is_not_opened_as_one(programs: Path) -> None:
    place = Opening("n.md", "/notes/n.md", 7, Urls("file:///n.md", "x://n.md", None, "javascript:alert(1)/n"))
    with pytest.raises(Exception, match="does not apply"):
        launch(place, "web", terminal=False, environment={"PATH": str(programs)})
