"""Links we print: U1 (Obsidian), U2 (editors), U3 (files)."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.urls import urls_for

names = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..")
)


def made(path: str, heading: str = "", root: str = "/home/ann/my notes", obsidian: str | None = "/home/ann/my notes"):  # type: ignore[no-untyped-def]
    return urls_for(
        Path(root), path, 12, heading, obsidian=Path(obsidian) if obsidian else None,
        base_url="https://ann.example/", editor_url="vscode://file{path}:{line}",
    )  # fmt: skip


def test_u1_every_sign_is_encoded_once() -> None:
    assert made("a b/c+d & e.md", "what now?").obsidian == (
        "obsidian://open?vault=my%20notes&file=a%20b%2Fc%2Bd%20%26%20e%23what%20now%3F"
    )


def test_u1_vault_is_the_nearest_folder_with_obsidian_at_or_above_the_root() -> None:
    urls = made("x.md", root="/home/ann/site/content", obsidian="/home/ann/site")
    assert urls.obsidian == "obsidian://open?vault=site&file=content%2Fx"


def test_u1_without_obsidian_above_the_absolute_path_is_given() -> None:
    assert made("x.md", obsidian=None).obsidian == "obsidian://open?path=%2Fhome%2Fann%2Fmy%20notes%2Fx.md"


@pytest.mark.parametrize("heading", ["a # b", "see [[x]]", "x ^y", "a|b", "%% c %%"])
def test_u1_headings_that_cannot_be_named_are_left_out(heading: str) -> None:
    assert made("x.md", heading).obsidian == "obsidian://open?vault=my%20notes&file=x"


def test_u1_a_pdf_opens_at_its_page_and_pictures_and_canvases_have_no_part() -> None:
    assert made("a b.PDF", "page 12").obsidian == "obsidian://open?vault=my%20notes&file=a%20b.PDF%23page%3D12"
    assert made("a.png", "x").obsidian == "obsidian://open?vault=my%20notes&file=a.png"
    assert made("a.canvas", "x").obsidian == "obsidian://open?vault=my%20notes&file=a.canvas"


@given(names, names)
def test_u1_reads_back(folder: str, name: str) -> None:
    url = made(f"{folder}/{name}.md").obsidian
    assert url is not None
    assert parse_qs(urlsplit(url).query, keep_blank_values=True) == {
        "vault": ["my notes"],
        "file": [f"{folder}/{name}"],
    }


def test_u2_and_u3_and_web() -> None:
    urls = made("a b/ü.md")
    assert urls.editor == "vscode://file/home/ann/my%20notes/a%20b/%C3%BC.md:12"
    assert urls.file == f"file://{socket.gethostname()}/home/ann/my%20notes/a%20b/%C3%BC.md"
    assert urls.web == "https://ann.example/a%20b/%C3%BC"
    assert unquote(urlsplit(urls.file).path) == "/home/ann/my notes/a b/ü.md"


def test_u2_a_name_that_is_not_utf8_keeps_its_bytes() -> None:
    assert made("caf\udce9.md").file.endswith("/caf%E9.md")


def test_a_click_opens_obsidian_only_where_it_knows_the_note() -> None:
    inside, outside = made("x.md"), made("x.md", obsidian=None)
    assert inside.preferred == inside.obsidian
    assert outside.preferred == outside.file
