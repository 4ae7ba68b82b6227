"""Hardening a file from end to end: read, plan, verify, and a result that can be shown and written; or drawing it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from hardener.cases import Verdict
from hardener.knowledge.inspection import LOCK_NAME, Inspection, LocalImages
from hardener.model import format_bytes
from hardener.model.project import Project, read_project
from hardener.pipeline import EVERYTHING, Plan, Selection, plan
from hardener.profile import Profile
from hardener.shown import shows
from hardener.source import Document, companions, load
from hardener.source.companions import Companion
from hardener.source.files import SourceFile, create, read
from hardener.transforms.base import Advice, Change, Transform
from hardener.transforms.resource_limits import memory_limits
from hardener.verify import verify

if TYPE_CHECKING:
    from hardener.credentials import Credential
    from hardener.engine.compose import ComposeCheck
    from hardener.views.graph import Picture
    from hardener.views.veil import Veil

DRAWN = ("networks", "published-ports")
"""The rules whose changes a picture shows."""


@shows("file", "profile", "changed", "changes", "had", "held", "advice", "verdicts", "warnings")
@dataclass(frozen=True)
class Result:
    """A file hardened and verified, not yet written. Holds plain data only: it can be pickled and compared.

    `after` is the new text, equal to the old one if nothing changes. `changes` are made, `had` come along with them
    through an anchor or `extends`, `held` were not sure enough. `warnings` say, among other things, if `docker compose`
    was asked and could not judge. `inspection` is what the engine said of the images, if it was asked.
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
    inspection: Inspection | None = None
    look: Callable[[], Veil] | None = field(default=None, compare=False)
    """Finds what views mask; None where nothing is."""

    @cached_property
    def veil(self) -> Veil:
        """What views mask. Found when it is first asked for: a run that shows nothing does without."""
        from hardener.views.veil import Veil

        return self.look() if self.look else Veil()

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: with the veil, and without what finds it."""
        veil = self.veil
        return {**self.__dict__, "veil": veil, "look": None}

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

    @property
    def files(self) -> tuple[Companion, ...]:
        """What the changes need beside the file, each once, in the order in which it is written."""
        return tuple(dict.fromkeys(file for change in (*self.changes, *self.had) for file in change.files))

    def write(self, output: str | None = None) -> None:
        """Writes the new text over the file, or to `output`, atomically, and before it what it needs beside it.

        Raises HardenError where it cannot; the file is then as it was, and what stands beside it is not needed yet.
        """
        if output is None and not self.changed:
            return
        if output is None:
            self.source.check()
        companions.write(self.files, self._folder(output))
        if output is None:
            self.source.write(self.after)
        else:
            create(output, self.after, self.source)

    def _folder(self, output: str | None) -> FilePath:
        return FilePath(os.path.abspath(output or self.source.name)).parent


def harden(
    source: str | os.PathLike[str] | SourceFile,
    profile: str | Profile | Iterable[Transform] = "production",
    selection: Selection = EVERYTHING,
    *,
    inspect: bool = False,
    lock: str | os.PathLike[str] | None = None,
    host_memory: int | None = None,
    compose_check: bool = False,
) -> Result:
    """Hardens a compose file; `result.write()` then puts it on the disk.

    `profile` is a name, a path, a Profile, or a list of transforms. `inspect` asks the local engine about the images.
    `lock` is a lock file of digests, in place of the `harden.lock` beside the file; it is read here, and must be there
    unless `inspect` could find what it is to hold (`hardener.knowledge.lock.record` writes it). `host_memory`, in
    bytes, asks for a warning where the limits add up to more. `compose_check` lets `docker compose`, where there is
    one, judge the result too.
    Raises HardenError for bad input and VerificationError where a law does not hold.
    """
    file = source if isinstance(source, SourceFile) else read(os.fspath(source))
    if isinstance(profile, str):
        profile = Profile.read(profile)
    elif not isinstance(profile, Profile):
        profile = Profile.of(profile)
    check = _start_check(file) if compose_check else None
    try:
        document = load(file.text, file.name)
        images = _local_images(document, inspect, lock)
        profile = replace(profile, images=images)
        made = plan(document, profile, selection)
        after = verify(made, profile, selection)
        warnings = [*made.warnings, *(f"{file.name}: {note}" for note in _notes(images))]
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
    result = _result(file, profile, made, warnings, _looker(made.project, after, profile))
    companions.missing(result.files, result._folder(None))  # raises where something else is in their place
    return replace(result, warnings=tuple(map(result.veil.text, warnings))) if warnings else result


def picture(
    source: str | os.PathLike[str] | SourceFile,
    profile: str | Profile | None = None,
    *,
    facts: Iterable[str] = (),
) -> Picture:
    """Who talks to whom in a compose file, for `hardener.views.graph.draw`.

    With a `profile`, by name, path or itself, also what becomes of it by the changes of that profile to networks and
    ports. `facts` are folders of data files on images. Nothing is written. Raises HardenError for bad input.
    """
    from hardener.graph import read_graph
    from hardener.transforms.context import Context
    from hardener.views.graph.picture import Wiring
    from hardener.views.graph.picture import picture as arrange

    file = source if isinstance(source, SourceFile) else read(os.fspath(source))
    used = Profile.read(profile) if isinstance(profile, str) else profile or Profile()
    used = used.with_facts(facts)
    project = read_project(load(file.text, file.name))
    after, notes = project, [*project.warnings]
    if profile is not None:
        after = read_project(load(harden(file, used, Selection(only=DRAWN)).after, file.name))
        if not {transform.id for transform in used.transforms} & set(DRAWN):
            notes.append(f"the profile {used.name} has no rule for {' or '.join(DRAWN)}: nothing changes")
    context = Context(project, project.services, used.roles, used.facts)
    graph = read_graph(project, context.facts)
    roles = {name: role.name for name, service in project.services.items() if (role := context.role(service))}
    before, then = (Wiring({**one.included, **one.services}, one.file) for one in (project, after))
    return arrange(
        replace(graph, notes=tuple(dict.fromkeys((*graph.notes, *notes)))),
        before,
        then,
        file=file.name,
        profile=used.name if profile is not None else None,
        roles=roles,
        hide=_looker(project, after, used)().entry,
    )


def _local_images(document: Document, inspect: bool, lock: str | os.PathLike[str] | None) -> LocalImages:
    """What the engine and the lock file say of the images of a document, as far as they are asked."""
    name = os.path.join(os.path.dirname(document.file), LOCK_NAME) if lock is None else os.fspath(lock)
    wanted = os.path.exists(name) or (lock is not None and not inspect)
    inspection = None
    if inspect:
        from hardener.engine.inspect import inspect_images

        services = read_project(document).services.values()
        built = {service.image for service in services if service.build is not None}
        named = (service.image for service in services if service.image and service.image not in built)
        inspection = inspect_images(image for image in named if image)
    images = LocalImages(inspection, name if wanted else None)
    if lock is not None:
        _ = images.lock  # whoever names a file wants to know that it cannot be read
    return images


def _notes(images: LocalImages) -> tuple[str, ...]:
    return images.inspection.notes if images.inspection else ()


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


def _finder(profile: Profile) -> Callable[[Project], list[Credential]]:
    """Finds the credentials of the services of a project."""

    def found(project: Project) -> list[Credential]:
        from hardener.transforms.context import Context

        context = Context(project, project.services, profile.roles, profile.facts, profile.images)
        return [each for told in context.credentials.values() for each in told]

    return found


def _looker(before: Project, after: Project, profile: Profile) -> Callable[[], Veil]:
    """Finds what is to be masked in the views of a file and of what becomes of it."""

    def look() -> Veil:
        from hardener.views.veil import veil

        return veil(before, after, _finder(profile))

    return look


def _result(file: SourceFile, profile: Profile, made: Plan, warnings: list[str], look: Callable[[], Veil]) -> Result:
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
        inspection=profile.images.inspection,
        look=look,
    )
