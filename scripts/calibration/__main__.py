"""The command: `scripts/calibrate FOLDER…`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from notesearch.calibration import Logistic
from scripts.calibration.fit import fit, threshold
from scripts.calibration.samples import Sample, Samples, samples
from scripts.evaluation.__main__ import CACHE, cache_name, commit
from scripts.evaluation.confidence import area_under_curve, brier_skill, calibration_error
from scripts.evaluation.data import JudgedSet, Question, load_set

_TARGET = Path(__file__).resolve().parents[2] / "notesearch" / "calibration.json"
_STRANGERS = 100
"""Questions of other sets asked of each."""


def calibrate(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER", help="Sets: vault/, queries.jsonl, qrels.jsonl.")],
    sample: Annotated[int, typer.Option(min=10, help="Questions of each set.")] = 300,
    write: Annotated[bool, typer.Option(help="Write notesearch/calibration.json.")] = True,
) -> None:
    """Fit `score` and `confidence`; print how they do on each set when it is left out."""
    if len(folders) < 2:
        raise typer.BadParameter("at least two sets, so that each can be left out in turn")
    sets = {judged.name: judged for judged in (load_set(folder) for folder in folders)}
    seen: dict[str, Samples] = {}
    for name, judged in sets.items():
        print(f"asking {name} …", file=sys.stderr)
        drawn = judged.sample(sample, 0) if len(judged.questions) > sample else judged
        seen[name] = samples(drawn, CACHE / cache_name(judged), _strangers(sets, name))
    hits = {name: got.hits for name, got in seen.items() if got.hits}
    questions = {name: got.questions for name, got in seen.items()}
    held_out = {name: _held_out(questions, name) for name in questions}
    least = threshold(held_out)
    _print(hits, held_out, least)
    if write:
        fitted = {
            "made_by": f"scripts/calibrate --sample {sample} {' '.join(sorted(sets))}",
            "commit": commit(),
            "score": asdict(fit(hits)),
            "confidence": asdict(fit(questions, balanced=True)),
            "answerable_from": least,
        }
        _TARGET.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")


def _strangers(sets: Mapping[str, JudgedSet], name: str) -> list[Question]:
    others = [judged for other, judged in sets.items() if other != name]
    share = -(-_STRANGERS // len(others))
    return [q for judged in others for q in judged.sample(min(share, len(judged.questions)), 1).questions]


def _held_out(questions: Mapping[str, Sequence[Sample]], name: str) -> list[tuple[float, bool]]:
    curve = fit({other: got for other, got in questions.items() if other != name}, balanced=True)
    return [(curve(sample.features), sample.true) for sample in questions[name]]


def _print(
    hits: Mapping[str, Sequence[Sample]], held_out: Mapping[str, Sequence[tuple[float, bool]]], least: float
) -> None:
    table = Table(title=f"Each set left out in turn; answered from confidence {least}")
    for heading in ("set", "score: ECE", "skill", "refusal: AUC", "needless", "wrong", "ECE"):
        table.add_column(heading, justify="left" if heading == "set" else "right")
    for name, pairs in held_out.items():
        confidences, true = (np.array(column) for column in zip(*pairs, strict=True))
        row = [
            f"{area_under_curve(confidences[true], confidences[~true]):.3f}",
            f"{np.mean(confidences[true] < least):.3f}",
            f"{np.mean(confidences[~true] >= least):.3f}",
            f"{calibration_error(confidences, true):.3f}",
        ]
        table.add_row(name, *_score_figures(hits, name), *row)
    Console(width=100).print(table)


def _score_figures(hits: Mapping[str, Sequence[Sample]], name: str) -> tuple[str, str]:
    if name not in hits:
        return "–", "–"
    curve: Logistic = fit({other: got for other, got in hits.items() if other != name})
    scores = [curve(sample.features) for sample in hits[name]]
    true = [sample.true for sample in hits[name]]
    return f"{calibration_error(scores, true):.3f}", f"{brier_skill(scores, true):.3f}"


if __name__ == "__main__":
    typer.run(calibrate)
