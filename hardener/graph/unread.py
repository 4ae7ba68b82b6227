"""What a service is told where it cannot be read: configuration of the host, of volumes, of absent folders."""

from __future__ import annotations

from hardener.graph.findings import Findings, Unread
from hardener.graph.kinds import Kinds
from hardener.graph.mounts import is_configuration, is_configuration_folder
from hardener.knowledge.clients import Client
from hardener.knowledge.globs import matches

WAITING = ("depends_on", "links", "shared", "healthcheck", "possible")
"""Edges that say that a service waits for another, and not by which name it calls it."""


def unread(name: str, found: Findings, kinds: Kinds) -> list[str]:
    """Where in a service configuration is mounted that cannot be read."""
    known = kinds.known[name]
    told = known is not None or _told_of_stores(name, kinds)
    return [
        one.target
        for one in found.unread.get(name, ())
        if _configures(one, known) or (not told and not one.kept and is_configuration_folder(one.target))
    ]


def _told_of_stores(name: str, kinds: Kinds) -> bool:
    """Whether something says by which name a service calls a store, so that it is not set up elsewhere."""
    return any(edge.kind not in WAITING and kinds.is_store(edge.target) for edge in kinds.evident(name))


def _configures(mounted: Unread, known: Client | None) -> bool:
    """Whether what is mounted tells a service whom to talk to."""
    path = mounted.target
    if known is None or not known.config:
        return is_configuration(path)
    return any(
        matches(path, glob)
        or matches(path, f"{glob}/*")
        or (not mounted.kept and matches(glob, f"{path.rstrip('/')}/*"))
        for glob in known.config
    )
