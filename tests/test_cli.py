"""The command line as a person meets it: real processes, exact output where it is a promise, exit statuses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
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
        *("tags", "signals", "marks", "links", "backlinks", "urls", "remarks"),
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
        (["index", "vault", "--index", "/proc/none/idx"], 3, "Name a folder that you can write to"),
        (["index", "vault", "--index", "notesearch.toml"], 3, "cannot be opened"),
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
        (["search", "x", "--sort", "size"], "score or date"),
        (["search", "x", "--where", "status"], "KEY=VALUE"),
        (["related", "nothing.md"], "no note 'nothing.md'"),
    ],
)
def test_wrong_words_are_status_2(notesearch: Session, words: list[str], said: str) -> None:
    notesearch("index", "vault")
    done = notesearch(*words, status=2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


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
