"""New values in the place of those that were in a file."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hardener.keeping.files import ENV_FILE, FOLDER
from hardener.keeping.plain import scalars
from hardener.knowledge.secrets import holds_login, is_user
from hardener.source.data import plain

if TYPE_CHECKING:
    from hardener.keeping.keeping import Keep, Keeping

_BYTES = 24
"""Of randomness: 192 bits, 32 characters that need no quotes anywhere, also not in a URL (RFC 3986, unreserved)."""


def rotate(keeping: Keeping) -> None:
    """Gives new values to what images only read at their first start, where everyone who uses it gets it from here."""
    for keep in keeping.keeps:
        if keep.trouble or not _read_once(keep, keeping):
            continue
        keep.stays = _stays(keep, keeping)
        if not keep.stays:
            # A run that was cut short has made one already.
            made = keeping.context.read(f"{FOLDER}/{keep.secret}")
            keep.new = made if made and made != keep.value else secrets.token_urlsafe(_BYTES)


def _read_once(keep: Keep, keeping: Keeping) -> bool:
    for use in keep.by_file:
        facts = keeping.context.facts(keeping.context.services[use.service])
        claim = facts.secret_files if facts else None
        if claim and use.credential.name in claim.value.first_start:
            return True
    return False


def _stays(keep: Keep, keeping: Keeping) -> str:
    """Why a value must not be a new one; empty if it may."""
    from hardener.keeping.keeping import DISTINCT

    if any(is_user(use.credential.name) or holds_login(use.credential.name) for use in keep.by_file):
        return "the name of a user is all or a part of it"
    if any(keeping.others(keep)):
        return "the same value stands where nothing takes it out"
    if DISTINCT.search(keep.value):
        old = re.compile(rf"(?<!\w){re.escape(keep.value)}(?!\w)")
        return "it is also a part of something else" if any(map(old.search, _left(keeping))) else ""
    # A word can be looked for nowhere: who may use it has to be known to do so.
    stranger = min(_callers(keep, keeping) - {use.service for use in keep.uses}, default="")
    return stranger and f"{stranger} may use it, too, and it is too plain to be found there"


def _callers(keep: Keep, keeping: Keeping) -> set[str]:
    """The services that may talk to those that store a value."""
    graph = keeping.context.graph
    return {*graph.undecided}.union(*(graph.neighbours(use.service) for use in keep.by_file))


def _left(keeping: Keeping) -> Iterator[str]:
    """The texts that stay as they are: what is no credential to move, and all that lies beside the document."""
    context = keeping.context
    for name, body in context.project.bodies.items():
        for path, text in scalars(body, ("services", name)):
            yield keeping.without_values(path) if keeping.at(path) else text
    merged = plain(context.project.document.merged)
    for key, value in merged.items() if isinstance(merged, dict) else ():
        if key != "services" and not str(key).startswith("x-"):
            yield from (text for _, text in scalars(value))
    for data in context.project.beside:
        yield from (text for _, text in scalars(data))
    yield from context.siblings.values()
    files = [file.path for service in context.services.values() for file in service.read_env_file()]
    for file in dict.fromkeys([ENV_FILE, *files]):
        yield context.read_env_file(file) or ""
