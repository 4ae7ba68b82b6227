"""`harden graph`: who talks to whom, as it is and as a profile would make it."""

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from hardener import Change, Confidence, Context, Profile, Transform, picture
from hardener.graph import Edge, Graph
from hardener.model import Service

from .conftest import Harden

THREE = """\
services:
  web:
    image: nginx:1.27
    ports: ["8080:80"]
    depends_on: [db]
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: s3cr3t-pw
  cache:
    image: redis:7
"""


@pytest.fixture
def three(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yml"
    path.write_text(THREE)
    return path


@pytest.fixture(autouse=True)
def known_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read off a file has tests of its own; here, one edge is."""
    edge = Edge("web", "db", "depends_on", "web waits for db", "compose.yml:5:18")
    monkeypatch.setattr("hardener.graph.read_graph", lambda *_: Graph(("web", "db", "cache"), (edge,)), raising=False)


class Split(Transform):
    """Puts a service on a network of its own."""

    id: ClassVar[str] = "networks"
    title: ClassVar[str] = "a network of its own"
    alone: str

    def run(self, service: Service, context: Context) -> Iterator[Change]:
        network = "alone" if service.name == self.alone else "rest"
        path = ("services", service.name, "networks")
        yield Change(self.id, service.name, path, "set", [network], "it is better so", Confidence.SAFE)


def test_it_shows_tables_and_writes_nothing(harden: Harden, three: Path) -> None:
    ran = harden("graph", three)
    assert ran.status == 0 and ran.err == ""
    shown = ran.out.decode()
    assert shown.startswith(f"{three}\n")
    assert "web db yes web waits for db (compose.yml:5:18)" in [" ".join(line.split()) for line in shown.splitlines()]
    assert "3 of 3 pairs of services can talk, 1 does" in shown
    assert "s3cr3t" not in shown
    assert three.read_text() == THREE and [*three.parent.iterdir()] == [three]


@pytest.mark.parametrize(
    ("form", "start"),
    [("text", b"/"), ("mermaid", b"flowchart LR\n"), ("dot", b"digraph "), ("svg", b"<svg "), ("json", b"{\n")],
)
def test_every_format(harden: Harden, three: Path, form: str, start: bytes) -> None:
    ran = harden("graph", three, "--format", form)
    assert ran.status == 0 and ran.out.startswith(start) and ran.out.endswith(b"\n")


def test_roles_and_ports_are_told(harden: Harden, three: Path) -> None:
    told = json.loads(harden("graph", three, "--format", "json").out)
    assert [service["role"] for service in told["services"]] == ["web", "database", "cache"]
    assert [port["before"]["published"] for port in told["ports"]] == ["8080"]
    assert told["profile"] is None


def test_a_folder_and_standard_input(harden: Harden, three: Path) -> None:
    assert harden("graph", three.parent).out == harden("graph", three).out
    assert harden("graph", "-", stdin=THREE.encode()).out.startswith(b"<stdin>\n")


def test_a_profile_shows_before_and_after(harden: Harden, three: Path) -> None:
    told = json.loads(harden("graph", three, "--profile", "development", "--format", "json").out)
    assert told["profile"] == "development"
    assert told["edges"][0]["reachable"] == {"before": True, "after": True}


def test_only_the_rules_on_networks_and_ports_run(three: Path) -> None:
    made = picture(three, Profile.of([Split(alone="cache")]))
    assert made.cut == [("web", "cache"), ("db", "cache")]
    assert not made.faults
    assert {net.name: net.after for net in made.nets if net.after} == {"rest": ("web", "db"), "alone": ("cache",)}


def test_a_fault_is_seen(three: Path) -> None:
    assert [link.target for link in picture(three, Profile.of([Split(alone="db")])).faults] == ["db"]


def test_a_profile_without_such_rules_changes_nothing_and_says_so(three: Path) -> None:
    made = picture(three, Profile.of([]))
    assert not made.cut
    assert any("nothing changes" in note for note in made.notes)


def test_without_the_library_an_svg_is_refused_with_a_way_out(
    harden: Harden, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "graphlay", None)
    ran = harden("graph", three, "--format", "svg")
    assert ran.status == 2 and ran.out == b""
    assert "pip install 'hardener[svg]'" in ran.err
    assert harden("graph", three, "--format", "dot").status == 0


@pytest.mark.parametrize("text", ["services: [1]\n", "a: [\n", "- x\n"])
def test_what_is_no_compose_file_is_refused(harden: Harden, tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.yml"
    path.write_text(text)
    ran = harden("graph", path)
    assert ran.status == 2 and ran.err.startswith("error: ")


def test_an_unknown_format_or_profile_is_refused(harden: Harden, three: Path) -> None:
    assert harden("graph", three, "--format", "png").status == 2
    assert harden("graph", three, "--profile", "nope").status == 2


def test_the_svg_is_one(harden: Harden, three: Path) -> None:
    ET.fromstring(harden("graph", three, "--format", "svg").out)
