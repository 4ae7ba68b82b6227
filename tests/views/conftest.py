"""Pictures to draw: the shop, whose topology is written down here by hand, and projects of any size."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hardener.graph import Edge, Exposure, Graph, Outgoing
from hardener.model.project import read_project
from hardener.source import load
from hardener.views.graph.picture import Picture, Wiring, picture

SHOP = Path(__file__).parents[2] / "samples" / "shop" / "compose.yml"
SPLIT = {
    "proxy": ["frontend"],
    "app": ["frontend", "backend"],
    "worker": ["backend"],
    "migrate": ["backend"],
    "db": ["backend"],
    "cache": ["backend"],
    "logs": ["logging"],
}

Draw = Callable[..., Picture]


def wiring(text: str) -> Wiring:
    project = read_project(load(text, "compose.yml"))
    return Wiring({**project.included, **project.services}, project.file)


def depends_graph(text: str, **more: object) -> Graph:
    """A graph of `depends_on` alone, which is enough to draw one."""
    services = wiring(text).services
    edges = tuple(
        Edge(name, target, "depends_on", f"{name} waits for {target}", f"compose.yml:{number}:5")
        for number, (name, service) in enumerate(services.items(), 1)
        for target in service.read_depends_on()
    )
    exposures = tuple(
        Exposure(name, port, f"compose.yml:{number}:9")
        for number, (name, service) in enumerate(services.items(), 1)
        for port in service.read_ports()
    )
    return Graph(tuple(services), edges, exposures, **more)  # type: ignore[arg-type]


@pytest.fixture
def drawn() -> Draw:
    """`drawn(text)`, `drawn(before, after)`: the picture of a file, or of a change; `graph=` if not by `depends_on`."""

    def drawn(before: str, after: str | None = None, graph: Graph | None = None, **more: object) -> Picture:
        return picture(
            graph or depends_graph(before),
            wiring(before),
            wiring(after or before),
            file="compose.yml",
            profile="production" if after else None,
            **more,  # type: ignore[arg-type]
        )

    return drawn


def shop_graph() -> Graph:
    edges = [Edge("proxy", "app", "depends_on", "proxy waits for app", "compose.yml:29:7")]
    edges.append(Edge("proxy", "app", "config", "proxy_pass http://app:8000", "nginx/default.conf:5", 8000))
    for number, name in ((33, "app"), (42, "worker"), (47, "migrate")):
        for target, port in (("db", 5432), ("cache", 6379)):
            claim = {
                "db": "DATABASE_URL is postgres://shop:sh0p-pw@db:5432/shop",
                "cache": "REDIS_URL is redis://:r3dis-pw@cache:6379/0",
            }[target]
            edges.append(Edge(name, target, "depends_on", f"{name} waits for {target}", f"compose.yml:{number}:5"))
            edges.append(Edge(name, target, "environment", claim, "compose.yml:8:5", port))
    return Graph(depends_graph(SHOP.read_text()).services, tuple(edges), depends_graph(SHOP.read_text()).exposures)


@pytest.fixture
def shop(drawn: Draw) -> Picture:
    """The shop as it is."""
    return drawn(SHOP.read_text(), graph=shop_graph(), roles={"db": "database", "cache": "cache", "app": "app"})


@pytest.fixture
def split_shop(drawn: Draw) -> Picture:
    """The shop as people split it by hand: an edge network, one for the data; the logs, which nobody names, alone."""
    return drawn(SHOP.read_text(), split(SPLIT), shop_graph(), roles={"db": "database", "cache": "cache", "app": "app"})


@pytest.fixture
def broken_shop(drawn: Draw) -> Picture:
    """The shop split wrongly: the worker cannot reach the cache, and the app has no way to the outside it needs."""
    networks = {**SPLIT, "cache": ["cache"], "app": ["backend", "cache"], "proxy": ["backend"]}
    graph = shop_graph()
    outgoing = (Outgoing("app", "SMTP_HOST is smtp.example.org", "compose.yml:9:5"),)
    graph = Graph(graph.services, graph.edges, graph.exposures, outgoing, {"logs": "nobody names it"})
    internal = "networks:\n  backend: {internal: true}\n  cache: {internal: true}\n  logging:\n"
    return drawn(SHOP.read_text(), split(networks, internal), graph)


def split(networks: dict[str, list[str]], declared: str | None = None) -> str:
    """The shop with these networks, data ports on loopback, and no way past the proxy."""
    text = (
        SHOP.read_text().replace('"5432:5432"', '"127.0.0.1:5432:5432"').replace('"6379:6379"', '"127.0.0.1:6379:6379"')
    )
    text = text.replace('    ports:\n      - "8000:8000"      # handy for debugging\n', "")
    for name, of in networks.items():
        text = text.replace(f"\n  {name}:\n", f"\n  {name}:\n    networks: [{', '.join(of)}]\n", 1)
    default = "networks:\n  frontend:\n  backend:\n  logging:\n"
    return text + "\n" + (declared or default)


@pytest.fixture
def forty(drawn: Draw) -> Picture:
    """Forty services: an edge, eight pages, APIs that use stores of their own, workers, and monitoring."""
    return drawn(*forty_files())


def forty_files() -> tuple[str, str]:
    depends: dict[str, list[str]] = {"traefik": ["grafana", "keycloak"], "grafana": ["prometheus", "loki"]}
    depends |= {"keycloak": ["keycloak-db"], "backup": ["postgres-main", "keycloak-db"], "alertmanager": ["mail-relay"]}
    depends |= {"postgres-exporter": ["postgres-main"], "prometheus": ["alertmanager", "postgres-exporter", "cadvisor"]}
    stores = ["postgres-main", "redis-cache", "rabbitmq", "minio", "elasticsearch", "postgres-analytics"]
    for i in range(8):
        depends["traefik"].append(f"web-{i}")
        depends[f"web-{i}"] = [f"api-{i}", f"api-{(3 * i + 1) % 8}"]
        depends[f"api-{i}"] = sorted({stores[i % 6], stores[(5 * i + 2) % 6], "keycloak"})
    for i in range(5):
        depends[f"worker-{i}"] = ["rabbitmq", stores[(i * 2) % 6]] if i % 3 else ["rabbitmq"]
    names = dict.fromkeys([*depends, *(target for targets in depends.values() for target in targets)])
    names |= dict.fromkeys(["adminer", "cron"])
    depends["adminer"] = ["postgres-main", "postgres-analytics"]
    ports = {"traefik": ["80:80", "443:443", "127.0.0.1:8080:8080"], "grafana": ["3000:3000"], "minio": ["9000:9000"]}
    ports |= {"adminer": ["8081:8080"], "postgres-main": ["5432:5432"]}

    def networks(name: str) -> list[str]:
        of = ["edge"] if name == "traefik" or name.startswith("web") else []
        of += ["apps"] if name.startswith(("web", "api", "keycloak")) and name != "keycloak-db" else []
        of += ["edge"] if name in ("grafana", "keycloak") else []
        of += ["data"] if name in stores or name.startswith(("api", "worker")) or name in ("adminer", "backup") else []
        of += ["identity"] if name in ("keycloak", "keycloak-db", "backup") else []
        of += ["monitoring"] if name in ("grafana", "prometheus", "loki", "alertmanager", "cadvisor") else []
        of += ["monitoring"] if name in ("postgres-exporter", "mail-relay") else []
        return of or ["data"]

    def body(name: str, after: bool) -> str:
        lines = [f"  {name}:", f"    image: example.org/{name}"]
        if depends.get(name):
            lines.append(f"    depends_on: [{', '.join(dict.fromkeys(depends[name]))}]")
        if name in ports:
            bound = [f"127.0.0.1:{one}" if after and name == "postgres-main" else one for one in ports[name]]
            lines.append("    ports: [" + ", ".join(f'"{one}"' for one in bound) + "]")
        if after:
            of = [*networks(name), *(["monitoring"] if name == "postgres-main" else [])]
            lines.append(f"    networks: [{', '.join(dict.fromkeys(of))}]")
        return "\n".join(lines)

    declared = "networks:\n  edge:\n  apps:\n  data:\n  identity: {internal: true}\n  monitoring:\n"
    before = "services:\n" + "\n".join(body(name, False) for name in names) + "\n"
    after = "services:\n" + "\n".join(body(name, True) for name in names) + "\n" + declared
    return before, after
