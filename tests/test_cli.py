"""The command line as a person meets it: real processes, exact output where it is a promise, exit statuses."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write


class Session:
    """Runs `notesearch` in an empty folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "notesearch", *words],
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8", **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == status, done.stdout + done.stderr
        return done

    def json(self, *words: str, status: int = 0) -> Any:
        return json.loads(self(*words, "--json", status=status).stdout)


@pytest.fixture
def notesearch(tmp_path: Path, vault: Path) -> Session:
    """A session whose settings name an index and the toy embedder, with the small vault beside it."""
    write(tmp_path, "notesearch.toml", 'index = "idx"\nmodel = "hashed"\n')
    return Session(tmp_path)


def test_index_then_ask(notesearch: Session) -> None:
    first = notesearch("index", "vault")
    assert re.fullmatch(
        r"3 added, 0 changed, 0 removed, 0 unchanged; 4 passages, 4 embedded; \d+\.\d s\n", first.stderr
    )
    assert first.stdout == ""
    answer = notesearch("ask", "flour water salt")
    assert answer.stderr == ""
    assert answer.stdout.startswith("  “flour, water, salt.”  bread.md:3\n\n1. bread.md:1  bread › dough")
    assert "   flour, water, salt.\n" in answer.stdout


def test_the_same_question_in_other_words(notesearch: Session) -> None:
    notesearch("index", "vault")
    found = notesearch.json("search", "flour water", "--also", "berths and cranes", "-k", "3")
    assert (found["query"], found["also"]) == ("flour water", ["berths and cranes"])
    assert {hit["note"] for hit in found["hits"][:3]} >= {"bread.md", "harbour.md"}
    refused = notesearch("search", "flour", "--also", "berths", "--explain", status=2)
    assert "one at a time" in refused.stderr


def test_a_name_typed_wrongly_is_said(notesearch: Session) -> None:
    notesearch("index", "vault")
    found = notesearch("search", "haborr", "-k", "1")
    assert found.stderr == ""
    found = notesearch("search", "harbor", "-k", "1")
    assert found.stderr == "notesearch: No note has “harbor”; “harbour” was searched for.\n"
    assert found.stdout.startswith("1. harbour.md:1")


def test_a_reranker_that_cannot_be_had(notesearch: Session) -> None:
    notesearch("index", "vault")
    said = notesearch("search", "flour", "--reranker", "./nowhere", status=3).stderr
    assert said.startswith("notesearch: The reranker './nowhere' could not be loaded: ") and said.count("\n") == 1


def test_a_second_index_needs_no_vault_and_does_nothing(notesearch: Session) -> None:
    notesearch("index", "vault")
    report = notesearch.json("index")
    assert (report["added"], report["changed"], report["unchanged"], report["embedded"]) == (0, 0, 3, 0)


def test_search_json_is_a_promise(notesearch: Session) -> None:
    notesearch("index", "vault")
    found = notesearch.json("search", "crane operators and berths", "-k", "2")
    assert list(found) == ["query", "answer", "hits"]
    assert (found["query"], found["answer"], len(found["hits"])) == ("crane operators and berths", None, 2)
    hit = found["hits"][0]
    assert set(hit) == {
        *("id", "rank", "score", "note_id", "note", "vault", "title", "headings", "lines", "span", "text", "date"),
        *("tags", "signals", "marks", "links", "backlinks", "urls", "remarks", "alike"),
    }
    assert (hit["note"], hit["lines"], hit["headings"], hit["tags"]) == ("harbour.md", [1, 3], ["harbour"], ["work"])
    assert hit["text"] == "# harbour\n\nthe crane operators [[people/ann|talk to ann]] about berths #work"
    assert [link["note"] for link in hit["links"]] == ["people/ann.md"]
    assert hit["text"][slice(*hit["marks"][0])] == "crane"
    assert 0 <= hit["score"] <= 1
    backlinks = notesearch.json("search", "ann plans berths", "-k", "1")["hits"][0]["backlinks"]
    assert backlinks == [{"note": "harbour.md", "title": "harbour", "shown": "talk to ann", "line": 3}]


def test_ask_json_keeps_question_and_hits_beside_the_answer(notesearch: Session) -> None:
    notesearch("index", "vault")
    said = notesearch.json("ask", "flour water salt")
    assert list(said) == ["question", "answer", "hits"]
    assert set(said["answer"]) == {
        *("text", "quotes", "citations", "dates", "newer", "answerable", "confidence", "generator"),
    }
    assert said["answer"]["quotes"][0]["text"] == "flour, water, salt."
    assert said["answer"]["quotes"][0]["lines"] == [3, 3]


def test_jsonl_is_one_hit_a_line(notesearch: Session) -> None:
    notesearch("index", "vault")
    lines = notesearch("search", "ann", "--jsonl").stdout.splitlines()
    assert [json.loads(line)["rank"] for line in lines] == list(range(1, len(lines) + 1))


def test_explain_says_in_words_why(notesearch: Session) -> None:
    notesearch("index", "vault")
    write(notesearch.folder / "vault", "2025-03-14.md", "bread at noon\n")
    said = notesearch("search", "bread in march 2025", "-k", "3", "--explain").stdout
    assert re.search(r"^   \d\.\d\d points: \+\d\.\d\d [a-z', ]+, \+\d\.\d\d ", said, re.M)
    assert "   has “bread”\n" in said and "lacks “march”, “2025”" in said
    asked = "   asked for 2025-03-01 – 2025-03-31; the note"
    assert f"{asked}'s date, 2025-03-14 (from its name), is inside\n" in said and f"{asked} has no date\n" in said
    assert re.search(r"\d\.\d\d behind the one above; it loses most by: ", said)
    assert "points" not in notesearch("search", "bread", "-k", "3").stdout.lower()
    answer = notesearch("ask", "flour water salt", "--explain").stdout
    assert re.search(r"^  confidence [01]\.\d\d, and an answer is given from 0\.\d\d on$", answer, re.M)
    assert (
        "  100% of what the question's words say stands in the first passage, 100% where the best sentence stands\n"
        in answer
    )


def test_explain_is_in_the_json_if_asked(notesearch: Session) -> None:
    notesearch("index", "vault")
    asked = notesearch.json("ask", "flour water salt", "--explain")
    assert set(asked["answer"]["explanation"]) == {
        *("enough", "dense", "note_rerank", "line", "names", "words"),
    }
    why = asked["hits"][0]["explanation"]
    assert set(why) == {"parts", "holds", "lacks", "dates", "dated"}
    assert sum(part["counted"] for part in why["parts"]) == pytest.approx(asked["hits"][0]["signals"]["total"])
    assert why["holds"] == ["flour", "water", "salt"]


def test_eval_prints_a_table_and_the_worst_questions(notesearch: Session) -> None:
    write(notesearch.folder / "vault", "hut.md", "[[bread|zebra quokka]]\n")
    notesearch("index", "vault")
    lines = notesearch("eval").stdout.splitlines()
    assert lines[1].split() == "questions from asked of recall@5 nDCG@10 MRR@10 median 95 %".split()
    assert re.fullmatch(r"titles +4 +4 +1\.000 +1\.000 +1\.000 +\d+ ms +\d+ ms *", lines[2])
    assert [line.split()[0] for line in lines[3:7]] == ["aliases", "headings", "link", "together"]
    worst = lines.index("The worst 1 questions")
    assert re.fullmatch(r"link  “zebra quokka”  (came \d\.|not in the first ten)", lines[worst + 1])
    assert lines[worst + 2] == "     right: bread.md:1  bread"
    assert lines[worst + 3].startswith("   instead: ")
    assert "The second finds the right place earlier for 0 questions" in notesearch("eval", "--model", "hashed").stdout


def test_eval_json_and_what_cannot_be_measured(notesearch: Session) -> None:
    (notesearch.folder / "bare").mkdir()
    notesearch("index", "vault")
    found = notesearch.json("eval", "--questions", "3")
    assert list(found) == ["available", "measured", "versus", "seconds"]
    assert [kind["kind"] for kind in found["measured"][0]["kinds"]][-1] == "together"
    assert found["measured"][0]["kinds"][-1]["questions"] <= 3
    notesearch("index", "bare", "--index", "none")
    assert "There is nothing to ask" in notesearch("eval", "--index", "none", status=1).stdout
    assert "1 or more" in notesearch("eval", "--questions", "0", status=2).stderr
    assert "not both" in notesearch("eval", "--model", "hashed", "--against", "idx", status=2).stderr
    assert "There is no index in" in notesearch("eval", "--against", "nowhere", status=3).stderr


def test_filters_and_order(notesearch: Session) -> None:
    notesearch("index", "vault")
    write(notesearch.folder / "vault", "2025-03-14.md", "bread at noon\n")
    write(notesearch.folder / "vault", "2024-01-02.md", "bread at dawn\n")

    def notes(*words: str) -> list[str]:
        return [hit["note"] for hit in notesearch.json("search", "bread", *words)["hits"]]

    assert "2025-03-14.md" in notes("--from", "2025")
    assert "2024-01-02.md" not in notes("--from", "2025")
    assert notes("--to", "2024-12") == ["2024-01-02.md"]
    assert notes("--tag", "work") == ["harbour.md"]
    assert "harbour.md" not in notes("--tag", "-work")
    assert notes("--path", "people") == ["people/ann.md"]
    dated = [note for note in notes("--sort", "date") if note[0] == "2"]
    assert dated == ["2025-03-14.md", "2024-01-02.md"]


def test_vaults_of_the_settings_belong_to_their_index_alone(notesearch: Session) -> None:
    settings = notesearch.folder / "notesearch.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + 'vaults = ["vault"]\n', encoding="utf-8")
    write(notesearch.folder, "other/x.md", "an other note\n")
    notesearch("index", "other", "--index", "third")
    assert [vault["name"] for vault in notesearch.json("status", "--index", "third")["vaults"]] == ["other"]
    notesearch("index")
    assert [vault["name"] for vault in notesearch.json("status")["vaults"]] == ["vault"]


def test_nothing_found_and_not_answerable_are_status_1(notesearch: Session) -> None:
    notesearch("index", "vault")
    assert "Nothing was found." in notesearch("search", "berths", "--tag", "none", status=1).stderr
    assert "do not seem to say" in notesearch("ask", "xylophone zebra quantum", status=1).stdout


def test_the_environment_and_the_option_name_the_index(notesearch: Session) -> None:
    notesearch("index", "vault", NOTESEARCH_INDEX="elsewhere")
    assert (notesearch.folder / "elsewhere" / "notes.sqlite").exists()
    notesearch("index", "vault", "--index", "third", NOTESEARCH_INDEX="elsewhere")
    assert (notesearch.folder / "third" / "notes.sqlite").exists()
    assert not (notesearch.folder / "idx").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["index", "nowhere"], 3, "does not exist"),
        (["index", "notesearch.toml"], 3, "is a file, not a folder"),
        (["index", "vault", "--index", "notesearch.toml/idx"], 3, "name another folder with --index"),
        (["index", "vault", "--index", "notesearch.toml"], 3, "could not be opened"),
        (["index"], 2, "Name one: notesearch index VAULT"),
        (["index", "vault", "--model", "./no-model"], 3, "could not be loaded"),
        (["ask", "anything"], 3, "There is no index in"),
        (["search", "anything"], 3, "Make one with: notesearch index"),
        (["status"], 3, "There is no index in"),
    ],
)
def test_wrong_use_gets_one_sentence_and_the_way_out(
    notesearch: Session, words: list[str], status: int, said: str
) -> None:
    done = notesearch(*words, status=status)
    assert said in done.stderr
    assert done.stderr.startswith("notesearch: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ask", "  "], "blank"),
        (["ask", "x", "-k", "0"], "1 or more"),
        (["search", "x", "-k", "-3"], "1 or more"),
        (["search", "x", "--from", "soon"], "not a date"),
        (["search", "x", "--where", "status"], "KEY=VALUE"),
        (["related", "nothing.md"], "no note 'nothing.md'"),
    ],
)
def test_wrong_words_are_status_2(notesearch: Session, words: list[str], said: str) -> None:
    notesearch("index", "vault")
    done = notesearch(*words, status=2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_order_that_is_not_known_is_status_2(notesearch: Session) -> None:
    assert "'size' is not one of 'score', 'date'" in notesearch("search", "x", "--sort", "size", status=2).stderr


def test_a_note_that_cannot_be_read_is_reported_with_status_0(notesearch: Session) -> None:
    (notesearch.folder / "vault" / "blob.md").write_bytes(b"GIF89a\x00" + bytes(range(256)))
    assert "not read: blob.md" in notesearch("index", "vault").stderr
    assert "blob.md" in notesearch("status").stdout


def test_text_of_notes_cannot_steer_the_terminal(notesearch: Session) -> None:
    write(notesearch.folder / "vault", "trap.md", "trapdoor \x1b[2J\x1b]0;gone\x07 and \u202eback\u2066 again\n")
    notesearch("index", "vault")
    out = notesearch("search", "trapdoor").stdout
    assert "\x1b" not in out and "\u202e" not in out and "\u2066" not in out
    assert "␛[2J" in out and "<U+202E>back" in out
    raw = notesearch("search", "trapdoor", "--json").stdout
    assert "\x1b" not in raw and "\u202e" not in raw
    assert json.loads(raw)["hits"][0]["text"].startswith("trapdoor \x1b[2J")


def test_status(notesearch: Session) -> None:
    notesearch("index", "vault")
    state = notesearch.json("status")
    assert (state["notes"], state["passages"], state["links"], state["model"]) == (3, 4, 1, "hashed")
    assert "3 in 4 passages, 1 links" in notesearch("status").stdout


def test_related(notesearch: Session) -> None:
    notesearch("index", "vault")
    hits = notesearch.json("related", "people/ann.md", "-k", "1")["hits"]
    assert [hit["note"] for hit in hits] == ["harbour.md"]


def test_help_and_version_need_no_index_and_load_nothing_heavy(notesearch: Session) -> None:
    assert re.fullmatch(r"notesearch \d+\.\d+\.\d+\n", notesearch("--version").stdout)
    assert "Usage" in notesearch("--help").stdout
    probe = "import sys, notesearch.cli; print([m for m in ('numpy', 'faiss', 'torch', 'yaml') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True).stdout == "[]\n"


def test_settings_inside_a_vault_may_only_exclude(tmp_path: Path) -> None:
    root = tmp_path / "vault"
    write(root, ".obsidian/app.json", "{}")
    write(root, "a.md", "a plain note\n")
    write(root, "secret/b.md", "a hidden note\n")
    write(root, "notesearch.toml", 'model = "evil/model"\nindex = "/tmp/elsewhere"\nexclude = ["secret/"]\n')
    session = Session(root)
    done = session("index", ".", "--index", str(tmp_path / "idx"), "--model", "hashed")
    assert "1 added" in done.stderr
    assert "'model' may not be set" in done.stderr and "'index' may not be set" in done.stderr


def test_ctrl_c_says_that_nothing_is_lost(notesearch: Session) -> None:
    program = (
        "from notesearch import cli, embed\n"
        "from notesearch.embed.hashed import HashedEmbedder\n"
        "def stop(self, texts): raise KeyboardInterrupt\n"
        "whole = HashedEmbedder.embed_passages\n"
        "HashedEmbedder.embed_passages = lambda self, texts: (whole if len(texts) > 20 else stop)(self, texts)\n"
        "cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "index", "vault"], cwd=notesearch.folder, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 130
    assert done.stderr.endswith("notesearch: stopped. What was done is kept; `notesearch index` goes on from there.\n")
    report = notesearch.json("index")
    assert (report["unchanged"], report["embedded"]) == (3, 4)


def test_status_lists_links_that_lead_nowhere_or_to_one_of_several(notesearch: Session) -> None:
    vault = notesearch.folder / "vault"
    write(vault, "a/plan.md", "one")
    write(vault, "b/plan.md", "two")
    write(vault, "links.md", "[[plan]]\n[[nobody#page]] and [[harbour]]\n")
    notesearch("index", "vault")
    listed = notesearch("status", "--links").stdout
    assert "missing (1)\n  links.md:2  nobody#page\n" in listed
    assert "several files fit (1)\n  links.md:1  plan → a/plan.md (suffix), 1 more\n" in listed
    assert "harbour" not in listed
    dead, several = notesearch.json("status", "--links")["doubtful_links"]
    assert (dead["note"], dead["line"], dead["target"], dead["taken"]) == ("links.md", 2, "nobody", None)
    assert (several["taken"], several["others"]) == ("a/plan.md", 1)
    (vault / "links.md").unlink()
    notesearch("index")
    assert notesearch("status", "--links").stdout == "Every link leads to one file.\n"


def test_vaults_are_listed_added_moved_and_forgotten(notesearch: Session) -> None:
    folder = notesearch.folder
    write(folder, "more/x.md", "an other note\n")
    assert notesearch("vaults", "add", "vault").stdout.splitlines()[1].split()[:3] == ["vault", "0", "never"]
    notesearch("index")
    notesearch("vaults", "add", "more")
    lines = notesearch("vaults").stdout.splitlines()
    assert lines == notesearch("vaults", "list").stdout.splitlines()
    assert lines[0].split() == "vault notes last read state folder".split()
    assert re.match(r"vault +3  \d{4}-\d\d-\d\d \d\d:\d\d  here ", lines[1])
    assert re.match(r"more +0  never +here ", lines[2])
    (folder / "vault").rename(folder / "moved")
    assert "vaults move OLD NEW" in notesearch("vaults", COLUMNS="300").stdout
    (moved,) = (v for v in notesearch.json("vaults", "move", "vault", "moved")["vaults"] if v["name"] == "moved")
    assert set(moved) == {"name", "root", "kind", "reachable", "state", "notes", "last_read"}
    assert (moved["notes"], moved["state"], moved["root"]) == (3, "here", str(folder / "moved"))
    report = notesearch.json("index")
    assert (report["added"], report["unchanged"], report["removed"], report["embedded"]) == (1, 3, 0, 1)
    asked = notesearch("vaults", "forget", "moved", status=2)
    assert "Nobody can be asked here: say --yes" in asked.stderr and "3 notes of the vault “moved”" in asked.stderr
    assert len(notesearch.json("vaults")["vaults"]) == 2
    assert [v["name"] for v in notesearch.json("vaults", "forget", "moved", "--yes")["vaults"]] == ["more"]
    assert "no vault 'moved'" in notesearch("vaults", "forget", "moved", "--yes", status=2).stderr
    assert notesearch.json("index", "moved")["added"] == 3


def test_a_vault_that_is_away_is_status_3_and_the_others_are_read(notesearch: Session) -> None:
    write(notesearch.folder, "usb/x.md", "an other note\n")
    notesearch("index", "vault", "usb")
    (notesearch.folder / "usb").rename(notesearch.folder / "unplugged")
    write(notesearch.folder / "vault", "new.md", "a new kettle\n")
    done = notesearch("index", "--quiet", status=3)
    assert "left as it was: usb: Cannot read the vault" in done.stderr
    assert notesearch.json("search", "new kettle")["hits"][0]["note"] == "new.md"
    assert "is left out" in notesearch("search", "kettle").stderr


def test_a_second_writer_waits_as_long_as_it_is_told(notesearch: Session) -> None:
    from notesearch.index.lock import locked

    notesearch("index", "vault")
    with locked(notesearch.folder / "idx" / "writer.lock"):
        for words in (["index"], ["vaults", "add", "vault"], ["vaults", "forget", "vault", "--yes"]):
            assert "waited 0 s" in notesearch(*words, "--wait", "0", status=3).stderr
        assert notesearch.json("search", "flour water")["hits"][0]["note"] == "bread.md"
    assert notesearch.json("index", "--wait", "0")["unchanged"] == 3


def test_status_check_and_repair(notesearch: Session) -> None:
    notesearch("index", "vault")
    looked = "3 notes and 4 passages were looked at."
    assert notesearch("status", "--check").stdout == f"The index is sound. {looked}\n"
    with closing(sqlite3.connect(notesearch.folder / "idx" / "notes.sqlite")) as connection:
        connection.execute("DELETE FROM words WHERE rowid = 1")
        connection.commit()
    assert notesearch("status", "--check", status=3).stdout == (
        "full text: 1 rows of the text index 'words' are not what the notes say. To mend it: notesearch status "
        f"--repair (the text index is made anew from the passages).\nThe index is not sound. {looked}\n"
    )
    found = notesearch.json("status", "--check", status=3)
    assert list(found) == ["sound", "findings", "notes", "passages", "mended", "embedded", "remains"]
    assert list(found["findings"][0]) == ["part", "seen", "mend", "harmless"]
    mended = notesearch("status", "--repair").stdout
    assert mended.endswith(f"The index is sound. {looked} It was mended; 0 texts were embedded again.\n")
    assert notesearch.json("status", "--check")["sound"]
    (notesearch.folder / "idx" / "notes.sqlite").write_bytes(b"no database" * 1000)
    assert "Run: notesearch index" in notesearch("status", "--check", status=3).stderr
    again = notesearch("index", "vault")
    assert "was damaged and is made anew from the notes; 0 vectors" in again.stderr and "3 added" in again.stderr
    assert notesearch.json("status", "--check")["sound"]


def test_open_opens_a_hit_of_the_last_search_as_it_is_now(notesearch: Session, tmp_path: Path) -> None:
    """With programs that write down what they were called with, in the place of xdg-open and an editor."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("xdg-open", "vim"):
        program = write(programs, name, f'#!/bin/sh\necho {name} >>"$0.log"\nprintf "%s\\n" "$@" >>"$0.log"\n')
        program.chmod(0o700)
    path = f"{programs}:/usr/bin:/bin"
    hostile = "bread; touch pwned $(touch pwned) \n.md"
    vault = notesearch.folder / "vault"
    (vault / "bread.md").rename(vault / hostile)
    notesearch("index", "vault")
    assert "no last search" in notesearch("open", "1", status=2).stderr
    notesearch("search", "flour water salt", "-k", "2")
    last = notesearch.folder / "idx" / "last.json"
    assert last.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"[\[\]\d, -]+", last.read_text(encoding="utf-8"))
    write(vault, hostile, "a new line\n\n" + (vault / hostile).read_text(encoding="utf-8"))
    where = notesearch.json("open", "1")
    assert (where["note"], where["line"], where["path"]) == (hostile, 3, str(vault / hostile))
    assert notesearch("open", "1", "--print").stdout.endswith("pwned) ␤.md:3\n")
    notesearch("open", "1", PATH=path)
    called = (programs / "xdg-open.log").read_text(encoding="utf-8").splitlines()
    assert called == ["xdg-open", where["urls"]["editor"]]
    assert not list(tmp_path.rglob("pwned"))
    notesearch("open", "1", "--with", "file", PATH=path)
    assert (programs / "xdg-open.log").read_text(encoding="utf-8").endswith(f"xdg-open\n{vault / hostile}\n")
    assert "there is no number 3" in notesearch("open", "3", status=2).stderr
    assert "there is no number 0" in notesearch("open", "0", status=2).stderr
    (vault / hostile).unlink()
    assert "not there any more" in notesearch("open", "1", status=2).stderr


def test_open_says_what_it_cannot_do(notesearch: Session) -> None:
    notesearch("index", "vault")
    place = notesearch.json("open", "people/ann.md:3")
    assert (place["note"], place["line"]) == ("people/ann.md", 3)
    assert notesearch.json("open", "vault/bread.md:6")["line"] == 6
    assert "no note 'nobody.md'" in notesearch("open", "nobody.md", status=2).stderr
    done = notesearch("open", "bread.md", status=3, PATH="/nowhere")
    assert "bread.md:1 could not be opened; found no program that could. Set EDITOR" in done.stderr
    assert "does not apply" in notesearch("open", "bread.md", "--with", "obsidian", status=2, PATH="/nowhere").stderr
    assert "is not known" in notesearch("open", "bread.md", "--with", "magic", status=2).stderr
    write(notesearch.folder, "bin/xdg-open", "#!/bin/sh\nexit 3\n").chmod(0o700)
    failing = notesearch("open", "bread.md", status=3, PATH=str(notesearch.folder / "bin"))
    assert "tried: editor (status 3), file (status 3)" in failing.stderr
