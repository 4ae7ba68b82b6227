"""Why something may be believed."""

from __future__ import annotations

from typing import NamedTuple

from hardener.shown import shows


@shows("source")
class Evidence(NamedTuple):
    """Why a claim may be believed: `claim` in words, `source` a file and line, a data file's source, or a page."""

    claim: str
    source: str
