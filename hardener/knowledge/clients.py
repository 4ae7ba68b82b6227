"""Whom images talk to by themselves, or where that is told: `clients.toml`, read when the first image is looked up."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hardener.knowledge.globs import matches
from hardener.knowledge.reference import reference

_FILE = Path(__file__).parent / "clients.toml"

Reach = Literal["none", "told", "http", "any"]


class Default(NamedTuple):
    """A host that a client connects to unless a variable says otherwise."""

    host: str
    port: int | None = None
    unless: tuple[str, ...] = ()


class Client(NamedTuple):
    """What is known of an image as a client of others. `clients.toml` explains the fields."""

    names: tuple[str, ...]
    reach: Reach
    source: str
    config: tuple[str, ...] = ()
    defaults: tuple[Default, ...] = ()
    kin: tuple[str, ...] = ()
    kin_if: tuple[str, ...] = ()
    kin_unless: tuple[str, ...] = ()
    outgoing: str | None = None
    labels: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    off: str | None = None
    anywhere: bool = False
    all: bool = False
    unless_command: str | None = None
    http: bool = False
    role: str | None = None

    @property
    def discovers(self) -> bool:
        """Whether it finds its services by their labels or variables."""
        return bool(self.labels or self.variables)


def client_of(image: str | None) -> Client | None:
    """What is known of the image that an `image:` value names, as a client; None if nothing is."""
    found = reference(image) if image else None
    return _find(found.familiar) if found else None


@cache
def words() -> dict[str, tuple[str, ...]]:
    """For a word of a variable's name, the words of images and the roles it means: `{"pg": ("postgres", …)}`."""
    return {word: tuple(means) for word, means in _data()["words"].items() if word != "source"}


@cache
def outside() -> frozenset[str]:
    """Words of variables that name somebody outside, where no service has that name."""
    return frozenset(_data()["outside"]["words"])


@cache
def clients() -> tuple[Client, ...]:
    """All that is known."""
    return tuple(map(_client, _data()["clients"]))


@cache
def _find(name: str) -> Client | None:
    named = _by_name().get(name)
    return named or next((client for glob, client in _by_glob() if matches(name, glob)), None)


@cache
def _by_name() -> dict[str, Client]:
    return {name: client for client in clients() for name in client.names}


@cache
def _by_glob() -> tuple[tuple[str, Client], ...]:
    return tuple((name, client) for client in clients() for name in client.names if "*" in name)


def _client(entry: dict[str, Any]) -> Client:
    defaults = tuple(Default(**{**item, "unless": tuple(item.get("unless", ()))}) for item in entry.get("defaults", ()))
    told: dict[str, Any] = {key: tuple(item) if isinstance(item, list) else item for key, item in entry.items()}
    return Client(**(told | {"defaults": defaults}))


@cache
def _data() -> dict[str, Any]:
    import tomllib

    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
