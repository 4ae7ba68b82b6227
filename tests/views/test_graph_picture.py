"""What a picture says: who could talk, who can, what is cut, and what of that is a fault."""

import pytest

from hardener.graph import Edge, Graph, Outgoing
from hardener.views.graph.picture import Picture, address, clip

from .conftest import Draw


def graph(*pairs: tuple[str, str], services: tuple[str, ...] = ("a", "b", "c"), **more: object) -> Graph:
    edges = tuple(Edge(one, other, "environment", f"{one} names {other}", "c.yml:1") for one, other in pairs)
    return Graph(services, edges, **more)  # type: ignore[arg-type]


def file(networks: str = "", **bodies: str) -> str:
    return "services:\n" + "".join(f"  {name}: {body}\n" for name, body in bodies.items()) + networks


PLAIN = file(a="{image: x}", b="{image: x}", c="{image: x}")


def test_a_file_as_it_is_loses_nothing(drawn: Draw) -> None:
    one: Picture = drawn(PLAIN, graph=graph(("a", "b")))
    assert one.profile is None
    assert one.could == one.can == {("a", "b"), ("a", "c"), ("b", "c")}
    assert not one.cut and not one.faults
    assert [(net.name, net.after) for net in one.nets] == [("default", ("a", "b", "c"))]
    assert not one.split


def test_what_was_out_of_reach_before_is_no_fault(drawn: Draw) -> None:
    apart = file(a="{networks: [x]}", b="{networks: [y]}", c="{network_mode: none}", networks="networks: {x: , y: }\n")
    one: Picture = drawn(apart, apart, graph(("a", "b"), ("b", "c")))
    assert [link.before or link.after for link in one.links] == [False, False]
    assert not one.cut and not one.faults
    assert one.boxes[2].after == ()


def test_a_cut_pair_that_nobody_uses_is_no_fault(drawn: Draw) -> None:
    after = file(a="{networks: [x]}", b="{networks: [x]}", c="{networks: [y]}", networks="networks: {x: , y: }\n")
    one: Picture = drawn(PLAIN, after, graph(("a", "b")))
    assert one.cut == [("a", "c"), ("b", "c")]
    assert not one.faults
    assert one.used == {("a", "b")}


@pytest.mark.parametrize("edge", [("a", "c"), ("c", "a")])
def test_a_cut_pair_that_is_used_is_a_fault_either_way(drawn: Draw, edge: tuple[str, str]) -> None:
    after = file(a="{networks: [x]}", b="{networks: [x, y]}", c="{networks: [y]}", networks="networks: {x: , y: }\n")
    one: Picture = drawn(PLAIN, after, graph(edge))
    assert [(link.source, link.target) for link in one.faults] == [edge]


def test_who_uses_the_network_of_another_is_where_that_is(drawn: Draw) -> None:
    text = file(a="{networks: [x]}", b='{network_mode: "service:a"}', c="{networks: [x]}", networks="networks: {x: }\n")
    one: Picture = drawn(text, graph=graph(("b", "c")))
    assert one.boxes[1].shares == "a"
    assert one.boxes[1].after == ("x",)
    assert one.links[0].after


def test_a_circle_of_shared_networks_ends(drawn: Draw) -> None:
    one: Picture = drawn(file(a='{network_mode: "service:b"}', b='{network_mode: "service:a"}'), graph=graph())
    assert one.boxes[0].after == ()


def test_the_network_of_the_host_is_none_of_the_file(drawn: Draw) -> None:
    text = file(a="{network_mode: host}", b="{network_mode: host}", c="{image: x}")
    one: Picture = drawn(text, graph=graph())
    assert one.can == {("a", "b")}
    assert one.boxes[0].after == ("(host)",)


def test_evidence_of_a_pair_is_together_and_told_once(drawn: Draw) -> None:
    edges = (
        Edge("a", "b", "environment", "B_URL is http://b:80", "c.yml:1", 80),
        Edge("a", "b", "depends_on", "a waits for b", "c.yml:2"),
        Edge("a", "b", "environment", "B_URL is http://b:80", "c.yml:1", 80),
        Edge("a", "a", "healthcheck", "its check asks itself", "c.yml:3"),
    )
    one: Picture = drawn(PLAIN, graph=Graph(("a", "b", "c"), edges))
    assert [(link.source, link.target, len(link.evidence), link.ports) for link in one.links] == [("a", "b", 2, (80,))]


def test_what_is_only_possible_is_no_use_but_a_fault_if_it_is_cut(drawn: Draw) -> None:
    edges = (
        Edge("a", "b", "possible", "nobody is known to use b", "c.yml:1"),
        Edge("a", "c", "possible", "nobody is known to use c", "c.yml:1"),
        Edge("a", "c", "links", "a links c", "c.yml:2"),
    )
    after = file(a="{networks: [x]}", b="{networks: [y]}", c="{networks: [x]}", networks="networks: {x: , y: }\n")
    one: Picture = drawn(PLAIN, after, Graph(("a", "b", "c"), edges))
    assert (one.used, one.possible) == ({("a", "c")}, {("a", "b")})
    assert [link.target for link in one.faults] == ["b"]
    kept: Picture = drawn(PLAIN, graph=Graph(("a", "b", "c"), edges))
    assert [link.target for link in kept.drawn] == ["c"]


def test_secrets_are_masked(drawn: Draw) -> None:
    edge = Edge("a", "b", "environment", "URL is postgres://me:s3cr3t-pw@b/db", "c.yml:1")
    out = Outgoing("a", "S3 is https://me:s3cr3t-pw@example.org", "c.yml:2")
    one: Picture = drawn(PLAIN, graph=Graph(("a", "b", "c"), (edge,), (), (out,), {}, ("PASSWORD: s3cr3t-pw",)))
    assert "s3cr3t" not in repr(one)


def test_a_service_left_with_internal_networks_loses_the_outside_and_its_ports(drawn: Draw) -> None:
    before = file(a='{ports: ["80:80"]}', b="{image: x}")
    inside = file(
        a='{ports: ["80:80"], networks: [x]}', b="{networks: [x]}", networks="networks: {x: {internal: true}}\n"
    )
    both = file(
        a='{ports: ["80:80"], networks: [x, y]}', b="{networks: [x]}", networks="networks: {x: {internal: true}, y: }\n"
    )
    facts = graph(services=("a", "b"), outgoing=(Outgoing("a", "it mails", "c.yml:1"),))
    lost: Picture = drawn(before, inside, facts)
    assert lost.stranded == ["a"]
    assert [one.service for one in lost.silent] == ["a"]
    kept: Picture = drawn(before, both, facts)
    assert not kept.stranded and not kept.silent
    already: Picture = drawn(inside, inside, facts)
    assert not already.stranded and not already.silent


def test_ports_are_matched_by_what_they_publish(drawn: Draw) -> None:
    before = file(a='{ports: ["80:80", "53:53/udp", "53:53", "8080:80", "9:9"]}')
    after = file(a='{ports: ["127.0.0.1:53:53", "53:53/udp", "127.0.0.1:8080:80", "80:80", "7:7"]}')
    one: Picture = drawn(before, after, graph(services=("a",)))
    shown = [tuple(port and address(port) for port in (pair.before, pair.after)) for pair in one.ports]
    assert shown == [
        ("80→80", "80→80"),
        ("53→53/udp", "53→53/udp"),
        ("53→53", "127.0.0.1:53→53"),
        ("8080→80", "127.0.0.1:8080→80"),
        ("9→9", None),
        (None, "7→7"),
    ]


def test_long_and_dangerous_names_are_cut_and_escaped() -> None:
    assert clip("web") == "web"
    assert clip("a\x1b[31m\n") == "a\\x1b[31m\\n"
    assert len(clip("x" * 500)) == 31
