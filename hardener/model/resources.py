"""Top-level resources that services refer to: networks, volumes, secrets, configs, models; and includes.

https://github.com/compose-spec/compose-spec/blob/main/06-networks.md and the chapters after it
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
    Texts,
    Values,
)
from hardener.model.short import text_values, texts
from hardener.model.units import boolean


class ServiceNetwork(Part):
    """How a service joins one network."""

    aliases: Texts = None
    interface_name: Text = None
    ipv4_address: Text = None
    ipv6_address: Text = None
    link_local_ips: Texts = None
    mac_address: Text = None
    driver_opts: Values = None
    priority: Number = None
    gw_priority: Number = None
    use_service_name_alias: Flag = None


class LongExternal(Part):
    """The obsolete long syntax of `external`."""

    name: Text = None


class Resource(Part):
    """What networks, volumes, secrets and configs share."""

    name: Text = None
    external: Annotated[Flag | Lazy[LongExternal], LEFT_TO_RIGHT] = None
    labels: Entries = None

    @property
    def is_external(self) -> bool:
        """Whether it exists outside this file."""
        return isinstance(self.external, LongExternal) or bool(boolean(self.external))

    def read_labels(self) -> dict[str, str]:
        """Labels, values as text."""
        return text_values(self.labels)


class IpamPool(Part):
    """One entry of `ipam.config`."""

    subnet: Text = None
    ip_range: Text = None
    gateway: Text = None
    aux_addresses: Values = None


class Ipam(Part):
    """`ipam`: how addresses are given."""

    driver: Text = None
    config: list[Lazy[IpamPool]] | None = None
    options: Values = None


class Network(Resource):
    """One top-level network."""

    driver: Text = None
    driver_opts: Values = None
    ipam: Lazy[Ipam] | None = None
    internal: Flag = None
    enable_ipv4: Flag = None
    enable_ipv6: Flag = None
    attachable: Flag = None


class Volume(Resource):
    """One top-level volume."""

    driver: Text = None
    driver_opts: Values = None


class Secret(Resource):
    """One top-level secret: a file, an environment variable, or external."""

    environment: Text = None
    file: Text = None
    driver: Text = None
    driver_opts: Values = None
    template_driver: Text = None


class Config(Resource):
    """One top-level config: a file, an environment variable, text, or external."""

    content: Text = None
    environment: Text = None
    file: Text = None
    template_driver: Text = None


class Include(Part):
    """The long syntax of one include. Compose casts numbers to text here, and only here."""

    path: Annotated[Scalar | list[Scalar], LEFT_TO_RIGHT] = None
    env_file: Annotated[Scalar | list[Scalar], LEFT_TO_RIGHT] = None
    project_directory: Scalar = None

    def read_path(self) -> list[str]:
        """The files, the first with the others laid over it."""
        return texts(self.path)

    def read_env_file(self) -> list[str]:
        """Files of variables for interpolation in the included files."""
        return texts(self.env_file)
