"""Variables that hold nothing secret, and the env file that takes them from a compose file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hardener.errors import HardenError
from hardener.model import Service, dotenv, resolve_defaults, variables
from hardener.model.parts import SECRETS_FOLDER
from hardener.model.short import as_text
from hardener.source import Path
from hardener.source.companions import Companion, NewFile, NewLine

if TYPE_CHECKING:
    from hardener.transforms.context import Context

Plain = dict[str | int, tuple[str, str]]
"""Variables by their key or index in `environment`: name, and value as the container sees it."""

Files = tuple[Companion, ...]

_BARE = re.compile(r"[\w.,:/@%+-]*", re.ASCII)
_MODE = 0o644
_WHY_OPEN = "it holds nothing secret, and whoever starts the stack has to read it"


def entries(environment: Any) -> Iterator[tuple[str | int, str, str | None]]:
    """Key or index, name and value as compose writes it, of each variable."""
    if isinstance(environment, dict):
        for name, value in environment.items():
            yield name, str(name), None if value is None else as_text(value)
    else:
        for index, item in enumerate(environment or ()):
            name, equals, value = as_text(item).partition("=")
            yield index, name, value if equals and item is not None else None


def scalars(data: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every scalar in some data as compose writes it, with its path."""
    if isinstance(data, dict | list):
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from scalars(value, (*path, step))
    elif data is not None:
        yield path, as_text(data)


def plain_variables(service: Service, context: Context) -> Plain:
    """The variables that can move, by key or index, with what the container sees."""
    from hardener.credentials import credentials

    found: Plain = {}
    all_of_them = list(entries(service.environment))
    times = Counter(name for _, name, _ in all_of_them)
    for step, name, value in all_of_them:
        text = None if value is None or "$" in name or variables(value) else resolve_defaults(value)
        place: Path = ("services", service.name, "environment", step)
        if context.project.is_time(place) or context.project.is_binary(place):
            continue
        if text is None or times[name] > 1 or text.startswith(SECRETS_FOLDER) or dotenv.line(name, text) is None:
            continue
        found[step] = name, text
    if not found:
        return found
    told = credentials(service, context.facts(service), context.read_env_file)
    secret = {one.path[3] for one in told if one.path[2] == "environment"}
    return {step: entry for step, entry in found.items() if step not in secret}


def missing(plain: Plain, path: str, context: Context) -> Plain:
    """What of `plain` the env file does not set to another value, which `environment` is there to override."""
    try:
        there = dotenv.read(context.read(path) or "")
    except HardenError:
        return {}
    return {step: (name, value) for step, (name, value) in plain.items() if there.get(name, value) == value}


def companions(path: str, plain: Plain, there: str | None) -> Files:
    """The env file that holds what is plain; lines for it if the service has one already, which says `there`."""
    if there is None:
        return (NewFile(path, content(plain), _MODE, _WHY_OPEN),)
    lines = [(name, _line(name, value)) for name, value in plain.values()]
    return tuple(NewLine(path, line, _MODE, _WHY_OPEN, name, dotenv.read) for name, line in lines)


def content(plain: Plain) -> str:
    """What a new env file holds, in the order of `environment`."""
    return "".join(f"{_line(name, value)}\n" for name, value in plain.values())


def _line(name: str, value: str) -> str:
    """A line for a variable, without quotes where no reader of env files could want them."""
    return f"{name}={value}" if _BARE.fullmatch(value) else dotenv.line(name, value) or ""
