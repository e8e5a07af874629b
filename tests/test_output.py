"""Whatever a note, a name, a question or a setting holds: on the screen it is data (rule X1)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from notesearch.plain import shown
from tests.conftest import write
from tests.test_cli import Session

NASTY = "\x1b[2J\x1b]0;own\x07 [red]x :smile: <b>y \u202egnp\u2066 \u061c\u200b\x9b31m\r\U000e0041"
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\U000e0000-\U000e007f]")
OURS = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;[ -~]*?;[ -~]*?\x1b\\")
"""Colours and links, which rich writes on terminals."""


@pytest.fixture
def nasty(tmp_path: Path) -> Session:
    """A vault in which everything that can be called something is called something nasty."""
    name = f"{NASTY}\nnewline"
    escaped = "".join(f"\\U{ord(sign):08x}" for sign in NASTY)  # as YAML and TOML have it
    vault = tmp_path / f"vault {name}"
    write(
        vault,
        f"{name}.md",
        f'---\ntitle: "quay {escaped}"\naliases: ["{escaped}"]\nstatus: {NASTY[20:]}\n'
        f"---\n# quay {NASTY}\n\nthe quay {NASTY} and [[nobody {NASTY[20:]}|{NASTY[20:]}]] #quay\n",
    )
    write(vault, "other.md", f"the quay again, see [[{name.split(chr(10))[0][-9:]}]] and [[plan]]\n")
    write(vault, "a/plan.md", "quay one\n")
    write(vault, "b/plan.md", "quay two\n")
    (vault / f"bad {name}.md").write_bytes(b"GIF89a\x00" + bytes(range(256)))
    write(tmp_path, "notesearch.toml", f'index = "idx"\nmodel = "hashed"\n"key {escaped}" = 1\n')
    session = Session(tmp_path)
    session("index", str(vault))
    return session


def commands(session: Session) -> list[tuple[list[str], int]]:
    vault = next(path for path in session.folder.iterdir() if path.name.startswith("vault"))
    note = f"{NASTY}\nnewline.md"
    return [
        (["index"], 0),
        (["search", f"quay {NASTY}", "--explain"], 0),
        (["ask", f"quay {NASTY}", "--explain"], 0),
        (["related", note], 0),
        (["related", f"nothing {NASTY}"], 2),
        (["status"], 0),
        (["status", "--links"], 0),
        (["status", "--check"], 0),
        (["vaults"], 0),
        (["vaults", "add", f"nowhere {NASTY}"], 3),
        (["vaults", "forget", f"nobody {NASTY}"], 2),
        (["vaults", "forget", vault.name], 2),
        (["eval", "--questions", "20"], 0),
        (["open", note, "--print"], 0),
        (["open", f"nobody {NASTY}"], 2),
        (["search", "quay", "--from", NASTY], 2),
        (["search", "quay", "--sort", NASTY], 2),
        (["search", "quay", "--where", NASTY], 2),
        (["search", "quay", f"more {NASTY}"], 2),
        (["search", "quay", "-k", NASTY], 2),
        ([f"command {NASTY}"], 2),
        (["search", f"--option {NASTY}"], 2),
        (["status", "--index", f"none {NASTY}"], 3),
        (["index", "--model", f"./none {NASTY}"], 3),
    ]


def test_nothing_that_is_printed_can_steer_a_terminal(nasty: Session) -> None:
    for words, status in commands(nasty):
        done = nasty(*words, status=status)
        for text in (done.stdout, done.stderr):
            assert not ACTS.search(text), (words, text)


def test_on_a_terminal_only_colours_and_links_are_added(nasty: Session) -> None:
    for words in (
        ["search", f"quay {NASTY}", "--explain"],
        ["ask", "quay"],
        ["status"],
        ["vaults"],
        ["status", "--links"],
    ):
        done = nasty(*words, "--quiet", FORCE_COLOR="1", TERM="xterm-256color")
        assert "\x1b[" in done.stdout or words[0] in ("status", "vaults")
        assert not ACTS.search(OURS.sub("", done.stdout)), (words, done.stdout)


def test_markup_emoji_names_and_html_are_shown_as_they_are(nasty: Session) -> None:
    for words in (["search", "quay"], ["status"], ["vaults"], ["index"], ["status", "--links"]):
        done = nasty(*words, COLUMNS="400")
        said = done.stdout + done.stderr
        assert "[red]x :smile: <b>y" in said or words == ["status", "--links"], (words, said)
        assert ":smile:" in said


def test_json_says_the_same_and_is_safe_to_print(nasty: Session) -> None:
    for words in (["search", "quay"], ["ask", "quay"], ["status"], ["vaults"], ["status", "--links"], ["index"]):
        raw = nasty(*words, "--json").stdout
        assert not ACTS.search(raw) and raw.count("\n") == 1
    assert any("\x1b[2J" in hit["note"] for hit in nasty.json("search", "quay")["hits"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\x1bb\x7f\x85", "a␛b<U+007F><U+0085>"),
        ("\u061c\u202e\u2069\u200d\ufeff", "<U+061C><U+202E><U+2069><U+200D><U+FEFF>"),
        ("tab\tline\nend\r", "tab line␤end"),
        ("caf\udce9.md", "caf\\xe9.md"),
        ("naïve 日本 שלום 👍", "naïve 日本 שלום 👍"),
    ],
)
def test_shown(text: str, said: str) -> None:
    assert shown(text) == said
