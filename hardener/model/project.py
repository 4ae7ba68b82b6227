"""A compose file among its files: `extends` and `include` followed, so that a value set there counts as set.

For reading only: nothing here is written back. Merging follows
https://github.com/compose-spec/compose-spec/blob/main/13-merge.md as far as the settings of a service go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from hardener.errors import HardenError
from hardener.model.base import as_written
from hardener.model.compose import ComposeFile, unknown_keys
from hardener.model.errors import problems
from hardener.model.interpolation import resolve_defaults
from hardener.model.parts import Extends
from hardener.model.service import Service
from hardener.model.short import as_text, entries
from hardener.source import Data, Document, Tagged, load
from hardener.source.files import read

Raw = dict[str, Any]


@dataclass(frozen=True)
class Project:
    """A document read as compose reads it.

    `file` is the file by itself; `services` holds every service with what it takes over through `extends`, and `bodies`
    the same as data. `unresolved` tells, by service, why what it extends could not be read. `included` are the services
    of included files.
    """

    document: Document
    file: ComposeFile
    services: dict[str, Service]
    bodies: dict[str, Raw]
    unresolved: dict[str, str] = field(default_factory=dict)
    included: dict[str, Service] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def heirs(self, name: str) -> Iterator[str]:
        """The services of this file that extend `name`, directly or not."""
        waiting, seen = [name], {name}
        while waiting:
            base = waiting.pop()
            for heir in self._extended.get(base, ()):
                if heir not in seen:
                    seen.add(heir)
                    waiting.append(heir)
                    yield heir

    @cached_property
    def _extended(self) -> dict[str, list[str]]:
        """The services of this file that extend each service of it."""
        found: dict[str, list[str]] = {}
        own = FilePath(self.document.file)
        for name, service in self.file.read_services().items():
            base = service.read_extends()
            if base and base.service and (base.file is None or own.parent / base.file == own):
                found.setdefault(base.service, []).append(name)
        return found

    def as_written(self, name: str) -> Raw:
        """The body of a service without what it extends, `<<` merged."""
        return as_written(self.file.read_services()[name]) or {}


def read_project(document: Document) -> Project:
    """Reads `document` and the files it extends and includes.

    Raises HardenError, with line and column, where the document is no compose file. What cannot be read beside it is a
    warning, not an error: the file may be a fragment.
    """
    data = _plain(document.merged)
    if data is None:
        data = {}
    file = _validated(document, data)
    warnings = [f"{document.where(path)}: unknown key {path[-1]!r} is kept as it is" for path in unknown_keys(file)]
    reader = _Reader(FilePath(document.file), data)
    unresolved: dict[str, str] = {}
    services = dict(file.read_services())
    bodies = {name: body or {} for name, body in (data.get("services") or {}).items()}
    for name, service in services.items():
        if service.extends is not None:
            try:
                bodies[name] = reader.effective(document.file, data, name, ())
                services[name] = _service(name, bodies[name])
            except HardenError as error:
                unresolved[name] = error.message
                warnings.append(f"{document.where(('services', name, 'extends'))}: {error.message}")
    included: dict[str, Service] = {}
    for index, entry in enumerate(file.read_include()):
        try:
            included |= reader.included(entry.path)
        except HardenError as error:
            warnings.append(f"{document.where(('include', index))}: {error.message}")
    return Project(document, file, services, bodies, unresolved, included, tuple(warnings))


def _validated(document: Document, data: Any) -> ComposeFile:
    try:
        return ComposeFile.model_validate(data)
    except ValidationError as error:
        first, *others = problems(error, data)
        more = f"; {len(others)} more like it" if others else ""
        place = ".".join(map(str, first.path))
        message = f"{place}: {first.message}{more}" if place else first.message
        hint = "this is not a compose file" if not first.path else "see the Compose Specification"
        raise HardenError(message, document.where(first.path), hint) from None


def _service(name: str, data: Raw) -> Service:
    try:
        service = Service.model_validate(data)
    except ValidationError:
        raise HardenError(f"what {name!r} extends does not fit it") from None
    service._name = name
    return service


class _Reader:
    """Reads the compose files beside `file`, each once; for one that names itself, `data`, not what is on disk."""

    def __init__(self, file: FilePath, data: Raw) -> None:
        self.folder = file.parent
        self.files: dict[str, Raw] = {str(file): data}

    def effective(self, file: str, data: Raw, name: str, seen: tuple[tuple[str, str], ...]) -> Raw:
        """The body of service `name` of `file`, merged over what it extends."""
        services = data.get("services")
        if not isinstance(services, dict) or name not in services:
            raise HardenError(f"service {name!r}, which is extended here, is not in {file}")
        if (file, name) in seen:
            raise HardenError(f"service {name!r} extends itself")
        own = services[name] or {}
        base = _extends(own)
        if base is None:
            return dict(own)
        body = {key: value for key, value in own.items() if key != "extends"}
        if base.file is None:
            return _merge(self.effective(file, data, base.service or "", (*seen, (file, name))), body)
        path = self.locate(base.file)
        return _merge(self.effective(path, self.load(path), base.service or "", (*seen, (file, name))), body)

    def included(self, path: Any) -> dict[str, Service]:
        """The services of the first file of an include, by name."""
        first = path[0] if isinstance(path, list) and path else path
        if not isinstance(first, str):
            return {}
        data = self.load(self.locate(first))
        services = data.get("services")
        return {name: _service(name, body or {}) for name, body in (services or {}).items()}

    def locate(self, path: str) -> str:
        resolved = resolve_defaults(path)
        if resolved is None or "://" in resolved or resolved.startswith("git@"):
            raise HardenError(f"{path} cannot be read from here; what it sets is not known")
        return str(self.folder / resolved)

    def load(self, path: str) -> Raw:
        if path not in self.files:
            try:
                data = _plain(load(read(path).text, path).merged)
            except HardenError as error:
                raise HardenError(f"{path} cannot be read ({error.message}); what it sets is not known") from None
            self.files[path] = data if isinstance(data, dict) else {}
        return self.files[path]


def _extends(body: Any) -> Extends | None:
    value = body.get("extends") if isinstance(body, dict) else None
    if isinstance(value, str):
        return Extends(value)
    return Extends(value.get("service"), value.get("file")) if isinstance(value, dict) else None


def _plain(data: Data) -> Any:
    """`data` without tags: what `!reset` stands on is gone, as compose takes it; any other tag stands on its value."""
    if isinstance(data, Tagged):
        return None if data.tag == "!reset" else _plain(data.value)
    if isinstance(data, dict):
        kept = {k: v for k, v in data.items() if not (isinstance(v, Tagged) and v.tag == "!reset")}
        return {key: _plain(value) for key, value in kept.items()}
    return [_plain(item) for item in data] if isinstance(data, list) else data


# Either form means the same; compose turns both into a map before it merges.
_KEYED = {"environment", "labels", "annotations", "sysctls", "args"}
_REPLACED = {"command", "entrypoint", "test"}


def _merge(base: Raw, own: Raw) -> Raw:
    """`own` over `base`, as compose merges a service over the one it extends."""
    result = dict(base)
    for key, value in own.items():
        result[key] = _merged(key, base[key], value) if key in base else value
    return result


def _merged(key: str, base: Any, own: Any) -> Any:
    if own is None or key in _REPLACED:
        return base if own is None else own
    if key in _KEYED and isinstance(base, dict | list) and isinstance(own, dict | list):
        return {**entries(base), **entries(own)}
    if key in ("depends_on", "networks") and type(base) is not type(own):
        base, own = _as_map(base), _as_map(own)
    if (
        key == "logging"
        and isinstance(base, dict)
        and isinstance(own, dict)
        and base.get("driver") != own.get("driver")
    ):
        return own
    if isinstance(base, dict) and isinstance(own, dict):
        return _merge(base, own)
    if isinstance(base, list) and isinstance(own, list):
        return base + [item for item in own if item not in base]
    return own


def _as_map(value: Any) -> Any:
    return {as_text(item): None for item in value} if isinstance(value, list) else value
