"""From what was measured to a probability. The constants are fitted by `scripts/calibrate`, never by hand.

`score` (a hit is relevant) and `confidence` (the notes hold an answer) are logistic: a weighted sum of a few features,
squashed to 0..1 (Platt, 1999). `sentence` weighs what speaks for one sentence against the others of the same question
(a conditional logit: McFadden, 1974).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import files
from operator import add
from typing import TYPE_CHECKING, TypeVar

from notesearch.later import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Number = TypeVar("Number", float, "NDArray[np.float64]")
"""A number, or an array of them."""


def weighed(weights: Mapping[str, float], features: Mapping[str, Number]) -> Number:
    """The sum of the features that have a weight, each times its weight. Raises KeyError if one is not given."""
    return reduce(add, (weight * features[name] for name, weight in weights.items()))


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted curve: `weights` by the names of the features."""

    bias: float
    weights: Mapping[str, float]

    def __call__(self, features: Mapping[str, float]) -> float:
        """The probability, 0..1, for the features that the curve was fitted to."""
        total = self.bias + weighed(self.weights, features)
        return 1 / (1 + math.exp(-max(min(total, 50.0), -50.0)))

    def of_each(self, features: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """The same for many at once, (n,)."""
        total = self.bias + weighed(self.weights, features)
        return 1 / (1 + np.exp(-np.clip(total, -50.0, 50.0)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `scripts/calibrate` found. Below `answerable_from` of confidence, the notes are said to hold no answer."""

    score: Logistic
    confidence: Logistic
    sentence: Mapping[str, float]
    answerable_from: float


@cache
def shipped() -> Calibration:
    """The constants that come with this version."""
    fitted = json.loads((files("notesearch") / "calibration.json").read_text(encoding="utf-8"))
    return Calibration(
        score=Logistic(**fitted["score"]),
        confidence=Logistic(**fitted["confidence"]),
        sentence=fitted["sentence"],
        answerable_from=fitted["answerable_from"],
    )
