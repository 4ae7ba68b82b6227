"""Proxies that find their services by what is written on those: labels, or variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hardener.graph.evidence import variables_of
from hardener.graph.findings import Findings
from hardener.graph.mentions import UNKNOWN, mentions
from hardener.knowledge.clients import Client, client_of
from hardener.knowledge.globs import matches
from hardener.model import Service
from hardener.model.interpolation import fill
from hardener.model.ports import port_number
from hardener.model.short import entries, text_values, texts

_PORT = re.compile(r"loadbalancer\.server\.port$")


def read_labels(found: Findings) -> None:
    """Edges from every proxy of the project that discovers its services, to those."""
    for proxy in found.services.values():
        client = client_of(proxy.image) if proxy.build is None else None
        if client is None or not client.discovers:
            continue
        everyone = client.all and _takes_all(found, proxy, client)
        for service in found.services.values():
            if service.name != proxy.name:
                _discovered(found, proxy, client, service, everyone)


def _discovered(found: Findings, proxy: Service, client: Client, service: Service, everyone: bool) -> None:
    labels = list(_labels(service))
    if client.off and any(f"{key}={value}".lower() == client.off for key, value, _ in labels):
        return
    read = [entry for entry in labels if any(matches(entry[0].lower(), glob) for glob in client.labels)]
    port = next((port_number(value) for key, value, _ in read if _PORT.search(key)), None)
    for key, _, path in read[:1]:
        claim = f"{proxy.name} reads its label {key}"
        found.connect(proxy.name, [service.name], "label", claim, found.where(service.name, *path), port)
    for key, value, path in read:
        for mention in mentions(fill(value, found.values, UNKNOWN)):
            if mention.kind == "url":
                place = found.where(service.name, *path)
                found.mention(proxy.name, mention, "label", f"the label {key} of {service.name}", place)
    for variable in variables_of(found, service) if client.variables else ():
        if variable.name in client.variables:
            claim = f"{proxy.name} reads its variable {variable.name}"
            found.connect(proxy.name, [service.name], "label", claim, variable.where)
    if everyone and not read:
        found.candidates.setdefault(proxy.name, []).append(service.name)


def _takes_all(found: Findings, proxy: Service, client: Client) -> bool:
    """Whether a proxy takes services that say nothing of it: it does unless its settings say otherwise."""
    words = texts(proxy.command) + [f"{key}={value}" for key, value in proxy.read_environment().items()]
    told = " ".join(words) + found.configured.get(proxy.name, "")
    told = re.sub(r"(?:[\s\"'_=]|: )+", "=", told.lower())
    return "docker" in told and (client.unless_command or "\0") not in told


def _labels(service: Service) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Name, value and place of the labels of a service, those for its tasks in a swarm included."""
    yield from _placed(service.labels, ("labels",))
    if service.deploy is not None:
        yield from _placed(service.deploy.labels, ("deploy", "labels"))


def _placed(labels: object, path: tuple[str | int, ...]) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    if isinstance(labels, list):
        for position, label in enumerate(labels):
            for key, value in entries([label]).items():
                yield key, value or "", (*path, position)
    else:
        for key, value in text_values(labels).items():
            yield key, value, (*path, key)
