"""The form of an image's data file: a few claims, and for each its value, how sure it is, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from posixpath import normpath
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

from hardener.knowledge.globs import matches
from hardener.knowledge.reference import slug

T = TypeVar("T")

Basis = Literal["measured", "documented", "derived", "assumed"]
"""How a claim is known: `measured` on a real engine; `documented` by the makers of the image; `derived` by reading its
Dockerfile or entrypoint, or what others report of it; `assumed` where it may not hold, because the image or the way it
is run is not quite the one it is known of. No data file says `assumed`."""

Role = Literal[
    "reverse-proxy",  # stands in front of other services
    "web",  # a web server: its own configuration decides whether it serves files or stands in front of others
    "app",  # application code: a product, or a language runtime that runs the user's code
    "database",
    "cache",
    "queue",
    "search",
    "object-store",
    "monitoring",
    "logging",
    "admin-ui",
    "job",  # runs once and ends
    "other",  # known, and none of these
]
"""What an image is for. A base image (alpine, debian) has no role: its command decides."""

Trims = Literal["nothing", "newlines", "blanks", "lines"]
"""What reading a file may take from its text: line breaks at the end (`$(cat file)` in a shell), blanks at both ends,
or line breaks anywhere."""

Init = Literal["none", "tini", "dumb-init", "s6"]
"""The init process an image starts as PID 1. `none`: the program itself is PID 1, so that `init: true` has a place."""


@cache
def capability_names() -> frozenset[str]:
    """Every capability of Linux, without `CAP_`. `ALL` is none."""
    import tomllib

    text = (Path(__file__).parent / "capabilities.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["names"])


def _existing(name: str) -> str:
    if name not in capability_names():
        raise ValueError("there is no such capability; names are as in capabilities(7), without CAP_, and never ALL")
    return name


def _runnable(test: list[str]) -> list[str]:
    if test[0] not in ("CMD", "CMD-SHELL"):
        raise ValueError("a test starts with CMD or CMD-SHELL")
    # Compose would fill in a variable of the user's machine, where one of the container is meant.
    if any("$" in word.replace("$$", "") for word in test):
        raise ValueError("write $ as $$")
    return test


def _once(paths: list[Tmpfs]) -> list[Tmpfs]:
    if len({normpath(one.path) for one in paths}) < len(paths):
        raise ValueError("a path is here twice")
    return paths


Capability = Annotated[str, AfterValidator(_existing)]
Port = Annotated[str, Field(pattern=r"^[1-9]\d{0,4}(/udp)?$")]
NonRoot = Annotated[str, Field(pattern=r"^0*[1-9][0-9]*:[0-9]+$")]
Reader = Annotated[str, Field(pattern=r"^(root|0*[1-9][0-9]*:[0-9]+)$")]
ContainerPath = Annotated[str, Field(pattern=r"^/[^\s:]*$")]
Seconds = Annotated[str, Field(pattern=r"^[1-9]\d*s$")]
Size = Annotated[str, Field(pattern=r"^[1-9]\d*[MG]$")]
Signal = Annotated[str, Field(pattern=r"^SIG[A-Z]+[0-9]*$")]
Text = Annotated[str, Field(pattern=r"\S")]
Flag = Annotated[bool, Field(strict=True)]


# Everybody; Grafana and Gitea; linuxserver.io; Gluetun.
_FILE_FORMS = ("{}_FILE", "{}__FILE", "FILE__{}", "{}_SECRETFILE")

# Plain dataclasses: pydantic checks what comes from outside (`ImageFacts.validated`), and a run that trusts the files
# of this package does not pay for validators it does not use. Nobody prints them: without the method for that
# the module is imported in half the time.
_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True, repr=False)
class Unless:
    """What of a service makes a claim uncertain: globs, each matched against whole words."""

    __pydantic_config__ = _CLOSED

    mounts: list[Text] = field(default_factory=list)
    """Paths in the container that something is mounted on: `/etc/nginx/*`, which takes in all that is below."""
    command: list[Text] = field(default_factory=list)
    """Words of the command: `--port*`."""
    environment: list[Text] = field(default_factory=list)
    """Names of variables: `MYSQL_TCP_PORT`."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Claim(Generic[T]):
    """One thing known of an image. `source` names the file, page or measurement it comes from, `note` what to mind."""

    __pydantic_config__ = _CLOSED

    value: T
    confidence: Basis
    source: Text
    note: Text | None = None
    unless: Unless | None = None
    """Settings of a service that make this claim `assumed` there."""
    doubt: Text | None = None
    """Why the claim is `assumed` for a service. No data file has one."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Capabilities:
    """What has to be added to `cap_drop: [ALL]`, as names without `CAP_`. Extras stand apart, for whom they concern."""

    __pydantic_config__ = _CLOSED

    start: list[Capability] = field(default_factory=list)
    """For a first start on empty volumes of its own, a later start on what it wrote, and a clean stop."""
    mounts: list[Capability] = field(default_factory=list)
    """More where a path it writes to is a bind mount, a tmpfs, or a volume at a path the image does not declare."""
    health: list[Capability] = field(default_factory=list)
    """More for the health check of this file, which runs with the rights of the container."""
    any_user: list[Capability] = field(default_factory=list)
    """Those of `start` that it needs even when `user:` starts it without root, as for file capabilities."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Check:
    """A health check that works in the image as it comes."""

    __pydantic_config__ = _CLOSED

    test: Annotated[list[Text], Field(min_length=2), AfterValidator(_runnable)]
    """As in a compose file: starts with `CMD` or `CMD-SHELL`, `$` written `$$`. Credentials only by variable name."""
    binary: Text
    """The program it calls, and how it is known to be in the image: `pg_isready: the postgresql package`."""
    start_period: Seconds = "30s"
    """How long failures do not count: a first start on an empty volume, with room."""
    interval: Seconds | None = None
    """Where checking as often as the profile says would cost too much."""
    timeout: Seconds | None = None
    """Where it can take longer than the profile allows."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Tmpfs:
    """A path the image writes to that holds nothing worth keeping."""

    __pydantic_config__ = _CLOSED

    path: Annotated[str, Field(pattern=r"^/[^\s:,]+$")]
    """Neither a colon nor a comma: in a compose file they end it."""
    size: Size = "64M"
    """The most it may hold. It counts against the memory limit of the service."""
    exec: Flag = False
    """Whether programs are run from it; a tmpfs is `noexec` otherwise."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SecretFiles:
    """How the image reads the files that variables of `file_env` name."""

    __pydantic_config__ = _CLOSED

    reader: Reader
    """Who opens them: `root`, or a user as number, `999:999`. A service with a `user:` reads them as that user."""
    trims: Trims
    first_start: list[Text] = field(default_factory=list)
    """Variables of `secret_env` that are read only when the data is first made: what is there keeps its old value."""

    def keeps(self, value: str) -> bool:
        """Whether a file with `value`, and no line break after it, gives the program that value."""
        if self.trims == "blanks":
            return value == value.strip()
        if self.trims == "lines":
            return not set("\r\n") & set(value)
        return self.trims == "nothing" or value == value.rstrip("\r\n")


# Only hands its fields down: there is none of it by itself.
@dataclass(frozen=True, kw_only=True, repr=False, eq=False, init=False)
class Claims:
    """All that can be claimed of an image. A claim that is left out is not known, and nothing may be built on it."""

    __pydantic_config__ = _CLOSED

    role: Claim[Role] | None = None
    init: Claim[Init] | None = None
    built_on: Claim[Flag] | None = None
    """Whether applications are built on it, for an image without a role of its own: a distribution, a language."""
    ends: Claim[Flag] | None = None
    """Whether it ends at once where no command is given and no terminal opened: a shell, an interpreter."""
    init_needs_kill: Claim[Flag] | None = None
    """Whether docker-init, which then runs as root, hands over to a process of another user: under `cap_drop: [ALL]` it
    needs KILL to pass signals on, or the container is killed without a clean stop."""
    stop_signal: Claim[Signal] | None = None
    """The STOPSIGNAL of the image, where it has one."""
    stop_grace_period: Claim[Seconds] | None = None
    """How long a clean stop can take, where the engine's ten seconds can be too short: `90s`."""
    memory: Claim[Size] | None = None
    """The least memory it runs with, in powers of 1024: `170M`, `1G`. A limit below it kills the container."""
    pids: Claim[Annotated[int, Field(strict=True, ge=1, le=2**22)]] | None = None
    """The least number of processes and threads it runs with; a kernel has 2**22 at most."""
    all_cpus: Claim[Flag] | None = None
    """Whether a limit on processors costs it far more than that share: it works as fast as it has them (models, video),
    or starts threads for all that the host has."""
    no_new_privileges: Claim[Flag] | None = None
    """Whether it works under `no-new-privileges`."""
    programs: Claim[list[Text]] | None = None
    """Globs of the first word of a `command:` that the entrypoint treats as its own start, arguments aside: `postgres`.
    A command that starts with `-` is taken for arguments, too; `*` says that every command is. With any other command,
    and where this is not known, what is known of the start does not hold."""
    ports: Claim[list[Port]] | None = None
    """Where it listens by default, what clients use first: `5432`, `53/udp`."""
    public_ports: Claim[list[Port]] | None = None
    """Those ports that clients outside of the stack use by design: browsers that follow links to an object store,
    devices that send to a broker."""
    volumes: Claim[list[ContainerPath]] | None = None
    """The VOLUME paths of the image: anonymous volumes where a service mounts nothing there."""
    user: Claim[Text] | None = None
    """The USER of the image: `root`, or as a number if that is known: `65534`, `472:0`."""
    non_root: Claim[NonRoot] | None = None
    """What `user:` can be set to although the image starts as root: the user that it steps down to by itself, so that
    what its volumes hold already belongs to it."""
    capabilities: Claim[Capabilities] | None = None
    """What it needs under `cap_drop: [ALL]`, when started as its own user."""
    healthcheck: Claim[Check] | None = None
    """A check to give it. Left out where none is known to work."""
    port_check: Claim[Check] | None = None
    """For an image that runs the user's own program: a check that something answers at the port `{port}`, made with
    what is in it and in every image built on it."""
    builtin_healthcheck: Claim[Flag] | None = None
    """Whether the image has a HEALTHCHECK of its own, which then is the one to use."""
    lacks: Claim[list[Text]] | None = None
    """Programs that people expect for health checks and that are not in the image: `curl`, `wget`, `nc`, `bash`."""
    read_only: Claim[Flag] | None = None
    """Whether it works on a read-only root, given its `volumes` and a tmpfs on each path of `tmpfs`."""
    tmpfs: Claim[Annotated[list[Tmpfs], AfterValidator(_once)]] | None = None
    """What it writes to outside its volumes. Given together with `read_only`."""
    file_env: Claim[list[Text]] | None = None
    """Variables that name a file with the value of another, as globs: `POSTGRES_PASSWORD_FILE`, `GF_*__FILE`."""
    secret_files: Claim[SecretFiles] | None = None
    """How those files are read."""
    secret_env: Claim[list[Text]] | None = None
    """Variables that hold credentials."""
    shm_size: Claim[Size] | None = None
    """What /dev/shm should be, where the engine's 64 MB are known to be short."""

    def known(self) -> dict[str, Claim[Any]]:
        """The claims made, by name."""
        return {field.name: claim for field in fields(Claims) if (claim := getattr(self, field.name)) is not None}


def _of_a_claim(name: str) -> str:
    if name not in (names := [field.name for field in fields(Claims)]):
        raise ValueError(f"there is no claim of this name, only {', '.join(names)}")
    return name


@dataclass(frozen=True, kw_only=True, repr=False)
class Variant(Claims):
    """Claims for the tags that one of the globs matches, in place of the family's; `unknown` names those taken back."""

    tags: Annotated[list[Text], Field(min_length=1)]
    unknown: list[Annotated[str, AfterValidator(_of_a_claim)]] = field(default_factory=list)

    def fits(self, tag: str) -> bool:
        """Whether one of the globs matches `tag`, upper and lower case told apart."""
        return any(matches(tag, glob) for glob in self.tags)


@dataclass(frozen=True, kw_only=True, repr=False)
class ImageFacts(Claims):
    """What is known of one image family: a file in `images/`, named after its first name."""

    names: Annotated[list[Text], Field(min_length=1)]
    """Every name the image goes by, without tag. `docker.io/`, `library/` and mirrors of Docker Hub are understood.
    `linuxserver/*` stands for all images of that namespace that have no file of their own."""
    variants: list[Variant] = field(default_factory=list)

    @property
    def family(self) -> str:
        """The name of the family and of its file: `postgres`, `prom-prometheus`."""
        return slug(self.names[0])

    def for_tag(self, tag: str | None) -> ImageFacts:
        """The facts of one tag, without variants. None is an unknown tag: what differs between tags is left out."""
        changes: dict[str, Any] = {"variants": []}
        for variant in self.variants:
            told = variant.known()
            if tag is None:
                changes |= dict.fromkeys((*told, *variant.unknown))
            elif variant.fits(tag):
                changes |= {**told, **dict.fromkeys(variant.unknown)}
        return replace(self, **changes)

    def under(self, other: ImageFacts) -> ImageFacts:
        """These facts with the claims of `other` in place of their own."""
        told: dict[str, Any] = dict(other.known())
        return replace(self, **told)

    def assumed(self, doubts: Mapping[str, str] | str) -> ImageFacts:
        """The same facts where some may not hold, with the reason by name of the claim, or one reason for all."""
        known = self.known()
        reasons = dict.fromkeys(known, doubts) if isinstance(doubts, str) else doubts
        lowered: dict[str, Any] = {
            name: replace(claim, confidence="assumed", doubt=claim.doubt or reasons[name])
            for name, claim in known.items()
            if name in reasons
        }
        return replace(self, **lowered) if lowered else self

    @classmethod
    def validated(cls, data: object) -> ImageFacts:
        """The facts in the data of a file. Raises pydantic.ValidationError, and ValueError for an `assumed` claim."""
        facts = _adapter().validate_python(data)
        claims = [claim for part in (facts, *facts.variants) for claim in part.known().values()]
        if any(claim.confidence == "assumed" or claim.doubt for claim in claims):
            raise ValueError("a data file holds what is known: measured, documented or derived, not assumed")
        return facts

    @classmethod
    def trusted(cls, data: dict[str, Any]) -> ImageFacts:
        """The facts in data that is known to be valid."""
        variants = [Variant(**_claims(variant)) for variant in data.get("variants", ())]
        return cls(**{**_claims(data), "variants": variants})


def file_variable(facts: ImageFacts, name: str) -> str | None:
    """The variable that names a file with the value of `name`, if the image has one: `NAME_FILE` in most."""
    globs = facts.file_env.value if facts.file_env else []
    for form in _FILE_FORMS:
        variable = form.format(name)
        if any(matches(variable, glob) for glob in globs):
            return variable
    return None


@cache
def _adapter() -> TypeAdapter[ImageFacts]:
    return TypeAdapter(ImageFacts)


def _claims(data: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _claim(name, **value) if isinstance(value, dict) else value
        for name, value in data.items()
        if name != "variants"
    }


def _claim(name: str, value: Any, unless: dict[str, list[str]] | None = None, **rest: Any) -> Claim[Any]:
    """A claim from trusted data, its value in the type that `Claims` gives it."""
    if name == "capabilities":
        value = Capabilities(**value)
    elif name in ("healthcheck", "port_check"):
        value = Check(**value)
    elif name == "secret_files":
        value = SecretFiles(**value)
    elif name == "tmpfs":
        value = [Tmpfs(**item) for item in value]
    return Claim(value=value, unless=Unless(**unless) if unless else None, **rest)
