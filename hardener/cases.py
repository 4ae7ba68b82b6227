"""How a rule ends for a service: one case for each pair, open while the plan is made, closed by a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from hardener.shown import shows
from hardener.transforms.base import Advice, Change


class Outcome(StrEnum):
    """How a rule ends for a service."""

    CHANGED = "changed"
    FINE = "already fine"
    ADVICE = "advice"
    SKIPPED = "skipped"


@shows("rule", "service", "outcome")
class Verdict(NamedTuple):
    """The one outcome of a rule for a service (None: for the file itself), and the reason where it changed nothing."""

    rule: str
    service: str | None
    outcome: Outcome
    reason: str = ""


@dataclass
class Case:
    """One rule and one service, while the plan is made. `skipped` and `had` are the reasons there are no changes."""

    rule: str
    service: str | None
    wanted: list[Change] = field(default_factory=list)
    held: list[Change] = field(default_factory=list)
    advice: list[Advice] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    had: list[str] = field(default_factory=list)
    lost: bool = False
    """Whether some change that it wanted, and that is in no group, is not among `wanted`."""

    def verdict(self) -> Verdict:
        if self.wanted or self.had:
            return Verdict(self.rule, self.service, Outcome.CHANGED, "; ".join(self.had))
        if self.advice:
            return Verdict(self.rule, self.service, Outcome.ADVICE, self.advice[0].message)
        if self.held:
            return Verdict(self.rule, self.service, Outcome.SKIPPED, f"held back: it is only {self.held[0].confidence}")
        if self.skipped:
            return Verdict(self.rule, self.service, Outcome.SKIPPED, self.skipped[0])
        return Verdict(self.rule, self.service, Outcome.FINE)
