"""The smaller parts of a service: health check, logging, grants, dependencies, env files, limits.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md
"""

from typing import TYPE_CHECKING, Annotated, NamedTuple

from hardener.model.base import (
    LEFT_TO_RIGHT,
    Flag,
    Lazy,
    Number,
    Part,
    Text,
    TextOrTexts,
    Values,
    imported_on_use,
)
from hardener.model.short import as_text, texts
from hardener.model.units import boolean, duration, integer
from hardener.shown import shows

if TYPE_CHECKING:
    from hardener.model.long import LongEnvFile, LongGrant, LongUlimit
else:
    LongEnvFile = imported_on_use("hardener.model.long", "LongEnvFile")
    LongGrant = imported_on_use("hardener.model.long", "LongGrant")
    LongUlimit = imported_on_use("hardener.model.long", "LongUlimit")


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


@shows("condition", "required", "restart")
class Dependency(NamedTuple):
    """One service another waits for.

    `condition` is service_started, service_healthy or service_completed_successfully.
    """

    condition: str = "service_started"
    required: bool = True
    restart: bool = False


@shows("service", "file")
class Extends(NamedTuple):
    """The service another extends; `file` is None for the same file."""

    service: str | None
    file: str | None = None


@shows("path", "required", "format")
class EnvFile(NamedTuple):
    """One file of environment variables. A file that is not `required` may be missing. `format` is None or `raw`."""

    path: str
    required: bool = True
    format: str | None = None


@shows("position", "source")
class Grant(NamedTuple):
    """Access to one secret or config. `target` is a path in the container, `position` the entry's index in its list."""

    position: int
    source: str
    target: str
    uid: str | None = None
    gid: str | None = None
    mode: int | str | float | None = None


@shows("soft", "hard")
class Ulimit(NamedTuple):
    """The limits of one resource; -1 for none, None where a variable decides."""

    soft: int | None
    hard: int | None


GrantEntry = Annotated[Text | Lazy[LongGrant], LEFT_TO_RIGHT]
EnvFileEntry = Annotated[Text | Lazy[LongEnvFile], LEFT_TO_RIGHT]
Ulimits = dict[str, Annotated[Number | Lazy[LongUlimit], LEFT_TO_RIGHT]] | None
ExtraHosts = Annotated[dict[str, Annotated[Text | list[Text], LEFT_TO_RIGHT]] | list[Text] | None, LEFT_TO_RIGHT]


def read_env_files(value: str | LongEnvFile | list[str | LongEnvFile | None] | None) -> list[EnvFile]:
    """The files that `env_file`, or one entry of it, names."""
    files = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Part):
            if item.path is not None:
                files.append(EnvFile(item.path, boolean(item.required) is not False, item.format))
        elif item is not None:
            files.append(EnvFile(item))
    return files


SECRETS_FOLDER = "/run/secrets/"
"""Where the secrets of a container lie: https://docs.docker.com/compose/how-tos/use-secrets/."""


def read_grants(value: list[str | LongGrant | None] | None, folder: str) -> list[Grant]:
    """The entries of `secrets` or `configs`; `folder` is where a name without a path is mounted."""
    grants = []
    for position, entry in enumerate(value or ()):
        source, target = (entry.source, entry.target) if isinstance(entry, Part) else (entry, None)
        if source is not None:
            target = target or source
            grant = Grant(position, source, target if target.startswith("/") else folder + target)
            if isinstance(entry, Part):
                grant = grant._replace(uid=entry.uid, gid=entry.gid, mode=entry.mode)
            grants.append(grant)
    return grants


def read_ulimits(value: dict[str, int | float | str | LongUlimit | None] | None) -> dict[str, Ulimit]:
    """The entries of `ulimits`: one number sets both limits."""
    limits = {}
    for name, entry in (value or {}).items():
        soft, hard = (entry.soft, entry.hard) if isinstance(entry, Part) else (entry, entry)
        limits[name] = Ulimit(integer(soft), integer(hard))
    return limits
