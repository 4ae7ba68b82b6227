"""Which services are data stores, by what their images or names are like: cheap, to know whether to look closer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hardener.knowledge.catalog import facts_for
from hardener.knowledge.clients import store_role
from hardener.knowledge.reference import reference

STORES = ("database", "cache", "queue", "search", "object-store")
"""Roles of services that keep data for others and call nobody by themselves."""

_CALLED = re.compile(r"(?:.*[^a-z])?(?:db|database|cache|sql|datastore)", re.IGNORECASE)


def may_be_store(image: str | None, name: str) -> bool:
    """Whether a service of that image and name may be a data store."""
    if store_role(image) or called_store(name):
        return True
    roles = (like.role for one in alike(image, name) if (like := facts_for(one)))
    return any(role is not None and role.value in STORES for role in roles)


def called_store(name: str) -> bool:
    """Whether a service is named like a store and nothing else: `db`, `shop-db`."""
    return _CALLED.fullmatch(name) is not None


def alike(image: str | None, name: str) -> Iterator[str]:
    """Names of images that one may be like: `postgres` for `ghcr.io/acme/postgres`, then the name of the service."""
    parsed = reference(image) if image else None
    if parsed:
        yield parsed.repository.rpartition("/")[2]
    yield name.lower()
