"""Networks that keep every edge, and part who does not talk."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from hardener.graph import Edge, Exposure, Graph, Outgoing
from hardener.model import Port
from hardener.split import Mode, Split, split

NAMES = ["proxy", "app", "worker", "db", "cache", "mail"]


def graph(*pairs: str, published: str = "", outgoing: str = "", undecided: str = "") -> Graph:
    """`graph("proxy app", "app db")`: who talks to whom."""
    edges = [Edge(*pair.split(), "depends_on", "it says so", "compose.yml:1:1") for pair in pairs]
    return Graph(
        services=tuple(NAMES),
        edges=tuple(edges),
        exposures=tuple(Exposure(name, Port(0, "80", "80"), "compose.yml:1:1") for name in published.split()),
        outgoing=tuple(Outgoing(name, "it says so", "compose.yml:1:1") for name in outgoing.split()),
        undecided=dict.fromkeys(undecided.split(), "nothing is known of it"),
    )


def parts(
    of: Graph, services: str, stores: str = "db cache", mode: Mode = "plain", proxies: str = "", **bases: str
) -> Split:
    names = services.split()
    fronts = {exposure.service for exposure in of.exposures}
    return split(of, names, set(stores.split()) & set(names), fronts, set(proxies.split()), bases, mode)


def test_everyone_who_talks_to_everyone_stays_together() -> None:
    found = parts(graph("app db", published="app"), "app db")
    assert not list(found.parted())


def test_the_plain_case_is_a_frontend_and_a_backend() -> None:
    found = parts(graph("proxy app", "app db", "app cache", published="proxy"), "proxy app db cache")
    assert found.networks == {
        "proxy": ["frontend"],
        "app": ["frontend", "backend"],
        "db": ["backend"],
        "cache": ["backend"],
    }
    assert found.closed == {"backend"}
    assert set(found.parted()) == {("proxy", "db"), ("proxy", "cache")}


def test_who_talks_to_stores_only_stays_behind() -> None:
    found = parts(graph("proxy app", "app db", "worker db", published="proxy"), "proxy app worker db")
    assert found.networks["worker"] == ["backend"]
    assert not found.closed, "a worker may call the outside"


def test_who_takes_any_address_is_on_all_networks_of_those_it_finds() -> None:
    told = graph("app db", "worker cache", published="proxy")
    label = Edge("proxy", "app", "label", "it says so", "compose.yml:1:1")
    of = Graph(told.services, (label, *told.edges), told.exposures)
    names = ["proxy", "app", "worker", "db", "cache"]
    found = split(of, names, {"db", "cache"}, {"proxy"}, set(), {}, "strict", anywhere={"proxy"})
    assert set(found.networks["app"]) == set(found.networks["proxy"]) == {"frontend", "backend-db"}
    assert ("proxy", "cache") in set(found.parted())


def test_who_nothing_is_known_of_stays_connected_with_all() -> None:
    found = parts(graph("proxy app", "app db", published="proxy", undecided="mail"), "proxy app db mail")
    assert found.networks["mail"] == ["frontend", "backend"]
    assert not any("mail" in pair for pair in found.parted())


def test_a_published_store_keeps_its_network_open() -> None:
    found = parts(graph("proxy app", "app db", published="proxy db"), "proxy app db")
    assert found.networks["db"] == ["backend"]
    assert not found.closed


def test_a_store_that_calls_out_keeps_its_network_open() -> None:
    assert not parts(graph("proxy app", "app db", published="proxy", outgoing="db"), "proxy app db").closed


def test_in_the_strict_mode_each_store_has_its_own() -> None:
    found = parts(
        graph("proxy app", "app db", "app cache", "worker db", published="proxy"),
        "proxy app worker db cache",
        mode="strict",
    )
    assert found.networks["app"] == ["frontend", "backend-db", "backend-cache"]
    assert found.networks["worker"] == ["backend-db"]
    assert ("db", "cache") in set(found.parted())
    assert found.closed == {"backend-cache"}


def test_applications_that_share_no_store_have_a_backend_each() -> None:
    of = graph("app db", "worker cache", "proxy app", "proxy worker", published="proxy")
    found = parts(of, "proxy app worker db cache")
    assert found.networks["app"] == ["frontend", "backend-db"]
    assert found.networks["worker"] == ["frontend", "backend-cache"]
    assert ("app", "cache") in set(found.parted())
    assert parts(graph("app db", "app cache", "worker cache"), "app worker db cache").networks["worker"] == ["backend"]


def test_a_store_that_a_proxy_leads_to_comes_to_the_front() -> None:
    of = graph("proxy app", "proxy cache", "app db", "app cache", published="proxy")
    found = parts(of, "proxy app db cache", proxies="proxy")
    assert found.networks["proxy"] == ["frontend"]
    assert found.networks["cache"] == ["frontend", "backend"]
    assert set(found.parted()) == {("proxy", "db")}


def test_a_client_of_closed_networks_keeps_one_way_out() -> None:
    found = parts(graph("worker db", "worker cache", "proxy app"), "proxy app worker db cache", mode="strict")
    assert found.networks["worker"] == ["backend-db", "backend-cache"]
    assert found.closed == {"backend-cache"}


def test_who_extends_another_has_its_networks_too() -> None:
    found = parts(graph("app db", "proxy worker", published="proxy"), "proxy app worker db", worker="app")
    assert set(found.networks["app"]) <= set(found.networks["worker"])


@given(
    st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=12),
    st.sets(st.sampled_from(NAMES)),
    st.sets(st.sampled_from(NAMES)),
    st.sets(st.sampled_from(NAMES)),
    st.sets(st.sampled_from(NAMES)),
    st.sets(st.sampled_from(NAMES)),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.sampled_from(["plain", "strict"]),
)
def test_no_edge_is_ever_cut(
    pairs: set[tuple[str, str]],
    stores: set[str],
    published: set[str],
    undecided: set[str],
    proxies: set[str],
    outgoing: set[str],
    bases: dict[str, str],
    mode: Mode,
) -> None:
    told = [" ".join(names) for names in (published, outgoing, undecided)]
    of = graph(*map(" ".join, pairs), published=told[0], outgoing=told[1], undecided=told[2])
    found = split(of, NAMES, stores, published, proxies, bases, mode)
    assert all(found.networks.values())
    parted = {frozenset(pair) for pair in found.parted()}
    assert not parted & {frozenset(pair) for pair in pairs}
    assert not any(set(pair) & undecided for pair in parted)
    together = {
        frozenset(pair)
        for pair in combinations(NAMES, 2)
        if set(found.networks[pair[0]]) & set(found.networks[pair[1]])
    }
    assert len(parted) + len(together) == len(NAMES) * (len(NAMES) - 1) // 2
    for network in found.closed:
        assert not published & {name for name, own in found.networks.items() if network in own}
    for name in {*NAMES} - stores | undecided | outgoing:
        assert not found.closed.issuperset(found.networks[name]), f"{name} has no way out"
