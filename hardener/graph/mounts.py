"""Configuration that is mounted into a service: which hosts it names, line by line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath

from hardener.graph.findings import Findings, Unread
from hardener.graph.mentions import HOST, UNKNOWN, Mention, in_list, mentions
from hardener.model import Service
from hardener.model.interpolation import fill
from hardener.model.ports import port_number

_COMMENT = partial(re.compile, r"\s*(?:#|//|;|--|REM\s)")
# Names that a configuration gives to groups of servers; a URL with such a name is no host.
_GROUP = partial(re.compile, r"(?m)^\s*(?:upstream|backend|balancer://|listen)\s+([\w.-]+)")
# Few files mount a configuration; what these ask for is compiled for the first that does, and `re` remembers it.
_PATTERNS = tuple(
    partial(re.compile, pattern, re.IGNORECASE)
    for pattern in (
        # nginx, and `server NAME host` of haproxy
        rf"(?:^|[\s{{])server\s+(?:\w+://)?({HOST})(?::(\d+))?(?=[;\s/]|$)",
        rf"^\s*server\s+\S+\s+({HOST})(?::(\d+))?(?=\s|$)",
        rf"^\s*set\s+\$\w+\s+[\"']?(?:\w+://)?({HOST})(?::(\d+))?[\"']?\s*;",
        # fluentd, fluent-bit, redis and others: the key, blanks, the host
        rf"^\s*(?:host|hosts|hostname|server|address|replicaof|slaveof)\s+[\"']?({HOST})(?::(\d+))?(?=[\"';,\s]|$)",
        rf"(?:^|\s)({HOST})\s+(\d{{2,5}})(?=\s|;|$)",
        # XML: `<host>zookeeper</host>`
        rf"<[\w:.-]{{0,60}}(?:host|hostname|server|address|url|endpoint|node)s?>\s{{0,8}}(?:\w+://)?({HOST})(?::(\d+))?\s*[/<]",
        # programs: `connect("db"`, `create_connection(('db', 5432)`
        rf"(?:connect|client|redis|dial|lookup)\w*\([\"'({{\s]{{0,6}}({HOST})[\"']\s*[,)](?:\s*(\d{{2,5}}))?",
    )
)
_PASS = partial(re.compile, rf"(?:^|[\s{{])\w+_pass\s+(?:\w+://)?({HOST})(?::(\d+))?(?=[;\s/]|$)")
_CADDY = partial(re.compile, r"^\s*(?:reverse_proxy|php_fastcgi|forward_auth|to|proxy)\s+(.+)")
_LONGEST_LINE = 4000
# Folders where programs keep their configuration, and what lies below /etc that is none.
_FOLDER = partial(re.compile, r"/etc/.+|.*/(?:config|conf|conf\.d|settings|configuration)", re.IGNORECASE)
_SYSTEM = partial(
    re.compile,
    r"/etc/(?:localtime|timezone|passwd|group|shadow|hosts|hostname|resolv\.conf|machine-id|ssl|pki|letsencrypt|.*certs?|.*keys?)"
    r"(?:/.*)?",
    re.IGNORECASE,
)
_CONFIGURATION = partial(
    re.compile,
    r".*\.(?:conf|cfg|cnf|ya?ml|toml|json|ini|env|properties|xml|vcl|hcl|tmpl|template|tpl|river|alloy)|Caddyfile|Corefile",
    re.IGNORECASE,
)
# Programs, and what else is text and may name hosts.
_PROGRAM = partial(
    re.compile,
    r".*\.(?:json5|j2|sh|config|lua|acl|rb|py|[cm]?[jt]sx?|php|go|java|kt|cs|exs?|pl|rs|http|vue)|[^.]+",
    re.IGNORECASE,
)
_NO_CONFIGURATION = partial(
    re.compile,
    r"(?i)(?:docker-)?compose.*\.ya?ml|readme.*|changelog.*|license.*|package(?:-lock)?\.json|(?:ts|js)config.*|composer\.json|.*\.lock|.*\.min\.js",
)


def read_mounts(found: Findings, service: Service) -> None:
    """The edges that mounted files and `configs` make; what cannot be read is kept by its path in the container."""
    for mount in service.read_volumes():
        target = mount.target or ""
        if mount.type == "bind" and mount.source:
            _bound(found, service.name, mount.source, target)
        elif mount.type != "tmpfs":
            found.unread.setdefault(service.name, []).append(Unread(target, kept=True))
    declared = found.project.file.configs or {}
    for grant in service.read_configs():
        config = declared.get(grant.source)
        if config is not None and config.content is not None:
            text = fill(config.content, found.values, UNKNOWN)
            place = str(found.project.document.where(("configs", grant.source, "content")))
            _text(found, service.name, text, f"the configuration {grant.source}", place.format)
        elif config is not None and config.file is not None:
            _bound(found, service.name, fill(config.file, found.values, UNKNOWN), grant.target)
        else:
            found.unread.setdefault(service.name, []).append(Unread(grant.target))


def _bound(found: Findings, service: str, source: str, target: str) -> None:
    """A file or folder of the host that lies in the container at `target`."""
    path = os.path.normpath(fill(re.sub(r"^\$(?:PWD|\{PWD\})/", "./", source), found.values, UNKNOWN))
    if not found.files.beside(path) or UNKNOWN in path or not found.files.exists(path):
        if _skipped(path):
            return
        if is_configuration(target):
            found.files.note(f"{path.replace(UNKNOWN, '$')} cannot be read: it is not beside the compose file")
        found.unread.setdefault(service, []).append(Unread(target))
    elif found.files.is_folder(path):
        for file in found.files.below(path):
            if is_configuration(file) or (_PROGRAM().fullmatch(os.path.basename(file)) and not _skipped(file)):
                _file(found, service, file)
    elif not _skipped(path) and not _file(found, service, path):
        found.unread.setdefault(service, []).append(Unread(target))


def _file(found: Findings, service: str, path: str) -> bool:
    text = found.files.read(path)
    if text is not None:
        _text(found, service, text, path, lambda line: f"{path}:{line}")
    return text is not None


def _text(found: Findings, service: str, text: str, subject: str, where: Callable[[int], str]) -> None:
    groups = {match[1].lower() for match in _GROUP().finditer(text)}
    found.configured[service] = found.configured.get(service, "") + text + "\n"
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _LONGEST_LINE or _COMMENT().match(line):
            continue
        for mention in in_configuration(line):
            if mention.kind != "url" or mention.port or mention.host.lower() not in groups:
                found.mention(service, mention, "config", subject, where(number))


def is_configuration(target: str) -> bool:
    """Whether a path in a container is that of a configuration file, by its ending."""
    name = PurePosixPath(target).name
    return _CONFIGURATION().fullmatch(name) is not None and not _skipped(name)


def is_configuration_folder(target: str) -> bool:
    """Whether a path in a container is where programs keep their configuration, whatever its ending."""
    path = target.rstrip("/")
    return _FOLDER().fullmatch(path) is not None and _SYSTEM().fullmatch(path) is None


def _skipped(path: str) -> bool:
    return _NO_CONFIGURATION().fullmatch(os.path.basename(path)) is not None


def in_configuration(line: str) -> Iterator[Mention]:
    """The hosts that one line of a configuration, of whatever program, names."""
    yield from mentions(line)
    for pattern in _PATTERNS:
        for match in pattern().finditer(line):
            yield Mention(match[1], port_number(match[2] or ""), "place")
    for match in _PASS().finditer(line):
        yield Mention(match[1], port_number(match[2] or ""), "url")
    if caddy := _CADDY().match(line):
        yield from in_list(caddy[1])
