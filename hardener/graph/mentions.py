"""Hosts that a text names: in URLs, as `host:port`, after a flag or a key that says host.

Nothing here knows services: what is found is only a mention, and most words never become one. `UNKNOWN` stands in a
text where a variable without value was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Literal, NamedTuple

from hardener.model.ports import port_number
from hardener.shown import shows

UNKNOWN = "\0"
LONGEST = 16 * 1024
"""Characters of one text that are looked at."""

HOST = r"[A-Za-z0-9_\0](?:[A-Za-z0-9_.\0-]{0,252}[A-Za-z0-9_\0])?"
# What few files have is compiled when it is met; `re` remembers it.
_SCHEME = partial(re.compile, r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9+.-]{1,30}):(?:thin:)?@?//")
_AUTHORITY = partial(re.compile, r"[^\s/?#\"'<>\\`|;]{0,2000}")
_WRAPPED = partial(re.compile, r"\w+\((.*)\)?")
_HOST_PORT = partial(re.compile, rf"(?:(?<=[\s\"'=(\[{{,;@|>])|^)({HOST}):(\d{{2,5}}|\0)(?![\w.-])")
_AT = partial(re.compile, rf"(?<=\w@)({HOST})(?=[\s:/,;\"')\]]|$)")
_SOCKET = partial(re.compile, rf"/dev/(?:tcp|udp)/({HOST})/(\d+)")
# `host=db`, `Server=tcp:db,1433`, `hosts => ["db"]`, `define('DB_HOST', 'db')`, `rails['db_host'] = 'db'`, `--host db`.
_KEY = (
    r"[\w.-]{0,60}?(?:hosts?|hostnames?|servers?|data source|addr|address(?:es)?|endpoints?|brokers?|uri|url"
    r"|dsn|upstream|seeds?|master|replicaof|slaveof)"
)
_KEYED = partial(
    re.compile,
    rf"(?i)(?<![\w.-])[\"']?{_KEY}(?:[\"']?\]?\s{{0,8}}(?:=>|[=:])|[\"'],)\s{{0,8}}[\[\"']{{0,2}}(?:tcp:)?({HOST})(?:[,:](\d{{2,5}}))?(?=[\"',;&\s\])}}]|$)",
)
_FLAG = partial(
    re.compile, rf"(?i)(?<!\S)(?:--?{_KEY}|-h)[\s=]\s{{0,8}}[\"']?({HOST})(?::(\d{{2,5}}))?(?=[\"',;&\s)]|$)"
)
_WORDS = partial(re.compile, rf"(?:(?<=[\s\"'(=])|^)({HOST})\s{{1,8}}(\d{{2,5}})(?![\w.:-])")
_CLIENT = partial(
    re.compile,
    r"(?<![\w-])(?:curl|wget|ping6?|nslookup|dig|telnet|nc|wait-for(?:-it)?(?:\.sh)?|ssh)"
    r"((?:[ \t]{1,8}[^\s;&|]{1,400}){1,20})",
)
_CLIENT_WORD = partial(re.compile, rf"[\"']?({HOST})(?:/\S*)?")
_LIST = re.compile(r"[\s,;|\[\]\"'(){}]+")
_ITEM = re.compile(rf"(?:[\w.-]+=)?(?:[\w.-]+@)?({HOST})(?::(\d{{1,5}}|\0))*(?:/\S*)?")


@shows("kind")
class Mention(NamedTuple):
    """A host, as written, and the port if one is named. `kind` says how it is known to be a host.

    `url` is one; `place` has a port or a word that says host; `word` is one that only may be a host.
    """

    host: str
    port: int | None
    kind: Literal["url", "place", "word"]

    @property
    def unknown(self) -> bool:
        """Whether a variable without value decides the host."""
        return UNKNOWN in self.host


def mentions(text: str) -> Iterator[Mention]:
    """Hosts by their form alone: URLs, `host:port`, `user@host`, `host=…`."""
    text = text[:LONGEST]
    if not any(mark in text for mark in ":=@/,"):  # most values of variables
        return
    yield from _urls(text)
    for found in _HOST_PORT().finditer(text):
        if _is_port(found[2]):
            yield _mention(found[1], found[2])
    for pattern in (_KEYED, _SOCKET):
        for found in pattern().finditer(text):
            yield _mention(found[1], found[2])
    for found in _AT().finditer(text):
        yield _mention(found[1])


def in_command(text: str) -> Iterator[Mention]:
    """`mentions`, and what only a command line says: `--host db`, `nc -z db 5432`, `curl db/health`."""
    text = text[:LONGEST]
    if not text:
        return
    yield from mentions(text)
    for found in _FLAG().finditer(text):
        yield _mention(found[1], found[2])
    for found in _WORDS().finditer(text):
        if _is_port(found[2]):
            yield _mention(found[1], found[2])
    for client in _CLIENT().finditer(text):
        for word in map(_CLIENT_WORD().fullmatch, client[1].split()):
            if word:
                yield Mention(word[1], None, "word")


def in_list(text: str) -> Iterator[Mention]:
    """Hosts in a value that is known to hold hosts: `db`, `es1,es2:9300`, `1@kafka:9093`."""
    for item in _LIST.split(text[:LONGEST]):
        if "://" not in item and (found := _ITEM.fullmatch(item)):
            yield Mention(found[1], _number(found[2]), "word")


def _urls(text: str) -> Iterator[Mention]:
    for scheme in _SCHEME().finditer(text):
        authority = _AUTHORITY().match(text, scheme.end())
        hosts = authority[0].rpartition("@")[2] if authority else ""
        for part in hosts.split(","):
            wrapped = _WRAPPED().fullmatch(part)
            host, _, port = (wrapped[1].rstrip(")") if wrapped else part).partition(":")
            if re.fullmatch(HOST, host) and not (part.endswith(":") and authority and _next_url(text, authority.end())):
                yield Mention(host, port_number(port), "url")


def _next_url(text: str, end: int) -> bool:
    """Whether a list of URLs goes on here, so that what came before was a scheme."""
    return text.startswith("//", end)


def _mention(host: str, port: str | None = None) -> Mention:
    return Mention(host, _number(port), "place")


def _number(port: str | None) -> int | None:
    return port_number(port) if port else None


def _is_port(number: str) -> bool:
    """Whether a number is one that services listen at, and no tag of an image as in `postgres:16`."""
    found = port_number(number)
    return number == UNKNOWN or (found is not None and (found >= 80 or found in (22, 25, 53)))
