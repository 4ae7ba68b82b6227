"""What went wrong, told to a person: where, what, and what to do next."""

from __future__ import annotations

from typing import NamedTuple


class Where(NamedTuple):
    """A place in a file. `line` and `column` are 1-based; `column` counts characters."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class HardenError(Exception):
    """Bad input or usage: nothing was written. The command ends with exit status 2.

    `message` says what is wrong, `hint` what to do about it; neither holds a value that could be a secret.
    """

    def __init__(self, message: str, where: Where | None = None, hint: str | None = None) -> None:
        super().__init__(message, where, hint)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}" + (f" — {self.hint}" if self.hint else "")


class VerificationError(Exception):
    """A law did not hold on the result: our bug, never the user's. Nothing was written; exit status 3."""
