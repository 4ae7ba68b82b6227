"""A compose file among its files: `extends` and `include` followed, so that a value set there counts as set.

For reading only: nothing here is written back. Merging follows
https://github.com/compose-spec/compose-spec/blob/main/13-merge.md as far as the settings of a service go.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from hardener.errors import HardenError
from hardener.model.compose import ComposeFile, unknown_keys
from hardener.model.errors import problems
from hardener.model.interpolation import readable, resolve_defaults
from hardener.model.parts import Extends
from hardener.model.service import Service
from hardener.model.short import as_text, entries
from hardener.shown import name as told
from hardener.shown import shows
from hardener.source import Document, Path, Tagged, at, bare, dotted, load
from hardener.source.data import plain
from hardener.source.files import read

OVERRIDE = re.compile(r".*\.override\.ya?ml")
"""The name of a file that compose merges over the one beside it: `compose.override.yml`."""
_TIME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?")

Raw = dict[str, Any]

MAX_CHAIN = 100
"""Services that may extend one another in a row, and files that may be included in all; real ones stop at four."""


@shows("document", "services", "included")
@dataclass(frozen=True, repr=False, eq=False)
class Project:
    """A document read as compose reads it.

    `file` is the file by itself; `services` holds every service with what it takes over through `extends`, `bodies` the
    same as data, `written` the data without what is taken over, `inherited` what that is. `unresolved` tells, by
    service, why what it extends could not be read. `included` are the services of included files, `beside` the data of
    the other files read.
    """

    document: Document
    file: ComposeFile
    services: dict[str, Service]
    bodies: dict[str, Raw]
    written: dict[str, Raw]
    inherited: dict[str, Raw] = field(default_factory=dict)
    unresolved: dict[str, str] = field(default_factory=dict)
    included: dict[str, Service] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    beside: tuple[Raw, ...] = ()

    def heirs(self, name: str) -> list[str]:
        """The services of this file that extend `name` directly."""
        return self._extended.get(name, [])

    def generation(self, name: str) -> int:
        """How many services of this file `name` extends, directly or not."""
        seen = {name}
        while (base := self.bases.get(name)) is not None and base not in seen:
            seen.add(base)
            name = base
        return len(seen) - 1

    @cached_property
    def bases(self) -> dict[str, str]:
        """For each service, the service of this file that it extends, if any."""
        own = FilePath(self.document.file)
        return {
            name: base.service
            for name, service in self.file.read_services().items()
            if (base := service.read_extends()) and base.service
            if base.file is None or os.path.realpath(own.parent / base.file) == os.path.realpath(own)
        }

    @cached_property
    def _extended(self) -> dict[str, list[str]]:
        """The services of this file that extend each service of it."""
        found: dict[str, list[str]] = {}
        for name, base in self.bases.items():
            found.setdefault(base, []).append(name)
        return found

    def origin(self, path: Path) -> Path:
        """Where in this file the value at `path`, a place in the merged body of a service, was written.

        That is the service itself or one that it extends; the `extends` of a value from another file.
        """
        if path[:1] != ("services",) or len(path) < 3 or path[1] in self.unresolved:
            return path
        name, key, rest = str(path[1]), str(path[2]), path[3:]
        own, base = self.written[name], self.bases.get(name)
        if rest and isinstance(rest[0], int) and isinstance(items := self.bodies[name].get(key), list):
            item = items[rest[0]]
            if isinstance(written := own.get(key), list) and item in written:
                return ("services", name, key, written.index(item), *rest[1:])
            inherited = self.bodies[base].get(key) if base else None
            if base and isinstance(inherited, list) and item in inherited:
                return self.origin(("services", base, key, inherited.index(item), *rest[1:]))
        elif key in own:
            return path
        elif base:
            return self.origin(("services", base, *path[2:]))
        return ("services", name, "extends") if "extends" in own else path

    def is_time(self, path: Path) -> bool:
        """Whether compose may take the scalar at `path` for a point in time: it gives services `2024-01-02` as
        `2024-01-02 00:00:00 +0000 UTC`."""
        text = at(self.bodies[str(path[1])], path[2:])
        if not isinstance(text, str) or not _TIME.fullmatch(text):
            return False
        scalar = self.document.scalar(path)
        return scalar is None or scalar.plain

    def is_binary(self, path: Path) -> bool:
        """Whether the scalar at `path` is written in base 64: compose gives services what that stands for."""
        scalar = self.document.scalar(path)
        return scalar is not None and (scalar.tag or "").endswith(":binary")

    def is_tagged(self, key: str) -> bool:
        """Whether a key at the top stands under a tag, as in `networks: !reset {}`."""
        merged = self.document.merged
        return isinstance(merged, dict) and isinstance(merged.get(key), Tagged)

    def is_apart(self, key: str, names: Iterable[str]) -> bool:
        """Whether each of these services has a `key` in its own text, which no other shares by `<<` or an alias."""
        data = self.document.data
        services = bare(data.get("services")) if isinstance(data, dict) else {}
        bodies = [bare(services.get(name)) for name in names]
        own = [body.get(key) if isinstance(body, dict) else None for body in bodies]
        return None not in own and len(set(map(id, own))) == len(own)


def read_project(document: Document) -> Project:
    """Reads `document` and the files it extends and includes.

    Raises HardenError, with line and column, where the document is no compose file. What cannot be read beside it is a
    warning, not an error: the file may be a fragment.
    """
    raw = document.merged if document.merged is not None else {}
    data = plain(raw)
    file = _validated(document, data)
    warnings = [
        f"{document.where(path)}: unknown key {told(path[-1])!r} is kept as it is" for path in unknown_keys(file)
    ]
    reader = _Reader(FilePath(document.file), raw)
    unresolved: dict[str, str] = {}
    services = dict(file.read_services())
    written = {name: body or {} for name, body in (data.get("services") or {}).items()}
    bodies = dict(written)
    inherited: dict[str, Raw] = {}
    for name, service in services.items():
        if service.extends is not None:
            try:
                bodies[name] = reader.effective(reader.main, name)
                inherited[name] = reader.inherited(reader.main, name)
                services[name] = read_service(name, bodies[name])
            except HardenError as error:
                unresolved[name] = error.message
                warnings.append(f"{document.where(('services', name, 'extends'))}: {error.message}")
    included: dict[str, Service] = {}
    for index, entry in enumerate(file.read_include()):
        try:
            included |= reader.included(reader.main, entry.path)
        except HardenError as error:
            warnings.append(f"{document.where(('include', index))}: {error.message}")
    beside = tuple(plain(other) for name, other in reader.files.items() if name != reader.main)
    return Project(document, file, services, bodies, written, inherited, unresolved, included, tuple(warnings), beside)


def _validated(document: Document, data: Any) -> ComposeFile:
    try:
        return ComposeFile.model_validate(data)
    except ValidationError as error:
        found = sorted(problems(error, data), key=lambda problem: document.where(problem.path).line)
        first, *others = found
        more = f"; {len(others)} more like it" if others else ""
        place = dotted(first.path)
        message = f"{place}: {first.message}{more}" if place else first.message
        hint = "this is not a compose file" if not first.path else "see the Compose Specification"
        raise HardenError(message, document.where(first.path), hint) from None


def read_service(name: str, data: Raw) -> Service:
    """One service from its body. Raises HardenError where what it extends does not fit it."""
    try:
        service = Service.model_validate(data)
    except ValidationError:
        raise HardenError(f"what service {told(name)!r} extends does not fit it") from None
    service._name = name
    return service


class _Reader:
    """Reads the compose files around `main`, each once; for one that names itself, `data`, not what is on disk."""

    def __init__(self, main: FilePath, data: Any) -> None:
        self.main = FilePath(os.path.realpath(main))
        self.files: dict[FilePath, Raw] = {self.main: data if isinstance(data, dict) else {}}
        self.known: dict[tuple[FilePath, str], Raw] = {}
        self.seen: set[FilePath] = {self.main}

    def effective(self, file: FilePath, name: str) -> Raw:
        """The body of service `name` of `file`, merged over what it extends."""
        chain: list[tuple[FilePath, str, Raw]] = []
        while (file, name) not in self.known:
            if any((file, name) == link[:2] for link in chain):
                raise HardenError(f"service {told(name)!r} extends itself")
            if len(chain) >= MAX_CHAIN:
                raise HardenError(f"more than {MAX_CHAIN} services extend one another")
            services = _map(self.load(file).get("services"))
            if name not in services:
                raise HardenError(f"service {told(name)!r}, which is extended here, is not in {self.shown(file)}")
            own = _map(services[name])
            chain.append((file, name, own))
            base = _extends(own)
            if base is None:
                break
            file, name = self.locate(file, base.file) if base.file else file, base.service or ""
        body = self.known.get((file, name), {})
        for link, link_name, own in reversed(chain):
            body = _merge(body, {key: value for key, value in own.items() if key != "extends"})
            self.known[link, link_name] = body
        return body

    def inherited(self, file: FilePath, name: str) -> Raw:
        """The body that service `name` of `file` is merged over."""
        base = _extends(_map(_map(self.load(file).get("services"))[name]))
        if base is None:
            return {}
        return self.effective(self.locate(file, base.file) if base.file else file, base.service or "")

    def included(self, file: FilePath, entry: Any) -> dict[str, Service]:
        """The services of the first file of an include, and of those that it includes, by name."""
        first = entry[0] if isinstance(entry, list) and entry else entry
        path = self.locate(file, first) if isinstance(first, str) else None
        if path is None or path in self.seen or len(self.seen) > MAX_CHAIN:
            return {}
        self.seen.add(path)
        data = self.load(path)
        found = {name: read_service(name, self.effective(path, name)) for name in _map(data.get("services"))}
        inner = plain(data.get("include"))
        for more in inner if isinstance(inner, list) else ():
            found |= self.included(path, more.get("path") if isinstance(more, dict) else more)
        return found

    def locate(self, file: FilePath, path: str) -> FilePath:
        """The file that `path` means in `file`."""
        resolved = resolve_defaults(path)
        if resolved is None or "://" in resolved or resolved.startswith("git@"):
            # The address is not shown: it can hold a token.
            raise HardenError("what is taken over from elsewhere cannot be read from here; what it sets is not known")
        return FilePath(os.path.realpath(file.parent / resolved))

    def shown(self, file: FilePath) -> str:
        """The name of a file as the one that is read would give it: from its folder on."""
        return os.path.relpath(file, self.main.parent)

    def load(self, file: FilePath) -> Raw:
        if file not in self.files:
            try:
                data = load(read(str(file)).text, str(file)).merged
            except HardenError as error:
                raise HardenError(f"{self.shown(file)}: {error.message}; what it sets is not known") from None
            self.files[file] = _map(data)
        return self.files[file]


def _map(value: Any) -> Raw:
    value = bare(value)
    return value if isinstance(value, dict) else {}


def _extends(body: Raw) -> Extends | None:
    value = plain(body.get("extends"))
    if isinstance(value, str):
        return Extends(value)
    return Extends(value.get("service"), value.get("file")) if isinstance(value, dict) else None


# Either form means the same; compose turns both into one before it merges.
_KEYED = {"environment", "labels", "annotations", "sysctls", "args"}
ONE_OR_LIST = {"dns", "dns_search", "tmpfs", "env_file"}
"""Settings of a service that are a text or a list of them."""
_REPLACED = {"command", "entrypoint", "test"}


def _merge(base: Raw, own: Raw) -> Raw:
    """`own`, tags and all, over `base`, as compose merges a service over the one it extends."""
    result = dict(base)
    for key, value in own.items():
        if isinstance(value, Tagged) and value.tag == "!reset":
            result.pop(key, None)
        elif isinstance(value, Tagged) and value.tag == "!override":
            result[key] = plain(value)
        else:
            result[key] = _merged(key, base[key], value) if key in base else plain(value)
    return result


def _merged(key: str, base: Any, own: Any) -> Any:
    if isinstance(base, dict) and isinstance(own, dict):
        # Options belong to their driver.
        drivers = {readable(str(log["driver"])) for log in (base, plain(own)) if log.get("driver") is not None}
        merged = plain(own) if key == "logging" and len(drivers) > 1 else _merge(base, own)
        # A variable without a value gets it from the shell, whatever is extended.
        return {**merged, **{name: None for name, value in own.items() if value is None and key in _KEYED}}
    own = plain(own)
    if own is None or key in _REPLACED:
        return base if own is None else own
    if key in _KEYED and isinstance(base, dict | list) and isinstance(own, dict | list):
        return {**entries(base), **entries(own)}
    if key in ("depends_on", "networks") and type(base) is not type(own):
        return _merge(_as_map(base), _as_map(own))
    if key in ONE_OR_LIST:
        base, own = _as_list(base), _as_list(own)
    if isinstance(base, list) and isinstance(own, list):
        return base + [item for item in own if item not in base]
    return own


def _as_map(value: Any) -> Raw:
    return {as_text(item): None for item in value} if isinstance(value, list) else _map(value)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
