"""Stacks as people run them, with who really talks to whom written down by hand beside each: nothing of it is cut.

`topology.yml` beside a `compose.yml` says

used      by service, whom it connects to when the stack works, whether or not the file tells
hidden    the same, where nothing but the code of the service could tell: the plain mode keeps it, the strict may not
outside   who opens connections to the outside
edge      who must answer other hosts, with all of its ports or with `service:port`
networks  how a careful person splits the stack who knows all of this: one network for each reason to talk
"""

from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from hardener import Profile, PublishedPorts, Result, harden, load
from hardener.model import Service, boolean
from hardener.model.project import Project, read_project
from hardener.source.files import SourceFile
from hardener.transforms.networks import Networks

Compose = Callable[..., tuple[dict[str, Any] | None, str]]

FOLDER = Path(__file__).parent / "topologies"
STACKS = sorted(path.name for path in FOLDER.iterdir())
MODES = ("plain", "strict")
Pairs = set[frozenset[str]]


def profile(mode: str) -> Profile:
    return Profile(transforms=(Networks.model_validate({"mode": mode}), PublishedPorts()))


def hardened(stack: str, mode: str) -> Result:
    return harden(str(FOLDER / stack / "compose.yml"), profile(mode))


def topology(stack: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / stack / "topology.yml").read_text(encoding="utf-8"))
    return found


def project(text: str, stack: str) -> Project:
    return read_project(load(text, str(FOLDER / stack / "compose.yml")))


def networks(of: Project) -> dict[str, set[str]]:
    """The networks of each service; those of another where it shares them, none where it has none of the project."""

    def own(service: Service) -> set[str]:
        mode = service.network_mode or ""
        if mode.startswith("service:"):
            return own(of.services[mode.removeprefix("service:")])
        return set() if mode else set(service.read_networks()) or {"default"}

    return {name: own(service) for name, service in of.services.items()}


def together(of: dict[str, set[str]]) -> Pairs:
    return {frozenset(pair) for pair in combinations(of, 2) if of[pair[0]] & of[pair[1]]}


def used(of: dict[str, Any], *keys: str) -> Pairs:
    return {frozenset((one, other)) for key in keys for one, others in of.get(key, {}).items() for other in others}


def by_hand(of: dict[str, Any], names: Iterable[str]) -> Pairs:
    """The pairs that the split made by hand keeps together."""
    return together({name: {network for network, inside in of["networks"].items() if name in inside} for name in names})


@pytest.mark.parametrize("stack", STACKS)
def test_the_topology_is_sound(stack: str) -> None:
    told, before = topology(stack), project((FOLDER / stack / "compose.yml").read_text(encoding="utf-8"), stack)
    talking = used(told, "used", "hidden")
    named = {name for pair in talking for name in pair} | {
        name for names in told["networks"].values() for name in names
    }
    assert named | set(told["outside"]) | {entry.partition(":")[0] for entry in told["edge"]} <= before.services.keys()
    assert talking <= together(networks(before)), "who talks now can do so now"
    assert talking <= by_hand(told, before.services), "the split by hand keeps what is used"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_nothing_that_is_used_is_cut(stack: str, mode: str) -> None:
    told, result = topology(stack), hardened(stack, mode)
    before, after = project(result.before, stack), project(result.after, stack)
    keys = ("used", "hidden") if mode == "plain" else ("used",)
    then = networks(after)
    assert not [sorted(pair) for pair in used(told, *keys) - together(then)]
    closed = {name for name, network in (after.file.networks or {}).items() if network and boolean(network.internal)}
    assert not [name for name in told["outside"] if then[name] and then[name] <= closed]
    for entry in told["edge"]:
        name, _, port = entry.partition(":")
        kept, had = (
            [
                (one.host_ip, one.published, one.target)
                for one in of.services[name].read_ports()
                if port in ("", one.target)
            ]
            for of in (after, before)
        )
        assert kept == had
        assert had, f"{entry} is published"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_what_comes_out_is_accepted_and_stays(stack: str, mode: str, read_by_compose: Compose) -> None:
    result = hardened(stack, mode)
    folder = FOLDER / stack
    before, complaint = read_by_compose(result.before, folder, "--no-env-resolution")
    assert before is not None, complaint
    after, complaint = read_by_compose(result.after, folder, "--no-env-resolution")
    assert after is not None, complaint
    again = harden(SourceFile(result.file, result.after.encode(), "utf-8"), profile(mode))
    assert again.after == result.after


# Below these, the split has become less than it was; what a hand-made split parts is printed beside it.
LEAST = {"plain": 0.12, "strict": 0.27}


@pytest.mark.parametrize("mode", MODES)
def test_how_many_pairs_are_parted(mode: str, summary: list[str]) -> None:
    possible = ours = theirs = 0
    for stack in STACKS:
        result = hardened(stack, mode)
        before = together(networks(project(result.before, stack)))
        possible += len(before)
        ours += len(before - together(networks(project(result.after, stack))))
        theirs += len(before - by_hand(topology(stack), project(result.before, stack).services))
    summary.append(
        f"networks, {mode}: {ours} of {possible} pairs in {len(STACKS)} stacks parted ({ours / possible:.0%}), "
        f"by hand {theirs / possible:.0%}"
    )
    assert ours / possible >= LEAST[mode]
