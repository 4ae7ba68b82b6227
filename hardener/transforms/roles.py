"""What services are for that are built here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hardener.model import Service
from hardener.transforms.base import Confidence, Evidence

if TYPE_CHECKING:
    from hardener.transforms.context import Context

# Roles of images that people build applications on.
_BUILT_ON = ("app", "web", "reverse-proxy", "job")


class KnownRole(NamedTuple):
    """What a service is for (`database`, `app`, …), how sure that is, and how it is known."""

    name: str
    confidence: Confidence
    evidence: Evidence


def role_of_build(service: Service, context: Context) -> KnownRole | None:
    """The role of a service that is built here: that of the server it is built on, else `app`.

    None where nothing is known of what it is built on: it may be anything. A Dockerfile that is not there, or cannot be
    read, says nothing against an `app`.
    """
    from hardener.knowledge.dockerfile import is_remote

    build, built, base = service.read_build(), context.built(service), context.base(service)
    if build and is_remote(build):
        return None
    if built and built.base is not None:
        if base is None or (base.role is None and not (base.built_on and base.built_on.value)):
            return None
        if base.role and base.role.value not in _BUILT_ON:
            return KnownRole(
                base.role.value, Confidence.ASSUMED, Evidence(f"it is built on {base.family}", built.base_source)
            )
    where = context.where(("services", service.name, "build"))
    return KnownRole("app", Confidence.ASSUMED, Evidence("it is built from source here", where))
