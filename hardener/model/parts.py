"""The smaller parts of a service: health check, logging, hooks, grants, dependencies, networks, devices.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md
"""

from typing import Annotated, NamedTuple

from hardener.model.base import (
    LEFT_TO_RIGHT,
    Flag,
    Lazy,
    Number,
    Part,
    Text,
    TextOrTexts,
    Texts,
    Values,
)
from hardener.model.short import as_text, texts
from hardener.model.units import boolean, duration, integer


class Healthcheck(Part):
    """`healthcheck`: overrides the one of the image, field by field."""

    disable: Flag = None
    interval: Text = None
    retries: Number = None
    test: TextOrTexts = None
    timeout: Text = None
    start_period: Text = None
    start_interval: Text = None

    @property
    def disabled(self) -> bool:
        """Whether it switches the check of the image off."""
        return bool(boolean(self.disable)) or self.read_test() == ["NONE"]

    def read_test(self) -> list[str] | None:
        """The test in list form (`["CMD-SHELL", "curl …"]`), None if not set."""
        if self.test is None:
            return None
        return ["CMD-SHELL", self.test] if isinstance(self.test, str) else texts(self.test)

    def read_interval(self) -> float | None:
        """Seconds between two checks."""
        return duration(self.interval)

    def read_timeout(self) -> float | None:
        """Seconds one check may take."""
        return duration(self.timeout)

    def read_start_period(self) -> float | None:
        """Seconds after the start in which a failed check does not count."""
        return duration(self.start_period)

    def read_start_interval(self) -> float | None:
        """Seconds between two checks in the start period."""
        return duration(self.start_interval)

    def read_retries(self) -> int | None:
        """Failed checks in a row that make a container unhealthy."""
        return integer(self.retries)


class Logging(Part):
    """`logging`: replaces the daemon's logging configuration for this service."""

    driver: Text = None
    options: Values = None

    def read_options(self) -> dict[str, str]:
        """Options of the driver, values as text."""
        return {key: "" if value is None else as_text(value) for key, value in (self.options or {}).items()}


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


class LongDependency(Part):
    """The long syntax of one dependency."""

    condition: Text = None
    restart: Flag = None
    required: Flag = None


class Dependency(NamedTuple):
    """One service another waits for.

    `condition` is service_started, service_healthy or service_completed_successfully.
    """

    condition: str = "service_started"
    required: bool = True
    restart: bool = False


class LongExtends(Part):
    """The long syntax of `extends`."""

    service: Text = None
    file: Text = None


class Extends(NamedTuple):
    """The service another extends; `file` is None for the same file."""

    service: str | None
    file: str | None = None


class LongEnvFile(Part):
    """The long syntax of one env file."""

    path: Text = None
    format: Text = None
    required: Flag = None


class EnvFile(NamedTuple):
    """One file of environment variables. A file that is not `required` may be missing. `format` is None or `raw`."""

    path: str
    required: bool = True
    format: str | None = None


class LongGrant(Part):
    """The long syntax of access to one secret or config."""

    source: Text = None
    target: Text = None
    uid: Text = None
    gid: Text = None
    mode: Number = None


class Grant(NamedTuple):
    """Access to one secret or config. `target` is a path in the container, `position` the entry's index in its list."""

    position: int
    source: str
    target: str
    uid: str | None = None
    gid: str | None = None
    mode: int | str | float | None = None


class LongUlimit(Part):
    """The long syntax of one ulimit."""

    hard: Number = None
    soft: Number = None


class Ulimit(NamedTuple):
    """The limits of one resource; -1 for none, None where a variable decides."""

    soft: int | None
    hard: int | None


GrantEntry = Annotated[Text | Lazy[LongGrant], LEFT_TO_RIGHT]
EnvFileEntry = Annotated[Text | Lazy[LongEnvFile], LEFT_TO_RIGHT]
Ulimits = dict[str, Annotated[Number | Lazy[LongUlimit], LEFT_TO_RIGHT]] | None
ExtraHosts = Annotated[dict[str, Annotated[Text | list[Text], LEFT_TO_RIGHT]] | list[Text] | None, LEFT_TO_RIGHT]


def read_grants(value: list[str | LongGrant | None] | None, folder: str) -> list[Grant]:
    """The entries of `secrets` or `configs`; `folder` is where a name without a path is mounted."""
    grants = []
    for position, entry in enumerate(value or ()):
        long = entry if isinstance(entry, LongGrant) else LongGrant.model_construct(source=entry)
        if long.source is not None:
            target = long.target or long.source
            path = target if target.startswith("/") else folder + target
            grants.append(Grant(position, long.source, path, long.uid, long.gid, long.mode))
    return grants


def read_ulimits(value: dict[str, int | float | str | LongUlimit | None] | None) -> dict[str, Ulimit]:
    """The entries of `ulimits`: one number sets both limits."""
    limits = {}
    for name, entry in (value or {}).items():
        soft, hard = (entry.soft, entry.hard) if isinstance(entry, LongUlimit) else (entry, entry)
        limits[name] = Ulimit(integer(soft), integer(hard))
    return limits
