"""The soak, briefly. Its whole length is for `scripts/soak`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from scripts.soaking.__main__ import lived
from tests.safety.fresh import assert_like_fresh


@pytest.mark.slow
def test_a_short_life(tmp_path: Path) -> None:
    seen = lived(tmp_path, 60, 600, random.Random(0))
    assert len(seen) == 10
    assert seen[-1].size < 1.5 * seen[3].size
    assert_like_fresh(tmp_path / "index")
