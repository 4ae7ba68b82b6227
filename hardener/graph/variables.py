"""Variables of a service: those of `environment`, of its env files, and the values that `.env` gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hardener.graph.files import Files

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?:[=:]\s*(.*))?")
_TOKENS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# Words of a variable's name that say that its value is a host, or holds one.
_SAYS_HOST = frozenset(
    "host hosts hostname hostnames server servers url urls uri uris addr addrs address addresses endpoint endpoints broker"
    " brokers dsn node nodes service services seeds seed master primary replica upstream backend target targets peers peer"
    " bootstrap servernames connect connection proxy gateway remote ip link origin smtp members voters replicas slave sentinels"
    " bootstrapservers zookeeper nameserver jdbc".split()
)
# Last words of names whose value is no host, whatever else they say.
_SAYS_OTHER = frozenset(
    "name user username password pass passwd port ports db database schema type driver engine mode role id key secret token"
    " enabled enable timeout path file dir version image tag path prefix count size interval level scheme protocol topic bucket"
    " queue vhost realm ssl tls method email from sender region retries max min secure verify env class".split()
)
_SAYS_NO_HOST_AT_ALL = frozenset("image tag version auth htpasswd password passwd credentials uid gid".split())
# How a service is seen from outside. Such a name is its own, not one it talks to.
_SAYS_OWN = frozenset(
    "public base site root external domain app virtual letsencrypt allowed trusted cors redirect callback".split()
)


class Variable(NamedTuple):
    """A variable of a service, and where it is set. `value` is None where the shell or `.env` is to give it."""

    name: str
    value: str | None
    where: str


def tokens(name: str) -> list[str]:
    """The words of a name in lower case: `SPRING_DATASOURCE_URL`, `ConnectionStrings__Default`, `frontend-1`."""
    return [token.lower() for token in _TOKENS.findall(name)]


def says_host(name: str) -> bool:
    """Whether a variable is named like one that holds a host: `DB_HOST`, `REDIS_URL`, `KAFKA_BROKERS`."""
    words = tokens(name)
    if words[-2:] in (["host", "name"], ["server", "name"], ["connection", "string"]):
        return True
    words = [word for word in words if not word.isdecimal()]
    return bool(words) and words[-1] not in _SAYS_OTHER and not _SAYS_HOST.isdisjoint(words)


def may_hold_address(name: str) -> bool:
    """Whether `x:80` in the value is an address, and not a tag or a password."""
    return _SAYS_NO_HOST_AT_ALL.isdisjoint(tokens(name))


def says_own(name: str) -> bool:
    """Whether a variable is named like one that tells a service how it is reached: `PUBLIC_URL`, `ALLOWED_HOSTS`."""
    words = tokens(name)
    return not _SAYS_OWN.isdisjoint(words) or words in (["hostname"], ["url"], ["host"], ["server", "url"])


def read_env(path: str, files: Files) -> list[Variable] | None:
    """The variables of an env file; None if it cannot be read."""
    text = files.read(path)
    return None if text is None else list(_lines(text, path))


def _lines(text: str, path: str) -> Iterator[Variable]:
    for number, line in enumerate(text.split("\n"), 1):
        found = _LINE.fullmatch(line)
        if found and not line.lstrip().startswith("#"):
            value = found[2]
            yield Variable(found[1], None if value is None else _unquoted(value), f"{path}:{number}")


def _unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] in ("'", '"'):
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value[1:]
    return value.partition(" #")[0].rstrip()
