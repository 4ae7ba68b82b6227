"""Services.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md
"""

from typing import TYPE_CHECKING

from hardener.model.base import Flag, Lazy, Number, Text, Texts, imported_on_use
from hardener.model.container import Container
from hardener.model.deploy import Deploy
from hardener.model.units import integer

if TYPE_CHECKING:
    from hardener.model.jobs import PreStartHook
    from hardener.model.rare import Develop, Hook, Provider
else:
    Develop = imported_on_use("hardener.model.rare", "Develop")
    Hook = imported_on_use("hardener.model.rare", "Hook")
    Provider = imported_on_use("hardener.model.rare", "Provider")
    PreStartHook = imported_on_use("hardener.model.jobs", "PreStartHook")


class Service(Container):
    """One service."""

    attach: Flag = None
    container_name: Text = None
    deploy: Lazy[Deploy] | None = None
    develop: Lazy[Develop] | None = None
    external_links: Texts = None
    links: Texts = None
    post_start: list[Lazy[Hook]] | None = None
    pre_start: list[Lazy[PreStartHook]] | None = None
    pre_stop: list[Lazy[Hook]] | None = None
    provider: Lazy[Provider] | None = None
    restart: Text = None
    scale: Number = None

    @property
    def is_part(self) -> bool:
        """Whether another file says more of it: compose starts no service without an image, a build or a provider."""
        return self.image is None and self.build is None and self.provider is None

    def read_scale(self) -> int | None:
        """The number of containers asked for by `scale` or `deploy.replicas`; None if neither says."""
        scale = integer(self.scale)
        return scale if scale is not None or self.deploy is None else self.deploy.read_replicas()
