"""What is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hardener.evidence import Evidence
from hardener.shown import shows
from hardener.source import Path

Kind = Literal["variable", "url", "argument", "label", "default", "env-file"]


@shows("path", "name", "kind", "placeholder", "sure", "file", "line")
@dataclass(frozen=True, slots=True)
class Credential:
    """One literal credential. Its repr shows no value."""

    path: Path
    """The scalar that holds it, in the merged body of its service: `("services", "db", "environment", "PGPASSWORD")`,
    an index in place of the name in list form; for a credential of an env file the entry that names that file."""
    name: str
    """What names it: the variable (also for a URL in it), the option, the label."""
    value: str
    """As the container sees it: `$$` undone, the text of a default. In a command line as it is written there, since
    a variable in its place is put in before a shell reads the line."""
    start: int
    """Where it starts in the text of the scalar as YAML gives it, before interpolation; a number or boolean as compose
    writes it. For an env file, in the value that the file gives."""
    end: int
    """Where it ends there. `${NAME}` can stand in place of `start:end`."""
    kind: Kind
    """`default` is the literal of a `${VAR:-literal}`, all of which `start:end` spans."""
    variable: str | None
    """VAR, for a default."""
    placeholder: bool
    """It stands in for a secret and is none: told, never converted."""
    sure: bool
    """Whether more than its form under a doubtful name tells it."""
    evidence: Evidence
    file: str | None = None
    """The env file that holds it, as the compose file names it."""
    line: int | None = None
    """Its line there, from 1."""
