"""From a project to its communication graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hardener.graph.completeness import decide
from hardener.graph.evidence import read_service
from hardener.graph.files import Files
from hardener.graph.findings import Findings, folder_of
from hardener.graph.kinds import Kinds
from hardener.graph.labels import read_labels
from hardener.graph.mentions import UNKNOWN
from hardener.graph.mounts import read_mounts
from hardener.graph.names import Names
from hardener.graph.types import Exposure, Graph
from hardener.graph.variables import read_env
from hardener.knowledge import ImageFacts
from hardener.model import Service
from hardener.model.interpolation import fill
from hardener.model.project import Project
from hardener.source.companions import Companion


def read_graph(
    project: Project, facts: Callable[[Service], ImageFacts | None], beside: Iterable[Companion] = ()
) -> Graph:
    """Who talks to whom in `project`, as far as the file and what lies beside it say. Never raises for what they hold.

    `facts` says what is known of the image of a service, for the way it is run. Files are read relative to the compose
    file, within bounds; what cannot be read is in `notes`. What is going to be `beside` it is read, too.
    """
    services = {**project.included, **project.services}
    networks = project.file.networks or {}
    files = Files(folder_of(project), beside)
    values: dict[str, str] = {}
    if files.exists(".env"):
        for item in read_env(".env", files) or ():
            if item.value is not None:
                values[item.name] = item.value if item.resolved else fill(item.value, {}, UNKNOWN)
    found = Findings(project, services, Names(services, networks), files, values)
    for service in services.values():
        read_service(found, service)
    for service in project.services.values():
        read_mounts(found, service)
    read_labels(found)
    kinds = Kinds(found, facts)
    undecided = decide(found, kinds)
    return Graph(
        services=tuple(project.services),
        edges=tuple(found.edges),
        exposures=tuple(
            Exposure(name, port, found.where(name, "ports", port.position))
            for name, service in project.services.items()
            for port in service.read_ports()
        ),
        outgoing=tuple(found.outgoing),
        foreign=tuple(found.foreign),
        stores=frozenset(name for name in services if kinds.is_store(name)),
        proxies=frozenset(name for name, known in kinds.known.items() if known and known.reach == "http"),
        undecided=undecided,
        notes=tuple(files.notes),
    )
