"""Where the credentials of a service stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hardener.credentials.commands import Carried, in_arguments
from hardener.credentials.texts import Found, apart, literal
from hardener.credentials.types import Credential, Kind
from hardener.credentials.values import Known, in_defaults, in_value
from hardener.errors import HardenError
from hardener.evidence import Evidence
from hardener.knowledge import ImageFacts
from hardener.knowledge.secrets import is_placeholder
from hardener.model import Service
from hardener.model.dotenv import Entry, entries
from hardener.model.parts import read_env_files
from hardener.model.short import as_text
from hardener.source import Path, dotted

ReadFile = Callable[[str], str | None]
"""Gives the text of a file that the compose file names; None where it cannot be read."""


def credentials(service: Service, facts: ImageFacts | None, read_file: ReadFile) -> list[Credential]:
    """The literal credentials of a service, in the order of its keys; placeholders are among them.

    `facts` are those of its image, None where nothing is known. `read_file` gives the text of a file that the compose
    file names, None where it cannot be read.
    """
    known, base = Known(facts), ("services", service.name)
    check, log = service.healthcheck, service.logging
    build = service.read_build() if service.build is not None and not isinstance(service.build, str) else None
    return [
        *_named(service.environment, (*base, "environment"), "variable", known),
        *_command(service.entrypoint, (*base, "entrypoint"), known),
        *_command(service.command, (*base, "command"), known),
        *_command(check.test if check else None, (*base, "healthcheck", "test"), known),
        *_hooks(service, base, known),
        *_named(service.labels, (*base, "labels"), "label", Known(None)),
        *_named(log.options if log else None, (*base, "logging", "options"), "argument", Known(None)),
        *_named(build.args if build else None, (*base, "build", "args"), "variable", known),
        *_env_files(service, base, known, read_file),
    ]


def _named(values: Any, path: Path, kind: Kind, known: Known) -> Iterator[Credential]:
    """Credentials in `key: value` or a list of `key=value`."""
    if isinstance(values, dict):
        items = ((name, "" if value is None else as_text(value), 0, name) for name, value in values.items())
    else:
        items = (
            (name, value, len(name) + 1, index)
            for index, item in enumerate(values or ())
            if item is not None
            for name, equals, value in [as_text(item).partition("=")]
        )
    for name, value, offset, step in items:
        if value:
            for each in in_value(str(name), value, known):
                yield _credential(each, value, (*path, step), kind, offset)


def _command(value: Any, path: Path, known: Known) -> Iterator[Credential]:
    """Credentials in a command line, or in a list of its words."""
    carried = Carried() if isinstance(value, list) else None
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        if item is None:
            continue
        text = as_text(item)
        place = (*path, index) if isinstance(value, list) else path
        found, carried = in_arguments(text, carried)
        for each in apart(text, [*found, *in_defaults(text, known)]):
            yield _credential(each if each.name else each._replace(name=str(path[2])), text, place, "argument", 0)


def _hooks(service: Service, base: Path, known: Known) -> Iterator[Credential]:
    for key in ("post_start", "pre_stop"):
        for index, hook in enumerate(getattr(service, key) or ()):
            yield from _command(hook.command, (*base, key, index, "command"), known)
            yield from _named(hook.environment, (*base, key, index, "environment"), "argument", known)


def _env_files(service: Service, base: Path, known: Known, read_file: ReadFile) -> Iterator[Credential]:
    written = service.env_file
    for index, item in enumerate(written if isinstance(written, list) else [written]):
        path = (*base, "env_file", index) if isinstance(written, list) else (*base, "env_file")
        for env_file in read_env_files(item):
            file = env_file.path
            text = read_file(file)
            for entry in _entries_of(text, env_file.format) if text else ():
                # A dollar is only text in a value that is read to the end.
                value = (entry.value or "").replace("$", "$$") if entry.resolved else entry.value or ""
                for each in in_value(entry.name, value, known):
                    credential = _credential(each, value, path, "env-file", 0, f"{file}:{entry.line}")
                    if entry.resolved:
                        start, end = (len(value[:place].replace("$$", "$")) for place in (each.start, each.end))
                        credential = replace(credential, start=start, end=end)
                    yield replace(credential, kind="env-file", variable=None, file=file, line=entry.line)


def _entries_of(text: str, format: str | None) -> list[Entry]:
    """The variables of an env file, none if compose refuses it. In the raw format, a value is the rest of its line."""
    if format == "raw":
        lines = ((number, *line.partition("=")) for number, line in enumerate(text.splitlines(), 1))
        return [
            Entry(name.lstrip(), value, number)
            for number, name, equals, value in lines
            if equals and not name.lstrip().startswith("#")
        ]
    try:
        return list(entries(text))
    except HardenError:
        return []


def _credential(found: Found, text: str, path: Path, kind: Kind, offset: int, where: str | None = None) -> Credential:
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
        start=offset + told.start,
        end=offset + told.end,
        kind=kind,
        variable=told.variable,
        placeholder=is_placeholder(told.value, found.name),
        sure=found.sure,
        evidence=Evidence(found.claim, found.source or where or dotted(path)),
    )
