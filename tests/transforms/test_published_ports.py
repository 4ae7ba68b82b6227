"""published-ports: its settings, what decides how sure it is, and lists of ports as compose reads them."""

from collections.abc import Callable
from textwrap import dedent, indent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hardener import Plan, Profile, PublishedPorts, load, plan
from hardener.transforms.base import Confidence
from hardener.verify import verify

STACK = """
    services:
      app:
        build: .
        depends_on: [db]
      db:
        image: postgres:16
        ports:
          - "5432:5432"
    """


def planned(text: str, rule: PublishedPorts | None = None, **more: Any) -> Plan:
    return plan(load(dedent(text)), Profile(transforms=(rule or PublishedPorts(),), **more))


def ports(made: Plan, name: str = "db") -> list[Any]:
    found = load(made.text).merged["services"][name].get("ports")  # type: ignore[index,call-overload]
    assert found is None or isinstance(found, list)
    return found or []


# bind


@pytest.mark.parametrize(
    ("bind", "short", "long"),
    [
        ("127.0.0.1", "127.0.0.1:5432:5432", "127.0.0.1"),
        ("192.168.1.10", "192.168.1.10:5432:5432", "192.168.1.10"),
        ("::1", "[::1]:5432:5432", "::1"),
        ("${BIND:-127.0.0.1}", "${BIND:-127.0.0.1}:5432:5432", "${BIND:-127.0.0.1}"),
        ("${BIND-10.0.0.1}", "${BIND-10.0.0.1}:5432:5432", "${BIND-10.0.0.1}"),
    ],
)
def test_bind(bind: str, short: str, long: str) -> None:
    rule = PublishedPorts(bind=bind)
    made = planned(STACK, rule)
    assert ports(made) == [short]
    assert planned(made.text, rule).text == made.text
    made = planned(STACK.replace('"5432:5432"', "{target: 5432, published: 5432}"), rule)
    assert ports(made) == [{"target": 5432, "published": 5432, "host_ip": long}]
    assert planned(made.text, rule).text == made.text


@pytest.mark.parametrize(
    "bind", ["", "localhost", "0.0.0.0", "::", "127.0.0.1:", "$BIND", "${BIND:?}", "${BIND:-}", "${BIND:-::1}", "[::1]"]
)
def test_no_other_bind(bind: str) -> None:
    with pytest.raises(ValidationError):
        PublishedPorts(bind=bind)


def test_long_syntax_beside_an_anchor() -> None:
    text = "x-log: &log {driver: local}\n" + dedent(STACK).replace('"5432:5432"', "{target: 5432, published: 5432}")
    text = text.replace("    build: .\n", "    build: .\n    logging: *log\n")
    assert ports(planned(text)) == [{"target": 5432, "published": 5432, "host_ip": "127.0.0.1"}]


# unpublish


def test_unpublish_takes_the_key_away() -> None:
    made = planned(STACK, PublishedPorts(unpublish=True))
    assert made.text == dedent(STACK).replace('    ports:\n      - "5432:5432"\n', "")
    assert planned(made.text, PublishedPorts(unpublish=True)).text == made.text


def test_unpublish_leaves_what_hides_other_ports() -> None:
    text = "x-app: &app {ports: ['80:80']}\n" + dedent(STACK).replace("  db:\n", "  db:\n    <<: *app\n")
    made = planned(text, PublishedPorts(unpublish=True))
    assert made.text == text
    assert any("<<" in advice.reason for advice in made.advice)


def test_unpublish_of_what_else_would_get_quotes() -> None:
    made = planned(STACK.replace('"5432:5432"', "2222:22"), PublishedPorts(unpublish=True))
    assert (ports(made), [change.action for change in made.changes]) == ([], ["remove"])


def test_unpublish_leaves_what_has_an_address() -> None:
    text = STACK.replace('- "5432:5432"', '- "5432:5432"  # all\n          - "127.0.0.1:5433:5432"  # the host')
    made = planned(text, PublishedPorts(unpublish=True))
    assert made.text == dedent(text).replace('      - "5432:5432"  # all\n', "")
    assert made.changes[0].caveat == "the host and other hosts no longer reach it"


def test_unpublish_binds_what_nobody_reaches_by_name() -> None:
    text = STACK.replace("depends_on: [db]", "command: serve")
    made = planned(text, PublishedPorts(unpublish=True), confidence=Confidence.ASSUMED)
    assert ports(made) == ["127.0.0.1:5432:5432"]


def test_unpublish_binds_what_other_hosts_are_told_of() -> None:
    text = STACK.replace(
        "image: postgres:16", "image: postgres:16\n        environment: {PUBLIC: 'db.example.org:5432'}"
    )
    made = planned(text, PublishedPorts(unpublish=True), confidence=Confidence.ASSUMED)
    assert ports(made) == ["127.0.0.1:5432:5432"]


# roles


def test_roles() -> None:
    assert not planned(STACK, PublishedPorts(roles=("cache",))).changes
    assert planned(STACK.replace("postgres:16", "grafana/loki:3"), PublishedPorts(roles=("logging",))).changes
    assert not planned(STACK.replace("postgres:16", "grafana/loki:3")).changes


def test_a_role_of_the_profile() -> None:
    unknown = STACK.replace("postgres:16", "ghcr.io/acme/store:1")
    assert not planned(unknown).changes
    assert ports(planned(unknown, roles={"db": "database"})) == ["127.0.0.1:5432:5432"]
    assert not planned(STACK, roles={"db": "app"}).changes


# How sure it is


@pytest.mark.parametrize(
    "of_app",
    [
        "depends_on: [db]",
        "depends_on: {db: {condition: service_started}}",
        "links: ['db:database']",
        "environment: {DB_HOST: db}",
        "environment: [PGHOST=db]",
        "environment: {DATABASE_URL: 'postgres://u:p@db/x'}",
        "environment: {DATABASE_URL: 'postgresql+psycopg://u:p@db:5432/x'}",
        "environment: {DSN: 'host=x', SERVERS: 'a:1,db:5432'}",
        "environment: {DSN: '${DSN:-postgres://db/x}'}",
        "environment: {DSN: 'tcp://store:5432'}",
        "command: wait-for db:5432",
        "command: ['serve', '--db', 'postgres://inner.example/x']",
    ],
)
def test_another_service_reaches_it_by_name(of_app: str) -> None:
    text = STACK.replace("depends_on: [db]", of_app).replace(
        "image: postgres:16",
        "image: postgres:16\n        container_name: store\n        networks: {default: {aliases: [inner.example]}}",
    )
    (change,) = planned(text).changes
    assert change.confidence is Confidence.KNOWN
    assert any("app" in evidence.claim for evidence in change.evidence)


@pytest.mark.parametrize(
    "of_app",
    [
        "command: serve",
        "depends_on: [db2]",
        "environment: {POSTGRES_DB: db}",
        "environment: {DB_HOST: db2}",
        "environment: {DB_HOST: db.example.org}",
        "environment: {DATABASE_URL: 'postgres://db@other/db'}",
        "environment: {DATABASE_URL: 'postgres://mydb:5432/x'}",
        "environment: {DATABASE_URL: 'postgres://db.example.org:5432/x'}",
        "environment: {DB_HOST: }",
    ],
)
def test_nobody_reaches_it_by_name(of_app: str) -> None:
    made = planned(STACK.replace("depends_on: [db]", of_app) + "  db2: {image: x}\n".rjust(6))
    assert not made.changes
    assert [change.confidence for change in made.held] == [Confidence.ASSUMED]


@pytest.mark.parametrize(
    "setting",
    [
        "environment: {LISTENERS: 'OUT://192.168.1.10:5432'}",
        "environment: {LISTENERS: 'OUT://${HOST_IP}:5432'}",
        "environment: {LISTENERS: 'OUT://$HOST_IP:5432'}",
        "command: --announce host.docker.internal:5432",
    ],
)
def test_a_port_that_is_named_with_another_host(setting: str) -> None:
    made = planned(STACK.replace("image: postgres:16", f"image: postgres:16\n        {setting}"))
    assert [change.confidence for change in made.held] == [Confidence.ASSUMED]
    assert "with another host" in made.held[0].evidence[-1].claim


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0.0.0.0", "db", "app", "${HOST:-localhost}", "172.20.0.5"])
def test_a_port_that_is_named_with_a_host_of_the_project(host: str) -> None:
    more = f"environment: {{LISTENERS: 'OUT://{host}:5432'}}\n        networks: {{x: {{ipv4_address: 172.20.0.5}}}}"
    made = planned(STACK.replace("image: postgres:16", f"image: postgres:16\n        {more}"))
    assert [change.confidence for change in made.changes] == [Confidence.KNOWN]


@pytest.mark.parametrize(
    ("front", "confidence"),
    [
        ('{image: "nginx:1", ports: ["80:80"]}', Confidence.KNOWN),
        ('{image: "ghcr.io/acme/x:1", ports: ["80:80"]}', Confidence.KNOWN),
        ('{image: "nginx:1", ports: ["0.0.0.0:80:80"]}', Confidence.KNOWN),
        ('{image: "nginx:1", ports: ["[::]:80:80"]}', Confidence.KNOWN),
        ('{image: "nginx:1", ports: ["127.0.0.1:80:80"]}', Confidence.ASSUMED),
        ('{image: "nginx:1"}', Confidence.ASSUMED),
        ('{image: "redis:7", ports: ["6379:6379"]}', Confidence.ASSUMED),
    ],
)
def test_a_screen_beside_a_front(front: str, confidence: Confidence) -> None:
    text = f'services:\n  other: {front}\n  screen:\n    image: adminer:4\n    ports: ["8080:8080"]\n'
    made = planned(text, confidence=Confidence.ASSUMED)
    assert [change.confidence for change in made.changes if change.service == "screen"] == [confidence]


# Ports as compose reads them

ADDRESSES = ["127.0.0.1:", "192.168.1.10:", "[::1]:", "${ADDRESS:-10.0.0.1}:"]
QUOTES = ["{}", '"{}"', "'{}'"]


@st.composite
def entries(draw: st.DrawFn) -> tuple[str, bool]:
    """Ports as lines of a list, numbers left open as `@`; and whether the list is in flow style."""
    flow = draw(st.booleans())
    items = []
    for number in range(draw(st.integers(1, 5))):
        # Two entries never share a port.
        low = 1 + 11 * number if draw(st.booleans()) else 2000 + 11 * number
        wide = draw(st.sampled_from([0, 0, 0, 2]))
        target = f"{low}-{low + wide}" if wide else str(low)
        published = draw(st.sampled_from([target, target, f"${{PORT:-{target}}}"]))
        protocol = draw(st.sampled_from(["", "", "/udp", "/tcp"]))
        address = draw(st.sampled_from(["", "", "", *ADDRESSES]))
        if draw(st.integers(0, 3)):
            text = f"{address}{published}:{target}{protocol}" if draw(st.integers(0, 9)) else target
            quote = draw(st.sampled_from(QUOTES[1:] if flow or address == "[::1]:" or "$" in text else QUOTES))
            items.append(quote.format(text))
        else:
            parts = [f"target: {low}", f'published: "{low}"']
            parts += [f"protocol: {protocol[1:]}"] if protocol else []
            parts += ["host_ip: 127.0.0.1"] if address else []
            parts += ["mode: host"] if draw(st.booleans()) else []
            brace = flow or draw(st.booleans())
            items.append("{" + ", ".join(parts) + "}" if brace else "\n  ".join(parts))
    comments = draw(st.lists(st.sampled_from(["", "  # why"]), min_size=len(items), max_size=len(items)))
    if flow:
        return "[" + ", ".join(items) + "]", True
    return "\n".join(
        f"- {item}" if "\n" in item else f"- {item}{comment}" for item, comment in zip(items, comments, strict=True)
    ), False


def stack(drawn: tuple[str, bool], image: str) -> str:
    text, flow = drawn
    below = f" {text}\n" if flow else "\n" + indent(text, "      ") + "\n"
    return f"services:\n  app:\n    image: x\n    depends_on: [db]\n  db:\n    image: {image}\n    ports:{below}"


def checked(text: str) -> Plan:
    """The plan, with every change made that the rule wants, after all laws are checked."""
    profile = Profile.of([PublishedPorts()])
    made = plan(load(text), profile)
    verify(made, profile)
    return made


def without_address(port: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in port.items() if key != "host_ip"}


@settings(max_examples=60, deadline=None)
@given(entries())
def test_all_but_the_address_stays_as_compose_reads_it(
    read_by_compose: Callable[..., tuple[dict[str, Any] | None, str]],
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[str, bool],
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = stack(drawn, "postgres:16")
    before, complaint = read_by_compose(text, folder)
    assert before is not None, complaint
    after, complaint = read_by_compose(checked(text).text, folder)
    assert after is not None, complaint
    old, new = before["services"]["db"]["ports"], after["services"]["db"]["ports"]
    assert len(old) == len(new)
    for one, other in zip(old, new, strict=True):
        assert without_address(one) == without_address(other)
        published = one.get("published")
        assert other.get("host_ip") == (one.get("host_ip") or ("127.0.0.1" if published else None))
    assert before["services"]["app"] == after["services"]["app"]


@settings(max_examples=60, deadline=None)
@given(entries())
def test_the_edge_gets_quotes_at_most(drawn: tuple[str, bool]) -> None:
    text = stack(drawn, "nginx:1.27")
    made = checked(text)
    assert load(made.text).data == load(text).data
    quotes = str.maketrans("", "", "\"'")
    assert made.text.translate(quotes) == text.translate(quotes)
    assert {change.action for change in made.changes} <= {"quote"}


@pytest.mark.parametrize("entry", ["22:22", "1:1", "2222:22", "5353:53"])
def test_what_other_readers_take_for_a_number_gets_quotes(entry: str) -> None:
    import yaml  # reads YAML 1.1

    text = f"services:\n  a:\n    image: x\n    ports:\n      - {entry}  # in\n"
    (number,) = yaml.safe_load(text)["services"]["a"]["ports"]
    made = plan(load(text), Profile.of([PublishedPorts()]))
    assert yaml.safe_load(made.text)["services"]["a"]["ports"] == [entry]
    assert str(number) in made.changes[0].reason
    assert made.text == text.replace(entry, f'"{entry}"')


@st.composite
def sharing(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A file whose services share ports by anchors, `<<` and `extends`, and the roles of the services."""
    names = ["a", "b", "c", "d"]
    lists = ['["1:1", "2:2"]', "[1:1]", '\n      - "1:1"\n      - {target: 2, published: 2}', '[&one "1:1", "3:3"]']
    common = draw(st.sampled_from(["", *lists[:3]]))
    lines = ["x-ports: &ports {ports: " + common + "}"] if common and "\n" not in common else ["x-ports: &ports {}"]
    lines.append("services:")
    anchored: list[str] = []
    for name in names:
        before = names[: names.index(name)]
        lines += [f"  {name}: &{name}", "    image: x"]
        kind = draw(st.sampled_from(["own", "own", "alias", "merge", "x", "extends", "none"]))
        if kind == "alias" and anchored:
            lines.append(f"    ports: *{draw(st.sampled_from(anchored))}")
        elif kind == "merge" and before:
            lines.append(f"    <<: *{draw(st.sampled_from(before))}")
        elif kind == "x":
            lines.append("    <<: *ports")
        elif kind == "extends" and before:
            lines.append(f"    extends: {draw(st.sampled_from(before))}")
        if kind == "own" or (kind == "extends" and draw(st.booleans())):
            own = draw(st.sampled_from(lists))
            if "&one" in "".join(lines):
                own = own.replace("&one ", "*one #").replace('#"1:1"', "")
            tag = draw(st.sampled_from(["", "", "", "!override "])) if kind == "extends" else ""
            lines.append(f"    ports: {tag}&{name}-ports{'' if own[0] == chr(10) else ' '}{own}")
            anchored.append(f"{name}-ports")
    return "\n".join([*lines, "  e: {image: x, depends_on: [a, b, c, d]}", ""]), roles_of(draw, names)


def roles_of(draw: st.DrawFn, names: list[str]) -> dict[str, str]:
    return {name: draw(st.sampled_from(["database", "database", "app"])) for name in names}


@settings(max_examples=150, deadline=None)
@given(sharing(), st.booleans())
def test_shared_ports_move_for_those_who_want_it(drawn: tuple[str, dict[str, str]], unpublish: bool) -> None:
    text, roles = drawn
    profile = Profile(confidence=Confidence.ASSUMED, transforms=(PublishedPorts(unpublish=unpublish),), roles=roles)
    made = plan(load(text), profile)
    after = verify(made, profile)
    for name, service in after.services.items():
        before, now = made.project.services[name].read_ports(), service.read_ports()
        advised = any(advice.service == name and "by hand" in advice.message for advice in made.advice)
        assert roles.get(name) == "database" or now == before
        if advised or roles.get(name) != "database":
            continue
        assert now == ([] if unpublish else [port._replace(host_ip="127.0.0.1") for port in before])
