"""Incremental indexing: only what changed is read, only new text reaches the encoder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from notesearch import Notebook, NotesearchError, Where
from notesearch.config import Settings
from notesearch.embed import Encoded, sample_texts
from notesearch.embed.hashed import HashedEmbedder
from notesearch.errors import VaultError
from notesearch.index.store import Store
from notesearch.model import Model
from notesearch.results import Progress, silent
from tests.conftest import write

LONG_NOTE = "# log\n\n" + "\n\n".join(
    f"On day {n} the lighthouse keeper wrote about lamp number {n}, the oil that was left, the ships that passed in "
    f"the night and the {n} letters that never came from the mainland, all of it in a small and steady hand."
    for n in range(1, 13)
)


def encoded(notebook: Notebook) -> int:
    """How many texts of notes have reached the encoder so far."""
    assert isinstance(notebook.embedder, HashedEmbedder)
    return notebook.embedder.encoded - len(sample_texts())


def test_first_update_counts_what_it_did(notebook: Notebook) -> None:
    status = notebook.status()
    assert (status.notes, status.pending, status.newer) == (3, 0, 0)
    assert status.model == "hashed"
    assert encoded(notebook) == status.passages == 4


def test_nothing_changed_embeds_nothing(notebook: Notebook) -> None:
    before = encoded(notebook)
    report = notebook.update()
    assert (report.added, report.changed, report.removed, report.unchanged) == (0, 0, 0, 3)
    assert encoded(notebook) == before


def test_touching_a_note_embeds_nothing(notebook: Notebook, vault: Path) -> None:
    before = encoded(notebook)
    os.utime(vault / "bread.md", ns=(1_700_000_000_000_000_000, 1_700_000_000_000_000_000))
    report = notebook.update()
    assert (report.changed, report.unchanged, encoded(notebook) - before) == (0, 3, 0)


def test_a_blank_line_on_top_embeds_nothing_and_moves_the_lines(notebook: Notebook, vault: Path) -> None:
    before = encoded(notebook)
    first = notebook.search("flour water salt")[0]
    write(vault, "bread.md", "\n" + (vault / "bread.md").read_text(encoding="utf-8"))
    report = notebook.update()
    hit = notebook.search("flour water salt")[0]
    assert (report.changed, encoded(notebook) - before) == (1, 0)
    assert hit.id == first.id
    assert hit.lines == (first.lines[0] + 1, first.lines[1] + 1)


def test_renaming_a_note_embeds_at_most_its_own_passages(notebook: Notebook, vault: Path) -> None:
    before = encoded(notebook)
    note_id = notebook.search("flour water salt")[0].note_id
    (vault / "bread.md").rename(vault / "loaf.md")
    report = notebook.update()
    hit = notebook.search("flour water salt")[0]
    assert (report.moved, report.added, report.removed) == (1, 0, 0)
    assert (hit.note, hit.note_id) == ("loaf.md", note_id)
    assert encoded(notebook) - before <= 2


def test_moving_a_note_to_another_folder_embeds_nothing(notebook: Notebook, vault: Path) -> None:
    before = encoded(notebook)
    (vault / "kitchen").mkdir()
    (vault / "bread.md").rename(vault / "kitchen" / "bread.md")
    notebook.update()
    assert encoded(notebook) == before
    assert notebook.search("flour water salt")[0].note == "kitchen/bread.md"


def test_editing_a_paragraph_embeds_one_or_two_passages(notebook: Notebook, vault: Path) -> None:
    write(vault, "log.md", LONG_NOTE)
    notebook.update()
    before = encoded(notebook)
    assert len(notebook.store.passages_of(notebook.search("lamp number 7")[0].note_id)) > 3
    write(vault, "log.md", LONG_NOTE.replace("On day 7 the", "On day 7 in heavy fog the"))
    notebook.update()
    assert 1 <= encoded(notebook) - before <= 2


def test_a_removed_note_is_gone_from_every_arm(notebook: Notebook, vault: Path) -> None:
    (vault / "bread.md").unlink()
    report = notebook.update()
    assert report.removed == 1
    assert all(hit.note != "bread.md" for hit in notebook.search("flour water salt bread", k=50))
    assert notebook.status().notes == 2


def test_two_notes_with_the_same_text_share_vectors_and_are_both_found(notebook: Notebook, vault: Path) -> None:
    text = "the ferry leaves at noon and nobody waves.\n"
    write(vault, "a/ferry.md", text)
    write(vault, "b/ferry.md", text)
    before = encoded(notebook)
    notebook.update()
    found = {hit.note for hit in notebook.search("when does the ferry leave", k=2)}
    assert found == {"a/ferry.md", "b/ferry.md"}
    assert encoded(notebook) - before == 1


def test_an_update_that_stopped_goes_on_where_it_was(
    tmp_path: Path, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        embed = HashedEmbedder.embed_passages

        def stop(self: HashedEmbedder, texts: Sequence[str]) -> Encoded:
            if tuple(texts) != sample_texts():
                raise KeyboardInterrupt
            return embed(self, texts)

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(HashedEmbedder, "embed_passages", stop)
            notebook.update()
        assert notebook.status().notes == 3
        assert notebook.status().pending == 4
        report = notebook.update()
        assert (report.added, report.unchanged, report.embedded) == (0, 3, 4)
        assert notebook.status().pending == 0


def test_a_note_that_cannot_be_read_is_reported_and_the_run_goes_on(notebook: Notebook, vault: Path) -> None:
    (vault / "broken.md").write_bytes(b"GIF89a\x00" + bytes(range(256)))
    write(vault, "fine.md", "the kettle sings.\n")
    report = notebook.update()
    assert [problem.path for problem in report.failed] == ["broken.md"]
    assert notebook.search("kettle sings")[0].note == "fine.md"
    assert [problem.path for problem in notebook.status().failed] == ["broken.md"]


def test_a_vault_that_lost_most_notes_is_not_believed(tmp_path: Path) -> None:
    root = tmp_path / "many"
    for n in range(30):
        write(root, f"{n}.md", f"note number {n}\n")
    with Notebook.open(tmp_path / "index", vaults=[root], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        for n in range(25):
            (root / f"{n}.md").unlink()
        with pytest.raises(VaultError, match="25 of 30 notes"):
            notebook.update()
        assert notebook.store.counts().notes == 30
        assert notebook.update(force=True).removed == 25


def test_another_recipe_is_noticed_and_never_mixed(tmp_path: Path, vault: Path) -> None:
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        notebook.update()
    with Notebook.open(tmp_path / "index", model="hashed", settings=Settings(passage_tokens=64)) as notebook:
        report = notebook.update()
        assert report.changed == 3
        assert any("passage_tokens 128 → 64" in remark for remark in notebook.take_remarks())


def test_an_edit_is_seen_by_the_next_search_without_an_update(notebook: Notebook, vault: Path) -> None:
    notebook.search("flour")
    write(vault, "bread.md", "## dough\n\nrye and patience.\n")
    hits = notebook.search("flour water salt", k=10)
    assert all("flour" not in hit.text for hit in hits)
    assert notebook.search("rye patience")[0].text == "## dough\n\nrye and patience."


def test_a_deleted_note_is_never_shown(notebook: Notebook, vault: Path) -> None:
    assert notebook.search("flour water salt")[0].note == "bread.md"
    (vault / "bread.md").unlink()
    assert all(hit.note != "bread.md" for hit in notebook.search("flour water salt", k=10))


def test_update_without_a_vault_says_what_to_do(tmp_path: Path) -> None:
    with (
        Notebook.open(tmp_path / "index", model="hashed", settings=Settings()) as notebook,
        pytest.raises(NotesearchError, match="notesearch index VAULT"),
    ):
        notebook.update()


def test_much_new_text_is_found_by_words_before_it_is_embedded(
    notebook: Notebook, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notesearch.disk._SMALL_S", 0.0)
    monkeypatch.setattr("notesearch.disk._RESCAN_S", 0.0)
    before = encoded(notebook)
    write(vault, "late.md", "the pelican landed on the slipway\n")
    assert notebook.search("pelican slipway")[0].note == "late.md"
    assert encoded(notebook) == before
    assert notebook.status().pending == 1
    assert any("1 passage found by words only" in remark for remark in notebook.take_remarks())
    assert notebook.update().embedded == 1


def test_a_vault_that_becomes_another_kind_is_read_again(notebook: Notebook, vault: Path) -> None:
    write(vault, "swapped.md", "see [[the harbour|harbour]]\n")
    assert notebook.update().added == 1
    assert notebook.status().unresolved_links == (("missing", 1),)
    write(vault, "dendron.yml", "version: 5\n")
    report = notebook.update()
    assert (report.changed, notebook.status().vaults[0].kind) == (4, "dendron")
    (hit,) = notebook.search("see the harbour", where=Where(paths=("swapped",)))
    assert [link.note for link in hit.links] == ["harbour.md"]


def test_l4_logseq_blocks_are_linked_from_any_page(tmp_path: Path) -> None:
    id_ = "66123456-aaaa-bbbb-cccc-0123456789ab"
    root = tmp_path / "graph"
    write(root, "logseq/config.edn", "{}")
    write(root, "pages/Boats___Oars.md", f"alias:: sculls\ntags:: wood, [[craft]]\n\n- ash is best\n  id:: {id_}\n")
    write(root, "journals/2025_07_11.md", f"- see (({id_}))\n")
    with Notebook.open(tmp_path / "index", vaults=[root], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        (hit,) = notebook.search("ash is best", where=Where(paths=("pages",)))
        row = notebook.store.notes([hit.note_id])[hit.note_id]
        assert (row.title, row.aliases, row.tags) == ("Boats/Oars", ("sculls",), ("wood", "craft"))
        assert [link.note for link in hit.backlinks] == ["journals/2025_07_11.md"]
        assert notebook.store.block_notes(1) == {id_: "pages/Boats___Oars.md"}
        write(root, "pages/Boats___Oars.md", "- ash is best\n")
        notebook.update()
        assert notebook.status().unresolved_links == (("block not known", 1),)


def test_f6_a_note_over_the_limit_is_not_taken_for_changed(tmp_path: Path, vault: Path) -> None:
    write(vault, "large.md", "much too much " * 1000)
    settings = Settings(max_note_mib=0.01)
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=settings) as notebook:
        assert [problem.path for problem in notebook.update().remarks] == ["large.md"]
        assert notebook.update().changed == 0


def test_a_link_leads_to_the_line_of_the_part_it_names(tmp_path: Path) -> None:
    """R7: to the heading or block; to the note itself, marked, if there is none; and again when the note changes."""
    vault = tmp_path / "vault"
    write(vault, "plan.md", "# plan\n\n## boats\n\ntwo of ash. ^ash\n")
    write(
        vault,
        "log.md",
        "[[plan#boats]] [[plan]]\n\n## later\n\n[[plan#^ash|ash]]\n\n## gone\n\n[[plan#oars]] [[#later]]\n",
    )
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        notebook.update()
        lines = {
            hit.headings: [link.line for link in hit.links]
            for hit in notebook.search("plan", k=10)
            if hit.note == "log.md"
        }
        assert lines == {(): [3], ("later",): [5], ("gone",): [None, 3]}
        (partless,) = notebook.doubtful_links()
        assert (partless.partless, partless.taken, partless.part, partless.line) == (True, "plan.md", "oars", 9)
        write(vault, "plan.md", "# plan\n\nfirst\n\n## oars\n\n## boats\n\ntwo of ash. ^ash\n")
        notebook.update()
        lines = {
            hit.headings: [link.line for link in hit.links]
            for hit in notebook.search("plan", k=10)
            if hit.note == "log.md"
        }
        assert lines == {(): [7], ("later",): [9], ("gone",): [5, 3]}
        assert notebook.doubtful_links() == []


def test_an_update_that_finds_nothing_imports_neither_numpy_nor_what_reads_notes(tmp_path: Path, vault: Path) -> None:
    for note in vault.rglob("*.md"):
        os.utime(note, (1e9, 1e9))  # of a file just written nobody can tell whether it is still the same (rule F8)
    with Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings()) as notebook:
        notebook.update()
    program = (
        "import sys\nfrom notesearch.cli import app\n"
        "try: app()\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'faiss', 'rich', 'yaml', 'regex', 'pathspec', 'asyncio', 'notesearch.read.note'}\n"
        "print('HEAVY', sorted(heavy & sys.modules.keys()), file=sys.stderr)\n"
    )
    words = [sys.executable, "-c", program, "index", "--index", str(tmp_path / "index")]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert "0 added, 0 changed, 0 removed, 3 unchanged; 4 passages, 0 embedded" in done.stderr
    assert done.stderr.endswith("HEAVY []\n")


def test_f8_a_note_written_twice_within_the_clocks_grain_is_shown_as_it_is(
    notebook: Notebook, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both writes fall into one tick of the clock, after the first the note was indexed: the same size and times."""
    monkeypatch.setattr("notesearch.disk._RESCAN_S", 1e9)
    note = notebook.search("flour water salt")[0].note_id
    file = vault / "bread.md"
    file.write_bytes(file.read_bytes().replace(b"flour", b"grits"))
    now = file.stat()
    with notebook.store.transaction():
        notebook.store._connection.execute(
            "UPDATE note SET mtime_ns = ?, ctime_ns = ? WHERE id = ?", (now.st_mtime_ns, now.st_ctime_ns, note)
        )
    assert all("flour" not in hit.text for hit in notebook.search("flour water salt", k=10))
    assert "grits" in notebook.search("grits")[0].text


def test_a_vault_that_goes_while_the_model_is_prepared_is_said(
    tmp_path: Path, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new recipe means a second look at the disk, which may see less than the first."""
    take_recipe = Model.take_recipe

    def slowly(model: Model, store: Store, progress: Progress = silent) -> bool:
        vault.rename(tmp_path / "elsewhere")
        return take_recipe(model, store, progress)

    monkeypatch.setattr(Model, "take_recipe", slowly)
    opened = Notebook.open(tmp_path / "index", vaults=[vault], model="hashed", settings=Settings())
    with opened as notebook, pytest.raises(VaultError, match="vault"):
        notebook.update()
