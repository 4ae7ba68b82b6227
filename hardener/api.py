"""Hardening a file from end to end: read, plan, verify, and a result that can be shown and written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hardener.model import format_bytes
from hardener.pipeline import EVERYTHING, Plan, Selection, Verdict, plan
from hardener.profile import Profile
from hardener.source import load
from hardener.source.files import SourceFile, read
from hardener.transforms.base import Advice, Change, Transform
from hardener.transforms.resource_limits import memory_limits
from hardener.verify import verify

if TYPE_CHECKING:
    from hardener.engine.compose import ComposeCheck


@dataclass(frozen=True)
class Result:
    """A file hardened and verified, not yet written. Holds plain data only: it can be pickled and compared.

    `after` is the new text, equal to the old one if nothing changes. `changes` are made, `had` come along with them
    through an anchor or `extends`, `held` were not sure enough. `warnings` say, among other things, if `docker compose`
    was asked and could not judge.
    """

    source: SourceFile
    profile: str
    after: str
    changes: tuple[Change, ...]
    had: tuple[Change, ...]
    held: tuple[Change, ...]
    advice: tuple[Advice, ...]
    verdicts: tuple[Verdict, ...]
    warnings: tuple[str, ...]

    @property
    def file(self) -> str:
        """The file's name, as it was given."""
        return self.source.name

    @property
    def before(self) -> str:
        """The text as it was read."""
        return self.source.text

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.after != self.before

    def write(self) -> None:
        """Writes the new text over the file, atomically. Raises HardenError, with nothing changed, where it cannot."""
        if self.changed:
            self.source.write(self.after)


def harden(
    source: str | os.PathLike[str] | SourceFile,
    profile: str | Profile | Iterable[Transform] = "production",
    selection: Selection = EVERYTHING,
    *,
    host_memory: int | None = None,
    compose_check: bool = False,
) -> Result:
    """Hardens a compose file; `result.write()` then puts it on the disk.

    `profile` is a name, a path, a Profile, or a list of transforms. `host_memory`, in bytes, asks for a warning where
    the limits add up to more. `compose_check` lets `docker compose`, where there is one, judge the result too.
    Raises HardenError for bad input and VerificationError where a law does not hold.
    """
    file = source if isinstance(source, SourceFile) else read(os.fspath(source))
    if isinstance(profile, str):
        profile = Profile.read(profile)
    elif not isinstance(profile, Profile):
        profile = Profile.of(profile)
    check = _start_check(file) if compose_check else None
    try:
        made = plan(load(file.text, file.name), profile, selection)
        after = verify(made, profile, selection)
        warnings = list(made.warnings)
        if check is not None and made.made:
            unjudged = check.verify(made.text, [change.path for change in (*made.changes, *made.had)])
            warnings += [f"{file.name}: {unjudged}"] if unjudged else []
    finally:
        if check is not None:
            check.close()
    if host_memory is not None and (total := sum(memory_limits(after.services).values())) > host_memory:
        warnings.append(
            f"{file.name}: memory limits add up to {format_bytes(total)}, the host has {format_bytes(host_memory)}"
        )
    return _result(file, profile, made, warnings)


def services(source: SourceFile) -> list[str]:
    """The names of the services in a file. Raises HardenError if it is no YAML."""
    data = load(source.text, source.name).merged
    found = data.get("services") if isinstance(data, dict) else None
    return list(found) if isinstance(found, dict) else []


def _start_check(file: SourceFile) -> ComposeCheck | None:
    """The first question to compose, asked in the background; None where there is no compose."""
    from hardener.engine.compose import ComposeCheck, find_compose

    compose = find_compose()
    return ComposeCheck(compose, os.path.dirname(os.path.abspath(file.name)), file.text) if compose else None


def _result(file: SourceFile, profile: Profile, made: Plan, warnings: list[str]) -> Result:
    return Result(
        source=file,
        profile=profile.name,
        after=made.text,
        changes=tuple(made.changes),
        had=made.had,
        held=made.held,
        advice=made.advice,
        verdicts=made.verdicts,
        warnings=tuple(warnings),
    )
