"""Parts that few files have, imported when the first one is read.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md and deploy.md, develop.md
"""

from typing import Annotated

from hardener.model.base import (
    LEFT_TO_RIGHT,
    Entries,
    Flag,
    Lazy,
    Number,
    Part,
    Scalar,
    Text,
    TextOrTexts,
    Texts,
)
from hardener.model.short import command_words, entries


class Hook(Part):
    """One entry of `post_start` or `pre_stop`, and `exec` of a watch rule: a command run in the container."""

    command: TextOrTexts = None
    user: Text = None
    privileged: Flag = None
    working_dir: Text = None
    environment: Entries = None

    def read_command(self) -> list[str] | None:
        """The words of the command."""
        return command_words(self.command)

    def read_environment(self) -> dict[str, str | None]:
        """Variables, values as text as written; None for a value taken from the shell."""
        return entries(self.environment)


class Watch(Part):
    """One entry of `develop.watch`."""

    action: Text = None
    exec: Lazy[Hook] | None = None
    ignore: TextOrTexts = None
    include: TextOrTexts = None
    initial_sync: Flag = None
    path: Text = None
    target: Text = None


class Develop(Part):
    """`develop`: how to keep containers in step with sources."""

    watch: list[Lazy[Watch]] | None = None


class Provider(Part):
    """`provider`: an external program that manages the service instead of compose."""

    type: Text = None
    options: dict[str, Annotated[Scalar | list[Scalar], LEFT_TO_RIGHT]] | None = None


class CredentialSpec(Part):
    """`credential_spec`: Windows managed service account."""

    config: Text = None
    file: Text = None
    registry: Text = None


class BlkioLimit(Part):
    """A rate limit of `blkio_config` for one device, in bytes or operations per second."""

    path: Text = None
    rate: Number = None


class BlkioWeight(Part):
    """A weight of `blkio_config` for one device."""

    path: Text = None
    weight: Number = None


class BlkioConfig(Part):
    """`blkio_config`: limits of block IO."""

    device_read_bps: list[Lazy[BlkioLimit]] | None = None
    device_read_iops: list[Lazy[BlkioLimit]] | None = None
    device_write_bps: list[Lazy[BlkioLimit]] | None = None
    device_write_iops: list[Lazy[BlkioLimit]] | None = None
    weight: Number = None
    weight_device: list[Lazy[BlkioWeight]] | None = None


class LongDevice(Part):
    """The long syntax of one device."""

    source: Text = None
    target: Text = None
    permissions: Text = None


class ServiceModel(Part):
    """How a service learns of one language model."""

    endpoint_var: Text = None
    model_var: Text = None


class UpdateConfig(Part):
    """`deploy.update_config` and `deploy.rollback_config`."""

    parallelism: Number = None
    delay: Text = None
    failure_action: Text = None
    monitor: Text = None
    max_failure_ratio: Number = None
    order: Text = None


class DiscreteResource(Part):
    """`discrete_resource_spec` of a generic resource."""

    kind: Text = None
    value: Number = None


class GenericResource(Part):
    """One entry of `deploy.resources.reservations.generic_resources`."""

    discrete_resource_spec: Lazy[DiscreteResource] | None = None


class DeviceRequest(Part):
    """One entry of `deploy.resources.reservations.devices` or of `gpus`."""

    capabilities: Texts = None
    count: Number = None
    device_ids: Texts = None
    driver: Text = None
    options: Entries = None


class PlacementPreference(Part):
    """One entry of `deploy.placement.preferences`."""

    spread: Text = None


class Placement(Part):
    """`deploy.placement`."""

    constraints: Texts = None
    preferences: list[Lazy[PlacementPreference]] | None = None
    max_replicas_per_node: Number = None


class Model(Part):
    """One top-level language model."""

    name: Text = None
    model: Text = None
    context_size: Number = None
    runtime_flags: Texts = None
