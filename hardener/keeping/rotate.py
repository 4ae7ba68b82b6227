"""New values in the place of those that were in a file."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hardener.keeping.files import ENV_FILE, FOLDER
from hardener.keeping.plain import scalars
from hardener.knowledge.secrets import holds_login, is_user
from hardener.source.data import plain

if TYPE_CHECKING:
    from hardener.keeping.keeping import Keep, Keeping

# Where a program is told a password.
_TOLD = frozenset({"environment", "command", "entrypoint", "healthcheck"})
_BEFORE_PASSWORD = re.compile(r"[\w+.-]{1,64}://[^\s:/@]{0,256}")
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
    others = [other.value for other in keeping.keeps if other is not keep]
    if DISTINCT.search(keep.value):
        texts = [*_left(keeping), *_apart(keeping), *_beside(keeping), *others]
    else:
        # A word is found everywhere: who may use it has to be known to do so, and to have it in no other form.
        users = {use.service for use in keep.uses}
        if stranger := min(_callers(keep, keeping) - users, default=""):
            return f"{stranger} may use it, too, and it is too plain to be found there"
        told = (*_left(keeping, users, _TOLD), *_beside(keeping), *others)
        texts = [_BEFORE_PASSWORD.sub("", text) for text in told]
    old = re.compile(rf"(?<!\w){re.escape(keep.value)}(?!\w)")
    found = any(old.search(text) or old.search(unquote(text)) for text in texts)
    return "it is also a part of something else" if found else ""


def _callers(keep: Keep, keeping: Keeping) -> set[str]:
    """The services that may talk to those that store a value."""
    graph = keeping.context.graph
    return {*graph.undecided}.union(*(graph.neighbours(use.service) for use in keep.by_file))


def _left(keeping: Keeping, services: Iterable[str] | None = None, keys: frozenset[str] | None = None) -> Iterator[str]:
    """The texts of services, or of these, that stay as they are: what is no credential to move. Those of `keys` alone,
    if some are named.
    """
    bodies = keeping.context.project.bodies
    for name in bodies if services is None else services:
        for path, text in scalars(bodies[name], ("services", name)):
            if keys is None or path[2] in keys:
                yield keeping.without_values(path) if keeping.at(path) else text


def _apart(keeping: Keeping) -> Iterator[str]:
    """The texts of the document that are of no service, and of the files that are read with it or lie beside it."""
    context = keeping.context
    merged = plain(context.project.document.merged)
    for key, value in merged.items() if isinstance(merged, dict) else ():
        if key != "services" and not str(key).startswith("x-"):
            yield from (text for _, text in scalars(value))
    for data in context.project.beside:
        yield from (text for _, text in scalars(data))
    yield from context.siblings.values()


def _beside(keeping: Keeping) -> Iterator[str]:
    """The texts of env files."""
    context = keeping.context
    files = [file.path for service in context.services.values() for file in service.read_env_file()]
    for file in dict.fromkeys([ENV_FILE, *files]):
        yield context.read_env_file(file) or ""
