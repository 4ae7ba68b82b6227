"""Stacks of many kinds, with stand-ins for their services: who talked still can, who is parted cannot, and what is
published answers where it should.

Each folder of `stacks` is one, with the files that `compose.yml` mounts. `truth.yml` is written by hand:

- `listens`: the ports at which services answer;
- `uses`: whom each talks to, by the names that it uses;
- `anywhere`: who uses others at any of their addresses, whatever network it is on;
- `apart`: who cannot talk to whom; all others can;
- `open`, `open6`: ports of the host that answer on all its addresses, of IPv6, and who it is that does;
- `loopback`, `loopback6`: those that answer on loopback alone;
- `shut`: the services that have no way out; all others have;
- `jobs`: services that `run` starts for once, and that reach whom they use then, too;
- `left`: the networks stay as they are;
- `profile`: settings of rules besides those of the profile `production`.
"""

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hardener import harden, load
from hardener.graph import read_graph
from hardener.knowledge import facts_of
from hardener.model.project import read_project

from .builder import PREFIX, Builder, NoImageError
from .cases import dump, yaml
from .engine import Engine
from .outside import HOST, HOST_6, NoOutsideError, Outside, ask_from_here, running_outside
from .stack import Stack

pytestmark = pytest.mark.live

STACKS = Path(__file__).parent / "stacks"
CONTENT = ("image", "build", "entrypoint", "command", "healthcheck", "depends_on", "volumes", "tmpfs")
"""What a stand-in has of its own."""
SETTLING = 15
"""Seconds that published ports may take until they answer."""
Pair = frozenset[str]


@dataclass(frozen=True)
class Truth:
    """`truth.yml`."""

    listens: dict[str, list[int | str]]
    uses: dict[str, list[str]]
    anywhere: list[str] = field(default_factory=list)
    apart: dict[str, list[str]] = field(default_factory=dict)
    open: dict[int | str, str] = field(default_factory=dict)
    open6: dict[int | str, str] = field(default_factory=dict)
    loopback: dict[int | str, str] = field(default_factory=dict)
    loopback6: dict[int | str, str] = field(default_factory=dict)
    shut: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    left: bool = False
    profile: dict[str, Any] = field(default_factory=dict)

    @property
    def parted(self) -> set[Pair]:
        return {frozenset((one, other)) for one, others in self.apart.items() for other in others}


@dataclass
class Running:
    """A stack of stand-ins that is up."""

    stack: Stack

    def __post_init__(self) -> None:
        failed = self.stack.up()
        assert not failed, failed
        label = "com.docker.compose.service"
        mine = f"label=com.docker.compose.project={self.stack.name}"
        ids = self.stack.engine.docker("ps", "--quiet", "--filter", mine).stdout.split()
        found = json.loads(self.stack.engine.docker("container", "inspect", *ids).stdout)
        self.containers = {one["Config"]["Labels"][label]: one for one in found}
        assert self.containers.keys() == yaml.load(self.stack.text)["services"].keys()

    def home(self, service: str) -> str:
        """The service whose networks a service has."""
        mode = yaml.load(self.stack.text)["services"][service].get("network_mode", "")
        return self.home(mode.removeprefix("service:")) if mode else service

    def addresses(self, service: str) -> list[str]:
        networks = self.containers[self.home(service)]["NetworkSettings"]["Networks"].values()
        found = [network[key] for network in networks for key in ("IPAddress", "GlobalIPv6Address")]
        return [f"[{address}]" if ":" in address else address for address in found if address]

    def ask(self, wanted: dict[str, list[str]]) -> dict[str, dict[str, str | None]]:
        """Who answers each service at each of the targets it wants."""

        def one(service: str) -> dict[str, str | None]:
            words = ("exec", self.containers[service]["Id"], "python3", "/stand-in.py", "ask", *wanted[service])
            answers: dict[str, str | None] = json.loads(self.stack.engine.docker(*words).stdout)
            return answers

        with ThreadPoolExecutor(4) as pool:
            return dict(zip(wanted, pool.map(one, wanted), strict=True))


@pytest.fixture
def outside(ports: None) -> Iterator[Outside]:
    try:
        with running_outside() as outside:
            yield outside
    except NoOutsideError as reason:
        pytest.skip(str(reason))


def stand_ins(text: str, truth: Truth) -> str:
    """The stack with a stand-in in place of each service; networks, ports and names are as they are."""
    data = yaml.load(text)
    for name, service in data["services"].items():
        for key in CONTENT:
            service.pop(key, None)
        service["image"] = f"{PREFIX}stand-in"
        service["command"] = ["listen", name, *map(str, truth.listens.get(name, ()))]
    return dump(data)


def check_talk(running: Running, truth: Truth, outside: Outside) -> None:
    """Everyone reaches everyone by name and by address, but for those who are apart; whom they use, as they do; and
    what is outside, but for those who are shut in. Nobody reaches a port on loopback by way of the host.
    """
    home = running.home
    targets = {
        (target, port): [f"{host}:{port}" for host in (home(target), *running.addresses(target))]
        for target, ports in truth.listens.items()
        for port in ports
    }
    others = [outside.target, *(f"{HOST}:{port}" for port in truth.loopback)]
    asked = running.ask(
        {
            source: [*(place for places in targets.values() for place in places), *truth.uses.get(source, ()), *others]
            for source in running.containers
        }
    )
    for source, answers in asked.items():
        for (target, port), (name, *addresses) in targets.items():
            reached = {answers[address] for address in addresses} - {""}
            if frozenset((home(source), home(target))) in truth.parted:
                assert answers[name] is None, f"{source} knows {name}"
                if reached:
                    # Seen once, while stacks beside this one came and went: what is cut stays cut.
                    time.sleep(SETTLING)
                    reached = set(running.ask({source: addresses})[source].values()) - {""}
                assert not reached, f"{source} reaches {target}:{port} by address"
            else:
                assert answers[name] == target, f"{source} does not reach {name}: {answers[name]!r}"
                assert reached == {target}, f"{source} does not reach {target}:{port} by address"
            if source in truth.anywhere and name in truth.uses[source]:
                assert all(answers[address] for address in addresses), f"{source} does not reach all of {target}"
        for used in truth.uses.get(source, ()):
            assert answers[used], f"{source} does not reach {used}, which it uses: {answers[used]!r}"
        assert [answers[other] for other in others] == [
            "" if source in truth.shut else "outside",
            *[""] * len(truth.loopback),
        ]


def check_ports(truth: Truth, outside: Outside) -> None:
    """Published ports answer here, and from outside those that are not on loopback."""
    for host, local, everywhere, here in (
        (HOST, "127.0.0.1", truth.open, truth.loopback),
        (f"[{HOST_6}]", "[::1]", truth.open6, truth.loopback6),
    ):
        near = {f"{local}:{port}": name for port, name in (everywhere | here).items()}
        far = {f"{host}:{port}": everywhere.get(port, "") for port in everywhere | here}
        assert asked_until(near) == near
        assert outside.ask(far) == far


def asked_until(wanted: dict[str, str]) -> dict[str, str | None]:
    """Who answers this machine, asked again until all answer as wanted: a new bridge has its address of IPv6 only when
    nobody else turned out to have it, a second or two later (RFC 4862, 5.4).
    """
    deadline = time.monotonic() + SETTLING
    while (answers := ask_from_here(wanted)) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return answers


def lay_out(name: str, images: Builder, tmp_path: Path) -> tuple[Truth, Path]:
    """What is true of a stack, and the folder where it lies now."""
    try:
        images.build("stand-in")
    except NoImageError as reason:
        pytest.skip(str(reason))
    folder = shutil.copytree(STACKS / name, tmp_path / f"{name}-{tmp_path.name}")
    return Truth(**yaml.load((folder / "truth.yml").read_text())), folder


@pytest.mark.parametrize("name", sorted(folder.name for folder in STACKS.iterdir()))
def test_stack(
    name: str, engine: Engine, images: Builder, outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, folder = lay_out(name, images, tmp_path)
    if (truth.open6 or truth.loopback6) and not outside.six:
        pytest.skip("this machine has no IPv6")
    monkeypatch.setenv("COMPOSE_PROFILES", "*")
    profile = folder / "profile.yml"
    profile.write_text(json.dumps({"extends": "production", "transforms": truth.profile}))
    file = folder / "compose.yml"
    hardened = harden(file, str(profile)).after
    assert (yaml.load(hardened).get("networks") == yaml.load(file.read_text()).get("networks")) is truth.left

    graph = read_graph(read_project(load(file.read_text(), str(file))), facts_of)
    stack = Stack(engine, folder, "", stand_ins(hardened, truth))
    try:
        running = Running(stack)
        check_talk(running, truth, outside)
        check_ports(truth, outside)
        edges = {frozenset(map(running.home, pair)) for pair in graph.pairs()}
        assert not edges & truth.parted, "the graph knows that they talk"
        for job in truth.jobs:
            said = stack.compose("run", "--rm", "--no-deps", "--no-TTY", job, "ask", *truth.uses[job])
            assert all(json.loads(said[said.index("{") : said.index("}") + 1]).values()), (job, said)
    finally:
        stack.down(volumes=True)


def test_can_fail(engine: Engine, images: Builder, outside: Outside, tmp_path: Path) -> None:
    """A stack that is not hardened does not do."""
    truth, folder = lay_out("unpublished", images, tmp_path)
    stack = Stack(engine, folder, "", stand_ins((folder / "compose.yml").read_text(), truth))
    try:
        with pytest.raises(AssertionError, match=r"\w+ knows \w+"):
            check_talk(Running(stack), truth, outside)
    finally:
        stack.down(volumes=True)
