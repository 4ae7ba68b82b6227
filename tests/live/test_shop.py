"""The sample `shop`, hardened and brought up whole: a page goes through every service of it."""

import re
import shutil
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardener import harden

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


def taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def shop(engine: Engine, images: Builder, tmp_path: Path) -> Iterator[Stack]:
    if busy := [port for port in (5432, 6379, 8000, 8080, 24224) if taken(port)]:
        pytest.skip(f"the shop publishes ports that are taken on this machine: {busy}")
    try:
        for folder, name in STAND_INS.items():
            images.provide(folder, name)
    except NoImageError as reason:
        pytest.skip(str(reason))
    folder = shutil.copytree(SHOP, tmp_path / "shop")
    stack = Stack(engine, folder, "proxy", harden(folder / "compose.yml", "production").after)
    yield stack
    stack.down(volumes=True)


def visit() -> int:
    """Asks for the page. Returns the number of the visit: healthchecks may visit, too."""
    with urllib.request.urlopen("http://127.0.0.1:8080/", timeout=10) as answer:
        body = answer.read().decode()
    found = re.fullmatch(r"visit (\d+): apples, bread\n", body)
    assert found, body
    return int(found[1])


def wait_for_everything(stack: Stack) -> str:
    """Waits until all services are fine. Returns what those that are not have said, or nothing."""
    deadline = time.monotonic() + HEALTHY
    names = list(yaml.load(stack.text)["services"])
    while wrong := [name for name in names if not is_fine(stack, name)]:
        if time.monotonic() > deadline:
            return stack.compose("ps", "--all") + stack.compose("logs", "--tail", "8", *wrong)
        time.sleep(1)
    return ""


def is_fine(stack: Stack, name: str) -> bool:
    """Whether a service runs, is healthy, and came up at once; or, for the one that ends, whether it did well."""
    found = stack.inspect(name)
    if not found:
        return False
    status, code = found["State"]["Status"], found["State"]["ExitCode"]
    if name == ENDS:
        return (status, code) == ("exited", 0)
    healthy = {"healthy"} if name in CHECKED else {"healthy", "no healthcheck"}
    health = found["State"].get("Health", {}).get("Status", "no healthcheck")
    return status == "running" and found["RestartCount"] == 0 and health in healthy


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
    assert not wait_for_everything(shop)
    assert visit() > visits, "what was counted is lost in a restart"
    visits = visit()

    shop.down()
    assert not shop.up()
    assert not wait_for_everything(shop)
    assert visit() > visits, "what was counted is not on the volume"
