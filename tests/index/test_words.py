"""The lexical side: every script is found, nothing typed is syntax, BM25 is the known one."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch import Notebook
from notesearch.config import Settings
from notesearch.index.words import FieldWeights, Tokenizer, any_of, phrase, spread, terms
from notesearch.spaceless import terms_of
from tests.conftest import write


def test_runs_without_spaces_are_spread_to_characters_and_pairs() -> None:
    assert spread("see 台北的 now").split() == ["see", "台", "北", "的", "台北", "北的", "now"]
    assert spread("한국 and カナ").split() == ["한", "국", "한국", "and", "カ", "ナ", "カナ"]
    assert spread("nothing to do") == "nothing to do"


def test_query_terms_are_pairs_where_there_are_any() -> None:
    assert terms_of("台北的") == ["台北", "北的"]
    assert terms_of("家") == ["家"]
    assert terms_of("iPhone手机") == ["iPhone", "手机"]


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("мост", "мостом"), ("ёлки", "ЕЛКА"), ("чай", "ча\u0438\u0306"),
        ("γέφυρα", "ΓΕΦΥΡΑΣ"), ("كتاب", "الكِتَابُ"), ("किताब", "किताबों"), ("நூலகம்", "நூலகத்தில்"),
    ],
)  # fmt: skip
def test_forms_of_a_word_are_one_in_other_alphabets(asked: str, written: str) -> None:
    assert terms(asked) == terms(written) == [spread(written)]


def test_words_of_the_latin_alphabet_and_digits_stay() -> None:
    for text in ("running größe naïve 2025", "iPhone15 …", "“quoted”"):
        assert spread(text) == text
    assert spread("купил iPhone15 вчера").split()[1] == "iPhone15"


def test_vowels_that_are_marks_do_not_take_words_apart() -> None:
    assert Tokenizer()(["पढ़ना", "café", "❤️"]) == {"पढ़ना": ["पढ़ना"], "café": ["cafe"], "❤️": []}


def test_expressions_are_quoted() -> None:
    assert any_of(["or", 'say "hi"', "or"]) == '"or" OR "say ""hi"""'
    assert any_of(["new"], prefix="yo") == '"new" OR "yo"*'
    assert phrase("quiet mornings") == '"quiet mornings"'


@pytest.mark.parametrize(
    ("question", "note"),
    [("搬去台北", "zh.md"), ("東京タワー", "ja.md"), ("부산 바다", "ko.md"), ("größe", "de.md"), ("grosse", "de.md"),
     ("niño", "es.md"), ("nino", "es.md"), ("москва", "ru.md"), ("слеза", "ru.md"), ("γέφυρες", "el.md"),
     ("किताब", "hi.md")],
)  # fmt: skip
def test_every_script_is_found_by_words_alone(tmp_path: Path, question: str, note: str) -> None:
    root = tmp_path / "vault"
    write(root, "zh.md", "妈妈不想搬去台北，因为爸爸的工作。\n")
    write(root, "ja.md", "東京タワーへ行きました。\n")
    write(root, "ko.md", "부산 바다는 아름답다.\n")
    write(root, "de.md", "die größe des hauses. grosse freude.\n")
    write(root, "es.md", "el niño duerme.\n")
    write(root, "ru.md", "Москва слезам не верит.\n")
    write(root, "el.md", "η παλιά γέφυρα πάνω από το ποτάμι\n")
    write(root, "hi.md", "मैंने कल दो किताबें खरीदीं।\n")
    with Notebook.open(tmp_path / "index", vaults=[root], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        found = notebook.store.lexical(question.split(), 5, FieldWeights())
        ids = [notebook.store.notes_of_passages([id_])[id_] for id_, _ in found]
        assert ids
        assert notebook.store.notes(ids[:1])[ids[0]].path == note


def test_rarer_words_and_shorter_passages_score_higher(tmp_path: Path) -> None:
    root = tmp_path / "vault"
    write(root, "a.md", "gulls and gulls, and a pelican\n")
    write(root, "b.md", "gulls on the pier\n")
    write(root, "c.md", "gulls " + "and more words about nothing at all " * 8 + "\n")
    with Notebook.open(tmp_path / "index", vaults=[root], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        rows = notebook.store.lexical(["gulls", "pelican"], 5, FieldWeights())
        owners = notebook.store.notes_of_passages([id_ for id_, _ in rows])
        order = [notebook.store.notes([owners[id_]])[owners[id_]].path for id_, _ in rows]
        assert order == ["a.md", "b.md", "c.md"]
        assert [score for _, score in rows] == sorted((score for _, score in rows), reverse=True)
