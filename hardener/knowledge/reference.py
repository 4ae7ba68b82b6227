"""Image references: what `image:` names, by the grammar of https://github.com/distribution/reference."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from hardener.model.interpolation import resolve_defaults, split_outside_braces, variables

HUB = "docker.io"

_HOST = re.compile(r"(?:[a-zA-Z0-9][a-zA-Z0-9.-]*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
# `${DOCKERHUB_USER}/postgres` is somebody's own image. Only a name like these says that a variable holds a registry.
_NAMES_A_REGISTRY = re.compile(
    r"\$\w*(?:(?:REGISTRY|MIRROR)(?:_(?:URL|HOST|HOSTNAME|SERVER|DOMAIN|ADDRESS|PREFIX))?|DEPENDENCY_PROXY\w*_PREFIX)",
    re.IGNORECASE,
)


class Reference(NamedTuple):
    """An image by its full name: `postgres:16` is registry `docker.io`, repository `library/postgres`, tag `16`.

    Variables stand at their defaults. A part that is a variable without default is `$NAME`, one that contains such a
    variable is `$`. `tag` and `digest` are None where none is written.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @property
    def name(self) -> str:
        """Registry and repository: `docker.io/library/postgres`."""
        return f"{self.registry}/{self.repository}"

    @property
    def registry_known(self) -> bool:
        """False for `${REGISTRY}/postgres`."""
        return "$" not in self.registry

    @property
    def known_tag(self) -> str | None:
        """The tag that is run, `latest` where none is written; None where a variable or only a digest says which."""
        if self.tag is None:
            return None if self.digest else "latest"
        return None if "$" in self.tag else self.tag

    @property
    def familiar(self) -> str:
        """The name as people write it: `postgres` for `docker.io/library/postgres`."""
        return self.name.removeprefix(f"{HUB}/").removeprefix("library/")

    @property
    def tagged(self) -> str | None:
        """The full name with its tag: `docker.io/library/postgres:16`; None where a variable or a digest decides."""
        return f"{self.name}:{self.known_tag}" if self.known_tag and "$" not in self.name else None


@lru_cache(maxsize=4096)
def reference(image: str) -> Reference | None:
    """What the value of `image:` refers to, or None if it is no reference. Never raises."""
    name, at, digest = _filled(image.strip()).partition("@")
    path, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    registry, repository = _registry(path + slash + last)
    if not (
        (_unresolved(registry) or _HOST.fullmatch(registry))
        and all(_unresolved(part) or _COMPONENT.fullmatch(part) for part in repository.split("/"))
        and (not colon or _unresolved(tag) or _TAG.fullmatch(tag))
        and (not at or _unresolved(digest) or _DIGEST.fullmatch(digest))
    ):
        return None
    return Reference(registry, repository, tag if colon else None, digest if at else None)


@lru_cache(maxsize=4096)
def slug(name: str) -> str:
    """A file name for an image name: `prom-prometheus` for `prom/prometheus`, `grafana` for `grafana/grafana`."""
    parsed = reference(name.removesuffix("/*"))
    parts = (parsed.repository if parsed else name).removeprefix("library/").split("/")
    return "-".join(dict.fromkeys(parts))


def _registry(path: str) -> tuple[str, str]:
    """The registry a path starts with, Docker Hub if none, and the repository in it."""
    first, slash, rest = path.partition("/")
    # The rule of the grammar: a first part that cannot be a namespace is a host.
    host = "." in first or ":" in first or first == "localhost" or first.lower() != first
    if slash and _unresolved(first):
        host = ":" in first or "/" in rest or _NAMES_A_REGISTRY.fullmatch(first) is not None
    if not slash or not host:
        return HUB, path if slash else f"library/{path}"
    if first in (HUB, f"index.{HUB}"):
        return HUB, rest if "/" in rest else f"library/{rest}"
    return first, rest


def _unresolved(part: str) -> bool:
    return "$" in part


def _filled(text: str, separators: str = "@/:") -> str:
    """`text` with its variables at their defaults; a part between separators that has none is `$NAME` or `$`."""
    resolved = resolve_defaults(text)
    if resolved is not None:
        return resolved
    if separators:
        pieces = split_outside_braces(text, separators[0])
        return separators[0].join(_filled(piece, separators[1:]) for piece in pieces)
    used = variables(text)
    whole = len(used) == 1 and (text[1:] == used[0].name or (text.startswith("${") and text.endswith("}")))
    return f"${used[0].name}" if whole else "$"
