"""networks: whatever form the lists and the file have, the laws hold, compose accepts it, and no edge is cut."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardener import Profile, load, plan
from hardener.model.project import read_project
from hardener.transforms.networks import Networks
from hardener.verify import verify

NAMES = ("proxy", "app", "worker", "db", "cache")
IMAGES = {"proxy": "nginx:1.27", "db": "postgres:16", "cache": "redis:7"}
TOP = ("", "networks: {}\n", "networks: !reset {}\n", "networks:\n  shop:\n", "networks: {shop: {driver: bridge}}\n")
OWN = ("[shop]", "\n      - shop  # all", '\n    - "shop"', "{shop: }", "&{name}s [shop]", "*every")
ODD = (*OWN, "!reset []", "[default]")


@st.composite
def projects(draw: st.DrawFn) -> tuple[str, set[frozenset[str]]]:
    """A file, and the pairs of its services that it says talk."""
    top = draw(st.sampled_from(TOP))
    one = draw(st.sampled_from(OWN)) if "shop" in top else ""
    lines, used = ["x-every: &every [shop]", "services:"], set()
    for name in draw(st.permutations(NAMES)):
        lines += [f"  {name}:", f"    image: {IMAGES.get(name, f'me/{name}')}"]
        others = draw(st.lists(st.sampled_from([other for other in NAMES if other != name]), unique=True, max_size=2))
        if others and name not in IMAGES:
            used |= {frozenset((name, other)) for other in others}
            lines += ["    environment:", *(f"      {other.upper()}_URL: http://{other}:80" for other in others)]
        if name == "proxy" or draw(st.integers(0, 3)) == 0:
            lines.append(f"    ports: ['{8000 + NAMES.index(name)}:80']")
        own = draw(st.sampled_from(ODD)) if draw(st.integers(0, 9)) == 0 else one
        if own and ("shop" in top or own in ODD[6:]):
            lines.append(f"    networks: {own}".replace("{name}", name))
    return "\n".join(lines) + "\n" + top, used


@settings(max_examples=80, deadline=None)
@given(projects(), st.sampled_from(["plain", "strict"]))
def test_the_laws_hold_and_nothing_is_cut(
    read_by_compose: Callable[..., tuple[dict[str, Any] | None, str]],
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[str, set[frozenset[str]]],
    mode: str,
) -> None:
    text, used = drawn
    profile = Profile(transforms=(Networks.model_validate({"mode": mode}),))
    made = plan(load(text), profile)
    verify(made, profile)
    if made.text == text:
        return
    folder = tmp_path_factory.getbasetemp()
    if read_by_compose(text, folder)[0] is not None:
        after, complaint = read_by_compose(made.text, folder)
        assert after is not None, complaint
    networks = {name: set(one.read_networks()) for name, one in read_project(load(made.text)).services.items()}
    assert all(networks.values())
    parted = {frozenset(pair) for pair in combinations(networks, 2) if not networks[pair[0]] & networks[pair[1]]}
    assert parted, "else there is nothing to change"
    assert not parted & used


def test_a_network_that_has_the_name_of_the_back_is_the_front() -> None:
    text = (
        "services:\n  proxy: {image: 'nginx:1', ports: ['80:80'], networks: [backend], depends_on: [app]}\n"
        "  app: {build: ., depends_on: [db], networks: [backend]}\n  db: {image: 'postgres:16', networks: [backend]}\n"
        "networks: {backend: }\n"
    )
    made = plan(load(text), Profile(transforms=(Networks(),)))
    data: Any = load(made.text).data
    assert data["services"]["db"]["networks"] == ["backend-stores"]
    assert data["services"]["proxy"]["networks"] == ["backend"]
    assert data["services"]["app"]["networks"] == ["backend", "backend-stores"]
