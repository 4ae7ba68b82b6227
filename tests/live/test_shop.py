"""The sample `shop`, hardened and brought up whole: a page goes through every service of it."""

import json
import re
import shutil
import socket
import time
import urllib.request
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from hardener import harden, load
from hardener.graph import read_graph
from hardener.knowledge import facts_of
from hardener.model.project import read_project

from .builder import Builder, NoImageError
from .cases import yaml
from .engine import Engine
from .stack import Stack

pytestmark = pytest.mark.live

SHOP = Path(__file__).parents[2] / "samples" / "shop"
# The folder of `images` that stands for each image that the shop names.
STAND_INS = {
    "nginx": "nginx:1.27",
    "postgres": "postgres:16",
    "redis": "redis:7",
    "fluentd": "fluent/fluentd:v1.17-1",
    "python": "python:3.12-slim",
}
ENDS = "migrate"
"""The one service that does its work and is gone."""
CHECKED = {"app", "db", "cache"}
"""Those that must have a healthcheck: what others wait for."""
HEALTHY = 120.0


def taken(port: int, address: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex((address, port)) == 0


@pytest.fixture
def shop(engine: Engine, images: Builder, ports: None, tmp_path: Path) -> Iterator[Stack]:
    if busy := [port for port in (5432, 6379, 8000, 8080, 24224) if taken(port)]:
        pytest.skip(f"the shop publishes ports that are taken on this machine: {busy}")
    try:
        for folder, name in STAND_INS.items():
            images.provide(folder, name)
    except NoImageError as reason:
        pytest.skip(str(reason))
    folder = shutil.copytree(SHOP, tmp_path / "shop")
    result = harden(folder / "compose.yml", "production")
    result.write()
    stack = Stack(engine, folder, "proxy", result.after)
    yield stack
    stack.down(volumes=True)


def visit() -> int:
    """Asks for the page. Returns the number of the visit: healthchecks may visit, too."""
    with urllib.request.urlopen("http://127.0.0.1:8080/", timeout=10) as answer:
        body = answer.read().decode()
    found = re.fullmatch(r"visit (\d+): apples, bread\n", body)
    assert found, body
    return int(found[1])


def wait_for_everything(stack: Stack, *, at_once: bool = True) -> str:
    """Waits until all services are fine. Returns what those that are not have said, or nothing."""
    deadline = time.monotonic() + HEALTHY
    names = list(yaml.load(stack.text)["services"])
    while wrong := [name for name in names if not is_fine(stack, name, at_once=at_once)]:
        if time.monotonic() > deadline:
            return stack.compose("ps", "--all") + stack.compose("logs", "--tail", "8", *wrong)
        time.sleep(1)
    return ""


def is_fine(stack: Stack, name: str, *, at_once: bool) -> bool:
    """Whether a service runs, is healthy, and came up `at_once`; or, for the one that ends, whether it did well."""
    found = stack.inspect(name)
    if not found:
        return False
    status, code = found["State"]["Status"], found["State"]["ExitCode"]
    if name == ENDS:
        return (status, code) == ("exited", 0)
    healthy = {"healthy"} if name in CHECKED else {"healthy", "no healthcheck"}
    health = found["State"].get("Health", {}).get("Status", "no healthcheck")
    return status == "running" and health in healthy and not (at_once and found["RestartCount"])


def test_shop_comes_up_hardened(shop: Stack) -> None:
    assert not shop.up()
    assert not wait_for_everything(shop)
    # Nginx asks the app, the app counts in Redis and reads what the migration wrote to PostgreSQL.
    visits = visit()
    # An order waits in Redis until the worker has written it to PostgreSQL.
    cache, database = shop.container("cache"), shop.container("db")
    shop.engine.docker("exec", cache, "redis-cli", "-a", "r3dis-pw", "lpush", "orders", "apples")
    orders = "for _ in $(seq 50); do psql -U shop -tAc 'SELECT product FROM purchase' | grep . && exit; sleep 0.2; done"
    assert shop.engine.docker("exec", "--user", "postgres", database, "bash", "-c", orders).stdout == "apples\n"
    # What the app says about the visit is a record of Fluentd's.
    assert "shop.app" in shop.compose("logs", "logs")

    # Not the migration: compose would run it again at once, before PostgreSQL is back.
    shop.compose("restart", *(name for name in yaml.load(shop.text)["services"] if name != ENDS))
    # All at a time, so that one may find another not there yet; its policy starts it again.
    assert not wait_for_everything(shop, at_once=False)
    assert visit() > visits, "what was counted is lost in a restart"
    visits = visit()

    shop.down()
    assert not shop.up()
    assert not wait_for_everything(shop)
    assert visit() > visits, "what was counted is not on the volume"


LISTENS = {"proxy": 80, "app": 8000, "db": 5432, "cache": 6379, "logs": 24224}


def reaches(stack: Stack, source: str, host: str, port: int) -> bool:
    """Whether a connection from inside a service's container is taken."""
    words = ("timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{host}/{port}")
    return stack.engine.docker("exec", stack.container(source), *words, check=False).returncode == 0


def addresses(stack: Stack, service: str) -> list[str]:
    networks = stack.inspect(service)["NetworkSettings"]["Networks"].values()
    return [network["IPAddress"] for network in networks]


def test_who_talks_still_can_and_who_does_not_cannot(shop: Stack) -> None:
    assert not shop.up()
    assert not wait_for_everything(shop)
    file = shop.folder / "compose.yml"
    graph = read_graph(read_project(load(file.read_text(), str(file))), facts_of)
    used = {pair for pair in graph.pairs() if pair[0] != ENDS}
    assert ("proxy", "app") in used
    assert ("app", "db") in used
    for source, target in used:
        assert reaches(shop, source, target, LISTENS[target]), f"{source} cannot reach {target}"

    services = yaml.load(shop.text)["services"]
    joined = {name: set(service["networks"]) for name, service in services.items()}
    parted = [
        (source, target)
        for source, target in permutations(joined.keys() - {ENDS}, 2)
        if target in LISTENS and not joined[source] & joined[target]
    ]
    assert ("proxy", "db") in parted
    assert ("logs", "cache") in parted
    for source, target in parted:
        assert not reaches(shop, source, target, LISTENS[target]), f"{source} knows {target} by name"
        for address in addresses(shop, target):
            assert not reaches(shop, source, address, LISTENS[target]), f"{source} reaches {target} by address"

    # The edge answers on every address of the host, the stores on loopback alone.
    network = f"{shop.name}_frontend"
    described = json.loads(shop.engine.docker("network", "inspect", network).stdout)
    gateway = described[0]["IPAM"]["Config"][0]["Gateway"]
    assert taken(8080)
    assert taken(8080, gateway)
    for port in (5432, 6379):
        assert taken(port)
        assert not taken(port, gateway)
