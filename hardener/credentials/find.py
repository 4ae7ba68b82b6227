"""Where the credentials of a service stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hardener.credentials.commands import Carried, in_arguments
from hardener.credentials.texts import Found, apart, literal
from hardener.credentials.types import Credential, Evidence, Kind
from hardener.credentials.values import Known, in_defaults, in_value
from hardener.knowledge import ImageFacts
from hardener.knowledge.secrets import is_placeholder
from hardener.model import Service
from hardener.model.short import as_text
from hardener.source import Path, dotted


def credentials(service: Service, facts: ImageFacts | None, read_file: Callable[[str], str | None]) -> list[Credential]:
    """The literal credentials of a service, in the order of its keys; placeholders are among them.

    `facts` are those of its image, None where nothing is known. `read_file` gives the text of a file that the compose
    file names, None where it cannot be read.
    """
    known, base = Known(facts), ("services", service.name)
    found = [
        *_entries(service.environment, (*base, "environment"), "variable", known),
        *_commands(service, base, known),
        *_entries(service.labels, (*base, "labels"), "label", Known(None)),
        *_env_files(service, base, known, read_file),
    ]
    build = service.read_build() if service.build is not None and not isinstance(service.build, str) else None
    if build:
        found += _entries(build.args, (*base, "build", "args"), "variable", known)
    return found


def _entries(entries: Any, path: Path, kind: Kind, known: Known) -> Iterator[Credential]:
    """Credentials in `key: value` or a list of `key=value`."""
    if isinstance(entries, dict):
        items = ((name, "" if value is None else as_text(value), 0, name) for name, value in entries.items())
    else:
        items = (
            (name, value, len(name) + 1, index)
            for index, item in enumerate(entries or ())
            if item is not None
            for name, equals, value in [as_text(item).partition("=")]
        )
    for name, value, offset, step in items:
        if value:
            for each in in_value(str(name), value, known):
                yield _credential(each, value, (*path, step), kind, offset)


def _commands(service: Service, base: Path, known: Known) -> Iterator[Credential]:
    check = service.healthcheck
    for value, path in (
        (service.entrypoint, (*base, "entrypoint")),
        (service.command, (*base, "command")),
        (check.test if check else None, (*base, "healthcheck", "test")),
    ):
        carried = Carried()
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if item is None:
                continue
            text = as_text(item)
            place = (*path, index) if isinstance(value, list) else path
            found, carried = in_arguments(text, carried)
            for each in apart([*found, *in_defaults(text, known)]):
                yield _credential(each if each.name else each._replace(name=str(path[2])), text, place, "argument", 0)


def _env_files(
    service: Service, base: Path, known: Known, read_file: Callable[[str], str | None]
) -> Iterator[Credential]:
    return iter(())


def _credential(found: Found, text: str, path: Path, kind: Kind, offset: int) -> Credential:
    told = literal(text, found.start, found.end)
    assert told is not None, "what is found has a literal"
    in_url = found.shape == "url" or (kind == "variable" and found.shape == "option")
    if told.variable is not None:
        kind = "default"
    elif in_url and kind != "label":
        kind = "url"
    return Credential(
        path=path,
        name=found.name,
        value=told.value,
        start=offset + found.start,
        end=offset + found.end,
        kind=kind,
        variable=told.variable,
        placeholder=is_placeholder(told.value),
        sure=found.sure,
        evidence=Evidence(found.claim, found.source or dotted(path)),
    )
