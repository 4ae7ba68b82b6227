"""The other compose files in the folder: they share `.env` and the folder of secrets, but need not share values.

Of these, overrides (`compose.override.yml`) are merged over the document, and some extend services of it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hardener.errors import HardenError
from hardener.keeping.files import FOLDER
from hardener.model import Service
from hardener.model.interpolation import Variable, resolve_defaults, variables
from hardener.model.project import OVERRIDE, read_service
from hardener.source import load
from hardener.source.data import plain

if TYPE_CHECKING:
    from hardener.transforms.context import Context

# What of a service decides how an image reads a secret, and who may.
_DECIDES = {
    *("image", "build", "entrypoint", "command", "user", "healthcheck", "volumes", "secrets", "env_file", "extends"),
    *("cap_drop", "cap_add", "read_only"),
}


def beside(context: Context) -> Beside:
    """What lies beside the document of a run, read once."""
    found: Beside = context.memo.setdefault(Beside, Beside(context))
    return found


class Beside:
    """What the other compose files in the folder of a document say."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def other_default(self, name: str, value: str) -> str | None:
        """A file where a variable has another default than `value`."""
        uses = self._variables.get(name, {})
        return next(
            (file for one, file in uses.items() if one.default is not None and resolve_defaults(one.default) != value),
            None,
        )

    def looks_up(self, name: str, value: str) -> bool:
        """Whether one of them would be told `value` under this name, and says so far that it means something else."""
        uses = self._variables.get(name, {})
        same = (one.default is not None and resolve_defaults(one.default) == value for one in uses)
        return name in self._bare or not all(same)

    def declares(self, secret: str, value: str) -> bool:
        """Whether one of them has a secret of this name with another value."""
        path = f"{FOLDER}/{secret}"
        other = self.context.exists(path) and self.context.read(path) != value
        return secret in self._secrets or (
            other and any(re.search(rf"{path}(?![\w.-])", text) for text in self.context.siblings.values())
        )

    def sets(self, service: str, names: set[str]) -> str | None:
        """An override that sets one of these variables of a service, or what decides how it is read."""
        for file, services in self._overrides.items():
            other = services.get(service)
            if other and (_DECIDES & other.model_fields_set or names & other.read_environment().keys()):
                return file
        return None

    def extends(self, service: str) -> str | None:
        """A file with a service that extends this one, and that has no secrets of this document."""
        return self._extended.get(service)

    def services(self) -> Iterator[Service]:
        """The services of overrides: they are run with those of the document."""
        for services in self._overrides.values():
            yield from services.values()

    @cached_property
    def _merged(self) -> dict[str, dict[str, Any]]:
        """What overrides say."""
        return {file: _data(text, file) for file, text in self.context.siblings.items() if OVERRIDE.fullmatch(file)}

    @cached_property
    def _overrides(self) -> dict[str, dict[str, Service]]:
        return {file: _services(data) for file, data in self._merged.items()}

    @cached_property
    def _extended(self) -> dict[str, str]:
        own = posixpath.basename(self.context.project.document.file)
        found: dict[str, str] = {}
        for file, text in self.context.siblings.items():
            for other in _services(_data(text, file)).values() if own in text else ():
                base = other.read_extends()
                if base and base.service and posixpath.normpath(base.file or "") == own:
                    found.setdefault(base.service, file)
        return found

    @cached_property
    def _variables(self) -> dict[str, dict[Variable, str]]:
        """By name, the uses of variables, each with a file that has it.

        Without a default they only count in overrides: another stack that leaves a variable open takes what it is told.
        """
        found: dict[str, dict[Variable, str]] = {}
        for file, text in self.context.siblings.items():
            for variable in variables(text):
                if variable.default is not None or file in self._merged:
                    found.setdefault(variable.name, {})[variable] = file
        return found

    @cached_property
    def _bare(self) -> set[str]:
        """Names without a value in overrides, as have variables that the shell or `.env` is to give."""
        return set().union(*map(without_value, self._merged.values()))

    @cached_property
    def _secrets(self) -> set[str]:
        """Secrets that overrides declare."""
        return declared(self._merged.values())


def _data(text: str, file: str) -> dict[str, Any]:
    """What a compose file says, as far as it can be read."""
    try:
        data = plain(load(text, file).merged)
    except HardenError:
        return {}
    return data if isinstance(data, dict) else {}


def declared(files: Iterable[dict[str, Any]]) -> set[str]:
    """The names of the secrets that the data of some compose files declares."""
    told = (data.get("secrets") for data in files)
    return {str(name) for secrets in told if isinstance(secrets, dict) for name in secrets}


def _services(data: dict[str, Any]) -> dict[str, Service]:
    found: dict[str, Service] = {}
    services = data.get("services")
    for name, body in services.items() if isinstance(services, dict) else ():
        try:
            found[name] = read_service(name, body)
        except HardenError:  # compose refuses it
            continue
    return found


def without_value(data: Any) -> set[str]:
    """What may be the name of a variable of the shell, anywhere in some data."""
    if isinstance(data, dict):
        return {str(key) for key, value in data.items() if value is None}.union(*map(without_value, data.values()))
    if isinstance(data, list):
        return {item for item in data if isinstance(item, str)}.union(*map(without_value, data))
    return set()
