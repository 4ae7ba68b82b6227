"""`deploy`: replicas, resources, update and restart policies.

https://github.com/compose-spec/compose-spec/blob/main/deploy.md
"""

from typing import TYPE_CHECKING

from hardener.model.base import Entries, Lazy, Number, Part, Text, imported_on_use
from hardener.model.short import text_values
from hardener.model.units import byte_size, duration, integer, number

if TYPE_CHECKING:
    from hardener.model.rare import DeviceRequest, GenericResource, Placement, UpdateConfig
else:
    DeviceRequest = imported_on_use("hardener.model.rare", "DeviceRequest")
    GenericResource = imported_on_use("hardener.model.rare", "GenericResource")
    Placement = imported_on_use("hardener.model.rare", "Placement")
    UpdateConfig = imported_on_use("hardener.model.rare", "UpdateConfig")


class Limits(Part):
    """`deploy.resources.limits`: the most a container gets."""

    cpus: Number = None
    memory: Text = None
    pids: Number = None

    def read_cpus(self) -> float | None:
        """Cores."""
        return number(self.cpus)

    def read_memory(self) -> int | None:
        """Bytes."""
        return byte_size(self.memory)

    def read_pids(self) -> int | None:
        """Processes and threads; -1 for no limit."""
        return integer(self.pids)


class Reservations(Part):
    """`deploy.resources.reservations`: what a container is sure to get."""

    cpus: Number = None
    memory: Text = None
    generic_resources: list[Lazy[GenericResource]] | None = None
    devices: list[Lazy[DeviceRequest]] | None = None

    def read_cpus(self) -> float | None:
        """Cores."""
        return number(self.cpus)

    def read_memory(self) -> int | None:
        """Bytes."""
        return byte_size(self.memory)


class Resources(Part):
    """`deploy.resources`."""

    limits: Lazy[Limits] | None = None
    reservations: Lazy[Reservations] | None = None


class RestartPolicy(Part):
    """`deploy.restart_policy`. Where it stands, compose ignores `restart`."""

    condition: Text = None
    delay: Text = None
    max_attempts: Number = None
    window: Text = None

    def read_delay(self) -> float | None:
        """Seconds between two attempts."""
        return duration(self.delay)

    def read_window(self) -> float | None:
        """Seconds after which a start counts as a success."""
        return duration(self.window)


class Deploy(Part):
    """`deploy` of a service."""

    mode: Text = None
    endpoint_mode: Text = None
    replicas: Number = None
    labels: Entries = None
    rollback_config: Lazy[UpdateConfig] | None = None
    update_config: Lazy[UpdateConfig] | None = None
    resources: Lazy[Resources] | None = None
    restart_policy: Lazy[RestartPolicy] | None = None
    placement: Lazy[Placement] | None = None

    def read_labels(self) -> dict[str, str]:
        """Labels of the service (not of its containers), values as text."""
        return text_values(self.labels)

    def read_replicas(self) -> int | None:
        """The number of containers; None if not set."""
        return integer(self.replicas)
