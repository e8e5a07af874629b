"""From what was measured to a probability. The constants are fitted by `scripts/calibrate`, never by hand.

Both are logistic: a weighted sum of a few features, squashed to 0..1 (Platt, 1999). `score`: a hit is relevant.
`confidence`: the notes hold an answer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted curve: `weights` by the names of the features."""

    bias: float
    weights: Mapping[str, float]

    def __call__(self, features: Mapping[str, float]) -> float:
        """The probability, 0..1, for the features that the curve was fitted to."""
        total = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(min(total, 50.0), -50.0)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `scripts/calibrate` found. Below `answerable_from` of confidence, the notes are said to hold no answer."""

    score: Logistic
    confidence: Logistic
    answerable_from: float


@cache
def shipped() -> Calibration:
    """The constants that come with this version."""
    fitted = json.loads((files("notesearch") / "calibration.json").read_text(encoding="utf-8"))
    return Calibration(
        Logistic(**fitted["score"]), Logistic(**fitted["confidence"]), answerable_from=fitted["answerable_from"]
    )
