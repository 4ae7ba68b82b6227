"""A whole run in one line: what was changed, what was held back and the flag that shows it, what is left to decide."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from hardener.transforms.base import Confidence
from hardener.views.style import paint

if TYPE_CHECKING:
    from hardener.api import Result

Ending = Literal["hardened", "would change", "unchanged", "not written", "failed"]
"""How a file ended: written, shown only, nothing to change, declined at the question, or an error."""

_TOLD: dict[Ending, str] = {
    "hardened": "hardened",
    "would change": "would change (nothing written)",
    "unchanged": "unchanged",
    "not written": "not written",
    "failed": "failed",
}


@dataclass
class Tally:
    """What a run did, added up file by file."""

    files: Counter[Ending] = field(default_factory=Counter)
    changes: int = 0
    services: int = 0
    held: Counter[Confidence] = field(default_factory=Counter)
    advice: int = 0
    masked: bool = False

    def add(self, result: Result, ending: Ending, *, masked: bool = False) -> None:
        """Counts a result in."""
        changes = (*result.changes, *result.had)
        self.files[ending] += 1
        self.changes += len(changes)
        self.services += len({change.service for change in changes} - {None})
        self.held.update(change.confidence for change in result.held)
        self.advice += len(result.advice)
        self.masked = self.masked or masked


def summary(tally: Tally, *, color: bool = False) -> str:
    """The one line that ends a run."""
    counts = {ending: count for ending in _TOLD if (count := tally.files[ending])}
    files = ", ".join(f"{counted(count, 'file')} {_TOLD[ending]}" for ending, count in counts.items())
    parts = [paint(files or "no files", "red" if tally.files["failed"] else "bold", color)]
    if tally.changes:
        services = f" in {counted(tally.services, 'service')}" if tally.services else ""
        parts.append(f"{counted(tally.changes, 'change')}{services}")
    if tally.held:
        least = max(tally.held, key=list(Confidence).index)
        parts.append(f"{counted(tally.held.total(), 'change')} held back, --confidence {least} shows them")
    if tally.advice:
        parts.append(f"{counted(tally.advice, 'decision')} left to you")
    if tally.masked:
        parts.append("values that look secret are masked here, the file has them")
    return "; ".join(parts)


def counted(number: int, noun: str) -> str:
    """A number of things: `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
