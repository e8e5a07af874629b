"""Imports go one way, down: faces → notebook → trips → stages → ground; no stage imports another."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "notesearch"
FACES = {"cli", "converse", "__main__"}
TRIPS = {"scan", "disk", "model", "vaults", "check", "open", "update", "search", "ask", "evaluate"}
STAGES = {"read", "embed", "retrieve", "answer"}
GROUND = {"index", "dates", "maxsim", "plain", "render", "config", "errors", "results", "language", "urls"}
GROUND |= {"launch", "calibration", "later", "spaceless", "remarks", "endpoint", "keys"}


def room(module: str) -> str:
    """The part of the tree a module belongs to: `notesearch.read.links` → `read`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports() -> set[tuple[str, str]]:
    """(room, room it imports) over every file of the package, imports inside calls included."""
    found = set()
    for file in PACKAGE.rglob("*.py"):
        own = file.relative_to(PACKAGE).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found |= {(own, room(name)) for name in names if name.startswith("notesearch")}
    return {(own, other) for own, other in found if own != other and other}


def test_every_file_has_a_room() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__"} == FACES | {"notebook"} | TRIPS | STAGES | GROUND


def test_no_stage_imports_another_or_anything_above() -> None:
    allowed = {stage: {stage, *GROUND} for stage in STAGES}
    assert [(a, b) for a, b in imports() if a in STAGES and b not in allowed[a]] == []


def test_the_ground_knows_nothing_above_it() -> None:
    assert [(a, b) for a, b in imports() if a in GROUND and b not in GROUND] == []


def test_the_index_knows_no_markdown_no_model_and_no_result() -> None:
    assert {b for a, b in imports() if a == "index"} <= {"errors", "index", "later", "spaceless"}


def test_trips_do_not_know_the_faces() -> None:
    assert [(a, b) for a, b in imports() if a in TRIPS and b in FACES | {"notebook"}] == []
