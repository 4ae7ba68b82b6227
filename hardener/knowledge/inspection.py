"""What the user's own engine and lock file say of the images of a file: values only, found by others."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from hardener.knowledge.reference import reference
from hardener.model.interpolation import resolve_defaults

if TYPE_CHECKING:
    from hardener.knowledge.lock import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedImage:
    """An image as an engine has it: `name` as the engine was asked for it, and the fields of its configuration.

    `digest` is that of the registry the image was pulled from, `sha256:…`; None for one that was only built or loaded
    here. For an image of several platforms it covers them all. `healthcheck` is the test (`CMD`, …), None if there is
    none. `ports` are TCP. Of the environment there are names only: values can be secrets. `platform` is `linux/amd64`.
    """

    name: str
    digest: str | None
    user: str
    healthcheck: tuple[str, ...] | None
    ports: tuple[int, ...]
    volumes: tuple[str, ...]
    stop_signal: str | None
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: tuple[str, ...]
    platform: str
    source: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an engine says: `images` by name, variables at their defaults, and `notes` on what it could not say."""

    images: dict[str, InspectedImage] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Digest(NamedTuple):
    """A digest, `sha256:…`, and where it comes from."""

    value: str
    source: str


@dataclass(frozen=True)
class LocalImages:
    """An inspection and a lock file, each if there is one. The file is read when the first digest is asked for."""

    inspection: Inspection | None = None
    lock_file: str | None = None

    @cached_property
    def lock(self) -> Lock | None:
        """What the lock file says. Raises HardenError where it cannot be read."""
        if self.lock_file is None:
            return None
        from hardener.knowledge.lock import read_lock

        return read_lock(self.lock_file)

    def inspected(self, image: str) -> InspectedImage | None:
        """What the engine says of the image that an `image:` value names, pinned to a digest or not."""
        if self.inspection is None:
            return None
        name = resolve_defaults(image.strip()) or ""
        return self.inspection.images.get(name) or self.inspection.images.get(name.partition("@")[0])

    def digest(self, image: str) -> Digest | None:
        """The digest of the image that an `image:` value names: from the engine if it was asked, else from the lock."""
        found = self.inspected(image)
        if found is not None and found.digest is not None:
            return Digest(found.digest, found.source)
        named = reference(image)
        return self.lock.digests.get(named.tagged) if named and named.tagged and self.lock else None
