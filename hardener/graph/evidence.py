"""What a service says by itself about whom it talks to: dependencies, variables, words of its commands, defaults."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from hardener.graph.findings import Findings
from hardener.graph.mentions import UNKNOWN, Mention, in_command, in_list, mentions
from hardener.graph.types import EdgeKind
from hardener.graph.variables import Variable, may_hold_address, read_env, says_host, says_own
from hardener.knowledge.clients import client_of
from hardener.model import Service
from hardener.model.interpolation import fill
from hardener.model.short import texts

# Beside a missing env file, its author often leaves one that shows its form.
_EXAMPLES = ("{}.example", "{}.sample", "{}.template", "{}.dist", "example{}", "sample{}")


def read_service(found: Findings, service: Service) -> None:
    """Everything but mounts and labels."""
    _dependencies(found, service)
    for variable in variables_of(found, service):
        _variable(found, service, variable)
    _commands(found, service)
    _defaults(found, service)


def variables_of(found: Findings, service: Service) -> Iterator[Variable]:
    """The variables of a service, those of its env files first; a file that is missing is noted."""
    if not found.own(service.name):
        if service.env_file is not None:
            found.missing.setdefault(service.name, []).append("an env file of an included file")
    else:
        base = _base(found, service)
        for entry in service.read_env_file():
            yield from _env_file(
                found, service, os.path.join(base, fill(entry.path, found.values, UNKNOWN)), entry.required
            )
    body = found.project.bodies.get(service.name, {}).get("environment")
    positions: dict[str, int] = {}
    if isinstance(body, list):
        positions = {str(item).partition("=")[0]: index for index, item in enumerate(body)}
    for name, value in service.read_environment().items():
        step: str | int = positions.get(name, 0) if isinstance(body, list) else name
        yield Variable(name, value, found.where(service.name, "environment", step))


def _base(found: Findings, service: Service) -> str:
    """Where the paths of a service count from, seen from its file: another folder if it extends one of there."""
    written = found.project.written[service.name]
    extended = service.read_extends() if "extends" in written else None
    own = found.project.file.read_services()[service.name].read_extends()
    base = own or extended
    if "env_file" in written or base is None or base.file is None:
        return ""
    return os.path.dirname(fill(base.file, found.values, UNKNOWN))


def _env_file(found: Findings, service: Service, path: str, required: bool) -> Iterator[Variable]:
    name = os.path.basename(path)
    readable = found.files.beside(path)
    exists = readable and found.files.exists(path)
    variables = read_env(path, found.files) if exists else None
    if variables is not None:
        yield from variables
        return
    for example in _EXAMPLES if readable and not exists else ():
        beside = os.path.join(os.path.dirname(path), example.format(name))
        if found.files.exists(beside) and (variables := read_env(beside, found.files)) is not None:
            found.files.note(f"{path} is missing: {beside} is read in its place")
            # What the example leaves open, or has for a developer's machine, another value will fill in.
            for variable in variables:
                vague = not variable.value or any(word in variable.value for word in ("localhost", "127.0.0.1", "<"))
                yield variable._replace(value=UNKNOWN) if vague else variable
            return
    if required or exists:
        shown = path.replace(UNKNOWN, "$")
        if not exists:
            found.files.note(f"{shown} cannot be read: it is {'missing' if readable else 'outside of the project'}")
        found.missing.setdefault(service.name, []).append(shown)


def _dependencies(found: Findings, service: Service) -> None:
    name = service.name
    for target in service.read_depends_on():
        body = found.project.bodies.get(name, {}).get("depends_on")
        place = body.index(target) if isinstance(body, list) and target in body else target
        if target in found.services:
            found.connect(
                name, [target], "depends_on", f"{name} waits for {target}", found.where(name, "depends_on", place)
            )
    for key in ("links", "external_links"):
        for position, link in enumerate(texts(getattr(service, key))):
            target = link.partition(":")[0]
            claim = f"{name} has a link to {target}"
            found.connect(name, found.names.find(target, name), "links", claim, found.where(name, key, position))
    mode = fill(service.network_mode or "", found.values, UNKNOWN)
    kind, _, target = mode.partition(":")
    if kind in ("service", "container") and target:
        claim = f"{name} is in the network of {target}"
        found.connect(name, found.names.find(target, name), "shared", claim, found.where(name, "network_mode"))
    elif mode == "host":
        found.out(name, f"{name} is in the network of the host", found.where(name, "network_mode"))
        found.files.note(
            f"{found.where(name, 'network_mode')}: {name} is in the network of the host, and in none of the project"
        )


def _variable(found: Findings, service: Service, variable: Variable) -> None:
    kind: EdgeKind = "environment"
    named = says_host(variable.name)
    written = variable.value
    if written is None:
        written = found.values.get(variable.name, UNKNOWN)
    value = fill(written, found.values, UNKNOWN)
    for mention in _in_value(variable.name, value, named):
        found.abroad(service.name, mention, variable.name, variable.where)
        if mention.unknown:
            # A password before the host is none of our business, nor is how a service is called from outside.
            if not says_own(variable.name) and variable.name not in found.unknown.get(service.name, ()):
                found.unknown.setdefault(service.name, []).append(variable.name)
        elif not found.mention(service.name, mention, kind, variable.name, variable.where) and not says_own(
            variable.name
        ):
            found.leaves(service.name, mention, variable.name, variable.where)
            listed = mention.kind == "word" and re.search(r"[\s;]", value)  # words of a sentence, most likely
            if "." not in mention.host and not listed and not found.names.knows(mention.host, service.name):
                found.strangers.setdefault(service.name, []).append((variable.name, mention.host))
    # What holds on a machine without this `.env` counts as well.
    if found.values and (default := fill(written, {}, UNKNOWN)) != value:
        for mention in _in_value(variable.name, default, named):
            found.mention(service.name, mention, kind, variable.name, variable.where)


def _in_value(name: str, value: str, named: bool) -> Iterator[Mention]:
    for mention in mentions(value):
        if mention.kind == "url" or may_hold_address(name):
            yield mention
    if named:
        yield from in_list(value)


def _commands(found: Findings, service: Service) -> None:
    check = service.healthcheck
    for key, value in (
        ("entrypoint", service.entrypoint),
        ("command", service.command),
        ("healthcheck", check.test if check and not check.disabled else None),
    ):
        kind: EdgeKind = "healthcheck" if key == "healthcheck" else "command"
        items = [fill(item, found.values, UNKNOWN) for item in texts(value)]
        path = ("healthcheck", "test") if key == "healthcheck" else (key,)
        subject = "its health check" if key == "healthcheck" else f"its {key}"
        for mention in in_command(" ".join(items)):
            position = next((i for i, item in enumerate(items) if mention.host in item), 0)
            steps = (*path, position) if isinstance(value, list) else path

            def where(steps: tuple[str | int, ...] = steps) -> str:
                return found.where(service.name, *steps)

            if kind == "command":
                found.abroad(service.name, mention, subject, where)
            if mention.unknown:
                if kind == "command" and mention.kind == "url":
                    found.unknown.setdefault(service.name, []).append(subject)
            elif not found.mention(service.name, mention, kind, subject, where) and kind == "command":
                found.leaves(service.name, mention, subject, where)


def _defaults(found: Findings, service: Service) -> None:
    """What the image does by itself."""
    client = client_of(service.image) if service.build is None else None
    if client is None:
        return
    given = {variable.name for variable in variables_of(found, service)}
    for default in client.defaults:
        if not given.intersection(default.unless):
            claim = f"its image connects to {default.host} by default"
            targets = found.names.find(default.host, service.name)
            found.connect(service.name, targets, "image", claim, found.where(service.name, "image"), default.port)
    if client.outgoing:
        found.out(service.name, client.outgoing, client.source)
