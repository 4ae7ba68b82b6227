"""What of the host a container should not have, and which images are documented to need it. All of it is data."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from posixpath import normpath
from typing import Any, Literal, NamedTuple

from hardener.knowledge.catalog import facts_for
from hardener.knowledge.reference import reference, slug

_FOLDER = Path(__file__).parent
_HOME = re.compile(r"(?:/root|/home/[^/]+|~[^/]*|\$HOME|\$\{HOME(?::?[?-][^}]*)?\})(?=/|$)")


class HostPath(NamedTuple):
    """Paths of the host, what a mount of one gives to a container, and what to do instead."""

    paths: tuple[str, ...]
    gives: str
    instead: str
    source: str
    read_only: Literal["nothing", "shows", "harmless"]
    """What a read-only mount changes: nothing, it still shows what is there, or it is harmless."""
    below: bool = False
    """Whether what lies below counts as well."""

    def holds(self, path: str) -> bool:
        """Whether `path`, in the form of `on_host`, is one of these."""
        return path in self.paths or (self.below and any(path.startswith(f"{above}/") for above in self.paths))


class Capability(NamedTuple):
    """Capabilities beyond the engine's default set, what one gives, and how to do without."""

    names: tuple[str, ...]
    reach: Literal["host", "neighbours", "resources"]
    gives: str
    instead: str
    source: str


class Need(NamedTuple):
    """What a rule says of images that are documented to need a setting; `fine`: they are made for it."""

    rule: str
    images: tuple[str, ...]
    message: str
    source: str
    values: tuple[str, ...] = ()
    fine: bool = False


def on_host(source: str) -> str:
    """The source of a bind mount in one spelling: `~` for any home, /run for /var/run, no `..`, no slash at the end."""
    path = normpath(source)
    path = re.sub(r"^/+", "/", path)
    path = re.sub(r"^/var/run(?=/|$)", "/run", path)
    return _HOME.sub("~", path, count=1) if _HOME.match(path) else path


def sensitive(source: str, *, read_only: bool) -> HostPath | None:
    """What is known of the source of a bind mount; None where there is nothing to mind."""
    path = on_host(source)
    found = next((entry for entry in sensitive_paths() if entry.holds(path)), None)
    return None if found and read_only and found.read_only == "harmless" else found


def capability(name: str) -> Capability | None:
    """What is known of a capability, in any spelling (`cap_sys_admin`); None for one of the default set."""
    bare = name.strip().upper().removeprefix("CAP_")
    return next((entry for entry in capabilities() if bare in entry.names), None)


def need(image: str | None, rule: str, value: str = "") -> Need | None:
    """What `rule` says of an image that is documented to need `value`; None if nothing is known."""
    parsed = reference(image) if image else None
    if not image or not parsed:
        return None
    facts = facts_for(image)
    names = {facts.family if facts else "", slug(parsed.name)}
    for entry in needs():
        if entry.rule == rule and names & set(entry.images) and (not entry.values or value in entry.values):
            return entry
    return None


@cache
def sensitive_paths() -> tuple[HostPath, ...]:
    """All there are, the most special first."""
    return tuple(HostPath(**entry) for entry in _entries("sensitive_paths", "paths"))


@cache
def capabilities() -> tuple[Capability, ...]:
    """All that are dangerous to add."""
    return tuple(Capability(**entry) for entry in _entries("dangerous_capabilities", "capabilities"))


@cache
def needs() -> tuple[Need, ...]:
    """All that images are known to need."""
    return tuple(Need(**entry) for entry in _entries("needs", "needs"))


def _entries(name: str, table: str) -> list[dict[str, Any]]:
    """The entries of a data file of this package, with lists as tuples. Its tests check them."""
    import tomllib

    data = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return [{key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()} for entry in data[table]]
