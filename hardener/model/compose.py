"""A whole compose file.

https://github.com/compose-spec/compose-spec/blob/main/spec.md
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic_core import core_schema

from hardener.model.base import LEFT_TO_RIGHT, Lazy, Part, Text, imported_on_use
from hardener.model.service import Service
from hardener.source import Path

if TYPE_CHECKING:
    from hardener.model.jobs import Job
    from hardener.model.rare import Model
    from hardener.model.resources import Config, Include, Network, Secret, Volume
else:
    Job = imported_on_use("hardener.model.jobs", "Job")
    Model = imported_on_use("hardener.model.rare", "Model")
    Config = imported_on_use("hardener.model.resources", "Config")
    Include = imported_on_use("hardener.model.resources", "Include")
    Network = imported_on_use("hardener.model.resources", "Network")
    Secret = imported_on_use("hardener.model.resources", "Secret")
    Volume = imported_on_use("hardener.model.resources", "Volume")


class ComposeFile(Part):
    """A compose file as written. A service, network or volume without a body (`db:`) reads as an empty one.

    `ComposeFile.model_validate(data)` takes what a YAML loader gives, merge keys resolved and tags removed; it raises
    `pydantic.ValidationError`, which `problems()` turns into messages for people.
    """

    version: Text = None
    name: Text = None
    include: list[Annotated[Text | Lazy[Include], LEFT_TO_RIGHT]] | None = None
    services: dict[str, Lazy[Service]] | None = None
    networks: dict[str, Lazy[Network]] | None = None
    volumes: dict[str, Lazy[Volume]] | None = None
    secrets: dict[str, Lazy[Secret]] | None = None
    configs: dict[str, Lazy[Config]] | None = None
    models: dict[str, Lazy[Model]] | None = None
    jobs: dict[str, Lazy[Job]] | None = None

    @classmethod
    def _read(cls, data: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Self:
        file = super()._read(data, validate)
        for workloads in (file.services or {}, file.jobs or {}):
            for name, workload in workloads.items():
                workload._name = name
        return file

    def read_services(self) -> dict[str, Service]:
        """The services by name, {} if there are none."""
        return self.services or {}

    def read_include(self) -> list[Include]:
        """The includes in long syntax."""
        if not self.include:
            return []
        from hardener.model.resources import Include

        return [
            Include.model_construct(path=entry) if isinstance(entry, str) else entry
            for entry in self.include
            if entry is not None
        ]


def unknown_keys(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of keys the specification does not have; `x-…` keys are extensions, not unknown.

    `value` is a part, or a list or dict of parts; paths start with `path`.
    """
    if isinstance(value, Part):
        known, unknown = value.__dict__, value.__pydantic_extra__ or {}
        yield from ((*path, key) for key in unknown if not key.startswith("x-"))
        items: Iterable[tuple[str | int, Any]] = known.items()
    elif isinstance(value, dict):
        items = value.items()
    else:
        items = enumerate(value)
    for key, item in items:
        if isinstance(item, Part | dict | list):
            yield from unknown_keys(item, (*path, key))
