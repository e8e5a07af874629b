"""The command: `scripts/calibrate FOLDER…`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from notesearch.calibration import Logistic, weighed
from scripts.calibration.fit import fit, fit_choices, threshold
from scripts.calibration.samples import Asked, Sample, Samples, samples
from scripts.evaluation.__main__ import CACHE, cache_name, commit
from scripts.evaluation.confidence import area_under_curve, brier_skill, calibration_error
from scripts.evaluation.data import JudgedSet, Question, load_set

_TARGET = Path(__file__).resolve().parents[2] / "notesearch" / "calibration.json"
_STRANGERS = 100
"""Questions of other sets asked of each."""
_NEEDLESS = 0.05
"""The share of needless refusals at which wrong answers are counted."""
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class _Told:
    """A question's confidence, by curves that were fitted to other sets."""

    asked: Asked
    confidence: float


def calibrate(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER", help="Sets: vault/, queries.jsonl, qrels.jsonl.")],
    sample: Annotated[int, typer.Option(min=10, help="Questions of each set.")] = 300,
    also: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER", help="A set to try it on, not to fit to.")
    ] = None,
    write: Annotated[bool, typer.Option(help="Write notesearch/calibration.json.")] = True,
) -> None:
    """Fit `score`, `sentence` and `confidence`; print how they do on each set when it is left out."""
    if len(folders) < 2:
        raise typer.BadParameter("at least two sets, so that each can be left out in turn")
    sets = {judged.name: judged for judged in map(load_set, folders)}
    seen: dict[str, Samples] = {}
    for judged in (*sets.values(), *map(load_set, also or [])):
        print(f"asking {judged.name} …", file=sys.stderr)
        drawn = judged.sample(sample, 0) if len(judged.questions) > sample else judged
        seen[judged.name] = samples(drawn, CACHE / cache_name(judged), _strangers(sets, judged.name))
    fitted_to = {name: got for name, got in seen.items() if name in sets}
    told = {name: _held_out(fitted_to, name, seen[name].questions) for name in seen if seen[name].questions}
    fits = {name: told[name] for name in sets if name in told}
    least = threshold({name: [(t.confidence, t.asked.answerable) for t in each] for name, each in fits.items()})
    _print(fitted_to, seen, told, least)
    if write:
        sentence, confidence = _curves(fitted_to)
        fitted = {
            "made_by": f"scripts/calibrate --sample {sample} {' '.join(sorted(fitted_to))}",
            "commit": commit(),
            "score": asdict(_score(fitted_to)),
            "sentence": sentence,
            "confidence": asdict(confidence),
            "answerable_from": least,
        }
        _TARGET.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")


def _strangers(sets: Mapping[str, JudgedSet], name: str) -> list[Question]:
    """Of sets whose questions are questions, not the words of links."""
    others = [judged for other, judged in sets.items() if other != name and not judged.questions[0].sources]
    share = -(-_STRANGERS // len(others))
    return [q for judged in others for q in judged.sample(min(share, len(judged.questions)), 1).questions]


def _without(sets: Mapping[str, Samples], name: str) -> dict[str, Samples]:
    return {other: got for other, got in sets.items() if other != name}


def _score(sets: Mapping[str, Samples]) -> Logistic:
    return fit({name: got.hits for name, got in sets.items() if got.hits}, signed=True)


def _curves(sets: Mapping[str, Samples]) -> tuple[dict[str, float], Logistic]:
    """The weights of sentences, and confidence by the sentences that are best by these weights."""
    weights = fit_choices({name: got.choices for name, got in sets.items() if got.choices})
    evidence = {name: [q.evidence(weights) for q in got.questions] for name, got in sets.items() if got.questions}
    return weights, fit(evidence, balanced=True, signed=True)


def _held_out(sets: Mapping[str, Samples], name: str, questions: Sequence[Asked]) -> list[_Told]:
    weights, curve = _curves(_without(sets, name))
    return [_Told(asked, curve(asked.evidence(weights).features)) for asked in questions]


def _print(
    sets: Mapping[str, Samples], seen: Mapping[str, Samples], told: Mapping[str, Sequence[_Told]], least: float
) -> None:
    table = Table(title=f"Each set left out in turn; answered from confidence {least}")
    refusal = ("AUC within", "of other vaults", f"wrong at {_NEEDLESS:.0%}", "needless", "wrong", "ECE")
    for heading in ("set", "score: ECE", "skill", "best sentence", "of three", *refusal):
        table.add_column(heading, justify="left" if heading == "set" else "right")
    for name in seen:
        others = _without(sets, name)
        cells = (*_score_figures(others, seen[name].hits), *_choice_figures(others, seen[name].choices))
        table.add_row(name, *cells, *_refusal_figures(told.get(name, ()), least))
    Console(width=150).print(table)


def _refusal_figures(told: Sequence[_Told], least: float) -> tuple[str, ...]:
    if not told:
        return (_NOTHING,) * 6
    held = np.array([t.confidence for t in told if t.asked.answerable])
    within = np.array([t.confidence for t in told if not t.asked.answerable and not t.asked.stranger])
    strangers = np.array([t.confidence for t in told if t.asked.stranger])
    figures = [
        area_under_curve(held, within) if len(within) else np.nan,
        area_under_curve(held, strangers),
        np.mean(strangers >= np.quantile(held, _NEEDLESS)),
        np.mean(held < least),
        np.mean(np.concatenate([within, strangers]) >= least),
        calibration_error([t.confidence for t in told], [t.asked.answerable for t in told]),
    ]
    return tuple(_NOTHING if np.isnan(figure) else f"{figure:.3f}" for figure in figures)


def _choice_figures(others: Mapping[str, Samples], choices: Sequence[Sequence[Sample]]) -> tuple[str, str]:
    """How often the best sentence is right, and how often one of the first three."""
    if not choices:
        return _NOTHING, _NOTHING
    weights = fit_choices({name: got.choices for name, got in others.items() if got.choices})
    right = [[s.true for s in sorted(each, key=lambda s: -weighed(weights, s.features))] for each in choices]
    return f"{np.mean([each[0] for each in right]):.3f}", f"{np.mean([any(each[:3]) for each in right]):.3f}"


def _score_figures(others: Mapping[str, Samples], hits: Sequence[Sample]) -> tuple[str, str]:
    if not hits:
        return _NOTHING, _NOTHING
    curve = _score(others)
    own = [sample for sample in hits if not sample.stranger]
    scores, true = [curve(sample.features) for sample in own], [sample.true for sample in own]
    return f"{calibration_error(scores, true):.3f}", f"{brier_skill(scores, true):.3f}"


if __name__ == "__main__":
    typer.run(calibrate)
