"""The form of an image's data file: a few claims, and for each its value, how sure it is, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter

from hardener.knowledge.reference import slug

T = TypeVar("T")

Confidence = Literal["measured", "documented", "derived", "assumed"]
"""How a claim is known: `measured` on a real engine; `documented` by the makers of the image; `derived` by reading its
Dockerfile or entrypoint; `assumed` where it may not hold, because the image or the way it is run is not quite the one
it is known of. No data file says `assumed`."""

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

Init = Literal["none", "tini", "dumb-init", "s6"]
"""The init process an image starts as PID 1. `none`: the program itself is PID 1, so that `init: true` has a place."""

Seconds = Annotated[str, Field(pattern=r"^[1-9]\d*s$")]
Size = Annotated[str, Field(pattern=r"^[1-9]\d*[MG]$")]
Signal = Annotated[str, Field(pattern=r"^SIG[A-Z]+[0-9]*$")]
Text = Annotated[str, Field(pattern=r"\S")]
Flag = Annotated[bool, Field(strict=True)]


# Plain dataclasses: pydantic checks what comes from outside (`ImageFacts.validated`), and a run that trusts the files
# of this package does not pay for validators it does not use.
_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True)
class Claim(Generic[T]):
    """One thing known of an image. `source` names the file, page or measurement it comes from, `note` what to mind."""

    __pydantic_config__ = _CLOSED

    value: T
    confidence: Confidence
    source: Text
    note: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Claims:
    """All that can be claimed of an image. A claim that is left out is not known, and nothing may be built on it."""

    __pydantic_config__ = _CLOSED

    role: Claim[Role] | None = None
    init: Claim[Init] | None = None
    init_needs_kill: Claim[Flag] | None = None
    """Whether docker-init, which then runs as root, hands over to a process of another user: under `cap_drop: [ALL]` it
    needs KILL to pass signals on, or the container is killed without a clean stop."""
    stop_signal: Claim[Signal] | None = None
    """The STOPSIGNAL of the image, where it has one."""
    stop_grace_period: Claim[Seconds] | None = None
    """How long a clean stop can take, where the engine's ten seconds can be too short: `90s`."""
    memory: Claim[Size] | None = None
    """The least memory it runs with, in powers of 1024: `170M`, `1G`. A limit below it kills the container."""
    no_new_privileges: Claim[Flag] | None = None
    """Whether it works under `no-new-privileges`."""

    def known(self) -> dict[str, Claim[Any]]:
        """The claims made, by name."""
        return {field.name: claim for field in fields(Claims) if (claim := getattr(self, field.name)) is not None}


@dataclass(frozen=True, kw_only=True)
class Variant(Claims):
    """Claims for the tags that one of the globs matches, in place of the family's; `unknown` names those taken back."""

    tags: Annotated[list[Text], Field(min_length=1)]
    unknown: list[Text] = field(default_factory=list)

    def fits(self, tag: str) -> bool:
        """Whether one of the globs matches `tag`, upper and lower case told apart."""
        return any(fnmatchcase(tag, glob) for glob in self.tags)


@dataclass(frozen=True, kw_only=True)
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

    def assumed(self) -> ImageFacts:
        """The same facts where they may not hold: every claim is `assumed`, its source kept."""
        lowered: dict[str, Any] = {name: replace(claim, confidence="assumed") for name, claim in self.known().items()}
        return replace(self, **lowered)

    @classmethod
    def validated(cls, data: object) -> ImageFacts:
        """The facts in the data of a file. Raises pydantic.ValidationError, and ValueError for an `assumed` claim."""
        facts = TypeAdapter(cls).validate_python(data)
        claims = [claim for part in (facts, *facts.variants) for claim in part.known().values()]
        if any(claim.confidence == "assumed" for claim in claims):
            raise ValueError("a data file holds what is known: measured, documented or derived, not assumed")
        return facts

    @classmethod
    def trusted(cls, data: dict[str, Any]) -> ImageFacts:
        """The facts in data that is known to be valid."""
        variants = [Variant(**_claims(variant)) for variant in data.get("variants", ())]
        return cls(**{**_claims(data), "variants": variants})


def _claims(data: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Claim(**value) if isinstance(value, dict) else value for name, value in data.items() if name != "variants"
    }
