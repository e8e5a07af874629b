"""Python imports this when it starts, if the folder is on its path: so processes that tests start are guarded, too."""

from __future__ import annotations

import guard  # type: ignore[import-not-found]

guard.install()
