"""The guard of the suite refuses what it should, here and in the processes that tests start, and lets the rest be."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guard import guard

OUTSIDE = Path("/var/notesearch-test")


@pytest.fixture
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """So that what is refused here on purpose does not fail the test."""
    monkeypatch.setenv(guard.LOG, str(tmp_path / "refused"))
    return tmp_path / "refused"


def connect() -> None:
    with socket.socket() as outgoing:
        outgoing.connect(("127.0.0.1", 9))


@pytest.mark.parametrize(
    "act",
    [
        lambda: OUTSIDE.write_text("x", encoding="utf-8"),
        lambda: OUTSIDE.read_bytes(),
        lambda: OUTSIDE.mkdir(),
        lambda: Path("/etc/passwd").read_bytes(),
        lambda: list(Path("/var").iterdir()),
        lambda: (guard.CHECKOUT / "README.md").open("a", encoding="utf-8"),
        lambda: sqlite3.connect(OUTSIDE),
        lambda: sqlite3.connect(f"{OUTSIDE.as_uri()}?mode=ro", uri=True),
        lambda: socket.getaddrinfo("example.org", 443),
        connect,
    ],
)
def test_what_is_outside_is_refused_and_written_down(act: Callable[[], object], own_log: Path) -> None:
    with pytest.raises(PermissionError, match="tests may not do this"):
        act()
    assert len(own_log.read_text(encoding="utf-8").splitlines()) == 1


def test_a_link_does_not_lead_out(tmp_path: Path, own_log: Path) -> None:
    (tmp_path / "link").symlink_to("/var")
    with pytest.raises(PermissionError):
        os.listdir(tmp_path / "link")  # noqa: PTH208
    assert own_log.exists()


def test_processes_are_guarded_too(own_log: Path) -> None:
    done = subprocess.run([sys.executable, "-c", f"open({str(OUTSIDE)!r}, 'w')"], capture_output=True, text=True)
    assert "tests may not do this" in done.stderr
    assert str(OUTSIDE) in own_log.read_text(encoding="utf-8")


@pytest.mark.local_server
def test_a_server_of_this_machine_may_be_asked_where_a_test_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
