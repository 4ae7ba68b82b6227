"""Variables of a service: those of `environment`, of its env files, and the values that `.env` gives."""

from __future__ import annotations

import re
from typing import NamedTuple

from hardener.errors import HardenError
from hardener.graph.files import Files
from hardener.model.short import tokens
from hardener.shown import shows

# Words of a variable's name that say that its value is a host, or holds one.
_SAYS_HOST = re.compile(
    r"\w*hosts?|hostnames?|servers?|\w*urls?|\w*uris?|\w*addrs?|address(?:es)?|endpoints?|brokers?|dsn|nodes?"
    r"|services?|seeds?|master|primary|replicas?|upstream|backend|targets?|peers?|bootstrap(?:servers)?"
    r"|members|voters|connect(?:ion)?|proxy|gateway|remote|ip|link|origin|smtp|slave|sentinels|zookeeper"
    r"|nameserver|jdbc"
)
# Last words of names whose value is no host, whatever else they say.
_SAYS_OTHER = re.compile(
    r"name|user|username|password|pass|passwd|ports?|db|database|schema|type|driver|engine|mode|role|id"
    r"|key|secret|token|enabled?|timeout|path|file|dir|version|image|tag|prefix|count|size|interval|level"
    r"|scheme|protocol|topic|bucket|queue|vhost|realm|ssl|tls|method|email|from|sender|region|retries|max"
    r"|min|secure|verify|env|class"
)
_SAYS_NO_HOST_AT_ALL = re.compile(r"image|tag|version|auth|htpasswd|password|passwd|credentials|uid|gid")
# How a service is seen from outside. Such a name is its own, not one it talks to.
_SAYS_OWN = re.compile(
    r"public|base|site|root|external|domain|app|virtual|letsencrypt|allowed|trusted|cors|redirect|callback"
)


@shows("name", "where")
class Variable(NamedTuple):
    """A variable of a service, and where it is set. `value` is None where the shell or `.env` is to give it.

    `resolved` is false where a variable in the value of an env file has no value: it is as written, then.
    """

    name: str
    value: str | None
    where: str
    resolved: bool = True


def says_host(name: str) -> bool:
    """Whether a variable is named like one that holds a host: `DB_HOST`, `REDIS_URL`, `KAFKA_BROKERS`."""
    words = tokens(name)
    if words[-2:] in (("host", "name"), ("server", "name"), ("connection", "string")):
        return True
    words = tuple(word for word in words if not word.isdecimal())
    return bool(words) and not _SAYS_OTHER.fullmatch(words[-1]) and any(map(_SAYS_HOST.fullmatch, words))


def may_hold_address(name: str) -> bool:
    """Whether `x:80` in the value is an address, and not a tag or a password."""
    return not any(map(_SAYS_NO_HOST_AT_ALL.fullmatch, tokens(name)))


def says_own(name: str) -> bool:
    """Whether a variable is named like one that tells a service how it is reached: `PUBLIC_URL`, `ALLOWED_HOSTS`."""
    words = tokens(name)
    return any(map(_SAYS_OWN.fullmatch, words)) or words in (("hostname",), ("url",), ("host",), ("server", "url"))


def read_env(path: str, files: Files) -> list[Variable] | None:
    """The variables of an env file; None if it cannot be read, or if compose would refuse it."""
    from hardener.model.dotenv import entries

    text = files.read(path)
    try:
        found = entries(text or "", file=path)
        read = [Variable(each.name, each.value, f"{path}:{each.line}", each.resolved) for each in found]
        return None if text is None else read
    except HardenError as error:
        files.note(f"{path} cannot be read: {error.message}")
        return None
