"""What the user's own engine and lock file say of the images of a file: values only, found by others."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from hardener.knowledge.reference import reference
from hardener.model.interpolation import resolve_defaults
from hardener.shown import shows

if TYPE_CHECKING:
    from hardener.knowledge.facts import ImageFacts
    from hardener.knowledge.lock import Lock

LOCK_NAME = "harden.lock"
"""The lock file that is read without being asked for, beside the compose file."""


@shows("name", "digest", "platform")
class InspectedImage(NamedTuple):
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


@shows("images", "notes")
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


def differs(inspected: InspectedImage, facts: ImageFacts) -> str | None:
    """Why the image that an engine has is not the one that `facts`, of its tag, describe; None if nothing says so.

    Told by its USER and its HEALTHCHECK. A USER by name may be any number but that of root, so that a name and a number
    say nothing. An image without a HEALTHCHECK says nothing either: a conversion to the OCI format leaves it out.
    """
    if facts.user and _other_user(inspected.user, facts.user.value):
        return f"its USER is {inspected.user or 'root'}, that of {facts.family} is {facts.user.value}"
    checks = inspected.healthcheck not in (None, (), ("NONE",))
    if checks and facts.builtin_healthcheck and not facts.builtin_healthcheck.value:
        return f"it has a HEALTHCHECK, {facts.family} has none"
    return None


def _other_user(one: str, other: str) -> bool:
    """Whether two values of USER name different users for certain; groups, which images may leave out, aside."""
    first, second = _user(one), _user(other)
    return first != second and (type(first) is type(second) or 0 in (first, second))


def _user(value: str) -> int | str:
    """The user of a USER: its number if that is known, as it is for root, which an image without a USER runs as."""
    name = value.partition(":")[0].strip()
    if name in ("", "root"):
        return 0
    return int(name) if name.isdecimal() and len(name) < 12 else name
