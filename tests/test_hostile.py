"""A vault of hostile notes, indexed once: no note stops a run, none is lost, none reaches further than its words."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from rich.console import Console

from notesearch import Hit, Notebook, UpdateReport
from notesearch.config import Settings
from notesearch.errors import UsageError
from notesearch.index.catalog import NoteRow
from notesearch.plain import to_json
from notesearch.render import print_hits
from tests.hostile.notes import CASES, COPIES, EMPTY, LEFT_OUT, NOT_OPENED, Case, make

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\U000e0000-\U000e007f]")


@dataclass(frozen=True, slots=True)
class World:
    """The vault, its index, and what the first run said."""

    root: Path
    index: Path
    notebook: Notebook
    report: UpdateReport

    def row(self, path: str) -> NoteRow | None:
        id_ = self.notebook.store.note_id(1, path)
        return None if id_ is None else self.notebook.store.notes([id_])[id_]

    def text(self, path: str) -> str:
        row = self.row(path)
        return "\n".join(p.text for p in self.notebook.store.passages_of(row.id)) if row else ""

    def said_of(self, path: str) -> list[str]:
        return [problem.reason for problem in (*self.report.failed, *self.report.remarks) if problem.path == path]

    def hits(self, case: Case) -> list[Hit]:
        """What a search for the very words of a case finds in its note."""
        return [hit for hit in self.notebook.search(f'"{case.says}"') if hit.note == case.path]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("hostile")
    root, index = make(folder), folder / "index"
    settings = Settings(max_note_mib=1.0)
    started = time.perf_counter()
    with Notebook.open(index, vaults=[root], model="hashed", settings=settings) as notebook:
        report = notebook.update()
        assert time.perf_counter() - started < 30
        yield World(root, index, notebook, report)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_note_is_found_at_its_line_or_reported(world: World, case: Case) -> None:
    said = world.said_of(case.path)
    assert any(case.report in reason for reason in said) if case.report else said == []
    row = world.row(case.path)
    if row is None:
        assert case.report == "binary"
        return
    if case.says:
        assert any(case.line is None or hit.lines[0] <= case.line <= hit.lines[1] for hit in world.hits(case))
    else:
        assert world.text(case.path) == "" or case in EMPTY
    for wanted, found in ((case.title, row.title), (case.tags, row.tags), (case.aliases, row.aliases)):
        assert wanted is None or wanted == found
    text = world.text(case.path)
    assert all(words in text for words in case.keeps) and not any(words in text for words in case.drops)
    for hit in world.hits(case) if case.says else ():
        assert case.headings is None or hit.headings == case.headings
        assert hit.remarks == case.remarks
        assert len(hit.text) < 5_000
        assert unquote_to_bytes(urlsplit(hit.urls.file).path) == os.fsencode(world.root / case.path)


@pytest.mark.parametrize("path", LEFT_OUT.values(), ids=LEFT_OUT)
def test_f3_what_is_left_out_is_not_found(world: World, path: str) -> None:
    assert world.row(path) is None
    assert not any(hit.note == path for hit in world.notebook.search("left outside", 50))


def test_n3_nothing_outside_the_vault_is_read(world: World) -> None:
    assert world.notebook.search('"secret outside"') == []
    assert ("outside", 2) in world.notebook.status().unresolved_links
    assert not list(world.root.parent.rglob("ran"))


def test_f4_links_pipes_and_sockets_are_left_alone_and_counted(world: World) -> None:
    assert [(p.path, p.reason) for p in world.report.remarks if not p.path] == [("", NOT_OPENED)]
    assert NOT_OPENED in [problem.reason for problem in world.notebook.status().failed]


@pytest.mark.parametrize("name", ["nothing", "blanks", "bare stub", "huge"])
def test_notes_without_text_are_found_by_name(world: World, name: str) -> None:
    assert any(hit.title == name and hit.text == "" for hit in world.notebook.search(name))


@pytest.mark.parametrize("case", COPIES, ids=lambda case: case.name)
def test_f10_a_conflict_copy_stands_below_its_original(world: World, case: Case) -> None:
    notes = [hit.note for hit in world.notebook.search("anchor chain rusts", 20)]
    assert notes.index("copies/anchor.md") < notes.index(case.path)
    assert case.path in [hit.note for hit in world.notebook.search(case.says)]


def test_l5_links_lead_where_they_may(world: World) -> None:
    ring = world.hits(next(case for case in CASES if case.path == "links/ring 2.md"))[0]
    assert [link.note for link in ring.links] == ["links/ring 1.md", "links/ring 2.md"]


def test_f8_a_second_run_reads_nothing_new(world: World) -> None:
    again = world.notebook.update()
    assert (again.added, again.changed, again.removed, again.embedded) == (0, 0, 0, 0)


# --- X8: anything may be asked ----------------------------------------------------------------------------------------

QUERIES: dict[str, tuple[str, str | None]] = {
    "operators": ("AND OR NOT NEAR(a b", None),
    "an open quote": ('"open', None),
    "many quotes": ('"' * 9999, None),
    "many brackets": ("(" * 5000, None),
    "a column": ("body:oak", None),
    "signs": ("^start {a b} + ~ ! % _ \\", None),
    "an exclusion alone": ("-foo", None),
    "SQL": ("'; DROP TABLE note; --", "hostile/sql.md"),
    "an emoji": ("🦭", "names/🦭.md"),
    "a path": ("../../../etc/passwd", None),
    "stop words": ("the of and to", None),
    "a NUL": ("a\0b", None),
    "half a character": ("\ud800", None),
    "letters nobody sees": ("\u200b\u202e", None),
    "an escape sequence": ("\x1b[31mred", None),
    "a word 20,000 times": ("word " * 20000, None),
    "100,000 letters": ("a" * 100000, None),
    "another script": ("встреча у причала", "hostile/scripts.md"),
    "an accent written otherwise": ("CAFE\u0301", "names/Caf\u00e9.md"),
    "no accent at all": ("resume", "names/Re\u0301sume\u0301.md"),
}


@pytest.mark.parametrize(("query", "note"), QUERIES.values(), ids=QUERIES)
def test_x8_any_query_answers(world: World, query: str, note: str | None) -> None:
    started = time.perf_counter()
    hits = world.notebook.search(query)
    world.notebook.ask(query)
    assert time.perf_counter() - started < 4
    assert note is None or note in [hit.note for hit in hits]


@pytest.mark.parametrize("signs", ["'", "(", "🦭", "=="])
def test_x8_signs_alone_are_looked_for_as_they_stand(world: World, signs: str) -> None:
    assert all(signs in hit.text + hit.note for hit in world.notebook.search(signs))
    assert world.notebook.search("※⁂") == []


@pytest.mark.parametrize("query", ["", " \t\n"])
def test_x8_a_blank_query_is_wrong_use(world: World, query: str) -> None:
    with pytest.raises(UsageError, match="blank"):
        world.notebook.search(query)


def test_x8_a_long_query_is_cut_and_said_so(world: World) -> None:
    world.notebook.take_remarks()
    world.notebook.search("word " * 1000)
    assert any("first 2,000" in remark for remark in world.notebook.take_remarks())


# --- X1: what is printed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["screen wipe", "clear pane", "named birch", "named alder", "named thorn"])
def test_x1_nothing_printed_can_steer_a_terminal(world: World, asked: str) -> None:
    hits = world.notebook.search(f'"{asked}"')
    page = StringIO()
    print_hits(Console(file=page, width=100), hits)
    records = [to_json(hit.to_dict()) for hit in hits]
    assert hits and not any(UNSAFE.search(text) for text in (page.getvalue(), *records))
    assert [json.loads(record)["note"] for record in records] == [hit.note for hit in hits]
