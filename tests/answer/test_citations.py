"""Sentences out of a stream, and whether what they cite bears them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import Hit, Notebook
from notesearch.answer.citations import borne_out, checked, sentences, share_held

SALE = 'we sold the boat in may for 1,200 euros. ann did not want it. "never again", said ben on 2024-03-05.'
STORM = "the storm took three masts and the jetty"


def alike(sentence: str, others: Sequence[str]) -> Sequence[float]:
    return [share_held(sentence, other) for other in others] or [0.0]


@pytest.fixture
def hit(notebook: Notebook) -> Hit:
    return replace(
        notebook.search("berths")[0], id=7, text=SALE, note="boats.md", title="boats", headings=(), date=None
    )


@pytest.mark.parametrize(
    ("said", "apart"),
    [
        ("He left [1]. She came. [2] They met.[3]", ["He left [1].", "She came [2].", "They met[3]."]),
        ("He left. [1][2] She came [3]!", ["He left [1][2].", "She came [3]!"]),
        ("He left at 3.15 p.m. from Mr. Low's [1].", ["He left at 3.15 p.m. from Mr. Low's [1]."]),
        ("- one [1]\n- two [2]\n", ["one [1]", "two [2]"]),
        ("他走了。[1]她来了。[2]", ["他走了[1]。", "她来了[2]。"]),
        ("<think>Hm. Well.</think>\n\nYes [1].", ["Yes [1]."]),
        ("<thin ice> is here [1].", ["thin ice> is here [1]."]),
        ("", []),
        ("[1] [2]", ["[1] [2]"]),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_sentences_and_their_citations_stay_together(said: str, apart: list[str], size: int) -> None:
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    assert [text.lstrip("<") for _, text in sentences(pieces)] == apart


@given(st.text(alphabet="ab.! \n[]12(<>think/", max_size=60), st.integers(1, 9))
def test_how_a_stream_is_cut_up_does_not_matter(said: str, size: int) -> None:
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    whole = "".join(lead + text for lead, text in sentences([said]))
    assert "".join(lead + text for lead, text in sentences(pieces)).split() == whole.split()


@pytest.mark.parametrize(
    ("sentence", "borne"),
    [
        ("The boat was sold in May for 1200 euros.", True),
        ("The boat was sold in May for 1300 euros.", False),
        ("The boat was sold.", True),
        ("The boat was not sold.", False),
        ("Ann did not want the boat.", True),
        ("Ann did want it.", False),
        ("Ben said “never again” on 5 March 2024.", True),
        ("Ben said “never again” on 6 March 2024.", False),
        ("Ben said “Never again” on 2024-03-05.", True),
        ("Ben said “never ever again”.", False),
        ("The storm took 3 masts.", False),
    ],
)
def test_what_a_passage_bears_out(hit: Hit, sentence: str, borne: bool) -> None:
    assert borne_out(sentence, [hit], alike) is borne


def test_small_numbers_may_be_words(hit: Hit) -> None:
    assert borne_out("The storm took 3 masts.", [replace(hit, text=STORM)], alike)


def test_each_citation_is_checked_alone_and_two_together_where_neither_is_enough(hit: Hit) -> None:
    other = replace(hit, id=8, text=STORM, note="weather.md", title="weather")
    shown = {1: hit, 2: other}
    one_right = checked("", "We sold the boat in May [1][2].", shown, alike)
    assert [(c.passage, c.supported) for c in one_right.citations] == [(7, True), (8, False)]
    both = checked("", "Ann did not want the boat sold; the storm took three masts [1, 2].", shown, alike)
    assert [(c.passage, c.supported) for c in both.citations] == [(7, True), (8, True)]
    assert both.said == both.text


def test_a_citation_of_nothing_and_no_citation_are_not_borne_out(hit: Hit) -> None:
    for text in ("We sold the boat in May [9].", "We sold the boat in May."):
        sentence = checked(" ", text, {1: hit}, alike)
        assert [(c.passage, c.supported) for c in sentence.citations] == [(0, False)]
        assert sentence.said == f" {text} [not borne out]"


def test_links_and_pictures_become_words(hit: Hit) -> None:
    shown = {1: replace(hit, text=f"{SALE} http://yard.example/boat")}
    text = (
        "Sold [here](http://evil.example/?q=1) ![b](http://evil.example/b.png) http://yard.example/boat http://x.y [1]."
    )
    said = checked("", text, shown, alike).said
    assert said.startswith("Sold here [picture: b] http://yard.example/boat [address left out] [1].")
    assert "evil" not in said
