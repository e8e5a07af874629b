"""What a run found, question by question, and as a file that a later run can be compared with."""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

from scripts.evaluation.confidence import area_under_curve, brier_skill, calibration_error

REFUSAL, REFUSED_RIGHTLY, REFUSED_WRONGLY = "refusal AUC", "refused rightly", "refused wrongly ↓"
AUC_OF_SCORE = "AUC of best score"
CALIBRATION_ERROR, BRIER_SKILL = "ECE ↓", "Brier skill"


@dataclass(frozen=True, slots=True)
class JudgedHit:
    """One of the first ten hits of a question, and whether it is relevant."""

    note: str
    start: int
    end: int
    score: float
    relevant: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one system did on one question. `values` holds the measures that the question can tell.

    `best_score` is that of the first hit (None: no hit); `confidence` and `refused` are those of an answer, if there is
    one.
    """

    answerable: bool
    milliseconds: float
    values: Mapping[str, float] = field(default_factory=dict)
    best_score: float | None = None
    confidence: float | None = None
    refused: bool | None = None
    hits: tuple[JudgedHit, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemResult:
    """One system on one set: the measures of the whole set, and each question's outcome by its id.

    `milliseconds` is the median time of a search; None for the baselines, which share work and are not built for speed.
    """

    means: Mapping[str, float]
    milliseconds: float | None
    questions: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class SetResult:
    """All systems on one set.

    `encoding_milliseconds` is the median time to encode a question (None: no system needed it); `remarks` is what the
    product had to say, such as a note that it could not read.
    """

    name: str
    passages: int
    judged: int
    unanswerable: int
    encoding_milliseconds: float | None
    systems: Mapping[str, SystemResult]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run: the code and the settings it was made with, and what it found."""

    commit: str
    settings: Mapping[str, Any]
    sets: tuple[SetResult, ...]

    def write(self, path: Path) -> None:
        """Write the run as JSON, aside first, so that an earlier file is never left half overwritten."""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(path.name + ".new")
        aside.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        aside.replace(path)


def system_result(outcomes: Mapping[str, Outcome], *, is_product: bool) -> SystemResult:
    """Sum up. Only the product claims that its scores are probabilities, and that it is fast."""
    all_of_them = list(outcomes.values())
    means = {**_means(all_of_them), **_refusal(all_of_them)}
    if not is_product:
        return SystemResult(means, None, outcomes)
    milliseconds = median([outcome.milliseconds for outcome in all_of_them] or [0.0])
    return SystemResult({**means, **_calibration(all_of_them)}, milliseconds, outcomes)


def restricted(result: SystemResult, questions: Container[str]) -> SystemResult:
    """The result over these questions alone."""
    kept = {question: outcome for question, outcome in result.questions.items() if question in questions}
    return system_result(kept, is_product=result.milliseconds is not None)


def _means(outcomes: Iterable[Outcome]) -> dict[str, float]:
    columns: dict[str, list[float]] = {}
    for outcome in outcomes:
        for measure, value in outcome.values.items():
            columns.setdefault(measure, []).append(value)
    return {measure: fmean(column) for measure, column in columns.items()}


def _refusal(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """How well answerable and unanswerable questions are told apart; nothing where there is only one kind."""
    kinds: tuple[list[Outcome], list[Outcome]] = ([], [])
    for outcome in outcomes:
        kinds[outcome.answerable].append(outcome)
    unanswerable, answerable = kinds
    if not unanswerable or not answerable:
        return {}
    measures = {AUC_OF_SCORE: area_under_curve(_best_scores(answerable), _best_scores(unanswerable))}
    sure = [
        [outcome.confidence for outcome in kind if outcome.confidence is not None]
        for kind in (answerable, unanswerable)
    ]
    if all(sure):
        measures[REFUSAL] = area_under_curve(*sure)
        measures[REFUSED_RIGHTLY] = fmean(bool(outcome.refused) for outcome in unanswerable)
        measures[REFUSED_WRONGLY] = fmean(bool(outcome.refused) for outcome in answerable)
    return measures


def _best_scores(outcomes: Iterable[Outcome]) -> list[float]:
    """A question that finds nothing is as unsure as can be."""
    return [-math.inf if outcome.best_score is None else outcome.best_score for outcome in outcomes]


def _calibration(outcomes: Iterable[Outcome]) -> dict[str, float]:
    hits = [hit for outcome in outcomes for hit in outcome.hits]
    if not hits:
        return {}
    scores, relevant = [hit.score for hit in hits], [hit.relevant for hit in hits]
    measures = {CALIBRATION_ERROR: calibration_error(scores, relevant), BRIER_SKILL: brier_skill(scores, relevant)}
    return {measure: value for measure, value in measures.items() if not math.isnan(value)}


class ComparisonError(Exception):
    """An earlier run cannot be read."""


def read_run(path: Path) -> Run:
    """A run as `Run.write` wrote it. Raises ComparisonError."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        return Run(saved["commit"], saved["settings"], tuple(_set_from(one) for one in saved["sets"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ComparisonError(f"{path} is no run to compare with ({error}). Name a file that --json wrote.") from error


def _set_from(saved: dict[str, Any]) -> SetResult:
    systems = {name: _system_from(system) for name, system in saved["systems"].items()}
    return SetResult(**{**saved, "systems": systems, "remarks": tuple(saved["remarks"])})


def _system_from(saved: dict[str, Any]) -> SystemResult:
    return SystemResult(
        saved["means"],
        saved["milliseconds"],
        {question: _outcome_from(outcome) for question, outcome in saved["questions"].items()},
    )


def _outcome_from(saved: dict[str, Any]) -> Outcome:
    return Outcome(**{**saved, "hits": tuple(JudgedHit(**hit) for hit in saved["hits"])})
