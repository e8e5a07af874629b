"""Where links lead: rules R1 to R9."""

import random
import time
from collections.abc import Mapping, Sequence
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.index.records import Link, LinkKind, ResolvedLink, VaultKind
from notesearch.read.resolve import How, Resolver, compare_key

FAILURES = {How.MISSING, How.AMBIGUOUS, How.FOLDER, How.NO_BLOCK, How.BLANK, How.OUTSIDE}
UUID = "66123456-aaaa-bbbb-cccc-0123456789ab"


def to(target: str, kind: LinkKind = "wiki", part: str = "") -> Link:
    return Link(target, part, "", kind, embed=False, start=0, end=0, line=1)


def resolver(
    *files: str,
    names: Mapping[str, Sequence[str]] | None = None,
    kind: VaultKind = VaultKind.OBSIDIAN,
    root_names: Sequence[str] = (),
    blocks: Mapping[str, str] | None = None,
) -> Resolver:
    return Resolver(files, names or {}, kind=kind, root_names=root_names, blocks=blocks)


def found(path: str, how: How, others: int = 0) -> ResolvedLink:
    return ResolvedLink(path, how, others)


def lost(how: How, others: int = 0) -> ResolvedLink:
    return ResolvedLink(None, how, others)


def test_a_blank_target_is_the_source_itself() -> None:
    """R2."""
    assert resolver("a/b.md").resolve(to("", part="Head"), "a/b.md") == found("a/b.md", How.SELF)


@pytest.mark.parametrize(
    "target", ["../../outside/secret", "../../outside/secret.md", "../..", "a/../../x", "./../../x", "..\\..\\x"]
)
def test_a_target_out_of_the_root_is_never_found(target: str) -> None:
    """R2, N3: not even if a file inside has the same name."""
    vault = resolver("links/escape.md", "secret.md", "x.md", "outside/secret.md")
    assert vault.resolve(to(target), "links/escape.md") == lost(How.OUTSIDE)
    assert vault.resolve(to(target, "markdown"), "links/escape.md") == lost(How.OUTSIDE)


def test_encoding_hides_no_way_out() -> None:
    """R2, L3."""
    vault = resolver("links/escape.md", "secret.md")
    assert vault.resolve(to("..%2f..%2foutside%2fsecret.md", "markdown"), "links/escape.md") == lost(How.OUTSIDE)
    assert vault.resolve(to("%2e%2e/%2e%2e/secret"), "links/escape.md") == lost(How.OUTSIDE)


@pytest.mark.parametrize("target", ["/", " ", "//"])
def test_a_target_of_no_name(target: str) -> None:
    """R2: it is not the source, and without a page for the root it is nothing."""
    assert resolver("a.md").resolve(to(target), "a.md").path is None


@pytest.mark.parametrize(
    ("file", "target"),
    [
        ("norm/Café.md", "Cafe\u0301"),
        ("norm/Re\u0301sume\u0301.md", "R\u00e9sum\u00e9"),
        ("Screenshot 2025-12-27 at 2.12.10\u202fPM.png", "Screenshot 2025-12-27 at 2.12.10 PM.png"),
        ("a b.md", "a\u00a0b"),
        ("plain.md", "PLAIN"),
        ("names/SHOUT.MD", "shout"),
        ("Straße.md", "STRASSE"),
        ("a/b.md", "a\\b"),
        ("a/b.md", "a//b/"),
    ],
)
def test_names_are_compared_by_key(file: str, target: str) -> None:
    """R3."""
    assert resolver(file).resolve(to(target), "x.md").path == file


def test_of_two_files_with_one_key_the_exact_spelling_decides() -> None:
    """R3, R9."""
    vault = resolver("case/Readme.md", "case/readme.md", "norm/Café.md", "norm/Cafe\u0301.md")
    assert vault.resolve(to("readme"), "x.md") == found("case/readme.md", How.SUFFIX, 1)
    assert vault.resolve(to("Readme"), "x.md") == found("case/Readme.md", How.SUFFIX, 1)
    assert vault.resolve(to("case/readme.md"), "x.md") == found("case/readme.md", How.EXACT, 1)
    assert vault.resolve(to("norm/Cafe\u0301"), "x.md").path == "norm/Cafe\u0301.md"
    assert vault.resolve(to("norm/Café"), "x.md").path == "norm/Café.md"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("v1.2 plan", "v1.2 plan.md"),
        ("v1.2 plan.md", "v1.2 plan.md"),
        ("plain.png", "plain.png"),
        ("notes.md", "notes.md.md"),
        ("other", "other.markdown"),
        ("LICENSE", "LICENSE"),
        ("Board.canvas", "Board.canvas"),
    ],
)
def test_a_target_is_tried_as_it_is_and_with_the_extension(target: str, path: str) -> None:
    """R4."""
    vault = resolver(
        "v1.2 plan.md",
        "plain.png",
        "plain.png.md",
        "notes.md.md",
        "other.markdown",
        "LICENSE",
        "LICENSE.md",
        "Board.canvas",
    )
    assert vault.resolve(to(target), "x.md").path == path


NOTES = ("Note.md", "a/b/Note.md", "zzzz/Note.md", "a/b/linker.md", "a/Other.md", "longer/Other.md", "q/x/One.md")


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("Note", found("Note.md", How.EXACT, 2)),
        ("b/Note", found("a/b/Note.md", How.SUFFIX)),
        ("../b/Note", found("a/b/Note.md", How.RELATIVE)),
        ("./Note", found("a/b/Note.md", How.RELATIVE)),
        ("../Other.md", found("a/Other.md", How.RELATIVE)),
        ("/Note", found("Note.md", How.EXACT)),
        ("/b/Note", lost(How.MISSING)),
        ("Other", found("a/Other.md", How.SUFFIX, 1)),
        ("linker", found("a/b/linker.md", How.OWN_FOLDER)),
        ("x/One", found("q/x/One.md", How.SUFFIX)),
        ("Nowhere", lost(How.MISSING)),
    ],
)
def test_the_steps_from_the_root_to_the_end_of_a_path(target: str, answer: ResolvedLink) -> None:
    """R5.1 to R5.3, R9."""
    assert resolver(*NOTES).resolve(to(target), "a/b/linker.md") == answer


def test_the_own_folder_comes_before_the_shortest_path_and_an_ancestor_counts_for_nothing() -> None:
    """R5.3."""
    vault = resolver("b/N.md", "a/long/N.md", "a/long/deep/linker.md", "a/long/linker.md", "c/N.md")
    assert vault.resolve(to("N"), "a/long/linker.md") == found("a/long/N.md", How.OWN_FOLDER, 2)
    assert vault.resolve(to("N"), "a/long/deep/linker.md") == found("b/N.md", How.SUFFIX, 2)


def test_names_of_the_root_are_dropped() -> None:
    """R5.4: the link works when the root is the vault and when it is its folder `content`."""
    assert resolver("content/plain.md").resolve(to("content/plain"), "x.md") == found("content/plain.md", How.EXACT)
    inside = resolver("plain.md", "sub/deep.md", kind=VaultKind.QUARTZ, root_names=["content", "garden", "home"])
    assert inside.resolve(to("content/plain"), "x.md") == found("plain.md", How.ROOT_NAME)
    assert inside.resolve(to("garden/content/deep"), "x.md") == found("sub/deep.md", How.ROOT_NAME)
    assert inside.resolve(to("/content/plain"), "x.md") == found("plain.md", How.ROOT_NAME)
    assert inside.resolve(to("content"), "x.md") == lost(How.MISSING)


def test_a_folder_is_the_page_that_stands_for_it() -> None:
    """R5.5."""
    vault = resolver("a/index.md", "a/README.md", "b/ReadMe.md", "deep/c/c.md", "d/other.md", "index.md")
    assert vault.resolve(to("a"), "x.md") == found("a/index.md", How.FOLDER_PAGE)
    assert vault.resolve(to("b/", "markdown"), "x.md") == found("b/ReadMe.md", How.FOLDER_PAGE)
    assert vault.resolve(to("deep/c"), "x.md") == found("deep/c/c.md", How.FOLDER_PAGE)
    assert vault.resolve(to("d"), "x.md") == lost(How.FOLDER)
    assert vault.resolve(to(".", "markdown"), "a/x.md") == found("a/index.md", How.FOLDER_PAGE)
    assert vault.resolve(to("..", "markdown"), "a/x.md") == found("index.md", How.FOLDER_PAGE)


def test_a_title_or_alias_counts_if_one_note_carries_it() -> None:
    """R5.6."""
    names = {"p/1.md": ["The Plan", "plan b"], "p/2.md": ["Twice", "Twice"], "p/3.md": ["Both"], "p/4.md": ["both"]}
    vault = resolver(*names, names=names)
    assert vault.resolve(to("the plan"), "x.md") == found("p/1.md", How.ALIAS)
    assert vault.resolve(to("Plan B"), "x.md") == found("p/1.md", How.ALIAS)
    assert vault.resolve(to("Twice"), "x.md") == found("p/2.md", How.ALIAS)
    assert vault.resolve(to("Both"), "x.md") == lost(How.AMBIGUOUS, 2)


def test_a_file_comes_before_an_alias() -> None:
    """R5."""
    vault = resolver("deep/Plan.md", "b.md", names={"b.md": ["Plan"]})
    assert vault.resolve(to("Plan"), "x.md") == found("deep/Plan.md", How.SUFFIX)


def test_spaces_and_dashes_are_one_if_one_note_fits() -> None:
    """R5.7."""
    vault = resolver("n/bull-bear_case.md", "d/2026_06_16.md", "d/2026-06-16.md")
    assert vault.resolve(to("Bull bear case"), "x.md") == found("n/bull-bear_case.md", How.LOOSE)
    assert vault.resolve(to("n/bull bear case.md"), "x.md") == found("n/bull-bear_case.md", How.LOOSE)
    assert vault.resolve(to("m/bull bear case"), "x.md") == lost(How.MISSING)
    assert vault.resolve(to("2026-06-16"), "x.md") == found("d/2026-06-16.md", How.SUFFIX)
    assert vault.resolve(to("2026 06 16"), "x.md") == lost(How.AMBIGUOUS, 2)


def test_logseq_names_pages_and_days_in_its_own_way() -> None:
    """R5.7."""
    vault = resolver(
        "pages/Parent___Child page.md", "pages/New to Logseq%3F.md", "journals/2020_12_03.md", kind=VaultKind.LOGSEQ
    )
    assert vault.resolve(to("Parent/Child page"), "x.md") == found("pages/Parent___Child page.md", How.LOOSE)
    assert vault.resolve(to("new to Logseq?"), "x.md") == found("pages/New to Logseq%3F.md", How.LOOSE)
    assert vault.resolve(to("Dec 3rd, 2020"), "x.md") == found("journals/2020_12_03.md", How.LOOSE)
    assert vault.resolve(to("2020-12-03"), "x.md") == found("journals/2020_12_03.md", How.LOOSE)
    assert vault.resolve(to("Dec 4th, 2020"), "x.md") == lost(How.MISSING)


def test_a_block_of_logseq_may_stand_in_any_note() -> None:
    """L4."""
    vault = resolver("pages/a.md", "pages/b.md", kind=VaultKind.LOGSEQ, blocks={UUID: "pages/b.md"})
    assert vault.resolve(to("", part=f"^{UUID}"), "pages/a.md") == found("pages/b.md", How.BLOCK)
    assert vault.resolve(to("", part="^unknown"), "pages/a.md") == lost(How.NO_BLOCK)


def test_dendron_names_its_vault_and_keeps_its_dots() -> None:
    """R5.7, L2."""
    vault = resolver("dendron.topic.links.md", "dendron.topic.md", kind=VaultKind.DENDRON)
    assert vault.resolve(to("dendron://my.vault/dendron.topic"), "x.md") == found("dendron.topic.md", How.EXACT)
    assert vault.resolve(to("dendron.topic.links"), "x.md") == found("dendron.topic.links.md", How.EXACT)
    assert vault.resolve(to("dendron topic"), "x.md") == lost(How.MISSING)


def test_the_last_part_alone_finds_what_was_moved() -> None:
    """R5.8."""
    vault = resolver("now/here/Plan.md", "a/Two.md", "b/Two.md", "img/pic.png")
    assert vault.resolve(to("once/there/Plan"), "x.md") == found("now/here/Plan.md", How.NAME_ONLY)
    assert vault.resolve(to("../assets/pic.png", "markdown"), "a/x.md") == found("img/pic.png", How.NAME_ONLY)
    assert vault.resolve(to("once/Two"), "x.md") == lost(How.AMBIGUOUS, 2)


def test_markdown_links_of_plain_folders_start_at_home() -> None:
    """R6."""
    files = ("a/b/plan.md", "b/plan.md", "plan.md")
    plain, obsidian = resolver(*files, kind=VaultKind.PLAIN), resolver(*files)
    assert plain.resolve(to("b/plan.md", "markdown"), "a/x.md") == found("a/b/plan.md", How.OWN_FOLDER, 1)
    assert plain.resolve(to("b/plan.md"), "a/x.md") == found("b/plan.md", How.EXACT, 1)
    assert obsidian.resolve(to("b/plan.md", "markdown"), "a/x.md") == found("b/plan.md", How.EXACT, 1)


def test_markdown_is_decoded_first_and_a_wikilink_last() -> None:
    """L3."""
    vault = resolver("a b.md", "a%20b.md", "c d.md", "e(f).md", "100%25.md")
    assert vault.resolve(to("a%20b.md", "markdown"), "x.md").path == "a b.md"
    assert vault.resolve(to("a%20b"), "x.md").path == "a%20b.md"
    assert vault.resolve(to("c%20d"), "x.md").path == "c d.md"
    assert vault.resolve(to("e\\(f\\).md", "markdown"), "x.md").path == "e(f).md"
    assert vault.resolve(to("100%25.md", "markdown"), "x.md").path == "100%25.md"


PIECES = st.sampled_from(
    ["a", "A", "b", "Note", "note.md", "n-1", "n 1", "n_1.md", "index.md", "..", ".", "", "x.png", "é", "e\u0301"]
)
PATHS = st.lists(PIECES, min_size=1, max_size=4).map("/".join)


@given(st.lists(PATHS, max_size=12), PATHS, PATHS, st.sampled_from(VaultKind), st.randoms(), st.booleans())
def test_the_order_of_files_does_not_matter(
    files: list[str], target: str, source: str, kind: VaultKind, rng: random.Random, is_markdown: bool
) -> None:
    """R1."""
    names = {path: ["n 1", path[:2]] for path in files}
    link = to(target, "markdown" if is_markdown else "wiki")
    answer = Resolver(files, names, kind=kind, root_names=["a", "b"]).resolve(link, source)
    shuffled = rng.sample(files, len(files))
    again = Resolver(shuffled, {path: names[path] for path in shuffled}, kind=kind, root_names=["b", "a"])
    assert again.resolve(link, source) == answer
    assert again.resolve(link, source) == answer
    assert answer.path in {*files, None} or (answer.how == How.SELF and answer.path == source)


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20), st.sampled_from(VaultKind))
def test_any_target_gets_an_answer(target: str, file: str, source: str, kind: VaultKind) -> None:
    """N2."""
    answer = resolver(file, "a/b.md", kind=kind).resolve(to(target), source)
    assert (answer.path is None) == (answer.how in FAILURES)


@given(st.text(max_size=20))
def test_a_key_is_the_same_however_a_name_is_written(name: str) -> None:
    """R3."""
    assert compare_key(normalize("NFD", name)) == compare_key(name)
    assert compare_key(name.replace(" ", "\u202f") + "/") == compare_key(name)


def test_a_large_vault_is_resolved_in_well_under_a_second() -> None:
    rng = random.Random(3)
    files = [f"folder {n % 90}/sub {n % 7}/note {n}.md" for n in range(7000)]
    files += [f"{n}/README.md" for n in range(2000)]
    forms = ["note {}", "sub 1/note {}", "Note-{}", "gone {}", "{}/readme.md"]
    wanted = [to(rng.choice(forms).format(rng.randrange(8000))) for _ in range(48_000)]
    started = time.process_time()
    vault = resolver(*files)
    answers = [vault.resolve(link, files[index % 7000]) for index, link in enumerate(wanted)]
    assert time.process_time() - started < 4
    assert sum(answer.path is not None for answer in answers) > 20_000
