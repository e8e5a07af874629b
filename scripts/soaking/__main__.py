"""The command: `scripts/soak`. Ten thousand random edits to two thousand notes, indexed as they come, with the toy
embedder; then memory and index must not have grown, and the index must equal a fresh one.
"""

from __future__ import annotations

import gc
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from notesearch import Notebook
from notesearch.config import Settings
from tests.safety.fresh import TOY, assert_like_fresh

_WORDS = "boat salt harbour crane lamp oil keeper ferry rope sail quay berth gull storm ledger noon".split()
_QUESTIONS = ("which boat carried the salt", "lamp oil of the keeper")
_SETTLED = 0.4
"""The share of the edits after which nothing may grow any more."""
_LEVEL = 1.2
"""What counts as level: at the end no more than so many times what it was once settled."""
_MOST_AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Seen:
    """The state after some edits: memory of this process and size of the index, in MB, and seconds since the start."""

    edits: int
    memory: float
    size: float
    seconds: float


def soak(
    notes: Annotated[int, typer.Option(min=1, help="Notes in the vault; it stays near that.")] = 2_000,
    edits: Annotated[int, typer.Option(min=10, help="Edits in all.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Another number makes other edits.")] = 0,
) -> None:
    """Edit and index, then compare; a line for each tenth. Status 1 if something grew."""
    with tempfile.TemporaryDirectory(prefix="notesearch-") as folder:
        seen = lived(Path(folder), notes, edits, random.Random(seed))
        assert_like_fresh(Path(folder) / "index")
    settled = next(each for each in seen if each.edits >= _SETTLED * edits)
    grown = [name for name in ("memory", "size") if getattr(seen[-1], name) > _LEVEL * getattr(settled, name)]
    print(f"Equal to a fresh index. {' and '.join(grown).capitalize() + ' grew.' if grown else 'Nothing grew.'}")
    raise typer.Exit(bool(grown))


def lived(folder: Path, notes: int, edits: int, choose: random.Random) -> list[Seen]:
    """What was seen at each tenth of the edits; vault and index stay in `folder`."""
    vault = folder / "vault"
    paths = [vault / f"{n % 40}" / f"note {n}.md" for n in range(notes)]
    for path in paths:
        _write(path, choose, notes)
    seen: list[Seen] = []
    started, done = time.monotonic(), 0
    with Notebook.open(folder / "index", vaults=[vault], model=TOY, settings=Settings()) as notebook:
        notebook.update()
        while done < edits:
            some = min(choose.randint(1, _MOST_AT_ONCE), edits - done)
            for _ in range(some):
                _edit(choose.choice(paths), choose, notes)
            notebook.update(force=True)
            for question in _QUESTIONS:
                notebook.ask(question)
            done += some
            if done * 10 // edits > len(seen):
                gc.collect()
                seen.append(Seen(done, _memory_mb(), notebook.status().size_bytes / 1e6, time.monotonic() - started))
                last = seen[-1]
                print(
                    f"{done:6,} edits  {last.memory:6.0f} MB memory  {last.size:6.1f} MB index  {last.seconds:5.0f} s",
                    flush=True,
                )
    return seen


def _edit(path: Path, choose: random.Random, notes: int) -> None:
    """A note is written anew, gets a line, is touched, moved to another folder, or taken away; or comes back."""
    kind = choose.random()
    if not path.exists() or kind < 0.3:
        _write(path, choose, notes)
    elif kind < 0.7:
        with path.open("a", encoding="utf-8") as file:
            file.write(_line(choose, notes))
    elif kind < 0.8:
        path.touch()
    elif kind < 0.9:
        other = path.parent.with_name(str(choose.randrange(40)))
        other.mkdir(exist_ok=True)
        path.replace(other / path.name)
    else:
        path.unlink()


def _write(path: Path, choose: random.Random, notes: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(_line(choose, notes) for _ in range(choose.randint(1, 6)))
    path.write_text(f"# {' '.join(choose.sample(_WORDS, 2))}\n\n{lines}", encoding="utf-8")


def _line(choose: random.Random, notes: int) -> str:
    words = " ".join(choose.choices(_WORDS, k=12))
    return f"{words} {choose.randrange(10**6)}, see [[note {choose.randrange(notes)}]]. #{choose.choice(_WORDS)}\n\n"


def _memory_mb() -> float:
    """What this process holds of memory now."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


if __name__ == "__main__":
    typer.run(soak)
